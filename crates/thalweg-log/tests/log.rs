//! Writing and reading: what is there when, what is refused with which words.

use std::path::Path;
use std::time::{Duration, Instant};

use tempfile::TempDir;
use thalweg_core::{Event, StepOutcome, Task};
use thalweg_log::{
    Durability, IfExists, LogError, LogOptions, LogReader, ProblemHeader, Writer, point_hash,
};

fn header() -> ProblemHeader {
    ProblemHeader {
        direction: "minimize".into(),
        algorithm: "lbfgsb".into(),
        names: vec!["a".into(), "b".into()],
        start: vec![1.0, 2.0],
        lower: Some(vec![0.0, f64::NEG_INFINITY]),
        ..ProblemHeader::default()
    }
}

fn evaluation(params: &[f64], value: Option<f64>, task: Task) -> Event<'_> {
    let (step, batch, start, stop, error, replayed) = (0, 3, 0.25, 0.5, None, false);
    Event::Evaluation { params, value, task, step, batch, start, stop, error, replayed }
}

fn options(folder: &TempDir, durability: Durability) -> LogOptions {
    LogOptions { durability, ..LogOptions::new(folder.path().join("log.db")) }
}

#[test]
fn everything_that_was_told_is_read_again() {
    for durability in [Durability::Grouped, Durability::Strict, Durability::Unsafe] {
        let folder = TempDir::new().unwrap();
        let options = options(&folder, durability);
        let writer = Writer::begin(&options, &header()).unwrap();
        writer.record(&Event::StepBegan { step: 0, exploration: false, start: 0.0 }, None);
        writer.before_evaluation();
        writer.answered_values(&[1.0, 2.0], &[5.0]);
        writer.record(&evaluation(&[1.0, 2.0], Some(5.0), Task::Fun), Some("{\"k\":1}".into()));
        writer.before_evaluation();
        writer.answered_values(&[0.5, 0.5, 0.1, 0.2], &[0.5, 0.05]);
        writer.record(&evaluation(&[0.5, 0.5], Some(0.5), Task::FunAndJac), None);
        let (outcome, n_iterations) = (StepOutcome::Complete, 7);
        writer.record(&Event::StepEnded { step: 0, outcome, n_iterations, stop: 2.0 }, None);
        assert_eq!(writer.finish("converged", "why", 2.5), None);

        let reader = LogReader::open(&options.path).unwrap();
        let problem = reader.problem(0).unwrap();
        let expected = header();
        assert_eq!(
            (problem.names, problem.start, problem.lower, problem.upper),
            (expected.names, expected.start, expected.lower, None)
        );
        assert_eq!((problem.status.as_str(), problem.seconds), ("converged", Some(2.5)));
        assert_eq!(problem.n_evaluations, 2);
        let rows = reader.read_history(-1).unwrap();
        assert_eq!((rows.params, rows.fun), (vec![1.0, 2.0, 0.5, 0.5], vec![5.0, 0.5]));
        assert_eq!((rows.task, rows.batch), (vec![0, 2], vec![3, 3]));
        assert_eq!(rows.is_answer, [true, true]);
        let first = reader.read_iteration(0, -1).unwrap();
        assert_eq!((first.task.as_str(), first.info.as_deref()), ("fun", Some("{\"k\":1}")));
        // What no row says: the second point of the last batch.
        let answers = reader.answers(&reader.problem(-1).unwrap()).unwrap();
        let [answer] = answers.as_slice() else { panic!("{answers:?}") };
        assert_eq!(
            (&answer.batch.keys[..], &answer.batch.numbers[..]),
            (&[point_hash(&[0.1, 0.2])][..], &[0.05][..])
        );
        let [step] = &reader.steps(-1).unwrap()[..] else { panic!("one step") };
        assert_eq!((step.kind.as_str(), step.status.as_str()), ("optimization", "complete"));
        assert_eq!(step.n_iterations, Some(7));
        // All of SQLite's files but one are gone when nobody has the log open.
        drop(reader);
        let count = std::fs::read_dir(folder.path()).unwrap().count();
        assert_eq!(count, 1, "{durability:?}");
    }
}

