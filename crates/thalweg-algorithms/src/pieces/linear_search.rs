//! The search of methods with linear models: steps, exchanges of points, and a resolution that falls to the last one.
//!
//! By which rules is a matter of the course (`linear_rules`). `weight` has those for violations, `simplex` the iteration that a run
//! without constraints may begin with, `curved` the step that one with constraints goes on with.
//!
//! References:
//! * M. J. D. Powell, A direct search optimization method that models the objective and constraint functions by linear interpolation
//!   (1994), <https://doi.org/10.1007/978-94-015-8330-5_4>
//! * M. J. D. Powell, Direct search algorithms for optimization calculations (1998), section 5,
//!   <https://doi.org/10.1017/S0962492900002841>

mod curved;
mod simplex;
mod weight;

use thalweg_core::{Finish, Problem, Stop, Test};
use thalweg_linalg::{all_finite, dot, nrm2};

use self::curved::Inner;
use self::simplex::Simplex;
use self::weight::reach;
use super::linear_rules::{GOOD, LinearCourse, LinearRules, Radii, Weighing};
use super::linear_set::{Known, LinearModel, LinearSet};
use super::linear_step::LinearStep;
use super::sqp_point::why_infeasible;

/// A step shorter than this part of rho is not evaluated.
const SHORT: f64 = 0.1;
/// The length of a step for the geometry, in radii.
const GEOMETRY: f64 = 0.5;
/// How often a geometry step is halved towards the best point while there are no finite values.
const HALVINGS: usize = 4;
/// The least radius in roundings of the parameters: points have to differ clearly.
const ROUNDING: f64 = 100.0;
/// What the first weight of violations is at most, by the rules that begin with one; and what every one is at least.
const LARGEST_FIRST_WEIGHT: f64 = 1e3;
const LEAST_WEIGHT: f64 = f64::EPSILON;
/// How much smaller than wanted the last radius may become while constraints are violated.
const LAST_RESORT: f64 = 1e-3;
/// The end of a run whose points fell into a plane, and those around the best one, too.
const NO_MODELS: &str = "no points around the best one give linear models";

/// When to stop.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct LinearTests {
    /// The last radius in first steps.
    pub last: f64,
    /// The option that it comes from.
    pub last_option: &'static str,
    /// The relative tolerance of gains, and its option.
    pub relative_gain: (f64, &'static str),
    /// The absolute one; the larger of the two counts.
    pub absolute_gain: (f64, &'static str),
}

impl LinearTests {
    /// The test of the objective after a step that gained what the models foresaw, by their ratio.
    fn foreseen_gain(&self, ratio: f64, old: f64, new: f64) -> Option<Test> {
        let relative = self.relative_gain.0 * new.abs();
        let (tolerance, option) = if self.absolute_gain.0 >= relative {
            self.absolute_gain
        } else {
            (relative, self.relative_gain.1)
        };
        let (value, measure) = (old - new, "gain of a step that the models foresaw");
        let passed = (GOOD..=1.0 / GOOD).contains(&ratio) && value <= tolerance;
        passed.then_some(Test { measure, value, tolerance, option })
    }
}

/// A search.
pub struct LinearSearch<'a> {
    course: LinearCourse,
    tests: LinearTests,
    set: LinearSet<'a>,
    radii: Radii,
    /// The weight of the largest violation.
    mu: f64,
    evaluations: usize,
    simplex: Simplex,
    /// Those of the constraints in the last step on curved models.
    multipliers: Vec<f64>,
    /// The lambda of the last curved step.
    lambda: f64,
    inner: Inner,
    /// The best point within the tolerances of all constraints.
    kept: Option<(Vec<f64>, f64)>,
}

/// How a trust-region step went.
struct Outcome {
    /// What was gained of what the models promised; minus infinity when nothing was tried or nothing is defined there.
    ratio: f64,
    converged: Option<Test>,
}

impl Outcome {
    fn failed() -> Self {
        Outcome { ratio: f64::NEG_INFINITY, converged: None }
    }
}

