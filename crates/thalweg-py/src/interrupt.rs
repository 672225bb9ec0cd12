//! Ctrl-C ends a run with its best point so far, instead of losing it.
//!
//! While a run is on in the main thread and Python's own handler is installed, ours takes its place: it takes a note and then
//! raises `KeyboardInterrupt` as usual, so that the user's function stops at once. The evaluator sees the note and ends the
//! run. A `KeyboardInterrupt` without a note is the user's own and passes unchanged.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};

use pyo3::exceptions::PyKeyboardInterrupt;
use pyo3::prelude::*;

/// Set when the user has pressed Ctrl-C.
pub(crate) type Flag = Arc<AtomicBool>;

const SIGINT: i32 = 2;

/// Whether the exception is a `KeyboardInterrupt` that the handler raised, and not one of the user's own.
pub(crate) fn is_ctrl_c(py: Python<'_>, error: &PyErr, flag: &Flag) -> bool {
    flag.load(Ordering::Relaxed) && error.is_instance_of::<PyKeyboardInterrupt>(py)
}

/// The signal handler.
#[pyclass(frozen, module = "thalweg._thalweg")]
struct InterruptHandler {
    flag: Flag,
}

#[pymethods]
impl InterruptHandler {
    fn __call__(&self, _signal: &Bound<'_, PyAny>, _frame: &Bound<'_, PyAny>) -> PyResult<()> {
        self.flag.store(true, Ordering::Relaxed);
        Err(PyKeyboardInterrupt::new_err(()))
    }
}

/// Our handler while it is installed.
pub(crate) struct Guard {
    /// The handler to be put back.
    previous: Option<Py<PyAny>>,
}

impl Guard {
    /// Install the handler that sets `flag`, if this is the main thread and nobody else has installed one.
    pub(crate) fn install(py: Python<'_>, flag: &Flag) -> Self {
        Guard { previous: Guard::replace(py, flag).unwrap_or(None) }
    }

    fn replace(py: Python<'_>, flag: &Flag) -> PyResult<Option<Py<PyAny>>> {
        let signal = py.import(pyo3::intern!(py, "_signal"))?;
        let default = signal.getattr(pyo3::intern!(py, "default_int_handler"))?;
        let current = signal.call_method1(pyo3::intern!(py, "getsignal"), (SIGINT,))?;
        if !current.is(&default) {
            return Ok(None);
        }
        let handler = Py::new(py, InterruptHandler { flag: Arc::clone(flag) })?;
        // Outside of the main thread this raises, and nothing is installed.
        signal.call_method1(pyo3::intern!(py, "signal"), (SIGINT, handler))?;
        Ok(Some(current.unbind()))
    }

    /// Put the former handler back.
    pub(crate) fn restore(mut self, py: Python<'_>) -> PyResult<()> {
        if let Some(previous) = self.previous.take() {
            let signal = py.import(pyo3::intern!(py, "_signal"))?;
            signal.call_method1(pyo3::intern!(py, "signal"), (SIGINT, previous))?;
        }
        Ok(())
    }
}
