//! How a run ended, for Python: a result, or an exception of the right class with what was found until then.

use std::any::Any;

use pyo3::prelude::*;
use thalweg::{Failure, FlatResult, InvalidKind, OptimizeError, UserErrorKind};

use crate::algorithm::Aside;
use crate::errors::{Kind, error, error_from};
use crate::logging::log_error;
use crate::objective::{Cause, start_error};
use crate::result::RawResult;
use crate::tree::Tree;

/// The result or the exception of a run.
pub(crate) fn finish(
    py: Python<'_>,
    ended: PyResult<Result<FlatResult, OptimizeError>>,
    raised: Option<PyErr>,
    tree: &Tree,
    aside: Option<Aside>,
) -> PyResult<RawResult> {
    let Aside { reported, error: own } = aside.unwrap_or_default();
    match ended {
        Err(panic) => Err(panic),
        Ok(Ok(result)) => {
            let result = RawResult::new(py, result, tree, reported)?;
            match raised.or(own) {
                None => Ok(result),
                Some(error) => Err(with_partial(py, error, result)),
            }
        }
        Ok(Err(wrong)) => Err(outcome_error(py, wrong, tree)),
    }
}

/// The exception for a run without a result.
pub(crate) fn outcome_error(py: Python<'_>, wrong: OptimizeError, tree: &Tree) -> PyErr {
    match wrong {
        OptimizeError::User { failure, partial } => {
            let error = run_error(py, failure);
            match RawResult::new(py, *partial, tree, None) {
                Ok(partial) => with_partial(py, error, partial),
                Err(_) => error,
            }
        }
        OptimizeError::Start(failure) => start_error(py, failure),
        wrong => specification_error(py, wrong),
    }
}

/// The exception for a failure during the run.
fn run_error(py: Python<'_>, failure: Failure) -> PyErr {
    let (what, is_option) = (failure.function().to_string(), failure.what == Failure::OPTION);
    let failed = failure.error;
    let cause = failed.cause.and_then(|cause| cause.downcast::<Cause>().ok()).map(|cause| *cause);
    match cause {
        Some(cause) if failed.kind != UserErrorKind::Ordinary => cause.into_error(),
        Some(Cause::User(cause)) => {
            let text = format!(
                "An error occurred when evaluating {what} during optimization: {}",
                crate::errors::summary(&cause)
            );
            error_from(py, Kind::UserFunctionRuntime, text, cause)
        }
        Some(Cause::Ours(cause)) => {
            let source = if what == Failure::NUMERICAL_DERIVATIVE { "fun" } else { &what };
            let text = format!(
                "{source} returned something unexpected during optimization: {}",
                cause.value(py)
            );
            error_from(py, Kind::UserFunctionRuntime, text, cause)
        }
        None if is_option => {
            let text = format!(
                "An error occurred when evaluating {what} during optimization: {}",
                failed.message
            );
            error(py, Kind::UserFunctionRuntime, text)
        }
        None if what == "exploration" => error(py, Kind::Exploration, failed.message),
        None => error(py, Kind::UserFunctionRuntime, failed.message),
    }
}

/// Attach what was found until then.
fn with_partial(py: Python<'_>, error: PyErr, partial: RawResult) -> PyErr {
    // A class of the user may refuse attributes: then the exception itself matters more.
    if let Ok(partial) = Py::new(py, partial) {
        let _ = error.value(py).setattr("partial_result", partial);
    }
    error
}

/// The exception for a wrong specification.
pub(crate) fn specification_error(py: Python<'_>, wrong: OptimizeError) -> PyErr {
    let wrong = match wrong {
        OptimizeError::Log(wrong) => return log_error(wrong),
        other => other,
    };
    let kind = match &wrong {
        OptimizeError::Invalid { kind, .. } => match kind {
            InvalidKind::Function => Kind::Function,
            InvalidKind::Params => Kind::Params,
            InvalidKind::Bounds => Kind::Bounds,
            InvalidKind::IncompleteBounds => Kind::IncompleteBounds,
            InvalidKind::Scaling => Kind::Scaling,
            InvalidKind::Multistart => Kind::Multistart,
            InvalidKind::Constraint => Kind::Constraint,
            InvalidKind::AlgorithmOption => Kind::AlgoOption,
            InvalidKind::DiffOption => Kind::NumdiffOptions,
            InvalidKind::Algorithm => Kind::Algorithm,
            // `Argument`, and what does not have a class of its own.
            _ => Kind::Argument,
        },
        _ => Kind::Function,
    };
    error(py, kind, wrong.to_string())
}

pub(crate) fn panic_error(py: Python<'_>, panic: Box<dyn Any + Send>) -> PyErr {
    let text = panic
        .downcast_ref::<String>()
        .map(String::as_str)
        .or_else(|| panic.downcast_ref::<&str>().copied())
        .unwrap_or("no message");
    let message = format!(
        "An internal error of thalweg: {text}. Please report it with the call that led here."
    );
    error(py, Kind::Internal, message)
}
