//! Dogleg in rectangular trust regions: least squares within bounds.
//!
//! # When to use
//! Small problems with bounds, in particular when the solution lies on some of them: points go onto bounds, and leave them again.
//! Where the Jacobian is nearly rank-deficient, or many bounds come and go, `trf` is the safer choice; without bounds,
//! `levenberg_marquardt`.
//!
//! # How it works
//! Parameters on a bound that the objective pushes them against stay there; the others are free. The step is the last point, in the box
//! of the bounds and that of the trust region, of the path from the current point over the minimum along the gradient to the
//! Gauss-Newton step of the free parameters. The box of the region shrinks and grows with the success of the model. A trial
//! point without finite residuals is rejected and the box cut to a quarter of the step.
//!
//! # Differences from the reference
//! Against scipy's dogbox: a step too small to change the parameters ends the run as stalled, and the products with the Jacobian of the
//! free parameters copy it. The Gauss-Newton step is the shortest one in both where there are several.
//!
//! # Cost per iteration
//! One Jacobian; "exact": one SVD of m x n; "lsmr": at most min(m, n) products with J and J'. One evaluation per trial point.
//!
//! # References
//! * C. Voglis, I. E. Lagaris, A rectangular trust region dogleg approach for unconstrained and bound constrained nonlinear
//!   optimization, WSEAS International Conference on Applied Mathematics, Corfu (2004).
//! * J. Nocedal, S. J. Wright, Numerical Optimization (2006), section 4.1 (the dogleg), doi:10.1007/978-0-387-40065-5.

use thalweg_core::{Algorithm, Extra, Finish, Problem, Stop, Test};
use thalweg_linalg::{all_finite, column_norms, mul_transposed, nrm_inf, nrm2};
use thalweg_macros::Options;

use crate::algorithms::trf::TrSolver;
use crate::pieces::column_scale::{ColumnScale, Scaling};
use crate::pieces::lsmr::LsmrLimits;
use crate::pieces::lsq_model::{LsqModel, Quadratic};
use crate::pieces::lsq_trust_region::LsqTrustRegion;
use crate::pieces::rectangular_dogleg::dogleg;
use crate::pieces::step_change::{StepChange, step_test};
use crate::pieces::subspace_step::least_squares;

/// Dogleg in rectangular trust regions for least squares within bounds (Voglis and Lagaris).
#[derive(Clone, Debug, Options)]
#[algorithm(name = "dogbox", kind = LeastSquares, needs(gradient), supports(bounds))]
pub struct Dogbox {
    /// Stop when the relative reduction of the sum of squares is below this and the model was adequate.
    #[option(shared)]
    pub convergence_ftol_rel: f64,
    /// Stop when the norm of the step is below this, relative to the norm of the parameters.
    #[option(
        default = 1e-8,
        min = 0.0,
        overrides = "the default of the reference; optimagic does not change it"
    )]
    pub convergence_xtol_rel: f64,
    /// Stop when the largest entry of the gradient of half the sum of squares, of the parameters that are free to move, is below this.
    #[option(shared)]
    pub convergence_gtol_rel: f64,
    /// How the Gauss-Newton step is found: "exact" (also the meaning of none) or "lsmr".
    #[option(default = None)]
    pub tr_solver: Option<TrSolver>,
    /// How the parameters are scaled: "none" or "jac" (norms of the Jacobian's columns).
    #[option(default = Scaling::Unit)]
    pub x_scale: Scaling,
    /// With "lsmr": the relative error of the Jacobian's entries to which the step is solved.
    #[option(default = 1e-6, min = 0.0)]
    pub lsmr_atol: f64,
    /// With "lsmr": the relative error of the residuals to which the step is solved.
    #[option(default = 1e-6, min = 0.0)]
    pub lsmr_btol: f64,
    /// With "lsmr": the condition number at which the inner iteration stops.
    #[option(default = 1e8, above = 0.0)]
    pub lsmr_conlim: f64,
    /// With "lsmr": the largest number of inner iterations; none for the smaller of the numbers of residuals and parameters.
    #[option(default = None)]
    pub lsmr_maxiter: Option<u64>,
}

