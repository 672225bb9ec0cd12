//! One file per kind of transform.

mod covariance;
mod fixed;
#[cfg(test)]
pub(crate) mod laws;
mod probability;
mod scale;
mod sdcorr;
mod triangle;

pub use covariance::Covariance;
pub use fixed::Fixed;
pub use probability::Probability;
pub use scale::Scale;
pub use sdcorr::SdCorr;
pub use triangle::triangular_dimension;
