//! The search of DFO-LS: steps of a trust region on linear models of all residuals, and the
//! curvature that those leave out, with a resolution below which points do not come
//! close to each other.
//!
//! References:
//! * C. Cartis, J. Fiala, B. Marteau, L. Roberts, Improving the flexibility and robustness of model-based derivative-free optimization
//!   solvers, ACM Transactions on Mathematical Software 45 (2019), <https://doi.org/10.1145/3338517>
//! * M. J. D. Powell, The BOBYQA algorithm for bound constrained optimization without derivatives (2009),
//!   <https://www.damtp.cam.ac.uk/user/na/NA_papers/NA2009_06.pdf> (when models are exact enough)

use thalweg_core::{Finish, Problem, Stop, Test, Verdict};
use thalweg_linalg::{all_finite, nrm2};

use super::radius_course::RadiusCourse;
use super::repetition::Repetition;
use super::residual_model::ResidualModel;
use super::residual_restarts::Restarts;
use super::residual_rules::ResidualRules;
use super::residual_set::ResidualSet;
use super::slow_progress::SlowProgress;

/// The radius after a step too short for an evaluation, relative to the one before.
pub(super) const AFTER_SHORT_STEP: f64 = 0.1;
/// The largest radius.
const LARGEST_RADIUS: f64 = 1e10;
/// The least radius in roundings of the parameters: points have to differ clearly.
const ROUNDING: f64 = 100.0;
/// The part of its distance from the best point to which a far one is moved, at most.
const CLOSER: f64 = 0.07;
/// The part of the radius within which it is put, at most.
const INSIDE: f64 = 0.3;
/// How often a geometry step is halved towards the best point while its residuals are not finite.
const HALVINGS: usize = 4;

/// One run.
pub struct ResidualSearch {
    pub(super) rules: ResidualRules,
    pub(super) repetition: Repetition,
    pub(super) set: ResidualSet,
    pub(super) model: ResidualModel,
    pub(super) radii: Radii,
    start_value: f64,
    pub(super) restarts: Restarts,
    pub(super) course: RadiusCourse,
    pub(super) slow: SlowProgress,
    /// The best point before the last restart that moved the center away from it, and the sum of squares there.
    pub(super) before: Option<(Vec<f64>, f64)>,
    /// The step, the point after it and the residuals there.
    pub(super) d: Vec<f64>,
    pub(super) x: Vec<f64>,
    pub(super) residuals: Vec<f64>,
}

/// The radius of the trust region and its lower limit, the resolution.
pub(super) struct Radii {
    pub(super) delta: f64,
    pub(super) rho: f64,
    pub(super) first: f64,
    /// The errors of the model at the last three points since rho was reduced.
    errors: [f64; 3],
}

impl ResidualSearch {
    /// Make the sum of squares small, from `x0`.
    ///
    /// # Errors
    /// [`Stop`] when the run has to end.
    pub fn minimize(
        problem: &mut Problem<'_>,
        x0: &[f64],
        mut rules: ResidualRules,
        repetition: Repetition,
    ) -> Result<Finish, Stop> {
        let first = rules.first.radius;
        rules.first.samples = repetition.copies(problem, (first, first))?;
        let Some(set) = ResidualSet::evaluate(problem, x0, rules.first)? else {
            let reason = "the residuals are not finite at or next to the start";
            return Ok(Finish::stalled(x0.to_vec(), f64::INFINITY, reason));
        };
        problem.iteration(set.best_point(), set.best_value())?;
        let mut search = ResidualSearch {
            start_value: set.values[0],
            set,
            model: ResidualModel::default(),
            radii: Radii { delta: first, rho: first, first, errors: [f64::INFINITY; 3] },
            restarts: Restarts::new(&rules.restarts),
            course: RadiusCourse::new(rules.restarts.course),
            slow: SlowProgress::new(rules.slow),
            before: None,
            rules,
            repetition,
            d: Vec::new(),
            x: Vec::new(),
            residuals: Vec::new(),
        };
        search.run(problem)
    }

