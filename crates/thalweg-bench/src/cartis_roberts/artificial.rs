//! An artificial system of increasing frequencies (Irani, Kamat, Ribbens, Walker, Watson 1991; CUTEst ARTIF). Any n = m.
//! `r_i = atan(sin((i mod 100) x_i)) - (x_(i-1) + x_i + x_(i+1)) / 20`, with zeros at both ends.

use super::chain::{left, right, set_neighbours};
use crate::ResidualFunction;

pub(super) const FUNCTION: ResidualFunction = ResidualFunction { residuals, jacobian };

fn frequency(i: usize) -> f64 {
    ((i + 1) % 100) as f64
}

fn residuals(x: &[f64], r: &mut [f64]) {
    for i in 0..x.len() {
        let neighbours = left(x, i) + right(x, i);
        r[i] = (frequency(i) * x[i]).sin().atan() - 0.05 * (neighbours + x[i]);
    }
}

fn jacobian(x: &[f64], jac: &mut [f64]) {
    let n = x.len();
    jac.fill(0.0);
    for (i, row) in jac.chunks_exact_mut(n).enumerate() {
        let (sin, cos) = (frequency(i) * x[i]).sin_cos();
        row[i] = frequency(i) * cos / (1.0 + sin * sin) - 0.05;
        set_neighbours(row, i, -0.05, -0.05);
    }
}
