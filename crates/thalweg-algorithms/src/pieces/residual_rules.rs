//! What can be chosen in the search on linear models of residuals: thresholds and factors, noise, the growth of the first model, and
//! when to begin again.

use super::radius_course::CourseRule;
use super::residual_start::FirstResiduals;
use super::slow_progress::SlowRules;

/// Everything that can be chosen.
#[derive(Clone, Copy, Debug)]
pub struct ResidualRules {
    /// The first points.
    pub first: FirstResiduals,
    /// The number of points, when the first model has grown.
    pub n_points: usize,
    /// The radius at which the search ends.
    pub last_radius: f64,
    /// A sum of squares that is small enough, absolutely and relative to that at the start.
    pub small: (f64, f64),
    /// The noise of the sum of squares: absolute, and relative to it.
    pub noise: (f64, f64),
    /// The largest difference of the values from the best one, in terms of the noise, that ends the search.
    pub noise_tolerance: f64,
    /// When progress is slow.
    pub slow: SlowRules,
    /// A step that gains at least this part of what the model promised is good.
    pub good: f64,
    /// One that gains this part is very good.
    pub very_good: f64,
    /// A step shorter than this part of rho is not evaluated.
    pub short: f64,
    /// The radius after a step that is not very good, relative to the one before.
    pub shrink: f64,
    /// The least radius after a very good step, relative to the one before, and to the step.
    pub grow: (f64, f64),
    /// The next rho, and the radius then, relative to the rho before.
    pub shrink_radii: (f64, f64),
    /// Points of a regression that move after a good step.
    pub moves: ExtraMoves,
    /// How the first model grows, if it begins with fewer points than it needs.
    pub growth: Option<GrowthRules>,
    /// When to begin again, and how.
    pub restarts: RestartRules,
}

/// Points that move after a good step, besides the one that makes room for it.
#[derive(Clone, Copy, Debug)]
pub struct ExtraMoves {
    /// How many.
    pub count: usize,
    /// Whether they go on in the direction of the step, instead of to where they tell most.
    pub momentum: bool,
}

/// The growth of a model that begins with fewer points than it needs.
#[derive(Clone, Copy, Debug)]
pub struct GrowthRules {
    /// Whether a Jacobian of full rank leads to new directions; otherwise steps are taken a bit into them.
    pub by_jacobian: bool,
    /// The length of a way into a new direction, in radii.
    pub length: f64,
    /// The least singular values, relative to the last one that is not zero.
    pub floor: f64,
    /// The size of those that would be zero, relative to that.
    pub scale: f64,
    /// The largest condition number of the Jacobian.
    pub condition: f64,
    /// Whether far points are moved after a step that disappoints.
    pub moves_far_points: bool,
    /// Whether a step that is too short makes way for one into a new direction.
    pub safety: bool,
    /// Whether the radius becomes smaller then.
    pub shrinks_when_short: bool,
    /// Whether a far point moves then.
    pub moves_when_short: bool,
    /// Whether the radius, and its lower limit, are the first ones again at the end.
    pub resets: (bool, bool),
    /// The radius after a step that is not very good, relative to the one before.
    pub shrink: f64,
    /// Further points in new directions per iteration.
    pub extra: usize,
}

/// When a search begins again instead of ending, and how.
#[derive(Clone, Copy, Debug)]
pub struct RestartRules {
    /// The largest number of restarts in a row that find nothing better.
    pub most: u64,
    /// Whether all points but the best one are new.
    pub hard: bool,
    /// Whether the residuals at the best point are then evaluated again.
    pub afresh: bool,
    /// The last radius after a restart, relative to the one before.
    pub last_radius: f64,
    /// What in the course of the radii tells of noise; with no iterations, nothing.
    pub course: CourseRule,
    /// How many points move, unless all are new.
    pub moved: usize,
    /// Whether the best of these takes the place of the best of all.
    pub moves_center: bool,
    /// By how many points the set grows, and how many it has at most.
    pub more_points: usize,
    /// The largest number of points.
    pub most_points: usize,
    /// By how many more points move after a good step.
    pub more_moves: usize,
}