impl<'a> LinearSearch<'a> {
    /// A search from points on, by the rules of a course.
    #[must_use]
    pub fn new(
        problem: &Problem<'_>,
        set: LinearSet<'a>,
        course: LinearCourse,
        tests: LinearTests,
    ) -> Self {
        let mu = match course.early.weighing {
            Weighing::Cautious => 0.0,
            Weighing::Ranges => set.weight_of_ranges().clamp(LEAST_WEIGHT, LARGEST_FIRST_WEIGHT),
        };
        let evaluations = set.dim() + 1;
        let (radii, simplex) = (Radii { delta: 1.0, rho: 1.0 }, Simplex::new(problem));
        let multipliers = vec![0.0; problem.constraint_limits().len()];
        let (inner, kept) = (Inner::none(), None);
        LinearSearch {
            course,
            tests,
            set,
            radii,
            mu,
            evaluations,
            simplex,
            multipliers,
            lambda: 0.0,
            inner,
            kept,
        }
    }

    /// Search until the last radius.
    ///
    /// # Errors
    /// [`Stop`] when the run has to end.
    pub fn run(&mut self, problem: &mut Problem<'a>) -> Result<Finish, Stop> {
        let (x, known) = (self.set.best_point().to_vec(), self.set.best().clone());
        self.keep(problem, &x, &known);
        loop {
            if !self.set.has_models() {
                return Ok(self.end(Finish::stalled, NO_MODELS));
            }
            self.set.choose_best(self.mu);
            let model = self.set.model(self.is_curved());
            if !all_finite(&model.gradient) || !all_finite(&model.jacobian) {
                return Ok(self.end(Finish::stalled, "the linear models are not finite"));
            }
            let end = if self.evaluations <= self.course.simplex_until {
                self.simplex_iteration(problem, &model)?
            } else {
                self.iteration(problem, &model)?
            };
            if let Some(finish) = end {
                return Ok(finish);
            }
        }
    }

    /// The weight of violations at this time.
    #[must_use]
    pub fn weight(&self) -> f64 {
        self.mu
    }

    /// A step, and what follows from how it went. The end of the run, if it is one.
    fn iteration(
        &mut self,
        problem: &mut Problem<'a>,
        model: &LinearModel,
    ) -> Result<Option<Finish>, Stop> {
        let d = self.step(model);
        // Not longer by a rounding error: the step would be tried again at the same radius, for ever.
        let length = nrm2(&d).min(self.radii.delta);
        let short = length < SHORT * self.radii.rho;
        let rules = self.rules();
        let foreseen = self.foreseen(model, &d);
        if !short && self.raise_weight(model, &d, foreseen) {
            return Ok(None);
        }
        let (promised, radius) = (self.promise(foreseen), self.radii.delta);
        let sound = rules.judges_before && !self.is_spread(rules);
        let usable = !short && promised > 0.0 && !self.is_too_steep(problem, model);
        let outcome = if usable {
            let most = (reach(model, &d), nrm2(&model.gradient) * length);
            self.advance(problem, &d, promised, most)?
        } else {
            self.radii.set_delta(0.1 * self.radii.delta);
            Outcome::failed()
        };
        if let Some(test) = outcome.converged {
            return Ok(Some(self.end_by_value(test)));
        }
        self.watch(outcome.ratio, length, radius);
        if !self.set.has_models() {
            return Ok(None);
        }
        if outcome.ratio > rules.poor || self.improve(problem, sound)? {
            return Ok(None);
        }
        // Points that are still far away could not be moved: there is nothing to wait for.
        let unjudged = rules.judges_before && !sound && !self.is_spread(rules);
        if outcome.ratio > 0.0 || unjudged || length.max(self.radii.delta) > self.radii.rho {
            return Ok(None);
        }
        if self.radii.rho > self.last_radius(problem) {
            self.reduce(problem);
            return Ok(None);
        }
        if !usable {
            self.finish_step(problem, &d)?;
        }
        Ok(Some(self.converged(problem)))
    }

    /// Whether a point is too far away.
    fn is_spread(&self, rules: &LinearRules) -> bool {
        rules.is_far(self.set.farthest().1, self.radii.delta)
    }

    /// Whether a shorter step has to be awaited; not at the last radius, after which there is none.
    fn is_too_steep(&self, problem: &Problem<'_>, model: &LinearModel) -> bool {
        let is_last = self.radii.delta <= self.last_radius(problem);
        let steep = self.rules().is_too_steep(&model.gradient, self.set.scale(), self.radii.delta);
        steep && !is_last && !self.set.is_constrained()
    }

