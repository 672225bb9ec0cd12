//! The points of a model-based search with their values: between the user's parameters and the basis of the model.
//!
//! Inside, each variable is measured in its own first step and from the start. Values that are not finite are replaced by one that is
//! worse than all others, but not so much that it would spoil the model.

use thalweg_core::{Problem, Stop};
use thalweg_linalg::{axpy, dot};

use super::averages::averages;
use super::first_points::{FirstPoints, start_and_step};
use super::frobenius_model::FrobeniusModel;
use super::lagrange_basis::{Candidate, LagrangeBasis};

/// How much worse than the worst value, in terms of the range of values, one counts that is not finite.
const WORSE: f64 = 10.0;
/// The base moves when the square of a step is at most this part of that of the best point's distance from it.
const MOVE_BELOW: f64 = 1e-3;

/// The points, their values, and the basis.
pub struct InterpolationSet {
    /// The Lagrange functions.
    pub basis: LagrangeBasis,
    /// The value at each point.
    pub values: Vec<f64>,
    /// The best point.
    pub best: usize,
    /// Whether any value but the start's was finite.
    pub defined: bool,
    /// How far the best point can go down and up in each coordinate.
    pub low_room: Vec<f64>,
    /// The same upward.
    pub high_room: Vec<f64>,
    /// The point after the step that was evaluated last, relative to the base.
    trial: Vec<f64>,
    /// A point in the user's parameters.
    user: Vec<f64>,
    first: FirstPoints,
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
    ///
    /// # Errors
    /// [`Stop`] when the run has to end.
    pub fn evaluate(
        problem: &mut Problem<'_>,
        x0: &[f64],
        first: FirstPoints,
    ) -> Result<Self, Stop> {
        let n = x0.len();
        let (lower, upper) = (problem.lower(), problem.upper());
        let (mut origin, mut scale) = (x0.to_vec(), Vec::with_capacity(n));
        for i in 0..n {
            let (x, step) = start_and_step(x0[i], lower[i], upper[i], first);
            origin[i] = x;
            scale.push(step);
        }
        let low: Vec<f64> = (0..n).map(|i| (lower[i] - origin[i]) / scale[i]).collect();
        let high: Vec<f64> = (0..n).map(|i| (upper[i] - origin[i]) / scale[i]).collect();
        let points = first.points(&low, &high, &first.down(x0), 1.0, problem.rng());
        let mut set = InterpolationSet {
            values: Vec::new(),
            basis: first.basis(points.clone(), n),
            best: 0,
            defined: false,
            low_room: vec![0.0; n],
            high_room: vec![0.0; n],
            trial: vec![0.0; n],
            user: vec![0.0; n],
            base: vec![0.0; n],
            first,
            origin,
            scale,
            low,
            high,
            lower: lower.to_vec(),
            upper: upper.to_vec(),
        };
        let all: Vec<f64> = points.chunks_exact(n).flat_map(|y| set.to_user(y)).collect();
        set.values = averages(problem, &all, set.first.copies)?;
        set.defined = set.values[1..].iter().any(|value| value.is_finite());
        set.rank();
        if first.better_first {
            set.put_better_first(points);
        }
        Ok(set)
    }

    /// Let the better point of each pair on two sides of a coordinate come first: of points that are equally far away, the first one
    /// is exchanged.
    fn put_better_first(&mut self, mut points: Vec<f64>) {
        let n = self.low.len();
        for i in 0..n.min(self.values.len() - 1 - n) {
            let (one, two) = (i + 1, n + i + 1);
            let apart = points[one * n + i] * points[two * n + i] < 0.0;
            if apart && self.values[two] < self.values[one] {
                self.values.swap(one, two);
                points.swap(one * n + i, two * n + i);
            }
        }
        self.basis = self.first.basis(points, n);
        self.rank();
    }

    /// From now on, this many evaluations of the objective make the value at a point.
    pub fn evaluate_as_often(&mut self, copies: usize) {
        self.first.copies = copies;
    }

    /// The point after the step that was evaluated last, relative to the base.
    pub fn trial(&self) -> &[f64] {
        &self.trial
    }

    /// One of the user's parameters at a point relative to the base.
    fn user_parameter(&self, i: usize, y: f64) -> f64 {
        if y <= self.low[i] {
            self.lower[i]
        } else if y >= self.high[i] {
            self.upper[i]
        } else {
            let x = self.origin[i] + self.scale[i] * (self.base[i] + y);
            x.max(self.lower[i]).min(self.upper[i])
        }
    }

    fn to_user(&self, y: &[f64]) -> Vec<f64> {
        y.iter().enumerate().map(|(i, y)| self.user_parameter(i, *y)).collect()
    }

