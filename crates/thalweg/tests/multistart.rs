//! Searches from many starts: sampling, weights, stopping, failures, and independence of the number of workers.

use std::cell::{Cell, RefCell};
use std::f64::consts::TAU;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};

use thalweg::core::{Event, Sink, Task};
use thalweg::{
    Distribution, ErrorHandling, LocalErrors, MixingWeight, MultistartOptions, OptimizeError,
    StartSampling, Status, least_squares, maximize, minimize, stateful,
};

fn rastrigin(x: &[f64]) -> f64 {
    x.iter().map(|x| x * x + 10.0 * (1.0 - (TAU * x).cos())).sum()
}

fn sphere(x: &[f64]) -> f64 {
    x.iter().map(|x| x * x).sum()
}

fn options() -> MultistartOptions {
    MultistartOptions { n_samples: Some(60), seed: Some(1), ..Default::default() }
}

#[test]
fn the_result_tells_of_the_search() {
    let calls = Cell::new(0);
    let fun = |x: &[f64; 2]| {
        calls.set(calls.get() + 1);
        rastrigin(x)
    };
    let run = minimize(fun, [3.1, -2.9]).algorithm("neldermead").bounds(.., -4.0, 5.0);
    let result = run.multistart(options()).run().expect("runs");
    let info = result.multistart.as_ref().expect("details");
    assert_eq!(result.algorithm, "multistart_neldermead");
    assert_eq!((result.start_params, result.start_fun), ([3.1, -2.9], rastrigin(&[3.1, -2.9])));
    assert_eq!(info.exploration_sample.len(), 60);
    assert!(info.exploration_results.is_sorted());
    for (x, value) in info.exploration_sample.iter().zip(&info.exploration_results) {
        assert_eq!(rastrigin(x), *value);
        assert!(x.iter().all(|x| (-4.0..=5.0).contains(x)));
    }
    assert!(info.exploration_sample.contains(&[3.1, -2.9]), "the start is one of the sample");
    let sum = |of: fn(&thalweg::OptimizeResult<[f64; 2]>) -> u64| {
        info.local_optima.iter().map(of).sum::<u64>()
    };
    assert_eq!(result.n_fun_evals, sum(|run| run.n_fun_evals));
    assert_eq!(result.n_iterations, sum(|run| run.n_iterations));
    assert_eq!(calls.get() as u64, info.n_exploration_evals + result.n_fun_evals);
    assert_eq!(info.start_params.len(), info.n_optimizations());
    let best = info.local_optima.iter().map(|run| run.fun).fold(f64::INFINITY, f64::min);
    assert_eq!(result.fun, best);
    let of_best = info.local_optima.iter().find(|run| run.fun == best).expect("the best");
    assert_eq!(result.history, of_best.history);
    assert_eq!(result.convergence_report(), info.convergence);
    assert!(result.to_string().contains("Multistart explored 6"), "{result}");
}

#[test]
fn global_minima_are_found_by_default() {
    let mut found = 0;
    for seed in 0..20 {
        let options = MultistartOptions { seed: Some(seed), ..Default::default() };
        let run = minimize(|x: &[f64; 2]| rastrigin(x), [3.7, -2.2]).algorithm("lbfgsb");
        let result = run.bounds(.., -4.12, 6.12).multistart(options).run().expect("runs");
        found += usize::from(result.fun < 1e-6);
    }
    assert!(found >= 16, "{found} of 20");
}

#[test]
fn other_optima_confirm_the_best_one() {
    // Starts near the best optimum lead to its neighbours: without a test of the best one, the search takes all of its 20 runs.
    let griewank = |x: &[f64; 2]| {
        1.0 + sphere(x) / 4000.0 - x[0].cos() * (x[1] / std::f64::consts::SQRT_2).cos()
    };
    let search = |seed, n_fitted_points| {
        let options = MultistartOptions { seed: Some(seed), n_fitted_points, ..Default::default() };
        let run = minimize(griewank, [310.0, -240.0]).algorithm("lbfgsb");
        let result = run.bounds(.., -500.0, 700.0).multistart(options).run().expect("runs");
        let info = result.multistart.expect("details");
        (usize::from(result.fun < 1e-6), info.n_optimizations(), info.n_discoveries)
    };
    let (mut found, mut runs, mut discoveries) = (0, 0, 0);
    for seed in 0..20 {
        let (is_found, n_runs, n_discoveries) = search(seed, 3);
        (found, runs) = (found + is_found, runs + n_runs);
        discoveries += usize::from(n_discoveries >= 2);
    }
    assert!(found >= 19 && discoveries >= 15 && runs <= 12 * 20, "{found} {discoveries} {runs}");
    assert_eq!(search(0, 0).1, 20);
}