    /// The rules at this time.
    fn rules(&self) -> &'static LinearRules {
        self.course.rules(self.evaluations)
    }

    fn step(&mut self, model: &LinearModel) -> Vec<f64> {
        let curved =
            model.curvature.as_ref().and_then(|curvature| self.curved_step(model, curvature));
        if let Some(d) = curved {
            return d;
        }
        let (low, high) = self.set.room();
        let step = LinearStep {
            gradient: &model.gradient,
            jacobian: &model.jacobian,
            limits: &model.limits,
            low: &low,
            high: &high,
            radius: self.radii.delta,
        };
        step.solve()
    }

    /// Evaluate a step, adapt the radius and take the point into the set. `most` is by how much a step of its length could have
    /// changed constraints and objective.
    fn advance(
        &mut self,
        problem: &mut Problem<'a>,
        d: &[f64],
        promised: f64,
        most: (f64, f64),
    ) -> Result<Outcome, Stop> {
        let x = self.set.after(d);
        let known = self.evaluate(problem, &x)?;
        let rules = self.rules();
        let old_value = self.set.best().value;
        self.punish(&known, most);
        let old = self.merit(self.set.best());
        let (new, length) = (self.merit(&known), nrm2(d).min(self.radii.delta));
        let ratio = if known.is_finite() { (old - new) / promised } else { f64::NEG_INFINITY };
        self.radii.follow(rules, ratio, length, self.set.is_constrained());
        let mut converged = None;
        if known.is_finite() {
            self.learn(&x, &known);
            let value = known.value;
            let weights = (rules.near(self.radii), rules.distance_power, rules.least_volume);
            if let Some(t) = self.set.replaceable(d, new < old, weights)
                && !self.set.replace(t, &x, known)
                && !self.renew(problem)?
            {
                return Ok(Outcome::failed());
            }
            self.set.choose_best(self.mu);
            if self.is_feasible(problem) && value < old_value {
                converged = self.tests.foreseen_gain(ratio, old, new);
            }
        }
        problem.iteration(self.set.best_point(), self.set.best().value)?;
        Ok(Outcome { ratio, converged })
    }

    /// Move a point that is far away, unless that is known to be `sound`, or makes the simplex flat. Whether one was moved.
    fn improve(&mut self, problem: &mut Problem<'a>, sound: bool) -> Result<bool, Stop> {
        let (delta, rules) = (self.radii.delta, self.rules());
        let ((first, distance), (flat, height)) = (self.set.farthest(), self.set.flattest());
        let far = if rules.moves_worst { self.set.worst_as_far(distance, self.mu) } else { first };
        let t = if !sound && rules.is_far(distance, delta) {
            far
        } else if height < rules.flat * delta {
            flat
        } else {
            return Ok(false);
        };
        let d = self.geometry_step(t, GEOMETRY * delta);
        self.exchange(problem, t, d)
    }

    /// Exchange point `t` for the one after a step, or a shorter one where nothing is defined. Whether it was.
    fn exchange(
        &mut self,
        problem: &mut Problem<'a>,
        t: usize,
        mut d: Vec<f64>,
    ) -> Result<bool, Stop> {
        for _ in 0..HALVINGS {
            let x = self.set.after(&d);
            let known = self.evaluate(problem, &x)?;
            if known.is_finite() {
                self.learn(&x, &known);
                let moved = self.set.replace(t, &x, known) || self.renew(problem)?;
                self.set.choose_best(self.mu);
                problem.iteration(self.set.best_point(), self.set.best().value)?;
                return Ok(moved);
            }
            d.iter_mut().for_each(|d| *d *= 0.5);
        }
        Ok(false)
    }

    /// The step to where Lagrange function `t` is largest or smallest: the better of the two by the models, unless the bounds leave
    /// little room there.
    fn geometry_step(&self, t: usize, radius: f64) -> Vec<f64> {
        let (low, high) = self.set.room();
        let along = |sign: f64| {
            let gradient: Vec<f64> = self.set.lagrange(t).iter().map(|l| sign * l).collect();
            let step = LinearStep {
                gradient: &gradient,
                jacobian: &[],
                limits: &[],
                low: &low,
                high: &high,
                radius,
            };
            let d = step.solve();
            let size = dot(self.set.lagrange(t), &d).abs();
            (d, size)
        };
        let ((down, size_down), (up, size_up)) = (along(1.0), along(-1.0));
        if size_down < 0.5 * size_up {
            return up;
        } else if size_up < 0.5 * size_down {
            return down;
        }
        let model = self.set.model(self.is_curved());
        let promise = |d: &[f64]| self.promise(self.foreseen(&model, d));
        if promise(&up) > promise(&down) { up } else { down }
    }

    /// New points around the best one. `false` when that does not help either.
    fn renew(&mut self, problem: &mut Problem<'a>) -> Result<bool, Stop> {
        self.set.choose_best(self.mu);
        self.set.renew(problem, self.radii.rho)
    }

    /// Evaluate a step that is shorter than others.
    fn finish_step(&mut self, problem: &mut Problem<'a>, d: &[f64]) -> Result<(), Stop> {
        let x = self.set.after(d);
        if x == self.set.best_point() {
            return Ok(());
        }
        let known = self.evaluate(problem, &x)?;
        if known.is_finite() && self.merit(&known) < self.merit(self.set.best()) {
            self.set.replace(0, &x, known);
        }
        Ok(())
    }

    /// The next lower limit of the radius, without a jump at the end, and a weight of violations that is not larger than needed.
    fn reduce(&mut self, problem: &Problem<'_>) {
        let (last, rules) = (self.last_radius(problem), self.rules());
        self.radii.refine(rules, last);
        self.mu = self.mu.min(self.set.weight_of_ranges());
        if rules.weighing == Weighing::Ranges {
            self.mu = self.mu.max(LEAST_WEIGHT);
        }
    }

    /// The tolerance, or the resolution of floating point numbers; smaller than the tolerance while constraints are violated.
    fn last_radius(&self, problem: &Problem<'_>) -> f64 {
        let resolution = ROUNDING * f64::EPSILON * self.set.size();
        let wanted =
            if self.is_feasible(problem) { self.tests.last } else { LAST_RESORT * self.tests.last };
        wanted.max(resolution)
    }

    fn is_feasible(&self, problem: &Problem<'_>) -> bool {
        is_within(&self.set.best().constraints, problem)
    }

    fn evaluate(&mut self, problem: &mut Problem<'a>, x: &[f64]) -> Result<Known, Stop> {
        self.evaluations += 1;
        let known = evaluate(problem, x)?;
        self.keep(problem, x, &known);
        Ok(known)
    }

    /// Remember the best point within the tolerances.
    fn keep(&mut self, problem: &Problem<'_>, x: &[f64], known: &Known) {
        let better = self.kept.as_ref().is_none_or(|(_, value)| known.value < *value);
        if better && known.is_finite() && is_within(&known.constraints, problem) {
            self.kept = Some((x.to_vec(), known.value));
        }
    }

    fn converged(&self, problem: &Problem<'_>) -> Finish {
        let measure = "resolution of the search, relative to the first steps,";
        let (value, tolerance) = (self.radii.rho, self.last_radius(problem));
        let (last, option) = (self.tests.last, self.tests.last_option);
        let option = if tolerance > last { "" } else { option };
        let test = Test { measure, value, tolerance: tolerance.max(last), option };
        if self.is_feasible(problem) {
            return Finish::converged(self.set.best_point().to_vec(), self.set.best().value, test);
        }
        match &self.kept {
            Some((x, value)) => Finish::converged(x.clone(), *value, test),
            None => self.end(
                Finish::infeasible,
                &why_infeasible(&self.set.best().constraints, problem.constraint_limits()),
            ),
        }
    }

    /// The end by a test of the objective.
    fn end_by_value(&self, test: Test) -> Finish {
        Finish::converged(self.set.best_point().to_vec(), self.set.best().value, test)
    }

    fn end(&self, finish: fn(Vec<f64>, f64, String) -> Finish, reason: &str) -> Finish {
        finish(self.set.best_point().to_vec(), self.set.best().value, reason.to_string())
    }
}

/// Whether each violation is within its tolerance.
fn is_within(constraints: &[f64], problem: &Problem<'_>) -> bool {
    let each = constraints.iter().zip(problem.constraint_limits());
    each.zip(problem.constraint_tolerances())
        .all(|((c, (low, high)), t)| low - c <= *t && c - high <= *t)
}

/// Objective and constraints; infinite where the point is not finite.
fn evaluate(problem: &mut Problem<'_>, x: &[f64]) -> Result<Known, Stop> {
    if all_finite(x) {
        return Known::at(problem, x);
    }
    let constraints = vec![f64::INFINITY; problem.constraint_limits().len()];
    Ok(Known { value: f64::INFINITY, constraints })
}
