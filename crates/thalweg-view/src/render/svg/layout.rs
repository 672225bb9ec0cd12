//! Where everything is: margins as wide as what is written in them, and the rest for the panels.

use crate::figure::{Figure, LegendPosition, Panel, PanelKind};
use crate::render::scale::{Scale, Ticks};
use crate::render::svg::canvas::{LABEL_SIZE, LINE_HEIGHT, Rect, TICK_SIZE, TITLE_SIZE};
use crate::render::svg::legend::LegendBox;
use crate::render::svg::{extent, legend};
use crate::render::text;
use crate::trace::Trace;

/// The length of ticks, and the distance of what is written at them.
pub(crate) const TICK: f64 = 5.0;
pub(crate) const GAP: f64 = 4.0;
/// The width of a colour bar with its numbers.
pub(crate) const COLOR_BAR: f64 = 74.0;
/// The pixels of an axis that a tick takes.
const PER_Y_TICK: f64 = 36.0;
const PER_X_TICK: f64 = 60.0;
const SMALLEST: f64 = 20.0;
/// A few entries whose legend would take more than this share of the width are listed below instead.
const FEW: usize = 8;
const WIDE: f64 = 0.3;

/// The place of a panel, and its axes.
#[derive(Clone, Debug)]
pub(crate) struct PanelBox {
    /// Between the axes.
    pub(crate) inner: Rect,
    /// With everything around.
    pub(crate) outer: Rect,
    pub(crate) x: Scale,
    pub(crate) y: Scale,
    pub(crate) x_ticks: Ticks,
    pub(crate) y_ticks: Ticks,
}

impl PanelBox {
    /// The pixel of a point within the panel; NaN for what has no place. Points far outside stay within reach of all programs.
    pub(crate) fn at(&self, x: f64, y: f64) -> (f64, f64) {
        let (width, height) = (self.inner.width, self.inner.height);
        let near = |share: f64| share.clamp(-10.0, 11.0);
        (near(self.x.share(x)) * width, (1.0 - near(self.y.share(y))) * height)
    }
}

/// The places of a figure.
pub(crate) struct Layout {
    pub(crate) panels: Vec<PanelBox>,
    pub(crate) legend: Option<LegendBox>,
    pub(crate) col_middles: Vec<f64>,
    pub(crate) col_titles_y: f64,
    pub(crate) row_middles: Vec<f64>,
    pub(crate) row_titles_x: f64,
}

/// What lies around the panels' insides, in pixels.
struct Margins {
    /// Above all panels, and to the right of and below all.
    top: f64,
    right: f64,
    below: f64,
    /// Of each column.
    left: Vec<f64>,
    col_right: Vec<f64>,
    /// Of each row.
    row_top: Vec<f64>,
    bottom: Vec<f64>,
}

impl Layout {
    pub(crate) fn new(figure: &Figure) -> Self {
        let entries = legend::entries(figure);
        let position = match figure.legend {
            Some(legend) if !entries.is_empty() => Some(legend.position),
            _ => None,
        };
        if position == Some(LegendPosition::TopRightInside) {
            let mut layout = Layout::with(figure, 0.0, 0.0);
            if let Some(first) = layout.panels.first() {
                let boxed = legend::inside(&entries, &first.inner);
                layout.legend = legend::free_corner(boxed, figure, &layout.panels[0]);
            }
            if layout.legend.is_some() {
                return layout;
            }
        }
        match position {
            None => Layout::with(figure, 0.0, 0.0),
            Some(LegendPosition::Below) => Layout::with_legend_below(figure, &entries),
            Some(_) => {
                let height = f64::from(figure.height);
                let boxed = legend::beside(&entries, f64::from(figure.width), height);
                if entries.len() <= FEW && boxed.rect.width > WIDE * f64::from(figure.width) {
                    return Layout::with_legend_below(figure, &entries);
                }
                let mut layout = Layout::with(figure, boxed.rect.width + 10.0, 0.0);
                let top = layout.panels.first().map_or(10.0, |panel| panel.inner.y);
                layout.legend = Some(boxed.moved_to_right(f64::from(figure.width), top));
                layout
            }
        }
    }

