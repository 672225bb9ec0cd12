//! Py-BOBYQA: the search of BOBYQA with one radius for all variables, for objectives with noise and with several minima.
//!
//! # When to use
//! A scalar objective without derivatives whose values are noisy, as those of simulations are, with or without bounds; say how large the
//! noise is. With `seek_global_optimum`, one that has several minima within a box. For smooth objectives `bobyqa` needs fewer
//! evaluations; for sums of squares, `dfols`, which sees the residuals. The variables should be of similar size, since one radius holds
//! for all of them: see the scaling option of `minimize`.
//!
//! # How it works
//! The objective is known at 2 n + 1 points, with noise at more of them, through which a quadratic model goes; steps of a trust region make
//! it small, as in `bobyqa`. Without noise, and unless the number of points is an option of yours, the set grows to 4 n + 1 points (no more
//! than determine a quadratic) where steps gain what the model promised, which makes the model sharper. With a noise level, the search ends
//! when the values at all points differ by less than the noise, and radii sink slowly. Instead of ending, it begins again with its first
//! radius if restarts are left, from the points that it has, after the three next to the best one were moved away; it goes on from the best
//! of these, so that one lucky value holds nothing up. It does so before the end, too, when the radius sinks while the models change more
//! and more, which is what noise does to them (`pieces::radius_course`). With `seek_global_optimum`, restarts that find nothing better
//! begin with a radius that grows from one to the next. With `noise_n_evals_per_point`, each value is a mean, and at the end the best mean
//! counts, not the luckiest evaluation.
//!
//! # Differences from the reference
//! Written from the papers, on the pieces that `bobyqa` uses: what its page says of the matrix of the interpolation conditions and of
//! values that are not finite holds here. Against Py-BOBYQA 1.5:
//! * each model changes as little as possible from the one before by Powell's update, instead of by a new linear system;
//! * points have to go by Powell's denominators and his weights of far ones in NEWUOA, and move to where their Lagrange function is
//!   largest on lines; without noise and on 2 n + 1 points or more, only those farther away than Delta weigh more, by the square of their
//!   distance, up to 3 (n + 1) points, so that the first ones are kept for longer, and later the square's fourth power
//!   weighs in a set that may grow, not the third;
//! * the point of a step that gained at least a tenth of what the model promised is added to the set instead of taking another one's
//!   place, after the first reduction of rho, as long as there are fewer than 4 n + 1 and none is farther away than fifty times Delta;
//!   Py-BOBYQA keeps 2 n + 1. So does this one with noise (a level, or averages), and where an option says how many points there are;
//! * the least model takes over when its gradient is smaller than the model's (and, in the same case, its error at the last point, too)
//!   three times in a row; all this was chosen on the problems of Moré and Wild and moved starts for them, and the size of the grown set
//!   on other functions as well: larger ones are slower in long valleys;
//! * with fewer than 2 n + 1 points, those farther away than twice the radius' lower limit move before that sinks, not ten times;
//! * the last step, too short for an evaluation otherwise, is evaluated at the end;
//! * a variable whose box is narrower than twice the first radius is measured in a smaller unit, instead of making the first radius
//!   smaller for all;
//! * progress is slow relative to the objective, and a run that ends so is no success;
//! * with noise, more than 2 n + 1 points are the default up to ten variables only;
//! * a function that says how often points are evaluated is asked once in an iteration and after a restart, not before every point;
//! * whether noise has got the upper hand is judged by the gradients of the models alone, not by their second derivatives as well.
//!
//! The first points are one batch.
//!
//! # Cost per iteration
//! One evaluation and O(p^2) operations for p points, and sometimes O(p^3). A set that has grown takes up to three times as long.
//!
//! # References
//! * Cartis, Fiala, Marteau, Roberts 2019: Improving the flexibility and robustness of model-based derivative-free optimization
//!   solvers, <https://doi.org/10.1145/3338517>
//! * Cartis, Roberts, Sheridan-Methven 2022: Escaping local minima with local derivative-free methods, a numerical investigation,
//!   <https://doi.org/10.1080/02331934.2021.1883015>
//! * Powell 2009: The BOBYQA algorithm for bound constrained optimization without derivatives,
//!   <https://www.damtp.cam.ac.uk/user/na/NA_papers/NA2009_06.pdf>

