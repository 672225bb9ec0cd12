//! Bounds and failed evaluations.

use proptest::prelude::*;
use thalweg_diff::{
    Bounds, DiffOptions, FirstPlan, Method, Plan, SecondPlan, StepRule, Steps, gradient, hessian,
};

const FIRST: [Method; 3] = [Method::Forward, Method::Backward, Method::Central];
const SECOND: [Method; 4] =
    [Method::Forward, Method::Backward, Method::CentralAverage, Method::CentralCross];

/// An interval and a point in it, over many magnitudes, often at or next to a bound.
fn coordinate() -> impl Strategy<Value = (f64, f64, f64)> {
    let magnitude =
        prop_oneof![Just(0.0), (-300.0..300.0).prop_map(|e: f64| 10f64.powf(e)), 0.0..1e3];
    let signed = (magnitude, any::<bool>()).prop_map(|(v, minus)| if minus { -v } else { v });
    let room = || {
        prop_oneof![
            Just(0.0),
            Just(f64::INFINITY),
            (-20.0..10.0).prop_map(|e: f64| 10f64.powf(e)),
            Just(f64::MIN_POSITIVE),
        ]
    };
    (signed, room(), room(), 0_u8..4).prop_map(|(x, down, up, touch)| {
        let lower = if touch == 1 { x.next_down() } else { x - down };
        let upper = if touch == 2 { x.next_up() } else { x + up };
        (lower, x, upper)
    })
}

fn options() -> impl Strategy<Value = DiffOptions> {
    let steps = prop_oneof![Just(None), (-12.0..3.0).prop_map(|e: f64| Some(10f64.powf(e)))];
    (steps, any::<bool>(), any::<bool>(), 1_usize..5, 1.1..10.0).prop_map(
        |(step, optimal, squeeze, n_steps, step_ratio)| DiffOptions {
            step_size: step.map(Steps::Scalar),
            min_steps: squeeze.then(|| Steps::Scalar(step.map_or(1e-10, |h| h / 8.0))),
            step_rule: if optimal { StepRule::Optimal } else { StepRule::Reference },
            n_steps,
            step_ratio,
            ..DiffOptions::default()
        },
    )
}

/// No point leaves the bounds or repeats `x`, in the first and in the second round; the derivative of
/// a constant is 0; if everything fails, everything but the fixed entries is NaN.
fn check(plan: &mut impl Plan, coordinates: &[(f64, f64, f64)]) -> Result<(), TestCaseError> {
    let n = coordinates.len();
    let x: Vec<f64> = coordinates.iter().map(|c| c.1).collect();
    let mut out = vec![f64::NAN; plan.derivative_len(1)];
    let report = plan.finish(Some(&[3.5]), &vec![3.5; plan.n_points()], 1, &mut out).unwrap();
    prop_assert!(report.is_complete());
    prop_assert!(out.iter().all(|v| *v == 0.0));

    let failures = vec![f64::NAN; plan.n_points()];
    let report = plan.finish(Some(&[3.5]), &failures, 1, &mut out).unwrap();
    prop_assert_eq!(report.failed.len() + plan.fixed().len(), n);
    plan.extend();
    for point in plan.to_points().chunks_exact(n) {
        prop_assert!(point != x);
        for (value, (lower, _, upper)) in point.iter().zip(coordinates) {
            prop_assert!(value.is_finite() && lower <= value && value <= upper);
        }
    }
    Ok(())
}

