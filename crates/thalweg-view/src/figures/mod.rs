//! Producers of figures: one kind, one file. They take columns of numbers and know nothing of results.

mod benchmark;
mod convergence;
mod criterion;
mod deviation;
mod grids;
mod params;
mod profile;
mod slice;
mod slice_3d;

pub use benchmark::{DistanceMeasure, RuntimeMeasure};
pub use convergence::{
    ConvergenceLine, ConvergenceOptions, ConvergencePanel, convergence_figure, convergence_figures,
};
pub use criterion::{CriterionOptions, CriterionRun, criterion_figure};
pub use deviation::{DeviationOptions, Deviations, deviation_figure};
pub use grids::SliceSpace;
pub use params::{ParamsOptions, params_figure};
pub use profile::{ProfileOptions, SolutionTimes, profile_figure};
pub use slice::{SliceOptions, slice_figure, slice_figures, slice_points};
pub use slice_3d::{
    PairKind, PlacedFigure, Projection, Slice3dOptions, slice_3d_figure, slice_3d_figures,
    slice_3d_points,
};

/// 0, 1, 2, ...: the numbers of evaluations.
pub(crate) fn counted(n: usize) -> Vec<f64> {
    (0..n).map(|i| i as f64).collect()
}
