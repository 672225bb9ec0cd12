//! Results: verified, graded, and in the user's terms.

use std::collections::BTreeMap;
use std::fmt;

use thalweg_core::{Extra, Finish, Stop};

use crate::convergence::ConvergenceReport;
use crate::error::OptimizeError;
use crate::evaluator::Evaluator;
use crate::history::History;
use crate::multistart::MultistartInfo;
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
    /// Further outputs of the algorithm. "gradient", "jacobian", "hessian" and "hessian_inverse" are those of the
    /// objective with respect to the parameters (NaN for parameters that did not move); where constraints tie parameters to
    /// each other, they are called "internal_gradient" and so on, and are those of what the algorithm minimizes with
    /// respect to its own coordinates.
    pub extras: BTreeMap<&'static str, Extra>,
    /// Every evaluation, if history was collected; those of the best local run in a search from many starts.
    pub history: Option<History>,
    /// The exploration and the local runs of a search from many starts.
    pub multistart: Option<Box<MultistartInfo<P>>>,
}

impl FlatResult {
    /// The result of a run that has not begun.
    pub(crate) fn at_start(
        spec: &Specification<'_>,
        start_params: Vec<f64>,
        n_free: usize,
        start_fun: f64,
    ) -> Self {
        OptimizeResult {
            params: start_params.clone(),
            fun: start_fun,
            start_params,
            start_fun,
            algorithm: spec.algorithm_name.clone(),
            direction: spec.direction,
            n_free,
            message: String::new(),
            status: Status::Failed,
            success: false,
            n_fun_evals: 0,
            n_jac_evals: 0,
            n_hess_evals: 0,
            n_iterations: 0,
            max_constraint_violation: 0.0,
            extras: BTreeMap::new(),
            history: None,
            multistart: None,
        }
    }

    /// Fill in how the run ended.
    pub(crate) fn complete(
        mut self,
        end: End,
        mut evaluator: Evaluator<'_>,
        success_message: Option<&str>,
    ) -> Result<FlatResult, OptimizeError> {
        self.n_fun_evals = evaluator.counts.fun;
        self.n_jac_evals = evaluator.counts.jac;
        self.n_iterations = evaluator.counts.iterations;
        self.history = evaluator.history.take();
        match end {
            Ok(finish) => self.take_finish(finish, &evaluator, success_message),
            Err(stop) => self.take_stop(&stop, &evaluator),
        }
        self.verify();
        match evaluator.failure.take() {
            Some(failure) => Err(OptimizeError::User { failure, partial: Box::new(self) }),
            None => Ok(self),
        }
    }

    /// The algorithm ended by itself: its point, if it is as good as the best that was evaluated, or else that one.
    fn take_finish(
        &mut self,
        finish: Finish,
        evaluator: &Evaluator<'_>,
        success_message: Option<&str>,
    ) {
        self.status = Status::from(&finish.verdict);
        self.message = match success_message {
            Some(message) if finish.verdict.is_success() => message.to_string(),
            _ => finish.verdict.to_string(),
        };
        self.extras.extend(finish.extras);
        if success_message.is_some() {
            self.extras.insert("termination", Extra::Text(finish.verdict.to_string()));
        }
        let best = &evaluator.best;
        let at_best = finish.x == best.x;
        let as_good = finish.value == best.value && finish.x.len() == best.x.len();
        if at_best || as_good {
            self.set_point(&finish.x, best.value, evaluator);
        } else {
            self.set_point(&best.x, best.value, evaluator);
            // Derivatives that the algorithm reports belong to another point.
            for (name, _) in user_derivatives::DERIVATIVES {
                self.extras.remove(name);
            }
            self.extras.insert("value_of_algorithm", Extra::Number(finish.value));
        }
        if finish.value < best.value && !at_best {
            // A penalty that the algorithm likes, or a value that it made up.
            self.status = Status::Invalid;
            self.message = format!(
                "the algorithm ended at a point where the objective failed or was not evaluated; the best evaluated \
                 point is returned; {}",
                self.message
            );
        }
        if let Some(Extra::Vector(gradient)) = self.extras.get("gradient") {
            let size = projected_size(evaluator, &finish.x, gradient);
            self.extras.insert("stationarity", Extra::Number(size));
        }
        user_derivatives::convert(&mut self.extras, evaluator.space, evaluator.maximize);
    }

    /// The run was ended from outside: the best point so far.
    fn take_stop(&mut self, stop: &Stop, evaluator: &Evaluator<'_>) {
        self.status = Status::from(stop);
        self.message = stop.to_string();
        self.set_point(&evaluator.best.x, evaluator.best.value, evaluator);
    }

    fn set_point(&mut self, x: &[f64], value: f64, evaluator: &Evaluator<'_>) {
        let mut work = evaluator.space.workspace();
        evaluator.space.to_user(x, &mut self.params, &mut work);
        self.fun = if evaluator.maximize { -value } else { value };
        let outside = |x: f64, lower: f64, upper: f64| (lower - x).max(x - upper).max(0.0);
        let (lower, upper) = (evaluator.space.lower(), evaluator.space.upper());
        self.max_constraint_violation = x.iter().enumerate().fold(0.0, |worst: f64, (i, &x)| {
            let lower = lower.map_or(f64::NEG_INFINITY, |lower| lower[i]);
            let upper = upper.map_or(f64::INFINITY, |upper| upper[i]);
            worst.max(outside(x, lower, upper))
        });
    }

    /// Never a success with a value that is not finite or a point outside its bounds.
    fn verify(&mut self) {
        let finite = self.fun.is_finite() && self.params.iter().all(|x| x.is_finite());
        if !self.status.is_success() {
        } else if !finite {
            self.status = Status::Invalid;
            self.message = format!(
                "the objective or the parameters are not finite ({}); {}",
                self.fun, self.message
            );
        } else if self.max_constraint_violation > 0.0 {
            self.status = Status::Invalid;
            self.message = format!(
                "a bound is violated by {:e}; {}",
                self.max_constraint_violation, self.message
            );
        }
        self.success = self.status.is_success();
    }
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
            extras: self.extras,
            history: self.history,
            multistart: self.multistart.map(|info| Box::new(info.map(to))),
        }
    }

    /// The changes of objective and parameters over the last accepted steps, or `None` without a history of at least
    /// two accepted evaluations. In a search from many starts, every local optimum is a step.
    pub fn convergence_report(&self) -> Option<ConvergenceReport> {
        if let Some(info) = &self.multistart {
            return info.convergence;
        }
        ConvergenceReport::new(self.history.as_ref()?, self.direction == Direction::Maximize)
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
