//! Trust region reflective: least squares within bounds.
//!
//! # When to use
//! Residuals with bounds on some or all parameters; also without bounds. For many parameters choose the solver "lsmr",
//! which needs no factorization of the Jacobian.
//!
//! # How it works
//! The iterates stay strictly inside the bounds. Variables are scaled by the distance to the bound towards which the
//! objective falls (Coleman and Li), which adds a diagonal term to the Gauss-Newton model. The trust-region step of the
//! scaled model is exact (from the SVD of the augmented Jacobian) or taken in the plane of the gradient and an approximate
//! Gauss-Newton step (LSMR). A step that would leave the bounds is compared, by the model, with one reflection at the first
//! bound it meets and with the scaled gradient. Without bounds all of this reduces to the plain trust region.
//! A trial point without finite residuals is rejected and the radius cut to a quarter of the step.
//!
//! # Differences from the reference
//! One code path instead of two. Singular values that are zero to rounding are left out of the exact step, where the reference
//! lets their noise fill the trust region; where the Jacobian has full rank the points are the same. The two-dimensional problem is solved from eigenvalues instead of the roots of a quartic. When the
//! SVD does not converge, the step of that iteration comes from the plane. A step too small to change the parameters ends the
//! run as stalled.
//!
//! # Cost per iteration
//! One Jacobian; "exact": one SVD of (m + n) x n; "lsmr": at most min(m, n) products with J and J'. One evaluation per trial point.
//!
//! # References
//! * M. A. Branch, T. F. Coleman, Y. Li, SIAM J. Sci. Comput. 21 (1999) 1-23, doi:10.1137/S1064827595289108.
//! * R. H. Byrd, R. B. Schnabel, G. A. Shultz, Math. Program. 40 (1988) 247-263, doi:10.1007/BF01580735.

use thalweg_core::{Algorithm, Extra, Finish, Problem, Stop, Test};
use thalweg_linalg::{all_finite, column_norms, mul_transposed, nrm_inf, nrm2};
use thalweg_macros::{Choice, Options};

use crate::pieces::coleman_li;
use crate::pieces::column_scale::{ColumnScale, Scaling};
use crate::pieces::lsmr::LsmrLimits;
use crate::pieces::lsq_model::LsqModel;
use crate::pieces::lsq_trust_region::LsqTrustRegion;
use crate::pieces::reflective_step::{Place, choose};
use crate::pieces::step_change::{StepChange, step_test};
use crate::pieces::subspace_step::SubspaceStep;

/// How the trust-region problem is solved.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Choice)]
pub enum TrSolver {
    /// Exactly, from a singular value decomposition.
    Exact,
    /// In a plane, from products with the Jacobian.
    Lsmr,
}

