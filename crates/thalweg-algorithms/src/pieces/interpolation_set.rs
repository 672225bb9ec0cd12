//! The points of a model-based search with their values: between the user's parameters and the basis of the model.
//!
//! Inside, each variable is measured in its own first step and from the start. Values that are not finite are replaced by one that is
//! worse than all others, but not so much that it would spoil the model.

use thalweg_core::{Problem, Stop};
use thalweg_linalg::nrm2;

use super::first_step::first_step;
use super::frobenius_model::FrobeniusModel;
use super::lagrange_basis::{Candidate, LagrangeBasis};

/// A start that is nearer to a bound than this part of a usual first step is moved onto it.
const TOO_NEAR: f64 = 0.1;
/// How much worse than the worst value, in terms of the range of values, one counts that is not finite.
const WORSE: f64 = 10.0;

/// 2 n + 1 points, their values, and the basis.
pub struct InterpolationSet {
    /// The Lagrange functions.
    pub basis: LagrangeBasis,
    /// The value at each point.
    pub values: Vec<f64>,
    /// The best point.
    pub best: usize,
    /// Whether any value but the start's was finite.
    pub defined: bool,
    origin: Vec<f64>,
    scale: Vec<f64>,
    /// The base of the points, from the origin.
    base: Vec<f64>,
    /// The bounds from the base, in the scaled variables, and in the user's.
    low: Vec<f64>,
    high: Vec<f64>,
    lower: Vec<f64>,
    upper: Vec<f64>,
}

impl InterpolationSet {
    /// Evaluate the objective at the start and one first step up and down each coordinate (twice up or down at a bound), in one batch.
    /// First steps have the length `radius`, or else the usual one of each coordinate. With fewer than 2 n + 1 points, steps to the
    /// second side are left out; with more, steps along pairs of coordinates follow.
    ///
    /// # Errors
    /// [`Stop`] when the run has to end.
    pub fn evaluate(
        problem: &mut Problem<'_>,
        x0: &[f64],
        radius: Option<f64>,
        n_points: usize,
    ) -> Result<Self, Stop> {
        let n = x0.len();
        let (lower, upper) = (problem.lower(), problem.upper());
        let (mut origin, mut scale) = (x0.to_vec(), Vec::with_capacity(n));
        for i in 0..n {
            let (x, step) = start_and_step(x0[i], lower[i], upper[i], radius);
            origin[i] = x;
            scale.push(step);
        }
        let low: Vec<f64> = (0..n).map(|i| (lower[i] - origin[i]) / scale[i]).collect();
        let high: Vec<f64> = (0..n).map(|i| (upper[i] - origin[i]) / scale[i]).collect();
        let points = first_points(&low, &high, n_points);
        let basis =
            LagrangeBasis::new(points, n, 0).expect("coordinate points determine quadratics");
        let mut set = InterpolationSet {
            values: Vec::new(),
            basis,
            best: 0,
            defined: false,
            base: vec![0.0; n],
            origin,
            scale,
            low,
            high,
            lower: lower.to_vec(),
            upper: upper.to_vec(),
        };
        let all: Vec<f64> = (0..n_points).flat_map(|k| set.to_user(set.basis.point(k))).collect();
        set.values = problem.values(&all)?.to_vec();
        set.defined = set.values[1..].iter().any(|value| value.is_finite());
        set.rank();
        Ok(set)
    }

    /// The user's parameters at a point relative to the base.
    fn to_user(&self, y: &[f64]) -> Vec<f64> {
        (0..y.len())
            .map(|i| {
                if y[i] <= self.low[i] {
                    self.lower[i]
                } else if y[i] >= self.high[i] {
                    self.upper[i]
                } else {
                    let x = self.origin[i] + self.scale[i] * (self.base[i] + y[i]);
                    x.max(self.lower[i]).min(self.upper[i])
                }
            })
            .collect()
    }

    /// The best point in the user's parameters.
    pub fn best_point(&self) -> Vec<f64> {
        self.to_user(self.basis.point(self.best))
    }

    /// The value there.
    pub fn best_value(&self) -> f64 {
        self.values[self.best]
    }

    /// How far the best point can go down and up in each coordinate.
    pub fn room(&self) -> (Vec<f64>, Vec<f64>) {
        let y = self.basis.point(self.best);
        let low = self.low.iter().zip(y).map(|(low, y)| (low - y).min(0.0)).collect();
        let high = self.high.iter().zip(y).map(|(high, y)| (high - y).max(0.0)).collect();
        (low, high)
    }

