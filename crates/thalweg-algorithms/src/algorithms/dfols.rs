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
//! # Differences from the reference
//! Written from the papers. Against DFO-LS 1.6:
//! * where the bounds allow it, the step is the exact one of the trust region, from a singular value decomposition; elsewhere it is that of
//!   truncated conjugate gradients, which the reference always takes;
//! * a variable whose box is narrower than twice the first radius is measured in a smaller unit, instead of making the first radius
//!   smaller for all;
//! * points are kept as they were evaluated, so that no base has to be moved; points that determine no model are replaced by new ones
//!   around the best, in one batch;
//! * points count as far away, when one has to make room, by their distance in terms of rho, not of the radius; chosen on the problems of
//!   Moré and Wild;
//! * a point is moved to a twentieth of its distance, not a tenth: new points close to the resolution serve the next steps better, on
//!   those problems and around them;
//! * a point without finite residuals is never put among the points: steps are cut and first points tried on the other side;
//! * the radius ends where the precision of floating point numbers ends, and the run says so;
//! * the last step, too short for an evaluation otherwise, is evaluated at the end;
//! * the extra points of a regression lie along the coordinates and pairs of them, not in random directions;
//! * there is no start from less than n + 1 points and no averaging of repeated evaluations; restarts keep the best point; runs with slow
//!   progress are not cut short.
//!
//! The first points are one batch.
//!
//! # Cost per iteration
//! One evaluation and O(m n^2 + n^3) operations for n variables and m residuals.
//!
//! # References
//! * Cartis, Fiala, Marteau, Roberts 2019: Improving the flexibility and robustness of model-based derivative-free optimization solvers,
//!   <https://doi.org/10.1145/3338517>
//! * Cartis, Roberts 2019: A derivative-free Gauss-Newton method, <https://doi.org/10.1007/s12532-019-00161-7>
//! * Powell 2009: The BOBYQA algorithm for bound constrained optimization without derivatives, report DAMTP 2009/NA06 (when models are
//!   exact enough), <https://www.damtp.cam.ac.uk/user/na/NA_papers/NA2009_06.pdf>

use thalweg_core::{Algorithm, Finish, Problem, Stop, Test};
use thalweg_linalg::{all_finite, nrm_inf, nrm2};
use thalweg_macros::Options;

use crate::pieces::radius_course::RadiusCourse;
use crate::pieces::residual_set::{ModelStep, ResidualModel, ResidualSet};

/// The radius after a step too short for an evaluation, relative to the one before.
const AFTER_SHORT_STEP: f64 = 0.1;
/// The least radius in roundings of the parameters: points have to differ clearly.
const ROUNDING: f64 = 100.0;
/// The part of its distance from the best point to which a far one is moved, at most.
const CLOSER: f64 = 0.05;
/// How many points a restart moves.
const MOVED_BY_RESTART: usize = 3;
/// Restarts in a row that find nothing better, with noise.
const RESTARTS: u64 = 10;
/// How often a geometry step is halved towards the best point while its residuals are not finite.
const HALVINGS: usize = 4;

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
    /// With a noise level: restart or stop when the values at all points differ by at most this times the noise from the best one.
    #[option(default = 1.0, min = 0.0)]
    pub convergence_noise_corrected_criterion_tolerance: f64,
    /// The size of the noise in the sum of squares, none if there is no such noise.
    #[option(default = None, above = 0.0)]
    pub noise_additive_level: Option<f64>,
    /// The size of the noise relative to the sum of squares, none if there is no such noise.
    #[option(default = None, above = 0.0)]
    pub noise_multiplicative_level: Option<f64>,
    /// The largest number of restarts in a row that find nothing better; none for 0, with a noise level 10.
    #[option(default = None, overrides = "restarts help only where there is noise")]
    pub n_restarts: Option<u64>,
    /// The first radius; none for a tenth of the largest parameter, or 0.1 if that is below 1.
    #[option(default = None, above = 0.0)]
    pub trustregion_initial_radius: Option<f64>,
    /// The number of points; none for n + 1, the fewest. More, at most (n + 1) (n + 2) / 2, make regressions, for noisy residuals.
    #[option(default = None, min = 1)]
    pub trustregion_n_interpolation_points: Option<u64>,
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
}

