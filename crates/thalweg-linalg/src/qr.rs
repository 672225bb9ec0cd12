//! Column-pivoted Householder QR, `A P = Q R`.
//!
//! In each step the column with the largest remaining norm comes next, so that the diagonal of `R`
//! falls in magnitude and shows the numerical rank. The remaining norms are downdated, and
//! recomputed when cancellation has eaten the digits (Drmac and Bujanovic 2008, the test of LAPACK).
//! Plain column-oriented loops at every size: pivoting leaves nothing to block.
//!
//! References: Businger and Golub 1965 (doi:10.1007/BF01436084); Drmac and Bujanovic 2008
//! (doi:10.1145/1377612.1377616).

use crate::error::{Result, check};
use crate::matrix::transpose;
use crate::vector::{axpy, dot, nrm2};

/// The factorization `A P = Q R` of an m x n matrix, m and n arbitrary; a reusable workspace.
#[derive(Debug, Clone, Default)]
pub struct QrPivot {
    m: usize,
    n: usize,
    /// Column-major m x n: `R` on and above the diagonal, the Householder vectors (leading 1 left out) below.
    factors: Vec<f64>,
    /// The reflections are I - tau v v'; min(m, n) of them.
    tau: Vec<f64>,
    /// Column k of `A P` is column `permutation[k]` of `A`.
    permutation: Vec<usize>,
    /// Norms of the columns of `A`, in the order of `A`.
    column_norms: Vec<f64>,
    /// Norms of the remaining columns: downdated, and as last computed from scratch.
    remaining: Vec<f64>,
    reference: Vec<f64>,
}

impl QrPivot {
    /// Factors `a` (m x n row-major).
    ///
    /// # Errors
    /// [`crate::LinalgError::Shape`], [`crate::LinalgError::NonFinite`].
    pub fn factor(a: &[f64], m: usize, n: usize) -> Result<Self> {
        let mut qr = Self::default();
        qr.refactor(a, m, n)?;
        Ok(qr)
    }

    /// Factors `a` (m x n row-major) in place of what was held; allocates only when the size grows.
    ///
    /// # Errors
    /// [`crate::LinalgError::Shape`], [`crate::LinalgError::NonFinite`]; the former factors are kept then.
    pub fn refactor(&mut self, a: &[f64], m: usize, n: usize) -> Result<()> {
        check(a, m * n)?;
        self.load(a, m, n);
        for k in 0..m.min(n) {
            self.bring_largest_to(k);
            self.reflect(k);
        }
        Ok(())
    }

    fn load(&mut self, a: &[f64], m: usize, n: usize) {
        (self.m, self.n) = (m, n);
        self.factors.resize(m * n, 0.0);
        transpose(a, m, n, &mut self.factors);
        self.permutation.clear();
        self.permutation.extend(0..n);
        self.tau.clear();
        self.tau.resize(m.min(n), 0.0);
        self.column_norms.clear();
        self.column_norms.extend((0..n).map(|j| nrm2(&self.factors[j * m..(j + 1) * m])));
        self.remaining.clone_from(&self.column_norms);
        self.reference.clone_from(&self.column_norms);
    }

    /// Swaps the column with the largest remaining norm into place k.
    fn bring_largest_to(&mut self, k: usize) {
        let mut largest = k;
        for j in k + 1..self.n {
            if self.remaining[j] > self.remaining[largest] {
                largest = j;
            }
        }
        if largest == k {
            return;
        }
        let m = self.m;
        let (left, right) = self.factors.split_at_mut(largest * m);
        left[k * m..(k + 1) * m].swap_with_slice(&mut right[..m]);
        self.permutation.swap(k, largest);
        self.remaining[largest] = self.remaining[k];
        self.reference[largest] = self.reference[k];
    }

    /// Annihilates column k below the diagonal and updates the columns to the right.
    fn reflect(&mut self, k: usize) {
        let m = self.m;
        let (left, right) = self.factors.split_at_mut((k + 1) * m);
        let column = &mut left[k * m + k..];
        let norm = nrm2(column);
        if norm == 0.0 {
            return; // tau = 0: the identity
        }
        let diagonal = -norm.copysign(column[0]);
        // v = x - diagonal e1, divided by its first element; the quotients are safe where 1/v1 is not.
        let first = column[0] - diagonal;
        column[1..].iter_mut().for_each(|v| *v /= first);
        let tau = -first / diagonal;
        column[0] = diagonal;
        self.tau[k] = tau;
        let v = &column[1..];
        for (c, other) in right.chunks_exact_mut(m).enumerate() {
            apply_reflection(tau, v, &mut other[k..]);
            let j = k + 1 + c;
            if self.remaining[j] > 0.0 {
                let kept = (1.0 - (other[k] / self.remaining[j]).powi(2)).max(0.0);
                let ratio = self.remaining[j] / self.reference[j];
                if kept * ratio * ratio <= f64::EPSILON.sqrt() {
                    self.remaining[j] = nrm2(&other[k + 1..]);
                    self.reference[j] = self.remaining[j];
                } else {
                    self.remaining[j] *= kept.sqrt();
                }
            }
        }
    }

