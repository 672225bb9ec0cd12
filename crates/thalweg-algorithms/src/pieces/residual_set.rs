//! Points at which residuals are known, the linear model of each residual through them, and the Lagrange functions of the points.
//!
//! With n + 1 points the model interpolates; with more it is exact at the best point and a regression on the others, in which each
//! counts by its slope from the best one. The points are kept as they were evaluated, in the user's parameters, so that the differences
//! between them are exact. Inside, a variable whose box is narrow is measured in a smaller unit.
//!
//! Reference:
//! * C. Cartis, J. Fiala, B. Marteau, L. Roberts, Improving the flexibility and robustness of model-based derivative-free optimization
//!   solvers, ACM Transactions on Mathematical Software 45 (2019), section 2, <https://doi.org/10.1145/3338517>

use thalweg_core::{Problem, Stop, Want};
use thalweg_linalg::{QrPivot, axpy, dot, mul, mul_transposed, nrm2, solve_upper, transpose};

use super::box_trust_region::BoxTrustRegion;
use super::lsq_trust_region::LsqTrustRegion;

/// How often a point without finite residuals is tried again, half as far away on the other side.
const ATTEMPTS: usize = 8;
/// A second point of a coordinate is on the other side if there is this part of a step of room.
const LEAST_ROOM: f64 = 0.1;
/// Points whose directions are this close to dependent determine no model.
const DEPENDENT: f64 = 1e-13;

/// The points, with their residuals and sums of squares.
#[derive(Clone)]
pub struct ResidualSet {
    points: Vec<f64>,
    residuals: Vec<f64>,
    /// The sum of squares at each point.
    pub values: Vec<f64>,
    /// The best point.
    pub best: usize,
    scale: Vec<f64>,
    lower: Vec<f64>,
    upper: Vec<f64>,
}

/// The linear models of all residuals around the best point.
pub struct ResidualModel {
    /// The Jacobian in the scaled variables, m x n.
    jacobian: Vec<f64>,
    /// The gradient of the sum of squares.
    pub gradient: Vec<f64>,
    /// The gradient of the Lagrange function of each point.
    lagrange: Vec<f64>,
}

/// A step of the trust region, with the decrease of the sum of squares that the model promises.
pub struct ModelStep {
    /// The step in the scaled variables.
    pub d: Vec<f64>,
    /// The promised decrease.
    pub decrease: f64,
    /// The least second derivative of the model along any direction.
    pub curvature: f64,
}

impl ResidualSet {
    /// Evaluate the residuals at the start and at `n_points` - 1 points `radius` away from it, in one batch. `None` when they are not
    /// finite at the start, or nowhere near it in some direction.
    ///
    /// # Errors
    /// [`Stop`] when the run has to end.
    pub fn evaluate(
        problem: &mut Problem<'_>,
        x0: &[f64],
        radius: f64,
        n_points: usize,
    ) -> Result<Option<Self>, Stop> {
        let (lower, upper) = (problem.lower().to_vec(), problem.upper().to_vec());
        let unit = |(low, high): (&f64, &f64)| ((high - low) / (2.0 * radius)).min(1.0);
        let mut set = ResidualSet {
            points: x0.to_vec(),
            residuals: Vec::new(),
            values: vec![f64::INFINITY],
            best: 0,
            scale: lower.iter().zip(&upper).map(unit).collect(),
            lower,
            upper,
        };
        problem.clip(&mut set.points);
        let known = set.surround(problem, radius, n_points)?;
        Ok(known.then_some(set))
    }

    /// Replace all points but the best one by points `radius` away from it. `false` when the residuals are not finite near it.
    ///
    /// # Errors
    /// [`Stop`] when the run has to end.
    pub fn renew(&mut self, problem: &mut Problem<'_>, radius: f64) -> Result<bool, Stop> {
        let (count, m) = (self.len(), problem.n_outputs());
        self.points = self.point(self.best).to_vec();
        self.residuals = self.residuals[self.best * m..(self.best + 1) * m].to_vec();
        self.values = vec![self.values[self.best]];
        self.best = 0;
        self.surround(problem, radius, count)
    }

