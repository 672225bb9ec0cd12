//! The Rust front door, from outside: the examples of the seed texts, errors, and every setting of the builder.

#![allow(clippy::ptr_arg)] // parameters of the type `Vec<f64>` are what is tested

use std::cell::Cell;
use std::collections::BTreeMap;

use thalweg::params::Params;
use thalweg::{
    ErrorHandling, OptimizeError, PenaltyOptions, Status, least_squares, likelihood, maximize,
    minimize,
};

fn sphere(x: &Vec<f64>) -> f64 {
    x.iter().map(|x| x * x).sum()
}

const ARANGE: [f64; 5] = [0.0, 1.0, 2.0, 3.0, 4.0];

fn assert_close(x: &[f64], expected: &[f64], tolerance: f64) {
    let close = x.iter().zip(expected).all(|(x, e)| (x - e).abs() <= tolerance);
    assert!(close && x.len() == expected.len(), "{x:?} is not {expected:?}");
}

/// The slides' dict of two numbers and a series.
#[derive(Clone, Debug, PartialEq, Params)]
struct Abc {
    a: f64,
    b: f64,
    c: Vec<f64>,
}

fn abc_sphere(p: &Abc) -> f64 {
    p.a * p.a + p.b * p.b + p.c.iter().map(|c| c * c).sum::<f64>()
}

#[test]
fn a1_numerical_gradient_with_threads() {
    let result =
        minimize(sphere, ARANGE.to_vec()).algorithm("scipy_lbfgsb").threads(6).run().expect("runs");
    assert_close(&result.params, &[0.0; 5], 1e-6);
}

#[test]
fn a2_closed_form_gradient_takes_three_evaluations() {
    let result = minimize(sphere, ARANGE.to_vec())
        .gradient(|x| x.iter().map(|x| 2.0 * x).collect())
        .algorithm("scipy_lbfgsb")
        .run()
        .expect("runs");
    assert_close(&result.params, &[0.0; 5], 1e-6);
    assert_eq!(result.n_fun_evals, 3);
}

#[test]
fn a4_parameters_with_names() {
    let start = BTreeMap::from([("a", 1.0), ("b", 2.0)]);
    let result = minimize(|p: &BTreeMap<&str, f64>| p["a"].powi(2) + p["b"].powi(4), start)
        .gradient(|p| BTreeMap::from([("a", 2.0 * p["a"]), ("b", 4.0 * p["b"].powi(3))]))
        .algorithm("scipy_lbfgsb")
        .run()
        .expect("runs");
    assert!((result.params["a"] - 2.2463e-7).abs() < 1e-7, "{:?}", result.params);
    assert!((result.params["b"] - 0.0057243).abs() < 1e-4, "{:?}", result.params);
}

#[test]
fn a5_least_squares() {
    let result = least_squares(|x: &[f64; 3]| *x, [0.0, 1.0, 2.0])
        .derivative(|_, jac| jac.copy_from_slice(&[1.0, 0.0, 0.0, 0.0, 1.0, 0.0, 0.0, 0.0, 1.0]))
        .algorithm("scipy_ls_lm")
        .run()
        .expect("runs");
    assert_close(&result.params, &[0.0; 3], 1e-5);
}

#[test]
fn c6_the_report_of_the_slides_comes_out_digit_for_digit() {
    let start = Abc { a: 0.0, b: 1.0, c: vec![2.0, 3.0, 4.0] };
    let result = minimize(abc_sphere, start).algorithm("scipy_neldermead").run().expect("runs");
    assert_eq!((result.n_fun_evals, result.n_iterations), (805, 507));
    insta::assert_snapshot!(result.to_string());
}

#[test]
fn c11_maximize() {
    let result = maximize(|x: &Vec<f64>| -sphere(x), ARANGE.to_vec())
        .algorithm("scipy_lbfgs")
        .run()
        .expect("runs");
    assert_close(&result.params, &[0.0; 5], 1e-5);
    assert!(result.fun.abs() < 1e-9 && result.start_fun == -30.0);
    let history = result.history.as_ref().expect("collected");
    assert!(history.values().iter().all(|value| *value <= 0.0), "the user's sign everywhere");
}

#[test]
fn c20_bounds() {
    let result = minimize(sphere, vec![1.0, 2.0, 3.0])
        .lower(0..3, 1.0)
        .algorithm("scipy_lbfgsb")
        .run()
        .expect("runs");
    assert_close(&result.params, &[1.0; 3], 1e-8);
}

