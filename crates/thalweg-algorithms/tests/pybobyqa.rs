//! Py-BOBYQA where it differs from BOBYQA: noise, restarts, slow progress, one radius for all variables.

use thalweg_algorithms::algorithms::pybobyqa::Pybobyqa;
use thalweg_core::{
    Algorithm, Finish, Problem, ProblemSpec, Rng, Verdict, testing::FunctionOracle,
};

const FREE: (f64, f64) = (f64::NEG_INFINITY, f64::INFINITY);

fn run(
    options: &Pybobyqa,
    oracle: &mut FunctionOracle<'_>,
    bounds: &[(f64, f64)],
    x0: &[f64],
) -> Finish {
    let (lower, upper) = bounds.iter().copied().unzip();
    let spec = ProblemSpec { lower, upper, n_outputs: 1, ..Default::default() };
    let finish = options.solve(&mut Problem::new(oracle, &spec), x0).unwrap();
    for (_, x) in &oracle.trace {
        let inside = x.iter().zip(bounds).all(|(x, (low, high))| (low..=high).contains(&x));
        assert!(inside, "{x:?} is not within {bounds:?}");
    }
    finish
}

fn rosenbrock(x: &[f64]) -> f64 {
    100.0 * (x[1] - x[0] * x[0]).powi(2) + (1.0 - x[0]).powi(2)
}

#[test]
fn a_curved_valley_is_followed_to_the_end_of_the_radius() {
    let mut oracle = FunctionOracle::scalar(rosenbrock);
    let finish = run(&Pybobyqa::default(), &mut oracle, &[FREE; 2], &[-1.2, 1.0]);
    let Verdict::Converged(test) = &finish.verdict else { panic!("{finish:?}") };
    assert_eq!(test.option, "convergence_minimal_trustregion_radius_tolerance");
    assert!((test.tolerance - 1e-8).abs() < 1e-20, "{test:?}");
    assert!(finish.value < 1e-12, "{finish:?}");
    // The first points are a tenth of the largest coordinate away, in every coordinate.
    assert!((oracle.trace[1].1[0] + 1.08).abs() < 1e-12, "{:?}", oracle.trace[1]);
    assert!((oracle.trace[2].1[1] - 1.12).abs() < 1e-12, "{:?}", oracle.trace[2]);
}

#[test]
fn active_bounds_are_met_exactly_and_narrow_boxes_are_no_obstacle() {
    let bounds = [(0.28, 0.32), FREE];
    let mut oracle = FunctionOracle::scalar(rosenbrock);
    let finish = run(&Pybobyqa::default(), &mut oracle, &bounds, &[0.3, 1.0]);
    assert_eq!(finish.x[0], 0.32);
    assert!(finish.verdict.is_success() && (finish.x[1] - 0.1024).abs() < 1e-5, "{finish:?}");
}

#[test]
fn a_noise_level_ends_the_run_after_its_restarts() {
    let noisy_run = |n_restarts: Option<u64>| {
        let mut rng = Rng::new(7);
        let mut noisy = |x: &[f64]| rosenbrock(x) + 1e-3 * rng.uniform_in(-1.0, 1.0);
        let options =
            Pybobyqa { noise_additive_level: Some(2e-3), n_restarts, ..Pybobyqa::default() };
        let mut oracle = FunctionOracle::scalar(&mut noisy);
        let finish = run(&options, &mut oracle, &[FREE; 2], &[-1.2, 1.0]);
        let Verdict::Converged(test) = &finish.verdict else { panic!("{finish:?}") };
        assert_eq!(test.option, "convergence_noise_corrected_criterion_tolerance");
        (oracle.trace.len(), rosenbrock(&finish.x))
    };
    let (few, _) = noisy_run(Some(0));
    let (many, value) = noisy_run(None);
    assert!(many > few && value < 0.02, "{few} {many} {value}");
}

#[test]
fn restarts_with_growing_radii_leave_a_local_minimum() {
    // Minima at every 2 pi / 3 or so, the best at 0.
    let wavy = |x: &[f64]| x[0] * x[0] / 20.0 + 1.0 - (3.0 * x[0]).cos() + x[1] * x[1];
    let local = run(
        &Pybobyqa::default(),
        &mut FunctionOracle::scalar(wavy),
        &[(-9.0, 9.0); 2],
        &[4.0, 1.0],
    );
    assert!(local.value > 0.1, "{local:?}");
    let options = Pybobyqa { seek_global_optimum: true, ..Pybobyqa::default() };
    let mut oracle = FunctionOracle::scalar(wavy);
    let finish = run(&options, &mut oracle, &[(-9.0, 9.0); 2], &[4.0, 1.0]);
    assert!(finish.value < 1e-9, "{finish:?}");
}

#[test]
fn slow_progress_is_no_success() {
    let mut calls = 0.0;
    let mut creeping = |_: &[f64]| {
        calls += 1.0;
        1.0 - 1e-12 * calls
    };
    let options = Pybobyqa { convergence_slow_progress_steps: Some(5), ..Pybobyqa::default() };
    let mut oracle = FunctionOracle::scalar(&mut creeping);
    let finish = run(&options, &mut oracle, &[FREE; 2], &[1.0, 1.0]);
    let Verdict::Stalled(reason) = &finish.verdict else { panic!("{finish:?}") };
    assert!(reason.starts_with("progress was slow in 5 iterations in a row"), "{reason}");
}

#[test]
fn the_number_of_points_is_free_within_limits() {
    for (points, first) in [(1, 4), (4, 4), (6, 6), (99, 6)] {
        let options =
            Pybobyqa { trustregion_n_interpolation_points: Some(points), ..Pybobyqa::default() };
        let mut batches = Vec::new();
        let mut oracle = FunctionOracle::scalar(rosenbrock);
        let finish = run(&options, &mut oracle, &[FREE; 2], &[-1.2, 1.0]);
        batches.extend(oracle.trace.iter().take(first).map(|(_, x)| x.clone()));
        // All first points are one step away in each coordinate.
        let on_grid = |x: &[f64]| (x[0] + 1.2).abs() < 0.1201 && (x[1] - 1.0).abs() < 0.1201;
        assert!(batches.iter().all(|x| on_grid(x)), "{batches:?}");
        // The least number of points says little of the curvature: the radius may be through with it before the valley ends.
        let tolerance = if first == 4 { 0.1 } else { 1e-8 };
        assert!(finish.value < tolerance, "{points}: {finish:?}");
    }
}
