//! The log of an optimization: one SQLite file that survives crashes, can be read while it grows, and holds all that it takes to go
//! on with the run.
//!
//! * [`Writer`]: takes note of evaluations, of what the objective answered, and of steps. In groups by a thread of its own, or one
//!   committed transaction at a time.
//! * [`LogReader`]: problems, histories, steps and single evaluations, while the file is written or after a crash.
//! * [`AnswerBatch`]: what the objective answered, as far as the rows of evaluations do not say it already.
//! * [`Fingerprint`]: what defines a run, field by field, so that a run that differs can be told so.
//!
//! The file is described in `docs/log.md`. This crate knows numbers and the contract's events; it knows nothing of objectives,
//! algorithms or parameter trees.

mod answer;
mod disk;
mod error;
mod fingerprint;
mod flow;
mod hash;
mod mover;
mod notes;
mod options;
mod pending;
mod reader;
mod rows;
mod schema;
mod scribe;
mod store;
mod writer;

pub use answer::{AnswerBatch, LoggedFailure, Wanted};
pub use error::LogError;
pub use fingerprint::{Difference, Fingerprint};
pub use hash::point_hash;
pub use options::{Durability, IfExists, LogOptions};
pub use reader::{LogReader, LoggedAnswers};
pub use rows::{LogColumns, LogIteration, LogProblem, LogStep, MultistartLog};
pub use schema::SCHEMA_VERSION;
pub use store::{ProblemHeader, is_blank};
pub use writer::Writer;
