//! Constraints at many points, by whoever evaluates the objective's batches.

use std::ops::Range;
use std::time::Instant;

use pyo3::prelude::*;
use thalweg::{Answer, Batch, Failure};

use super::{Constraint, Constraints};
use crate::objective::batch::{BatchEvaluator, broken, item};
use crate::objective::failure::Cause;
use crate::tree::Tree;

/// A batch as one constraint sees it.
struct Share<'a> {
    tree: &'a Tree,
    batch: &'a Batch<'a>,
    batches: &'a BatchEvaluator,
    /// Its values among those of all constraints at a point.
    own: Range<usize>,
    /// The number of values of all constraints.
    all: usize,
}

impl Share<'_> {
    fn at(&self, point: usize) -> &[f64] {
        let n = self.batch.dim;
        &self.batch.points[point * n..(point + 1) * n]
    }

    fn values_at(&self, point: usize) -> Range<usize> {
        let begin = point * self.all;
        begin + self.own.start..begin + self.own.end
    }

    fn rows_at(&self, point: usize) -> Range<usize> {
        let (values, n) = (self.values_at(point), self.batch.dim);
        values.start * n..values.end * n
    }
}

impl Constraints {
    /// One constraint after the other, each at all points: elsewhere if that is worth it, otherwise in this thread.
    pub(super) fn evaluate_spread(
        &mut self,
        py: Python<'_>,
        tree: &Tree,
        (batch, batches): (&Batch<'_>, &BatchEvaluator),
        mut answer: Answer<'_>,
        failures: &mut Vec<Failure>,
    ) {
        let (all, mut first, mut failed) = (self.n_values(), 0, Vec::new());
        for k in 0..self.constraints.len() {
            let own = first..first + self.constraints[k].limits.n_values;
            first = own.end;
            let share = Share { tree, batch, batches, own, all };
            self.evaluate_share(py, k, &share, &mut answer, &mut failed);
            if failed.iter().any(|failure| self.ends_at(failure)) {
                break; // the user's functions are not called again
            }
        }
        // As they would have come one point after the other.
        failed.sort_by_key(|failure| failure.index);
        let end = failed.iter().position(|failure| self.ends_at(failure));
        failed.truncate(end.map_or(failed.len(), |end| end + 1));
        failures.append(&mut failed);
    }

    fn evaluate_share(
        &mut self,
        py: Python<'_>,
        k: usize,
        share: &Share<'_>,
        answer: &mut Answer<'_>,
        failed: &mut Vec<Failure>,
    ) {
        for point in 0..share.batch.len() {
            let constraint = &self.constraints[k];
            let timing = &constraint.timing;
            if constraint.travels && timing.is_worthwhile() && !timing.needs_another_look() {
                constraint.elsewhere(py, share, point, answer, |point, cause, is_broken| {
                    let failure = constraint.failed(py, point, cause, &self.interrupted);
                    failed.push(if is_broken { broken(failure) } else { failure });
                });
                return;
            }
            let begin = Instant::now();
            let evaluated = constraint.here(py, share, point, answer);
            let failure =
                evaluated.err().map(|cause| constraint.failed(py, point, cause, &self.interrupted));
            self.constraints[k].timing.note(begin.elapsed(), 1);
            let ends = failure.as_ref().is_some_and(|failure| self.ends_at(failure));
            failed.extend(failure);
            if ends {
                return;
            }
        }
    }
}

impl Constraint {
    /// One point, in this thread.
    fn here(
        &self,
        py: Python<'_>,
        share: &Share<'_>,
        point: usize,
        answer: &mut Answer<'_>,
    ) -> Result<(), Cause> {
        let at = share.at(point);
        if share.batch.wants_constraints {
            self.values(py, share.tree, at, &mut answer.constraints[share.values_at(point)])?;
        }
        if share.batch.wants_constraint_derivative {
            let out = share.rows_at(point);
            let out = if self.derivative.is_some() { out } else { 0..0 };
            self.rows(py, share.tree, at, &mut answer.constraint_derivatives[out])?;
        }
        Ok(())
    }

    /// All points from `first` on, by the batch evaluator.
    fn elsewhere(
        &self,
        py: Python<'_>,
        share: &Share<'_>,
        first: usize,
        answer: &mut Answer<'_>,
        mut fail: impl FnMut(usize, Cause, bool),
    ) {
        // A point at which something failed is not asked for the rest.
        let mut points: Vec<usize> = (first..share.batch.len()).collect();
        if share.batch.wants_constraints {
            points = self.map(py, &self.func, share, points, &mut fail, |point, returned| {
                self.read_values(returned, &mut answer.constraints[share.values_at(point)])
            });
        }
        if let (true, Some(derivative)) =
            (share.batch.wants_constraint_derivative, &self.derivative)
        {
            self.map(py, derivative, share, points, &mut fail, |point, returned| {
                let out = &mut answer.constraint_derivatives[share.rows_at(point)];
                self.read_rows(returned, share.batch.dim, out)
            });
        }
    }

    /// Reads what a function returns at the points; says at which of them it did not fail.
    fn map(
        &self,
        py: Python<'_>,
        function: &Py<PyAny>,
        share: &Share<'_>,
        points: Vec<usize>,
        fail: &mut impl FnMut(usize, Cause, bool),
        mut read: impl FnMut(usize, &Bound<'_, PyAny>) -> Result<(), Cause>,
    ) -> Vec<usize> {
        let (mut able, mut arguments) = (Vec::new(), Vec::new());
        for point in points {
            match self.argument(py, share.tree, share.at(point)) {
                Ok(argument) => {
                    able.push(point);
                    arguments.push(argument);
                }
                Err(error) => fail(point, Cause::User(error), false),
            }
        }
        let n_cores = share.batches.n_cores(share.batch.n_cores);
        let returned = match share.batches.map(function.bind(py), arguments, n_cores) {
            Ok(returned) => returned,
            Err(error) => {
                fail(able.first().copied().unwrap_or(0), Cause::User(error), true);
                return Vec::new();
            }
        };
        let mut done = Vec::new();
        for (point, returned) in able.into_iter().zip(returned) {
            match item(returned).and_then(|returned| read(point, &returned)) {
                Ok(()) => done.push(point),
                Err(cause) => fail(point, cause, false),
            }
        }
        done
    }
}
