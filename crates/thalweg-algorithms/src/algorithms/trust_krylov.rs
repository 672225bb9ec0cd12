//! Newton's method in a trust region, with Lanczos' method for the step (trust-krylov).
//!
//! # When to use
//! As `trust_ncg`, for a smooth objective without bounds with many parameters and cheap products of the Hessian with vectors, where
//! evaluations are expensive and products are not: steps on the boundary of the trust region are better, and cost more products.
//!
//! # How it works
//! Each iteration
//! 1. takes the quadratic model of the objective at the point;
//! 2. minimizes it within the radius in Krylov spaces that grow by one product each, in which the Hessian is tridiagonal (GLTR);
//! 3. ends that when the rest is small: with `inexact`, `min(1/2, |g|) |g|` inside the region and `min(1/2, sqrt |g|) |g|` on its boundary,
//!    otherwise 1e-8 |g|;
//! 4. compares the decrease of the objective with the promised one, takes the step if it is more than 15 % of it, and shrinks or
//!    enlarges the radius. A rejected step costs products only where the smaller region needs more of them.
//!
//! # Differences from the reference
//! To scipy's `trust-krylov`, whose first points it reproduces without `inexact` (`tests/golden_trust_region.rs`):
//! * where changes of the objective are lost in rounding, steps are judged by the gradient, and the run ends when that no longer falls,
//!   where the reference goes on until its model fails or its iterations are used up;
//! * a trial whose value is not a number is rejected and shrinks the radius, where the reference keeps to it until its iterations are
//!   used up;
//! * the basis is kept, and orthogonalized again after each product;
//! * without `inexact`, curvature to which the gradient does not lead is looked for when the Krylov space ends early;
//! * without second derivatives from the user, products are differences of gradients, where the reference refuses.
//!
//! # Cost per iteration
//! One evaluation of the objective, at most one gradient, and k <= n products, for which k vectors are kept; the k-th costs 8 n k
//! operations.
//!
//! # References
//! * N. I. M. Gould, S. Lucidi, M. Roma, P. L. Toint, Solving the trust-region subproblem using the Lanczos method, SIAM J. Optim. 9
//!   (1999), <https://doi.org/10.1137/S1052623497322735>
//! * J. Nocedal, S. J. Wright, Numerical Optimization (2006), algorithm 4.1, <https://doi.org/10.1007/978-0-387-40065-5>

use thalweg_core::{Algorithm, Finish, Problem, Stop};
use thalweg_linalg::nrm2;
use thalweg_macros::Options;

use crate::pieces::lanczos_region::{Enough, LanczosRegion};
use crate::pieces::newton_trust_region::{Region, Rules, minimize};
use crate::pieces::region_step::RegionStep;

/// What is left of an exact step, relative to the gradient.
const EXACT: f64 = 1e-8;

/// Newton's method in a trust region, with Lanczos' method for the step.
#[derive(Clone, Debug, Options)]
#[algorithm(name = "trust_krylov", kind = Scalar, needs(gradient, hessian))]
pub struct TrustKrylov {
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
    /// Solve for the step only as exactly as its place asks for: fewer products, sometimes more evaluations.
    #[option(default = true)]
    pub inexact: bool,
}

impl Algorithm for TrustKrylov {
    fn solve(&self, problem: &mut Problem<'_>, x0: &[f64]) -> Result<Finish, Stop> {
        let rules = Rules {
            initial_radius: self.trustregion_initial_radius,
            max_radius: self.trustregion_maximal_radius,
            acceptance: self.trustregion_threshold_acceptance,
            norm: self.norm,
            tolerance: self.convergence_gtol_abs,
        };
        let mut region =
            Krylov { inexact: self.inexact, space: LanczosRegion::new(x0), slope: 0.0 };
        minimize(problem, x0, &rules, &mut region)
    }
}

/// The Krylov space at a point.
struct Krylov {
    inexact: bool,
    space: LanczosRegion,
    slope: f64,
}

impl Region for Krylov {
    fn move_to(&mut self, _: &mut Problem<'_>, _: &[f64], gradient: &[f64]) -> Result<(), Stop> {
        self.space = LanczosRegion::new(gradient);
        self.slope = nrm2(gradient);
        Ok(())
    }

    fn step(
        &mut self,
        problem: &mut Problem<'_>,
        x: &[f64],
        radius: f64,
    ) -> Result<RegionStep, Stop> {
        let enough = self.enough();
        self.space.step(radius, enough, |d, product| problem.hessian_product(x, d, product))
    }
}

impl Krylov {
    fn enough(&self) -> Enough {
        let slope = self.slope;
        if self.inexact {
            let (inside, on_boundary) = (slope.min(0.5), slope.sqrt().min(0.5));
            Enough { inside: inside * slope, on_boundary: on_boundary * slope, beyond: false }
        } else {
            Enough { inside: EXACT * slope, on_boundary: EXACT * slope, beyond: true }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::testing::{run, wells, with_products};
    use thalweg_core::Want;

    #[test]
    fn leaves_a_saddle_with_products_alone() {
        let mut oracle = with_products(wells());
        let finish = run(&TrustKrylov::default(), &mut oracle, &[1e-4, 1.0, 0.5]);
        assert!(finish.verdict.is_success() && finish.value < 1e-6, "{finish:?}");
        assert!(oracle.n_evaluations < 30, "{}", oracle.n_evaluations);
        assert!(oracle.trace.iter().all(|(want, _)| !want.contains(Want::HESSIAN)));
    }

    #[test]
    fn exact_steps_leave_a_ridge_to_which_the_gradient_is_blind() {
        // On x = 0 the gradient has no part along x, so that Krylov spaces stay there.
        let start = [0.0, 1.0, 0.5];
        let blind = run(&TrustKrylov::default(), &mut with_products(wells()), &start);
        assert!(blind.x[0] == 0.0 && blind.value > 0.99, "{blind:?}");
        let exact = TrustKrylov { inexact: false, ..TrustKrylov::default() };
        let finish = run(&exact, &mut with_products(wells()), &start);
        assert!(finish.verdict.is_success() && finish.value < 1e-6, "{finish:?}");
    }

    #[test]
    fn inexact_steps_need_fewer_products() {
        let products = |inexact: bool| {
            let mut oracle = with_products(wells());
            run(&TrustKrylov { inexact, ..TrustKrylov::default() }, &mut oracle, &[0.3, 1.0, 0.5]);
            let wanted = oracle.trace.iter();
            wanted.filter(|(want, _)| want.contains(Want::HESSIAN_PRODUCT)).count()
        };
        assert!(products(true) < products(false), "{} {}", products(true), products(false));
    }
}
