//! Drivers: who evaluates the objective, and when.
//!
//! The direct driver calls the objective where it is needed; that is what [`crate::optimize`] does. The others hand the
//! objective's batches out instead. They sit *below* the evaluator: limits, transforms, numerical derivatives, the sign, the best
//! point and the history are the same code, so that every algorithm asks for the same points and returns the same result under
//! all of them.
//!
//! * [`Suspended`]: one run that stops at every batch and waits for the answer (ask/tell).
//! * [`lockstep`]: many suspended runs whose batches are merged into one per round.
//! * [`Recording`] and [`Replaying`]: write down every answer; answer from what was written down, then go on.

mod blueprint;
mod exchange;
mod lockstep;
mod replay;
mod suspended;

pub use blueprint::Blueprint;
pub(crate) use blueprint::Job;
pub use exchange::{Ask, Tell};
pub(crate) use lockstep::lockstep_jobs;
pub use lockstep::{Round, lockstep};
pub use replay::{Exchange, RecordedFailure, Recording, Replaying, Tape};
pub(crate) use suspended::Outcome;
pub use suspended::{Backend, Suspended};