    /// The point a step away from the best one; coordinates that the step takes to a bound are there exactly.
    fn after(&self, d: &[f64]) -> Vec<f64> {
        let (low, high) = self.room();
        let y = self.basis.point(self.best);
        (0..d.len())
            .map(|i| {
                if d[i] <= low[i] && low[i].is_finite() {
                    self.low[i]
                } else if d[i] >= high[i] && high[i].is_finite() {
                    self.high[i]
                } else {
                    (y[i] + d[i]).max(self.low[i]).min(self.high[i])
                }
            })
            .collect()
    }

    /// The objective after a step from the best point.
    ///
    /// # Errors
    /// [`Stop`] when the run has to end.
    pub fn evaluate_step(&mut self, problem: &mut Problem<'_>, d: &[f64]) -> Result<f64, Stop> {
        let x = self.to_user(&self.after(d));
        let value =
            if x.iter().all(|x| x.is_finite()) { problem.value(&x)? } else { f64::INFINITY };
        self.defined |= value.is_finite();
        Ok(if value.is_finite() { value } else { self.worse_than_all() })
    }

    fn worse_than_all(&self) -> f64 {
        let finite = self.values.iter().copied().filter(|value| value.is_finite());
        let worst = finite.fold(self.best_value(), f64::max);
        let range = worst - self.best_value();
        worst + WORSE * if range > 0.0 { range } else { self.best_value().abs().max(1.0) }
    }

    /// Exchange point `t` for the one after the step, with its value; `false` if the basis does not allow it.
    pub fn replace(
        &mut self,
        model: &mut FrobeniusModel,
        t: usize,
        d: &[f64],
        value: f64,
        candidate: &Candidate,
    ) -> bool {
        let denominator = self.basis.denominator(t, candidate);
        if !(denominator > 0.0 && denominator.is_finite()) {
            return false;
        }
        let center = self.basis.point(self.best).to_vec();
        let old = self.best_value();
        let x = self.after(d);
        let error = value - old - model.change(&self.basis, d);
        model.release(&self.basis, t);
        self.basis.exchange(t, &x, candidate);
        model.correct(&self.basis, t, error, &center);
        self.values[t] = value;
        if value < old {
            let moved: Vec<f64> = x.iter().zip(&center).map(|(x, c)| x - c).collect();
            model.advance(&self.basis, &moved);
            self.best = t;
        }
        true
    }

    /// A new set: the better of the best point and the one after the step, and points one `radius` up and down each coordinate from
    /// there. For the rare case that rounding has spoilt the old one beyond repair.
    ///
    /// # Errors
    /// [`Stop`] when the run has to end.
    pub fn renew(
        &mut self,
        problem: &mut Problem<'_>,
        (d, value): (&[f64], f64),
        radius: f64,
    ) -> Result<FrobeniusModel, Stop> {
        let n = d.len();
        let better = value < self.best_value();
        let center = if better { self.after(d) } else { self.basis.point(self.best).to_vec() };
        let best_value = value.min(self.best_value());
        for (i, s) in center.iter().enumerate() {
            self.base[i] += s;
            self.low[i] -= s;
            self.high[i] -= s;
        }
        let in_radii = |bounds: &[f64]| bounds.iter().map(|b| b / radius).collect::<Vec<f64>>();
        let count = self.basis.len();
        let mut points = first_points(&in_radii(&self.low), &in_radii(&self.high), count);
        points.iter_mut().for_each(|y| *y *= radius);
        self.basis =
            LagrangeBasis::new(points, n, 0).expect("coordinate points determine quadratics");
        self.best = 0;
        let others: Vec<f64> = (1..count).flat_map(|k| self.to_user(self.basis.point(k))).collect();
        self.values = vec![best_value];
        self.values.extend_from_slice(problem.values(&others)?);
        self.rank();
        Ok(FrobeniusModel::least(&self.basis, &self.values, self.best))
    }

    /// Find the best point, and replace values that are not finite.
    fn rank(&mut self) {
        let better =
            |best: usize, k: usize| if self.values[k] < self.values[best] { k } else { best };
        self.best = (0..self.values.len()).fold(0, better);
        let worst = self.worse_than_all();
        self.values.iter_mut().filter(|value| !value.is_finite()).for_each(|value| *value = worst);
    }

