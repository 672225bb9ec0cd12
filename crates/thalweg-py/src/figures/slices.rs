//! Figures of slices: the points that they need, and the pictures of the values there.

use numpy::{PyArray1, PyArray2, PyArrayMethods};
use pyo3::prelude::*;
use thalweg::view::figures::{
    Projection, Slice3dOptions, SliceOptions, SliceSpace, slice_3d_figure as slice_3d,
    slice_3d_figures as slices_3d, slice_3d_points, slice_figure as slice, slice_figures as slices,
    slice_points as points,
};

use super::{json, value_error};
use crate::numeric::to_vec;

/// "univariate", "contour" or "surface", or what is drawn below and above the diagonal.
#[derive(FromPyObject)]
pub(crate) enum ProjectionArgument {
    Word(String),
    Triangles(Option<String>, Option<String>),
}

impl ProjectionArgument {
    fn parse(projection: Option<ProjectionArgument>) -> PyResult<Projection> {
        let parsed = match projection {
            None => Ok(Projection::Univariate),
            Some(ProjectionArgument::Word(word)) => word.parse(),
            Some(ProjectionArgument::Triangles(lower, upper)) => {
                let kind = |word: Option<String>| word.map(|word| word.parse()).transpose();
                kind(lower).and_then(|lower| Ok(Projection::Pairs { lower, upper: kind(upper)? }))
            }
        };
        parsed.map_err(value_error)
    }
}

fn space(
    start: &Bound<'_, PyAny>,
    bounds: [Option<&Bound<'_, PyAny>>; 2],
    positions: Vec<usize>,
    n_gridpoints: usize,
    names: Option<Vec<String>>,
) -> PyResult<SliceSpace> {
    let [lower, upper] = bounds.map(|side| side.map(to_vec).transpose());
    let names = names.unwrap_or_else(|| positions.iter().map(usize::to_string).collect());
    let (start, lower, upper) = (to_vec(start)?, lower?, upper?);
    Ok(SliceSpace { start, lower, upper, positions, names, n_gridpoints })
}

/// The points at which `slice_figure` (without `projection`) or `slice_3d_figure` needs values, one per row.
#[pyfunction]
#[pyo3(signature = (start, lower, upper, positions, n_gridpoints=20, *, projection=None, names=None))]
#[allow(clippy::too_many_arguments)] // arguments of Python
pub(crate) fn slice_points<'py>(
    start: &Bound<'py, PyAny>,
    lower: Option<&Bound<'py, PyAny>>,
    upper: Option<&Bound<'py, PyAny>>,
    positions: Vec<usize>,
    n_gridpoints: usize,
    projection: Option<ProjectionArgument>,
    names: Option<Vec<String>>,
) -> PyResult<Bound<'py, PyArray2<f64>>> {
    let space = space(start, [lower, upper], positions, n_gridpoints, names)?;
    let flat = match projection {
        None => points(&space),
        projection => slice_3d_points(&space, ProjectionArgument::parse(projection)?),
    };
    let flat = flat.map_err(value_error)?;
    let (n, dim) = (flat.len() / space.start.len().max(1), space.start.len());
    PyArray1::from_vec(start.py(), flat).reshape([n, dim])
}

/// What both functions for slices are given.
struct Slices {
    space: SliceSpace,
    values: Vec<f64>,
    options: SliceOptions,
}

/// What both functions for pairs are given.
struct Slices3d {
    space: SliceSpace,
    values: Vec<f64>,
    options: Slice3dOptions,
}

/// The arguments of the figures of slices, once.
macro_rules! slice_function {
    ($(#[$doc:meta])* $name:ident -> $output:ty, $make:expr) => {
        $(#[$doc])*
        #[pyfunction]
        #[pyo3(signature = (start, lower, upper, positions, n_gridpoints, values, *, names=None, plots_per_row=2,
            share_x=false, share_y=true, expand_yrange=0.02, color=None, title=None))]
        #[allow(clippy::too_many_arguments)] // arguments of Python
        pub(crate) fn $name(
            start: &Bound<'_, PyAny>,
            lower: Option<&Bound<'_, PyAny>>,
            upper: Option<&Bound<'_, PyAny>>,
            positions: Vec<usize>,
            n_gridpoints: usize,
            values: &Bound<'_, PyAny>,
            names: Option<Vec<String>>,
            plots_per_row: usize,
            share_x: bool,
            share_y: bool,
            expand_yrange: f64,
            color: Option<String>,
            title: Option<String>,
        ) -> PyResult<$output> {
            let space = space(start, [lower, upper], positions, n_gridpoints, names)?;
            let color = color.unwrap_or_else(|| SliceOptions::default().color);
            let options =
                SliceOptions { plots_per_row, share_x, share_y, expand_yrange, color, title };
            ($make)(Slices { space, values: to_vec(values)?, options })
        }
    };
}

/// The arguments of the figures of pairs, once.
macro_rules! slice_3d_function {
    ($(#[$doc:meta])* $name:ident -> $output:ty, $make:expr) => {
        $(#[$doc])*
        #[pyfunction]
        #[pyo3(signature = (start, lower, upper, positions, n_gridpoints, values, *, names=None, projection=None,
            expand_yrange=0.02, color=None, title=None))]
        #[allow(clippy::too_many_arguments)] // arguments of Python
        pub(crate) fn $name(
            start: &Bound<'_, PyAny>,
            lower: Option<&Bound<'_, PyAny>>,
            upper: Option<&Bound<'_, PyAny>>,
            positions: Vec<usize>,
            n_gridpoints: usize,
            values: &Bound<'_, PyAny>,
            names: Option<Vec<String>>,
            projection: Option<ProjectionArgument>,
            expand_yrange: f64,
            color: Option<String>,
            title: Option<String>,
        ) -> PyResult<$output> {
            let space = space(start, [lower, upper], positions, n_gridpoints, names)?;
            let color = color.unwrap_or_else(|| Slice3dOptions::default().color);
            let projection = ProjectionArgument::parse(projection)?;
            let options = Slice3dOptions { projection, expand_yrange, color, title };
            ($make)(Slices3d { space, values: to_vec(values)?, options })
        }
    };
}

slice_function!(
    /// The criterion along each selected parameter, in a grid.
    slice_figure -> String,
    |given: Slices| json(slice(&given.space, &given.values, &given.options))
);
slice_function!(
    /// The panels of `slice_figure`, each as a figure of its own.
    slice_figures -> Vec<String>,
    |given: Slices| {
        let figures = slices(&given.space, &given.values, &given.options).map_err(value_error)?;
        Ok(figures.iter().map(|figure| figure.to_json()).collect())
    }
);
slice_3d_function!(
    /// Slices, or contours or surfaces over pairs, in a grid.
    slice_3d_figure -> String,
    |given: Slices3d| json(slice_3d(&given.space, &given.values, &given.options))
);
slice_3d_function!(
    /// The panels of `slice_3d_figure`, each as a figure of its own, with its row and column.
    slice_3d_figures -> Vec<((usize, usize), String)>,
    |given: Slices3d| {
        let figures = slices_3d(&given.space, &given.values, &given.options).map_err(value_error)?;
        Ok(figures.iter().map(|(place, figure)| (*place, figure.to_json())).collect())
    }
);
