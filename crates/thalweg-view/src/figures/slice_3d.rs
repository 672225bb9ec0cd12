//! The criterion along one parameter, or over pairs of them as contours or surfaces.
//!
//! With more than two parameters, pairs are drawn in a square grid of panels: slices on the diagonal, and below and above it what is
//! asked for. The panel in row r and column c has parameter c to the right and parameter r upwards.

use std::str::FromStr;

use crate::error::FigureError;
use crate::figure::{Axis, Figure, Panel, PanelKind};
use crate::figures::grids::{Heights, Needs, SliceSpace, points};
use crate::figures::slice::{MARKER, slice_panel};
use crate::palette::Palette;
use crate::trace::{Contour, Markers, Markers3d, Surface, Trace};

/// The size of a panel of a grid, and of a single one.
const CELL: u32 = 300;
const SINGLE: u32 = 450;
const COLORSCALE: &str = "Aggrnyl";
const START_COLOR: &str = "#D62728";

/// How pairs of parameters are drawn.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum PairKind {
    /// Lines of equal height.
    Contour,
    /// A surface in space.
    Surface,
}

/// What is drawn of the selected parameters.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Projection {
    /// One parameter at a time.
    #[default]
    Univariate,
    /// Pairs of parameters, below and above the diagonal of the grid of panels.
    Pairs {
        /// Below the diagonal.
        lower: Option<PairKind>,
        /// Above the diagonal.
        upper: Option<PairKind>,
    },
}

impl Projection {
    /// Contours below the diagonal.
    pub const CONTOUR: Projection =
        Projection::Pairs { lower: Some(PairKind::Contour), upper: None };
    /// Surfaces below the diagonal.
    pub const SURFACE: Projection =
        Projection::Pairs { lower: Some(PairKind::Surface), upper: None };
}

impl FromStr for PairKind {
    type Err = FigureError;

    fn from_str(word: &str) -> Result<Self, FigureError> {
        match word {
            "contour" => Ok(PairKind::Contour),
            "surface" => Ok(PairKind::Surface),
            _ => Err(FigureError::invalid(format!(
                "projection of a triangle is \"{word}\". It has to be \"contour\", \"surface\" or none."
            ))),
        }
    }
}

impl FromStr for Projection {
    type Err = FigureError;

    /// "univariate", "contour" or "surface".
    fn from_str(word: &str) -> Result<Self, FigureError> {
        match word {
            "univariate" => Ok(Projection::Univariate),
            "contour" => Ok(Projection::CONTOUR),
            "surface" => Ok(Projection::SURFACE),
            _ => Err(FigureError::invalid(format!(
                "projection is \"{word}\". It has to be \"univariate\", \"contour\" or \"surface\", or \
                 one of the last two for each of the lower and upper triangle."
            ))),
        }
    }
}

/// How slices and pairs are drawn.
#[derive(Clone, Debug, PartialEq)]
pub struct Slice3dOptions {
    /// What is drawn.
    pub projection: Projection,
    /// How far the vertical axis of slices goes beyond the values, as a share of their range.
    pub expand_yrange: f64,
    /// The colour of lines of slices.
    pub color: String,
    /// Above the figure.
    pub title: Option<String>,
}

impl Default for Slice3dOptions {
    fn default() -> Self {
        Slice3dOptions {
            projection: Projection::Univariate,
            expand_yrange: 0.02,
            color: Palette::default().color(0).into(),
            title: None,
        }
    }
}

fn needs(space: &SliceSpace, projection: Projection) -> Result<Needs, FigureError> {
    space.check()?;
    let Projection::Pairs { lower, upper } = projection else {
        return Ok(Needs { slices: true, pairs: false });
    };
    let n = space.len();
    if n < 2 {
        return Err(FigureError::invalid(format!(
            "projection \"contour\" or \"surface\" needs at least two parameters, and {n} is selected. \
             Select more, or use \"univariate\"."
        )));
    }
    Ok(Needs { slices: n > 2, pairs: lower.is_some() || upper.is_some() || n == 2 })
}

/// The points at which [`slice_3d_figure`] needs the criterion, one after the other.
///
/// # Errors
/// Nothing is selected, a bound of a selected parameter is missing, or a single parameter has no pair.
pub fn slice_3d_points(
    space: &SliceSpace,
    projection: Projection,
) -> Result<Vec<f64>, FigureError> {
    Ok(points(space, needs(space, projection)?))
}

