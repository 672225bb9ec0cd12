//! Newton's method in a trust region, with nearly exact steps (trust-exact).
//!
//! # When to use
//! A smooth objective without bounds that has a Hessian and up to some hundred parameters. It needs the fewest evaluations of all methods
//! here, leaves saddles along their negative curvature, and converges quadratically.
//!
//! # How it works
//! Each iteration
//! 1. takes the quadratic model of gradient and Hessian at the point;
//! 2. minimizes it within the radius: factorizes `H + lambda I` for a few lambda >= 0, until the step `-(H + lambda I)^-1 g` is as
//!    long as the radius to 10 %, or is Newton's and shorter;
//! 3. fills the region along the direction of least curvature where that step is too short (the hard case);
//! 4. compares the decrease of the objective with the promised one, takes the step if it is more than 15 % of it, and shrinks or
//!    enlarges the radius.
//!
//! # Differences from the reference
//! To scipy's `trust-exact`, whose first points it reproduces (`tests/golden_trust_region.rs`):
//! * where changes of the objective are lost in rounding, steps are judged by the gradient, and the run ends when that no longer falls,
//!   where the reference goes on until its model fails or its iterations are used up;
//! * a trial whose value is not a number is rejected and shrinks the radius, where the reference keeps to it until its iterations are
//!   used up;
//! * after 50 factorizations, the step is taken from the eigenvalues; the reference takes what it has after 25;
//! * without second derivatives from the user, the Hessian is made of differences, where the reference refuses.
//!
//! # Cost per iteration
//! One evaluation of the objective, at most one gradient and one Hessian; two or three factorizations, n^3 / 3 operations each.
//!
//! # References
//! * J. J. Moré, D. C. Sorensen, Computing a trust region step, SIAM J. Sci. Stat. Comput. 4 (1983), <https://doi.org/10.1137/0904038>
//! * A. R. Conn, N. I. M. Gould, P. L. Toint, Trust-Region Methods (2000), section 7.3, <https://doi.org/10.1137/1.9780898719857>
//! * J. Nocedal, S. J. Wright, Numerical Optimization (2006), algorithm 4.1, <https://doi.org/10.1007/978-0-387-40065-5>

use thalweg_core::{Algorithm, Finish, Problem, Stop};
use thalweg_macros::Options;

use crate::pieces::more_sorensen::{Accuracy, MoreSorensen};
use crate::pieces::newton_trust_region::{Region, Rules, minimize};
use crate::pieces::region_step::RegionStep;

/// Conn, Gould and Toint's values: more exact steps gain nothing.
const ACCURACY: Accuracy = Accuracy { length: 0.1, decrease: 0.2 };

/// Newton's method in a trust region, with nearly exact steps.
#[derive(Clone, Debug, Options)]
#[algorithm(name = "trust_exact", kind = Scalar, needs(gradient, hessian))]
pub struct TrustExact {
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

impl Algorithm for TrustExact {
    fn solve(&self, problem: &mut Problem<'_>, x0: &[f64]) -> Result<Finish, Stop> {
        let rules = Rules {
            initial_radius: self.trustregion_initial_radius,
            max_radius: self.trustregion_maximal_radius,
            acceptance: self.trustregion_threshold_acceptance,
            norm: self.norm,
            tolerance: self.convergence_gtol_abs,
        };
        minimize(problem, x0, &rules, &mut Exact { model: None })
    }
}

/// The factorized model at a point.
struct Exact {
    model: Option<MoreSorensen>,
}

impl Region for Exact {
    fn move_to(
        &mut self,
        problem: &mut Problem<'_>,
        x: &[f64],
        gradient: &[f64],
    ) -> Result<(), Stop> {
        let mut hessian = Vec::new();
        problem.hessian(x, &mut hessian)?;
        self.model = Some(MoreSorensen::new(hessian, gradient.to_vec(), ACCURACY));
        Ok(())
    }

    fn step(&mut self, _: &mut Problem<'_>, _: &[f64], radius: f64) -> Result<RegionStep, Stop> {
        let step = self.model.as_mut().and_then(|model| model.step(radius).ok());
        Ok(step.unwrap_or_default())
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::testing::{run, wells, with_hessian};

    #[test]
    fn leaves_a_ridge_to_which_the_gradient_is_blind() {
        // The hard case: on x = 0 the gradient has no part along x, which has the lowest curvature.
        let mut oracle = with_hessian(wells());
        let finish = run(&TrustExact::default(), &mut oracle, &[0.0, 1.0, 0.5]);
        assert!(finish.verdict.is_success() && finish.value < 1e-6, "{finish:?}");
        assert!(oracle.n_evaluations < 30, "{}", oracle.n_evaluations);
    }
}
