//! The gradient of Nesterov's oscillating path, with Jarre's weight (CUTEst OSCIGRNE). Any n = m.
//! The path is the parabola `x_(i+1) = 2 x_i^2 - 1`, the defects of which enter the equations of both parameters.
//!
//! As in optimagic's set, so that results compare, the inner equations have the right neighbour and the left one where the gradient
//! has the right neighbour and the parameter itself: `2 rho d(x_i, x_(i-1)) - 4 rho d(x_(i+1), x_(i-1)) x_(i+1)`.

use crate::ResidualFunction;

pub(super) const FUNCTION: ResidualFunction = ResidualFunction { residuals, jacobian };

/// The weight of the path.
const RHO: f64 = 500.0;

/// How far a parameter is from where the path leads from another one.
fn defect(to: f64, from: f64) -> f64 {
    to - 2.0 * from * from + 1.0
}

fn residuals(x: &[f64], r: &mut [f64]) {
    let n = x.len();
    r[0] = 0.5 * x[0] - 0.5 - 4.0 * RHO * defect(x[1], x[0]) * x[0];
    for i in 1..n {
        r[i] = 2.0 * RHO * defect(x[i], x[i - 1]);
    }
    for i in 1..n - 1 {
        r[i] -= 4.0 * RHO * defect(x[i + 1], x[i - 1]) * x[i + 1];
    }
}

fn jacobian(x: &[f64], jac: &mut [f64]) {
    let n = x.len();
    jac.fill(0.0);
    jac[0] = 0.5 - 4.0 * RHO * (defect(x[1], x[0]) - 4.0 * x[0] * x[0]);
    jac[1] = -4.0 * RHO * x[0];
    for i in 1..n {
        jac[i * n + i - 1] = -8.0 * RHO * x[i - 1];
        jac[i * n + i] = 2.0 * RHO;
    }
    for i in 1..n - 1 {
        let (before, after) = (x[i - 1], x[i + 1]);
        jac[i * n + i - 1] += 16.0 * RHO * before * after;
        jac[i * n + i + 1] = -4.0 * RHO * (defect(after, before) + after);
    }
}
