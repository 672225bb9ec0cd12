//! Figures as plain data, and their renderers.
//!
//! A producer ([`figures`]) turns columns of numbers into a [`Figure`]: lines, markers, contours and surfaces in panels, with
//! labels, ranges and colours, and nothing that belongs to one way of drawing. A renderer ([`render`]) turns a figure into plotly's
//! JSON, a page that needs no network, SVG, or PNG. A figure is also what crosses the border to Python, as JSON.
//!
//! ```
//! use thalweg_view::figures::{CriterionOptions, CriterionRun, criterion_figure};
//!
//! let run = CriterionRun::new("lbfgsb", vec![9.0, 4.0, f64::NAN, 1.0]);
//! let figure = criterion_figure(&[run], &CriterionOptions::default())?;
//! assert_eq!(figure.panels[0].x.label, "No. of criterion evaluations");
//! let again: thalweg_view::Figure = figure.to_json().parse()?;
//! assert_eq!(again.panels[0].traces.len(), 1);
//! # Ok::<(), thalweg_view::FigureError>(())
//! ```

mod error;
mod figure;
pub mod figures;
mod gaps;
mod palette;
pub mod render;
mod trace;

pub use error::FigureError;
pub use figure::{Axis, Figure, Legend, LegendPosition, Panel, PanelKind, SCHEMA};
pub use palette::{D3, GREY, OKABE_ITO, Palette};
pub use trace::{Contour, Dash, Hline, Line, Markers, Markers3d, Surface, Trace};
