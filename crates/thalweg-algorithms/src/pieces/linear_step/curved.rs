//! The step for a quadratic function: minimize `g'd + d'Bd / 2` under the conditions of a [`LinearStep`].
//!
//! With `B + lambda I = L L'`, positive definite, the minimizer in the polyhedron is the point nearest to `-(B + lambda I)^-1 g` in the
//! norm of that matrix; in the variables `L'd` it is a problem of least distance. Its length falls as lambda grows: the step is that of
//! the least lambda for which it is within the radius. (Without B, 1 / lambda is the t of the linear step.) Where B is not positive
//! definite, nor is the minimizer on the boundary for the least lambda that makes it so, it stays inside.
//!
//! Reference:
//! * J. Nocedal, S. J. Wright, Numerical Optimization (2006), sections 4.3 and 18.1, <https://doi.org/10.1007/978-0-387-40065-5>

use thalweg_linalg::{Cholesky, all_finite, dot, nrm2, solve_lower, solve_lower_transposed};

use super::{FULL, LinearStep, Rows};
use crate::pieces::least_distance::nearest;

/// A factor whose pivots are smaller than this, relative to the matrix, is not one of a positive definite matrix.
const LEAST_PIVOT: f64 = 1e-10;
/// Lambda becomes this many times larger, so often, until the step is within the radius; and that part of it until it is not.
const GROWTH: f64 = 8.0;
const GROWTHS: usize = 8;
const FALL: f64 = 0.1;
/// The least lambda, relative to the first one, and iterations to find it.
const LEAST: f64 = 1e-7;
const ITERATIONS: usize = 30;
/// How near to the boundary, relative to the radius, a step has to be; the way from it to a longer one leads onto the boundary.
const ON_BOUNDARY: f64 = 0.1;
/// How near two values of lambda are that are the same: with a longer and a shorter step, and where the next one is not defined.
const SAME: f64 = 1.1;
const SAME_EDGE: f64 = 0.9;

/// A step and the multipliers of the constraints, positive at a lower limit.
pub struct CurvedStep {
    /// The step.
    pub d: Vec<f64>,
    /// The lambda that makes it as long as it is; zero for one inside the radius, infinite for that of the least violation.
    pub lambda: f64,
    /// The multipliers.
    pub multipliers: Vec<f64>,
}

impl LinearStep<'_> {
    /// The step for a function with the Hessian `hessian`; `None` only when rounding errors prevail. `guess` is the lambda of a step like
    /// it, or zero or infinite if there is none.
    pub fn solve_curved(&self, hessian: &[f64], guess: f64) -> Option<CurvedStep> {
        let rows = Rows::of(self);
        let (theta, start) = self.least_violation(&rows)?;
        let full = nrm2(self.gradient) == 0.0 || nrm2(&start) >= FULL * self.radius;
        let multipliers = vec![0.0; self.limits.len()];
        let start = CurvedStep { d: start, lambda: f64::INFINITY, multipliers };
        if full {
            return Some(start);
        }
        let mut found = Path { step: self, rows: &rows, theta, hessian }.follow(start, guess);
        for (d, (low, high)) in found.d.iter_mut().zip(self.low.iter().zip(self.high)) {
            *d = d.max(*low).min(*high);
        }
        Some(found)
    }
}

/// The minimizers for all lambda.
struct Path<'a> {
    step: &'a LinearStep<'a>,
    rows: &'a Rows,
    theta: f64,
    hessian: &'a [f64],
}

