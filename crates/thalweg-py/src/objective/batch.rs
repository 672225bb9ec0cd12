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
    timing: Timing,
    is_known: bool,
}

/// How long evaluations take, which says whether the way to somebody else is worth it.
pub(super) struct Timing {
    /// The shortest time of an evaluation so far, and how often one was timed.
    shortest: Duration,
    timed: usize,
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
        BatchEvaluator { callable, asked_for, timing: Timing::default(), is_known }
    }

    /// Take note of how long evaluations in this thread took.
    pub(crate) fn note(&mut self, spent: Duration, evaluations: usize) {
        self.timing.note(spent, evaluations);
    }

    /// As [`Timing::needs_another_look`].
    pub(super) fn needs_another_look(&self) -> bool {
        self.timing.needs_another_look()
    }

    /// The cores for a batch for which the run has this many.
    pub(super) fn n_cores(&self, of_run: usize) -> usize {
        of_run.max(self.asked_for.load(Ordering::Relaxed))
    }

    /// Whether it is one of the package's own, which gain nothing by batches that are larger than the number of cores.
    pub(super) fn is_known(&self) -> bool {
        self.is_known
    }

    /// What the function returns for each of the arguments; exceptions stand for failures.
    pub(super) fn map<'py>(
        &self,
        function: &Bound<'py, PyAny>,
        arguments: Vec<Bound<'py, PyAny>>,
        n_cores: usize,
    ) -> PyResult<Vec<Bound<'py, PyAny>>> {
        let (py, expected) = (function.py(), arguments.len());
        let arguments = (function, PyList::new(py, arguments)?, n_cores);
        let returned = self.callable.bind(py).call1(arguments)?;
        let returned: Vec<_> = returned.try_iter()?.collect::<PyResult<_>>()?;
        if returned.len() == expected {
            return Ok(returned);
        }
        let text =
            format!("The batch evaluator returned {} items for {expected} points.", returned.len());
        Err(error(py, Kind::Function, text))
    }
}

impl Default for Timing {
    fn default() -> Self {
        Timing { shortest: Duration::MAX, timed: 0 }
    }
}

impl Timing {
    pub(super) fn note(&mut self, spent: Duration, evaluations: usize) {
        let each = spent / u32::try_from(evaluations.max(1)).unwrap_or(u32::MAX);
        self.shortest = self.shortest.min(each);
        self.timed += 1;
    }

    /// Whether a single evaluation was slow, but not so slow that it cannot have been held up: by an import, by another process.
    pub(super) fn needs_another_look(&self) -> bool {
        self.timed == 1 && (WORTHWHILE..SURE).contains(&self.shortest)
    }

    pub(super) fn is_worthwhile(&self) -> bool {
        self.timed > 0 && self.shortest >= WORTHWHILE
    }
}

/// An exception of the batch evaluator itself (workers that died, or cannot load the function) says nothing about any point, so it
/// always ends the run. What the user's function raises comes back as a value.
pub(super) fn broken(mut failure: Failure) -> Failure {
    if failure.error.kind == UserErrorKind::Ordinary {
        failure.error.kind = UserErrorKind::Fatal;
    }
    failure
}

/// What came back for one point, unless it is an exception.
pub(super) fn item(returned: Bound<'_, PyAny>) -> Result<Bound<'_, PyAny>, Cause> {
    if returned.is_instance_of::<PyBaseException>() {
        return Err(Cause::User(PyErr::from_value(returned)));
    }
    Ok(returned)
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
        let is_worthwhile = |batches: &&BatchEvaluator| batches.timing.is_worthwhile();
        if self.batches.as_ref().filter(is_worthwhile).is_none() {
            return false;
        }
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
            let returned = match self.map(py, function, batch) {
                Ok(returned) => returned,
                Err(error) => {
                    failures.push(broken(self.failed(py, 0, what, Cause::User(error))));
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

    fn map<'py>(
        &self,
        py: Python<'py>,
        function: &Function,
        batch: &Batch<'_>,
    ) -> PyResult<Vec<Bound<'py, PyAny>>> {
        let Some(batches) = &self.batches else { return Ok(Vec::new()) };
        let tree = self.tree().get();
        let points = batch.iter().map(|point| tree.build(py, point)).collect::<PyResult<_>>()?;
        batches.map(&function.partial(py)?, points, batch.n_cores)
    }

    fn read_item(
        &self,
        part: Part,
        returned: Bound<'_, PyAny>,
        out: &mut [f64],
        derivative: &mut [f64],
    ) -> Result<(), Cause> {
        let item = item(returned)?;
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
