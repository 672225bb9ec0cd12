//! Points that the local optima suggest.

use super::apart::is_nearer;
use super::crossed::crossed_points;
use super::fitted::fitted_points;
use super::search::{FLOOR, Search};

/// The most bowls that are fitted to local optima before a batch.
const FITTED: usize = 2;
/// The most optima whose coordinates are tried in the best one before a batch.
const PARTNERS: usize = 4;

impl Search<'_, '_> {
    /// A point that the local optima suggest. If it is better than the best of them: the minimum of a bowl that is fitted to them,
    /// or a mixture of coordinates; each costs one evaluation. Otherwise one that tests the best optimum.
    pub(super) fn suggested_start(&mut self) -> Option<Vec<f64>> {
        if !self.looks_at_large() {
            return None;
        }
        let n = self.space.n_free();
        let mut points = self.bowls();
        let mut crossed = Vec::new();
        for other in self.partners() {
            let (own, places) = self.crossed_with(other);
            crossed.extend(places.into_iter().map(|place| (other, place)));
            points.extend(own);
        }
        let values = self.evaluate(&points);
        let first = values.len().saturating_sub(crossed.len());
        let limit = self.best.1;
        let mut all = self.best.0.clone();
        let mut exchanged = 0;
        for (&value, &(other, place)) in values[first..].iter().zip(&crossed) {
            if value < limit {
                all[place] = self.points[other][place];
                exchanged += 1;
            }
        }
        let (mut points, mut values) = (points, values);
        if exchanged > 1 {
            values.extend(self.evaluate(&all));
            points.extend(all);
        }
        let best = (0..values.len()).min_by(|&a, &b| values[a].total_cmp(&values[b]));
        match best {
            Some(best) if values[best] < limit => Some(points[best * n..(best + 1) * n].to_vec()),
            _ => self.test_of_best(),
        }
    }

    /// Where the best optimum should be if it is the lowest one: the minimum of a bowl that is fitted to the other optima. A run
    /// that ends in the best optimum from there is a discovery that owes nothing to it; one that ends elsewhere is a run like any
    /// other. The best optimum is tested as soon as there are enough others, and again with half as many more.
    fn test_of_best(&mut self) -> Option<Vec<f64>> {
        let found = self.n_discoveries();
        if self.stop.is_some() || found >= self.options.convergence_max_discoveries {
            return None;
        }
        let others = self.points.len() - found;
        let known = self.tested.iter().rev().find(|(best, _)| self.is_same(best, &self.best.0));
        if known.is_some_and(|&(_, tested_with)| 2 * others < 3 * tested_with) {
            return None;
        }
        let minimum = self.fitted(1, |i| !self.is_same(&self.points[i], &self.best.0));
        if minimum.is_empty() {
            return None; // too few others yet
        }
        self.tested.push((self.best.0.clone(), others));
        // A run that would only repeat one that ended there confirms nothing.
        let runs = self.points.iter().zip(&self.began);
        let mut alike = runs.filter(|(end, _)| self.is_same(end, &self.best.0));
        let repeats = alike.any(|(_, began)| is_nearer(began, &minimum, &self.best.0, FLOOR));
        (!repeats).then_some(minimum)
    }

    /// The minima of bowls that are fitted to the local optima, as far as they are new.
    fn bowls(&mut self) -> Vec<f64> {
        let mut fitted = Vec::new();
        for point in self.fitted(FITTED, |_| true).chunks_exact(self.space.n_free()) {
            if !self.looked_at.iter().any(|known| self.is_same(known, point)) {
                self.looked_at.push(point.to_vec());
                fitted.extend_from_slice(point);
            }
        }
        fitted
    }

    /// The minima of up to `count` bowls that are fitted to those optima that `counts`; one after the other.
    fn fitted(&self, count: usize, counts: impl Fn(usize) -> bool) -> Vec<f64> {
        let value = |&i: &usize| self.optima[i].fun * if self.maximize { -1.0 } else { 1.0 };
        let mut order: Vec<usize> = (0..self.optima.len()).filter(|&i| counts(i)).collect();
        order.retain(|i| value(i).is_finite() && self.optima[*i].is_feasible);
        order.sort_by(|a, b| value(a).total_cmp(&value(b)).then(a.cmp(b)));
        let values: Vec<f64> = order.iter().map(value).collect();
        let points: Vec<&[f64]> = order.iter().map(|&i| self.points[i].as_slice()).collect();
        fitted_points(&points, &values, self.space.n_free(), count, 1)
    }

    /// The optima whose coordinates are tried in the best one: those that are new, and all of them when the best one is new.
    fn partners(&mut self) -> Vec<usize> {
        let Some(best) = self.best_run else { return Vec::new() };
        let (from, crossed_with) = std::mem::replace(&mut self.crossed, (self.optima.len(), best));
        let from = if crossed_with == best { from } else { 0 };
        let mut partners: Vec<usize> = (from..self.optima.len()).collect();
        let is_usable = |i: usize| self.optima[i].fun.is_finite() && self.optima[i].is_feasible;
        partners.retain(|&i| is_usable(i) && i != best);
        let mut distinct: Vec<usize> = Vec::new();
        for &i in partners.iter().rev() {
            let is_known = |&j: &usize| self.is_same(&self.points[i], &self.points[j]);
            if !distinct.iter().any(is_known) && distinct.len() < PARTNERS {
                distinct.push(i);
            }
        }
        distinct
    }

    fn crossed_with(&self, other: usize) -> (Vec<f64>, Vec<usize>) {
        let tolerance = self.options.convergence_xtol_rel;
        crossed_points(&self.best.0, &self.points[other], FLOOR, tolerance)
    }

    /// The objective at points of the algorithm's space; smaller is better.
    fn evaluate(&mut self, points: &[f64]) -> Vec<f64> {
        if points.is_empty() || self.stop.is_some() {
            return Vec::new();
        }
        let (spec, explored) = (&mut self.spec, &mut self.explored);
        explored.step = self.n_steps + 1;
        let values = self.exploration.further(points, spec, explored);
        self.stop = self.stop.take().or(self.explored.stop.take());
        values
    }
}
