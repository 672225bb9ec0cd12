//! Newton-CG: Newton's method whose equations are solved by conjugate gradients, just exactly enough.
//!
//! *When to use*: smooth objectives with cheap gradients and many variables, without bounds, above all when the curvature changes
//! much from place to place: it looks at the Hessian where it is and does not have to learn it on the way.
//!
//! *How it works*: each iteration
//! 1. solves `H p = -g` by conjugate gradients until the residual's 1-norm is at most `min(1/2, sqrt |g|) |g|`. Products with H
//!    come from the Hessian or the products that the user gives; without these, they are differences of gradients. A direction without positive curvature ends the solution with what there is by then;
//! 2. searches along p, beginning with the whole step, for one with sufficient decrease and small slope;
//! 3. tests the gradient and the mean absolute size of the step.
//!
//! *Differences from the reference implementation* (scipy's Newton-CG):
//! * every search begins with the whole step, where the reference guesses one from the last decrease;
//! * differences of gradients have a length relative to the point (1e-4) and not an absolute one for whatever direction, so that
//!   products are right to several digits for variables of any size, and with numerical gradients;
//! * a failed search is repeated from steepest descent, where the reference gives up;
//! * there is a test on the gradient.
//!
//! *Cost per iteration*: one evaluation of the gradient for each product, at most 20 n of them; with a closed-form Hessian one
//! evaluation of that, or else one of each product.
//!
//! References:
//! * J. Nocedal, S. J. Wright, Numerical Optimization (2006), algorithm 7.1, <https://doi.org/10.1007/978-0-387-40065-5>
//! * R. S. Dembo, S. C. Eisenstat, T. Steihaug, Inexact Newton methods, SIAM J. Numer. Anal. 19 (1982),
//!   <https://doi.org/10.1137/0719025>

use thalweg_core::{Algorithm, Finish, Problem, Stop, Test, Verdict};
use thalweg_macros::Options;

use crate::pieces::descent::{Descent, LineSearch, NO_BETTER_POINT, NOT_FINITE};
use crate::pieces::gradient_norm::{gradient_test, p_norm};
use crate::pieces::hessian_product::{Place, hessian_product, relative_length};
use crate::pieces::more_thuente::MoreThuente;
use crate::pieces::truncated_cg::{Ended, Newton, TruncatedCg};

/// The largest residual of Newton's equations, relative to the gradient.
const LARGEST_RESIDUAL: f64 = 0.5;
/// The largest number of products, for each variable.
const MOST_PRODUCTS: usize = 20;

/// Newton's method with conjugate gradients (Newton-CG).
#[derive(Clone, Debug, Options)]
#[algorithm(name = "newton_cg", kind = Scalar, needs(gradient), supports(hessian))]
pub struct NewtonCg {
    /// Stop when the mean absolute change of the parameters in an iteration is at most this.
    #[option(
        default = 1e-5,
        min = 0.0,
        overrides = "the steps of Newton's method shrink so quickly that they say how far the minimum is"
    )]
    pub convergence_xtol_abs: f64,
    /// Stop when the largest entry of the gradient is at most this.
    #[option(shared, min = 0.0)]
    pub convergence_gtol_abs: f64,
    /// The part of the decrease predicted by the slope that a step has to attain.
    #[option(default = 1e-4, above = 0.0, below = 0.5)]
    pub armijo_condition: f64,
    /// The part of the slope that a step may leave.
    #[option(default = 0.9, min = 0.5, below = 1.0)]
    pub curvature_condition: f64,
    /// The largest number of evaluations in one line search.
    #[option(shared, min = 1)]
    pub max_line_search_steps: usize,
}

/// The Hessian where the point is.
struct HessianAt<'p, 'o> {
    problem: &'p mut Problem<'o>,
    place: Place<'p>,
    moved: &'p mut Vec<f64>,
}

impl Newton for HessianAt<'_, '_> {
    fn product(&mut self, d: &[f64], product: &mut Vec<f64>) -> Result<(), Stop> {
        if self.problem.has_hessian() || self.problem.has_hessian_product() {
            return self.problem.hessian_product(self.place.x, d, product);
        }
        hessian_product(self.problem, self.place, d, self.moved, product)
    }
}