    /// The best point in the user's parameters.
    pub fn best_point(&self) -> Vec<f64> {
        self.to_user(self.basis.point(self.best))
    }

    /// The value there.
    pub fn best_value(&self) -> f64 {
        self.values[self.best]
    }

    /// Tell the run of the best point.
    ///
    /// # Errors
    /// [`Stop`] when the run has to end.
    pub fn announce(&mut self, problem: &mut Problem<'_>) -> Result<(), Stop> {
        for i in 0..self.user.len() {
            self.user[i] = self.user_parameter(i, self.basis.point(self.best)[i]);
        }
        problem.iteration(&self.user, self.best_value())
    }

    fn measure_room(&mut self) {
        let y = self.basis.point(self.best);
        for i in 0..y.len() {
            self.low_room[i] = (self.low[i] - y[i]).min(0.0);
            self.high_room[i] = (self.high[i] - y[i]).max(0.0);
        }
    }

    /// Set the trial point, a step away from the best one; coordinates that the step takes to a bound are there exactly.
    fn step(&mut self, d: &[f64]) {
        let y = self.basis.point(self.best);
        for i in 0..d.len() {
            self.trial[i] = if d[i] <= self.low_room[i] && self.low[i].is_finite() {
                self.low[i]
            } else if d[i] >= self.high_room[i] && self.high[i].is_finite() {
                self.high[i]
            } else {
                (y[i] + d[i]).max(self.low[i]).min(self.high[i])
            };
        }
    }

    /// The objective after a step from the best point.
    ///
    /// # Errors
    /// [`Stop`] when the run has to end.
    pub fn evaluate_step(&mut self, problem: &mut Problem<'_>, d: &[f64]) -> Result<f64, Stop> {
        self.step(d);
        for i in 0..d.len() {
            self.user[i] = self.user_parameter(i, self.trial[i]);
        }
        let finite = self.user.iter().all(|x| x.is_finite());
        let value = match self.first.copies {
            _ if !finite => f64::INFINITY,
            1 => problem.value(&self.user)?,
            copies => averages(problem, &self.user, copies)?[0],
        };
        self.defined |= value.is_finite();
        Ok(if value.is_finite() { value } else { self.worse_than_all() })
    }

    fn worse_than_all(&self) -> f64 {
        let finite = self.values.iter().copied().filter(|value| value.is_finite());
        let worst = finite.fold(self.best_value(), f64::max);
        let range = worst - self.best_value();
        worst + WORSE * if range > 0.0 { range } else { self.best_value().abs().max(1.0) }
    }

    /// Exchange point `t` for the one after the step that was evaluated last; `false` if the basis does not allow it.
    pub fn replace(
        &mut self,
        model: &mut FrobeniusModel,
        t: usize,
        trial: &Trial,
        candidate: &mut Candidate,
    ) -> bool {
        let denominator = self.basis.denominator(t, candidate);
        if !(denominator > 0.0 && denominator.is_finite()) {
            return false;
        }
        let old = self.best_value();
        model.release(&self.basis, t);
        self.basis.exchange(t, &self.trial, candidate);
        self.values[t] = trial.value;
        self.learn(model, t, trial, old);
        true
    }

    /// Add the point after the step that was evaluated last to the others. The candidate's beta has to be positive.
    pub fn add(&mut self, model: &mut FrobeniusModel, trial: &Trial, candidate: &Candidate) {
        let (old, t) = (self.best_value(), self.basis.len());
        model.add_point();
        self.basis.add(&self.trial, candidate);
        self.values.push(trial.value);
        self.learn(model, t, trial, old);
    }

    /// Correct the model at point `t`, which is new, the value of the best point having been `old`.
    fn learn(&mut self, model: &mut FrobeniusModel, t: usize, trial: &Trial, old: f64) {
        if trial.value < old {
            self.best = t;
            axpy(1.0, &trial.of_d, &mut model.gradient);
            self.measure_room();
        }
        let error = trial.value - old - trial.change;
        model.correct(&self.basis, t, error, self.basis.point(self.best));
    }

    /// Go on from point `t`, whether or not it is the best one.
    pub fn move_center(&mut self, model: &mut FrobeniusModel, t: usize) {
        let (from, to) = (self.basis.point(self.best), self.basis.point(t));
        let way: Vec<f64> = to.iter().zip(from).map(|(to, from)| to - from).collect();
        let mut of_way = vec![0.0; way.len()];
        model.curvature(&self.basis, &way, &mut of_way);
        axpy(1.0, &of_way, &mut model.gradient);
        self.best = t;
        self.measure_room();
    }

