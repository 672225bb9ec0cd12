//! What a log tells for plots: the same as the result of its run.

use thalweg_log::{LogColumns, LogReader};

use super::CriterionRun;
use super::criterion::Histories;
use crate::error::OptimizeError;

/// The task of evaluations that look around.
const EXPLORATION: u8 = 3;

/// The last problem of a log, step by step.
pub(super) struct Recorded {
    maximize: bool,
    /// The run, or the local runs of a search.
    pub(super) runs: Vec<LogColumns>,
    /// The exploration of a search, best first.
    pub(super) exploration: Option<LogColumns>,
}

impl Recorded {
    pub(super) fn new(reader: &LogReader) -> Result<Self, OptimizeError> {
        let problem = reader.problem(-1)?;
        let columns = reader.columns(&problem)?;
        let maximize = problem.direction == "maximize";
        let mut recorded = Recorded { maximize, runs: Vec::new(), exploration: None };
        let has_ended_well = |status: &str| !matches!(status, "skipped" | "failed");
        for step in reader.steps(-1)?.iter().filter(|step| has_ended_well(&step.status)) {
            let explores = step.kind == "exploration";
            // Points that are tried between local runs are none of theirs.
            let mut places: Vec<usize> = (0..columns.len())
                .filter(|&i| columns.step[i] == step.number)
                .filter(|&i| (columns.task[i] == EXPLORATION) == explores)
                .collect();
            if explores {
                places.retain(|&i| !columns.fun[i].is_nan());
                places.sort_by(|&a, &b| recorded.rank(columns.fun[a], columns.fun[b]));
                recorded.exploration = Some(columns.at(&places));
            } else {
                recorded.runs.push(columns.at(&places));
            }
        }
        Ok(recorded)
    }

    /// Which of two values is the better one.
    fn rank(&self, a: f64, b: f64) -> std::cmp::Ordering {
        if self.maximize { b.total_cmp(&a) } else { a.total_cmp(&b) }
    }

    /// The values of the run with the best one.
    fn best(&self) -> Vec<f64> {
        let best_of = |run: &LogColumns| {
            let values = run.fun.iter().copied().filter(|value| !value.is_nan());
            let worst = if self.maximize { f64::NEG_INFINITY } else { f64::INFINITY };
            values.min_by(|a, b| self.rank(*a, *b)).unwrap_or(worst)
        };
        let best = self.runs.iter().min_by(|a, b| self.rank(best_of(a), best_of(b)));
        best.map_or_else(Vec::new, |run| run.fun.clone())
    }
}

/// The last problem of a log, with the name "0".
impl Histories for &LogReader {
    fn runs(self) -> Result<Vec<CriterionRun>, OptimizeError> {
        let recorded = Recorded::new(self)?;
        let best = recorded.best();
        let mut run = CriterionRun { maximize: recorded.maximize, ..CriterionRun::new("0", best) };
        if let Some(exploration) = recorded.exploration {
            run.local_values = recorded.runs.into_iter().map(|local| local.fun).collect();
            run.exploration = exploration.fun;
        }
        Ok(vec![run])
    }
}
