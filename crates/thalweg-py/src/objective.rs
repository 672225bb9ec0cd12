//! The user's Python functions as an objective of the pipeline.

mod batch;
mod call;
mod constraints;
mod evaluate;
mod failure;
mod functions;
mod memory;
pub(crate) mod output;
mod second;

use std::sync::{Mutex, PoisonError};

use pyo3::exceptions::{PyRuntimeError, PyValueError};
use pyo3::prelude::*;
use pyo3::types::PyDict;
use thalweg::core::SolverKind;
use thalweg::{Failure, Objective as _};

pub(crate) use self::batch::{BatchEvaluator, Cores};
pub(crate) use self::constraints::Constraints;
pub(crate) use self::failure::{Cause, failure};
pub(crate) use self::functions::{Functions, sum_up};
pub(crate) use self::output::warn;

use self::call::Function;
use crate::errors::{Kind, error};
use crate::tree::Tree;

/// The user's functions with the structure of their params.
#[pyclass(frozen, module = "thalweg._thalweg")]
pub(crate) struct Objective {
    functions: Mutex<Option<Functions>>,
}

impl Objective {
    /// Take the functions for a run; [`Objective::put_back`] returns them.
    ///
    /// # Errors
    /// They are in use by another run.
    pub(crate) fn take(&self) -> PyResult<Functions> {
        let taken = self.functions.lock().unwrap_or_else(PoisonError::into_inner).take();
        taken.ok_or_else(|| PyRuntimeError::new_err("the objective is in use by another run"))
    }

    /// Return the functions after a run.
    pub(crate) fn put_back(&self, functions: Functions) {
        *self.functions.lock().unwrap_or_else(PoisonError::into_inner) = Some(functions);
    }

    fn look<T>(&self, at: impl FnOnce(&Functions) -> T) -> PyResult<T> {
        let functions = self.functions.lock().unwrap_or_else(PoisonError::into_inner);
        let functions = functions.as_ref();
        functions.map(at).ok_or_else(|| PyRuntimeError::new_err("the objective is in use by a run"))
    }
}

/// The kind for optimagic's word.
pub(crate) fn kind_from_word(word: Option<&str>) -> PyResult<Option<SolverKind>> {
    Ok(Some(match word {
        None => return Ok(None),
        Some("scalar") => SolverKind::Scalar,
        Some("least_squares") => SolverKind::LeastSquares,
        Some("likelihood") => SolverKind::Likelihood,
        Some(other) => return Err(PyValueError::new_err(format!("unknown kind '{other}'"))),
    }))
}

#[pymethods]
impl Objective {
    #[new]
    #[pyo3(signature = (tree, fun=None, fun_kwargs=None, jac=None, jac_kwargs=None, fun_and_jac=None,
        fun_and_jac_kwargs=None, kind=None, jac_is_true=false, jac_kind=None, hess=None, hessp=None))]
    #[allow(clippy::too_many_arguments)] // keyword arguments of Python
    fn new(
        tree: Py<Tree>,
        fun: Option<Bound<'_, PyAny>>,
        fun_kwargs: Option<Bound<'_, PyDict>>,
        jac: Option<Bound<'_, PyAny>>,
        jac_kwargs: Option<Bound<'_, PyDict>>,
        fun_and_jac: Option<Bound<'_, PyAny>>,
        fun_and_jac_kwargs: Option<Bound<'_, PyDict>>,
        kind: Option<&str>,
        jac_is_true: bool,
        jac_kind: Option<&str>,
        hess: Option<Bound<'_, PyAny>>,
        hessp: Option<Bound<'_, PyAny>>,
    ) -> PyResult<Self> {
        let mut functions = Functions::new(tree, kind_from_word(kind)?, kind_from_word(jac_kind)?);
        functions.fun = Function::new("fun", fun, fun_kwargs);
        functions.jac = Function::new("jac", jac, jac_kwargs);
        functions.fun_and_jac = Function::new("fun_and_jac", fun_and_jac, fun_and_jac_kwargs);
        functions.jac_is_true = jac_is_true;
        functions.second.hess = Function::new("hess", hess, None);
        functions.second.hessp = Function::new("hessp", hessp, None);
        if functions.fun.is_none() && functions.fun_and_jac.is_none() {
            return Err(PyValueError::new_err("fun or fun_and_jac is needed"));
        }
        Ok(Objective { functions: Mutex::new(Some(functions)) })
    }

    /// Evaluate all functions at the start, unless that was done before, and return the kind of the objective.
    fn evaluate_start(&self, py: Python<'_>) -> PyResult<&'static str> {
        let mut functions = self.take()?;
        let evaluated = functions.evaluate_start(py);
        let kind = functions.kind();
        self.put_back(functions);
        match evaluated {
            Ok(_) => Ok(kind.as_str()),
            Err(failed) => Err(start_error(py, failed)),
        }
    }

    /// The kind of the objective: "scalar", "least_squares" or "likelihood".
    #[getter]
    fn kind(&self) -> PyResult<&'static str> {
        self.look(|functions| functions.kind().as_str())
    }

    /// Whether what the objective returned at the start has fewer digits than float64.
    #[getter]
    fn low_precision(&self) -> PyResult<bool> {
        self.look(|functions| functions.low_precision)
    }

    /// The number of outputs; None before the start was evaluated.
    #[getter]
    fn n_outputs(&self) -> PyResult<Option<usize>> {
        self.look(|functions| functions.start.as_ref().map(|start| start.outputs.len()))
    }

    /// The structure of residuals or contributions; None for scalar functions, or before the start was evaluated.
    #[getter]
    fn output_tree(&self, py: Python<'_>) -> PyResult<Option<Py<Tree>>> {
        self.look(|functions| functions.outputs().map(|tree| tree.clone_ref(py)))
    }
}

/// The exception for a failure at the start.
pub(crate) fn start_error(py: Python<'_>, failed: Failure) -> PyErr {
    let fatal = failed.error.kind != thalweg::UserErrorKind::Ordinary;
    let (function, what) = (failed.function().to_string(), failed.what);
    match failed.error.cause.and_then(|cause| cause.downcast::<Cause>().ok()).map(|cause| *cause) {
        Some(Cause::User(cause)) if !fatal => {
            let text = format!(
                "Error while evaluating {} at start params: {}",
                function,
                crate::errors::summary(&cause)
            );
            crate::errors::error_from(py, Kind::Function, text, cause)
        }
        Some(Cause::Ours(cause)) if what == Failure::CONSTRAINT && !fatal => {
            of_constraint(py, &function, cause)
        }
        Some(cause) => cause.into_error(),
        None => error(py, Kind::Function, failed.error.message),
    }
}

/// The same exception, whose message also says which constraint it is about.
fn of_constraint(py: Python<'_>, function: &str, cause: PyErr) -> PyErr {
    let text = cause.value(py).to_string();
    if text.starts_with(function) {
        return cause;
    }
    error(py, Kind::Function, format!("{function}: {text}"))
}