    /// Add points around the only one, whose residuals are evaluated with them unless they are known.
    fn surround(
        &mut self,
        problem: &mut Problem<'_>,
        radius: f64,
        count: usize,
    ) -> Result<bool, Stop> {
        let mut steps = self.first_steps(radius, count - 1);
        let first = usize::from(!self.residuals.is_empty());
        for step in &steps {
            let x = self.after(step);
            self.points.extend(x);
        }
        let (n, m) = (problem.dim(), problem.n_outputs());
        let answers = problem.batch(Want::RESIDUALS, &self.points[first * n..])?;
        self.values.truncate(first);
        self.values.extend_from_slice(&answers.values);
        self.residuals.extend_from_slice(&answers.residuals);
        for _ in 0..ATTEMPTS {
            let bad: Vec<usize> = (1..count).filter(|&k| !self.values[k].is_finite()).collect();
            if bad.is_empty() || !self.values[0].is_finite() {
                break;
            }
            let mut again = Vec::new();
            for &k in &bad {
                steps[k - 1].iter_mut().for_each(|s| *s *= -0.5);
                let x = self.after(&self.within(&steps[k - 1]));
                self.points[k * n..(k + 1) * n].copy_from_slice(&x);
                again.extend(x);
            }
            let answers = problem.batch(Want::RESIDUALS, &again)?;
            for (i, &k) in bad.iter().enumerate() {
                self.values[k] = answers.values[i];
                self.residuals[k * m..(k + 1) * m]
                    .copy_from_slice(&answers.residuals[i * m..(i + 1) * m]);
            }
        }
        let known = self.values.iter().all(|value| value.is_finite());
        self.best =
            (0..count).fold(0, |best, k| if self.values[k] < self.values[best] { k } else { best });
        Ok(known)
    }

    /// Along the coordinates to the side with more room, then to the other side, then along pairs of coordinates.
    fn first_steps(&self, radius: f64, count: usize) -> Vec<Vec<f64>> {
        let n = self.scale.len();
        let (low, high) = self.room();
        let unit = |i: usize, length: f64| {
            let mut step = vec![0.0; n];
            step[i] = length;
            step
        };
        let upward = |i: usize| high[i] >= radius || high[i] >= -low[i];
        let first = |i: usize| if upward(i) { radius.min(high[i]) } else { (-radius).max(low[i]) };
        let second = |i: usize| match (upward(i), if upward(i) { -low[i] } else { high[i] }) {
            (true, room) if room >= LEAST_ROOM * radius => -radius.min(room),
            (false, room) if room >= LEAST_ROOM * radius => radius.min(room),
            (true, _) => (2.0 * radius).min(high[i]),
            (false, _) => (-2.0 * radius).max(low[i]),
        };
        let pairs = (1..n).flat_map(|distance| (distance..n).map(move |j| (j - distance, j)));
        let singles = (0..n).map(|i| unit(i, first(i))).chain((0..n).map(|i| unit(i, second(i))));
        let of_two = pairs.map(|(i, j)| {
            let mut step = unit(i, first(i));
            step[j] = first(j);
            step
        });
        singles.chain(of_two).take(count).collect()
    }

    /// The number of points.
    #[allow(clippy::len_without_is_empty)] // there is always a best point
    pub fn len(&self) -> usize {
        self.values.len()
    }

    fn point(&self, k: usize) -> &[f64] {
        let n = self.scale.len();
        &self.points[k * n..(k + 1) * n]
    }

    /// The best point.
    pub fn best_point(&self) -> &[f64] {
        self.point(self.best)
    }

    /// The sum of squares there.
    pub fn best_value(&self) -> f64 {
        self.values[self.best]
    }

    /// The largest coordinate of the best point in the scaled variables.
    pub fn size(&self) -> f64 {
        let scaled = self.best_point().iter().zip(&self.scale).map(|(x, scale)| x.abs() / scale);
        scaled.fold(0.0, f64::max)
    }

    /// The way from the best point to another one, in the scaled variables.
    fn way(&self, x: &[f64]) -> Vec<f64> {
        let from = self.best_point().iter().zip(&self.scale);
        x.iter().zip(from).map(|(x, (from, scale))| (x - from) / scale).collect()
    }

    /// How far the best point can go down and up in each coordinate.
    pub fn room(&self) -> (Vec<f64>, Vec<f64>) {
        let low = self.way(&self.lower).iter().map(|low| low.min(0.0)).collect();
        let high = self.way(&self.upper).iter().map(|high| high.max(0.0)).collect();
        (low, high)
    }

    fn within(&self, step: &[f64]) -> Vec<f64> {
        let (low, high) = self.room();
        step.iter()
            .zip(low.iter().zip(&high))
            .map(|(s, (low, high))| s.max(*low).min(*high))
            .collect()
    }

