//! The trust-region step by Cholesky factorizations: min g'p + p'B p / 2 subject to |p| <= radius for any symmetric B, as exactly as
//! asked for.
//!
//! The minimizer solves (B + lambda I) p = -g with a lambda >= 0 that makes the matrix positive semidefinite and, unless it is zero,
//! |p| = radius. A factorization of B + lambda I tells on which side lambda is: it fails below the pole at minus the least eigenvalue;
//! above the pole p is too long or too short, and Newton's method on 1 / |p| = 1 / radius says where to look next. Where p is too
//! short, the vector u of least curvature, estimated from the factor, fills the ball: near enough to the minimum, that is the step, too.
//! It is the only way to it in the hard case, in which no lambda makes p long enough.
//!
//! References:
//! * J. J. Moré, D. C. Sorensen, Computing a trust region step, SIAM J. Sci. Stat. Comput. 4 (1983), doi:10.1137/0904038
//! * A. R. Conn, N. I. M. Gould, P. L. Toint, Trust-Region Methods (2000), section 7.3, doi:10.1137/1.9780898719857
//! * A. K. Cline, C. B. Moler, G. W. Stewart, J. H. Wilkinson, An estimate for the condition number of a matrix, SIAM J. Numer. Anal.
//!   16 (1979), doi:10.1137/0716029

use thalweg_linalg::{
    Cholesky, LinalgError, Result, axpy, dot, mul, nrm2, solve_lower, solve_lower_transposed,
};

use super::region_step::{RegionStep, to_sphere};
use super::trust_region_eigen::EigenRegion;

/// Where between its bounds the next lambda is at least.
const SHARE: f64 = 0.01;
/// Factorizations after which the eigenvalues are asked. What is left by then is rounding.
const MOST_FACTORIZATIONS: usize = 50;

/// How near the step comes to the minimum.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Accuracy {
    /// The accepted relative difference between |p| and the radius.
    pub length: f64,
    /// The part of the model's decrease that a step filled along u may have lost.
    pub decrease: f64,
}

/// The model at a point, and what is known of its lambda.
#[derive(Clone, Debug)]
pub struct MoreSorensen {
    matrix: Vec<f64>,
    gradient: Vec<f64>,
    accuracy: Accuracy,
    /// A lower bound of lambda for the last radius, and so for every smaller one.
    low: f64,
    last_radius: f64,
    shifted: Vec<f64>,
    cholesky: Cholesky,
}

/// The interval of lambda.
#[derive(Clone, Copy, Debug)]
struct Range {
    low: f64,
    high: f64,
}

impl Range {
    /// A lambda inside, nearer to the lower end, with sizes taken logarithmically.
    fn between(self) -> f64 {
        (self.low * self.high).sqrt().max(self.low + SHARE * (self.high - self.low))
    }

    fn raise(&mut self, low: f64) {
        self.low = self.low.max(low);
    }
}

impl MoreSorensen {
    /// The model of `matrix` (n x n, symmetric, finite) and `gradient`.
    pub fn new(matrix: Vec<f64>, gradient: Vec<f64>, accuracy: Accuracy) -> Self {
        MoreSorensen {
            shifted: matrix.clone(),
            matrix,
            gradient,
            accuracy,
            low: 0.0,
            last_radius: f64::INFINITY,
            cholesky: Cholesky::default(),
        }
    }

    /// The step within the radius, a positive number.
    ///
    /// # Errors
    /// Numbers that are not finite.
    pub fn step(&mut self, radius: f64) -> Result<RegionStep> {
        let mut range = self.first_range(radius);
        let mut lambda = if range.low == 0.0 { 0.0 } else { range.between() };
        for _ in 0..MOST_FACTORIZATIONS {
            match self.factor(lambda) {
                Err(LinalgError::NotPositiveDefinite { pivot }) => {
                    range.raise(lambda + self.missing(pivot, lambda));
                    lambda = range.between();
                    continue;
                }
                other => other?,
            }
            let mut p: Vec<f64> = self.gradient.iter().map(|g| -g).collect();
            self.cholesky.solve(&mut p)?;
            let length = nrm2(&p);
            if length <= radius && lambda == 0.0 {
                return Ok(self.finished(p, radius, range, false));
            }
            let newton = lambda + self.correction(&p, radius)?;
            if length < radius {
                let (u, curvature) = self.least_curvature()?;
                let t = shorter_way(&p, &u, radius);
                let kept = lambda * radius * radius - dot(&self.gradient, &p);
                if t * t * curvature <= self.accuracy.decrease * kept {
                    axpy(t, &u, &mut p);
                    return Ok(self.finished(p, radius, range, true));
                }
                range.high = lambda;
                // The pole is at most as far below lambda as the curvature along u says.
                range.raise(lambda - curvature);
            }
            if (length - radius).abs() <= self.accuracy.length * radius {
                return Ok(self.finished(p, radius, range, true));
            }
            if length > radius {
                range.raise(lambda);
                lambda = newton;
            } else {
                lambda = self.after_short_step(newton, &mut range);
            }
        }
        let step = EigenRegion::new(&self.matrix, &self.gradient)?.step(radius);
        Ok(self.finished(step, radius, range, true))
    }

