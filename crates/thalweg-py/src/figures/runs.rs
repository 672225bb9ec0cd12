//! Figures of runs: the criterion and the parameters over evaluations.

use pyo3::prelude::*;
use thalweg::view::figures::{
    CriterionOptions, CriterionRun, ParamsOptions, criterion_figure as criterion,
    params_figure as params,
};

use super::{Colors, Columns, check_length, json, vectors};
use crate::numeric::to_vec;

/// The criterion over the evaluations of runs: for each its name, its values (NaN: none; those of the best local run in a search from
/// many starts), whether it maximizes, and for such a search the values of all local runs and of the exploration.
#[pyfunction]
#[pyo3(signature = (names, values, maximize, local_values=None, exploration=None, *, monotone=false, max_evaluations=None,
    stack_multistart=false, show_exploration=false, palette=None, dashes=true, log_scale=false, title=None))]
#[allow(clippy::too_many_arguments)] // keyword arguments of Python
pub(crate) fn criterion_figure(
    names: Vec<String>,
    values: Columns<'_>,
    maximize: Vec<bool>,
    local_values: Option<Vec<Columns<'_>>>,
    exploration: Option<Columns<'_>>,
    monotone: bool,
    max_evaluations: Option<usize>,
    stack_multistart: bool,
    show_exploration: bool,
    palette: Option<Colors>,
    dashes: bool,
    log_scale: bool,
    title: Option<String>,
) -> PyResult<String> {
    let n = names.len();
    check_length("values", values.len(), n)?;
    check_length("maximize", maximize.len(), n)?;
    check_length("local_values", local_values.as_ref().map_or(n, Vec::len), n)?;
    check_length("exploration", exploration.as_ref().map_or(n, Vec::len), n)?;
    let runs = names.into_iter().enumerate().map(|(i, name)| {
        Ok(CriterionRun {
            name,
            values: to_vec(&values[i])?,
            maximize: maximize[i],
            local_values: local_values.as_ref().map_or(Ok(Vec::new()), |of| vectors(&of[i]))?,
            exploration: exploration.as_ref().map_or(Ok(Vec::new()), |of| to_vec(&of[i]))?,
        })
    });
    let runs: Vec<CriterionRun> = runs.collect::<PyResult<_>>()?;
    let palette = Colors::palette(palette)?;
    let options = CriterionOptions {
        monotone,
        max_evaluations,
        stack_multistart,
        show_exploration,
        palette,
        dashes,
        log_scale,
        title,
    };
    json(criterion(&runs, &options))
}

/// Parameters over the evaluations of a run: a name and a column for each.
#[pyfunction]
#[pyo3(signature = (names, columns, *, max_evaluations=None, palette=None, dashes=true, title=None))]
pub(crate) fn params_figure(
    names: Vec<String>,
    columns: Columns<'_>,
    max_evaluations: Option<usize>,
    palette: Option<Colors>,
    dashes: bool,
    title: Option<String>,
) -> PyResult<String> {
    let palette = Colors::palette(palette)?;
    let options = ParamsOptions { max_evaluations, palette, dashes, title };
    json(params(&names, &vectors(&columns)?, &options))
}
