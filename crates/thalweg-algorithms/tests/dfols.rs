//! DFO-LS where it has to be more than fast: bounds, noise, undefined residuals, large parameters.

use std::sync::{Arc, Mutex};

use thalweg_algorithms::algorithms::dfols::Dfols;
use thalweg_core::{
    Algorithm, Finish, Problem, ProblemSpec, Repeats, Rng, Verdict, testing::FunctionOracle,
};

const FREE: (f64, f64) = (f64::NEG_INFINITY, f64::INFINITY);

fn run(
    options: &Dfols,
    oracle: &mut FunctionOracle<'_>,
    m: usize,
    bounds: &[(f64, f64)],
    x0: &[f64],
) -> Finish {
    let (lower, upper) = bounds.iter().copied().unzip();
    let spec = ProblemSpec { lower, upper, n_outputs: m, ..Default::default() };
    let finish = options.solve(&mut Problem::new(oracle, &spec), x0).unwrap();
    for (_, x) in &oracle.trace {
        let inside = x.iter().zip(bounds).all(|(x, (low, high))| (low..=high).contains(&x));
        assert!(inside, "{x:?} is not within {bounds:?}");
    }
    finish
}

/// Rosenbrock's residuals with noise of a thousandth.
fn disturbed_rosenbrock(seed: u64) -> impl FnMut(&[f64], &mut [f64]) {
    let mut rng = Rng::new(seed);
    move |x, out| {
        rosenbrock(x, out);
        out.iter_mut().for_each(|r| *r += 1e-3 * rng.uniform_in(-1.0, 1.0));
    }
}

fn rosenbrock(x: &[f64], out: &mut [f64]) {
    out[0] = 10.0 * (x[1] - x[0] * x[0]);
    out[1] = 1.0 - x[0];
}

#[test]
fn a_curved_valley_is_followed_to_the_end() {
    let mut oracle = FunctionOracle::least_squares(2, rosenbrock);
    let finish = run(&Dfols::default(), &mut oracle, 2, &[FREE; 2], &[-1.2, 1.0]);
    let Verdict::Converged(test) = &finish.verdict else { panic!("{finish:?}") };
    assert_eq!(test.option, "convergence_minimal_trustregion_radius_tolerance");
    assert!(finish.value < 1e-20, "{finish:?}");
    assert!(oracle.trace.len() < 80, "{}", oracle.trace.len());
}

/// The sums of squares of residuals that do not vanish and bend (bdqrtic): steps of linear models alone take 308 and, with the
/// bound, 367 evaluations to these digits.
#[test]
fn curved_residuals_that_do_not_vanish_slow_nothing_down() {
    let n = 10;
    let bdqrtic = |x: &[f64], out: &mut [f64]| {
        for i in 0..n - 4 {
            out[i] = 3.0 - 4.0 * x[i];
            let squares = (1..5).map(|k| k as f64 * x[i + k - 1] * x[i + k - 1]).sum::<f64>();
            out[n - 4 + i] = squares + 5.0 * x[n - 1] * x[n - 1];
        }
    };
    for bound in [f64::INFINITY, 0.3] {
        let mut oracle = FunctionOracle::least_squares(2 * (n - 4), bdqrtic);
        let mut bounds = vec![FREE; n];
        bounds[0].1 = bound;
        let start: Vec<f64> = (0..n).map(|i| bounds[i].1.min(1.0)).collect();
        let finish = run(&Dfols::default(), &mut oracle, 2 * (n - 4), &bounds, &start);
        let sums: Vec<f64> = (oracle.trace.iter())
            .map(|(_, x)| {
                let mut residuals = vec![0.0; 2 * (n - 4)];
                bdqrtic(x, &mut residuals);
                residuals.iter().map(|r| r * r).sum()
            })
            .collect();
        let enough = finish.value + 1e-7 * (sums[0] - finish.value);
        let taken = sums.iter().position(|sum| *sum <= enough).unwrap() + 1;
        assert!(taken <= 230, "{bound}: {taken} of {}", sums.len());
    }
}

#[test]
fn active_bounds_are_met_exactly() {
    let mut oracle = FunctionOracle::least_squares(2, rosenbrock);
    let finish = run(&Dfols::default(), &mut oracle, 2, &[(-2.0, 0.5), FREE], &[0.3, 1.0]);
    assert_eq!(finish.x[0], 0.5);
    assert!(finish.verdict.is_success() && (finish.x[1] - 0.25).abs() < 1e-7, "{finish:?}");
}

