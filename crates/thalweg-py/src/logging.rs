//! Logs: their options from Python, and what is read from them.

use std::path::PathBuf;
use std::sync::atomic::Ordering;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use numpy::{PyArray1, PyArrayMethods};
use pyo3::exceptions::{PyUserWarning, PyValueError};
use pyo3::prelude::*;
use pyo3::types::{PyDict, PyList};
use thalweg::{
    Durability, IfExists, Log, LogColumns, LogError, LogIteration, LogOptions, LogProblem,
};

use crate::errors::{Kind, error};
use crate::interrupt::Flag;
use crate::numeric::vector;
use crate::objective::{Functions, warn};

/// The log that a run is to keep.
pub(crate) struct LogRequest {
    log: Log,
    /// A warning that the user made an exception.
    raised: Raised,
}

/// An exception that somebody else will raise.
pub(crate) type Raised = Arc<Mutex<Option<PyErr>>>;

impl LogRequest {
    /// Read the options, which the package has checked.
    pub(crate) fn read(options: &Bound<'_, PyDict>) -> PyResult<Self> {
        let get = |key: &str| {
            let missing = || PyValueError::new_err(format!("the log has no option '{key}'"));
            options.get_item(key)?.ok_or_else(missing)
        };
        let log = Log {
            options: LogOptions {
                path: get("path")?.extract::<PathBuf>()?,
                durability: match get("durability")?.extract::<String>()?.as_str() {
                    "strict" => Durability::Strict,
                    "unsafe" => Durability::Unsafe,
                    _ => Durability::Grouped,
                },
                if_exists: match get("if_database_exists")?.extract::<String>()?.as_str() {
                    "extend" => IfExists::Extend,
                    "replace" => IfExists::Replace,
                    _ => IfExists::Raise,
                },
            },
            resume: get("resume")?.extract()?,
            structure: get("structure")?.extract()?,
            identity: get("identity")?.extract()?,
            warn: None,
        };
        Ok(LogRequest { log, raised: Raised::default() })
    }

    /// Check the file before anything is evaluated. Where the start has to be evaluated before the run (`looks_ahead`), learn from
    /// the file what an earlier session knew of the functions.
    pub(crate) fn prepare(
        self,
        py: Python<'_>,
        functions: &mut Functions,
        looks_ahead: bool,
    ) -> PyResult<Self> {
        functions.keep_infos();
        self.log.check().map_err(log_error)?;
        let path = &self.log.options.path;
        if self.log.resume && looks_ahead && !thalweg::log::is_blank(path) {
            let description = description(path).map_err(log_error)?;
            if let Some(description) = description {
                functions.restore_description(py, &description)?;
            }
        }
        Ok(self)
    }

    /// What the run needs, with a warning in place of a line on the standard error stream.
    pub(crate) fn into_log(self, interrupted: &Flag) -> (Log, Raised) {
        let (raised, flag) = (Arc::clone(&self.raised), Arc::clone(interrupted));
        let tell = move |text: &str| {
            Python::attach(|py| {
                if let Err(error) = warn(py, text, py.get_type::<PyUserWarning>().as_any()) {
                    *raised.lock().unwrap_or_else(PoisonError::into_inner) = Some(error);
                    flag.store(true, Ordering::Relaxed);
                }
            });
        };
        (Log { warn: Some(Box::new(tell)), ..self.log }, self.raised)
    }
}

/// What the objective of the last run in the log learnt about itself.
fn description(path: &PathBuf) -> Result<Option<String>, LogError> {
    let reader = thalweg::LogReader::open(path)?;
    let Ok(problem) = reader.problem(-1) else { return Ok(None) };
    let first = reader.answers(&problem)?.into_iter().next();
    Ok(first.map(|answer| answer.batch.description).filter(|text| !text.is_empty()))
}

/// The exception for a log that cannot be written, read or resumed from.
pub(crate) fn log_error(wrong: LogError) -> PyErr {
    let kind = match &wrong {
        LogError::Exists { .. } => Kind::LogExists,
        LogError::Missing { .. } | LogError::NoFolder { .. } => Kind::LogNotFound,
        LogError::Denied { .. } | LogError::Sqlite { .. } => Kind::LogAccess,
        LogError::Foreign { .. } | LogError::Newer { .. } | LogError::Differs { .. } => {
            Kind::InvalidLog
        }
        LogError::ReplacedBeforeResume { .. } => Kind::Argument,
        LogError::NoProblem { .. } | LogError::NoIteration { .. } => Kind::LogIndex,
    };
    Python::attach(|py| error(py, kind, wrong.to_string()))
}

/// Reads a log. Problems and evaluations are counted from 0; negative numbers count from the end.
#[pyclass(frozen, module = "thalweg._thalweg")]
pub(crate) struct LogReader {
    reader: Mutex<thalweg::LogReader>,
}

impl LogReader {
    /// Read with the interpreter released.
    fn read<T: Send>(
        &self,
        py: Python<'_>,
        read: impl FnOnce(MutexGuard<'_, thalweg::LogReader>) -> Result<T, LogError> + Send,
    ) -> PyResult<T> {
        let found = py.detach(|| read(self.reader.lock().unwrap_or_else(PoisonError::into_inner)));
        found.map_err(log_error)
    }
}

#[pymethods]
impl LogReader {
    #[new]
    fn new(py: Python<'_>, path: PathBuf) -> PyResult<Self> {
        let reader = py.detach(|| thalweg::LogReader::open(&path)).map_err(log_error)?;
        Ok(LogReader { reader: Mutex::new(reader) })
    }

