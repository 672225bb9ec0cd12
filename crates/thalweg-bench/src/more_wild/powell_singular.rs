//! Powell's singular function: the Jacobian is singular at the solution (Moré, Garbow, Hillstrom 1981, number 13).
//! n = m = 4.

use crate::ResidualFunction;

pub(super) const FUNCTION: ResidualFunction = ResidualFunction { residuals, jacobian };

fn residuals(x: &[f64], r: &mut [f64]) {
    r[0] = x[0] + 10.0 * x[1];
    r[1] = 5.0_f64.sqrt() * (x[2] - x[3]);
    r[2] = (x[1] - 2.0 * x[2]).powi(2);
    r[3] = 10.0_f64.sqrt() * (x[0] - x[3]).powi(2);
}

fn jacobian(x: &[f64], jac: &mut [f64]) {
    let five = 5.0_f64.sqrt();
    let inner = 2.0 * (x[1] - 2.0 * x[2]);
    let outer = 2.0 * 10.0_f64.sqrt() * (x[0] - x[3]);
    jac[..4].copy_from_slice(&[1.0, 10.0, 0.0, 0.0]);
    jac[4..8].copy_from_slice(&[0.0, 0.0, five, -five]);
    jac[8..12].copy_from_slice(&[0.0, inner, -2.0 * inner, 0.0]);
    jac[12..].copy_from_slice(&[outer, 0.0, 0.0, -outer]);
}
