//! The first points of a set: around the start, along coordinates or in directions chosen by chance, evaluated in one batch.

use thalweg_core::{Problem, Rng, Stop, Want};
use thalweg_linalg::{axpy, dot, nrm2};

use super::first_points::Directions;
use super::residual_set::ResidualSet;

/// How often a point without finite residuals is tried again, half as far away on the other side.
const ATTEMPTS: usize = 8;
/// A second point of a coordinate is on the other side if there is this part of a step of room.
const LEAST_ROOM: f64 = 0.1;
/// What is left of a direction outside of the others is worth a direction of its own.
const LEAST_REST: f64 = 1e-3;

/// What the first points are to be.
#[derive(Clone, Copy, Debug)]
pub struct FirstResiduals {
    /// Their distance from the start.
    pub radius: f64,
    /// Their number, with the start.
    pub count: usize,
    /// How often each is evaluated.
    pub samples: usize,
    /// Where they lie.
    pub directions: Directions,
    /// Whether directions chosen by chance are orthogonal.
    pub orthogonal: bool,
}

impl ResidualSet {
    /// Evaluate the residuals at the start and at points around it, in one batch. `None` when they are not finite at the start, or
    /// nowhere near it in some direction.
    ///
    /// # Errors
    /// [`Stop`] when the run has to end.
    pub fn evaluate(
        problem: &mut Problem<'_>,
        x0: &[f64],
        first: FirstResiduals,
    ) -> Result<Option<Self>, Stop> {
        let bounds = (problem.lower().to_vec(), problem.upper().to_vec());
        let mut start = x0.to_vec();
        problem.clip(&mut start);
        let mut set = ResidualSet::new(start, bounds, first.radius, first.samples);
        let known = set.surround(problem, first)?;
        Ok(known.then_some(set))
    }

    /// Replace all points but the best one by points around it, and evaluate that again, too, if `afresh`. `false` when the residuals
    /// are not finite near it.
    ///
    /// # Errors
    /// [`Stop`] when the run has to end.
    pub fn renew(
        &mut self,
        problem: &mut Problem<'_>,
        first: FirstResiduals,
        afresh: bool,
    ) -> Result<bool, Stop> {
        self.forget_others();
        if afresh {
            self.residuals.clear();
        }
        self.look_around();
        self.surround(problem, first)
    }

    /// Add points around the only one, whose residuals are evaluated with them unless they are known.
    fn surround(&mut self, problem: &mut Problem<'_>, first: FirstResiduals) -> Result<bool, Stop> {
        let mut steps = match first.directions {
            Directions::Coordinate => self.along_coordinates(first.radius, first.count - 1),
            Directions::Random => self.by_chance(problem.rng(), first),
        };
        let known = usize::from(!self.residuals.is_empty());
        let (n, m) = (problem.dim(), problem.n_outputs());
        let mut x = Vec::new();
        for step in &steps {
            self.after(step, &mut x);
            self.points.extend_from_slice(&x);
        }
        let mut found = Vec::new();
        let values = self.ask(problem, &self.points[known * n..], &mut found)?;
        self.residuals.extend_from_slice(&found);
        // The only point is not known until now: its value is the first.
        let mut all = self.values.clone();
        all.truncate(known);
        all.extend(values);
        for _ in 0..ATTEMPTS {
            let bad: Vec<usize> = (1..first.count).filter(|&k| !all[k].is_finite()).collect();
            if bad.is_empty() || !all[0].is_finite() {
                break;
            }
            let mut again = Vec::new();
            for &k in &bad {
                let step = &mut steps[k - 1];
                step.iter_mut().for_each(|s| *s *= -0.5);
                let mut within = step.clone();
                self.keep_within(&mut within);
                self.after(&within, &mut x);
                self.points[k * n..(k + 1) * n].copy_from_slice(&x);
                again.extend_from_slice(&x);
            }
            let values = self.ask(problem, &again, &mut found)?;
            for (i, &k) in bad.iter().enumerate() {
                all[k] = values[i];
                self.residuals[k * m..(k + 1) * m].copy_from_slice(&found[i * m..(i + 1) * m]);
            }
        }
        self.best = (0..first.count).fold(0, |best, k| if all[k] < all[best] { k } else { best });
        self.values = all;
        self.look_around();
        Ok(self.values.iter().all(|value| value.is_finite()))
    }