impl Algorithm for Dfols {
    fn solve(&self, problem: &mut Problem<'_>, x0: &[f64]) -> Result<Finish, Stop> {
        let n = x0.len();
        let first = self.trustregion_initial_radius.unwrap_or(0.1 * nrm_inf(x0).max(1.0));
        let most = (n + 1) * (n + 2) / 2;
        let points = self.trustregion_n_interpolation_points.map_or(n + 1, |k| k as usize);
        let Some(set) = ResidualSet::evaluate(problem, x0, first, points.clamp(n + 1, most))?
        else {
            let value = f64::INFINITY;
            return Ok(Finish::stalled(
                x0.to_vec(),
                value,
                "the residuals are not finite at or next to the start",
            ));
        };
        problem.iteration(set.best_point(), set.best_value())?;
        let start_value = set.values[0];
        let radii = Radii { delta: first, rho: first, first, errors: [f64::INFINITY; 3] };
        let most = self.n_restarts.unwrap_or(if self.is_noisy() { RESTARTS } else { 0 });
        let restarts = Restarts { most, left: most, value: f64::INFINITY };
        let course = RadiusCourse::default();
        Search { options: self, set, radii, start_value, restarts, course, last: None }.run(problem)
    }
}

/// The radius of the trust region and its lower limit, the resolution.
struct Radii {
    delta: f64,
    rho: f64,
    first: f64,
    /// The errors of the model at the last three points since rho was reduced.
    errors: [f64; 3],
}

/// One run.
struct Search<'a> {
    options: &'a Dfols,
    set: ResidualSet,
    radii: Radii,
    start_value: f64,
    restarts: Restarts,
    course: RadiusCourse,
    /// The model of the last iteration.
    last: Option<ResidualModel>,
}

/// Restarts in a row that find nothing better.
struct Restarts {
    most: u64,
    left: u64,
    /// The best value at the last one.
    value: f64,
}

