//! One file per kind of transform.

mod fixed;
#[cfg(test)]
pub(crate) mod laws;

pub use fixed::Fixed;
