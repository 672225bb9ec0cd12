//! Bard's rational model of 15 observations (Moré, Garbow, Hillstrom 1981, number 8). n = 3, m = 15.

use crate::ResidualFunction;

pub(super) const FUNCTION: ResidualFunction = ResidualFunction { residuals, jacobian };

const Y: [f64; 15] =
    [0.14, 0.18, 0.22, 0.25, 0.29, 0.32, 0.35, 0.39, 0.37, 0.58, 0.73, 0.96, 1.34, 2.10, 4.39];

/// The regressors `u, v, w` of the observation with 0-based index `i`.
fn regressors(i: usize) -> [f64; 3] {
    let u = (i + 1) as f64;
    let v = 16.0 - u;
    [u, v, u.min(v)]
}

fn residuals(x: &[f64], r: &mut [f64]) {
    for i in 0..Y.len() {
        let [u, v, w] = regressors(i);
        r[i] = Y[i] - (x[0] + u / (v * x[1] + w * x[2]));
    }
}

fn jacobian(x: &[f64], jac: &mut [f64]) {
    for (i, row) in jac.chunks_exact_mut(3).enumerate() {
        let [u, v, w] = regressors(i);
        let slope = u / (v * x[1] + w * x[2]).powi(2);
        row.copy_from_slice(&[-1.0, v * slope, w * slope]);
    }
}