impl Algorithm for Dogbox {
    fn solve(&self, problem: &mut Problem<'_>, x0: &[f64]) -> Result<Finish, Stop> {
        let (lower, upper) = (problem.lower(), problem.upper());
        let mut at = Iterate { x: x0.to_vec(), ..Iterate::default() };
        problem.clip(&mut at.x);
        at.value = problem.residuals_and_jacobian(&at.x, &mut at.residuals, &mut at.jacobian)?;
        if !at.is_usable() {
            return Ok(at.stalled("residuals or Jacobian are not finite at the start"));
        }
        let mut scale = ColumnScale::start(self.x_scale, &at.column_norms());
        let mut radius = first_radius(&at.x, scale.diagonal());
        let mut exact = LsqTrustRegion::default();

        loop {
            let free = Free::at(&at, lower, upper);
            let optimality = nrm_inf(&free.gradient);
            if optimality < self.convergence_gtol_rel || optimality == 0.0 {
                return Ok(at.converged(self.gradient_test(optimality)));
            }
            let newton = self.gauss_newton(&free, &at.residuals, &mut exact);

            loop {
                let region = Region::around(&at.x, &free, (lower, upper), scale.diagonal(), radius);
                let step = dogleg(&free.model(), &newton, &region.low, &region.high);
                let trial_x = region.after(&at.x, &free, &step, (lower, upper));
                if trial_x == at.x || !all_finite(&trial_x) {
                    return Ok(
                        match step_test(nrm2(&step), nrm2(&at.x), self.convergence_xtol_rel) {
                            Some(test) => at.converged(test),
                            None => at.stalled("the step no longer changes the parameters"),
                        },
                    );
                }
                let mut residuals = Vec::new();
                let value = problem.residuals(&trial_x, &mut residuals)?;
                let length = free.length(&step, scale.diagonal());
                if !value.is_finite() {
                    radius = 0.25 * length;
                    continue;
                }
                let predicted = -free.model().value(&step);
                let change = StepChange::of(at.value, value, predicted, nrm2(&at.x), nrm2(&step));
                let (ftol, xtol) = (self.convergence_ftol_rel, self.convergence_xtol_rel);
                let converged = change.converged(ftol, xtol);
                radius = change.next_radius(radius, length, region.is_reached(&step));
                let accepted = change.actual > 0.0;
                if accepted {
                    (at.x, at.residuals, at.value) = (trial_x, residuals, value);
                    problem.iteration(&at.x, at.value)?;
                    problem.jacobian(&at.x, &mut at.jacobian)?;
                }
                if let Some(test) = converged {
                    return Ok(at.converged(test));
                }
                if accepted {
                    break;
                }
            }
            if !at.is_usable() {
                return Ok(at.stalled("the Jacobian is not finite at the last point"));
            }
            scale.grow(&at.column_norms());
        }
    }
}

impl Dogbox {
    fn gauss_newton(&self, free: &Free, residuals: &[f64], exact: &mut LsqTrustRegion) -> Vec<f64> {
        let n = free.which.len();
        let mut step = vec![0.0; n];
        let solved = self.tr_solver != Some(TrSolver::Lsmr)
            && exact.prepare(&free.jacobian, residuals, n).is_ok()
            && exact.step(f64::INFINITY, &mut step).is_ok();
        if solved {
            return step;
        }
        let limits = LsmrLimits {
            atol: self.lsmr_atol,
            btol: self.lsmr_btol,
            condition: self.lsmr_conlim,
            max_iterations: self.lsmr_maxiter.map_or(residuals.len().min(n), |k| k as usize),
        };
        let mut step = least_squares(&free.jacobian, n, residuals, &limits);
        step.iter_mut().for_each(|s| *s = -*s);
        step
    }

    fn gradient_test(&self, optimality: f64) -> Test {
        Test {
            measure: "largest entry of the gradient of the free parameters",
            value: optimality,
            tolerance: self.convergence_gtol_rel,
            option: "convergence_gtol_rel",
        }
    }
}

/// A point with what is known there.
#[derive(Default)]
struct Iterate {
    x: Vec<f64>,
    residuals: Vec<f64>,
    jacobian: Vec<f64>,
    /// The sum of squares.
    value: f64,
}

impl Iterate {
    fn is_usable(&self) -> bool {
        self.value.is_finite() && all_finite(&self.jacobian)
    }

    fn column_norms(&self) -> Vec<f64> {
        let mut norms = vec![0.0; self.x.len()];
        column_norms(&self.jacobian, self.x.len(), &mut norms);
        norms
    }

    /// The gradient of half the sum of squares, J'r.
    fn half_gradient(&self) -> Vec<f64> {
        let mut gradient = vec![0.0; self.x.len()];
        mul_transposed(&self.jacobian, self.x.len(), &self.residuals, &mut gradient);
        gradient
    }

    fn converged(self, test: Test) -> Finish {
        let n = self.x.len();
        let mut gradient = self.half_gradient();
        gradient.iter_mut().for_each(|g| *g *= 2.0);
        Finish::converged(self.x, self.value, test)
            .with("gradient", gradient)
            .with("jacobian", Extra::Matrix(self.jacobian, n))
    }

    fn stalled(self, reason: &str) -> Finish {
        Finish::stalled(self.x, self.value, reason)
    }
}

/// The parameters that are not held on a bound by the objective, and the model in them.
struct Free {
    which: Vec<usize>,
    gradient: Vec<f64>,
    jacobian: Vec<f64>,
    zeros: Vec<f64>,
}

impl Free {
    fn at(at: &Iterate, lower: &[f64], upper: &[f64]) -> Self {
        let n = at.x.len();
        let gradient = at.half_gradient();
        let is_held = |i: usize| {
            at.x[i] <= lower[i] && gradient[i] > 0.0 || at.x[i] >= upper[i] && gradient[i] < 0.0
        };
        let which: Vec<usize> = (0..n).filter(|&i| !is_held(i)).collect();
        let rows = at.jacobian.chunks_exact(n);
        Free {
            gradient: which.iter().map(|&i| gradient[i]).collect(),
            jacobian: rows.flat_map(|row| which.iter().map(|&i| row[i])).collect(),
            zeros: vec![0.0; which.len()],
            which,
        }
    }

