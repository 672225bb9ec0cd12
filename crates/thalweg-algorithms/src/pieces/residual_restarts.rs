//! Restarts of the search on linear models of residuals: with the first radius, from the best point.
//!
//! Reference:
//! * C. Cartis, J. Fiala, B. Marteau, L. Roberts, Improving the flexibility and robustness of model-based derivative-free optimization
//!   solvers, ACM Transactions on Mathematical Software 45 (2019), section 4, <https://doi.org/10.1145/3338517>

use thalweg_core::{Problem, Stop};

use super::residual_rules::RestartRules;
use super::residual_search::ResidualSearch;
use super::residual_start::FirstResiduals;

/// Restarts in a row that find nothing better.
pub(super) struct Restarts {
    left: u64,
    /// The best value at the last one.
    value: f64,
}

impl Restarts {
    pub(super) fn new(rules: &RestartRules) -> Self {
        Restarts { left: rules.most, value: f64::INFINITY }
    }
}

impl ResidualSearch {
    /// Whether the course of the last iterations is one of noise alone.
    pub(super) fn is_lost_in_noise(&mut self) -> bool {
        if self.rules.restarts.most == 0 || self.rules.restarts.course.iterations == 0 {
            return false;
        }
        if let Some(change) = self.model.change() {
            self.course.record(self.radii.delta, change);
        }
        self.course.is_lost()
    }

    /// Go on with the first radius if a restart is left.
    pub(super) fn restart(&mut self, problem: &mut Problem<'_>) -> Result<bool, Stop> {
        let (rules, value) = (self.rules.restarts, self.best_of_all());
        if value < self.restarts.value {
            self.restarts = Restarts { left: rules.most, value };
        }
        if self.restarts.left == 0 {
            return Ok(false);
        }
        self.restarts.left -= 1;
        self.course.forget();
        self.slow.forget();
        self.model.forget_changes();
        self.rules.last_radius *= rules.last_radius;
        self.rules.moves.count += rules.more_moves;
        self.radii.start_at(self.radii.first);
        self.repetition.begin_again();
        self.repeat(problem)?;
        let (count, most) = (self.set.len(), rules.most_points.max(self.set.len()));
        let wanted = (count + rules.more_points).min(most);
        if rules.hard {
            self.rules.first.count = wanted;
            return self.surround(problem, self.radii.delta, rules.afresh);
        }
        self.move_points(problem)?;
        self.add_points(problem, wanted)?;
        Ok(true)
    }

    /// Move the points next to the best one away from it, and go on from the best of them, if the rules say so: in noise, the best
    /// point is a lucky one, beside which no other one looks good.
    fn move_points(&mut self, problem: &mut Problem<'_>) -> Result<(), Stop> {
        let rules = self.rules.restarts;
        if self.set.best_value() <= self.best_of_all() {
            self.before = Some((self.set.best_point().to_vec(), self.set.best_value()));
        }
        let (mut moved, mut least) = (None, f64::INFINITY);
        for _ in 0..rules.moved.min(self.set.len() - 1) {
            if !self.model.refresh(&self.set) {
                break;
            }
            let t = self.set.nearest();
            if self.move_point(problem, t, self.radii.delta)? && self.set.values[t] < least {
                (moved, least) = (Some(t), self.set.values[t]);
            }
        }
        if let Some(t) = moved.filter(|_| rules.moves_center) {
            self.set.move_center(t);
            self.model.forget();
        }
        Ok(())
    }

    /// New points around the best one. `false` when they do not determine a model either.
    pub(super) fn surround(
        &mut self,
        problem: &mut Problem<'_>,
        radius: f64,
        afresh: bool,
    ) -> Result<bool, Stop> {
        let first = FirstResiduals { radius, ..self.rules.first };
        self.model.forget();
        let known = self.set.renew(problem, first, afresh)?;
        if known {
            problem.iteration(self.set.best_point(), self.set.best_value())?;
        }
        Ok(known && self.model.refresh(&self.set))
    }

    /// Let the set grow to `wanted` points.
    pub(super) fn add_points(
        &mut self,
        problem: &mut Problem<'_>,
        wanted: usize,
    ) -> Result<(), Stop> {
        let steps = self.set.along_coordinates(self.radii.delta, wanted - 1);
        for step in steps.into_iter().skip(self.set.len() - 1) {
            self.d = step;
            self.set.keep_within(&mut self.d);
            let value = self.evaluate(problem)?;
            if value.is_finite() {
                self.set.push(&self.x, &self.residuals, value);
                self.model.forget();
                problem.iteration(self.set.best_point(), self.set.best_value())?;
            }
        }
        self.rules.first.count = self.set.len();
        Ok(())
    }
}
