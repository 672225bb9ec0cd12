//! The growth of a model that begins with fewer points than it needs: steps are taken while the points are gathered.
//!
//! As long as there are fewer than n + 1 points, the flattest model through them knows nothing of the directions outside of their span,
//! and its steps would stay within. So either the Jacobian gets small singular values where it has none, which leads its steps out of
//! the span, or the steps are taken a bit into a new direction. Each new point is added; none has to go.
//!
//! Reference:
//! * C. Cartis, J. Fiala, B. Marteau, L. Roberts, Improving the flexibility and robustness of model-based derivative-free optimization
//!   solvers, ACM Transactions on Mathematical Software 45 (2019), section 3, <https://doi.org/10.1145/3338517>

use thalweg_core::{Problem, Stop};
use thalweg_linalg::{axpy, nrm2};

use super::residual_model::span;
use super::residual_rules::GrowthRules;
use super::residual_search::{AFTER_SHORT_STEP, ResidualSearch};
use super::residual_start::take_out;

/// The part of a step outside of the span that makes it one in a new direction.
const OUTSIDE: f64 = 1e-3;
/// How often a step is halved towards the best point while its residuals are not finite.
const HALVINGS: usize = 4;

/// A point that was added.
struct Added {
    /// The best value before, and the value there.
    before: f64,
    value: f64,
}

impl ResidualSearch {
    /// One iteration, which adds at least one point. With the last one, or without finite residuals, the growth is over.
    pub(super) fn grow(
        &mut self,
        problem: &mut Problem<'_>,
        rules: GrowthRules,
    ) -> Result<(), Stop> {
        if !self.model.refresh(&self.set) {
            return self.end_growth(problem, rules);
        }
        let rank = self.set.len() - 1;
        if rules.by_jacobian {
            self.model.fill_rank(&self.set, rank, &rules);
        }
        let promised = self.model.step(&self.set, self.radii.delta, &mut self.d);
        let length = nrm2(&self.d);
        let short = length < self.rules.short * self.radii.rho;
        if short && rules.safety {
            if rules.shrinks_when_short {
                self.radii.set_delta(AFTER_SHORT_STEP * self.radii.delta);
            }
            if rules.moves_when_short {
                self.improve(problem)?;
            }
            self.d.fill(0.0);
        }
        self.lead_out(rules);
        let Some(added) = self.add(problem)? else { return self.end_growth(problem, rules) };
        let mut ratio = f64::INFINITY;
        if !(short && rules.safety) {
            let gained = added.before - added.value;
            ratio = if promised > 0.0 { gained / promised } else { gained.signum() };
            self.adapt_radius(ratio, length, rules.shrink);
        }
        problem.iteration(self.set.best_point(), self.set.best_value())?;
        self.add_directions(problem, rules)?;
        let enough = self.set.len() > self.set.dim();
        if rules.moves_far_points && ratio < self.rules.good && self.model.refresh(&self.set) {
            self.improve(problem)?;
        }
        if enough { self.end_growth(problem, rules) } else { Ok(()) }
    }

    /// Add a way into a new direction to the step, unless a Jacobian of full rank has led it there.
    fn lead_out(&mut self, rules: GrowthRules) {
        let Some((_, basis, _)) = span(&self.set) else { return };
        let mut rest = self.d.clone();
        take_out(&basis, &mut rest);
        let outside = nrm2(&rest);
        if rules.by_jacobian && outside > 0.0 && outside >= OUTSIDE * nrm2(&self.d) {
            return;
        }
        let direction = self.new_direction(&basis);
        axpy(rules.length * self.radii.delta, &direction, &mut self.d);
        self.set.keep_within(&mut self.d);
    }

    /// Of the coordinate of which the most is outside of the span, that part, to the side with more room.
    fn new_direction(&self, basis: &[Vec<f64>]) -> Vec<f64> {
        let n = self.set.dim();
        let inside = |i: usize| basis.iter().map(|v| v[i] * v[i]).sum::<f64>();
        let i = (0..n).fold(0, |best, i| if inside(i) < inside(best) - 1e-12 { i } else { best });
        let mut direction = vec![0.0; n];
        direction[i] = if self.set.high[i] >= -self.set.low[i] { 1.0 } else { -1.0 };
        take_out(basis, &mut direction);
        let length = nrm2(&direction);
        direction.iter_mut().for_each(|d| *d /= length);
        direction
    }

    /// Evaluate the step, cut where the residuals are not finite, and add the point.
    fn add(&mut self, problem: &mut Problem<'_>) -> Result<Option<Added>, Stop> {
        let before = self.set.best_value();
        for _ in 0..HALVINGS {
            let value = self.evaluate(problem)?;
            if value.is_finite() {
                self.set.push(&self.x, &self.residuals, value);
                self.model.forget();
                return Ok(Some(Added { before, value }));
            }
            self.d.iter_mut().for_each(|d| *d *= 0.5);
        }
        Ok(None)
    }

    /// Further points in new directions.
    fn add_directions(
        &mut self,
        problem: &mut Problem<'_>,
        rules: GrowthRules,
    ) -> Result<(), Stop> {
        for _ in 0..rules.extra {
            if self.set.len() > self.set.dim() {
                break;
            }
            self.d.fill(0.0);
            self.lead_out(rules);
            if self.add(problem)?.is_none() {
                break;
            }
            problem.iteration(self.set.best_point(), self.set.best_value())?;
        }
        Ok(())
    }

    /// Go on with all points that a model needs.
    fn end_growth(&mut self, problem: &mut Problem<'_>, rules: GrowthRules) -> Result<(), Stop> {
        self.rules.growth = None;
        self.rules.first.count = self.rules.n_points;
        if self.set.len() <= self.set.dim() {
            self.renew(problem)?;
        } else {
            self.add_points(problem, self.rules.n_points)?;
        }
        let (delta, rho) = rules.resets;
        if rho {
            self.radii.start_at(self.radii.first);
        } else if delta {
            self.radii.set_delta(self.radii.first);
        }
        Ok(())
    }
}
