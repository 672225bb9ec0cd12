//! Runs of all sorts, cut anywhere and resumed.

use std::cell::Cell;
use std::path::Path;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};
use std::time::Duration;

use thalweg::{
    ConstraintHandling, Durability, ErrorHandling, IfExists, LocalErrors, LogOptions, LogReader,
    MultistartOptions, NonlinearConstraint, Repeats, Scaling, ScalingMethod, Status, least_squares,
    likelihood, maximize, minimize,
};

use crate::support::{check, essence, table};

fn strict(path: &Path) -> LogOptions {
    LogOptions { durability: Durability::Strict, ..LogOptions::new(path) }
}

fn waves(x: &[f64; 2]) -> f64 {
    x.iter().map(|x| x * x + 10.0 * (1.0 - (std::f64::consts::TAU * x).cos())).sum()
}

#[test]
fn searches_from_many_starts() {
    for (cores, batch_size) in [(1, None), (3, None), (1, Some(3)), (2, Some(2))] {
        for algorithm in ["lbfgsb", "neldermead"] {
            let name = format!("{algorithm} {cores} {batch_size:?}");
            let count = AtomicUsize::new(0);
            let result = check(&name, 4, &mut |path, resume| {
                count.store(0, Ordering::Relaxed);
                let fun = |x: &[f64; 2]| {
                    count.fetch_add(1, Ordering::Relaxed);
                    waves(x)
                };
                let options = MultistartOptions {
                    n_samples: Some(60),
                    stopping_maxopt: Some(6),
                    batch_size,
                    n_cores: cores,
                    seed: Some(3),
                    ..Default::default()
                };
                let result = minimize(fun, [3.0, -2.0])
                    .algorithm(algorithm)
                    .bounds(.., -5.0, 5.0)
                    .multistart(options)
                    .log(strict(path))
                    .resume(resume)
                    .run()
                    .expect("a result");
                (result, Some(count.load(Ordering::Relaxed)))
            });
            assert!(result.multistart.expect("details").n_optimizations() > 1, "{name}");
        }
    }
}

#[test]
fn a_search_may_go_on_with_another_number_of_workers() {
    let folder = tempfile::tempdir().unwrap();
    let run = |path: &Path, cores: usize, resume: bool, asked: &Cell<usize>| {
        let fun = |x: &[f64; 2]| {
            asked.set(asked.get() + 1);
            waves(x)
        };
        let options = MultistartOptions {
            n_samples: Some(60),
            n_cores: cores,
            seed: Some(3),
            ..Default::default()
        };
        minimize(fun, [3.0, -2.0])
            .algorithm("lbfgsb")
            .bounds(.., -5.0, 5.0)
            .multistart(options)
            .log(strict(path))
            .resume(resume)
            .run()
            .unwrap()
    };
    let count = Cell::new(0);
    let (whole, part) = (folder.path().join("whole.db"), folder.path().join("part.db"));
    let expected = run(&whole, 4, false, &count);
    crate::support::cut(&whole, &part, &mut thalweg::core::Rng::new(1));
    let resumed = run(&part, 1, true, &count);
    assert_eq!(essence(&resumed), essence(&expected));
}

#[test]
fn residuals_with_and_without_a_closed_form() {
    for closed_form in [false, true] {
        let data = [(0.0, 1.0), (1.0, 2.7), (2.0, 7.4), (3.0, 20.0)];
        let count = Cell::new(0);
        check("residuals", 8, &mut |path, resume| {
            count.set(0);
            let residuals = |p: &[f64; 2]| {
                count.set(count.get() + 1);
                data.map(|(t, y)| p[0] * (p[1] * t).exp() - y)
            };
            let mut run = least_squares(residuals, [1.0, 0.5]).algorithm("levenberg_marquardt");
            if closed_form {
                run = run.derivative(|p, out| {
                    for (row, (t, _)) in out.chunks_exact_mut(2).zip(data) {
                        let e = (p[1] * t).exp();
                        row.copy_from_slice(&[e, p[0] * t * e]);
                    }
                });
            }
            let result = run.log(strict(path)).resume(resume).run().expect("a result");
            (result, (!closed_form).then(|| count.get()))
        });
    }
}

#[test]
fn likelihoods() {
    let data: Vec<f64> = (1..30).map(|i| f64::from(i) / 7.0).collect();
    for algorithm in ["bhhh", "lbfgsb"] {
        let count = Cell::new(0);
        check(algorithm, 6, &mut |path, resume| {
            count.set(0);
            let contributions = |rate: &f64| {
                count.set(count.get() + 1);
                data.iter().map(|y| rate - rate.exp() * y).collect::<Vec<f64>>()
            };
            let run = likelihood(contributions, 1.0).algorithm(algorithm);
            (run.log(strict(path)).resume(resume).run().expect("a result"), Some(count.get()))
        });
    }
}

