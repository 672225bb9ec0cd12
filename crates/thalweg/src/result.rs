//! Results: verified, graded, and in the user's terms.

use std::borrow::Cow;
use std::collections::BTreeMap;
use std::fmt;

use thalweg_core::{Extra, Finish, Stop, Verdict};
use thalweg_space::{ConstraintPlan, Space};

use crate::convergence::ConvergenceReport;
use crate::error::OptimizeError;
use crate::evaluator::Evaluator;
use crate::history::History;
use crate::multistart::MultistartInfo;
use crate::names::Wording;
use crate::nonlinear::{ConstraintSet, Violation};
use crate::pipeline::{End, Specification};
use crate::status::Status;
use crate::user_derivatives;

/// Whether an objective is minimized or maximized.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash)]
pub enum Direction {
    /// Smaller is better.
    #[default]
    Minimize,
    /// Larger is better.
    Maximize,
}

/// Further outputs of an algorithm by name.
pub type Extras = BTreeMap<Cow<'static, str>, Extra>;

/// The result of a run over flat vectors.
pub type FlatResult = OptimizeResult<Vec<f64>>;

/// The result of a run.
#[derive(Clone, Debug, PartialEq)]
pub struct OptimizeResult<P> {
    /// The best parameters found.
    pub params: P,
    /// The objective there, in the user's sign: the sum of squares or contributions where it has these.
    pub fun: f64,
    /// The parameters at the start.
    pub start_params: P,
    /// The objective at the start.
    pub start_fun: f64,
    /// The name under which the algorithm was asked for.
    pub algorithm: String,
    /// Minimize or maximize.
    pub direction: Direction,
    /// The number of free parameters.
    pub n_free: usize,
    /// Why the run ended, with numbers.
    pub message: String,
    /// How the run ended, graded.
    pub status: Status,
    /// Whether the run did what it was asked to do.
    pub success: bool,
    /// Evaluations of the objective, without those for numerical derivatives.
    pub n_fun_evals: u64,
    /// Evaluations of the derivative.
    pub n_jac_evals: u64,
    /// Evaluations of the second derivative.
    pub n_hess_evals: u64,
    /// Iterations.
    pub n_iterations: u64,
    /// The largest violation of a bound or constraint at `params`.
    pub max_constraint_violation: f64,
    /// Whether no bound and no constraint is violated by more than its tolerance at `params`.
    pub is_feasible: bool,
    /// How each constraint was kept; empty without constraints.
    pub constraint_plan: ConstraintPlan,
    /// Further outputs of the algorithm. "gradient", "jacobian", "hessian" and "hessian_inverse" are those of the
    /// objective with respect to the parameters (NaN for parameters that did not move); where constraints tie parameters to
    /// each other, they are called "internal_gradient" and so on, and are those of what the algorithm minimizes with
    /// respect to its own coordinates. "best_seen" and "best_seen_fun" are a point of the run (flat) with a better value than
    /// `fun`, where there is one that was not returned because it violates constraints by more, within their tolerances.
    pub extras: Extras,
    /// Every evaluation, if history was collected; those of the best local run in a search from many starts.
    pub history: Option<History>,
    /// The exploration and the local runs of a search from many starts.
    pub multistart: Option<Box<MultistartInfo<P>>>,
    /// The convergence report of a history that is not there, because the result was exported without it.
    pub kept_report: Option<ConvergenceReport>,
}

/// Outputs of an algorithm that say something about its point, and about no other.
const BELONG_TO_THE_POINT: [&str; 6] =
    ["gradient", "jacobian", "hessian", "hessian_inverse", "multipliers", "lagrangian_gradient"];

impl FlatResult {
    /// The result of a run that has not begun.
    pub(crate) fn at_start(
        spec: &Specification<'_>,
        start_params: Vec<f64>,
        space: &Space,
        start_fun: f64,
    ) -> Self {
        OptimizeResult {
            params: start_params.clone(),
            fun: start_fun,
            start_params,
            start_fun,
            algorithm: spec.algorithm_name.clone(),
            direction: spec.direction,
            n_free: space.n_free(),
            message: String::new(),
            status: Status::Failed,
            success: false,
            n_fun_evals: 0,
            n_jac_evals: 0,
            n_hess_evals: 0,
            n_iterations: 0,
            max_constraint_violation: 0.0,
            is_feasible: true,
            constraint_plan: spec.constraint_plan(space),
            extras: BTreeMap::new(),
            history: None,
            multistart: None,
            kept_report: None,
        }
    }

