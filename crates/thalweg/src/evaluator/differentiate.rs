//! Numerical derivatives where the user gives none.

use thalweg_core::{Values, Want};

use super::{Evaluator, derivative_column, output_column};
use crate::aggregate::Aggregate;
use crate::numdiff::{Context, Quantity};
use crate::objective::{Answer, Failure};

impl Evaluator<'_> {
    /// Numerical derivatives at the points.
    pub(super) fn differentiate(
        &mut self,
        points: &[f64],
        want: Want,
        aggregate: Aggregate,
        values: &mut Values,
    ) {
        let Some(mut differentiator) = self.differentiator.take() else { return };
        let n = self.space.n_free();
        let m = aggregate.n_solver_outputs();
        for (i, x) in points.chunks_exact(n).enumerate() {
            let error_handling = self.error_handling;
            if self.scratch.failures.iter().any(|failure| error_handling.ends_run(failure)) {
                break; // the user's function is not called again
            }
            if want.is_evaluation() {
                let column = output_column(values, aggregate.solver);
                self.scratch.last.set(aggregate.solver, x, &column[i * m..(i + 1) * m]);
            } else {
                if !self.scratch.last.is(aggregate.solver, x) {
                    self.evaluate_center(i, x, aggregate);
                }
                let value = aggregate.solver_value(&self.scratch.last.outputs);
                self.scratch.centers.push(if value.is_nan() { f64::INFINITY } else { value });
            }
            let failed = self.scratch.failures.iter().any(|failure| failure.index == i);
            let center = std::mem::take(&mut self.scratch.last.outputs);
            let column =
                &mut derivative_column(values, aggregate.solver)[i * m * n..(i + 1) * m * n];
            if failed || !center.iter().all(|c| c.is_finite()) {
                column.fill(f64::NAN);
            } else {
                let mut context = Context {
                    objective: &mut *self.objective,
                    space: self.space,
                    work: &mut self.scratch.work,
                    quantity: Quantity::Outputs(aggregate),
                    error_handling,
                };
                let failures = match differentiator.derivative(x, &center, column, &mut context) {
                    Ok(failures) => failures,
                    Err(error) => vec![Failure::of_numerical_derivative(i, &error)],
                };
                let fails = column.iter().any(|entry| !entry.is_finite())
                    || failures.iter().any(|failure| error_handling.ends_run(failure));
                if fails && let Some(first) = failures.into_iter().next() {
                    let what = Failure::NUMERICAL_DERIVATIVE;
                    self.scratch.failures.push(Failure { index: i, what, ..first });
                }
            }
            self.note_vanished(
                x,
                &center,
                &derivative_column(values, aggregate.solver)[i * m * n..(i + 1) * m * n],
                aggregate.solver,
            );
            self.scratch.last.outputs = center;
            if failed {
                self.scratch.last.kind = None;
                self.scratch.centers.iter_mut().skip(i).for_each(|value| *value = f64::NAN);
            }
        }
        self.differentiator = Some(differentiator);
    }

    /// Keep the outputs at a single point: the next request may be for their derivative. Algorithms that never ask for
    /// derivatives do not pay for it.
    pub(super) fn remember(
        &mut self,
        points: &[f64],
        want: Want,
        aggregate: Aggregate,
        values: &mut Values,
    ) {
        let has_use = self.counts.jac > 0 && self.differentiator.is_some();
        let single = points.len() == self.space.n_free() && self.scratch.failures.is_empty();
        if has_use && single && want.is_evaluation() && !want.is_derivative() {
            let outputs = output_column(values, aggregate.solver);
            self.scratch.last.set(aggregate.solver, points, outputs);
        }
    }

    /// The outputs at point `i`, `x`, whose derivative alone is wanted.
    pub(super) fn evaluate_center(&mut self, i: usize, x: &[f64], aggregate: Aggregate) {
        let mut outputs = vec![0.0; aggregate.m];
        let before = self.scratch.failures.len();
        self.call(x, Answer { outputs: &mut outputs, ..Answer::default() });
        self.scratch.failures[before..].iter_mut().for_each(|failure| failure.index = i);
        let mut own = vec![0.0; aggregate.n_solver_outputs()];
        aggregate.outputs(&outputs, &mut own);
        self.scratch.last.set(aggregate.solver, x, &own);
    }
}
