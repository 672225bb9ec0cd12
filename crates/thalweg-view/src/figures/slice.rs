//! The criterion along one parameter at a time: a panel for each.

use crate::error::FigureError;
use crate::figure::{Axis, Figure, Panel};
use crate::figures::grids::{Heights, Needs, SliceSpace, points};
use crate::palette::Palette;
use crate::trace::{Line, Markers, Trace};

const NEEDS: Needs = Needs { slices: true, pairs: false };
/// The size of a panel in pixels.
const PANEL: [u32; 2] = [400, 300];
pub(crate) const MARKER: f64 = 8.0;

/// How slices are drawn.
#[derive(Clone, Debug, PartialEq)]
pub struct SliceOptions {
    /// Panels beside each other.
    pub plots_per_row: usize,
    /// Whether all panels have the same vertical axis.
    pub share_y: bool,
    /// Whether the panels of a column have the same horizontal axis.
    pub share_x: bool,
    /// How far the vertical axis goes beyond the values, as a share of their range.
    pub expand_yrange: f64,
    /// The colour of lines and markers.
    pub color: String,
    /// Above the figure.
    pub title: Option<String>,
}

impl Default for SliceOptions {
    fn default() -> Self {
        SliceOptions {
            plots_per_row: 2,
            share_y: true,
            share_x: false,
            expand_yrange: 0.02,
            color: Palette::default().color(0).into(),
            title: None,
        }
    }
}

/// The points at which [`slice_figure`] needs the criterion, one after the other.
///
/// # Errors
/// Nothing is selected, or a bound of a selected parameter is missing.
pub fn slice_points(space: &SliceSpace) -> Result<Vec<f64>, FigureError> {
    space.check()?;
    Ok(points(space, NEEDS))
}

/// The criterion along each selected parameter, in a grid of panels. `values` are those at [`slice_points`]; what is not finite is a
/// gap.
///
/// # Errors
/// As [`slice_points`], or there are not as many values as points.
pub fn slice_figure(
    space: &SliceSpace,
    values: &[f64],
    options: &SliceOptions,
) -> Result<Figure, FigureError> {
    let panels = panels(space, values, options)?;
    let cols = options.plots_per_row.clamp(1, panels.len());
    let rows = panels.len().div_ceil(cols);
    let place = |(i, panel): (usize, Panel)| {
        let (row, col) = (i / cols, i % cols);
        let is_repeated = options.share_y && col > 0;
        let label = if is_repeated { String::new() } else { panel.y.label.clone() };
        // What is hidden has to be the same as what is shown on the left.
        let y = Axis { label, show_ticks: !is_repeated, ..panel.y.clone() };
        Panel { row, col, y, ..panel }
    };
    let panels = panels.into_iter().enumerate().map(place).collect();
    let size = [PANEL[0] * cols as u32, PANEL[1] * rows as u32];
    let figure = Figure::grid(size, rows, cols, panels);
    let (share_x, share_y) = (options.share_x, options.share_y);
    Ok(Figure { title: options.title.clone(), share_x, share_y, ..figure })
}

/// The panels of [`slice_figure`], each as a figure of its own.
///
/// # Errors
/// As [`slice_figure`].
pub fn slice_figures(
    space: &SliceSpace,
    values: &[f64],
    options: &SliceOptions,
) -> Result<Vec<Figure>, FigureError> {
    let panels = panels(space, values, options)?;
    let figures = panels.into_iter().map(|panel| {
        let figure = Figure::grid(PANEL, 1, 1, vec![panel]);
        Figure { title: options.title.clone(), ..figure }
    });
    Ok(figures.collect())
}

fn panels(
    space: &SliceSpace,
    values: &[f64],
    options: &SliceOptions,
) -> Result<Vec<Panel>, FigureError> {
    space.check()?;
    let heights = Heights::sort(space, NEEDS, values)?;
    let shared = heights.range(options.expand_yrange);
    let panel = |which: usize| {
        let own = Heights { slices: vec![heights.slices[which].clone()], pairs: vec![], ..heights };
        let range = if options.share_y { shared } else { own.range(options.expand_yrange) };
        let mut panel = slice_panel(space, &heights, which, &options.color, range);
        if options.share_x {
            panel.x.range = common_x_range(space).map(with_room);
        }
        panel
    };
    Ok((0..space.len()).map(panel).collect())
}