    /// The bounds of lambda that norms, Gershgorin's discs and the diagonal give (Conn, Gould and Toint 2000, section 7.3.8).
    fn first_range(&self, radius: f64) -> Range {
        let n = self.gradient.len();
        let steepness = nrm2(&self.gradient) / radius;
        let (mut largest, mut least) = (f64::NEG_INFINITY, f64::INFINITY);
        let (mut least_entry, mut norm) = (f64::INFINITY, 0.0_f64);
        for (i, row) in self.matrix.chunks_exact(n).enumerate() {
            let sum: f64 = row.iter().map(|b| b.abs()).sum();
            let others = sum - row[i].abs();
            largest = largest.max(row[i] + others);
            least = least.min(row[i] - others);
            least_entry = least_entry.min(row[i]);
            norm = norm.max(sum);
        }
        let norm = norm.min(nrm2(&self.matrix));
        let mut low = (steepness - largest.min(norm)).max(-least_entry).max(0.0);
        if radius < self.last_radius {
            low = low.max(self.low);
        }
        Range { low, high: (steepness + norm.min(-least)).max(low) }
    }

    fn factor(&mut self, lambda: f64) -> Result<()> {
        let n = self.gradient.len();
        self.shifted.copy_from_slice(&self.matrix);
        self.shifted.iter_mut().step_by(n + 1).for_each(|b| *b += lambda);
        self.cholesky.refactor(&self.shifted, n)
    }

    /// By how much lambda has to grow at least, after a factorization that ended at the pivot k: with the vector v that the leading part
    /// of the matrix makes of it, v'(B + lambda I) v is negative, and |v|^2 times that much.
    fn missing(&self, k: usize, lambda: f64) -> f64 {
        let n = self.gradient.len();
        let rows = self.matrix.chunks_exact(n).take(k);
        let mut leading: Vec<f64> = rows.flat_map(|row| &row[..k]).copied().collect();
        leading.iter_mut().step_by(k + 1).for_each(|b| *b += lambda);
        let mut v = self.matrix[k * n..k * n + k].to_vec();
        let Ok(cholesky) = Cholesky::factor(&leading, k) else { return 0.0 };
        if solve_lower(cholesky.lower(), k, &mut v).is_err() {
            return 0.0;
        }
        let negative = dot(&v, &v) - self.matrix[k * n + k] - lambda;
        if solve_lower_transposed(cholesky.lower(), k, &mut v).is_err() {
            return 0.0;
        }
        (negative / (1.0 + dot(&v, &v))).max(0.0)
    }

    /// Newton's correction of lambda: (|p| / |w|)^2 (|p| - radius) / radius with L w = p.
    fn correction(&self, p: &[f64], radius: f64) -> Result<f64> {
        let mut w = p.to_vec();
        solve_lower(self.cholesky.lower(), p.len(), &mut w)?;
        let length = nrm2(p);
        let ratio = length / nrm2(&w);
        // No gradient, no step: then there is nothing to correct.
        Ok(if length > 0.0 { ratio * ratio * (length - radius) / radius } else { -f64::INFINITY })
    }

