//! Ends that are no success, best points, failures.

use std::cell::Cell;

use thalweg::core::Extra;
use thalweg::{
    ConstraintHandling, ErrorHandling, NonlinearConstraint, Optimization, OptimizeError, Status,
    minimize,
};

use crate::classics::INF;

const DISC: f64 = 1.0;

fn squares(x: &[f64; 2]) -> f64 {
    x[0] * x[0] + x[1] * x[1]
}

fn augmented<'a, O>(run: Optimization<'a, [f64; 2], O>) -> Optimization<'a, [f64; 2], O> {
    run.constraint_handling(ConstraintHandling::AugmentedLagrangian)
}

/// Algorithms for one number. Not among them: those that need bounds, and two that end by a short step anywhere on a slope that no
/// derivative shows, subplex and cobyla.
const SCALAR: [&str; 20] = [
    "lbfgsb",
    "nlopt_lbfgsb",
    "nlopt_var",
    "bfgs",
    "conjugate_gradient",
    "truncated_newton",
    "newton_cg",
    "trust_ncg",
    "trust_exact",
    "trust_krylov",
    "fides",
    "slsqp",
    "iminuit_migrad",
    "bobyqa",
    "newuoa",
    "pybobyqa",
    "powell",
    "praxis",
    "neldermead",
    "neldermead_parallel",
];

#[test]
fn an_objective_that_is_unbounded_within_the_constraints_is_no_success() {
    for algorithm in SCALAR {
        let run = minimize(|x: &[f64; 2]| x[0] + x[1], [0.3, 0.2])
            .nonlinear(|x: &[f64; 2]| x[0] - x[1], 0.0, 0.0)
            .option("stopping_maxfun", 20_000);
        let result = augmented(run).algorithm(algorithm).run().expect("runs");
        assert!(!result.success, "{algorithm}: {result}");
    }
}

#[test]
fn a_local_minimum_is_no_success_where_a_lower_point_shows_that_there_is_no_end() {
    // Without bounds both of the hyperbola's branches are allowed.
    for algorithm in SCALAR {
        let run = minimize(|x: &[f64; 2]| x[0] + x[1], [2.0, 2.0])
            .nonlinear(|x: &[f64; 2]| x[0] * x[1], 1.0, INF)
            .option("stopping_maxfun", 20_000);
        let result = augmented(run).algorithm(algorithm).run().expect("runs");
        assert!(!result.success || (result.fun - 2.0).abs() < 1e-3, "{algorithm}: {result}");
    }
}

#[test]
fn a_small_first_penalty_that_leads_astray_is_given_up_early() {
    // The logarithm falls without end towards zero, where the constraint is violated by no more than 1.
    let fun = |x: &[f64; 2]| if x[0] > 0.0 { x[0].ln() + x[1] * x[1] } else { f64::INFINITY };
    for algorithm in ["lbfgsb", "nlopt_lbfgsb", "nlopt_var", "bfgs", "truncated_newton", "fides"] {
        for start in [[2.0, 1.0], [1.5, 0.5], [4.0, 0.1], [1.2, 3.0]] {
            let run =
                minimize(fun, start).nonlinear(|x: &[f64; 2]| x[0] * (1.0 + x[1] * x[1]), 1.0, INF);
            let result = augmented(run).algorithm(algorithm).run().expect("runs");
            assert!(result.success && result.fun.abs() < 1e-3, "{algorithm} {start:?}: {result}");
        }
    }
}

#[test]
fn constraints_that_contradict_each_other_end_as_infeasible() {
    for algorithm in ["lbfgsb", "neldermead"] {
        let run = minimize(|x: &[f64; 2]| x[0] + x[1], [0.3, 0.2])
            .constraint(NonlinearConstraint::new(squares).name("inside").upper(1.0))
            .constraint(NonlinearConstraint::new(|x: &[f64; 2]| x[0]).name("right").lower(2.0));
        let result = augmented(run).algorithm(algorithm).run().expect("runs");
        assert_eq!(result.status, Status::Infeasible, "{algorithm}: {}", result.message);
        assert!(!result.success && result.max_constraint_violation > 0.1, "{result}");
        assert!(result.message.starts_with("infeasible: constraint value "), "{}", result.message);
        assert!(
            result.message.contains("although the penalty was raised to"),
            "{}",
            result.message
        );
        // Which constraint it is, with the numbers.
        assert!(result.message.contains("(nonlinear '"), "{}", result.message);
        assert!(result.message.contains("more than its tolerance 1.0e-5"), "{}", result.message);
    }
}

