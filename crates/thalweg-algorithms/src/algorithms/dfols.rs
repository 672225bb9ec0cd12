//! DFO-LS: least squares without derivatives, from linear models of all residuals by interpolation.
//!
//! # When to use
//! Residuals without derivatives, with or without bounds, whose evaluations are not cheap: few other methods need as few of them. With
//! derivatives, `levenberg_marquardt` or `trf`. The variables should be of similar size, since one radius holds for all of them: see the
//! scaling option of `minimize`.
//!
//! # How it works
//! All residuals are known at n + 1 points, or more. The linear model of each residual through them gives a Gauss-Newton model of the
//! sum of squares, which is made small within the bounds and a trust region. The new point takes the place of the one whose exchange
//! keeps the points in the best shape. Where the model disappoints and a point is far away, that one is moved to where its
//! Lagrange function is large. Steps that become short compared with the resolution rho make rho smaller, until it is the wanted
//! precision; where the last models were as exact as that resolution asks for, without care for points that are still far away. With
//! noise, the search then goes on with its first radius, after the points next to the best one were moved away; and it does so before,
//! when the radius sinks while the models change more and more, which is what noise does to them (`pieces::radius_course`).
//!
//! Where residuals bend and do not vanish, the curvature that linear models leave out of the sum of squares is learnt from points that
//! were evaluated before, and takes part in the steps as soon as it foretells new points well (`pieces::residual_curvature`).
//!
//! With a fast start (`fast_start_min_initial_points`), steps are taken while there are fewer than n + 1 points, and each adds one: for
//! evaluations so dear that n + 1 of them are too many before the first step.
//!
//! # Differences from the reference
//! Written from the papers. Against DFO-LS 1.6:
//! * where the bounds allow it, the step is the exact one of the trust region, from a singular value decomposition; elsewhere it is that of
//!   truncated conjugate gradients, which the reference always takes;
//! * the curvature of the residuals takes part, where there are n + 1 points; the reference has linear models alone, whose steps converge
//!   slowly where residuals bend and do not vanish;
//! * a variable whose box is narrower than twice the first radius is measured in a smaller unit, instead of making the first radius
//!   smaller for all;
//! * points are kept as they were evaluated, so that no base has to be moved; points that determine no model are replaced by new ones
//!   around the best, in one batch;
//! * points count as far away, when one has to make room, by their distance in terms of rho, not of the radius; chosen on the problems of
//!   Moré and Wild;
//! * a point is moved to at most 0.07 of its distance, not a tenth, and 0.3 of the radius: new points close to the resolution serve the
//!   next steps better, on those problems;
//! * a point without finite residuals is never put among the points: steps are cut and first points tried on the other side;
//! * the radius ends where the precision of floating point numbers ends, and the run says so;
//! * the last step, too short for an evaluation otherwise, is evaluated at the end;
//! * the extra points of a regression lie along the coordinates and pairs of them, not in random directions;
//! * slow progress ends a run only where the logarithm of the sum of squares goes down by less than 1e-8, not 1e-4, per successful iteration,
//!   as under optimagic's name, and is no success;
//! * a fast start goes into new directions along the coordinate of which the most is unknown, and after a step that is too short in any
//!   case, not in a direction chosen by chance;
//! * a function that says how often points are evaluated is asked once in an iteration and after a restart, not before every point.
//!
//! The first points are one batch.
//!
//! # Cost per iteration
//! One evaluation and O(m n^2 + n^3) operations for n variables and m residuals, those of the step; a new point changes the model by
//! O(m n + n^2). Where residuals bend, up to p = 3 n (at most 60) earlier points make it O(p^2 n + p^3) more. With more than n + 1 points, p of them, the model is computed afresh, in O(p n^2 + p m n).
//!
//! # References
//! * Cartis, Fiala, Marteau, Roberts 2019: Improving the flexibility and robustness of model-based derivative-free optimization solvers,
//!   <https://doi.org/10.1145/3338517>
//! * Cartis, Roberts 2019: A derivative-free Gauss-Newton method, <https://doi.org/10.1007/s12532-019-00161-7>
//! * Dennis, Gay, Welsch 1981: An adaptive nonlinear least-squares algorithm, <https://doi.org/10.1145/355958.355965> (curvature that has
//!   to prove itself)
//! * Powell 2004: Least Frobenius norm updating of quadratic models that satisfy interpolation conditions,
//!   <https://doi.org/10.1007/s10107-003-0490-7>
//! * Powell 2009: The BOBYQA algorithm for bound constrained optimization without derivatives, report DAMTP 2009/NA06 (when models are
//!   exact enough), <https://www.damtp.cam.ac.uk/user/na/NA_papers/NA2009_06.pdf>

