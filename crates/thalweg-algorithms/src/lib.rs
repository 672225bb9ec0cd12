//! The optimization algorithms of thalweg, one file each.
//!
//! Each algorithm is a plain struct of options with one `solve` function, written against `thalweg-core`'s contract. Parts that
//! several algorithms share (line searches, trust-region subproblems, updates) live in [`pieces`].

// `#[derive(Options)]` and `#[derive(Choice)]` look for the contract at `::thalweg::core`, where users have it.
extern crate self as thalweg;
use thalweg_core as core;

pub mod algorithms;
mod augmented_lagrangian;
mod catalog;
pub mod pieces;
#[cfg(test)]
mod testing;

pub use augmented_lagrangian::{AugmentedLagrangian, AugmentedLagrangianOptions};
pub use catalog::{CATALOG, find};
