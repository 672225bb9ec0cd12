//! Truncated Newton within bounds: Newton's method with preconditioned conjugate gradients.
//!
//! *When to use*: smooth objectives with gradients, of any size, with or without bounds, whose gradients cost little or whose
//! variables depend on each other in ways that change from place to place. Needs a few more gradients than L-BFGS-B on easy
//! problems and fewer on curved ones.
//!
//! *How it works*: each iteration
//! 1. holds the variables that are on a bound and would leave it along steepest descent;
//! 2. solves Newton's equations of the others by conjugate gradients until the residual is at most half the gradient, or
//!    `sqrt |g|` of it if that is less. Products with the Hessian are differences of gradients; a limited-memory BFGS matrix is the
//!    preconditioner;
//! 3. goes to the end of that direction, moved onto the bounds where it leaves them; where that does not bring enough, or where
//!    no bound is met, searches along the direction for a step with sufficient decrease and a slope that is not far below zero;
//! 4. takes the products and the step with its change of the gradient into the BFGS matrix.
//!
//! Small changes end a run when two Newton steps in a row are that small; steps along steepest descent have an arbitrary length.
//!
//! When a search fails, the matrix is forgotten and the iteration repeated from steepest descent; only if that fails as well, there
//! is no further progress.
//!
//! *Differences from the reference implementations* (Nash's TNC in scipy, and NLopt's LD_TNEWTON):
//! * the preconditioner is a BFGS matrix over several iterations and all products (Morales and Nocedal), not a diagonal one over
//!   one iteration: a third fewer evaluations for seven digits;
//! * steps may meet many bounds at once and variables are released from them as soon as that leads downhill, where TNC takes one
//!   bound at a time;
//! * variables are divided by scales under TNC's name only (`scale_variables`), which also keeps steps from steep slopes on the far
//!   side of a minimizer (`step_conditions`), and tolerances are about the user's variables in any case. TNC's rescaling of the
//!   objective is not needed.
//!
//! Of the benchmark problems of Moré and Wild it solves one more than LD_TNEWTON to four digits and five more to seven; with
//! scales, as many as TNC to four digits and two more to seven.
//!
//! *Cost per iteration* with n variables and m pairs: one evaluation of the gradient and 4 m n operations for each product, at
//! most n / 2 and 50 of them.
//!
//! References:
//! * S. G. Nash, Newton-type minimization via the Lanczos method, SIAM J. Numer. Anal. 21 (1984), <https://doi.org/10.1137/0721052>
//! * R. S. Dembo, T. Steihaug, Truncated-Newton algorithms for large-scale unconstrained optimization, Math. Program. 26 (1983),
//!   <https://doi.org/10.1007/BF02592055>
//! * J. L. Morales, J. Nocedal, Automatic preconditioning by limited memory quasi-Newton updating, SIAM J. Optim. 10 (2000),
//!   <https://doi.org/10.1137/S1052623497327854>

use thalweg_core::{Algorithm, Finish, Problem, Stop, Verdict};
use thalweg_macros::Options;

use crate::pieces::bounded_search::{BoundedSearch, turn_away_from_bounds};
use crate::pieces::box_model::Bounds;
use crate::pieces::change_tests::{ChangeTests, RepeatedTests};
use crate::pieces::descent::{Conditions, Descent, LineSearch, NO_BETTER_POINT, NOT_FINITE};
use crate::pieces::hessian_product::relative_length;
use crate::pieces::more_thuente::MoreThuente;
use crate::pieces::newton_equations::NewtonEquations;
use crate::pieces::truncated_cg::Ended;
use crate::pieces::wolfe_search::WolfeSearch;

/// The part of the decrease predicted by the slope that a step has to attain.
const SUFFICIENT_DECREASE: f64 = 1e-4;
/// The largest number of products that is chosen automatically.
const MOST_PRODUCTS: usize = 50;
/// How severe line searches are by default.
const SEVERITY: f64 = 0.25;

