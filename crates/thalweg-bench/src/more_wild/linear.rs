//! Three linear functions: full rank, rank one, rank one with zero columns and rows (Moré, Garbow, Hillstrom 1981,
//! numbers 32 to 34). Any `m >= n`.

use crate::ResidualFunction;

pub(crate) const FULL_RANK: ResidualFunction =
    ResidualFunction { residuals: full_rank, jacobian: full_rank_jacobian };

pub(crate) const RANK_ONE: ResidualFunction =
    ResidualFunction { residuals: rank_one, jacobian: rank_one_jacobian };

pub(crate) const RANK_ONE_ZERO: ResidualFunction =
    ResidualFunction { residuals: rank_one_zero, jacobian: rank_one_zero_jacobian };

fn full_rank(x: &[f64], r: &mut [f64]) {
    let shift = 2.0 * x.iter().sum::<f64>() / r.len() as f64 + 1.0;
    for (i, r) in r.iter_mut().enumerate() {
        *r = x.get(i).copied().unwrap_or(0.0) - shift;
    }
}

fn full_rank_jacobian(x: &[f64], jac: &mut [f64]) {
    let n = x.len();
    let m = jac.len() / n;
    jac.fill(-2.0 / m as f64);
    for j in 0..n {
        jac[j * n + j] += 1.0;
    }
}

fn rank_one(x: &[f64], r: &mut [f64]) {
    let sum: f64 = x.iter().enumerate().map(|(j, x)| (j + 1) as f64 * x).sum();
    for (i, r) in r.iter_mut().enumerate() {
        *r = (i + 1) as f64 * sum - 1.0;
    }
}

fn rank_one_jacobian(x: &[f64], jac: &mut [f64]) {
    for (i, row) in jac.chunks_exact_mut(x.len()).enumerate() {
        for (j, d) in row.iter_mut().enumerate() {
            *d = ((i + 1) * (j + 1)) as f64;
        }
    }
}

/// As `rank_one`, but the first and last parameter have no influence, and the first and last residual are constant.
fn rank_one_zero(x: &[f64], r: &mut [f64]) {
    let (n, last) = (x.len(), r.len() - 1);
    let sum: f64 = (1..n - 1).map(|j| (j + 1) as f64 * x[j]).sum();
    for (i, r) in r.iter_mut().enumerate() {
        *r = if i == last { -1.0 } else { i as f64 * sum - 1.0 };
    }
}

fn rank_one_zero_jacobian(x: &[f64], jac: &mut [f64]) {
    let n = x.len();
    let last = jac.len() / n - 1;
    jac.fill(0.0);
    for (i, row) in jac.chunks_exact_mut(n).enumerate().take(last) {
        for j in 1..n - 1 {
            row[j] = (i * (j + 1)) as f64;
        }
    }
}