    /// The residuals at points, and their sums of squares: means, where every point is evaluated more than once.
    ///
    /// # Errors
    /// [`Stop`] when the run has to end.
    pub fn ask(
        &self,
        problem: &mut Problem<'_>,
        points: &[f64],
        residuals: &mut Vec<f64>,
    ) -> Result<Vec<f64>, Stop> {
        residuals.clear();
        if self.samples == 1 {
            let answers = problem.batch(Want::RESIDUALS, points)?;
            residuals.extend_from_slice(&answers.residuals);
            return Ok(answers.values.clone());
        }
        let (n, m) = (self.dim(), problem.n_outputs());
        let repeated: Vec<f64> =
            points.chunks_exact(n).flat_map(|x| x.repeat(self.samples)).collect();
        let answers = problem.batch(Want::RESIDUALS, &repeated)?;
        let mut values = Vec::new();
        for (of_point, known) in answers
            .residuals
            .chunks_exact(m * self.samples)
            .zip(answers.values.chunks_exact(self.samples))
        {
            let mut mean = vec![0.0; m];
            of_point.chunks_exact(m).for_each(|r| axpy(1.0 / self.samples as f64, r, &mut mean));
            // The mean of the sums, which is what the run compares points by, and not the sum for the means, which is smaller: noise
            // adds the same to all.
            let value = known.iter().sum::<f64>() / self.samples as f64;
            values.push(if value.is_finite() { value } else { f64::INFINITY });
            residuals.extend(mean);
        }
        Ok(values)
    }

    /// The same at one point.
    ///
    /// # Errors
    /// [`Stop`] when the run has to end.
    pub fn ask_one(
        &self,
        problem: &mut Problem<'_>,
        x: &[f64],
        residuals: &mut Vec<f64>,
    ) -> Result<f64, Stop> {
        if self.samples == 1 {
            return problem.residuals(x, residuals);
        }
        Ok(self.ask(problem, x, residuals)?[0])
    }

    /// Along the coordinates to the side with more room, then to the other side, then along pairs of coordinates.
    pub(super) fn along_coordinates(&self, radius: f64, count: usize) -> Vec<Vec<f64>> {
        let n = self.dim();
        let (low, high) = (&self.low, &self.high);
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

    /// Steps in directions chosen by chance, cut off at the bounds, to the side on which more is left of them. Those that bounds make
    /// dependent on each other are along coordinates instead.
    fn by_chance(&self, rng: &mut Rng, first: FirstResiduals) -> Vec<Vec<f64>> {
        let n = self.dim();
        let (mut basis, mut steps): (Vec<Vec<f64>>, Vec<Vec<f64>>) = Default::default();
        for _ in 1..first.count {
            let mut direction: Vec<f64> = (0..n).map(|_| rng.normal()).collect();
            if first.orthogonal && basis.len() < n {
                take_out(&basis, &mut direction);
            }
            let length = nrm2(&direction);
            direction.iter_mut().for_each(|d| *d *= first.radius / length);
            let mut other: Vec<f64> = direction.iter().map(|d| -d).collect();
            self.keep_within(&mut direction);
            self.keep_within(&mut other);
            let step = if nrm2(&other) > nrm2(&direction) { other } else { direction };
            let mut rest = step.clone();
            take_out(&basis, &mut rest);
            let left = nrm2(&rest);
            if basis.len() < n {
                if left.is_nan() || left < LEAST_REST * first.radius {
                    return self.along_coordinates(first.radius, first.count - 1);
                }
                rest.iter_mut().for_each(|r| *r /= left);
                basis.push(rest);
            }
            steps.push(step);
        }
        steps
    }
}

/// Leave of a direction what is outside of the span of orthonormal ones.
pub(super) fn take_out(basis: &[Vec<f64>], direction: &mut [f64]) {
    // Twice, because the first pass leaves rounding.
    for _ in 0..2 {
        for row in basis {
            axpy(-dot(row, direction), row, direction);
        }
    }
}
