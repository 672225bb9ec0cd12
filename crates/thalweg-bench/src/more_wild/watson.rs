//! Watson's function: a polynomial fit to a differential equation, ill conditioned as n grows (Moré, Garbow,
//! Hillstrom 1981, number 20). 2 <= n <= 31, m = 31.

use crate::ResidualFunction;

pub(crate) const FUNCTION: ResidualFunction = ResidualFunction { residuals, jacobian };

/// The number of grid points `t_i = i / 29`; two more residuals fix the initial values.
const POINTS: usize = 29;

fn grid(i: usize) -> f64 {
    (i + 1) as f64 / POINTS as f64
}

/// The polynomial `p(t) = sum_j x_j t^(j-1)` and its derivative, by Horner's rule.
fn polynomial(x: &[f64], t: f64) -> (f64, f64) {
    x.iter().rev().fold((0.0, 0.0), |(p, dp), c| (p * t + c, dp * t + p))
}

fn residuals(x: &[f64], r: &mut [f64]) {
    for i in 0..POINTS {
        let (p, dp) = polynomial(x, grid(i));
        r[i] = dp - p * p - 1.0;
    }
    r[POINTS] = x[0];
    r[POINTS + 1] = x[1] - x[0] * x[0] - 1.0;
}

fn jacobian(x: &[f64], jac: &mut [f64]) {
    let n = x.len();
    jac.fill(0.0);
    for (i, row) in jac.chunks_exact_mut(n).enumerate().take(POINTS) {
        let t = grid(i);
        let (p, _) = polynomial(x, t);
        // d/dx_j = (j-1) t^(j-2) - 2 p t^(j-1)
        let (mut power, mut slope) = (1.0, 0.0);
        for (j, d) in row.iter_mut().enumerate() {
            *d = slope - 2.0 * p * power;
            slope = (j + 1) as f64 * power;
            power *= t;
        }
    }
    jac[POINTS * n] = 1.0;
    jac[(POINTS + 1) * n] = -2.0 * x[0];
    jac[(POINTS + 1) * n + 1] = 1.0;
}
