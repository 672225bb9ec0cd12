//! Sets of benchmark problems.

use std::sync::{Arc, Mutex, PoisonError};

use pyo3::exceptions::PyValueError;
use pyo3::prelude::*;
use pyo3::types::{PyDict, PyList};
use thalweg_bench::{
    BenchmarkProblem, MultiplicativeNoiseOptions, NoiseDistribution, NoiseOptions, SETS,
    ScalingOptions, SetError, SetOptions, get_benchmark_problems, scalable_problem,
    scalable_problems,
};

use crate::benchmark::BenchmarkFunction;
use crate::benchmark::set_error;
use crate::numeric::{number, vector};

/// The names of all sets.
#[pyfunction]
pub(crate) fn benchmark_sets() -> Vec<&'static str> {
    SETS.iter().map(|set| set.name).collect()
}

/// The problems of a set, each as a dict of its parts. `options` has the keys additive_noise, multiplicative_noise, scaling (dicts or
/// None), seed and exclude.
#[pyfunction]
pub(crate) fn benchmark_problems<'py>(
    py: Python<'py>,
    set: &str,
    options: &Bound<'py, PyDict>,
) -> PyResult<Bound<'py, PyList>> {
    let problems = problems_of(py, set, options)?;
    // Functions do not depend on what else is in the set.
    let own = options.copy()?;
    own.set_item("exclude", PyList::empty(py))?;
    let parts = problems.iter().map(|problem| parts(py, set, &own, problem));
    PyList::new(py, parts.collect::<PyResult<Vec<_>>>()?)
}

fn parts<'py>(
    py: Python<'py>,
    set: &str,
    options: &Bound<'py, PyDict>,
    problem: &Arc<BenchmarkProblem>,
) -> PyResult<Bound<'py, PyDict>> {
    let function =
        |role| BenchmarkFunction::of(set, options.clone().unbind(), Arc::clone(problem), role);
    let parts = PyDict::new(py);
    parts.set_item("name", &problem.name)?;
    parts.set_item("params", vector(py, &problem.start))?;
    parts.set_item("fun", Py::new(py, function("fun"))?)?;
    parts.set_item("jac", Py::new(py, function("jac"))?)?;
    parts.set_item("noise_free_fun", Py::new(py, function("noise_free_fun"))?)?;
    parts.set_item("noisy", problem.noisy)?;
    parts.set_item("start_value", problem.start_value)?;
    parts.set_item("solution_value", problem.solution.value)?;
    let solution = problem.solution.params.as_ref();
    parts.set_item("solution_params", solution.map(|x| vector(py, x)))?;
    parts.set_item("lower", problem.bounds.lower.as_ref().map(|x| vector(py, x)))?;
    parts.set_item("upper", problem.bounds.upper.as_ref().map(|x| vector(py, x)))?;
    if let Some(constraints) = &problem.constraints {
        parts.set_item("constraints", Py::new(py, function("constraints"))?)?;
        parts.set_item("constraints_jac", Py::new(py, function("constraints_jac"))?)?;
        parts.set_item("constraints_lower", vector(py, &constraints.lower))?;
        parts.set_item("constraints_upper", vector(py, &constraints.upper))?;
    }
    Ok(parts)
}

/// One problem of a set.
pub(super) fn problem_of(
    py: Python<'_>,
    set: &str,
    options: &Bound<'_, PyDict>,
    name: &str,
) -> PyResult<Arc<BenchmarkProblem>> {
    let problems = problems_of(py, set, options)?;
    let found = problems.iter().find(|problem| problem.name == name);
    found.cloned().ok_or_else(|| {
        PyValueError::new_err(format!("there is no problem '{name}' in the set '{set}'"))
    })
}

type Problems = Arc<[Arc<BenchmarkProblem>]>;

/// The set that was made last: a worker process is sent its functions one by one.
static LAST: Mutex<Option<(String, SetOptions, Problems)>> = Mutex::new(None);

fn problems_of(py: Python<'_>, set: &str, options: &Bound<'_, PyDict>) -> PyResult<Problems> {
    let options = set_options(options)?;
    let mut last = LAST.lock().unwrap_or_else(PoisonError::into_inner);
    if let Some((name, known, problems)) = &*last
        && name == set
        && *known == options
    {
        return Ok(Arc::clone(problems));
    }
    let problems = match set.strip_prefix(SCALABLE) {
        Some(size) => scalable(size, &options),
        None => get_benchmark_problems(set, &options),
    };
    let problems = problems.map_err(|wrong| set_error(py, wrong))?;
    let problems: Problems = problems.into_iter().map(Arc::new).collect();
    *last = Some((set.to_string(), options, Arc::clone(&problems)));
    Ok(problems)
}

/// A "set" of this name and then a size, "scalable:50:chebyquad" for instance, is one problem of any size.
const SCALABLE: &str = "scalable:";

fn scalable(size: &str, options: &SetOptions) -> Result<Vec<BenchmarkProblem>, SetError> {
    let (n, name) = size.split_once(':').unwrap_or(("0", size));
    let problem = scalable_problem(name, n.parse().unwrap_or(0))?;
    Ok(vec![options.applied_to(problem)?])
}

/// The names of the problems that exist at any size.
#[pyfunction]
pub(crate) fn scalable_names() -> Vec<&'static str> {
    scalable_problems().collect()
}

/// Options, whose names the package has checked.
fn set_options(given: &Bound<'_, PyDict>) -> PyResult<SetOptions> {
    let mut options = SetOptions::default();
    for (key, value) in given.iter().filter(|(_, value)| !value.is_none()) {
        match key.extract::<String>()?.as_str() {
            "additive_noise" => options.additive_noise = Some(noise(&value)?),
            "multiplicative_noise" => {
                let mut multiplicative =
                    MultiplicativeNoiseOptions { noise: noise(&value)?, ..Default::default() };
                let clipping = value.cast::<PyDict>()?.get_item("clipping_value")?;
                if let Some(clipping) = clipping {
                    multiplicative.clipping_value = number(&clipping)?;
                }
                options.multiplicative_noise = Some(multiplicative);
            }
            "scaling" => {
                let mut scaling = ScalingOptions::default();
                for (key, value) in value.cast::<PyDict>()?.iter() {
                    match key.extract::<String>()?.as_str() {
                        "min_scale" => scaling.min_scale = number(&value)?,
                        _ => scaling.max_scale = number(&value)?,
                    }
                }
                options.scaling = Some(scaling);
            }
            "seed" => options.seed = value.extract()?,
            _ => options.exclude = value.extract()?,
        }
    }
    Ok(options)
}

fn noise(given: &Bound<'_, PyAny>) -> PyResult<NoiseOptions> {
    let mut noise = NoiseOptions::default();
    for (key, value) in given.cast::<PyDict>()?.iter() {
        match key.extract::<String>()?.as_str() {
            "distribution" => {
                let name = value.extract::<String>()?;
                noise.distribution = NoiseDistribution::by_name(&name)
                    .map_err(|wrong| set_error(given.py(), wrong))?;
            }
            "std" => noise.std = number(&value)?,
            "mean" => noise.mean = number(&value)?,
            "correlation" => noise.correlation = number(&value)?,
            _ => {} // clipping_value, which is no part of a disturbance
        }
    }
    Ok(noise)
}