impl Path<'_> {
    /// The minimizer for a lambda; `None` if the matrix is not positive definite then.
    fn at(&self, lambda: f64) -> Option<CurvedStep> {
        let n = self.rows.dim;
        let mut matrix = self.hessian.to_vec();
        (0..n).for_each(|i| matrix[i * n + i] += lambda);
        let factor = Cholesky::factor(&matrix, n).ok()?;
        let l = factor.lower();
        let least = LEAST_PIVOT * (nrm2(self.hessian) + lambda);
        if (0..n).any(|i| l[i * n + i] * l[i * n + i] <= least) {
            return None;
        }
        let mut target: Vec<f64> = self.step.gradient.iter().map(|g| -g).collect();
        solve_lower(l, n, &mut target).ok()?;
        let mut normals = self.rows.normals.clone();
        let mut limits = self.rows.widened(self.theta);
        for (row, (low, high)) in normals.chunks_exact_mut(n).zip(&mut limits) {
            solve_lower(l, n, row).ok()?;
            let shift = dot(row, &target);
            // Equations stay equations.
            (*low, *high) = (*low - shift, if low == high { *low - shift } else { *high - shift });
        }
        let mut found = nearest(&normals, &limits, n)?;
        let mut d: Vec<f64> = found.point.iter().zip(&target).map(|(p, t)| p + t).collect();
        solve_lower_transposed(l, n, &mut d).ok()?;
        found.multipliers.truncate(self.rows.constraints);
        all_finite(&d).then_some(CurvedStep { d, lambda, multipliers: found.multipliers })
    }

    fn is_inside(&self, found: &CurvedStep) -> bool {
        nrm2(&found.d) <= self.step.radius
    }

    /// The minimizer in the ball; `start`, the one for an infinite lambda, when rounding errors prevail.
    fn follow(&self, start: CurvedStep, guess: f64) -> CurvedStep {
        let mut bracket = Bracket::default();
        if guess > 0.0 && guess.is_finite() {
            bracket.take(self, guess);
            if bracket.inside.as_ref().is_some_and(|found| self.is_on_boundary(&found.d)) {
                return bracket.end(self, start);
            }
        }
        if bracket.is_open() {
            bracket.take_whole(self);
            if bracket.inside.as_ref().is_some_and(|found| found.lambda == 0.0) {
                return bracket.end(self, start);
            }
        }
        let first = nrm2(self.step.gradient) / self.step.radius + nrm2(self.hessian);
        let mut lambda = first;
        for _ in 0..GROWTHS {
            if bracket.inside.is_some() {
                break;
            }
            bracket.take(self, lambda);
            lambda *= GROWTH;
        }
        for _ in 0..ITERATIONS {
            let Some(next) = bracket.next(self, LEAST * first) else { break };
            if !bracket.take(self, next) && bracket.outside.is_some() {
                break;
            }
        }
        bracket.end(self, start)
    }

    fn is_on_boundary(&self, d: &[f64]) -> bool {
        (nrm2(d) - self.step.radius).abs() < ON_BOUNDARY * self.step.radius
    }

    /// A lambda between those of a step inside the ball and a longer one: where, without a Hessian, the way between them would leave it.
    fn between(&self, inside: &CurvedStep, outside: &CurvedStep) -> Option<f64> {
        let (lambda, at) = (inside.lambda, outside.lambda);
        if self.is_on_boundary(&inside.d) || at * SAME > lambda {
            return None;
        }
        let share = self.step.share(&inside.d, &outside.d);
        let t = 1.0 / lambda + share * (1.0 / at - 1.0 / lambda);
        let margin = 1.0 + (SAME - 1.0) / 3.0;
        Some((1.0 / t).clamp(at * margin, lambda / margin))
    }
}

/// What is known of the steps for some lambdas.
#[derive(Default)]
struct Bracket {
    /// The longest one inside the ball.
    inside: Option<CurvedStep>,
    /// The shortest one outside, for a lambda that is not zero.
    outside: Option<CurvedStep>,
    /// The largest lambda for which there is none.
    undefined: f64,
}

impl Bracket {
    /// Whether the step without a lambda may be inside.
    fn is_open(&self) -> bool {
        self.outside.is_none() && self.undefined == 0.0
    }

    /// Take in the step for a lambda; whether there is one.
    fn take(&mut self, path: &Path<'_>, lambda: f64) -> bool {
        match path.at(lambda) {
            Some(found) if path.is_inside(&found) => self.inside = Some(found),
            Some(found) => self.outside = Some(found),
            None => self.undefined = self.undefined.max(lambda),
        }
        self.undefined != lambda
    }

    /// Take in the step without a lambda if it is inside.
    fn take_whole(&mut self, path: &Path<'_>) {
        if let Some(whole) = path.at(0.0).filter(|found| path.is_inside(found)) {
            self.inside = Some(whole);
        }
    }

    /// The next lambda to try, as long as it is worth it.
    fn next(&self, path: &Path<'_>, least: f64) -> Option<f64> {
        let inside = self.inside.as_ref()?;
        match &self.outside {
            Some(outside) => path.between(inside, outside),
            None if self.undefined > 0.0 => (self.undefined < SAME_EDGE * inside.lambda)
                .then_some(0.5 * (self.undefined + inside.lambda)),
            None => (inside.lambda >= least).then_some(FALL * inside.lambda),
        }
    }

