//! The log of a run, and going on with a run from its log.
//!
//! A log sits at two places. As a *sink* it is told every evaluation, as the history is. And it is around the *objective*
//! (`Journaled`): it notes every answer that no evaluation will say, and in a resumed run it answers from the log. Everything
//! above the objective is repeated, with the same limits, transforms, numerical derivatives, penalties and random numbers; so a
//! resumed run is the uninterrupted one to the last bit, for every algorithm, without a word in any of them.
//!
//! * `journal.rs`: what the two places share: the writer, the tape, the clock.
//! * `tape.rs`: the answers and evaluations of the log, each handed out once.
//! * `journaled.rs`: the objective with a log around it.
//! * `clock.rs`, `ticks.rs`: time since the start of a run, and how it is told quickly.
//! * `identity.rs`: what defines a run, so that another one is refused.

mod clock;
mod identity;
mod journal;
mod journaled;
mod keep;
mod tape;
mod ticks;

pub use clock::Clock;
pub use keep::Log;

pub(crate) use keep::keep;
