//! One file per kind of transform.

mod fixed;
#[cfg(test)]
pub(crate) mod laws;
mod probability;

pub use fixed::Fixed;
pub use probability::Probability;
