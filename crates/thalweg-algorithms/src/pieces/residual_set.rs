//! Points at which residuals are known, around the best of them.
//!
//! The points are kept as they were evaluated, in the user's parameters, so that the differences between them are exact. Inside, a
//! variable whose box is narrow is measured in a smaller unit. How the first points are chosen is in `residual_start`, the model through
//! all of them in `residual_model`.

use std::collections::VecDeque;

use thalweg_linalg::nrm2;

/// The points that left a set are remembered up to this many, and this many for each variable.
const PAST: (usize, usize) = (60, 3);

/// The points, with their residuals and sums of squares.
#[derive(Clone, Debug)]
pub struct ResidualSet {
    pub(super) points: Vec<f64>,
    pub(super) residuals: Vec<f64>,
    /// The sum of squares at each point.
    pub values: Vec<f64>,
    /// The best point.
    pub best: usize,
    /// The unit of each variable.
    pub(super) scale: Vec<f64>,
    pub(super) lower: Vec<f64>,
    pub(super) upper: Vec<f64>,
    /// How often the residuals are evaluated at each point; their mean is what counts.
    pub(super) samples: usize,
    /// The ways from the best point to all others, in the scaled variables, and their lengths.
    ways: Vec<f64>,
    distances: Vec<f64>,
    /// How far the best point can go down and up in each coordinate.
    pub low: Vec<f64>,
    /// How far up.
    pub high: Vec<f64>,
    /// The points that left last, with their residuals, the newest first.
    past: VecDeque<(Vec<f64>, Vec<f64>)>,
}

impl ResidualSet {
    /// One point, whose residuals are not known yet. Where a box is narrower than two radii, its half is the unit of the variable,
    /// divided by the radius.
    pub(super) fn new(
        start: Vec<f64>,
        (lower, upper): (Vec<f64>, Vec<f64>),
        radius: f64,
        samples: usize,
    ) -> Self {
        let unit = |(low, high): (&f64, &f64)| ((high - low) / (2.0 * radius)).min(1.0);
        let n = start.len();
        let mut set = ResidualSet {
            points: start,
            residuals: Vec::new(),
            values: vec![f64::INFINITY],
            best: 0,
            scale: lower.iter().zip(&upper).map(unit).collect(),
            lower,
            upper,
            samples,
            ways: Vec::new(),
            distances: Vec::new(),
            low: vec![0.0; n],
            high: vec![0.0; n],
            past: VecDeque::new(),
        };
        set.look_around();
        set
    }

    /// The number of points.
    #[allow(clippy::len_without_is_empty)] // there is always a best point
    pub fn len(&self) -> usize {
        self.values.len()
    }

    /// The number of variables.
    pub fn dim(&self) -> usize {
        self.scale.len()
    }

    /// The number of residuals.
    pub fn n_residuals(&self) -> usize {
        self.residuals.len() / self.len()
    }

    pub(super) fn point(&self, k: usize) -> &[f64] {
        let n = self.dim();
        &self.points[k * n..(k + 1) * n]
    }

    /// The residuals at a point.
    pub fn residuals(&self, k: usize) -> &[f64] {
        let m = self.n_residuals();
        &self.residuals[k * m..(k + 1) * m]
    }

    /// The best point.
    pub fn best_point(&self) -> &[f64] {
        self.point(self.best)
    }

    /// The sum of squares there.
    pub fn best_value(&self) -> f64 {
        self.values[self.best]
    }

    /// The way from the best point to another one.
    pub fn way(&self, k: usize) -> &[f64] {
        let n = self.dim();
        &self.ways[k * n..(k + 1) * n]
    }

    /// The length of that way.
    pub fn distance(&self, k: usize) -> f64 {
        self.distances[k]
    }

    /// The largest coordinate of the best point in the scaled variables.
    pub fn size(&self) -> f64 {
        let scaled = self.best_point().iter().zip(&self.scale).map(|(x, scale)| x.abs() / scale);
        scaled.fold(0.0, f64::max)
    }

    /// Write the point after a step from the best one; coordinates that the step takes to a bound are there exactly.
    pub fn after(&self, d: &[f64], x: &mut Vec<f64>) {
        let from = self.best_point();
        x.clear();
        x.extend((0..d.len()).map(|i| {
            if d[i] <= self.low[i] && self.low[i].is_finite() {
                self.lower[i]
            } else if d[i] >= self.high[i] && self.high[i].is_finite() {
                self.upper[i]
            } else {
                (from[i] + self.scale[i] * d[i]).max(self.lower[i]).min(self.upper[i])
            }
        }));
    }

    /// Cut a step off at the bounds.
    pub fn keep_within(&self, d: &mut [f64]) {
        for (d, (low, high)) in d.iter_mut().zip(self.low.iter().zip(&self.high)) {
            *d = d.max(*low).min(*high);
        }
    }

    /// The point farthest from the best one, if it is farther than `distance`, and how far.
    pub fn farthest(&self, distance: f64) -> Option<(usize, f64)> {
        let all = self.distances.iter().copied().enumerate();
        all.filter(|(_, length)| *length > distance).max_by(|a, b| a.1.total_cmp(&b.1))
    }

    /// The point nearest to the best one, without that. There have to be two.
    pub fn nearest(&self) -> usize {
        let others = (0..self.len()).filter(|&k| k != self.best);
        others
            .min_by(|&a, &b| self.distances[a].total_cmp(&self.distances[b]))
            .expect("there are two points")
    }

    /// The largest difference of a value from that of the best point, or of the one that counts as the best.
    pub fn spread(&self) -> f64 {
        let differences = self.values.iter().map(|value| (value - self.best_value()).abs());
        differences.fold(0.0, f64::max)
    }

