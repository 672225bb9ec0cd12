//! The quadratic subproblem of sequential quadratic programming.
//!
//! Minimizes `g'd + d'Bd / 2` subject to linearized constraints `lower <= A d <= upper` and bounds on d. With `B = L L'` and
//! `u = L'd + L^-1 g` it is a problem of least distance in u, with the normals `L^-1 a_i`.
//!
//! Constraints that contradict each other are relaxed: each gets a slack s_i, `lower <= A d + s <= upper`, which costs
//! `rho / 2 s_i^2`. Bounds are never relaxed, so that d = 0 is always possible.
//!
//! Cost: n^3 / 3 operations for the factor, n^2 for each constraint and each bound; and the least distance.
//!
//! References:
//! * D. Kraft, A software package for sequential quadratic programming, DFVLR-FB 88-28 (1988)
//! * J. Nocedal, S. J. Wright, Numerical Optimization (2006), section 18.1, <https://doi.org/10.1007/978-0-387-40065-5>

use thalweg_linalg::{Cholesky, dot, solve_lower, solve_lower_transposed};

use crate::pieces::least_distance::nearest;

/// The problem at one point.
#[derive(Clone, Copy, Debug)]
pub struct Linearized<'a> {
    /// The gradient g of the objective.
    pub gradient: &'a [f64],
    /// The matrix A, row by row.
    pub jacobian: &'a [f64],
    /// What the constraints leave for each entry of `A d`.
    pub limits: &'a [(f64, f64)],
    /// What the bounds leave for each entry of d: at most 0 below, at least 0 above.
    pub room: &'a [(f64, f64)],
}

/// A solution.
#[derive(Clone, Debug)]
pub struct SqpStep {
    /// The step d.
    pub direction: Vec<f64>,
    /// The multipliers y of the constraints: `g + B d + A'y` is zero, but for the bounds that hold d.
    pub multipliers: Vec<f64>,
}

/// The problem of least distance that belongs to a subproblem.
pub struct SqpSubproblem<'a> {
    at: Linearized<'a>,
    factor: Cholesky,
    /// `L^-1 g`.
    centre: Vec<f64>,
    /// `L^-1 a_i` for each constraint, then `L^-1 e_i` for each variable with a bound.
    normals: Vec<Vec<f64>>,
    bounded: Vec<usize>,
}

impl<'a> SqpSubproblem<'a> {
    /// The subproblem with the matrix B, row by row. `None` if B is not positive definite in floating-point arithmetic.
    pub fn new(matrix: &[f64], at: Linearized<'a>) -> Option<Self> {
        let n = at.gradient.len();
        let factor = Cholesky::factor(matrix, n).ok()?;
        let bounded: Vec<usize> =
            (0..n).filter(|&i| at.room[i].0.is_finite() || at.room[i].1.is_finite()).collect();
        let transformed = |mut row: Vec<f64>| -> Option<Vec<f64>> {
            solve_lower(factor.lower(), n, &mut row).ok()?;
            row.iter().all(|r| r.is_finite()).then_some(row)
        };
        let centre = transformed(at.gradient.to_vec())?;
        let unit = |&i: &usize| {
            let mut row = vec![0.0; n];
            row[i] = 1.0;
            row
        };
        let rows = at.jacobian.chunks_exact(n).map(<[f64]>::to_vec).chain(bounded.iter().map(unit));
        let normals = rows.map(transformed).collect::<Option<_>>()?;
        Some(SqpSubproblem { at, factor, centre, normals, bounded })
    }

    /// The solution; `None` if the linearized constraints contradict each other or the bounds.
    pub fn solve(&self) -> Option<SqpStep> {
        self.solve_with_slack(None)
    }

    /// The solution with slacks that cost `rho`; `None` only when rounding errors prevail.
    pub fn solve_relaxed(&self, rho: f64) -> Option<SqpStep> {
        self.solve_with_slack(Some(rho))
    }