#[test]
fn one_minimum_takes_as_many_runs_as_discoveries() {
    for discoveries in [1, 2, 5] {
        let options = MultistartOptions { convergence_max_discoveries: discoveries, ..options() };
        let run = minimize(|x: &[f64; 3]| sphere(x), [1.0, 2.0, 3.0]).algorithm("lbfgsb");
        let result = run.soft_bounds(.., -5.0, 15.0).multistart(options).run().expect("runs");
        let info = result.multistart.as_ref().expect("details");
        assert_eq!((info.n_optimizations(), info.n_discoveries), (discoveries, discoveries));
        assert!(result.success && result.fun < 1e-10);
    }
}

#[test]
fn results_do_not_depend_on_the_number_of_workers() {
    let run = |threads, algorithm: &str, batch_size| {
        let options = MultistartOptions { batch_size, ..options() };
        let fun = |x: &Vec<f64>| rastrigin(x);
        let run = minimize(fun, vec![3.1, -2.9, 1.2]).algorithm(algorithm).bounds(.., -4.0, 5.0);
        let mut result = run.threads(threads).multistart(options).run().expect("runs");
        // Times and the grouping into batches belong to the machine.
        result.history = None;
        if let Some(info) = &mut result.multistart {
            info.local_optima.iter_mut().for_each(|run| run.history = None);
        }
        result
    };
    for algorithm in ["lbfgsb", "neldermead", "neldermead_parallel"] {
        for batch_size in [None, Some(4)] {
            let one = run(1, algorithm, batch_size);
            assert_eq!(one, run(2, algorithm, batch_size), "{algorithm} {batch_size:?}");
            assert_eq!(one, run(4, algorithm, batch_size), "{algorithm} {batch_size:?}");
        }
    }
}

#[test]
fn counts_are_those_of_the_search_without_runs_that_were_thrown_away() {
    let search = |threads| {
        let calls = AtomicU64::new(0);
        let fun = |x: &Vec<f64>| {
            calls.fetch_add(1, Ordering::Relaxed);
            rastrigin(x)
        };
        let run = minimize(fun, vec![3.1, -2.9, 1.2]).algorithm("neldermead");
        let run = run.bounds(.., -4.0, 5.0).threads(threads).multistart(options());
        let result = run.run().expect("runs");
        let explored = result.multistart.expect("details").n_exploration_evals;
        (calls.into_inner(), result.n_fun_evals, explored)
    };
    let (calls, evaluated, explored) = search(1);
    assert_eq!(calls, evaluated + explored, "one worker throws nothing away");
    let (calls_of_four, evaluated_by_four, explored_by_four) = search(4);
    assert_eq!((evaluated_by_four, explored_by_four), (evaluated, explored));
    assert!(calls_of_four > calls, "workers that would have waited began runs ahead");
}

/// Neither history nor times, which belong to the machine.
fn bare<P>(mut result: thalweg::OptimizeResult<P>) -> thalweg::OptimizeResult<P> {
    result.history = None;
    result
}

#[test]
fn runs_in_lockstep_are_those_of_the_direct_driver() {
    // Without mixing and stopping, batches of any size run from the same starts.
    let run = |batch| {
        let options = MultistartOptions {
            batch_size: Some(batch),
            mixing_weight: MixingWeight::custom(|_, _, _, _| 0.0),
            convergence_max_discoveries: usize::MAX,
            n_fitted_points: 0,
            ..options()
        };
        let gradient =
            |x: &Vec<f64>| x.iter().map(|x| 2.0 * x + 10.0 * TAU * (TAU * x).sin()).collect();
        let calls = Cell::new(0);
        let fun = stateful(|x: &Vec<f64>| {
            calls.set(calls.get() + 1);
            rastrigin(x)
        });
        let run = minimize(fun, vec![3.1, -2.9]).gradient(gradient).algorithm("lbfgsb");
        let result = run.bounds(.., -4.0, 5.0).multistart(options).run().expect("runs");
        let optima = result.multistart.expect("details").local_optima;
        (calls.get(), optima.into_iter().map(bare).collect::<Vec<_>>())
    };
    let direct = run(1);
    assert_eq!(direct.1.len(), 6);
    assert!(direct == run(3));
    assert!(direct == run(6));
}

