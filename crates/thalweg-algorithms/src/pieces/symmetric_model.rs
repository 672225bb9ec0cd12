//! A positive definite matrix that stands for a Hessian, and Newton's step with it.
//!
//! The matrix may be singular, as sums of outer products are when there are fewer of them than variables: what is missing to a
//! Cholesky factorization is added to the diagonal, beginning with a tiny part of the largest entry there.

use thalweg_linalg::{Cholesky, axpy, dot, mul};

/// The first addition to the diagonal, relative to its largest entry, and the factor by which it grows.
const SHIFT: (f64, f64) = (1e-10, 100.0);
/// The number of additions that are tried.
const MOST_SHIFTS: usize = 12;
/// A curvature below this part of the product of step and change counts as none.
const NEGLIGIBLE: f64 = 1e-12;

/// The matrix with its factorization.
#[derive(Clone, Debug)]
pub struct SymmetricModel {
    dim: usize,
    matrix: Vec<f64>,
    shifted: Vec<f64>,
    cholesky: Cholesky,
    product: Vec<f64>,
}

impl SymmetricModel {
    /// Zero, of `dim` variables.
    pub fn new(dim: usize) -> Self {
        SymmetricModel {
            dim,
            matrix: vec![0.0; dim * dim],
            shifted: Vec::with_capacity(dim * dim),
            cholesky: Cholesky::default(),
            product: vec![0.0; dim],
        }
    }

    /// The matrix, row by row.
    pub fn matrix(&self) -> &[f64] {
        &self.matrix
    }

    /// Become the matrix of `other`.
    pub fn copy_from(&mut self, other: &SymmetricModel) {
        self.matrix.copy_from_slice(&other.matrix);
    }

    /// Become the sum of the outer products of the rows with themselves.
    pub fn sum_of_products(&mut self, rows: &[f64]) {
        self.matrix.fill(0.0);
        for row in rows.chunks_exact(self.dim) {
            for (line, r) in self.matrix.chunks_exact_mut(self.dim).zip(row) {
                axpy(*r, row, line);
            }
        }
    }

    /// The step `-M^-1 g` into `step`, with what it takes on the diagonal of M. Returns its slope `-g'M^-1 g`; nothing when no
    /// addition helps, because an entry is not finite.
    pub fn newton_step(&mut self, g: &[f64], step: &mut [f64]) -> Option<f64> {
        let n = self.dim;
        let largest = (0..n).map(|i| self.matrix[i * n + i]).fold(0.0_f64, f64::max);
        let mut shift = 0.0;
        for _ in 0..MOST_SHIFTS {
            self.shifted.clone_from(&self.matrix);
            for i in 0..n {
                self.shifted[i * n + i] += shift;
            }
            if self.cholesky.refactor(&self.shifted, n).is_ok() {
                step.iter_mut().zip(g).for_each(|(p, g)| *p = -g);
                self.cholesky.solve(step).ok()?;
                let slope = dot(g, step);
                return slope.is_finite().then_some(slope);
            }
            shift = if shift == 0.0 {
                SHIFT.0 * largest.max(f64::MIN_POSITIVE)
            } else {
                SHIFT.1 * shift
            };
        }
        None
    }

    /// The change that the quadratic model `g's + s'Ms / 2` predicts for a step s.
    pub fn predicted(&mut self, g: &[f64], s: &[f64]) -> f64 {
        mul(&self.matrix, self.dim, s, &mut self.product);
        dot(g, s) + 0.5 * dot(s, &self.product)
    }

    /// The BFGS update with the step s and the change y of the gradient along it, unless its curvature is negligible or negative:
    /// `M - M s s'M / s'Ms + y y' / s'y`.
    pub fn update(&mut self, s: &[f64], y: &[f64]) {
        mul(&self.matrix, self.dim, s, &mut self.product);
        let (before, after) = (dot(s, &self.product), dot(s, y));
        let negligible = NEGLIGIBLE * (dot(s, s) * dot(y, y)).sqrt();
        if !(after > negligible && after.is_finite() && before > 0.0) {
            return;
        }
        let ms = &self.product;
        for (i, line) in self.matrix.chunks_exact_mut(self.dim).enumerate() {
            axpy(-ms[i] / before, ms, line);
            axpy(y[i] / after, y, line);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn steps_with_full_and_with_deficient_rank() {
        let mut model = SymmetricModel::new(2);
        model.sum_of_products(&[1.0, 2.0, 0.0, 3.0]);
        assert_eq!(model.matrix(), [1.0, 2.0, 2.0, 13.0]);
        let mut step = [0.0; 2];
        let slope = model.newton_step(&[1.0, 1.0], &mut step).unwrap();
        // The inverse is [[13, -2], [-2, 1]] / 9.
        assert!((step[0] + 11.0 / 9.0).abs() < 1e-14 && (step[1] - 1.0 / 9.0).abs() < 1e-14);
        assert!((slope + 10.0 / 9.0).abs() < 1e-14);
        assert!((model.predicted(&[1.0, 1.0], &step) + 5.0 / 9.0).abs() < 1e-14);

        model.sum_of_products(&[1.0, 2.0]);
        let slope = model.newton_step(&[1.0, 2.0], &mut step).unwrap();
        assert!((slope + 1.0).abs() < 1e-6, "{slope}");
        model.sum_of_products(&[0.0, 0.0]);
        assert!(model.newton_step(&[1.0, 2.0], &mut step).is_none_or(|slope| slope < 0.0));
        model.sum_of_products(&[f64::NAN, 0.0]);
        assert_eq!(model.newton_step(&[1.0, 2.0], &mut step), None);
    }

    #[test]
    fn an_update_maps_the_step_to_the_change() {
        let mut model = SymmetricModel::new(2);
        model.sum_of_products(&[1.0, 2.0, 0.0, 3.0]);
        let (s, y) = ([1.0, -1.0], [3.0, 0.5]);
        model.update(&s, &y);
        let mut product = [0.0; 2];
        mul(model.matrix(), 2, &s, &mut product);
        assert!((product[0] - 3.0).abs() < 1e-13 && (product[1] - 0.5).abs() < 1e-13);
        let before = model.matrix().to_vec();
        for y in [[-3.0, 0.0], [0.0, 0.0], [f64::NAN, 0.0]] {
            model.update(&s, &y);
            assert_eq!(model.matrix(), before);
        }
        let mut copy = SymmetricModel::new(2);
        copy.copy_from(&model);
        assert_eq!(copy.matrix(), before);
    }
}
