//! Suspended runs at their edges: dropped, moved, abandoned, told nonsense, with algorithms that panic or are the user's own.

use std::panic::{AssertUnwindSafe, catch_unwind};

use thalweg::core::{Algorithm, Finish, Problem, SolverKind, Stop};
use thalweg::drivers::{Ask, Backend, Blueprint, Suspended, Tape, Tell, lockstep};
use thalweg::{
    Bounds, ErrorHandling, Failure, InvalidKind, OptimizeError, Options, Resolved, Status,
    UserError, ask_tell, minimize,
};

const BACKENDS: [Backend; 2] = [Backend::Coroutine, Backend::Thread];

fn blueprint(algorithm: &str) -> Blueprint {
    let resolved = thalweg::resolve(algorithm).expect("a known name");
    Blueprint::new(SolverKind::Scalar, vec![3.0, -2.0], resolved)
}

fn sphere(ask: &Ask) -> Tell {
    Tell::outputs(ask.iter().map(|x| x.iter().map(|x| x * x).sum()).collect())
}

fn started(blueprint: Blueprint, backend: Backend, rounds: usize) -> Suspended {
    let mut run = Suspended::start(blueprint, backend).expect("a stack");
    for _ in 0..rounds {
        let tell = sphere(run.ask().expect("still running"));
        run.tell(tell).expect("fits");
    }
    run
}

fn failure(index: usize) -> Failure {
    Failure { index, what: "fun", error: UserError::new("burnt") }
}

#[test]
fn a_run_ends_whenever_it_is_asked_to() {
    for backend in BACKENDS {
        // Before the first answer there is nothing to return.
        let error = started(blueprint("lbfgsb"), backend, 0).finish().expect_err("no result");
        assert!(error.to_string().contains("abandoned"), "{backend:?}: {error}");
        let result = started(blueprint("lbfgsb"), backend, 1).finish().expect("the start");
        assert_eq!((result.status, result.fun), (Status::Interrupted, 13.0), "{backend:?}");
        let result = started(blueprint("neldermead"), backend, 20).finish().expect("a result");
        assert!(result.fun < 13.0 && result.status == Status::Interrupted, "{backend:?}");
    }
}

#[test]
fn a_run_may_be_dropped_at_any_time_and_in_any_thread() {
    for backend in BACKENDS {
        for rounds in 0..6 {
            drop(started(blueprint("neldermead_parallel"), backend, rounds));
            let run = started(blueprint("lbfgsb"), backend, rounds);
            std::thread::spawn(move || drop(run)).join().expect("dropped");
        }
    }
}

#[test]
fn a_run_moves_between_threads() {
    for backend in BACKENDS {
        let mut run = started(blueprint("lbfgsb"), backend, 1);
        while run.ask().is_some() {
            run = std::thread::spawn(move || {
                let tell = sphere(run.ask().expect("still running"));
                run.tell(tell).expect("fits");
                run
            })
            .join()
            .expect("told");
        }
        assert!(run.finish().expect("a result").success, "{backend:?}");
    }
}

#[test]
fn nonsense_is_refused_and_the_run_keeps_waiting() {
    for backend in BACKENDS {
        let mut run = started(blueprint("neldermead_parallel"), backend, 1);
        let k = run.ask().expect("a batch").len();
        assert!(k > 1);
        let refused = [
            Tell::outputs(vec![1.0; k + 1]),
            Tell::outputs(vec![]),
            Tell { failures: vec![failure(k)], ..Tell::outputs(vec![1.0; k]) },
            // One point failed: the others' values are needed all the same.
            Tell { failures: vec![failure(0)], ..Tell::outputs(vec![1.0; k - 1]) },
        ];
        for tell in refused {
            let error = run.tell(tell).expect_err("does not fit");
            assert!(matches!(error, OptimizeError::Invalid { kind: InvalidKind::Argument, .. }));
        }
        assert_eq!(run.ask().expect("still waits").len(), k);
        run.tell(Tell::outputs(vec![1.0; k])).expect("fits");
    }
}

#[test]
fn told_failures_become_penalties() {
    let mut blueprint = blueprint("neldermead_parallel");
    blueprint.error_handling = ErrorHandling::Continue;
    let mut run = started(blueprint, Backend::Coroutine, 1);
    let mut rounds = 0;
    while let Some(ask) = run.ask() {
        rounds += 1;
        let mut tell = sphere(ask);
        if rounds % 3 == 0 {
            tell.outputs[0] = f64::NAN; // is not used
            tell.failures.push(failure(0));
        }
        if rounds % 5 == 0 {
            tell = Tell { failures: (0..ask.len()).map(failure).collect(), ..Tell::default() };
        }
        run.tell(tell).expect("fits");
    }
    let result = run.finish().expect("a result");
    assert!(result.fun < result.start_fun, "{}", result.message);
}

// ------------------------------------------------------------------------------------------- algorithms that are not ours

