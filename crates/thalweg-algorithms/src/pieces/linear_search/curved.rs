//! The step by models with curvature, which searches with constraints take from some evaluations on.
//!
//! It is that of sequential quadratic programming: the Hessian of the Lagrange function `f - sum_i y_i c_i`, whose multipliers are those of
//! the step before, and linear constraints. As the models of the constraints are curved as well, the step is found again from limits
//! that are moved by what their curvature changes after it; where that comes to rest, it minimizes the model of the objective under the
//! models of the constraints. Of all these steps that of the least merit by the models is taken.
//!
//! Reference:
//! * J. Nocedal, S. J. Wright, Numerical Optimization (2006), sections 18.1 and 18.3, <https://doi.org/10.1007/978-0-387-40065-5>

use thalweg_linalg::axpy;

use super::LinearSearch;
use crate::pieces::linear_set::{Curvature, Known, LinearModel};
use crate::pieces::linear_step::LinearStep;

/// How often the step is found again.
const REPETITIONS: usize = 2;
/// A step inside the trust region that is longer than this part of the one before, which was inside as well, is no shorter.
const SHORTER: f64 = 0.5;
/// How many of them are too many.
const REPEATED: usize = 3;
/// A step of this part of the radius goes to the boundary.
const BOUNDARY: f64 = 0.99;
/// The weight of violations by which steps are compared is at least this many times the sum of the multipliers.
const ENOUGH: f64 = 2.0;

/// Steps to minima of the models inside the trust region.
pub(super) struct Inner {
    /// The length of the last one; infinite if the last step was none.
    length: f64,
    /// How many in a row were no shorter than the one before.
    repeated: usize,
}

impl Inner {
    pub(super) fn none() -> Self {
        Inner { length: f64::INFINITY, repeated: 0 }
    }

    /// Take in the length of a step to a minimum inside, or that there was none; whether too many in a row have been no shorter.
    fn is_stuck_after(&mut self, length: Option<f64>) -> bool {
        let Some(length) = length else {
            *self = Inner::none();
            return false;
        };
        self.repeated = if length > SHORTER * self.length { self.repeated + 1 } else { 0 };
        self.length = length;
        self.repeated == REPEATED
    }
}

impl LinearSearch<'_> {
    /// Whether the models are curved at this time.
    pub(super) fn is_curved(&self) -> bool {
        self.set.is_constrained() && self.evaluations >= self.course.curved_from
    }

    /// Learn the curvature from a point, if it will be asked for.
    pub(super) fn learn(&mut self, x: &[f64], known: &Known) {
        if self.set.is_constrained() {
            self.set.learn(x, known);
        }
    }

    /// Forget the curvature where it makes steps too short: one to the minimum of right models is followed by a much shorter one. Where
    /// points are far away or scales differ by much, what is learned from a small step may hardly change the Hessian, so that
    /// equal steps would follow each other for ever.
    pub(super) fn watch(&mut self, ratio: f64, length: f64, radius: f64) {
        let inside = self.is_curved() && ratio.is_finite() && length < BOUNDARY * radius;
        if self.inner.is_stuck_after(inside.then_some(length)) {
            self.set.forget_curvature();
            self.inner = Inner::none();
        }
    }

    /// The step; `None` when rounding errors prevail.
    pub(super) fn curved_step(
        &mut self,
        model: &LinearModel,
        curvature: &Curvature,
    ) -> Option<Vec<f64>> {
        let (low, high) = self.set.room();
        let mut multipliers = self.multipliers.clone();
        let mut limits = model.limits.clone();
        let mut best: Option<(Vec<f64>, f64)> = None;
        for _ in 0..REPETITIONS {
            let step = LinearStep {
                gradient: &model.gradient,
                jacobian: &model.jacobian,
                limits: &limits,
                low: &low,
                high: &high,
                radius: self.radii.delta,
            };
            let hessian = lagrangian(curvature, &multipliers);
            let Some(found) = step.solve_curved(&hessian, self.lambda) else { break };
            self.lambda = found.lambda;
            multipliers = found.multipliers;
            let size = multipliers.iter().map(|y| y.abs()).sum::<f64>();
            let bends = curvature.bends(&found.d);
            let (value, violation) = self.foreseen_with(Some(&bends), model, &found.d);
            let merit = value + self.mu.max(ENOUGH * size) * violation;
            for ((moved, limit), bend) in limits.iter_mut().zip(&model.limits).zip(&bends[1..]) {
                *moved = (limit.0 - bend, limit.1 - bend);
            }
            if best.as_ref().is_none_or(|(_, least)| merit < *least) {
                best = Some((found.d, merit));
                self.multipliers.clone_from(&multipliers);
            }
        }
        best.map(|(d, _)| d)
    }
}

/// The Hessian of the Lagrange function.
fn lagrangian(curvature: &Curvature, multipliers: &[f64]) -> Vec<f64> {
    let mut hessian = curvature.hessian(0).to_vec();
    for (i, y) in multipliers.iter().enumerate() {
        axpy(-y, curvature.hessian(i + 1), &mut hessian);
    }
    hessian
}

#[cfg(test)]
mod tests {
    use super::*;

    /// After how many of these steps the curvature is given up.
    fn stuck_after(lengths: &[Option<f64>]) -> Option<usize> {
        let mut inner = Inner::none();
        lengths.iter().position(|length| inner.is_stuck_after(*length)).map(|k| k + 1)
    }

    #[test]
    fn steps_that_do_not_become_shorter_are_too_many_in_a_row() {
        assert_eq!(stuck_after(&[1.0, 0.9, 0.8, 0.9, 0.8].map(Some)), Some(4));
        assert_eq!(stuck_after(&[1.0, 0.4, 0.1, 0.01, 0.001, 0.0001].map(Some)), None);
        assert_eq!(stuck_after(&[1.0, 0.9, 0.8, 0.2, 0.19, 0.18, 0.17].map(Some)), Some(7));
        let at_the_boundary = [Some(1.0), Some(0.9), Some(0.8), None, Some(0.8), Some(0.8)];
        assert_eq!(stuck_after(&at_the_boundary), None);
    }
}
