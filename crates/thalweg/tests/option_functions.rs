//! Options that are functions of the user's: they are asked wherever a run is driven, never on a coroutine's stack, and repeated runs
//! ask them again.

use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Arc, Mutex};

use thalweg::algorithms::neldermead_parallel::FirstSimplex;
use thalweg::core::{OptionFunction, OptionValue, SolverKind, UserError, UserErrorKind};
use thalweg::drivers::{Backend, Blueprint, Recording, Replaying, Suspended, Tape, Tell, lockstep};
use thalweg::{
    Answer, Batch, ConstraintHandling, ErrorHandling, Failure, FlatResult, History,
    MultistartOptions, NonlinearConstraint, Objective, OptimizeError, Repeats, StartValues, Status,
    ask_tell, minimize, resolve,
};

fn rosenbrock(x: &[f64]) -> f64 {
    100.0 * (x[1] - x[0] * x[0]).powi(2) + (1.0 - x[0]).powi(2)
}

/// The objective in flat terms.
struct Rosenbrock;

impl Objective for Rosenbrock {
    fn kind(&self) -> SolverKind {
        SolverKind::Scalar
    }

    fn n_outputs(&self) -> usize {
        1
    }

    fn has_derivative(&self) -> bool {
        false
    }

    fn start(&mut self, params: &[f64]) -> Result<StartValues, Failure> {
        Ok(StartValues { outputs: vec![rosenbrock(params)], ..StartValues::default() })
    }

    fn evaluate(&mut self, batch: &Batch<'_>, answer: Answer<'_>, _: &mut Vec<Failure>) {
        answer.outputs.iter_mut().zip(batch.iter()).for_each(|(to, x)| *to = rosenbrock(x));
    }
}

/// Twice at first, three times later; counts how often it is asked.
fn counted(asked: &Arc<AtomicUsize>) -> Repeats {
    let asked = Arc::clone(asked);
    Repeats::by(move |state| {
        asked.fetch_add(1, Ordering::Relaxed);
        if state.lower_trustregion_radius < 0.01 { 3 } else { 2 }
    })
}

/// More stack than a coroutine has.
fn deep(depth: u64) -> u64 {
    let room = std::hint::black_box([depth; 128]);
    if depth == 0 { 0 } else { deep(depth - 1) + (room[5] - depth) }
}

fn blueprint(repeats: Repeats) -> Blueprint {
    let mut resolved = resolve("nag_pybobyqa").unwrap();
    resolved.set("noise_n_evals_per_point", &repeats.into()).unwrap();
    Blueprint::new(SolverKind::Scalar, vec![-1.2, 1.0], resolved)
}

fn points(history: Option<&History>) -> Vec<Vec<f64>> {
    history.expect("is kept").params().map(<[f64]>::to_vec).collect()
}

fn direct(repeats: Repeats) -> FlatResult {
    blueprint(repeats).run(&mut Rosenbrock).unwrap()
}

#[test]
fn a_function_that_says_the_same_always_is_a_number() {
    let by = direct(Repeats::by(|_| 2));
    let number = direct(Repeats::from(2));
    assert_eq!((&by.params, by.n_fun_evals), (&number.params, number.n_fun_evals));
    assert_eq!(points(by.history.as_ref()), points(number.history.as_ref()));
}

#[test]
fn suspended_runs_ask_it_in_the_place_of_their_driver() {
    let expected = points(direct(counted(&Arc::default())).history.as_ref());
    for backend in [Backend::Coroutine, Backend::Thread] {
        let threads = Arc::new(Mutex::new(Vec::new()));
        let seen = Arc::clone(&threads);
        let repeats = Repeats::by(move |state| {
            seen.lock().unwrap().push(std::thread::current().id());
            let count = if state.lower_trustregion_radius < 0.01 { 3 } else { 2 };
            // Half a megabyte and more.
            count + deep(1000)
        });
        let mut run = Suspended::start(blueprint(repeats), backend).unwrap();
        while let Some(ask) = run.ask() {
            let values = ask.iter().map(rosenbrock).collect();
            run.tell(Tell::outputs(values)).unwrap();
        }
        let result = run.finish().unwrap();
        assert_eq!(points(result.history.as_ref()), expected, "{backend:?}");
        let threads = threads.lock().unwrap();
        assert!(threads.len() > 10, "{backend:?}");
        assert!(threads.iter().all(|id| *id == std::thread::current().id()), "{backend:?}");
    }
}

#[test]
fn runs_in_lockstep_each_ask_their_own() {
    let asked = [Arc::default(), Arc::default()];
    let blueprints = asked.each_ref().map(|asked| blueprint(counted(asked)));
    let results = lockstep(blueprints.into(), |round| {
        Tell::outputs(round.iter().map(|(_, x)| rosenbrock(x)).collect())
    });
    let expected = points(direct(counted(&Arc::default())).history.as_ref());
    for (result, asked) in results.iter().zip(&asked) {
        assert_eq!(points(result.as_ref().unwrap().history.as_ref()), expected);
        assert!(asked.load(Ordering::Relaxed) > 10);
    }
}

#[test]
fn ask_and_tell_hide_the_questions() {
    let asked = Arc::new(AtomicUsize::new(0));
    let mut run = ask_tell(vec![-1.2, 1.0])
        .algorithm("nag_pybobyqa")
        .option("noise_n_evals_per_point", counted(&asked))
        .suspend()
        .unwrap();
    while let Some(points) = run.ask() {
        let values: Vec<f64> = points.iter().map(|x| rosenbrock(x)).collect();
        run.tell(&values).unwrap();
    }
    let result = run.finish().unwrap();
    assert!(result.success && asked.load(Ordering::Relaxed) > 10);
}