/// Slices or pairs in a grid of panels. `values` are those at [`slice_3d_points`]; what is not finite is a gap.
///
/// # Errors
/// As [`slice_3d_points`], or there are not as many values as points.
pub fn slice_3d_figure(
    space: &SliceSpace,
    values: &[f64],
    options: &Slice3dOptions,
) -> Result<Figure, FigureError> {
    let panels = panels(space, values, options)?;
    let n = space.len();
    let is_grid = n > 2 && options.projection != Projection::Univariate;
    let (rows, cols) = match options.projection {
        Projection::Univariate => (n.div_ceil(2), n.min(2)),
        _ if is_grid => (n, n),
        _ => (1, 1),
    };
    let cell = if panels.len() == 1 { SINGLE } else { CELL };
    let mut figure = Figure::grid([cell * cols as u32, cell * rows as u32], rows, cols, Vec::new());
    figure.title = options.title.clone();
    if is_grid {
        figure.row_titles = space.names.clone();
        figure.col_titles = space.names.clone();
    }
    let place = |mut panel: Panel| {
        if is_grid && panel.kind == PanelKind::Xy {
            // The titles of rows and columns say it once; in space, it has to be seen which axis is which.
            panel.x.label.clear();
            panel.y.label.clear();
        }
        panel
    };
    figure.panels = panels.into_iter().map(place).collect();
    Ok(figure)
}

/// A figure with the row and the column where it stands in a grid.
pub type PlacedFigure = ((usize, usize), Figure);

/// The panels of [`slice_3d_figure`], each as a figure of its own, with its row and column.
///
/// # Errors
/// As [`slice_3d_figure`].
pub fn slice_3d_figures(
    space: &SliceSpace,
    values: &[f64],
    options: &Slice3dOptions,
) -> Result<Vec<PlacedFigure>, FigureError> {
    let alone = |panel: Panel| {
        let place = (panel.row, panel.col);
        let figure = Figure::grid([SINGLE; 2], 1, 1, vec![Panel { row: 0, col: 0, ..panel }]);
        (place, Figure { title: options.title.clone(), ..figure })
    };
    Ok(panels(space, values, options)?.into_iter().map(alone).collect())
}

fn panels(
    space: &SliceSpace,
    values: &[f64],
    options: &Slice3dOptions,
) -> Result<Vec<Panel>, FigureError> {
    let n = space.len();
    let heights = Heights::sort(space, needs(space, options.projection)?, values)?;
    let range = heights.range(options.expand_yrange);
    let slice = |which| slice_panel(space, &heights, which, &options.color, range);
    let Projection::Pairs { lower, upper } = options.projection else {
        let place = |i: usize| Panel { row: i / 2, col: i % 2, ..slice(i) };
        return Ok((0..n).map(place).collect());
    };
    if n == 2 {
        let kind = lower.or(upper).unwrap_or(PairKind::Contour);
        let mut panel = pair_panel(space, &heights, (1, 0), kind);
        for trace in &mut panel.traces {
            if let Trace::Contour(contour) = trace {
                // Alone, there is nothing else that tells heights.
                contour.show_scale = true;
            }
        }
        return Ok(vec![Panel { row: 0, col: 0, ..panel }]);
    }
    let mut panels = Vec::new();
    for (row, col) in (0..n).flat_map(|row| (0..n).map(move |col| (row, col))) {
        let kind = if row > col { lower } else { upper };
        let panel = match kind {
            _ if row == col => slice(row),
            Some(kind) => pair_panel(space, &heights, (row, col), kind),
            None => continue,
        };
        panels.push(Panel { row, col, ..panel });
    }
    Ok(panels)
}

/// The heights of a pair with parameter `col` to the right and `row` upwards: the one table of the pair, or its transpose.
fn table(
    space: &SliceSpace,
    heights: &Heights,
    (row, col): (usize, usize),
) -> (Vec<f64>, Vec<f64>, Vec<Vec<f64>>) {
    let pair = (row.min(col), row.max(col));
    let number = space.pairs().iter().position(|&p| p == pair).unwrap_or_default();
    let rows = &heights.pairs[number];
    let z = match row > col {
        true => rows.clone(),
        false => {
            let column = |i: usize| rows.iter().map(|row| row[i]).collect();
            (0..space.n_gridpoints).map(column).collect()
        }
    };
    (space.grid(col), space.grid(row), z)
}

