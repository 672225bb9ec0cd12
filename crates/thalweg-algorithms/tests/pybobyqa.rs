//! Py-BOBYQA where it differs from BOBYQA: noise, restarts, slow progress, one radius for all variables.

use std::sync::{Arc, Mutex};

use thalweg_algorithms::algorithms::pybobyqa::Pybobyqa;
use thalweg_algorithms::pieces::first_points::Directions;
use thalweg_algorithms::pieces::search_rules::RestartType;
use thalweg_core::{
    Algorithm, Finish, Problem, ProblemSpec, Repeats, Rng, SearchState, Stop, Verdict, Want,
    testing::FunctionOracle,
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
        assert!(finish.value < 1e-8, "{points}: {finish:?}");
    }
}

/// The points that a run on three valleys at once evaluates, and how many it takes to come within 1e-7 of the minimum.
fn in_valleys(options: Pybobyqa) -> (Vec<Vec<f64>>, usize) {
    let valleys = |x: &[f64]| x.chunks(2).map(rosenbrock).sum();
    let mut oracle = FunctionOracle::scalar(valleys);
    run(&options, &mut oracle, &[FREE; 6], &[-1.2, 1.0, 0.4, -0.8, -0.3, 0.9]);
    let points: Vec<Vec<f64>> = oracle.trace.into_iter().map(|(_, x)| x).collect();
    let solved = points.iter().position(|x| valleys(x) <= 1e-7);
    (points, solved.expect("the valleys lead to the minimum"))
}

#[test]
fn the_set_grows_where_neither_the_user_nor_noise_says_how_many_points_there_are() {
    let (usual, grown) = in_valleys(Pybobyqa::default());
    let count = Some(13); // 2 n + 1, with which it begins
    let fixed = Pybobyqa { trustregion_n_interpolation_points: count, ..Pybobyqa::default() };
    let (points, without) = in_valleys(fixed);
    assert_eq!(usual[..13], points[..13]);
    assert!(
        4 * grown < 3 * without,
        "{grown} evaluations, {without} with a fixed number of points"
    );
    // Values that are to be averages are noisy, even if nobody says how much.
    let repeated = Pybobyqa { noise_n_evals_per_point: Some(1.into()), ..Pybobyqa::default() };
    assert_eq!(in_valleys(repeated).0, points);
}

#[test]
fn few_points_follow_the_valley_in_more_dimensions() {
    let chained = |x: &[f64]| x.windows(2).map(rosenbrock).sum();
    let options = Pybobyqa { trustregion_n_interpolation_points: Some(6), ..Pybobyqa::default() };
    let mut oracle = FunctionOracle::scalar(chained);
    let finish = run(&options, &mut oracle, &[FREE; 4], &[-1.2, 1.0, -1.2, 1.0]);
    assert!(finish.value < 1e-5, "{finish:?}");
}

#[test]
fn the_value_at_a_point_is_the_mean_of_evaluations() {
    let mut rng = Rng::new(3);
    let mut noisy = |x: &[f64]| rosenbrock(x) + 0.1 * rng.normal();
    let options = Pybobyqa {
        noise_additive_level: Some(0.1),
        noise_n_evals_per_point: Some(25.into()),
        n_restarts: Some(2),
        ..Pybobyqa::default()
    };
    let mut oracle = FunctionOracle::scalar(&mut noisy);
    let finish = run(&options, &mut oracle, &[FREE; 2], &[-1.2, 1.0]);
    assert!(oracle.trace.len().is_multiple_of(25));
    for copies in oracle.trace.chunks(25) {
        assert!(copies.iter().all(|(_, x)| *x == copies[0].1), "{copies:?}");
    }
    // Their noise is 0.02, so that the value is known to that.
    assert!((finish.value - rosenbrock(&finish.x)).abs() < 0.1, "{finish:?}");
    assert!(rosenbrock(&finish.x) < 0.2, "{finish:?}");
}

