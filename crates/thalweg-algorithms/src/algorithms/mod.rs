//! One file per algorithm.

pub mod lbfgsb;
pub mod neldermead;
pub mod neldermead_parallel;
pub mod levenberg_marquardt;
pub mod trf;
