//! The limits of a run, and what a callback is told.

/// When a run ends, whatever the algorithm.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Limits {
    /// The largest number of evaluations of the objective (`stopping_maxfun`); never exceeded.
    pub max_evaluations: u64,
    /// The largest number of iterations (`stopping_maxiter`).
    pub max_iterations: u64,
    /// The largest number of seconds (`stopping_maxtime`).
    pub max_seconds: Option<f64>,
    /// A value, in the user's sign, that is good enough (`convergence_target_value`).
    pub target: Option<f64>,
}

impl Default for Limits {
    fn default() -> Self {
        Limits {
            max_evaluations: 1_000_000,
            max_iterations: 1_000_000,
            max_seconds: None,
            target: None,
        }
    }
}

/// What a callback is told at the end of every iteration.
#[derive(Clone, Copy, Debug, PartialEq)]
#[non_exhaustive]
pub struct IterationReport<'a> {
    /// The number of the iteration, from 1.
    pub iteration: u64,
    /// The accepted parameters, flat.
    pub params: &'a [f64],
    /// The objective there, in the user's sign.
    pub value: f64,
    /// Evaluations of the objective so far.
    pub n_evaluations: u64,
    /// Seconds since the start of the run.
    pub seconds: f64,
}
