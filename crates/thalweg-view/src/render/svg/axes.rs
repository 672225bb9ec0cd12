//! The axes of a panel: lines on the left and below, ticks outside, labels.

use crate::figure::Panel;
use crate::render::svg::canvas::{
    Anchor, Canvas, LABEL_SIZE, LINE_HEIGHT, TICK_SIZE, Text, number,
};
use crate::render::svg::layout::{GAP, PanelBox, TICK};
use crate::render::text;

const LINE: &str = "fill=\"none\" stroke=\"#2a2a2a\" stroke-width=\"1\"";
/// From the foot of a number to the middle of its digits, as a share of the font's size.
const TO_MIDDLE: f64 = 0.36;

pub(crate) fn draw(canvas: &mut Canvas, panel: &Panel, place: &PanelBox) {
    let inner = &place.inner;
    let (left, right) = (number(inner.x), number(inner.right()));
    let (top, bottom) = (number(inner.y), number(inner.bottom()));
    canvas.path(&format!("M{left} {top}L{left} {bottom}L{right} {bottom}"), LINE);
    horizontal(canvas, panel, place);
    vertical(canvas, panel, place);
}

fn horizontal(canvas: &mut Canvas, panel: &Panel, place: &PanelBox) {
    let inner = &place.inner;
    let mut foot = inner.bottom() + TICK;
    let mut marks = String::new();
    for share in &place.x_ticks.places {
        let x = number(inner.x + share * inner.width);
        marks += &format!("M{x} {}L{x} {}", number(inner.bottom()), number(foot));
    }
    canvas.path(&marks, LINE);
    if panel.x.show_ticks {
        foot += GAP + 0.75 * TICK_SIZE;
        for (share, label) in place.x_ticks.places.iter().zip(&place.x_ticks.labels) {
            canvas.text(label, Text::tick(inner.x + share * inner.width, foot, Anchor::Middle));
        }
        foot += 0.25 * TICK_SIZE;
    }
    foot += LABEL_SIZE + 3.0;
    let mut room = place.outer.width;
    if let Some(power) = place.x_ticks.power.as_ref().filter(|_| panel.x.show_ticks) {
        canvas.text(power, Text::tick(inner.right(), foot, Anchor::End));
        room = inner.width - 2.0 * (text::width(power, TICK_SIZE) + 8.0);
    }
    if !panel.x.label.is_empty() {
        let at = Text::label(inner.middle_x(), foot);
        let size = fitting_size(&panel.x.label, room);
        canvas.text(&panel.x.label, Text { anchor: Anchor::Middle, size, ..at });
    }
}

fn vertical(canvas: &mut Canvas, panel: &Panel, place: &PanelBox) {
    let inner = &place.inner;
    let mut marks = String::new();
    let mut widest: f64 = 0.0;
    let height = |share: &f64| inner.bottom() - share * inner.height;
    for (share, label) in place.y_ticks.places.iter().zip(&place.y_ticks.labels) {
        let y = number(height(share));
        marks += &format!("M{} {y}L{} {y}", number(inner.x), number(inner.x - TICK));
        if panel.y.show_ticks {
            let foot = height(share) + TO_MIDDLE * TICK_SIZE;
            canvas.text(label, Text::tick(inner.x - TICK - GAP, foot, Anchor::End));
            widest = widest.max(text::width(label, TICK_SIZE) + GAP);
        }
    }
    canvas.path(&marks, LINE);
    if let Some(power) = place.y_ticks.power.as_ref().filter(|_| panel.y.show_ticks) {
        canvas.text(power, Text::tick(inner.x, inner.y - 6.0, Anchor::Middle));
    }
    if !panel.y.label.is_empty() {
        let lines = text::lines(&panel.y.label).len() as f64;
        let above = (lines - 1.0) * LABEL_SIZE * LINE_HEIGHT;
        let x = inner.x - TICK - widest - 8.0 - above;
        let at = Text::label(x, inner.middle_y());
        let size = fitting_size(&panel.y.label, place.outer.height);
        canvas.text(&panel.y.label, Text { anchor: Anchor::Middle, turned: true, size, ..at });
    }
}

/// The size of a label, smaller where it would be longer than its panel.
fn fitting_size(label: &str, room: f64) -> f64 {
    let lines = text::lines(label).into_iter();
    let widest = lines.map(|line| text::width(line, LABEL_SIZE)).fold(0.0, f64::max);
    LABEL_SIZE * (room / widest.max(1.0)).clamp(0.4, 1.0)
}
