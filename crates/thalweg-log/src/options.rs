//! Where a log is written, and how.

use std::path::{Path, PathBuf};

/// Where a log is written, and how.
///
/// ```
/// use thalweg_log::{Durability, LogOptions};
/// let options = LogOptions { durability: Durability::Strict, ..LogOptions::from("my_log.db") };
/// assert_eq!(options.path.to_str(), Some("my_log.db"));
/// ```
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct LogOptions {
    /// The file.
    pub path: PathBuf,
    /// When an evaluation is safe.
    pub durability: Durability,
    /// What happens to a file that is there already.
    pub if_exists: IfExists,
}

impl LogOptions {
    /// A log at this path, with defaults for the rest.
    pub fn new(path: impl Into<PathBuf>) -> Self {
        LogOptions {
            path: path.into(),
            durability: Durability::default(),
            if_exists: IfExists::default(),
        }
    }
}

impl From<&str> for LogOptions {
    fn from(path: &str) -> Self {
        LogOptions::new(path)
    }
}

impl From<String> for LogOptions {
    fn from(path: String) -> Self {
        LogOptions::new(path)
    }
}

impl From<&Path> for LogOptions {
    fn from(path: &Path) -> Self {
        LogOptions::new(path)
    }
}

impl From<&PathBuf> for LogOptions {
    fn from(path: &PathBuf) -> Self {
        LogOptions::new(path)
    }
}

impl From<PathBuf> for LogOptions {
    fn from(path: PathBuf) -> Self {
        LogOptions::new(path)
    }
}

/// When an evaluation is safe from a crash.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Durability {
    /// Within 50 milliseconds: a thread of its own commits what came together. A crash of the process loses what is newer; one of
    /// the machine may lose the last transactions, but nothing that makes the file unreadable.
    #[default]
    Grouped,
    /// Before the next evaluation begins.
    Strict,
    /// As [`Grouped`](Durability::Grouped), but without waiting for the disk at all: a crash of the machine may destroy the file.
    Unsafe,
}

/// What happens to a file that is there already.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum IfExists {
    /// It is an error.
    #[default]
    Raise,
    /// The run is added to the file as a further problem.
    Extend,
    /// The file is deleted, with the files that SQLite has put beside it.
    Replace,
}
