//! A discrete integral equation (Moré, Garbow, Hillstrom 1981, number 29; CUTEst INTEGREQ). Any n = m.
//! `x_i + h/2 ((1 - t_i) sum_(j <= i) t_j c_j + t_i sum_(j > i) (1 - t_j) c_j)`, `c_j = (x_j + t_j + 1)^3`, `t_i = i h`,
//! `h = 1 / (n + 1)`. In the last equation, the last term counts twice, as in optimagic's set, so that results compare.

use crate::ResidualFunction;

pub(super) const FUNCTION: ResidualFunction = ResidualFunction { residuals, jacobian };

fn point(i: usize, n: usize) -> f64 {
    (i + 1) as f64 / (n + 1) as f64
}

/// The kernel `h/2 min(t_i, t_j) (1 - max(t_i, t_j))`.
fn kernel(i: usize, j: usize, n: usize) -> f64 {
    let (low, high) = (point(i.min(j), n), point(i.max(j), n));
    let times = if (i, j) == (n - 1, n - 1) { 2.0 } else { 1.0 };
    times * 0.5 / (n + 1) as f64 * low * (1.0 - high)
}

fn residuals(x: &[f64], r: &mut [f64]) {
    let n = x.len();
    r.copy_from_slice(x);
    for j in 0..n {
        let cube = (x[j] + point(j, n) + 1.0).powi(3);
        for i in 0..n {
            r[i] += kernel(i, j, n) * cube;
        }
    }
}

fn jacobian(x: &[f64], jac: &mut [f64]) {
    let n = x.len();
    for (i, row) in jac.chunks_exact_mut(n).enumerate() {
        for j in 0..n {
            row[j] = 3.0 * kernel(i, j, n) * (x[j] + point(j, n) + 1.0).powi(2);
        }
        row[i] += 1.0;
    }
}
