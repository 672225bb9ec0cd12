//! The reading side: works while another process writes, and after a crash.

use std::fmt;
use std::path::{Path, PathBuf};
use std::time::Duration;

use rusqlite::{Connection, OpenFlags, OptionalExtension, Row};

use crate::answer::AnswerBatch;
use crate::error::LogError;
use crate::fingerprint::Fingerprint;
use crate::rows::{LogColumns, LogIteration, LogProblem, LogStep, MultistartLog};
use crate::store::{check_schema, sqlite};

/// Reads a log.
///
/// Problems and evaluations are counted from 0 in the order in which they began; negative numbers count from the end.
///
/// ```no_run
/// use thalweg_log::LogReader;
///
/// let reader = LogReader::open("my_log.db")?;
/// let history = reader.read_history(-1)?;
/// println!("{} evaluations, the last at {:?}", history.len(), reader.read_iteration(-1, -1)?.params);
/// # Ok::<(), thalweg_log::LogError>(())
/// ```
pub struct LogReader {
    connection: Connection,
    path: PathBuf,
}

impl fmt::Debug for LogReader {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("LogReader").field("path", &self.path).finish_non_exhaustive()
    }
}

/// An answer of the objective that no evaluation says, and the id of the evaluation after which it was given.
#[derive(Clone, Debug, PartialEq)]
pub struct LoggedAnswers {
    /// The last evaluation before it, 0 for none.
    pub after: i64,
    /// The answer.
    pub batch: AnswerBatch,
}

/// The code of the task.
const EXPLORATION: u8 = thalweg_core::Task::Exploration as u8;

const OF_PROBLEM: &str = "SELECT id, direction, algorithm, names, start, lower, upper, structure, fingerprint, library, begun_at, status,
           message, seconds, n_resumed, (SELECT count(*) FROM evaluations WHERE problem = problems.id)
    FROM problems ORDER BY id";

impl LogReader {
    /// Open a log for reading.
    ///
    /// # Errors
    /// There is no such file, or it is no log that this version understands.
    pub fn open(path: impl AsRef<Path>) -> Result<Self, LogError> {
        let path = path.as_ref();
        if !path.exists() {
            return Err(LogError::Missing { path: path.to_path_buf() });
        }
        let mut connection = connect(path, OpenFlags::SQLITE_OPEN_READ_WRITE);
        if !matches!(&connection, Ok(found) if is_readable(found)) {
            connection = connect(path, OpenFlags::SQLITE_OPEN_READ_ONLY);
        }
        if !matches!(&connection, Ok(found) if is_readable(found)) {
            // On a medium that cannot be written, SQLite cannot put its files beside the log: nobody writes to it then.
            let uri = format!("file:{}?immutable=1", escaped(path));
            connection = connect(
                Path::new(&uri),
                OpenFlags::SQLITE_OPEN_READ_ONLY | OpenFlags::SQLITE_OPEN_URI,
            );
        }
        let connection = connection.map_err(|error| sqlite(path, "read", &error))?;
        check_schema(&connection, path)?;
        connection.set_prepared_statement_cache_capacity(8);
        Ok(LogReader { connection, path: path.to_path_buf() })
    }

    /// The file.
    pub fn path(&self) -> &Path {
        &self.path
    }

    /// All problems.
    ///
    /// # Errors
    /// SQLite failed.
    pub fn problems(&self) -> Result<Vec<LogProblem>, LogError> {
        let read = || -> rusqlite::Result<Vec<LogProblem>> {
            self.connection.prepare_cached(OF_PROBLEM)?.query_map([], problem_of)?.collect()
        };
        read().map_err(|error| self.failed(&error))
    }

    /// One problem.
    ///
    /// # Errors
    /// There is no such problem, or SQLite failed.
    pub fn problem(&self, index: i64) -> Result<LogProblem, LogError> {
        let mut problems = self.problems()?;
        let count = problems.len();
        match place(index, count) {
            Some(place) => Ok(problems.swap_remove(place)),
            None => Err(LogError::NoProblem { path: self.path.clone(), index, count }),
        }
    }

    /// The start values of a problem.
    ///
    /// # Errors
    /// As [`LogReader::problem`].
    pub fn read_start_params(&self, problem: i64) -> Result<Vec<f64>, LogError> {
        Ok(self.problem(problem)?.start)
    }