    /// A unit vector along which the factored matrix curves little, and its curvature there. L w = e with the signs of e chosen so that
    /// w grows, and L'u = w.
    fn least_curvature(&self) -> Result<(Vec<f64>, f64)> {
        let (n, l) = (self.gradient.len(), self.cholesky.lower());
        let mut w = vec![0.0; n];
        let mut sums = vec![0.0; n];
        for k in 0..n {
            let pivot = l[k * n + k];
            let below = |w_k: f64| -> f64 {
                (k + 1..n).map(|i| (sums[i] + l[i * n + k] * w_k).abs()).sum()
            };
            let (up, down) = ((1.0 - sums[k]) / pivot, (-1.0 - sums[k]) / pivot);
            let is_up = up.abs() + below(up) >= down.abs() + below(down);
            w[k] = if is_up { up } else { down };
            for i in k + 1..n {
                sums[i] += l[i * n + k] * w[k];
            }
        }
        let size = nrm2(&w);
        solve_lower_transposed(l, n, &mut w)?;
        let length = nrm2(&w);
        w.iter_mut().for_each(|u| *u /= length);
        Ok((w, (size / length).powi(2)))
    }

    /// The lambda after one whose step is too short: Newton's where it is on the right side of the pole.
    fn after_short_step(&mut self, newton: f64, range: &mut Range) -> f64 {
        if newton > range.low {
            if self.factor(newton).is_ok() {
                return newton;
            }
            range.raise(newton);
        }
        range.between()
    }

    fn finished(&mut self, p: Vec<f64>, radius: f64, range: Range, is_cut: bool) -> RegionStep {
        (self.low, self.last_radius) = (range.low, radius);
        let mut there = vec![0.0; p.len()];
        mul(&self.matrix, p.len(), &p, &mut there);
        axpy(1.0, &self.gradient, &mut there);
        RegionStep::new(p, &self.gradient, &there, is_cut)
    }
}

