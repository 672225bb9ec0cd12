//! Constraints from the Rust front door: how they are selected, what the solutions are, and what is refused.

use thalweg::params::Params;
use thalweg::{OptimizeError, Status, by, least_squares, maximize, minimize};

#[derive(Clone, Debug, PartialEq, Params)]
struct Model {
    level: f64,
    shares: Vec<f64>,
    sds: [f64; 2],
    correlation: f64,
}

fn model() -> Model {
    Model { level: 0.5, shares: vec![0.5, 0.3, 0.2], sds: [1.0, 2.0], correlation: 0.1 }
}

fn distance(m: &Model) -> f64 {
    let target = [1.0, 0.6, 0.5, -0.2, 3.0, 0.5, 2.0];
    m.to_flat().iter().zip(target).map(|(x, t)| (x - t) * (x - t)).sum()
}

#[track_caller]
fn close(actual: &[f64], expected: &[f64], tolerance: f64) {
    let near = |(a, e): (&f64, &f64)| (a - e).abs() <= tolerance;
    let same = actual.len() == expected.len() && actual.iter().zip(expected).all(near);
    assert!(same, "{actual:?} is not {expected:?}");
}

#[track_caller]
fn refused<T: std::fmt::Debug>(result: Result<T, OptimizeError>) -> String {
    result.expect_err("an error").to_string()
}

#[test]
fn closures_select_any_part_of_the_parameters() {
    for algorithm in ["lbfgsb", "neldermead"] {
        let result = minimize(distance, model())
            .probability(by(|m: &Model| m.shares.clone()))
            .sdcorr(by(|m: &Model| (m.sds, m.correlation)), 0.0)
            .upper(by(|m: &Model| m.level), 0.75)
            .algorithm(algorithm)
            .option("stopping_maxfun", 5000)
            .run()
            .unwrap();
        assert_eq!((result.status, result.n_free), (Status::Converged, 6), "{algorithm}");
        let m = result.params;
        close(&[m.level], &[0.75], 1e-4);
        close(&m.shares, &[0.55, 0.45, 0.0], 1e-3);
        close(&[m.sds[0], m.sds[1], m.correlation], &[3.0, 0.5, 1.0], 1e-3);
    }
}

#[test]
fn closures_may_only_select() {
    let run = || minimize(distance, model()).algorithm("lbfgsb");
    // The positions 1 and 2 sum to 3, which is a position.
    assert_eq!(
        refused(run().fix(by(|m: &Model| m.shares[0] + m.shares[1])).run()),
        "constraints[0] (fixed): the selecting function returned 3.0 where a position (a whole number from 0 to 6) \
         should be: selectors may only select and rearrange, not compute"
    );
    assert_eq!(
        refused(run().fix(by(|m: &Model| 0.5 * m.shares[0])).run()),
        "constraints[0] (fixed): the selecting function returned 0.5 where a position (a whole number from 0 to 6) \
         should be: selectors may only select and rearrange, not compute"
    );
    assert_eq!(
        refused(run().lower(by(|m: &Model| m.level - 1.0), 0.0).run()),
        "bounds: the selecting function returned -1.0 where a position (a whole number from 0 to 6) should be: \
         selectors may only select and rearrange, not compute"
    );
    assert_eq!(
        refused(run().equal([0, 1]).increasing("sdz").run()),
        "constraints[1] (increasing): no parameter is called 'sdz'; the names are 'level', 'shares_0', 'shares_1', \
         'shares_2', 'sds_0', 'sds_1', 'correlation'"
    );
}

