//! Shifted limited-memory variable metric: a quasi-Newton method with a matrix of low rank on top of a shift.
//!
//! *When to use*: where users of NLopt's LD_VAR1 and LD_VAR2 expect it. For smooth objectives of any size with or without bounds
//! L-BFGS-B is the first choice; this one needs about as many evaluations.
//!
//! *How it works*: `H = zeta I + U U'` stands for the inverse Hessian. Each iteration
//! 1. holds the variables that are on a bound and would leave it along steepest descent;
//! 2. goes along `-H g` of the others: to the end, moved onto the bounds where it leaves them, or, where that does not bring enough
//!    or no bound is met, to a step with sufficient decrease and a slope that has gone up enough for an update;
//! 3. takes the step and the change of the gradient into H, by a change of U of rank one or two.
//!
//! When a search fails, H is forgotten and the iteration repeated from steepest descent; only if that fails as well, there is no
//! further progress.
//!
//! Small changes end a run when two iterations in a row are that small.
//!
//! *Differences from the reference implementation* (NLopt's LD_VAR1 and LD_VAR2, of Lukšan's PLIP):
//! * the first step is one unit long, or as long as the gradient if that is shorter: the reference gives up on 13 of 54 benchmark
//!   problems, all with a large gradient at the start;
//! * the change of rank two is the BFGS update with the oldest column dropped, not the one that changes U least.
//!
//! *Cost per iteration* with n variables and m columns: about 10 m n operations; 8 n^2 if m is at least n, and nothing is forgotten.
//!
//! References:
//! * J. Vlček, L. Lukšan, Shifted limited-memory variable metric methods for large-scale unconstrained optimization, J. Comput.
//!   Appl. Math. 186 (2006), <https://doi.org/10.1016/j.cam.2005.02.010>
//! * D. P. Bertsekas, Projected Newton methods for optimization problems with simple constraints, SIAM J. Control Optim. 20 (1982),
//!   <https://doi.org/10.1137/0320018>

use thalweg_core::{Algorithm, Finish, Problem, Stop, Verdict};
use thalweg_linalg::nrm2;
use thalweg_macros::Options;

use crate::pieces::bounded_search::{BoundedSearch, hold, leave_out, turn_away_from_bounds};
use crate::pieces::box_model::Bounds;
use crate::pieces::change_tests::{ChangeTests, RepeatedTests};
use crate::pieces::descent::{Descent, LineSearch, NO_BETTER_POINT, NOT_FINITE};
use crate::pieces::shifted_metric::ShiftedMetric;
use crate::pieces::wolfe_search::WolfeSearch;

/// Limited-memory quasi-Newton method with a shifted matrix, within bounds (variable metric).
#[derive(Clone, Debug, Options)]
#[algorithm(name = "variable_metric", kind = Scalar, needs(gradient), supports(bounds))]
pub struct VariableMetric {
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
    /// Change the matrix by rank one in each iteration once it has all its columns, not by rank two.
    #[option(default = true)]
    pub rank_1_update: bool,
    /// The number of columns of the matrix. With no less of them than parameters, all that was learned is kept.
    #[option(
        default = 50,
        min = 1,
        max = 1000,
        overrides = "the original keeps as many as memory allows, and 10 leave two benchmark problems unsolved"
    )]
    pub limited_memory_storage_length: usize,
    /// The largest number of evaluations in one line search.
    #[option(shared, min = 1)]
    pub max_line_search_steps: usize,
}

