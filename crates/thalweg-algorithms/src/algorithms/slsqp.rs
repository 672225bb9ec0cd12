//! SLSQP: sequential quadratic programming.
//!
//! *When to use*: smooth objectives and smooth nonlinear constraints, both with cheap derivatives, up to some hundred variables. It
//! needs the fewest evaluations of all that keep constraints. Constraints may be violated on the way; bounds never are. Without
//! constraints it is a BFGS method with bounds, and `lbfgsb` costs less.
//!
//! *How it works*: each iteration
//! 1. minimizes a quadratic model of the Lagrangian subject to the linearized constraints and the bounds; if these contradict each
//!    other, each constraint gets a slack, whose price is raised until the step brings the constraints nearer to their limits;
//! 2. searches along that step for a sufficient decrease of the objective plus the weighted violations;
//! 3. takes the change of the gradient of the Lagrangian into the model, by a damped BFGS update.
//!
//! Whenever a search fails the model is forgotten and the iteration repeated; only if that fails as well, there is no further
//! progress. If no price of the slacks brings the constraints nearer to their limits, the end is infeasible.
//!
//! *Differences from the reference implementation* (Kraft's, also in scipy and NLopt):
//! * the subproblem is solved by a dual method instead of non-negative least squares: the same solution, and an exact answer to
//!   whether there is one; a constraint has one row for both of its limits;
//! * each contradicting constraint has a slack of its own, not all of them the same share;
//! * a trial without a finite value makes the search back off; a search that fails does not move the point;
//! * violations are measured against the constraints' own tolerances, of which a tenth may be left at the end; changes are those of
//!   the objective plus the weighted violations, and steps shortened to less than a tenth do not count.
//!
//! *Cost per iteration* with n variables, m constraints and b bounds: n^3 / 3 for the factor of the model, n^2 (m + b) for the
//! subproblem's rows, and 4 n q operations for each of its active-set changes with q active conditions.
//!
//! References:
//! * D. Kraft, A software package for sequential quadratic programming, DFVLR-FB 88-28 (1988)
//! * D. Kraft, Algorithm 733: TOMP, ACM Trans. Math. Softw. 20 (1994), <https://doi.org/10.1145/192115.192124>
//! * M. J. D. Powell, A fast algorithm for nonlinearly constrained optimization calculations, in: Numerical Analysis, Dundee 1977,
//!   Lecture Notes in Mathematics 630 (1978), <https://doi.org/10.1007/BFb0067703>

use thalweg_core::{Algorithm, Finish, Problem, Stop, Test};
use thalweg_linalg::{dot, mul_transposed};
use thalweg_macros::Options;

use crate::pieces::change_tests::ChangeTests;
use crate::pieces::damped_bfgs::DampedBfgs;
use crate::pieces::exact_penalty::ExactPenalty;
use crate::pieces::rounding::lost_in_rounding;
use crate::pieces::sqp_point::{Point, Step};

/// A step must give this share of the promised decrease.
const SUFFICIENT_DECREASE: f64 = 0.1;
/// A trial without a finite value is followed by one at this share of its distance.
const BACK_OFF: f64 = 0.25;
/// Shorter steps say nothing about convergence.
const SHORT_STEP: f64 = 0.1;
/// Sequential quadratic programming with bounds and nonlinear constraints (SLSQP).
#[derive(Clone, Debug, Options)]
#[algorithm(name = "slsqp", kind = Scalar, needs(gradient), supports(bounds, nonlinear_constraints))]
pub struct Slsqp {
    /// Stop when the change of the objective (with constraints: plus the weighted violations) in an iteration, divided by the mean
    /// of its absolute values before and after, is at most this, or the model promises no larger one.
    #[option(shared, min = 0.0)]
    pub convergence_ftol_rel: f64,
    /// Stop when the change of the objective (with constraints: plus the weighted violations) in an iteration is at most this, or
    /// the model promises no larger one.
    #[option(shared, min = 0.0)]
    pub convergence_ftol_abs: f64,
    /// Stop when the sum of the absolute changes of the parameters in an iteration, divided by the sum of their absolute values, is
    /// at most this.
    #[option(shared, min = 0.0)]
    pub convergence_xtol_rel: f64,
    /// Stop when the largest change of a parameter in an iteration is at most this.
    #[option(shared, min = 0.0)]
    pub convergence_xtol_abs: f64,
    /// The largest number of evaluations in one line search.
    #[option(shared, min = 1)]
    pub max_line_search_steps: usize,
}

