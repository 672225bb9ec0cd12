//! Chebyquad: equal-weight Chebyshev quadrature nodes on [0, 1] (Moré, Garbow, Hillstrom 1981, number 35).
//! Any n, m >= n (here m = n). Residual i is the quadrature error for the shifted Chebyshev polynomial `T_i`.

use crate::ResidualFunction;

pub(super) const FUNCTION: ResidualFunction = ResidualFunction { residuals, jacobian };

/// The start `x_j = j / (n + 1)`.
pub(super) fn start(n: usize) -> Vec<f64> {
    (1..=n).map(|j| j as f64 / (n + 1) as f64).collect()
}

fn residuals(x: &[f64], r: &mut [f64]) {
    r.fill(0.0);
    for x in x {
        let y = 2.0 * x - 1.0;
        let (mut previous, mut current) = (1.0, y);
        for r in r.iter_mut() {
            *r += current;
            (previous, current) = (current, 2.0 * y * current - previous);
        }
    }
    for (i, r) in r.iter_mut().enumerate() {
        let degree = (i + 1) as f64;
        *r /= x.len() as f64;
        if (i + 1) % 2 == 0 {
            *r += 1.0 / (degree * degree - 1.0); // minus the integral of T_i over [0, 1]
        }
    }
}

fn jacobian(x: &[f64], jac: &mut [f64]) {
    let n = x.len();
    for (j, x) in x.iter().enumerate() {
        let y = 2.0 * x - 1.0;
        let (mut previous, mut current) = (1.0, y);
        let (mut previous_slope, mut slope) = (0.0, 2.0); // with respect to x, not y
        for row in jac.chunks_exact_mut(n) {
            row[j] = slope / n as f64;
            let next_slope = 4.0 * current + 2.0 * y * slope - previous_slope;
            (previous_slope, slope) = (slope, next_slope);
            (previous, current) = (current, 2.0 * y * current - previous);
        }
    }
}
