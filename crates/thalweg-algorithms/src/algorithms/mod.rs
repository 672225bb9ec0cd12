//! One file per algorithm.

pub mod bobyqa;
pub mod compass_search;
pub mod differential_evolution;
pub mod lbfgsb;
pub mod levenberg_marquardt;
pub mod neldermead;
pub mod neldermead_parallel;
pub mod newuoa;
pub mod powell;
pub mod praxis;
pub mod subplex;
pub mod trf;
