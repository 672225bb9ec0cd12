//! Where the run has been, for the next subproblem to begin with.

use std::collections::VecDeque;

use thalweg_core::{CurvaturePair, Experience, Problem};
use thalweg_linalg::{dot, nrm2};

use super::penalty::Penalty;
use super::ridge::curvature_of_terms;
use super::subproblem::Point;
use crate::pieces::first_step::first_steps;

/// The most steps that are kept: as many as limited-memory methods keep.
const MOST: usize = 10;
/// Steps with less curvature than this, relative to the lengths of both, say nothing.
const FLAT: f64 = 1e-8;
/// The reach is no smaller than this part of first steps.
const SMALLEST_REACH: f64 = 1e-4;

/// The last iterates with all first derivatives, and where the last two subproblems ended.
///
/// The gradient of L is made of those of the objective and of the constraints. So the curvature on past steps is known exactly for the
/// next subproblem, whatever its multipliers and its penalty are.
#[derive(Debug, Default)]
pub(super) struct Trail {
    points: VecDeque<Point>,
    ends: VecDeque<Vec<f64>>,
}

impl Trail {
    /// Add an iterate, if all first derivatives are known there.
    pub fn add(&mut self, point: &Point) {
        let is_new = self.points.back().is_none_or(|last| last.x != point.x);
        if !(is_new && point.knows_derivatives()) {
            return;
        }
        if self.points.len() > MOST {
            self.points.pop_front();
        }
        self.points.push_back(point.clone());
    }

    /// Add the end of a subproblem.
    pub fn add_end(&mut self, x: &[f64]) {
        if self.ends.len() == 2 {
            self.ends.pop_front();
        }
        self.ends.push_back(x.to_vec());
    }

    /// What the next subproblem, from `start`, may begin with.
    pub fn experience(
        &self,
        problem: &Problem<'_>,
        penalty: &Penalty,
        start: &Point,
    ) -> Experience {
        let mut curvature = curvature_of_terms(start, penalty);
        curvature.extend(self.curvature(penalty));
        Experience { curvature, reach: self.reach(problem.lower(), problem.upper()) }
    }

    /// Steps with positive curvature, and the changes of the gradient of L on them.
    fn curvature(&self, penalty: &Penalty) -> Vec<CurvaturePair> {
        let gradients = self.points.iter().map(|point| point.gradient_of(penalty));
        let gradients: Vec<Vec<f64>> = gradients.collect();
        let steps = self.points.iter().zip(self.points.iter().skip(1));
        let changes = gradients.iter().zip(gradients.iter().skip(1));
        let pairs = steps.zip(changes).map(|((from, to), (before, after))| CurvaturePair {
            step: difference(&to.x, &from.x),
            change: difference(after, before),
        });
        let is_convex = |CurvaturePair { step, change }: &CurvaturePair| {
            dot(step, change) > FLAT * nrm2(step) * nrm2(change)
        };
        pairs.filter(is_convex).collect()
    }

    /// Subproblems end nearer and nearer to each other: the next one is expected to end no farther away than the last one did, in
    /// terms of first steps.
    fn reach(&self, lower: &[f64], upper: &[f64]) -> Vec<f64> {
        let (Some(from), Some(to)) = (self.ends.front(), self.ends.get(1)) else {
            return Vec::new();
        };
        let mut steps = first_steps(to, lower, upper);
        let moved = difference(to, from);
        let parts = moved.iter().zip(&steps).map(|(moved, step)| moved.abs() / step);
        let part = parts.fold(SMALLEST_REACH, f64::max).min(1.0);
        steps.iter_mut().for_each(|step| *step *= part);
        steps
    }
}

fn difference(a: &[f64], b: &[f64]) -> Vec<f64> {
    a.iter().zip(b).map(|(a, b)| a - b).collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use thalweg_core::{Values, Want};

    /// The objective x'x and the constraint x_0^2 = 1.
    fn at(x: [f64; 2]) -> Point {
        let want = Want::VALUE | Want::GRADIENT | Want::CONSTRAINTS | Want::CONSTRAINT_JACOBIAN;
        let answer = Values {
            values: vec![x[0] * x[0] + x[1] * x[1]],
            gradients: vec![2.0 * x[0], 2.0 * x[1]],
            constraints: vec![x[0] * x[0]],
            constraint_jacobians: vec![2.0 * x[0], 0.0],
            ..Values::default()
        };
        Point::new(&x, want, &answer)
    }

    #[test]
    fn the_curvature_is_that_of_the_next_subproblem() {
        let mut trail = Trail::default();
        trail.add(&at([2.0, 1.0]));
        trail.add(&at([2.0, 1.0]));
        trail.add(&at([1.0, 1.0]));
        trail.add(&Point::new(&[5.0, 5.0], Want::CONSTRAINTS, &Values::default()));
        trail.add(&at([1.0, 0.0]));
        for (rho, multiplier) in [(10.0, 0.0), (100.0, 30.0)] {
            let mut penalty = Penalty::new(&[(1.0, 1.0)], rho);
            penalty.update_multipliers(&[1.0 + multiplier / rho]);
            let pairs = trail.curvature(&penalty);
            // The gradient is 2 x_0 (1 + y + rho (x_0^2 - 1)), 2 x_1.
            let first = |x: f64| 2.0 * x * (1.0 + multiplier + rho * (x * x - 1.0));
            assert_eq!(pairs.len(), 2);
            assert_eq!(
                (&pairs[0].step[..], &pairs[1].step[..]),
                (&[-1.0, 0.0][..], &[0.0, -1.0][..])
            );
            assert!((pairs[0].change[0] - first(1.0) + first(2.0)).abs() < 1e-10 * first(2.0));
            assert_eq!(pairs[1].change, [0.0, -2.0]);
        }
        // A multiplier that makes the first coordinate a hill.
        let mut penalty = Penalty::new(&[(1.0, 1.0)], 1e-3);
        penalty.update_multipliers(&[-1e4]);
        assert_eq!(trail.curvature(&penalty).len(), 1);
        for k in 0..30 {
            trail.add(&at([1.0, 0.1 * f64::from(k)]));
        }
        assert_eq!(trail.curvature(&penalty).len(), MOST);
    }

    #[test]
    fn the_reach_is_how_far_apart_the_last_ends_were() {
        let inf = f64::INFINITY;
        let mut trail = Trail::default();
        let mut reach = |x: [f64; 2]| {
            trail.add_end(&x);
            trail.reach(&[-inf, 0.0], &[inf, 8.0])
        };
        assert!(reach([10.0, 4.0]).is_empty(), "nothing to compare with");
        assert_eq!(reach([-10.0, 4.0]), [10.0, 2.0], "no farther than usual");
        assert_eq!(reach([-10.0, 4.5]), [2.5, 0.5]);
        assert_eq!(reach([-10.0, 4.5]), [10.0 * SMALLEST_REACH, 2.0 * SMALLEST_REACH]);
    }
}
