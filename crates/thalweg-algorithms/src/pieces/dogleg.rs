//! The dogleg step: min g'p + p'B p / 2 subject to |p| <= radius along a path of two straight legs, for any symmetric B.
//!
//! With a positive definite B the path goes from the origin down the gradient to the minimum of the model there, and from there straight
//! to Newton's step -B^-1 g. The model falls along it and its length grows, so that the step is its last point in the ball.
//!
//! Where B is not positive definite, Newton's step may lead uphill. Then B + tau I is taken for it, with a tau > 0 that makes it positive
//! definite (doubled until Cholesky's factorization succeeds); the model stays the true one. The step is the lowest point of the
//! model on the first leg, on the second, or on the ray along the shifted Newton's step, which turns towards negative curvature as tau
//! comes near to it. The step is thus never worse than the best one down the gradient, which is all that convergence needs.
//!
//! References:
//! * M. J. D. Powell, A hybrid method for nonlinear equations, in: Numerical Methods for Nonlinear Algebraic Equations (1970), 87-114
//! * J. Nocedal, S. J. Wright, Numerical Optimization (2006), section 4.1 and algorithm 3.3, doi:10.1007/978-0-387-40065-5

use thalweg_linalg::{Cholesky, LinalgError, Result, all_finite, axpy, nrm2};

use super::lsq_model::{DenseModel, Quadratic};
use super::region_step::{RegionStep, to_sphere};

/// The first shift beyond what the diagonal shows, relative to the matrix.
const FIRST_SHIFT: f64 = 1e-3;

/// The model at a point with its Newton step.
#[derive(Clone, Debug)]
pub struct Dogleg {
    matrix: Vec<f64>,
    gradient: Vec<f64>,
    newton: Vec<f64>,
    is_convex: bool,
}

impl Dogleg {
    /// The model of `matrix` (n x n, symmetric) and `gradient`, which is not zero.
    ///
    /// # Errors
    /// Numbers that are not finite.
    pub fn new(matrix: Vec<f64>, gradient: Vec<f64>) -> Result<Self> {
        let (cholesky, is_convex) = shifted_until_positive(&matrix, gradient.len())?;
        let mut newton: Vec<f64> = gradient.iter().map(|g| -g).collect();
        cholesky.solve(&mut newton)?;
        if !all_finite(&newton) {
            // Curvatures next to none. Any direction downhill will do for the ray.
            newton = gradient.iter().map(|g| -g).collect();
        }
        Ok(Dogleg { matrix, gradient, newton, is_convex })
    }

    /// The step within the radius, a positive number.
    pub fn step(&self, radius: f64) -> RegionStep {
        let model = DenseModel { gradient: &self.gradient, matrix: &self.matrix };
        if self.is_convex && nrm2(&self.newton) <= radius {
            return self.taken(&model, self.newton.clone(), false);
        }
        let downhill: Vec<f64> = self.gradient.iter().map(|g| -g).collect();
        let reach = radius / nrm2(&downhill);
        let (t, _) = model.ray(&downhill).minimize(0.0, reach);
        let cauchy: Vec<f64> = downhill.iter().map(|d| t * d).collect();
        if self.is_convex && t >= reach {
            return self.taken(&model, cauchy, true);
        }
        let leg: Vec<f64> = self.newton.iter().zip(&cauchy).map(|(n, c)| n - c).collect();
        let [_, out] = to_sphere(&cauchy, &leg, radius);
        // Of a convex model, the last point on the leg is the lowest.
        let (along, _) = model.along(&cauchy, &leg).minimize(0.0, out.min(1.0));
        let mut best = cauchy;
        axpy(along, &leg, &mut best);
        if self.is_convex {
            return self.taken(&model, best, true);
        }
        let reach = radius / nrm2(&self.newton);
        let (t, value) = model.ray(&self.newton).minimize(0.0, reach);
        if value < model.value(&best) {
            best = self.newton.iter().map(|d| t * d).collect();
        }
        let on_boundary = nrm2(&best) >= (1.0 - 1e-8) * radius;
        self.taken(&model, best, on_boundary)
    }

    fn taken(&self, model: &DenseModel<'_>, p: Vec<f64>, on_boundary: bool) -> RegionStep {
        let decrease = -model.value(&p);
        RegionStep { p, decrease, on_boundary }
    }
}