    /// `b = Q' b` in place, `b` with m elements.
    ///
    /// # Errors
    /// [`crate::LinalgError::Shape`].
    pub fn apply_qt(&self, b: &mut [f64]) -> Result<()> {
        crate::error::check_len(b, self.m)?;
        for (k, &tau) in self.tau.iter().enumerate() {
            let v = &self.factors[k * self.m + k + 1..(k + 1) * self.m];
            apply_reflection(tau, v, &mut b[k..]);
        }
        Ok(())
    }

    /// Writes `R` as an n x n row-major upper triangle; rows from m on are zero when m < n.
    ///
    /// # Errors
    /// [`crate::LinalgError::Shape`] unless `out` has n n elements.
    pub fn write_r(&self, out: &mut [f64]) -> Result<()> {
        crate::error::check_len(out, self.n * self.n)?;
        out.fill(0.0);
        for j in 0..self.n {
            for i in 0..self.m.min(j + 1) {
                out[i * self.n + j] = self.factors[j * self.m + i];
            }
        }
        Ok(())
    }

    /// Column k of `A P` is column `permutation()[k]` of `A`.
    pub fn permutation(&self) -> &[usize] {
        &self.permutation
    }

    /// The Euclidean norms of the columns of `A`, in the order of `A`.
    pub fn column_norms(&self) -> &[f64] {
        &self.column_norms
    }

    /// The number of diagonal elements of `R` larger in magnitude than `tolerance` times the first.
    pub fn rank(&self, tolerance: f64) -> usize {
        let diagonal = |k: usize| self.factors[k * self.m + k].abs();
        (0..self.tau.len()).take_while(|&k| diagonal(k) > tolerance * diagonal(0)).count()
    }
}

/// `c -= tau (v' c) v` with `v` = (1, `tail`).
fn apply_reflection(tau: f64, tail: &[f64], c: &mut [f64]) {
    let Some((first, rest)) = c.split_first_mut() else { return };
    let weight = tau * (*first + dot(tail, rest));
    *first -= weight;
    axpy(-weight, tail, rest);
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn matrix() -> impl Strategy<Value = (usize, usize, Vec<f64>)> {
        (1usize..9, 1usize..9).prop_flat_map(|(m, n)| {
            let entries = proptest::collection::vec(-1e2..1e2, m * n);
            (Just(m), Just(n), entries)
        })
    }

    /// Columns of `A P` must go to columns of `R` under `Q'`, and `Q'` must keep norms.
    fn reconstruction_error(a: &[f64], m: usize, n: usize, qr: &QrPivot) -> f64 {
        let mut r = vec![0.0; n * n];
        qr.write_r(&mut r).unwrap();
        let mut worst = 0.0_f64;
        for (k, &j) in qr.permutation().iter().enumerate() {
            let mut column: Vec<f64> = (0..m).map(|i| a[i * n + j]).collect();
            worst = worst.max((nrm2(&column) - qr.column_norms()[j]).abs());
            qr.apply_qt(&mut column).unwrap();
            for i in 0..m {
                let expected = if i < n { r[i * n + k] } else { 0.0 };
                worst = worst.max((column[i] - expected).abs());
            }
        }
        worst
    }

    proptest! {
        #[test]
        fn reconstructs_and_orders_the_diagonal((m, n, a) in matrix()) {
            let qr = QrPivot::factor(&a, m, n).unwrap();
            prop_assert!(reconstruction_error(&a, m, n, &qr) < 1e-12 * 1e2 * (m * n) as f64);
            let mut r = vec![0.0; n * n];
            qr.write_r(&mut r).unwrap();
            for k in 1..m.min(n) {
                let (before, after) = (r[(k - 1) * (n + 1)].abs(), r[k * (n + 1)].abs());
                prop_assert!(after <= before * (1.0 + 1e-7));
            }
        }

        #[test]
        fn finds_the_rank_of_a_product((m, n, a) in matrix(), k in 1usize..4) {
            let k = k.min(m).min(n);
            let left: Vec<f64> = (0..m * k).map(|i| ((i * 7919 + 13) % 101) as f64 - 50.0).collect();
            let mut product = vec![0.0; m * n];
            for i in 0..m {
                for l in 0..k {
                    axpy(left[i * k + l], &a[l * n..(l + 1) * n], &mut product[i * n..(i + 1) * n]);
                }
            }
            let qr = QrPivot::factor(&product, m, n).unwrap();
            prop_assert!(qr.rank(1e-10) <= k);
        }
    }

    #[test]
    fn workspace_is_reused_across_sizes_and_refuses_nan() {
        let mut qr = QrPivot::factor(&[1.0; 12], 4, 3).unwrap();
        assert_eq!(qr.rank(1e-12), 1);
        let a = [0.0, 0.0, 3.0, 4.0];
        qr.refactor(&a, 2, 2).unwrap();
        assert!(reconstruction_error(&a, 2, 2, &qr) < 1e-15);
        assert!(qr.refactor(&[f64::NAN], 1, 1).is_err());
        assert_eq!(qr.column_norms(), [3.0, 4.0]);
    }
}
