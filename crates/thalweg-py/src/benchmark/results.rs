//! Reports and figures of benchmark results, however they were made.

use pyo3::prelude::*;
use pyo3::types::{PyDict, PyList};
use thalweg::view::Palette;
use thalweg::view::figures::{
    ConvergenceOptions, DeviationOptions, DistanceMeasure, ProfileOptions, RuntimeMeasure,
};
use thalweg_bench::results::{Evaluations, Results, Run, Solved, Table, Target};

use crate::benchmark::benchmark_error;
use crate::errors::{Kind, error};
use crate::numeric::{number, to_f64_array, to_vec, vector};

/// A problem: name, start, value there, value and params of the solution.
type Goal<'py> = (String, Bound<'py, PyAny>, f64, f64, Option<Bound<'py, PyAny>>);
/// A run: problem, algorithm, params, criterion, seconds, batches, error.
type Columns<'py> = (
    String,
    String,
    Bound<'py, PyAny>,
    Bound<'py, PyAny>,
    Bound<'py, PyAny>,
    Bound<'py, PyAny>,
    Option<String>,
);
/// Stopping criterion, x precision, y precision.
type Precision<'py> = (String, Bound<'py, PyAny>, Bound<'py, PyAny>);

/// Runs of several algorithms on several problems.
#[pyclass(frozen, module = "thalweg._thalweg")]
pub(crate) struct BenchmarkResults {
    results: Results,
}

#[pymethods]
impl BenchmarkResults {
    #[new]
    fn new<'py>(
        py: Python<'py>,
        problems: Vec<Goal<'py>>,
        runs: Vec<Columns<'py>>,
    ) -> PyResult<Self> {
        let targets = problems.into_iter().map(target).collect::<PyResult<_>>()?;
        let runs = runs.into_iter().map(run).collect::<PyResult<Vec<_>>>()?;
        let results = Results::new(targets, runs).map_err(|wrong| benchmark_error(py, wrong))?;
        Ok(BenchmarkResults { results })
    }

    /// Only some problems and algorithms.
    #[pyo3(signature = (problems=None, algorithms=None))]
    fn select(
        &self,
        py: Python<'_>,
        problems: Option<Vec<String>>,
        algorithms: Option<Vec<String>>,
    ) -> PyResult<Self> {
        let selected = self.results.select(problems.as_deref(), algorithms.as_deref());
        Ok(BenchmarkResults { results: selected.map_err(|wrong| benchmark_error(py, wrong))? })
    }

    fn convergence_report<'py>(
        &self,
        py: Python<'py>,
        precision: Precision<'py>,
    ) -> PyResult<Bound<'py, PyDict>> {
        let table = self.results.convergence_report(&solved(py, &precision)?);
        table_to_python(py, &table.map_err(|wrong| benchmark_error(py, wrong))?)
    }

    fn rank_report<'py>(
        &self,
        py: Python<'py>,
        runtime_measure: &str,
        precision: Precision<'py>,
    ) -> PyResult<Bound<'py, PyDict>> {
        let table =
            self.results.rank_report(measure(py, runtime_measure)?, &solved(py, &precision)?);
        table_to_python(py, &table.map_err(|wrong| benchmark_error(py, wrong))?)
    }

    fn traceback_report<'py>(&self, py: Python<'py>) -> PyResult<Bound<'py, PyDict>> {
        table_to_python(py, &self.results.traceback_report())
    }

    /// One row per evaluation: the columns problem and algorithm (names) and those with numbers.
    fn tidy<'py>(
        &self,
        py: Python<'py>,
        precision: Precision<'py>,
    ) -> PyResult<Bound<'py, PyDict>> {
        let tidy = self.results.tidy(&solved(py, &precision)?);
        let tidy = tidy.map_err(|wrong| benchmark_error(py, wrong))?;
        let columns = PyDict::new(py);
        let names: Vec<&str> = self.results.targets().iter().map(|t| t.name.as_str()).collect();
        let problems = tidy.problem.iter().map(|&p| names[p]);
        columns.set_item("problem", PyList::new(py, problems.collect::<Vec<_>>())?)?;
        let algorithms = tidy.algorithm.iter().map(|&l| self.results.labels()[l].as_str());
        columns.set_item("algorithm", PyList::new(py, algorithms.collect::<Vec<_>>())?)?;
        for (name, column) in &tidy.columns {
            columns.set_item(name, vector(py, column))?;
        }
        Ok(columns)
    }

    /// The figure of `profile_plot` as JSON.
    #[pyo3(signature = (precision, runtime_measure, normalize_runtime, palette=None, log_x=false))]
    fn profile_figure<'py>(
        &self,
        py: Python<'py>,
        precision: Precision<'py>,
        runtime_measure: &str,
        normalize_runtime: bool,
        palette: Option<Vec<String>>,
        log_x: bool,
    ) -> PyResult<String> {
        let options = ProfileOptions {
            runtime_measure: measure(py, runtime_measure)?,
            normalize_runtime,
            log_x,
            palette: colors(py, palette)?,
            ..ProfileOptions::default()
        };
        let figure = self.results.profile_figure(&options, &solved(py, &precision)?);
        Ok(figure.map_err(|wrong| benchmark_error(py, wrong))?.to_json())
    }

    /// The figure of `convergence_plot` as JSON; with `alone`, one for each problem, with its title.
    #[pyo3(signature = (precision, runtime_measure, distance_measure, monotone, normalize_distance, n_cols, alone,
        palette=None, log_y=false))]
    #[allow(clippy::too_many_arguments)] // keyword arguments of Python
    fn convergence_figures<'py>(
        &self,
        py: Python<'py>,
        precision: Option<Precision<'py>>,
        runtime_measure: &str,
        distance_measure: &str,
        monotone: bool,
        normalize_distance: bool,
        n_cols: usize,
        alone: bool,
        palette: Option<Vec<String>>,
        log_y: bool,
    ) -> PyResult<Vec<(String, String)>> {
        let options = ConvergenceOptions {
            runtime_measure: measure(py, runtime_measure)?,
            distance_measure: distance(py, distance_measure)?,
            monotone,
            normalize_distance,
            n_cols,
            log_y,
            palette: colors(py, palette)?,
            ..ConvergenceOptions::default()
        };
        let solved = precision.map(|precision| solved(py, &precision)).transpose()?;
        let figures = if alone {
            self.results.convergence_figures(&options, solved.as_ref())
        } else {
            let figure = self.results.convergence_figure(&options, solved.as_ref());
            figure.map(|figure| vec![(String::new(), figure)])
        };
        let figures = figures.map_err(|wrong| benchmark_error(py, wrong))?;
        Ok(figures.into_iter().map(|(title, figure)| (title, figure.to_json())).collect())
    }

    /// The figure of `deviation_plot` as JSON.
    #[pyo3(signature = (runtime_measure, distance_measure, monotone, palette=None))]
    fn deviation_figure(
        &self,
        py: Python<'_>,
        runtime_measure: &str,
        distance_measure: &str,
        monotone: bool,
        palette: Option<Vec<String>>,
    ) -> PyResult<String> {
        let options = DeviationOptions {
            runtime_measure: measure(py, runtime_measure)?,
            distance_measure: distance(py, distance_measure)?,
            monotone,
            palette: colors(py, palette)?,
            ..DeviationOptions::default()
        };
        let figure = self.results.deviation_figure(&options);
        Ok(figure.map_err(|wrong| benchmark_error(py, wrong))?.to_json())
    }
}