use thalweg_core::{Algorithm, Finish, OptionError, Problem, Repeats, Stop};
use thalweg_linalg::nrm_inf;
use thalweg_macros::Options;

use crate::pieces::first_points::{Directions, FirstPoints};
use crate::pieces::powell_state::most_points;
use crate::pieces::radius_course::CourseRule;
use crate::pieces::repetition::Repetition;
use crate::pieces::restarting_search::RestartingSearch;
use crate::pieces::search_rules::{
    RestartRules, RestartType, SearchRules, check_radii_and_thresholds,
};

/// Restarts in a row that find nothing better: of noisy objectives, and in the search for a global optimum.
const RESTARTS: [u64; 2] = [10, 20];
/// How much larger the first radius is after a restart that found nothing better, in the search for a global optimum.
const GROWTH: f64 = 1.1;
/// The largest number of variables of a noisy objective whose model is determined by its points alone.
const FEW_VARIABLES: usize = 10;
/// Slow iterations in a row that end the run, per variable.
const SLOW_ITERATIONS: usize = 20;

/// Minimize a noisy scalar function on quadratic models by interpolation, without derivatives.
#[derive(Clone, Debug, Options)]
#[algorithm(name = "pybobyqa", kind = Scalar, supports(bounds, parallel))]
pub struct Pybobyqa {
    /// Stop when the lower limit of the trust region's radius is at most this, in the units of the parameters.
    #[option(default = 1e-8, above = 0.0)]
    pub convergence_minimal_trustregion_radius_tolerance: f64,
    /// With a noise level: restart or stop when the values at all points differ by at most this times the noise from the best one.
    #[option(default = 1.0, min = 0.0)]
    pub convergence_noise_corrected_criterion_tolerance: f64,
    /// Progress over a period is slow when the objective goes down by at most this times its size; zero, or a noise level, for no
    /// such test.
    #[option(default = 1e-8, min = 0.0)]
    pub convergence_slow_progress_threshold: f64,
    /// Restart or stop after this many slow iterations in a row; none for 20 n.
    #[option(default = None, min = 1)]
    pub convergence_slow_progress_steps: Option<u64>,
    /// The period over which progress is measured, in iterations.
    #[option(default = 5, min = 1)]
    pub convergence_slow_progress_period: u64,
    /// The size of the noise in the objective, none or 0 if there is no such noise.
    #[option(default = None, min = 0.0)]
    pub noise_additive_level: Option<f64>,
    /// The size of the noise relative to the objective, none or 0 if there is no such noise.
    #[option(default = None, min = 0.0)]
    pub noise_multiplicative_level: Option<f64>,
    /// How many evaluations at each point make its value, which is their mean: k of them make the noise sqrt(k) times smaller; none
    /// for 1. A function of where the search stands is asked at its begin, in every iteration and after every restart.
    #[option(default = None, min = 1)]
    pub noise_n_evals_per_point: Option<Repeats>,
    /// Whether to restart; none for yes with a noise level, in search of a global optimum, or with any number of restarts.
    #[option(default = None)]
    pub use_restarts: Option<bool>,
    /// The largest number of restarts in a row that find nothing better; none for 10, in search of a global optimum 20.
    #[option(default = None, overrides = "restarts help only where there is noise or more than one minimum")]
    pub n_restarts: Option<u64>,
    /// The largest number of restarts that find nothing better, altogether; none for no limit, in search of a global optimum 20.
    #[option(default = None)]
    pub n_restarts_in_vain: Option<u64>,
    /// What a restart begins with: "soft", the points that there are, some of which move away; or "hard", new points around the best.
    #[option(default = RestartType::Soft)]
    pub restart_type: RestartType,
    /// How many points a soft restart moves, those next to the best one.
    #[option(default = 3, min = 1)]
    pub restart_n_moved_points: u64,
    /// Whether a soft restart goes on from the best of the points that it has moved, even if that one is worse than the best of all.
    #[option(default = true)]
    pub restart_moves_center: bool,
    /// Whether a hard restart takes the value at the best point for known, instead of evaluating the objective there again.
    #[option(default = true)]
    pub restart_reuses_value: bool,
    /// The first radius after a restart that found nothing better, relative to the one before; none for 1, in search of a global
    /// optimum 1.1.
    #[option(default = None, above = 0.0)]
    pub restart_radius_factor: Option<f64>,
    /// By how much each restart multiplies `convergence_minimal_trustregion_radius_tolerance`.
    #[option(default = 1.0, above = 0.0)]
    pub restart_last_radius_factor: f64,
    /// The largest number of successful steps after a restart that end in points worse than the best one before it; none for no limit.
    #[option(default = None, min = 1)]
    pub restart_vain_steps: Option<u64>,
    /// Whether radii that sink while the models change more and more, which is what noise does to them, call for a restart.
    #[option(default = true)]
    pub restart_detection: bool,
    /// The number of iterations that such a course is judged by.
    #[option(default = 30, min = 3)]
    pub restart_detection_iterations: u64,
    /// The least increase of the logarithm of the models' changes, per iteration, in such a course.
    #[option(default = 0.015)]
    pub restart_detection_slope: f64,
    /// The least correlation of that logarithm with the number of the iteration.
    #[option(default = 0.1, min = -1.0, max = 1.0)]
    pub restart_detection_correlation: f64,
    /// Whether to go on in search of a better minimum, with larger and larger radii.
    #[option(default = false)]
    pub seek_global_optimum: bool,
    /// The directions of the first steps: "coordinate" or "random".
    #[option(default = Directions::Coordinate)]
    pub initial_directions: Directions,
    /// Whether random directions are perpendicular to each other.
    #[option(default = true)]
    pub random_directions_orthogonal: bool,
    /// The first radius; none for a tenth of the largest parameter, or 0.1 if that is below 1.
    #[option(default = None, above = 0.0, below = f64::INFINITY)]
    pub trustregion_initial_radius: Option<f64>,
    /// The number of points, from n + 2 to (n + 1) (n + 2) / 2; none for 2 n + 1 at first, with noise and up to ten variables for the
    /// most.
    #[option(default = None, min = 1)]
    pub trustregion_n_interpolation_points: Option<u64>,
    /// Whether the second derivatives of the model change by as little as possible from one to the next, where the points leave a
    /// choice, instead of being as small as possible.
    #[option(default = true)]
    pub trustregion_minimum_change_hessian: bool,
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
    /// The radius after a step that failed is at most this times the one before, after one that is not very successful at least this times
    /// it; none for 0.5, with noise 0.98.
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
}