#[test]
fn a_function_of_the_radii_says_how_often_points_are_evaluated() {
    let states = Arc::new(Mutex::new(Vec::new()));
    let seen = Arc::clone(&states);
    let repeats = Repeats::by(move |state| {
        seen.lock().unwrap().push(*state);
        if state.upper_trustregion_radius < 0.05 { 3 } else { 2 }
    });
    let options = Pybobyqa {
        noise_additive_level: Some(1e-3),
        noise_n_evals_per_point: Some(repeats),
        trustregion_initial_radius: Some(0.2),
        n_restarts: Some(1),
        ..Pybobyqa::default()
    };
    let mut rng = Rng::new(3);
    let mut noisy = |x: &[f64]| rosenbrock(x) + 1e-3 * rng.uniform_in(-1.0, 1.0);
    let mut oracle = FunctionOracle::scalar(&mut noisy);
    let finish = run(&options, &mut oracle, &[FREE; 2], &[-1.2, 1.0]);
    assert!(rosenbrock(&finish.x) < 0.1, "{finish:?}");
    let states = states.lock().unwrap();
    let first = SearchState {
        upper_trustregion_radius: 0.2,
        lower_trustregion_radius: 0.2,
        n_iterations: 0,
        n_resets: 0,
    };
    assert_eq!((states[0], states[1]), (first, SearchState { n_iterations: 1, ..first }));
    let last = states.last().unwrap();
    assert!(last.n_resets >= 1 && last.n_iterations == oracle.iterations.len() as u64, "{last:?}");
    let tells = |few: &[SearchState; 2]| few[0].n_iterations <= few[1].n_iterations;
    assert!(states.array_windows().all(tells));
    let copies = |point: &[(Want, Vec<f64>)]| point.len();
    let counts: Vec<usize> = oracle.trace.chunk_by(|a, b| a.1 == b.1).map(copies).collect();
    assert_eq!((counts[0], counts.contains(&3)), (2, true));
    // A restart may come back to the point that was evaluated last.
    assert!(counts.iter().all(|count| [2, 3, 4, 5, 6].contains(count)), "{counts:?}");
}

#[test]
fn a_count_below_one_ends_the_run() {
    let repeats = Repeats::by(|state| u64::from(state.n_iterations < 3));
    let options = Pybobyqa { noise_n_evals_per_point: Some(repeats), ..Pybobyqa::default() };
    let mut oracle = FunctionOracle::scalar(rosenbrock);
    let spec = ProblemSpec::unconstrained(2);
    let stop = options.solve(&mut Problem::new(&mut oracle, &spec), &[-1.2, 1.0]).unwrap_err();
    let Stop::Failed(message) = stop else { panic!("{stop:?}") };
    let begin = "the function returned 0, but has to return a whole number that is at least 1; it was given upper_";
    assert!(message.starts_with(begin) && message.ends_with("n_iterations=3, n_resets=0"));
}

/// A run on a noisy function: the number of evaluations, and the exact value at the end.
fn noisy(options: Pybobyqa) -> (usize, f64, Finish) {
    let mut rng = Rng::new(7);
    let mut noisy = |x: &[f64]| rosenbrock(x) + 1e-3 * rng.uniform_in(-1.0, 1.0);
    let mut oracle = FunctionOracle::scalar(&mut noisy);
    let options = Pybobyqa { noise_additive_level: Some(2e-3), ..options };
    let finish = run(&options, &mut oracle, &[FREE; 2], &[-1.2, 1.0]);
    (oracle.trace.len(), rosenbrock(&finish.x), finish)
}

#[test]
fn restarts_come_in_kinds() {
    let usual = Pybobyqa { n_restarts: Some(3), ..Pybobyqa::default() };
    let (without, ..) = noisy(Pybobyqa { use_restarts: Some(false), ..usual.clone() });
    let (limited, ..) = noisy(Pybobyqa { n_restarts_in_vain: Some(0), ..usual.clone() });
    let mut counts = vec![without, limited];
    for options in [
        usual.clone(),
        Pybobyqa { restart_type: RestartType::Hard, ..usual.clone() },
        Pybobyqa { restart_type: RestartType::Hard, restart_reuses_value: false, ..usual.clone() },
        Pybobyqa { restart_moves_center: false, ..usual.clone() },
        Pybobyqa { restart_n_moved_points: 5, ..usual.clone() },
        Pybobyqa { restart_radius_factor: Some(3.0), ..usual.clone() },
    ] {
        let (count, value, _) = noisy(options);
        assert!(count > without && value < 0.02, "{without} {count} {value}");
        counts.push(count);
    }
    assert!(limited <= counts[2], "{counts:?}");
    counts.sort_unstable();
    counts.dedup();
    assert!(counts.len() >= 6, "the kinds differ: {counts:?}");
}