    /// The steps of a problem.
    ///
    /// # Errors
    /// As [`LogReader::problem`].
    pub fn steps(&self, problem: i64) -> Result<Vec<LogStep>, LogError> {
        let id = self.problem(problem)?.id;
        let read = || -> rusqlite::Result<Vec<LogStep>> {
            let sql = "SELECT number, type, name, status, n_iterations, start, stop FROM steps WHERE problem = ? ORDER BY number";
            let mut statement = self.connection.prepare_cached(sql)?;
            let step = |row: &Row<'_>| {
                Ok(LogStep {
                    number: row.get(0)?,
                    kind: row.get(1)?,
                    name: row.get(2)?,
                    status: row.get(3)?,
                    n_iterations: row.get(4)?,
                    start: row.get(5)?,
                    stop: row.get(6)?,
                })
            };
            statement.query_map([id], step)?.collect()
        };
        read().map_err(|error| self.failed(&error))
    }

    /// One evaluation of a problem.
    ///
    /// # Errors
    /// There is no such problem or evaluation, or SQLite failed.
    pub fn read_iteration(&self, index: i64, problem: i64) -> Result<LogIteration, LogError> {
        let problem = self.problem(problem)?;
        let count = problem.n_evaluations;
        let Some(place) = place(index, count) else {
            return Err(LogError::NoIteration { index, count });
        };
        // From whichever end is nearer: the last evaluation of a long log is what is looked at while it is written.
        let (order, offset) =
            if place * 2 < count { ("ASC", place) } else { ("DESC", count - 1 - place) };
        let sql = format!(
            "SELECT e.id, step, t.task, batch, params, fun, start, stop, exception, info FROM evaluations e
             JOIN tasks t ON t.code = e.task WHERE problem = ? ORDER BY e.id {order} LIMIT 1 OFFSET ?"
        );
        let iteration = |row: &Row<'_>| {
            Ok(LogIteration {
                id: row.get(0)?,
                step: row.get(1)?,
                task: row.get(2)?,
                batch: row.get(3)?,
                params: numbers(row.get_ref(4)?.as_blob()?),
                fun: row.get(5)?,
                start: row.get(6)?,
                stop: row.get(7)?,
                exception: row.get(8)?,
                info: row.get(9)?,
            })
        };
        let found = self.connection.query_row(&sql, [problem.id, offset as i64], iteration);
        found
            .optional()
            .map_err(|error| self.failed(&error))?
            .ok_or(LogError::NoIteration { index, count })
    }

    /// All evaluations of a problem.
    ///
    /// # Errors
    /// There is no such problem, or SQLite failed.
    pub fn read_history(&self, problem: i64) -> Result<LogColumns, LogError> {
        self.columns(&self.problem(problem)?)
    }

    /// All evaluations of a problem that is known already.
    ///
    /// # Errors
    /// SQLite failed.
    pub fn columns(&self, problem: &LogProblem) -> Result<LogColumns, LogError> {
        let mut columns = LogColumns { dim: problem.start.len(), ..LogColumns::default() };
        let mut read = || -> rusqlite::Result<()> {
            let sql = "SELECT id, params, fun, start, stop, batch, task, step, is_answer FROM evaluations WHERE problem = ? ORDER BY id";
            let mut statement = self.connection.prepare_cached(sql)?;
            let mut rows = statement.query([problem.id])?;
            while let Some(row) = rows.next()? {
                columns.ids.push(row.get(0)?);
                columns.params.extend(words(row.get_ref(1)?.as_blob()?));
                columns.fun.push(row.get::<_, Option<f64>>(2)?.unwrap_or(f64::NAN));
                columns.start.push(row.get(3)?);
                columns.stop.push(row.get(4)?);
                columns.batch.push(row.get(5)?);
                columns.task.push(row.get(6)?);
                columns.step.push(row.get(7)?);
                columns.is_answer.push(row.get(8)?);
            }
            Ok(())
        };
        read().map_err(|error| self.failed(&error))?;
        Ok(columns)
    }

    /// The evaluations of a search from many starts, step by step. For a single run, they are all of the best step.
    ///
    /// # Errors
    /// There is no such problem, or SQLite failed.
    pub fn read_multistart_history(&self, problem: i64) -> Result<MultistartLog, LogError> {
        let problem_id = problem;
        let problem = self.problem(problem)?;
        let (columns, steps) = (self.columns(&problem)?, self.steps(problem_id)?);
        let sign = if problem.direction == "maximize" { -1.0 } else { 1.0 };
        let rank = |i: usize| {
            let value = sign * columns.fun[i];
            if value.is_nan() { f64::INFINITY } else { value }
        };
        let of_step = |number: i64| -> Vec<usize> {
            (0..columns.len()).filter(|&i| columns.step[i] == number).collect()
        };
        let mut found = MultistartLog::default();
        let mut runs: Vec<Vec<usize>> = Vec::new();
        for step in steps {
            let mut places = of_step(step.number);
            match step.kind.as_str() {
                "exploration" => {
                    places.sort_by(|&a, &b| rank(a).total_cmp(&rank(b)));
                    found.exploration = columns.at(&places);
                }
                _ if step.status == "skipped" || places.is_empty() => {}
                _ => {
                    // Points that were tried before the run, to start it from, are none of its own.
                    places.retain(|&i| columns.task[i] != EXPLORATION);
                    runs.push(places);
                }
            }
        }
        let best_of =
            |places: &[usize]| places.iter().map(|&i| rank(i)).fold(f64::INFINITY, f64::min);
        let best = (0..runs.len()).min_by(|&a, &b| best_of(&runs[a]).total_cmp(&best_of(&runs[b])));
        for (i, places) in runs.iter().enumerate() {
            if Some(i) == best {
                found.best = columns.at(places);
            } else {
                found.local.push(columns.at(places));
            }
        }
        Ok(found)
    }

    /// What the objective answered besides what evaluations say, in order.
    ///
    /// # Errors
    /// SQLite failed, or an answer cannot be understood.
    pub fn answers(&self, problem: &LogProblem) -> Result<Vec<LoggedAnswers>, LogError> {
        let mut found = Vec::new();
        let mut read = || -> rusqlite::Result<bool> {
            let sql = "SELECT after, data FROM answers WHERE problem = ? ORDER BY id";
            let mut statement = self.connection.prepare_cached(sql)?;
            let mut rows = statement.query([problem.id])?;
            while let Some(row) = rows.next()? {
                let Some(batch) = AnswerBatch::decode(row.get_ref(1)?.as_blob()?) else {
                    return Ok(false);
                };
                found.push(LoggedAnswers { after: row.get(0)?, batch });
            }
            Ok(true)
        };
        match read() {
            Ok(true) => Ok(found),
            Ok(false) => Err(LogError::Foreign {
                path: self.path.clone(),
                reason: "an answer of the objective cannot be understood".to_string(),
            }),
            Err(error) => Err(self.failed(&error)),
        }
    }

    /// Whether an evaluation of the problem failed.
    ///
    /// # Errors
    /// SQLite failed.
    pub fn has_failures(&self, problem: &LogProblem) -> Result<bool, LogError> {
        let sql =
            "SELECT EXISTS (SELECT 1 FROM evaluations WHERE problem = ? AND exception IS NOT NULL)";
        self.connection
            .query_row(sql, [problem.id], |row| row.get(0))
            .map_err(|error| self.failed(&error))
    }

    fn failed(&self, error: &rusqlite::Error) -> LogError {
        sqlite(&self.path, "read", error)
    }
}

