//! The weight of the largest violation in the merit function, and the models' promise under it.
//!
//! Reference:
//! * M. J. D. Powell, A direct search optimization method that models the objective and constraint functions by linear interpolation
//!   (1994), section 2, <https://doi.org/10.1007/978-94-015-8330-5_4>

use thalweg_linalg::{dot, nrm2};

use super::LinearSearch;
use crate::pieces::linear_rules::Weighing;
use crate::pieces::linear_set::{Known, LinearModel};

/// A change of the violation by less than this part of what a step of its length could change is no reason for a larger weight.
const SMALL_CHANGE: f64 = 1e-4;
/// Nor is a violation by less than this part, when a step makes it larger.
const LARGE_VIOLATION: f64 = 0.1;
/// The weight that such a violation asks for is at most this many times the ratio of the gradients of objective and constraints.
const LARGEST_WEIGHT: f64 = 10.0;
/// A weight that is too small becomes this many times the needed one.
const ENOUGH: f64 = 2.0;

impl LinearSearch<'_> {
    /// The changes of objective and largest violation that the models foresee.
    pub(super) fn foreseen(&self, model: &LinearModel, d: &[f64]) -> (f64, f64) {
        let bends = model.curvature.as_ref().map(|curvature| curvature.bends(d));
        self.foreseen_with(bends.as_deref(), model, d)
    }

    /// The same, where it is known what the curvature changes.
    pub(super) fn foreseen_with(
        &self,
        bends: Option<&[f64]>,
        model: &LinearModel,
        d: &[f64],
    ) -> (f64, f64) {
        let bend = |i: usize| bends.map_or(0.0, |bends| bends[i]);
        let rows = model.jacobian.chunks_exact(d.len()).enumerate();
        let changes = rows.map(|(i, row)| dot(row, d) + bend(i + 1));
        let each = changes.zip(&model.limits).map(|(v, (low, high))| (low - v).max(v - high));
        let violation = each.fold(0.0, f64::max);
        (dot(&model.gradient, d) + bend(0), violation - self.set.best_violation())
    }

    /// How much less the merit function is after a step for which the models foresee these changes.
    pub(super) fn promise(&self, (value, violation): (f64, f64)) -> f64 {
        -value - self.mu * violation
    }

    /// The merit function.
    pub(super) fn merit(&self, known: &Known) -> f64 {
        known.value + self.mu * self.set.violation(known)
    }

    /// Raise the weight of violations until the step, for which the models foresee these changes, counts as a gain. Whether another
    /// point is the best one then.
    pub(super) fn raise_weight(
        &mut self,
        model: &LinearModel,
        d: &[f64],
        (value, violation): (f64, f64),
    ) -> bool {
        let (small, least) = match self.rules().weighing {
            // To weigh a change that is small for a step of this length would make the weight enormous, and steps along curves
            // impossible.
            Weighing::Cautious => (SMALL_CHANGE * reach(model, d), 1.5),
            Weighing::Ranges => (0.0, ENOUGH),
        };
        if value <= 0.0 || violation >= -small {
            return false;
        }
        let needed = value / -violation;
        if self.mu >= least * needed {
            return false;
        }
        self.mu = ENOUGH * needed;
        self.set.choose_best(self.mu)
    }

    /// A point with a larger violation is no gain, however much lower the objective is there: raise the weight until it is none. The
    /// models promise less violation, so that without this rule a weight that is too small may never be found out. `reach` is by how
    /// much the step could have changed a constraint: next to that, the violation has to be large; `fall` is by how much it could have
    /// changed the objective.
    pub(super) fn punish(&mut self, known: &Known, (reach, fall): (f64, f64)) {
        let (before, after) = (self.set.best_violation(), self.set.violation(known));
        let gain = self.set.best().value - known.value;
        let cautious = self.rules().weighing == Weighing::Cautious;
        let large = before >= LARGE_VIOLATION * reach && before > 0.0;
        let matters = cautious && large && after > before;
        if known.is_finite() && matters && gain >= self.mu * (after - before) {
            let wanted = 2.0 * gain / (after - before);
            self.mu = wanted.min(LARGEST_WEIGHT * fall / reach).max(self.mu);
        }
    }
}

/// By how much a step of this length can change a constraint.
pub(super) fn reach(model: &LinearModel, d: &[f64]) -> f64 {
    let steepest = model.jacobian.chunks_exact(d.len()).map(nrm2).fold(0.0, f64::max);
    steepest * nrm2(d)
}
