//! Two systems with row and column sums of a matrix by Toint (CUTEst YATP1SQ, YATP2SQ). For matrices of order p, n = m = p^2 + 2 p:
//! the matrix `X` row by row, then multipliers `y` of its rows and `z` of its columns.
//! * 1: `x^3 - 10 x^2 - (y_i + z_j) (x cos x - sin x)`, and sums of `sin x / x` that are 1
//! * 2: `x - (y_i + z_j) (1 + cos x) - 1`, and sums of `x + sin x` that are 1
//!
//! The equations of the columns come before those of the rows.

use crate::Function;

/// The functions of an entry, each with its derivative.
struct Kind {
    /// Alone in the entry's equation.
    alone: fn(f64) -> (f64, f64),
    /// Times the multipliers.
    multiplied: fn(f64) -> (f64, f64),
    /// In the sums.
    summed: fn(f64) -> (f64, f64),
}

pub(super) fn one(order: usize) -> Function {
    function(
        order,
        Kind {
            alone: |x| (x * x * (x - 10.0), x * (3.0 * x - 20.0)),
            multiplied: |x| (x * x.cos() - x.sin(), -x * x.sin()),
            summed: |x| (x.sin() / x, (x.cos() - x.sin() / x) / x),
        },
    )
}

pub(super) fn two(order: usize) -> Function {
    function(
        order,
        Kind {
            alone: |x| (x - 1.0, 1.0),
            multiplied: |x| (1.0 + x.cos(), -x.sin()),
            summed: |x| (x + x.sin(), 1.0 + x.cos()),
        },
    )
}

fn function(order: usize, kind: Kind) -> Function {
    Function::with_parameter((order, kind), order * (order + 2), residuals, jacobian)
}

/// The start: the same for all entries, no multipliers.
pub(super) fn start(entry: f64, order: usize) -> Vec<f64> {
    let mut start = vec![entry; order * order];
    start.resize(order * (order + 2), 0.0);
    start
}

fn residuals((p, kind): &(usize, Kind), x: &[f64], r: &mut [f64]) {
    let (p, square) = (*p, p * p);
    r[square..].fill(-1.0);
    for k in 0..square {
        let (i, j) = (k / p, k % p);
        let multiplier = x[square + i] + x[square + p + j];
        r[k] = (kind.alone)(x[k]).0 - multiplier * (kind.multiplied)(x[k]).0;
        let summed = (kind.summed)(x[k]).0;
        r[square + j] += summed;
        r[square + p + i] += summed;
    }
}

fn jacobian((p, kind): &(usize, Kind), x: &[f64], jac: &mut [f64]) {
    let (p, square, n) = (*p, p * p, x.len());
    jac.fill(0.0);
    for k in 0..square {
        let (i, j) = (k / p, k % p);
        let multiplier = x[square + i] + x[square + p + j];
        let (multiplied, slope) = (kind.multiplied)(x[k]);
        jac[k * n + k] = (kind.alone)(x[k]).1 - multiplier * slope;
        jac[k * n + square + i] = -multiplied;
        jac[k * n + square + p + j] = -multiplied;
        let summed = (kind.summed)(x[k]).1;
        jac[(square + j) * n + k] = summed;
        jac[(square + p + i) * n + k] = summed;
    }
}
