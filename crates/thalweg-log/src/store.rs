//! The file: opened, created, and written to in transactions.

use std::fs;
use std::io::ErrorKind;
use std::path::{Path, PathBuf};
use std::time::Duration;

use rusqlite::{CachedStatement, Connection, OpenFlags, params};

use crate::error::LogError;
use crate::fingerprint::Fingerprint;
use crate::flow::{Flow, SyncedLast};
use crate::notes::{Note, Row, StepBegan, StepEnded};
use crate::options::{IfExists, LogOptions};
use crate::schema::{self, APPLICATION_ID, LIBRARY, SCHEMA_VERSION};

/// How long a transaction waits for another process that writes to the same file.
const PATIENCE: Duration = Duration::from_secs(5);

/// What is written about a run before its first evaluation.
#[derive(Clone, Debug, Default)]
pub struct ProblemHeader {
    /// "minimize" or "maximize".
    pub direction: String,
    /// The public name of the algorithm.
    pub algorithm: String,
    /// The names of the parameters.
    pub names: Vec<String>,
    /// The start values.
    pub start: Vec<f64>,
    /// Lower bounds.
    pub lower: Option<Vec<f64>>,
    /// Upper bounds.
    pub upper: Option<Vec<f64>>,
    /// The structure of the parameters as JSON, in whatever form the front door writes it.
    pub structure: Option<String>,
    /// What defines the run.
    pub fingerprint: Fingerprint,
}

/// An open file and the problem that is written to it.
pub(crate) struct Store {
    flow: Flow,
    connection: Connection,
    /// Dropped after the connection was closed.
    last: SyncedLast,
    page: i64,
    pub problem: i64,
    /// The last evaluation of the problem.
    last_row: i64,
}

/// The bytes of numbers, little-endian.
pub(crate) fn to_bytes(numbers: &[f64]) -> Vec<u8> {
    let mut bytes = Vec::with_capacity(8 * numbers.len());
    numbers.iter().for_each(|x| bytes.extend_from_slice(&x.to_le_bytes()));
    bytes
}

/// Whether the options allow a log at their path: checked before anything is evaluated, and without a change to what is there.
pub(crate) fn check(options: &LogOptions, resume: bool) -> Result<(), LogError> {
    let path = &options.path;
    if path.is_dir() {
        let (action, reason) = ("created", "it is a folder, in which the log needs a name".into());
        return Err(LogError::Denied { path: path.clone(), action, reason });
    }
    if path.exists() {
        if resume && options.if_exists == IfExists::Replace {
            return Err(LogError::ReplacedBeforeResume { path: path.clone() });
        }
        if !resume && options.if_exists == IfExists::Raise {
            return Err(LogError::Exists { path: path.clone() });
        }
        return match fs::OpenOptions::new().append(true).open(path) {
            Ok(_) => Ok(()),
            Err(error) => Err(denied(path, "opened for writing", &error)),
        };
    }
    let folder = path.parent().filter(|folder| !folder.as_os_str().is_empty());
    if let Some(folder) = folder.filter(|folder| !folder.is_dir()) {
        return Err(LogError::NoFolder { path: path.clone(), folder: folder.to_path_buf() });
    }
    match fs::OpenOptions::new().write(true).create_new(true).open(path) {
        Ok(_) => fs::remove_file(path).map_err(|error| denied(path, "deleted", &error)),
        Err(error) => Err(denied(path, "created", &error)),
    }
}

fn denied(path: &Path, action: &'static str, error: &std::io::Error) -> LogError {
    LogError::Denied { path: path.to_path_buf(), action, reason: error.to_string() }
}

/// Delete a log with the files that SQLite puts beside it.
fn delete(path: &Path) -> Result<(), LogError> {
    for suffix in ["-wal", "-shm", "-journal", ""] {
        match fs::remove_file(beside(path, suffix)) {
            Err(error) if error.kind() != ErrorKind::NotFound => {
                return Err(denied(path, "replaced", &error));
            }
            _ => {}
        }
    }
    Ok(())
}

/// A file that SQLite puts beside a log.
pub(crate) fn beside(path: &Path, suffix: &str) -> PathBuf {
    let mut name = path.as_os_str().to_os_string();
    name.push(suffix);
    PathBuf::from(name)
}

/// Whether there is no file, or one in which nothing was written yet because its creation was cut short.
pub fn is_blank(path: &Path) -> bool {
    if !fs::metadata(path).is_ok_and(|found| found.len() > 0) {
        return true;
    }
    let count = || -> rusqlite::Result<i64> {
        let connection = Connection::open_with_flags(path, OpenFlags::SQLITE_OPEN_READ_ONLY)?;
        connection.busy_timeout(PATIENCE)?;
        connection.query_row("SELECT count(*) FROM sqlite_master", [], |row| row.get(0))
    };
    count().is_ok_and(|count| count == 0)
}