    fn with_legend_below(figure: &Figure, entries: &[legend::Entry]) -> Self {
        let boxed = legend::below(entries, f64::from(figure.width));
        let mut layout = Layout::with(figure, 0.0, boxed.rect.height + 8.0);
        layout.legend = Some(boxed.moved_to_bottom(f64::from(figure.height)));
        layout
    }

    /// The layout with so many pixels on the right and below for a legend.
    fn with(figure: &Figure, right: f64, below: f64) -> Self {
        let scales: Vec<(Scale, Scale)> = figure.panels.iter().map(|p| scales(figure, p)).collect();
        let (rows, cols) = (figure.rows.max(1), figure.cols.max(1));
        let mut margins = Margins::vertical(figure, &scales, right, below);
        let above_and_below: f64 = margins.top
            + margins.below
            + margins.row_top.iter().chain(&margins.bottom).sum::<f64>();
        let height = ((f64::from(figure.height) - above_and_below) / rows as f64).max(SMALLEST);
        let y_ticks: Vec<Ticks> =
            scales.iter().map(|(_, y)| y.ticks((height / PER_Y_TICK) as usize)).collect();
        margins.horizontal(figure, &y_ticks);
        let mut beside: f64 =
            margins.right + margins.left.iter().chain(&margins.col_right).sum::<f64>();
        // In a figure that is too narrow for its labels, these lose their beginning rather than the panels their end.
        let excess = beside + SMALLEST * cols as f64 - f64::from(figure.width);
        if excess > 0.0 {
            let each = excess / cols as f64;
            margins.left.iter_mut().for_each(|left| *left = (*left - each).max(0.0));
            beside = margins.right + margins.left.iter().chain(&margins.col_right).sum::<f64>();
        }
        let width = ((f64::from(figure.width) - beside) / cols as f64).max(SMALLEST);

        let left_of = |col: usize| -> f64 {
            let before: f64 = margins
                .left
                .iter()
                .zip(&margins.col_right)
                .take(col)
                .map(|(a, b)| a + b + width)
                .sum();
            before + margins.left[col]
        };
        let top_of = |row: usize| -> f64 {
            let before = margins.row_top.iter().zip(&margins.bottom).take(row);
            margins.top + before.map(|(a, b)| a + b + height).sum::<f64>() + margins.row_top[row]
        };
        let place = |((panel, (x, y)), y_ticks): ((&Panel, &(Scale, Scale)), Ticks)| {
            let (row, col) = (panel.row.min(rows - 1), panel.col.min(cols - 1));
            let inner = Rect { x: left_of(col), y: top_of(row), width, height };
            let outer = Rect {
                x: inner.x - margins.left[col],
                y: inner.y - margins.row_top[row],
                width: margins.left[col] + width + margins.col_right[col],
                height: margins.row_top[row] + height + margins.bottom[row],
            };
            let x_ticks = fitting_ticks(x, width);
            PanelBox { inner, outer, x: *x, y: *y, x_ticks, y_ticks }
        };
        let panels = figure.panels.iter().zip(&scales).zip(y_ticks).map(place).collect();
        Layout {
            panels,
            legend: None,
            col_middles: (0..cols).map(|col| left_of(col) + 0.5 * width).collect(),
            col_titles_y: margins.top - 2.0,
            row_middles: (0..rows).map(|row| top_of(row) + 0.5 * height).collect(),
            row_titles_x: f64::from(figure.width) - right - 8.0,
        }
    }

    /// How far the title of a panel is above its inside.
    pub(crate) fn title_gap(&self, place: &PanelBox) -> f64 {
        8.0 + if place.y_ticks.power.is_some() { 12.0 } else { 0.0 }
    }
}

/// The scales of a panel; of all panels of its column or row where these are shared.
fn scales(figure: &Figure, panel: &Panel) -> (Scale, Scale) {
    let (x_room, y_room) = extent::room(panel);
    let in_column = figure.panels.iter().filter(|p| figure.share_x && p.col == panel.col);
    let in_row = figure.panels.iter().filter(|p| figure.share_y && p.row == panel.row);
    let xs = in_column.chain([panel]).flat_map(extent::xs);
    let ys = in_row.chain([panel]).flat_map(extent::ys);
    let mut x = Scale::new(&panel.x, xs, x_room);
    // Between evaluations there is nothing to mark.
    x.whole = extent::xs(panel).filter(|x| x.is_finite()).all(|x| x.fract() == 0.0);
    (x, Scale::new(&panel.y, ys, y_room))
}

