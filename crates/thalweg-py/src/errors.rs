//! Errors on the way to Python: the classes of `thalweg.exceptions`, made only when something goes wrong.

use pyo3::exceptions::PyRuntimeError;
use pyo3::prelude::*;
use pyo3::sync::PyOnceLock;
use pyo3::types::{PyModule, PyType};

/// A class of `thalweg.exceptions`.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Kind {
    Params,
    Bounds,
    Function,
    Internal,
    UserFunctionRuntime,
    Constraint,
    AlgoOption,
    NumdiffOptions,
    IncompleteBounds,
    Scaling,
    Algorithm,
    Multistart,
    Exploration,
    Argument,
    NotAvailable,
    LogExists,
    LogNotFound,
    LogAccess,
    LogIndex,
    InvalidLog,
}

impl Kind {
    fn class_name(self) -> &'static str {
        match self {
            Kind::Params => "InvalidParamsError",
            Kind::Bounds => "InvalidBoundsError",
            Kind::Function => "InvalidFunctionError",
            Kind::Internal => "InternalError",
            Kind::UserFunctionRuntime => "UserFunctionRuntimeError",
            Kind::Constraint => "InvalidConstraintError",
            Kind::AlgoOption => "InvalidAlgoOptionError",
            Kind::NumdiffOptions => "InvalidNumdiffOptionsError",
            Kind::IncompleteBounds => "IncompleteBoundsError",
            Kind::Scaling => "InvalidScalingError",
            Kind::Multistart => "InvalidMultistartError",
            Kind::Algorithm => "InvalidAlgorithmError",
            Kind::Exploration => "ExplorationError",
            Kind::Argument => "InvalidArgumentError",
            Kind::NotAvailable => "NotAvailableError",
            Kind::LogExists => "LogExistsError",
            Kind::LogNotFound => "LogNotFoundError",
            Kind::LogAccess => "LogAccessError",
            Kind::LogIndex => "LogIndexError",
            Kind::InvalidLog => "InvalidLogError",
        }
    }
}

static EXCEPTIONS: PyOnceLock<Py<PyModule>> = PyOnceLock::new();

fn class(py: Python<'_>, kind: Kind) -> PyResult<Bound<'_, PyType>> {
    let module =
        EXCEPTIONS.get_or_try_init(py, || py.import("thalweg.exceptions").map(Bound::unbind))?;
    Ok(module.bind(py).getattr(kind.class_name())?.cast_into::<PyType>()?)
}

/// An exception of class `kind` with this message.
pub(crate) fn error(py: Python<'_>, kind: Kind, message: impl Into<String>) -> PyErr {
    let message = message.into();
    match class(py, kind) {
        Ok(class) => PyErr::from_type(class, message),
        // The package around this module is damaged: still say what went wrong first.
        Err(_) => PyRuntimeError::new_err(format!("{}: {message}", kind.class_name())),
    }
}

/// Class and text of an exception in one line.
pub(crate) fn summary(error: &PyErr) -> String {
    let text = error.to_string();
    let line = text.lines().next().unwrap_or_default().trim_end_matches([':', ' ']);
    line.to_string()
}

/// The same, raised from `cause` (`raise ... from cause`).
pub(crate) fn error_from(
    py: Python<'_>,
    kind: Kind,
    message: impl Into<String>,
    cause: PyErr,
) -> PyErr {
    let raised = error(py, kind, message);
    raised.set_cause(py, Some(cause));
    raised
}
