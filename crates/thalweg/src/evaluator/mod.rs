//! The evaluator: the one door to the user's function.
//!
//! [`Evaluator::answer`] reads from top to bottom what happens in every evaluation of every algorithm: limits, internal point to
//! user parameters, the user's function or a numerical derivative, error policy, sign, pull-back, record, reply.

mod call;
mod constraints;
mod differentiate;
mod fall;
mod judge;
mod plain;
mod record;
mod second;
mod second_differences;
mod vanished;

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};

use thalweg_core::{
    Iteration, Manner, OptionCall, Oracle, Request, Sink, SolverKind, Stop, Values, Want,
};
use thalweg_space::{Space, Workspace};

pub(crate) use self::fall::FirstSize;
use self::plain::Plain;
use crate::aggregate::{Aggregate, is_compatible};
use crate::history::History;
use crate::limits::{IterationReport, Limits};
use crate::logging::Clock;
use crate::nonlinear::{ConstraintSet, Violation};
use crate::numdiff::{Differentiator, wanted_kind};
use crate::objective::{Failure, Objective, StartValues, UserError, UserErrorKind};
use crate::policy::{ErrorHandling, Penalty};

/// Counts, the best point and whatever else a result is made of.
pub(crate) struct Evaluator<'a> {
    pub objective: &'a mut dyn Objective,
    pub space: &'a Space,
    pub constraints: ConstraintSet,
    pub maximize: bool,
    pub limits: Limits,
    pub error_handling: ErrorHandling,
    pub penalty: Penalty,
    pub n_cores: usize,
    pub differentiator: Option<Differentiator>,
    /// For second derivatives without a closed form: of closed-form gradients, or else of values.
    pub hessian_differentiator: Option<Differentiator>,
    /// Whether the algorithm says that it uses second derivatives.
    pub uses_hessian: bool,
    /// For constraints without a closed-form derivative.
    pub constraint_differentiator: Option<Differentiator>,
    pub history: Option<History>,
    pub sinks: Vec<&'a mut dyn Sink>,
    pub callback: Option<&'a mut dyn FnMut(&IterationReport<'_>) -> bool>,
    pub on_failure: Option<&'a mut dyn FnMut(&Failure)>,
    pub interrupt: Option<Arc<AtomicBool>>,
    pub clock: Clock,
    pub step: u64,
    /// The evaluation at the start, until the algorithm asks for it.
    pub start: StartValues,
    /// The values of all constraints there, likewise.
    pub start_constraints: Vec<f64>,
    pub best: Best,
    pub first_size: FirstSize,
    pub counts: Counts,
    /// The failure that ended the run.
    pub failure: Option<Failure>,
    pub scratch: Scratch,
    /// Whether requests may be answered in a straight line; see [`plain`].
    pub is_plain: bool,
}

/// The best point so far, in the algorithm's space and sign: of the points that satisfy the constraints the one with the
/// smallest value, and as long as there is none the one that comes nearest to satisfying them.
#[derive(Clone, Debug)]
pub(crate) struct Best {
    pub x: Vec<f64>,
    pub value: f64,
    pub constraints: Vec<f64>,
    pub violation: Violation,
}

impl Best {
    fn is_worse_than(&self, value: f64, violation: &Violation) -> bool {
        let (own, other) = (self.violation.excess, violation.excess);
        // Outside the constraints a value that is infinitely low says nothing.
        let counts = value.is_finite() || (value < f64::INFINITY && violation.is_feasible());
        counts && (other < own || (other == own && value < self.value))
    }
}

/// How much was done.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(crate) struct Counts {
    pub fun: u64,
    pub jac: u64,
    /// Hessians and products with them.
    pub hess: u64,
    pub constraints: u64,
    pub constraint_jacobians: u64,
    pub iterations: u64,
    pub batches: u64,
    /// Those of them that the history does not tell of.
    pub unlisted_batches: u64,
}

