//! Histories for Python: columns as numpy arrays, made when they are asked for.

use std::sync::{Mutex, MutexGuard, PoisonError};

use numpy::{PyArray1, PyArray2, PyArrayMethods, PyUntypedArrayMethods};
use pyo3::exceptions::PyValueError;
use pyo3::prelude::*;
use pyo3::types::{PyDict, PyTuple};
use thalweg::core::Task;
use thalweg::{ConvergenceReport, History, Row};

use crate::numeric::{to_f64_array, to_vec, vector};

/// The most numbers that are pickled at once.
const CHUNK_NUMBERS: usize = 1 << 20;

/// All evaluations of a run, kept once: arrays are copies of what is asked for.
#[pyclass(frozen, module = "thalweg._thalweg")]
pub(crate) struct HistoryData {
    history: Mutex<History>,
}

impl HistoryData {
    pub(crate) fn new(history: History) -> Self {
        HistoryData { history: Mutex::new(history) }
    }

    pub(crate) fn lock(&self) -> MutexGuard<'_, History> {
        self.history.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

type Columns<'py> = (
    Bound<'py, PyArray2<f64>>,
    Bound<'py, PyArray1<f64>>,
    Bound<'py, PyArray1<f64>>,
    Bound<'py, PyArray1<f64>>,
    Bound<'py, PyArray1<i64>>,
    Bound<'py, PyArray1<u8>>,
);

/// Class, arguments, no state, what to append.
type Reduced<'py> = (Bound<'py, PyAny>, (usize,), Option<usize>, Py<Pieces>);

#[pymethods]
impl HistoryData {
    /// An empty history of points with `dim` parameters.
    #[new]
    fn py_new(dim: usize) -> Self {
        HistoryData::new(History::new(dim))
    }

    fn __len__(&self) -> usize {
        self.lock().len()
    }

    /// The number of parameters.
    #[getter]
    fn dim(&self) -> usize {
        self.lock().dim()
    }

    /// Add one evaluation; `fun` is None where only a derivative was computed, `task` a code: 0 fun, 1 jac, 2 fun_and_jac,
    /// 3 exploration.
    fn add(
        &self,
        params: &Bound<'_, PyAny>,
        fun: Option<f64>,
        start: f64,
        stop: f64,
        batch: u64,
        task: u8,
    ) -> PyResult<()> {
        let params = to_vec(params)?;
        let mut history = self.lock();
        if params.len() != history.dim() {
            let (found, wanted) = (params.len(), history.dim());
            return Err(PyValueError::new_err(format!(
                "the evaluation has {found} parameters, but the history {wanted}"
            )));
        }
        let task = task_of(task);
        let (params, value) = (&params, fun.unwrap_or(f64::NAN));
        history.add(Row { params, value, task, batch, start, stop });
        Ok(())
    }

    /// Add evaluations in columns of one length: params (k, n), fun (NaN: only a derivative), start_time, stop_time, batches,
    /// task. What pickles are read with.
    fn append(&self, columns: &Bound<'_, PyTuple>) -> PyResult<()> {
        let params = to_f64_array(&columns.get_item(0)?)?;
        let mut history = self.lock();
        let dim = history.dim();
        let rows = match params.shape() {
            &[rows, found] if found == dim => rows,
            _ => return Err(PyValueError::new_err("the history has another number of parameters")),
        };
        let params = params.to_vec()?;
        let mut others = Vec::with_capacity(5);
        for column in columns.iter().skip(1) {
            let column = to_vec(&column)?;
            if column.len() != rows {
                return Err(PyValueError::new_err("the columns have different lengths"));
            }
            others.push(column);
        }
        let [fun, start, stop, batches, tasks] = others.as_slice() else {
            return Err(PyValueError::new_err("a history has six columns"));
        };
        for i in 0..rows {
            history.add(Row {
                params: &params[i * dim..(i + 1) * dim],
                value: fun[i],
                task: task_of(tasks[i] as u8),
                batch: batches[i] as u64,
                start: start[i],
                stop: stop[i],
            });
        }
        Ok(())
    }

