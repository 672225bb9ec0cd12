//! The contract between thalweg's algorithms and everything around them.
//!
//! * Authors of algorithms write against [`Algorithm`], [`Problem`], [`Finish`] and [`Stop`], declare their options with
//!   `#[derive(Options)]`, and see nothing else.
//! * Drivers (the direct evaluator, ask/tell, lockstep batches, replay of a log) implement [`Oracle`].
//!
//! This crate does no input or output, reads no clock and knows no parameter trees, constraint kinds, logs or Python.

mod algorithm;
mod event;
mod experience;
mod option_function;
pub mod options;
mod oracle;
mod outcome;
mod problem;
mod request;
mod rng;
pub mod testing;
mod user_error;
pub mod words;

pub use algorithm::{
    Algorithm, AlgorithmChoice, AlgorithmSpec, CatalogEntry, Declared, Features, SolverKind,
};
pub use event::{Event, Sink, StepOutcome, Task};
pub use experience::{CurvaturePair, Experience};
pub use option_function::{
    OptionCall, OptionFunction, Question, Repeats, SearchState, Signature, wrong_question,
};
pub use options::{
    Choice, Configure, OptionError, OptionField, OptionKind, OptionSpec, OptionValue, Range,
};
pub use oracle::Oracle;
pub use outcome::{Extra, Finish, Stop, Test, Verdict};
pub use problem::{Problem, ProblemSpec};
pub use request::{Iteration, Manner, Request, Values, Want};
pub use rng::Rng;
pub use user_error::{UserError, UserErrorKind};
