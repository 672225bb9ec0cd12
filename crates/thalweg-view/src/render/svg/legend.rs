//! The legend: where it is, and what it lists.

use crate::figure::Figure;
use crate::render::svg::canvas::{Canvas, Rect, Text, polyline};
use crate::render::svg::layout::PanelBox;
use crate::render::svg::lines::{parts, stroke};
use crate::render::svg::name_attribute;
use crate::render::text::{escaped, shortened, width};
use crate::trace::{Dash, Trace};

const FONT: f64 = 12.0;
const ROW: f64 = 18.0;
const SAMPLE: f64 = 28.0;
const PAD: f64 = 7.0;
/// The widest part of the figure that a name takes.
const WIDEST: f64 = 0.4;

/// What the legend says about one look.
#[derive(Clone, Debug, PartialEq)]
pub(crate) struct Entry {
    name: String,
    /// The name as far as there is room for it.
    shown: String,
    color: String,
    dash: Dash,
    width: f64,
    is_marker: bool,
}

/// A legend with places for its entries.
#[derive(Clone, Debug)]
pub(crate) struct LegendBox {
    pub(crate) rect: Rect,
    /// With their places within the box.
    entries: Vec<(Entry, f64, f64)>,
    framed: bool,
}

/// The entries of a figure, each name once.
pub(crate) fn entries(figure: &Figure) -> Vec<Entry> {
    let mut entries: Vec<Entry> = Vec::new();
    let traces = || figure.panels.iter().flat_map(|panel| &panel.traces);
    let is_hline = |trace: &&Trace| matches!(trace, Trace::Hline(_));
    for trace in traces().filter(|t| !is_hline(t)).chain(traces().filter(is_hline)) {
        let entry = match trace {
            Trace::Line(line) if line.in_legend => Entry {
                name: line.name.clone(),
                shown: String::new(),
                color: line.color.clone(),
                dash: line.dash,
                width: line.width,
                is_marker: false,
            },
            Trace::Markers(markers) if markers.in_legend => Entry {
                name: markers.name.clone(),
                shown: String::new(),
                color: markers.color.clone(),
                dash: Dash::Solid,
                width: markers.size,
                is_marker: true,
            },
            Trace::Hline(line) => match &line.label {
                Some(label) => Entry {
                    name: label.clone(),
                    shown: String::new(),
                    color: line.color.clone(),
                    dash: line.dash,
                    width: 1.5,
                    is_marker: false,
                },
                None => continue,
            },
            _ => continue,
        };
        if entries.iter().all(|known| known.name != entry.name) {
            entries.push(entry);
        }
    }
    entries
}

fn entry_width(entry: &Entry) -> f64 {
    SAMPLE + 6.0 + width(&entry.shown, FONT)
}

/// One under the other, as many as there is height for.
fn column(entries: &[Entry], widest: f64, height: f64) -> LegendBox {
    let most = (((height - 2.0 * PAD) / ROW) as usize).max(1);
    let mut listed: Vec<Entry> = entries.iter().take(most).cloned().collect();
    if entries.len() > most {
        let more = format!("… {} more", entries.len() - most + 1);
        if let Some(last) = listed.last_mut() {
            *last = Entry { name: more, color: "none".into(), ..last.clone() };
        }
    }
    for entry in &mut listed {
        entry.shown = shortened(&entry.name, FONT, widest - SAMPLE - 6.0);
    }
    let inner = listed.iter().map(entry_width).fold(0.0, f64::max);
    let rect =
        Rect { x: 0.0, y: 0.0, width: inner + 2.0 * PAD, height: ROW * listed.len() as f64 + PAD };
    let place = |(i, entry): (usize, Entry)| (entry, PAD, 0.5 * PAD + ROW * (i as f64 + 0.5));
    LegendBox { rect, entries: listed.into_iter().enumerate().map(place).collect(), framed: false }
}

/// Over a panel.
pub(crate) fn inside(entries: &[Entry], inner: &Rect) -> LegendBox {
    let boxed = column(entries, WIDEST * inner.width, inner.height);
    LegendBox { framed: true, ..boxed }
}

/// On the right of everything.
pub(crate) fn beside(entries: &[Entry], width: f64, height: f64) -> LegendBox {
    column(entries, WIDEST * width, height - 40.0)
}