    /// The result where every parameter is fixed.
    pub(crate) fn nothing_to_optimize(
        mut self,
        constraints: &ConstraintSet,
        at_start: &[f64],
        collect_history: bool,
    ) -> Self {
        self.status = Status::NothingToOptimize;
        self.message = "nothing to optimize: all parameters are fixed".into();
        self.history = collect_history.then(|| History::new(self.params.len()));
        let violation = constraints.violation(at_start);
        self.max_constraint_violation = violation.largest;
        self.verify(explanation(constraints, &violation, at_start));
        self
    }

    /// Fill in how the run ended.
    pub(crate) fn complete(
        mut self,
        end: End,
        flaw: Option<&'static str>,
        mut evaluator: Evaluator<'_>,
        wording: Wording,
    ) -> Result<FlatResult, OptimizeError> {
        self.n_fun_evals = evaluator.counts.fun;
        self.n_jac_evals = evaluator.counts.jac;
        self.n_hess_evals = evaluator.counts.hess;
        self.n_iterations = evaluator.counts.iterations;
        self.history = evaluator.history.take();
        let violated = match end {
            Ok(finish) => self.take_finish(finish, &mut evaluator, wording),
            Err(stop) => self.take_stop(&stop, &evaluator),
        };
        if let Some(flaw) = flaw {
            self.refuse(flaw);
        }
        if !evaluator.constraints.is_empty() {
            let counts = evaluator.counts;
            self.extras.insert("n_constraint_evals".into(), Extra::Count(counts.constraints));
            self.extras
                .insert("n_constraint_jac_evals".into(), Extra::Count(counts.constraint_jacobians));
        }
        self.verify(violated);
        evaluator.end_step();
        match evaluator.failure.take() {
            Some(failure) => Err(OptimizeError::User { failure, partial: Box::new(self) }),
            None => Ok(self),
        }
    }

    /// The algorithm ended by itself: its point, if it is as good as the best that was evaluated, or else that one. Returns
    /// which constraint is violated there.
    fn take_finish(
        &mut self,
        finish: Finish,
        evaluator: &mut Evaluator<'_>,
        wording: Wording,
    ) -> Option<String> {
        self.status = Status::from(&finish.verdict);
        self.message = wording.message(&finish.verdict);
        self.extras.extend(finish.extras.into_iter().map(|(name, extra)| (name.into(), extra)));
        if let Some(termination) = wording.termination(&finish.verdict) {
            self.extras.insert("termination".into(), Extra::Text(termination));
        }
        let at_finish = constraints_at_finish(&finish.x, evaluator);
        let best = &evaluator.best;
        let at_best = finish.x == best.x;
        let is_feasible =
            at_finish.as_ref().is_some_and(|(_, v)| v.excess <= best.violation.excess);
        let is_finite = finish.x.iter().all(|x| x.is_finite());
        let is_as_good = is_feasible
            && is_finite
            && finish.x.len() == best.x.len()
            && (finish.value == best.value || self.gain_is_violation(finish.value, evaluator));
        let violated = match &at_finish {
            Some((values, violation)) if at_best || is_as_good => {
                let value = if at_best { best.value } else { finish.value };
                self.set_point(&finish.x, value, violation, evaluator);
                if best.value < value && best.violation.is_feasible() {
                    self.tell_of_best_seen(evaluator);
                }
                explanation(&evaluator.constraints, violation, values)
            }
            _ => {
                // Derivatives that the algorithm reports belong to another point.
                for name in BELONG_TO_THE_POINT {
                    self.extras.remove(name);
                }
                self.extras.insert("value_of_algorithm".into(), Extra::Number(finish.value));
                self.set_best(evaluator)
            }
        };
        // Where no point satisfies the constraints, that is said below.
        let is_worse = !is_feasible && best.violation.is_feasible();
        let is_unknown = is_feasible && finish.value < best.value;
        if !at_best && !is_as_good && (is_worse || is_unknown || !is_finite) {
            // A penalty that the algorithm likes, a value that it made up, or a point outside the constraints.
            let why = match (evaluator.constraints.is_empty(), is_feasible) {
                (false, false) => {
                    "violates the constraints by more than the best evaluated point, which"
                }
                _ => "where the objective failed or was not evaluated; the best evaluated point",
            };
            if self.status.is_success() || is_feasible {
                self.status = Status::Invalid;
            }
            let what = if is_feasible {
                "the algorithm ended at a point"
            } else {
                "the point of the algorithm"
            };
            self.message = format!("{what} {why} is returned; {}", self.message);
        }
        if self.status.is_success() && evaluator.scratch.is_penalized(&finish.x) {
            // The penalty is flat at the start: what looks stationary there is no minimum.
            self.refuse(
                "the derivative failed where the algorithm ended, and that of a penalty took its place",
            );
        }
        if self.status.is_success() && evaluator.scratch.failed_elsewhere() {
            self.refuse(
                "the objective failed or was not finite wherever it was evaluated but at the start",
            );
        }
        if self.status.is_success()
            && let Some(k) = evaluator.scratch.failed_at_the_end(finish.x.len())
        {
            self.refuse(&format!(
                "the objective failed or was not finite in the last {k} evaluations"
            ));
        }
        if self.status.is_success() {
            self.tell_of_fall(evaluator, wording, &finish.verdict);
        }
        let gradients = ["gradient", "lagrangian_gradient"];
        if let Some(Extra::Vector(gradient)) =
            gradients.iter().find_map(|&name| self.extras.get(name))
        {
            let size = projected_size(evaluator, &finish.x, gradient);
            self.extras.insert("stationarity".into(), Extra::Number(size));
        }
        user_derivatives::convert(&mut self.extras, evaluator.space, evaluator.maximize);
        if evaluator.maximize
            && let Some(Extra::Vector(multipliers)) = self.extras.get_mut("multipliers")
        {
            multipliers.iter_mut().for_each(|multiplier| *multiplier = -*multiplier);
        }
        violated
    }