impl Search<'_> {
    fn run(&mut self, problem: &mut Problem<'_>) -> Result<Finish, Stop> {
        loop {
            if let Some(test) = self.value_test() {
                return Ok(self.converged(test));
            }
            if let Some(test) = self.noise_test() {
                if self.restart(problem)? {
                    continue;
                }
                return Ok(self.converged(test));
            }
            let Some(model) = self.set.model() else {
                if self.renew(problem)? {
                    continue;
                }
                return Ok(self.stalled("the residuals near the best point determine no model"));
            };
            if !all_finite(&model.gradient) {
                return Ok(self.stalled("the model of the residuals is not finite"));
            }
            if self.is_lost_in_noise(&model) && self.restart(problem)? {
                continue;
            }
            let step = self.set.step(&model, self.radii.delta);
            let length = nrm2(&step.d);
            let short = length < self.options.threshold_for_safety_step * self.radii.rho;
            let improved = if short || step.decrease.is_nan() || step.decrease <= 0.0 {
                let was = self.radii.delta;
                self.radii.set_delta(AFTER_SHORT_STEP * was);
                let is_exact = short && self.radii.are_served_by(&step);
                let moved = !is_exact && (self.improve(problem, &model)? || was > self.radii.rho);
                self.last = Some(model);
                if moved {
                    continue;
                }
                false
            } else {
                let at_limit = length.max(self.radii.delta) <= self.radii.rho;
                let ratio = self.advance(problem, &model, &step.d, step.decrease)?;
                self.last = Some(model);
                ratio >= self.options.trustregion_threshold_successful
                    || self.improve_if_possible(problem)?
                    || ratio > 0.0
                    || !at_limit
            };
            if improved {
                continue;
            }
            if self.radii.rho > self.last_radius() {
                self.reduce();
                continue;
            }
            if short && self.finish_step(problem, &step.d)? {
                // The last step was worth its evaluation: the tests above see it.
                if let Some(test) = self.value_test() {
                    return Ok(self.converged(test));
                }
            }
            if !self.restart(problem)? {
                let test = self.radius_test();
                return Ok(self.converged(test));
            }
        }
    }

    /// Evaluate a step, adapt the radius and take the point into the set. The ratio of actual to promised decrease.
    fn advance(
        &mut self,
        problem: &mut Problem<'_>,
        model: &ResidualModel,
        d: &[f64],
        promised: f64,
    ) -> Result<f64, Stop> {
        let options = self.options;
        let x = self.set.after(d);
        let mut residuals = Vec::new();
        let value = evaluate(problem, &x, &mut residuals)?;
        let (old, length) = (self.set.best_value(), nrm2(d));
        self.radii.record(old - value - promised);
        let ratio = if value.is_finite() { (old - value) / promised } else { f64::NEG_INFINITY };
        let shrunk = options.shrinking() * self.radii.delta;
        let delta = if ratio >= options.trustregion_threshold_very_successful {
            let grown = options.trustregion_expansion_factor_successful * self.radii.delta;
            grown.max(options.trustregion_expansion_factor_very_successful * length).min(1e10)
        } else if ratio >= options.trustregion_threshold_successful {
            shrunk.max(length)
        } else {
            shrunk.min(length)
        };
        self.radii.set_delta(delta);
        if value.is_finite() {
            let near = self.radii.rho;
            if let Some(t) = self.set.replaceable(model, &x, d, value < old, near) {
                self.set.replace(t, &x, &residuals, value);
            }
        }
        problem.iteration(self.set.best_point(), self.set.best_value())?;
        Ok(ratio)
    }

    /// Improve the points as they are after a step.
    fn improve_if_possible(&mut self, problem: &mut Problem<'_>) -> Result<bool, Stop> {
        match self.set.model() {
            Some(model) => self.improve(problem, &model),
            None => self.renew(problem),
        }
    }

    /// Move the farthest point if it is far away. Whether one was moved.
    fn improve(&mut self, problem: &mut Problem<'_>, model: &ResidualModel) -> Result<bool, Stop> {
        let (delta, rho) = (self.radii.delta, self.radii.rho);
        let Some((t, distance)) = self.set.farthest((2.0 * delta).max(10.0 * rho)) else {
            return Ok(false);
        };
        let radius = (CLOSER * distance).min(0.5 * delta).max(rho);
        self.move_point(problem, model, t, radius)
    }

    /// Move point `t` to where it tells most within the radius. Whether there are finite residuals.
    fn move_point(
        &mut self,
        problem: &mut Problem<'_>,
        model: &ResidualModel,
        t: usize,
        radius: f64,
    ) -> Result<bool, Stop> {
        let mut d = self.set.geometry_step(model, t, radius);
        let mut residuals = Vec::new();
        for _ in 0..HALVINGS {
            let x = self.set.after(&d);
            let value = evaluate(problem, &x, &mut residuals)?;
            self.radii.record(self.set.best_value() - value - model.decrease(&d));
            if value.is_finite() {
                self.set.replace(t, &x, &residuals, value);
                problem.iteration(self.set.best_point(), self.set.best_value())?;
                return Ok(true);
            }
            d.iter_mut().for_each(|d| *d *= 0.5);
        }
        Ok(false)
    }

    /// New points around the best one. `false` when that does not help either.
    fn renew(&mut self, problem: &mut Problem<'_>) -> Result<bool, Stop> {
        let radius = self.radii.rho;
        let known = self.set.renew(problem, radius)?;
        if known {
            problem.iteration(self.set.best_point(), self.set.best_value())?;
        }
        Ok(known && self.set.model().is_some())
    }

    /// Evaluate a step that is shorter than others. Whether it was one to a better point.
    fn finish_step(&mut self, problem: &mut Problem<'_>, d: &[f64]) -> Result<bool, Stop> {
        let x = self.set.after(d);
        if x == self.set.best_point() {
            return Ok(false);
        }
        let mut residuals = Vec::new();
        let value = evaluate(problem, &x, &mut residuals)?;
        let better = value < self.set.best_value();
        if better {
            let t = self.set.best;
            self.set.replace(t, &x, &residuals, value);
            problem.iteration(self.set.best_point(), self.set.best_value())?;
        }
        Ok(better)
    }

    /// Whether the course of the last iterations is one of noise alone.
    fn is_lost_in_noise(&mut self, model: &ResidualModel) -> bool {
        if self.restarts.most == 0 {
            return false;
        }
        if let Some(last) = self.last.take() {
            self.course.record(self.radii.delta, model.difference(&last));
        }
        self.course.is_lost()
    }

    /// Go on with the first radius if a restart is left: points next to the best one move away.
    fn restart(&mut self, problem: &mut Problem<'_>) -> Result<bool, Stop> {
        let value = self.set.best_value();
        if value < self.restarts.value {
            self.restarts = Restarts { most: self.restarts.most, left: self.restarts.most, value };
        }
        if self.restarts.left == 0 {
            return Ok(false);
        }
        self.restarts.left -= 1;
        self.course.forget();
        self.last = None;
        self.radii.start_at(self.radii.first);
        for _ in 0..MOVED_BY_RESTART.min(self.set.len() - 1) {
            let Some(model) = self.set.model() else { break };
            let nearest = self.set.nearest()[0];
            self.move_point(problem, &model, nearest, self.radii.delta)?;
        }
        Ok(true)
    }

    /// The next lower limit of the radius, without a jump at the end.
    fn reduce(&mut self) {
        let (rho, last) = (self.radii.rho, self.last_radius());
        let left = rho / last;
        let next = if left <= 16.0 {
            last
        } else if left <= 250.0 {
            left.sqrt() * last
        } else {
            self.options.lower_shrinking() * rho
        };
        self.radii.start_at(next);
        self.radii.delta = (self.options.upper_shrinking() * rho).max(next);
    }

    /// The tolerance, or the resolution of floating point numbers.
    fn last_radius(&self) -> f64 {
        let resolution = ROUNDING * f64::EPSILON * self.set.size();
        self.options.convergence_minimal_trustregion_radius_tolerance.max(resolution)
    }

    fn radius_test(&self) -> Test {
        let (value, tolerance) = (self.radii.rho, self.last_radius());
        let wanted = self.options.convergence_minimal_trustregion_radius_tolerance;
        if tolerance > wanted {
            let measure = "lower limit of the radius, at the precision of the parameters,";
            return Test { measure, value, tolerance, option: "" };
        }
        let option = "convergence_minimal_trustregion_radius_tolerance";
        Test { measure: "lower limit of the trust region's radius", value, tolerance, option }
    }

    fn value_test(&self) -> Option<Test> {
        let value = self.set.best_value();
        let scaled = self.options.convergence_value_scaled * self.start_value;
        if self.options.convergence_value_abs > 0.0 && value <= self.options.convergence_value_abs {
            let (tolerance, option) = (self.options.convergence_value_abs, "convergence_value_abs");
            return Some(Test { measure: "sum of squares", value, tolerance, option });
        }
        (scaled > 0.0 && value <= scaled).then(|| Test {
            measure: "sum of squares relative to the start",
            value: value / self.start_value,
            tolerance: self.options.convergence_value_scaled,
            option: "convergence_value_scaled",
        })
    }

    fn noise_test(&self) -> Option<Test> {
        let relative = self.options.noise_multiplicative_level.unwrap_or(0.0);
        let absolute = self.options.noise_additive_level.unwrap_or(0.0);
        let noise = absolute.max(relative * self.set.best_value());
        let tolerance = self.options.convergence_noise_corrected_criterion_tolerance;
        let value = self.set.spread() / noise;
        (noise > 0.0 && value <= tolerance).then_some(Test {
            measure: "spread of the values at the points relative to the noise",
            value,
            tolerance,
            option: "convergence_noise_corrected_criterion_tolerance",
        })
    }

    fn converged(&self, test: Test) -> Finish {
        Finish::converged(self.set.best_point().to_vec(), self.set.best_value(), test)
    }

    fn stalled(&self, reason: &str) -> Finish {
        Finish::stalled(self.set.best_point().to_vec(), self.set.best_value(), reason)
    }
}