/// Buffers that are kept between evaluations.
#[derive(Default)]
pub(crate) struct Scratch {
    work: Workspace,
    user: Vec<f64>,
    outputs: Vec<f64>,
    derivatives: Vec<f64>,
    own: Vec<f64>,
    failures: Vec<Failure>,
    /// The last point whose derivative is that of the penalty.
    penalized: Vec<f64>,
    /// Whether the objective failed somewhere, or was not finite.
    failed: bool,
    /// Whether it had a finite value somewhere but at the start.
    known_elsewhere: bool,
    /// The kind of solver that got zeros alone as its first numerical derivative, and the point.
    vanished: Option<(SolverKind, Vec<f64>)>,
    /// At how many points in a row it has failed or was not finite, up to now.
    failures_in_a_row: u64,
    /// The last single point that did not fail, and its outputs in the algorithm's terms; for numerical derivatives only.
    last: Last,
    /// The objective at points whose numerical derivative alone was wanted.
    centers: Vec<f64>,
    /// The constraints at the last single points at which they were evaluated.
    known: constraints::Known,
    /// What is known at the last single point, for second derivatives only.
    local: second::Local,
    function_values: Vec<f64>,
    function_derivatives: Vec<f64>,
    /// How the request under way is to be taken.
    manner: Manner,
}

/// A point and its outputs for an algorithm of some kind.
#[derive(Default)]
struct Last {
    kind: Option<SolverKind>,
    x: Vec<f64>,
    outputs: Vec<f64>,
}

impl Last {
    fn set(&mut self, kind: SolverKind, x: &[f64], outputs: &[f64]) {
        self.kind = Some(kind);
        self.x.clear();
        self.x.extend_from_slice(x);
        self.outputs.clear();
        self.outputs.extend_from_slice(outputs);
    }

    fn is(&self, kind: SolverKind, x: &[f64]) -> bool {
        self.kind == Some(kind) && self.x == x
    }
}

impl Scratch {
    pub(crate) fn new(space: &Space) -> Self {
        Scratch { work: space.workspace(), ..Default::default() }
    }

    /// Whether the derivative that was last asked for at this point failed, and that of the penalty took its place.
    pub(crate) fn is_penalized(&self, x: &[f64]) -> bool {
        !x.is_empty() && self.penalized == x
    }

    /// Whether the objective failed wherever it was evaluated, but perhaps at the start, however often it was evaluated there.
    pub(crate) fn failed_elsewhere(&self) -> bool {
        self.failed && !self.known_elsewhere
    }

    /// At how many points in a row the objective failed before the end, if they are too many for an algorithm of `n` variables to have
    /// learnt anything there: a set of first points, and a few more.
    pub(crate) fn failed_at_the_end(&self, n: usize) -> Option<u64> {
        (self.failures_in_a_row >= 2 * n as u64 + 10).then_some(self.failures_in_a_row)
    }
}

impl Oracle for Evaluator<'_> {
    fn answer(&mut self, request: &Request<'_>, values: &mut Values) -> Result<(), Stop> {
        match self.answer_plainly(request, values)? {
            Plain::Answered => return Ok(()),
            Plain::Evaluated(begin) => {
                return self.conclude(request, 1, request.want, begin, values);
            }
            Plain::Unfit => {}
        }
        let kind = wanted_kind(request.want);
        let aggregate = self.aggregate(kind)?;
        let want = self.with_constraints(whole(request.want, kind));
        let k = self.admit(want, request.len())?;
        let begin = self.now();
        let points = &request.points[..k * request.dim];
        values.prepare(want, k, request.dim, aggregate.n_solver_outputs(), self.constraints.len());
        let wants_first = want.is_evaluation() || want.is_derivative() || want.is_constraint();
        if !wants_first && !want.is_second_derivative() {
            return Ok(());
        }
        self.scratch.failures.clear();
        self.scratch.centers.clear();

        let goes_on = request.manner.goes_on == Some(true);
        if goes_on {
            self.objective.keep_going(true);
        }
        self.evaluate(points, want, aggregate, values);
        if goes_on {
            self.objective.keep_going(false);
        }
        if want.is_derivative() && !self.objective.has_derivative() {
            self.differentiate(points, want, aggregate, values);
        }
        if want.contains(Want::CONSTRAINT_JACOBIAN) {
            self.differentiate_constraints(points, values);
        }
        if want.is_second_derivative() {
            let news = self.second_derivatives(points, request.directions, want, values);
            if !news && !wants_first {
                return Ok(()); // made of what is known
            }
        }
        self.conclude(request, k, want, begin, values)
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

    /// A failure always ends the run: nothing could stand in for the answer.
    fn call(&mut self, call: OptionCall) -> Result<Vec<f64>, Stop> {
        self.objective.call(call).map_err(|error| {
            if error.kind == UserErrorKind::Interrupt {
                return Stop::Interrupted;
            }
            let message = error.message.clone();
            self.failure = Some(Failure { index: 0, what: Failure::OPTION, error });
            Stop::Failed(message)
        })
    }
}

