//! n + 1 points at which objective and constraints are known, and the linear models through them.
//!
//! The models come from the Lagrange functions of the points, `L_k(x_j) = 1` if j = k and 0 otherwise, which are linear: the gradient
//! of a model is the sum of the values times their gradients. They tell the geometry as well: `1 / |grad L_k|` is the distance of
//! point k from the face of the simplex opposite to it. An exchange of a point changes all of them in n^2 operations; from time to time
//! they are computed afresh.
//!
//! The points are kept as they were evaluated, in the user's parameters. Inside, each variable is measured in its own first step.
//! The best point is the first one, the others stay in their places: where two are equally bad, the first of them goes.
//!
//! `surroundings` has the first points, `exchange` how a point is replaced, `model` the models, `curvature` what further evaluations tell
//! beyond linear ones.
//!
//! Reference:
//! * M. J. D. Powell, A direct search optimization method that models the objective and constraint functions by linear interpolation
//!   (1994), sections 2 and 4, <https://doi.org/10.1007/978-94-015-8330-5_4>

mod curvature;
mod exchange;
mod forms;
mod model;
mod surroundings;

use thalweg_core::{Problem, Stop, Want};
use thalweg_linalg::{dot, nrm2};

pub use self::curvature::Curvature;
pub use self::model::LinearModel;
use super::exact_penalty::violation;

/// Lengths whose ratio is less are equal but for rounding, as those of steps of one radius from one point are.
pub(super) const SAME: f64 = 1.0 + 1e-9;

const INF: f64 = f64::INFINITY;
/// Violations of less than this part of their tolerance do not count.
const NEGLIGIBLE: f64 = 1e-3;

/// Objective and constraints at a point.
#[derive(Clone, Debug, PartialEq)]
pub struct Known {
    /// The objective.
    pub value: f64,
    /// The constraints.
    pub constraints: Vec<f64>,
}

/// The points; that of least merit is the first one.
pub struct LinearSet<'a> {
    n: usize,
    points: Vec<f64>,
    known: Vec<Known>,
    /// The largest violation at each point.
    violations: Vec<f64>,
    /// The way from the best point to each one, in the scaled variables; once all points are there.
    ways: Vec<f64>,
    /// The gradient of each Lagrange function, in the scaled variables.
    lagrange: Vec<f64>,
    curvature: Curvature,
    exchanges: usize,
    scale: Vec<f64>,
    /// Whether the first step of a variable goes down.
    is_downward: Vec<bool>,
    lower: &'a [f64],
    upper: &'a [f64],
    limits: Vec<(f64, f64)>,
}

impl Known {
    /// Objective and constraints at a point.
    ///
    /// # Errors
    /// [`Stop`] when the run has to end.
    pub fn at(problem: &mut Problem<'_>, x: &[f64]) -> Result<Self, Stop> {
        if problem.constraint_limits().is_empty() {
            return Ok(Known { value: problem.value(x)?, constraints: Vec::new() });
        }
        let answers = problem.batch(Want::VALUE | Want::CONSTRAINTS, x)?;
        Ok(Known { value: answers.values[0], constraints: answers.constraints.clone() })
    }

    /// Whether all numbers are finite.
    pub fn is_finite(&self) -> bool {
        self.value.is_finite() && self.constraints.iter().all(|c| c.is_finite())
    }

    /// The objective (0) or a constraint (from 1 on).
    fn function(&self, i: usize) -> f64 {
        if i == 0 { self.value } else { self.constraints[i - 1] }
    }
}

impl<'a> LinearSet<'a> {
    /// Evaluate at the start and at n points, each one of the `steps` away from the best one so far. `None` when the values are not
    /// finite at the start, or nowhere near it in some direction. A negative step goes down. The best one is that of the lowest
    /// objective.
    ///
    /// # Errors
    /// [`Stop`] when the run has to end.
    pub fn evaluate(
        problem: &mut Problem<'a>,
        x0: &[f64],
        steps: &[f64],
    ) -> Result<Option<Self>, Stop> {
        let mut set = LinearSet {
            n: x0.len(),
            points: x0.to_vec(),
            known: Vec::new(),
            violations: Vec::new(),
            ways: Vec::new(),
            lagrange: Vec::new(),
            curvature: Curvature::none(x0.len(), problem.constraint_limits().len() + 1),
            exchanges: 0,
            scale: steps.iter().map(|step| step.abs()).collect(),
            is_downward: steps.iter().map(|step| *step < 0.0).collect(),
            lower: problem.lower(),
            upper: problem.upper(),
            limits: widened(problem),
        };
        problem.clip(&mut set.points);
        let known = set.surround(problem, 1.0)?;
        Ok(known.then_some(set))
    }