impl Radii {
    fn set_delta(&mut self, delta: f64) {
        self.delta = if delta <= 1.5 * self.rho { self.rho } else { delta };
    }

    fn start_at(&mut self, rho: f64) {
        (self.delta, self.rho, self.errors) = (rho, rho, [f64::INFINITY; 3]);
    }

    /// Remember by how much the model was wrong at a point.
    fn record(&mut self, error: f64) {
        self.errors = [error.abs(), self.errors[0], self.errors[1]];
    }

    /// Whether the last models were so exact that their errors tell nothing against a smaller rho: a step of half a rho would have
    /// been seen to change the sum of squares (Powell 2009).
    fn are_served_by(&self, step: &ModelStep) -> bool {
        let seen = 0.125 * step.curvature * self.rho * self.rho;
        self.errors.iter().all(|error| *error <= seen)
    }
}

impl Dfols {
    fn is_noisy(&self) -> bool {
        self.noise_additive_level.is_some() || self.noise_multiplicative_level.is_some()
    }

    fn shrinking(&self) -> f64 {
        let usual = if self.is_noisy() { 0.98 } else { 0.5 };
        self.trustregion_shrinking_factor_not_successful.unwrap_or(usual)
    }

    fn lower_shrinking(&self) -> f64 {
        let usual = if self.is_noisy() { 0.9 } else { 0.1 };
        self.trustregion_shrinking_factor_lower_radius.unwrap_or(usual)
    }

