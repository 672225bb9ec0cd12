//! What users of the builder meet besides results: errors that other crates can carry, selectors in every spelling, messages.

use std::error::Error;

use thalweg::{
    ErrorHandling, NonlinearConstraint, OptimizeError, OptimizeResult, SolverKind, Status,
    ask_tell, least_squares, maximize, minimize,
};

fn sphere(x: &[f64; 3]) -> f64 {
    x.iter().map(|x| x * x).sum()
}

fn message<T>(result: Result<T, OptimizeError>) -> String {
    result.err().expect("an error").to_string()
}

#[test]
fn results_and_errors_go_to_other_threads_and_into_errors_of_other_crates() {
    fn shared<T: Send + Sync + 'static>() {}
    shared::<OptimizeResult<Vec<f64>>>();
    shared::<OptimizeError>();
    shared::<thalweg::LogError>();
    shared::<thalweg::JsonError>();
    shared::<thalweg::diff::DiffError>();
    shared::<thalweg::space::SpaceError>();
    shared::<thalweg::History>();
    shared::<thalweg::drivers::Tape>();

    fn application() -> Result<f64, Box<dyn Error + Send + Sync>> {
        let fun = |x: &[f64; 3]| if x[0] < 0.5 { Err("cold") } else { Ok(sphere(x)) };
        Ok(minimize(fun, [1.0; 3]).algorithm("lbfgsb").run()?.fun)
    }
    let error = std::thread::spawn(application).join().expect("no panic").unwrap_err();
    assert!(matches!(error.downcast_ref(), Some(OptimizeError::User { .. })), "{error}");
}

#[test]
fn causes_of_errors_are_told_where_the_error_tells_them() {
    struct Chain;
    impl std::fmt::Display for Chain {
        fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
            f.write_str(if f.alternate() { "no data: no such file" } else { "no data" })
        }
    }
    let fun = |_: &[f64; 3]| Err::<f64, _>(Chain);
    let error = message(minimize(fun, [1.0; 3]).algorithm("lbfgsb").run());
    assert_eq!(error, "Error while evaluating fun at start params: no data: no such file");
}

#[test]
fn bounds_take_ranges_and_lists_in_every_spelling() -> Result<(), OptimizeError> {
    let bounded = |result: OptimizeResult<[f64; 3]>| result.params.map(|x| x > 0.4);
    let run = || minimize(sphere, [1.0, 2.0, 3.0]).algorithm("lbfgsb");
    assert_eq!(bounded(run().lower(1.., 0.5).run()?), [false, true, true]);
    assert_eq!(bounded(run().lower(..=1, 0.5).run()?), [true, true, false]);
    assert_eq!(bounded(run().lower(0..=1, 0.5).run()?), [true, true, false]);
    assert_eq!(bounded(run().lower(..1, 0.5).run()?), [true, false, false]);
    assert_eq!(bounded(run().lower(&[0, 2][..], 0.5).run()?), [true, false, true]);
    assert_eq!(bounded(run().lower(vec!["0".to_string()], 0.5).run()?), [true, false, false]);
    assert_eq!(
        message(run().lower(4.., 0.5).run()),
        "bounds: position 4 is out of range: there are 3 parameters, 0 to 2"
    );
    Ok(())
}

#[test]
fn fields_can_be_named_with_dots() -> Result<(), OptimizeError> {
    use thalweg::params::Params;

    #[derive(Clone, Params)]
    struct Slopes {
        near: f64,
        far: [f64; 2],
    }
    #[derive(Clone, Params)]
    struct Model {
        level: f64,
        slopes: Slopes,
    }
    let fun = |m: &Model| m.to_flat().iter().map(|x| x * x).sum::<f64>();
    let start = Model { level: 1.0, slopes: Slopes { near: 2.0, far: [3.0, 4.0] } };
    let run =
        minimize(fun, start).lower("slopes.far.1", 0.5).fix("slopes.near").upper("level", 2.0);
    let flat = run.algorithm("lbfgsb").run()?.params.to_flat();
    assert_eq!((flat[1], flat[3]), (2.0, 0.5));
    Ok(())
}