impl Algorithm for VariableMetric {
    fn solve(&self, problem: &mut Problem<'_>, x0: &[f64]) -> Result<Finish, Stop> {
        let n = x0.len();
        let bounds = Bounds::new(problem.lower(), problem.upper());
        let mut point = Descent::start(problem, x0)?;
        if !point.is_finite() {
            return Ok(point.stalled(NOT_FINITE));
        }
        let line_search = BoundedSearch {
            line_search: LineSearch::Wolfe(WolfeSearch {
                sufficient_decrease: 1e-4,
                curvature: 0.9,
                max_evaluations: self.max_line_search_steps,
            }),
            longest: 0.0,
        };
        let mut tests = RepeatedTests::new(self.change_tests());
        let mut metric =
            ShiftedMetric::new(n, self.limited_memory_storage_length, self.rank_1_update);
        let (mut held, mut reduced) = (vec![false; n], vec![0.0; n]);
        hold(&point, &bounds, &mut held);
        reduced.copy_from_slice(&point.gradient);
        leave_out(&held, &mut reduced);
        let nowhere = vec![0.0; n];
        for pair in &problem.experience().curvature {
            let mut change = pair.change.clone();
            leave_out(&held, &mut change);
            metric.update((&nowhere, &nowhere), (&pair.step, &change));
        }
        let mut test = bounds.gradient_test(&point.x, &point.gradient, self.convergence_gtol_abs);
        loop {
            if let Some(test) = test {
                return Ok(point.finish(Verdict::Converged(test)));
            }
            metric.multiply(&reduced, &mut point.direction);
            let scale = if metric.is_identity() { nrm2(&reduced).max(1.0) } else { 1.0 };
            point.direction.iter_mut().for_each(|d| *d /= -scale);
            leave_out(&held, &mut point.direction);
            turn_away_from_bounds(&mut point, &bounds);

            let value = point.value;
            if !line_search.search(problem, &mut point, &bounds, 1.0)? {
                if metric.is_identity() {
                    return Ok(point.stalled(NO_BETTER_POINT));
                }
                test = tests
                    .met_by_step(&point.x, &point.direction)
                    .or_else(|| point.lost_in_rounding());
                metric.clear();
                continue;
            }
            problem.iteration(&point.x, point.value)?;
            test = bounds
                .gradient_test(&point.x, &point.gradient, self.convergence_gtol_abs)
                .or_else(|| {
                    let (before, after) = ((&point.x_old[..], value), (&point.x[..], point.value));
                    tests.met(before, after, !metric.is_identity())
                });

            // H is to map changes to steps among the variables that are not held: with the changes of the others, its part among
            // these would no longer be the inverse of the Hessian's.
            hold(&point, &bounds, &mut held);
            reduced.copy_from_slice(&point.gradient);
            leave_out(&held, &mut reduced);
            leave_out(&held, &mut point.gradient_old);
            metric.update((&point.x_old, &point.gradient_old), (&point.x, &reduced));
        }
    }
}

