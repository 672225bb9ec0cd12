//! The points of a run at which residuals are known, and those of them that are near the best one and independent of each other.
//!
//! The points are kept as they were evaluated, in the user's parameters, so that the differences between them are exact. Inside, a
//! variable whose box is narrow is measured in a smaller unit.
//!
//! References:
//! * S. M. Wild, R. G. Regis, C. A. Shoemaker, ORBIT: optimization by radial basis function interpolation in trust-regions, SIAM
//!   Journal on Scientific Computing 30 (2008), <https://doi.org/10.1137/070691814> (the choice of affinely independent points)

use thalweg_core::{Problem, Stop, Want};
use thalweg_linalg::{axpy, dot, nrm2};

/// Distances may exceed their limits by rounding.
const ROUNDING: f64 = 1.0 + 1e-10;

/// All points with their residuals.
#[derive(Clone, Debug)]
pub struct ResidualHistory {
    n: usize,
    m: usize,
    points: Vec<f64>,
    residuals: Vec<f64>,
    values: Vec<f64>,
    best: usize,
    /// How many points were forgotten.
    forgotten: u64,
    scale: Vec<f64>,
    lower: Vec<f64>,
    upper: Vec<f64>,
}

/// Points whose ways from the best one are independent.
#[derive(Clone, Debug, Default)]
pub struct Independent {
    /// The points.
    pub points: Vec<usize>,
    /// An orthonormal basis of the ways to them, row by row.
    basis: Vec<f64>,
    /// The ways in this basis: the lower triangle of a matrix, row by row.
    triangle: Vec<f64>,
}

impl ResidualHistory {
    /// Nothing yet. Where a box is narrower than two radii, its half is the unit of the variable, divided by the radius.
    pub fn new(problem: &Problem<'_>, radius: f64) -> Self {
        let (lower, upper) = (problem.lower().to_vec(), problem.upper().to_vec());
        let unit = |(low, high): (&f64, &f64)| ((high - low) / (2.0 * radius)).min(1.0);
        ResidualHistory {
            n: problem.dim(),
            m: problem.n_outputs(),
            points: Vec::new(),
            residuals: Vec::new(),
            values: Vec::new(),
            best: 0,
            forgotten: 0,
            scale: lower.iter().zip(&upper).map(unit).collect(),
            lower,
            upper,
        }
    }

    /// The start and a point `radius` away from it along each coordinate, to the side with more room, upwards if both have enough.
    pub fn first_points(&self, start: &[f64], radius: f64) -> Vec<f64> {
        let mut points = start.to_vec();
        for i in 0..self.n {
            let step = radius * self.scale[i];
            let (down, up) = (start[i] - self.lower[i], self.upper[i] - start[i]);
            let mut x = start.to_vec();
            x[i] = if up >= step.min(down) {
                (x[i] + step).min(self.upper[i])
            } else {
                (x[i] - step).max(self.lower[i])
            };
            points.extend(x);
        }
        points
    }

    /// Evaluate points (one after the other in `points`) in one batch, and keep those whose residuals are finite. One whose sum of squares
    /// is below `limit` and the least becomes the best. The sum of squares of each, infinity where it is not finite.
    ///
    /// # Errors
    /// [`Stop`] when the run has to end.
    pub fn evaluate(
        &mut self,
        problem: &mut Problem<'_>,
        points: &[f64],
        limit: f64,
    ) -> Result<Vec<f64>, Stop> {
        let answers = problem.batch(Want::RESIDUALS, points)?;
        let values: Vec<f64> = answers
            .values
            .iter()
            .map(|value| if value.is_finite() { *value } else { f64::INFINITY })
            .collect();
        let residuals = answers.residuals.chunks_exact(self.m);
        for ((x, r), &value) in points.chunks_exact(self.n).zip(residuals).zip(&values) {
            if value.is_finite() {
                self.points.extend_from_slice(x);
                self.residuals.extend_from_slice(r);
                self.values.push(value);
                if value < limit.min(self.values[self.best]) {
                    self.best = self.values.len() - 1;
                }
            }
        }
        Ok(values)
    }

    /// Forget the oldest points, but for the best one, when there are more than twice `most`.
    pub fn forget(&mut self, most: usize) {
        if self.len() <= 2 * most {
            return;
        }
        let first = self.len() - most;
        if self.best < first {
            let (n, m, best) = (self.n, self.m, self.best);
            self.points.copy_within(best * n..(best + 1) * n, first * n);
            self.residuals.copy_within(best * m..(best + 1) * m, first * m);
            self.values[first] = self.values[best];
            self.best = first;
        }
        self.points.drain(..first * self.n);
        self.residuals.drain(..first * self.m);
        self.values.drain(..first);
        self.best -= first;
        self.forgotten += first as u64;
    }

    /// The number of points.
    pub fn len(&self) -> usize {
        self.values.len()
    }

    /// Whether there is no point.
    pub fn is_empty(&self) -> bool {
        self.values.is_empty()
    }

    /// What identifies a point of a run, also after others were forgotten.
    pub fn id(&self, k: usize) -> u64 {
        self.forgotten + k as u64
    }

