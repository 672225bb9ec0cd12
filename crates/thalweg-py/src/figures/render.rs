//! Figures as text that a browser understands.

use pyo3::prelude::*;
use thalweg::view::{Figure, render};

use super::value_error;

fn read(figure: &str) -> PyResult<Figure> {
    figure.parse().map_err(value_error)
}

/// A figure, given as JSON, as SVG.
#[pyfunction]
pub(crate) fn render_svg(figure: &str) -> PyResult<String> {
    Ok(render::to_svg(&read(figure)?))
}

/// A figure, given as JSON, as a page that needs no network.
#[pyfunction]
pub(crate) fn render_html(figure: &str) -> PyResult<String> {
    Ok(render::to_html(&read(figure)?))
}

/// A figure, given as JSON, as plotly's JSON.
#[pyfunction]
pub(crate) fn render_plotly(figure: &str) -> PyResult<String> {
    Ok(render::to_plotly(&read(figure)?).to_string())
}
