//! Scaling through the front door: what algorithms and users see, and what is wrong with options.

use thalweg::{OptimizeError, Scaling, ScalingMethod, ask_tell, least_squares, maximize, minimize};

/// The objective of the slides; its minimum is at (0, 0, 0.9).
fn badly_scaled(x: &[f64; 3]) -> f64 {
    0.01 * x[0].abs() + x[1].abs() + (x[2] - 0.9).powi(6)
}

const START: [f64; 3] = [200.0, 1.0, 1.0];

#[test]
fn start_values_and_bounds_scale_the_problem_of_the_slides() {
    let by_values =
        minimize(badly_scaled, START).algorithm("neldermead").scaling(Scaling::default()).run();
    let by_values = by_values.unwrap();
    assert!(by_values.success && by_values.fun < 0.01, "{by_values}");
    let by_bounds = minimize(badly_scaled, START)
        .algorithm("neldermead")
        .bounds(0, -200.0, 600.0)
        .bounds(1, -2.0, 2.0)
        .bounds(2, 0.8, 1.0)
        .scaling(Scaling::by(ScalingMethod::Bounds))
        .run()
        .unwrap();
    assert!(by_bounds.success && by_bounds.fun < 1e-8, "{by_bounds}");
}

#[test]
fn users_see_their_own_units_only() {
    let start = [3.3, 0.07];
    let fun = |x: &[f64; 2]| (x[0] - 1.0).powi(2) + (x[1] - 2.0).powi(2);
    for method in [ScalingMethod::StartValues, ScalingMethod::Gradient] {
        let result = minimize(fun, start).algorithm("lbfgsb").scaling(Scaling::by(method)).run();
        let result = result.unwrap();
        assert_eq!((result.start_params, result.start_fun), (start, fun(&start)));
        let gradient = result.gradient().unwrap();
        for i in 0..2 {
            let expected = 2.0 * (result.params[i] - [1.0, 2.0][i]);
            assert!((gradient[i] - expected).abs() < 1e-5, "{gradient:?}");
        }
        assert_eq!(result.history.unwrap().params().next().unwrap(), start);
    }
}

#[test]
fn gradients_have_the_users_sign() {
    let fun = |x: &[f64; 2]| -(x[0] / 100.0 - 1.0).powi(4) - x[1].powi(2);
    let result = maximize(fun, [300.0, 1.0])
        .algorithm("lbfgsb")
        .option("stopping_maxiter", 3)
        .scaling(Scaling::default())
        .run()
        .unwrap();
    if let Some(gradient) = result.gradient() {
        let expected = -4.0 * (result.params[0] / 100.0 - 1.0).powi(3) / 100.0;
        assert!((gradient[0] - expected).abs() < 1e-6);
    }
    let result = maximize(fun, [300.0, 1.0]).algorithm("lbfgsb").scaling(Scaling::default());
    let result = result.option("convergence_ftol_rel", 1e-4).run().unwrap();
    let expected = -4.0 * (result.params[0] / 100.0 - 1.0).powi(3) / 100.0;
    assert!((result.gradient().unwrap()[0] - expected).abs() < 1e-6);
}

#[test]
fn derivatives_under_constraints_stay_with_the_algorithm() {
    let fun = |x: &[f64; 2]| (x[0] - 1.0).powi(2) + (x[1] - 3.0).powi(2);
    let result = minimize(fun, [0.0, 0.0]).equal([0, 1]).algorithm("lbfgsb").run().unwrap();
    assert_eq!(result.gradient(), None);
    assert!(result.extras.contains_key("internal_gradient"), "{:?}", result.extras);
}

#[test]
fn suspended_runs_and_least_squares_are_scaled() {
    let residuals = |x: &[f64; 2]| [x[0] / 1000.0 - 1.0, x[1] * 1000.0 - 1.0];
    let scaling = Scaling { clipping_value: 1e-8, ..Scaling::by(ScalingMethod::Gradient) };
    let start = [300.0, 0.0001];
    let direct = least_squares(residuals, start).algorithm("trf").scaling(scaling).run().unwrap();
    assert!((direct.params[0] - 1000.0).abs() < 1e-3, "{direct}");

    let mut run = ask_tell(start).outputs(thalweg::core::SolverKind::LeastSquares);
    run = run.algorithm("trf").scaling(scaling);
    let mut run = run.suspend().unwrap();
    while let Some(points) = run.ask() {
        run.tell(&points.iter().flat_map(residuals).collect::<Vec<f64>>()).unwrap();
    }
    assert_eq!(run.finish().unwrap().params, direct.params);
}

