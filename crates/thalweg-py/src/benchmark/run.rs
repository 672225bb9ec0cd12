//! Native runs of native algorithms on native problems.

use std::sync::Arc;
use std::sync::atomic::AtomicBool;

use numpy::{PyArray1, PyArrayMethods};
use pyo3::exceptions::PyKeyboardInterrupt;
use pyo3::prelude::*;
use pyo3::types::{PyDict, PyList};
use thalweg_bench::results::Evaluations;
use thalweg_bench::{BenchmarkError, BenchmarkProblem, Entrant, RunOptions, Solution};

use crate::benchmark::{BenchmarkFunction, benchmark_error};
use crate::errors::Kind;
use crate::interrupt::{Flag, Guard};
use crate::numeric::{to_vec, vector};
use crate::options::option_values;
use crate::outcome::outcome_error;
use crate::result::RawResult;
use crate::solve::guarded;
use crate::tree::Tree;

/// A problem as the user has it: its label, its function, start, value there, value and params of the solution.
type Problem<'py> =
    (String, Py<BenchmarkFunction>, Bound<'py, PyAny>, f64, Option<f64>, Option<Bound<'py, PyAny>>);
/// An algorithm: its label, its name, its options.
type Contestant<'py> = (String, String, Bound<'py, PyDict>);

/// Run every algorithm on every problem with the interpreter released. Returns, by problem and then by algorithm, dicts with the columns
/// params, criterion, seconds and batches, and the result ("raw", with the "tree" of its params) or the error ("failure").
#[pyfunction]
#[pyo3(signature = (problems, algorithms, *, n_threads, raise_errors, progress=None))]
pub(crate) fn run_benchmark<'py>(
    py: Python<'py>,
    problems: Vec<Problem<'py>>,
    algorithms: Vec<Contestant<'py>>,
    n_threads: usize,
    raise_errors: bool,
    progress: Option<Py<PyAny>>,
) -> PyResult<Bound<'py, PyList>> {
    let problems: Vec<BenchmarkProblem> =
        problems.into_iter().map(|problem| native(problem)).collect::<PyResult<_>>()?;
    let entrants: Vec<Entrant> =
        algorithms.iter().map(|algorithm| entrant(algorithm)).collect::<PyResult<_>>()?;
    let flag = Flag::default();
    let report = |done: usize, all: usize| tell(progress.as_ref(), &flag, done, all);
    let options = RunOptions {
        n_threads,
        // These are among the options of the algorithms already.
        max_evaluations: None,
        max_seconds: None,
        disable_convergence: false,
        stop_at_failure: raise_errors,
        interrupt: Some(Arc::clone(&flag)),
        progress: progress.is_some().then_some(&report),
    };
    let guard = Guard::install(py, &flag);
    let ended = guarded(py, || thalweg_bench::run_benchmark(&problems, entrants, &options));
    guard.restore(py)?;
    py.check_signals()?;
    let results = ended?.map_err(|wrong| match wrong {
        BenchmarkError::Interrupted => PyKeyboardInterrupt::new_err(()),
        BenchmarkError::Run { problem, label: _, error } => {
            let start = problems.iter().find(|p| p.name == problem).map(|p| p.start.as_slice());
            match tree_of(py, start.unwrap_or_default()) {
                Ok(tree) => outcome_error(py, *error, &tree),
                Err(wrong) => wrong,
            }
        }
        wrong => benchmark_error(py, wrong),
    })?;
    let list = PyList::empty(py);
    for (p, problem) in problems.iter().enumerate() {
        for l in 0..results.labels().len() {
            let run = results.at(p, l);
            let item = columns(py, &run.evaluations, problem.n_params())?;
            item.set_item("failure", run.failure.as_deref())?;
            if let Some(result) = &run.result {
                let tree = tree_of(py, &problem.start)?;
                let raw = RawResult::new(py, result.clone(), &tree, None)?;
                item.set_item("raw", Py::new(py, raw)?)?;
                item.set_item("tree", Py::new(py, tree)?)?;
            }
            list.append(item)?;
        }
    }
    Ok(list)
}

/// The problem with the start and the solution that the user's dict has now.
fn native(
    (name, function, start, start_value, value, params): Problem<'_>,
) -> PyResult<BenchmarkProblem> {
    let problem = BenchmarkProblem::clone(function.get().problem());
    let params = params.map(|params| to_vec(&params)).transpose()?;
    let solution = Solution { params, value };
    Ok(BenchmarkProblem { name, start: to_vec(&start)?, start_value, solution, ..problem })
}

fn entrant((label, name, options): &Contestant<'_>) -> PyResult<Entrant> {
    let mut entrant = Entrant::labelled(label, name.as_str());
    for (name, value) in option_values(options, &Flag::default())? {
        entrant = entrant.option(&name, value);
    }
    Ok(entrant)
}

/// Tell Python how many runs are done; an exception there ends everything, as Ctrl-C does.
fn tell(progress: Option<&Py<PyAny>>, flag: &AtomicBool, done: usize, all: usize) {
    let Some(progress) = progress else { return };
    Python::attach(|py| {
        if let Err(error) = progress.bind(py).call1((done, all)) {
            error.write_unraisable(py, None);
            flag.store(true, std::sync::atomic::Ordering::Relaxed);
        }
    });
}

fn tree_of(py: Python<'_>, start: &[f64]) -> PyResult<Tree> {
    Tree::compile(vector(py, start).as_any(), Kind::Params, "params")
}

pub(super) fn columns<'py>(
    py: Python<'py>,
    evaluations: &Evaluations,
    n: usize,
) -> PyResult<Bound<'py, PyDict>> {
    let columns = PyDict::new(py);
    let params = vector(py, &evaluations.params).reshape([evaluations.len(), n])?;
    columns.set_item("params", params)?;
    columns.set_item("criterion", vector(py, &evaluations.criterion))?;
    columns.set_item("seconds", vector(py, &evaluations.seconds))?;
    let batches = evaluations.batches.iter().map(|&batch| i64::try_from(batch).unwrap_or(i64::MAX));
    columns.set_item("batches", PyArray1::from_vec(py, batches.collect()))?;
    Ok(columns)
}