#[test]
fn steps_in_vain_after_a_restart_end_the_run() {
    // The first run ends in a minimum that is better than all that is found from the point to which a restart moves.
    let mut calls = 0;
    let mut lucky = |x: &[f64]| {
        calls += 1;
        let value = 1.0 + x[0] * x[0] + x[1] * x[1];
        if calls < 30 { value - 10.0 } else { value }
    };
    let options = Pybobyqa {
        n_restarts: Some(9),
        restart_vain_steps: Some(1),
        restart_detection: false,
        noise_additive_level: Some(1e-3),
        ..Pybobyqa::default()
    };
    let mut oracle = FunctionOracle::scalar(&mut lucky);
    let finish = run(&options, &mut oracle, &[FREE; 2], &[1.0, 1.0]);
    assert!(finish.value < -8.9, "the best of all is kept: {finish:?}");
}

#[test]
fn noise_that_gets_the_upper_hand_calls_for_a_restart() {
    // Without the test of the values, only the radii tell.
    let quiet = |restart_detection: bool| Pybobyqa {
        restart_detection,
        convergence_noise_corrected_criterion_tolerance: 0.0,
        n_restarts: Some(1),
        ..Pybobyqa::default()
    };
    let (with, ..) = noisy(quiet(true));
    let (without, ..) = noisy(quiet(false));
    assert_ne!(with, without);
    // A rule that no course satisfies is no rule.
    let strict = Pybobyqa { restart_detection_slope: 1e9, ..quiet(true) };
    assert_eq!(noisy(strict).0, without);
}

#[test]
fn a_restart_can_refine_the_last_radius() {
    let options = Pybobyqa {
        convergence_minimal_trustregion_radius_tolerance: 1e-3,
        n_restarts: Some(1),
        restart_last_radius_factor: 0.01,
        convergence_slow_progress_threshold: 0.0,
        ..Pybobyqa::default()
    };
    let mut oracle = FunctionOracle::scalar(rosenbrock);
    let finish = run(&options, &mut oracle, &[FREE; 2], &[-1.2, 1.0]);
    let Verdict::Converged(test) = &finish.verdict else { panic!("{finish:?}") };
    assert!(test.tolerance < 1e-4, "{test:?}");
}

#[test]
fn first_directions_may_be_random() {
    for orthogonal in [true, false] {
        let options = Pybobyqa {
            initial_directions: Directions::Random,
            random_directions_orthogonal: orthogonal,
            ..Pybobyqa::default()
        };
        let mut oracle = FunctionOracle::scalar(rosenbrock);
        let finish = run(&options, &mut oracle, &[(-2.0, 2.0); 2], &[-1.2, 1.0]);
        assert!(finish.value < 1e-8, "{finish:?}");
        let step = |k: usize| [oracle.trace[k].1[0] + 1.2, oracle.trace[k].1[1] - 1.0];
        let ([a, b], [c, d]) = (step(1), step(2));
        assert!(a != 0.0 && b != 0.0, "{a} {b}");
        assert_eq!((a * c + b * d).abs() < 1e-12, orthogonal);
    }
}

#[test]
fn least_models_find_the_way_as_well() {
    let least = Pybobyqa { trustregion_minimum_change_hessian: false, ..Pybobyqa::default() };
    let bowl = |x: &[f64]| x.iter().map(|x| (x - 3.0) * (x - 3.0)).sum::<f64>() + x[0] * x[1];
    let values = [least, Pybobyqa::default()].map(|options| {
        let mut oracle = FunctionOracle::scalar(bowl);
        let finish = run(&options, &mut oracle, &[FREE; 3], &[0.0, 1.0, -1.0]);
        assert!((finish.value - 6.0).abs() < 1e-8, "{finish:?}");
        oracle.trace.len()
    });
    assert_ne!(values[0], values[1]);
}

#[test]
fn the_period_of_slow_progress_counts() {
    let run_with = |period: u64| {
        let mut calls = 0.0;
        let mut creeping = |_: &[f64]| {
            calls += 1.0;
            1.0 - 1e-12 * calls
        };
        let options = Pybobyqa {
            convergence_slow_progress_steps: Some(5),
            convergence_slow_progress_period: period,
            ..Pybobyqa::default()
        };
        let mut oracle = FunctionOracle::scalar(&mut creeping);
        let finish = run(&options, &mut oracle, &[FREE; 2], &[1.0, 1.0]);
        let Verdict::Stalled(reason) = finish.verdict else { panic!("it went on") };
        (oracle.trace.len(), reason)
    };
    let ((few, reason), (many, _)) = (run_with(2), run_with(9));
    assert!(few < many, "{few} {many}");
    assert!(reason.contains("over 2 of them"), "{reason}");
}