proptest! {
    #![proptest_config(ProptestConfig { failure_persistence: None, ..ProptestConfig::with_cases(2000) })]

    #[test]
    fn no_point_is_ever_outside_the_bounds(
        coordinates in prop::collection::vec(coordinate(), 1..4),
        options in options(),
    ) {
        let n = coordinates.len();
        let x: Vec<f64> = coordinates.iter().map(|c| c.1).collect();
        let lower: Vec<f64> = coordinates.iter().map(|c| c.0).collect();
        let upper: Vec<f64> = coordinates.iter().map(|c| c.2).collect();
        let bounds = Bounds::new(&lower, &upper);
        for method in FIRST {
            let options = DiffOptions { method, ..options.clone() };
            let mut plan = FirstPlan::new(n, bounds, &options).unwrap();
            plan.update(&x).unwrap();
            check(&mut plan, &coordinates)?;
            for j in 0..n {
                prop_assert_eq!(plan.stencil(j).is_fixed(), lower[j] == upper[j]);
            }
        }
        for method in SECOND {
            let options = DiffOptions { method, n_steps: 1, ..options.clone() };
            let mut plan = SecondPlan::new(n, bounds, &options).unwrap();
            plan.update(&x).unwrap();
            check(&mut plan, &coordinates)?;
        }
    }

    #[test]
    fn a_reused_plan_is_a_new_plan(
        x in prop::collection::vec(-5.0..5.0, 3),
        y in prop::collection::vec(-5.0..5.0, 3),
    ) {
        let (lower, upper) = ([-5.0; 3], [5.0; 3]);
        let bounds = Bounds::new(&lower, &upper);
        for method in FIRST {
            let mut used = FirstPlan::new(3, bounds, &DiffOptions::new(method)).unwrap();
            used.update(&x).unwrap();
            used.update(&y).unwrap();
            let mut fresh = FirstPlan::new(3, bounds, &DiffOptions::new(method)).unwrap();
            fresh.update(&y).unwrap();
            prop_assert_eq!(used.to_points(), fresh.to_points());
        }
    }
}

#[test]
fn derivatives_in_every_corner_of_a_box_are_right() {
    let fun = |x: &[f64]| x[0] * x[0] * x[1] + x[1] * x[2].exp();
    let (lower, upper) = ([0.5, -1.0, 0.0], [1.0, 2.0, 1.0]);
    let bounds = Bounds::new(&lower, &upper);
    for corner in 0..8 {
        let x: Vec<f64> =
            (0..3).map(|j| if corner >> j & 1 == 0 { lower[j] } else { upper[j] }).collect();
        let exp = x[2].exp();
        let exact = [2.0 * x[0] * x[1], x[0] * x[0] + exp, x[1] * exp];
        for method in FIRST {
            let result = gradient(fun, &x, bounds, &DiffOptions::new(method)).unwrap();
            for (value, exact) in result.values.iter().zip(exact) {
                assert!((value - exact).abs() < 1e-6, "{method} at {x:?}: {value} {exact}");
            }
        }
        let exact = [2.0 * x[1], 2.0 * x[0], 0.0, 2.0 * x[0], 0.0, exp, 0.0, exp, x[1] * exp];
        for method in SECOND {
            let result = hessian(fun, &x, bounds, &DiffOptions::new(method)).unwrap();
            assert!(result.failed.is_empty());
            for (value, exact) in result.values.iter().zip(exact) {
                assert!((value - exact).abs() < 1e-2, "{method} at {x:?}: {value} {exact}");
            }
        }
    }
}

#[test]
fn a_narrow_interval_still_gives_a_derivative_and_a_fixed_parameter_gives_zero() {
    let fun = |x: &[f64]| 3.0 * x[0] + 5.0 * x[1] + 7.0 * x[2];
    let x = [1.0, 1.0, 1.0];
    let (lower, upper) = ([0.0, 1.0 - 1e-9, 1.0], [9.0, 1.0 + 2e-9, 1.0]);
    for method in FIRST {
        let options = DiffOptions::new(method);
        let result = gradient(fun, &x, Bounds::new(&lower, &upper), &options).unwrap();
        assert!((result.values[0] - 3.0).abs() < 1e-6);
        assert!((result.values[1] - 5.0).abs() < 1e-5, "{method}: {}", result.values[1]);
        assert_eq!(result.values[2], 0.0);
        assert_eq!(result.fixed, [2]);
    }
}

