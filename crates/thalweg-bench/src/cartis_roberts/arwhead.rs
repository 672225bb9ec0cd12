//! An arrow head: every parameter is coupled with the last one (Conn, Gould, Lescrenier, Toint 1994; CUTEst ARWHDNE).
//! Any n,
//! m = 2 (n - 1): first the quadratic residuals, then the linear ones.

use crate::ResidualFunction;

pub(super) const FUNCTION: ResidualFunction = ResidualFunction { residuals, jacobian };

fn residuals(x: &[f64], r: &mut [f64]) {
    let last = x.len() - 1;
    for i in 0..last {
        r[i] = x[i] * x[i] + x[last] * x[last];
        r[last + i] = 4.0 * x[i] - 3.0;
    }
}

fn jacobian(x: &[f64], jac: &mut [f64]) {
    let n = x.len();
    jac.fill(0.0);
    for i in 0..n - 1 {
        jac[i * n + i] = 2.0 * x[i];
        jac[i * n + n - 1] = 2.0 * x[n - 1];
        jac[(n - 1 + i) * n + i] = 4.0;
    }
}
