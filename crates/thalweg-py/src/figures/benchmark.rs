//! Figures of benchmark runs.

use pyo3::prelude::*;
use thalweg::view::figures::{
    ConvergenceLine, ConvergenceOptions, ConvergencePanel, DeviationOptions, Deviations,
    DistanceMeasure, ProfileOptions, RuntimeMeasure, SolutionTimes,
    convergence_figure as convergence, convergence_figures as convergences,
    deviation_figure as deviation, profile_figure as profile,
};

use super::{Colors, Columns, check_length, json, value_error, vectors};
use crate::numeric::to_vec;

fn runtime(word: &str) -> PyResult<RuntimeMeasure> {
    word.parse().map_err(value_error)
}

fn distance(word: &str) -> PyResult<DistanceMeasure> {
    word.parse().map_err(value_error)
}

/// The share of problems that algorithms solve within a budget: for each its name and its efforts for all problems (inf: never
/// solved).
#[pyfunction]
#[pyo3(signature = (names, solution_times, *, runtime_measure="n_evaluations", normalize_runtime=false, palette=None,
    dashes=true, log_x=false, title=None))]
#[allow(clippy::too_many_arguments)] // keyword arguments of Python
pub(crate) fn profile_figure(
    names: Vec<String>,
    solution_times: Columns<'_>,
    runtime_measure: &str,
    normalize_runtime: bool,
    palette: Option<Colors>,
    dashes: bool,
    log_x: bool,
    title: Option<String>,
) -> PyResult<String> {
    check_length("solution_times", solution_times.len(), names.len())?;
    let times = names.into_iter().zip(vectors(&solution_times)?);
    let algorithms: Vec<SolutionTimes> =
        times.map(|(name, times)| SolutionTimes { name, times }).collect();
    let runtime_measure = runtime(runtime_measure)?;
    let palette = Colors::palette(palette)?;
    let options =
        ProfileOptions { runtime_measure, normalize_runtime, palette, dashes, log_x, title };
    json(profile(&algorithms, &options))
}

/// A problem's name, its algorithms' names, their efforts and distances, and the criterion at the solution.
type PanelArgument<'py> = (String, Vec<String>, Columns<'py>, Columns<'py>, Option<f64>);

fn panels(panels: Vec<PanelArgument<'_>>) -> PyResult<Vec<ConvergencePanel>> {
    let panel = |(problem, names, xs, ys, true_solution): PanelArgument<'_>| {
        check_length("columns of effort", xs.len(), names.len())?;
        check_length("columns of distances", ys.len(), names.len())?;
        let columns = xs.iter().zip(&ys).zip(names);
        let lines = columns
            .map(|((x, y), name)| Ok(ConvergenceLine { name, x: to_vec(x)?, y: to_vec(y)? }))
            .collect::<PyResult<_>>()?;
        Ok(ConvergencePanel { problem, lines, true_solution })
    };
    panels.into_iter().map(panel).collect()
}

/// The arguments of both figures of convergence, once.
macro_rules! convergence_function {
    ($(#[$doc:meta])* $name:ident -> $output:ty, $make:expr) => {
        $(#[$doc])*
        #[pyfunction]
        #[pyo3(signature = (panels, *, distance_measure="criterion", monotone=true, normalize_distance=true,
            runtime_measure="n_evaluations", n_cols=2, log_y=false, palette=None, dashes=true, title=None))]
        #[allow(clippy::too_many_arguments)] // keyword arguments of Python
        pub(crate) fn $name(
            panels: Vec<PanelArgument<'_>>,
            distance_measure: &str,
            monotone: bool,
            normalize_distance: bool,
            runtime_measure: &str,
            n_cols: usize,
            log_y: bool,
            palette: Option<Colors>,
            dashes: bool,
            title: Option<String>,
        ) -> PyResult<$output> {
            let options = ConvergenceOptions {
                n_cols,
                distance_measure: distance(distance_measure)?,
                monotone,
                normalize_distance,
                runtime_measure: runtime(runtime_measure)?,
                log_y,
                palette: Colors::palette(palette)?,
                dashes,
                title,
            };
            ($make)(self::panels(panels)?, options)
        }
    };
}

convergence_function!(
    /// How algorithms approach the solutions of problems: a panel for each problem.
    convergence_figure -> String,
    |panels: Vec<ConvergencePanel>, options: ConvergenceOptions| json(convergence(&panels, &options))
);
convergence_function!(
    /// The panels of `convergence_figure`, each as a figure of its own under its title in small letters.
    convergence_figures -> Vec<(String, String)>,
    |panels: Vec<ConvergencePanel>, options: ConvergenceOptions| {
        let figures = convergences(&panels, &options).map_err(value_error)?;
        Ok(figures.into_iter().map(|(title, figure)| (title, figure.to_json())).collect())
    }
);

/// The average deviation of algorithms from the solutions: for each its name, and a column over evaluations for every problem.
#[pyfunction]
#[pyo3(signature = (names, deviations, *, runtime_measure="n_evaluations", distance_measure="criterion", monotone=true,
    palette=None, dashes=true, title=None))]
#[allow(clippy::too_many_arguments)] // keyword arguments of Python
pub(crate) fn deviation_figure(
    names: Vec<String>,
    deviations: Vec<Columns<'_>>,
    runtime_measure: &str,
    distance_measure: &str,
    monotone: bool,
    palette: Option<Colors>,
    dashes: bool,
    title: Option<String>,
) -> PyResult<String> {
    check_length("deviations", deviations.len(), names.len())?;
    let algorithms = names
        .into_iter()
        .zip(&deviations)
        .map(|(name, problems)| Ok(Deviations { name, problems: vectors(problems)? }))
        .collect::<PyResult<Vec<_>>>()?;
    let options = DeviationOptions {
        distance_measure: distance(distance_measure)?,
        monotone,
        runtime_measure: runtime(runtime_measure)?,
        palette: Colors::palette(palette)?,
        dashes,
        title,
    };
    json(deviation(&algorithms, &options))
}
