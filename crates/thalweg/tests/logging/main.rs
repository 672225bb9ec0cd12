//! Logs of whole runs, and runs that go on from them.

mod crash;
mod refusals;
mod resume;
mod seeds;
mod support;