    /// Make the best point the base, with everything computed from the points again.
    pub fn rebuild(&mut self, model: &mut FrobeniusModel) {
        let center = self.basis.point(self.best).to_vec();
        let mut shifted = self.basis.clone();
        if !shifted.shift(self.best) {
            return;
        }
        model.prepare_shift(&self.basis, self.best);
        self.basis = shifted;
        for (i, s) in center.iter().enumerate() {
            self.base[i] += s;
            self.low[i] -= s;
            self.high[i] -= s;
        }
    }

    /// The point farthest from the best one, if it is farther than `distance`, and how far.
    pub fn farthest(&self, distance: f64) -> Option<(usize, f64)> {
        let center = self.basis.point(self.best);
        let mut farthest = None;
        let mut largest = distance;
        for k in 0..self.basis.len() {
            let way: Vec<f64> =
                self.basis.point(k).iter().zip(center).map(|(y, c)| y - c).collect();
            let length = nrm2(&way);
            if length > largest {
                largest = length;
                farthest = Some((k, length));
            }
        }
        farthest
    }

    /// The point next to the best one, and how far away it is.
    pub fn nearest(&self) -> (usize, f64) {
        let center = self.basis.point(self.best);
        let mut nearest = (self.best, f64::INFINITY);
        for k in (0..self.basis.len()).filter(|&k| k != self.best) {
            let way: Vec<f64> =
                self.basis.point(k).iter().zip(center).map(|(y, c)| y - c).collect();
            let length = nrm2(&way);
            if length < nearest.1 {
                nearest = (k, length);
            }
        }
        nearest
    }

    /// The better of the best point and the one after a last step, in the user's parameters, with its value.
    ///
    /// # Errors
    /// [`Stop`] when the run has to end.
    pub fn after_last(
        &mut self,
        problem: &mut Problem<'_>,
        d: &[f64],
    ) -> Result<(Vec<f64>, f64), Stop> {
        let x = self.to_user(&self.after(d));
        if x != self.best_point() {
            let value = self.evaluate_step(problem, d)?;
            if value < self.best_value() {
                return Ok((x, value));
            }
        }
        Ok((self.best_point(), self.best_value()))
    }
}

/// The start, moved onto a bound that it nearly touches, and its first step.
fn start_and_step(x: f64, low: f64, high: f64, radius: Option<f64>) -> (f64, f64) {
    let step = |x: f64| radius.map_or(first_step(x, low, high), |r| r.min(0.5 * (high - low)));
    for bound in [low, high] {
        let at_bound = step(bound);
        if bound.is_finite() && (x - bound).abs() < TOO_NEAR * at_bound {
            return (bound, at_bound);
        }
    }
    (x, step(x))
}

/// Zero, and one step up and one down each coordinate; away from a bound that is nearer than half a step, one step and two. Then the
/// first steps of two coordinates at once.
fn first_points(low: &[f64], high: &[f64], count: usize) -> Vec<f64> {
    let n = low.len();
    let mut points = vec![0.0; (2 * n + 1) * n];
    for i in 0..n {
        let (first, second) = if high[i] < 0.5 {
            (-1.0, (-2.0_f64).max(low[i]))
        } else if low[i] > -0.5 {
            (1.0, 2.0_f64.min(high[i]))
        } else {
            (1.0_f64.min(high[i]), (-1.0_f64).max(low[i]))
        };
        points[(i + 1) * n + i] = first;
        points[(n + i + 1) * n + i] = second;
    }
    let pairs = (1..n).flat_map(|distance| (distance..n).map(move |j| (j - distance, j)));
    for (i, j) in pairs.take(count.saturating_sub(2 * n + 1)) {
        let mut point = vec![0.0; n];
        point[i] = points[(i + 1) * n + i];
        point[j] = points[(j + 1) * n + j];
        points.extend(point);
    }
    points.truncate(count * n);
    points
}

#[cfg(test)]
mod tests {
    use thalweg_core::{ProblemSpec, testing::FunctionOracle};

    use super::*;

    const INF: f64 = f64::INFINITY;