/// Newton's method with preconditioned conjugate gradients, within bounds (truncated Newton).
#[derive(Clone, Debug, Options)]
#[algorithm(name = "truncated_newton", kind = Scalar, needs(gradient), supports(bounds))]
pub struct TruncatedNewton {
    /// Stop when the change of the objective in an iteration, divided by the mean of its absolute values before and after, is at
    /// most this.
    #[option(shared, min = 0.0)]
    pub convergence_ftol_rel: f64,
    /// Stop when the change of the objective in an iteration is at most this.
    #[option(shared, min = 0.0)]
    pub convergence_ftol_abs: f64,
    /// Stop when the sum of the absolute changes of the parameters in an iteration, divided by the sum of their absolute values, is
    /// at most this.
    #[option(shared, min = 0.0)]
    pub convergence_xtol_rel: f64,
    /// Stop when the largest change of a parameter in an iteration is at most this.
    #[option(shared, min = 0.0)]
    pub convergence_xtol_abs: f64,
    /// Stop when the largest entry of the projected gradient is at most this. The projected gradient is the gradient, shortened
    /// where a step against it would leave the bounds.
    #[option(shared, min = 0.0)]
    pub convergence_gtol_abs: f64,
    /// The largest number of products with the Hessian in an iteration, each of which costs a gradient: 0 for steepest descent, -1
    /// for half the number of parameters, between 1 and 50.
    #[option(default = -1, min = -1)]
    pub max_hess_evaluations_per_iteration: i64,
    /// The longest step; 0 for no limit.
    #[option(default = 0.0, min = 0.0)]
    pub max_step_for_line_search: f64,
    /// What a step has to fulfil.
    #[option(default = Conditions::Wolfe)]
    pub step_conditions: Conditions,
    /// The part of the slope that a step may leave; 0.25 when this is negative.
    #[option(default = 0.25, min = -1.0, below = 1.0)]
    pub line_search_severity: f64,
    /// The length of the differences of gradients, relative to one and the length of the parameters; when this is 0, 1e-4, and 5e-4
    /// of gradients that are differences themselves.
    #[option(default = 0.0, min = 0.0, below = 1.0)]
    pub finite_difference_precision: f64,
    /// Divide the variables by scales: by the distance of their bounds, or by one more than their size at the start where they have
    /// less than two bounds.
    #[option(default = false)]
    pub scale_variables: bool,
    /// A value that the objective does not go below, if one is known: the first trials of line searches are then not longer than
    /// it takes to get there.
    #[option(default = None)]
    pub func_min_estimate: Option<f64>,
    /// The number of past steps and products that the preconditioner is built from.
    #[option(shared, min = 1, max = 1000)]
    pub limited_memory_storage_length: usize,
    /// The largest number of evaluations in one line search.
    #[option(shared, min = 1)]
    pub max_line_search_steps: usize,
}

impl Algorithm for TruncatedNewton {
    fn solve(&self, problem: &mut Problem<'_>, x0: &[f64]) -> Result<Finish, Stop> {
        let bounds = Bounds::new(problem.lower(), problem.upper());
        let mut point = Descent::start(problem, x0)?;
        if !point.is_finite() {
            return Ok(point.stalled(NOT_FINITE));
        }
        let line_search = self.line_search();
        let mut equations = self.equations(problem);
        if self.scale_variables {
            equations = equations.scaled_by(scales(x0, &bounds));
        }
        let mut value = point.value;
        let mut test = bounds.gradient_test(&point.x, &point.gradient, self.convergence_gtol_abs);
        let mut steepest = false;
        let mut changes = RepeatedTests::new(self.change_tests());
        loop {
            if let Some(test) = test {
                return Ok(point.finish(Verdict::Converged(test)));
            }
            equations.hold(&point, &bounds);
            let mut knows_curvature = false;
            if steepest || self.max_hess_evaluations_per_iteration == 0 {
                equations.steepest_descent(&mut point);
            } else {
                let ended = equations.newton_direction(problem, &mut point)?;
                turn_away_from_bounds(&mut point, &bounds);
                let downhill = point.slope() < 0.0; // not if the direction is not finite
                knows_curvature = downhill && ended != Ended::NoCurvature;
                if !downhill {
                    equations.steepest_descent(&mut point);
                }
            }
            let first = self.first_step(&point);
            if !line_search.search(problem, &mut point, &bounds, first)? {
                if steepest {
                    return Ok(point.stalled(NO_BETTER_POINT));
                }
                test = (changes.met_by_step(&point.x, &point.direction))
                    .or_else(|| point.lost_in_rounding().filter(|_| knows_curvature));
                equations.forget();
                steepest = true;
                continue;
            }
            steepest = false;
            problem.iteration(&point.x, point.value)?;
            let (before, after) = ((&point.x_old[..], value), (&point.x[..], point.value));
            test = bounds
                .gradient_test(&point.x, &point.gradient, self.convergence_gtol_abs)
                .or_else(|| changes.met(before, after, knows_curvature));
            value = point.value;
            equations.learn(&point);
        }
    }
}

