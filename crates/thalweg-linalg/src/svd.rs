//! Thin singular value decomposition.

use faer::diag::DiagMut;
use faer::dyn_stack::{MemBuffer, MemStack};
use faer::linalg::svd::{ComputeSvdVectors, svd, svd_scratch};
use faer::{MatMut, MatRef, Par};

use crate::error::{LinalgError, Result, check, check_len};
use crate::vector::{all_finite, axpy, dot, nrm_inf, scale};

/// The decomposition `A = U diag(values) V'` of an m x n matrix, k = min(m, n) columns in `U` and
/// `V`; a reusable workspace.
#[derive(Debug, Clone, Default)]
pub struct Svd {
    m: usize,
    n: usize,
    values: Vec<f64>,
    /// Column-major, m x k and n x k.
    left: Vec<f64>,
    right: Vec<f64>,
    scaled: Vec<f64>,
}

impl Svd {
    /// Decomposes `a` (m x n row-major).
    ///
    /// # Errors
    /// [`LinalgError::Shape`], [`LinalgError::NonFinite`], [`LinalgError::NoConvergence`].
    pub fn factor(a: &[f64], m: usize, n: usize) -> Result<Self> {
        let mut svd = Self::default();
        svd.refactor(a, m, n)?;
        Ok(svd)
    }

    /// Decomposes `a` in place of what was held.
    ///
    /// # Errors
    /// As [`Svd::factor`]; after [`LinalgError::NoConvergence`] the values are not usable.
    pub fn refactor(&mut self, a: &[f64], m: usize, n: usize) -> Result<()> {
        check(a, m * n)?;
        let k = m.min(n);
        (self.m, self.n) = (m, n);
        self.values.resize(k, 0.0);
        self.left.resize(m * k, 0.0);
        self.right.resize(n * k, 0.0);
        // Squares of the entries must neither overflow nor vanish.
        let largest = nrm_inf(a);
        let unit =
            if largest > 1e100 || (largest < 1e-100 && largest > 0.0) { largest } else { 1.0 };
        self.scaled.clear();
        self.scaled.extend(a.iter().map(|v| v / unit));
        self.decompose()?;
        scale(unit, &mut self.values);
        let finite = all_finite(&self.values) && all_finite(&self.left) && all_finite(&self.right);
        if finite { Ok(()) } else { Err(LinalgError::NoConvergence) }
    }

    fn decompose(&mut self) -> Result<()> {
        let (m, n, k) = (self.m, self.n, self.values.len());
        let thin = ComputeSvdVectors::Thin;
        let need = svd_scratch::<f64>(m, n, thin, thin, Par::Seq, Default::default());
        let mut memory = MemBuffer::new(need);
        svd(
            MatRef::from_row_major_slice(&self.scaled, m, n),
            DiagMut::from_slice_mut(&mut self.values),
            Some(MatMut::from_column_major_slice_mut(&mut self.left, m, k)),
            Some(MatMut::from_column_major_slice_mut(&mut self.right, n, k)),
            Par::Seq,
            MemStack::new(&mut memory),
            Default::default(),
        )
        .map_err(|_| LinalgError::NoConvergence)
    }

    /// The singular values, descending; min(m, n) of them.
    pub fn values(&self) -> &[f64] {
        &self.values
    }

    /// `out = U' b`: `b` has m elements, `out` min(m, n).
    ///
    /// # Errors
    /// [`LinalgError::Shape`].
    pub fn left_transposed_mul(&self, b: &[f64], out: &mut [f64]) -> Result<()> {
        check_len(b, self.m)?;
        check_len(out, self.values.len())?;
        for (k, o) in out.iter_mut().enumerate() {
            *o = dot(&self.left[k * self.m..(k + 1) * self.m], b);
        }
        Ok(())
    }

    /// `out = V w`: `w` has min(m, n) elements, `out` n.
    ///
    /// # Errors
    /// [`LinalgError::Shape`].
    pub fn right_mul(&self, w: &[f64], out: &mut [f64]) -> Result<()> {
        check_len(w, self.values.len())?;
        check_len(out, self.n)?;
        out.fill(0.0);
        for (k, wk) in w.iter().enumerate() {
            axpy(*wk, self.right_vector(k), out);
        }
        Ok(())
    }

    /// The unit right singular vector (n elements) that belongs to `values()[k]`.
    pub fn right_vector(&self, k: usize) -> &[f64] {
        &self.right[k * self.n..(k + 1) * self.n]
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn matrix() -> impl Strategy<Value = (usize, usize, Vec<f64>)> {
        (1usize..9, 1usize..9, -120i32..120).prop_flat_map(|(m, n, exponent)| {
            let unit = 10.0_f64.powi(exponent);
            let entries =
                proptest::collection::vec((-1.0f64..1.0).prop_map(move |v| v * unit), m * n);
            (Just(m), Just(n), entries)
        })
    }

    proptest! {
        #[test]
        fn reconstructs((m, n, a) in matrix()) {
            let svd = Svd::factor(&a, m, n).unwrap();
            prop_assert!(svd.values().is_sorted_by(|p, q| p >= q));
            let k = m.min(n);
            // A = U S V': row i of A is V (S .* U' e_i).
            for i in 0..m {
                let mut unit = vec![0.0; m];
                unit[i] = 1.0;
                let mut w = vec![0.0; k];
                svd.left_transposed_mul(&unit, &mut w).unwrap();
                w.iter_mut().zip(svd.values()).for_each(|(wk, s)| *wk *= s);
                let mut row = vec![0.0; n];
                svd.right_mul(&w, &mut row).unwrap();
                for j in 0..n {
                    prop_assert!((row[j] - a[i * n + j]).abs() < 1e-13 * nrm_inf(&a) * 10.0);
                }
            }
        }
    }

    #[test]
    fn zero_empty_and_infinite() {
        assert_eq!(Svd::factor(&[0.0; 6], 2, 3).unwrap().values(), [0.0, 0.0]);
        assert!(Svd::factor(&[], 0, 3).is_ok());
        assert!(matches!(Svd::factor(&[f64::INFINITY], 1, 1), Err(LinalgError::NonFinite)));
    }
}
