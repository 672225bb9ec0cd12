//! Exceptions of the user's functions on their way through Rust.

use pyo3::exceptions::PyException;
use pyo3::prelude::*;
use thalweg::{Failure, UserError, UserErrorKind};

use crate::interrupt::{Flag, is_ctrl_c};

/// An exception, and who raised it.
pub(crate) enum Cause {
    /// The user's function.
    User(PyErr),
    /// We did, because of what the user's function returned.
    Ours(PyErr),
}

impl Cause {
    /// The exception itself.
    pub(crate) fn into_error(self) -> PyErr {
        match self {
            Cause::User(error) | Cause::Ours(error) => error,
        }
    }
}

/// The failure of a function at point `index`.
pub(crate) fn failure(
    py: Python<'_>,
    index: usize,
    what: &'static str,
    cause: Cause,
    interrupted: &Flag,
) -> Failure {
    let (Cause::User(error) | Cause::Ours(error)) = &cause;
    let kind = if is_request_to_stop(py, error) {
        UserErrorKind::Interrupt
    } else if error.is_instance_of::<PyException>(py) {
        UserErrorKind::Ordinary
    } else if is_ctrl_c(py, error, interrupted) {
        UserErrorKind::Interrupt
    } else {
        UserErrorKind::Fatal
    };
    let message = match kind {
        UserErrorKind::Interrupt => String::new(),
        _ => traceback(py, error),
    };
    Failure {
        index,
        what,
        error: UserError { kind, cause: Some(Box::new(cause)), ..UserError::new(message) },
    }
}

/// Whether this is `StopOptimizationError`, by which a function may end the run.
fn is_request_to_stop(py: Python<'_>, error: &PyErr) -> bool {
    let class = error.get_type(py);
    class.name().is_ok_and(|name| name == "StopOptimizationError")
}

/// The traceback as Python prints it.
fn traceback(py: Python<'_>, error: &PyErr) -> String {
    let format = || -> PyResult<String> {
        let parts = (error.get_type(py), error.value(py), error.traceback(py));
        let lines = py.import("traceback")?.call_method1("format_exception", parts)?;
        let text: String =
            pyo3::types::PyString::new(py, "").call_method1("join", (lines,))?.extract()?;
        Ok(text.trim_end().to_string())
    };
    format().unwrap_or_else(|_| error.to_string())
}