#[test]
fn closed_form_derivatives_are_in_the_parameters_of_the_user() {
    let target = [2.0, 1.0, 4.0, 0.0];
    let gradient = |x: &[f64; 4]| std::array::from_fn(|i| 2.0 * (x[i] - target[i]));
    let fun = |x: &[f64; 4]| x.iter().zip(target).map(|(x, t)| (x - t) * (x - t)).sum::<f64>();
    let run = || minimize(fun, [0.0, 0.0, 0.0, 0.0]).gradient(gradient).algorithm("lbfgsb");
    let result = run().increasing([0, 1]).linear([2, 3], [1.0, 1.0], 0.0, 0.0).run().unwrap();
    close(&result.params, &[1.5, 1.5, 2.0, -2.0], 1e-5);
    assert_eq!(result.n_free, 3);
    let result = run().pairwise_equal([vec![0, 1], vec![2, 3]]).run().unwrap();
    close(&result.params, &[3.0, 0.5, 3.0, 0.5], 1e-5);

    let residuals = |x: &[f64; 3]| [x[0] - 1.0, x[1] - 2.0, x[2] - 6.0];
    let result = least_squares(residuals, [1.0, 1.0, 1.0])
        .linear(.., [1.0, 1.0, 1.0], 3.0, 3.0)
        .algorithm("levenberg_marquardt")
        .run()
        .unwrap();
    close(&result.params, &[-1.0, 0.0, 4.0], 1e-6);
    let result = maximize(|x: &[f64; 2]| x[0].min(1.0) - x[1] * x[1], [0.0, 0.0])
        .decreasing(..)
        .algorithm("neldermead")
        .run()
        .unwrap();
    assert!(result.params[0] >= result.params[1]);
}

#[test]
fn every_evaluation_satisfies_the_constraints() {
    let fun = |p: &[f64; 4]| {
        assert!((p[..3].iter().sum::<f64>() - 1.0).abs() <= 3e-15, "{p:?}");
        assert!(p[..3].iter().all(|p| *p >= 0.0) && p[3] == 7.0);
        (p[0] - 2.0).powi(2) + (p[1] - 0.1).powi(2) + p[2] * p[2]
    };
    for algorithm in ["lbfgsb", "neldermead", "differential_evolution"] {
        let run = minimize(fun, [0.5, 0.3, 0.2, 7.0]).probability([0, 1, 2]).fix(3);
        match run.algorithm(algorithm).run() {
            Ok(result) => close(&result.params[..3], &[1.0, 0.0, 0.0], 1e-3),
            // It samples within finite bounds, which ratios of probabilities do not have.
            Err(error) => {
                assert!(error.to_string().contains("differential_evolution needs"), "{error}")
            }
        }
    }
}

#[test]
fn a_repaired_start_is_the_start_of_the_run() {
    let fun = |p: &[f64; 3]| p.iter().map(|p| p * p).sum::<f64>();
    let run = || minimize(fun, [1.0, 2.0, 3.0]).equal([0, 1]).algorithm("lbfgsb");
    assert!(
        refused(run().run())
            .starts_with("constraints[0] (equality) is violated at the start params")
    );
    let result = run().repair_start(true).run().unwrap();
    assert_eq!(result.start_params, [1.5, 1.5, 3.0]);
    assert_eq!(result.start_fun, 13.5);
}

#[test]
fn an_augmented_lagrangian_keeps_what_no_change_of_variables_can() {
    let fun = |x: &[f64; 2]| -x[0] - x[1];
    for name in ["lbfgsb", "neldermead"] {
        let run = minimize(fun, [0.2, 0.3]).bounds(.., 0.0, 1.0).algorithm(name);
        let result = run.linear(.., [1.0, 1.0], f64::NEG_INFINITY, 1.5).run().unwrap();
        assert!(result.success && (result.fun + 1.5).abs() < 1e-4, "{result}");
        assert!(result.max_constraint_violation <= 1e-5, "{result}");
        let plan = result.constraint_plan.to_string();
        let expected = "constraints[0] (linear): 1 of 1 rows kept by an augmented Lagrangian";
        assert!(plan.starts_with(expected), "{plan}");
    }
}

#[test]
fn suspended_runs_keep_constraints_too() {
    let mut run = thalweg::ask_tell([0.5, 0.6])
        .probability(..)
        .repair_start(true)
        .algorithm("lbfgsb")
        .suspend()
        .unwrap();
    while let Some(points) = run.ask() {
        assert!(points.iter().all(|p| (p[0] + p[1] - 1.0).abs() <= 2e-16 && p[0] >= 0.0));
        let values: Vec<f64> = points.iter().map(|p| (p[0] - 0.25).powi(2)).collect();
        run.tell(&values).unwrap();
    }
    close(&run.finish().unwrap().params, &[0.25, 0.75], 1e-4);
}
