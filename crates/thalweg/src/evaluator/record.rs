//! Counts, the best point, and what the sinks and the callback are told.

use thalweg_core::{Event, Iteration, StepOutcome, Stop, Task, Values, Want};

use super::{Evaluator, Scratch};
use crate::history::Row;
use crate::limits::IterationReport;
use crate::numdiff::to_user;

/// The value at the i-th point of a batch: the mean over the points next to it that are the same one, which an algorithm asks for
/// because of noise. Otherwise the luckiest of them would be the best point.
fn mean_of_copies(values: &[f64], points: &[f64], n: usize, i: usize) -> f64 {
    let point = |k: usize| &points[k * n..(k + 1) * n];
    let is_copy = |k: &usize| point(*k) == point(i);
    let first = (0..i).rev().take_while(is_copy).last().unwrap_or(i);
    let last = (i + 1..values.len()).take_while(is_copy).last().unwrap_or(i);
    if first == last {
        return values[i];
    }
    values[first..=last].iter().sum::<f64>() / (last - first + 1) as f64
}

impl Evaluator<'_> {
    /// Count, keep the best point, and tell the sinks.
    pub(super) fn record(&mut self, points: &[f64], want: Want, values: &Values, begin: f64) {
        let n = self.space.n_free();
        let k = points.len() / n;
        if want.is_evaluation() {
            self.counts.fun += k as u64;
        }
        let known = if want.is_evaluation() { &values.values[..k] } else { &self.scratch.centers };
        let c = self.constraints.len();
        let comparable = c == 0 || want.contains(Want::CONSTRAINTS);
        for (i, x) in points.chunks_exact(n).enumerate().take(known.len()) {
            let value = mean_of_copies(known, points, n, i);
            let failed = || self.scratch.failures.iter().any(|failure| failure.index == i);
            let constraints =
                if comparable { &values.constraints[i * c..(i + 1) * c] } else { &[] };
            let violation = self.constraints.violation(constraints);
            if !known[i].is_finite() || failed() {
                self.scratch.failed = true;
                self.scratch.failures_in_a_row += 1;
            } else {
                self.scratch.failures_in_a_row = 0;
                if !self.scratch.known_elsewhere {
                    self.scratch.known_elsewhere = x != self.space.start();
                }
            }
            if comparable
                && self.best.is_worse_than(value, &violation)
                && !failed()
                && self.is_within_bounds(x)
            {
                (self.best.value, self.best.violation) = (value, violation);
                self.best.x.copy_from_slice(x);
                self.best.constraints.copy_from_slice(constraints);
            }
        }
        if want.is_derivative() {
            self.counts.jac += k as u64;
        }
        let unlisted = self.scratch.manner.unlisted;
        let batch = self.counts.batches;
        let cores = match self.scratch.manner.batch_size {
            _ if k == 1 => 1,
            0 => self.n_cores.max(1),
            size => size,
        };
        self.counts.batches += k.div_ceil(cores) as u64;
        if unlisted {
            self.counts.unlisted_batches += k.div_ceil(cores) as u64;
        }
        let skipped = self.counts.unlisted_batches;
        let is_row = want.is_evaluation() || want.is_derivative() || want.is_second_derivative();
        if !is_row || (self.history.is_none() && self.sinks.is_empty()) {
            return;
        }
        let task = match (want.is_evaluation(), want.is_derivative()) {
            (true, true) => Task::FunAndJac,
            (false, true) => Task::Jac,
            (false, false) => Task::Hess,
            (true, false) => Task::Fun,
        };
        let end = self.clock.seconds();
        let sign = if self.maximize { -1.0 } else { 1.0 };
        let n_user = self.space.n_user();
        let Scratch { user, work, failures, centers, .. } = &mut self.scratch;
        let known = if want.is_evaluation() { &values.values } else { centers };
        let user = to_user(self.space, points, user, work);
        for (i, params) in user.chunks_exact(n_user).enumerate() {
            let failure = failures.iter().find(|failure| failure.index == i);
            let logged = self.clock.logged(params, task);
            let (start, stop) = logged.unwrap_or((begin, end));
            let value = known.get(i).filter(|value| !value.is_nan()).map(|value| sign * value);
            let batch = batch + (i / cores) as u64;
            if let Some(history) = self.history.as_mut().filter(|_| !unlisted) {
                let (value, batch) = (value.unwrap_or(f64::NAN), batch - skipped);
                history.add(Row { params, value, task, batch, start, stop });
            }
            let event = Event::Evaluation {
                params,
                value,
                task,
                step: self.step,
                batch,
                start,
                stop,
                error: failure.map(|failure| failure.error.message.as_str()),
                replayed: logged.is_some(),
            };
            for sink in &mut self.sinks {
                sink.record(&event);
            }
        }
    }

    /// Tell the sinks that the step has ended.
    pub(crate) fn end_step(&mut self) {
        let outcome =
            if self.failure.is_some() { StepOutcome::Failed } else { StepOutcome::Complete };
        let (step, n_iterations, stop) = (self.step, self.counts.iterations, self.now());
        let event = Event::StepEnded { step, outcome, n_iterations, stop };
        self.sinks.iter_mut().for_each(|sink| sink.record(&event));
    }

    #[inline]
    pub(super) fn is_within_bounds(&self, x: &[f64]) -> bool {
        let lower = self.space.lower().is_none_or(|lower| x.iter().zip(lower).all(|(x, l)| x >= l));
        lower && self.space.upper().is_none_or(|upper| x.iter().zip(upper).all(|(x, u)| x <= u))
    }

    /// End the run at the target, or when the objective is unbounded.
    pub(super) fn check_value(
        &self,
        points: &[f64],
        want: Want,
        values: &Values,
    ) -> Result<(), Stop> {
        if !want.is_evaluation() {
            return Ok(());
        }
        // Where the constraints are violated, the objective may be as low as it likes.
        let c = self.constraints.len();
        let feasible = |i: usize| {
            c == 0
                || self.constraints.violation(&values.constraints[i * c..(i + 1) * c]).is_feasible()
        };
        let n = self.space.n_free();
        let mut each = points.chunks_exact(n.max(1)).zip(&values.values).enumerate();
        if each.any(|(i, (x, value))| self.is_endless(x, *value) && feasible(i)) {
            return Err(Stop::Unbounded);
        }
        self.check_target()
    }

    pub(super) fn report_iteration(&mut self, iteration: &Iteration<'_>) -> Result<(), Stop> {
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
            seconds: self.clock.seconds(),
        };
        let stop = self.callback.as_mut().is_some_and(|callback| callback(&report));
        if stop { Err(Stop::Callback) } else { Ok(()) }
    }
}