#[test]
fn a_single_number_is_called_params_in_messages() {
    let run = || minimize(|x: &f64| x * x, 1.0);
    let refused = message(run().algorithm("bfgs").lower(0, 0.5).run());
    assert!(refused.contains("but parameter 'params' has bounds [0.5, inf]"), "{refused}");
    let table = run().sensitivity().expect("a sphere").to_string();
    assert!(table.contains("\nparams "), "{table}");
}

#[test]
fn algorithms_are_proposed_however_they_are_written() {
    for (word, meant) in [("L-BFGS-B", "lbfgsb"), ("Nelder-Mead", "neldermead"), ("SLSQP", "slsqp")]
    {
        let error = message(minimize(sphere, [1.0; 3]).algorithm(word).run());
        let expected = format!("Invalid algorithm: {word}. Did you mean [\"{meant}\", ");
        assert!(error.starts_with(&expected), "{error}");
    }
}

#[test]
fn derivatives_may_fail_as_the_objective_may() {
    let run = || minimize(sphere, [1.0, 2.0, 3.0]).algorithm("trust_exact");
    let slope = |x: &[f64; 3], g: &mut [f64]| {
        g.iter_mut().zip(x).for_each(|(g, x)| *g = 2.0 * x);
        if x[0] < 0.5 { Err("no slope") } else { Ok(()) }
    };
    assert_eq!(
        message(run().derivative(slope).run()),
        "An error occurred when evaluating jac during optimization: no slope"
    );
    let failing = |_: &[f64; 3], _: &mut [f64]| Err("no curvature");
    assert_eq!(
        message(run().hessian(failing).run()),
        "An error occurred when evaluating hess during optimization: no curvature"
    );
    assert_eq!(
        message(run().algorithm("trust_ncg").hessian_product(|_, _, _| Err("no product")).run()),
        "An error occurred when evaluating hessp during optimization: no product"
    );
    let first = |x: &[f64; 3]| x[0];
    let constraint = NonlinearConstraint::new(first).name("first").upper(0.5);
    let run = run().algorithm("slsqp").constraint(constraint.derivative(|_, _| Err("no row")));
    let error = message(run.run());
    assert!(error.contains("'first'") && error.ends_with("during optimization: no row"), "{error}");

    // A failure that a penalty stands in for does not end the run.
    let run = minimize(|x: &[f64; 3]| sphere(x) + x[0], [1.0, 2.0, 3.0]).algorithm("lbfgsb");
    let slope = |x: &[f64; 3], g: &mut [f64]| {
        g.copy_from_slice(&[2.0 * x[0] + 1.0, 2.0 * x[1], 2.0 * x[2]]);
        if x[0] < 0.5 { Err("no slope") } else { Ok(()) }
    };
    let result = run.derivative(slope).error_handling(ErrorHandling::Continue).run();
    assert!(result.expect("penalties").params[0] >= 0.5);
}

#[test]
fn contributions_that_are_told_are_maximized() -> Result<(), OptimizeError> {
    let waits = [0.4, 1.9, 0.7, 1.1];
    let contributions = |rate: &f64| waits.map(|wait| rate.ln() - rate * wait);
    let run = || ask_tell(1.0).outputs(SolverKind::Likelihood).algorithm("bhhh");
    for run in [run(), run().maximize()] {
        let mut run = run.suspend()?;
        while let Some(rates) = run.ask() {
            let told: Vec<f64> = rates.iter().flat_map(contributions).collect();
            run.tell(&told)?;
        }
        let result = run.finish()?;
        assert!(result.success && (result.params - 4.0 / 4.1).abs() < 1e-4, "{result}");
    }
    Ok(())
}