impl Algorithm for Slsqp {
    fn solve(&self, problem: &mut Problem<'_>, x0: &[f64]) -> Result<Finish, Stop> {
        let mut here = Point::at(problem, x0.to_vec())?;
        if !here.value.is_finite() || here.constraints.iter().any(|c| !c.is_finite()) {
            let reason = "the objective or a constraint is not finite at the start";
            return Ok(Finish::stalled(here.x, here.value, reason));
        }
        here.differentiate(problem)?;
        let mut matrix = DampedBfgs::new(x0.len());
        let mut penalty = ExactPenalty::new(problem.constraint_limits());
        let size_at_start = here.value.abs();

        loop {
            if let Some(reason) = here.what_is_not_finite() {
                return Ok(here.end(Finish::stalled, reason, &[]));
            }
            let Some(step) = Step::from(&here, &matrix, problem) else {
                if matrix.is_identity() {
                    let reason = "rounding errors prevail in the quadratic subproblem";
                    return Ok(here.end(Finish::stalled, reason, &[]));
                }
                matrix.clear();
                continue;
            };
            if let Some(test) = self.model_test(&here, &step, problem, 1.0) {
                return Ok(here.converged(test, &step.sqp.multipliers));
            }
            if step.is_hopeless && !here.is_feasible(problem, 1.0) {
                let reason = here.why_infeasible(problem);
                return Ok(here.end(Finish::infeasible, reason, &step.sqp.multipliers));
            }

            let slope = weigh(&mut penalty, &here, &step);
            let found = if slope < 0.0 {
                self.search(problem, &here, &step, &penalty, slope)?
            } else {
                None
            };
            let Some((mut next, length)) = found else {
                let largest = size_at_start.max(here.value.abs());
                // A model that knows nothing does not know how near its minimum is.
                if !matrix.is_identity()
                    && let Some(test) = self.test_without_progress(&here, &step, problem, largest)
                {
                    return Ok(here.converged(test, &step.sqp.multipliers));
                }
                if !matrix.is_identity() {
                    matrix.clear();
                    continue;
                }
                if !here.is_feasible(problem, 1.0) {
                    let reason = here.why_infeasible(problem);
                    return Ok(here.end(Finish::infeasible, reason, &step.sqp.multipliers));
                }
                let reason = self.why_no_progress();
                return Ok(here.end(Finish::stalled, reason, &step.sqp.multipliers));
            };

            next.differentiate(problem)?;
            problem.iteration(&next.x, next.value)?;
            let before = penalty.value(here.value, &here.constraints);
            let after = penalty.value(next.value, &next.constraints);
            // The length of a step of a model that knows nothing is arbitrary, and so is no sign of convergence.
            if length >= SHORT_STEP
                && !matrix.is_identity()
                && next.is_feasible(problem, WELL_WITHIN)
                && let Some(test) = self.change_tests().met((&here.x, before), (&next.x, after))
            {
                let last = Step::from(&next, &matrix, problem).unwrap_or(step);
                return Ok(next.converged(test, &last.sqp.multipliers));
            }
            update(&mut matrix, &here, &next, &step.sqp.multipliers);
            here = next;
        }
    }
}

/// The share of the constraints' tolerances that may be left at an ordinary end: near the solution an iteration squares the
/// violation, so that this costs at most one more.
const WELL_WITHIN: f64 = 0.1;

impl Slsqp {
    fn change_tests(&self) -> ChangeTests {
        ChangeTests {
            ftol_rel: self.convergence_ftol_rel,
            ftol_abs: self.convergence_ftol_abs,
            xtol_rel: self.convergence_xtol_rel,
            xtol_abs: self.convergence_xtol_abs,
        }
    }

    /// Whether the model promises no change of the objective or of a violation that is larger than `factor` times the tolerances.
    fn model_test(
        &self,
        here: &Point,
        step: &Step,
        problem: &Problem<'_>,
        factor: f64,
    ) -> Option<Test> {
        if step.is_relaxed
            || !here.is_feasible(problem, if factor > 1.0 { 1.0 } else { WELL_WITHIN })
        {
            return None;
        }
        let value = step.promise(here, problem);
        let relative = self.convergence_ftol_rel * here.value.abs();
        let (tolerance, option) = if self.convergence_ftol_abs >= relative {
            (self.convergence_ftol_abs, "convergence_ftol_abs")
        } else {
            (relative, "convergence_ftol_rel")
        };
        let tolerance = factor * tolerance;
        let measure = "change of the objective that the model promises";
        (value <= tolerance).then_some(Test { measure, value, tolerance, option })
    }