    /// The step on the boundary between the two, or what there is.
    fn end(self, path: &Path<'_>, start: CurvedStep) -> CurvedStep {
        let Some(mut inside) = self.inside else { return start };
        if let Some(outside) = self.outside {
            // Between two points of the polyhedron.
            let share = path.step.share(&inside.d, &outside.d);
            inside.d.iter_mut().zip(&outside.d).for_each(|(i, o)| *i += share * (o - *i));
        }
        inside
    }
}

#[cfg(test)]
mod tests {
    use super::super::tests::{INF, plane};
    use super::*;
    use thalweg_core::Rng;

    #[track_caller]
    fn close(actual: &[f64], expected: &[f64]) {
        let near = |(a, e): (&f64, &f64)| (a - e).abs() < 1e-6;
        assert!(actual.iter().zip(expected).all(near), "{actual:?} is not {expected:?}");
    }

    #[test]
    fn inside_the_ball_it_is_the_minimizer_with_its_multipliers() {
        let free = plane(&[2.0, 1.0], &[1.0, 0.0], &[(-9.0, INF)])
            .solve_curved(&[4.0, 0.0, 0.0, 2.0], 0.0);
        close(&free.expect("a step").d, &[-0.5, -0.5]);
        // At the limit d0 >= -0.1 the gradient 2 + 4 d0 is the multiplier.
        let held = plane(&[2.0, 1.0], &[1.0, 0.0], &[(-0.1, INF)])
            .solve_curved(&[4.0, 0.0, 0.0, 2.0], 0.0);
        let held = held.expect("a step");
        close(&held.d, &[-0.1, -0.5]);
        close(&held.multipliers, &[1.6]);
    }

    #[test]
    fn without_curvature_it_is_the_linear_step() {
        let step = plane(&[2.0, 1.0], &[1.0, 1.0], &[(0.0, INF)]);
        close(&step.solve_curved(&[0.0; 4], 0.0).expect("a step").d, &step.solve());
    }

    #[test]
    fn negative_curvature_leads_to_the_boundary() {
        let step = plane(&[0.0, 1.0], &[1.0, 0.0], &[(0.0, 0.2)]);
        let found = step.solve_curved(&[-1.0, 0.0, 0.0, -1.0], 0.0).expect("a step");
        assert!((nrm2(&found.d) - 1.0).abs() < 1e-6 && found.d[1] < -0.9, "{:?}", found.d);
    }

    #[test]
    fn no_random_point_is_better_than_a_random_convex_step() {
        let mut rng = Rng::new(3);
        for round in 0..200 {
            let (n, m) = (1 + round % 4, 1 + round % 3);
            let mut number = || 2.0 * rng.uniform() - 1.0;
            let gradient: Vec<f64> = (0..n).map(|_| number()).collect();
            let jacobian: Vec<f64> = (0..n * m).map(|_| number()).collect();
            let limits: Vec<(f64, f64)> =
                (0..m).map(|_| (-number().abs(), number().abs())).collect();
            let root: Vec<f64> = (0..n * n).map(|_| number()).collect();
            let mut hessian = vec![0.0; n * n];
            for i in 0..n * n {
                hessian[i] = (0..n).map(|k| root[k * n + i / n] * root[k * n + i % n]).sum();
            }
            let (low, high) = (vec![-0.5; n], vec![0.4; n]);
            let (low, high) = (&low[..], &high[..]);
            let step = LinearStep {
                gradient: &gradient,
                jacobian: &jacobian,
                limits: &limits,
                low,
                high,
                radius: 0.7,
            };
            let value = |d: &[f64]| {
                let bent: f64 =
                    hessian.chunks_exact(n).zip(d).map(|(row, d_i)| d_i * dot(row, d)).sum();
                dot(&gradient, d) + 0.5 * bent
            };
            let d = step.solve_curved(&hessian, 0.0).expect("a step").d;
            assert!(nrm2(&d) <= 0.7 * (1.0 + 1e-9) && step.violation(&d) < 1e-8, "{round}");
            for _ in 0..200 {
                let other: Vec<f64> =
                    d.iter().map(|d| (d + 0.3 * number()).clamp(-0.5, 0.4)).collect();
                let admissible = nrm2(&other) <= 0.7 && step.violation(&other) == 0.0;
                assert!(
                    !admissible || value(&other) >= value(&d) - 1e-4,
                    "{round}: {other:?} {d:?}"
                );
            }
        }
    }
}