#[test]
fn a_budget_is_kept_exactly_and_the_best_feasible_point_is_returned() {
    for budget in [1_u64, 2, 5, 17, 25] {
        for algorithm in ["lbfgsb", "neldermead"] {
            let calls = Cell::new(0);
            let best = Cell::new(INF);
            let fun = |x: &[f64; 2]| {
                calls.set(calls.get() + 1);
                let value = 100.0 * (x[1] - x[0].powi(2)).powi(2) + (1.0 - x[0]).powi(2);
                if squares(x) <= DISC + 1e-5 && algorithm == "neldermead" {
                    best.set(value.min(best.get()));
                }
                value
            };
            let run = minimize(fun, [0.0, 0.0]).nonlinear(squares, -INF, DISC);
            let run = augmented(run).algorithm(algorithm).option("stopping_maxfun", budget);
            let result = run.run().expect("runs");
            assert_eq!(result.n_fun_evals, budget, "{algorithm}");
            assert_eq!(result.status, Status::MaxEvaluations, "{algorithm}");
            assert!(result.max_constraint_violation <= 1e-5 && !result.success);
            if algorithm == "neldermead" {
                assert_eq!((calls.get(), result.fun), (budget, best.get()));
            }
        }
    }
}

#[test]
fn without_a_feasible_point_the_least_infeasible_one_is_returned() {
    let seen = Cell::new(INF);
    let outside = |x: &[f64; 2]| {
        seen.set(seen.get().min(squares(x) - DISC));
        squares(x)
    };
    let run = minimize(|x: &[f64; 2]| -x[0] - x[1], [3.0, 2.0]).nonlinear(outside, -INF, DISC);
    let run = augmented(run).algorithm("neldermead").option("stopping_maxfun", 8);
    let result = run.run().expect("runs");
    assert!((result.max_constraint_violation - seen.get()).abs() < 1e-12, "{result}");
    let expected = format!(
        "stopped: 8 evaluations are used up (stopping_maxfun); constraints[0] (nonlinear) is {} but has to be \
         at most 1: it is violated by {:.3e}, more than its tolerance 1.0e-5",
        seen.get() + DISC,
        seen.get()
    );
    assert_eq!(result.message, expected);
}

#[test]
fn a_target_counts_only_where_the_constraints_hold() {
    // The start reaches the target, but violates the constraint.
    let run = minimize(|x: &[f64; 2]| -x[0] - x[1], [3.0, 2.0]).nonlinear(squares, -INF, DISC);
    let run = augmented(run).algorithm("lbfgsb").option("convergence_target_value", -1.3);
    let result = run.run().expect("runs");
    assert_eq!(result.status, Status::TargetReached, "{result}");
    assert!(result.fun <= -1.3 && result.max_constraint_violation <= 1e-5, "{result}");
}

#[test]
fn an_objective_that_falls_without_end_outside_the_constraints_is_caught() {
    // A small penalty cannot hold -x^3; a larger one can.
    let run = minimize(|x: &[f64; 2]| -x[0].powi(3) + x[1].powi(2), [0.1, 0.1]);
    let run = augmented(run.nonlinear(squares, -INF, DISC)).algorithm("lbfgsb");
    let result = run.run().expect("runs");
    assert!(result.success && (result.fun + 1.0).abs() < 1e-4, "{result}");
}

#[test]
fn with_everything_fixed_the_constraint_still_counts() {
    let run = |limit: f64| {
        let run = minimize(|x: &[f64; 2]| x[0], [1.0, 1.0]).fix(..).nonlinear(squares, -INF, limit);
        augmented(run).algorithm("lbfgsb").run().expect("runs")
    };
    assert!(run(3.0).success);
    let result = run(1.5);
    assert_eq!((result.status, result.success), (Status::Invalid, false));
    assert_eq!(
        result.message,
        "nothing to optimize: all parameters are fixed; constraints[1] (nonlinear) is 2 but has to be at most \
         1.5: it is violated by 5.000e-1, more than its tolerance 1.0e-5"
    );
}

#[test]
fn a_failing_constraint_is_named_with_its_position_and_carries_the_partial_result() {
    for algorithm in ["lbfgsb", "neldermead"] {
        let calls = Cell::new(0);
        let failing = |x: &[f64; 2]| {
            calls.set(calls.get() + 1);
            if calls.get() > 12 { Err("no such root") } else { Ok(squares(x)) }
        };
        let run = minimize(|x: &[f64; 2]| -x[0], [0.1, 0.1])
            .nonlinear(|x: &[f64; 2]| x[1], -1.0, 1.0)
            .constraint(NonlinearConstraint::new(failing).name("budget").upper(DISC));
        let error = augmented(run).algorithm(algorithm).run().expect_err("fails");
        assert_eq!(
            error.to_string(),
            "An error occurred when evaluating constraints[1] (nonlinear 'budget') during optimization: no \
             such root"
        );
        let OptimizeError::User { partial, failure } = error else { panic!("{error}") };
        assert!(failure.is_of_constraint() && partial.fun <= -0.1 && !partial.success);
    }
}

