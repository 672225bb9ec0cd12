//! The evaluator: the one door to the user's function.
//!
//! [`Evaluator::answer`] reads from top to bottom what happens in every evaluation of every algorithm: limits, internal point to
//! user parameters, the user's function or a numerical derivative, error policy, sign, pull-back, record, reply.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Instant;

use thalweg_core::{Event, Iteration, Oracle, Request, Sink, SolverKind, Stop, Task, Values, Want};
use thalweg_space::{Space, Workspace};

use crate::aggregate::Aggregate;
use crate::history::History;
use crate::limits::{IterationReport, Limits};
use crate::numdiff::{Context, Differentiator, to_user, wanted_kind};
use crate::objective::{Batch, Failure, Objective, StartValues, UserError, UserErrorKind};
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
        self.judge(points, request.want, aggregate, values)?;

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

    /// Outputs and closed-form derivatives at the points, in the algorithm's terms, into the columns of `values`.
    fn evaluate(&mut self, points: &[f64], want: Want, aggregate: Aggregate, values: &mut Values) {
        let n = self.space.n_free();
        let (k, m) = (points.len() / n, aggregate.m);
        let closed_form = want.is_derivative() && self.objective.has_derivative();
        // Aggregating a derivative needs the outputs, too.
        let wants_outputs = want.is_evaluation() || (closed_form && !aggregate.is_direct());
        if !wants_outputs && !closed_form {
            return;
        }
        let direct = aggregate.is_direct();
        let n_user = self.space.n_user();
        let direct_derivative = direct && self.space.is_identity();
        let mut outputs = std::mem::take(if direct && want.is_evaluation() {
            output_column(values, aggregate.solver)
        } else {
            &mut self.scratch.outputs
        });
        let mut derivatives = std::mem::take(if direct_derivative && closed_form {
            derivative_column(values, aggregate.solver)
        } else {
            &mut self.scratch.derivatives
        });
        outputs.resize(if wants_outputs { k * m } else { 0 }, 0.0);
        derivatives.resize(if closed_form { k * m * n_user } else { 0 }, 0.0);

        self.call(points, wants_outputs, closed_form, &mut outputs, &mut derivatives);

        if direct && want.is_evaluation() {
            aggregate.sign(&mut outputs);
            *output_column(values, aggregate.solver) = outputs;
        } else {
            if want.is_evaluation() {
                let m_solver = aggregate.n_solver_outputs();
                let column = output_column(values, aggregate.solver);
                for (from, to) in outputs.chunks_exact(m).zip(column.chunks_exact_mut(m_solver)) {
                    aggregate.outputs(from, to);
                }
            }
            self.scratch.outputs = outputs;
        }
        if direct_derivative && closed_form {
            aggregate.sign(&mut derivatives);
            *derivative_column(values, aggregate.solver) = derivatives;
        } else {
            if closed_form {
                self.pull_back(points, &derivatives, aggregate, values);
            }
            self.scratch.derivatives = derivatives;
        }
        if want.is_evaluation() && aggregate.solver != SolverKind::Scalar {
            let Values { values, residuals, contributions, .. } = values;
            let column = if aggregate.solver == SolverKind::LeastSquares {
                residuals
            } else {
                contributions
            };
            for (value, outputs) in values.iter_mut().zip(column.chunks_exact(m)) {
                *value = aggregate.solver_value(outputs);
            }
        }
    }

    /// Closed-form derivatives from the user's terms and space to the algorithm's.
    fn pull_back(
        &mut self,
        points: &[f64],
        user: &[f64],
        aggregate: Aggregate,
        values: &mut Values,
    ) {
        let (n, n_user, m) = (self.space.n_free(), self.space.n_user(), aggregate.m);
        let m_solver = aggregate.n_solver_outputs();
        let column = derivative_column(values, aggregate.solver);
        let mut own = vec![0.0; m_solver * n_user];
        for (i, x) in points.chunks_exact(n).enumerate() {
            let derivative = &user[i * m * n_user..(i + 1) * m * n_user];
            if aggregate.is_direct() {
                own.copy_from_slice(derivative);
                aggregate.sign(&mut own);
            } else {
                let outputs = &self.scratch.outputs[i * m..(i + 1) * m];
                aggregate.derivative(outputs, derivative, &mut own);
            }
            let target = &mut column[i * m_solver * n..(i + 1) * m_solver * n];
            self.space.pull_back_jacobian(x, &own, target, &mut self.scratch.work);
        }
    }

    /// Call the user's function, or use what it returned at the start.
    fn call(
        &mut self,
        points: &[f64],
        mut wants_outputs: bool,
        mut wants_derivative: bool,
        outputs: &mut [f64],
        derivatives: &mut [f64],
    ) {
        // A batch that begins with the start point: the rest of it is left to evaluate.
        let (n, m) = (self.space.n_free(), self.objective.n_outputs());
        let (mut points, mut outputs, mut skipped) = (points, outputs, 0);
        if points[..n] == *self.space.start() {
            if wants_outputs
                && !self.start.outputs.is_empty()
                && !(wants_derivative && points.len() > n)
            {
                outputs[..m].copy_from_slice(&self.start.outputs);
                self.start.outputs = Vec::new();
                if points.len() > n {
                    (points, outputs, skipped) = (&points[n..], &mut outputs[m..], 1);
                } else {
                    wants_outputs = false;
                }
            }
            if wants_derivative
                && points.len() == n
                && let Some(derivative) = self.start.derivative.take()
            {
                derivatives.copy_from_slice(&derivative);
                wants_derivative = false;
            }
        }
        if !wants_outputs && !wants_derivative {
            return;
        }
        let Scratch { user, work, failures, .. } = &mut self.scratch;
        let batch = Batch {
            points: to_user(self.space, points, user, work),
            dim: self.space.n_user(),
            wants_outputs,
            wants_derivative,
            n_cores: self.n_cores,
        };
        let outputs = if wants_outputs { outputs } else { &mut [] };
        let derivatives = if wants_derivative { derivatives } else { &mut [] };
        self.objective.evaluate(&batch, outputs, derivatives, failures);
        failures.iter_mut().for_each(|failure| failure.index += skipped);
    }

    /// Numerical derivatives at the points.
    fn differentiate(
        &mut self,
        points: &[f64],
        want: Want,
        aggregate: Aggregate,
        values: &mut Values,
    ) {
        let Some(mut differentiator) = self.differentiator.take() else { return };
        let n = self.space.n_free();
        let m = aggregate.n_solver_outputs();
        if points.len() > n {
            self.scratch.last_x.clear();
        }
        for (i, x) in points.chunks_exact(n).enumerate() {
            let failed = self.scratch.failures.iter().any(|failure| failure.index == i);
            if want.is_evaluation() {
                let column = output_column(values, aggregate.solver);
                self.scratch.last_outputs.clear();
                self.scratch.last_outputs.extend_from_slice(&column[i * m..(i + 1) * m]);
                self.remember(x);
            } else if self.scratch.last_x != x {
                self.evaluate_center(x, aggregate, differentiator.needs_center());
            }
            let center = std::mem::take(&mut self.scratch.last_outputs);
            let column =
                &mut derivative_column(values, aggregate.solver)[i * m * n..(i + 1) * m * n];
            if failed || !center.iter().all(|c| c.is_finite()) {
                column.fill(f64::NAN);
            } else {
                let mut context = Context {
                    objective: &mut *self.objective,
                    space: self.space,
                    work: &mut self.scratch.work,
                    aggregate,
                };
                let failures = match differentiator.derivative(x, &center, column, &mut context) {
                    Ok(failures) => failures,
                    Err(error) => vec![Failure {
                        index: i,
                        what: "numerical derivative",
                        error: UserError::new(error.to_string()),
                    }],
                };
                let fails = column.iter().any(|entry| !entry.is_finite())
                    || failures.iter().any(|failure| failure.error.kind != UserErrorKind::Ordinary)
                    || self.error_handling == ErrorHandling::RaiseStrict
                    || self.error_handling == ErrorHandling::Raise;
                if fails && let Some(first) = failures.into_iter().next() {
                    self.scratch.failures.push(Failure { index: i, ..first });
                }
            }
            self.scratch.last_outputs = center;
        }
        self.differentiator = Some(differentiator);
    }

    fn remember(&mut self, x: &[f64]) {
        self.scratch.last_x.clear();
        self.scratch.last_x.extend_from_slice(x);
    }

    /// The outputs at a point whose derivative alone is wanted.
    fn evaluate_center(&mut self, x: &[f64], aggregate: Aggregate, needed: bool) {
        let m = aggregate.n_solver_outputs();
        self.scratch.last_outputs.clear();
        self.scratch.last_outputs.resize(m, 0.0);
        self.remember(x);
        if needed {
            let mut outputs = vec![0.0; aggregate.m];
            self.call(x, true, false, &mut outputs, &mut []);
            let mut own = std::mem::take(&mut self.scratch.last_outputs);
            aggregate.outputs(&outputs, &mut own);
            self.scratch.last_outputs = own;
        }
    }

    /// The error policy, and what counts as a number.
    fn judge(
        &mut self,
        points: &[f64],
        want: Want,
        aggregate: Aggregate,
        values: &mut Values,
    ) -> Result<(), Stop> {
        if want.is_evaluation() {
            for value in &mut values.values {
                if value.is_nan() {
                    *value = f64::INFINITY;
                }
            }
        }
        if want.is_derivative() {
            self.check_derivatives(want, aggregate, values);
        }
        if self.scratch.failures.is_empty() {
            return Ok(());
        }
        let failures = std::mem::take(&mut self.scratch.failures);
        for failure in failures {
            match (failure.error.kind, self.error_handling) {
                (UserErrorKind::Interrupt, _) => return Err(Stop::Interrupted),
                (UserErrorKind::Ordinary, ErrorHandling::Continue) => {
                    self.put_penalty(failure.index, points, want, aggregate, values);
                    if let Some(notify) = &mut self.on_failure {
                        notify(&failure);
                    }
                    self.scratch.failures.push(failure);
                }
                _ => {
                    let message = failure.error.message.clone();
                    self.failure = Some(failure);
                    return Err(Stop::Failed(message));
                }
            }
        }
        Ok(())
    }

    /// A derivative that is not finite where the value is counts as a failure.
    fn check_derivatives(&mut self, want: Want, aggregate: Aggregate, values: &mut Values) {
        let k = if want.is_evaluation() { values.values.len() } else { 1 };
        let closed_form = self.objective.has_derivative();
        let finite: Vec<bool> = if want.is_evaluation() {
            values.values.iter().map(|value| value.is_finite()).collect()
        } else {
            Vec::new()
        };
        let column = derivative_column(values, aggregate.solver);
        let width = column.len() / k;
        for (i, entries) in column.chunks_exact(width.max(1)).enumerate() {
            let known = finite.get(i).copied().unwrap_or(true);
            let failed = self.scratch.failures.iter().any(|failure| failure.index == i);
            if known && !failed && !entries.iter().all(|entry| entry.is_finite()) {
                let source = if closed_form {
                    "the derivative returned by jac or fun_and_jac"
                } else {
                    "the numerical derivative"
                };
                let error = UserError::new(format!("{source} is not finite: {entries:?}"));
                self.scratch.failures.push(Failure { index: i, what: "jac", error });
            }
        }
    }

    fn put_penalty(
        &self,
        index: usize,
        points: &[f64],
        want: Want,
        aggregate: Aggregate,
        values: &mut Values,
    ) {
        let n = self.space.n_free();
        let m = aggregate.n_solver_outputs();
        let x = &points[index * n..(index + 1) * n];
        let mut outputs = vec![0.0; m];
        let mut derivative = vec![0.0; m * n];
        self.penalty.write(aggregate.solver, x, &mut outputs, Some(&mut derivative));
        if want.is_evaluation() {
            output_column(values, aggregate.solver)[index * m..(index + 1) * m]
                .copy_from_slice(&outputs);
            values.values[index] = aggregate.solver_value(&outputs);
        }
        if want.is_derivative() {
            derivative_column(values, aggregate.solver)[index * m * n..(index + 1) * m * n]
                .copy_from_slice(&derivative);
        }
    }

    /// Count, keep the best point, and tell the sinks.
    fn record(&mut self, points: &[f64], want: Want, values: &Values, begin: f64) {
        let n = self.space.n_free();
        let k = points.len() / n;
        if want.is_evaluation() {
            self.counts.fun += k as u64;
            for (i, &value) in values.values[..k].iter().enumerate() {
                let failed = self.scratch.failures.iter().any(|failure| failure.index == i);
                if value < self.best.value && !failed {
                    self.best.value = value;
                    self.best.x.copy_from_slice(&points[i * n..(i + 1) * n]);
                }
            }
        }
        if want.is_derivative() {
            self.counts.jac += k as u64;
        }
        let batch = self.counts.batches;
        let cores = if k > 1 { self.n_cores.max(1) } else { 1 };
        self.counts.batches += k.div_ceil(cores) as u64;
        if self.history.is_none() && self.sinks.is_empty() {
            return;
        }
        let task = match (want.is_evaluation(), want.is_derivative()) {
            (true, true) => Task::FunAndJac,
            (false, true) => Task::Jac,
            _ => Task::Fun,
        };
        let end = self.clock.elapsed().as_secs_f64();
        let sign = if self.maximize { -1.0 } else { 1.0 };
        let n_user = self.space.n_user();
        let Scratch { user, work, failures, .. } = &mut self.scratch;
        let user = to_user(self.space, points, user, work);
        for (i, params) in user.chunks_exact(n_user).enumerate() {
            let failure = failures.iter().find(|failure| failure.index == i);
            let event = Event::Evaluation {
                params,
                value: want.is_evaluation().then(|| sign * values.values[i]),
                task,
                batch: batch + (i / cores) as u64,
                start: begin,
                stop: end,
                error: failure.map(|failure| failure.error.message.as_str()),
            };
            if let Some(history) = &mut self.history {
                history.record(&event);
            }
            for sink in &mut self.sinks {
                sink.record(&event);
            }
        }
    }

    /// End the run at the target, or when the objective is unbounded.
    fn check_value(&self, want: Want, values: &Values) -> Result<(), Stop> {
        if !want.is_evaluation() {
            return Ok(());
        }
        if values.values.contains(&f64::NEG_INFINITY) {
            return Err(Stop::Unbounded);
        }
        if let Some(target) = self.limits.target {
            let sign = if self.maximize { -1.0 } else { 1.0 };
            if self.best.value <= sign * target {
                return Err(Stop::Target { value: sign * self.best.value, target });
            }
        }
        Ok(())
    }

    fn report_iteration(&mut self, iteration: &Iteration<'_>) -> Result<(), Stop> {
        let value = if self.maximize { -iteration.value } else { iteration.value };
        let Scratch { user, work, .. } = &mut self.scratch;
        let params = to_user(self.space, iteration.x, user, work);
        let event = Event::Iteration { number: self.counts.iterations, params, value };
        for sink in &mut self.sinks {
            sink.record(&event);
        }
        let report = IterationReport {
            iteration: self.counts.iterations,
            params,
            value,
            n_evaluations: self.counts.fun,
            seconds: self.clock.elapsed().as_secs_f64(),
        };
        let stop = self.callback.as_mut().is_some_and(|callback| callback(&report));
        if stop { Err(Stop::Callback) } else { Ok(()) }
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