impl TruncatedNewton {
    fn equations(&self, problem: &Problem<'_>) -> NewtonEquations {
        let (n, precision) = (problem.dim(), self.finite_difference_precision);
        NewtonEquations::new(
            n,
            self.limited_memory_storage_length,
            usize::try_from(self.max_hess_evaluations_per_iteration)
                .unwrap_or((n / 2).clamp(1, MOST_PRODUCTS)),
            if precision > 0.0 { precision } else { relative_length(problem) },
        )
    }

    fn change_tests(&self) -> ChangeTests {
        ChangeTests {
            ftol_rel: self.convergence_ftol_rel,
            ftol_abs: self.convergence_ftol_abs,
            xtol_rel: self.convergence_xtol_rel,
            xtol_abs: self.convergence_xtol_abs,
        }
    }

    fn line_search(&self) -> BoundedSearch {
        let severity = self.line_search_severity;
        let curvature = if severity < 0.0 { SEVERITY } else { severity };
        let (sufficient_decrease, max_evaluations) =
            (SUFFICIENT_DECREASE, self.max_line_search_steps);
        let line_search = match self.step_conditions {
            Conditions::StrongWolfe => LineSearch::MoreThuente(MoreThuente {
                sufficient_decrease,
                curvature,
                width: 1e-14,
                max_evaluations,
            }),
            Conditions::Wolfe => {
                LineSearch::Wolfe(WolfeSearch { sufficient_decrease, curvature, max_evaluations })
            }
        };
        BoundedSearch { line_search, longest: self.max_step_for_line_search }
    }

    /// The whole step, or the one that would lead to the least value if that is shorter.
    fn first_step(&self, point: &Descent) -> f64 {
        let gap = point.value - self.func_min_estimate.unwrap_or(f64::INFINITY);
        if gap > 0.0 { (2.0 * gap / -point.slope()).min(1.0) } else { 1.0 }
    }
}

