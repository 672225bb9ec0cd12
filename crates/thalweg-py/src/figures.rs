//! Figures for Python: columns in, the figure as JSON out.

mod benchmark;
mod render;
mod runs;
mod slices;

pub(crate) use benchmark::{
    convergence_figure, convergence_figures, deviation_figure, profile_figure,
};
pub(crate) use render::{render_html, render_plotly, render_svg};
pub(crate) use runs::{criterion_figure, params_figure};
pub(crate) use slices::{
    slice_3d_figure, slice_3d_figures, slice_figure, slice_figures, slice_points,
};

use pyo3::exceptions::PyValueError;
use pyo3::prelude::*;
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
    columns.iter().map(to_vec).collect()
}

/// That two arguments are about the same number of things.
fn check_length(what: &str, length: usize, names: usize) -> PyResult<()> {
    if length == names {
        return Ok(());
    }
    Err(PyValueError::new_err(format!("there are {names} names, but {length} {what}")))
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
