//! Runs that are cut, and what they have in common with those that are not.

use std::fs;
use std::path::Path;

use rusqlite::Connection;
use thalweg::core::Rng;
use thalweg::{History, LogReader, MultistartInfo, OptimizeResult};

/// Everything in a history but the times.
#[derive(Debug, PartialEq)]
pub struct Columns {
    params: Vec<Vec<f64>>,
    /// Bits, so that the two zeros and NaN are told from each other.
    values: Vec<u64>,
    batches: Vec<u64>,
    tasks: Vec<&'static str>,
}

fn columns(history: &History) -> Columns {
    Columns {
        params: history.params().map(<[f64]>::to_vec).collect(),
        values: history.values().iter().map(|value| value.to_bits()).collect(),
        batches: history.batches().to_vec(),
        tasks: history.tasks().iter().map(|task| task.as_str()).collect(),
    }
}

/// Everything that a resumed run has to share with the uninterrupted one: all but the times.
pub fn essence<P: Clone>(result: &OptimizeResult<P>) -> (OptimizeResult<P>, Vec<Option<Columns>>) {
    let mut histories = vec![result.history.as_ref().map(columns)];
    let mut own = OptimizeResult { history: None, ..result.clone() };
    if let Some(info) = &mut own.multistart {
        let MultistartInfo { local_optima, .. } = &mut **info;
        for run in local_optima {
            histories.push(run.history.as_ref().map(columns));
            run.history = None;
        }
    }
    (own, histories)
}

/// A copy of the log that ends anywhere: what a crash leaves. Returns how many points the objective had answered.
pub fn cut(from: &Path, to: &Path, rng: &mut Rng) -> usize {
    fs::copy(from, to).expect("a copy");
    let connection = Connection::open(to).expect("opens");
    let count = |sql: &str, after: i64| -> i64 {
        connection.query_row(sql, [after], |row| row.get(0)).expect("a count")
    };
    let rows = count("SELECT count(*) FROM evaluations WHERE id > ?", 0);
    let last = rng.below(rows as usize + 1) as i64;
    let before = count("SELECT count(*) FROM answers WHERE after < ?", last);
    let here = count("SELECT count(*) FROM answers WHERE after = ?", last);
    let kept = before + rng.below(here as usize + 1) as i64;
    for (sql, number) in [
        ("DELETE FROM evaluations WHERE id > ?", last),
        ("DELETE FROM answers WHERE id > ?", kept),
        ("UPDATE problems SET status = 'running', seconds = NULL WHERE id > ?", 0),
    ] {
        connection.execute(sql, [number]).expect("cut");
    }
    drop(connection);
    answered(to)
}

/// How many points the objective answered, by the log.
pub fn answered(path: &Path) -> usize {
    let reader = LogReader::open(path).expect("a log");
    let problem = reader.problem(-1).expect("a problem");
    let rows = reader.columns(&problem).expect("rows");
    let answers = reader.answers(&problem).expect("answers");
    rows.is_answer.iter().filter(|own| **own).count()
        + answers.iter().map(|answer| answer.batch.keys.len()).sum::<usize>()
}

/// What the log says of evaluations, but for times: sorted, as local runs at the same time may be told in another order.
pub fn table(path: &Path) -> Vec<(Vec<u64>, u64, u8)> {
    let rows = LogReader::open(path).expect("a log").read_history(-1).expect("rows");
    let bits = |x: &[f64]| x.iter().map(|x| x.to_bits()).collect::<Vec<u64>>();
    let mut table: Vec<_> = rows
        .rows()
        .enumerate()
        .map(|(i, params)| (bits(params), rows.fun[i].to_bits(), rows.task[i]))
        .collect();
    table.sort();
    table
}

/// A run with a log at a path, which may be resumed; with how many points it asked for.
type Run<'r, P> = &'r mut dyn FnMut(&Path, bool) -> (OptimizeResult<P>, Option<usize>);

/// A run, cut and resumed several times: the result and the log are those of the uninterrupted run, and nothing that is in the log
/// is asked again. `run` says how many points it asked for, where calls can be counted.
pub fn check<P: Clone + PartialEq + std::fmt::Debug>(
    name: &str,
    cuts: usize,
    run: Run<'_, P>,
) -> OptimizeResult<P> {
    let folder = tempfile::tempdir().expect("a folder");
    let whole = folder.path().join("whole.db");
    let (expected, asked) = run(&whole, false);
    if let Some(asked) = asked {
        assert_eq!(answered(&whole), asked, "{name}: every answer is in the log");
    }
    let mut rng = Rng::new(name.len() as u64);
    for i in 0..cuts {
        let part = folder.path().join(format!("part_{i}.db"));
        let known = cut(&whole, &part, &mut rng);
        let (resumed, again) = run(&part, true);
        assert_eq!(essence(&resumed), essence(&expected), "{name} after {known}");
        assert_eq!(again, asked.map(|asked| asked - known), "{name} after {known}");
        assert_eq!(table(&part), table(&whole), "{name} after {known}");
    }
    let (resumed, again) = run(&whole, true);
    assert_eq!(
        (essence(&resumed), again),
        (essence(&expected), asked.map(|_| 0)),
        "{name}, finished"
    );
    expected
}
