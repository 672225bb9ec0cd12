//! Errors of functions that the user wrote.

use std::any::Any;
use std::fmt;

/// How a failure of the user's function is treated.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum UserErrorKind {
    /// As `error_handling` says.
    Ordinary,
    /// The user interrupted the run: it ends with its best point so far.
    Interrupt,
    /// It always ends the run and reaches the user unchanged.
    Fatal,
}

/// An error of the user's function.
pub struct UserError {
    /// How it is treated.
    pub kind: UserErrorKind,
    /// What happened, in words (the traceback, where there is one).
    pub message: String,
    /// The original error. `Sync`, so that errors that carry it are, and `?` turns them into those of other crates.
    pub cause: Option<Box<dyn Any + Send + Sync>>,
    /// Which function it was, where the place of the failure does not say it: a constraint with its position and name, an option.
    pub function: Option<String>,
}

impl UserError {
    /// An ordinary error with a message.
    pub fn new(message: impl Into<String>) -> Self {
        let (kind, message) = (UserErrorKind::Ordinary, message.into());
        UserError { kind, message, cause: None, function: None }
    }

    /// The same error, of the function of this name.
    #[must_use]
    pub fn of(mut self, function: impl Into<String>) -> Self {
        self.function = Some(function.into());
        self
    }
}

/// What happened, in words.
impl fmt::Display for UserError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.message)
    }
}

impl std::error::Error for UserError {}

impl fmt::Debug for UserError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("UserError")
            .field("kind", &self.kind)
            .field("message", &self.message)
            .finish()
    }
}