    /// The number of variables.
    pub fn dim(&self) -> usize {
        self.n
    }

    /// The number of residuals.
    pub fn n_residuals(&self) -> usize {
        self.m
    }

    /// A point.
    pub fn point(&self, k: usize) -> &[f64] {
        &self.points[k * self.n..(k + 1) * self.n]
    }

    /// The residuals there.
    pub fn residuals(&self, k: usize) -> &[f64] {
        &self.residuals[k * self.m..(k + 1) * self.m]
    }

    /// The best point.
    pub fn best(&self) -> usize {
        self.best
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
    pub fn way(&self, k: usize) -> Vec<f64> {
        self.way_to(self.point(k))
    }

    fn way_to(&self, x: &[f64]) -> Vec<f64> {
        let mut way = vec![0.0; self.n];
        self.write_way(x, &mut way);
        way
    }

    fn write_way(&self, x: &[f64], way: &mut [f64]) {
        let from = self.best_point().iter().zip(&self.scale);
        for (w, (x, (from, scale))) in way.iter_mut().zip(x.iter().zip(from)) {
            *w = (x - from) / scale;
        }
    }

    /// The way to the best point from another one, in the scaled variables.
    pub fn way_from(&self, x: &[f64]) -> Vec<f64> {
        self.way_to(x).iter().map(|w| -w).collect()
    }

    /// How far the best point can go down and up in each coordinate.
    pub fn room(&self) -> (Vec<f64>, Vec<f64>) {
        let low = self.way_to(&self.lower).iter().map(|low| low.min(0.0)).collect();
        let high = self.way_to(&self.upper).iter().map(|high| high.max(0.0)).collect();
        (low, high)
    }

    /// The point after a step from the best one; coordinates that the step takes to a bound are there exactly.
    pub fn after(&self, d: &[f64]) -> Vec<f64> {
        let (low, high) = self.room();
        let x = self.best_point();
        (0..self.n)
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

    /// Add to `found` points at most `reach` away from the best one, the newest first, whose ways have at least the length `apart`
    /// outside of the space that the ways to the others span.
    pub fn add_independent(&self, found: &mut Independent, reach: f64, apart: f64) {
        let mut way = vec![0.0; self.n];
        for k in (0..self.len()).rev() {
            if found.points.len() == self.n {
                return;
            }
            if k == self.best || found.points.contains(&k) {
                continue;
            }
            self.write_way(self.point(k), &mut way);
            if nrm2(&way) <= reach * ROUNDING && found.add(&way, apart) {
                found.points.push(k);
            }
        }
    }

    /// Go through other points at most `reach` away, the newest first, with their ways, as long as `next` wants more.
    pub fn others(
        &self,
        found: &Independent,
        reach: f64,
        mut next: impl FnMut(usize, &[f64]) -> bool,
    ) {
        let mut way = vec![0.0; self.n];
        for k in (0..self.len()).rev().filter(|k| *k != self.best && !found.points.contains(k)) {
            self.write_way(self.point(k), &mut way);
            if nrm2(&way) <= reach * ROUNDING && !next(k, &way) {
                return;
            }
        }
    }

    /// Steps along coordinates, at most `radius` long, that together with `found` span the space: to the side on which there is more
    /// room or, where there is enough on both, downhill.
    pub fn missing(&self, found: &Independent, radius: f64, gradient: &[f64]) -> Vec<Vec<f64>> {
        let (low, high) = self.room();
        let mut span = found.clone();
        let mut steps = Vec::new();
        while span.basis.len() < self.n * self.n {
            let coordinate = span.farthest_coordinate(self.n);
            let mut step = vec![0.0; self.n];
            step[coordinate] = 1.0;
            span.add(&step, 0.0);
            let (down, up) = ((-low[coordinate]).min(radius), high[coordinate].min(radius));
            let uphill = gradient.get(coordinate).is_some_and(|slope| *slope > 0.0);
            step[coordinate] = if down > up || down == up && uphill { -down } else { up };
            steps.push(step);
        }
        steps
    }
}

impl Independent {
    /// Add a way, if enough of it is outside of the span.
    fn add(&mut self, way: &[f64], apart: f64) -> bool {
        let n = way.len();
        let known = self.basis.len();
        self.basis.extend_from_slice(way);
        let (basis, rest) = self.basis.split_at_mut(known);
        let start = self.triangle.len();
        self.triangle.resize(start + known / n, 0.0);
        // Twice, because the first pass leaves rounding.
        for _ in 0..2 {
            for (row, entry) in basis.chunks_exact(n).zip(&mut self.triangle[start..]) {
                let along = dot(row, rest);
                *entry += along;
                axpy(-along, row, rest);
            }
        }
        let length = nrm2(rest);
        let enough = length > 0.0 && length >= apart;
        if enough {
            self.triangle.push(length);
            rest.iter_mut().for_each(|r| *r /= length);
        } else {
            self.basis.truncate(known);
            self.triangle.truncate(start);
        }
        enough
    }

    /// The inverse of the matrix whose rows are the ways, of which there are n, measured in `unit`.
    pub fn invert(&self, unit: f64, inverse: &mut Vec<f64>) {
        let n = self.points.len();
        inverse.clear();
        inverse.resize(n * n, 0.0);
        // The ways are L V with an orthogonal V: V'L^-1, column by column of L^-1.
        let mut column = vec![0.0; n];
        let row = |i: usize| &self.triangle[i * (i + 1) / 2..(i + 1) * (i + 2) / 2];
        for k in 0..n {
            column[..k].fill(0.0);
            for i in k..n {
                let target = if i == k { unit } else { 0.0 };
                column[i] = (target - dot(&row(i)[k..i], &column[k..i])) / row(i)[i];
            }
            for (v, c) in self.basis.chunks_exact(n).zip(&column).skip(k) {
                for (i, v) in v.iter().enumerate() {
                    inverse[i * n + k] += c * v;
                }
            }
        }
    }

    /// The coordinate of which the most is outside of the span.
    fn farthest_coordinate(&self, n: usize) -> usize {
        let inside =
            |i: usize| -> f64 { self.basis.chunks_exact(n).map(|row| row[i] * row[i]).sum() };
        (0..n).fold(0, |best, i| if inside(i) < inside(best) - 1e-12 { i } else { best })
    }
}

#[cfg(test)]
mod tests {
    use thalweg_core::{ProblemSpec, testing::FunctionOracle};

    use super::*;

    const INF: f64 = f64::INFINITY;

    /// A history of these points in the plane, whose residuals are their coordinates, undefined beyond 50.
    fn history(bounds: &[(f64, f64)], points: &[f64]) -> ResidualHistory {
        let undefined = |x: &[f64], out: &mut [f64]| {
            out.copy_from_slice(x);
            out[0] = if x[0] > 50.0 { f64::NAN } else { x[0] };
        };
        let mut oracle = FunctionOracle::least_squares(2, undefined);
        let (lower, upper) = bounds.iter().copied().unzip();
        let spec = ProblemSpec { lower, upper, n_outputs: 2, ..Default::default() };
        let mut problem = Problem::new(&mut oracle, &spec);
        let mut history = ResidualHistory::new(&problem, 1.0);
        history.evaluate(&mut problem, points, INF).unwrap();
        history
    }

    #[test]
    fn the_newest_independent_points_within_reach_are_taken() {
        let free = [(-INF, INF); 2];
        let points = [1.0, 1.0, 1.0, 2.0, 9.0, 9.0, 3.0, 1.0, 2.0, 1.0, 2.0, 1.001];
        let history = history(&free, &points);
        assert_eq!((history.best(), history.best_value(), history.len()), (0, 2.0, 6));
        let mut found = Independent::default();
        history.add_independent(&mut found, 1.1, 0.01);
        assert_eq!(found.points, [5, 1]);
        let mut few = Independent::default();
        history.add_independent(&mut few, 0.5, 0.01);
        assert!(few.points.is_empty());
        let mut others = Vec::new();
        history.others(&found, 2.5, |k, way| {
            assert_eq!(way, history.way(k));
            others.push(k);
            true
        });
        assert_eq!(others, [4, 3]);
        let mut inverse = Vec::new();
        found.invert(2.0, &mut inverse);
        // The ways are (1, 0.001) and (0, 1).
        for (entry, exact) in inverse.iter().zip([2.0, -0.002, 0.0, 2.0]) {
            assert!((entry - exact).abs() < 1e-12, "{inverse:?}");
        }
    }

    #[test]
    fn missing_directions_are_coordinates_with_room() {
        let history = history(&[(0.9, 40.0), (-INF, INF)], &[1.0, 1.0, 1.0, 2.0]);
        let mut found = Independent::default();
        history.add_independent(&mut found, 2.0, 0.01);
        assert_eq!(history.missing(&found, 0.5, &[]), [[0.5, 0.0]]);
        let nothing = Independent::default();
        assert_eq!(history.missing(&nothing, 0.5, &[1.0, 1.0]), [[0.5, 0.0], [0.0, -0.5]]);
    }

    #[test]
    fn bounds_are_met_exactly_and_narrow_boxes_have_a_smaller_unit() {
        let history = history(&[(0.1, 0.4), (-INF, 0.7)], &[0.3, 0.2]);
        assert!((history.scale[0] - 0.15).abs() < 1e-15 && history.scale[1] == 1.0);
        assert_eq!(history.after(&history.room().1), [0.4, 0.7]);
        assert_eq!(history.after(&[-9.0, -1.0]), [0.1, -0.8]);
    }

    #[test]
    fn undefined_points_are_not_kept_and_old_ones_forgotten_but_for_the_best() {
        let free = [(-INF, INF); 2];
        let mut history = history(&free, &[60.0, 0.0, 1.0, 0.0, 7.0, 0.0, 8.0, 0.0, 9.0, 0.0]);
        assert_eq!(history.len(), 4);
        history.forget(2);
        assert_eq!(history.len(), 4);
        history.forget(1);
        assert_eq!(
            (history.len(), history.best_point(), history.best_value()),
            (1, &[1.0, 0.0][..], 1.0)
        );
    }
}
