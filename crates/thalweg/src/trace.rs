//! What `tracing` is told of a run: that it begins and ends (info), its iterations (debug), failures that a penalty stands in for
//! and what the user should know of a search (warn). Target "thalweg".
//!
//! These are events of the whole run, told where it was asked for, and never on the stack of a suspended one: who listens may be
//! the user's code.

use std::time::Instant;

use thalweg_core::{Event, Sink};
use tracing::{Level, debug, enabled, info, warn};

use crate::error::OptimizeError;
use crate::objective::Failure;
use crate::result::{Direction, FlatResult};

const TARGET: &str = "thalweg";

/// The events of one run.
#[derive(Debug)]
pub struct Trace {
    begin: Instant,
}

impl Trace {
    /// The run begins.
    pub fn begin(algorithm: &str, direction: Direction, n_params: usize) -> Self {
        info!(target: TARGET, algorithm, ?direction, n_params, "run begins");
        Trace { begin: Instant::now() }
    }

    /// A sink that tells of iterations, if somebody listens.
    pub fn iterations() -> Option<Iterations> {
        enabled!(target: TARGET, Level::DEBUG).then_some(Iterations)
    }

    /// A failure that a penalty stands in for.
    pub fn failure(failure: &Failure) {
        let (function, error) = (failure.function(), failure.error.message.as_str());
        warn!(target: TARGET, function, error, "evaluation failed; a penalty takes its place");
    }

    /// The run has ended.
    pub fn end(&self, ended: &Result<FlatResult, OptimizeError>) {
        let seconds = self.begin.elapsed().as_secs_f64();
        match ended {
            Ok(result) => {
                for warning in result.multistart.iter().flat_map(|info| &info.warnings) {
                    warn!(target: TARGET, "{warning}");
                }
                let FlatResult { fun, n_fun_evals, n_iterations, .. } = result;
                let reason = &result.message;
                let status = result.status.as_str();
                info!(target: TARGET, status, fun, n_fun_evals, n_iterations, seconds, reason, "run ends");
            }
            Err(error) => warn!(target: TARGET, %error, seconds, "run fails"),
        }
    }
}

/// Tells of iterations.
#[derive(Debug)]
pub struct Iterations;

impl Sink for Iterations {
    fn record(&mut self, event: &Event<'_>) {
        if let Event::Iteration { number, value, .. } = *event {
            debug!(target: TARGET, iteration = number, fun = value, "iteration");
        }
    }
}
