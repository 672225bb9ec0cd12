//! L-BFGS-B: limited-memory quasi-Newton with bounds.
//!
//! *When to use*: smooth objectives with gradients, of any size, with or without bounds. The first choice for most of them.
//!
//! *How it works*: the last steps and changes of the gradient stand for the Hessian. With bounds, each iteration
//! 1. follows the projected steepest-descent path of the quadratic model to its first minimizer (the Cauchy point), which
//!    decides which variables are held at their bounds;
//! 2. minimizes the model over the free variables and projects the minimizer onto the bounds;
//! 3. searches along the line to that point for a step with sufficient decrease and small slope;
//! 4. takes the step and the change of the gradient into the model.
//!
//! Without bounds, the first two steps are the product of the inverse matrix with the gradient, in two loops over the pairs. They
//! are the same where no bound is met on the way to the Cauchy point, which is seen from that product and a few sums.
//! Changes of the parameters, absolute changes of the objective and those relative to its mean end a run when two iterations in a
//! row are that small.
//! Whenever a matrix breaks down or a search fails, the model is forgotten and the iteration repeated from steepest descent; only
//! if that fails as well, there is no further progress.
//!
//! *Differences from the reference implementation* (the authors' version 3.0, also in scipy):
//! * where no bound is in the way the direction comes from the two-loop recursion, which is the same in exact arithmetic and costs
//!   a third;
//! * trial points are clipped to the bounds, so that rounding never leaves them;
//! * a trial without a finite value makes the line search back off where the reference gives up.
//!
//! Under NLopt's name, with 30 pairs, searches end where the slope has gone up enough for an update, even if it is steep on the far
//! side of the minimizer (`step_conditions`), and the next direction makes use of it: that saves a quarter of the evaluations that
//! NLopt's LD_LBFGS needs.
//!
//! *Cost per iteration* with n variables and m pairs: where no bound is in the way each stored vector is read twice, 4 m n numbers
//! in all; elsewhere each is read seven times, and there are O(m^2) operations for each variable that meets or leaves a bound and
//! O(m^3) more.
//!
//! References:
//! * R. H. Byrd, P. Lu, J. Nocedal, C. Zhu, A limited memory algorithm for bound constrained optimization, SIAM J. Sci.
//!   Comput. 16 (1995), <https://doi.org/10.1137/0916069>
//! * C. Zhu, R. H. Byrd, P. Lu, J. Nocedal, Algorithm 778: L-BFGS-B, ACM Trans. Math. Softw. 23 (1997),
//!   <https://doi.org/10.1145/279232.279236>
//! * J. L. Morales, J. Nocedal, Remark on algorithm 778, ACM Trans. Math. Softw. 38 (2011),
//!   <https://doi.org/10.1145/2049662.2049669>

use thalweg_core::{Algorithm, Finish, Problem, Stop, Test};
use thalweg_linalg::{dot, nrm2};
use thalweg_macros::Options;

use crate::pieces::box_model::{Bounds, Model};
use crate::pieces::change_tests::{ChangeTests, RepeatedTests};
use crate::pieces::descent::Conditions;
use crate::pieces::more_thuente::{Ending, MoreThuente};
use crate::pieces::rounding::lost_in_rounding;
use crate::pieces::step_pairs::NewPair;
use crate::pieces::wolfe_search::WolfeSearch;

/// A step of this part of the first one of its search, or less, that gains nothing at the start of a run is none.
const NEGLIGIBLE: f64 = 1e-10;

/// Limited-memory quasi-Newton method with bounds (L-BFGS-B).
#[derive(Clone, Debug, Options)]
#[algorithm(name = "lbfgsb", kind = Scalar, needs(gradient), supports(bounds))]
pub struct Lbfgsb {
    /// Stop when the decrease of an iteration, divided by the larger absolute value of the objective before and after it or 1 if
    /// both are smaller, is at most this.
    #[option(shared, min = 0.0)]
    pub convergence_ftol_rel: f64,
    /// Measure the relative change of the objective against the mean of its absolute values before and after instead.
    #[option(default = false)]
    pub change_relative_to_mean: bool,
    /// Stop when the change of the objective in an iteration is at most this.
    #[option(shared, min = 0.0)]
    pub convergence_ftol_abs: f64,
    /// Stop when the sum of the absolute changes of the parameters in an iteration, divided by the sum of their absolute values, is
    /// at most this.
    #[option(
        default = 0.0,
        min = 0.0,
        overrides = "short steps are common on the way, and the original has no such test"
    )]
    pub convergence_xtol_rel: f64,
    /// Stop when the largest change of a parameter in an iteration is at most this.
    #[option(shared, min = 0.0)]
    pub convergence_xtol_abs: f64,
    /// Stop when the largest entry of the projected gradient is at most this. The projected gradient is the gradient, shortened
    /// where a step against it would leave the bounds.
    #[option(shared, min = 0.0)]
    pub convergence_gtol_abs: f64,
    /// The number of past steps that the model of the curvature is built from.
    #[option(shared, min = 1, max = 1000)]
    pub limited_memory_storage_length: usize,
    /// What a step has to fulfil.
    #[option(default = Conditions::StrongWolfe)]
    pub step_conditions: Conditions,
    /// The largest number of evaluations in one line search.
    #[option(shared, min = 1)]
    pub max_line_search_steps: usize,
}

