//! Jennrich and Sampson's function (Moré, Garbow, Hillstrom 1981, number 6). n = 2, any m >= 2 (here 10).

use crate::ResidualFunction;

pub(super) const FUNCTION: ResidualFunction = ResidualFunction { residuals, jacobian };

fn residuals(x: &[f64], r: &mut [f64]) {
    for (i, r) in r.iter_mut().enumerate() {
        let u = (i + 1) as f64;
        *r = 2.0 + 2.0 * u - (u * x[0]).exp() - (u * x[1]).exp();
    }
}

fn jacobian(x: &[f64], jac: &mut [f64]) {
    for (i, row) in jac.chunks_exact_mut(2).enumerate() {
        let u = (i + 1) as f64;
        row.copy_from_slice(&[-u * (u * x[0]).exp(), -u * (u * x[1]).exp()]);
    }
}