#[test]
fn a_failing_side_is_replaced_by_the_other() {
    // Not defined above 1; the forward difference at 1 needs the second round.
    let fun = |x: &[f64]| if x[0] > 1.0 { f64::NAN } else { x[0] * x[0] + x[1] };
    for method in FIRST {
        let result = gradient(fun, &[1.0, 0.0], Bounds::NONE, &DiffOptions::new(method)).unwrap();
        assert!((result.values[0] - 2.0).abs() < 1e-6, "{method}: {:?}", result.values);
        assert!(result.failed.is_empty());
        let expected: &[usize] = if method == Method::Backward { &[] } else { &[0] };
        assert_eq!(result.repaired, expected, "{method}");
        assert_eq!(
            result.n_evaluations,
            if method == Method::Central { 5 } else { 3 + expected.len() }
        );
    }
    for method in SECOND {
        let result = hessian(fun, &[1.0, 0.0], Bounds::NONE, &DiffOptions::new(method)).unwrap();
        assert!((result.values[0] - 2.0).abs() < 1e-3, "{method}: {:?}", result.values);
        assert!(result.failed.is_empty());
    }
}

#[test]
fn only_the_output_that_failed_is_nan() {
    let fun = |x: &[f64]| vec![2.0 * x[0], if x[0] == 1.0 { 1.0 } else { f64::INFINITY }];
    for n_steps in [1, 3] {
        let options = DiffOptions { n_steps, ..DiffOptions::default() };
        let result = thalweg_diff::jacobian(fun, &[1.0], Bounds::NONE, &options).unwrap();
        assert!((result.values[0] - 2.0).abs() < 1e-6);
        assert!(result.values[1].is_nan());
        assert_eq!(result.failed, [0]);
    }
}

#[test]
fn central_differences_survive_a_failed_value_at_params() {
    let fun = |x: &[f64]| if x[0] == 1.0 { f64::NAN } else { x[0] * x[0] };
    let result = gradient(fun, &[1.0], Bounds::NONE, &DiffOptions::default()).unwrap();
    assert!((result.values[0] - 2.0).abs() < 1e-6);
    let options = DiffOptions::new(Method::Forward);
    let result = gradient(fun, &[1.0], Bounds::NONE, &options).unwrap();
    assert!(result.values[0].is_nan());
    assert_eq!(result.n_evaluations, 2);
}

#[test]
fn a_step_lost_in_extrapolation_spoils_nothing_else() {
    let fun = |x: &[f64]| if x[0] > 1.003 { f64::NAN } else { x[0].powi(3) };
    let options =
        DiffOptions { n_steps: 4, step_size: Some(1e-3.into()), ..DiffOptions::default() };
    let result = gradient(fun, &[1.0], Bounds::NONE, &options).unwrap();
    assert!((result.values[0] - 3.0).abs() < 1e-9);
    assert!(result.errors.unwrap()[0] < 1e-4);
}

#[test]
fn shapes_and_missing_values_are_errors() {
    let mut plan = FirstPlan::new(2, Bounds::NONE, &DiffOptions::new(Method::Forward)).unwrap();
    plan.update(&[1.0, 2.0]).unwrap();
    let mut out = [0.0; 2];
    let text = |result: Result<_, thalweg_diff::DiffError>| result.unwrap_err().to_string();
    assert_eq!(
        text(plan.finish(Some(&[0.0]), &[0.0], 1, &mut out)),
        "evals has 1 entries, expected 2"
    );
    assert!(text(plan.finish(None, &[0.0; 2], 1, &mut out)).contains("f0"));
    assert_eq!(
        text(plan.finish(Some(&[0.0]), &[0.0; 2], 1, &mut out[..1])),
        "out has 1 entries, expected 2"
    );
    assert!(plan.update(&[1.0]).is_err());
    assert_eq!(plan.n_points(), 0);
}