use thalweg_core::{Algorithm, Finish, OptionError, Problem, Repeats, Stop};
use thalweg_linalg::nrm_inf;
use thalweg_macros::{Choice, Options};

use crate::pieces::first_points::Directions;
use crate::pieces::radius_course::CourseRule;
use crate::pieces::repetition::Repetition;
use crate::pieces::residual_rules::{ExtraMoves, GrowthRules, ResidualRules, RestartRules};
use crate::pieces::residual_search::ResidualSearch;
use crate::pieces::residual_start::FirstResiduals;
use crate::pieces::search_rules::{RestartType, check_radii_and_thresholds};
use crate::pieces::slow_progress::SlowRules;

/// Restarts in a row that find nothing better, with noise.
const RESTARTS: u64 = 10;
/// Slow iterations in a row that end the run, per variable.
const SLOW_ITERATIONS: usize = 20;

/// Which points of a regression move after a successful step.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Choice)]
pub enum ExtraPoints {
    /// To where they tell most.
    GeometryImproving,
    /// On in the direction of the step.
    Momentum,
}

/// How a model of fewer points than it needs leads into new directions.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Choice)]
pub enum FastStartMethod {
    /// `Jacobian` where there are at least as many residuals as variables, else `Trustregion`.
    Auto,
    /// The Jacobian gets full rank.
    Jacobian,
    /// Steps are taken a bit into a new direction.
    Trustregion,
}