/// Walk down along the first axis; use a lot of stack, panic on demand.
#[derive(Clone, Debug, Options)]
#[algorithm(name = "walk", kind = Scalar, supports(bounds))]
struct Walk {
    /// Panic in this iteration.
    #[option(default = None)]
    panic_at: Option<u64>,
    /// Go on when told to stop.
    #[option(default = false)]
    deaf: bool,
    /// The step.
    #[option(default = 0.25, above = 0.0)]
    step: f64,
}

impl Algorithm for Walk {
    fn solve(&self, problem: &mut Problem<'_>, x0: &[f64]) -> Result<Finish, Stop> {
        let big = std::hint::black_box([1.0_f64; 100_000]); // 800 kB of stack
        let mut x = x0.to_vec();
        for i in 0..40 {
            x[0] -= self.step * big[i];
            match problem.value(&x) {
                Err(stop) if !self.deaf => return Err(stop),
                _ => {}
            }
            assert_ne!(Some(i as u64), self.panic_at, "lost the way");
        }
        Ok(Finish::stalled(x, f64::INFINITY, "walked forty steps"))
    }
}

fn walking(walk: Walk) -> Blueprint {
    Blueprint::new(SolverKind::Scalar, vec![3.0], Resolved::custom(Box::new(walk)))
}

#[test]
fn own_algorithms_have_a_whole_stack_under_every_driver() {
    for backend in BACKENDS {
        let mut run = started(walking(Walk::default()), backend, 0);
        while let Some(ask) = run.ask() {
            let tell = sphere(ask);
            run.tell(tell).expect("fits");
        }
        assert_eq!(run.finish().expect("a result").fun, 0.0);
    }
    let blueprints = (0..20).map(|_| walking(Walk::default())).collect();
    let results = lockstep(blueprints, |round| {
        Tell::outputs(round.iter().map(|(_, x)| x[0] * x[0]).collect())
    });
    assert!(results.into_iter().all(|result| result.expect("a result").fun == 0.0));
}

#[test]
fn a_panic_of_an_algorithm_reaches_whoever_drives_it() {
    for backend in BACKENDS {
        let mut run = started(walking(Walk { panic_at: Some(3), ..Walk::default() }), backend, 4);
        let tell = sphere(run.ask().expect("a batch"));
        let panic = catch_unwind(AssertUnwindSafe(|| run.tell(tell))).expect_err("panics");
        let text = panic.downcast_ref::<String>().expect("a message");
        assert!(text.contains("lost the way"), "{text}");
        assert!(run.ask().is_none());
        assert!(run.tell(Tell::outputs(vec![1.0])).is_err());
        assert!(run.finish().expect_err("no result").to_string().contains("no result"));
    }
}

#[test]
fn an_algorithm_that_does_not_listen_is_stopped_all_the_same() {
    for backend in BACKENDS {
        let run = started(walking(Walk { deaf: true, ..Walk::default() }), backend, 5);
        let result = run.finish().expect("a result");
        assert_eq!((result.fun, result.params[0]), (4.0, 2.0), "{backend:?}");
        assert!(!result.success);
    }
}

#[test]
fn fields_of_an_algorithm_are_checked_like_options() {
    let walk = Walk { step: -1.0, ..Walk::default() };
    let error = minimize(|x: &f64| x * x, 1.0).algorithm(walk).run().expect_err("is refused");
    assert_eq!(error.to_string(), "option 'step' of walk is -1.0, but has to be above 0.0");
}

// ---------------------------------------------------------------------------------------------------------------- lockstep

#[test]
fn runs_of_another_size_are_refused_and_the_others_go_on() {
    let mut other = blueprint("lbfgsb");
    other.start = vec![1.0];
    let blueprints = vec![blueprint("lbfgsb"), other, blueprint("neldermead")];
    let mut results = lockstep(blueprints, |round| {
        Tell::outputs(round.iter().map(|(_, x)| x.iter().map(|x| x * x).sum()).collect())
    });
    assert_eq!(results.len(), 3);
    let message = results.remove(1).expect_err("is refused").to_string();
    assert!(message.starts_with("run 1 has 1 parameters, but run 0 has 2"), "{message}");
    assert!(results.into_iter().all(|result| result.expect("a result").success));
}

#[test]
fn an_answer_that_cannot_be_split_ends_the_runs_with_the_complaint() {
    let blueprints = vec![blueprint("lbfgsb"), blueprint("neldermead")];
    let results = lockstep(blueprints, |_| Tell::outputs(vec![1.0, 2.0, 3.0]));
    for result in results {
        let message = result.expect_err("is refused").to_string();
        assert_eq!(message, "3 outputs were told for 2 points");
    }
}

#[test]
fn more_runs_than_fit_at_once_wait_their_turn() {
    let blueprints = (0..1500).map(|_| blueprint("lbfgsb")).collect();
    let mut largest = 0;
    let results = lockstep(blueprints, |round| {
        largest = largest.max(round.runs.len());
        Tell::outputs(round.iter().map(|(_, x)| x.iter().map(|x| x * x).sum()).collect())
    });
    assert_eq!(results.len(), 1500);
    assert!(results.into_iter().all(|result| result.expect("a result").success));
    assert!((1000..=3000).contains(&largest), "{largest}");
}