    /// Where rounding or noise leaves no better point: whether the minimum of the model is near enough, within ten times the
    /// tolerance of the objective, or what it promises is lost in the rounding of values, the `largest` of which is this.
    fn test_without_progress(
        &self,
        here: &Point,
        step: &Step,
        problem: &Problem<'_>,
        largest: f64,
    ) -> Option<Test> {
        if step.is_relaxed || !here.is_feasible(problem, 1.0) {
            return None;
        }
        let by_model = self.model_test(here, step, problem, 10.0);
        by_model
            .or_else(|| self.change_tests().met_by_step(&here.x, &step.sqp.direction))
            .or_else(|| lost_in_rounding(step.promise(here, problem), largest))
    }

    /// The first point along the step with a sufficient decrease of the penalty function, with its derivatives still to come, and
    /// the share of the step.
    fn search(
        &self,
        problem: &mut Problem<'_>,
        here: &Point,
        step: &Step,
        penalty: &ExactPenalty<'_>,
        slope: f64,
    ) -> Result<Option<(Point, f64)>, Stop> {
        let start = penalty.value(here.value, &here.constraints);
        let mut length = 1.0;
        for _ in 0..self.max_line_search_steps {
            let along = here.x.iter().zip(&step.sqp.direction);
            let mut x: Vec<f64> = along.map(|(x, d)| x + length * d).collect();
            problem.clip(&mut x);
            if x == here.x {
                return Ok(None);
            }
            let trial = Point::at(problem, x)?;
            let change = penalty.value(trial.value, &trial.constraints) - start;
            let promised = length * slope;
            if change <= SUFFICIENT_DECREASE * promised && trial.value.is_finite() {
                return Ok(Some((trial, length)));
            }
            // The minimum of the parabola through both values with the slope at the start.
            let share = promised / (2.0 * (promised - change));
            length *= if change.is_finite() { share.max(0.1) } else { BACK_OFF };
        }
        Ok(None)
    }

    fn why_no_progress(&self) -> String {
        format!(
            "no better point along the step of a model without memory in up to {} evaluations (max_line_search_steps)",
            self.max_line_search_steps
        )
    }
}

/// Set the weights of the violations, so that the step leads downhill if that is possible. Returns the slope.
fn weigh(penalty: &mut ExactPenalty<'_>, here: &Point, step: &Step) -> f64 {
    let change = dot(&here.gradient, &step.sqp.direction);
    penalty.follow(&step.sqp.multipliers);
    let slope = penalty.promised(change, &here.constraints, &step.linearized);
    if slope < 0.0 {
        return slope;
    }
    // Weights of the past may ask for another compromise between constraints that contradict each other.
    penalty.set(&step.sqp.multipliers);
    penalty.promised(change, &here.constraints, &step.linearized)
}

