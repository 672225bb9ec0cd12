//! A run that is not the one of the log is refused before anything is evaluated, with what differs.

use std::cell::Cell;
use std::path::Path;

use thalweg::{
    Distribution, Durability, IfExists, LogOptions, MultistartOptions, NonlinearConstraint,
    Optimization, OptimizeError, Scaling, minimize,
};

type Fun<'a> = Box<dyn Fn(&[f64; 2]) -> f64 + 'a>;
type Run<'a> = Optimization<'a, [f64; 2], thalweg::Closures<'a, [f64; 2], Fun<'a>>>;

fn of<'a>(calls: &'a Cell<usize>, start: [f64; 2]) -> Run<'a> {
    let fun: Fun<'a> = Box::new(|x: &[f64; 2]| {
        calls.set(calls.get() + 1);
        x[0].powi(2) + x[1].powi(4)
    });
    minimize(fun, start)
}

fn options(path: &Path) -> LogOptions {
    LogOptions { durability: Durability::Strict, ..LogOptions::new(path) }
}

/// The message for a run that differs from `first`, which has a log.
fn refusal(first: impl Fn(Run<'_>) -> Run<'_>, second: impl Fn(Run<'_>) -> Run<'_>) -> String {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("log.db");
    let calls = Cell::new(0);
    first(of(&calls, [3.0, 2.0])).log(options(&path)).run().unwrap();
    calls.set(0);
    let error = second(of(&calls, [3.0, 2.0])).log(options(&path)).resume(true).run().unwrap_err();
    assert_eq!(calls.get(), 0, "nothing was evaluated");
    assert!(matches!(error, OptimizeError::Log(_)), "{error:?}");
    let text = error.to_string();
    let begin = format!(
        "The run cannot be resumed from {}: it is not the one of the log. ",
        path.display()
    );
    let end = " To go on it has to be the same; limits (stopping_maxfun, stopping_maxiter, stopping_maxtime, \
               convergence_target_value) may change.";
    let middle = text.strip_prefix(&begin).and_then(|text| text.strip_suffix(end));
    middle.unwrap_or_else(|| panic!("{text}")).to_string()
}

fn limited(run: Run<'_>, upper: f64) -> Run<'_> {
    let sum = NonlinearConstraint::new(|x: &[f64; 2]| x[0] + x[1]);
    run.constraint(sum.upper(upper)).algorithm("slsqp")
}

fn plain(run: Run<'_>) -> Run<'_> {
    run.algorithm("neldermead")
}

#[test]
fn what_differs_is_named_with_both_values() {
    let one = |second: fn(Run<'_>) -> Run<'_>| refusal(plain, second);
    assert_eq!(
        one(|run| run.algorithm("neldermead").lower(0, -1.0)),
        "lower bound is none in the log and [-1.0, -inf] now."
    );
    assert_eq!(
        one(|run| run.algorithm("neldermead").fix(1)),
        "constraints[0] is not in the log and Fixed { positions: [1], value: None } now."
    );
    assert_eq!(one(|run| run.algorithm("neldermead").seed(7)), "seed is 0 in the log and 7 now.");
    assert_eq!(
        one(|run| run.algorithm("neldermead").option("convergence_xtol_abs", 0.5)),
        "option convergence_xtol_abs is 1e-8 in the log and 0.5 now."
    );
    assert_eq!(
        one(|run| run.algorithm("neldermead").gradient(|x| [2.0 * x[0], 4.0 * x[1].powi(3)]))
            .lines()
            .count(),
        1
    );
    let scaled = one(|run| run.algorithm("neldermead").scaling(Scaling::default()));
    assert!(
        scaled.starts_with("scaling is none in the log and Scaling { method: StartValues, "),
        "{scaled}"
    );
    let other = one(|run| run.algorithm("lbfgsb"));
    // That it has other options goes without saying.
    assert_eq!(other, "algorithm is neldermead in the log and lbfgsb now.");
    let search = one(|run| {
        run.algorithm("neldermead").bounds(.., -5.0, 5.0).multistart(MultistartOptions::default())
    });
    assert!(search.contains("multistart is no in the log and yes now."), "{search}");
    let sampled = refusal(
        |run| {
            run.algorithm("neldermead")
                .bounds(.., -5.0, 5.0)
                .multistart(MultistartOptions::default())
        },
        |run| {
            let sampling_distribution = Distribution::Triangular;
            let options = MultistartOptions { sampling_distribution, ..Default::default() };
            run.algorithm("neldermead").bounds(.., -5.0, 5.0).multistart(options)
        },
    );
    assert_eq!(
        sampled,
        "multistart sampling_distribution is Uniform in the log and Triangular now."
    );
    let constrained = refusal(|run| limited(run, 6.0), |run| limited(run, 5.0));
    assert!(
        constrained.starts_with("constraints[0] is NonlinearLimits { ")
            && constrained.contains("upper: Same(5.0)"),
        "{constrained}"
    );
}

#[test]
fn other_start_values_are_named_one_by_one() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("log.db");
    let calls = Cell::new(0);
    plain(of(&calls, [3.0, 2.0])).log(options(&path)).run().unwrap();
    let again = |start| plain(of(&calls, start)).log(options(&path)).resume(true).run();
    let text = again([3.0, 2.0_f64.next_up()]).unwrap_err().to_string();
    assert!(
        text.contains("start value of '1' is 2.0 in the log and 2.0000000000000004 now. To go on"),
        "{text}"
    );
    assert!(again([3.0, 2.0]).is_ok());
}

#[test]
fn a_file_that_may_be_extended_takes_another_run() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("log.db");
    let calls = Cell::new(0);
    let extend = || LogOptions { if_exists: IfExists::Extend, ..options(&path) };
    for start in [[3.0, 2.0], [4.0, 2.0], [3.0, 2.0]] {
        plain(of(&calls, start)).log(extend()).resume(true).run().unwrap();
    }
    assert_eq!(thalweg::LogReader::open(&path).unwrap().problems().unwrap().len(), 2);
}

#[test]
fn an_existing_log_is_refused_before_anything_is_evaluated() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("log.db");
    let calls = Cell::new(0);
    plain(of(&calls, [3.0, 2.0])).log(options(&path)).run().unwrap();
    calls.set(0);
    let error = plain(of(&calls, [3.0, 2.0])).log(options(&path)).run().unwrap_err();
    assert!(error.to_string().contains("exists already. Say what to do with it"), "{error}");
    let nowhere = folder.path().join("no").join("log.db");
    let error = plain(of(&calls, [3.0, 2.0])).log(options(&nowhere)).run().unwrap_err();
    assert!(error.to_string().contains("cannot be created: there is no folder"), "{error}");
    assert_eq!(calls.get(), 0);
    let error = plain(of(&calls, [3.0, 2.0])).resume(true).run().unwrap_err();
    assert_eq!(
        error.to_string(),
        "resume needs a log to resume from: say where it is with .log(..)."
    );
}

#[test]
fn a_wrong_specification_leaves_a_log_as_it_is() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("log.db");
    let calls = Cell::new(0);
    let wrong = |options| of(&calls, [3.0, 2.0]).algorithm("bfgs").lower(0, 0.0).log(options).run();
    assert!(wrong(options(&path)).is_err());
    assert!(!path.exists(), "no file is left behind");
    plain(of(&calls, [3.0, 2.0])).log(options(&path)).run().unwrap();
    let before = std::fs::read(&path).unwrap();
    let replace = LogOptions { if_exists: IfExists::Replace, ..options(&path) };
    assert!(wrong(replace).is_err());
    assert_eq!(std::fs::read(&path).unwrap(), before, "and none is replaced");
}

#[test]
fn a_run_that_does_not_repeat_itself_says_at_which_evaluation() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("log.db");
    let shift = Cell::new(0.0);
    let run = || {
        let fun = |x: &[f64; 2]| x[0].powi(2) + x[1].powi(4);
        let gradient = |x: &[f64; 2], out: &mut [f64]| {
            out.copy_from_slice(&[2.0 * x[0] + shift.get(), 4.0 * x[1].powi(3)]);
        };
        minimize(fun, [3.0, 2.0])
            .derivative(gradient)
            .algorithm("bfgs")
            .log(options(&path))
            .resume(true)
            .run()
    };
    run().unwrap();
    // The log is damaged: one of its points is another.
    let connection = rusqlite::Connection::open(&path).unwrap();
    let sql = "SELECT id, data FROM answers ORDER BY id LIMIT 1 OFFSET 3";
    let (id, mut data): (i64, Vec<u8>) =
        connection.query_row(sql, [], |row| Ok((row.get(0)?, row.get(1)?))).unwrap();
    data[6] ^= 1;
    connection
        .execute("UPDATE answers SET data = ? WHERE id = ?", rusqlite::params![data, id])
        .unwrap();
    drop(connection);
    let text = run().unwrap_err().to_string();
    assert!(
        text.contains("does not hold the point [")
            && text.contains("that the run asks for in evaluation 4, but "),
        "{text}"
    );
    assert!(text.ends_with("is not the one with which the log was written."), "{text}");
}