    /// The parameters of the evaluations from `start` to `stop`, shape (k, n).
    fn rows<'py>(
        &self,
        py: Python<'py>,
        start: usize,
        stop: usize,
    ) -> PyResult<Bound<'py, PyArray2<f64>>> {
        let history = self.lock();
        let stop = stop.min(history.len());
        params_of(py, &history, start.min(stop)..stop)
    }

    /// The parameters of these evaluations, shape (k, n).
    fn pick<'py>(&self, py: Python<'py>, rows: Vec<usize>) -> PyResult<Bound<'py, PyArray2<f64>>> {
        params_of(py, &self.lock(), rows)
    }

    /// The parameters of every evaluation, shape (k, n).
    #[getter]
    fn params<'py>(&self, py: Python<'py>) -> PyResult<Bound<'py, PyArray2<f64>>> {
        let history = self.lock();
        params_of(py, &history, 0..history.len())
    }

    /// The objective in the user's sign; NaN where only a derivative was computed.
    #[getter]
    fn fun<'py>(&self, py: Python<'py>) -> Bound<'py, PyArray1<f64>> {
        vector(py, self.lock().values())
    }

    /// When every evaluation began, in seconds since the start of the run.
    #[getter]
    fn start_time<'py>(&self, py: Python<'py>) -> Bound<'py, PyArray1<f64>> {
        vector(py, self.lock().start_times())
    }

    /// When every evaluation ended.
    #[getter]
    fn stop_time<'py>(&self, py: Python<'py>) -> Bound<'py, PyArray1<f64>> {
        vector(py, self.lock().stop_times())
    }

    /// The batch that every evaluation belongs to.
    #[getter]
    fn batches<'py>(&self, py: Python<'py>) -> Bound<'py, PyArray1<i64>> {
        batches_of(py, self.lock().batches())
    }

    /// What every evaluation computed: 0 fun, 1 jac, 2 fun_and_jac, 3 exploration.
    #[getter]
    fn task<'py>(&self, py: Python<'py>) -> Bound<'py, PyArray1<u8>> {
        tasks_of(py, self.lock().tasks())
    }

    /// The running optimum at every row; NaN where the row has no value.
    fn monotone<'py>(&self, py: Python<'py>, maximize: bool) -> Bound<'py, PyArray1<f64>> {
        PyArray1::from_vec(py, self.lock().monotone_values(maximize))
    }

    /// Whether every row is at least as good as all rows before it.
    fn is_accepted<'py>(&self, py: Python<'py>, maximize: bool) -> Bound<'py, PyArray1<bool>> {
        PyArray1::from_vec(py, self.lock().is_accepted(maximize))
    }

    /// How much the last accepted steps changed: columns of rows, or None with fewer than two steps.
    fn convergence_report<'py>(
        &self,
        py: Python<'py>,
        maximize: bool,
    ) -> PyResult<Option<Bound<'py, PyDict>>> {
        let report = ConvergenceReport::new(&self.lock(), maximize);
        report.map(|report| report_to_python(py, &report)).transpose()
    }

    /// Pickled in pieces, as a list is.
    fn __reduce__<'py>(slf: &Bound<'py, Self>) -> PyResult<Reduced<'py>> {
        let pieces = Pieces { data: slf.clone().unbind(), next: Mutex::new(0) };
        let class = slf.get_type().into_any();
        Ok((class, (slf.get().dim(),), None, Py::new(slf.py(), pieces)?))
    }
}

/// The columns of a history, a piece at a time.
#[pyclass(frozen, module = "thalweg._thalweg")]
pub(crate) struct Pieces {
    data: Py<HistoryData>,
    next: Mutex<usize>,
}

#[pymethods]
impl Pieces {
    fn __iter__(slf: PyRef<'_, Self>) -> PyRef<'_, Self> {
        slf
    }

    fn __next__<'py>(&self, py: Python<'py>) -> PyResult<Option<Columns<'py>>> {
        let history = self.data.get().lock();
        let mut next = self.next.lock().unwrap_or_else(PoisonError::into_inner);
        let rows = (CHUNK_NUMBERS / history.dim().max(1)).max(1);
        let range = *next..history.len().min(*next + rows);
        *next = range.end;
        if range.is_empty() {
            return Ok(None);
        }
        Ok(Some((
            params_of(py, &history, range.clone())?,
            vector(py, &history.values()[range.clone()]),
            vector(py, &history.start_times()[range.clone()]),
            vector(py, &history.stop_times()[range.clone()]),
            batches_of(py, &history.batches()[range.clone()]),
            tasks_of(py, &history.tasks()[range]),
        )))
    }
}

fn task_of(code: u8) -> Task {
    match code {
        0 => Task::Fun,
        1 => Task::Jac,
        2 => Task::FunAndJac,
        4 => Task::Hess,
        _ => Task::Exploration,
    }
}

fn params_of<'py>(
    py: Python<'py>,
    history: &History,
    rows: impl IntoIterator<Item = usize, IntoIter: ExactSizeIterator>,
) -> PyResult<Bound<'py, PyArray2<f64>>> {
    let rows = rows.into_iter();
    let count = rows.len();
    let mut flat = Vec::with_capacity(count * history.dim());
    for row in rows {
        let missing = || PyValueError::new_err(format!("the history has no evaluation {row}"));
        flat.extend_from_slice(history.row(row).ok_or_else(missing)?);
    }
    PyArray1::from_vec(py, flat).reshape([count, history.dim()])
}

fn batches_of<'py>(py: Python<'py>, batches: &[u64]) -> Bound<'py, PyArray1<i64>> {
    let signed = batches.iter().map(|&batch| i64::try_from(batch).unwrap_or(i64::MAX));
    PyArray1::from_vec(py, signed.collect())
}

fn tasks_of<'py>(py: Python<'py>, tasks: &[Task]) -> Bound<'py, PyArray1<u8>> {
    PyArray1::from_vec(py, tasks.iter().map(|&task| task as u8).collect())
}

/// A convergence report as columns of rows.
pub(crate) fn report_to_python<'py>(
    py: Python<'py>,
    report: &ConvergenceReport,
) -> PyResult<Bound<'py, PyDict>> {
    let columns = PyDict::new(py);
    for (name, changes) in [("one_step", report.one_step), ("five_steps", report.five_steps)] {
        let rows = PyDict::new(py);
        for (row, change) in changes.rows() {
            rows.set_item(row, change)?;
        }
        columns.set_item(name, rows)?;
    }
    Ok(columns)
}
