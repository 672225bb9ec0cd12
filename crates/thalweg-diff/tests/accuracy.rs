//! Errors against analytic derivatives, and what the options buy.

use thalweg_diff::{Bounds, DiffOptions, Method, StepRule, hessian, jacobian};

mod common;
use common::{scalar, scalar_jacobian, vector, vector_jacobian};

const POINTS: [[f64; 3]; 4] =
    [[0.3, -1.2, 2.5], [1e-3, 25.0, -0.05], [0.0, 0.0, 0.0], [1.5, 0.7, -3.1]];

fn largest_error(computed: &[f64], exact: &[f64]) -> f64 {
    assert_eq!(computed.len(), exact.len());
    let scale = exact.iter().fold(1.0, |a: f64, b| a.max(b.abs()));
    let errors = computed.iter().zip(exact).map(|(c, e)| (c - e).abs() / scale);
    errors.fold(0.0, f64::max)
}

/// Largest error of the Jacobian of both functions over all points, relative to its largest entry.
fn first_error(options: &DiffOptions) -> f64 {
    let mut worst: f64 = 0.0;
    for x in &POINTS {
        let result = jacobian(scalar, x, Bounds::NONE, options).unwrap();
        worst = worst.max(largest_error(&result.values, &scalar_jacobian(x)));
        let result = jacobian(vector, x, Bounds::NONE, options).unwrap();
        worst = worst.max(largest_error(&result.values, &vector_jacobian(x)));
    }
    worst
}

#[test]
fn first_derivatives_are_as_accurate_as_their_method() {
    for (method, tolerance) in
        [(Method::Forward, 1e-5), (Method::Backward, 1e-5), (Method::Central, 1e-6)]
    {
        let error = first_error(&DiffOptions::new(method));
        assert!(error < tolerance, "{method}: {error:e}");
    }
}

#[test]
fn optimal_steps_gain_two_digits_for_central_differences() {
    let reference = first_error(&DiffOptions::new(Method::Central));
    let optimal = DiffOptions { step_rule: StepRule::Optimal, ..DiffOptions::new(Method::Central) };
    let error = first_error(&optimal);
    println!("central: reference {reference:e}, optimal {error:e}");
    assert!(error < 1e-8 && error < 0.01 * reference, "{error:e} {reference:e}");
}

#[test]
fn extrapolation_gains_digits_and_its_estimates_bound_the_error() {
    for method in [Method::Forward, Method::Backward, Method::Central] {
        let options =
            DiffOptions { n_steps: 4, step_rule: StepRule::Optimal, ..DiffOptions::new(method) };
        let error = first_error(&options);
        println!("{method}, 4 steps: {error:e}");
        let tolerance = if method == Method::Central { 1e-11 } else { 1e-9 };
        assert!(error < tolerance, "{method}: {error:e}");
        for x in &POINTS {
            let result = jacobian(vector, x, Bounds::NONE, &options).unwrap();
            let estimates = result.errors.unwrap();
            for ((value, exact), estimate) in
                result.values.iter().zip(vector_jacobian(x)).zip(estimates)
            {
                assert!((value - exact).abs() <= estimate + 1e-13, "{value} {exact} {estimate:e}");
            }
        }
    }
}

#[test]
fn second_derivatives_are_as_accurate_as_their_method() {
    let fun = |x: &[f64]| (x[0] * x[1]).sin() + x[2].exp() * x[0];
    let x: [f64; 3] = [0.7, -1.1, 0.4];
    let (sin, cos) = ((x[0] * x[1]).sin(), (x[0] * x[1]).cos());
    let mixed = cos - x[0] * x[1] * sin;
    let exp = x[2].exp();
    let exact = [
        [-x[1] * x[1] * sin, mixed, exp],
        [mixed, -x[0] * x[0] * sin, 0.0],
        [exp, 0.0, x[0] * exp],
    ];
    let error = |method, step_rule| {
        let options = DiffOptions { step_rule, ..DiffOptions::new(method) };
        let result = hessian(fun, &x, Bounds::NONE, &options).unwrap();
        largest_error(&result.values, exact.as_flattened())
    };
    let doubled =
        DiffOptions { scaling_factor: 2.0.into(), ..DiffOptions::new(Method::CentralCross) };
    let result = hessian(fun, &x, Bounds::NONE, &doubled).unwrap();
    let doubled = largest_error(&result.values, exact.as_flattened());
    let chosen = error(Method::CentralCross, StepRule::Optimal);
    println!("central_cross: doubled reference steps {doubled:e}, optimal {chosen:e}");
    assert!(chosen < 0.1 * doubled);
    for (method, reference, optimal) in [
        (Method::Forward, 2e-4, 2e-4),
        (Method::Backward, 2e-4, 2e-4),
        (Method::CentralAverage, 5e-5, 2e-7),
        (Method::CentralCross, 2e-5, 2e-7),
    ] {
        let errors = (error(method, StepRule::Reference), error(method, StepRule::Optimal));
        println!("{method}: reference {:e}, optimal {:e}", errors.0, errors.1);
        assert!(errors.0 < reference && errors.1 < optimal, "{method}: {errors:?}");
    }
}