impl Evaluator<'_> {
    /// What follows the evaluation of the first `k` points of a request: the error policy, the record, and what ends a run.
    fn conclude(
        &mut self,
        request: &Request<'_>,
        k: usize,
        want: Want,
        begin: f64,
        values: &mut Values,
    ) -> Result<(), Stop> {
        self.scratch.manner = request.manner;
        let points = &request.points[..k * request.dim];
        let aggregate = self.aggregate(wanted_kind(request.want))?;
        if let Err((stop, index)) = self.judge(points, want, aggregate, values) {
            let derivatives = want.is_derivative()
                || want.is_second_derivative()
                || want.contains(Want::CONSTRAINT_JACOBIAN);
            if index > 0 && !derivatives {
                // What was evaluated before the point that ended the run is not lost.
                self.record(&points[..index * request.dim], want, values, begin);
            }
            return Err(stop);
        }
        self.record(points, want, values, begin);
        self.remember(points, want, aggregate, values);
        self.remember_constraints(points, want, values);
        if want.contains(Want::GRADIENT) {
            aggregate.gradients(values);
        }
        self.remember_gradient(points, want, values);
        if self.is_at_first_points() {
            self.first_size.note(
                if want.is_evaluation() { &values.values[..k] } else { &[] },
                if want.contains(Want::GRADIENT) { &values.gradients } else { &[] },
            );
        }
        self.check_value(points, want, values)?;
        if k < request.len() {
            return Err(Stop::MaxEvaluations(self.limits.max_evaluations));
        }
        Ok(())
    }

    /// The translation to what the algorithm asks for, which it has to have declared.
    fn aggregate(&mut self, solver: SolverKind) -> Result<Aggregate, Stop> {
        let objective = self.objective.kind();
        if !is_compatible(objective, solver) {
            let message = format!(
                "the algorithm asks for what a {} objective has, but fun is a {} function; the algorithm has to declare \
                 its kind",
                solver.as_str(),
                objective.as_str()
            );
            let error = UserError::new(message.clone());
            self.failure = Some(Failure { index: 0, what: "algorithm", error });
            return Err(Stop::Failed(message));
        }
        let (maximize, m) = (self.maximize, self.objective.n_outputs());
        Ok(Aggregate { objective, solver, maximize, m })
    }

    /// How many of `k` points the limits allow.
    fn admit(&mut self, want: Want, k: usize) -> Result<usize, Stop> {
        if self.interrupt.as_ref().is_some_and(|flag| flag.load(Ordering::Relaxed)) {
            return Err(Stop::Interrupted);
        }
        if let Some(seconds) = self.limits.max_seconds
            && self.clock.seconds() >= seconds
        {
            return Err(Stop::MaxSeconds(seconds));
        }
        if !want.is_evaluation() {
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
        if self.history.is_some() || !self.sinks.is_empty() { self.clock.seconds() } else { 0.0 }
    }
}

/// What has to be computed for what is wanted: values come from residuals or contributions where those are wanted, too, and so do
/// gradients.
fn whole(want: Want, kind: SolverKind) -> Want {
    let (outputs, derivative) = match kind {
        SolverKind::Scalar => return want,
        SolverKind::LeastSquares => (Want::RESIDUALS, Want::JACOBIAN),
        SolverKind::Likelihood => (Want::CONTRIBUTIONS, Want::SCORES),
    };
    if want.contains(Want::GRADIENT) {
        want | outputs | derivative
    } else if want.is_evaluation() {
        want | outputs
    } else {
        want
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
