//! Meyer's thermistor: a badly scaled exponential (Moré, Garbow, Hillstrom 1981, number 10). n = 3, m = 16.

use crate::ResidualFunction;

pub(super) const FUNCTION: ResidualFunction = ResidualFunction { residuals, jacobian };

const Y: [f64; 16] = [
    34780.0, 28610.0, 23650.0, 19630.0, 16370.0, 13720.0, 11540.0, 9744.0, 8261.0, 7030.0, 6005.0,
    5147.0, 4427.0, 3820.0, 3307.0, 2872.0,
];

/// The temperature of the observation with 0-based index `i`.
fn temperature(i: usize) -> f64 {
    45.0 + 5.0 * (i + 1) as f64
}

fn residuals(x: &[f64], r: &mut [f64]) {
    for i in 0..Y.len() {
        r[i] = x[0] * (x[1] / (temperature(i) + x[2])).exp() - Y[i];
    }
}

fn jacobian(x: &[f64], jac: &mut [f64]) {
    for (i, row) in jac.chunks_exact_mut(3).enumerate() {
        let shifted = temperature(i) + x[2];
        let growth = (x[1] / shifted).exp();
        let slope = x[0] * growth / shifted;
        row.copy_from_slice(&[growth, slope, -slope * x[1] / shifted]);
    }
}
