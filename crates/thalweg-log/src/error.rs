//! What can be wrong with a log.

use std::path::PathBuf;

use crate::fingerprint::{Difference, listed};

/// Why a log cannot be written, read or resumed from.
#[derive(Debug, thiserror::Error)]
pub enum LogError {
    /// There is a file already, and nothing says what to do with it.
    #[error(
        "The log file {} exists already. Say what to do with it: if_database_exists=\"extend\" adds the run to it, \"replace\" \
         deletes it first, resume=True goes on with the run that it holds (in Rust IfExists::Extend, IfExists::Replace, \
         .resume(true)); or choose another path.",
        path.display()
    )]
    Exists {
        /// The file.
        path: PathBuf,
    },
    /// There is no file to read.
    #[error("There is no log file {}.", path.display())]
    Missing {
        /// The file.
        path: PathBuf,
    },
    /// The file's folder does not exist.
    #[error("The log file {} cannot be created: there is no folder {}.", path.display(), folder.display())]
    NoFolder {
        /// The file.
        path: PathBuf,
        /// The folder that is missing.
        folder: PathBuf,
    },
    /// The system does not let us open, create or delete the file.
    #[error("The log file {} cannot be {action}: {reason}.", path.display())]
    Denied {
        /// The file.
        path: PathBuf,
        /// What was tried, as in "opened".
        action: &'static str,
        /// What the system says.
        reason: String,
    },
    /// The file is something else.
    #[error("{} is not a log of thalweg: {reason}.", path.display())]
    Foreign {
        /// The file.
        path: PathBuf,
        /// Why it is none.
        reason: String,
    },
    /// The file was written by a later version.
    #[error(
        "The log file {} has schema version {found}, but this version of thalweg knows versions up to {known}: it was written by \
         {library}.",
        path.display()
    )]
    Newer {
        /// The file.
        path: PathBuf,
        /// Its schema version.
        found: i64,
        /// The newest version that is known here.
        known: i64,
        /// Who wrote it.
        library: String,
    },
    /// The run that is to be resumed is not the one of the log.
    #[error(
        "The run cannot be resumed from {}: it is not the one of the log. {} To go on it has to be the same; limits \
         (stopping_maxfun, stopping_maxiter, stopping_maxtime, convergence_target_value) may change.",
        path.display(),
        listed(differences)
    )]
    Differs {
        /// The file.
        path: PathBuf,
        /// What differs.
        differences: Vec<Difference>,
    },
    /// Replacing and resuming exclude each other.
    #[error(
        "A run cannot be resumed from a log that is to be replaced: {} would be deleted first. Leave if_database_exists out.",
        path.display()
    )]
    ReplacedBeforeResume {
        /// The file.
        path: PathBuf,
    },
    /// There is no such problem.
    #[error("problem {index} does not exist: the log {} holds {count}.", path.display())]
    NoProblem {
        /// The file.
        path: PathBuf,
        /// The problem that was asked for.
        index: i64,
        /// How many there are.
        count: usize,
    },
    /// There is no such evaluation.
    #[error("{}", no_iteration(*index, *count))]
    NoIteration {
        /// The evaluation that was asked for.
        index: i64,
        /// How many there are.
        count: usize,
    },
    /// SQLite failed.
    #[error("The log file {} cannot be {action}: {reason}.", path.display())]
    Sqlite {
        /// The file.
        path: PathBuf,
        /// What was tried.
        action: &'static str,
        /// What SQLite says.
        reason: String,
    },
}

fn no_iteration(index: i64, count: usize) -> String {
    match count {
        0 => format!("iteration {index} does not exist: the log holds no evaluations yet."),
        1 => format!(
            "iteration {index} does not exist: the log holds 1 evaluation, number 0 (or -1)."
        ),
        _ => format!(
            "iteration {index} does not exist: the log holds {count} evaluations, 0 to {} (or -{count} to -1).",
            count - 1
        ),
    }
}
