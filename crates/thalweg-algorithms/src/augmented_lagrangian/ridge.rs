//! The curvature that the terms of the penalty are known to have: they are steep across the constraints, and flat along them.

use thalweg_core::CurvaturePair;
use thalweg_linalg::{axpy, dot, nrm2, scale};

use super::penalty::Penalty;
use super::subproblem::Point;

/// The most steps that are given: fewer than limited-memory methods keep.
const MOST: usize = 9;
/// The part of a gradient that is left at least where it says something new.
const NEW: f64 = 1e-6;
/// The part of the gradient of L along the constraints that is more than rounding.
const ALONG: f64 = 1e-8;

/// Steps across the constraints that hold or are violated at `start` and one along them, with the changes of the gradient of L:
/// `rho J'J` is known, and of the rest a curvature with which no step from the start is longer than 1, the length of a first step
/// of which nothing is known. The steps are conjugate, so that a quasi-Newton method takes in all of them as they are.
pub(super) fn curvature_of_terms(start: &Point, penalty: &Penalty) -> Vec<CurvaturePair> {
    let rows = start.active_rows(penalty);
    let mut pairs = steps_across(&rows, penalty.rho());
    if pairs.is_empty() {
        return pairs;
    }
    let gradient = start.gradient_of(penalty);
    let rest = nrm2(&gradient);
    if !(rest > 0.0 && rest.is_finite()) {
        return Vec::new();
    }
    let mut step = gradient;
    remove_conjugate(&pairs, &mut step);
    for CurvaturePair { step, change } in &mut pairs {
        axpy(rest, step, change);
    }
    let along = nrm2(&step);
    if along > ALONG * rest {
        scale(1.0 / along, &mut step);
        let mut change = step.clone();
        scale(rest, &mut change);
        pairs.push(CurvaturePair { step, change });
    }
    pairs
}

/// Unit steps in the space of the rows, conjugate with respect to `rho J'J`, and the changes on them.
fn steps_across(rows: &[&[f64]], rho: f64) -> Vec<CurvaturePair> {
    let mut pairs = Vec::new();
    for row in rows {
        let size = nrm2(row);
        if !(size > 0.0 && size.is_finite()) || pairs.len() == MOST {
            continue;
        }
        let mut step = row.to_vec();
        remove_conjugate(&pairs, &mut step);
        let left = nrm2(&step);
        if left < NEW * size {
            continue;
        }
        scale(1.0 / left, &mut step);
        let mut change = vec![0.0; step.len()];
        rows.iter().for_each(|row| axpy(rho * dot(row, &step), row, &mut change));
        pairs.push(CurvaturePair { step, change });
    }
    pairs
}

/// Take out of `v` what is not conjugate to the steps; twice, for the sake of rounding.
fn remove_conjugate(pairs: &[CurvaturePair], v: &mut [f64]) {
    for CurvaturePair { step, change } in pairs.iter().chain(pairs) {
        axpy(-dot(v, change) / dot(step, change), step, v);
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use thalweg_core::{Values, Want};

    fn at(gradient: [f64; 3], rows: [f64; 6], limits: [(f64, f64); 2]) -> Vec<CurvaturePair> {
        let want = Want::VALUE | Want::GRADIENT | Want::CONSTRAINTS | Want::CONSTRAINT_JACOBIAN;
        let answer = Values {
            values: vec![1.0],
            gradients: gradient.to_vec(),
            constraints: vec![0.0, 0.0],
            constraint_jacobians: rows.to_vec(),
            ..Values::default()
        };
        let start = Point::new(&[0.0; 3], want, &answer);
        curvature_of_terms(&start, &Penalty::new(&limits, 10.0))
    }

    #[test]
    fn steps_across_have_the_curvature_of_the_penalty_and_those_along_that_of_a_first_step() {
        let both = [(0.0, 0.0), (0.0, 0.0)];
        let pairs = at([1.0, 2.0, 2.0], [1.0, 0.0, 0.0, 1.0, 2.0, 0.0], both);
        assert_eq!(pairs.len(), 3);
        // J'J has the rows (2, 2, 0), (2, 4, 0), (0, 0, 0); the gradient is 3 long.
        for CurvaturePair { step, change } in &pairs {
            let expected = [
                20.0 * step[0] + 20.0 * step[1] + 3.0 * step[0],
                20.0 * step[0] + 40.0 * step[1] + 3.0 * step[1],
                3.0 * step[2],
            ];
            let close = change.iter().zip(&expected).all(|(a, b)| (a - b).abs() < 1e-12);
            assert!(close && (nrm2(step) - 1.0).abs() < 1e-12, "{step:?} {change:?}");
        }
        let along = &pairs[2].step;
        assert!(along[0].abs() < 1e-12 && along[1].abs() < 1e-12 && (along[2] - 1.0).abs() < 1e-12);
    }

    #[test]
    fn constraints_that_do_not_count_or_say_nothing_new_give_no_steps() {
        let inactive = [(-1.0, 1.0), (-1.0, 1.0)];
        assert!(at([1.0; 3], [1.0, 0.0, 0.0, 0.0, 1.0, 0.0], inactive).is_empty());
        let both = [(0.0, 0.0), (0.0, 0.0)];
        assert!(at([1.0; 3], [0.0; 6], both).is_empty());
        assert_eq!(at([1.0, 1.0, 0.0], [1.0, 1.0, 0.0, 2.0, 2.0, 0.0], both).len(), 1);
        assert!(at([0.0; 3], [1.0, 0.0, 0.0, 0.0, 1.0, 0.0], both).is_empty());
    }
}
