//! The exact trust-region step for any symmetric matrix, min g'p + p'B p / 2 subject to |p| <= radius, from the eigenvalues of B.
//!
//! In the eigenbasis the solution is p_i = -g_i / (lambda_i + sigma), with the sigma of at least max(0, -lambda_min) at which
//! |p| = radius, or the minimizer itself when it lies inside; sigma by Newton's method on 1 / |p|, with safeguards. Where no sigma makes
//! p long enough (the hard case) the rest of the way is along the eigenvector of lambda_min.
//!
//! References:
//! * J. J. Moré, D. C. Sorensen, Computing a trust region step, SIAM J. Sci. Stat. Comput. 4 (1983), doi:10.1137/0904038
//! * J. Nocedal, S. J. Wright, Numerical Optimization (2006), section 4.3, doi:10.1007/978-0-387-40065-5

use thalweg_linalg::{Result, SymEigen, axpy, dot, nrm2};

/// Newton steps for sigma.
const MAX_STEPS: usize = 50;
/// The accepted relative error of |p| against the radius.
const TOLERANCE: f64 = 1e-10;

/// A matrix in its eigenbasis with the gradient there.
#[derive(Clone, Debug)]
pub struct EigenRegion {
    eigen: SymEigen,
    gradient: Vec<f64>,
}

impl EigenRegion {
    /// Decomposes B (n x n, row-major).
    ///
    /// # Errors
    /// B is not finite, or its decomposition does not converge.
    pub fn new(matrix: &[f64], gradient: &[f64]) -> Result<Self> {
        let eigen = SymEigen::factor(matrix, gradient.len())?;
        let gradient = (0..gradient.len()).map(|k| dot(eigen.vector(k), gradient)).collect();
        Ok(EigenRegion { eigen, gradient })
    }

    /// The step within the radius, a positive number.
    pub fn step(&self, radius: f64) -> Vec<f64> {
        let values = self.eigen.values();
        let least = values[0];
        let scale = values[values.len() - 1].abs().max(least.abs());
        let is_convex = least > f64::EPSILON * scale;
        if is_convex {
            let inside = self.at(0.0);
            if nrm2(&inside) <= radius {
                return self.back(&inside);
            }
        }
        let mut low = (-least).max(0.0);
        let mut high = low + nrm2(&self.gradient) / radius + f64::MIN_POSITIVE;
        // Slightly above the pole, where components along the eigenvectors of the least eigenvalue show.
        let start = low + f64::EPSILON * scale.max(high);
        if !is_convex && nrm2(&self.at(start)) < radius {
            return self.hard_case(start, radius);
        }
        let mut sigma = high;
        for _ in 0..MAX_STEPS {
            let p = self.at(sigma);
            let length = nrm2(&p);
            if (length - radius).abs() <= TOLERANCE * radius {
                break;
            }
            if length > radius {
                low = sigma
            } else {
                high = sigma
            }
            let slope: f64 = p.iter().zip(values).map(|(p, v)| p * p / (v + sigma)).sum();
            let newton = sigma + (length - radius) / radius * length * length / slope;
            sigma = if newton > low && newton < high { newton } else { 0.5 * (low + high) };
        }
        let mut p = self.at(sigma);
        let fit = radius / nrm2(&p);
        p.iter_mut().for_each(|p| *p *= fit);
        self.back(&p)
    }

    /// The minimizer along the gradient's components without a radius if B is positive definite, or else the direction of least
    /// curvature, downhill.
    pub fn newton_or_least_curvature(&self) -> Vec<f64> {
        if self.eigen.values()[0] > 0.0 {
            return self.back(&self.at(0.0));
        }
        let sign = if self.gradient[0] > 0.0 { -1.0 } else { 1.0 };
        self.eigen.vector(0).iter().map(|v| sign * v).collect()
    }

    fn at(&self, sigma: f64) -> Vec<f64> {
        let each = self.gradient.iter().zip(self.eigen.values());
        each.map(|(g, v)| if *g == 0.0 { 0.0 } else { -g / (v + sigma) }).collect()
    }

    fn hard_case(&self, sigma: f64, radius: f64) -> Vec<f64> {
        let mut p = self.at(sigma);
        let sign = if p[0] < 0.0 { -1.0 } else { 1.0 };
        p[0] = 0.0;
        let rest = nrm2(&p);
        p[0] = sign * ((radius - rest).max(0.0) * (radius + rest)).sqrt();
        self.back(&p)
    }

    fn back(&self, p: &[f64]) -> Vec<f64> {
        let mut step = vec![0.0; p.len()];
        p.iter().enumerate().for_each(|(k, p)| axpy(*p, self.eigen.vector(k), &mut step));
        step
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::pieces::lsq_model::{DenseModel, Quadratic};

    #[test]
    fn is_the_minimum() {
        let mut rng = thalweg_core::Rng::new(7);
        for round in 0..200 {
            let n = 1 + round % 5;
            let mut number = || 2.0 * rng.uniform() - 1.0;
            let mut matrix = vec![0.0; n * n];
            for i in 0..n {
                for j in 0..=i {
                    matrix[i * n + j] = number();
                    matrix[j * n + i] = matrix[i * n + j];
                }
            }
            let gradient: Vec<f64> = (0..n).map(|_| number()).collect();
            let radius = 0.1 + number().abs();
            let p = EigenRegion::new(&matrix, &gradient).unwrap().step(radius);
            assert!(nrm2(&p) <= radius * (1.0 + 1e-12), "{round}");
            let model = DenseModel { gradient: &gradient, matrix: &matrix };
            for _ in 0..200 {
                let mut other: Vec<f64> = (0..n).map(|_| number()).collect();
                let fit = radius * number().abs().sqrt() / nrm2(&other);
                other.iter_mut().for_each(|o| *o *= fit);
                assert!(model.value(&p) <= model.value(&other) + 1e-9, "{round}");
            }
        }
    }

    #[test]
    fn corner_cases() {
        let step = |matrix: &[f64], gradient: &[f64], radius: f64| {
            EigenRegion::new(matrix, gradient).unwrap().step(radius)
        };
        assert_eq!(step(&[2.0, 0.0, 0.0, 4.0], &[-2.0, 4.0], 10.0), [1.0, -1.0]);
        let hard = step(&[-1.0, 0.0, 0.0, 1.0], &[0.0, 1.0], 2.0);
        assert!((nrm2(&hard) - 2.0).abs() < 1e-12 && (hard[1] + 0.5).abs() < 1e-9, "{hard:?}");
        let steep = step(&[0.0; 4], &[3.0, 4.0], 1.0);
        assert!((steep[0] + 0.6).abs() < 1e-9 && (steep[1] + 0.8).abs() < 1e-9, "{steep:?}");
    }

    #[test]
    fn the_second_direction_of_a_plane_is_newtons_or_that_of_least_curvature() {
        let convex = EigenRegion::new(&[2.0, 0.0, 0.0, 4.0], &[-2.0, 4.0]).unwrap();
        assert_eq!(convex.newton_or_least_curvature(), [1.0, -1.0]);
        let saddle = EigenRegion::new(&[-2.0, 0.0, 0.0, 4.0], &[-2.0, 4.0]).unwrap();
        let direction = saddle.newton_or_least_curvature();
        assert!(
            (direction[0].abs() - 1.0).abs() < 1e-12 && direction[0] * -2.0 <= 0.0,
            "{direction:?}"
        );
    }
}
