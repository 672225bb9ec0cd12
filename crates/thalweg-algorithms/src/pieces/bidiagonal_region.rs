//! The exact trust-region step of a linear least-squares problem, min |J p + r| subject to |p| <= radius, from a bidiagonal form of J.
//!
//! Householder reflections make J triangular and that triangle bidiagonal, J = U B V', without the iterations of a singular value
//! decomposition. For a damping parameter alpha, min |B y + U'r|^2 + alpha |y|^2 takes O(n) operations: rotations take the damping into
//! the bidiagonal matrix. The equation |y(alpha)| = radius is solved by Newton's method on its reciprocal form with safeguards, and
//! p = V y.
//!
//! References:
//! * L. Eldén, Algorithms for the regularization of ill-conditioned least squares problems, BIT 17 (1977),
//!   <https://doi.org/10.1007/BF01932285> (damping of a bidiagonal matrix)
//! * J. J. Moré, The Levenberg-Marquardt algorithm: implementation and theory, Lecture Notes in Mathematics 630 (1978),
//!   <https://doi.org/10.1007/BFb0067700> (the search for the parameter)
//! * B. N. Parlett, The new qd algorithms, Acta Numerica 4 (1995), <https://doi.org/10.1017/S0962492900002580> (the number of singular
//!   values below a bound, without forming a square)

use multiversion::multiversion;
use thalweg_linalg::nrm2;

use super::ball_step::inner;

/// The accepted relative error of |p| against the radius, before p is stretched to it.
const TOLERANCE: f64 = 1e-5;
/// Newton steps per search.
const MOST_STEPS: usize = 10;
/// Diagonal elements below this, relative to the largest element of B, tell of singular values that are rounding.
const NEGLIGIBLE: f64 = 1e-12;

/// Finds exact trust-region steps; a reusable workspace.
#[derive(Clone, Debug, Default)]
pub struct BidiagonalRegion {
    n: usize,
    /// J column by column, then its reflections.
    columns: Vec<f64>,
    /// The triangle column by column, then the reflections from the right, row by row.
    square: Vec<f64>,
    right: Vec<f64>,
    /// U'r.
    rotated: Vec<f64>,
    diagonal: Vec<f64>,
    beside: Vec<f64>,
    damped: Damped,
    work: Vec<f64>,
}

/// The solution for one damping parameter.
#[derive(Clone, Debug, Default)]
struct Damped {
    /// The bidiagonal matrix with the damping in it, and y.
    diagonal: Vec<f64>,
    beside: Vec<f64>,
    y: Vec<f64>,
    /// |y|, and its derivative with respect to alpha.
    length: f64,
    slope: f64,
}

impl BidiagonalRegion {
    /// Take J (its n columns one after the other) apart, for the residuals r. `false` when there are fewer residuals than columns, or
    /// numbers that are not finite.
    pub fn prepare(&mut self, columns: &[f64], residuals: &[f64], n: usize) -> bool {
        if residuals.len() < n {
            return false;
        }
        self.n = n;
        self.columns.clear();
        self.columns.extend_from_slice(columns);
        self.rotated.clear();
        self.rotated.extend_from_slice(residuals);
        for (vector, length) in [
            (&mut self.square, n * n),
            (&mut self.right, n * n),
            (&mut self.diagonal, n),
            (&mut self.beside, n),
            (&mut self.work, n),
        ] {
            vector.clear();
            vector.resize(length, 0.0);
        }
        take_apart(self);
        self.rotated.truncate(n);
        self.diagonal.iter().chain(&self.beside).chain(&self.rotated).all(|v| v.is_finite())
    }

    /// Write the step within `radius` into `step` (n). `false` when J has singular values that are rounding, next to the others: another
    /// method has to say what they are.
    pub fn step(&mut self, radius: f64, step: &mut [f64]) -> bool {
        let largest =
            self.diagonal.iter().chain(&self.beside).fold(0.0_f64, |size, v| size.max(v.abs()));
        if self.diagonal.iter().any(|d| d.abs() <= NEGLIGIBLE * largest) {
            return false;
        }
        self.damp(0.0);
        let mut factor = 1.0;
        if self.damped.length.is_nan() {
            return false;
        }
        if self.damped.length > radius {
            self.search(radius);
            factor = radius / self.damped.length;
        }
        step.iter_mut().zip(&self.damped.y).for_each(|(step, y)| *step = factor * y);
        self.turn_back(step);
        step.iter().all(|s| s.is_finite())
    }