/// Trust region reflective for least squares within bounds (Branch, Coleman and Li).
#[derive(Clone, Debug, Options)]
#[algorithm(name = "trf", kind = LeastSquares, needs(gradient), supports(bounds))]
pub struct Trf {
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
    /// Stop when the largest entry of the gradient of half the sum of squares, scaled by the distances to the bounds, is below this.
    #[option(shared)]
    pub convergence_gtol_rel: f64,
    /// How the trust-region problem is solved: "exact" (also the meaning of none) or "lsmr".
    #[option(default = None)]
    pub tr_solver: Option<TrSolver>,
    /// How the parameters are scaled: "none" or "jac" (norms of the Jacobian's columns).
    #[option(default = Scaling::Unit)]
    pub x_scale: Scaling,
    /// With "lsmr": regularize the Gauss-Newton step, for a nearly rank-deficient Jacobian.
    #[option(default = true)]
    pub lsmr_regularize: bool,
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

impl Algorithm for Trf {
    fn solve(&self, problem: &mut Problem<'_>, x0: &[f64]) -> Result<Finish, Stop> {
        let (lower, upper) = (problem.lower(), problem.upper());
        let mut at = Iterate { x: x0.to_vec(), ..Iterate::default() };
        coleman_li::move_inside(&mut at.x, lower, upper, 1e-10);
        at.value = problem.residuals_and_jacobian(&at.x, &mut at.residuals, &mut at.jacobian)?;
        if !at.is_usable() {
            return Ok(at.stalled("residuals or Jacobian are not finite at the start"));
        }
        let mut scale = ColumnScale::start(self.x_scale, &at.column_norms());
        let mut scaled = ScaledProblem::default();
        scaled.refresh(&at, lower, upper, &scale);
        let mut radius = scaled.first_radius(&at.x);
        let mut exact = LsqTrustRegion::default();
        let (mut step, mut trial) = (vec![0.0; x0.len()], Iterate::default());

        loop {
            if scaled.optimality < self.convergence_gtol_rel || scaled.optimality == 0.0 {
                let test = self.gradient_test(scaled.optimality);
                return Ok(at.converged(test));
            }
            let mut solver = self.prepare(&scaled, radius, &mut exact);
            let theta = (1.0 - scaled.optimality).max(0.995);

            loop {
                solver.step(radius, &mut step);
                let place = Place { x: &at.x, lower, upper, d: &scaled.d, radius, theta };
                let predicted = choose(&place, &scaled.model(), &mut step);
                trial.step_from(&at, &scaled.d, &step, lower, upper);
                if trial.x == at.x || !all_finite(&trial.x) {
                    let tolerance = self.convergence_xtol_rel;
                    return Ok(match step_test(trial.step_norm, nrm2(&at.x), tolerance) {
                        Some(test) => at.converged(test),
                        None => at.stalled("the step no longer changes the parameters"),
                    });
                }
                trial.value = problem.residuals(&trial.x, &mut trial.residuals)?;
                let length = nrm2(&step);
                if !trial.value.is_finite() {
                    radius = 0.25 * length;
                    continue;
                }
                let change =
                    StepChange::of(at.value, trial.value, predicted, nrm2(&at.x), trial.step_norm);
                let (ftol, xtol) = (self.convergence_ftol_rel, self.convergence_xtol_rel);
                let converged = change.converged(ftol, xtol);
                let next_radius = change.next_radius(radius, length, length > 0.95 * radius);
                solver.rescale(radius, next_radius);
                radius = next_radius;
                let accepted = change.actual > 0.0;
                if accepted {
                    at.move_to(&mut trial);
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
            scaled.refresh(&at, lower, upper, &scale);
        }
    }
}

impl Trf {
    /// The solver of this iteration's trust-region problem.
    fn prepare<'a>(
        &self,
        scaled: &ScaledProblem,
        radius: f64,
        exact: &'a mut LsqTrustRegion,
    ) -> Solver<'a> {
        let (m, n) = (scaled.m, scaled.d.len());
        let decomposed = self.tr_solver != Some(TrSolver::Lsmr)
            && exact.prepare(&scaled.jacobian, &scaled.residuals, n).is_ok();
        if decomposed {
            return Solver::Exact(exact);
        }
        let limits = LsmrLimits {
            atol: self.lsmr_atol,
            btol: self.lsmr_btol,
            condition: self.lsmr_conlim,
            max_iterations: self.lsmr_maxiter.map_or(scaled.residuals.len().min(n), |k| k as usize),
        };
        let residuals = &scaled.residuals[..m];
        let regularize = self.lsmr_regularize;
        Solver::Plane(SubspaceStep::prepare(
            &scaled.model(),
            residuals,
            radius,
            regularize,
            &limits,
        ))
    }

    fn gradient_test(&self, optimality: f64) -> Test {
        Test {
            measure: "largest entry of the scaled gradient",
            value: optimality,
            tolerance: self.convergence_gtol_rel,
            option: "convergence_gtol_rel",
        }
    }
}

/// The solver of one iteration's trust-region problem.
enum Solver<'a> {
    Exact(&'a mut LsqTrustRegion),
    Plane(SubspaceStep),
}

impl Solver<'_> {
    fn step(&mut self, radius: f64, step: &mut [f64]) {
        match self {
            // Fails for wrong lengths only; a step of zero then ends the run.
            Solver::Exact(exact) => exact.step(radius, step).unwrap_or_else(|_| step.fill(0.0)),
            Solver::Plane(plane) => plane.step(radius, step),
        }
    }

