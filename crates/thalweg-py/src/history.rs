//! Histories as columns of numpy arrays.

use numpy::{PyArray1, PyArray2, PyArrayMethods};
use pyo3::exceptions::PyValueError;
use pyo3::prelude::*;
use thalweg::History;
use thalweg::core::{Event, Sink, Task};

use crate::numeric::{to_f64_array, to_vec, vector};

/// All evaluations of a run, in flat columns. The arrays are made anew at every access.
#[pyclass(frozen, module = "thalweg._thalweg")]
pub(crate) struct HistoryData {
    history: History,
}

impl HistoryData {
    pub(crate) fn new(history: History) -> Self {
        HistoryData { history }
    }
}

#[pymethods]
impl HistoryData {
    /// Columns of the same length: params (k, n), fun (NaN: only a derivative), start_time, stop_time, batches, task (codes
    /// 0 fun, 1 jac, 2 fun_and_jac, 3 exploration).
    #[new]
    fn py_new(
        params: &Bound<'_, PyAny>,
        fun: &Bound<'_, PyAny>,
        start_time: &Bound<'_, PyAny>,
        stop_time: &Bound<'_, PyAny>,
        batches: &Bound<'_, PyAny>,
        task: &Bound<'_, PyAny>,
    ) -> PyResult<Self> {
        use numpy::PyUntypedArrayMethods;
        let params = to_f64_array(params)?;
        let &[rows, dim] = params.shape() else {
            return Err(PyValueError::new_err("params has to have two dimensions"));
        };
        let params = params.to_vec()?;
        let mut columns = Vec::with_capacity(5);
        for column in [fun, start_time, stop_time, batches, task] {
            let column = to_vec(column)?;
            if column.len() != rows {
                return Err(PyValueError::new_err("the columns have different lengths"));
            }
            columns.push(column);
        }
        let mut history = History::new(dim);
        for i in 0..rows {
            history.record(&Event::Evaluation {
                params: &params[i * dim..(i + 1) * dim],
                value: Some(columns[0][i]),
                task: match columns[4][i] as u8 {
                    0 => Task::Fun,
                    1 => Task::Jac,
                    2 => Task::FunAndJac,
                    _ => Task::Exploration,
                },
                step: 0,
                batch: columns[3][i] as u64,
                start: columns[1][i],
                stop: columns[2][i],
                error: None,
                replayed: false,
            });
        }
        Ok(HistoryData { history })
    }

    fn __len__(&self) -> usize {
        self.history.len()
    }

    /// The parameters of every evaluation, shape (k, n).
    #[getter]
    fn params<'py>(&self, py: Python<'py>) -> PyResult<Bound<'py, PyArray2<f64>>> {
        let mut flat = Vec::with_capacity(self.history.len() * self.history.dim());
        self.history.params().for_each(|row| flat.extend_from_slice(row));
        PyArray1::from_vec(py, flat).reshape([self.history.len(), self.history.dim()])
    }

    /// The objective in the user's sign; NaN where only a derivative was computed.
    #[getter]
    fn fun<'py>(&self, py: Python<'py>) -> Bound<'py, PyArray1<f64>> {
        vector(py, self.history.values())
    }

    /// When every evaluation began, in seconds since the start of the run.
    #[getter]
    fn start_time<'py>(&self, py: Python<'py>) -> Bound<'py, PyArray1<f64>> {
        vector(py, self.history.start_times())
    }

    /// When every evaluation ended.
    #[getter]
    fn stop_time<'py>(&self, py: Python<'py>) -> Bound<'py, PyArray1<f64>> {
        vector(py, self.history.stop_times())
    }

    /// The batch that every evaluation belongs to.
    #[getter]
    fn batches<'py>(&self, py: Python<'py>) -> Bound<'py, PyArray1<i64>> {
        let batches = self.history.batches().iter();
        PyArray1::from_vec(
            py,
            batches.map(|&batch| i64::try_from(batch).unwrap_or(i64::MAX)).collect(),
        )
    }

    /// What every evaluation computed: 0 fun, 1 jac, 2 fun_and_jac, 3 exploration.
    #[getter]
    fn task<'py>(&self, py: Python<'py>) -> Bound<'py, PyArray1<u8>> {
        PyArray1::from_vec(py, self.history.tasks().iter().map(|&task| task as u8).collect())
    }

    /// The running optimum at every row; NaN where the row has no value.
    fn monotone<'py>(&self, py: Python<'py>, maximize: bool) -> Bound<'py, PyArray1<f64>> {
        vector(py, &self.history.monotone_values(maximize))
    }

    /// Whether every row is at least as good as all rows before it.
    fn is_accepted<'py>(&self, py: Python<'py>, maximize: bool) -> Bound<'py, PyArray1<bool>> {
        PyArray1::from_vec(py, self.history.is_accepted(maximize))
    }

    fn __reduce__<'py>(slf: &Bound<'py, Self>) -> PyResult<(Bound<'py, PyAny>, Bound<'py, PyAny>)> {
        let (py, data) = (slf.py(), slf.get());
        let columns = (
            data.params(py)?,
            data.fun(py),
            data.start_time(py),
            data.stop_time(py),
            data.batches(py),
            data.task(py),
        );
        Ok((slf.get_type().into_any(), columns.into_pyobject(py)?.into_any()))
    }
}
