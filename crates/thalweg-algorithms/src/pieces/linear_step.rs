//! The step of a trust region with linear models of objective and constraints: least violation first, then the least objective.
//!
//! Stage one makes the largest violation `theta` of the linearized constraints as small as bounds and radius allow. Stage two
//! minimizes the linear objective `g'd` without violating them by more than that. Both rest on the point of a polyhedron that is
//! nearest to some other one:
//! * `theta` is the least one whose polyhedron `lower - theta <= A d <= upper + theta` comes as near to the origin as the radius;
//!   its distance from the origin falls with `theta`, with the slope that the multipliers give;
//! * the minimizer of `g'd` in a polyhedron and a ball is the point of the polyhedron nearest to `-t g`, for the `t` that puts it on
//!   the boundary of the ball (or a large one, if the minimizer is inside): its length grows with `t`.
//!
//! `curved` has the step for a quadratic objective. Where only bounds matter, the point nearest to `-t g` is `-t g` cut at the bounds,
//! and `t` follows from a sort.
//!
//! References:
//! * M. J. D. Powell, A direct search optimization method that models the objective and constraint functions by linear interpolation
//!   (1994), section 3, <https://doi.org/10.1007/978-94-015-8330-5_4>
//! * J. Nocedal, S. J. Wright, Numerical Optimization (2006), section 16.7, <https://doi.org/10.1007/978-0-387-40065-5>

mod curved;

use thalweg_linalg::{dot, nrm2};

use super::least_distance::{Nearest, nearest};

/// Iterations for the least violation.
const VIOLATION_STEPS: usize = 40;
/// How exact it is, relative to the violation without a step.
const VIOLATION_PRECISION: f64 = 1e-9;
/// Points on the way from the least violation to the boundary.
const PATH_STEPS: usize = 12;
/// How near to the boundary, relative to the radius, a point of the way has to be.
const ON_BOUNDARY: f64 = 1e-9;
/// A step of least violation of this part of the radius leaves no room: the rounding of `theta` would let it go aside.
const FULL: f64 = 1.0 - 1e-7;
/// By how much the way is prolonged while its end is inside the ball, and how often: afterwards it is at the minimum of `g'd`. Points
/// much farther away would cost digits.
const PROLONGED: f64 = 30.0;
const PROLONGATIONS: usize = 2;

/// The problem: minimize `g'd` with `limits` for `A d`, within `low <= d <= high` and `|d| <= radius`.
#[derive(Clone, Copy, Debug)]
pub struct LinearStep<'a> {
    /// The gradient g of the objective.
    pub gradient: &'a [f64],
    /// The matrix A, row by row.
    pub jacobian: &'a [f64],
    /// What the constraints leave for each entry of `A d`; equal for an equation.
    pub limits: &'a [(f64, f64)],
    /// How far down each entry of d can go, at most 0.
    pub low: &'a [f64],
    /// How far up, at least 0.
    pub high: &'a [f64],
    /// The radius.
    pub radius: f64,
}

