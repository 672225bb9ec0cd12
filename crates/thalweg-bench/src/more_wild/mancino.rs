//! Mancino's function in the form of Moré and Wild (2009), where residual i depends on parameter i alone. Any n = m.
//!
//! `r_i = 1400 x_i + (i - 50)^3 + sum_j g(v_ij)` with `v_ij = sqrt(x_i^2 + i/j)` and
//! `g(v) = v (sin^5 ln v + cos^5 ln v)`.

use crate::ResidualFunction;

pub(super) const FUNCTION: ResidualFunction = ResidualFunction { residuals, jacobian };

/// The start: a fixed multiple of the residuals at zero. Moré and Wild have the factor 8.710996e-4; the rounded one is
/// that of optimagic, whose published counts refer to it.
pub(super) fn start(n: usize) -> Vec<f64> {
    let mut x = vec![0.0; n];
    residuals(&vec![0.0; n], &mut x);
    x.iter_mut().for_each(|x| *x *= -8.711e-4);
    x
}

fn root(x: f64, i: usize, j: usize) -> f64 {
    (x * x + (i + 1) as f64 / (j + 1) as f64).sqrt()
}

fn residuals(x: &[f64], r: &mut [f64]) {
    let n = x.len();
    for i in 0..n {
        let mut sum = 0.0;
        for j in 0..n {
            let v = root(x[i], i, j);
            let (sin, cos) = v.ln().sin_cos();
            sum += v * (sin.powi(5) + cos.powi(5));
        }
        r[i] = 1400.0 * x[i] + ((i + 1) as f64 - 50.0).powi(3) + sum;
    }
}

fn jacobian(x: &[f64], jac: &mut [f64]) {
    let n = x.len();
    jac.fill(0.0);
    for i in 0..n {
        let mut slope = 1400.0;
        for j in 0..n {
            let v = root(x[i], i, j);
            let (sin, cos) = v.ln().sin_cos();
            // g'(v) dv/dx_i, with g'(v) = sin^5 + cos^5 + 5 sin^4 cos - 5 cos^4 sin
            let dg = sin.powi(4) * (sin + 5.0 * cos) + cos.powi(4) * (cos - 5.0 * sin);
            slope += dg * x[i] / v;
        }
        jac[i * n + i] = slope;
    }
}
