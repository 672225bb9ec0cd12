//! The functions as the pipeline's objective: evaluations in this thread or, in batches, elsewhere.

use std::time::Instant;

use pyo3::prelude::*;
use thalweg::core::SolverKind;
use thalweg::{Answer, Batch, Failure, Objective, SecondDerivatives, StartValues};

use super::batch::BatchEvaluator;
use super::failure::Cause;
use super::functions::Functions;

impl Objective for Functions {
    fn kind(&self) -> SolverKind {
        match self.aggregated {
            Some(_) => SolverKind::Scalar,
            None => self.kind.or(self.declared).unwrap_or(SolverKind::Scalar),
        }
    }

    fn n_outputs(&self) -> usize {
        self.n_rows()
    }

    fn has_derivative(&self) -> bool {
        self.jac.is_some() || self.fun_and_jac.is_some()
    }

    fn second_derivatives(&self) -> SecondDerivatives {
        self.second.given()
    }

    fn start(&mut self, params: &[f64]) -> Result<StartValues, Failure> {
        Python::attach(|py| {
            let start = self.evaluate_begin(py, params)?;
            let tree = self.tree.get();
            let constraints = self.constraints.start(py, tree, params)?;
            Ok(StartValues { constraints, ..start })
        })
    }

    fn keep_going(&mut self, always: bool) {
        self.keeps_going = always;
        self.constraints.keep_going(always);
    }

    fn describe(&self) -> String {
        Python::attach(|py| self.description(py).unwrap_or_default())
    }

    fn restore(&mut self, description: &str) {
        // What cannot be restored is learnt from what the functions return next.
        Python::attach(|py| self.restore_description(py, description).unwrap_or_default());
    }

    fn resume(&mut self, start: &StartValues) {
        self.resumed = Some(start.outputs.len());
        self.constraints.resume(&start.constraints);
    }

    fn may_be_asked_in_parts(&self) -> bool {
        self.batches.as_ref().is_none_or(BatchEvaluator::is_known)
    }

    fn take_infos(&mut self) -> Vec<(usize, String)> {
        self.infos.as_mut().map(std::mem::take).unwrap_or_default()
    }

    fn evaluate(&mut self, batch: &Batch<'_>, answer: Answer<'_>, failures: &mut Vec<Failure>) {
        Python::attach(|py| {
            if let Some(infos) = &mut self.infos {
                infos.clear();
            }
            let signals = match &mut self.turns {
                Some(turns) => turns.count(py),
                None => py.check_signals(),
            };
            if let Err(error) = signals {
                failures.push(self.failed(py, 0, "fun", Cause::User(error)));
                return;
            }
            let Answer { outputs, derivatives, constraints, constraint_derivatives } = answer;
            if batch.wants_constraints || batch.wants_constraint_derivative {
                let own = Answer { constraints, constraint_derivatives, ..Answer::default() };
                let outside = self.batches.as_ref();
                self.constraints.evaluate(py, self.tree.get(), (batch, outside), own, failures);
                if failures.iter().any(|failure| self.ends_at(failure)) {
                    return; // the user's function is not called again
                }
            }
            if batch.wants_second_derivative() {
                return self.evaluate_second(py, batch, derivatives, failures);
            }
            if !batch.wants_outputs && !batch.wants_derivative {
                return;
            }
            if batch.points.len() == batch.dim && self.batches.is_none() {
                return self.evaluate_one(py, batch.points, outputs, derivatives, failures);
            }
            let batch = &match &self.batches {
                Some(batches) => Batch { n_cores: batches.n_cores(batch.n_cores), ..*batch },
                None => *batch,
            };
            if batch.n_cores > 1 && batch.len() > 1 {
                if self.batches.as_ref().is_some_and(BatchEvaluator::needs_another_look) {
                    return self.evaluate_first_here(py, batch, outputs, derivatives, failures);
                }
                if self.evaluate_outside(py, batch, outputs, derivatives, failures) {
                    return;
                }
            }
            self.evaluate_here(py, batch, outputs, derivatives, failures);
        });
    }
}

impl Functions {
    /// The first point in this thread, which tells better how long an evaluation takes, and then the others.
    fn evaluate_first_here(
        &mut self,
        py: Python<'_>,
        batch: &Batch<'_>,
        outputs: &mut [f64],
        derivatives: &mut [f64],
        failures: &mut Vec<Failure>,
    ) {
        let m = self.n_outputs();
        let (first, rest) = batch.points.split_at(batch.dim);
        let (own_outputs, outputs) = outputs.split_at_mut(m.min(outputs.len()));
        let width = (m * batch.dim).min(derivatives.len());
        let (own_derivatives, derivatives) = derivatives.split_at_mut(width);
        let one = Batch { points: first, ..*batch };
        self.evaluate_here(py, &one, own_outputs, own_derivatives, failures);
        if failures.iter().any(|failure| failure.error.kind != thalweg::UserErrorKind::Ordinary) {
            return;
        }
        let rest = Batch { points: rest, ..*batch };
        let mut further = Vec::new();
        if !self.evaluate_outside(py, &rest, outputs, derivatives, &mut further) {
            self.evaluate_here(py, &rest, outputs, derivatives, &mut further);
        }
        failures.extend(further.into_iter().map(|f| Failure { index: f.index + 1, ..f }));
    }

    /// A single point, in this thread: what is wanted has room.
    #[inline]
    fn evaluate_one(
        &mut self,
        py: Python<'_>,
        point: &[f64],
        outputs: &mut [f64],
        derivatives: &mut [f64],
        failures: &mut Vec<Failure>,
    ) {
        if let Err((what, cause)) = self.point(py, (0, point), outputs, derivatives) {
            failures.push(self.failed(py, 0, what, cause));
        }
    }

    /// One point after the other, in this thread.
    fn evaluate_here(
        &mut self,
        py: Python<'_>,
        batch: &Batch<'_>,
        outputs: &mut [f64],
        derivatives: &mut [f64],
        failures: &mut Vec<Failure>,
    ) {
        let begin = self.batches.is_some().then(Instant::now);
        let m = self.n_outputs();
        for (i, point) in batch.iter().enumerate() {
            let out =
                if batch.wants_outputs { &mut outputs[i * m..(i + 1) * m] } else { &mut [][..] };
            let derivative = if batch.wants_derivative {
                &mut derivatives[i * m * batch.dim..(i + 1) * m * batch.dim]
            } else {
                &mut [][..]
            };
            if let Err((what, cause)) = self.point(py, (i, point), out, derivative) {
                let failed = self.failed(py, i, what, cause);
                let ends = self.ends_at(&failed);
                failures.push(failed);
                if ends {
                    return; // the rest of the batch is not evaluated
                }
            }
        }
        if let (Some(begin), Some(batches)) = (begin, &mut self.batches) {
            batches.note(begin.elapsed(), batch.len());
        }
    }
}
