//! The figure: panels in a grid.

use std::str::FromStr;

use serde::{Deserialize, Serialize};

use crate::error::FigureError;
use crate::trace::Trace;

/// The version of the form in which figures are written as JSON.
pub const SCHEMA: u32 = 1;

/// Panels in a grid. In labels, `{linebreak}` begins a new line.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Figure {
    /// [`SCHEMA`].
    pub schema: u32,
    /// In pixels.
    pub width: u32,
    /// In pixels.
    pub height: u32,
    /// Whether the size is part of the figure, rather than a proposal: grids grow with their panels.
    #[serde(default)]
    pub fixed_size: bool,
    /// Above everything.
    pub title: Option<String>,
    /// Rows of panels.
    pub rows: usize,
    /// Columns of panels.
    pub cols: usize,
    /// Whether the panels of a column have the same horizontal axis.
    pub share_x: bool,
    /// Whether the panels of a row have the same vertical axis.
    pub share_y: bool,
    /// The look, by the name of plotly's template.
    pub template_hint: String,
    /// Where the legend is, if there is one.
    pub legend: Option<Legend>,
    /// The panels, in reading order; places of the grid may be empty.
    pub panels: Vec<Panel>,
    /// Beside the rows, on the right; empty for none.
    #[serde(default)]
    pub row_titles: Vec<String>,
    /// Above the columns; empty for none.
    #[serde(default)]
    pub col_titles: Vec<String>,
}

/// The list of names.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Legend {
    /// Where it is.
    pub position: LegendPosition,
}

/// Where a legend is.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum LegendPosition {
    /// Over the panel, in its upper right corner.
    TopRightInside,
    /// Beside the panels.
    Right,
    /// Under the panels.
    Below,
}

/// One coordinate system.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Panel {
    /// Counted from 0, from the top.
    pub row: usize,
    /// Counted from 0, from the left.
    pub col: usize,
    /// Above it.
    #[serde(default)]
    pub title: Option<String>,
    /// The horizontal axis.
    pub x: Axis,
    /// The vertical axis, or the one to the back of a scene.
    pub y: Axis,
    /// The vertical axis of a scene.
    #[serde(default)]
    pub z: Option<Axis>,
    /// What is drawn, from back to front.
    pub traces: Vec<Trace>,
    /// Flat, or in space.
    pub kind: PanelKind,
}

/// The kind of a coordinate system.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum PanelKind {
    /// Two axes.
    #[default]
    Xy,
    /// Three axes.
    Scene,
}

/// An axis.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Axis {
    /// What it measures.
    pub label: String,
    /// Its two ends; without them, the data decide.
    #[serde(default)]
    pub range: Option<[f64; 2]>,
    /// Whether equal distances are equal factors.
    #[serde(default)]
    pub log: bool,
    /// Whether numbers are written at the ticks.
    #[serde(default = "yes")]
    pub show_ticks: bool,
}

fn yes() -> bool {
    true
}

impl Axis {
    /// An axis whose range the data decide.
    pub fn new(label: impl Into<String>) -> Self {
        Axis { label: label.into(), range: None, log: false, show_ticks: true }
    }
}

impl Panel {
    /// A flat panel in a place of the grid.
    pub fn xy(row: usize, col: usize, x: Axis, y: Axis, traces: Vec<Trace>) -> Self {
        Panel { row, col, title: None, x, y, z: None, traces, kind: PanelKind::Xy }
    }
}

impl Figure {
    /// The word for the look that figures are made for.
    pub const TEMPLATE: &str = "simple_white";

    /// A grid of panels without title and legend.
    pub fn grid(size: [u32; 2], rows: usize, cols: usize, panels: Vec<Panel>) -> Self {
        Figure {
            schema: SCHEMA,
            width: size[0],
            height: size[1],
            fixed_size: true,
            title: None,
            rows,
            cols,
            share_x: false,
            share_y: false,
            template_hint: Self::TEMPLATE.into(),
            legend: None,
            panels,
            row_titles: Vec::new(),
            col_titles: Vec::new(),
        }
    }

    /// A single panel, whose size is a proposal.
    pub fn single(panel: Panel) -> Self {
        Figure { fixed_size: false, ..Figure::grid([700, 450], 1, 1, vec![panel]) }
    }

    /// The figure with a legend at `position` if there is anything to tell apart.
    pub(crate) fn with_legend(mut self, position: LegendPosition) -> Self {
        let entries: usize =
            self.panels.iter().flat_map(|panel| &panel.traces).filter(|t| t.is_in_legend()).count();
        self.legend = (entries > 1).then_some(Legend { position });
        self
    }

    /// The figure as JSON; [`str::parse`] reads it again. Numbers that are not finite are written as `null`.
    pub fn to_json(&self) -> String {
        // Plain data with texts as keys always has a form in JSON.
        serde_json::to_string(self).unwrap_or_default()
    }
}

impl FromStr for Figure {
    type Err = FigureError;

    /// Read what [`Figure::to_json`] wrote.
    fn from_str(text: &str) -> Result<Self, FigureError> {
        let figure: Figure = serde_json::from_str(text).map_err(|error| {
            FigureError::NotAFigure(format!("the text is not a figure in JSON: {error}"))
        })?;
        if figure.schema == SCHEMA {
            return Ok(figure);
        }
        Err(FigureError::NotAFigure(format!(
            "the figure has schema {}, and this version of thalweg reads schema {SCHEMA}",
            figure.schema
        )))
    }
}
