//! Searches from many starts: their options from Python, and what they tell of themselves to Python.

use std::sync::{Arc, Mutex, PoisonError};

use numpy::{PyArray1, PyArray2, PyArrayMethods};
use pyo3::exceptions::PyValueError;
use pyo3::prelude::*;
use pyo3::types::PyDict;
use thalweg::{
    Bounds, Distribution, FlatResult, LocalErrors, MixingWeight, Multistart, MultistartInfo,
    MultistartOptions, Resolved, StartSampling, UserError,
};

use crate::history::report_to_python;
use crate::interrupt::Flag;
use crate::numeric::{number, to_vec, vector};
use crate::objective::{Cause, failure};
use crate::result::RawResult;
use crate::tree::Tree;

/// The search that the options, checked and flat, ask for.
pub(crate) fn multistart(
    options: &Bound<'_, PyDict>,
    resolved: &Resolved,
    interrupted: &Flag,
) -> PyResult<Multistart> {
    let mut search = MultistartOptions::default();
    let mut soft = Bounds::none();
    for (key, value) in options.iter() {
        let key: String = key.extract()?;
        if value.is_none() {
            continue;
        }
        match key.as_str() {
            "n_samples" => search.n_samples = Some(value.extract()?),
            "stopping_maxopt" => search.stopping_maxopt = Some(value.extract()?),
            "share" => search.share = value.extract()?,
            "sampling_distribution" => {
                search.sampling_distribution = match value.extract::<String>()?.as_str() {
                    "triangular" => Distribution::Triangular,
                    _ => Distribution::Uniform,
                }
            }
            "sampling_method" => {
                search.sampling_method = match value.extract::<String>()?.as_str() {
                    "sobol" => StartSampling::Sobol,
                    "halton" => StartSampling::Halton,
                    "latin_hypercube" => StartSampling::LatinHypercube,
                    _ => StartSampling::Random,
                }
            }
            "n_fitted_points" => search.n_fitted_points = value.extract()?,
            "sample" => {
                let points = value.try_iter()?;
                let points = points.map(|point| to_vec(&point?)).collect::<PyResult<_>>()?;
                search.sample = Some(points);
            }
            "mixing_weight_method" => search.mixing_weight = mixing_weight(&value, interrupted)?,
            "mixing_weight_bounds" => search.mixing_weight_bounds = value.extract()?,
            "convergence_xtol_rel" => search.convergence_xtol_rel = value.extract()?,
            "convergence_max_discoveries" => {
                search.convergence_max_discoveries = value.extract().unwrap_or(usize::MAX);
            }
            "n_cores" => search.n_cores = value.extract()?,
            "batch_size" => search.batch_size = Some(value.extract()?),
            "seed" => search.seed = Some(value.extract()?),
            "error_handling" => {
                search.error_handling = match value.extract::<String>()?.as_str() {
                    "raise" => LocalErrors::Raise,
                    _ => LocalErrors::Continue,
                }
            }
            "soft_lower" => soft.lower = Some(to_vec(&value)?),
            "soft_upper" => soft.upper = Some(to_vec(&value)?),
            other => {
                return Err(PyValueError::new_err(format!(
                    "unknown option of multistart: {other}"
                )));
            }
        }
    }
    Ok(Multistart::new(search, soft, resolved))
}

/// A word, or the user's function.
fn mixing_weight(method: &Bound<'_, PyAny>, interrupted: &Flag) -> PyResult<MixingWeight> {
    if let Ok(word) = method.extract::<String>() {
        return Ok(if word == "linear" { MixingWeight::Linear } else { MixingWeight::Tiktak });
    }
    let (function, interrupted) = (method.clone().unbind(), Arc::clone(interrupted));
    Ok(MixingWeight::Custom(Arc::new(move |c, k, low, high| {
        Python::attach(|py| {
            let call = || number(&function.bind(py).call1((c, k, low, high))?);
            call().map_err(|error| -> UserError {
                failure(py, 0, "mixing_weight_method", Cause::User(error), &interrupted).error
            })
        })
    })))
}

/// The exploration and the local runs behind a result. The package makes its `MultistartInfo` from it.
#[pyclass(frozen, module = "thalweg._thalweg")]
pub(crate) struct RawMultistart {
    start_params: Vec<Vec<f64>>,
    exploration_sample: Vec<Vec<f64>>,
    exploration_results: Vec<f64>,
    /// The results of the local runs, until they are asked for.
    local_optima: Mutex<Vec<FlatResult>>,
    #[pyo3(get)]
    n_optimizations: usize,
    #[pyo3(get)]
    n_exploration_evals: u64,
    #[pyo3(get)]
    n_discoveries: usize,
    /// Changes over the local optima: columns of rows, or None.
    #[pyo3(get)]
    convergence_report: Option<Py<PyDict>>,
    /// The messages of local runs that failed, by the number of the run.
    #[pyo3(get)]
    failures: Vec<(usize, String)>,
    #[pyo3(get)]
    warnings: Vec<String>,
}

impl RawMultistart {
    pub(crate) fn new(py: Python<'_>, info: MultistartInfo<Vec<f64>>) -> PyResult<Self> {
        let report = info.convergence.as_ref();
        let report = report.map(|report| report_to_python(py, report).map(Bound::unbind));
        Ok(RawMultistart {
            start_params: info.start_params,
            exploration_sample: info.exploration_sample,
            exploration_results: info.exploration_results,
            n_optimizations: info.local_optima.len(),
            local_optima: Mutex::new(info.local_optima),
            n_exploration_evals: info.n_exploration_evals,
            n_discoveries: info.n_discoveries,
            convergence_report: report.transpose()?,
            failures: info.failures,
            warnings: info.warnings,
        })
    }
}

#[pymethods]
impl RawMultistart {
    /// The results of the local runs, with parameters like `tree`; once.
    fn local_optima(&self, py: Python<'_>, tree: &Tree) -> PyResult<Vec<RawResult>> {
        let mut optima = self.local_optima.lock().unwrap_or_else(PoisonError::into_inner);
        let optima = std::mem::take(&mut *optima).into_iter();
        optima.map(|run| RawResult::new(py, run, tree, None)).collect()
    }

    /// Where the local runs began, shape (k, n).
    #[getter]
    fn start_params<'py>(&self, py: Python<'py>) -> PyResult<Bound<'py, PyArray2<f64>>> {
        rows(py, &self.start_params)
    }

    /// The points of the exploration, best first, shape (k, n).
    #[getter]
    fn exploration_sample<'py>(&self, py: Python<'py>) -> PyResult<Bound<'py, PyArray2<f64>>> {
        rows(py, &self.exploration_sample)
    }

    /// The objective there, best first.
    #[getter]
    fn exploration_results<'py>(&self, py: Python<'py>) -> Bound<'py, PyArray1<f64>> {
        vector(py, &self.exploration_results)
    }
}

fn rows<'py>(py: Python<'py>, rows: &[Vec<f64>]) -> PyResult<Bound<'py, PyArray2<f64>>> {
    let width = rows.first().map_or(0, Vec::len);
    PyArray1::from_vec(py, rows.concat()).reshape([rows.len(), width])
}
