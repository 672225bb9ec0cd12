//! The printed examples with bounds and constraints, with what must come out.

use std::cell::RefCell;
use std::collections::BTreeMap;

use thalweg::params::Params;
use thalweg::{ConstraintHandling, by, minimize};

fn sphere(x: &[f64]) -> f64 {
    x.iter().map(|x| x * x).sum()
}

/// Its minimum is at numbers that fall evenly from 1 to 0.
fn offset_sphere(x: &[f64; 6]) -> f64 {
    x.iter().enumerate().map(|(i, x)| (x - (1.0 - 0.2 * i as f64)).powi(2)).sum()
}

#[track_caller]
fn close(actual: &[f64], expected: &[f64], tolerance: f64) {
    let near = |(a, e): (&f64, &f64)| (a - e).abs() <= tolerance;
    let same = actual.len() == expected.len() && actual.iter().zip(expected).all(near);
    assert!(same, "{actual:?} is not {expected:?}");
}

#[test]
fn c20_bounds_hold_at_every_evaluation() {
    let seen = RefCell::new(Vec::new());
    let fun = |x: &[f64; 3]| {
        seen.borrow_mut().push(*x);
        sphere(x)
    };
    let result = minimize(fun, [1.0, 2.0, 3.0]).algorithm("scipy_lbfgsb").lower(.., 1.0);
    close(&result.run().unwrap().params, &[1.0; 3], 1e-8);
    assert!(seen.borrow().iter().flatten().all(|&x| x >= 1.0));
}

#[derive(Clone, Debug, Params)]
struct Line {
    x: [f64; 3],
    intercept: f64,
}

#[test]
fn c22_only_the_intercept_is_bounded() {
    let fun = |line: &Line| sphere(&line.x) + line.intercept;
    let start = Line { x: [0.0, 1.0, 2.0], intercept: 3.0 };
    let run = minimize(fun, start).algorithm("scipy_lbfgsb").lower("intercept", -2.0);
    let line = run.run().unwrap().params;
    close(&line.x, &[0.0; 3], 1e-5);
    close(&[line.intercept], &[-2.0], 1e-8);
}

#[test]
fn c23_probabilities() {
    let start = [0.1, 0.5, 0.4, 4.0, 5.0];
    let run = minimize(|x: &[f64; 5]| sphere(x), start).algorithm("scipy_lbfgsb");
    let result = run.probability([0, 1, 2]).run().unwrap();
    let third = 1.0 / 3.0;
    close(&result.params, &[third, third, third, 0.0, 0.0], 1e-4);
}

#[test]
fn c24_fixed_parameters() {
    let run = minimize(offset_sphere, [2.5, 1.0, 1.0, 1.0, 1.0, -2.5]).algorithm("scipy_lbfgsb");
    close(&run.fix([0, 5]).run().unwrap().params, &[2.5, 0.8, 0.6, 0.4, 0.2, -2.5], 1e-5);
}

#[test]
fn c25_the_mean_has_a_lower_bound() {
    let run = minimize(offset_sphere, [1.0; 6]).algorithm("scipy_lbfgsb");
    let result = run.linear([0, 1, 2, 3], [0.25; 4], 0.95, f64::INFINITY).run().unwrap();
    close(&result.params, &[1.25, 1.05, 0.85, 0.65, 0.2, 0.0], 1e-4);
}

#[test]
fn c26_a_start_that_is_no_distribution() {
    let run = minimize(|x: &[f64; 5]| sphere(x), [1.0, 2.0, 3.0, 4.0, 5.0]);
    let wrong = run.algorithm("scipy_lbfgsb").probability([0, 1, 2]).run().unwrap_err();
    assert_eq!(
        wrong.to_string(),
        "constraints[0] (probability) is violated at the start params: the values must sum to 1.0, but sum to 6.0, \
         5.000e0 too much, none may be larger than 1, but [2.0, 3.0] are. The start values are '0' = 1.0, '1' = 2.0, \
         '2' = 3.0. Start where the constraint holds, or let repair_start move the start values there."
    );
}

#[test]
fn c27_a_product_that_is_one() {
    for (algorithm, tolerance) in [("lbfgsb", 1e-2), ("neldermead", 1e-2), ("bobyqa", 1e-2)] {
        let result = minimize(offset_sphere, [1.0; 6])
            .algorithm(algorithm)
            .nonlinear(|x: &[f64; 6]| x[..5].iter().product::<f64>(), 1.0, 1.0)
            .constraint_handling(ConstraintHandling::AugmentedLagrangian)
            .run()
            .unwrap();
        assert!(result.success && result.max_constraint_violation <= 1e-5, "{result}");
        close(&result.params, &[1.31, 1.16, 1.01, 0.87, 0.75, 0.0], tolerance);
    }
    // As printed: the algorithm keeps the constraint itself.
    let product = |x: &[f64; 6]| x[..5].iter().product::<f64>();
    let run = minimize(offset_sphere, [1.0; 6]).algorithm("scipy_slsqp");
    let result = run.nonlinear(product, 1.0, 1.0).run().unwrap();
    assert!(result.success && result.max_constraint_violation <= 1e-6, "{result}");
    close(&result.params, &[1.31, 1.16, 1.01, 0.87, 0.75, 0.0], 1e-2);
}

#[test]
fn d32_an_order_where_the_slope_has_no_limit() {
    let seen = RefCell::new(Vec::new());
    let fun = |x: &[f64; 2]| {
        seen.borrow_mut().push(*x);
        (x[1] - x[0]).sqrt() + x[1] * x[1]
    };
    let result = minimize(fun, [1.0, 2.0]).algorithm("neldermead").increasing(..).run().unwrap();
    close(&result.params, &[0.0, 0.0], 1e-3);
    assert!(result.fun < 1e-3);
    assert!(seen.borrow().iter().all(|x| x[0] <= x[1]));
}

type Tree = BTreeMap<String, Vec<f64>>;

fn tree(c: [f64; 4]) -> Tree {
    [("a", vec![1.0]), ("b", vec![1.0; 3]), ("c", c.to_vec())]
        .map(|(name, values)| (name.to_string(), values))
        .into()
}

/// The distance from pi, the numbers 0, 1, 2 and the identity matrix.
fn distance(p: &Tree) -> f64 {
    let targets = [&[std::f64::consts::PI][..], &[0.0, 1.0, 2.0], &[1.0, 0.0, 0.0, 1.0]];
    let parts = p.values().zip(targets);
    parts.flat_map(|(v, t)| v.iter().zip(t)).map(|(v, t)| (v - t) * (v - t)).sum()
}

#[test]
fn t8_one_of_each_is_fixed() {
    let run = minimize(distance, tree([1.0; 4])).algorithm("lbfgsb");
    let p = run.fix("a").fix(by(|p: &Tree| p["c"][1])).run().unwrap().params;
    close(&p["a"], &[1.0], 0.0);
    close(&p["b"], &[0.0, 1.0, 2.0], 1e-5);
    close(&p["c"], &[1.0, 1.0, 0.0, 1.0], 1e-5);
}

#[test]
fn t9_the_matrix_sums_to_one() {
    let run = minimize(distance, tree([0.25; 4])).algorithm("lbfgsb");
    let sum = |p: &Tree| p["c"].iter().sum::<f64>();
    let p = run.linear(by(|p: &Tree| p["c"].clone()), [1.0; 4], 1.0, 1.0).run().unwrap().params;
    close(&p["c"], &[0.75, -0.25, -0.25, 0.75], 1e-5);
    close(&[sum(&p)], &[1.0], 1e-15);
}