    fn model(&self) -> LsqModel<'_> {
        LsqModel { jacobian: &self.jacobian, gradient: &self.gradient, diagonal: &self.zeros }
    }

    /// The largest scaled entry of a step.
    fn length(&self, step: &[f64], scale: &[f64]) -> f64 {
        let scaled = step.iter().zip(&self.which).map(|(s, &i)| (s * scale[i]).abs());
        scaled.fold(0.0, f64::max)
    }
}

/// The box for the free parameters: that of the bounds cut with that of the trust region.
struct Region {
    low: Vec<f64>,
    high: Vec<f64>,
    /// Whether the sides are those of the trust region.
    by_radius: Vec<[bool; 2]>,
}

impl Region {
    fn around(
        x: &[f64],
        free: &Free,
        (lower, upper): (&[f64], &[f64]),
        scale: &[f64],
        radius: f64,
    ) -> Self {
        let mut region = Region { low: Vec::new(), high: Vec::new(), by_radius: Vec::new() };
        for &i in &free.which {
            let half = radius / scale[i];
            let (low, high) = (lower[i] - x[i], upper[i] - x[i]);
            region.low.push(low.max(-half));
            region.high.push(high.min(half));
            region.by_radius.push([-half > low, half < high]);
        }
        region
    }

    /// The point after a step; parameters that it takes to a bound are there exactly.
    fn after(
        &self,
        x: &[f64],
        free: &Free,
        step: &[f64],
        (lower, upper): (&[f64], &[f64]),
    ) -> Vec<f64> {
        let mut after = x.to_vec();
        for (k, &i) in free.which.iter().enumerate() {
            let [low_by_radius, high_by_radius] = self.by_radius[k];
            after[i] = if step[k] <= self.low[k] && !low_by_radius {
                lower[i]
            } else if step[k] >= self.high[k] && !high_by_radius {
                upper[i]
            } else {
                (x[i] + step[k]).max(lower[i]).min(upper[i])
            };
        }
        after
    }

    /// Whether a step goes to a side of the trust region.
    fn is_reached(&self, step: &[f64]) -> bool {
        (0..step.len()).any(|k| {
            let [low_by_radius, high_by_radius] = self.by_radius[k];
            low_by_radius && step[k] <= self.low[k] || high_by_radius && step[k] >= self.high[k]
        })
    }
}

fn first_radius(x: &[f64], scale: &[f64]) -> f64 {
    let scaled: Vec<f64> = x.iter().zip(scale).map(|(x, scale)| x * scale).collect();
    let radius = nrm_inf(&scaled);
    if radius == 0.0 { 1.0 } else { radius }
}

#[cfg(test)]
mod tests {
    use super::*;
    use thalweg_core::ProblemSpec;
    use thalweg_core::testing::FunctionOracle;

    /// Residuals x - (1, 2, 3).
    fn shifted() -> FunctionOracle<'static> {
        FunctionOracle::least_squares(3, |x, r| {
            r.iter_mut().zip(x).enumerate().for_each(|(i, (r, x))| *r = x - (i + 1) as f64);
        })
        .with_jacobian(|_, j| {
            j.fill(0.0);
            (0..3).for_each(|i| j[4 * i] = 1.0);
        })
    }

    fn run(algorithm: &Dogbox, lower: [f64; 3], upper: [f64; 3], x0: [f64; 3]) -> (Finish, u64) {
        let spec = ProblemSpec {
            lower: lower.to_vec(),
            upper: upper.to_vec(),
            n_outputs: 3,
            ..ProblemSpec::unconstrained(3)
        };
        let mut oracle = shifted();
        let finish = algorithm.solve(&mut Problem::new(&mut oracle, &spec), &x0).unwrap();
        (finish, oracle.n_evaluations)
    }

    #[test]
    fn bounds_are_reached_exactly_and_left_again() {
        for tr_solver in [None, Some(TrSolver::Lsmr)] {
            let algorithm = Dogbox { tr_solver, ..Dogbox::default() };
            let (finish, n) = run(&algorithm, [-5.0, 0.0, 0.0], [0.5, 5.0, 2.5], [-1.0, 0.0, 2.5]);
            assert!(finish.verdict.is_success(), "{}", finish.verdict);
            assert_eq!((finish.x[0], finish.x[2]), (0.5, 2.5));
            assert!((finish.x[1] - 2.0).abs() < 1e-9 && n < 8, "{:?} {n}", finish.x);
        }
    }

    #[test]
    fn a_corner_that_holds_everything_is_an_end() {
        let (finish, n) = run(&Dogbox::default(), [-5.0; 3], [0.5; 3], [0.5; 3]);
        assert_eq!((finish.x, n), (vec![0.5; 3], 1));
        assert_eq!(
            finish.verdict.to_string(),
            "converged: largest entry of the gradient of the free parameters 0.000e0 <= 1.000e-8 (convergence_gtol_rel)"
        );
    }
}