    /// All problems, a dict each.
    fn problems<'py>(&self, py: Python<'py>) -> PyResult<Bound<'py, PyList>> {
        let problems = self.read(py, |reader| reader.problems())?;
        let dicts = problems.into_iter().map(|problem| problem_dict(py, problem));
        PyList::new(py, dicts.collect::<PyResult<Vec<_>>>()?)
    }

    /// One problem as a dict.
    fn problem<'py>(&self, py: Python<'py>, index: i64) -> PyResult<Bound<'py, PyDict>> {
        problem_dict(py, self.read(py, |reader| reader.problem(index))?)
    }

    /// The steps of a problem, a dict each.
    fn steps<'py>(&self, py: Python<'py>, problem: i64) -> PyResult<Bound<'py, PyList>> {
        let steps = self.read(py, |reader| reader.steps(problem))?;
        let dicts = steps.into_iter().map(|step| {
            let dict = PyDict::new(py);
            dict.set_item("number", step.number)?;
            dict.set_item("type", step.kind)?;
            dict.set_item("name", step.name)?;
            dict.set_item("status", step.status)?;
            dict.set_item("n_iterations", step.n_iterations)?;
            dict.set_item("start", step.start)?;
            dict.set_item("stop", step.stop)?;
            Ok(dict)
        });
        PyList::new(py, dicts.collect::<PyResult<Vec<_>>>()?)
    }

    /// One evaluation of a problem as a dict.
    fn iteration<'py>(
        &self,
        py: Python<'py>,
        index: i64,
        problem: i64,
    ) -> PyResult<Bound<'py, PyDict>> {
        let found = self.read(py, |reader| reader.read_iteration(index, problem))?;
        let LogIteration { id, step, task, batch, params, fun, start, stop, exception, info } =
            found;
        let dict = PyDict::new(py);
        dict.set_item("rowid", id)?;
        dict.set_item("step", step)?;
        dict.set_item("task", task)?;
        dict.set_item("batch", batch)?;
        dict.set_item("params", vector(py, &params))?;
        dict.set_item("fun", fun)?;
        dict.set_item("start_time", start)?;
        dict.set_item("stop_time", stop)?;
        dict.set_item("exception", exception)?;
        dict.set_item("info", info)?;
        Ok(dict)
    }

    /// All evaluations of a problem as a dict of columns.
    fn history<'py>(&self, py: Python<'py>, problem: i64) -> PyResult<Bound<'py, PyDict>> {
        columns_dict(py, self.read(py, |reader| reader.read_history(problem))?)
    }

    /// The evaluations of the best local run, of the others, and of the exploration, in dicts of columns.
    #[allow(clippy::type_complexity)] // a tuple of Python
    fn multistart_history<'py>(
        &self,
        py: Python<'py>,
        problem: i64,
    ) -> PyResult<(Bound<'py, PyDict>, Vec<Bound<'py, PyDict>>, Bound<'py, PyDict>)> {
        let found = self.read(py, |reader| reader.read_multistart_history(problem))?;
        let local = found.local.into_iter().map(|run| columns_dict(py, run));
        Ok((
            columns_dict(py, found.best)?,
            local.collect::<PyResult<_>>()?,
            columns_dict(py, found.exploration)?,
        ))
    }
}

fn problem_dict(py: Python<'_>, problem: LogProblem) -> PyResult<Bound<'_, PyDict>> {
    let dict = PyDict::new(py);
    dict.set_item("id", problem.id)?;
    dict.set_item("direction", problem.direction)?;
    dict.set_item("algorithm", problem.algorithm)?;
    dict.set_item("names", problem.names)?;
    dict.set_item("start", vector(py, &problem.start))?;
    dict.set_item("lower", problem.lower.map(|side| vector(py, &side)))?;
    dict.set_item("upper", problem.upper.map(|side| vector(py, &side)))?;
    dict.set_item("structure", problem.structure)?;
    dict.set_item("fingerprint", problem.fingerprint.to_json())?;
    dict.set_item("library", problem.library)?;
    dict.set_item("begun_at", problem.begun_at)?;
    dict.set_item("status", problem.status)?;
    dict.set_item("message", problem.message)?;
    dict.set_item("seconds", problem.seconds)?;
    dict.set_item("n_resumed", problem.n_resumed)?;
    dict.set_item("n_evaluations", problem.n_evaluations)?;
    Ok(dict)
}

fn columns_dict(py: Python<'_>, columns: LogColumns) -> PyResult<Bound<'_, PyDict>> {
    let (rows, dim) = (columns.len(), columns.dim);
    let dict = PyDict::new(py);
    dict.set_item("params", PyArray1::from_vec(py, columns.params).reshape([rows, dim])?)?;
    dict.set_item("fun", PyArray1::from_vec(py, columns.fun))?;
    dict.set_item("start_time", PyArray1::from_vec(py, columns.start))?;
    dict.set_item("stop_time", PyArray1::from_vec(py, columns.stop))?;
    dict.set_item("batches", PyArray1::from_vec(py, columns.batch))?;
    dict.set_item("task", PyArray1::from_vec(py, columns.task))?;
    dict.set_item("step", PyArray1::from_vec(py, columns.step))?;
    dict.set_item("rowid", PyArray1::from_vec(py, columns.ids))?;
    Ok(dict)
}
