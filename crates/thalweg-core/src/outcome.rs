//! How a run ends: by the algorithm's own test ([`Finish`]) or from outside ([`Stop`]).

use std::fmt;

/// A convergence test that was met, with both of its numbers.
#[derive(Clone, Debug, PartialEq)]
pub struct Test {
    /// What was measured, in words: "relative change of the objective".
    pub measure: &'static str,
    /// The measured value.
    pub value: f64,
    /// The tolerance that it met; NaN for a test that is not a comparison of numbers.
    pub tolerance: f64,
    /// The option that sets the tolerance, or an empty string when it is not an option.
    pub option: &'static str,
}

impl fmt::Display for Test {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        if self.tolerance.is_nan() {
            return f.write_str(self.measure);
        }
        write!(f, "{} {:.3e} <= {:.3e}", self.measure, self.value, self.tolerance)?;
        if !self.option.is_empty() {
            write!(f, " ({})", self.option)?;
        }
        Ok(())
    }
}

/// What the algorithm says of its own end.
#[derive(Clone, Debug, PartialEq)]
pub enum Verdict {
    /// A convergence test was met.
    Converged(Test),
    /// No further progress is possible although no convergence test was met: the reason.
    Stalled(String),
    /// An inner limit of the algorithm was used up: the reason.
    Exhausted(String),
    /// No point near the end satisfies the constraints: how far they are from it.
    Infeasible(String),
}

impl Verdict {
    /// Whether this is a success. Anything but a met convergence test is not.
    pub fn is_success(&self) -> bool {
        matches!(self, Verdict::Converged(_))
    }
}

impl fmt::Display for Verdict {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Verdict::Converged(test) => write!(f, "converged: {test}"),
            Verdict::Stalled(reason) => write!(f, "no further progress: {reason}"),
            Verdict::Exhausted(reason) => write!(f, "stopped: {reason}"),
            Verdict::Infeasible(reason) => write!(f, "infeasible: {reason}"),
        }
    }
}

/// A further output of an algorithm, kept in the result by name.
#[derive(Clone, Debug, PartialEq)]
pub enum Extra {
    /// A number.
    Number(f64),
    /// A count.
    Count(u64),
    /// A vector.
    Vector(Vec<f64>),
    /// A row-major matrix with its number of columns.
    Matrix(Vec<f64>, usize),
    /// Words.
    Text(String),
}

/// What an algorithm returns when it ends by itself.
///
/// ```
/// use thalweg_core::{Finish, Test};
/// let test = Test { measure: "gradient", value: 1e-7, tolerance: 1e-5, option: "convergence_gtol_abs" };
/// let finish = Finish::converged(vec![0.0], 0.0, test).with("curvature", 2.0);
/// assert!(finish.verdict.is_success());
/// ```
#[derive(Clone, Debug, PartialEq)]
pub struct Finish {
    /// The point that the algorithm returns.
    pub x: Vec<f64>,
    /// The objective's value there.
    pub value: f64,
    /// Why it ended.
    pub verdict: Verdict,
    /// Further outputs; "gradient", "jacobian", "hessian", "hessian_inverse" have a place of their own in the result.
    pub extras: Vec<(&'static str, Extra)>,
}

impl Finish {
    /// A convergence test was met.
    pub fn converged(x: Vec<f64>, value: f64, test: Test) -> Self {
        Finish { x, value, verdict: Verdict::Converged(test), extras: Vec::new() }
    }

    /// No progress is possible, for the given reason.
    pub fn stalled(x: Vec<f64>, value: f64, reason: impl Into<String>) -> Self {
        Finish { x, value, verdict: Verdict::Stalled(reason.into()), extras: Vec::new() }
    }

    /// An inner limit was used up.
    pub fn exhausted(x: Vec<f64>, value: f64, reason: impl Into<String>) -> Self {
        Finish { x, value, verdict: Verdict::Exhausted(reason.into()), extras: Vec::new() }
    }

    /// The constraints cannot be satisfied, for the given reason.
    pub fn infeasible(x: Vec<f64>, value: f64, reason: impl Into<String>) -> Self {
        Finish { x, value, verdict: Verdict::Infeasible(reason.into()), extras: Vec::new() }
    }

    /// Add a further output.
    #[must_use]
    pub fn with(mut self, name: &'static str, extra: impl Into<Extra>) -> Self {
        self.extras.push((name, extra.into()));
        self
    }
}

impl From<f64> for Extra {
    fn from(value: f64) -> Self {
        Extra::Number(value)
    }
}

impl From<u64> for Extra {
    fn from(value: u64) -> Self {
        Extra::Count(value)
    }
}

impl From<Vec<f64>> for Extra {
    fn from(value: Vec<f64>) -> Self {
        Extra::Vector(value)
    }
}

impl From<String> for Extra {
    fn from(value: String) -> Self {
        Extra::Text(value)
    }
}

/// Why a run was ended from outside. Algorithms pass it on with `?` and never make one.
#[derive(Clone, Debug, PartialEq)]
pub enum Stop {
    /// The evaluations are used up.
    MaxEvaluations(u64),
    /// The iterations are used up.
    MaxIterations(u64),
    /// The time, in seconds, is used up.
    MaxSeconds(f64),
    /// The objective reached the user's target.
    Target {
        /// The value reached, in the user's sign.
        value: f64,
        /// The target.
        target: f64,
    },
    /// The objective fell to minus infinity (plus infinity when maximizing).
    Unbounded,
    /// The user's callback asked for the end.
    Callback,
    /// The user interrupted the run.
    Interrupted,
    /// The user's function failed; the evaluator that stopped the run keeps the cause.
    Failed(String),
}

impl Stop {
    /// Whether the run reached what the user asked for: only a target does.
    pub fn is_success(&self) -> bool {
        matches!(self, Stop::Target { .. })
    }
}

fn count(n: u64, what: &str) -> String {
    if n == 1 { format!("1 {what} is") } else { format!("{n} {what}s are") }
}

impl fmt::Display for Stop {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Stop::MaxEvaluations(n) => {
                write!(f, "stopped: {} used up (stopping_maxfun)", count(*n, "evaluation"))
            }
            Stop::MaxIterations(n) => {
                write!(f, "stopped: {} used up (stopping_maxiter)", count(*n, "iteration"))
            }
            Stop::MaxSeconds(s) => write!(f, "stopped: {s} seconds are used up (stopping_maxtime)"),
            Stop::Target { value, target } => {
                write!(f, "target reached: {value:?} (convergence_target_value {target:?})")
            }
            Stop::Unbounded => write!(f, "stopped: the objective is unbounded"),
            Stop::Callback => write!(f, "stopped by the callback"),
            Stop::Interrupted => write!(f, "interrupted"),
            Stop::Failed(what) => write!(f, "failed: {what}"),
        }
    }
}

impl std::error::Error for Stop {}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn targets_are_written_as_people_write_numbers() {
        let text = |value, target| Stop::Target { value, target }.to_string();
        assert_eq!(text(-1.5, -1.0), "target reached: -1.5 (convergence_target_value -1.0)");
        assert_eq!(text(0.0, 1e-20), "target reached: 0.0 (convergence_target_value 1e-20)");
    }
}
