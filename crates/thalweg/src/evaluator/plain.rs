//! The common request, answered in a straight line: one point, its value and perhaps its closed-form gradient, with nothing between
//! the algorithm's point and the user's function.
//!
//! Small objectives are evaluated in less time than the general way needs to find out that it has nothing to do. What happens here
//! is what happens there, step by step; whatever is out of the ordinary (a failure, a number that is not finite) goes on there.

use std::sync::atomic::Ordering;

use thalweg_core::{Request, SolverKind, Stop, Task, Values, Want};

use super::Evaluator;
use crate::history::Row;
use crate::objective::{Answer, Batch};

/// How a plain request went.
pub(super) enum Plain {
    /// It is to be answered the general way.
    Unfit,
    /// It is evaluated, from this second on; the rest is not ordinary.
    Evaluated(f64),
    /// It is answered.
    Answered,
}

impl Evaluator<'_> {
    /// Whether requests of this run may be plain, as far as that is known before them.
    pub(crate) fn may_be_plain(&self) -> bool {
        self.constraints.is_empty()
            && self.sinks.is_empty()
            && self.space.is_identity()
            && self.objective.kind() == SolverKind::Scalar
            && self.objective.n_outputs() == 1
            && !self.uses_hessian
    }

    /// Answer the request if it is a plain one.
    ///
    /// # Errors
    /// [`Stop`] before the evaluation, or after it where its value ends the run.
    #[inline]
    pub(super) fn answer_plainly(
        &mut self,
        request: &Request<'_>,
        values: &mut Values,
    ) -> Result<Plain, Stop> {
        let with_gradient = request.want == Want::VALUE.and(Want::GRADIENT);
        let x = request.points;
        let wants_plainly = match &self.differentiator {
            None => with_gradient || request.want == Want::VALUE,
            // A numerical derivative makes use of values that were computed before.
            Some(_) => request.want == Want::VALUE && self.counts.jac == 0,
        };
        let fits = self.is_plain
            && wants_plainly
            && !request.manner.unlisted
            && x.len() == request.dim
            && (self.start.outputs.is_empty() || x != self.space.start());
        if !fits {
            return Ok(Plain::Unfit);
        }
        if self.interrupt.as_ref().is_some_and(|flag| flag.load(Ordering::Relaxed)) {
            return Err(Stop::Interrupted);
        }
        let begin = self.now();
        if let Some(seconds) = self.limits.max_seconds
            && self.clock.seconds() >= seconds
        {
            return Err(Stop::MaxSeconds(seconds));
        }
        if self.counts.fun >= self.limits.max_evaluations {
            return Err(Stop::MaxEvaluations(self.limits.max_evaluations));
        }

        values.values.resize(1, 0.0);
        if with_gradient {
            values.gradients.resize(x.len(), 0.0);
        }
        let batch = Batch {
            points: x,
            dim: x.len(),
            wants_outputs: true,
            wants_derivative: with_gradient,
            n_cores: self.n_cores,
            ..Batch::default()
        };
        let gradient = if with_gradient { &mut values.gradients[..] } else { &mut [] };
        let answer =
            Answer { outputs: &mut values.values, derivatives: gradient, ..Answer::default() };
        self.scratch.failures.clear();
        self.objective.evaluate(&batch, answer, &mut self.scratch.failures);

        let gradient = if with_gradient { &mut values.gradients[..] } else { &mut [] };
        let mut value = values.values[0];
        if self.maximize {
            value = -value;
            values.values[0] = value;
            gradient.iter_mut().for_each(|entry| *entry = -*entry);
        }
        let is_usual = value.is_finite() && !self.is_endless(x, value);
        let ordinary =
            gradient.iter().fold(is_usual, |finite, entry| finite & (entry.abs() < f64::INFINITY));
        if !ordinary || !self.scratch.failures.is_empty() {
            return Ok(Plain::Evaluated(begin));
        }
        self.record_plainly(x, value, with_gradient, begin)?;
        if self.is_at_first_points() {
            let gradient = if with_gradient { &values.gradients[..] } else { &[] };
            self.first_size.note(&[value], gradient);
        }
        Ok(Plain::Answered)
    }

    /// Count, keep the best point, write the history, and end at the target.
    #[inline]
    fn record_plainly(
        &mut self,
        x: &[f64],
        value: f64,
        with_gradient: bool,
        begin: f64,
    ) -> Result<(), Stop> {
        let batch = self.counts.batches - self.counts.unlisted_batches;
        self.counts.fun += 1;
        self.counts.batches += 1;
        self.counts.jac += u64::from(with_gradient);
        self.scratch.failures_in_a_row = 0;
        if !self.scratch.known_elsewhere {
            self.scratch.known_elsewhere = x != self.space.start();
        }
        if value < self.best.value && self.is_within_bounds(x) {
            self.best.value = value;
            self.best.x.copy_from_slice(x);
        }
        let sign = if self.maximize { -1.0 } else { 1.0 };
        if let Some(history) = &mut self.history {
            let task = if with_gradient { Task::FunAndJac } else { Task::Fun };
            let stop = self.clock.seconds();
            history.add(Row { params: x, value: sign * value, task, batch, start: begin, stop });
        }
        self.check_target()
    }

    /// End the run at the target.
    #[inline]
    pub(super) fn check_target(&self) -> Result<(), Stop> {
        if let Some(target) = self.limits.target {
            let sign = if self.maximize { -1.0 } else { 1.0 };
            if self.best.value <= sign * target && self.best.violation.is_feasible() {
                return Err(Stop::Target { value: sign * self.best.value, target });
            }
        }
        Ok(())
    }
}
