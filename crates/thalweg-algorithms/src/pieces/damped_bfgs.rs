//! The dense BFGS matrix B, an approximation of a Hessian that need not be positive definite: Powell's damped update.
//!
//! Along constraints the Lagrangian may curve downward, and s'y be negative. Where s'y < 0.2 s'Bs, the change y of the gradient is
//! moved towards B s until s'y = 0.2 s'Bs. So B stays positive definite:
//! `B' = B - B s s'B / s'Bs + y y' / s'y`.
//!
//! Cost: 4 n^2 operations for an update.
//!
//! Reference: M. J. D. Powell, A fast algorithm for nonlinearly constrained optimization calculations, in: Numerical Analysis,
//! Dundee 1977, Lecture Notes in Mathematics 630 (1978), <https://doi.org/10.1007/BFb0067703>

use thalweg_linalg::{dot, mul};

/// The matrix B, symmetric and positive definite.
#[derive(Clone, Debug)]
pub struct DampedBfgs {
    dim: usize,
    matrix: Vec<f64>,
    is_identity: bool,
    product: Vec<f64>,
}

impl DampedBfgs {
    /// The identity of `dim` variables.
    pub fn new(dim: usize) -> Self {
        let mut new = DampedBfgs {
            dim,
            matrix: vec![0.0; dim * dim],
            is_identity: true,
            product: vec![0.0; dim],
        };
        new.clear();
        new
    }

    /// Go back to the identity.
    pub fn clear(&mut self) {
        self.matrix.fill(0.0);
        self.matrix.iter_mut().step_by(self.dim + 1).for_each(|diagonal| *diagonal = 1.0);
        self.is_identity = true;
    }

    /// Whether nothing has been taken in.
    pub fn is_identity(&self) -> bool {
        self.is_identity
    }

    /// B, row by row.
    pub fn matrix(&self) -> &[f64] {
        &self.matrix
    }

    /// Take in a step and the change of the gradient along it. Nothing happens if they are too small or not finite.
    pub fn update(&mut self, step: &[f64], change: &[f64]) {
        mul(&self.matrix, self.dim, step, &mut self.product);
        let (model, actual) = (dot(step, &self.product), dot(step, change));
        if !(model > f64::MIN_POSITIVE && model.is_finite() && actual.is_finite()) {
            return;
        }
        let weight = if actual < 0.2 * model { 0.8 * model / (model - actual) } else { 1.0 };
        let damped: Vec<f64> = change
            .iter()
            .zip(&self.product)
            .map(|(y, b)| weight * y + (1.0 - weight) * b)
            .collect();
        let curvature = dot(step, &damped);
        if !(curvature > 0.0 && damped.iter().all(|y| y.is_finite())) {
            return;
        }
        for (i, row) in self.matrix.chunks_exact_mut(self.dim).enumerate() {
            let (b, y) = (self.product[i] / model, damped[i] / curvature);
            for (entry, (bj, yj)) in row.iter_mut().zip(self.product.iter().zip(&damped)) {
                *entry += y * yj - b * bj;
            }
        }
        self.is_identity = false;
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use thalweg_linalg::Cholesky;

    fn product(matrix: &DampedBfgs, x: &[f64]) -> Vec<f64> {
        let mut out = vec![0.0; x.len()];
        mul(matrix.matrix(), x.len(), x, &mut out);
        out
    }

    #[test]
    fn it_takes_in_the_curvature_along_the_step() {
        let mut matrix = DampedBfgs::new(2);
        assert!(matrix.is_identity());
        matrix.update(&[1.0, 1.0], &[4.0, 1.0]);
        let along = product(&matrix, &[1.0, 1.0]);
        assert!((along[0] - 4.0).abs() < 1e-14 && (along[1] - 1.0).abs() < 1e-14, "{along:?}");
        assert!(!matrix.is_identity());
        matrix.clear();
        assert_eq!(matrix.matrix(), [1.0, 0.0, 0.0, 1.0]);
    }

    #[test]
    fn negative_curvature_is_damped_to_a_fifth_of_the_models() {
        let mut matrix = DampedBfgs::new(2);
        for step in [[1.0, 0.0], [0.3, -1.0], [1.0, 2.0]] {
            let before = dot(&step, &product(&matrix, &step));
            matrix.update(&step, &[-5.0 * step[0], -3.0 * step[1]]);
            let after = dot(&step, &product(&matrix, &step));
            assert!((after - 0.2 * before).abs() < 1e-12 * before, "{after} {before}");
            assert!(Cholesky::factor(matrix.matrix(), 2).is_ok());
        }
    }

    #[test]
    fn what_says_nothing_changes_nothing() {
        let mut matrix = DampedBfgs::new(1);
        matrix.update(&[0.0], &[1.0]);
        matrix.update(&[1.0], &[f64::NAN]);
        matrix.update(&[1.0], &[f64::INFINITY]);
        assert_eq!(matrix.matrix(), [1.0]);
        assert!(matrix.is_identity());
    }
}