    fn solve_with_slack(&self, rho: Option<f64>) -> Option<SqpStep> {
        let (n, m) = (self.centre.len(), self.at.limits.len());
        let dim = if rho.is_some() { n + m } else { n };
        let mut rows = vec![0.0; self.normals.len() * dim];
        let mut limits = Vec::with_capacity(self.normals.len());
        for (k, (row, normal)) in rows.chunks_exact_mut(dim).zip(&self.normals).enumerate() {
            row[..n].copy_from_slice(normal);
            if let Some(rho) = rho
                && k < m
            {
                row[n + k] = 1.0 / rho.sqrt();
            }
            let (lower, upper) =
                if k < m { self.at.limits[k] } else { self.at.room[self.bounded[k - m]] };
            let shift = dot(normal, &self.centre);
            // Equations stay equations.
            limits
                .push((lower + shift, if lower == upper { lower + shift } else { upper + shift }));
        }
        let found = nearest(&rows, &limits, dim)?;

        let mut direction: Vec<f64> =
            found.point.iter().zip(&self.centre).map(|(u, c)| u - c).collect();
        solve_lower_transposed(self.factor.lower(), n, &mut direction).ok()?;
        for (d, &(low, high)) in direction.iter_mut().zip(self.at.room) {
            *d = d.max(low).min(high);
        }
        let multipliers: Vec<f64> = found.multipliers[..m].iter().map(|y| -y).collect();
        let is_finite = direction.iter().chain(&multipliers).all(|x| x.is_finite());
        is_finite.then_some(SqpStep { direction, multipliers })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const INF: f64 = f64::INFINITY;
    const FREE: (f64, f64) = (-INF, INF);

    #[track_caller]
    fn close(actual: &[f64], expected: &[f64], tolerance: f64) {
        let near = |(a, e): (&f64, &f64)| (a - e).abs() < tolerance;
        assert!(actual.iter().zip(expected).all(near), "{actual:?} is not {expected:?}");
    }

    #[test]
    fn without_conditions_it_is_the_newton_step() {
        let at = Linearized { gradient: &[2.0, 3.0], jacobian: &[], limits: &[], room: &[FREE; 2] };
        let step = SqpSubproblem::new(&[4.0, 1.0, 1.0, 1.0], at).unwrap().solve().unwrap();
        close(&step.direction, &[1.0 / 3.0, -10.0 / 3.0], 1e-14);
    }

    #[test]
    fn bounds_are_kept_exactly_and_multipliers_make_the_gradient_vanish() {
        // min d0^2 + d1^2 / 2 - 4 d0 - 4 d1 with d0 + 2 d1 <= 3 and d0 <= 0.7.
        let at = Linearized {
            gradient: &[-4.0, -4.0],
            jacobian: &[1.0, 2.0],
            limits: &[(-INF, 3.0)],
            room: &[(-1.0, 0.7), FREE],
        };
        let step = SqpSubproblem::new(&[2.0, 0.0, 0.0, 1.0], at).unwrap().solve().unwrap();
        assert_eq!(step.direction[0], 0.7);
        close(&step.direction, &[0.7, 1.15], 1e-14);
        // -4 + d1 + 2 y = 0.
        close(&step.multipliers, &[1.425], 1e-13);
    }

    #[test]
    fn contradictions_are_met_half_way() {
        let at = Linearized {
            gradient: &[0.1],
            jacobian: &[1.0, 1.0],
            limits: &[(1.0, 1.0), (-INF, 0.0)],
            room: &[FREE],
        };
        let problem = SqpSubproblem::new(&[1.0], at).unwrap();
        assert!(problem.solve().is_none());
        close(&problem.solve_relaxed(1e8).unwrap().direction, &[0.5], 1e-6);
        // A slack that costs little leaves the objective its say.
        assert!(problem.solve_relaxed(0.1).unwrap().direction[0] < 0.1);
    }

    #[test]
    fn a_constraint_out_of_reach_of_the_bounds_is_approached() {
        let at = Linearized {
            gradient: &[0.0],
            jacobian: &[1.0],
            limits: &[(2.0, INF)],
            room: &[(0.0, 1.0)],
        };
        let problem = SqpSubproblem::new(&[1.0], at).unwrap();
        assert!(problem.solve().is_none());
        assert_eq!(problem.solve_relaxed(1e6).unwrap().direction, [1.0]);
    }

    #[test]
    fn a_matrix_that_is_not_positive_definite_is_refused() {
        let at = Linearized { gradient: &[1.0], jacobian: &[], limits: &[], room: &[FREE] };
        assert!(SqpSubproblem::new(&[-1.0], at).is_none());
    }
}
