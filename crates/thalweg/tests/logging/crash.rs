//! Processes that are killed at a random moment, and disks that are full.

use std::io::{BufRead, BufReader};
use std::path::Path;
use std::process::{Command, Stdio};
use std::time::{Duration, Instant};

use rusqlite::Connection;
use thalweg::core::Rng;
use thalweg::{Durability, LogOptions, OptimizeResult, minimize};

use crate::support::{answered, essence};

const PATH: &str = "THALWEG_TEST_LOG";
const STRICT: &str = "THALWEG_TEST_STRICT";
/// Evaluations of a run that is not killed.
const BUDGET: usize = 600;

/// A run whose objective tells every evaluation that it has finished.
fn run(path: &Path, strict: bool, finished: &mut dyn FnMut(usize)) -> OptimizeResult<Vec<f64>> {
    let count = std::cell::Cell::new(0);
    let finished = std::cell::RefCell::new(finished);
    let fun = |x: &Vec<f64>| {
        let value = x
            .windows(2)
            .map(|w| 100.0 * (w[1] - w[0] * w[0]).powi(2) + (1.0 - w[0]).powi(2))
            .sum::<f64>();
        std::thread::sleep(Duration::from_micros(100));
        count.set(count.get() + 1);
        finished.borrow_mut()(count.get());
        value
    };
    let durability = if strict { Durability::Strict } else { Durability::Grouped };
    let options = LogOptions { durability, ..LogOptions::new(path) };
    minimize(fun, vec![-1.2; 6])
        .algorithm("neldermead")
        .option("stopping_maxfun", BUDGET)
        .log(options)
        .resume(true)
        .run()
        .expect("a result")
}

/// What the killed processes do: this test runs itself again, with a path in its environment.
#[test]
fn child() {
    let Some(path) = std::env::var_os(PATH) else { return };
    let strict = std::env::var_os(STRICT).is_some();
    run(Path::new(&path), strict, &mut |count| println!("finished {count}"));
}

/// Start a process, kill it after a while, and return how many evaluations it told to have finished: all, and those that were
/// told at least `margin` before the end.
fn kill(path: &Path, strict: bool, after: Duration, margin: Duration) -> (usize, usize) {
    let mut command = Command::new(std::env::current_exe().expect("this program"));
    command.args(["crash::child", "--exact", "--nocapture"]).env(PATH, path).stdout(Stdio::piped());
    if strict {
        command.env(STRICT, "1");
    }
    let mut process = command.stderr(Stdio::null()).spawn().expect("a process");
    let stdout = process.stdout.take().expect("piped");
    let reader = std::thread::spawn(move || {
        let mut told = Vec::new();
        for line in BufReader::new(stdout).lines().map_while(Result::ok) {
            if line.contains("finished") {
                told.push(Instant::now());
            }
        }
        told
    });
    std::thread::sleep(after);
    process.kill().expect("killed"); // SIGKILL
    let end = Instant::now();
    process.wait().expect("gone");
    let told = reader.join().expect("lines");
    let early = told.iter().filter(|&&at| at + margin < end).count();
    (told.len(), early)
}

fn is_whole(path: &Path) -> bool {
    let connection = Connection::open(path).expect("opens");
    let check: String =
        connection.query_row("PRAGMA integrity_check", [], |row| row.get(0)).expect("checks");
    check == "ok"
}

#[test]
fn fifty_processes_are_killed_and_nothing_that_was_safe_is_lost() {
    let folder = tempfile::tempdir().unwrap();
    let expected = run(&folder.path().join("whole.db"), true, &mut |_| ());
    let mut rng = Rng::new(2026);
    let (mut killed, mut lost) = (0, 0);
    for i in 0..50 {
        let strict = i % 2 == 0;
        let path = folder.path().join(format!("log_{i}.db"));
        // Some are killed more than once: a resumed run can be killed, too.
        let mut before = 0;
        for _ in 0..=i % 3 {
            let after = Duration::from_micros(2_000 + (rng.uniform() * 80_000.0) as u64);
            let (told, early) = kill(&path, strict, after, Duration::from_millis(500));
            if !path.exists() {
                assert_eq!(told, 0);
                continue;
            }
            killed += 1;
            assert!(is_whole(&path), "{i}");
            if thalweg::log::is_blank(&path) {
                assert_eq!(told, 0);
                continue;
            }
            let Ok(problem) = thalweg::LogReader::open(&path).unwrap().problem(-1) else {
                assert_eq!(told, 0);
                continue;
            };
            let known = answered(&path);
            // On a quick machine it may have come to its end.
            assert!(problem.status == "running" || known >= BUDGET, "{}", problem.status);
            // Of what this process told, strict logs hold all but the last; grouped ones what is older than a group.
            let safe = if strict { told.saturating_sub(1) } else { early };
            assert!(known >= before + safe, "{i}: {known} of {before} + {safe}");
            lost += (before + told).saturating_sub(known);
            before = known;
        }
        let mut asked = 0;
        let resumed = run(&path, strict, &mut |_| asked += 1);
        assert_eq!(essence(&resumed), essence(&expected), "{i}");
        assert_eq!(asked, answered(&path) - before, "{i}: what is in the log is not asked again");
    }
    assert!(killed > 25, "only {killed} of the processes had begun");
    assert!(lost < 50 * 400, "{lost}");
}