// --------------------------------------------------------------------------------------------------------- the front doors

#[test]
fn ask_and_tell_with_derivatives_counts_like_the_direct_run() {
    let fun = |x: &[f64; 2]| (x[0] - 1.0).powi(2) + x[1].powi(4);
    let jac = |x: &[f64; 2]| [2.0 * (x[0] - 1.0), 4.0 * x[1].powi(3)];
    let direct = minimize(fun, [3.0, 2.0]).gradient(jac).algorithm("lbfgsb").run().expect("runs");
    let run = ask_tell([3.0, 2.0]).algorithm("lbfgsb").with_derivatives();
    let mut run = run.suspend().expect("a batch");
    while let Some(points) = run.ask() {
        let (mut values, mut gradients) = (Vec::new(), Vec::new());
        for x in &points {
            if run.wants_outputs() {
                values.push(fun(x));
            }
            if run.wants_derivatives() {
                gradients.extend(jac(x));
            }
        }
        run.tell_with_derivatives(&values, &gradients).expect("fits");
    }
    let result = run.finish().expect("a result");
    assert_eq!((result.params, result.fun), (direct.params, direct.fun));
    assert_eq!(result.n_fun_evals, direct.n_fun_evals);
}

#[test]
fn ask_and_tell_refuses_what_is_wrong_at_once() {
    let wrong = |run: Result<thalweg::AskTell<Vec<f64>>, OptimizeError>| match run {
        Ok(_) => panic!("is refused"),
        Err(error) => error.to_string(),
    };
    let run = || ask_tell(vec![1.0, 2.0]).algorithm("lbfgsb");
    assert!(wrong(run().lower(0, 3.0).suspend()).contains("lower bound 3.0"));
    assert!(wrong(run().callback(|_| true).suspend()).starts_with("callback cannot be used"));
    assert!(wrong(ask_tell(vec![]).algorithm("lbfgsb").suspend()).contains("no numbers"));
    assert!(wrong(run().algorithm("differential_evolution").suspend()).contains("needs finite"));
}

#[test]
fn a_closure_is_recorded_and_replayed() {
    let fun = |x: &Vec<f64>| x.iter().map(|x| (x - 1.0).powi(2)).sum::<f64>();
    let start = || vec![3.0, -1.0, 0.5];
    let mut tape = Tape::new();
    let whole = minimize(fun, start()).algorithm("lbfgsb").record(&mut tape).run().expect("runs");
    for kept in 0..=tape.len() {
        let mut again = Tape::new();
        let result = minimize(fun, start())
            .algorithm("lbfgsb")
            .replay(&tape[..kept])
            .record(&mut again)
            .run()
            .expect("runs");
        assert_eq!((result.params, result.fun), (whole.params.clone(), whole.fun), "{kept}");
        assert_eq!(again, tape);
    }
    tape[3].points[1] += 1e-12;
    let error = minimize(fun, start())
        .algorithm("lbfgsb")
        .replay(&tape)
        .run()
        .expect_err("differs")
        .to_string();
    assert!(error.contains("does not repeat the recorded one at evaluation"), "{error}");
    let other = minimize(fun, vec![0.0]).algorithm("lbfgsb").replay(&tape);
    assert!(other.run().is_err());
}

#[test]
fn bounds_and_failures_hold_in_suspended_runs_too() {
    let mut blueprint = blueprint("lbfgsb");
    blueprint.bounds = Bounds::new([1.0, -5.0], [4.0, 5.0]);
    blueprint.error_handling = ErrorHandling::Continue;
    let mut run = started(blueprint, Backend::Coroutine, 0);
    while let Some(ask) = run.ask() {
        assert!(ask.iter().all(|x| (1.0..=4.0).contains(&x[0])));
        let mut tell = sphere(ask);
        let failed = ask.iter().enumerate().filter(|(_, x)| x[1] > 0.5).map(|(i, _)| failure(i));
        tell.failures.extend(failed);
        run.tell(tell).expect("fits");
    }
    let result = run.finish().expect("a result");
    assert!((result.fun - 1.0).abs() < 1e-6, "{} {}", result.fun, result.message);
}

#[test]
fn the_first_answer_of_a_scalar_objective_is_one_number() {
    let mut run = ask_tell([3.0, 3.0]).algorithm("neldermead").suspend().expect("started");
    for wrong in [&[][..], &[1.0, 2.0, 3.0]] {
        let error = run.tell(wrong).expect_err("too few or too many");
        let expected =
            format!("{} outputs were told for 1 points, but 1 x 1 are expected", wrong.len());
        assert_eq!(error.to_string(), expected);
    }
    assert_eq!(run.ask().map(|points| points.len()), Some(1));
    run.tell(&[1.0]).expect("fits");
}
