//! One file per algorithm.

pub mod neldermead;
