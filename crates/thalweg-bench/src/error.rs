//! What can be wrong with a benchmark, and the nearest of the words that would be right.

use std::fmt;

use thalweg::view::FigureError;
use thalweg::{OptimizeError, nearest};

/// Why there is no benchmark, no result or no report.
#[derive(Debug)]
pub enum BenchmarkError {
    /// An argument cannot be used; the message names it, its value and what would be right.
    Invalid(String),
    /// The algorithm does not exist, or a value of an option is out of its range.
    Algorithm(OptimizeError),
    /// An algorithm does not have an option.
    Option(String),
    /// A run failed, and was asked to end everything.
    Run {
        /// The problem.
        problem: String,
        /// The label of the algorithm.
        label: String,
        /// What happened.
        error: Box<OptimizeError>,
    },
    /// Somebody ended everything.
    Interrupted,
}

impl BenchmarkError {
    /// An argument that cannot be used.
    pub fn invalid(message: impl Into<String>) -> Self {
        BenchmarkError::Invalid(message.into())
    }
}

impl fmt::Display for BenchmarkError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            BenchmarkError::Invalid(message) | BenchmarkError::Option(message) => {
                f.write_str(message)
            }
            BenchmarkError::Algorithm(error) => write!(f, "{error}"),
            BenchmarkError::Run { problem, label, error } => {
                write!(f, "the run of '{label}' on '{problem}' failed: {error}")
            }
            BenchmarkError::Interrupted => f.write_str("the benchmark was interrupted."),
        }
    }
}

impl std::error::Error for BenchmarkError {}

impl From<OptimizeError> for BenchmarkError {
    fn from(error: OptimizeError) -> Self {
        BenchmarkError::Algorithm(error)
    }
}

impl From<FigureError> for BenchmarkError {
    fn from(error: FigureError) -> Self {
        BenchmarkError::Invalid(error.to_string())
    }
}

/// "`what` `why`. Did you mean [...]?": the error for a word that is none of `known`.
pub(crate) fn unknown<'a>(
    what: &str,
    why: &str,
    word: &str,
    known: impl IntoIterator<Item = &'a str>,
) -> BenchmarkError {
    let near = nearest(word, known);
    if near.is_empty() {
        return BenchmarkError::invalid(format!("{what} {why}."));
    }
    BenchmarkError::invalid(format!("{what} {why}. Did you mean {near:?}?"))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn unknown_words_are_answered_by_the_nearest() {
        let error = unknown("there", "is no such word", "bart", ["meyer", "bard"]);
        let text = "there is no such word. Did you mean [\"bard\", \"meyer\"]?";
        assert_eq!(error.to_string(), text);
        assert_eq!(unknown("there", "is none", "word", []).to_string(), "there is none.");
    }
}
