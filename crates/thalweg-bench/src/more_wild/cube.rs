//! Cube: a chain of cubic valleys (CUTEst CUBE generalized, as in Moré and Wild 2009). Any n = m.

use crate::ResidualFunction;

pub(super) const FUNCTION: ResidualFunction = ResidualFunction { residuals, jacobian };

fn residuals(x: &[f64], r: &mut [f64]) {
    r[0] = x[0] - 1.0;
    for i in 1..x.len() {
        r[i] = 10.0 * (x[i] - x[i - 1].powi(3));
    }
}

fn jacobian(x: &[f64], jac: &mut [f64]) {
    let n = x.len();
    jac.fill(0.0);
    jac[0] = 1.0;
    for i in 1..n {
        jac[i * n + i] = 10.0;
        jac[i * n + i - 1] = -30.0 * x[i - 1].powi(2);
    }
}
