//! Cholesky factorization, `A = L L'`, of a symmetric positive definite matrix.

use faer::dyn_stack::{MemBuffer, MemStack};
use faer::linalg::cholesky::llt::factor::{cholesky_in_place, cholesky_in_place_scratch};
use faer::{MatMut, Par};

use crate::FAER_FROM;
use crate::error::{LinalgError, Result, check};
use crate::triangular::{solve_lower, solve_lower_transposed};
use crate::vector::dot;

/// The factorization `A = L L'` of an n x n matrix; a reusable workspace.
#[derive(Debug, Clone, Default)]
pub struct Cholesky {
    n: usize,
    /// Row-major; only the lower triangle is meaningful.
    factor: Vec<f64>,
}

impl Cholesky {
    /// Factors `a` (n x n row-major, symmetric; only its lower triangle is read).
    ///
    /// # Errors
    /// [`LinalgError::Shape`], [`LinalgError::NonFinite`], [`LinalgError::NotPositiveDefinite`].
    pub fn factor(a: &[f64], n: usize) -> Result<Self> {
        let mut cholesky = Self::default();
        cholesky.refactor(a, n)?;
        Ok(cholesky)
    }

    /// Factors `a` in place of what was held; allocates only when the size grows.
    ///
    /// # Errors
    /// As [`Cholesky::factor`]. After [`LinalgError::NotPositiveDefinite`] the factor is not usable.
    pub fn refactor(&mut self, a: &[f64], n: usize) -> Result<()> {
        check(a, n * n)?;
        self.n = n;
        self.factor.clear();
        self.factor.extend_from_slice(a);
        if n < FAER_FROM { self.factor_by_rows() } else { self.factor_by_blocks() }
    }

    /// Row i of `L` from the rows above it: l_ij = (a_ij - l_i . l_j) / l_jj.
    fn factor_by_rows(&mut self) -> Result<()> {
        let n = self.n;
        for i in 0..n {
            let (above, row) = self.factor.split_at_mut(i * n);
            for j in 0..i {
                let other = &above[j * n..j * n + j + 1];
                row[j] = (row[j] - dot(&row[..j], &other[..j])) / other[j];
            }
            let pivot = row[i] - dot(&row[..i], &row[..i]);
            if !(pivot > 0.0 && pivot.is_finite()) {
                return Err(LinalgError::NotPositiveDefinite { pivot: i });
            }
            row[i] = pivot.sqrt();
        }
        Ok(())
    }

    fn factor_by_blocks(&mut self) -> Result<()> {
        let n = self.n;
        let mut memory =
            MemBuffer::new(cholesky_in_place_scratch::<f64>(n, Par::Seq, Default::default()));
        cholesky_in_place(
            MatMut::from_row_major_slice_mut(&mut self.factor, n, n),
            Default::default(),
            Par::Seq,
            MemStack::new(&mut memory),
            Default::default(),
        )
        .map_err(|error| {
            let faer::linalg::cholesky::llt::factor::LltError::NonPositivePivot { index } = error;
            LinalgError::NotPositiveDefinite { pivot: index }
        })?;
        Ok(())
    }

    /// Solves `A x = b` in place.
    ///
    /// # Errors
    /// [`LinalgError::Shape`].
    pub fn solve(&self, b: &mut [f64]) -> Result<()> {
        solve_lower(&self.factor, self.n, b)?;
        solve_lower_transposed(&self.factor, self.n, b)
    }

    /// `L` in the lower triangle of an n x n row-major matrix; the upper triangle is not meaningful.
    pub fn lower(&self) -> &[f64] {
        &self.factor
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::matrix::mul;

    /// B'B + I, from a fixed sequence.
    fn positive_definite(n: usize, seed: u64) -> Vec<f64> {
        let b: Vec<f64> =
            (0..n * n).map(|i| ((i as u64 * 7919 + seed * 31) % 97) as f64 / 48.5 - 1.0).collect();
        let mut a = vec![0.0; n * n];
        for i in 0..n {
            for j in 0..n {
                a[i * n + j] = (0..n).map(|k| b[k * n + i] * b[k * n + j]).sum();
            }
            a[i * n + i] += 1.0;
        }
        a
    }

    proptest::proptest! {
        #[test]
        fn solves_on_both_sides_of_the_switch(n in 1usize..40, seed in 0u64..1000) {
            let a = positive_definite(n, seed);
            let x: Vec<f64> = (0..n).map(|i| (i as f64 - 3.0) / 7.0).collect();
            let mut b = vec![0.0; n];
            mul(&a, n, &x, &mut b);
            Cholesky::factor(&a, n).unwrap().solve(&mut b).unwrap();
            for i in 0..n {
                proptest::prop_assert!((b[i] - x[i]).abs() < 1e-9);
            }
        }
    }

    #[test]
    fn reports_failure() {
        for n in [3, FAER_FROM + 3] {
            let mut a = positive_definite(n, 1);
            a[n * n - 1] = -1.0;
            let failure = Cholesky::factor(&a, n).unwrap_err();
            assert_eq!(failure, LinalgError::NotPositiveDefinite { pivot: n - 1 });
            a[0] = f64::INFINITY;
            assert_eq!(Cholesky::factor(&a, n).unwrap_err(), LinalgError::NonFinite);
        }
    }
}
