//! The evaluator: the one door to the user's function.
//!
//! [`Evaluator::answer`] reads from top to bottom what happens in every evaluation of every algorithm: limits, internal point to
//! user parameters, the user's function or a numerical derivative, error policy, sign, pull-back, record, reply.

mod call;
mod differentiate;
mod judge;
mod record;

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Instant;

use thalweg_core::{Iteration, Oracle, Request, Sink, SolverKind, Stop, Values};
use thalweg_space::{Space, Workspace};

use crate::aggregate::Aggregate;
use crate::history::History;
use crate::limits::{IterationReport, Limits};
use crate::numdiff::{Differentiator, wanted_kind};
use crate::objective::{Failure, Objective, StartValues};
use crate::policy::{ErrorHandling, Penalty};

/// Counts, the best point and whatever else a result is made of.
pub(crate) struct Evaluator<'a> {
    pub objective: &'a mut dyn Objective,
    pub space: &'a Space,
    pub maximize: bool,
    pub limits: Limits,
    pub error_handling: ErrorHandling,
    pub penalty: Penalty,
    pub n_cores: usize,
    pub differentiator: Option<Differentiator>,
    pub history: Option<History>,
    pub sinks: Vec<&'a mut dyn Sink>,
    pub callback: Option<&'a mut dyn FnMut(&IterationReport<'_>) -> bool>,
    pub on_failure: Option<&'a mut dyn FnMut(&Failure)>,
    pub interrupt: Option<Arc<AtomicBool>>,
    pub clock: Instant,
    /// The evaluation at the start, until the algorithm asks for it.
    pub start: StartValues,
    pub best: Best,
    pub counts: Counts,
    /// The failure that ended the run.
    pub failure: Option<Failure>,
    pub scratch: Scratch,
}

/// The best point so far, in the algorithm's space and sign.
#[derive(Clone, Debug)]
pub(crate) struct Best {
    pub x: Vec<f64>,
    pub value: f64,
}

/// How much was done.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(crate) struct Counts {
    pub fun: u64,
    pub jac: u64,
    pub iterations: u64,
    pub batches: u64,
}

/// Buffers that are kept between evaluations.
#[derive(Default)]
pub(crate) struct Scratch {
    work: Workspace,
    user: Vec<f64>,
    outputs: Vec<f64>,
    derivatives: Vec<f64>,
    failures: Vec<Failure>,
    /// The last single point and its outputs in the algorithm's terms; kept for numerical derivatives only.
    last_x: Vec<f64>,
    last_outputs: Vec<f64>,
}

impl Scratch {
    pub(crate) fn new(space: &Space) -> Self {
        Scratch { work: space.workspace(), ..Default::default() }
    }
}

impl Oracle for Evaluator<'_> {
    fn answer(&mut self, request: &Request<'_>, values: &mut Values) -> Result<(), Stop> {
        let k = self.admit(request)?;
        let begin = self.now();
        let aggregate = self.aggregate(wanted_kind(request.want));
        let points = &request.points[..k * request.dim];
        values.prepare(request.want, k, request.dim, aggregate.n_solver_outputs(), 0);
        self.scratch.failures.clear();

        self.evaluate(points, request.want, aggregate, values);
        if request.want.is_derivative() && !self.objective.has_derivative() {
            self.differentiate(points, request.want, aggregate, values);
        }
        if let Err((stop, index)) = self.judge(points, request.want, aggregate, values) {
            if index > 0 && !request.want.is_derivative() {
                // What was evaluated before the point that ended the run is not lost.
                self.record(&points[..index * request.dim], request.want, values, begin);
            }
            return Err(stop);
        }
        self.record(points, request.want, values, begin);
        if k < request.len() {
            return Err(Stop::MaxEvaluations(self.limits.max_evaluations));
        }
        self.check_value(request.want, values)
    }

    fn iteration(&mut self, iteration: &Iteration<'_>) -> Result<(), Stop> {
        self.counts.iterations += 1;
        if self.callback.is_some() || !self.sinks.is_empty() {
            self.report_iteration(iteration)?;
        }
        if self.counts.iterations >= self.limits.max_iterations {
            return Err(Stop::MaxIterations(self.limits.max_iterations));
        }
        Ok(())
    }
}

impl Evaluator<'_> {
    fn aggregate(&self, solver: SolverKind) -> Aggregate {
        Aggregate {
            objective: self.objective.kind(),
            solver,
            maximize: self.maximize,
            m: self.objective.n_outputs(),
        }
    }

    /// How many points of the request the limits allow.
    fn admit(&mut self, request: &Request<'_>) -> Result<usize, Stop> {
        if self.interrupt.as_ref().is_some_and(|flag| flag.load(Ordering::Relaxed)) {
            return Err(Stop::Interrupted);
        }
        if let Some(seconds) = self.limits.max_seconds
            && self.clock.elapsed().as_secs_f64() >= seconds
        {
            return Err(Stop::MaxSeconds(seconds));
        }
        let k = request.len();
        if !request.want.is_evaluation() {
            return Ok(k);
        }
        let left = self.limits.max_evaluations.saturating_sub(self.counts.fun);
        if left == 0 {
            return Err(Stop::MaxEvaluations(self.limits.max_evaluations));
        }
        Ok(k.min(usize::try_from(left).unwrap_or(k)))
    }

    /// Seconds since the start of the run; 0 when nobody wants to know.
    fn now(&self) -> f64 {
        if self.history.is_some() || !self.sinks.is_empty() {
            self.clock.elapsed().as_secs_f64()
        } else {
            0.0
        }
    }
}

fn output_column(values: &mut Values, solver: SolverKind) -> &mut Vec<f64> {
    match solver {
        SolverKind::Scalar => &mut values.values,
        SolverKind::LeastSquares => &mut values.residuals,
        SolverKind::Likelihood => &mut values.contributions,
    }
}

fn derivative_column(values: &mut Values, solver: SolverKind) -> &mut Vec<f64> {
    match solver {
        SolverKind::Scalar => &mut values.gradients,
        SolverKind::LeastSquares => &mut values.jacobians,
        SolverKind::Likelihood => &mut values.scores,
    }
}
