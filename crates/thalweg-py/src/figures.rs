//! Figures for Python: columns in, the figure as JSON out.

use pyo3::exceptions::PyValueError;
use pyo3::prelude::*;
use thalweg::view::figures::{
    CriterionOptions, CriterionRun, ParamsOptions, criterion_figure as criterion,
    params_figure as params,
};
use thalweg::view::{Figure, FigureError, Palette};

use crate::numeric::to_vec;

type Columns<'py> = Vec<Bound<'py, PyAny>>;

fn value_error(error: FigureError) -> PyErr {
    PyValueError::new_err(error.to_string())
}

fn json(figure: Result<Figure, FigureError>) -> PyResult<String> {
    figure.map(|figure| figure.to_json()).map_err(value_error)
}

fn vectors(columns: &Columns<'_>) -> PyResult<Vec<Vec<f64>>> {
    columns.iter().map(|column| to_vec(column)).collect()
}

/// A list of colours, or the name of a palette, or one colour.
#[derive(FromPyObject)]
pub(crate) enum Colors {
    Name(String),
    List(Vec<String>),
}

impl Colors {
    fn palette(colors: Option<Colors>) -> PyResult<Palette> {
        match colors {
            None => Ok(Palette::default()),
            Some(Colors::List(colors)) => Palette::new(colors).map_err(value_error),
            Some(Colors::Name(name)) => {
                Palette::named(&name).map_or_else(|| Palette::new([name]), Ok).map_err(value_error)
            }
        }
    }
}

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
    let lengths = [values.len(), maximize.len()];
    let further = [local_values.as_ref().map(Vec::len), exploration.as_ref().map(Vec::len)];
    if lengths.iter().chain(further.iter().flatten()).any(|&length| length != n) {
        return Err(PyValueError::new_err("the arguments are of different numbers of results"));
    }
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
