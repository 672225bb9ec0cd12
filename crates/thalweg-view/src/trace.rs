//! What is drawn in a panel.

use serde::{Deserialize, Serialize};

use crate::gaps;

/// How a line is drawn.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Dash {
    /// Without gaps.
    #[default]
    Solid,
    /// Dashes.
    Dash,
    /// Dots.
    Dot,
}

impl Dash {
    /// The dashes in the order in which lines get them.
    pub const ALL: [Dash; 3] = [Dash::Solid, Dash::Dash, Dash::Dot];

    /// The word for it in plotly and in JSON.
    pub fn name(self) -> &'static str {
        match self {
            Dash::Solid => "solid",
            Dash::Dash => "dash",
            Dash::Dot => "dot",
        }
    }
}

/// A line, markers, a contour plot, a surface. Numbers that are not finite are gaps.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(tag = "type", rename_all = "lowercase")]
pub enum Trace {
    /// Points joined by a line.
    Line(Line),
    /// Points.
    Markers(Markers),
    /// Lines of equal height, filled.
    Contour(Contour),
    /// A surface in space.
    Surface(Surface),
    /// Points in space.
    Markers3d(Markers3d),
    /// A horizontal line through the whole panel.
    Hline(Hline),
}

/// Points joined by a line.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Line {
    /// The name in legend and hover text.
    pub name: String,
    /// Where the points are.
    #[serde(with = "gaps::column")]
    pub x: Vec<f64>,
    /// How high they are.
    #[serde(with = "gaps::column")]
    pub y: Vec<f64>,
    /// "#rrggbb", or another colour that CSS knows.
    pub color: String,
    /// In pixels.
    #[serde(default = "default_width")]
    pub width: f64,
    /// Solid, or dashes or dots.
    #[serde(default)]
    pub dash: Dash,
    /// Horizontal to the next point and vertical there, instead of straight.
    #[serde(default)]
    pub step: bool,
    /// Whether gaps are bridged, because a missing point says nothing about the line.
    #[serde(default)]
    pub connect_gaps: bool,
    /// Whether the legend lists it.
    #[serde(default)]
    pub in_legend: bool,
    /// From 0, invisible, to 1.
    #[serde(default = "one")]
    pub opacity: f64,
}

/// Points.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Markers {
    /// The name in legend and hover text.
    pub name: String,
    /// Where the points are.
    #[serde(with = "gaps::column")]
    pub x: Vec<f64>,
    /// How high they are.
    #[serde(with = "gaps::column")]
    pub y: Vec<f64>,
    /// "#rrggbb", or another colour that CSS knows.
    pub color: String,
    /// Their diameter in pixels.
    pub size: f64,
    /// Whether the legend lists them.
    #[serde(default)]
    pub in_legend: bool,
}

/// Lines of equal height, filled.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Contour {
    /// The columns of the grid.
    #[serde(with = "gaps::column")]
    pub x: Vec<f64>,
    /// The rows of the grid.
    #[serde(with = "gaps::column")]
    pub y: Vec<f64>,
    /// A row of heights for each `y`.
    #[serde(with = "gaps::rows")]
    pub z: Vec<Vec<f64>>,
    /// The name of the colours, as plotly has them.
    pub colorscale: String,
    /// Whether the colours are explained beside the panel.
    #[serde(default)]
    pub show_scale: bool,
}

/// A surface in space.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Surface {
    /// The columns of the grid.
    #[serde(with = "gaps::column")]
    pub x: Vec<f64>,
    /// The rows of the grid.
    #[serde(with = "gaps::column")]
    pub y: Vec<f64>,
    /// A row of heights for each `y`.
    #[serde(with = "gaps::rows")]
    pub z: Vec<Vec<f64>>,
    /// The name of the colours, as plotly has them.
    pub colorscale: String,
    /// From 0, invisible, to 1.
    pub opacity: f64,
    /// Whether the colours are explained beside the panel.
    #[serde(default)]
    pub show_scale: bool,
    /// Where the eye is, in units of the box around the surface.
    pub camera: [f64; 3],
}

/// Points in space.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Markers3d {
    /// The name in legend and hover text.
    pub name: String,
    /// Their first coordinates.
    #[serde(with = "gaps::column")]
    pub x: Vec<f64>,
    /// Their second coordinates.
    #[serde(with = "gaps::column")]
    pub y: Vec<f64>,
    /// Their heights.
    #[serde(with = "gaps::column")]
    pub z: Vec<f64>,
    /// "#rrggbb", or another colour that CSS knows.
    pub color: String,
    /// Their diameter in pixels.
    pub size: f64,
}

/// A horizontal line through the whole panel.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Hline {
    /// Its height.
    pub y: f64,
    /// "#rrggbb", or another colour that CSS knows.
    pub color: String,
    /// Solid, or dashes or dots.
    #[serde(default)]
    pub dash: Dash,
    /// What it means.
    #[serde(default)]
    pub label: Option<String>,
}

fn default_width() -> f64 {
    2.0
}

fn one() -> f64 {
    1.0
}

impl Line {
    /// A solid line of two pixels that is in the legend.
    pub fn new(name: impl Into<String>, x: Vec<f64>, y: Vec<f64>, color: &str) -> Self {
        Line {
            name: name.into(),
            x,
            y,
            color: color.into(),
            width: default_width(),
            dash: Dash::Solid,
            step: false,
            connect_gaps: false,
            in_legend: true,
            opacity: 1.0,
        }
    }
}

impl Trace {
    /// The name, where there is one.
    pub fn name(&self) -> Option<&str> {
        match self {
            Trace::Line(line) => Some(&line.name),
            Trace::Markers(markers) => Some(&markers.name),
            Trace::Markers3d(markers) => Some(&markers.name),
            _ => None,
        }
    }

    /// Whether the legend lists it.
    pub fn is_in_legend(&self) -> bool {
        match self {
            Trace::Line(line) => line.in_legend,
            Trace::Markers(markers) => markers.in_legend,
            _ => false,
        }
    }
}