impl LinearStep<'_> {
    /// The step; of zeros only when rounding errors prevail, or there is nothing to gain.
    pub fn solve(&self) -> Vec<f64> {
        if self.limits.is_empty() {
            return self.within_bounds();
        }
        let rows = Rows::of(self);
        let mut step = self.least_violation(&rows).map_or_else(
            || vec![0.0; self.gradient.len()],
            |(theta, start)| self.downhill(&rows, theta, start),
        );
        for (d, (low, high)) in step.iter_mut().zip(self.low.iter().zip(self.high)) {
            *d = d.max(*low).min(*high);
        }
        step
    }

    /// The largest violation of the linearized constraints after a step.
    pub fn violation(&self, d: &[f64]) -> f64 {
        let values = self.jacobian.chunks_exact(d.len()).map(|row| dot(row, d));
        let each = values.zip(self.limits).map(|(v, (low, high))| (low - v).max(v - high));
        each.fold(0.0, f64::max)
    }

    /// Without constraints: `-t g` cut at the bounds, as long as the radius allows.
    fn within_bounds(&self) -> Vec<f64> {
        let n = self.gradient.len();
        let end = |i: usize| if self.gradient[i] > 0.0 { self.low[i] } else { self.high[i] };
        let mut free: Vec<(f64, usize)> = (0..n)
            .filter(|&i| self.gradient[i] != 0.0)
            .map(|i| (-end(i) / self.gradient[i], i))
            .collect();
        free.sort_by(|a, b| a.0.total_cmp(&b.0));
        let (mut step, mut first, mut held) = (vec![0.0; n], 0, 0.0);
        while first < free.len() {
            let square: f64 =
                free[first..].iter().map(|(_, i)| self.gradient[*i] * self.gradient[*i]).sum();
            let t = ((self.radius * self.radius - held).max(0.0) / square).sqrt();
            let (until, i) = free[first];
            if t <= until {
                free[first..].iter().for_each(|(_, i)| step[*i] = -t * self.gradient[*i]);
                break;
            }
            step[i] = end(i);
            held += step[i] * step[i];
            first += 1;
        }
        step
    }

    /// The least largest violation within bounds and radius, and the shortest step that leads there.
    fn least_violation(&self, rows: &Rows) -> Option<(f64, Vec<f64>)> {
        let now = self.violation(&vec![0.0; self.gradient.len()]);
        if now == 0.0 {
            return Some((0.0, vec![0.0; self.gradient.len()]));
        }
        let (mut low, mut high, mut theta) = (0.0, now, 0.0);
        let mut best = None;
        for _ in 0..VIOLATION_STEPS {
            let mut next = f64::NAN;
            match rows.nearest_to(None, theta) {
                Some(found) if nrm2(&found.point) <= self.radius => {
                    (high, best) = (theta, Some((theta, found.point)));
                    if theta == 0.0 {
                        break;
                    }
                }
                Some(found) => {
                    low = theta;
                    let length = nrm2(&found.point);
                    let constraints = &found.multipliers[..rows.constraints];
                    let slope = constraints.iter().map(|y| y.abs()).sum::<f64>() / length;
                    // The distance is convex in theta: Newton's method comes from the left, and so is helped over the end.
                    next = theta + (length - self.radius) / slope + 0.5 * VIOLATION_PRECISION * now;
                }
                None => low = theta,
            }
            if high - low <= VIOLATION_PRECISION * now {
                break;
            }
            theta = if next > low && next < high { next } else { 0.5 * (low + high) };
        }
        // No step at all violates by no more than `now`.
        best.or_else(|| Some((now, vec![0.0; self.gradient.len()])))
    }

    /// From the shortest step of least violation downhill to the boundary of the ball or the minimum.
    fn downhill(&self, rows: &Rows, theta: f64, start: Vec<f64>) -> Vec<f64> {
        let steepness = nrm2(self.gradient);
        if steepness == 0.0 || nrm2(&start) >= FULL * self.radius {
            return start;
        }
        let at = |t: f64| rows.nearest_to(Some((self.gradient, -t)), theta).map(|near| near.point);
        let (mut inside, mut t_inside) = (start, 0.0);
        let mut t = self.radius / steepness;
        let mut outside = None;
        for _ in 0..=PROLONGATIONS {
            let Some(point) = at(t) else { break };
            if nrm2(&point) > self.radius {
                outside = Some((point, t));
                break;
            }
            (inside, t_inside) = (point, t);
            t *= PROLONGED;
        }
        let Some((mut outside, mut t_outside)) = outside else { return inside };
        for _ in 0..PATH_STEPS {
            // The way is a sequence of straight lines: on one of them this guess is exact.
            let share = self.share(&inside, &outside);
            let t = t_inside + share * (t_outside - t_inside);
            let Some(point) = at(t) else { break };
            let length = nrm2(&point);
            if length <= self.radius {
                (inside, t_inside) = (point, t);
            } else {
                (outside, t_outside) = (point, t);
            }
            if (length - self.radius).abs() <= ON_BOUNDARY * self.radius {
                break;
            }
        }
        // Between two points of the polyhedron.
        let share = self.share(&inside, &outside);
        inside.iter().zip(&outside).map(|(i, o)| i + share * (o - i)).collect()
    }

    /// The share of the way from a point inside the ball to one outside at which it leaves the ball.
    fn share(&self, inside: &[f64], outside: &[f64]) -> f64 {
        let way: Vec<f64> = inside.iter().zip(outside).map(|(i, o)| o - i).collect();
        let (a, b) = (dot(&way, &way), dot(inside, &way));
        let c = (dot(inside, inside) - self.radius * self.radius).min(0.0);
        let root = (b * b - a * c).sqrt();
        // The root without cancellation.
        let share = if b > 0.0 { -c / (b + root) } else { (root - b) / a };
        if share.is_finite() { share.clamp(0.0, 1.0) } else { 0.0 }
    }
}

