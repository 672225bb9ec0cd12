//! One file per algorithm.

pub mod bfgs;
pub mod bhhh;
pub mod bobyqa;
pub mod compass_search;
pub mod conjugate_gradient;
pub mod dfols;
pub mod differential_evolution;
pub mod lbfgsb;
pub mod levenberg_marquardt;
pub mod migrad;
pub mod neldermead;
pub mod neldermead_parallel;
pub mod newton_cg;
pub mod newuoa;
pub mod pounders;
pub mod powell;
pub mod praxis;
pub mod pybobyqa;
pub mod slsqp;
pub mod subplex;
pub mod trf;
pub mod truncated_newton;
pub mod variable_metric;