impl Algorithm for NewtonCg {
    fn solve(&self, problem: &mut Problem<'_>, x0: &[f64]) -> Result<Finish, Stop> {
        let line_search = LineSearch::MoreThuente(MoreThuente {
            sufficient_decrease: self.armijo_condition,
            curvature: self.curvature_condition,
            width: 1e-14,
            max_evaluations: self.max_line_search_steps,
        });
        let mut point = Descent::start(problem, x0)?;
        if !point.is_finite() {
            return Ok(point.stalled(NOT_FINITE));
        }
        let relative_length = relative_length(problem);
        let (mut cg, mut moved) = (TruncatedCg::default(), Vec::new());
        let mut test = self.gradient_test(&point);
        loop {
            if let Some(test) = test {
                return Ok(point.finish(Verdict::Converged(test)));
            }
            let size = p_norm(&point.gradient, 1.0);
            let enough = size * LARGEST_RESIDUAL.min(size.sqrt());
            let (x, gradient) = (&point.x[..], &point.gradient[..]);
            let place = Place { x, gradient, relative_length };
            let mut newton = HessianAt { problem, place, moved: &mut moved };
            let (p, most) = (&mut point.direction, MOST_PRODUCTS * x0.len());
            let ended = cg.solve(gradient, p, &mut newton, most, |r| p_norm(r, 1.0) <= enough)?;

            let mut search = point.search(problem, &line_search, 1.0)?;
            if search.is_none() {
                if ended == Ended::Solved {
                    test = self.step_test(1.0, &point).or_else(|| point.lost_in_rounding());
                    if test.is_some() {
                        continue;
                    }
                }
                point.turn_downhill();
                search = point.search(problem, &line_search, point.unit_step())?;
            }
            let Some(search) = search else { return Ok(point.stalled(NO_BETTER_POINT)) };
            problem.iteration(&point.x, point.value)?;
            test = self.gradient_test(&point).or_else(|| self.step_test(search.step, &point));
        }
    }
}

impl NewtonCg {
    fn gradient_test(&self, point: &Descent) -> Option<Test> {
        gradient_test(&point.gradient, f64::INFINITY, self.convergence_gtol_abs)
    }

    fn step_test(&self, step: f64, point: &Descent) -> Option<Test> {
        let mean = step * p_norm(&point.direction, 1.0) / point.x.len() as f64;
        (mean <= self.convergence_xtol_abs).then_some(Test {
            measure: "mean absolute change of the parameters",
            value: mean,
            tolerance: self.convergence_xtol_abs,
            option: "convergence_xtol_abs",
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use thalweg_core::ProblemSpec;
    use thalweg_core::testing::FunctionOracle;

    fn run(algorithm: &NewtonCg, oracle: &mut FunctionOracle<'_>, x0: &[f64]) -> Finish {
        let spec = ProblemSpec::unconstrained(x0.len());
        algorithm.solve(&mut Problem::new(oracle, &spec), x0).unwrap()
    }

    /// exp(x) - x in the first variable, quartic in the others: convex, with curvatures that change.
    fn convex(x: &[f64]) -> f64 {
        x[0].exp() - x[0] + x[1..].iter().map(|x| x.powi(4) + x * x).sum::<f64>()
    }

    fn convex_gradient(x: &[f64], g: &mut [f64]) {
        g[0] = x[0].exp() - 1.0;
        for i in 1..x.len() {
            g[i] = 4.0 * x[i].powi(3) + 2.0 * x[i];
        }
    }

    #[test]
    fn converges_faster_than_linearly() {
        let mut oracle = FunctionOracle::scalar(convex).with_gradient(convex_gradient);
        let tight = NewtonCg {
            convergence_xtol_abs: 0.0,
            convergence_gtol_abs: 1e-7,
            ..Default::default()
        };
        let finish = run(&tight, &mut oracle, &[1.0; 50]);
        assert!(finish.verdict.is_success() && finish.x.iter().all(|x| x.abs() < 1e-7));
        assert!(oracle.iterations.len() <= 8, "{}", oracle.iterations.len());
        assert!(oracle.trace.len() <= 30, "{}", oracle.trace.len());
    }

    #[test]
    fn small_steps_end_the_run_as_well() {
        let mut oracle = FunctionOracle::scalar(convex).with_gradient(convex_gradient);
        let algorithm = NewtonCg { convergence_gtol_abs: 0.0, ..Default::default() };
        let Verdict::Converged(test) = run(&algorithm, &mut oracle, &[1.0; 3]).verdict else {
            panic!("no success")
        };
        assert_eq!(test.option, "convergence_xtol_abs");
    }

    #[test]
    fn leaves_a_saddle() {
        // (x^2 - 1)^2 + y^2 has negative curvature along x near 0.
        let mut oracle = FunctionOracle::scalar(|x| (x[0] * x[0] - 1.0).powi(2) + x[1] * x[1])
            .with_gradient(|x, g| {
                g.copy_from_slice(&[4.0 * x[0] * (x[0] * x[0] - 1.0), 2.0 * x[1]]);
            });
        let finish = run(&NewtonCg::default(), &mut oracle, &[1e-4, 1.0]);
        assert!(finish.verdict.is_success() && finish.value < 1e-9, "{}", finish.value);
    }

    #[test]
    fn a_wrong_gradient_and_an_undefined_start_are_no_success() {
        let mut oracle = FunctionOracle::scalar(|x| x[0]).with_gradient(|_, g| g[0] = -1.0);
        let finish = run(&NewtonCg::default(), &mut oracle, &[0.0]);
        assert_eq!(finish.verdict, Verdict::Stalled(NO_BETTER_POINT.into()));
        let mut oracle = FunctionOracle::scalar(|_| f64::NAN).with_gradient(|_, g| g[0] = f64::NAN);
        let finish = run(&NewtonCg::default(), &mut oracle, &[0.0]);
        assert_eq!(finish.verdict, Verdict::Stalled(NOT_FINITE.into()));
    }
}
