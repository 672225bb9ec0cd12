//! One file per kind of transform.

mod covariance;
mod equal;
mod fixed;
#[cfg(test)]
pub(crate) mod laws;
mod linear;
mod probability;
mod ratio;
mod scale;
mod sdcorr;
mod simplex;
mod triangle;

pub use covariance::Covariance;
pub use equal::Equal;
pub use fixed::Fixed;
pub use linear::{CombinationRow, Linear};
pub use probability::Probability;
pub use scale::Scale;
pub use sdcorr::SdCorr;
pub use simplex::Simplex;
pub use triangle::triangular_dimension;