impl Algorithm for Lbfgsb {
    fn solve(&self, problem: &mut Problem<'_>, x0: &[f64]) -> Result<Finish, Stop> {
        let bounds = Bounds::new(problem.lower(), problem.upper());
        let mut model = Model::new(bounds.any, x0.len(), self.limited_memory_storage_length);
        let line_search = self.line_search();
        let mut changes = RepeatedTests::new(self.change_tests());

        let (mut x, mut gradient) = (x0.to_vec(), vec![0.0; x0.len()]);
        let mut x_old = x0.to_vec();
        let mut gradient_old = vec![0.0; x0.len()];
        let mut direction = vec![0.0; x0.len()];
        let mut value = problem.value_and_gradient(&x, &mut gradient)?;
        if !value.is_finite() || !gradient.iter().all(|g| g.is_finite()) {
            let reason = "the objective or its gradient is not finite at the start";
            return Ok(Finish::stalled(x, value, reason).with("gradient", gradient));
        }
        if let Some(test) = bounds.gradient_test(&x, &gradient, self.convergence_gtol_abs) {
            return Ok(Finish::converged(x, value, test).with("gradient", gradient));
        }

        problem.experience().curvature.iter().for_each(|pair| model.recall(pair));
        let (mut first_iteration, size_at_start) = (model.is_empty(), value.abs());
        // Where a search along a step of the model failed: whether what it promised could not be seen.
        let mut lost = None;
        loop {
            let slope = model.direction(&x, &gradient, &bounds, &mut direction);
            let Some(slope) = slope.filter(|slope| *slope < 0.0 && slope.is_finite()) else {
                if model.is_empty() {
                    let reason = "the direction of steepest descent does not lead downhill";
                    return Ok(Finish::stalled(x, value, reason).with("gradient", gradient));
                }
                model.clear();
                continue;
            };

            std::mem::swap(&mut x, &mut x_old);
            std::mem::swap(&mut gradient, &mut gradient_old);
            let largest = bounds.largest_step(&x_old, &direction, first_iteration);
            let first = if first_iteration && !bounds.all {
                (1.0 / nrm2(&direction)).min(largest)
            } else {
                1.0
            };
            let evaluate = |step| {
                model.trial_point(&x_old, &direction, step, &bounds, &mut x);
                let value = problem.value_and_gradient(&x, &mut gradient)?;
                Ok((value, dot(&gradient, &direction)))
            };
            let search = match &line_search {
                LineSearch::Strong(search) => {
                    search.search((value, slope), first, largest, evaluate)?
                }
                LineSearch::Weak(search) => {
                    search.search((value, slope), first, largest, evaluate)?
                }
            };

            // Later on, a search that gains nothing is the end of a run.
            let is_short = search.step <= NEGLIGIBLE * first && search.value >= value;
            let is_vain = search.ending == Ending::Exhausted || first_iteration && is_short;
            if is_vain || self.is_worse(value, search.value) {
                std::mem::swap(&mut x, &mut x_old);
                std::mem::swap(&mut gradient, &mut gradient_old);
                if model.is_empty() {
                    let finish = match lost {
                        Some(test) => Finish::converged(x, value, test),
                        None => Finish::stalled(x, value, self.why_no_progress(search.ending)),
                    };
                    return Ok(finish.with("gradient", gradient));
                }
                lost = lost_in_rounding(-0.5 * slope, size_at_start.max(value.abs()));
                model.clear();
                continue;
            }

            (first_iteration, lost) = (false, None);
            let value_old = std::mem::replace(&mut value, search.value);
            problem.iteration(&x, value)?;
            let test = bounds
                .gradient_test(&x, &gradient, self.convergence_gtol_abs)
                .or_else(|| self.value_test(value_old, value))
                .or_else(|| changes.met((&x_old, value_old), (&x, value), !model.is_empty()));
            if let Some(test) = test {
                return Ok(Finish::converged(x, value, test).with("gradient", gradient));
            }

            model.update(
                &NewPair {
                    step: search.step,
                    direction: &direction,
                    gradient: &gradient,
                    previous_gradient: &gradient_old,
                    curvature: (search.slope - slope) * search.step,
                },
                -slope * search.step,
            );
        }
    }
}