    fn upper_shrinking(&self) -> f64 {
        let usual = if self.is_noisy() { 0.95 } else { 0.5 };
        self.trustregion_shrinking_factor_upper_radius.unwrap_or(usual)
    }
}

/// The residuals at `x` and their sum of squares; infinity where they are not finite.
fn evaluate(problem: &mut Problem<'_>, x: &[f64], residuals: &mut Vec<f64>) -> Result<f64, Stop> {
    if all_finite(x) { problem.residuals(x, residuals) } else { Ok(f64::INFINITY) }
}

#[cfg(test)]
mod tests {
    use thalweg_core::{ProblemSpec, testing::FunctionOracle};

    use super::*;

    #[test]
    fn the_lower_limit_of_the_radius_goes_down_by_tenths_and_ends_without_a_jump() {
        let mut oracle = FunctionOracle::least_squares(2, |x, out| out.copy_from_slice(x));
        let spec = ProblemSpec { n_outputs: 2, ..ProblemSpec::unconstrained(2) };
        let mut problem = Problem::new(&mut oracle, &spec);
        let set = ResidualSet::evaluate(&mut problem, &[1.0, 1.0], 1.0, 3).unwrap().unwrap();
        let options = Dfols::default();
        let radii = Radii { delta: 1.0, rho: 1.0, first: 1.0, errors: [f64::INFINITY; 3] };
        let restarts = Restarts { most: 0, left: 0, value: f64::INFINITY };
        let course = RadiusCourse::default();
        let (start_value, last) = (1.0, None);
        let mut search =
            Search { options: &options, set, radii, start_value, restarts, course, last };
        let mut seen = Vec::new();
        while search.radii.rho > search.last_radius() {
            search.reduce();
            seen.push(search.radii.rho);
        }
        assert_eq!(seen.len(), 8, "{seen:?}");
        assert_eq!((seen[0], seen[7]), (0.1, 1e-8));
    }
}
