//! The graded end of a run.

use std::fmt;

use thalweg_core::{Stop, Verdict};

/// How a run ended. Only the first three are a success.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum Status {
    /// A convergence test was met.
    Converged = 0,
    /// The user's target value was reached.
    TargetReached = 1,
    /// Every parameter is fixed.
    NothingToOptimize = 2,
    /// No further progress was possible, and no convergence test was met.
    Stalled = 3,
    /// An inner limit of the algorithm was used up.
    Exhausted = 4,
    /// The evaluations were used up.
    MaxEvaluations = 5,
    /// The iterations were used up.
    MaxIterations = 6,
    /// The time was used up.
    MaxSeconds = 7,
    /// The user's callback asked for the end.
    Callback = 8,
    /// The user interrupted the run.
    Interrupted = 9,
    /// The user's function failed.
    Failed = 10,
    /// The objective is unbounded.
    Unbounded = 11,
    /// The returned point is not what it should be: not finite, or it violates a constraint.
    Invalid = 12,
    /// The algorithm ended at a point that violates the nonlinear constraints and cannot be improved.
    Infeasible = 13,
}

impl Status {
    /// Every status with its word, by number.
    pub const WORDS: [&'static str; 14] = [
        "converged",
        "target_reached",
        "nothing_to_optimize",
        "stalled",
        "exhausted",
        "max_evaluations",
        "max_iterations",
        "max_seconds",
        "callback",
        "interrupted",
        "failed",
        "unbounded",
        "invalid",
        "infeasible",
    ];

    /// The status in one word.
    pub fn as_str(self) -> &'static str {
        Status::WORDS[self as usize]
    }

    /// The status of this word.
    pub fn from_word(word: &str) -> Option<Status> {
        Status::ALL.into_iter().find(|status| status.as_str() == word)
    }

    const ALL: [Status; 14] = [
        Status::Converged,
        Status::TargetReached,
        Status::NothingToOptimize,
        Status::Stalled,
        Status::Exhausted,
        Status::MaxEvaluations,
        Status::MaxIterations,
        Status::MaxSeconds,
        Status::Callback,
        Status::Interrupted,
        Status::Failed,
        Status::Unbounded,
        Status::Invalid,
        Status::Infeasible,
    ];

    /// Whether the run did what it was asked to do.
    pub fn is_success(self) -> bool {
        matches!(self, Status::Converged | Status::TargetReached | Status::NothingToOptimize)
    }
}

impl fmt::Display for Status {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.as_str())
    }
}

impl From<&Verdict> for Status {
    fn from(verdict: &Verdict) -> Self {
        match verdict {
            Verdict::Converged(_) => Status::Converged,
            Verdict::Stalled(_) => Status::Stalled,
            Verdict::Exhausted(_) => Status::Exhausted,
            Verdict::Infeasible(_) => Status::Infeasible,
        }
    }
}

impl From<&Stop> for Status {
    fn from(stop: &Stop) -> Self {
        match stop {
            Stop::MaxEvaluations(_) => Status::MaxEvaluations,
            Stop::MaxIterations(_) => Status::MaxIterations,
            Stop::MaxSeconds(_) => Status::MaxSeconds,
            Stop::Target { .. } => Status::TargetReached,
            Stop::Unbounded => Status::Unbounded,
            Stop::Callback => Status::Callback,
            Stop::Interrupted => Status::Interrupted,
            Stop::Failed(_) => Status::Failed,
        }
    }
}