/// The rows of the polyhedron: constraints, then those bounds that the radius can reach.
struct Rows {
    normals: Vec<f64>,
    limits: Vec<(f64, f64)>,
    constraints: usize,
    dim: usize,
}

impl Rows {
    fn of(step: &LinearStep<'_>) -> Self {
        let dim = step.gradient.len();
        let (mut normals, mut limits) = (step.jacobian.to_vec(), step.limits.to_vec());
        for i in (0..dim).filter(|&i| -step.low[i].max(-step.high[i]) < step.radius) {
            normals.resize(normals.len() + dim, 0.0);
            let start = normals.len() - dim;
            normals[start + i] = 1.0;
            limits.push((step.low[i], step.high[i]));
        }
        Rows { normals, limits, constraints: step.limits.len(), dim }
    }

    /// The limits with violations of constraints up to `theta`.
    fn widened(&self, theta: f64) -> Vec<(f64, f64)> {
        let mut limits = self.limits.clone();
        for (low, high) in limits.iter_mut().take(self.constraints) {
            (*low, *high) = (*low - theta, *high + theta);
        }
        limits
    }

    /// The point of the polyhedron with violations up to `theta` that is nearest to `factor` times a vector, or to the origin.
    fn nearest_to(&self, towards: Option<(&[f64], f64)>, theta: f64) -> Option<Nearest> {
        let mut limits = self.widened(theta);
        let Some((vector, factor)) = towards else {
            return nearest(&self.normals, &limits, self.dim);
        };
        for (row, (low, high)) in self.normals.chunks_exact(self.dim).zip(&mut limits) {
            let shift = factor * dot(row, vector);
            // Equations stay equations.
            (*low, *high) = (*low - shift, if low == high { *low - shift } else { *high - shift });
        }
        let mut found = nearest(&self.normals, &limits, self.dim)?;
        found.point.iter_mut().zip(vector).for_each(|(p, v)| *p += factor * v);
        Some(found)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use thalweg_core::Rng;

    pub(super) const INF: f64 = f64::INFINITY;

    #[track_caller]
    fn close(actual: &[f64], expected: &[f64]) {
        let near = |(a, e): (&f64, &f64)| (a - e).abs() < 1e-3;
        assert!(actual.iter().zip(expected).all(near), "{actual:?} is not {expected:?}");
    }

    pub(super) fn plane<'a>(
        gradient: &'a [f64],
        jacobian: &'a [f64],
        limits: &'a [(f64, f64)],
    ) -> LinearStep<'a> {
        LinearStep { gradient, jacobian, limits, low: &[-INF; 2], high: &[INF; 2], radius: 1.0 }
    }

    #[test]
    fn without_conditions_it_goes_down_the_gradient() {
        close(&plane(&[3.0, 4.0], &[], &[]).solve(), &[-0.6, -0.8]);
        close(&plane(&[0.0, 0.0], &[], &[]).solve(), &[0.0, 0.0]);
        let inactive = plane(&[3.0, 4.0], &[1.0, 0.0], &[(-2.0, INF)]);
        close(&inactive.solve(), &[-0.6, -0.8]);
    }

    #[test]
    fn bounds_cut_the_step_and_the_rest_goes_on_to_the_radius() {
        let step = LinearStep { low: &[-0.28, -INF], ..plane(&[3.0, 4.0], &[], &[]) };
        close(&step.solve(), &[-0.28, -0.96]);
        let corner = LinearStep { low: &[-0.28, 0.0], ..plane(&[3.0, 4.0], &[], &[]) };
        assert_eq!(corner.solve(), [-0.28, 0.0]);
    }

    #[test]
    fn constraints_bend_the_step() {
        // d0 + d1 >= 0 leaves the direction (-1, 1) or (1, -1).
        let bent = plane(&[2.0, 1.0], &[1.0, 1.0], &[(0.0, INF)]);
        close(&bent.solve(), &[-0.5_f64.sqrt(), 0.5_f64.sqrt()]);
        // A vertex inside the ball.
        let vertex = plane(&[2.0, 1.0], &[1.0, 0.0, 0.0, 1.0], &[(-0.1, INF), (-0.2, INF)]);
        close(&vertex.solve(), &[-0.1, -0.2]);
        // An equation.
        let equal = plane(&[1.0, 0.0], &[1.0, 1.0], &[(0.2, 0.2)]);
        let step = equal.solve();
        assert!((step[0] + step[1] - 0.2).abs() < 1e-10 && (nrm2(&step) - 1.0).abs() < 1e-10);
        assert!(step[0] < 0.0);
    }

    #[test]
    fn violations_come_before_the_objective() {
        // Out of reach: straight towards it.
        let far = plane(&[1.0, 0.0], &[3.0, 4.0], &[(10.0, INF)]);
        close(&far.solve(), &[0.6, 0.8]);
        // Contradictions: as near to both as possible, and downhill along them.
        let contrary = plane(&[0.0, 1.0], &[1.0, 0.0, 1.0, 0.0], &[(0.5, INF), (-INF, -0.1)]);
        let step = contrary.solve();
        close(&step, &[0.2, -(1.0_f64 - 0.04).sqrt()]);
        assert!((contrary.violation(&step) - 0.3).abs() < 1e-6);
    }

    #[test]
    fn random_steps_are_admissible_and_no_random_point_is_better() {
        let mut rng = Rng::new(5);
        for round in 0..200 {
            let (n, m) = (1 + round % 5, round % 7);
            let mut number = || 2.0 * rng.uniform() - 1.0;
            let gradient: Vec<f64> = (0..n).map(|_| number()).collect();
            let jacobian: Vec<f64> = (0..n * m).map(|_| number()).collect();
            let limits: Vec<(f64, f64)> = (0..m)
                .map(|_| {
                    let (at, width) = (number(), number().abs());
                    if width < 0.1 { (at, at) } else { (at, at + width) }
                })
                .collect();
            let low: Vec<f64> = (0..n).map(|_| -number().abs()).collect();
            let high: Vec<f64> = (0..n).map(|_| number().abs()).collect();
            let problem = LinearStep {
                gradient: &gradient,
                jacobian: &jacobian,
                limits: &limits,
                low: &low,
                high: &high,
                radius: 0.7,
            };
            let d = problem.solve();
            let (violation, value) = (problem.violation(&d), dot(&gradient, &d));
            assert!(nrm2(&d) <= 0.7 * (1.0 + 1e-9), "{round}");
            assert!((0..n).all(|i| (low[i]..=high[i]).contains(&d[i])), "{round}");
            for _ in 0..300 {
                let shrink = number().abs();
                let other: Vec<f64> = (0..n)
                    .map(|i| d[i] + (1.0 - shrink).powi(4) * number())
                    .map(|x| x.clamp(-0.7, 0.7))
                    .collect();
                let fit = (0.7 / nrm2(&other)).min(1.0);
                let other: Vec<f64> =
                    (0..n).map(|i| (fit * other[i]).max(low[i]).min(high[i])).collect();
                let (v, f) = (problem.violation(&other), dot(&gradient, &other));
                assert!(v >= violation - 1e-6, "{round}: {v:e} {violation:e}");
                let no_worse = v <= violation;
                assert!(!no_worse || f >= value - 2e-3, "{round}: {f} is below {value}");
            }
        }
    }
}
