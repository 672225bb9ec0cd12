//! Newton's method in a trust region, with truncated conjugate gradients (trust-ncg).
//!
//! # When to use
//! A smooth objective without bounds that has many parameters, of which products of the Hessian with vectors are cheap (`hessp`, or
//! differences of gradients). Curvature that changes its sign does not disturb it. With a few dozen parameters, `trust_exact` needs fewer
//! evaluations.
//!
//! # How it works
//! Each iteration
//! 1. takes the quadratic model of the objective at the point;
//! 2. minimizes it along conjugate directions until its gradient is at most `min(1/2, sqrt |g|) |g|`;
//! 3. ends that on the boundary of the trust region when a step would leave it, or along a direction of negative curvature;
//! 4. compares the decrease of the objective with the promised one, takes the step if it is more than 15 % of it, and shrinks or
//!    enlarges the radius.
//!
//! # Differences from the reference
//! To scipy's `trust-ncg`, whose first points it reproduces (`tests/golden_trust_region.rs`):
//! * where changes of the objective are lost in rounding, steps are judged by the gradient, and the run ends when that no longer falls,
//!   where the reference goes on until its model fails or its iterations are used up;
//! * a trial whose value is not a number is rejected and shrinks the radius, where the reference keeps to it until its iterations are
//!   used up;
//! * without second derivatives from the user, products are differences of gradients, where the reference refuses.
//!
//! # Cost per iteration
//! One evaluation of the objective, at most one gradient, and at most 2 n products, for each of them 6 n operations.
//!
//! # References
//! * T. Steihaug, The conjugate gradient method and trust regions in large scale optimization, SIAM J. Numer. Anal. 20 (1983),
//!   <https://doi.org/10.1137/0720042>
//! * J. Nocedal, S. J. Wright, Numerical Optimization (2006), algorithms 4.1 and 7.2, <https://doi.org/10.1007/978-0-387-40065-5>

use thalweg_core::{Algorithm, Finish, Problem, Stop};
use thalweg_macros::Options;

use crate::pieces::newton_trust_region::{Region, Rules, minimize};
use crate::pieces::region_step::RegionStep;
use crate::pieces::steihaug::steihaug;

/// Newton's method in a trust region, with truncated conjugate gradients.
#[derive(Clone, Debug, Options)]
#[algorithm(name = "trust_ncg", kind = Scalar, needs(gradient, hessian))]
pub struct TrustNcg {
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

impl Algorithm for TrustNcg {
    fn solve(&self, problem: &mut Problem<'_>, x0: &[f64]) -> Result<Finish, Stop> {
        let rules = Rules {
            initial_radius: self.trustregion_initial_radius,
            max_radius: self.trustregion_maximal_radius,
            acceptance: self.trustregion_threshold_acceptance,
            norm: self.norm,
            tolerance: self.convergence_gtol_abs,
        };
        minimize(problem, x0, &rules, &mut Truncated::default())
    }
}

/// Truncated conjugate gradients within the radius.
#[derive(Default)]
struct Truncated {
    gradient: Vec<f64>,
}

impl Region for Truncated {
    fn move_to(&mut self, _: &mut Problem<'_>, _: &[f64], gradient: &[f64]) -> Result<(), Stop> {
        self.gradient = gradient.to_vec();
        Ok(())
    }

    fn step(
        &mut self,
        problem: &mut Problem<'_>,
        x: &[f64],
        radius: f64,
    ) -> Result<RegionStep, Stop> {
        steihaug(&self.gradient, radius, |d, product| problem.hessian_product(x, d, product))
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
        let finish = run(&TrustNcg::default(), &mut oracle, &[1e-4, 1.0, 0.5]);
        assert!(finish.verdict.is_success() && finish.value < 1e-6, "{finish:?}");
        assert!(oracle.n_evaluations < 30, "{}", oracle.n_evaluations);
        assert!(oracle.trace.iter().all(|(want, _)| !want.contains(Want::HESSIAN)));
    }
}