#[test]
fn c22_partial_bounds() {
    #[derive(Clone, Params)]
    struct Line {
        x: [f64; 3],
        intercept: f64,
    }
    let fun = |p: &Line| p.x.iter().map(|x| x * x).sum::<f64>() + p.intercept;
    let start = Line { x: [0.0, 1.0, 2.0], intercept: 3.0 };
    let result = minimize(fun, start)
        .lower("intercept", -2.0)
        .algorithm("scipy_lbfgsb")
        .run()
        .expect("runs");
    assert_close(&result.params.x, &[0.0; 3], 1e-5);
    assert!((result.params.intercept + 2.0).abs() < 1e-8);
}

#[test]
fn c24_fixed_parameters() {
    let offset = [1.0, 0.8, 0.6, 0.4, 0.2, 0.0];
    let fun = |x: &[f64; 6]| x.iter().zip(offset).map(|(x, o)| (x - o).powi(2)).sum::<f64>();
    let result = minimize(fun, [2.5, 1.0, 1.0, 1.0, 1.0, -2.5])
        .fix([0, 5])
        .algorithm("scipy_lbfgsb")
        .run()
        .expect("runs");
    assert_close(&result.params, &[2.5, 0.8, 0.6, 0.4, 0.2, -2.5], 1e-5);
    assert_eq!(result.n_free, 4);
}

#[test]
fn a_likelihood_runs_under_any_scalar_algorithm() {
    let data = [0.5_f64, 1.5, 2.0, 4.0];
    let normal = move |p: &[f64; 2]| data.map(|y| -0.5 * ((y - p[0]) / p[1]).powi(2) - p[1].ln());
    for algorithm in ["lbfgsb", "neldermead"] {
        let result =
            likelihood(normal, [0.0, 1.0]).lower(1, 1e-3).algorithm(algorithm).run().expect("runs");
        assert!((result.params[0] - 2.0).abs() < 1e-3, "{algorithm}: {:?}", result.params);
        assert!((result.params[1] - 1.274755).abs() < 1e-3, "{algorithm}: {:?}", result.params);
    }
}

#[test]
fn results_do_not_depend_on_threads() {
    let runs = [1, 2, 5].map(|threads| {
        let fun = |x: &Vec<f64>| sphere(x) + (3.0 * x[0]).sin();
        let run =
            minimize(fun, vec![1.0, 2.0, -3.0]).bounds(0..3, -5.0, 5.0).threads(threads).seed(3);
        let mut result = run.algorithm("differential_evolution").run().expect("runs");
        result.history = None;
        result
    });
    assert_eq!(runs[0], runs[1]);
    assert_eq!(runs[0], runs[2]);
}

#[test]
fn the_start_is_evaluated_once() {
    let calls = Cell::new(0);
    let fun = |x: &f64| {
        calls.set(calls.get() + 1);
        x * x
    };
    let result = minimize(fun, 0.0)
        .algorithm("neldermead")
        .option("stopping_maxfun", 1_u64)
        .run()
        .expect("runs");
    assert_eq!(calls.get(), 1);
    assert_eq!(result.status, Status::MaxEvaluations);
}

#[test]
fn a_failure_carries_the_partial_result() {
    let calls = Cell::new(0);
    let fun = |x: &Vec<f64>| {
        calls.set(calls.get() + 1);
        if calls.get() > 20 { Err("Singular matrix") } else { Ok(sphere(x)) }
    };
    let error = minimize(fun, ARANGE.to_vec()).algorithm("neldermead").run().expect_err("fails");
    assert_eq!(
        error.to_string(),
        "An error occurred when evaluating fun during optimization: Singular matrix"
    );
    let OptimizeError::User { partial, .. } = error else { panic!("{error}") };
    assert!(partial.fun < 30.0 && !partial.success);
    assert_eq!(partial.history.expect("kept").len(), 20);
}

#[test]
fn a_numerical_derivative_that_is_not_finite_is_not_said_to_be_jac() {
    let edge = |x: &Vec<f64>| if x[0] == 1.0 { 1.0 } else { f64::INFINITY };
    let error = minimize(edge, vec![1.0]).algorithm("lbfgsb").run().expect_err("no derivative");
    assert_eq!(
        error.to_string(),
        "An error occurred when evaluating a numerical derivative during optimization: the numerical derivative \
         is not finite: [NaN] at params [1]"
    );
}