#[test]
fn constraints_scaling_and_maximization() {
    for algorithm in ["slsqp", "lbfgsb"] {
        check(algorithm, 8, &mut |path, resume| {
            let disc = NonlinearConstraint::new(|x: &[f64; 3]| x[0].powi(2) + x[1].powi(2));
            let result = maximize(
                |x: &[f64; 3]| -(x[0] - 2.0).powi(2) - (x[1] - 1.0).powi(2) - (x[2] - 0.3).powi(2),
                [0.1, 0.2, 0.7],
            )
            .algorithm(algorithm)
            .constraint(disc.upper(1.0))
            .constraint_handling(ConstraintHandling::AugmentedLagrangian)
            .lower(2, 0.0)
            .scaling(Scaling::by(ScalingMethod::Gradient))
            .log(strict(path))
            .resume(resume)
            .run()
            .expect("a result");
            (result, None)
        });
    }
    check("probability", 8, &mut |path, resume| {
        let count = Cell::new(0);
        let fun = |p: &[f64; 4]| {
            count.set(count.get() + 1);
            p.iter().map(|p| p * p).sum::<f64>()
        };
        let run =
            minimize(fun, [0.2, 0.3, 0.5, 1.0]).probability([0, 1, 2]).algorithm("neldermead");
        (run.log(strict(path)).resume(resume).run().expect("a result"), Some(count.get()))
    });
}

#[test]
fn failures_that_are_part_of_the_run() {
    let count = Cell::new(0);
    let result = check("failures", 10, &mut |path, resume| {
        count.set(0);
        let fun = |x: &[f64; 2]| {
            count.set(count.get() + 1);
            if x[0] > 2.9 {
                Err(format!("no value at {x:?}"))
            } else {
                Ok(x[0].powi(2) + x[1].powi(4))
            }
        };
        let result = minimize(fun, [2.8, 2.0])
            .algorithm("neldermead")
            .error_handling(ErrorHandling::Continue)
            .log(strict(path))
            .resume(resume)
            .run()
            .expect("a result");
        (result, Some(count.get()))
    });
    assert!(result.success);
    let count = Cell::new(0);
    let result = check("failures in a search", 6, &mut |path, resume| {
        count.set(0);
        let fun = |x: &[f64; 2]| {
            count.set(count.get() + 1);
            if x[0] > 3.0 { Err("no value") } else { Ok(waves(x)) }
        };
        let result = minimize(fun, [2.8, 2.0])
            .algorithm("neldermead")
            .bounds(.., -5.0, 5.0)
            .multistart(MultistartOptions {
                n_samples: Some(50),
                error_handling: LocalErrors::Continue,
                ..Default::default()
            })
            .log(strict(path))
            .resume(resume)
            .run()
            .expect("a result");
        (result, Some(count.get()))
    });
    assert!(result.multistart.expect("details").warnings[0].contains("could not be evaluated"));
}

#[test]
fn a_failure_that_ended_the_run_is_asked_again() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("log.db");
    let (broken, calls) = (Cell::new(true), Cell::new(0));
    let fun = |x: &[f64; 2]| {
        calls.set(calls.get() + 1);
        let fails = broken.get() && calls.get() == 12;
        if fails { Err("the licence server is down") } else { Ok(x[0].powi(2) + x[1].powi(4)) }
    };
    let run = |resume| {
        minimize(fun, [3.0, 2.0]).algorithm("neldermead").log(strict(&path)).resume(resume).run()
    };
    let message = run(false).expect_err("fails").to_string();
    assert!(message.contains("the licence server is down"), "{message}");
    let problem = LogReader::open(&path).unwrap().problem(-1).unwrap();
    assert_eq!((problem.status.as_str(), problem.message), ("failed", Some(message)));

    broken.set(false);
    calls.set(0);
    let resumed = run(true).unwrap();
    let asked = calls.replace(0);
    let expected = minimize(fun, [3.0, 2.0]).algorithm("neldermead").run().unwrap();
    assert_eq!(essence(&resumed), essence(&expected));
    assert_eq!(asked, calls.get() - 11, "the failed point is asked again, those before it are not");
}

#[test]
fn limits_may_change() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("log.db");
    let calls = Cell::new(0);
    let fun = |x: &[f64; 2]| {
        calls.set(calls.get() + 1);
        x[0].powi(2) + x[1].powi(4)
    };
    let run = || minimize(fun, [3.0, 2.0]).algorithm("neldermead_parallel");
    let limited = |name: &str, limit: f64| {
        run().option(name, limit).log(strict(&path)).resume(true).run().unwrap()
    };
    let first = limited("stopping_maxfun", 7.0);
    assert_eq!(first.status, Status::MaxEvaluations);
    // With the same limit, the log says everything.
    calls.set(0);
    assert_eq!(essence(&limited("stopping_maxfun", 7.0)), essence(&first));
    assert_eq!(calls.get(), 0);
    limited("stopping_maxiter", 9.0);
    limited("convergence_target_value", 0.01);
    let last = run().log(strict(&path)).resume(true).run().unwrap();
    let asked = calls.replace(0);
    let expected = run().run().unwrap();
    assert_eq!(essence(&last), essence(&expected));
    assert!(asked < calls.get(), "{asked} of {}", calls.get());
    assert_eq!(table(&path).len(), expected.n_fun_evals as usize, "no row is there twice");
    assert_eq!(LogReader::open(&path).unwrap().problem(-1).unwrap().n_resumed, 4);
}

