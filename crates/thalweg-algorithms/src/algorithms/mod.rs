//! One file per algorithm.
