//! Pictures of runs: what the optimizer did, and what the objective looks like.
//!
//! Every function makes a [`Figure`], which is written as HTML (self-contained, with hover texts), SVG, PNG (feature `png`), or the JSON of
//! plotly.
//!
//! ```
//! use thalweg::plots::{CriterionOptions, criterion_plot};
//!
//! let rosenbrock = |x: &[f64; 2]| 100.0 * (x[1] - x[0] * x[0]).powi(2) + (1.0 - x[0]).powi(2);
//! let run = |algorithm: &str| thalweg::minimize(rosenbrock, [-1.2, 1.0]).algorithm(algorithm).run();
//! let (simplex, newton) = (run("neldermead")?, run("lbfgsb")?);
//!
//! let results = [("Nelder-Mead", &simplex), ("L-BFGS-B", &newton)];
//! let options = CriterionOptions { monotone: true, log_scale: true, ..CriterionOptions::default() };
//! let figure = criterion_plot(&results, &options)?;
//! figure.write_html(std::env::temp_dir().join("criterion.html"))?;
//! assert!(figure.to_svg().contains("Nelder-Mead"));
//! # Ok::<(), Box<dyn std::error::Error>>(())
//! ```

mod criterion;
mod log;
mod params;
mod slice;

pub use criterion::{Histories, criterion_plot};
pub use params::{ParamsHistory, ParamsPlot, params_plot};
pub use slice::{SlicePlot, SlicePlot3d, slice_plot, slice_plot_3d};
pub use thalweg_view::figures::{
    CriterionOptions, CriterionRun, PairKind, ParamsOptions, Projection, Slice3dOptions,
    SliceOptions,
};
pub use thalweg_view::{Figure, FigureError, Palette};

use crate::error::{InvalidKind, OptimizeError};

impl From<FigureError> for OptimizeError {
    fn from(error: FigureError) -> Self {
        OptimizeError::invalid(InvalidKind::Argument, error.to_string())
    }
}

/// What a result without history cannot be drawn from.
pub(crate) fn no_history(name: &str) -> OptimizeError {
    OptimizeError::invalid(
        InvalidKind::Argument,
        format!("the result \"{name}\" has no history. Run it with .collect_history(true)."),
    )
}