    /// Evaluate points as often as the rules say from now on.
    pub(super) fn repeat(&mut self, problem: &mut Problem<'_>) -> Result<(), Stop> {
        let samples = self.repetition.copies(problem, (self.radii.delta, self.radii.rho))?;
        (self.rules.first.samples, self.set.samples) = (samples, samples);
        Ok(())
    }

    fn run(&mut self, problem: &mut Problem<'_>) -> Result<Finish, Stop> {
        loop {
            self.repetition.begin_iteration();
            self.repeat(problem)?;
            if let Some(test) = self.value_test() {
                return Ok(self.converged(test));
            }
            if let Some(verdict) = self.progress_test() {
                if self.restart(problem)? {
                    continue;
                }
                return Ok(self.finish(verdict));
            }
            if let Some(growth) = self.rules.growth {
                self.grow(problem, growth)?;
                continue;
            }
            if !self.model.refresh(&self.set) {
                if self.renew(problem)? {
                    continue;
                }
                return Ok(self.stalled("the residuals near the best point determine no model"));
            }
            if !all_finite(&self.model.gradient) {
                return Ok(self.stalled("the model of the residuals is not finite"));
            }
            if self.is_lost_in_noise() && self.restart(problem)? {
                continue;
            }
            let promised = self.model.step(&self.set, self.radii.delta, &mut self.d);
            let length = nrm2(&self.d);
            let short = length < self.rules.short * self.radii.rho;
            if self.try_step(problem, promised, length, short)? {
                continue;
            }
            if self.radii.rho > self.last_radius() {
                let last = self.last_radius();
                self.radii.reduce(self.rules.shrink_radii, last);
                continue;
            }
            if short && self.finish_step(problem)? {
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

    /// Evaluate the step if it is long enough, or improve the points. Whether rho may stay as it is.
    fn try_step(
        &mut self,
        problem: &mut Problem<'_>,
        promised: f64,
        length: f64,
        short: bool,
    ) -> Result<bool, Stop> {
        if short || promised.is_nan() || promised <= 0.0 {
            let was = self.radii.delta;
            self.radii.set_delta(AFTER_SHORT_STEP * was);
            let is_exact = short && self.model.bends_at_least(self.radii.curvature_that_shows());
            return Ok(!is_exact && (self.improve(problem)? || was > self.radii.rho));
        }
        let at_limit = length.max(self.radii.delta) <= self.radii.rho;
        let ratio = self.advance(problem, promised, length)?;
        if ratio >= self.rules.good {
            self.slow.record(self.set.best_value());
            return self.move_extra(problem);
        }
        Ok(self.improve_if_possible(problem)? || ratio > 0.0 || !at_limit)
    }

    /// Evaluate the step, adapt the radius and take the point into the set. The ratio of actual to promised decrease.
    fn advance(
        &mut self,
        problem: &mut Problem<'_>,
        promised: f64,
        length: f64,
    ) -> Result<f64, Stop> {
        let value = self.evaluate(problem)?;
        let old = self.set.best_value();
        self.radii.record(old - value - promised);
        let ratio = if value.is_finite() { (old - value) / promised } else { f64::NEG_INFINITY };
        self.adapt_radius(ratio, length, self.rules.shrink);
        if value.is_finite() {
            let improved = value < old;
            let t = self.model.replaceable(&self.set, &self.d, improved, self.radii.rho);
            if let Some(t) = t {
                self.exchange(t, value);
            }
        }
        problem.iteration(self.set.best_point(), self.set.best_value())?;
        Ok(ratio)
    }

    pub(super) fn adapt_radius(&mut self, ratio: f64, length: f64, shrink: f64) {
        let rules = &self.rules;
        let shrunk = shrink * self.radii.delta;
        let delta = if ratio >= rules.very_good {
            let grown = rules.grow.0 * self.radii.delta;
            grown.max(rules.grow.1 * length).min(LARGEST_RADIUS)
        } else if ratio >= rules.good {
            shrunk.max(length)
        } else {
            shrunk.min(length)
        };
        self.radii.set_delta(delta);
    }

    /// The sum of squares after the step, infinity where it is not finite.
    pub(super) fn evaluate(&mut self, problem: &mut Problem<'_>) -> Result<f64, Stop> {
        self.set.after(&self.d, &mut self.x);
        if !all_finite(&self.x) {
            return Ok(f64::INFINITY);
        }
        self.set.ask_one(problem, &self.x, &mut self.residuals)
    }

    /// Put the point after the step in the place of point `t`.
    fn exchange(&mut self, t: usize, value: f64) {
        self.model.exchange(&self.set, t, &self.d, &self.residuals);
        self.set.replace(t, &self.x, &self.residuals, value);
    }

    /// Move points of a regression after a good step. Always `true`: rho may stay as it is.
    fn move_extra(&mut self, problem: &mut Problem<'_>) -> Result<bool, Stop> {
        let moves = self.rules.moves;
        if moves.count == 0 {
            return Ok(true);
        }
        let ahead = self.d.clone();
        let size = self.radii.delta / nrm2(&ahead);
        for _ in 0..moves.count.min(self.set.len() - 1) {
            let Some((t, _)) = self.set.farthest(0.0) else { break };
            if !self.model.refresh(&self.set) {
                break;
            }
            if moves.momentum {
                self.d.clear();
                self.d.extend(ahead.iter().map(|d| size * d));
                self.set.keep_within(&mut self.d);
                self.place(problem, t)?;
            } else {
                self.move_point(problem, t, self.radii.delta)?;
            }
        }
        Ok(true)
    }

    /// Improve the points as they are after a step.
    fn improve_if_possible(&mut self, problem: &mut Problem<'_>) -> Result<bool, Stop> {
        if self.model.refresh(&self.set) { self.improve(problem) } else { self.renew(problem) }
    }

    /// Move the farthest point if it is far away. Whether one was moved.
    pub(super) fn improve(&mut self, problem: &mut Problem<'_>) -> Result<bool, Stop> {
        let (delta, rho) = (self.radii.delta, self.radii.rho);
        let Some((t, distance)) = self.set.farthest((2.0 * delta).max(10.0 * rho)) else {
            return Ok(false);
        };
        let radius = (CLOSER * distance).min(INSIDE * delta).max(rho);
        self.move_point(problem, t, radius)
    }

    /// Move point `t` to where it tells most within the radius. Whether there are finite residuals.
    pub(super) fn move_point(
        &mut self,
        problem: &mut Problem<'_>,
        t: usize,
        radius: f64,
    ) -> Result<bool, Stop> {
        self.model.geometry_step(&self.set, t, radius, &mut self.d);
        for _ in 0..HALVINGS {
            if self.place(problem, t)? {
                return Ok(true);
            }
            self.d.iter_mut().for_each(|d| *d *= 0.5);
        }
        Ok(false)
    }

    /// Evaluate the step and put it in the place of point `t`, if the residuals are finite: whether they are.
    fn place(&mut self, problem: &mut Problem<'_>, t: usize) -> Result<bool, Stop> {
        let value = self.evaluate(problem)?;
        let promised = self.model.decrease(&self.d);
        self.radii.record(self.set.best_value() - value - promised);
        if !value.is_finite() {
            return Ok(false);
        }
        self.exchange(t, value);
        problem.iteration(self.set.best_point(), self.set.best_value())?;
        Ok(true)
    }

    /// New points around the best one. `false` when that does not help either.
    pub(super) fn renew(&mut self, problem: &mut Problem<'_>) -> Result<bool, Stop> {
        self.surround(problem, self.radii.rho, false)
    }

    /// Evaluate a step that is shorter than others. Whether it was one to a better point.
    fn finish_step(&mut self, problem: &mut Problem<'_>) -> Result<bool, Stop> {
        self.set.after(&self.d, &mut self.x);
        if self.x == self.set.best_point() {
            return Ok(false);
        }
        let value = self.evaluate(problem)?;
        let better = value < self.set.best_value();
        if better {
            self.exchange(self.set.best, value);
            problem.iteration(self.set.best_point(), self.set.best_value())?;
        }
        Ok(better)
    }

    /// The tolerance, or the resolution of floating point numbers.
    fn last_radius(&self) -> f64 {
        let resolution = ROUNDING * f64::EPSILON * self.set.size();
        self.rules.last_radius.max(resolution)
    }

    fn radius_test(&self) -> Test {
        let (value, tolerance) = (self.radii.rho, self.last_radius());
        if tolerance > self.rules.last_radius {
            let measure = "lower limit of the radius, at the precision of the parameters,";
            return Test { measure, value, tolerance, option: "" };
        }
        let option = "convergence_minimal_trustregion_radius_tolerance";
        Test { measure: "lower limit of the trust region's radius", value, tolerance, option }
    }

    fn value_test(&self) -> Option<Test> {
        let value = self.set.best_value();
        let (absolute, relative) = self.rules.small;
        if absolute > 0.0 && value <= absolute {
            let (tolerance, option) = (absolute, "convergence_value_abs");
            return Some(Test { measure: "sum of squares", value, tolerance, option });
        }
        let scaled = relative * self.start_value;
        (scaled > 0.0 && value <= scaled).then(|| Test {
            measure: "sum of squares relative to the start",
            value: value / self.start_value,
            tolerance: relative,
            option: "convergence_value_scaled",
        })
    }

    /// Whether noise or slow progress ends the search.
    fn progress_test(&self) -> Option<Verdict> {
        if let Some(reason) = self.slow.verdict() {
            return Some(Verdict::Stalled(reason));
        }
        let (absolute, relative) = self.rules.noise;
        let noise = absolute.max(relative * self.set.best_value());
        if noise <= 0.0 {
            return None;
        }
        let tolerance = self.rules.noise_tolerance;
        let value = self.set.spread() / noise;
        (value <= tolerance).then_some(Verdict::Converged(Test {
            measure: "spread of the values at the points relative to the noise",
            value,
            tolerance,
            option: "convergence_noise_corrected_criterion_tolerance",
        }))
    }

    /// The least sum of squares of all points.
    pub(super) fn best_of_all(&self) -> f64 {
        let here = self.set.best_value();
        self.before.as_ref().map_or(here, |(_, value)| here.min(*value))
    }

    fn finish(&self, verdict: Verdict) -> Finish {
        let (x, value) = match &self.before {
            Some((x, value)) if *value < self.set.best_value() => (x.clone(), *value),
            _ => (self.set.best_point().to_vec(), self.set.best_value()),
        };
        Finish { x, value, verdict, extras: Vec::new() }
    }

    fn converged(&self, test: Test) -> Finish {
        self.finish(Verdict::Converged(test))
    }

    fn stalled(&self, reason: &str) -> Finish {
        self.finish(Verdict::Stalled(reason.into()))
    }
}

impl Radii {
    pub(super) fn set_delta(&mut self, delta: f64) {
        self.delta = if delta <= 1.5 * self.rho { self.rho } else { delta };
    }

    pub(super) fn start_at(&mut self, rho: f64) {
        (self.delta, self.rho, self.errors) = (rho, rho, [f64::INFINITY; 3]);
    }

    /// The next lower limit, without a jump to the last one at the end; the limit and the radius shrink by the given factors.
    fn reduce(&mut self, (lower, upper): (f64, f64), last: f64) {
        let rho = self.rho;
        let left = rho / last;
        let next = if left <= 16.0 {
            last
        } else if left <= 250.0 {
            left.sqrt() * last
        } else {
            lower * rho
        };
        self.start_at(next);
        self.delta = (upper * rho).max(next);
    }

    /// Remember by how much the model was wrong at a point.
    fn record(&mut self, error: f64) {
        let error = if error.is_nan() { f64::INFINITY } else { error.abs() };
        self.errors = [error, self.errors[0], self.errors[1]];
    }

    /// The second derivative with which a step of half a rho changes the sum of squares by as much as the last models were wrong. Where
    /// the model has more, their errors tell nothing against a smaller rho (Powell 2009).
    fn curvature_that_shows(&self) -> f64 {
        let largest = self.errors.iter().fold(0.0_f64, |largest, error| largest.max(*error));
        8.0 * largest / (self.rho * self.rho)
    }
}

#[cfg(test)]
mod tests;
