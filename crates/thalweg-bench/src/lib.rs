//! Benchmark problems for thalweg and comparisons with reference implementations.
//!
//! [`get_benchmark_problems`] gives the problems of a set, with noise and bad scaling if asked for:
//!
//! * [`more_wild`]: the 54 least-squares problems of Moré and Wild (2009), n from 2 to 12 and 100.
//! * [`cartis_roberts`]: 60 least-squares problems of the CUTEst collection, n from 25 to 120.
//! * [`estimagic`]: 32 problems of both.
//! * [`example`]: ten problems of Moré and Wild.
//! * [`nist`]: the 27 nonlinear regressions of NIST with certified values, from two starts each.
//! * [`hock_schittkowski`]: problems with bounds and constraints.
//! * [`global`]: functions with many minima on boxes.
//!
//! [`scalable_problem`] makes many of them at any size. All have exact derivatives. They are plain functions on slices and know
//! nothing of any optimizer.
//!
//! [`run_benchmark`] runs algorithms on them, and [`results`] reads tables and figures off the results.
//!
//! * [`compare`]: thalweg's algorithms beside the reference implementations on these sets.
//! * [`page`]: the page on what algorithms solve, beside the reference implementations.
//! * [`algorithm_pages`]: the documentation of the algorithms, from their own files.

pub mod algorithm_pages;
pub mod cartis_roberts;
pub mod compare;
mod dual;
mod error;
pub mod estimagic;
pub mod example;
mod function;
pub mod global;
pub mod hock_schittkowski;
pub mod more_wild;
pub mod nist;
mod noise;
pub mod page;
mod points;
mod problem;
pub mod results;
mod run;
mod scalable;
mod scaling;
mod set;
mod set_page;

pub use error::BenchmarkError;
pub use function::{Function, ResidualFunction, ScalarFunction, Scratch, VectorFunction};
pub use noise::{MultiplicativeNoiseOptions, NoiseDistribution, NoiseOptions};
pub use problem::{BenchmarkProblem, ConstraintFunction, Solution};
pub use run::{Entrant, Outcome, RunOptions, run_benchmark, run_one};
pub use scalable::{scalable_problem, scalable_problems};
pub use scaling::ScalingOptions;
pub use set::{ProblemSet, SETS, SetError, SetOptions, get_benchmark_problems};

/// The Rust examples of the pages, which are tested like those of the code.
#[cfg(doctest)]
mod pages {
    #[doc = include_str!("../../../docs/benchmarking.md")]
    mod benchmarking {}
}