    fn room_of(&self, i: usize, k: usize) -> (f64, f64) {
        let (x, scale) = (self.points[k * self.n + i], self.scale[i]);
        ((self.lower[i] - x) / scale, (self.upper[i] - x) / scale)
    }

    /// The lengths of the first steps, in which variables are measured.
    pub fn scale(&self) -> &[f64] {
        &self.scale
    }

    /// The number of variables.
    pub fn dim(&self) -> usize {
        self.n
    }

    /// Whether there are constraints.
    pub fn is_constrained(&self) -> bool {
        !self.limits.is_empty()
    }

    /// A point.
    pub fn point(&self, k: usize) -> &[f64] {
        &self.points[k * self.n..(k + 1) * self.n]
    }

    /// The best point.
    pub fn best_point(&self) -> &[f64] {
        self.point(0)
    }

    /// What is known there.
    pub fn best(&self) -> &Known {
        &self.known[0]
    }

    /// The largest violation there.
    pub fn best_violation(&self) -> f64 {
        self.violations[0]
    }

    /// The largest violation of a limit at some point.
    pub fn violation(&self, known: &Known) -> f64 {
        let each = known.constraints.iter().zip(&self.limits).map(|(c, l)| violation(*c, *l));
        each.fold(0.0, f64::max)
    }

    /// The largest coordinate of the best point in the scaled variables.
    pub fn size(&self) -> f64 {
        let scaled = self.best_point().iter().zip(&self.scale).map(|(x, scale)| x.abs() / scale);
        scaled.fold(0.0, f64::max)
    }

    /// How far the best point can go down and up in each coordinate.
    pub fn room(&self) -> (Vec<f64>, Vec<f64>) {
        (0..self.n).map(|i| self.room_of(i, 0)).unzip()
    }

    /// The point a step away from the best one; coordinates that the step takes to a bound are there exactly.
    pub fn after(&self, d: &[f64]) -> Vec<f64> {
        let one = |i: usize| {
            let (low, high) = self.room_of(i, 0);
            if d[i] <= low {
                self.lower[i]
            } else if d[i] >= high {
                self.upper[i]
            } else {
                let x = self.best_point()[i] + d[i] * self.scale[i];
                x.max(self.lower[i]).min(self.upper[i])
            }
        };
        (0..self.n).map(one).collect()
    }

    /// Make the point with the least objective plus `mu` times its violation the best one. Whether that was another one.
    pub fn choose_best(&mut self, mu: f64) -> bool {
        let key = |k: usize| (self.known[k].value + mu * self.violations[k], self.violations[k]);
        let best = (0..=self.n).fold(0, |best, k| if key(k) < key(best) { k } else { best });
        self.lead(best);
        best != 0
    }

    /// Make point `k` the first one, in exchange for that.
    fn lead(&mut self, k: usize) {
        if k == 0 {
            return;
        }
        let n = self.n;
        for i in 0..n {
            self.points.swap(i, k * n + i);
            // There are none yet among the first points.
            if !self.lagrange.is_empty() {
                self.lagrange.swap(i, k * n + i);
            }
        }
        self.known.swap(0, k);
        self.violations.swap(0, k);
        if self.has_models() {
            self.measure();
        }
    }

    /// Whether the points determine linear models. They do not after a renewal that failed.
    pub fn has_models(&self) -> bool {
        !self.lagrange.is_empty()
    }

    /// The gradient of the Lagrange function of a point.
    pub fn lagrange(&self, k: usize) -> &[f64] {
        &self.lagrange[k * self.n..(k + 1) * self.n]
    }

    /// The value of Lagrange function `k` after a step from the best point.
    fn lagrange_after(&self, k: usize, d: &[f64]) -> f64 {
        dot(self.lagrange(k), d) + if k == 0 { 1.0 } else { 0.0 }
    }

    /// The way from the best point to another one, in the scaled variables.
    pub fn way(&self, x: &[f64]) -> Vec<f64> {
        let from = self.best_point().iter().zip(&self.scale);
        x.iter().zip(from).map(|(x, (from, scale))| (x - from) / scale).collect()
    }

    /// The way from the best point to point `k`.
    fn way_to(&self, k: usize) -> &[f64] {
        &self.ways[k * self.n..(k + 1) * self.n]
    }

