//! NEWUOA's step that makes a set of interpolation points better: one on a sphere that makes the Lagrange function of the point that it
//! is to replace large in absolute value, from the way to that point by turns toward the gradient.
//!
//! References:
//! * M. J. D. Powell, The NEWUOA software for unconstrained optimization without derivatives (2006), section 6,
//!   <https://doi.org/10.1007/0-387-30065-1_16>

use thalweg_linalg::{dot, scale};

use super::ball_search::best_angle;
use super::lagrange_basis::{Candidate, LagrangeBasis};

/// Directions whose sine of the angle between them, squared, is below this are the same.
const SAME_DIRECTION: f64 = 1e-8;
/// A turn by which the function grows by less than this factor is the last one.
const WORTH_A_TURN: f64 = 1.1;

/// The search for such a step, with memory for the next one.
#[derive(Clone, Debug, Default)]
pub struct LagrangeSearch {
    /// The step.
    pub d: Vec<f64>,
    /// What the basis makes of it.
    pub candidate: Candidate,
    weights: Vec<f64>,
    /// The gradient at the center, the Hessian's products with d and s, and s, a direction that is perpendicular to d and as long.
    gradient: Vec<f64>,
    of_d: Vec<f64>,
    of_s: Vec<f64>,
    s: Vec<f64>,
}

impl LagrangeSearch {
    /// The step of length `radius` from the point `center` that is to replace point `t`.
    pub fn replacing(&mut self, basis: &LagrangeBasis, center: usize, t: usize, radius: f64) {
        let origin = basis.point(center);
        let n = origin.len();
        self.weights.resize(basis.len(), 0.0);
        for v in [&mut self.d, &mut self.gradient, &mut self.of_d, &mut self.of_s, &mut self.s] {
            v.resize(n, 0.0);
        }
        basis.lagrange_weights(t, &mut self.weights);
        basis.lagrange_gradient(t, &self.weights, origin, &mut self.gradient);
        let way = basis.point(t).iter().zip(origin);
        self.d.iter_mut().zip(way).for_each(|(d, (y, c))| *d = y - c);
        self.of_d.fill(0.0);
        basis.add_curvature(&self.weights, &self.d, &mut self.of_d);
        self.begin(radius);
        for _ in 0..n {
            if !self.turn(basis) {
                break;
            }
        }
        basis.consider(center, &self.d, &mut self.candidate);
    }

    /// Make d as long as the radius, with the better sign, and let s be the gradient at the center, or that after the step where the
    /// one at the center says little.
    fn begin(&mut self, radius: f64) {
        let (dd, gg) = (dot(&self.d, &self.d), dot(&self.gradient, &self.gradient));
        let (slope, curved) = (dot(&self.d, &self.gradient), dot(&self.d, &self.of_d));
        let multiple = radius / dd.sqrt() * if slope * curved < 0.0 { -1.0 } else { 1.0 };
        let reached = multiple * (slope.abs() + 0.5 * multiple * curved.abs());
        let along = slope * slope > 0.99 * dd * gg;
        let flat = gg * radius * radius < 0.01 * reached * reached;
        scale(multiple, &mut self.d);
        scale(multiple, &mut self.of_d);
        let part = if along || flat { 1.0 } else { 0.0 };
        for ((s, g), h) in self.s.iter_mut().zip(&self.gradient).zip(&self.of_d) {
            *s = g + part * h;
        }
    }

    /// Turn d toward s to where the function is largest in absolute value; whether another turn may help.
    fn turn(&mut self, basis: &LagrangeBasis) -> bool {
        let (dd, ds, ss) = (dot(&self.d, &self.d), dot(&self.d, &self.s), dot(&self.s, &self.s));
        let across = dd * ss - ds * ds;
        if across.is_nan() || across <= SAME_DIRECTION * dd * ss {
            return false;
        }
        let across = across.sqrt();
        self.s.iter_mut().zip(&self.d).for_each(|(s, d)| *s = (dd * *s - ds * d) / across);
        self.of_s.fill(0.0);
        basis.add_curvature(&self.weights, &self.s, &mut self.of_s);
        let half = 0.5 * dot(&self.s, &self.of_s);
        let (of_cosine, of_sine) = (dot(&self.d, &self.gradient), dot(&self.s, &self.gradient));
        let squared = 0.5 * dot(&self.d, &self.of_d) - half;
        let mixed = dot(&self.s, &self.of_d);
        let before = (half + of_cosine + squared).abs();
        let (angle, gained) = best_angle(|cosine, sine| {
            let by_cosine = (of_cosine + squared * cosine) * cosine;
            (half + by_cosine + (of_sine + mixed * cosine) * sine).abs()
        });
        let (sine, cosine) = angle.sin_cos();
        for i in 0..self.d.len() {
            self.d[i] = cosine * self.d[i] + sine * self.s[i];
            self.of_d[i] = cosine * self.of_d[i] + sine * self.of_s[i];
            self.s[i] = self.gradient[i] + self.of_d[i];
        }
        before + gained > WORTH_A_TURN * before
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_lagrange_function_is_nearly_as_large_as_anywhere_on_the_sphere() {
        let points = vec![0.0, 0.0, 1.0, 0.2, -0.3, 1.0, -1.0, 0.1, 0.4, -1.0];
        let basis = LagrangeBasis::new(points, 2, 0).unwrap();
        for t in 1..5 {
            let mut search = LagrangeSearch::default();
            search.replacing(&basis, 0, t, 0.7);
            assert!((dot(&search.d, &search.d).sqrt() - 0.7).abs() < 1e-12, "{search:?}");
            let reached = search.candidate.lagrange[t].abs();
            let largest = (0..1000)
                .map(|i| (f64::from(i) / 1000.0 * std::f64::consts::TAU).sin_cos())
                .map(|(x, y)| basis.candidate(0, &[0.7 * x, 0.7 * y]).lagrange[t].abs())
                .fold(0.0, f64::max);
            assert!(reached > 0.99 * largest, "{t}: {reached} of {largest}");
        }
    }
}
