//! Bunch-Kaufman factorization, `P A P' = L B L'`, of a symmetric indefinite matrix.
//!
//! `L` is unit lower triangular, `B` has blocks of order 1 and 2. Partial pivoting bounds the growth
//! of the elements without searching the whole matrix (Bunch and Kaufman 1977,
//! doi:10.1090/S0025-5718-1977-0428694-0; Golub and Van Loan 2013, section 4.4.4).
//! Meant for small systems: plain loops at every size.

use crate::error::{LinalgError, Result, check, check_len};
use crate::vector::{axpy, dot};

/// The factorization of a symmetric n x n matrix; a reusable workspace.
#[derive(Debug, Clone, Default)]
pub struct Lblt {
    n: usize,
    /// Row-major, lower triangle: `B` on the diagonal and the subdiagonal of 2 x 2 blocks, `L` elsewhere.
    factor: Vec<f64>,
    /// Row and column i of the permuted matrix are number `permutation[i]` of `A`.
    permutation: Vec<usize>,
    /// Whether a 2 x 2 block of `B` begins at i.
    pair: Vec<bool>,
    work: Vec<f64>,
}

impl Lblt {
    /// Factors `a` (n x n row-major, symmetric; only its lower triangle is read).
    ///
    /// # Errors
    /// [`LinalgError::Shape`], [`LinalgError::NonFinite`], [`LinalgError::Singular`].
    pub fn factor(a: &[f64], n: usize) -> Result<Self> {
        let mut lblt = Self::default();
        lblt.refactor(a, n)?;
        Ok(lblt)
    }

    /// Factors `a` in place of what was held; allocates only when the size grows.
    ///
    /// # Errors
    /// As [`Lblt::factor`]. After [`LinalgError::Singular`] the factors are not usable.
    pub fn refactor(&mut self, a: &[f64], n: usize) -> Result<()> {
        check(a, n * n)?;
        self.n = n;
        self.factor.clear();
        self.factor.extend_from_slice(a);
        self.permutation.clear();
        self.permutation.extend(0..n);
        self.pair.clear();
        self.pair.resize(n, false);
        self.work.resize(2 * n, 0.0);
        let mut k = 0;
        while k < n {
            k += if self.choose_pivot(k) { self.eliminate_pair(k)? } else { self.eliminate(k)? };
        }
        Ok(())
    }

    /// Brings a pivot to row k; `true` when it is a 2 x 2 block in rows k and k + 1.
    fn choose_pivot(&mut self, k: usize) -> bool {
        // (1 + sqrt 17) / 8 balances the growth of one 2 x 2 step against that of two 1 x 1 steps.
        const ALPHA: f64 = 0.640_388_203_202_208;
        let n = self.n;
        let at = |i: usize, j: usize| self.factor[i.max(j) * n + i.min(j)].abs();
        let (r, lambda) = largest((k + 1..n).map(|i| (i, at(i, k))));
        if lambda == 0.0 || at(k, k) >= ALPHA * lambda {
            return false;
        }
        let (_, sigma) = largest((k..n).filter(|&i| i != r).map(|i| (i, at(i, r))));
        if at(k, k) * sigma >= ALPHA * lambda * lambda {
            false
        } else if at(r, r) >= ALPHA * sigma {
            self.swap(k, r);
            false
        } else {
            self.swap(k + 1, r);
            true
        }
    }

    /// Swaps rows and columns p < q of the whole lower triangle, the finished part of `L` included.
    fn swap(&mut self, p: usize, q: usize) {
        if p == q {
            return;
        }
        let n = self.n;
        let f = &mut self.factor;
        for j in 0..p {
            f.swap(p * n + j, q * n + j);
        }
        for i in p + 1..q {
            f.swap(i * n + p, q * n + i);
        }
        for i in q + 1..n {
            f.swap(i * n + p, i * n + q);
        }
        f.swap(p * n + p, q * n + q);
        self.permutation.swap(p, q);
    }

    fn eliminate(&mut self, k: usize) -> Result<usize> {
        let n = self.n;
        let pivot = self.factor[k * n + k];
        if pivot == 0.0 {
            return Err(LinalgError::Singular { pivot: k });
        }
        let column = &mut self.work[..n];
        for i in k + 1..n {
            column[i] = self.factor[i * n + k];
        }
        for i in k + 1..n {
            let l = column[i] / pivot;
            axpy(-l, &column[k + 1..=i], &mut self.factor[i * n + k + 1..=i * n + i]);
            self.factor[i * n + k] = l;
        }
        Ok(1)
    }

