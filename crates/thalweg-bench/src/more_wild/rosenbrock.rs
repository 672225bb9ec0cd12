//! Rosenbrock's curved valley (Moré, Garbow, Hillstrom 1981, number 1). n = m = 2.

use crate::ResidualFunction;

pub(super) const FUNCTION: ResidualFunction = ResidualFunction { residuals, jacobian };

fn residuals(x: &[f64], r: &mut [f64]) {
    r[0] = 10.0 * (x[1] - x[0] * x[0]);
    r[1] = 1.0 - x[0];
}

fn jacobian(x: &[f64], jac: &mut [f64]) {
    jac.copy_from_slice(&[-20.0 * x[0], 10.0, -1.0, 0.0]);
}
