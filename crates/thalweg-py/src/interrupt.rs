//! Ctrl-C ends a run with its best point so far, instead of losing it.
//!
//! While a run is on in the main thread and Python's own handler is installed, ours takes its place: it takes a note and then
//! raises `KeyboardInterrupt` as usual, so that the user's function stops at once. The evaluator sees the note and ends the
//! run. A `KeyboardInterrupt` without a note is the user's own and passes unchanged.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};

use pyo3::exceptions::PyKeyboardInterrupt;
use pyo3::prelude::*;
use pyo3::sync::PyOnceLock;

/// Set when the user has pressed Ctrl-C.
pub(crate) type Flag = Arc<AtomicBool>;

const SIGINT: i32 = 2;

/// Whether the exception is a `KeyboardInterrupt` that the handler raised, and not one of the user's own.
pub(crate) fn is_ctrl_c(py: Python<'_>, error: &PyErr, flag: &Flag) -> bool {
    flag.load(Ordering::Relaxed) && error.is_instance_of::<PyKeyboardInterrupt>(py)
}

/// What Python offers for signals.
struct Signals {
    get_handler: Py<PyAny>,
    set_handler: Py<PyAny>,
    /// Python's own handler of Ctrl-C.
    default: Py<PyAny>,
}

impl Signals {
    fn get(py: Python<'_>) -> PyResult<&Self> {
        static FOUND: PyOnceLock<Signals> = PyOnceLock::new();
        FOUND.get_or_try_init(py, || {
            let module = py.import("_signal")?;
            let get = |name| module.getattr(name).map(Bound::unbind);
            Ok(Signals {
                get_handler: get("getsignal")?,
                set_handler: get("signal")?,
                default: get("default_int_handler")?,
            })
        })
    }
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
        let signals = Signals::get(py)?;
        let current = signals.get_handler.call1(py, (SIGINT,))?;
        if !current.bind(py).is(&signals.default) {
            return Ok(None);
        }
        let handler = Py::new(py, InterruptHandler { flag: Arc::clone(flag) })?;
        // Outside of the main thread this raises, and nothing is installed.
        signals.set_handler.call1(py, (SIGINT, handler))?;
        Ok(Some(current))
    }

    /// Put the former handler back.
    pub(crate) fn restore(mut self, py: Python<'_>) -> PyResult<()> {
        if let Some(previous) = self.previous.take() {
            Signals::get(py)?.set_handler.call1(py, (SIGINT, previous))?;
        }
        Ok(())
    }
}