    /// Whether every singular value of J is above `bound`.
    pub fn stretches_above(&self, bound: f64) -> bool {
        let square = bound * bound;
        let mut shift = -square;
        for (d, f) in self.diagonal.iter().zip(&self.beside) {
            let pivot = d * d + shift;
            if pivot.is_nan() || pivot <= 0.0 {
                return false;
            }
            shift = f * f / pivot * shift - square;
        }
        true
    }

    /// V y.
    fn turn_back(&self, y: &mut [f64]) {
        let n = self.n;
        for k in (0..n.saturating_sub(2)).rev() {
            let v = &self.right[k * n + k + 1..(k + 1) * n];
            let y = &mut y[k + 1..];
            let along: f64 = v.iter().zip(y.iter()).map(|(v, y)| v * y).sum();
            y.iter_mut().zip(v).for_each(|(y, v)| *y -= along * v);
        }
    }

    /// Newton's method for alpha. It begins with the solution for zero.
    fn search(&mut self, radius: f64) {
        let mut steepness = 0.0_f64;
        let mut above = 0.0;
        for k in 0..self.n {
            let slope = self.diagonal[k] * self.rotated[k] + above;
            above = self.beside[k] * self.rotated[k];
            steepness = steepness.hypot(slope);
        }
        let excess = self.damped.length - radius;
        let (mut lower, mut upper) = (-excess / self.damped.slope, steepness / radius);
        let inside = |lower: f64, upper: f64| (0.001 * upper).max((lower * upper).sqrt());
        let mut alpha = inside(lower, upper);
        for _ in 0..MOST_STEPS {
            self.damp(alpha);
            let excess = self.damped.length - radius;
            if excess < 0.0 {
                upper = alpha;
            }
            let ratio = excess / self.damped.slope;
            lower = lower.max(alpha - ratio);
            let newton = alpha - (excess + radius) * ratio / radius;
            let met = excess.abs() < TOLERANCE * radius;
            // One more step of Newton's method makes of the error its square.
            if (lower..=upper).contains(&newton) {
                alpha = newton;
            } else if !met {
                alpha = inside(lower, upper);
            }
            if met {
                break;
            }
        }
        self.damp(alpha);
    }

    /// The solution for a damping parameter.
    fn damp(&mut self, alpha: f64) {
        let (n, damping) = (self.n, alpha.sqrt());
        let Damped { diagonal, beside, y, length, slope } = &mut self.damped;
        for vector in [&mut *diagonal, &mut *beside, &mut *y] {
            vector.resize(n, 0.0);
        }
        // The row of the damping that is being rotated into row k, with its right-hand side.
        let (mut entry, mut rest) = (damping, 0.0);
        for k in 0..n {
            let (d, f, target) = (self.diagonal[k], self.beside[k], -self.rotated[k]);
            let size = (d * d + entry * entry).sqrt();
            let (cosine, sine) = (d / size, entry / size);
            (diagonal[k], beside[k]) = (size, cosine * f);
            y[k] = cosine * target + sine * rest;
            let (next, left) = (-sine * f, cosine * rest - sine * target);
            entry = (next * next + damping * damping).sqrt();
            rest = if entry > 0.0 { next / entry * left } else { 0.0 };
        }
        for k in (0..n).rev() {
            let later = if k + 1 < n { beside[k] * y[k + 1] } else { 0.0 };
            y[k] = (y[k] - later) / diagonal[k];
        }
        *length = nrm2(y);
        let (mut square, mut before) = (0.0, 0.0);
        for k in 0..n {
            let w = (y[k] - before) / diagonal[k];
            before = beside[k] * w;
            square += w * w;
        }
        *slope = -square / *length;
    }
}

/// Make the columns triangular, and the triangle bidiagonal.
#[multiversion(targets("x86_64+avx2"))]
fn take_apart(region: &mut BidiagonalRegion) {
    let BidiagonalRegion { n, columns, square, right, rotated, diagonal, beside, work, .. } =
        region;
    let (n, m) = (*n, rotated.len());
    for k in 0..n {
        let (left, others) = columns.split_at_mut((k + 1) * m);
        let v = &mut left[k * m + k..];
        let entry = reflector(v);
        for column in others.chunks_exact_mut(m) {
            reflect(v, &mut column[k..]);
        }
        reflect(v, &mut rotated[k..]);
        square[k * n..k * n + k].copy_from_slice(&left[k * m..k * m + k]);
        square[k * n + k] = entry;
    }
    for k in 0..n {
        let (left, others) = square.split_at_mut((k + 1) * n);
        let v = &mut left[k * n + k..];
        diagonal[k] = if k == 0 { v[0] } else { reflector(v) };
        // The first column has one element: there is nothing to reflect.
        if k > 0 {
            for column in others.chunks_exact_mut(n) {
                reflect(v, &mut column[k..]);
            }
            reflect(v, &mut rotated[k..n]);
        }
        if k + 1 == n {
            break;
        }
        let v = &mut right[k * n + k + 1..(k + 1) * n];
        v.iter_mut().zip(others.chunks_exact(n)).for_each(|(v, column)| *v = column[k]);
        if v.len() == 1 {
            beside[k] = v[0];
            continue;
        }
        beside[k] = reflector(v);
        let sums = &mut work[k + 1..];
        sums.fill(0.0);
        for (v, column) in v.iter().zip(others.chunks_exact(n)) {
            sums.iter_mut().zip(&column[k + 1..]).for_each(|(sum, c)| *sum += v * c);
        }
        for (v, column) in v.iter().zip(others.chunks_exact_mut(n)) {
            column[k + 1..].iter_mut().zip(&*sums).for_each(|(c, sum)| *c -= v * sum);
        }
    }
}

