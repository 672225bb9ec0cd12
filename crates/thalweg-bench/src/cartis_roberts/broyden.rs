//! Broyden's tridiagonal and banded systems (Moré, Garbow, Hillstrom 1981, numbers 30 and 31; CUTEst BROYDN3D, BROYDNBD). Any
//! n = m. The banded one is without the constant 1 of the paper, as in CUTEst, so that its solution is zero.

use super::chain::{left, right, set_neighbours};
use crate::ResidualFunction;

pub(super) const TRIDIAGONAL: ResidualFunction =
    ResidualFunction { residuals: tridiagonal, jacobian: tridiagonal_jacobian };

pub(super) const BANDED: ResidualFunction =
    ResidualFunction { residuals: banded, jacobian: banded_jacobian };

fn tridiagonal(x: &[f64], r: &mut [f64]) {
    for i in 0..x.len() {
        r[i] = (3.0 - 2.0 * x[i]) * x[i] - left(x, i) - 2.0 * right(x, i) + 1.0;
    }
}

fn tridiagonal_jacobian(x: &[f64], jac: &mut [f64]) {
    jac.fill(0.0);
    for (i, row) in jac.chunks_exact_mut(x.len()).enumerate() {
        row[i] = 3.0 - 4.0 * x[i];
        set_neighbours(row, i, -1.0, -2.0);
    }
}

/// The band of equation `i`, with `i` itself: five to the left, one to the right.
fn band(i: usize, n: usize) -> std::ops::Range<usize> {
    i.saturating_sub(5)..n.min(i + 2)
}

fn banded(x: &[f64], r: &mut [f64]) {
    for i in 0..x.len() {
        let coupled: f64 = band(i, x.len()).map(|j| x[j] * (1.0 + x[j])).sum();
        let own = x[i] * (1.0 + x[i]);
        r[i] = x[i] * (2.0 + 5.0 * x[i] * x[i]) - (coupled - own);
    }
}

fn banded_jacobian(x: &[f64], jac: &mut [f64]) {
    jac.fill(0.0);
    for (i, row) in jac.chunks_exact_mut(x.len()).enumerate() {
        band(i, x.len()).for_each(|j| row[j] = -1.0 - 2.0 * x[j]);
        row[i] = 2.0 + 15.0 * x[i] * x[i];
    }
}