impl VariableMetric {
    fn change_tests(&self) -> ChangeTests {
        ChangeTests {
            ftol_rel: self.convergence_ftol_rel,
            ftol_abs: self.convergence_ftol_abs,
            xtol_rel: self.convergence_xtol_rel,
            xtol_abs: self.convergence_xtol_abs,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::testing::{assert_within_bounds, boxed, rosenbrock, rosenbrock_gradient};
    use thalweg_core::testing::FunctionOracle;
    use thalweg_core::{CurvaturePair, Experience, ProblemSpec};

    fn run(
        algorithm: &VariableMetric,
        oracle: &mut FunctionOracle<'_>,
        spec: &ProblemSpec,
        x0: &[f64],
    ) -> Finish {
        let finish = algorithm.solve(&mut Problem::new(oracle, spec), x0).unwrap();
        assert_within_bounds(oracle, spec);
        finish
    }

    #[test]
    fn known_curvature_saves_the_first_steps() {
        let curvature = vec![CurvaturePair { step: vec![1.0], change: vec![100.0] }];
        let cold = ProblemSpec::unconstrained(1);
        let experience = Experience { curvature, ..Experience::default() };
        let warm = ProblemSpec { experience, ..cold.clone() };
        let [cold, warm] = [cold, warm].map(|spec| {
            let mut oracle = FunctionOracle::scalar(|x| 50.0 * x[0] * x[0])
                .with_gradient(|x, g| g[0] = 100.0 * x[0]);
            let finish = run(&VariableMetric::default(), &mut oracle, &spec, &[3.0]);
            assert!(finish.verdict.is_success() && finish.value < 1e-9, "{finish:?}");
            oracle.trace[1].1[0].abs()
        });
        assert!(warm < 1e-10 && cold > 1.0, "the first step is Newton's: {warm}, {cold}");
    }

    #[test]
    fn both_updates_find_the_minimum_with_active_and_half_open_bounds() {
        let spec = boxed(&[f64::NEG_INFINITY, 0.25, -1.0], &[0.5, f64::INFINITY, 1.0]);
        for rank_1_update in [true, false] {
            let algorithm = VariableMetric {
                rank_1_update,
                convergence_xtol_rel: 0.0,
                convergence_ftol_rel: 1e-12,
                ..Default::default()
            };
            for x0 in [[0.4, 1.0, 0.9], [0.5, 0.25, 1.0]] {
                let mut oracle =
                    FunctionOracle::scalar(rosenbrock).with_gradient(rosenbrock_gradient);
                let finish = run(&algorithm, &mut oracle, &spec, &x0);
                assert!(finish.verdict.is_success(), "{}", finish.verdict);
                let mut g = [0.0; 3];
                rosenbrock_gradient(&finish.x, &mut g);
                assert_eq!(finish.x[0], 0.5);
                assert!(g[0] < 0.0 && g[1].abs() < 1e-3 && g[2].abs() < 1e-3, "{g:?}");
            }
        }
    }

    #[test]
    fn variables_at_bounds_do_not_disturb_what_is_known_of_the_others() {
        // Neighbours depend on each other strongly; half of the variables end at a bound.
        let n = 20;
        let spec = boxed(&vec![-1.0; n], &vec![1.0; n]);
        let target = |i: usize| if i.is_multiple_of(2) { 9.0 } else { 0.3 };
        let value = |x: &[f64]| {
            let own: f64 = (0..n).map(|i| (x[i] - target(i)).powi(2)).sum();
            own + x.windows(2).map(|w| 40.0 * (w[1] - w[0]).powi(4)).sum::<f64>()
        };
        let mut oracle = FunctionOracle::scalar(value).with_gradient(|x, g| {
            (0..n).for_each(|i| g[i] = 2.0 * (x[i] - target(i)));
            for i in 0..n - 1 {
                let pull = 160.0 * (x[i + 1] - x[i]).powi(3);
                g[i] -= pull;
                g[i + 1] += pull;
            }
        });
        let algorithm = VariableMetric { convergence_xtol_rel: 0.0, ..Default::default() };
        let finish = run(&algorithm, &mut oracle, &spec, &vec![0.0; n]);
        assert!(finish.verdict.is_success(), "{}", finish.verdict);
        assert!(finish.x.iter().filter(|x| **x == 1.0).count() >= n / 2, "{:?}", finish.x);
        assert!(oracle.n_evaluations <= 40, "{}", oracle.n_evaluations);
    }

    #[test]
    fn one_column_is_enough() {
        let spec = ProblemSpec::unconstrained(4);
        for rank_1_update in [true, false] {
            let algorithm = VariableMetric {
                rank_1_update,
                limited_memory_storage_length: 1,
                ..Default::default()
            };
            let mut oracle = FunctionOracle::scalar(rosenbrock).with_gradient(rosenbrock_gradient);
            let finish = run(&algorithm, &mut oracle, &spec, &[-1.0; 4]);
            assert!(finish.verdict.is_success() && finish.value < 1e-2, "{}", finish.value);
        }
    }

    #[test]
    fn a_huge_gradient_at_the_start_is_no_obstacle() {
        // One of the kind at which the original gives up.
        let mut oracle = FunctionOracle::scalar(|x| 1e4 * rosenbrock(x)).with_gradient(|x, g| {
            rosenbrock_gradient(x, g);
            g.iter_mut().for_each(|g| *g *= 1e4);
        });
        let algorithm = VariableMetric { convergence_xtol_rel: 0.0, ..Default::default() };
        let finish = run(&algorithm, &mut oracle, &ProblemSpec::unconstrained(2), &[-120.0, 100.0]);
        assert!(finish.verdict.is_success() && finish.value < 1e-3, "{}", finish.value);
    }

    #[test]
    fn a_wrong_gradient_and_an_undefined_start_are_no_success() {
        for spec in [boxed(&[f64::NEG_INFINITY], &[f64::INFINITY]), boxed(&[-9.0], &[9.0])] {
            let mut oracle = FunctionOracle::scalar(|x| x[0]).with_gradient(|_, g| g[0] = -1.0);
            let finish = run(&VariableMetric::default(), &mut oracle, &spec, &[0.0]);
            assert_eq!(finish.verdict, Verdict::Stalled(NO_BETTER_POINT.into()));
            let mut oracle =
                FunctionOracle::scalar(|_| f64::NAN).with_gradient(|_, g| g[0] = f64::NAN);
            let finish = run(&VariableMetric::default(), &mut oracle, &spec, &[0.0]);
            assert_eq!(finish.verdict, Verdict::Stalled(NOT_FINITE.into()));
        }
    }
}