    fn rescale(&mut self, old_radius: f64, new_radius: f64) {
        if let Solver::Exact(exact) = self {
            exact.rescale(old_radius, new_radius);
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
    /// The norm of the step that led here.
    step_norm: f64,
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

    /// Half the gradient of the sum of squares, J'r.
    fn half_gradient(&self, out: &mut [f64]) {
        mul_transposed(&self.jacobian, self.x.len(), &self.residuals, out);
    }

    /// Goes from `at` by D `step`, not onto the bounds.
    fn step_from(&mut self, at: &Iterate, d: &[f64], step: &[f64], lower: &[f64], upper: &[f64]) {
        self.x.clear();
        self.x.extend((0..d.len()).map(|i| d[i] * step[i]));
        self.step_norm = nrm2(&self.x);
        self.x.iter_mut().zip(&at.x).for_each(|(x, before)| *x += before);
        coleman_li::move_inside(&mut self.x, lower, upper, 0.0);
    }

    /// Takes over the point, its residuals and its value.
    fn move_to(&mut self, trial: &mut Iterate) {
        std::mem::swap(&mut self.x, &mut trial.x);
        std::mem::swap(&mut self.residuals, &mut trial.residuals);
        self.value = trial.value;
    }

    fn converged(self, test: Test) -> Finish {
        let n = self.x.len();
        let mut gradient = vec![0.0; n];
        self.half_gradient(&mut gradient);
        gradient.iter_mut().for_each(|g| *g *= 2.0);
        Finish::converged(self.x, self.value, test)
            .with("gradient", gradient)
            .with("jacobian", Extra::Matrix(self.jacobian, n))
    }

    fn stalled(self, reason: &str) -> Finish {
        Finish::stalled(self.x, self.value, reason)
    }
}

/// The problem in the variables D^-1 x, linearized at the current point.
#[derive(Default)]
struct ScaledProblem {
    m: usize,
    /// The diagonal of D: the roots of the distances v to the bounds, over the scale of the parameters.
    d: Vec<f64>,
    /// D J'r.
    gradient: Vec<f64>,
    /// The diagonal of the term that the bounds add to the model; all zeros when they do not matter.
    diagonal: Vec<f64>,
    /// J D (m x n), and below it the roots of `diagonal` when they matter.
    jacobian: Vec<f64>,
    /// r, extended by zeros to the rows of `jacobian`.
    residuals: Vec<f64>,
    /// The largest entry of v J'r: zero at a solution.
    optimality: f64,
}

impl ScaledProblem {
    fn refresh(&mut self, at: &Iterate, lower: &[f64], upper: &[f64], scale: &ColumnScale) {
        let n = at.x.len();
        let inverse_scale = scale.diagonal();
        self.gradient.resize(n, 0.0);
        at.half_gradient(&mut self.gradient);
        let (mut v, dv) = coleman_li::scaling(&at.x, &self.gradient, lower, upper);
        self.optimality = nrm_inf(&(0..n).map(|i| v[i] * self.gradient[i]).collect::<Vec<_>>());
        (0..n).filter(|&i| dv[i] != 0.0).for_each(|i| v[i] *= inverse_scale[i]);
        self.d.clear();
        self.d.extend((0..n).map(|i| v[i].sqrt() / inverse_scale[i]));
        self.diagonal.clear();
        self.diagonal.extend((0..n).map(|i| self.gradient[i] * dv[i] / inverse_scale[i]));
        self.gradient.iter_mut().zip(&self.d).for_each(|(g, d)| *g *= d);

        self.m = at.residuals.len();
        self.residuals.clear();
        self.residuals.extend_from_slice(&at.residuals);
        self.jacobian.clear();
        self.jacobian.extend_from_slice(&at.jacobian);
        for row in self.jacobian.chunks_exact_mut(n) {
            row.iter_mut().zip(&self.d).for_each(|(j, d)| *j *= d);
        }
        if self.diagonal.iter().any(|&c| c != 0.0) {
            self.residuals.resize(self.m + n, 0.0);
            self.jacobian.resize((self.m + n) * n, 0.0);
            for i in 0..n {
                self.jacobian[(self.m + i) * n + i] = self.diagonal[i].sqrt();
            }
        }
    }

    fn model(&self) -> LsqModel<'_> {
        let rows = self.m * self.d.len();
        LsqModel {
            jacobian: &self.jacobian[..rows],
            gradient: &self.gradient,
            diagonal: &self.diagonal,
        }
    }

    fn first_radius(&self, x: &[f64]) -> f64 {
        let radius = nrm2(&x.iter().zip(&self.d).map(|(x, d)| x / d).collect::<Vec<_>>());
        if radius == 0.0 { 1.0 } else { radius }
    }
}
