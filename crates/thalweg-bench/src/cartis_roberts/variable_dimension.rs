//! The variably dimensioned function (Moré, Garbow, Hillstrom 1981, number 25; CUTEst VARDIMNE). Any n, m = n + 2.

use crate::ResidualFunction;

pub(super) const FUNCTION: ResidualFunction = ResidualFunction { residuals, jacobian };

/// The start `1 - i / n`.
pub(super) fn start(n: usize) -> Vec<f64> {
    (1..=n).map(|i| 1.0 - i as f64 / n as f64).collect()
}

/// `sum_i i (x_i - 1)`.
fn weighted_sum(x: &[f64]) -> f64 {
    x.iter().enumerate().map(|(i, x)| (i + 1) as f64 * (x - 1.0)).sum()
}

fn residuals(x: &[f64], r: &mut [f64]) {
    let (n, sum) = (x.len(), weighted_sum(x));
    for i in 0..n {
        r[i] = x[i] - 1.0;
    }
    r[n] = sum;
    r[n + 1] = sum * sum;
}

fn jacobian(x: &[f64], jac: &mut [f64]) {
    let (n, sum) = (x.len(), weighted_sum(x));
    jac.fill(0.0);
    for i in 0..n {
        let weight = (i + 1) as f64;
        jac[i * n + i] = 1.0;
        jac[n * n + i] = weight;
        jac[(n + 1) * n + i] = 2.0 * sum * weight;
    }
}
