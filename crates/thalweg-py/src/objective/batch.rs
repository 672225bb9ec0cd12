//! Batches that are evaluated by somebody else: processes, threads, a cluster.

use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::Duration;

use pyo3::exceptions::PyBaseException;
use pyo3::prelude::*;
use pyo3::types::PyList;
use thalweg::{Batch, Failure, Objective as _, UserErrorKind};

use super::Functions;
use super::call::Function;
use super::failure::Cause;
use super::output::split;
use crate::errors::{Kind, error};

/// Evaluations quicker than this are not worth the way to another process.
const WORTHWHILE: Duration = Duration::from_millis(1);
/// A single evaluation that takes longer than this is slow; a shorter one may have been held up by something else.
const SURE: Duration = Duration::from_millis(100);

/// A callable `(function, list of params, n_cores) -> list of outputs`, in which an exception stands for a failed point.
pub(crate) struct BatchEvaluator {
    callable: Py<PyAny>,
    /// The cores that a user-defined algorithm asked for in its last batch.
    asked_for: Cores,
    /// The shortest time of an evaluation so far, and how often one was timed.
    shortest: Duration,
    timed: usize,
    is_known: bool,
}

/// A number of cores that is shared with the algorithm.
pub(crate) type Cores = Arc<AtomicUsize>;

impl BatchEvaluator {
    pub(crate) fn new(callable: Py<PyAny>, asked_for: Cores) -> Self {
        let is_known = Python::attach(|py| {
            let module =
                callable.bind(py).getattr("__module__").and_then(|name| name.extract::<String>());
            module.is_ok_and(|name| name.starts_with("thalweg."))
        });
        BatchEvaluator { callable, asked_for, shortest: Duration::MAX, timed: 0, is_known }
    }

    /// Take note of how long evaluations in this thread took.
    pub(crate) fn note(&mut self, spent: Duration, evaluations: usize) {
        let each = spent / u32::try_from(evaluations.max(1)).unwrap_or(u32::MAX);
        self.shortest = self.shortest.min(each);
        self.timed += 1;
    }

    /// Whether a single evaluation was slow, but not so slow that it cannot have been held up: by an import, by another process.
    pub(super) fn needs_another_look(&self) -> bool {
        self.timed == 1 && (WORTHWHILE..SURE).contains(&self.shortest)
    }

    /// The cores for a batch for which the run has this many.
    pub(super) fn n_cores(&self, of_run: usize) -> usize {
        of_run.max(self.asked_for.load(Ordering::Relaxed))
    }

    /// Whether it is one of the package's own, which gain nothing by batches that are larger than the number of cores.
    pub(super) fn is_known(&self) -> bool {
        self.is_known
    }

    fn is_worthwhile(&self) -> bool {
        self.timed > 0 && self.shortest >= WORTHWHILE
    }
}

impl Functions {
    /// Evaluate a batch through the batch evaluator, if there is one and it is worth it; says whether it did.
    pub(super) fn evaluate_outside(
        &mut self,
        py: Python<'_>,
        batch: &Batch<'_>,
        outputs: &mut [f64],
        derivatives: &mut [f64],
        failures: &mut Vec<Failure>,
    ) -> bool {
        let Some(batches) = self.batches.as_ref().filter(|batches| batches.is_worthwhile()) else {
            return false;
        };
        let callable = batches.callable.clone_ref(py);
        let wants_both = batch.wants_outputs && batch.wants_derivative;
        let m = self.n_outputs();
        for part in [Part::Both, Part::Value, Part::Derivative] {
            let function = match part {
                Part::Both => self.fun_and_jac.as_ref().filter(|_| {
                    wants_both
                        || (batch.wants_outputs && self.fun.is_none())
                        || (batch.wants_derivative && self.jac.is_none())
                }),
                Part::Value => self.fun.as_ref().filter(|_| batch.wants_outputs),
                Part::Derivative => self.jac.as_ref().filter(|_| batch.wants_derivative),
            };
            let Some(function) = function else { continue };
            let what = function.what;
            let returned = match self.map(py, &callable, function, batch) {
                Ok(returned) => returned,
                Err(error) => {
                    failures.push(self.broken(py, what, error));
                    return true;
                }
            };
            for (i, item) in returned.into_iter().enumerate() {
                let out = match batch.wants_outputs && part != Part::Derivative {
                    true => &mut outputs[i * m..(i + 1) * m],
                    false => &mut [][..],
                };
                let derivative = match batch.wants_derivative && part != Part::Value {
                    true => &mut derivatives[i * m * batch.dim..(i + 1) * m * batch.dim],
                    false => &mut [][..],
                };
                if part == Part::Value {
                    self.note_info(&item, i);
                }
                if let Err(cause) = self.read_item(part, item, out, derivative) {
                    failures.push(self.failed(py, i, what, cause));
                }
            }
            if part == Part::Both {
                break;
            }
        }
        true
    }

    /// What the user's function raises comes back as a value. An exception of the batch evaluator itself (workers that died, or
    /// cannot load the function) says nothing about any point, so it always ends the run.
    fn broken(&self, py: Python<'_>, what: &'static str, error: PyErr) -> Failure {
        let mut broken = self.failed(py, 0, what, Cause::User(error));
        if broken.error.kind == UserErrorKind::Ordinary {
            broken.error.kind = UserErrorKind::Fatal;
        }
        broken
    }

    fn map<'py>(
        &self,
        py: Python<'py>,
        callable: &Py<PyAny>,
        function: &Function,
        batch: &Batch<'_>,
    ) -> PyResult<Vec<Bound<'py, PyAny>>> {
        let tree = self.tree().get();
        let points: Vec<_> =
            batch.iter().map(|point| tree.build(py, point)).collect::<PyResult<_>>()?;
        let arguments = (function.partial(py)?, PyList::new(py, points)?, batch.n_cores);
        let returned: Vec<_> =
            callable.bind(py).call1(arguments)?.try_iter()?.collect::<PyResult<_>>()?;
        if returned.len() == batch.len() {
            return Ok(returned);
        }
        let text = format!(
            "The batch evaluator returned {} items for {} points.",
            returned.len(),
            batch.len()
        );
        Err(error(py, Kind::Function, text))
    }

    fn read_item(
        &self,
        part: Part,
        item: Bound<'_, PyAny>,
        out: &mut [f64],
        derivative: &mut [f64],
    ) -> Result<(), Cause> {
        if item.is_instance_of::<PyBaseException>() {
            return Err(Cause::User(PyErr::from_value(item)));
        }
        let (value, jac) = match part {
            Part::Both => {
                let (value, jac) = split(item, self.jac_is_true).map_err(Cause::Ours)?;
                (Some(value), Some(jac))
            }
            Part::Value => (Some(item), None),
            Part::Derivative => (None, Some(item)),
        };
        if let (Some(value), false) = (value, out.is_empty()) {
            let read = match part {
                Part::Both => self.read_value_beside_jac(value, out),
                _ => self.read_value(value, out),
            };
            read.map_err(Cause::Ours)?;
        }
        if let (Some(jac), false) = (jac, derivative.is_empty()) {
            self.read_derivative(&jac, derivative).map_err(Cause::Ours)?;
        }
        Ok(())
    }
}

/// What a function of the user returns.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Part {
    Both,
    Value,
    Derivative,
}