impl Algorithm for Pybobyqa {
    fn solve(&self, problem: &mut Problem<'_>, x0: &[f64]) -> Result<Finish, Stop> {
        let last = self.convergence_minimal_trustregion_radius_tolerance;
        let repetition = Repetition::new(self.noise_n_evals_per_point.as_ref());
        RestartingSearch::minimize(problem, x0, self.rules(x0), last, repetition)
    }

    fn check(&self) -> Result<(), OptionError> {
        check_radii_and_thresholds(
            "pybobyqa",
            (
                self.convergence_minimal_trustregion_radius_tolerance,
                self.trustregion_initial_radius,
            ),
            (self.trustregion_threshold_successful, self.trustregion_threshold_very_successful),
        )
    }
}

impl Pybobyqa {
    fn rules(&self, x0: &[f64]) -> SearchRules {
        let n = x0.len();
        let by_noise = |option: Option<f64>, without: f64, with: f64| {
            option.unwrap_or(if self.is_noisy() { with } else { without })
        };
        let lower = by_noise(self.trustregion_shrinking_factor_lower_radius, 0.1, 0.9);
        let upper = by_noise(self.trustregion_shrinking_factor_upper_radius, 0.5, 0.95);
        let slow = self.convergence_slow_progress_steps.map_or(SLOW_ITERATIONS * n, |k| k as usize);
        SearchRules {
            good: self.trustregion_threshold_successful,
            very_good: self.trustregion_threshold_very_successful,
            short: self.threshold_for_safety_step,
            shrink: by_noise(self.trustregion_shrinking_factor_not_successful, 0.5, 0.98),
            grow: (
                self.trustregion_expansion_factor_successful,
                self.trustregion_expansion_factor_very_successful,
            ),
            shrink_radii: (lower, upper),
            first: self.first_points(x0),
            most_points: self.most_points(n),
            least_models: !self.trustregion_minimum_change_hessian,
            noise: (
                self.noise_additive_level.unwrap_or(0.0),
                self.noise_multiplicative_level.unwrap_or(0.0),
            ),
            noise_tolerance: self.convergence_noise_corrected_criterion_tolerance,
            // With noise, its level is the test.
            slow_below: by_noise(None, self.convergence_slow_progress_threshold, 0.0),
            period: self.convergence_slow_progress_period as usize,
            most_slow: slow,
            restarts: self.restarts(),
        }
    }