/// The t with |p + t u| = radius at which the model is lower. On the sphere, those of B and of B + lambda I differ by a constant, and the
/// second is flat at p: only the curvature along u is left, and the shorter way is the lower one.
fn shorter_way(p: &[f64], u: &[f64], radius: f64) -> f64 {
    let [back, ahead] = to_sphere(p, u, radius);
    if -back < ahead { back } else { ahead }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::pieces::lsq_model::{DenseModel, Quadratic};
    use thalweg_core::Rng;

    const EXACT: Accuracy = Accuracy { length: 1e-10, decrease: 1e-12 };
    const LOOSE: Accuracy = Accuracy { length: 0.1, decrease: 0.2 };

    fn symmetric(rng: &mut Rng, n: usize, low: f64, high: f64) -> Vec<f64> {
        let mut matrix = vec![0.0; n * n];
        for i in 0..n {
            for j in 0..=i {
                matrix[i * n + j] = rng.uniform_in(low, high);
                matrix[j * n + i] = matrix[i * n + j];
            }
        }
        matrix
    }

    /// The least value of the model in the ball.
    fn least(matrix: &[f64], gradient: &[f64], radius: f64) -> f64 {
        let p = EigenRegion::new(matrix, gradient).unwrap().step(radius);
        DenseModel { gradient, matrix }.value(&p)
    }

    fn step(matrix: &[f64], gradient: &[f64], radius: f64, accuracy: Accuracy) -> RegionStep {
        let mut region = MoreSorensen::new(matrix.to_vec(), gradient.to_vec(), accuracy);
        let step = region.step(radius).unwrap();
        let model = DenseModel { gradient, matrix };
        assert!((step.decrease + model.value(&step.p)).abs() <= 1e-9 * (1.0 + step.decrease));
        step
    }

    #[test]
    fn finds_the_minimum_that_the_eigenvalues_tell() {
        let mut rng = Rng::new(3);
        for round in 0..600 {
            // Small matrices, and some that are factored by blocks.
            let n = if round % 20 == 0 { 35 } else { 1 + round % 7 };
            let low = [-1.0, 0.0, 0.9][round % 3];
            let mut matrix = symmetric(&mut rng, n, low, 1.0);
            let shift = rng.uniform_in(-1.0, 4.0);
            matrix.iter_mut().step_by(n + 1).for_each(|b| *b += shift);
            let gradient: Vec<f64> = (0..n).map(|_| rng.uniform_in(-1.0, 1.0)).collect();
            let radius = 10f64.powf(rng.uniform_in(-3.0, 1.0));
            let best = least(&matrix, &gradient, radius);
            let exact = step(&matrix, &gradient, radius, EXACT);
            assert!(nrm2(&exact.p) <= radius * (1.0 + 1e-9), "{round}");
            assert!((exact.decrease + best).abs() <= 1e-8 * -best, "{round}: {exact:?} {best}");
            let loose = step(&matrix, &gradient, radius, LOOSE);
            assert!(nrm2(&loose.p) <= 1.1 * radius, "{round}");
            assert!(loose.decrease >= 0.8 * -best, "{round}: {} {best}", loose.decrease);
        }
    }

    #[test]
    fn in_the_hard_case_the_ball_is_filled_along_the_lowest_curvature() {
        let mut rng = Rng::new(5);
        for round in 0..300 {
            let n = if round % 20 == 0 { 32 } else { 2 + round % 6 };
            let matrix = symmetric(&mut rng, n, -1.0, 1.0);
            let eigen = thalweg_linalg::SymEigen::factor(&matrix, n).unwrap();
            if eigen.values()[0] >= 0.0 {
                continue;
            }
            // A gradient without any part along the lowest eigenvector, and a ball with room.
            let mut gradient: Vec<f64> = (0..n).map(|_| rng.uniform_in(-1.0, 1.0)).collect();
            let part = dot(eigen.vector(0), &gradient);
            axpy(-part, eigen.vector(0), &mut gradient);
            let radius = 100.0 * rng.uniform_in(1.0, 2.0);
            let best = least(&matrix, &gradient, radius);
            for (accuracy, share) in [(EXACT, 1.0 - 1e-6), (LOOSE, 0.8)] {
                let step = step(&matrix, &gradient, radius, accuracy);
                assert!(step.on_boundary && step.decrease >= share * -best, "{round}: {best}");
            }
        }
    }

    #[test]
    fn closed_forms() {
        let newton = step(&[2.0, 0.0, 0.0, 4.0], &[-2.0, 4.0], 10.0, LOOSE);
        assert!((newton.p[0] - 1.0).abs() < 1e-15 && (newton.p[1] + 1.0).abs() < 1e-15);
        assert!((newton.decrease - 3.0).abs() < 1e-14 && !newton.on_boundary);
        // B = diag(-1, 1), g = (0, 1): p = (+-root(4 - 1 / 4), -1 / 2).
        let hard = step(&[-1.0, 0.0, 0.0, 1.0], &[0.0, 1.0], 2.0, EXACT);
        assert!((hard.p[1] + 0.5).abs() < 1e-6, "{hard:?}");
        assert!((hard.p[0].abs() - 3.75f64.sqrt()).abs() < 1e-6, "{hard:?}");
        let steep = step(&[0.0; 4], &[3.0, 4.0], 1.0, EXACT);
        assert!((steep.p[0] + 0.6).abs() < 1e-9 && (steep.p[1] + 0.8).abs() < 1e-9, "{steep:?}");
        // On a saddle, without any slope.
        let saddle = step(&[1.0, 2.0, 2.0, 1.0], &[0.0, 0.0], 1.0, EXACT);
        assert!((saddle.decrease - 0.5).abs() < 1e-9, "{saddle:?}");
        let line = step(&[2.0], &[1.0], 0.1, EXACT);
        assert!((line.p[0] + 0.1).abs() < 1e-12 && line.on_boundary, "{line:?}");
    }

    #[test]
    fn smaller_radii_at_the_same_point_use_what_is_known_of_lambda() {
        let matrix = [1.0, 2.0, 0.5, 2.0, -1.0, 0.0, 0.5, 0.0, 3.0];
        let gradient = [1.0, -0.5, 2.0];
        let mut region = MoreSorensen::new(matrix.to_vec(), gradient.to_vec(), EXACT);
        let mut low = 0.0;
        for radius in [2.0, 0.5, 0.125, 8.0] {
            let again = region.step(radius).unwrap();
            let fresh = step(&matrix, &gradient, radius, EXACT);
            assert!((again.decrease - fresh.decrease).abs() < 1e-9, "{radius}");
            assert!(region.low > low || radius == 8.0, "{radius}: {} {low}", region.low);
            low = region.low;
        }
    }

    #[test]
    fn what_is_not_finite_is_refused() {
        let mut region = MoreSorensen::new(vec![f64::NAN], vec![1.0], LOOSE);
        assert_eq!(region.step(1.0), Err(LinalgError::NonFinite));
    }
}
