//! Brown and Dennis' function: a large residual at the solution (Moré, Garbow, Hillstrom 1981, number 16).
//! n = 4, any m >= 4 (here 20).

use crate::ResidualFunction;

pub(super) const FUNCTION: ResidualFunction = ResidualFunction { residuals, jacobian };

/// The time `t_i` and the two expressions whose squares add up to residual `i` (0-based).
fn parts(x: &[f64], i: usize) -> (f64, f64, f64) {
    let t = (i + 1) as f64 / 5.0;
    let exponential = x[0] + t * x[1] - t.exp();
    let trigonometric = x[2] + x[3] * t.sin() - t.cos();
    (t, exponential, trigonometric)
}

fn residuals(x: &[f64], r: &mut [f64]) {
    for (i, r) in r.iter_mut().enumerate() {
        let (_, a, b) = parts(x, i);
        *r = a * a + b * b;
    }
}

fn jacobian(x: &[f64], jac: &mut [f64]) {
    for (i, row) in jac.chunks_exact_mut(4).enumerate() {
        let (t, a, b) = parts(x, i);
        row.copy_from_slice(&[2.0 * a, 2.0 * a * t, 2.0 * b, 2.0 * b * t.sin()]);
    }
}
