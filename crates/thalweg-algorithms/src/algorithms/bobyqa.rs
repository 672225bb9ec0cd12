//! BOBYQA: trust-region steps on a quadratic model by interpolation, within bounds, without derivatives.
//!
//! # When to use
//! A smooth objective of up to about a hundred variables without derivatives, with or without bounds, whose evaluations are not cheap:
//! few other methods need as few of them. A little noise does no harm. For sums of squares, methods that see the residuals need fewer
//! still; with derivatives, `lbfgsb`.
//!
//! # How it works
//! The objective is known at 2 n + 1 points. A quadratic model goes through them, whose second derivative changes by as little as
//! possible (in the Frobenius norm) when a point is exchanged. Each iteration makes the model small within a trust region, evaluates
//! the objective there, and gives the point the place of another one. Where the model disappoints and points are far away, one of
//! them is moved to where it tells most. Steps that become short compared with the resolution rho make it smaller, until it is the
//! wanted precision.
//!
//! # Differences from the reference
//! Written from the papers. Against NLopt 2.11's LN_BOBYQA:
//! * the matrix of the interpolation conditions is inverted afresh when the base of the points moves or rounding has damaged it, instead
//!   of corrected by formulas and rebuilt point by point (`pieces::lagrange_basis`);
//! * steps that improve the points are trust-region steps on the Lagrange function, not one gradient step or a sequence of turns;
//! * values that are not finite count as worse than all others by ten times their range; NLopt stops or loops on them;
//! * steps shorter than 0.3 rho (not 0.5) are not evaluated, and the least model takes over when the model's squared gradient is four
//!   (not ten) times as large as its own, three times in a row; both were chosen on the problems of Moré and Wild;
//! * the change of the objective ends a run only after a step that gained what the model promised, not after any small gain;
//! * a start that nearly touches a bound is moved onto it, instead of making the first steps tiny.
//!
//! The first steps follow NLopt's rule: the size of each coordinate (1 if that is zero), a quarter of the box, and at most three quarters
//! of the way to a bound. The first 2 n + 1 points are one batch.
//!
//! # Cost per iteration
//! One evaluation and O(n^2) operations; O(n^3) where the matrix is inverted afresh, which is after the center has moved
//! about thirty steps away from where it was inverted last.
//!
//! # References
//! * Powell 2009: The BOBYQA algorithm for bound constrained optimization without derivatives,
//!   <https://www.damtp.cam.ac.uk/user/na/NA_papers/NA2009_06.pdf>
//! * Powell 2004: Least Frobenius norm updating of quadratic models that satisfy interpolation conditions,
//!   <https://doi.org/10.1007/s10107-003-0490-7>
//! * Zhang: PRIMA, reference implementation for Powell's methods, <https://www.libprima.net>

use thalweg_core::{Algorithm, Finish, Problem, Stop};
use thalweg_macros::Options;

use crate::pieces::powell_search::PowellSearch;
use crate::pieces::search_rules::SearchRules;

/// Minimize a scalar function on quadratic models by interpolation, without derivatives.
#[derive(Clone, Debug, Options)]
#[algorithm(name = "bobyqa", kind = Scalar, supports(bounds, parallel))]
pub struct Bobyqa {
    /// Stop when the radius of the trust region, relative to the first steps, is at most this.
    #[option(shared, min = 0.0)]
    pub convergence_xtol_rel: f64,
    /// Stop when the radius of the trust region, in the units of the parameter with the largest first step, is at most this.
    #[option(shared, min = 0.0)]
    pub convergence_xtol_abs: f64,
    /// Stop when a step gains what the model promised, but by at most this, relative to the objective.
    #[option(shared, min = 0.0)]
    pub convergence_ftol_rel: f64,
    /// As `convergence_ftol_rel`, absolute; the larger tolerance counts.
    #[option(shared, min = 0.0)]
    pub convergence_ftol_abs: f64,
}

impl Algorithm for Bobyqa {
    fn solve(&self, problem: &mut Problem<'_>, x0: &[f64]) -> Result<Finish, Stop> {
        let search = PowellSearch {
            lines: true,
            distance_power: 2,
            shrink_step: false,
            geometry_radius: 1.0,
            xtol_rel: self.convergence_xtol_rel,
            xtol_abs: self.convergence_xtol_abs,
            ftol_rel: self.convergence_ftol_rel,
            ftol_abs: self.convergence_ftol_abs,
            rules: SearchRules::POWELL,
        };
        search.minimize(problem, x0)
    }
}