#[test]
fn every_sampling_method_fills_the_range() {
    for method in [
        StartSampling::Random,
        StartSampling::Sobol,
        StartSampling::Halton,
        StartSampling::LatinHypercube,
    ] {
        let sample = |seed, distribution| {
            let options = MultistartOptions {
                sampling_method: method,
                sampling_distribution: distribution,
                n_samples: Some(201),
                n_fitted_points: 0,
                seed: Some(seed),
                ..Default::default()
            };
            let run = minimize(|x: &[f64; 2]| sphere(x), [0.5, 2.0]).algorithm("neldermead");
            let run = run.bounds(.., -1.0, 6.0).soft_bounds(.., 0.0, 4.0).multistart(options);
            run.run().expect("runs").multistart.expect("details").exploration_sample
        };
        let points = sample(1, Distribution::Uniform);
        assert_eq!(points.len(), 201);
        assert!(points.iter().flatten().all(|x| (0.0..=4.0).contains(x)));
        let share = |points: &[[f64; 2]], j: usize| {
            points.iter().filter(|x| x[j] < 2.0).count() as f64 / points.len() as f64
        };
        assert!((share(&points, 0) - 0.5).abs() < 0.1, "{method:?}");
        assert_eq!(points, sample(1, Distribution::Uniform));
        let seeded = matches!(method, StartSampling::Random | StartSampling::LatinHypercube);
        assert_eq!(points != sample(2, Distribution::Uniform), seeded, "{method:?}");
        // P(x < 2) of the triangular distribution on [0, 4] with its mode at 0.5 is 1 - (4 - 2)^2 / (4 * 3.5).
        let triangular = share(&sample(1, Distribution::Triangular), 0);
        assert!((triangular - (1.0 - 4.0 / 14.0)).abs() < 0.08, "{method:?}: {triangular}");
    }
}

#[test]
fn a_given_sample_is_explored_as_it_is() {
    let sample = vec![vec![1.0, 2.0], vec![-3.0, 0.5], vec![2.5, 2.5]];
    let options = MultistartOptions { sample: Some(sample), ..Default::default() };
    let run = minimize(|x: &[f64; 2]| rastrigin(x), [4.0, 4.0]).algorithm("neldermead");
    let result = run.multistart(options).run().expect("needs no bounds");
    let info = result.multistart.expect("details");
    assert_eq!(info.exploration_sample, [[1.0, 2.0], [-3.0, 0.5], [2.5, 2.5]]);
    assert_eq!(info.start_params, [[1.0, 2.0]]);
    assert_eq!(info.n_exploration_evals, 3);
}

#[test]
fn starts_are_mixed_with_the_best_point() {
    let options = MultistartOptions {
        mixing_weight: MixingWeight::custom(|c, k, low, high| {
            assert_eq!((k, low, high), (6, 0.2, 0.8));
            [0.0, 0.5, 1.0, 1.0, 1.0, 1.0][c]
        }),
        mixing_weight_bounds: (0.2, 0.8),
        convergence_max_discoveries: usize::MAX,
        n_fitted_points: 0,
        ..options()
    };
    let run = minimize(|x: &[f64; 2]| sphere(x), [3.0, 4.0]).algorithm("neldermead");
    let result = run.bounds(.., -5.0, 5.0).multistart(options).run().expect("runs");
    let info = result.multistart.expect("details");
    let (starts, sample) = (&info.start_params, &info.exploration_sample);
    assert_eq!(starts[0], sample[0]);
    let best = info.local_optima[0].params;
    for j in 0..2 {
        assert!((starts[1][j] - (0.5 * best[j] + 0.5 * sample[1][j])).abs() < 1e-12);
    }
    assert!(starts[2..].iter().all(|start| sphere(start) < 1e-6), "{starts:?}");
}