enum LineSearch {
    Strong(MoreThuente),
    Weak(WolfeSearch),
}

impl Lbfgsb {
    fn line_search(&self) -> LineSearch {
        let max_evaluations = self.max_line_search_steps;
        match self.step_conditions {
            Conditions::StrongWolfe => LineSearch::Strong(MoreThuente {
                sufficient_decrease: 1e-3,
                curvature: 0.9,
                width: 0.1,
                max_evaluations,
            }),
            Conditions::Wolfe => LineSearch::Weak(WolfeSearch {
                sufficient_decrease: 1e-4,
                curvature: 0.8,
                max_evaluations,
            }),
        }
    }

    fn change_tests(&self) -> ChangeTests {
        let ftol_rel = if self.change_relative_to_mean { self.convergence_ftol_rel } else { 0.0 };
        ChangeTests {
            ftol_rel,
            ftol_abs: self.convergence_ftol_abs,
            xtol_rel: self.convergence_xtol_rel,
            xtol_abs: self.convergence_xtol_abs,
        }
    }

    /// A search that ends higher than it began, by more than rounding: the objective does not give
    /// the same value twice, or the gradient is not its gradient.
    fn is_worse(&self, old: f64, new: f64) -> bool {
        relative_decrease(old, new) < -self.convergence_ftol_rel
    }

    fn why_no_progress(&self, ending: Ending) -> String {
        match ending {
            Ending::Exhausted => format!(
                "no better point along steepest descent in {} evaluations (max_line_search_steps)",
                self.max_line_search_steps
            ),
            _ => "no better point along steepest descent: the objective and its gradient do not \
                  agree, or the objective changes from one evaluation of a point to the next"
                .to_string(),
        }
    }

    fn value_test(&self, old: f64, new: f64) -> Option<Test> {
        if self.change_relative_to_mean {
            return None;
        }
        let change = relative_decrease(old, new);
        (change <= self.convergence_ftol_rel).then_some(Test {
            measure: "relative change of the objective",
            value: change,
            tolerance: self.convergence_ftol_rel,
            option: "convergence_ftol_rel",
        })
    }
}