    /// A new set: the better of the best point and the one evaluated last, and points one `radius` up and down each coordinate from
    /// there. For the rare case that rounding has spoilt the old one beyond repair.
    ///
    /// # Errors
    /// [`Stop`] when the run has to end.
    pub fn renew(
        &mut self,
        problem: &mut Problem<'_>,
        value: f64,
        radius: f64,
    ) -> Result<FrobeniusModel, Stop> {
        let better = value < self.best_value();
        let best_value = value.min(self.best_value());
        let best = self.basis.point(self.best).to_vec();
        let center = if better { self.trial.clone() } else { best };
        self.move_bounds(&center);
        let up = vec![false; center.len()];
        let points = self.first.points(&self.low, &self.high, &up, radius, problem.rng());
        self.basis = self.first.basis(points, center.len());
        self.best = 0;
        let count = self.basis.len();
        let others: Vec<f64> = (1..count).flat_map(|k| self.to_user(self.basis.point(k))).collect();
        self.values = vec![best_value];
        self.values.extend(averages(problem, &others, self.first.copies)?);
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
        self.measure_room();
    }

    fn move_bounds(&mut self, center: &[f64]) {
        for (i, s) in center.iter().enumerate() {
            self.base[i] += s;
            self.low[i] -= s;
            self.high[i] -= s;
        }
    }

    /// Make the best point the base if it is so far from it that a step of this length would be lost in rounding.
    pub fn move_base_if_far(&mut self, model: &mut FrobeniusModel, length: f64) {
        let center = self.basis.point(self.best);
        if length * length <= MOVE_BELOW * dot(center, center) {
            let center = center.to_vec();
            model.prepare_shift(&self.basis, self.best);
            self.basis.move_base(self.best);
            self.move_bounds(&center);
            self.measure_room();
        }
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
        self.move_bounds(&center);
        self.measure_room();
    }

    /// The point farthest from the best one, if it is farther than `distance`, and how far.
    pub fn farthest(&self, distance: f64) -> Option<(usize, f64)> {
        let center = self.basis.point(self.best);
        let (mut farthest, mut largest) = (None, distance * distance);
        for k in 0..self.basis.len() {
            let square = self.basis.square_distance(k, center);
            if square > largest {
                largest = square;
                farthest = Some(k);
            }
        }
        farthest.map(|k| (k, largest.sqrt()))
    }

    /// The point next to the best one, and how far away it is.
    pub fn nearest(&self) -> (usize, f64) {
        let center = self.basis.point(self.best);
        let mut nearest = (self.best, f64::INFINITY);
        for k in (0..self.basis.len()).filter(|&k| k != self.best) {
            let length = self.basis.square_distance(k, center).sqrt();
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
        self.step(d);
        let (x, best) = (self.to_user(&self.trial), self.best_point());
        if x != best {
            let value = self.evaluate_step(problem, d)?;
            if value < self.best_value() {
                return Ok((x, value));
            }
        }
        Ok((best, self.best_value()))
    }
}

/// A step that was evaluated.
#[derive(Clone, Debug, Default)]
pub struct Trial {
    /// The objective there.
    pub value: f64,
    /// The change that the model promised.
    pub change: f64,
    /// The model's Hessian times the step.
    pub of_d: Vec<f64>,
}

#[cfg(test)]
mod tests {
    use thalweg_core::{ProblemSpec, testing::FunctionOracle};

    use super::*;

    const INF: f64 = f64::INFINITY;

    #[test]
    fn a_renewed_set_is_small_within_bounds_and_keeps_the_best() {
        let (lower, upper) = (vec![-INF, 0.0], vec![INF, 0.75]);
        let spec = ProblemSpec { lower, upper, n_outputs: 1, ..Default::default() };
        let mut oracle = FunctionOracle::scalar(|x| x[0] * x[0] + (x[1] - 0.7).powi(2));
        let mut problem = Problem::new(&mut oracle, &spec);
        let mut set = InterpolationSet::evaluate(
            &mut problem,
            &[2.0, 0.25],
            FirstPoints::coordinates(2, None),
        )
        .unwrap();
        assert_eq!(set.best_point(), [0.0, 0.25]);
        // A step to (0, 0.69) of a known value.
        set.step(&[0.0, (0.69 - 0.25) / set.scale[1]]);
        let model = set.renew(&mut problem, 1e-4, 0.5).unwrap();
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
        let set = InterpolationSet::evaluate(
            &mut problem,
            &[2.0, 1.0],
            FirstPoints::coordinates(2, None),
        )
        .unwrap();
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
        let mut set = InterpolationSet::evaluate(
            &mut problem,
            &[0.33, 0.1],
            FirstPoints::coordinates(2, None),
        )
        .unwrap();
        let mut model = FrobeniusModel::least(&set.basis, &set.values, set.best);
        set.rebuild(&mut model);
        let high = set.high_room.clone();
        set.step(&high);
        assert_eq!(set.to_user(&set.trial), [0.7, 0.3]);
    }
}