/// In rows under everything.
pub(crate) fn below(entries: &[Entry], total: f64) -> LegendBox {
    let (mut x, mut y) = (PAD, 0.5 * ROW);
    let mut placed = Vec::new();
    for entry in entries {
        let shown = shortened(&entry.name, FONT, WIDEST * total);
        let entry = Entry { shown, ..entry.clone() };
        let width = entry_width(&entry) + 18.0;
        if x + width > total - PAD && x > PAD {
            (x, y) = (PAD, y + ROW);
        }
        placed.push((entry, x, y));
        x += width;
    }
    let rect = Rect { x: 0.0, y: 0.0, width: total, height: y + 0.5 * ROW };
    LegendBox { rect, entries: placed, framed: false }
}

impl LegendBox {
    pub(crate) fn moved_to_bottom(mut self, height: f64) -> Self {
        self.rect.y = height - self.rect.height - 4.0;
        let used = self.entries.iter().map(|(entry, x, _)| x + entry_width(entry));
        let spare = self.rect.width - used.fold(0.0, f64::max) - PAD;
        self.rect.x = 0.5 * spare.max(0.0);
        self
    }

    pub(crate) fn moved_to_right(mut self, width: f64, top: f64) -> Self {
        (self.rect.x, self.rect.y) = (width - self.rect.width - 4.0, top);
        self
    }
}

/// The box in the first corner of the panel, from the upper right, where it hides no line; `None` if there is no such corner.
pub(crate) fn free_corner(
    boxed: LegendBox,
    figure: &Figure,
    place: &PanelBox,
) -> Option<LegendBox> {
    let Rect { width, height, .. } = boxed.rect;
    let (room_x, room_y) = (place.inner.width - width - 6.0, place.inner.height - height - 6.0);
    if room_x < 0.0 || room_y < 0.0 {
        return None;
    }
    let corners = [(room_x, 6.0), (6.0, 6.0), (room_x, room_y), (6.0, room_y)];
    let lines: Vec<Vec<(f64, f64)>> = (figure.panels[0].traces.iter())
        .filter_map(|trace| if let Trace::Line(line) = trace { Some(line) } else { None })
        .flat_map(|line| parts(line, place))
        .collect();
    let is_free = |&(x, y): &(f64, f64)| {
        let rect = Rect { x, y, width, height };
        !lines.iter().any(|line| touches(line, &rect))
    };
    let (x, y) = corners.into_iter().find(is_free)?;
    let rect = Rect { x: place.inner.x + x, y: place.inner.y + y, ..boxed.rect };
    Some(LegendBox { rect, ..boxed })
}

/// Whether a line goes through a rectangle (or near it).
fn touches(line: &[(f64, f64)], rect: &Rect) -> bool {
    let near = |(x, y): (f64, f64)| {
        (rect.x - 4.0..=rect.right() + 4.0).contains(&x)
            && (rect.y - 4.0..=rect.bottom() + 4.0).contains(&y)
    };
    let crosses = |pair: &[(f64, f64)]| {
        let (a, b) = (pair[0], pair[1]);
        let steps = ((a.0 - b.0).abs().max((a.1 - b.1).abs()) / 4.0).ceil().clamp(1.0, 2000.0);
        (1..steps as usize).any(|i| {
            let t = i as f64 / steps;
            near((a.0 + t * (b.0 - a.0), a.1 + t * (b.1 - a.1)))
        })
    };
    line.iter().any(|&point| near(point)) || line.windows(2).any(crosses)
}

pub(crate) fn draw(canvas: &mut Canvas, legend: &LegendBox) {
    canvas.open("<g class=\"legend\">");
    if legend.framed {
        let look = "fill=\"#ffffff\" fill-opacity=\"0.85\" stroke=\"#d9d9d9\"";
        canvas.rect(&legend.rect, look);
    }
    for (entry, dx, dy) in &legend.entries {
        let (x, y) = (legend.rect.x + dx, legend.rect.y + dy);
        canvas.open(&format!("<g class=\"entry\" {}>", name_attribute(&entry.name)));
        let color = escaped(&entry.color);
        if entry.is_marker {
            let look = format!("fill=\"{color}\"");
            canvas.circle(x + 0.5 * SAMPLE, y, 0.5 * entry.width, &look);
        } else {
            let d = polyline(&[(x, y), (x + SAMPLE, y)]);
            canvas.path(&d, &stroke(&color, entry.width, entry.dash));
        }
        let at = Text { size: FONT, ..Text::label(x + SAMPLE + 6.0, y + 0.36 * FONT) };
        canvas.text(&entry.shown, at);
        canvas.close("</g>");
    }
    canvas.close("</g>");
}
