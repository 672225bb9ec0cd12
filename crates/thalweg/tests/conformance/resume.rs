//! Every algorithm, taken up again from a log that ends anywhere: the same points and the same result, to the last bit.

use std::fs;
use std::path::Path;

use rusqlite::Connection;
use tempfile::TempDir;
use thalweg::core::{CatalogEntry, Rng};
use thalweg::log::LogReader;
use thalweg::{Durability, FlatResult, History, Log, LogOptions};

use crate::support::{Probe, blueprint, catalog, expect, rosenbrock};

const START: [f64; 3] = [-1.2, 1.0, 0.3];
/// Cuts per algorithm.
const CUTS: usize = 4;

fn log(path: &Path, resume: bool) -> Option<Log> {
    let options = LogOptions { durability: Durability::Strict, ..LogOptions::new(path) };
    Some(Log { resume, ..Log::new(options) })
}

/// A run with a log, or one that goes on from it; and how many points were asked for.
fn run(entry: &CatalogEntry, path: &Path, resume: bool) -> (FlatResult, usize) {
    let mut probe = Probe::new(entry.spec.features.kind, rosenbrock);
    let result = blueprint(entry, &START).run_with_log(&mut probe, log(path, resume));
    (expect(entry, result), probe.points.len())
}

/// Everything in a history but the times.
#[allow(clippy::type_complexity)] // columns of a table
fn columns(history: &History) -> (Vec<&[f64]>, Vec<u64>, &[u64], Vec<&str>) {
    let tasks = history.tasks().iter().map(|task| task.as_str()).collect();
    (history.params().collect(), bits(history.values()), history.batches(), tasks)
}

/// Numbers to the last bit, those that are none included: rows of second derivatives have no value.
fn bits(numbers: &[f64]) -> Vec<u64> {
    numbers.iter().map(|number| number.to_bits()).collect()
}

fn essence(result: &FlatResult) -> FlatResult {
    FlatResult { history: None, ..result.clone() }
}

/// A copy of the log that ends after some evaluation and some answer: what a crash leaves. Returns how many points the objective
/// had answered.
fn cut(from: &Path, to: &Path, rng: &mut Rng) -> usize {
    fs::copy(from, to).expect("a copy");
    let connection = Connection::open(to).expect("opens");
    let rows: i64 = connection
        .query_row("SELECT count(*) FROM evaluations", [], |row| row.get(0))
        .expect("count");
    let last = (rng.uniform() * (rows + 1) as f64) as i64;
    let number = "SELECT count(*) FROM answers WHERE after < ?1";
    let before: i64 = connection.query_row(number, [last], |row| row.get(0)).expect("count");
    let number = "SELECT count(*) FROM answers WHERE after = ?1";
    let here: i64 = connection.query_row(number, [last], |row| row.get(0)).expect("count");
    let kept = before + (rng.uniform() * (here + 1) as f64) as i64;
    connection.execute("DELETE FROM evaluations WHERE id > ?", [last]).expect("cut");
    connection.execute("DELETE FROM answers WHERE id > ?", [kept]).expect("cut");
    connection.execute("UPDATE problems SET status = 'running', seconds = NULL", []).expect("cut");
    drop(connection);
    let reader = LogReader::open(to).expect("a log");
    let problem = reader.problem(-1).expect("a problem");
    let answers = reader.answers(&problem).expect("answers");
    let of_rows =
        reader.columns(&problem).expect("rows").is_answer.iter().filter(|own| **own).count();
    of_rows + answers.iter().map(|answer| answer.batch.keys.len()).sum::<usize>()
}

#[test]
fn a_run_that_was_cut_anywhere_is_resumed_to_the_last_bit() {
    let folder = TempDir::new().expect("a folder");
    let mut rng = Rng::new(4);
    for entry in catalog() {
        let name = entry.spec.name;
        let whole = folder.path().join(format!("{name}.db"));
        let (expected, asked) = run(entry, &whole, false);
        let logged = LogReader::open(&whole).expect("a log").read_history(-1).expect("rows");
        let history = expected.history.as_ref().expect("collected");
        assert_eq!(logged.rows().collect::<Vec<_>>(), columns(history).0, "{name}");
        for i in 0..CUTS {
            let part = folder.path().join(format!("{name}_{i}.db"));
            let known = cut(&whole, &part, &mut rng);
            let (resumed, asked_again) = run(entry, &part, true);
            assert_eq!(essence(&resumed), essence(&expected), "{name} after {known} of {asked}");
            let own = resumed.history.as_ref().expect("collected");
            assert_eq!(columns(own), columns(history), "{name} after {known} of {asked}");
            assert_eq!(asked_again, asked - known, "{name} after {known} of {asked}");
            let again = LogReader::open(&part).expect("a log").read_history(-1).expect("rows");
            assert_eq!(
                (again.params, bits(&again.fun)),
                (logged.params.clone(), bits(&logged.fun)),
                "{name}"
            );
            assert_eq!(
                (again.task, again.batch),
                (logged.task.clone(), logged.batch.clone()),
                "{name}"
            );
            // Rows that were there keep their times, in the history as in the log.
            assert_eq!(again.start, own.start_times(), "{name}");
            assert_eq!(again.stop, own.stop_times(), "{name}");
        }
    }
}

#[test]
fn a_finished_log_answers_everything() {
    let folder = TempDir::new().expect("a folder");
    for entry in catalog() {
        let path = folder.path().join(format!("{}.db", entry.spec.name));
        let (expected, _) = run(entry, &path, false);
        let (resumed, asked) = run(entry, &path, true);
        assert_eq!(essence(&resumed), essence(&expected), "{}", entry.spec.name);
        let [own, history] = [&resumed, &expected].map(|result| result.history.as_ref().unwrap());
        assert_eq!(columns(own), columns(history), "{}", entry.spec.name);
        let times = |history: &History| [history.start_times(), history.stop_times()].concat();
        assert_eq!(times(own), times(history), "{}: times and all", entry.spec.name);
        assert_eq!(asked, 0, "{}", entry.spec.name);
        let problem = LogReader::open(&path).expect("a log").problem(-1).expect("a problem");
        assert_eq!(problem.status, expected.status.as_str());
        assert_eq!((problem.message, problem.n_resumed), (Some(expected.message), 1));
    }
}