#[test]
fn small_sums_of_squares_end_the_run_when_they_are_asked_to() {
    for (options, option) in [
        (Dfols { convergence_value_abs: 1e-3, ..Dfols::default() }, "convergence_value_abs"),
        (Dfols { convergence_value_scaled: 1e-3, ..Dfols::default() }, "convergence_value_scaled"),
    ] {
        let mut oracle = FunctionOracle::least_squares(2, rosenbrock);
        let finish = run(&options, &mut oracle, 2, &[FREE; 2], &[-1.2, 1.0]);
        let Verdict::Converged(test) = &finish.verdict else { panic!("{finish:?}") };
        assert_eq!(test.option, option);
        assert!(test.value <= 1e-3 && finish.value > 1e-20, "{finish:?}");
    }
}

#[test]
fn regressions_and_restarts_get_further_in_noise() {
    let mut rng = Rng::new(4);
    let mut noisy = |x: &[f64], out: &mut [f64]| {
        rosenbrock(x, out);
        out.iter_mut().for_each(|r| *r += 1e-3 * rng.uniform_in(-1.0, 1.0));
    };
    let options = Dfols {
        noise_additive_level: Some(4e-6),
        n_restarts: Some(2),
        trustregion_n_interpolation_points: Some(5),
        ..Dfols::default()
    };
    let mut oracle = FunctionOracle::least_squares(2, &mut noisy);
    let finish = run(&options, &mut oracle, 2, &[FREE; 2], &[-1.2, 1.0]);
    assert!(finish.verdict.is_success(), "{finish:?}");
    assert!(finish.x.iter().all(|x| (x - 1.0).abs() < 0.05), "{finish:?}");
    let Verdict::Converged(test) = &finish.verdict else { panic!("{finish:?}") };
    assert_eq!(test.option, "convergence_noise_corrected_criterion_tolerance");
}

#[test]
fn an_edge_beyond_which_residuals_are_undefined_is_no_obstacle() {
    let edge = |x: &[f64], out: &mut [f64]| {
        out[0] = if x[0] < 0.2 { f64::NAN } else { x[0].ln() };
        out[1] = x[1] - x[0];
    };
    let mut oracle = FunctionOracle::least_squares(2, edge);
    let finish = run(&Dfols::default(), &mut oracle, 2, &[FREE; 2], &[4.0, -1.0]);
    assert!(finish.x.iter().all(|x| (x - 1.0).abs() < 1e-6), "{finish:?}");
}

#[test]
fn what_is_finite_at_the_start_only_is_no_success() {
    let lonely = |x: &[f64], out: &mut [f64]| out[0] = if x == [1.0] { 0.5 } else { f64::NAN };
    let mut oracle = FunctionOracle::least_squares(1, lonely);
    let finish = run(&Dfols::default(), &mut oracle, 1, &[FREE], &[1.0]);
    let Verdict::Stalled(reason) = &finish.verdict else { panic!("{finish:?}") };
    assert_eq!(reason, "the residuals are not finite at or next to the start");
}

#[test]
fn the_radius_ends_at_the_precision_of_large_parameters() {
    let far = |x: &[f64], out: &mut [f64]| out[0] = (x[0] - 3e12) / 1e12;
    let mut oracle = FunctionOracle::least_squares(1, far);
    let finish = run(&Dfols::default(), &mut oracle, 1, &[FREE], &[1e12]);
    let Verdict::Converged(test) = &finish.verdict else { panic!("{finish:?}") };
    assert_eq!(test.option, "");
    assert!((finish.x[0] - 3e12).abs() < 1.0, "{finish:?}");
}

#[test]
fn far_points_may_stay_where_the_models_are_exact() {
    let affine = |x: &[f64], out: &mut [f64]| {
        for i in 0..8 {
            out[i] = x[i] - 0.1 * x.iter().sum::<f64>() + i as f64;
        }
    };
    let mut oracle = FunctionOracle::least_squares(8, affine);
    let finish = run(&Dfols::default(), &mut oracle, 8, &[FREE; 8], &[100.0; 8]);
    assert!(finish.value < 1e-16, "{finish:?}");
    // 9 first points, two or three steps to the solution, and then few points for each of the nine radii, not eight.
    assert!(oracle.trace.len() < 50, "{}", oracle.trace.len());
}