#[test]
fn the_number_of_evaluations_is_what_the_method_needs() {
    let n = 3;
    let count = |method: Method| {
        let options = DiffOptions::new(method);
        let result = match method {
            Method::Central => jacobian(scalar, &POINTS[0], Bounds::NONE, &options),
            _ => hessian(|x| scalar(x)[0], &POINTS[0], Bounds::NONE, &options),
        };
        result.unwrap().n_evaluations
    };
    assert_eq!(count(Method::Central), 2 * n + 1);
    assert_eq!(count(Method::Forward), n + n * (n + 1) / 2 + 1);
    assert_eq!(count(Method::CentralAverage), 2 * n + n * (n + 1) + 1);
    assert_eq!(count(Method::CentralCross), 2 * n + 2 * n * (n - 1) + 1);
}

#[test]
fn results_do_not_depend_on_the_number_of_threads() {
    for method in [Method::Forward, Method::Central] {
        let run = |threads| {
            let options = DiffOptions { threads, ..DiffOptions::new(method) };
            jacobian(vector, &POINTS[0], Bounds::NONE, &options).unwrap()
        };
        for threads in [0, 2, 3, 64] {
            assert_eq!(run(1), run(threads));
        }
    }
    let run = |threads| {
        let options = DiffOptions { threads, ..DiffOptions::for_hessian() };
        hessian(|x| scalar(x)[0], &POINTS[0], Bounds::NONE, &options).unwrap()
    };
    assert_eq!(run(1), run(5));
}

#[test]
fn bad_input_is_refused_before_the_first_evaluation() {
    let fun = |_: &[f64]| -> Vec<f64> { unreachable!() };
    let options = DiffOptions::default();
    let text = |x: &[f64], bounds, options: &DiffOptions| {
        jacobian(fun, x, bounds, options).unwrap_err().to_string()
    };
    assert_eq!(
        text(&[1.0, f64::NAN], Bounds::NONE, &options),
        "parameter 1 is NaN; derivatives need finite parameters"
    );
    assert_eq!(
        text(&[3.0], Bounds::new(&[0.0], &[2.0]), &options),
        "parameter 0 is 3, outside its bounds [0, 2]"
    );
    assert_eq!(
        text(&[1.0], Bounds::new(&[2.0], &[0.0]), &options),
        "the bounds of parameter 0 are [2, 0]; the lower bound must not exceed the upper one"
    );
    assert_eq!(
        text(&[1.0], Bounds::new(&[2.0, 0.0], &[4.0, 4.0]), &options),
        "the lower bound has 2 entries for 1 parameters; give one number per parameter"
    );
    let wrong = DiffOptions { step_size: Some(vec![1.0, 2.0].into()), ..DiffOptions::default() };
    assert_eq!(
        text(&[1.0], Bounds::NONE, &wrong),
        "step_size has 2 entries for 1 parameters; give one number per parameter"
    );
    let wrong = DiffOptions {
        step_size: Some(1e-4.into()),
        min_steps: Some(1e-4.into()),
        ..DiffOptions::default()
    };
    assert_eq!(
        text(&[1.0], Bounds::NONE, &wrong),
        "step_size times scaling_factor is 0.0001 for parameter 0, but min_steps is 0.0001; \
         the step must be larger than its minimum"
    );
    assert!(
        text(&[1.0], Bounds::NONE, &DiffOptions::for_hessian())
            .starts_with("method 'central_cross'")
    );
}

#[test]
fn outputs_of_unequal_length_are_an_error() {
    let fun = |x: &[f64]| vec![1.0; if x[0] > 1.0 { 2 } else { 3 }];
    let error = jacobian(fun, &[1.0], Bounds::NONE, &DiffOptions::default()).unwrap_err();
    assert_eq!(
        error.to_string(),
        "the function returned 2 values at one point and 3 at params; \
         it must always return the same number"
    );
}