#[test]
fn outcomes_are_told_point_by_point() -> Result<(), OptimizeError> {
    // The same run as one that is called, failures in the middle of batches included.
    let laboratory = |x: &[f64; 2]| -> Result<f64, String> {
        if x[0] < 0.5 { Err(format!("broken at {}", x[0])) } else { Ok(x[0] * x[0] + x[1] * x[1]) }
    };
    let start = [1.0, 1.0];
    let mut run = ask_tell(start).algorithm("neldermead_parallel");
    run = run.error_handling(ErrorHandling::Continue);
    let mut run = run.suspend()?;
    while let Some(points) = run.ask() {
        run.tell_each(points.iter().map(laboratory))?;
    }
    let told = run.finish()?;
    let called = minimize(laboratory, start).algorithm("neldermead_parallel");
    let called = called.error_handling(ErrorHandling::Continue).run()?;
    assert_eq!(
        (told.params, told.fun, told.n_fun_evals),
        (called.params, called.fun, called.n_fun_evals)
    );

    let mut run = ask_tell(start).algorithm("neldermead").suspend()?;
    assert_eq!(message(run.tell_each([1.0, 2.0])), "2 outcomes were told for 1 points");
    run.tell_each([Err::<f64, _>("no power")])?;
    assert_eq!(message(run.tell_each([1.0])), "the run has ended: there is nothing to tell");
    assert_eq!(message(run.finish()), "Error while evaluating fun at start params: no power");

    let mut run =
        ask_tell([3.0, 1.0]).outputs(SolverKind::LeastSquares).algorithm("trf").suspend()?;
    while let Some(points) = run.ask() {
        run.tell_each(points.iter().map(|x| [x[0] - 1.0, x[1] - 2.0, 0.5 * x[0]]))?;
    }
    let called = least_squares(|x: &[f64; 2]| [x[0] - 1.0, x[1] - 2.0, 0.5 * x[0]], [3.0, 1.0]);
    assert_eq!(run.finish()?.params, called.algorithm("trf").run()?.params);
    Ok(())
}

#[test]
fn a_fall_without_end_is_no_success_in_either_direction() -> Result<(), OptimizeError> {
    let result = maximize(|x: &f64| x + 1.0, 1.0).algorithm("bobyqa").run()?;
    assert_eq!((result.status, result.success), (Status::Unbounded, false));
    let expected = "the objective seems to be unbounded above: it has come to ";
    assert!(result.message.starts_with(expected), "{}", result.message);
    // A large objective is none that falls without end.
    let large =
        minimize(|x: &f64| 1e20 * ((x - 1.0).powi(2) - 1.0), 3.0).algorithm("bobyqa").run()?;
    assert!(large.success, "{large}");
    Ok(())
}

#[test]
fn any_number_of_threads_gives_the_same_result() -> Result<(), OptimizeError> {
    let run = || minimize(sphere, [1.0, 2.0, 3.0]).algorithm("neldermead_parallel");
    let one = run().run()?;
    for n in [0, 1, 3, 1_000_000] {
        assert_eq!(run().threads(n).run()?.params, one.params, "{n} threads");
    }
    Ok(())
}

#[test]
fn a_log_needs_a_name_in_its_folder() -> Result<(), Box<dyn Error>> {
    let folder = tempfile::tempdir()?;
    let error = message(minimize(sphere, [1.0; 3]).algorithm("lbfgsb").log(folder.path()).run());
    let path = folder.path().display();
    assert_eq!(
        error,
        format!(
            "The log file {path} cannot be created: it is a folder, in which the log needs a name."
        )
    );
    Ok(())
}