#[test]
fn says_what_is_wrong() {
    let run = |scaling: Scaling| {
        let error = minimize(badly_scaled, START)
            .algorithm("neldermead")
            .lower(0, -200.0)
            .scaling(scaling)
            .run()
            .unwrap_err();
        assert!(
            matches!(error, OptimizeError::Invalid { kind: thalweg::InvalidKind::Scaling, .. }),
            "{error}"
        );
        error.to_string()
    };
    assert_eq!(
        run(Scaling { magnitude: -1.0, ..Scaling::default() }),
        "magnitude of scaling must be a positive number, not -1.0."
    );
    assert_eq!(
        run(Scaling { clipping_value: 0.0, ..Scaling::default() }),
        "clipping_value of scaling must be a positive number, not 0.0."
    );
    assert_eq!(
        run(Scaling::by(ScalingMethod::Bounds)),
        "scaling by bounds needs finite bounds (or soft bounds) of every free parameter; these are missing: '0' (upper), \
         '1' (lower and upper), '2' (lower and upper). Give them, or scale by start_values or gradient."
    );
    let kinked = minimize(|x: &[f64; 1]| x[0], [1.0])
        .derivative(|_, out| out[0] = f64::INFINITY)
        .algorithm("neldermead")
        .scaling(Scaling::by(ScalingMethod::Gradient));
    assert_eq!(
        kinked.run().unwrap_err().to_string(),
        "scaling by gradient needs a finite derivative at the start, but it is not finite for: '0'. Start elsewhere, or \
         scale by start_values."
    );
}

#[test]
fn sensitivity_prints_a_table() {
    let found = minimize(|x: &[f64; 3]| 1000.0 * x[0] + 0.5 * x[1], [1.0; 3])
        .derivative(|_, out| out.copy_from_slice(&[1000.0, 0.5, 0.0]))
        .sensitivity()
        .unwrap();
    assert_eq!(
        found.to_string(),
        "parameter        value   derivative        scale       effect      ratio
0             1.0000e0     1.0000e3     1.0000e0     1.0000e3      1.0e0
1             1.0000e0    5.0000e-1     1.0000e0    5.0000e-1     5.0e-4  badly scaled
2             1.0000e0     0.0000e0     1.0000e0     0.0000e0      0.0e0  no effect at the start
Badly scaled: '1'. A step of one changes the objective less than 0.001 times as much as in the most sensitive parameter."
    );
    let fine = minimize(|x: &f64| x * x, 1.0).sensitivity().unwrap();
    assert!(fine.to_string().ends_with("No parameter is badly scaled."));
    assert!(minimize(|x: &f64| x * x, 1.0).fix(..).sensitivity().unwrap().parameters.is_empty());
}

#[test]
fn absolute_steps_of_derivatives_are_in_the_users_units() {
    use std::cell::RefCell;
    use thalweg::diff::{DiffOptions, Method, Steps};

    let seen = RefCell::new(Vec::new());
    let fun = |x: &[f64; 2]| {
        seen.borrow_mut().push(*x);
        x[0] + x[1]
    };
    for step_size in [Steps::Scalar(0.5), Steps::Each(vec![0.5, 0.5])] {
        seen.borrow_mut().clear();
        let steps = DiffOptions { step_size: Some(step_size), ..DiffOptions::new(Method::Forward) };
        minimize(&fun, [300.0, 7.0])
            .algorithm("lbfgsb")
            .option("stopping_maxiter", 1)
            .scaling(Scaling::default())
            .numerical_derivatives(steps)
            .run()
            .unwrap();
        let seen = seen.borrow();
        assert!(seen.contains(&[300.5, 7.0]) && seen.contains(&[300.0, 7.5]), "{seen:?}");
    }
}
