//! Eigendecomposition of symmetric matrices.

use faer::diag::DiagMut;
use faer::dyn_stack::{MemBuffer, MemStack};
use faer::linalg::evd::{ComputeEigenvectors, self_adjoint_evd, self_adjoint_evd_scratch};
use faer::{MatMut, MatRef, Par};

use crate::error::{LinalgError, Result, check};
use crate::vector::all_finite;

/// The decomposition `A = V diag(values) V'` of a symmetric n x n matrix; a reusable workspace.
#[derive(Debug, Clone, Default)]
pub struct SymEigen {
    n: usize,
    values: Vec<f64>,
    /// Column-major.
    vectors: Vec<f64>,
}

impl SymEigen {
    /// Decomposes `a` (n x n row-major, symmetric; only its lower triangle is read).
    ///
    /// # Errors
    /// [`LinalgError::Shape`], [`LinalgError::NonFinite`], [`LinalgError::NoConvergence`].
    pub fn factor(a: &[f64], n: usize) -> Result<Self> {
        let mut eigen = Self::default();
        eigen.refactor(a, n)?;
        Ok(eigen)
    }

    /// Decomposes `a` in place of what was held.
    ///
    /// # Errors
    /// As [`SymEigen::factor`]; after [`LinalgError::NoConvergence`] the values are not usable.
    pub fn refactor(&mut self, a: &[f64], n: usize) -> Result<()> {
        check(a, n * n)?;
        self.n = n;
        self.values.resize(n, 0.0);
        self.vectors.resize(n * n, 0.0);
        if n == 0 {
            return Ok(());
        }
        let with_vectors = ComputeEigenvectors::Yes;
        let need = self_adjoint_evd_scratch::<f64>(n, with_vectors, Par::Seq, Default::default());
        let mut memory = MemBuffer::new(need);
        self_adjoint_evd(
            MatRef::from_row_major_slice(a, n, n),
            DiagMut::from_slice_mut(&mut self.values),
            Some(MatMut::from_column_major_slice_mut(&mut self.vectors, n, n)),
            Par::Seq,
            MemStack::new(&mut memory),
            Default::default(),
        )
        .map_err(|_| LinalgError::NoConvergence)?;
        if all_finite(&self.values) && all_finite(&self.vectors) {
            Ok(())
        } else {
            Err(LinalgError::NoConvergence)
        }
    }

    /// The eigenvalues, ascending.
    pub fn values(&self) -> &[f64] {
        &self.values
    }

    /// The unit eigenvector (n elements) that belongs to `values()[k]`.
    pub fn vector(&self, k: usize) -> &[f64] {
        &self.vectors[k * self.n..(k + 1) * self.n]
    }
}

/// Eigenvalues, ascending, and unit eigenvectors of the matrix ((a, b), (b, c)), by one Jacobi rotation.
pub fn eigen_2x2(a: f64, b: f64, c: f64) -> ([f64; 2], [[f64; 2]; 2]) {
    let tangent = if b == 0.0 {
        0.0
    } else {
        let theta = (c - a) / (2.0 * b);
        theta.signum() / (theta.abs() + theta.hypot(1.0))
    };
    let cosine = 1.0 / tangent.hypot(1.0);
    let sine = tangent * cosine;
    let first = (a - tangent * b, [cosine, -sine]);
    let second = (c + tangent * b, [sine, cosine]);
    let (low, high) = if first.0 <= second.0 { (first, second) } else { (second, first) };
    ([low.0, high.0], [low.1, high.1])
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn symmetric() -> impl Strategy<Value = (usize, Vec<f64>)> {
        (1usize..10).prop_flat_map(|n| {
            proptest::collection::vec(-10.0f64..10.0, n * n).prop_map(move |mut a| {
                for i in 0..n {
                    for j in 0..i {
                        a[j * n + i] = a[i * n + j];
                    }
                }
                (n, a)
            })
        })
    }

    proptest! {
        #[test]
        fn reconstructs((n, a) in symmetric()) {
            let eigen = SymEigen::factor(&a, n).unwrap();
            prop_assert!(eigen.values().is_sorted());
            for i in 0..n {
                for j in 0..n {
                    let sum: f64 = (0..n)
                        .map(|k| eigen.values()[k] * eigen.vector(k)[i] * eigen.vector(k)[j])
                        .sum();
                    prop_assert!((sum - a[i * n + j]).abs() < 1e-11);
                }
            }
        }

        #[test]
        fn two_by_two_reconstructs(a in -9.0f64..9.0, b in -9.0f64..9.0, c in -9.0f64..9.0) {
            let (values, vectors) = eigen_2x2(a, b, c);
            prop_assert!(values[0] <= values[1]);
            let entry = |i: usize, j: usize| -> f64 {
                (0..2).map(|k| values[k] * vectors[k][i] * vectors[k][j]).sum()
            };
            prop_assert!((entry(0, 0) - a).abs() < 1e-13);
            prop_assert!((entry(0, 1) - b).abs() < 1e-13);
            prop_assert!((entry(1, 1) - c).abs() < 1e-13);
        }
    }

    #[test]
    fn corner_cases() {
        assert_eq!(eigen_2x2(2.0, 0.0, 1.0).0, [1.0, 2.0]);
        assert_eq!(eigen_2x2(1.0, 1.0, 1.0).0, [0.0, 2.0]);
        assert!(matches!(SymEigen::factor(&[f64::NAN], 1), Err(LinalgError::NonFinite)));
        assert!(SymEigen::factor(&[], 0).is_ok());
    }
}