/// Take the change of the gradient of the Lagrangian into the model.
fn update(matrix: &mut DampedBfgs, here: &Point, next: &Point, multipliers: &[f64]) {
    let n = here.x.len();
    let lagrangian = |point: &Point| {
        let mut gradient = vec![0.0; n];
        mul_transposed(&point.jacobian, n, multipliers, &mut gradient);
        gradient.iter_mut().zip(&point.gradient).for_each(|(l, g)| *l += g);
        gradient
    };
    let step: Vec<f64> = next.x.iter().zip(&here.x).map(|(new, old)| new - old).collect();
    let (new, old) = (lagrangian(next), lagrangian(here));
    let change: Vec<f64> = new.iter().zip(&old).map(|(new, old)| new - old).collect();
    matrix.update(&step, &change);
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::testing::{assert_within_bounds, boxed, rosenbrock, rosenbrock_gradient};
    use thalweg_core::testing::FunctionOracle;
    use thalweg_core::{Extra, ProblemSpec, Verdict};

    fn run(algorithm: &Slsqp, spec: &ProblemSpec, x0: &[f64]) -> (Finish, u64) {
        let mut oracle = FunctionOracle::scalar(rosenbrock).with_gradient(rosenbrock_gradient);
        let finish = algorithm.solve(&mut Problem::new(&mut oracle, spec), x0).unwrap();
        assert_within_bounds(&oracle, spec);
        (finish, oracle.n_evaluations)
    }

    #[test]
    fn without_constraints_it_is_a_quasi_newton_method() {
        let (finish, n) = run(&Slsqp::default(), &ProblemSpec::unconstrained(2), &[-1.2, 1.0]);
        assert!(finish.verdict.is_success(), "{}", finish.verdict);
        assert!((finish.x[0] - 1.0).abs() < 1e-4 && n < 60, "{:?} {n}", finish.x);
        assert_eq!(finish.extras.len(), 1, "a gradient, no multipliers");
    }

    #[test]
    fn finds_the_minimum_on_a_bound() {
        let spec = boxed(&[f64::NEG_INFINITY, -1.0], &[0.5, f64::INFINITY]);
        let (finish, n) = run(&Slsqp::default(), &spec, &[0.4, 2.0]);
        assert!(finish.verdict.is_success(), "{}", finish.verdict);
        assert_eq!(finish.x[0], 0.5);
        assert!((finish.x[1] - 0.25).abs() < 1e-4 && n < 40, "{:?} {n}", finish.x);
        assert!(matches!(&finish.extras[0], ("gradient", Extra::Vector(g)) if g[0] < 0.0));
    }

    #[test]
    fn a_start_that_has_converged_costs_one_evaluation() {
        for spec in [ProblemSpec::unconstrained(2), boxed(&[0.0; 2], &[1.0; 2])] {
            let (finish, n) = run(&Slsqp::default(), &spec, &[1.0, 1.0]);
            assert_eq!(n, 1);
            assert_eq!(
                finish.verdict.to_string(),
                "converged: change of the objective that the model promises 0.000e0 <= 0.000e0 (convergence_ftol_abs)"
            );
        }
    }

    #[test]
    fn every_test_on_changes_ends_a_run_by_its_own_name() {
        let off =
            Slsqp { convergence_ftol_rel: 0.0, convergence_xtol_rel: 0.0, ..Slsqp::default() };
        let cases = [
            (Slsqp { convergence_ftol_abs: 1e-6, ..off.clone() }, "convergence_ftol_abs"),
            (Slsqp { convergence_ftol_rel: 1e-2, ..off.clone() }, "convergence_ftol_rel"),
            (Slsqp { convergence_xtol_rel: 1e-3, ..off.clone() }, "convergence_xtol_rel"),
            (Slsqp { convergence_xtol_abs: 1e-3, ..off.clone() }, "convergence_xtol_abs"),
        ];
        for (algorithm, option) in cases {
            let mut oracle =
                FunctionOracle::scalar(|x| 2.0 + rosenbrock(x)).with_gradient(rosenbrock_gradient);
            let spec = ProblemSpec::unconstrained(2);
            let finish =
                algorithm.solve(&mut Problem::new(&mut oracle, &spec), &[-1.2, 1.0]).unwrap();
            let Verdict::Converged(test) = finish.verdict else { panic!("{}", finish.verdict) };
            assert_eq!(test.option, option);
            assert!(oracle.iterations.len() > 1, "{option}");
        }
    }

    #[test]
    fn backs_out_of_where_the_objective_is_undefined() {
        for (low, x0) in [(f64::NEG_INFINITY, 50.0), (-1.0, 50.0), (f64::NEG_INFINITY, 1e-3)] {
            let mut oracle = FunctionOracle::scalar(|x| x[0] * x[0] - x[0].ln())
                .with_gradient(|x, g| g[0] = 2.0 * x[0] - 1.0 / x[0]);
            let spec = boxed(&[low], &[f64::INFINITY]);
            let finish =
                Slsqp::default().solve(&mut Problem::new(&mut oracle, &spec), &[x0]).unwrap();
            assert!(finish.verdict.is_success(), "{:?}", finish.verdict);
            assert!((finish.x[0] - 0.5f64.sqrt()).abs() < 1e-4, "{}", finish.x[0]);
        }
    }

    #[test]
    fn ends_that_are_no_success_say_why() {
        let spec = ProblemSpec::unconstrained(1);
        let mut oracle = FunctionOracle::scalar(|_| f64::NAN).with_gradient(|_, g| g[0] = 1.0);
        let finish = Slsqp::default().solve(&mut Problem::new(&mut oracle, &spec), &[1.0]).unwrap();
        let reason =
            "no further progress: the objective or a constraint is not finite at the start";
        assert_eq!(finish.verdict.to_string(), reason);

        let mut oracle = FunctionOracle::scalar(|x| x[0]).with_gradient(|_, g| g[0] = f64::NAN);
        let finish = Slsqp::default().solve(&mut Problem::new(&mut oracle, &spec), &[1.0]).unwrap();
        let reason = "no further progress: the gradient of the objective is not finite";
        assert_eq!(finish.verdict.to_string(), reason);

        let mut oracle = FunctionOracle::scalar(|x| x[0]).with_gradient(|_, g| g[0] = -1.0);
        let finish = Slsqp::default().solve(&mut Problem::new(&mut oracle, &spec), &[0.0]).unwrap();
        assert_eq!(
            finish.verdict.to_string(),
            "no further progress: no better point along the step of a model without memory in up to 20 evaluations \
             (max_line_search_steps)"
        );
        assert_eq!((finish.x[0], finish.value, oracle.n_evaluations), (0.0, 0.0, 21));
    }
}