#[test]
fn a_limit_on_seconds_counts_all_sessions() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("log.db");
    let calls = Cell::new(0);
    let run = |seconds: f64| {
        let fun = |x: &[f64; 2]| {
            calls.set(calls.get() + 1);
            std::thread::sleep(Duration::from_millis(20));
            x[0].powi(2) + x[1].powi(4)
        };
        let run = minimize(fun, [3.0, 2.0]).algorithm("neldermead");
        run.option("stopping_maxtime", seconds).log(strict(&path)).resume(true).run().unwrap()
    };
    let first = run(0.1);
    assert_eq!(first.status, Status::MaxSeconds);
    calls.set(0);
    let again = run(0.1);
    assert_eq!((essence(&again), calls.get()), (essence(&first), 0), "its time is over");
    let second = run(0.3);
    assert!(calls.get() > 0 && second.n_fun_evals > first.n_fun_evals);
    let history = second.history.unwrap();
    let old = first.history.unwrap();
    assert_eq!(history.start_times()[..old.len()], *old.start_times());
    assert!(history.start_times().is_sorted(), "{:?}", history.start_times());
    let problem = LogReader::open(&path).unwrap().problem(-1).unwrap();
    assert!((0.3..5.0).contains(&problem.seconds.unwrap()), "{:?}", problem.seconds);
}

#[test]
fn an_interrupted_run_goes_on() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("log.db");
    let run = |path: &Path, ends_at: usize| {
        let (flag, calls) = (Arc::new(AtomicBool::new(false)), Cell::new(0));
        let setter = Arc::clone(&flag);
        let fun = move |x: &[f64; 2]| {
            calls.set(calls.get() + 1);
            setter.store(calls.get() >= ends_at, Ordering::Relaxed);
            x[0].powi(2) + x[1].powi(4)
        };
        let run = minimize(fun, [3.0, 2.0]).algorithm("lbfgsb").interrupt(flag);
        run.log(strict(path)).resume(true).run().unwrap()
    };
    assert_eq!(run(&path, 9).status, Status::Interrupted);
    let resumed = run(&path, usize::MAX);
    let expected = run(&folder.path().join("whole.db"), usize::MAX);
    assert_eq!(essence(&resumed), essence(&expected));
}

#[test]
fn a_slow_batch_is_logged_in_parts() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("log.db");
    let seen = Cell::new(0);
    let calls = Cell::new(0);
    let fun = |x: &Vec<f64>| {
        calls.set(calls.get() + 1);
        std::thread::sleep(Duration::from_millis(60));
        if calls.get() == 25 {
            // In the middle of the stencil of the first numerical derivative.
            seen.set(crate::support::answered(&path));
        }
        x.iter().map(|x| x * x).sum::<f64>()
    };
    let run = minimize(fun, vec![1.0; 40]).algorithm("lbfgsb").option("stopping_maxfun", 1);
    run.log(strict(&path)).run().unwrap();
    assert_eq!(seen.get(), 24, "all points before the 25th are safe");
}

#[test]
fn several_runs_share_a_file() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("log.db");
    let calls = Cell::new(0);
    let all = || {
        let options = LogOptions { if_exists: IfExists::Extend, ..strict(&path) };
        [1.0, 2.0, 3.0].map(|target| {
            let fun = |x: &f64| {
                calls.set(calls.get() + 1);
                (x - target).powi(2)
            };
            let run = minimize(fun, 10.0 * target).algorithm("lbfgsb").log(options.clone());
            run.resume(true).run().unwrap().params
        })
    };
    let first = all();
    calls.set(0);
    assert_eq!((all(), calls.get()), (first, 0), "each run finds its own problem");
    let reader = LogReader::open(&path).unwrap();
    assert_eq!(reader.problems().unwrap().len(), 3);
    assert_eq!(reader.read_start_params(0).unwrap(), [10.0]);
    assert_eq!(reader.read_start_params(-1).unwrap(), [30.0]);
}

#[test]
fn runs_whose_options_are_functions() {
    let count = AtomicUsize::new(0);
    check("an option that is a function", 6, &mut |path, resume| {
        count.store(0, Ordering::Relaxed);
        let fun = |x: &[f64; 2]| {
            count.fetch_add(1, Ordering::Relaxed);
            waves(x)
        };
        let repeats = Repeats::by(|state| 1 + u64::from(state.lower_trustregion_radius < 0.01));
        let result = minimize(fun, [0.3, -0.2])
            .algorithm("nag_pybobyqa")
            .option("noise_n_evals_per_point", repeats)
            .log(strict(path))
            .resume(resume)
            .run()
            .expect("a result");
        (result, Some(count.load(Ordering::Relaxed)))
    });
}