    /// The point after a step from the best one; coordinates that the step takes to a bound are there exactly.
    pub fn after(&self, d: &[f64]) -> Vec<f64> {
        let (low, high) = self.room();
        let x = self.best_point();
        (0..d.len())
            .map(|i| {
                if d[i] <= low[i] && low[i].is_finite() {
                    self.lower[i]
                } else if d[i] >= high[i] && high[i].is_finite() {
                    self.upper[i]
                } else {
                    (x[i] + self.scale[i] * d[i]).max(self.lower[i]).min(self.upper[i])
                }
            })
            .collect()
    }

    /// The distance of each point from `x`.
    fn distances<'a>(&'a self, x: &'a [f64]) -> impl Iterator<Item = f64> + 'a {
        (0..self.len()).map(move |k| {
            let way = self.point(k).iter().zip(x).zip(&self.scale);
            nrm2(&way.map(|((y, x), scale)| (y - x) / scale).collect::<Vec<_>>())
        })
    }

    /// The point farthest from the best one, if it is farther than `distance`, and how far.
    pub fn farthest(&self, distance: f64) -> Option<(usize, f64)> {
        let all = self.distances(self.best_point()).enumerate();
        all.filter(|(_, length)| *length > distance).max_by(|a, b| a.1.total_cmp(&b.1))
    }

    /// The points in the order of their distance from the best one, without that.
    pub fn nearest(&self) -> Vec<usize> {
        let distances: Vec<f64> = self.distances(self.best_point()).collect();
        let mut order: Vec<usize> = (0..self.len()).filter(|&k| k != self.best).collect();
        order.sort_by(|&a, &b| distances[a].total_cmp(&distances[b]));
        order
    }

    /// The largest difference of a value from the best one.
    pub fn spread(&self) -> f64 {
        self.values.iter().fold(0.0, |largest, value| (value - self.best_value()).max(largest))
    }

    /// Put a point in the place of point `t`.
    pub fn replace(&mut self, t: usize, x: &[f64], residuals: &[f64], value: f64) {
        let (n, m) = (x.len(), residuals.len());
        let old = self.best_value();
        self.points[t * n..(t + 1) * n].copy_from_slice(x);
        self.residuals[t * m..(t + 1) * m].copy_from_slice(residuals);
        self.values[t] = value;
        if value < old {
            self.best = t;
        }
    }

    /// The point whose exchange for `x`, a step `d` from the best one, leaves the set in the best shape: far points weigh more.
    pub fn replaceable(
        &self,
        model: &ResidualModel,
        x: &[f64],
        d: &[f64],
        improved: bool,
        radius: f64,
    ) -> Option<usize> {
        let center = if improved { x } else { self.best_point() };
        let mut best: Option<(usize, f64)> = None;
        for (k, distance) in self.distances(center).enumerate() {
            if !improved && k == self.best {
                continue;
            }
            let weight = (distance / radius).max(1.0).powi(4);
            let score = weight * model.lagrange(self, k, d).abs();
            if score > 0.0 && score.is_finite() && best.is_none_or(|(_, largest)| score > largest) {
                best = Some((k, score));
            }
        }
        best.map(|(k, _)| k)
    }

    /// The model; `None` when the points do not determine one.
    pub fn model(&self) -> Option<ResidualModel> {
        let n = self.scale.len();
        let m = self.residuals.len() / self.len();
        let others: Vec<usize> = (0..self.len()).filter(|&k| k != self.best).collect();
        let (mut directions, mut lengths) = (Vec::new(), Vec::new());
        for &k in &others {
            let way = self.way(self.point(k));
            let length = nrm2(&way);
            directions.extend(way.iter().map(|w| w / length));
            lengths.push(length);
        }
        let qr = QrPivot::factor(&directions, others.len(), n).ok()?;
        if qr.rank(DEPENDENT) < n {
            return None;
        }
        let mut r = vec![0.0; n * n];
        qr.write_r(&mut r).ok()?;
        let center = &self.residuals[self.best * m..(self.best + 1) * m];
        let mut lagrange = vec![0.0; self.len() * n];
        let mut transposed = vec![0.0; n * m];
        let mut unit = vec![0.0; others.len()];
        for (row, &k) in others.iter().enumerate() {
            unit.fill(0.0);
            unit[row] = 1.0 / lengths[row];
            qr.apply_qt(&mut unit).ok()?;
            solve_upper(&r, n, &mut unit[..n]).ok()?;
            let change: Vec<f64> =
                self.residuals[k * m..(k + 1) * m].iter().zip(center).map(|(r, c)| r - c).collect();
            for (i, &column) in qr.permutation().iter().enumerate() {
                lagrange[k * n + column] = unit[i];
                lagrange[self.best * n + column] -= unit[i];
                axpy(unit[i], &change, &mut transposed[column * m..(column + 1) * m]);
            }
        }
        let mut jacobian = vec![0.0; m * n];
        transpose(&transposed, n, m, &mut jacobian);
        let mut gradient = vec![0.0; n];
        mul_transposed(&jacobian, n, center, &mut gradient);
        gradient.iter_mut().for_each(|g| *g *= 2.0);
        Some(ResidualModel { jacobian, gradient, lagrange })
    }

