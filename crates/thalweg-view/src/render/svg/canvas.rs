//! Elements of SVG, written one after the other.

use std::fmt::Write;

use crate::render::text::{escaped, lines};

pub(crate) const TICK_SIZE: f64 = 12.0;
pub(crate) const LABEL_SIZE: f64 = 13.0;
pub(crate) const PANEL_TITLE_SIZE: f64 = 14.0;
pub(crate) const TITLE_SIZE: f64 = 16.0;
/// The distance of lines of text, as a multiple of the font's size.
pub(crate) const LINE_HEIGHT: f64 = 1.25;
pub(crate) const INK: &str = "#2a2a2a";
const FONTS: &str = "'Open Sans', Verdana, 'DejaVu Sans', Arial, sans-serif";

/// A rectangle in pixels.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(crate) struct Rect {
    pub(crate) x: f64,
    pub(crate) y: f64,
    pub(crate) width: f64,
    pub(crate) height: f64,
}

impl Rect {
    pub(crate) fn right(&self) -> f64 {
        self.x + self.width
    }

    pub(crate) fn bottom(&self) -> f64 {
        self.y + self.height
    }

    pub(crate) fn middle_x(&self) -> f64 {
        self.x + 0.5 * self.width
    }

    pub(crate) fn middle_y(&self) -> f64 {
        self.y + 0.5 * self.height
    }
}

/// Which end of a text is at its place.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Anchor {
    Start,
    Middle,
    End,
}

/// How and where a text is written. The place is the foot of its first line.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Text {
    pub(crate) x: f64,
    pub(crate) y: f64,
    pub(crate) size: f64,
    pub(crate) anchor: Anchor,
    /// Upwards instead of to the right.
    pub(crate) turned: bool,
}

impl Text {
    pub(crate) fn label(x: f64, y: f64) -> Self {
        Text { x, y, size: LABEL_SIZE, anchor: Anchor::Start, turned: false }
    }

    pub(crate) fn tick(x: f64, y: f64, anchor: Anchor) -> Self {
        Text { size: TICK_SIZE, anchor, ..Text::label(x, y) }
    }
}

/// A picture in the making.
pub(crate) struct Canvas(String);

impl Canvas {
    pub(crate) fn new(width: u32, height: u32) -> Self {
        let mut svg = String::new();
        let _ = write!(
            svg,
            "<svg xmlns=\"http://www.w3.org/2000/svg\" width=\"{width}\" height=\"{height}\" \
             viewBox=\"0 0 {width} {height}\" font-family=\"{FONTS}\" fill=\"{INK}\">\n\
             <rect width=\"{width}\" height=\"{height}\" fill=\"#ffffff\"/>\n"
        );
        Canvas(svg)
    }

    pub(crate) fn finish(mut self) -> String {
        self.0.push_str("</svg>\n");
        self.0
    }

    pub(crate) fn open(&mut self, tag: &str) {
        self.0.push_str(tag);
        self.0.push('\n');
    }

    pub(crate) fn close(&mut self, tag: &str) {
        self.open(tag);
    }

    /// A viewport of its own: what is drawn in it has its upper left corner as origin, and ends at its edges.
    pub(crate) fn open_clipped(&mut self, rect: &Rect) {
        let [x, y, w, h] = [rect.x, rect.y, rect.width, rect.height].map(number);
        self.open(&format!(
            "<svg x=\"{x}\" y=\"{y}\" width=\"{w}\" height=\"{h}\" overflow=\"hidden\">"
        ));
    }

    /// A path, with further attributes.
    pub(crate) fn path(&mut self, d: &str, attributes: &str) {
        if !d.is_empty() {
            let _ = writeln!(self.0, "<path d=\"{d}\" {attributes}/>");
        }
    }

    pub(crate) fn circle(&mut self, x: f64, y: f64, radius: f64, attributes: &str) {
        let [x, y, radius] = [x, y, radius].map(number);
        let _ = writeln!(self.0, "<circle cx=\"{x}\" cy=\"{y}\" r=\"{radius}\" {attributes}/>");
    }

    pub(crate) fn rect(&mut self, rect: &Rect, attributes: &str) {
        let [x, y, w, h] = [rect.x, rect.y, rect.width, rect.height].map(number);
        let _ = writeln!(
            self.0,
            "<rect x=\"{x}\" y=\"{y}\" width=\"{w}\" height=\"{h}\" {attributes}/>"
        );
    }

    /// A text of one or more lines.
    pub(crate) fn text(&mut self, label: &str, look: Text) {
        let (x, y) = (number(look.x), number(look.y));
        let anchor = match look.anchor {
            Anchor::Start => "",
            Anchor::Middle => " text-anchor=\"middle\"",
            Anchor::End => " text-anchor=\"end\"",
        };
        let turn =
            if look.turned { format!(" transform=\"rotate(-90 {x} {y})\"") } else { String::new() };
        let size = number(look.size);
        let _ = write!(self.0, "<text x=\"{x}\" y=\"{y}\" font-size=\"{size}\"{anchor}{turn}>");
        let parts = lines(label);
        if let [line] = parts[..] {
            self.0.push_str(&escaped(line));
        } else {
            for (i, line) in parts.into_iter().enumerate() {
                let dy = if i == 0 { 0.0 } else { look.size * LINE_HEIGHT };
                let (dy, line) = (number(dy), escaped(line));
                let _ = write!(self.0, "<tspan x=\"{x}\" dy=\"{dy}\">{line}</tspan>");
            }
        }
        self.0.push_str("</text>\n");
    }
}

/// A number of pixels with two digits at most.
pub(crate) fn number(pixels: f64) -> String {
    let text = format!("{pixels:.2}");
    let text = text.trim_end_matches('0').trim_end_matches('.');
    if text == "-0" { "0".into() } else { text.into() }
}

/// A path through points.
pub(crate) fn polyline(points: &[(f64, f64)]) -> String {
    let mut d = String::new();
    for (i, &(x, y)) in points.iter().enumerate() {
        let _ = write!(d, "{}{} {}", if i == 0 { 'M' } else { 'L' }, number(x), number(y));
    }
    d
}