#[test]
fn a_penalty_stands_in_for_failures() {
    let mut failures = 0;
    let fun = |x: &[f64; 2]| {
        if x[0] < 0.0 { Err("negative") } else { Ok((x[0] - 0.1).powi(2) + x[1] * x[1]) }
    };
    let result = minimize(fun, [3.0, 1.0])
        .algorithm("neldermead")
        .error_handling(ErrorHandling::Continue)
        .error_penalty(PenaltyOptions { constant: Some(50.0), slope: None })
        .on_failure(|_| failures += 1)
        .run()
        .expect("runs");
    assert_close(&result.params, &[0.1, 0.0], 1e-4);
    assert!(failures > 0);
}

/// The message of a run that must not begin.
fn refusal<P: Params + std::fmt::Debug>(
    result: Result<thalweg::OptimizeResult<P>, OptimizeError>,
) -> String {
    result.expect_err("is refused").to_string()
}

#[test]
fn what_is_wrong_is_said_before_the_run() {
    let run = || minimize(sphere, vec![1.0, 2.0]);
    let texts = [
        refusal(run().run()),
        refusal(run().algorithm("lbfgs").run()),
        refusal(run().algorithm("tranquilo").run()),
        refusal(run().algorithm("levenberg_marquardt").run()),
        refusal(run().algorithm("lbfgsb").option("stopping_maxfun", -1.0).run()),
        refusal(run().algorithm("lbfgsb").option("convergence.ftol_rel", -1.0).run()),
        refusal(run().algorithm("lbfgsb").option("tolerance", 1.0).run()),
        refusal(run().algorithm("lbfgsb").bounds(0, 2.0, 1.0).run()),
        refusal(run().algorithm("lbfgsb").lower(1, 3.0).run()),
        refusal(run().algorithm("lbfgsb").lower(7, 3.0).run()),
        refusal(minimize(sphere, vec![1.0, f64::NAN]).algorithm("lbfgsb").run()),
        refusal(minimize(|_: &f64| f64::INFINITY, 1.0).algorithm("lbfgsb").run()),
        refusal(run().algorithm("lbfgsb").gradient(|_| vec![1.0]).run()),
        refusal(minimize(sphere, vec![]).algorithm("lbfgsb").run()),
        refusal(minimize(|x: &Vec<f64>| vec![x[0], 1.0], vec![1.0]).algorithm("lbfgsb").run()),
        refusal(least_squares(|_: &f64| Vec::<f64>::new(), 1.0).algorithm("trf").run()),
        refusal(
            least_squares(|x: &f64| [*x, 1.0], 1.0)
                .value_and_gradient(|x, _| *x)
                .algorithm("trf")
                .run(),
        ),
        refusal(
            maximize(sphere, vec![1.0])
                .algorithm("lbfgsb")
                .error_penalty(PenaltyOptions { constant: Some(1.0), slope: None })
                .run(),
        ),
    ];
    insta::assert_snapshot!(texts.join("\n\n"));
}

#[test]
fn the_largest_count_is_no_limit() {
    let run = minimize(|x: &f64| x * x, 1.0).algorithm("lbfgsb");
    let result = run.option("stopping_maxfun", u64::MAX).option("stopping_maxiter", usize::MAX);
    assert!(result.run().expect("runs").success);
}

#[test]
fn derivatives_are_written_into_zeros() {
    // Only the entries that are not zero are written, and which these are changes.
    let residuals = |x: &[f64; 2]| [x[0].max(0.0), x[1] - 1.0, x[0].min(0.0)];
    let result = least_squares(residuals, [3.0, 3.0])
        .derivative(|x, jac| {
            jac[if x[0] > 0.0 { 0 } else { 4 }] = 1.0;
            jac[3] = 1.0;
        })
        .algorithm("trf")
        .run()
        .expect("runs");
    assert_close(&result.params, &[0.0, 1.0], 1e-6);
}

