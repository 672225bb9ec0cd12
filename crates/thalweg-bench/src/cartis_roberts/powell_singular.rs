//! Powell's singular function, repeated (Moré, Garbow, Hillstrom 1981, number 22; CUTEst POWELLSE). n = m, a multiple of 4.
//! As in optimagic's set, so that results compare, the factors are 5 and 10 where CUTEst has their roots.

use crate::ResidualFunction;

pub(super) const FUNCTION: ResidualFunction = ResidualFunction { residuals, jacobian };

fn residuals(x: &[f64], r: &mut [f64]) {
    for (x, r) in x.chunks_exact(4).zip(r.chunks_exact_mut(4)) {
        r[0] = x[0] + 10.0 * x[1];
        r[1] = 5.0 * (x[2] - x[3]);
        r[2] = (x[1] - 2.0 * x[2]).powi(2);
        r[3] = 10.0 * (x[0] - x[3]).powi(2);
    }
}

fn jacobian(x: &[f64], jac: &mut [f64]) {
    let n = x.len();
    jac.fill(0.0);
    for (k, rows) in jac.chunks_exact_mut(4 * n).enumerate() {
        let x = &x[4 * k..];
        let mut set = |i: usize, j: usize, d: f64| rows[i * n + 4 * k + j] = d;
        let inner = 2.0 * (x[1] - 2.0 * x[2]);
        let outer = 20.0 * (x[0] - x[3]);
        set(0, 0, 1.0);
        set(0, 1, 10.0);
        set(1, 2, 5.0);
        set(1, 3, -5.0);
        set(2, 1, inner);
        set(2, 2, -2.0 * inner);
        set(3, 0, outer);
        set(3, 3, -outer);
    }
}