#[test]
fn a_value_that_the_row_does_not_say_is_an_answer_of_its_own() {
    let folder = TempDir::new().unwrap();
    let options = options(&folder, Durability::Strict);
    let writer = Writer::begin(&options, &header()).unwrap();
    for (value, told) in [(f64::NAN, Some(f64::INFINITY)), (-0.0, Some(-0.0)), (1.0, Some(2.0))] {
        writer.before_evaluation();
        writer.answered_values(&[1.0, 2.0], &[value]);
        writer.record(&evaluation(&[1.0, 2.0], told, Task::Fun), None);
    }
    writer.finish("converged", "", 0.0);
    let reader = LogReader::open(&options.path).unwrap();
    assert_eq!(reader.read_history(-1).unwrap().is_answer, [false; 3]);
    let answers = reader.answers(&reader.problem(-1).unwrap()).unwrap();
    let bits: Vec<u64> =
        answers.iter().flat_map(|answer| &answer.batch.numbers).map(|x| x.to_bits()).collect();
    assert_eq!(bits, [f64::NAN.to_bits(), (-0.0_f64).to_bits(), 1.0_f64.to_bits()]);
}

#[test]
fn two_readers_see_it_grow() {
    for durability in [Durability::Grouped, Durability::Strict] {
        let folder = TempDir::new().unwrap();
        let options = options(&folder, durability);
        let writer = Writer::begin(&options, &header()).unwrap();
        let readers = [0, 1].map(|_| LogReader::open(&options.path).unwrap());
        assert!(readers.iter().all(|reader| reader.read_history(-1).unwrap().is_empty()));
        for count in 1..=3 {
            writer.before_evaluation();
            writer.answered_values(&[1.0, 2.0], &[5.0]);
            writer.record(&evaluation(&[1.0, 2.0], Some(5.0), Task::Fun), None);
            for reader in &readers {
                let begin = Instant::now();
                while reader.read_history(-1).unwrap().len() < count {
                    assert!(durability != Durability::Strict, "strict logs are there at once");
                    assert!(begin.elapsed() < Duration::from_secs(20), "grouped ones soon");
                    std::thread::sleep(Duration::from_millis(5));
                }
            }
        }
        assert_eq!(readers[0].problem(-1).unwrap().status, "running");
    }
}

#[test]
fn a_writer_that_is_dropped_has_written() {
    let folder = TempDir::new().unwrap();
    let options = options(&folder, Durability::Grouped);
    let writer = Writer::begin(&options, &header()).unwrap();
    for _ in 0..1000 {
        writer.record(&evaluation(&[1.0, 2.0], Some(5.0), Task::Fun), None);
    }
    drop(writer);
    let reader = LogReader::open(&options.path).unwrap();
    assert_eq!(reader.read_history(-1).unwrap().len(), 1000);
    assert_eq!(reader.problem(-1).unwrap().status, "running");
}

fn refusal(result: Result<Writer, LogError>, folder: &Path) -> String {
    let message = result.err().expect("refused").to_string();
    message.replace(&folder.display().to_string(), "FOLDER")
}

#[test]
fn an_existing_file_is_kept_extended_or_replaced() {
    let folder = TempDir::new().unwrap();
    let first = options(&folder, Durability::Grouped);
    let begin = |options: &LogOptions| {
        let writer = Writer::begin(options, &header())?;
        writer.record(&evaluation(&[1.0, 2.0], Some(5.0), Task::Fun), None);
        writer.finish("converged", "", 0.0);
        Ok::<(), LogError>(())
    };
    begin(&first).unwrap();
    assert_eq!(
        refusal(Writer::begin(&first, &header()), folder.path()),
        "The log file FOLDER/log.db exists already. Say what to do with it: if_database_exists=\"extend\" adds the run to it, \
         \"replace\" deletes it first, resume=True goes on with the run that it holds (in Rust IfExists::Extend, \
         IfExists::Replace, .resume(true)); or choose another path."
    );
    let extend = LogOptions { if_exists: IfExists::Extend, ..first.clone() };
    begin(&extend).unwrap();
    let reader = LogReader::open(&first.path).unwrap();
    assert_eq!(reader.problems().unwrap().len(), 2);
    assert_eq!([0, 1].map(|i| reader.read_history(i).unwrap().len()), [1, 1]);
    drop(reader);
    for suffix in ["-wal", "-shm"] {
        std::fs::write(folder.path().join(format!("log.db{suffix}")), "left by a crash").unwrap();
    }
    begin(&LogOptions { if_exists: IfExists::Replace, ..first.clone() }).unwrap();
    assert_eq!(LogReader::open(&first.path).unwrap().problems().unwrap().len(), 1);
    let replaced = LogOptions { if_exists: IfExists::Replace, ..first };
    assert_eq!(
        refusal(Writer::resume(&replaced, &header(), None), folder.path()),
        "A run cannot be resumed from a log that is to be replaced: FOLDER/log.db would be deleted first. Leave \
         if_database_exists out."
    );
}