    /// The step that makes the sum of the squared models small within the bounds and a ball: the exact one of the ball where the bounds
    /// allow it.
    pub fn step(&self, model: &ResidualModel, radius: f64) -> ModelStep {
        let (low, high) = self.room();
        let n = low.len();
        let m = model.jacobian.len() / n;
        let mut exact = LsqTrustRegion::default();
        let center = &self.residuals[self.best * m..(self.best + 1) * m];
        let mut d = vec![0.0; n];
        let known =
            exact.prepare(&model.jacobian, center, n).is_ok() && exact.step(radius, &mut d).is_ok();
        let curvature = if known { 2.0 * exact.least_stretch(n).powi(2) } else { 0.0 };
        if known && (0..n).all(|i| low[i] <= d[i] && d[i] <= high[i]) {
            let decrease = model.decrease(&d);
            return ModelStep { d, decrease, curvature };
        }
        let region = BoxTrustRegion { gradient: &model.gradient, low: &low, high: &high, radius };
        let step = region.step(|v, out| {
            let mut image = vec![0.0; m];
            mul(&model.jacobian, n, v, &mut image);
            mul_transposed(&model.jacobian, n, &image, out);
            out.iter_mut().for_each(|out| *out *= 2.0);
        });
        let decrease = model.decrease(&step.d);
        ModelStep { d: step.d, decrease, curvature }
    }

    /// The step from the best point, at most `radius` long, that makes the Lagrange function of point `t` largest in absolute value.
    pub fn geometry_step(&self, model: &ResidualModel, t: usize, radius: f64) -> Vec<f64> {
        let (low, high) = self.room();
        let n = low.len();
        let slope = &model.lagrange[t * n..(t + 1) * n];
        let largest = |sign: f64| {
            let gradient: Vec<f64> = slope.iter().map(|g| -sign * g).collect();
            BoxTrustRegion { gradient: &gradient, low: &low, high: &high, radius }
                .step(|_, out| out.fill(0.0))
                .d
        };
        let (up, down) = (largest(1.0), largest(-1.0));
        let (of_up, of_down) = (dot(&up, slope).abs(), dot(&down, slope).abs());
        // Where both are as good, the one on which the sum of squares falls.
        let falls = dot(&down, &model.gradient) < dot(&up, &model.gradient);
        let nearly = (of_up - of_down).abs() <= 1e-6 * of_up;
        if of_down > of_up && !nearly || nearly && falls { down } else { up }
    }
}

impl ResidualModel {
    /// The decrease of the sum of squares after a step, as the model has it.
    pub fn decrease(&self, d: &[f64]) -> f64 {
        let mut image = vec![0.0; self.jacobian.len() / d.len()];
        mul(&self.jacobian, d.len(), d, &mut image);
        -dot(&self.gradient, d) - dot(&image, &image)
    }

    /// How different the Jacobian is from another one: the root of the sum of squares.
    pub fn difference(&self, other: &ResidualModel) -> f64 {
        let pairs = self.jacobian.iter().zip(&other.jacobian);
        pairs.map(|(a, b)| (a - b) * (a - b)).sum::<f64>().sqrt()
    }

    /// The Lagrange function of point `k` after a step from the best point.
    fn lagrange(&self, set: &ResidualSet, k: usize, d: &[f64]) -> f64 {
        let n = d.len();
        f64::from(u8::from(k == set.best)) + dot(&self.lagrange[k * n..(k + 1) * n], d)
    }
}

#[cfg(test)]
mod tests {
    use thalweg_core::{ProblemSpec, testing::FunctionOracle};

    use super::*;

    const INF: f64 = f64::INFINITY;