/// Twelve residuals of ten variables, bent a little.
fn bent(x: &[f64], out: &mut [f64]) {
    for i in 0..10 {
        out[i] = x[i] - 0.1 * x.iter().sum::<f64>() + 0.05 * x[i] * x[(i + 1) % 10] + 1.0;
    }
    out[10] = x[0] - x[9];
    out[11] = 0.1 * x[4];
}

/// The least sum of squares of the first `count` evaluations, and that at the end.
fn best_of_first(options: &Dfols, count: usize) -> (f64, f64) {
    let mut oracle = FunctionOracle::least_squares(12, bent);
    let finish = run(options, &mut oracle, 12, &[FREE; 10], &[1.0; 10]);
    assert!(finish.verdict.is_success(), "{finish:?}");
    let value = |x: &[f64]| {
        let mut r = [0.0; 12];
        bent(x, &mut r);
        r.iter().map(|r| r * r).sum::<f64>()
    };
    let first = oracle.trace.iter().take(count).map(|(_, x)| value(x));
    (first.fold(f64::INFINITY, f64::min), finish.value)
}

#[test]
fn a_fast_start_makes_progress_before_there_are_all_points() {
    use thalweg_algorithms::algorithms::dfols::FastStartMethod::{Auto, Trustregion};
    let (usual, least) = best_of_first(&Dfols::default(), 11);
    let quick = Dfols { fast_start_min_initial_points: Some(2), ..Dfols::default() };
    for method in [Auto, Trustregion] {
        let options = Dfols { fast_start_method: method, ..quick.clone() };
        let (first, last) = best_of_first(&options, 11);
        assert!(first < usual, "{method:?}: {first} {usual}");
        assert!((last - least).abs() <= 1e-8 * (1.0 + least), "{method:?}: {last} {least}");
    }
    let options = Dfols {
        fast_start_geometry_improving_steps: true,
        fast_start_shrink_upper_radius_in_safety_steps: true,
        fast_start_full_geometry_improving_step: true,
        fast_start_reset_trustregion_radius: true,
        fast_start_reset_min_trustregion_radius: true,
        fast_start_n_extra_search_directions_per_iteration: 2,
        ..quick
    };
    let (_, last) = best_of_first(&options, 11);
    assert!((last - least).abs() <= 1e-8 * (1.0 + least), "{last} {least}");
}

#[test]
fn slow_progress_ends_the_run_without_success() {
    let options = Dfols {
        convergence_slow_progress_threshold: 10.0,
        convergence_slow_progress_steps: Some(3),
        convergence_slow_progress_period: 2,
        ..Dfols::default()
    };
    let mut oracle = FunctionOracle::least_squares(2, rosenbrock);
    let finish = run(&options, &mut oracle, 2, &[FREE; 2], &[-1.2, 1.0]);
    let Verdict::Stalled(reason) = &finish.verdict else { panic!("{finish:?}") };
    assert!(reason.starts_with("over 3 successful iterations in a row"), "{reason}");
    assert!(oracle.trace.len() < 20, "{}", oracle.trace.len());
}

#[test]
fn a_function_of_the_radii_says_how_often_points_are_evaluated() {
    let states = Arc::new(Mutex::new(Vec::new()));
    let seen = Arc::clone(&states);
    let repeats = Repeats::by(move |state| {
        seen.lock().unwrap().push(*state);
        1 + u64::from(state.lower_trustregion_radius < 0.1) + state.n_resets
    });
    let options = Dfols {
        noise_additive_level: Some(4e-6),
        noise_n_evals_per_point: Some(repeats),
        trustregion_initial_radius: Some(0.2),
        n_restarts: Some(1),
        ..Dfols::default()
    };
    let mut oracle = FunctionOracle::least_squares(2, disturbed_rosenbrock(4));
    let finish = run(&options, &mut oracle, 2, &[FREE; 2], &[-1.2, 1.0]);
    assert!(finish.x.iter().all(|x| (x - 1.0).abs() < 0.1), "{finish:?}");
    let states = states.lock().unwrap();
    let numbers: Vec<u64> = states.iter().map(|state| state.n_iterations).collect();
    assert_eq!((&numbers[..3], states[0].upper_trustregion_radius), (&[0, 1, 2][..], 0.2));
    assert!(numbers.is_sorted() && states.last().unwrap().n_resets >= 1, "{states:?}");
    let counts = oracle.trace.chunk_by(|a, b| a.1 == b.1).map(<[_]>::len);
    let counts: Vec<usize> = counts.collect();
    assert!(counts[0] == 1 && counts.contains(&2) && counts.contains(&3), "{counts:?}");
}