    /// Measure the ways to all points.
    fn measure(&mut self) {
        let mut ways = std::mem::take(&mut self.ways);
        ways.clear();
        let scaled = |(i, x): (usize, &f64)| (x - self.points[i]) / self.scale[i];
        self.points
            .chunks_exact(self.n)
            .for_each(|x| ways.extend(x.iter().enumerate().map(scaled)));
        self.ways = ways;
    }

    /// How far point `k` is from the best one.
    pub fn distance(&self, k: usize) -> f64 {
        nrm2(self.way_to(k))
    }

    /// The point farthest from the best one.
    pub fn farthest(&self) -> (usize, f64) {
        let each = self.others().map(|k| (k, self.distance(k)));
        each.fold((0, 0.0), |a, b| if b.1 > a.1 * SAME { b } else { a })
    }

    /// Of the points as far from the best one as this, that with the largest objective plus `mu` times its violation.
    pub fn worst_as_far(&self, distance: f64, mu: f64) -> usize {
        let merit = |k: usize| self.known[k].value + mu * self.violations[k];
        let each = self.others().filter(|&k| self.distance(k) * SAME >= distance);
        let worst = each.reduce(|a, b| if merit(b) > merit(a) { b } else { a });
        worst.unwrap_or(0)
    }

    /// The point nearest to the face opposite to it, and its distance from that.
    pub fn flattest(&self) -> (usize, f64) {
        let each = self.others().map(|k| (k, self.height(k)));
        each.fold((0, f64::INFINITY), |a, b| if b.1 * SAME < a.1 { b } else { a })
    }

    /// How far point `k` is from the face opposite to it.
    pub fn height(&self, k: usize) -> f64 {
        1.0 / nrm2(self.lagrange(k))
    }

    /// All points but the best one.
    pub fn others(&self) -> impl Iterator<Item = usize> + use<> {
        1..=self.n
    }

    /// The point whose exchange for the one after a step keeps the simplex largest, those count more that are farther than `near` from
    /// the best point afterwards. `None` when the step is not `better` and no exchange changes the simplex by more than the factor
    /// `least`.
    pub fn replaceable(
        &self,
        d: &[f64],
        better: bool,
        (near, power, least): (f64, i32, f64),
    ) -> Option<usize> {
        let mut best: Option<(usize, f64)> = None;
        for k in (0..=self.n).filter(|&k| better || k != 0) {
            let way = self.way_to(k);
            let square: f64 = if better {
                way.iter().zip(d).map(|(w, d)| (w - d) * (w - d)).sum()
            } else {
                dot(way, way)
            };
            let weight = (square / (near * near)).max(1.0).powi(power);
            let score = weight * self.lagrange_after(k, d).abs();
            if score > best.map_or(if better { 0.0 } else { least }, |(_, largest)| largest) {
                best = Some((k, score));
            }
        }
        best.map(|(k, _)| k)
    }

    /// The ratio between the range of the objective and the least range of a limit, bounds included, that may come to be violated:
    /// what the weight of violations needs to be at most (Powell 1994, section 4). Zero when no limit matters.
    pub fn weight_of_ranges(&self) -> f64 {
        let range = |of: &dyn Fn(usize) -> f64| {
            let each = (0..=self.n).map(of);
            each.fold((INF, -INF), |(low, high), value| (low.min(value), high.max(value)))
        };
        let mut least = INF;
        let mut limit = |of: &dyn Fn(usize) -> f64, at: f64, sign: f64| {
            let (low, high) = range(&|k| sign * (of(k) - at));
            if at.is_finite() && low < 0.5 * high {
                least = least.min(high.max(0.0) - low);
            }
        };
        for (i, (low, high)) in self.limits.iter().enumerate() {
            limit(&|k| self.known[k].constraints[i], *low, 1.0);
            limit(&|k| self.known[k].constraints[i], *high, -1.0);
        }
        for (i, (low, high)) in self.lower.iter().zip(self.upper).enumerate() {
            limit(&|k| self.point(k)[i], *low, 1.0);
            limit(&|k| self.point(k)[i], *high, -1.0);
        }
        if least.is_infinite() {
            return 0.0;
        }
        let (low, high) = range(&|k| self.known[k].value);
        (high - low) / least
    }
}

/// The limits, with a small part of the tolerances on both sides. Without that, violations that are only rounding would ask for ever
/// larger weights, under which no step along a curved constraint counts as a gain.
fn widened(problem: &Problem<'_>) -> Vec<(f64, f64)> {
    let each = problem.constraint_limits().iter().zip(problem.constraint_tolerances());
    each.map(|((low, high), tolerance)| {
        (low - NEGLIGIBLE * tolerance, high + NEGLIGIBLE * tolerance)
    })
    .collect()
}

#[cfg(test)]
mod tests;