/// From the lowest of the lower bounds to the highest of the upper.
fn common_x_range(space: &SliceSpace) -> Option<[f64; 2]> {
    let ends = (0..space.len()).map(|which| {
        let grid = space.grid_with_start(which);
        [grid[0], grid[grid.len() - 1]]
    });
    ends.reduce(|a, b| [a[0].min(b[0]), a[1].max(b[1])])
}

/// A little more than `ends`, so that lines and markers are whole.
fn with_room([low, high]: [f64; 2]) -> [f64; 2] {
    let room = 0.02 * (high - low);
    [low - room, high + room]
}

/// The criterion along parameter `which`, with the start marked.
pub(crate) fn slice_panel(
    space: &SliceSpace,
    heights: &Heights,
    which: usize,
    color: &str,
    range: Option<[f64; 2]>,
) -> Panel {
    let name = &space.names[which];
    let (grid, values) = (space.grid_with_start(which), heights.slices[which].clone());
    let start = Markers {
        name: "start".into(),
        x: vec![space.start_of(which)],
        y: vec![heights.start],
        color: color.into(),
        size: MARKER,
        in_legend: false,
    };
    // The range is that of the grid, also where its ends have no value.
    let ends = [grid[0], grid[grid.len() - 1]];
    let x = Axis { range: Some(with_room(ends)), ..Axis::new(name) };
    let line = Line { in_legend: false, ..Line::new(name, grid, values, color) };
    let y = Axis { range, ..Axis::new("Function Value") };
    Panel::xy(0, 0, x, y, vec![Trace::Line(line), Trace::Markers(start)])
}

#[cfg(test)]
mod tests {
    use super::*;

    fn space() -> SliceSpace {
        SliceSpace {
            start: vec![0.5, 1.0, 0.0],
            lower: Some(vec![0.0; 3]),
            upper: Some(vec![1.0, 2.0, 4.0]),
            positions: vec![0, 1, 2],
            names: ["a", "b", "c"].map(String::from).to_vec(),
            n_gridpoints: 5,
        }
    }

    fn figure(options: &SliceOptions) -> Figure {
        let points = slice_points(&space()).unwrap();
        let values: Vec<f64> =
            points.chunks_exact(3).map(|p| p.iter().map(|x| x * x).sum()).collect();
        slice_figure(&space(), &values, options).unwrap()
    }

    #[test]
    fn panels_fill_rows_and_share_what_is_shared() {
        let figure = figure(&SliceOptions::default());
        assert_eq!((figure.rows, figure.cols, figure.width, figure.height), (2, 2, 800, 600));
        let places: Vec<_> = figure.panels.iter().map(|p| (p.row, p.col)).collect();
        assert_eq!(places, [(0, 0), (0, 1), (1, 0)]);
        assert_eq!(figure.panels[0].y.label, "Function Value");
        assert!(figure.panels[1].y.label.is_empty() && !figure.panels[1].y.show_ticks);
        assert!(figure.panels.iter().all(|panel| panel.y.range == figure.panels[0].y.range));
        let Trace::Markers(start) = &figure.panels[0].traces[1] else { panic!() };
        assert_eq!((start.x[0], start.y[0]), (0.5, 1.25));
    }

    #[test]
    fn axes_of_their_own_fit_their_values() {
        let options = SliceOptions { share_y: false, share_x: true, ..SliceOptions::default() };
        let figure = figure(&options);
        let range = figure.panels[0].y.range.unwrap();
        assert!((range[0] - 0.98).abs() < 1e-12 && (range[1] - 2.02).abs() < 1e-12, "{range:?}");
        assert!(figure.panels.iter().all(|panel| panel.x.range == Some([-0.08, 4.08])));
        assert!(figure.panels[1].y.show_ticks);
    }
}
