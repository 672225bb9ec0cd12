//! One file per algorithm.

pub mod differential_evolution;
pub mod lbfgsb;
pub mod levenberg_marquardt;
pub mod neldermead;
pub mod neldermead_parallel;
pub mod powell;
pub mod subplex;
pub mod trf;