/// As many ticks as their labels leave room for.
pub(crate) fn fitting_ticks(scale: &Scale, length: f64) -> Ticks {
    let mut n = ((length / PER_X_TICK) as usize).max(1);
    loop {
        let ticks = scale.ticks(n);
        let widest =
            ticks.labels.iter().map(|label| text::width(label, TICK_SIZE)).fold(0.0, f64::max);
        let distance = match ticks.places[..] {
            [first, second, ..] => (second - first) * length,
            _ => length,
        };
        if n <= 1 || widest + 10.0 <= distance {
            return ticks;
        }
        n -= 1;
    }
}

fn label_height(label: &str) -> f64 {
    if label.is_empty() { 0.0 } else { text::lines(label).len() as f64 * LABEL_SIZE * LINE_HEIGHT }
}

fn has_power(scale: &Scale) -> bool {
    scale.ticks(4).power.is_some()
}

impl Margins {
    fn vertical(figure: &Figure, scales: &[(Scale, Scale)], right: f64, below: f64) -> Self {
        let (rows, cols) = (figure.rows.max(1), figure.cols.max(1));
        let title = figure
            .title
            .as_deref()
            .map_or(0.0, |title| text::lines(title).len() as f64 * TITLE_SIZE * LINE_HEIGHT + 6.0);
        let col_titles = if figure.col_titles.is_empty() { 0.0 } else { LABEL_SIZE + 6.0 };
        let row_titles = if figure.row_titles.is_empty() { 0.0 } else { LABEL_SIZE + 10.0 };
        let mut margins = Margins {
            top: 6.0 + title + col_titles,
            right: right + row_titles,
            below,
            left: vec![8.0; cols],
            col_right: vec![16.0; cols],
            row_top: vec![8.0; rows],
            bottom: vec![8.0; rows],
        };
        for (panel, (x, y)) in figure.panels.iter().zip(scales) {
            let row = panel.row.min(rows - 1);
            let is_flat = panel.kind == PanelKind::Xy;
            let title = if panel.title.is_some() { LABEL_SIZE + 8.0 } else { 0.0 };
            let power = if is_flat && has_power(y) { TICK_SIZE + 2.0 } else { 0.0 };
            margins.row_top[row] = margins.row_top[row].max(8.0 + title + power);
            if is_flat {
                let numbers = if panel.x.show_ticks { TICK_SIZE + GAP } else { 0.0 };
                let label = label_height(&panel.x.label);
                let power = if has_power(x) { TICK_SIZE + GAP } else { 0.0 };
                let bottom = TICK + numbers + label.max(power) + 10.0;
                margins.bottom[row] = margins.bottom[row].max(bottom);
            }
        }
        margins
    }

    fn horizontal(&mut self, figure: &Figure, y_ticks: &[Ticks]) {
        let last_col = self.left.len() - 1;
        for (panel, ticks) in figure.panels.iter().zip(y_ticks) {
            if panel.kind == PanelKind::Scene {
                continue;
            }
            let col = panel.col.min(last_col);
            let numbers = if panel.y.show_ticks {
                let widths = ticks.labels.iter().map(|label| text::width(label, TICK_SIZE));
                widths.fold(0.0, f64::max) + GAP
            } else {
                0.0
            };
            let label = match label_height(&panel.y.label) {
                0.0 => 0.0,
                height => height + 6.0,
            };
            self.left[col] = self.left[col].max(TICK + numbers + label + 6.0);
            let shows_scale =
                |trace: &Trace| matches!(trace, Trace::Contour(contour) if contour.show_scale);
            if panel.traces.iter().any(shows_scale) {
                self.col_right[col] = self.col_right[col].max(COLOR_BAR);
            }
        }
    }
}