#[test]
fn what_cannot_be_a_log_is_refused() {
    let folder = TempDir::new().unwrap();
    let at = |name: &str| LogOptions {
        if_exists: IfExists::Extend,
        ..LogOptions::new(folder.path().join(name))
    };
    let begin = |name: &str| refusal(Writer::begin(&at(name), &header()), folder.path());
    assert_eq!(
        begin("no/log.db"),
        "The log file FOLDER/no/log.db cannot be created: there is no folder FOLDER/no."
    );
    std::fs::write(
        folder.path().join("text"),
        "just some words, more than a few of them. ".repeat(50),
    )
    .unwrap();
    assert_eq!(begin("text"), "FOLDER/text is not a log of thalweg: it is no SQLite file.");
    let foreign = rusqlite::Connection::open(folder.path().join("other.db")).unwrap();
    foreign.execute_batch("CREATE TABLE t (x)").unwrap();
    assert_eq!(
        begin("other.db"),
        "FOLDER/other.db is not a log of thalweg: it is an SQLite file of something else."
    );
    std::fs::create_dir(folder.path().join("folder.db")).unwrap();
    assert_eq!(
        begin("folder.db"),
        "The log file FOLDER/folder.db cannot be created: it is a folder, in which the log needs a name."
    );
    let missing = LogReader::open(folder.path().join("none.db")).expect_err("refused").to_string();
    assert!(
        missing.starts_with("There is no log file ") && missing.ends_with("none.db."),
        "{missing}"
    );
}

#[test]
fn a_log_of_a_later_version_says_so() {
    let folder = TempDir::new().unwrap();
    let options = options(&folder, Durability::Grouped);
    drop(Writer::begin(&options, &header()).unwrap());
    let connection = rusqlite::Connection::open(&options.path).unwrap();
    connection
        .execute_batch(
            "PRAGMA user_version = 9; UPDATE meta SET value = 'thalweg 7.0' WHERE key = 'library'",
        )
        .unwrap();
    drop(connection);
    let message = LogReader::open(&options.path).expect_err("refused").to_string();
    let expected = "has schema version 9, but this version of thalweg knows versions up to 1: it was written by thalweg 7.0.";
    assert!(message.ends_with(expected), "{message}");
}

#[test]
fn places_that_do_not_exist_are_named() {
    let folder = TempDir::new().unwrap();
    let options = options(&folder, Durability::Strict);
    let writer = Writer::begin(&options, &header()).unwrap();
    let reader = LogReader::open(&options.path).unwrap();
    let iteration = |i| reader.read_iteration(i, -1).expect_err("none").to_string();
    assert_eq!(iteration(0), "iteration 0 does not exist: the log holds no evaluations yet.");
    writer.record(&evaluation(&[1.0, 2.0], Some(5.0), Task::Fun), None);
    assert_eq!(
        iteration(1),
        "iteration 1 does not exist: the log holds 1 evaluation, number 0 (or -1)."
    );
    writer.record(&evaluation(&[3.0, 2.0], Some(4.0), Task::Fun), None);
    assert_eq!(
        iteration(-3),
        "iteration -3 does not exist: the log holds 2 evaluations, 0 to 1 (or -2 to -1)."
    );
    assert_eq!(reader.read_iteration(-1, -1).unwrap().params, [3.0, 2.0]);
    assert_eq!(reader.read_iteration(-2, 0).unwrap().params, [1.0, 2.0]);
    let problem = reader.problem(1).expect_err("none").to_string();
    assert!(
        problem.starts_with("problem 1 does not exist: the log ") && problem.ends_with(" holds 1."),
        "{problem}"
    );
}

