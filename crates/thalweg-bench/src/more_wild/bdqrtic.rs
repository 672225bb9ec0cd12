//! Bdqrtic: a banded quartic with an arrow head (Conn, Gould, Lescrenier, Toint 1994, as in Moré and Wild 2009).
//! n >= 5, m = 2 (n - 4): first all linear residuals, then all quadratic ones.

use crate::ResidualFunction;

pub(super) const FUNCTION: ResidualFunction = ResidualFunction { residuals, jacobian };

fn residuals(x: &[f64], r: &mut [f64]) {
    let n = x.len();
    let (linear, quadratic) = r.split_at_mut(n - 4);
    for i in 0..n - 4 {
        linear[i] = 3.0 - 4.0 * x[i];
        quadratic[i] =
            (0..4).map(|k| (k + 1) as f64 * x[i + k].powi(2)).sum::<f64>() + 5.0 * x[n - 1].powi(2);
    }
}

fn jacobian(x: &[f64], jac: &mut [f64]) {
    let n = x.len();
    jac.fill(0.0);
    let (linear, quadratic) = jac.split_at_mut((n - 4) * n);
    for i in 0..n - 4 {
        linear[i * n + i] = -4.0;
        for k in 0..4 {
            quadratic[i * n + i + k] = 2.0 * (k + 1) as f64 * x[i + k];
        }
        quadratic[i * n + n - 1] += 10.0 * x[n - 1];
    }
}