/// Whether an open file is a log that is understood here.
pub(crate) fn check_schema(connection: &Connection, path: &Path) -> Result<(), LogError> {
    let foreign = |reason: String| LogError::Foreign { path: path.to_path_buf(), reason };
    let number =
        |pragma: &str| connection.pragma_query_value(None, pragma, |row| row.get::<_, i64>(0));
    let id = number("application_id").map_err(|error| match error.sqlite_error_code() {
        Some(rusqlite::ErrorCode::NotADatabase) => foreign("it is no SQLite file".to_string()),
        _ => sqlite(path, "opened", &error),
    })?;
    if id != APPLICATION_ID {
        return Err(foreign("it is an SQLite file of something else".to_string()));
    }
    let found = number("user_version").map_err(|error| sqlite(path, "opened", &error))?;
    if found > SCHEMA_VERSION {
        let sql = "SELECT value FROM meta WHERE key = 'library'";
        let library = connection.query_row(sql, [], |row| row.get(0));
        return Err(LogError::Newer {
            path: path.to_path_buf(),
            found,
            known: SCHEMA_VERSION,
            library: library.unwrap_or_else(|_| "a later version".to_string()),
        });
    }
    Ok(())
}

pub(crate) fn sqlite(path: &Path, action: &'static str, error: &rusqlite::Error) -> LogError {
    LogError::Sqlite { path: path.to_path_buf(), action, reason: error.to_string() }
}

impl Store {
    /// Open the file for writing; a new one gets its tables.
    pub fn open(options: &LogOptions, n_params: usize, resume: bool) -> Result<Self, LogError> {
        check(options, resume)?;
        let path = &options.path;
        if options.if_exists == IfExists::Replace {
            delete(path)?;
        }
        let is_new = is_blank(path);
        let failed = |error: rusqlite::Error| sqlite(path, "opened", &error);
        let flags = OpenFlags::SQLITE_OPEN_READ_WRITE
            | OpenFlags::SQLITE_OPEN_CREATE
            | OpenFlags::SQLITE_OPEN_NO_MUTEX;
        let connection = Connection::open_with_flags(path, flags).map_err(failed)?;
        connection.busy_timeout(PATIENCE).map_err(failed)?;
        if is_new {
            schema::create(&connection, n_params, options.durability).map_err(failed)?;
        } else {
            check_schema(&connection, path)?;
        }
        // Rows refer to the one problem that is written here: no need to look it up for each.
        connection.pragma_update(None, "foreign_keys", false).map_err(failed)?;
        let page = connection.pragma_query_value(None, "page_size", |row| row.get(0));
        let page = page.map_err(failed)?;
        connection.set_prepared_statement_cache_capacity(8);
        let flow = Flow::new(options, is_new, page);
        if !is_new {
            flow.begin(&connection).map_err(failed)?;
        }
        let last = SyncedLast { path: path.clone(), is_due: false };
        Ok(Store { flow, connection, last, page, problem: 0, last_row: 0 })
    }

