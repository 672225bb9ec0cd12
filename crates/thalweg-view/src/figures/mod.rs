//! Producers of figures: one kind, one file. They take columns of numbers and know nothing of results.

mod criterion;
mod params;

pub use criterion::{CriterionOptions, CriterionRun, criterion_figure};
pub use params::{ParamsOptions, params_figure};

/// 0, 1, 2, ...: the numbers of evaluations.
pub(crate) fn counted(n: usize) -> Vec<f64> {
    (0..n).map(|i| i as f64).collect()
}