    fn set(bounds: &[(f64, f64)], x0: &[f64], radius: f64, count: usize) -> Option<ResidualSet> {
        let residuals = |x: &[f64], out: &mut [f64]| {
            out[0] = 3.0 * x[0] - x[1] + 1.0;
            out[1] = x[0] + 2.0 * x[1];
            out[2] = if x[1] > 4.0 { f64::NAN } else { 5.0 - x[1] };
        };
        let mut oracle = FunctionOracle::least_squares(3, residuals);
        let (lower, upper) = bounds.iter().copied().unzip();
        let spec = ProblemSpec { lower, upper, n_outputs: 3, ..Default::default() };
        let set = ResidualSet::evaluate(&mut Problem::new(&mut oracle, &spec), x0, radius, count);
        for (_, x) in &oracle.trace {
            let inside = x.iter().zip(bounds).all(|(x, (low, high))| (low..=high).contains(&x));
            assert!(inside, "{x:?} is not within {bounds:?}");
        }
        set.unwrap()
    }

    #[test]
    fn linear_residuals_are_modelled_exactly_by_interpolation_and_by_regression() {
        for count in 3..=6 {
            let set = set(&[(-INF, INF); 2], &[1.0, 2.0], 0.5, count).unwrap();
            let model = set.model().unwrap();
            for (entry, exact) in model.jacobian.iter().zip([3.0, -1.0, 1.0, 2.0, 0.0, -1.0]) {
                assert!((entry - exact).abs() < 1e-12, "{count}: {:?}", model.jacobian);
            }
            let step = set.step(&model, 100.0);
            let x = set.after(&step.d);
            // The normal equations: 10 x - y = -3 and -x + 6 y = 6.
            assert!((x[0] + 12.0 / 59.0).abs() < 1e-10, "{x:?}");
            assert!((x[1] - 57.0 / 59.0).abs() < 1e-10, "{x:?}");
            assert!(step.decrease > 0.0);
        }
    }

    #[test]
    fn lagrange_functions_are_one_at_their_point_and_zero_at_the_others() {
        let set = set(&[(-INF, INF); 2], &[1.0, 2.0], 0.5, 3).unwrap();
        let model = set.model().unwrap();
        for k in 0..3 {
            for j in 0..3 {
                let d = set.way(set.point(j));
                let expected = if j == k { 1.0 } else { 0.0 };
                assert!((model.lagrange(&set, k, &d) - expected).abs() < 1e-12);
            }
        }
        let (t, _) = set.farthest(0.0).unwrap();
        let d = set.geometry_step(&model, t, 0.1);
        assert!((nrm2(&d) - 0.1).abs() < 1e-12, "{d:?}");
    }

    #[test]
    fn bounds_are_kept_and_narrow_boxes_have_a_smaller_unit() {
        let bounds = [(0.0, 0.1), (-INF, 2.25)];
        let set = set(&bounds, &[0.1, 2.0], 0.5, 6).unwrap();
        assert_eq!(set.scale, [0.1, 1.0]);
        let model = set.model().unwrap();
        assert!((model.jacobian[0] - 0.3).abs() < 1e-12, "{:?}", model.jacobian);
        let step = set.step(&model, 10.0);
        let x = set.after(&step.d);
        assert_eq!(x[0], 0.0, "{x:?}");
    }

    #[test]
    fn undefined_points_are_tried_on_the_other_side_and_undefined_starts_refused() {
        let found = set(&[(-INF, INF); 2], &[1.0, 3.8], 0.5, 3).unwrap();
        assert!(found.values.iter().all(|value| value.is_finite()));
        assert!(set(&[(-INF, INF); 2], &[1.0, 5.0], 0.1, 3).is_none());
    }

    #[test]
    fn points_on_a_line_determine_no_model() {
        let mut set = set(&[(-INF, INF); 2], &[1.0, 2.0], 0.5, 3).unwrap();
        set.points = vec![0.0, 0.0, 1.0, 1.0, 2.0, 2.0];
        assert!(set.model().is_none());
    }

    #[test]
    fn the_point_that_is_far_away_is_replaced() {
        let mut set = set(&[(-INF, INF); 2], &[1.0, 2.0], 0.5, 3).unwrap();
        let best = set.best;
        let far = (0..3).find(|&k| k != best).unwrap();
        let n = 2;
        set.points[far * n] += 300.0;
        let model = set.model().unwrap();
        let d = [0.01, 0.02];
        let x = set.after(&d);
        assert_eq!(set.replaceable(&model, &x, &d, false, 0.1), Some(far));
        set.replace(far, &x, &[0.0; 3], 0.0);
        assert_eq!((set.best, set.best_value()), (far, 0.0));
    }
}
