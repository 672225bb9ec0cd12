//! From `tracing` to Python's logging: the logger "thalweg" gets what runs tell.
//!
//! Before each run it is found out whether anybody listens and to what. If nobody does (`logging` is not imported, no handler is
//! installed), `tracing` is told so, and events cost a comparison.

use std::fmt::Write;
use std::sync::atomic::{AtomicU8, Ordering};

use pyo3::intern;
use pyo3::prelude::*;
use pyo3::sync::PyOnceLock;
use pyo3::types::PyDict;
use tracing::field::{Field, Visit};
use tracing::level_filters::LevelFilter;
use tracing::span::{Attributes, Id, Record};
use tracing::{Event, Level, Metadata, Subscriber};

/// Whether the logger wants debug (4), info (3), warning (2), error (1) or nothing (0).
static WANTED: AtomicU8 = AtomicU8::new(0);

static LOGGER: PyOnceLock<Py<PyAny>> = PyOnceLock::new();

/// Find out what Python's logger wants to hear.
pub(crate) fn prepare(py: Python<'_>) -> PyResult<()> {
    let wanted = match logger(py)? {
        Some(logger) => wanted_by(logger)?,
        None => 0,
    };
    if WANTED.swap(wanted, Ordering::Relaxed) != wanted {
        // The first time there is something to tell; somebody else's subscriber cannot be in this module's way.
        let _ = tracing::subscriber::set_global_default(Bridge);
        tracing::callsite::rebuild_interest_cache();
    }
    Ok(())
}

/// The logger, if the program uses logging at all.
fn logger(py: Python<'_>) -> PyResult<Option<&Bound<'_, PyAny>>> {
    if let Some(logger) = LOGGER.get(py) {
        return Ok(Some(logger.bind(py)));
    }
    let modules = py.import(intern!(py, "sys"))?.getattr(intern!(py, "modules"))?;
    let Some(logging) = modules.cast::<PyDict>()?.get_item(intern!(py, "logging"))? else {
        return Ok(None);
    };
    let make = || logging.call_method1(intern!(py, "getLogger"), ("thalweg",)).map(Bound::unbind);
    Ok(Some(LOGGER.get_or_try_init(py, make)?.bind(py)))
}

fn wanted_by(logger: &Bound<'_, PyAny>) -> PyResult<u8> {
    let py = logger.py();
    if !logger.call_method0(intern!(py, "hasHandlers"))?.is_truthy()? {
        return Ok(0); // without handlers, Python itself would write warnings to stderr
    }
    let wants = |level: u8| -> PyResult<bool> {
        logger.call_method1(intern!(py, "isEnabledFor"), (level,))?.is_truthy()
    };
    for (level, wanted) in [(10, 4), (20, 3), (30, 2), (40, 1)] {
        if wants(level)? {
            return Ok(wanted);
        }
    }
    Ok(0)
}

fn rank(level: Level) -> u8 {
    match level {
        Level::ERROR => 1,
        Level::WARN => 2,
        Level::INFO => 3,
        Level::DEBUG => 4,
        Level::TRACE => 5,
    }
}

struct Bridge;

impl Subscriber for Bridge {
    fn enabled(&self, metadata: &Metadata<'_>) -> bool {
        rank(*metadata.level()) <= WANTED.load(Ordering::Relaxed)
    }

    fn max_level_hint(&self) -> Option<LevelFilter> {
        Some(match WANTED.load(Ordering::Relaxed) {
            0 => LevelFilter::OFF,
            1 => LevelFilter::ERROR,
            2 => LevelFilter::WARN,
            3 => LevelFilter::INFO,
            _ => LevelFilter::DEBUG,
        })
    }

    fn new_span(&self, _span: &Attributes<'_>) -> Id {
        Id::from_u64(1)
    }

    fn record(&self, _span: &Id, _values: &Record<'_>) {}

    fn record_follows_from(&self, _span: &Id, _follows: &Id) {}

    fn event(&self, event: &Event<'_>) {
        let level = 50 - 10 * rank(*event.metadata().level());
        let mut text = Text::default();
        event.record(&mut text);
        let text = text.message + &text.fields;
        // A handler that fails is not a reason to end the run; logging itself takes the same view.
        Python::attach(|py| {
            let Some(logger) = LOGGER.get(py) else { return };
            let _ = logger.call_method1(py, intern!(py, "log"), (level, "%s", text));
        });
    }

    fn enter(&self, _span: &Id) {}

    fn exit(&self, _span: &Id) {}
}

/// The text of an event: its message, then its fields.
#[derive(Default)]
struct Text {
    message: String,
    fields: String,
}

impl Visit for Text {
    fn record_debug(&mut self, field: &Field, value: &dyn std::fmt::Debug) {
        let _ = match field.name() {
            "message" => write!(self.message, "{value:?}"),
            name => write!(self.fields, " {name}={value:?}"),
        };
    }

    fn record_str(&mut self, field: &Field, value: &str) {
        let _ = match field.name() {
            "message" => write!(self.message, "{value}"),
            name => write!(self.fields, " {name}={value:?}"),
        };
    }
}