/// Minimize a sum of squares on linear models of the residuals by interpolation, without derivatives.
#[derive(Clone, Debug, Options)]
#[algorithm(name = "dfols", kind = LeastSquares, supports(bounds, parallel))]
pub struct Dfols {
    /// Stop when the lower limit of the trust region's radius is at most this, in the units of the parameters.
    #[option(default = 1e-8, above = 0.0)]
    pub convergence_minimal_trustregion_radius_tolerance: f64,
    /// Stop when the sum of squares is at most this.
    #[option(default = 0.0, min = 0.0)]
    pub convergence_value_abs: f64,
    /// Stop when the sum of squares, relative to its value at the start, is at most this.
    #[option(default = 0.0, min = 0.0)]
    pub convergence_value_scaled: f64,
    /// Progress is slow where the logarithm of the sum of squares goes down by less than this per successful iteration; 0 for no such
    /// test.
    #[option(default = 1e-8, min = 0.0)]
    pub convergence_slow_progress_threshold: f64,
    /// Restart or stop, without success, after this many slow iterations in a row; none for 20 n.
    #[option(default = None, min = 1)]
    pub convergence_slow_progress_steps: Option<u64>,
    /// Over how many successful iterations progress is measured.
    #[option(default = 5, min = 1)]
    pub convergence_slow_progress_period: u64,
    /// With a noise level: restart or stop when the values at all points differ by at most this times the noise from the best one.
    #[option(default = 1.0, min = 0.0)]
    pub convergence_noise_corrected_criterion_tolerance: f64,
    /// The size of the noise in the sum of squares, none or 0 if there is no such noise.
    #[option(default = None, min = 0.0)]
    pub noise_additive_level: Option<f64>,
    /// The size of the noise relative to the sum of squares, none or 0 if there is no such noise.
    #[option(default = None, min = 0.0)]
    pub noise_multiplicative_level: Option<f64>,
    /// How often the residuals are evaluated at every point, where their mean is what counts; none for once. A function of where the
    /// search stands is asked at its begin, in every iteration and after every restart.
    #[option(default = None, min = 1)]
    pub noise_n_evals_per_point: Option<Repeats>,
    /// Where the first points lie: "coordinate" along the coordinates, "random" in directions chosen by chance.
    #[option(default = Directions::Coordinate)]
    pub initial_directions: Directions,
    /// Whether directions chosen by chance are orthogonal to each other.
    #[option(default = true)]
    pub random_directions_orthogonal: bool,
    /// Whether to restart instead of ending; none for yes with a noise level or any number of restarts.
    #[option(default = None)]
    pub use_restarts: Option<bool>,
    /// The largest number of restarts in a row that find nothing better; none for 10 if there are restarts.
    #[option(default = None, overrides = "restarts help only where there is noise")]
    pub n_restarts: Option<u64>,
    /// Whether a soft restart goes on from the best of the moved points, instead of from the best of all, which noise has chosen.
    #[option(default = true)]
    pub restart_moves_center: bool,
    /// The first radius; none for a tenth of the largest parameter, or 0.1 if that is below 1.
    #[option(default = None, above = 0.0, below = f64::INFINITY)]
    pub trustregion_initial_radius: Option<f64>,
    /// The number of points; none for n + 1, the fewest. More, at most (n + 1) (n + 2) / 2, make regressions, for noisy residuals.
    #[option(default = None, min = 1)]
    pub trustregion_n_interpolation_points: Option<u64>,
    /// How many points of a regression move after a successful step.
    #[option(default = 0)]
    pub trustregion_n_extra_points_to_replace_successful: u64,
    /// Where they move: "geometry_improving" or none to where they tell most, "momentum" on in the direction of the step.
    #[option(default = Some(ExtraPoints::GeometryImproving))]
    pub trustregion_method_to_replace_extra_points: Option<ExtraPoints>,
    /// The ratio of actual to promised decrease from which a step is successful.
    #[option(default = 0.1, above = 0.0, below = 1.0)]
    pub trustregion_threshold_successful: f64,
    /// The ratio of actual to promised decrease from which a step is very successful.
    #[option(default = 0.7, above = 0.0, below = 1.0)]
    pub trustregion_threshold_very_successful: f64,
    /// The radius after a very successful step is at least this times the one before.
    #[option(default = 2.0, min = 1.0)]
    pub trustregion_expansion_factor_successful: f64,
    /// The radius after a very successful step is at least this times the step.
    #[option(default = 4.0, min = 1.0)]
    pub trustregion_expansion_factor_very_successful: f64,
    /// The radius after other steps is at most this times the one before, or the step; none for 0.5, with noise 0.98.
    #[option(default = None, above = 0.0, below = 1.0)]
    pub trustregion_shrinking_factor_not_successful: Option<f64>,
    /// The next lower limit of the radius, relative to the one before; none for 0.1, with noise 0.9.
    #[option(default = None, above = 0.0, below = 1.0)]
    pub trustregion_shrinking_factor_lower_radius: Option<f64>,
    /// The radius when its lower limit sinks, relative to the limit before; none for 0.5, with noise 0.95.
    #[option(default = None, above = 0.0, below = 1.0)]
    pub trustregion_shrinking_factor_upper_radius: Option<f64>,
    /// Steps shorter than this times the lower limit of the radius are not evaluated.
    #[option(default = 0.5, above = 0.0, below = 1.0)]
    pub threshold_for_safety_step: f64,
    /// Begin with only so many points besides the start, below n, and add at least one with every iteration; none for all that the model
    /// needs.
    #[option(default = None, min = 1)]
    pub fast_start_min_initial_points: Option<u64>,
    /// How to get into new directions then: "jacobian" makes the Jacobian one of full rank, "trustregion" takes the steps a bit into one;
    /// "auto" is the former where there are at least as many residuals as variables.
    #[option(default = FastStartMethod::Auto)]
    pub fast_start_method: FastStartMethod,
    /// The length of a way into a new direction, in radii; none for 0.1 with the method "trustregion", else 1.
    #[option(default = None, above = 0.0)]
    pub fast_start_scale_of_trustregion_step_perturbation: Option<f64>,
    /// The singular values of new directions, relative to the floor of the others.
    #[option(default = 1e-2, above = 0.0)]
    pub fast_start_scale_of_jacobian_components_perturbation: f64,
    /// The floor of singular values, relative to the last one that is not zero.
    #[option(default = 1.0, min = 0.0)]
    pub fast_start_floor_of_jacobian_singular_values: f64,
    /// The largest condition number of the Jacobian of full rank.
    #[option(default = 1e8, min = 1.0)]
    pub fast_start_jacobian_max_condition_number: f64,
    /// Whether far points are moved after a step that disappoints, as after the fast start.
    #[option(default = false)]
    pub fast_start_geometry_improving_steps: bool,
    /// Whether steps that are too short make way for ones into new directions.
    #[option(default = true)]
    pub fast_start_safety_steps: bool,
    /// Whether the radius becomes smaller then.
    #[option(default = false)]
    pub fast_start_shrink_upper_radius_in_safety_steps: bool,
    /// Whether a far point is moved then.
    #[option(default = false)]
    pub fast_start_full_geometry_improving_step: bool,
    /// Whether the radius is the first one again after the fast start.
    #[option(default = false)]
    pub fast_start_reset_trustregion_radius: bool,
    /// Whether the radius and its lower limit are the first ones again after the fast start.
    #[option(default = false)]
    pub fast_start_reset_min_trustregion_radius: bool,
    /// In the fast start, the radius after steps that are not successful; none for the usual factor.
    #[option(default = None, above = 0.0, below = 1.0)]
    pub fast_start_shrinking_factor_not_successful: Option<f64>,
    /// Further points in new directions with every iteration of the fast start.
    #[option(default = 0)]
    pub fast_start_n_extra_search_directions_per_iteration: u64,
    /// What a restart begins with: "soft", the points that there are, some of which move away; or "hard", new points around the best.
    #[option(default = RestartType::Soft)]
    pub restart_type: RestartType,
    /// How many points a soft restart moves, those next to the best one.
    #[option(default = 3, min = 1)]
    pub restart_n_moved_points: u64,
    /// Whether a hard restart takes the residuals at the best point for known, instead of evaluating them there again.
    #[option(default = true)]
    pub restart_reuses_value: bool,
    /// By how much each restart multiplies `convergence_minimal_trustregion_radius_tolerance`.
    #[option(default = 1.0, above = 0.0)]
    pub restart_last_radius_factor: f64,
    /// Whether radii that sink while the models change more and more, which is what noise does to them, call for a restart.
    #[option(default = true)]
    pub restart_detection: bool,
    /// The number of iterations that such a course is judged by.
    #[option(default = 30, min = 2)]
    pub restart_detection_iterations: u64,
    /// The least increase of the logarithm of the Jacobian's changes, per iteration, in such a course.
    #[option(default = 0.015)]
    pub restart_detection_slope: f64,
    /// The least correlation of that logarithm with the number of the iteration.
    #[option(default = 0.1, min = -1.0, max = 1.0)]
    pub restart_detection_correlation: f64,
    /// By how many points a soft restart enlarges the set.
    #[option(default = 0)]
    pub restart_n_added_points_soft: u64,
    /// By how many points a hard restart enlarges the set.
    #[option(default = 0)]
    pub restart_n_added_points_hard: u64,
    /// The largest number of points; none for that at the start.
    #[option(default = None, min = 1)]
    pub restart_max_n_points: Option<u64>,
    /// By how many more points move after a successful step, with every restart.
    #[option(default = 0)]
    pub restart_n_added_moves: u64,
}

