//! Numerical optimization: one minimize for every algorithm, parameters of any shape.