    /// The points that left last, with their residuals, the newest first.
    pub fn past(&self) -> impl Iterator<Item = &(Vec<f64>, Vec<f64>)> {
        self.past.iter()
    }

    /// The way from the best point to any other.
    pub fn way_to(&self, x: &[f64]) -> Vec<f64> {
        let both = x.iter().zip(self.best_point());
        both.zip(&self.scale).map(|((x, from), scale)| (x - from) / scale).collect()
    }

    fn remember(&mut self, t: usize) {
        self.past.truncate(PAST.0.min(PAST.1 * self.dim()) - 1);
        self.past.push_front((self.point(t).to_vec(), self.residuals(t).to_vec()));
    }

    /// Put a point in the place of point `t`.
    pub fn replace(&mut self, t: usize, x: &[f64], residuals: &[f64], value: f64) {
        let (n, m) = (x.len(), residuals.len());
        if self.values[t].is_finite() {
            self.remember(t);
        }
        let old = self.best_value();
        self.points[t * n..(t + 1) * n].copy_from_slice(x);
        self.residuals[t * m..(t + 1) * m].copy_from_slice(residuals);
        self.values[t] = value;
        if value < old {
            self.best = t;
            self.look_around();
        } else if t == self.best {
            self.look_around();
        } else {
            self.look_at(t);
        }
    }

    /// Let a point count as the best one until there is a better one than it.
    pub(super) fn move_center(&mut self, t: usize) {
        self.best = t;
        self.look_around();
    }

    /// Add a point.
    pub fn push(&mut self, x: &[f64], residuals: &[f64], value: f64) {
        let t = self.len();
        self.points.extend_from_slice(x);
        self.residuals.extend_from_slice(residuals);
        self.values.push(f64::INFINITY);
        self.ways.extend_from_slice(x);
        self.distances.push(0.0);
        self.replace(t, x, residuals, value);
    }

    /// Keep the best point only.
    pub(super) fn forget_others(&mut self) {
        let (n, m, best) = (self.dim(), self.n_residuals(), self.best);
        self.points.copy_within(best * n..(best + 1) * n, 0);
        self.residuals.copy_within(best * m..(best + 1) * m, 0);
        self.values = vec![self.values[best]];
        self.points.truncate(n);
        self.residuals.truncate(m);
        self.best = 0;
    }

    /// Measure all ways, after the best point has moved.
    pub(super) fn look_around(&mut self) {
        let (n, count) = (self.dim(), self.len());
        self.ways.resize(count * n, 0.0);
        self.distances.resize(count, 0.0);
        (0..count).for_each(|k| self.look_at(k));
        let center = &self.points[self.best * n..(self.best + 1) * n];
        for i in 0..n {
            self.low[i] = ((self.lower[i] - center[i]) / self.scale[i]).min(0.0);
            self.high[i] = ((self.upper[i] - center[i]) / self.scale[i]).max(0.0);
        }
    }

    fn look_at(&mut self, k: usize) {
        let n = self.dim();
        let center = &self.points[self.best * n..(self.best + 1) * n];
        let way = &mut self.ways[k * n..(k + 1) * n];
        let point = &self.points[k * n..(k + 1) * n];
        for (w, ((x, from), scale)) in way.iter_mut().zip(point.iter().zip(center).zip(&self.scale))
        {
            *w = (x - from) / scale;
        }
        self.distances[k] = nrm2(way);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const INF: f64 = f64::INFINITY;

    fn set(points: &[f64], values: &[f64], bounds: (Vec<f64>, Vec<f64>)) -> ResidualSet {
        let n = bounds.0.len();
        let mut set = ResidualSet::new(points[..n].to_vec(), bounds, 1.0, 1);
        set.residuals = vec![values[0].sqrt()];
        set.values = vec![values[0]];
        for (x, value) in points.chunks_exact(n).zip(values).skip(1) {
            set.push(x, &[value.sqrt()], *value);
        }
        set
    }

    #[test]
    fn ways_follow_the_best_point() {
        let free = (vec![-INF; 2], vec![INF; 2]);
        let mut set = set(&[0.0, 0.0, 1.0, 0.0, 0.0, 3.0], &[2.0, 1.0, 5.0], free);
        assert_eq!((set.best, set.way(0), set.distance(2)), (1, &[-1.0, 0.0][..], 10_f64.sqrt()));
        assert_eq!((set.farthest(1.0), set.farthest(4.0)), (Some((2, 10_f64.sqrt())), None));
        assert_eq!((set.nearest(), set.spread(), set.size()), (0, 4.0, 1.0));
        set.move_center(0);
        assert_eq!(
            (set.best_point(), set.way(1), set.spread()),
            (&[0.0; 2][..], &[1.0, 0.0][..], 3.0)
        );
        set.replace(2, &[1.0, 0.5], &[0.0], 0.0);
        assert_eq!((set.best, set.way(1)), (2, &[0.0, -0.5][..]));
        set.forget_others();
        set.look_around();
        assert_eq!(
            (set.len(), set.best_point(), set.residuals(0)),
            (1, &[1.0, 0.5][..], &[0.0][..])
        );
    }

    #[test]
    fn bounds_are_met_exactly_and_narrow_boxes_have_a_smaller_unit() {
        let set = set(&[0.3, 0.2], &[1.0], (vec![0.1, -INF], vec![0.4, 0.7]));
        assert!((set.scale[0] - 0.15).abs() < 1e-15 && set.scale[1] == 1.0);
        let mut x = Vec::new();
        set.after(&set.high.clone(), &mut x);
        assert_eq!(x, [0.4, 0.7]);
        let mut d = [-9.0, -1.0];
        set.keep_within(&mut d);
        set.after(&d, &mut x);
        assert_eq!(x, [0.1, -0.8]);
    }
}
