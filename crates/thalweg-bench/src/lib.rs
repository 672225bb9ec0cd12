//! Benchmark problems for thalweg and comparisons with reference implementations.
//!
//! * [`more_wild`]: the 54 least-squares problems of Moré and Wild (2009), with exact Jacobians.
//! * [`global`]: eight small multimodal or ill-conditioned scalar functions on boxes.
//!
//! Both sets are plain functions on slices: they know nothing of any optimizer.
//!
//! * [`compare`]: thalweg's algorithms beside the reference implementations on these sets.
//! * [`algorithm_pages`]: the documentation of the algorithms, from their own files.

pub mod algorithm_pages;
pub mod compare;
mod function;
pub mod global;
pub mod more_wild;
mod problem;

pub use function::{Function, ResidualFunction, ScalarFunction, Scratch, VectorFunction};
pub use problem::{BenchmarkProblem, ConstraintFunction, Solution};