#[test]
fn failures_in_the_exploration_are_left_out() {
    let fun = |x: &[f64; 2]| {
        if x[0] < -1.0 { Err("no value below -1") } else { Ok(sphere(&[x[0] - 1.0, x[1]])) }
    };
    for threads in [1, 3] {
        let run = minimize(fun, [3.0, 4.0]).algorithm("neldermead").bounds(.., -5.0, 5.0);
        let result = run.threads(threads).multistart(options()).run().expect("runs");
        assert!(result.success && result.fun < 1e-6, "{}", result.message);
        let info = result.multistart.expect("details");
        assert!(info.exploration_sample.len() < 60);
        let warning = &info.warnings[0];
        assert!(
            warning.ends_with(
                "of 60 points of the exploration could not be evaluated and are left out. The first error: no value below -1"
            ),
            "{warning}"
        );
    }
}

#[test]
fn an_exploration_without_any_value_is_an_error() {
    let fun = |x: &[f64; 1]| if x[0] == 2.0 { 1.0 } else { f64::NAN };
    let options = MultistartOptions { sample: Some(vec![vec![0.0], vec![1.0]]), ..options() };
    let error = minimize(fun, [2.0]).algorithm("neldermead").multistart(options).run();
    let Err(OptimizeError::User { failure, partial }) = error else { panic!("is an error") };
    assert_eq!(
        failure.error.message,
        "All function evaluations of the exploration phase (2) are invalid: no value is a finite number"
    );
    assert_eq!((partial.params, partial.success), (vec![2.0], false));
}

/// A function that works until it has been called so often.
fn failing_after(calls: usize) -> impl Fn(&[f64; 2]) -> Result<f64, &'static str> {
    let count = Cell::new(0);
    move |x| {
        count.set(count.get() + 1);
        if count.get() > calls { Err("worn out") } else { Ok(sphere(x)) }
    }
}

#[test]
fn without_a_successful_run_the_best_point_of_the_exploration_is_returned() {
    for batch in [1, 3] {
        let options = MultistartOptions { batch_size: Some(batch), ..options() };
        let run = minimize(failing_after(60), [3.0, 4.0]).algorithm("neldermead");
        let result = run.bounds(.., -5.0, 5.0).multistart(options).run().expect("a result");
        let info = result.multistart.expect("details");
        assert_eq!((result.status, result.success), (Status::Failed, false));
        assert_eq!(
            (result.params, result.fun),
            (info.exploration_sample[0], info.exploration_results[0])
        );
        assert_eq!(info.failures.len(), 6);
        let message = result.message;
        assert!(
            message.starts_with(
                "none of the 6 local runs succeeded; the best point of the exploration"
            )
        );
        assert!(message.contains("run 3: worn out"), "{message}");
    }
}

#[test]
fn a_failing_run_ends_the_search_if_it_is_told_to() {
    for batch in [1, 3] {
        let options = MultistartOptions {
            error_handling: LocalErrors::Raise,
            batch_size: Some(batch),
            ..options()
        };
        let run = minimize(failing_after(70), [3.0, 4.0]).algorithm("neldermead");
        let error = run.bounds(.., -5.0, 5.0).multistart(options).run().expect_err("fails");
        let OptimizeError::User { failure, partial } = error else { panic!("the user's error") };
        assert_eq!(failure.error.message, "worn out");
        assert!(partial.fun < 25.0 && !partial.success && partial.status == Status::Failed);
        assert_eq!(partial.algorithm, "multistart_neldermead");
    }
}

#[test]
fn runs_that_fail_leave_the_batch_and_the_others_go_on() {
    let fun = |x: &[f64; 2]| {
        let near = (x[0] - 2.0).abs() < 0.5;
        if near { Err("a hole") } else { Ok(sphere(&[x[0] + 2.0, x[1]])) }
    };
    for (handling, fails) in [(ErrorHandling::Raise, true), (ErrorHandling::Continue, false)] {
        let sample = vec![vec![2.6, 0.0], vec![-3.0, 1.0], vec![-1.0, -1.0], vec![3.0, 0.1]];
        let options = MultistartOptions {
            sample: Some(sample),
            stopping_maxopt: Some(4),
            mixing_weight: MixingWeight::custom(|_, _, _, _| 0.0),
            batch_size: Some(4),
            convergence_max_discoveries: usize::MAX,
            ..Default::default()
        };
        let run = minimize(fun, [4.0, 4.0]).algorithm("neldermead").error_handling(handling);
        let result = run.multistart(options).run().expect("runs");
        assert!(result.success && result.fun < 1e-6);
        let info = result.multistart.expect("details");
        assert_eq!(info.failures.len(), if fails { 2 } else { 0 }, "{:?}", info.failures);
        assert_eq!(info.n_optimizations() + info.failures.len(), 4);
    }
}

