//! The variable metric of Davidon, Fletcher and Powell with Fletcher's switch: an approximation V of the inverse Hessian.
//!
//! A step s along which the gradient changes by y is taken in by
//!
//! ```text
//! V' = V + s s'/s'y - V y y'V / y'V y                                 (Davidon-Fletcher-Powell)
//! V' = that + y'V y u u',   u = s/s'y - V y / y'V y                   (Broyden-Fletcher-Goldfarb-Shanno)
//! ```
//!
//! the second where s'y exceeds y'V y: V is too small there, and the additional term makes it larger.
//!
//! Reference: R. Fletcher, A new approach to variable metric algorithms, Comput. J. 13 (1970), <https://doi.org/10.1093/comjnl/13.3.317>

use thalweg_linalg::{SymEigen, dot, mul};

/// An eigenvalue that is not positive is lifted to this part of the largest.
const LIFTED_TO: f64 = 1e-3;

/// The matrix V, symmetric and positive definite.
#[derive(Clone, Debug)]
pub struct DavidonFletcher {
    dim: usize,
    matrix: Vec<f64>,
    product: Vec<f64>,
}

impl DavidonFletcher {
    /// Begin with the inverses of these second derivatives.
    pub fn from_curvatures(curvatures: &[f64]) -> Self {
        let dim = curvatures.len();
        let mut matrix = vec![0.0; dim * dim];
        for (i, curvature) in curvatures.iter().enumerate() {
            matrix[i * dim + i] = 1.0 / curvature;
        }
        DavidonFletcher { dim, matrix, product: vec![0.0; dim] }
    }

    /// Begin with the inverse of a Hessian whose eigenvalues, after scaling its diagonal to one, are made positive. Nothing where
    /// the Hessian is of no use.
    pub fn from_hessian(hessian: &[f64], dim: usize) -> Option<Self> {
        let scale: Vec<f64> = (0..dim).map(|i| hessian[i * dim + i].abs().sqrt()).collect();
        if scale.iter().any(|scale| !(*scale > 0.0 && scale.is_finite())) {
            return None;
        }
        let scaled: Vec<f64> =
            (0..dim * dim).map(|k| hessian[k] / (scale[k / dim] * scale[k % dim])).collect();
        let eigen = SymEigen::factor(&scaled, dim).ok()?;
        let largest = eigen.values().iter().fold(0.0, |largest: f64, value| largest.max(*value));
        if largest <= 0.0 {
            return None;
        }
        let mut matrix = vec![0.0; dim * dim];
        for (k, &value) in eigen.values().iter().enumerate() {
            let vector = eigen.vector(k);
            let positive = value > f64::EPSILON.sqrt() * largest;
            let value = if positive { value } else { LIFTED_TO * largest };
            for i in 0..dim {
                for j in 0..dim {
                    matrix[i * dim + j] += vector[i] * vector[j] / value;
                }
            }
        }
        for (k, entry) in matrix.iter_mut().enumerate() {
            *entry /= scale[k / dim] * scale[k % dim];
        }
        Some(DavidonFletcher { dim, matrix, product: vec![0.0; dim] })
    }

    /// V, row by row.
    pub fn matrix(&self) -> &[f64] {
        &self.matrix
    }

    /// `-V g`.
    pub fn direction(&self, gradient: &[f64], direction: &mut [f64]) {
        mul(&self.matrix, self.dim, gradient, direction);
        direction.iter_mut().for_each(|d| *d = -*d);
    }

    /// The estimated distance to the minimum, `g'V g / 2`: how much lower the objective would be there.
    pub fn distance(&mut self, gradient: &[f64]) -> f64 {
        mul(&self.matrix, self.dim, gradient, &mut self.product);
        0.5 * dot(gradient, &self.product)
    }

    /// Take in the step s with the change y of the gradient. Returns how much V changed relative to its size, or nothing where the
    /// curvature s'y is not positive: V stays as it is.
    pub fn update(&mut self, step: &[f64], change: &[f64]) -> Option<f64> {
        let n = self.dim;
        mul(&self.matrix, n, change, &mut self.product);
        let (along, through) = (dot(step, change), dot(change, &self.product));
        let negligible = f64::EPSILON * dot(step, step).sqrt() * dot(change, change).sqrt();
        if !(along > negligible && through > 0.0 && along.is_finite() && through.is_finite()) {
            return None;
        }
        let extra = if along > through { through } else { 0.0 };
        let (mut moved, mut size) = (0.0, 0.0);
        for i in 0..n {
            let u_i = step[i] / along - self.product[i] / through;
            for j in 0..n {
                let u_j = step[j] / along - self.product[j] / through;
                let by = step[i] * step[j] / along - self.product[i] * self.product[j] / through
                    + extra * u_i * u_j;
                let entry = &mut self.matrix[i * n + j];
                *entry += by;
                moved += by.abs();
                size += entry.abs();
            }
        }
        Some(moved / size)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn maps_the_change_to_the_step_with_either_update() {
        for change in [[2.0, -0.5, 1.0], [0.2, -0.05, 0.1]] {
            let mut v = DavidonFletcher::from_curvatures(&[1.0, 2.0, 4.0]);
            let step = [1.0, 0.5, 0.25];
            assert!(v.update(&step, &change).unwrap() > 0.0);
            let mut image = [0.0; 3];
            mul(v.matrix(), 3, &change, &mut image);
            assert!(image.iter().zip(&step).all(|(a, b)| (a - b).abs() < 1e-12), "{image:?}");
        }
    }

    #[test]
    fn the_inverse_of_a_hessian_and_the_distance_to_its_minimum() {
        let hessian = [4.0, 1.0, 1.0, 3.0];
        let mut v = DavidonFletcher::from_hessian(&hessian, 2).unwrap();
        let expected = [3.0, -1.0, -1.0, 4.0].map(|entry: f64| entry / 11.0);
        assert!(v.matrix().iter().zip(&expected).all(|(a, b)| (a - b).abs() < 1e-14));
        // f = x'H x / 2 at (1, 1), where the gradient is (5, 4), is 4.5 above the minimum.
        assert!((v.distance(&[5.0, 4.0]) - 4.5).abs() < 1e-13);
    }

    #[test]
    fn an_indefinite_hessian_is_lifted_and_a_useless_one_refused() {
        let v = DavidonFletcher::from_hessian(&[1.0, 2.0, 2.0, 1.0], 2).unwrap();
        let eigen = SymEigen::factor(v.matrix(), 2).unwrap();
        assert!(eigen.values().iter().all(|value| *value > 0.0));
        assert!(DavidonFletcher::from_hessian(&[0.0, 1.0, 1.0, 1.0], 2).is_none());
        assert!(DavidonFletcher::from_hessian(&[f64::NAN], 1).is_none());
        assert!(DavidonFletcher::from_hessian(&[-1.0], 1).is_none());
    }

    #[test]
    fn negative_curvature_changes_nothing() {
        let mut v = DavidonFletcher::from_curvatures(&[1.0, 1.0]);
        assert_eq!(v.update(&[1.0, 0.0], &[-1.0, 0.0]), None);
        assert_eq!(v.matrix(), [1.0, 0.0, 0.0, 1.0]);
    }
}
