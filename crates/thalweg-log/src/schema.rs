//! The tables of a log, and how large the pages of its file are.

use rusqlite::Connection;

use crate::options::Durability;

/// The version of the schema that is written here. Readers know this one and all before it.
pub const SCHEMA_VERSION: i64 = 1;

/// "TWLG": what SQLite's header calls a log of thalweg.
pub(crate) const APPLICATION_ID: i64 = 0x5457_4C47;

pub(crate) const LIBRARY: &str = concat!("thalweg ", env!("CARGO_PKG_VERSION"));

/// Codes of tasks, as in `thalweg_core::Task`.
const TABLES: &str = "
CREATE TABLE meta (key TEXT PRIMARY KEY, value) WITHOUT ROWID;
CREATE TABLE problems (
    id INTEGER PRIMARY KEY,
    direction TEXT NOT NULL,
    algorithm TEXT NOT NULL,
    n_params INTEGER NOT NULL,
    names TEXT NOT NULL,
    start BLOB NOT NULL,
    lower BLOB,
    upper BLOB,
    structure TEXT,
    fingerprint TEXT NOT NULL,
    library TEXT NOT NULL,
    begun_at TEXT NOT NULL,
    status TEXT NOT NULL,
    message TEXT,
    seconds REAL,
    n_resumed INTEGER NOT NULL DEFAULT 0
);
CREATE TABLE steps (
    id INTEGER PRIMARY KEY,
    problem INTEGER NOT NULL REFERENCES problems,
    number INTEGER NOT NULL,
    type TEXT NOT NULL,
    name TEXT NOT NULL,
    status TEXT NOT NULL,
    n_iterations INTEGER,
    start REAL,
    stop REAL,
    UNIQUE (problem, number)
);
CREATE TABLE evaluations (
    id INTEGER PRIMARY KEY,
    problem INTEGER NOT NULL REFERENCES problems,
    step INTEGER NOT NULL,
    task INTEGER NOT NULL,
    batch INTEGER NOT NULL,
    params BLOB NOT NULL,
    fun REAL,
    start REAL NOT NULL,
    stop REAL NOT NULL,
    is_answer INTEGER NOT NULL,
    exception TEXT,
    info TEXT
);
CREATE TABLE answers (
    id INTEGER PRIMARY KEY,
    problem INTEGER NOT NULL REFERENCES problems,
    after INTEGER NOT NULL,
    data BLOB NOT NULL
);
CREATE TABLE tasks (code INTEGER PRIMARY KEY, task TEXT NOT NULL);
INSERT INTO tasks VALUES (0, 'fun'), (1, 'jac'), (2, 'fun_and_jac'), (3, 'exploration'), (4, 'hess');
CREATE VIEW history AS
    SELECT e.id, e.problem, e.step, s.type AS step_type, t.task, e.batch, e.params, e.fun, e.start, e.stop,
           strftime('%Y-%m-%dT%H:%M:%fZ', julianday(p.begun_at) + e.start / 86400.0) AS begun_at, e.exception, e.info
    FROM evaluations e
    JOIN problems p ON p.id = e.problem
    JOIN tasks t ON t.code = e.task
    LEFT JOIN steps s ON s.problem = e.problem AND s.number = e.step
    ORDER BY e.id;
";

/// Create the tables in a new file whose rows will have `n_params` parameters. It is left to the caller to commit, together with the
/// first problem.
pub(crate) fn create(
    connection: &Connection,
    n_params: usize,
    durability: Durability,
) -> rusqlite::Result<()> {
    let page = page_size(8 * n_params + ROW_BYTES, durability == Durability::Strict);
    connection.pragma_update(None, "page_size", page)?;
    // Nothing can be lost yet: no need to wait for the disk, nor for a journal of the first page.
    connection.pragma_update(None, "synchronous", "OFF")?;
    connection.pragma_update(None, "journal_mode", "MEMORY")?;
    connection.pragma_update(None, "journal_mode", "WAL")?;
    let meta = format!(
        "INSERT INTO meta VALUES ('schema_version', {SCHEMA_VERSION}), ('library', '{LIBRARY}'),
         ('created_at', strftime('%Y-%m-%dT%H:%M:%fZ', 'now'));"
    );
    connection.execute_batch(&format!(
        "BEGIN IMMEDIATE;{TABLES}{meta}
         PRAGMA application_id = {APPLICATION_ID};PRAGMA user_version = {SCHEMA_VERSION};"
    ))
}

/// The bytes of a row besides its parameters.
pub(crate) const ROW_BYTES: usize = 55;

/// The largest pages that SQLite knows.
const LARGEST: usize = 65536;

/// The smallest page that wastes little of the file. Every transaction writes whole pages: with one for each row (`strict`) they
/// are as small as may be, otherwise many rows share one.
fn page_size(row: usize, strict: bool) -> u32 {
    let least = if strict { 2048 } else { (16 * row).next_power_of_two().clamp(4096, 32768) };
    let sizes = || (11..=16).map(|power| 1 << power);
    let mut whole =
        sizes().filter(|&size| size >= least).filter(|&size| row + 35 <= size || size == LARGEST);
    let few = whole.find(|&size| bytes_per_row(row, size) <= 1.12 * row as f64);
    let best = || sizes().min_by(|&a, &b| bytes_per_row(row, a).total_cmp(&bytes_per_row(row, b)));
    few.or_else(best).unwrap_or(4096) as u32
}

/// How much of the file a row takes. One that does not fit into a page keeps a part there and has the rest on pages of its own
/// (<https://www.sqlite.org/fileformat2.html#b_tree_pages>).
fn bytes_per_row(row: usize, size: usize) -> f64 {
    let usable = size - 12;
    let in_page = |bytes: usize| size as f64 / (usable / (bytes + 6)) as f64;
    if row <= size - 35 {
        return in_page(row);
    }
    let least = (size - 12) * 32 / 255 - 23;
    let own = size - 4;
    let kept = least + (row - least) % own;
    let kept = if kept <= size - 35 { kept } else { least };
    in_page(kept) + ((row - kept).div_ceil(own) * size) as f64
}

#[cfg(test)]
mod tests {
    use super::{bytes_per_row, page_size};

    #[test]
    fn pages_fit_the_rows() {
        let sizes = |row| [false, true].map(|strict| page_size(row, strict));
        assert_eq!(sizes(71), [4096, 2048]);
        assert_eq!(sizes(855), [16384, 8192]);
        assert_eq!(sizes(8055), [32768, 8192]);
        for (row, strict) in (60..100_000).step_by(37).flat_map(|row| [(row, false), (row, true)]) {
            let bytes = bytes_per_row(row, page_size(row, strict) as usize);
            assert!(bytes <= 1.15 * row as f64 + 10.0, "{row}: {bytes}");
        }
    }
}