#[test]
fn fewer_points_than_runs_are_said() {
    for (count, points) in [(1, "is 1 point"), (2, "are 2 points")] {
        let options = MultistartOptions {
            sample: Some([vec![0.5, 0.5], vec![1.0, 1.0]][..count].to_vec()),
            stopping_maxopt: Some(5),
            convergence_max_discoveries: 9,
            ..Default::default()
        };
        let run = minimize(|x: &[f64; 2]| sphere(x), [1.0, 2.0]).algorithm("lbfgsb");
        let info = run.multistart(options).run().expect("runs").multistart.expect("details");
        let expected = format!(
            "There {points} of the exploration to start from, fewer than the 5 local runs that were asked for; there will be \
             {count}."
        );
        assert_eq!(info.warnings, [expected]);
        assert_eq!(info.n_optimizations(), count);
    }
}

#[test]
fn a_callback_ends_the_search() {
    for batch in [1, 3] {
        let options = MultistartOptions { batch_size: Some(batch), ..options() };
        let calls = RefCell::new(0);
        let result = minimize(|x: &[f64; 2]| rastrigin(x), [3.0, 4.0])
            .algorithm("neldermead")
            .bounds(.., -5.0, 5.0)
            .callback(|report| {
                *calls.borrow_mut() += 1;
                assert_eq!(rastrigin(report.params), report.value);
                *calls.borrow() >= 7
            })
            .multistart(options)
            .run()
            .expect("runs");
        assert_eq!(
            (result.status, result.success),
            (Status::Callback, false),
            "{}",
            result.message
        );
        assert!((7..10).contains(&*calls.borrow()));
        assert!(result.fun < result.start_fun);
    }
}

#[test]
fn an_interrupt_ends_the_search_with_the_best_point() {
    for (batch, calls) in [(1, 30), (1, 80), (3, 80)] {
        let flag = Arc::new(AtomicBool::new(false));
        let count = Cell::new(0);
        let fun = |x: &[f64; 2]| {
            count.set(count.get() + 1);
            flag.store(count.get() >= calls, Ordering::Relaxed);
            rastrigin(x)
        };
        let options = MultistartOptions { batch_size: Some(batch), ..options() };
        let run = minimize(fun, [3.0, 4.0]).algorithm("neldermead").bounds(.., -5.0, 5.0);
        let result = run.interrupt(Arc::clone(&flag)).multistart(options).run().expect("runs");
        assert_eq!(result.status, Status::Interrupted);
        assert!(!result.success && result.fun < result.start_fun);
        assert!(count.get() < 90);
    }
}

#[test]
fn the_target_ends_the_search_wherever_it_is_reached() {
    for (batch, target, in_exploration) in [(1, 30.0, true), (1, 1e-3, false), (3, 1e-3, false)] {
        let options =
            MultistartOptions { batch_size: Some(batch), n_fitted_points: 0, ..options() };
        let run = minimize(|x: &[f64; 2]| sphere(x), [4.0, 4.0]).algorithm("neldermead");
        let run = run.option("convergence_target_value", target).bounds(.., -5.0, 5.0);
        let result = run.multistart(options).run().expect("runs");
        assert_eq!(result.status, Status::TargetReached);
        assert!(result.success && result.fun <= target);
        let info = result.multistart.expect("details");
        assert_eq!(info.local_optima.is_empty(), in_exploration);
    }
}

#[test]
fn seconds_limit_the_whole_search() {
    let fun = |x: &[f64; 2]| {
        std::thread::sleep(std::time::Duration::from_millis(2));
        rastrigin(x)
    };
    for seconds in [0.05, 0.3] {
        let run = minimize(fun, [3.0, 4.0]).algorithm("neldermead").bounds(.., -5.0, 5.0);
        let run = run.option("stopping_maxtime", seconds).multistart(options());
        let result = run.run().expect("runs");
        assert_eq!((result.status, result.success), (Status::MaxSeconds, false));
        assert!(result.n_fun_evals as f64 <= seconds / 0.002 + 10.0);
    }
}

