//! The exact trust-region step for a tridiagonal matrix: min slope h_0 + h'T h / 2 subject to |h| <= radius, in O(k) operations for each
//! shift of T that is tried.
//!
//! The pivots of T + lambda I are positive exactly if the matrix is positive definite, which finds the least eigenvalue by bisection.
//! From just above the pole there, Newton's method on 1 / |h| = 1 / radius goes up to the lambda of the step. Where h is too short even
//! there (the hard case, or rounding that makes it look so), the eigenvector fills the ball.
//!
//! Reference: N. I. M. Gould, S. Lucidi, M. Roma, P. L. Toint, Solving the trust-region subproblem using the Lanczos method, SIAM J.
//! Optim. 9 (1999), section 5, doi:10.1137/S1052623497322735

use thalweg_linalg::{axpy, dot, nrm2};

use super::region_step::to_sphere;

/// Entries whose squares are far from overflowing.
const LARGEST: f64 = 1e140;
/// Newton steps for lambda.
const MOST_STEPS: usize = 100;
/// The accepted relative error of |h|, before h is put onto the sphere.
const TOLERANCE: f64 = 1e-12;
/// Steps of inverse iteration for the eigenvector. The shift is so near that each makes it right to all digits that there are.
const EIGENVECTOR_STEPS: usize = 3;

/// A symmetric tridiagonal matrix.
#[derive(Clone, Debug, Default)]
pub struct Tridiagonal {
    /// The diagonal.
    pub diagonal: Vec<f64>,
    /// The entries beside it, one fewer.
    pub beside: Vec<f64>,
}

impl Tridiagonal {
    /// The step within the radius, a positive number, and whether the radius cut it off; NaN where numbers are not finite. k is at
    /// least one.
    pub fn step(&self, slope: f64, radius: f64) -> (Vec<f64>, bool) {
        let entries = || self.diagonal.iter().chain(&self.beside);
        let size = entries().fold(0.0_f64, |size, t| size.max(t.abs()));
        if entries().any(|t| !t.is_finite()) || !slope.is_finite() {
            return (vec![f64::NAN; self.diagonal.len()], false);
        }
        if size <= LARGEST {
            return self.step_in_range(slope, radius);
        }
        // The same step, of numbers whose squares do not overflow.
        let scaled = |numbers: &[f64]| numbers.iter().map(|t| t / size).collect();
        let small = Tridiagonal { diagonal: scaled(&self.diagonal), beside: scaled(&self.beside) };
        small.step_in_range(slope / size, radius)
    }

    /// The step where squares of the entries do not overflow.
    fn step_in_range(&self, slope: f64, radius: f64) -> (Vec<f64>, bool) {
        let mut pivots = Vec::new();
        if self.pivots(0.0, &mut pivots) {
            let h = self.solve(&pivots, slope);
            if nrm2(&h) <= radius {
                return (h, false);
            }
        }
        let mut lambda = self.pole(&mut pivots);
        let mut h = self.solve(&pivots, slope);
        if nrm2(&h) <= radius {
            self.fill(&mut h, &pivots, radius);
            return (h, true);
        }
        for _ in 0..MOST_STEPS {
            let length = nrm2(&h);
            if (length - radius).abs() <= TOLERANCE * radius {
                break;
            }
            let mut again = h.clone();
            self.solve_in_place(&pivots, &mut again);
            let next = lambda + (length - radius) / radius * length * length / dot(&h, &again);
            // From the left, Newton's steps go up to the solution. A step back is rounding.
            if !(next > lambda && self.pivots(next, &mut pivots)) {
                break;
            }
            lambda = next;
            h = self.solve(&pivots, slope);
        }
        let fit = radius / nrm2(&h);
        h.iter_mut().for_each(|h| *h *= fit);
        (h, true)
    }

    /// T h into `product`.
    pub fn mul(&self, h: &[f64], product: &mut Vec<f64>) {
        product.clear();
        product.extend(self.diagonal.iter().zip(h).map(|(t, h)| t * h));
        for (i, t) in self.beside.iter().enumerate() {
            product[i] += t * h[i + 1];
            product[i + 1] += t * h[i];
        }
    }

    /// The pivots of T + lambda I, as far as they are positive; whether all are.
    fn pivots(&self, lambda: f64, pivots: &mut Vec<f64>) -> bool {
        pivots.clear();
        for (i, t) in self.diagonal.iter().enumerate() {
            let taken = if i == 0 { 0.0 } else { self.beside[i - 1].powi(2) / pivots[i - 1] };
            let pivot = t + lambda - taken;
            // Smaller ones would overflow.
            if pivot < f64::MIN_POSITIVE || pivot.is_nan() {
                return false;
            }
            pivots.push(pivot);
        }
        true
    }

    /// The least lambda >= 0 with positive pivots, to rounding, and these pivots.
    fn pole(&self, pivots: &mut Vec<f64>) -> f64 {
        if self.pivots(0.0, pivots) {
            return 0.0;
        }
        let size = |i: usize| {
            let before = if i == 0 { 0.0 } else { self.beside[i - 1].abs() };
            self.diagonal[i].abs() + before + self.beside.get(i).map_or(0.0, |t| t.abs())
        };
        let norm = (0..self.diagonal.len()).map(size).fold(f64::MIN_POSITIVE, f64::max);
        let (mut low, mut high) = (0.0, 2.0 * norm);
        while high - low > f64::EPSILON * norm {
            let middle = 0.5 * (low + high);
            if middle <= low || middle >= high {
                break;
            }
            if self.pivots(middle, pivots) {
                high = middle;
            } else {
                low = middle;
            }
        }
        self.pivots(high, pivots);
        high
    }