impl Algorithm for Dfols {
    fn solve(&self, problem: &mut Problem<'_>, x0: &[f64]) -> Result<Finish, Stop> {
        let rules = self.rules(x0, problem.n_outputs());
        ResidualSearch::minimize(
            problem,
            x0,
            rules,
            Repetition::new(self.noise_n_evals_per_point.as_ref()),
        )
    }

    fn check(&self) -> Result<(), OptionError> {
        check_radii_and_thresholds(
            "dfols",
            (
                self.convergence_minimal_trustregion_radius_tolerance,
                self.trustregion_initial_radius,
            ),
            (self.trustregion_threshold_successful, self.trustregion_threshold_very_successful),
        )
    }
}

impl Dfols {
    fn is_noisy(&self) -> bool {
        [self.noise_additive_level, self.noise_multiplicative_level]
            .into_iter()
            .flatten()
            .any(|level| level > 0.0)
    }

    fn by_noise(&self, option: Option<f64>, without: f64, with: f64) -> f64 {
        option.unwrap_or(if self.is_noisy() { with } else { without })
    }

    fn rules(&self, x0: &[f64], m: usize) -> ResidualRules {
        let n = x0.len();
        let most = (n + 1) * (n + 2) / 2;
        let points = self.trustregion_n_interpolation_points.map_or(n + 1, |k| k as usize);
        let n_points = points.clamp(n + 1, most);
        let shrink = self.by_noise(self.trustregion_shrinking_factor_not_successful, 0.5, 0.98);
        let growth = self.growth(n, m, shrink);
        let first = FirstResiduals {
            radius: self.trustregion_initial_radius.unwrap_or(0.1 * nrm_inf(x0).max(1.0)),
            count: growth.map_or(n_points, |(few, _)| few + 1),
            samples: 1,
            directions: self.initial_directions,
            orthogonal: self.random_directions_orthogonal,
        };
        let slow = self.convergence_slow_progress_steps.map_or(SLOW_ITERATIONS * n, |k| k as usize);
        ResidualRules {
            first,
            n_points,
            last_radius: self.convergence_minimal_trustregion_radius_tolerance,
            small: (self.convergence_value_abs, self.convergence_value_scaled),
            noise: (
                self.noise_additive_level.unwrap_or(0.0),
                self.noise_multiplicative_level.unwrap_or(0.0),
            ),
            noise_tolerance: self.convergence_noise_corrected_criterion_tolerance,
            slow: SlowRules {
                threshold: self.convergence_slow_progress_threshold,
                period: self.convergence_slow_progress_period as usize,
                most: slow,
            },
            good: self.trustregion_threshold_successful,
            very_good: self.trustregion_threshold_very_successful,
            short: self.threshold_for_safety_step,
            shrink,
            grow: (
                self.trustregion_expansion_factor_successful,
                self.trustregion_expansion_factor_very_successful,
            ),
            shrink_radii: (
                self.by_noise(self.trustregion_shrinking_factor_lower_radius, 0.1, 0.9),
                self.by_noise(self.trustregion_shrinking_factor_upper_radius, 0.5, 0.95),
            ),
            moves: ExtraMoves {
                count: self.trustregion_n_extra_points_to_replace_successful as usize,
                momentum: self.trustregion_method_to_replace_extra_points
                    == Some(ExtraPoints::Momentum),
            },
            growth: growth.map(|(_, growth)| growth),
            restarts: self.restarts(n_points, most),
        }
    }