/// Reads only, whatever the flags. Where it may write, SQLite removes the files beside the log when the last connection is gone.
fn connect(path: &Path, flags: OpenFlags) -> rusqlite::Result<Connection> {
    let connection = Connection::open_with_flags(path, flags | OpenFlags::SQLITE_OPEN_NO_MUTEX)?;
    connection.busy_timeout(Duration::from_secs(5))?;
    connection.pragma_update(None, "query_only", true)?;
    Ok(connection)
}

/// Whether the file can be read at all, be it a log or not.
fn is_readable(connection: &Connection) -> bool {
    let read =
        connection.query_row("SELECT count(*) FROM sqlite_master", [], |row| row.get::<_, i64>(0));
    let foreign = |error: &rusqlite::Error| {
        error.sqlite_error_code() == Some(rusqlite::ErrorCode::NotADatabase)
    };
    read.as_ref().map_or_else(foreign, |_| true)
}

fn problem_of(row: &Row<'_>) -> rusqlite::Result<LogProblem> {
    let names: String = row.get(3)?;
    let fingerprint: String = row.get(8)?;
    let side = |index: usize| -> rusqlite::Result<Option<Vec<f64>>> {
        Ok(row.get_ref(index)?.as_blob_or_null()?.map(numbers))
    };
    Ok(LogProblem {
        id: row.get(0)?,
        direction: row.get(1)?,
        algorithm: row.get(2)?,
        names: serde_json::from_str(&names).unwrap_or_default(),
        start: numbers(row.get_ref(4)?.as_blob()?),
        lower: side(5)?,
        upper: side(6)?,
        structure: row.get(7)?,
        fingerprint: Fingerprint::from_json(&fingerprint).unwrap_or_default(),
        library: row.get(9)?,
        begun_at: row.get(10)?,
        status: row.get(11)?,
        message: row.get(12)?,
        seconds: row.get(13)?,
        n_resumed: row.get(14)?,
        n_evaluations: row.get::<_, i64>(15)? as usize,
    })
}

/// The place of a number that may count from the end.
fn place(index: i64, count: usize) -> Option<usize> {
    let count = i64::try_from(count).ok()?;
    let place = if index < 0 { count.checked_add(index)? } else { index };
    (0..count).contains(&place).then_some(place as usize)
}

fn words(bytes: &[u8]) -> impl Iterator<Item = f64> {
    bytes.chunks_exact(8).map(|word| {
        let mut own = [0; 8];
        own.copy_from_slice(word);
        f64::from_le_bytes(own)
    })
}

fn numbers(bytes: &[u8]) -> Vec<f64> {
    words(bytes).collect()
}

/// A path in a URI of SQLite.
fn escaped(path: &Path) -> String {
    let text = path.to_string_lossy();
    text.replace('%', "%25").replace('?', "%3f").replace('#', "%23")
}