    /// (T + lambda I)^-1 of -slope e_0.
    fn solve(&self, pivots: &[f64], slope: f64) -> Vec<f64> {
        let mut h = vec![0.0; pivots.len()];
        h[0] = -slope;
        self.solve_in_place(pivots, &mut h);
        h
    }

    fn solve_in_place(&self, pivots: &[f64], h: &mut [f64]) {
        for i in 1..h.len() {
            h[i] -= self.beside[i - 1] / pivots[i - 1] * h[i - 1];
        }
        for i in (0..h.len()).rev() {
            let next = if i + 1 < h.len() { self.beside[i] * h[i + 1] } else { 0.0 };
            h[i] = (h[i] - next) / pivots[i];
        }
    }

    /// Adds to h what is missing to the sphere along the eigenvector of the least eigenvalue, the shorter way.
    fn fill(&self, h: &mut [f64], pivots: &[f64], radius: f64) {
        // Entries of different sizes: no eigenvector is orthogonal to them by symmetry.
        let mut u: Vec<f64> = (0..h.len()).map(|i| 1.0 / (1.5 + i as f64)).collect();
        for _ in 0..EIGENVECTOR_STEPS {
            self.solve_in_place(pivots, &mut u);
            let length = nrm2(&u);
            u.iter_mut().for_each(|u| *u /= length);
        }
        let [back, ahead] = to_sphere(h, &u, radius);
        axpy(if -back < ahead { back } else { ahead }, &u, h);
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::pieces::trust_region_eigen::EigenRegion;
    use thalweg_core::Rng;

    fn value(t: &Tridiagonal, slope: f64, h: &[f64]) -> f64 {
        let mut product = Vec::new();
        t.mul(h, &mut product);
        slope * h[0] + 0.5 * dot(h, &product)
    }

    fn assert_least(t: &Tridiagonal, slope: f64, radius: f64) -> (Vec<f64>, bool) {
        let k = t.diagonal.len();
        let mut matrix = vec![0.0; k * k];
        for i in 0..k {
            matrix[i * k + i] = t.diagonal[i];
        }
        for (i, t) in t.beside.iter().enumerate() {
            (matrix[i * k + i + 1], matrix[(i + 1) * k + i]) = (*t, *t);
        }
        let mut gradient = vec![0.0; k];
        gradient[0] = slope;
        let best = EigenRegion::new(&matrix, &gradient).unwrap().step(radius);
        let (h, is_cut) = t.step(slope, radius);
        assert!(nrm2(&h) <= radius * (1.0 + 1e-12));
        let (ours, theirs) = (value(t, slope, &h), value(t, slope, &best));
        // Lower is better: the other one cuts a corner where the blocks are nearly decoupled.
        assert!(ours <= theirs + 1e-9 * theirs.abs(), "{t:?} {ours} {theirs}");
        (h, is_cut)
    }

    #[test]
    fn finds_the_minimum_that_the_eigenvalues_tell() {
        let mut rng = Rng::new(17);
        for round in 0..500 {
            let k = 1 + round % 9;
            let t = Tridiagonal {
                diagonal: (0..k).map(|_| rng.uniform_in(-1.0, 3.0)).collect(),
                beside: (1..k).map(|_| rng.uniform_in(-1.0, 1.0)).collect(),
            };
            let radius = 10f64.powf(rng.uniform_in(-3.0, 3.0));
            assert_least(&t, rng.uniform_in(0.1, 2.0), radius);
        }
    }

    #[test]
    fn closed_forms() {
        let newton = Tridiagonal { diagonal: vec![2.0, 2.0], beside: vec![1.0] };
        let (h, is_cut) = assert_least(&newton, 3.0, 10.0);
        assert!(!is_cut && (h[0] + 2.0).abs() < 1e-15 && (h[1] - 1.0).abs() < 1e-15, "{h:?}");
        let flat = Tridiagonal { diagonal: vec![0.0], beside: vec![] };
        assert_eq!(assert_least(&flat, 3.0, 2.0), (vec![-2.0], true));
        // Two blocks: the second one has the lowest curvature, and no slope.
        let hard = Tridiagonal { diagonal: vec![1.0, -1.0], beside: vec![0.0] };
        let (h, is_cut) = assert_least(&hard, 1.0, 2.0);
        assert!(is_cut && (h[0] + 0.5).abs() < 1e-6 && (nrm2(&h) - 2.0).abs() < 1e-12, "{h:?}");
    }

    #[test]
    fn the_unit_of_the_objective_makes_no_difference() {
        let t = Tridiagonal { diagonal: vec![1.0, 2.0, -3.0], beside: vec![0.5, 0.25] };
        let (expected, _) = t.step(1.0, 5.0);
        for unit in [1e-150, 1e150, 1e300] {
            let scaled = |numbers: &[f64]| numbers.iter().map(|t| t * unit).collect();
            let t = Tridiagonal { diagonal: scaled(&t.diagonal), beside: scaled(&t.beside) };
            let (h, is_cut) = t.step(unit, 5.0);
            assert!(is_cut && h.iter().zip(&expected).all(|(h, e)| (h - e).abs() < 1e-10), "{h:?}");
        }
        let endless = Tridiagonal { diagonal: vec![1.0, f64::INFINITY], beside: vec![0.0] };
        assert!(endless.step(1.0, 5.0).0.iter().all(|h| h.is_nan()));
        assert_eq!(endless.step(1.0, 5.0).0.len(), 2);
    }

    #[test]
    fn nearly_decoupled_blocks_are_no_trouble() {
        for coupling in [1e-4, 1e-8, 1e-12, 1e-16, 1e-300] {
            let t = Tridiagonal { diagonal: vec![1.0, 2.0, -3.0], beside: vec![0.5, coupling] };
            let (_, is_cut) = assert_least(&t, 1.0, 5.0);
            assert!(is_cut);
        }
    }
}
