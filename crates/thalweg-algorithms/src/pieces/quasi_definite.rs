//! Factor and solve small symmetric quasi-definite matrices: the first block negative definite, the last one such that what
//! remains after eliminating the first is positive definite.
//!
//!   | -P   B' |  =  U'E U,   E = | -I    |,   U upper triangular,   P and Q + B P^-1 B' positive definite
//!   |  B   Q  |                  |     I |
//!
//! Rows of U are subtracted from the rows below them, so that every loop runs along a row; for the sizes of limited-memory
//! methods (up to 2m = 20) this takes half the time of products of rows.

use multiversion::multiversion;
use thalweg_linalg::LinalgError;

/// The factorization; a reusable workspace.
#[derive(Clone, Debug, Default)]
pub struct QuasiDefinite {
    n_negative: usize,
    n: usize,
    /// U, row-major; its diagonal holds reciprocals.
    factor: Vec<f64>,
}

impl QuasiDefinite {
    /// A workspace for matrices of up to `n` rows.
    pub fn with_capacity(n: usize) -> Self {
        QuasiDefinite { n_negative: 0, n: 0, factor: Vec::with_capacity(n * n) }
    }

    /// Factor the matrix of `n` rows whose upper triangle `fill(i, row)` writes: row `i` from the diagonal on. The first
    /// `n_negative` rows make up the negative block.
    ///
    /// # Errors
    /// [`LinalgError::NotPositiveDefinite`] when a block is not as it has to be, in floating-point arithmetic, or when an
    /// entry is not finite.
    pub fn refactor(
        &mut self,
        n_negative: usize,
        n: usize,
        mut fill: impl FnMut(usize, &mut [f64]),
    ) -> Result<(), LinalgError> {
        (self.n_negative, self.n) = (n_negative, n);
        self.factor.clear();
        self.factor.resize(n * n, 0.0);
        for (i, row) in self.factor.chunks_exact_mut(n).enumerate() {
            fill(i, &mut row[i..]);
        }
        eliminate(&mut self.factor, n_negative, n)
    }

    /// Solve in place; `b` has as many entries as the matrix has rows.
    pub fn solve(&self, b: &mut [f64]) {
        let n = self.n;
        for k in 0..n {
            let row = &self.factor[k * n + k..(k + 1) * n];
            let z = b[k] * row[0];
            b[k] = if k < self.n_negative { -z } else { z };
            b[k + 1..].iter_mut().zip(&row[1..]).for_each(|(b, u)| *b -= z * u);
        }
        for k in (0..n).rev() {
            let row = &self.factor[k * n + k..(k + 1) * n];
            let known: f64 = row[1..].iter().zip(&b[k + 1..]).map(|(u, b)| u * b).sum();
            b[k] = (b[k] - known) * row[0];
        }
    }
}

/// Turn the upper triangle of the matrix into U, with the widest registers of the processor to the same bits as without.
#[multiversion(targets("x86_64+avx2"))]
fn eliminate(factor: &mut [f64], n_negative: usize, n: usize) -> Result<(), LinalgError> {
    for k in 0..n {
        let (done, below) = factor.split_at_mut((k + 1) * n);
        let row = &mut done[k * n + k..];
        let sign = if k < n_negative { -1.0 } else { 1.0 };
        let pivot = sign * row[0];
        if !(pivot > 0.0 && pivot.is_finite()) {
            return Err(LinalgError::NotPositiveDefinite { pivot: k });
        }
        let reciprocal = 1.0 / pivot.sqrt();
        row[0] = reciprocal;
        row[1..].iter_mut().for_each(|u| *u *= sign * reciprocal);
        let row = &row[1..];
        for (i, other) in below.chunks_exact_mut(n).enumerate() {
            let factor = sign * row[i];
            for (a, u) in other[k + 1 + i..].iter_mut().zip(&row[i..]) {
                *a -= factor * u;
            }
        }
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Row `i` from the diagonal on.
    fn example(n_negative: usize, n: usize) -> impl Fn(usize, &mut [f64]) {
        move |i, row| {
            for (k, a) in row.iter_mut().enumerate() {
                let sign = if i < n_negative { -1.0 } else { 1.0 };
                *a = if k == 0 { sign * (1.0 + n as f64) } else { ((i * 7 + k * 3) as f64).sin() };
            }
        }
    }

    #[test]
    fn solves() {
        for (n_negative, n) in [(0, 1), (1, 1), (0, 5), (3, 6), (10, 20)] {
            let mut a = vec![0.0; n * n];
            for i in 0..n {
                let mut row = vec![0.0; n - i];
                example(n_negative, n)(i, &mut row);
                for j in i..n {
                    (a[i * n + j], a[j * n + i]) = (row[j - i], row[j - i]);
                }
            }
            let x: Vec<f64> = (0..n).map(|i| i as f64 - 2.5).collect();
            let mut b: Vec<f64> =
                a.chunks_exact(n).map(|row| row.iter().zip(&x).map(|(a, x)| a * x).sum()).collect();
            let mut matrix = QuasiDefinite::with_capacity(n);
            matrix.refactor(n_negative, n, example(n_negative, n)).unwrap();
            matrix.solve(&mut b);
            for i in 0..n {
                assert!((b[i] - x[i]).abs() < 1e-12, "{n_negative} of {n}: {b:?}");
            }
        }
    }

    #[test]
    fn refuses_other_matrices() {
        let refused = |n_negative, value: f64| {
            QuasiDefinite::default().refactor(n_negative, 1, |_, row| row[0] = value).is_err()
        };
        assert!(refused(0, -1.0) && refused(1, 1.0) && refused(0, 0.0));
        assert!(refused(0, f64::NAN) && refused(1, f64::NEG_INFINITY));
    }
}