    /// What looks like a success is none.
    fn refuse(&mut self, why: &str) {
        self.status = Status::Invalid;
        self.message = format!("{why}; {}", self.message);
    }

    /// A point that is no minimum because the objective fell without end is no success.
    fn tell_of_fall(&mut self, evaluator: &Evaluator<'_>, wording: Wording, verdict: &Verdict) {
        let gradient = match self.extras.get("gradient") {
            Some(Extra::Vector(gradient)) => Some(&gradient[..]),
            _ => None,
        };
        let best = &evaluator.best;
        if let Some(why) = evaluator.why_no_minimum(&best.x, best.value, gradient) {
            self.status = Status::Unbounded;
            let own = wording.termination(verdict).unwrap_or_else(|| wording.message(verdict));
            self.message = format!("{why}; {own}");
        }
    }

    /// Whether the best point has a smaller value than the algorithm's only because it violates constraints more, within their
    /// tolerances: to first order, violations v of constraints with multipliers y lower the objective by at most sum |y| v. A merit
    /// function that weighs the largest violation with w, at least the sum of the multipliers, knows that it is at most w max v.
    fn gain_is_violation(&self, value: f64, evaluator: &Evaluator<'_>) -> bool {
        let best = &evaluator.best;
        let bought = match (self.extras.get("multipliers"), self.extras.get("violation_weight")) {
            (Some(Extra::Vector(multipliers)), _) => multipliers
                .iter()
                .zip(&best.constraints)
                .zip(evaluator.constraints.limits())
                .map(|((y, c), (lower, upper))| y.abs() * (lower - c).max(c - upper).max(0.0))
                .sum(),
            (_, Some(Extra::Number(weight))) => weight * best.violation.largest,
            _ => return false,
        };
        best.value <= value && value - best.value <= 2.0 * bought + 1e-12 * value.abs()
    }

    /// Some point that satisfies the constraints within their tolerances has a better value than the one that is returned.
    fn tell_of_best_seen(&mut self, evaluator: &Evaluator<'_>) {
        let best = &evaluator.best;
        let mut params = vec![0.0; evaluator.space.n_user()];
        evaluator.space.to_user(&best.x, &mut params, &mut evaluator.space.workspace());
        let value = if evaluator.maximize { -best.value } else { best.value };
        self.extras.insert("best_seen".into(), Extra::Vector(params));
        self.extras.insert("best_seen_fun".into(), Extra::Number(value));
    }

    /// The run was ended from outside: the best point so far. Returns which constraint is violated there.
    fn take_stop(&mut self, stop: &Stop, evaluator: &Evaluator<'_>) -> Option<String> {
        self.status = Status::from(stop);
        self.message = stop.to_string();
        self.set_best(evaluator)
    }

    fn set_best(&mut self, evaluator: &Evaluator<'_>) -> Option<String> {
        let best = &evaluator.best;
        self.set_point(&best.x, best.value, &best.violation, evaluator);
        explanation(&evaluator.constraints, &best.violation, &best.constraints)
    }

    fn set_point(
        &mut self,
        x: &[f64],
        value: f64,
        violation: &Violation,
        evaluator: &Evaluator<'_>,
    ) {
        let mut work = evaluator.space.workspace();
        evaluator.space.to_user(x, &mut self.params, &mut work);
        self.fun = if evaluator.maximize { -value } else { value };
        let outside = |x: f64, lower: f64, upper: f64| (lower - x).max(x - upper).max(0.0);
        let (lower, upper) = (evaluator.space.lower(), evaluator.space.upper());
        let outside_bounds = x.iter().enumerate().fold(0.0, |worst: f64, (i, &x)| {
            let lower = lower.map_or(f64::NEG_INFINITY, |lower| lower[i]);
            let upper = upper.map_or(f64::INFINITY, |upper| upper[i]);
            worst.max(outside(x, lower, upper))
        });
        self.max_constraint_violation = outside_bounds.max(violation.largest);
        self.is_feasible = outside_bounds == 0.0;
        if outside_bounds > 0.0 && self.status.is_success() {
            self.status = Status::Invalid;
            self.message = format!("a bound is violated by {outside_bounds:e}; {}", self.message);
        }
    }

