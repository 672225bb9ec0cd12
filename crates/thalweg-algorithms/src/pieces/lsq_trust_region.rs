//! The exact trust-region step of a linear least-squares problem, min |J p + r| subject to |p| <= radius, from the SVD of J.
//!
//! With J = U S V' the solution for a damping parameter alpha is p = -V (S u / (S^2 + alpha)), u = U'r, and the scalar
//! equation |p(alpha)| = radius is solved by Newton's method on its reciprocal form with safeguards (Moré 1978, section 5).
//! The parameter of the last step starts the next search. Singular values that are zero to rounding are left out, so that
//! the step has no component that is only noise; without damping it is then the shortest minimizer.
//!
//! Reference: J. J. Moré, Lecture Notes in Mathematics 630 (1978) 105-116, doi:10.1007/BFb0067700.

use thalweg_linalg::{Result, Svd, nrm2};

/// The accepted relative error of |p| against the radius.
const TOLERANCE: f64 = 0.01;
/// Newton steps per search.
const MAX_STEPS: usize = 10;

/// Finds exact trust-region steps; a reusable workspace.
#[derive(Clone, Debug, Default)]
pub struct LsqTrustRegion {
    svd: Svd,
    /// u = U'r.
    rotated: Vec<f64>,
    coefficients: Vec<f64>,
    alpha: f64,
}

impl LsqTrustRegion {
    /// Decomposes J (`rows` x `n`, row-major) and rotates r (`rows`).
    ///
    /// # Errors
    /// J is not finite, or its decomposition does not converge.
    pub fn prepare(&mut self, jacobian: &[f64], residuals: &[f64], n: usize) -> Result<()> {
        let rows = residuals.len();
        self.svd.refactor(jacobian, rows, n)?;
        let k = rows.min(n);
        self.rotated.resize(k, 0.0);
        self.coefficients.resize(k, 0.0);
        self.svd.left_transposed_mul(residuals, &mut self.rotated)?;
        let values = self.svd.values();
        let largest = values.first().copied().unwrap_or(0.0);
        let negligible = f64::EPSILON * rows.max(n) as f64 * largest;
        for (u, _) in self.rotated.iter_mut().zip(values).filter(|(_, s)| **s <= negligible) {
            *u = 0.0;
        }
        Ok(())
    }

    /// Writes the step within `radius` into `step` (n).
    ///
    /// # Errors
    /// A length is wrong.
    pub fn step(&mut self, radius: f64, step: &mut [f64]) -> Result<()> {
        let full_length = self.damped_length(0.0);
        let mut factor = 1.0;
        if full_length <= radius {
            self.alpha = 0.0;
        } else {
            self.search(radius);
            // Newton leaves an error of up to a hundredth: put the step on the boundary.
            factor = radius / self.damped_length(self.alpha);
        }
        self.coefficients.iter_mut().for_each(|c| *c *= -factor);
        self.svd.right_mul(&self.coefficients, step)
    }

    /// The least |J v| of all unit vectors v (of `n` entries): the last singular value, or 0 with fewer rows than columns.
    pub fn least_stretch(&self, n: usize) -> f64 {
        self.svd.values().get(n.wrapping_sub(1)).copied().unwrap_or(0.0)
    }

    /// The radius changed: the parameter scales roughly with its inverse.
    pub fn rescale(&mut self, old_radius: f64, new_radius: f64) {
        self.alpha *= old_radius / new_radius;
    }

    /// Newton's method for alpha, from the last alpha.
    fn search(&mut self, radius: f64) {
        let gradient: Vec<f64> =
            self.svd.values().iter().zip(&self.rotated).map(|(s, u)| s * u).collect();
        let (excess, slope) = self.excess_and_slope(0.0, radius);
        let (mut lower, mut upper) = (-excess / slope, nrm2(&gradient) / radius);
        let inside = |lower: f64, upper: f64| (0.001 * upper).max((lower * upper).sqrt());
        if !(lower..=upper).contains(&self.alpha) {
            self.alpha = inside(lower, upper);
        }
        for _ in 0..MAX_STEPS {
            let (excess, slope) = self.excess_and_slope(self.alpha, radius);
            if excess < 0.0 {
                upper = self.alpha;
            }
            let ratio = excess / slope;
            lower = lower.max(self.alpha - ratio);
            let newton = self.alpha - (excess + radius) * ratio / radius;
            let met = excess.abs() < TOLERANCE * radius;
            if (lower..=upper).contains(&newton) {
                self.alpha = newton;
            } else if !met {
                self.alpha = inside(lower, upper);
            }
            if met {
                break;
            }
        }
    }

    /// phi(alpha) = |p(alpha)| - radius and its derivative.
    fn excess_and_slope(&mut self, alpha: f64, radius: f64) -> (f64, f64) {
        let length = self.damped_length(alpha);
        let terms = self.svd.values().iter().zip(&self.coefficients);
        let sum: f64 =
            terms.map(|(s, c)| if *c == 0.0 { 0.0 } else { c * c / (s * s + alpha) }).sum();
        (length - radius, -sum / length)
    }

    /// Puts S u / (S^2 + alpha) into the coefficients and returns their norm.
    fn damped_length(&mut self, alpha: f64) -> f64 {
        let terms = self.rotated.iter().zip(self.svd.values());
        for (c, (u, s)) in self.coefficients.iter_mut().zip(terms) {
            let numerator = s * u;
            *c = if numerator == 0.0 { 0.0 } else { numerator / (s * s + alpha) };
        }
        nrm2(&self.coefficients)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;
    use thalweg_linalg::{axpy, mul, mul_transposed};

    proptest! {
        /// Within the radius, and J'(J p + r) is a non-positive multiple of p.
        #[test]
        fn step_is_optimal(
            (m, n, jac, residuals) in (1usize..7, 1usize..5).prop_flat_map(|(m, n)| (
                Just(m), Just(n),
                proptest::collection::vec(-3.0f64..3.0, m * n),
                proptest::collection::vec(-3.0f64..3.0, m),
            )),
            radius in 0.01f64..5.0,
        ) {
            let mut region = LsqTrustRegion::default();
            region.prepare(&jac, &residuals, n).unwrap();
            let mut p = vec![0.0; n];
            region.step(radius, &mut p).unwrap();
            prop_assert!(nrm2(&p) <= radius * (1.0 + 1e-12));
            let mut rows = vec![0.0; m];
            mul(&jac, n, &p, &mut rows);
            axpy(1.0, &residuals, &mut rows);
            prop_assert!(nrm2(&rows) <= nrm2(&residuals) * (1.0 + 1e-12));
            let mut gradient = vec![0.0; n];
            mul_transposed(&jac, n, &rows, &mut gradient);
            let multiplier = -thalweg_linalg::dot(&gradient, &p) / nrm2(&p).powi(2);
            // The length is found to about one per cent, and then stretched to the radius: (J'J + multiplier I) times that.
            axpy(multiplier, &p, &mut gradient);
            let curvature = nrm2(&jac).powi(2) + multiplier.abs();
            prop_assert!(multiplier > -0.02 * curvature);
            prop_assert!(nrm2(&gradient) <= 0.05 * curvature * radius);
        }
    }
}