fn pair_panel(
    space: &SliceSpace,
    heights: &Heights,
    place: (usize, usize),
    kind: PairKind,
) -> Panel {
    let (row, col) = place;
    let (x, y, z) = table(space, heights, place);
    let (start_x, start_y) = (vec![space.start_of(col)], vec![space.start_of(row)]);
    let (name, color) = ("start".to_string(), START_COLOR.to_string());
    let colorscale = COLORSCALE.to_string();
    let axes = [col, row].map(|which| Axis::new(&space.names[which]));
    let [x_axis, y_axis] = axes;
    match kind {
        PairKind::Contour => {
            let contour = Contour { x, y, z, colorscale, show_scale: false };
            let (x, y) = (start_x, start_y);
            let start = Markers { name, x, y, color, size: MARKER, in_legend: false };
            let traces = vec![Trace::Contour(contour), Trace::Markers(start)];
            Panel::xy(0, 0, x_axis, y_axis, traces)
        }
        PairKind::Surface => {
            let camera = [2.0, 2.0, 0.5];
            let surface = Surface { x, y, z, colorscale, opacity: 0.8, show_scale: false, camera };
            let (x, y, z) = (start_x, start_y, vec![heights.start]);
            let start = Markers3d { name, x, y, z, color, size: 5.0 };
            let traces = vec![Trace::Surface(surface), Trace::Markers3d(start)];
            let panel = Panel::xy(0, 0, x_axis, y_axis, traces);
            Panel { kind: PanelKind::Scene, z: Some(Axis::new("Function Value")), ..panel }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn space(n: usize) -> SliceSpace {
        SliceSpace {
            start: vec![0.5, 1.0, 2.0],
            lower: Some(vec![0.0; 3]),
            upper: Some(vec![1.0, 2.0, 4.0]),
            positions: (0..n).collect(),
            names: ["a", "b", "c"][..n].iter().map(|name| name.to_string()).collect(),
            n_gridpoints: 3,
        }
    }

    fn height(p: &[f64]) -> f64 {
        p[0] + 10.0 * p[1] + 100.0 * p[2]
    }

    fn figure(n: usize, projection: Projection) -> Figure {
        let points = slice_3d_points(&space(n), projection).unwrap();
        let values: Vec<f64> = points.chunks_exact(3).map(height).collect();
        let options = Slice3dOptions { projection, ..Slice3dOptions::default() };
        slice_3d_figure(&space(n), &values, &options).unwrap()
    }

    #[test]
    fn both_triangles_show_the_same_function() {
        let contours = Some(PairKind::Contour);
        let figure = figure(3, Projection::Pairs { lower: contours, upper: contours });
        assert_eq!((figure.panels.len(), figure.width, figure.rows), (9, 900, 3));
        assert_eq!(figure.row_titles, ["a", "b", "c"]);
        for panel in figure.panels.iter().filter(|panel| panel.row != panel.col) {
            let Trace::Contour(contour) = &panel.traces[0] else { panic!() };
            for (y, row) in contour.y.iter().zip(&contour.z) {
                for (x, z) in contour.x.iter().zip(row) {
                    let mut point = [0.5, 1.0, 2.0];
                    (point[panel.col], point[panel.row]) = (*x, *y);
                    assert_eq!(height(&point), *z);
                }
            }
        }
    }

    #[test]
    fn a_bare_kind_is_the_lower_triangle() {
        let places = |figure: Figure| -> Vec<(usize, usize, PanelKind)> {
            figure.panels.iter().map(|p| (p.row, p.col, p.kind)).collect()
        };
        let (xy, scene) = (PanelKind::Xy, PanelKind::Scene);
        assert_eq!(
            places(figure(3, Projection::SURFACE)),
            [(0, 0, xy), (1, 0, scene), (1, 1, xy), (2, 0, scene), (2, 1, scene), (2, 2, xy)]
        );
        assert_eq!(places(figure(2, Projection::SURFACE)), [(0, 0, scene)]);
        assert_eq!(figure(2, Projection::CONTOUR).width, 450);
        assert_eq!(places(figure(3, Projection::Univariate)).len(), 3);
    }

    #[test]
    fn each_pair_is_evaluated_once() {
        let both =
            Projection::Pairs { lower: Some(PairKind::Surface), upper: Some(PairKind::Contour) };
        let count = |p| slice_3d_points(&space(3), p).unwrap().len() / 3;
        assert_eq!(count(both), count(Projection::CONTOUR));
    }

    #[test]
    fn wrong_projections_are_refused() {
        let message = |word: &str| word.parse::<Projection>().unwrap_err().to_string();
        assert_eq!(
            message("heat"),
            "projection is \"heat\". It has to be \"univariate\", \"contour\" or \"surface\", or one of \
             the last two for each of the lower and upper triangle."
        );
        assert_eq!(
            "heat".parse::<PairKind>().unwrap_err().to_string(),
            "projection of a triangle is \"heat\". It has to be \"contour\", \"surface\" or none."
        );
        assert_eq!(
            slice_3d_points(&space(1), Projection::CONTOUR).unwrap_err().to_string(),
            "projection \"contour\" or \"surface\" needs at least two parameters, and 1 is selected. \
             Select more, or use \"univariate\"."
        );
    }
}