#[test]
fn means_hard_restarts_random_directions_and_extra_moves_get_there_in_noise() {
    use thalweg_algorithms::algorithms::dfols::ExtraPoints;
    use thalweg_algorithms::pieces::first_points::Directions;
    use thalweg_algorithms::pieces::search_rules::RestartType;
    let noisy = Dfols { noise_additive_level: Some(4e-6), n_restarts: Some(2), ..Dfols::default() };
    for options in [
        Dfols { noise_n_evals_per_point: Some(3.into()), ..noisy.clone() },
        Dfols { restart_type: RestartType::Hard, ..noisy.clone() },
        Dfols {
            restart_type: RestartType::Hard,
            restart_reuses_value: false,
            restart_n_added_points_hard: 1,
            restart_max_n_points: Some(5),
            ..noisy.clone()
        },
        Dfols {
            restart_n_added_points_soft: 2,
            restart_max_n_points: Some(6),
            restart_last_radius_factor: 0.5,
            restart_detection: false,
            ..noisy.clone()
        },
        Dfols { initial_directions: Directions::Random, ..noisy.clone() },
        Dfols {
            initial_directions: Directions::Random,
            random_directions_orthogonal: false,
            ..noisy.clone()
        },
        Dfols {
            trustregion_n_interpolation_points: Some(6),
            trustregion_n_extra_points_to_replace_successful: 2,
            restart_n_added_moves: 1,
            ..noisy.clone()
        },
        Dfols {
            trustregion_n_interpolation_points: Some(6),
            trustregion_n_extra_points_to_replace_successful: 1,
            trustregion_method_to_replace_extra_points: Some(ExtraPoints::Momentum),
            ..noisy
        },
    ] {
        let mut oracle = FunctionOracle::least_squares(2, disturbed_rosenbrock(4));
        let finish = run(&options, &mut oracle, 2, &[FREE; 2], &[-1.2, 1.0]);
        assert!(finish.verdict.is_success(), "{options:?}: {finish:?}");
        assert!(finish.x.iter().all(|x| (x - 1.0).abs() < 0.1), "{options:?}: {finish:?}");
    }
}

/// Meyer's residuals: an exponential whose three parameters are of very different size.
fn meyer(x: &[f64], out: &mut [f64]) {
    const SEEN: [f64; 16] = [
        34780.0, 28610.0, 23650.0, 19630.0, 16370.0, 13720.0, 11540.0, 9744.0, 8261.0, 7030.0,
        6005.0, 5147.0, 4427.0, 3820.0, 3307.0, 2872.0,
    ];
    for (i, (out, seen)) in out.iter_mut().zip(SEEN).enumerate() {
        let t = 50.0 + 5.0 * i as f64;
        *out = x[0] * (x[1] / (t + x[2])).exp() - seen;
    }
}

/// While rho sinks without evaluations, the model stays as it is: that is no course of models that change more and more.
#[test]
fn a_resolution_that_sinks_at_once_is_not_taken_for_noise() {
    let start = [0.02, 4000.0, 250.0];
    for seed in 0..6 {
        let mut rng = Rng::new(seed);
        let noisy = |x: &[f64], out: &mut [f64]| {
            meyer(x, out);
            out.iter_mut().for_each(|r| *r *= 1.0 + 0.01 * rng.normal());
        };
        let options = Dfols { noise_multiplicative_level: Some(0.01), ..Dfols::default() };
        let mut oracle = FunctionOracle::least_squares(16, noisy).with_budget(60);
        let spec = ProblemSpec { n_outputs: 16, ..ProblemSpec::unconstrained(3) };
        options.solve(&mut Problem::new(&mut oracle, &spec), &start).unwrap_err();
        let value = |x: &[f64]| {
            let mut residuals = [0.0; 16];
            meyer(x, &mut residuals);
            residuals.iter().map(|r| r * r).sum::<f64>()
        };
        let is_solved = |x: &[f64]| value(x) <= 1e-4 * value(&start);
        assert!(oracle.trace.iter().any(|(_, x)| is_solved(x)), "{seed}");
    }
}