#[test]
fn a_panic_goes_through_and_leaves_what_was_evaluated_in_the_log() -> Result<(), Box<dyn Error>> {
    let folder = tempfile::tempdir()?;
    let path = folder.path().join("log.db");
    let run = |fails_at: usize| {
        let count = std::cell::Cell::new(0);
        let fun = move |x: &[f64; 3]| {
            count.set(count.get() + 1);
            assert!(count.get() != fails_at, "a bug in the objective");
            sphere(x)
        };
        minimize(fun, [1.0, 2.0, 3.0])
            .algorithm("neldermead")
            .log(path.as_path())
            .resume(true)
            .run()
    };
    let panic = std::panic::catch_unwind(std::panic::AssertUnwindSafe(|| run(20).map(|_| ())));
    let text = panic.expect_err("a panic").downcast::<&str>().expect("a text");
    assert_eq!(*text, "a bug in the objective");
    assert_eq!(thalweg::LogReader::open(&path)?.read_history(-1)?.len(), 19);
    let resumed = run(usize::MAX)?;
    let straight = minimize(sphere, [1.0, 2.0, 3.0]).algorithm("neldermead").run()?;
    assert_eq!((resumed.params, resumed.fun), (straight.params, straight.fun));
    Ok(())
}

#[test]
fn runs_can_be_shown_while_a_program_is_debugged() {
    let run = minimize(sphere, [1.0; 3]).algorithm("slsqp").option("stopping_maxfun", 9);
    let run = run.nonlinear(|x: &[f64; 3]| x[0], 0.0, 2.0);
    let shown = format!("{run:?}");
    for part in ["kind: Scalar", "direction: Minimize", "slsqp", "stopping_maxfun"] {
        assert!(shown.contains(part), "{part} in {shown}");
    }
    let error = ask_tell([1.0]).suspend().expect_err("no algorithm was chosen");
    assert!(error.to_string().starts_with("No algorithm was chosen"));
}

#[test]
fn one_is_no_plural() -> Result<(), OptimizeError> {
    let run = || minimize(sphere, [1.0, 2.0, 3.0]).algorithm("lbfgsb");
    let one = run().option("stopping_maxfun", 1).run()?;
    assert_eq!(one.message, "stopped: 1 evaluation is used up (stopping_maxfun)");
    let one = run().option("stopping_maxiter", 1).run()?;
    assert_eq!(one.message, "stopped: 1 iteration is used up (stopping_maxiter)");
    Ok(())
}

#[test]
fn params_by_hand_that_contradict_themselves_are_refused() {
    use thalweg::params::{Leaves, Params, Values};

    #[derive(Clone)]
    struct Pair<const COUNTED: usize, const READ: usize, const NAMED: usize>([f64; 2]);

    impl<const COUNTED: usize, const READ: usize, const NAMED: usize> Params
        for Pair<COUNTED, READ, NAMED>
    {
        fn n_values(&self) -> usize {
            COUNTED
        }
        fn flatten_into(&self, flat: &mut Vec<f64>) {
            flat.extend(self.0);
        }
        fn read_from(&mut self, values: &mut Values<'_>) {
            (0..READ).for_each(|i| self.0[i % 2] = values.next_value());
        }
        fn describe(&self, leaves: &mut Leaves<'_>) {
            (0..NAMED).for_each(|i| leaves.leaf_at(i));
        }
    }

    fn run<const C: usize, const R: usize, const N: usize>() -> Result<f64, OptimizeError> {
        let fun = |p: &Pair<C, R, N>| p.0.iter().map(|x| x * x).sum::<f64>();
        Ok(minimize(fun, Pair([1.0, 2.0])).algorithm("lbfgsb").run()?.fun)
    }
    assert!(run::<2, 2, 2>().is_ok());
    let short = message(run::<2, 1, 2>());
    assert!(short.starts_with("The implementation of Params for front_door::"), "{short}");
    let expected = "contradicts itself: flatten_into gives 2 numbers, n_values says 2, describe announces 2, and read_from reads 1. \
                    All of them have to agree.";
    assert!(short.ends_with(expected), "{short}");
    let long = message(run::<3, 2, 1>());
    let expected = "n_values says 3, describe announces 1, and read_from reads 2.";
    assert!(long.contains(expected), "{long}");
}