#[test]
fn a_constraint_that_fails_counts_as_violated_when_the_run_goes_on() {
    for algorithm in ["lbfgsb", "neldermead"] {
        let mut failures = Vec::new();
        let failing = |x: &[f64; 2]| if x[0] > 0.9 { Err("too far") } else { Ok(squares(x)) };
        let run = minimize(|x: &[f64; 2]| -x[0] + (x[1] - 0.2).powi(2), [0.1, 0.1])
            .nonlinear(failing, -INF, DISC);
        let run = augmented(run).algorithm(algorithm).error_handling(ErrorHandling::Continue);
        let run = run.on_failure(|failure| failures.push(failure.function().to_string()));
        let result = run.option("stopping_maxfun", 500).run().expect("goes on");
        assert!(result.params[0] <= 0.9 && result.params[0] > 0.85, "{algorithm}: {result}");
        assert!(failures.contains(&"constraints[0] (nonlinear)".to_string()));
    }
}

#[test]
fn a_constraint_that_is_no_number_counts_as_violated() {
    for (lower, upper) in [(-INF, 0.0), (0.0, INF), (-1.0, 1.0)] {
        let root = |x: &[f64; 2]| if x[0] > 0.5 { f64::NAN } else { 0.0 * x[1] };
        let run = minimize(|x: &[f64; 2]| -x[0] + (x[1] - 0.2).powi(2), [0.1, 0.1]);
        let run = augmented(run.nonlinear(root, lower, upper)).algorithm("neldermead");
        let result = run.option("stopping_maxfun", 400).run().expect("runs");
        assert!(result.params[0] <= 0.5 && result.params[0] > 0.49, "{result}");
        assert!(result.max_constraint_violation <= 1e-5);
    }
}

#[test]
fn what_was_evaluated_is_counted_and_nothing_is_evaluated_twice() {
    let (objective, constraint) = (Cell::new(0), Cell::new(0));
    let fun = |x: &[f64; 2]| {
        objective.set(objective.get() + 1);
        -x[0] - x[1]
    };
    let counted = |x: &[f64; 2]| {
        constraint.set(constraint.get() + 1);
        squares(x)
    };
    let run = minimize(fun, [0.1, 0.1]).nonlinear(counted, -INF, DISC);
    let result = augmented(run).algorithm("neldermead").run().expect("runs");
    assert_eq!(objective.get(), result.n_fun_evals);
    assert_eq!(result.extras["n_constraint_evals"], Extra::Count(constraint.get()));
    assert!(constraint.get() <= objective.get() + 1, "{result}");
}

#[test]
fn callbacks_see_the_objective_without_penalty() {
    let fun = |x: &[f64; 2]| (x[0] - 2.0).powi(2) + (x[1] - 1.0).powi(2);
    for algorithm in ["lbfgsb", "neldermead"] {
        let mut seen = 0;
        let run = minimize(fun, [0.1, 0.1]).nonlinear(squares, -INF, DISC);
        let run = augmented(run).algorithm(algorithm).callback(|report| {
            seen += 1;
            let own = fun(&[report.params[0], report.params[1]]);
            assert!((report.value - own).abs() < 1e-12, "{} {own}", report.value);
            false
        });
        let result = run.run().expect("runs");
        assert_eq!(seen, result.n_iterations, "{algorithm}");
    }
}

#[test]
fn a_better_value_within_the_tolerance_is_told() {
    let fun = |x: &[f64; 2]| x[0] + x[1] + 0.1 * ((x[0] - 0.5).powi(4) + (x[1] + 1.0).powi(4));
    let norm = NonlinearConstraint::new(|x: &[f64; 2]| x[0] * x[0] + x[1] * x[1]);
    let result = minimize(fun, [0.5_f64.sqrt(); 2])
        .algorithm("slsqp")
        .constraint(norm.equal_to(1.0).tol(1e-4))
        .run()
        .unwrap();
    let (Some(Extra::Vector(params)), Some(Extra::Number(value))) =
        (result.extras.get("best_seen"), result.extras.get("best_seen_fun"))
    else {
        panic!("{:?}", result.extras)
    };
    assert!(result.success && *value < result.fun, "{value} {result}");
    assert_eq!(fun(&[params[0], params[1]]), *value);
    assert!((params[0] * params[0] + params[1] * params[1] - 1.0).abs() <= 1e-4);
}
