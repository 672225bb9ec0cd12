//! Kowalik and Osborne's enzyme kinetics (Moré, Garbow, Hillstrom 1981, number 15). n = 4, m = 11.

use crate::ResidualFunction;

pub(super) const FUNCTION: ResidualFunction = ResidualFunction { residuals, jacobian };

const Y: [f64; 11] =
    [0.1957, 0.1947, 0.1735, 0.1600, 0.0844, 0.0627, 0.0456, 0.0342, 0.0323, 0.0235, 0.0246];
const U: [f64; 11] = [4.0, 2.0, 1.0, 0.5, 0.25, 0.167, 0.125, 0.1, 0.0833, 0.0714, 0.0625];

fn residuals(x: &[f64], r: &mut [f64]) {
    for (i, u) in U.into_iter().enumerate() {
        let numerator = u * (u + x[1]);
        let denominator = u * (u + x[2]) + x[3];
        r[i] = Y[i] - x[0] * numerator / denominator;
    }
}

fn jacobian(x: &[f64], jac: &mut [f64]) {
    for (row, u) in jac.chunks_exact_mut(4).zip(U) {
        let ratio = u * (u + x[1]) / (u * (u + x[2]) + x[3]);
        let scale = x[0] / (u * (u + x[2]) + x[3]);
        row.copy_from_slice(&[-ratio, -scale * u, scale * ratio * u, scale * ratio]);
    }
}
