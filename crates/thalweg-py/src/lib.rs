//! The Python module of thalweg: translation only.

mod algorithm;
mod asktell;
mod benchmark;
mod bridge;
mod catalog;
mod constraints;
mod errors;
mod figures;
mod handle;
mod handling;
mod history;
mod interrupt;
mod logging;
mod multistart;
mod numeric;
mod objective;
mod option_function;
mod options;
mod outcome;
mod plans;
mod progress;
mod report;
mod result;
mod sensitivity;
mod solve;
mod space;
mod tree;
mod turns;
mod values;

use pyo3::prelude::*;

/// The compiled part of thalweg. Private: use the package `thalweg`.
#[pymodule]
mod _thalweg {
    use pyo3::prelude::*;

    #[pymodule_export]
    use crate::asktell::AskTell;
    #[pymodule_export]
    use crate::benchmark::{
        BenchmarkFunction, BenchmarkResults, benchmark_problems, benchmark_sets, run_benchmark,
        scalable_names,
    };
    #[pymodule_export]
    use crate::catalog::{catalog, known_names, shared_defaults};
    #[pymodule_export]
    use crate::figures::{
        convergence_figure, convergence_figures, criterion_figure, deviation_figure, params_figure,
        profile_figure, render_html, render_plotly, render_svg, slice_3d_figure, slice_3d_figures,
        slice_figure, slice_figures, slice_points,
    };
    #[pymodule_export]
    use crate::handle::ProblemHandle;
    #[pymodule_export]
    use crate::history::HistoryData;
    #[pymodule_export]
    use crate::logging::LogReader;
    #[pymodule_export]
    use crate::multistart::RawMultistart;
    #[pymodule_export]
    use crate::objective::Objective;
    #[pymodule_export]
    use crate::plans::{FirstPlan, SecondPlan};
    #[pymodule_export]
    use crate::progress::ProgressReport;
    #[pymodule_export]
    use crate::report::html_report;
    #[pymodule_export]
    use crate::result::RawResult;
    #[pymodule_export]
    use crate::sensitivity::sensitivity;
    #[pymodule_export]
    use crate::solve::solve;
    #[pymodule_export]
    use crate::space::Space;
    #[pymodule_export]
    use crate::tree::Tree;
    #[pymodule_export]
    use crate::values::objective_values;

    #[pymodule_init]
    fn init(module: &Bound<'_, PyModule>) -> PyResult<()> {
        module.add("STATUS_WORDS", thalweg::Status::WORDS.to_vec())?;
        module.add("__version__", env!("CARGO_PKG_VERSION"))
    }
}
