//! Toint's chained Rosenbrock function (Toint 1978; CUTEst CHNRSBNE). 2 <= n <= 50, m = 2 (n - 1): first the links.

use crate::ResidualFunction;

pub(super) const FUNCTION: ResidualFunction = ResidualFunction { residuals, jacobian };

/// The weights of Toint's chains.
const WEIGHTS: [f64; 50] = [
    1.25, 1.40, 2.40, 1.40, 1.75, 1.20, 2.25, 1.20, 1.00, 1.10, 1.50, 1.60, 1.25, 1.25, 1.20, 1.20,
    1.40, 0.50, 0.50, 1.25, 1.80, 0.75, 1.25, 1.40, 1.60, 2.00, 1.00, 1.60, 1.25, 2.75, 1.25, 1.25,
    1.25, 3.00, 1.50, 2.00, 1.25, 1.40, 1.80, 1.50, 2.20, 1.40, 1.50, 1.25, 2.00, 1.50, 1.25, 1.40,
    0.60, 1.50,
];

fn residuals(x: &[f64], r: &mut [f64]) {
    let links = x.len() - 1;
    for i in 0..links {
        r[i] = 4.0 * WEIGHTS[i + 1] * (x[i] - x[i + 1] * x[i + 1]);
        r[links + i] = x[i + 1] - 1.0;
    }
}

fn jacobian(x: &[f64], jac: &mut [f64]) {
    let n = x.len();
    jac.fill(0.0);
    for i in 0..n - 1 {
        jac[i * n + i] = 4.0 * WEIGHTS[i + 1];
        jac[i * n + i + 1] = -8.0 * WEIGHTS[i + 1] * x[i + 1];
        jac[(n - 1 + i) * n + i + 1] = 1.0;
    }
}
