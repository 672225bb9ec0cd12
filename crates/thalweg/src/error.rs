//! What can go wrong with a specification, and during a run.

use std::fmt;

use thalweg_core::OptionError;
use thalweg_log::LogError;
use thalweg_space::{ErrorKind, SpaceError};

use crate::objective::Failure;
use crate::result::FlatResult;

/// Which part of the specification is wrong.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum InvalidKind {
    /// The objective or its derivative.
    Function,
    /// The start values.
    Params,
    /// The bounds.
    Bounds,
    /// The algorithm needs bounds that are missing.
    IncompleteBounds,
    /// A constraint.
    Constraint,
    /// An option of the algorithm.
    AlgorithmOption,
    /// An option of scaling, or what it needs.
    Scaling,
    /// An option of numerical derivatives.
    DiffOption,
    /// The algorithm's name.
    Algorithm,
    /// The options of multistart.
    Multistart,
    /// Another argument.
    Argument,
}

/// Why there is no result.
#[derive(Debug)]
#[non_exhaustive]
pub enum OptimizeError {
    /// The specification is wrong; nothing was optimized.
    Invalid {
        /// Which part.
        kind: InvalidKind,
        /// What is wrong, with names and values, and what would be right.
        message: String,
    },
    /// The log cannot be written or resumed from; nothing was optimized.
    Log(LogError),
    /// The user's function failed before the first iteration.
    Start(Failure),
    /// The user's function failed during the run.
    User {
        /// The failure.
        failure: Failure,
        /// The result so far: the best point, the history, no success. Its parameters are flat; `start.with_flat(&partial.params)`
        /// of [`Params`](crate::Params) gives them the shape of the start.
        partial: Box<FlatResult>,
    },
}

impl OptimizeError {
    /// An invalid specification.
    pub fn invalid(kind: InvalidKind, message: impl Into<String>) -> Self {
        OptimizeError::Invalid { kind, message: message.into() }
    }
}

impl fmt::Display for OptimizeError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            OptimizeError::Invalid { message, .. } => f.write_str(message),
            OptimizeError::Log(error) => error.fmt(f),
            OptimizeError::Start(failure) => {
                write!(
                    f,
                    "Error while evaluating {} at start params: {}",
                    failure.function(),
                    failure.error.message
                )
            }
            OptimizeError::User { failure, .. } => write!(
                f,
                "An error occurred when evaluating {} during optimization: {}",
                failure.function(),
                failure.error.message
            ),
        }
    }
}

impl std::error::Error for OptimizeError {}

impl From<LogError> for OptimizeError {
    fn from(error: LogError) -> Self {
        OptimizeError::Log(error)
    }
}

impl From<SpaceError> for OptimizeError {
    fn from(error: SpaceError) -> Self {
        let kind = match error.kind() {
            ErrorKind::InvalidParams => InvalidKind::Params,
            ErrorKind::InvalidBounds => InvalidKind::Bounds,
            ErrorKind::InvalidConstraint => InvalidKind::Constraint,
        };
        OptimizeError::invalid(kind, error.to_string())
    }
}

impl From<OptionError> for OptimizeError {
    fn from(error: OptionError) -> Self {
        OptimizeError::invalid(InvalidKind::AlgorithmOption, error.to_string())
    }
}

impl From<thalweg_diff::DiffError> for OptimizeError {
    fn from(error: thalweg_diff::DiffError) -> Self {
        OptimizeError::invalid(InvalidKind::DiffOption, error.to_string())
    }
}