/// The factor of B + tau I, and whether tau is zero.
fn shifted_until_positive(matrix: &[f64], n: usize) -> Result<(Cholesky, bool)> {
    let mut cholesky = Cholesky::default();
    match cholesky.refactor(matrix, n) {
        Err(LinalgError::NotPositiveDefinite { .. }) => {}
        other => return other.map(|()| (cholesky, true)),
    }
    let least = matrix.iter().step_by(n + 1).fold(f64::INFINITY, |least, b| least.min(*b));
    let size = nrm2(matrix);
    let mut tau = (-least).max(0.0) + FIRST_SHIFT * if size > 0.0 { size } else { 1.0 };
    loop {
        let mut shifted = matrix.to_vec();
        shifted.iter_mut().step_by(n + 1).for_each(|b| *b += tau);
        match cholesky.refactor(&shifted, n) {
            Err(LinalgError::NotPositiveDefinite { .. }) => tau *= 2.0,
            other => return other.map(|()| (cholesky, false)),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use thalweg_core::Rng;

    fn step(matrix: &[f64], gradient: &[f64], radius: f64) -> RegionStep {
        Dogleg::new(matrix.to_vec(), gradient.to_vec()).unwrap().step(radius)
    }

    #[test]
    fn the_path_of_a_convex_model_has_two_legs() {
        // g = (-2, -4), B = diag(1, 4): Newton's step is (2, 1), the minimum along -g at t = 20 / 68.
        let (matrix, gradient) = ([1.0, 0.0, 0.0, 4.0], [-2.0, -4.0]);
        let newton = step(&matrix, &gradient, 3.0);
        assert_eq!((newton.p, newton.decrease, newton.on_boundary), (vec![2.0, 1.0], 4.0, false));
        let first = step(&matrix, &gradient, 1.0);
        assert!(first.on_boundary && (first.p[1] - 2.0 * first.p[0]).abs() < 1e-15, "{first:?}");
        assert!((nrm2(&first.p) - 1.0).abs() < 1e-15);
        let second = step(&matrix, &gradient, 1.8);
        assert!(second.on_boundary && (nrm2(&second.p) - 1.8).abs() < 1e-12);
        // On the line from (10, 20) / 17 to (2, 1).
        let share = (second.p[0] - 10.0 / 17.0) / (2.0 - 10.0 / 17.0);
        assert!((second.p[1] - (20.0 / 17.0 + share * (1.0 - 20.0 / 17.0))).abs() < 1e-12);
        assert!((0.0..1.0).contains(&share));
    }

    #[test]
    fn a_saddle_is_left_along_its_negative_curvature() {
        // Hardly any slope along the variable with negative curvature: down the gradient, nothing is gained of it.
        let (matrix, gradient) = ([1.0, 0.0, 0.0, -1.0], [1.0, 1e-3]);
        let saddle = step(&matrix, &gradient, 1.0);
        assert!(saddle.decrease > 0.5, "{saddle:?}");
        let flat = step(&[0.0; 4], &[3.0, 4.0], 1.0);
        assert!(flat.on_boundary && (flat.decrease - 5.0).abs() < 1e-12, "{flat:?}");
    }

    #[test]
    fn never_worse_than_down_the_gradient_and_never_outside() {
        let mut rng = Rng::new(31);
        for round in 0..500 {
            let n = 1 + round % 6;
            let mut matrix = vec![0.0; n * n];
            let shift = rng.uniform_in(-1.0, 3.0);
            for i in 0..n {
                for j in 0..=i {
                    matrix[i * n + j] =
                        rng.uniform_in(-1.0, 1.0) + if i == j { shift } else { 0.0 };
                    matrix[j * n + i] = matrix[i * n + j];
                }
            }
            let gradient: Vec<f64> = (0..n).map(|_| rng.uniform_in(-1.0, 1.0)).collect();
            let radius = 10f64.powf(rng.uniform_in(-2.0, 1.0));
            let found = step(&matrix, &gradient, radius);
            assert!(nrm2(&found.p) <= radius * (1.0 + 1e-9), "{round}");
            let model = DenseModel { gradient: &gradient, matrix: &matrix };
            assert!((found.decrease + model.value(&found.p)).abs() < 1e-9, "{round}");
            let downhill: Vec<f64> = gradient.iter().map(|g| -g).collect();
            let (_, cauchy) = model.ray(&downhill).minimize(0.0, radius / nrm2(&downhill));
            assert!(-found.decrease <= cauchy + 1e-9, "{round}");
        }
    }

    #[test]
    fn what_is_not_finite_is_refused() {
        let refused = Dogleg::new(vec![f64::NAN], vec![1.0]).map(|_| ());
        assert_eq!(refused, Err(LinalgError::NonFinite));
    }
}