    /// Begin a problem.
    pub fn begin(&mut self, header: &ProblemHeader) -> rusqlite::Result<()> {
        let names = serde_json::Value::from(header.names.clone()).to_string();
        // Files of earlier versions do not know all tasks.
        self.connection.execute("INSERT OR IGNORE INTO tasks VALUES (4, 'hess')", [])?;
        self.connection.execute(
            "INSERT INTO problems (direction, algorithm, n_params, names, start, lower, upper, structure, fingerprint, library,
                                   begun_at, status)
             VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, strftime('%Y-%m-%dT%H:%M:%fZ', 'now'), 'running')",
            params![
                header.direction,
                header.algorithm,
                header.start.len() as i64,
                names,
                to_bytes(&header.start),
                header.lower.as_deref().map(to_bytes),
                header.upper.as_deref().map(to_bytes),
                header.structure,
                header.fingerprint.to_json(),
                LIBRARY,
            ],
        )?;
        self.problem = self.connection.last_insert_rowid();
        if self.flow.is_new() {
            self.connection.execute_batch("COMMIT")?;
            self.flow.begin(&self.connection)?;
        }
        Ok(())
    }

    /// Go on with a problem that is there.
    pub fn resume(&mut self, problem: i64) -> rusqlite::Result<()> {
        self.problem = problem;
        let sql = "SELECT coalesce(max(id), 0) FROM evaluations WHERE problem = ?";
        self.last_row = self.connection.query_row(sql, [problem], |row| row.get(0))?;
        let sql = "UPDATE problems SET status = 'running', message = NULL, n_resumed = n_resumed + 1 WHERE id = ?";
        self.connection.execute(sql, [problem])?;
        Ok(())
    }

    /// Write notes, whose bytes are in `buffer`, in one transaction.
    pub fn write(&mut self, notes: &[Note], buffer: &[u8]) -> rusqlite::Result<()> {
        match self.write_all(notes, buffer) {
            Ok((last_row, bytes)) => {
                self.last_row = last_row;
                self.flow.committed(&self.connection, bytes);
                Ok(())
            }
            Err(error) => {
                if !self.connection.is_autocommit() {
                    let _ = self.connection.execute_batch("ROLLBACK");
                }
                Err(error)
            }
        }
    }

    /// To be called now and then, also where there is nothing to write.
    pub fn look_at_clock(&mut self) {
        self.flow.look_at_clock(&self.connection);
    }

    /// The last evaluation that is written then, and about how many bytes were.
    fn write_all(&self, notes: &[Note], buffer: &[u8]) -> rusqlite::Result<(i64, usize)> {
        let (mut last_row, mut bytes) = (self.last_row, self.page as usize);
        self.connection.prepare_cached("BEGIN IMMEDIATE")?.raw_execute()?;
        let mut evaluation = self.connection.prepare_cached(INSERT_EVALUATION)?;
        for note in notes {
            match note {
                Note::Evaluation(row) => {
                    insert(&mut evaluation, self.problem, row, &buffer[row.params.clone()])?;
                    last_row = self.connection.last_insert_rowid();
                    bytes += row.params.len() + schema::ROW_BYTES;
                }
                Note::Answer(range) => {
                    let data = &buffer[range.clone()];
                    let sql = "INSERT INTO answers (problem, after, data) VALUES (?, ?, ?)";
                    let mut statement = self.connection.prepare_cached(sql)?;
                    statement.execute(params![self.problem, last_row, data])?;
                    bytes += data.len();
                }
                Note::StepBegan(step) => self.begin_step(step)?,
                Note::StepEnded(step) => self.end_step(step)?,
            }
        }
        drop(evaluation);
        self.connection.prepare_cached("COMMIT")?.raw_execute()?;
        Ok((last_row, bytes))
    }

    fn begin_step(&self, step: &StepBegan) -> rusqlite::Result<()> {
        let number = step.number as i64;
        let (kind, name) = match (step.exploration, number) {
            (true, _) => ("exploration", "exploration".to_string()),
            (false, 0) => ("optimization", "optimization".to_string()),
            (false, _) => ("optimization", format!("optimization_{number}")),
        };
        self.connection.execute(
            "INSERT INTO steps (problem, number, type, name, status, start) VALUES (?, ?, ?, ?, 'running', ?)
             ON CONFLICT (problem, number) DO UPDATE SET status = 'running'",
            params![self.problem, number, kind, name, step.start],
        )?;
        Ok(())
    }

    fn end_step(&self, step: &StepEnded) -> rusqlite::Result<()> {
        let StepEnded { number, outcome, n_iterations, stop } = step;
        self.connection.execute(
            "UPDATE steps SET status = ?, n_iterations = ?, stop = ? WHERE problem = ? AND number = ?",
            params![outcome.as_str(), *n_iterations as i64, stop, self.problem, *number as i64],
        )?;
        Ok(())
    }

    /// Write down how the run ended.
    pub fn finish(&mut self, status: &str, message: &str, seconds: f64) -> rusqlite::Result<()> {
        let sql = "UPDATE problems SET status = ?, message = ?, seconds = ? WHERE id = ?";
        self.connection.execute(sql, params![status, message, seconds, self.problem])?;
        Ok(())
    }

    #[cfg(test)]
    pub fn parts(&mut self) -> (&mut Flow, &Connection) {
        (&mut self.flow, &self.connection)
    }

    /// Let the file grow to at most so many pages, to see what a full disk does.
    #[cfg(test)]
    pub fn limit_pages(&self, pages: i64) -> rusqlite::Result<()> {
        self.connection.pragma_update(None, "max_page_count", pages)
    }
}

impl Drop for Store {
    fn drop(&mut self) {
        self.last.is_due = self.flow.close(&self.connection);
    }
}

const INSERT_EVALUATION: &str =
    "INSERT INTO evaluations (problem, step, task, batch, params, fun, start, stop, is_answer, exception, info)
     VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)";

/// Parameters are bound one by one: a check of how many there are would take longer than some of them.
fn insert(
    statement: &mut CachedStatement<'_>,
    problem: i64,
    row: &Row,
    params: &[u8],
) -> rusqlite::Result<()> {
    let words = row.words.as_deref();
    statement.raw_bind_parameter(1, problem)?;
    statement.raw_bind_parameter(2, row.step as i64)?;
    statement.raw_bind_parameter(3, row.task)?;
    statement.raw_bind_parameter(4, row.batch as i64)?;
    statement.raw_bind_parameter(5, params)?;
    statement.raw_bind_parameter(6, row.fun)?;
    statement.raw_bind_parameter(7, row.start)?;
    statement.raw_bind_parameter(8, row.stop)?;
    statement.raw_bind_parameter(9, row.is_answer)?;
    statement.raw_bind_parameter(10, words.and_then(|words| words.exception.as_deref()))?;
    statement.raw_bind_parameter(11, words.and_then(|words| words.info.as_deref()))?;
    statement.raw_execute()?;
    Ok(())
}