    /// How many points there are at first, besides the start, and how the model grows from there, if there are too few.
    fn growth(&self, n: usize, m: usize, shrink: f64) -> Option<(usize, GrowthRules)> {
        let few = self.fast_start_min_initial_points.map(|few| few as usize)?;
        let by_jacobian = match self.fast_start_method {
            FastStartMethod::Auto => m >= n,
            // With fewer residuals than variables, no Jacobian has full rank.
            FastStartMethod::Jacobian => m >= n,
            FastStartMethod::Trustregion => false,
        };
        let usual = if by_jacobian { 1.0 } else { 0.1 };
        let rules = GrowthRules {
            by_jacobian,
            length: self.fast_start_scale_of_trustregion_step_perturbation.unwrap_or(usual),
            floor: self.fast_start_floor_of_jacobian_singular_values,
            scale: self.fast_start_scale_of_jacobian_components_perturbation,
            condition: self.fast_start_jacobian_max_condition_number,
            moves_far_points: self.fast_start_geometry_improving_steps,
            safety: self.fast_start_safety_steps,
            shrinks_when_short: self.fast_start_shrink_upper_radius_in_safety_steps,
            moves_when_short: self.fast_start_full_geometry_improving_step,
            resets: (
                self.fast_start_reset_trustregion_radius,
                self.fast_start_reset_min_trustregion_radius,
            ),
            shrink: self.fast_start_shrinking_factor_not_successful.unwrap_or(shrink),
            extra: self.fast_start_n_extra_search_directions_per_iteration as usize,
        };
        (few < n).then_some((few, rules))
    }

    fn restarts(&self, n_points: usize, most: usize) -> RestartRules {
        let hard = self.restart_type == RestartType::Hard;
        let more_points =
            if hard { self.restart_n_added_points_hard } else { self.restart_n_added_points_soft };
        let most_points = self.restart_max_n_points.map_or(n_points, |k| k as usize);
        let restarts = self.use_restarts.unwrap_or(self.is_noisy() || self.n_restarts.is_some());
        let history = if self.restart_detection { self.restart_detection_iterations } else { 0 };
        RestartRules {
            most: if restarts { self.n_restarts.unwrap_or(RESTARTS) } else { 0 },
            hard,
            afresh: !self.restart_reuses_value,
            last_radius: self.restart_last_radius_factor,
            course: CourseRule {
                iterations: history as usize,
                slope: self.restart_detection_slope,
                correlation: self.restart_detection_correlation,
            },
            moved: self.restart_n_moved_points as usize,
            moves_center: self.restart_moves_center,
            more_points: more_points as usize,
            most_points: most_points.min(most),
            more_moves: self.restart_n_added_moves as usize,
        }
    }
}