    #[test]
    fn first_points_keep_the_bounds_and_starts_are_moved_onto_near_ones() {
        assert_eq!(start_and_step(1e-9, 0.0, 4.0, None), (0.0, 1.0));
        assert_eq!(start_and_step(0.4, 0.0, 4.0, None), (0.4, 0.75 * 0.4));
        assert_eq!(start_and_step(-3.0, -INF, INF, None), (-3.0, 3.0));
        assert_eq!(start_and_step(0.4, 0.0, 4.0, Some(1.0)), (0.4, 1.0));
        assert_eq!(start_and_step(0.15, 0.0, 0.4, Some(1.0)), (0.15, 0.2));
        let points = first_points(&[0.0, -3.0, -INF], &[4.0, 0.0, INF], 7);
        let column = |i: usize| [points[(i + 1) * 3 + i], points[(i + 4) * 3 + i]];
        assert_eq!([column(0), column(1), column(2)], [[1.0, 2.0], [-1.0, -2.0], [1.0, -1.0]]);
    }

    #[test]
    fn more_points_are_pairs_and_fewer_leave_sides_out() {
        let points = first_points(&[-9.0, 0.0, -9.0], &[0.0, 9.0, 9.0], 10);
        assert_eq!(points[21..], [-1.0, 1.0, 0.0, 0.0, 1.0, 1.0, -1.0, 0.0, 1.0]);
        assert!(LagrangeBasis::new(points, 3, 0).is_some());
        assert_eq!(first_points(&[-9.0; 2], &[9.0; 2], 4)[6..], [-1.0, 0.0]);
    }

    #[test]
    fn a_renewed_set_is_small_within_bounds_and_keeps_the_best() {
        let (lower, upper) = (vec![-INF, 0.0], vec![INF, 0.75]);
        let spec = ProblemSpec { lower, upper, n_outputs: 1, ..Default::default() };
        let mut oracle = FunctionOracle::scalar(|x| x[0] * x[0] + (x[1] - 0.7).powi(2));
        let mut problem = Problem::new(&mut oracle, &spec);
        let mut set = InterpolationSet::evaluate(&mut problem, &[2.0, 0.25], None, 5).unwrap();
        assert_eq!(set.best_point(), [0.0, 0.25]);
        // A step to (0, 0.69) of a known value.
        let d = [0.0, (0.69 - 0.25) / set.scale[1]];
        let model = set.renew(&mut problem, (&d, 1e-4), 0.5).unwrap();
        assert!((set.best_point()[1] - 0.69).abs() < 1e-12 && set.best_value() == 1e-4);
        assert!((model.gradient[1] / set.scale[1] + 0.02).abs() < 1e-10, "{:?}", model.gradient);
        let new = &oracle.trace[5..];
        assert_eq!(new.len(), 4);
        assert!(new.iter().all(|(_, x)| (0.0..=0.75).contains(&x[1]) && x[0].abs() <= 1.0));
    }

    #[test]
    fn values_that_are_not_finite_are_worse_than_all_others_but_not_by_much() {
        let mut oracle =
            FunctionOracle::scalar(|x| if x[0] > 2.0 { f64::NAN } else { x[0] + x[1] });
        let spec = ProblemSpec::unconstrained(2);
        let mut problem = Problem::new(&mut oracle, &spec);
        let set = InterpolationSet::evaluate(&mut problem, &[2.0, 1.0], None, 5).unwrap();
        // The points (2, 1), (4, 1), (2, 2), (0, 1), (2, 0).
        assert_eq!(set.values, [3.0, 34.0, 4.0, 1.0, 2.0]);
        assert_eq!((set.best_point(), set.best_value()), (vec![0.0, 1.0], 1.0));
    }

    #[test]
    fn bounds_are_reached_exactly_also_after_the_base_has_moved() {
        let (lower, upper) = (vec![0.1, -INF], vec![0.7, 0.3]);
        let spec = ProblemSpec { lower, upper, n_outputs: 1, ..Default::default() };
        let mut oracle = FunctionOracle::scalar(|x| -x[0] - 2.0 * x[1] + x[0] * x[1]);
        let mut problem = Problem::new(&mut oracle, &spec);
        let mut set = InterpolationSet::evaluate(&mut problem, &[0.33, 0.1], None, 5).unwrap();
        let mut model = FrobeniusModel::least(&set.basis, &set.values, set.best);
        set.rebuild(&mut model);
        let (_, high) = set.room();
        assert_eq!(set.to_user(&set.after(&high)), [0.7, 0.3]);
    }
}
