//! What can be wrong with the data of a figure.

use std::fmt;

/// Why a figure could not be made, written, or read.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum FigureError {
    /// The data or an option is wrong: which one, its value, and what would be right.
    Invalid(String),
    /// A text is not a figure.
    NotAFigure(String),
    /// A file could not be written: its path, and why.
    Write(String),
}

impl FigureError {
    pub(crate) fn invalid(message: impl Into<String>) -> Self {
        FigureError::Invalid(message.into())
    }
}

impl fmt::Display for FigureError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            FigureError::Invalid(message)
            | FigureError::NotAFigure(message)
            | FigureError::Write(message) => f.write_str(message),
        }
    }
}

impl std::error::Error for FigureError {}