/// Make of x the vector v, of length root two, whose reflection I - v v' takes x to a multiple of the first unit vector: the multiple.
#[inline(always)]
fn reflector(x: &mut [f64]) -> f64 {
    let square = inner(x, x);
    let size = square.sqrt();
    if size == 0.0 {
        return 0.0;
    }
    let entry = -size.copysign(x[0]);
    // |x - entry e|^2 = 2 (square + size |x_0|).
    let factor = 1.0 / (square + size * x[0].abs()).sqrt();
    x[0] -= entry;
    x.iter_mut().for_each(|x| *x *= factor);
    entry
}

/// c -= (v'c) v.
#[inline(always)]
fn reflect(v: &[f64], c: &mut [f64]) {
    let along = inner(v, c);
    c.iter_mut().zip(v).for_each(|(c, v)| *c -= along * v);
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;
    use thalweg_linalg::{Svd, transpose};

    use super::*;
    use crate::pieces::lsq_trust_region::LsqTrustRegion;

    proptest! {
        /// The same step as from the singular values, and the same least one.
        #[test]
        fn the_step_is_that_of_the_singular_values(
            (m, n, jac, residuals) in (1usize..9, 0usize..5).prop_flat_map(|(n, more)| (
                Just(n + more), Just(n),
                proptest::collection::vec(-3.0f64..3.0, (n + more) * n),
                proptest::collection::vec(-3.0f64..3.0, n + more),
            )),
            radius in 0.01f64..5.0,
        ) {
            let mut columns = vec![0.0; m * n];
            transpose(&jac, m, n, &mut columns);
            let values = Svd::factor(&jac, m, n).unwrap().values().to_vec();
            prop_assume!(values[n - 1] > 1e-4 * values[0]);
            let mut region = BidiagonalRegion::default();
            prop_assert!(region.prepare(&columns, &residuals, n));
            prop_assert!(region.stretches_above(0.999_999 * values[n - 1]));
            prop_assert!(!region.stretches_above(1.000_001 * values[n - 1]));
            let (mut p, mut exact) = (vec![0.0; n], vec![0.0; n]);
            prop_assert!(region.step(radius, &mut p));
            let mut reference = LsqTrustRegion::default();
            reference.prepare(&jac, &residuals, n).unwrap();
            reference.step(radius, &mut exact).unwrap();
            // The reference finds the parameter less exactly: this step is at least as good, and not far away.
            let rest = |p: &[f64]| -> f64 {
                let row = |i: usize| (0..n).map(|j| jac[i * n + j] * p[j]).sum::<f64>() + residuals[i];
                (0..m).map(|i| row(i) * row(i)).sum()
            };
            prop_assert!(nrm2(&p) <= radius * (1.0 + 1e-12));
            prop_assert!(rest(&p) <= rest(&exact) * (1.0 + 1e-8) + 1e-12, "{:?} {:?}", p, exact);
            let difference: f64 = p.iter().zip(&exact).map(|(a, b)| (a - b).powi(2)).sum();
            prop_assert!(difference.sqrt() <= 0.05 * nrm2(&exact), "{:?} {:?}", p, exact);
        }
    }

    #[test]
    fn what_cannot_be_decided_is_left_to_another_method() {
        let mut region = BidiagonalRegion::default();
        assert!(!region.prepare(&[1.0, 2.0], &[1.0], 2), "fewer residuals than columns");
        assert!(!region.prepare(&[f64::NAN], &[1.0], 1));
        assert!(region.prepare(&[1.0, 1.0, 1.0, 1.0], &[1.0, 2.0], 2));
        assert!(!region.step(1.0, &mut [0.0; 2]), "columns that are the same");
        assert!(region.prepare(&[0.0], &[1.0], 1) && !region.step(1.0, &mut [0.0]));
    }
}