    /// Never a success with a value that is not finite or a point that violates a constraint.
    fn verify(&mut self, violated: Option<String>) {
        let finite = self.fun.is_finite() && self.params.iter().all(|x| x.is_finite());
        if self.status.is_success() && !finite {
            self.status = Status::Invalid;
            self.message = format!(
                "the objective or the parameters are not finite ({}); {}",
                self.fun, self.message
            );
        }
        if let Some(violated) = violated {
            self.is_feasible = false;
            if self.status.is_success() {
                self.status = Status::Invalid;
            }
            self.message = format!("{}; {violated}", self.message);
        }
        self.success = self.status.is_success();
    }
}

/// The constraints at the algorithm's point with their violation; `None` where they cannot be evaluated.
fn constraints_at_finish(
    x: &[f64],
    evaluator: &mut Evaluator<'_>,
) -> Option<(Vec<f64>, Violation)> {
    let best = &evaluator.best;
    if evaluator.constraints.is_empty() || x == best.x {
        return Some((best.constraints.clone(), best.violation));
    }
    if x.len() != best.x.len() {
        return None;
    }
    let values = evaluator.constraints_at(x)?;
    let violation = evaluator.constraints.violation(&values);
    Some((values, violation))
}

/// Which constraint is violated by more than its tolerance.
fn explanation(set: &ConstraintSet, violation: &Violation, values: &[f64]) -> Option<String> {
    (!violation.is_feasible()).then(|| set.explain(violation, values))
}

/// The largest entry of the gradient after projection onto the bounds.
fn projected_size(evaluator: &Evaluator<'_>, x: &[f64], gradient: &[f64]) -> f64 {
    let (lower, upper) = (evaluator.space.lower(), evaluator.space.upper());
    x.iter().zip(gradient).enumerate().fold(0.0, |size: f64, (i, (&x, &g))| {
        let step = if g > 0.0 {
            lower.map_or(g, |lower| g.min(x - lower[i]))
        } else {
            upper.map_or(-g, |upper| (-g).min(upper[i] - x))
        };
        size.max(step)
    })
}

impl<P> OptimizeResult<P> {
    /// The result with its parameters in another form.
    pub fn map<Q>(self, mut to: impl FnMut(P) -> Q) -> OptimizeResult<Q> {
        self.convert(&mut to)
    }

    pub(crate) fn convert<Q>(self, to: &mut dyn FnMut(P) -> Q) -> OptimizeResult<Q> {
        OptimizeResult {
            params: to(self.params),
            fun: self.fun,
            start_params: to(self.start_params),
            start_fun: self.start_fun,
            algorithm: self.algorithm,
            direction: self.direction,
            n_free: self.n_free,
            message: self.message,
            status: self.status,
            success: self.success,
            n_fun_evals: self.n_fun_evals,
            n_jac_evals: self.n_jac_evals,
            n_hess_evals: self.n_hess_evals,
            n_iterations: self.n_iterations,
            max_constraint_violation: self.max_constraint_violation,
            is_feasible: self.is_feasible,
            constraint_plan: self.constraint_plan,
            extras: self.extras,
            history: self.history,
            multistart: self.multistart.map(|info| Box::new(info.map(to))),
            kept_report: self.kept_report,
        }
    }

    /// The changes of objective and parameters over the last accepted steps, or `None` without a history of at least
    /// two accepted evaluations. In a search from many starts, every local optimum is a step.
    pub fn convergence_report(&self) -> Option<ConvergenceReport> {
        if let Some(info) = &self.multistart {
            return info.convergence;
        }
        match &self.history {
            Some(history) => ConvergenceReport::new(history, self.direction == Direction::Maximize),
            None => self.kept_report,
        }
    }

    /// The report as a piece of HTML: its sentences, the convergence table and a plot of the history, for notebooks and
    /// pages. Text colours are those of the page around it.
    pub fn to_html(&self) -> String {
        crate::report::html(self)
    }

    /// The gradient at `params`, if the algorithm reports one; NaN for parameters that did not move.
    pub fn gradient(&self) -> Option<&[f64]> {
        match self.extras.get("gradient") {
            Some(Extra::Vector(gradient)) => Some(gradient),
            _ => None,
        }
    }
}

impl<P> fmt::Display for OptimizeResult<P> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&crate::report::report(self))
    }
}