    fn eliminate_pair(&mut self, k: usize) -> Result<usize> {
        let n = self.n;
        self.pair[k] = true;
        let (first, second) = self.work.split_at_mut(n);
        for i in k + 2..n {
            first[i] = self.factor[i * n + k];
            second[i] = self.factor[i * n + k + 1];
        }
        let block = Block::at(&self.factor, n, k)?;
        for i in k + 2..n {
            let (l1, l2) = block.solve(first[i], second[i]);
            let row = &mut self.factor[i * n..=i * n + i];
            axpy(-l1, &first[k + 2..=i], &mut row[k + 2..]);
            axpy(-l2, &second[k + 2..=i], &mut row[k + 2..]);
            (row[k], row[k + 1]) = (l1, l2);
        }
        Ok(2)
    }

    /// Solves `A x = b` in place.
    ///
    /// # Errors
    /// [`LinalgError::Shape`].
    pub fn solve(&self, b: &mut [f64]) -> Result<()> {
        let n = self.n;
        check_len(b, n)?;
        let mut x: Vec<f64> = self.permutation.iter().map(|&p| b[p]).collect();
        // L y = P b; a row of L ends before its own block.
        for i in 0..n {
            let end = if i > 0 && self.pair[i - 1] { i - 1 } else { i };
            x[i] -= dot(&self.factor[i * n..i * n + end], &x[..end]);
        }
        let mut i = 0;
        while i < n {
            if self.pair[i] {
                (x[i], x[i + 1]) = Block::at(&self.factor, n, i)?.solve(x[i], x[i + 1]);
                i += 2;
            } else {
                x[i] /= self.factor[i * n + i];
                i += 1;
            }
        }
        for i in (0..n).rev() {
            let end = if i > 0 && self.pair[i - 1] { i - 1 } else { i };
            let xi = x[i];
            axpy(-xi, &self.factor[i * n..i * n + end], &mut x[..end]);
        }
        for (xi, &p) in x.iter().zip(&self.permutation) {
            b[p] = *xi;
        }
        Ok(())
    }
}

/// A symmetric 2 x 2 pivot, divided by its off-diagonal element, which pivoting made dominant.
struct Block {
    off_diagonal: f64,
    a: f64,
    c: f64,
    determinant: f64,
}

impl Block {
    fn at(factor: &[f64], n: usize, k: usize) -> Result<Self> {
        let off_diagonal = factor[(k + 1) * n + k];
        let (a, c) = (factor[k * n + k] / off_diagonal, factor[(k + 1) * (n + 1)] / off_diagonal);
        let determinant = a * c - 1.0;
        if determinant == 0.0 || !determinant.is_finite() {
            return Err(LinalgError::Singular { pivot: k });
        }
        Ok(Self { off_diagonal, a, c, determinant })
    }

    fn solve(&self, b1: f64, b2: f64) -> (f64, f64) {
        let (b1, b2) = (b1 / self.off_diagonal, b2 / self.off_diagonal);
        ((self.c * b1 - b2) / self.determinant, (self.a * b2 - b1) / self.determinant)
    }
}

/// The first of the largest values, with its index; (0, 0) when there are none.
fn largest(values: impl Iterator<Item = (usize, f64)>) -> (usize, f64) {
    values.fold((0, 0.0), |best, next| if next.1 > best.1 { next } else { best })
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::matrix::mul;
    use crate::vector::nrm_inf;
    use proptest::prelude::*;

    fn symmetric() -> impl Strategy<Value = (usize, Vec<f64>)> {
        (1usize..12).prop_flat_map(|n| {
            proptest::collection::vec(-1.0f64..1.0, n * n).prop_map(move |mut a| {
                for i in 0..n {
                    for j in 0..i {
                        a[j * n + i] = a[i * n + j];
                    }
                    // Small and zero diagonals call for 2 x 2 pivots.
                    a[i * n + i] = if i % 3 == 0 { 0.0 } else { a[i * n + i] * 0.1 };
                }
                (n, a)
            })
        })
    }

    proptest! {
        /// Backward stability: a small residual relative to |A| |x|, however ill-conditioned.
        #[test]
        fn residual_is_small((n, a) in symmetric()) {
            let b: Vec<f64> = (0..n).map(|i| 1.0 - i as f64 / 5.0).collect();
            if let Ok(lblt) = Lblt::factor(&a, n) {
                let mut x = b.clone();
                lblt.solve(&mut x).unwrap();
                let mut ax = vec![0.0; n];
                mul(&a, n, &x, &mut ax);
                for i in 0..n {
                    prop_assert!((ax[i] - b[i]).abs() < 1e-12 * (1.0 + n as f64 * nrm_inf(&x)));
                }
            }
        }
    }

    #[test]
    fn zero_diagonal_and_singular() {
        let mut b = [2.0, 3.0];
        Lblt::factor(&[0.0, 1.0, 1.0, 0.0], 2).unwrap().solve(&mut b).unwrap();
        assert_eq!(b, [3.0, 2.0]);
        assert!(matches!(Lblt::factor(&[1.0; 4], 2), Err(LinalgError::Singular { pivot: 1 })));
    }
}
