//! Freudenstein and Roth's function: two minima, 0 and 48.98 (Moré, Garbow, Hillstrom 1981, number 2). n = m = 2.

use crate::ResidualFunction;

pub(super) const FUNCTION: ResidualFunction = ResidualFunction { residuals, jacobian };

fn residuals(x: &[f64], r: &mut [f64]) {
    r[0] = -13.0 + x[0] + ((5.0 - x[1]) * x[1] - 2.0) * x[1];
    r[1] = -29.0 + x[0] + ((1.0 + x[1]) * x[1] - 14.0) * x[1];
}

fn jacobian(x: &[f64], jac: &mut [f64]) {
    jac.copy_from_slice(&[
        1.0,
        (10.0 - 3.0 * x[1]) * x[1] - 2.0,
        1.0,
        (2.0 + 3.0 * x[1]) * x[1] - 14.0,
    ]);
}