#[test]
fn value_and_gradient_are_called_together_and_may_fail() {
    let (values, both) = (Cell::new(0), Cell::new(0_u64));
    let result = minimize(
        |x: &Vec<f64>| {
            values.set(values.get() + 1);
            sphere(x)
        },
        ARANGE.to_vec(),
    )
    .value_and_gradient(|x, gradient| {
        both.set(both.get() + 1);
        gradient.iter_mut().zip(x).for_each(|(g, x)| *g = 2.0 * x);
        Ok::<_, String>(sphere(x))
    })
    .algorithm("lbfgsb")
    .run()
    .expect("runs");
    assert_eq!((values.get(), both.get()), (0, result.n_fun_evals));

    let broken = |_: &Vec<f64>, _: &mut [f64]| Err::<f64, _>("no licence");
    let run = minimize(sphere, ARANGE.to_vec()).value_and_gradient(broken).algorithm("lbfgsb");
    assert_eq!(
        run.run().expect_err("fails").to_string(),
        "Error while evaluating fun_and_jac at start params: no licence"
    );
}

#[test]
fn a_numerical_jacobian_starts_from_the_residuals_that_are_known() {
    let calls = Cell::new(0_u64);
    let residuals = |x: &[f64; 2]| {
        calls.set(calls.get() + 1);
        [x[0] - 1.0, x[0] * x[1], x[1] - 2.0]
    };
    for algorithm in ["levenberg_marquardt", "trf"] {
        calls.set(0);
        let run = least_squares(residuals, [3.0, 3.0]).algorithm(algorithm);
        let result = run.run().expect("runs");
        // Forward differences: two evaluations each.
        assert_eq!(calls.get(), result.n_fun_evals + 2 * result.n_jac_evals, "{algorithm}");
        // A derivative that was asked for alone stands in the history with the value of its point.
        let history = result.history.as_ref().expect("collected");
        let rows = history.tasks().iter().zip(history.values());
        assert!(rows.clone().any(|(task, _)| *task == thalweg::core::Task::Jac), "{algorithm}");
        assert!(rows.into_iter().all(|(_, value)| value.is_finite()), "{algorithm}");
        let report = result.convergence_report().expect("steps");
        assert!(report.five_steps.absolute_params_change > 0.0, "{algorithm}");
    }
}

#[test]
fn a_penalty_is_never_the_result() {
    // A penalty that is better than every value: the algorithm goes there, the result does not.
    let fun = |x: &[f64; 2]| if x[0] < 0.5 { Err("low") } else { Ok(x[0] * x[0] + x[1] * x[1]) };
    let result = minimize(fun, [1.0, 2.0])
        .algorithm("neldermead")
        .error_handling(ErrorHandling::Continue)
        .error_penalty(PenaltyOptions { constant: Some(-5.0), slope: Some(0.0) })
        .run()
        .expect("runs");
    assert!(result.params[0] >= 0.5 && result.fun > 0.0);
    assert_eq!((result.status, result.success), (Status::Invalid, false));
    assert!(result.message.contains("failed or was not evaluated"), "{}", result.message);
}

#[test]
fn selections_by_position_need_no_names() {
    let n = 200_000;
    let start = vec![1.0; n];
    let result = minimize(|x: &Vec<f64>| x.iter().map(|x| x * x).sum::<f64>(), start)
        .gradient(|x| x.iter().map(|x| 2.0 * x).collect())
        .bounds(.., 0.5, 2.0)
        .fix(0..10)
        .algorithm("lbfgsb")
        .collect_history(false)
        .run()
        .expect("runs");
    assert_eq!((result.params[9], result.params[10], result.params[n - 1]), (1.0, 0.5, 0.5));
    assert!(result.history.is_none() && result.n_free == n - 10);
}

#[test]
fn impossible_steps_name_the_parameter() {
    use thalweg::diff::{DiffOptions, Steps};
    let options = |steps| DiffOptions {
        step_size: Some(Steps::Each(steps)),
        ..DiffOptions::for_optimization()
    };
    let run = |steps| {
        minimize(|(a, b): &(f64, [f64; 2])| a * a + b[0] * b[0] + b[1] * b[1], (1.0, [2.0, 3.0]))
            .algorithm("lbfgsb")
            .fix("0")
            .numerical_derivatives(options(steps))
            .run()
    };
    let error = run(vec![1e-7, 1e-7, -1.0]).expect_err("a negative step");
    let expected = "step_size is -1 for parameter '1_1'; it must be positive and finite";
    assert_eq!(error.to_string(), expected);
    // Steps are given for all parameters; those of fixed ones are left out.
    let result = run(vec![1e-7; 3]).expect("fine");
    assert!(result.success && result.fun < 1.0 + 1e-9, "{result}");
}