#[test]
fn evaluations_limit_each_local_run() {
    let run = minimize(|x: &[f64; 2]| rastrigin(x), [3.0, 4.0]).algorithm("neldermead");
    let run = run.option("stopping_maxfun", 20).bounds(.., -5.0, 5.0).multistart(options());
    let result = run.run().expect("runs");
    assert_eq!((result.status, result.success), (Status::MaxEvaluations, false));
    let info = result.multistart.expect("details");
    assert!(info.local_optima.iter().all(|run| run.n_fun_evals <= 20));
}

#[test]
fn maximizing_and_residuals_work_alike() {
    let run = maximize(|x: &[f64; 2]| 7.0 - rastrigin(x), [3.0, 4.0]).algorithm("lbfgsb");
    let result = run.bounds(.., -4.0, 5.0).multistart(options()).run().expect("runs");
    let info = result.multistart.expect("details");
    assert!(info.exploration_results.is_sorted_by(|a, b| a >= b));
    assert!(info.local_optima.iter().all(|run| run.fun <= result.fun) && result.fun <= 7.0);

    let residuals = |x: &[f64; 2]| [x[0] * x[0] - 2.0, x[1] + x[0]];
    let run = least_squares(residuals, [3.0, 4.0]).algorithm("levenberg_marquardt");
    let result = run.soft_bounds(.., -4.0, 5.0).multistart(options()).run().expect("runs");
    assert!(result.success && result.fun < 1e-12);
    assert!(result.n_jac_evals > 0);
}

#[test]
fn constraints_hold_in_sample_and_runs() {
    let seen = RefCell::new(Vec::new());
    let fun = stateful(|x: &[f64; 5]| {
        seen.borrow_mut().push(*x);
        (x[0] - 0.5).powi(2) + (x[1] - 0.1).powi(2) + rastrigin(&x[3..4])
    });
    let result = minimize(fun, [0.2, 0.2, 0.6, 2.2, 7.0])
        .algorithm("lbfgsb")
        .probability([0, 1, 2])
        .fix([4])
        .bounds([3], -4.0, 5.0)
        .multistart(MultistartOptions { batch_size: Some(2), ..options() })
        .run()
        .expect("runs");
    assert!(result.success, "{}", result.message);
    assert!((result.params[0] - 0.5).abs() < 1e-4 && (result.params[1] - 0.1).abs() < 1e-4);
    let info = result.multistart.expect("details");
    assert_eq!(info.exploration_sample.len(), 60);
    for x in seen.borrow().iter() {
        assert!(
            (x[..3].iter().sum::<f64>() - 1.0).abs() < 1e-12 && x[..3].iter().all(|p| *p >= 0.0)
        );
        assert!((-4.0..=5.0).contains(&x[3]) && x[4] == 7.0);
    }
    let first: Vec<f64> = info.exploration_sample.iter().map(|x| x[0]).collect();
    assert!(first.iter().any(|p| *p > 0.7) && first.iter().any(|p| *p < 0.1), "spread: {first:?}");
}

/// Keeps the tasks of evaluations.
#[derive(Default)]
struct Tasks(Vec<Task>);

impl Sink for Tasks {
    fn record(&mut self, event: &Event<'_>) {
        if let Event::Evaluation { task, .. } = event {
            self.0.push(*task);
        }
    }
}

#[test]
fn sinks_see_exploration_and_local_runs() {
    for batch in [1, 3] {
        let mut tasks = Tasks::default();
        let options = MultistartOptions { batch_size: Some(batch), ..options() };
        let run = minimize(|x: &[f64; 2]| rastrigin(x), [3.0, 4.0]).algorithm("neldermead");
        let run = run.bounds(.., -4.0, 5.0).sink(&mut tasks).multistart(options);
        let result = run.run().expect("runs");
        let explored = tasks.0.iter().filter(|task| **task == Task::Exploration).count();
        assert_eq!(explored as u64, result.multistart.expect("details").n_exploration_evals);
        let local = (tasks.0.len() - explored) as u64;
        assert!(local >= result.n_fun_evals, "{local} {}", result.n_fun_evals);
    }
}
