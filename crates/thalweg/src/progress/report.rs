//! What a display of progress is told.

use std::fmt;

use crate::report::significant;

/// How far a run is. Its text is one line.
#[derive(Clone, Debug, PartialEq)]
#[non_exhaustive]
pub struct ProgressReport {
    /// Evaluations of the objective; those for numerical derivatives do not count.
    pub n_evaluations: u64,
    /// Iterations.
    pub n_iterations: u64,
    /// The best value so far in the user's sign, NaN before the first; with nonlinear constraints, which the best value may
    /// violate, that of the last iteration.
    pub best: f64,
    /// Seconds since the start of the run.
    pub seconds: f64,
    /// The largest part of a limit (evaluations, iterations, seconds, local runs of a search from many starts) that is used up;
    /// `None` if none was set.
    pub share: Option<f64>,
    /// Whether a search from many starts explores.
    pub exploring: bool,
    /// How many local runs of such a search have begun.
    pub local_runs: Option<u64>,
    /// Why the run ended, when it has.
    pub end: Option<String>,
}

impl Default for ProgressReport {
    fn default() -> Self {
        ProgressReport {
            n_evaluations: 0,
            n_iterations: 0,
            best: f64::NAN,
            seconds: 0.0,
            share: None,
            exploring: false,
            local_runs: None,
            end: None,
        }
    }
}

impl fmt::Display for ProgressReport {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self.local_runs {
            _ if self.exploring && self.end.is_none() => f.write_str("exploring | ")?,
            Some(0) | None => {}
            Some(1) => f.write_str("1 local run | ")?,
            Some(runs) => write!(f, "{runs} local runs | ")?,
        }
        let noun = if self.n_evaluations == 1 { "evaluation" } else { "evaluations" };
        write!(f, "{} {noun}", self.n_evaluations)?;
        if !self.best.is_nan() {
            write!(f, " | best {}", significant(self.best))?;
        }
        write!(f, " | {}", duration(self.seconds))?;
        if let Some(share) = self.share {
            write!(f, " | {:.0} % of the budget", 100.0 * share)?;
        }
        if let Some(end) = &self.end {
            // Messages may have lines of their own.
            write!(f, " | {}", end.lines().next().unwrap_or_default())?;
        }
        Ok(())
    }
}

/// A time as people say it.
fn duration(seconds: f64) -> String {
    let whole = seconds as u64;
    match whole {
        0..60 => format!("{seconds:.1} s"),
        60..3600 => format!("{}:{:02} min", whole / 60, whole % 60),
        _ => format!("{}:{:02}:{:02} h", whole / 3600, whole / 60 % 60, whole % 60),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn everything_is_in_one_line() {
        let mut report = ProgressReport { seconds: 0.04, ..Default::default() };
        assert_eq!(report.to_string(), "0 evaluations | 0.0 s");
        report = ProgressReport { n_evaluations: 1, best: 12345.678, seconds: 75.2, ..report };
        assert_eq!(report.to_string(), "1 evaluation | best 1.235e+04 | 1:15 min");
        report = ProgressReport { share: Some(0.256), seconds: 7384.0, ..report };
        let text = "1 evaluation | best 1.235e+04 | 2:03:04 h | 26 % of the budget";
        assert_eq!(report.to_string(), text);
        report = ProgressReport { exploring: true, local_runs: Some(0), ..report };
        assert_eq!(report.to_string(), format!("exploring | {text}"));
        report = ProgressReport { exploring: false, local_runs: Some(3), ..report };
        assert_eq!(report.to_string(), format!("3 local runs | {text}"));
        report = ProgressReport { end: Some("converged\nin full".into()), ..report };
        assert_eq!(report.to_string(), format!("3 local runs | {text} | converged"));
    }
}
