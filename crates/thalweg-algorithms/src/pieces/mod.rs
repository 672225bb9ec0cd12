//! Parts that several algorithms share, each tested on its own.

pub mod simplex;
