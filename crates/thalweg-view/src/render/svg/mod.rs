//! Figures as SVG: self-contained, the same bytes for the same figure, without fonts and scripts.

mod axes;
mod canvas;
mod contour;
pub(crate) mod extent;
mod layout;
mod legend;
mod lines;
mod scene;

use crate::figure::{Figure, PanelKind};
use crate::render::text;
use crate::trace::Trace;
use canvas::{Anchor, Canvas, PANEL_TITLE_SIZE, TITLE_SIZE, Text};
pub(crate) use layout::Layout;
use layout::PanelBox;

/// The figure as SVG.
pub fn to_svg(figure: &Figure) -> String {
    draw(figure, &Layout::new(figure))
}

/// The figure in the places of `layout`.
pub(crate) fn draw(figure: &Figure, layout: &Layout) -> String {
    let mut canvas = Canvas::new(figure.width, figure.height);
    titles(&mut canvas, figure, layout);
    for (i, (panel, place)) in figure.panels.iter().zip(&layout.panels).enumerate() {
        canvas.open(&format!("<g class=\"panel\" data-panel=\"{i}\">"));
        if let Some(title) = &panel.title {
            let (x, y) = (place.inner.middle_x(), place.inner.y - layout.title_gap(place));
            canvas.text(
                title,
                Text { anchor: Anchor::Middle, size: PANEL_TITLE_SIZE, ..Text::label(x, y) },
            );
        }
        match panel.kind {
            PanelKind::Scene => scene::draw(&mut canvas, panel, place),
            PanelKind::Xy => {
                contents(&mut canvas, &panel.traces, place);
                if !panel.traces.is_empty() && !extent::has_values(panel) {
                    let (x, y) = (place.inner.middle_x(), place.inner.middle_y());
                    let at = Text { anchor: Anchor::Middle, ..Text::label(x, y) };
                    canvas.text("no values to draw", at);
                }
                axes::draw(&mut canvas, panel, place);
                over_the_edge(&mut canvas, &panel.traces, place);
            }
        }
        canvas.close("</g>");
    }
    if let Some(legend) = &layout.legend {
        legend::draw(&mut canvas, legend);
    }
    canvas.finish()
}

fn titles(canvas: &mut Canvas, figure: &Figure, layout: &Layout) {
    if let Some(title) = &figure.title {
        let (x, y) = (f64::from(figure.width) / 2.0, 8.0 + TITLE_SIZE);
        let look = Text { anchor: Anchor::Middle, size: TITLE_SIZE, ..Text::label(x, y) };
        canvas.text(title, look);
    }
    for (title, middle) in figure.col_titles.iter().zip(&layout.col_middles) {
        let at = Text::label(*middle, layout.col_titles_y);
        canvas.text(title, Text { anchor: Anchor::Middle, ..at });
    }
    for (title, middle) in figure.row_titles.iter().zip(&layout.row_middles) {
        let at = Text::label(layout.row_titles_x, *middle);
        canvas.text(title, Text { anchor: Anchor::Middle, turned: true, ..at });
    }
}

/// Everything that ends at the edge of the panel.
fn contents(canvas: &mut Canvas, traces: &[Trace], place: &PanelBox) {
    canvas.open_clipped(&place.inner);
    for trace in traces {
        match trace {
            Trace::Contour(contour) => contour::draw(canvas, contour, place),
            Trace::Line(line) => lines::draw_line(canvas, line, place),
            Trace::Hline(line) => lines::draw_hline(canvas, line, place),
            Trace::Markers(_) | Trace::Surface(_) | Trace::Markers3d(_) => {}
        }
    }
    canvas.close("</svg>");
}

/// What goes beyond the edge of the panel: markers are whole also there.
fn over_the_edge(canvas: &mut Canvas, traces: &[Trace], place: &PanelBox) {
    for trace in traces {
        match trace {
            Trace::Markers(markers) => lines::draw_markers(canvas, markers, place),
            Trace::Contour(contour) if contour.show_scale => {
                contour::draw_scale(canvas, contour, place);
            }
            _ => {}
        }
    }
}

/// The attribute by which an entry of the legend finds its trace.
pub(crate) fn name_attribute(name: &str) -> String {
    format!("data-name=\"{}\"", text::escaped(name))
}