fn scales(x0: &[f64], bounds: &Bounds<'_>) -> Vec<f64> {
    let ranges = bounds.lower.iter().zip(bounds.upper).map(|(low, high)| high - low);
    let scale = |(x, range): (&f64, f64)| {
        if range > 0.0 && range.is_finite() { range } else { 1.0 + x.abs() }
    };
    x0.iter().zip(ranges).map(scale).collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::testing::{assert_within_bounds, boxed, rosenbrock, rosenbrock_gradient};
    use thalweg_core::ProblemSpec;
    use thalweg_core::testing::FunctionOracle;

    fn run(
        algorithm: &TruncatedNewton,
        oracle: &mut FunctionOracle<'_>,
        spec: &ProblemSpec,
        x0: &[f64],
    ) -> Finish {
        let finish = algorithm.solve(&mut Problem::new(oracle, spec), x0).unwrap();
        assert_within_bounds(oracle, spec);
        finish
    }

    #[test]
    fn scales_are_the_distance_of_bounds_or_one_more_than_the_start() {
        let spec = boxed(&[0.0, f64::NEG_INFINITY, 2.0], &[5.0, 9.0, 2.0]);
        let bounds = Bounds::new(&spec.lower, &spec.upper);
        assert_eq!(scales(&[1.0, -3.0, 2.0], &bounds), [5.0, 4.0, 3.0]);
    }

    #[test]
    fn finds_the_minimum_with_active_and_half_open_bounds() {
        let spec = boxed(&[f64::NEG_INFINITY, 0.25, -1.0], &[0.5, f64::INFINITY, 1.0]);
        for x0 in [[0.4, 1.0, 0.9], [0.5, 0.25, 1.0], [-3.0, 7.0, -1.0]] {
            let mut oracle = FunctionOracle::scalar(rosenbrock).with_gradient(rosenbrock_gradient);
            let finish = run(&TruncatedNewton::default(), &mut oracle, &spec, &x0);
            assert!(finish.verdict.is_success(), "{}", finish.verdict);
            let mut g = [0.0; 3];
            rosenbrock_gradient(&finish.x, &mut g);
            // There is another minimum at (-0.48, 0.25, 0.06).
            let bounds = Bounds::new(&spec.lower, &spec.upper);
            assert!(bounds.projected_gradient(&finish.x, &g) < 1e-2, "{:?}: {g:?}", finish.x);
            assert!(x0[0] < 0.0 || finish.x[0] == 0.5, "{:?}", finish.x);
        }
    }

    #[test]
    fn meets_many_bounds_in_few_iterations() {
        let n = 200;
        let spec = boxed(&vec![-1.0; n], &vec![1.0; n]);
        let target = |i: usize| 3.0 * ((i * 7 + 1) as f64).sin();
        let value = |x: &[f64]| (0..n).map(|i| (1.0 + i as f64) * (x[i] - target(i)).powi(2)).sum();
        let mut oracle = FunctionOracle::scalar(value).with_gradient(|x, g| {
            for i in 0..n {
                g[i] = 2.0 * (1.0 + i as f64) * (x[i] - target(i));
            }
        });
        let finish = run(&TruncatedNewton::default(), &mut oracle, &spec, &vec![0.0; n]);
        assert!(finish.verdict.is_success());
        for i in 0..n {
            assert!((finish.x[i] - target(i).clamp(-1.0, 1.0)).abs() < 1e-3, "{i}");
        }
        assert!(oracle.iterations.len() <= 25, "{}", oracle.iterations.len());
    }

    #[test]
    fn steps_are_no_longer_than_allowed() {
        let free = boxed(&[f64::NEG_INFINITY; 2], &[f64::INFINITY; 2]);
        let mut oracle = FunctionOracle::scalar(rosenbrock).with_gradient(rosenbrock_gradient);
        let short = TruncatedNewton { max_step_for_line_search: 0.1, ..Default::default() };
        let finish = run(&short, &mut oracle, &free, &[-1.2, 1.0]);
        assert!(finish.verdict.is_success() && finish.value < 1e-8, "{}", finish.value);
        let mut last = vec![-1.2, 1.0];
        for (x, _) in &oracle.iterations {
            assert!((x[0] - last[0]).hypot(x[1] - last[1]) <= 0.1 + 1e-12);
            last.clone_from(x);
        }
    }

    #[test]
    fn no_products_mean_steepest_descent() {
        let free = boxed(&[f64::NEG_INFINITY; 2], &[f64::INFINITY; 2]);
        let mut oracle = FunctionOracle::scalar(|x| x[0] * x[0] + 3.0 * x[1] * x[1])
            .with_gradient(|x, g| g.copy_from_slice(&[2.0 * x[0], 6.0 * x[1]]));
        let steepest =
            TruncatedNewton { max_hess_evaluations_per_iteration: 0, ..Default::default() };
        let finish = run(&steepest, &mut oracle, &free, &[1.0, 1.0]);
        assert!(finish.verdict.is_success() && finish.value < 1e-6);
        assert_eq!(oracle.trace.len() as u64, oracle.n_evaluations, "no gradients alone");
    }

    #[test]
    fn a_known_minimum_shortens_the_first_trial() {
        let first_trial = |func_min_estimate| {
            // Flat far out: the Newton step from 3 leads far beyond the minimum.
            let mut oracle = FunctionOracle::scalar(|x| 1.0 - (-x[0] * x[0] / 20.0).exp())
                .with_gradient(|x, g| g[0] = x[0] / 10.0 * (-x[0] * x[0] / 20.0).exp());
            let free = boxed(&[f64::NEG_INFINITY], &[f64::INFINITY]);
            let algorithm = TruncatedNewton { func_min_estimate, ..Default::default() };
            run(&algorithm, &mut oracle, &free, &[3.0]);
            oracle.trace[2].1[0]
        };
        assert!(first_trial(None) < -20.0, "{}", first_trial(None));
        assert!((-3.0..3.0).contains(&first_trial(Some(0.0))), "{}", first_trial(Some(0.0)));
        assert_eq!(first_trial(Some(9.0)), first_trial(None), "no minimum lies above the value");
    }

    #[test]
    fn a_wrong_gradient_and_an_undefined_start_are_no_success() {
        for spec in [boxed(&[f64::NEG_INFINITY], &[f64::INFINITY]), boxed(&[-9.0], &[9.0])] {
            let mut oracle = FunctionOracle::scalar(|x| x[0]).with_gradient(|_, g| g[0] = -1.0);
            let finish = run(&TruncatedNewton::default(), &mut oracle, &spec, &[0.0]);
            assert_eq!(finish.verdict, Verdict::Stalled(NO_BETTER_POINT.into()));
            let mut oracle =
                FunctionOracle::scalar(|_| f64::NAN).with_gradient(|_, g| g[0] = f64::NAN);
            let finish = run(&TruncatedNewton::default(), &mut oracle, &spec, &[0.0]);
            assert_eq!(finish.verdict, Verdict::Stalled(NOT_FINITE.into()));
        }
    }
}