#[test]
fn a_replayed_run_asks_again() {
    let asked = Arc::new(AtomicUsize::new(0));
    let mut objective = Rosenbrock;
    let mut tape = Tape::new();
    let first = blueprint(counted(&asked)).run(&mut Recording::new(&mut objective, &mut tape));
    let before = asked.load(Ordering::Relaxed);
    let again = blueprint(counted(&asked)).run(&mut Replaying::new(&mut Rosenbrock, &tape));
    assert_eq!(asked.load(Ordering::Relaxed), 2 * before);
    assert_eq!(again.unwrap().params, first.unwrap().params);
    // Another answer is another run.
    let other = blueprint(Repeats::from(5)).run(&mut Replaying::new(&mut Rosenbrock, &tape));
    let error = other.expect_err("another run").to_string();
    assert!(error.contains("the run does not repeat the recorded one at evaluation"), "{error}");
}

#[test]
fn a_wrong_answer_ends_the_run_with_its_best_point_whatever_the_policy() {
    for error_handling in [ErrorHandling::Raise, ErrorHandling::Continue] {
        let error = minimize(|x: &Vec<f64>| rosenbrock(x), vec![-1.2, 1.0])
            .algorithm("nag_pybobyqa")
            .option("noise_n_evals_per_point", Repeats::by(|state| 3 - state.n_iterations))
            .error_handling(error_handling)
            .run()
            .unwrap_err();
        let text = error.to_string();
        let expected = "An error occurred when evaluating noise_n_evals_per_point during optimization: the function returned 0, but \
                        has to return a whole number that is at least 1; it was given upper_trustregion_radius=";
        assert!(text.starts_with(expected), "{text}");
        let OptimizeError::User { failure, partial } = error else { panic!("{error}") };
        assert_eq!(failure.what, "option");
        assert!(partial.status == Status::Failed && partial.fun < rosenbrock(&[-1.2, 1.0]));
    }
}

#[test]
fn a_function_can_end_the_run() {
    let stopping = OptionFunction::new("stopping", |_| {
        Err(UserError { kind: UserErrorKind::Interrupt, ..UserError::new("enough") })
    });
    let result = minimize(|x: &Vec<f64>| rosenbrock(x), vec![-1.2, 1.0])
        .algorithm("nag_pybobyqa")
        .option("noise_n_evals_per_point", OptionValue::from(stopping))
        .run()
        .unwrap();
    assert_eq!(result.status, Status::Interrupted);
}

#[test]
fn searches_from_many_starts_and_runs_within_constraints_ask_it() {
    let asked = Arc::new(AtomicUsize::new(0));
    let options = MultistartOptions {
        n_samples: Some(20),
        stopping_maxopt: Some(3),
        n_cores: 2,
        seed: Some(1),
        ..Default::default()
    };
    let result = minimize(|x: &Vec<f64>| rosenbrock(x), vec![-1.2, 1.0])
        .algorithm("nag_pybobyqa")
        .option("noise_n_evals_per_point", counted(&asked))
        .bounds(.., -2.0, 2.0)
        .multistart(options)
        .run()
        .unwrap();
    assert!(result.fun < 1e-6 && asked.swap(0, Ordering::Relaxed) > 20);
    let on_disc = NonlinearConstraint::new(|x: &Vec<f64>| x[0] * x[0] + x[1] * x[1]);
    let result = minimize(|x: &Vec<f64>| rosenbrock(x), vec![0.1, 0.1])
        .algorithm("nag_pybobyqa")
        .option("noise_n_evals_per_point", counted(&asked))
        .constraint(on_disc.upper(1.0))
        .constraint_handling(ConstraintHandling::AugmentedLagrangian)
        .run()
        .unwrap();
    assert!((result.fun - 0.045_675).abs() < 1e-4, "{}", result.fun);
    assert!(asked.load(Ordering::Relaxed) > 20);
}

#[test]
fn a_function_of_the_start_gives_the_first_simplex() {
    let first = FirstSimplex::by(|x0| {
        let vertex = |i: usize| x0.iter().enumerate().map(move |(j, x)| x + f64::from(i == j + 1));
        (0..=x0.len()).flat_map(vertex).collect()
    });
    let run = |first: FirstSimplex| {
        minimize(|x: &Vec<f64>| rosenbrock(x), vec![-1.5, 1.0])
            .algorithm("neldermead_parallel")
            .option("init_simplex_method", first)
            .run()
    };
    let result = run(first).unwrap();
    assert!(result.success && result.fun < 1e-8);
    let points = points(result.history.as_ref());
    assert_eq!(points[2..4], [[-0.5, 1.0], [-1.5, 2.0]]);
    let error = run(FirstSimplex::by(<[f64]>::to_vec)).unwrap_err().to_string();
    let expected = "An error occurred when evaluating init_simplex_method during optimization: the function returned 2 numbers, but \
                    has to return 3 vertices with 2 finite coordinates each; it was given [-1.5, 1.0]";
    assert_eq!(error, expected);
}

#[test]
fn an_option_that_is_no_function_says_so() {
    let error = minimize(|x: &Vec<f64>| rosenbrock(x), vec![-1.2, 1.0])
        .algorithm("nag_pybobyqa")
        .option("noise_additive_level", Repeats::by(|_| 1))
        .run()
        .unwrap_err();
    let expected = "option 'noise_additive_level' of nag_pybobyqa is function closure, but has to be a number or none";
    assert!(error.to_string().ends_with(expected), "{error}");
}
