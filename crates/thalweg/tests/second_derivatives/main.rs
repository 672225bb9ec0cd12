//! Hessians and products with them, from every source and in every space.

mod calls;
mod drivers;
mod maps;

use thalweg::OptimizeError;

/// A function with a curved valley.
pub(crate) fn rosenbrock(x: &[f64; 2]) -> f64 {
    100.0 * (x[1] - x[0] * x[0]).powi(2) + (1.0 - x[0]).powi(2)
}

pub(crate) fn rosenbrock_gradient(x: &[f64; 2]) -> [f64; 2] {
    let t = x[1] - x[0] * x[0];
    [-400.0 * t * x[0] - 2.0 * (1.0 - x[0]), 200.0 * t]
}

pub(crate) fn rosenbrock_hessian(x: &[f64; 2], h: &mut [f64]) {
    h.copy_from_slice(&[
        1200.0 * x[0] * x[0] - 400.0 * x[1] + 2.0,
        -400.0 * x[0],
        -400.0 * x[0],
        200.0,
    ]);
}

pub(crate) fn message(error: OptimizeError) -> String {
    match error {
        OptimizeError::User { failure, .. } => {
            format!("{}: {}", failure.function(), failure.error.message)
        }
        other => other.to_string(),
    }
}