fn relative_decrease(old: f64, new: f64) -> f64 {
    (old - new) / old.abs().max(new.abs()).max(1.0)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::testing::{assert_within_bounds, boxed, rosenbrock, rosenbrock_gradient};
    use thalweg_core::testing::FunctionOracle;
    use thalweg_core::{CurvaturePair, Experience, Extra, ProblemSpec, Verdict};

    fn run(oracle: &mut FunctionOracle<'_>, spec: &ProblemSpec, x0: &[f64]) -> Finish {
        let finish = Lbfgsb::default().solve(&mut Problem::new(oracle, spec), x0).unwrap();
        assert_within_bounds(oracle, spec);
        finish
    }

    #[test]
    fn finds_the_minimum_with_active_and_half_open_bounds() {
        let spec = boxed(&[f64::NEG_INFINITY, 0.25, -1.0], &[0.5, f64::INFINITY, 1.0]);
        let mut oracle = FunctionOracle::scalar(rosenbrock).with_gradient(rosenbrock_gradient);
        let finish = run(&mut oracle, &spec, &[0.4, 1.0, 0.9]);
        assert!(finish.verdict.is_success());
        let mut g = [0.0; 3];
        rosenbrock_gradient(&finish.x, &mut g);
        assert_eq!(finish.x[0], 0.5);
        assert!(g[0] < 0.0 && g[1].abs() < 1e-3 && g[2].abs() < 1e-3, "{g:?}");
        assert_eq!(finish.extras[0], ("gradient", Extra::Vector(g.to_vec())));
    }

    #[test]
    fn weaker_conditions_lead_to_the_same_minimum_within_bounds() {
        let spec = boxed(&[f64::NEG_INFINITY, 0.25, -1.0], &[0.5, f64::INFINITY, 1.0]);
        let mut oracle = FunctionOracle::scalar(rosenbrock).with_gradient(rosenbrock_gradient);
        let algorithm = Lbfgsb { step_conditions: Conditions::Wolfe, ..Lbfgsb::default() };
        let finish =
            algorithm.solve(&mut Problem::new(&mut oracle, &spec), &[0.4, 1.0, 0.9]).unwrap();
        assert_within_bounds(&oracle, &spec);
        assert!(finish.verdict.is_success() && finish.x[0] == 0.5, "{:?}", finish.x);
        let mut g = [0.0; 3];
        rosenbrock_gradient(&finish.x, &mut g);
        assert!(g[0] < 0.0 && g[1].abs() < 1e-3 && g[2].abs() < 1e-3, "{g:?}");
    }

    #[test]
    fn a_start_that_has_converged_costs_one_evaluation() {
        let unbounded = ProblemSpec::unconstrained(2);
        let held = boxed(&[0.0, 0.0], &[0.5, f64::INFINITY]);
        for (spec, x0) in [(unbounded, [1.0, 1.0]), (held, [0.5, 0.25])] {
            let mut oracle = FunctionOracle::scalar(rosenbrock).with_gradient(rosenbrock_gradient);
            let finish = run(&mut oracle, &spec, &x0);
            assert!(finish.verdict.is_success());
            assert_eq!((oracle.n_evaluations, oracle.iterations.len()), (1, 0));
        }
    }

    #[test]
    fn known_curvature_saves_the_first_steps() {
        // The Hessian is diag(1, 100); the pairs span the plane.
        let experience = Experience {
            curvature: vec![
                CurvaturePair { step: vec![1.0, 0.0], change: vec![1.0, 0.0] },
                CurvaturePair { step: vec![0.0, -0.5], change: vec![0.0, -50.0] },
            ],
            reach: Vec::new(),
        };
        for bounds in [f64::INFINITY, 100.0] {
            let spec = boxed(&[-bounds; 2], &[bounds; 2]);
            let known = ProblemSpec { experience: experience.clone(), ..spec.clone() };
            let oracle = || {
                FunctionOracle::scalar(|x| 0.5 * (x[0] * x[0] + 100.0 * x[1] * x[1]))
                    .with_gradient(|x, g| g.copy_from_slice(&[x[0], 100.0 * x[1]]))
            };
            let (mut cold, mut warm) = (oracle(), oracle());
            let finish = run(&mut cold, &spec, &[3.0, 2.0]);
            assert!(finish.verdict.is_success() && cold.n_evaluations > 5);
            let finish = run(&mut warm, &known, &[3.0, 2.0]);
            assert!(finish.verdict.is_success() && finish.value < 1e-20, "{finish:?}");
            assert_eq!(warm.n_evaluations, 2, "the first step is Newton's");
        }
    }

    #[test]
    fn every_test_on_changes_ends_a_run_by_its_own_name() {
        let off = Lbfgsb {
            convergence_ftol_rel: 0.0,
            convergence_gtol_abs: 0.0,
            change_relative_to_mean: true,
            ..Lbfgsb::default()
        };
        let cases = [
            (Lbfgsb { convergence_ftol_rel: 1e-3, ..off.clone() }, "convergence_ftol_rel"),
            (Lbfgsb { convergence_ftol_abs: 1e-6, ..off.clone() }, "convergence_ftol_abs"),
            (Lbfgsb { convergence_xtol_rel: 1e-4, ..off.clone() }, "convergence_xtol_rel"),
            (Lbfgsb { convergence_xtol_abs: 1e-4, ..off.clone() }, "convergence_xtol_abs"),
        ];
        for (algorithm, option) in cases {
            let mut oracle =
                FunctionOracle::scalar(|x| 2.0 + rosenbrock(x)).with_gradient(rosenbrock_gradient);
            let spec = ProblemSpec::unconstrained(2);
            let finish =
                algorithm.solve(&mut Problem::new(&mut oracle, &spec), &[-1.2, 1.0]).unwrap();
            let Verdict::Converged(test) = finish.verdict else { panic!("{}", finish.verdict) };
            assert_eq!(test.option, option);
            assert!(oracle.iterations.len() > 1);
        }
    }

    #[test]
    fn backs_out_of_where_the_objective_is_undefined() {
        // x - log x, started so far out that the first full step leaves the domain again and again.
        for (low, x0) in [(f64::NEG_INFINITY, 50.0), (-1.0, 50.0), (f64::NEG_INFINITY, 1e-3)] {
            let mut oracle = FunctionOracle::scalar(|x| x[0] * x[0] - x[0].ln())
                .with_gradient(|x, g| g[0] = 2.0 * x[0] - 1.0 / x[0]);
            let finish = run(&mut oracle, &boxed(&[low], &[f64::INFINITY]), &[x0]);
            assert!(finish.verdict.is_success(), "{:?}", finish.verdict);
            assert!((finish.x[0] - 0.5f64.sqrt()).abs() < 1e-4, "{}", finish.x[0]);
        }
    }

    #[test]
    fn an_undefined_start_is_no_success() {
        let mut oracle = FunctionOracle::scalar(|_| f64::NAN).with_gradient(|_, g| g[0] = f64::NAN);
        let finish = run(&mut oracle, &ProblemSpec::unconstrained(1), &[1.0]);
        assert!(matches!(finish.verdict, Verdict::Stalled(_)));
    }

    #[test]
    fn a_wrong_gradient_ends_the_run_at_the_start() {
        for spec in [ProblemSpec::unconstrained(1), boxed(&[-9.0], &[9.0])] {
            let mut oracle = FunctionOracle::scalar(|x| x[0]).with_gradient(|_, g| g[0] = -1.0);
            let finish = run(&mut oracle, &spec, &[0.0]);
            assert!(matches!(finish.verdict, Verdict::Stalled(_)));
            assert_eq!((finish.x[0], finish.value, oracle.n_evaluations), (0.0, 0.0, 21));
        }
    }

    #[test]
    fn a_gradient_of_the_wrong_sign_is_no_success() {
        for start in [[1.0, 2.0], [1.0, -3.0], [0.5, 0.1], [100.0, 1e-3]] {
            for bound in [f64::INFINITY, 1000.0] {
                let mut oracle = FunctionOracle::scalar(|x| x[0] * x[0] + x[1] * x[1])
                    .with_gradient(|x, g| g.copy_from_slice(&[-2.0 * x[0], -2.0 * x[1]]));
                let finish = run(&mut oracle, &boxed(&[-bound; 2], &[bound; 2]), &start);
                assert!(matches!(finish.verdict, Verdict::Stalled(_)), "{:?}", finish.verdict);
                assert_eq!(finish.x, start);
            }
        }
    }

    #[test]
    fn an_objective_that_grows_at_the_same_point_is_no_success() {
        // From the third evaluation on the value is a penalty, higher at the point reached so far, too.
        for spec in [ProblemSpec::unconstrained(3), boxed(&[-9.0; 3], &[9.0; 3])] {
            let count = std::cell::Cell::new(0);
            let mut oracle = FunctionOracle::scalar(|x| {
                count.set(count.get() + 1);
                let value: f64 = x.iter().map(|x| x.powi(4)).sum();
                if count.get() > 2 { 296.1 } else { value }
            })
            .with_gradient(|x, g| {
                let failed = count.get() > 2;
                g.iter_mut().zip(x).zip([1.0, 2.0, 3.0]).for_each(|((g, x), start)| {
                    *g = if failed { 0.1 * (x - start) } else { 4.0 * x.powi(3) };
                });
            });
            let finish = run(&mut oracle, &spec, &[1.0, 2.0, 3.0]);
            assert!(matches!(finish.verdict, Verdict::Stalled(_)), "{:?}", finish.verdict);
            assert!(finish.value <= 98.0, "{}", finish.value);
        }
    }

    #[test]
    fn memory_of_one_pair_is_enough() {
        for spec in [ProblemSpec::unconstrained(4), boxed(&[-2.0; 4], &[0.9; 4])] {
            let mut oracle = FunctionOracle::scalar(rosenbrock).with_gradient(rosenbrock_gradient);
            let algorithm = Lbfgsb { limited_memory_storage_length: 1, ..Lbfgsb::default() };
            let finish =
                algorithm.solve(&mut Problem::new(&mut oracle, &spec), &[-1.0; 4]).unwrap();
            assert!(finish.verdict.is_success());
            assert!(oracle.n_evaluations < 150, "{}", oracle.n_evaluations);
        }
    }
}