    fn is_noisy(&self) -> bool {
        [self.noise_additive_level, self.noise_multiplicative_level]
            .into_iter()
            .flatten()
            .any(|level| level > 0.0)
    }

    fn first_points(&self, x0: &[f64]) -> FirstPoints {
        let n = x0.len();
        let most = (n + 1) * (n + 2) / 2;
        let usual = if self.is_noisy() && n <= FEW_VARIABLES { most } else { 2 * n + 1 };
        let count = self.trustregion_n_interpolation_points.map_or(usual, |k| k as usize);
        FirstPoints {
            radius: Some(self.trustregion_initial_radius.unwrap_or(0.1 * nrm_inf(x0).max(1.0))),
            part: 1.0,
            count: count.clamp(n + 2, most),
            better_first: false,
            directions: self.initial_directions,
            orthogonal: self.random_directions_orthogonal,
            copies: 1,
        }
    }

    /// The number of points up to which the set grows for n variables: only where neither noise nor the user has set their number.
    fn most_points(&self, n: usize) -> usize {
        let usual = !self.is_noisy() && self.noise_n_evals_per_point.is_none();
        if usual && self.trustregion_n_interpolation_points.is_none() { most_points(n) } else { 0 }
    }

    fn restarts(&self) -> RestartRules {
        let global = self.seek_global_optimum;
        let wanted = self.use_restarts;
        let wanted = wanted.unwrap_or(global || self.is_noisy() || self.n_restarts.is_some());
        let usual = RESTARTS[usize::from(global)];
        let in_a_row = if wanted { self.n_restarts.unwrap_or(usual) } else { 0 };
        let unlimited = if global { RESTARTS[1] } else { u64::MAX };
        let rule = CourseRule {
            iterations: self.restart_detection_iterations as usize,
            slope: self.restart_detection_slope,
            correlation: self.restart_detection_correlation,
        };
        RestartRules {
            in_a_row,
            in_vain: self.n_restarts_in_vain.unwrap_or(unlimited),
            kind: self.restart_type,
            n_moved: self.restart_n_moved_points as usize,
            moves_center: self.restart_moves_center,
            reuses_value: self.restart_reuses_value,
            radius_factor: self.restart_radius_factor.unwrap_or(if global { GROWTH } else { 1.0 }),
            last_radius_factor: self.restart_last_radius_factor,
            most_vain_steps: self.restart_vain_steps.unwrap_or(u64::MAX),
            detection: (self.restart_detection && in_a_row > 0).then_some(rule),
        }
    }
}
