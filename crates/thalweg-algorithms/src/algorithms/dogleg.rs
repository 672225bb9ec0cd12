//! Newton's method in a trust region, with steps along Powell's dogleg.
//!
//! # When to use
//! A smooth objective without bounds that has a Hessian, positive definite almost everywhere, and so many parameters that one
//! factorization per iteration is what can be afforded. Otherwise, `trust_exact` needs fewer evaluations.
//!
//! # How it works
//! Each iteration
//! 1. takes the quadratic model of gradient and Hessian at the point;
//! 2. goes from there down the gradient to the minimum of the model along it, and then straight towards Newton's step;
//! 3. takes the last point of this path within the radius;
//! 4. compares the decrease of the objective with the promised one, takes the step if it is more than 15 % of it, and shrinks or
//!    enlarges the radius.
//!
//! Where the Hessian is not positive definite, a multiple of the identity is added to it for Newton's step, and the step is the lowest
//! point of the model on the path or on the ray along that step: never worse than the best one down the gradient.
//!
//! # Differences from the reference
//! To scipy's `dogleg`, whose first points it reproduces (`tests/golden_trust_region.rs`):
//! * Hessians that are not positive definite are no error;
//! * where changes of the objective are lost in rounding, steps are judged by the gradient, and the run ends when that no longer falls,
//!   where the reference goes on until its model fails or its iterations are used up;
//! * a trial whose value is not a number is rejected and shrinks the radius, where the reference keeps to it until its iterations are
//!   used up;
//! * without second derivatives from the user, the Hessian is made of differences, where the reference refuses.
//!
//! # Cost per iteration
//! One evaluation of the objective, at most one gradient and one Hessian; one factorization, n^3 / 3 operations, some more where the
//! Hessian is not positive definite.
//!
//! # References
//! * M. J. D. Powell, A hybrid method for nonlinear equations, in: Numerical Methods for Nonlinear Algebraic Equations (1970), 87-114
//! * J. Nocedal, S. J. Wright, Numerical Optimization (2006), section 4.1, <https://doi.org/10.1007/978-0-387-40065-5>

use thalweg_core::{Algorithm, Finish, Problem, Stop};
use thalweg_macros::Options;

use crate::pieces::dogleg::Dogleg as Path;
use crate::pieces::newton_trust_region::{Region, Rules, minimize};
use crate::pieces::region_step::RegionStep;

/// Newton's method in a trust region, with steps along Powell's dogleg.
#[derive(Clone, Debug, Options)]
#[algorithm(name = "dogleg", kind = Scalar, needs(gradient, hessian))]
pub struct Dogleg {
    /// Stop when the norm of the gradient is at most this.
    #[option(shared, min = 0.0)]
    pub convergence_gtol_abs: f64,
    /// The order of the norm in which the gradient is measured; infinity stands for its largest entry.
    #[option(default = f64::INFINITY, min = 1.0)]
    pub norm: f64,
    /// The first radius, shortened to the largest where that is smaller.
    #[option(default = 1.0, above = 0.0)]
    pub trustregion_initial_radius: f64,
    /// The largest radius.
    #[option(default = 1000.0, above = 0.0)]
    pub trustregion_maximal_radius: f64,
    /// The ratio of actual to promised decrease above which a step is taken.
    #[option(default = 0.15, min = 0.0, below = 0.25)]
    pub trustregion_threshold_acceptance: f64,
}

impl Algorithm for Dogleg {
    fn solve(&self, problem: &mut Problem<'_>, x0: &[f64]) -> Result<Finish, Stop> {
        let rules = Rules {
            initial_radius: self.trustregion_initial_radius,
            max_radius: self.trustregion_maximal_radius,
            acceptance: self.trustregion_threshold_acceptance,
            norm: self.norm,
            tolerance: self.convergence_gtol_abs,
        };
        minimize(problem, x0, &rules, &mut AlongPath { path: None })
    }
}

/// The path at a point.
struct AlongPath {
    path: Option<Path>,
}

impl Region for AlongPath {
    fn move_to(
        &mut self,
        problem: &mut Problem<'_>,
        x: &[f64],
        gradient: &[f64],
    ) -> Result<(), Stop> {
        let mut hessian = Vec::new();
        problem.hessian(x, &mut hessian)?;
        self.path = Path::new(hessian, gradient.to_vec()).ok();
        Ok(())
    }

    fn step(&mut self, _: &mut Problem<'_>, _: &[f64], radius: f64) -> Result<RegionStep, Stop> {
        Ok(self.path.as_ref().map(|path| path.step(radius)).unwrap_or_default())
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::testing::{run, wells, with_hessian};

    #[test]
    fn a_hessian_that_is_not_positive_definite_is_no_error() {
        let mut oracle = with_hessian(wells());
        let finish = run(&Dogleg::default(), &mut oracle, &[1e-4, 1.0, 0.5]);
        assert!(finish.verdict.is_success() && finish.value < 1e-6, "{finish:?}");
        assert!(oracle.n_evaluations < 30, "{}", oracle.n_evaluations);
    }
}