#[test]
fn answers_of_a_long_batch_are_safe_before_it_ends() {
    let folder = TempDir::new().unwrap();
    let options = options(&folder, Durability::Grouped);
    let writer = Writer::begin(&options, &header()).unwrap();
    let reader = LogReader::open(&options.path).unwrap();
    let n_answers = || {
        let answers = reader.answers(&reader.problem(-1).unwrap()).unwrap();
        answers.iter().map(|answer| answer.batch.keys.len()).sum::<usize>()
    };
    // They never stop coming, and no evaluation is told.
    let mut n_parts = 0;
    while n_answers() == 0 {
        assert!(n_parts < 2000);
        let x = n_parts as f64;
        writer.before_evaluation();
        writer.answered_values(&[x, 0.0, x, 1.0], &[x, -x]);
        std::thread::sleep(Duration::from_millis(10));
        n_parts += 1;
    }
    writer.finish("converged", "", 0.0);
    assert_eq!(n_answers(), 2 * n_parts);
}

#[test]
fn a_long_log_is_moved_into_the_file_while_it_is_written_and_read() {
    for durability in [Durability::Grouped, Durability::Strict, Durability::Unsafe] {
        let folder = TempDir::new().unwrap();
        let options = options(&folder, durability);
        let params = vec![0.25; 1000];
        let wide = ProblemHeader { start: params.clone(), ..header() };
        let writer = Writer::begin(&options, &wide).unwrap();
        let size = || std::fs::metadata(&options.path).unwrap().len();
        let begin = Instant::now();
        let (mut count, mut read) = (0, 0);
        while size() < 4 << 20 {
            for _ in 0..200 {
                writer.before_evaluation();
                writer.answered_values(&params, &[f64::from(count)]);
                writer.record(&evaluation(&params, Some(f64::from(count)), Task::Fun), None);
                count += 1;
            }
            let now = LogReader::open(&options.path).unwrap().read_history(-1).unwrap().len();
            assert!(now >= read, "{durability:?}: {now} rows after {read}");
            read = now;
            assert!(begin.elapsed() < Duration::from_secs(60), "{durability:?}: {} bytes", size());
            std::thread::sleep(Duration::from_millis(5));
        }
        assert_eq!(writer.finish("converged", "", 1.0), None);
        let rows = LogReader::open(&options.path).unwrap().read_history(-1).unwrap();
        let values: Vec<f64> = (0..count).map(f64::from).collect();
        assert_eq!(rows.fun, values, "{durability:?}");
        let connection = rusqlite::Connection::open(&options.path).unwrap();
        let check: String =
            connection.query_row("PRAGMA integrity_check", [], |row| row.get(0)).unwrap();
        assert_eq!(check, "ok", "{durability:?}");
        drop(connection);
        assert_eq!(std::fs::read_dir(folder.path()).unwrap().count(), 1, "{durability:?}");
        let raw = 8 * 1001 * u64::try_from(count).unwrap();
        assert!(size() <= raw * 12 / 10 + 40 * count as u64, "{durability:?}: {} of {raw}", size());
    }
}

#[test]
fn a_write_ahead_log_that_nobody_reads_is_written_over() {
    let folder = TempDir::new().unwrap();
    let options = options(&folder, Durability::Unsafe);
    let params = vec![0.25; 1000];
    let writer =
        Writer::begin(&options, &ProblemHeader { start: params.clone(), ..header() }).unwrap();
    for count in 0..4_000 {
        writer.answered_values(&params, &[f64::from(count)]);
        writer.record(&evaluation(&params, Some(f64::from(count)), Task::Fun), None);
    }
    let begin = Instant::now();
    let size = || std::fs::metadata(&options.path).unwrap().len();
    while size() < 28 << 20 {
        assert!(begin.elapsed() < Duration::from_secs(60), "{} bytes", size());
        std::thread::sleep(Duration::from_millis(5));
    }
    let wal = std::fs::metadata(folder.path().join("log.db-wal")).unwrap().len();
    assert!(wal < 4 << 20, "{wal} bytes for {} in the file", size());
    assert_eq!(writer.finish("converged", "", 1.0), None);
}