fn target((name, start, start_value, optimum, solution): Goal<'_>) -> PyResult<Target> {
    let solution = solution.map(|solution| to_vec(&solution)).transpose()?;
    Ok(Target { name, start: to_vec(&start)?, start_value, optimum, solution })
}

fn run(columns: Columns<'_>) -> PyResult<(String, String, Run)> {
    let (problem, label, params, criterion, seconds, batches, failure) = columns;
    let batches = to_vec(&batches)?.into_iter().map(|batch| batch as u64).collect();
    let params = numpy::PyArrayMethods::to_vec(&to_f64_array(&params)?)?;
    let (criterion, seconds) = (to_vec(&criterion)?, to_vec(&seconds)?);
    let evaluations = Evaluations { params, criterion, seconds, batches };
    Ok((problem, label, Run { evaluations, result: None, failure }))
}

fn solved(py: Python<'_>, (criterion, x, y): &Precision<'_>) -> PyResult<Solved> {
    let precision = |name: &str, value: &Bound<'_, PyAny>| {
        number(value).map_err(|_| {
            let text = format!(
                "{name} is {}, but has to be a positive number, for example 1e-4.",
                value.repr().map_or_else(|_| "no number".into(), |repr| repr.to_string())
            );
            error(py, Kind::Argument, text)
        })
    };
    let criterion = criterion.parse().map_err(|wrong| benchmark_error(py, wrong))?;
    Ok(Solved {
        criterion,
        x_precision: precision("x_precision", x)?,
        y_precision: precision("y_precision", y)?,
    })
}

fn measure(py: Python<'_>, word: &str) -> PyResult<RuntimeMeasure> {
    word.parse()
        .map_err(|wrong: thalweg::view::FigureError| error(py, Kind::Argument, wrong.to_string()))
}

fn distance(py: Python<'_>, word: &str) -> PyResult<DistanceMeasure> {
    word.parse()
        .map_err(|wrong: thalweg::view::FigureError| error(py, Kind::Argument, wrong.to_string()))
}

fn colors(py: Python<'_>, palette: Option<Vec<String>>) -> PyResult<Palette> {
    let Some(colors) = palette else { return Ok(Palette::d3()) };
    Palette::new(colors).map_err(|wrong| error(py, Kind::Argument, wrong.to_string()))
}

/// The columns of a table as lists.
fn table_to_python<'py>(py: Python<'py>, table: &Table) -> PyResult<Bound<'py, PyDict>> {
    let columns = PyDict::new(py);
    for (i, name) in table.columns.iter().enumerate() {
        let cells: Vec<&str> = table.rows.iter().map(|row| row[i].as_str()).collect();
        columns.set_item(name, PyList::new(py, cells)?)?;
    }
    Ok(columns)
}
