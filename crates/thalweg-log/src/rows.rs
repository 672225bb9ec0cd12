//! What a reader hands out: plain columns and records over flat vectors.

use crate::fingerprint::Fingerprint;

/// A problem of a log: one run.
#[derive(Clone, Debug, PartialEq)]
pub struct LogProblem {
    /// Its id in the file.
    pub id: i64,
    /// "minimize" or "maximize".
    pub direction: String,
    /// The public name of the algorithm.
    pub algorithm: String,
    /// The names of the parameters.
    pub names: Vec<String>,
    /// The start values.
    pub start: Vec<f64>,
    /// Lower bounds.
    pub lower: Option<Vec<f64>>,
    /// Upper bounds.
    pub upper: Option<Vec<f64>>,
    /// The structure of the parameters as JSON, if the front door wrote one.
    pub structure: Option<String>,
    /// What defines the run.
    pub fingerprint: Fingerprint,
    /// The version of thalweg that began it.
    pub library: String,
    /// When it began, in UTC.
    pub begun_at: String,
    /// "running" (which a run that crashed stays), or how it ended.
    pub status: String,
    /// Why it ended.
    pub message: Option<String>,
    /// How many seconds it took.
    pub seconds: Option<f64>,
    /// How often it was resumed.
    pub n_resumed: i64,
    /// How many evaluations there are.
    pub n_evaluations: usize,
}

/// A step of a problem: the one optimization, or the exploration and the local runs of a search from many starts.
#[derive(Clone, Debug, PartialEq)]
pub struct LogStep {
    /// Its number within the problem.
    pub number: i64,
    /// "optimization" or "exploration".
    pub kind: String,
    /// Its name.
    pub name: String,
    /// "running", "complete", "skipped" or "failed".
    pub status: String,
    /// Its iterations, once it has ended.
    pub n_iterations: Option<i64>,
    /// When it began, in seconds since the start of the run.
    pub start: Option<f64>,
    /// When it ended.
    pub stop: Option<f64>,
}

/// One evaluation.
#[derive(Clone, Debug, PartialEq)]
pub struct LogIteration {
    /// Its id in the file.
    pub id: i64,
    /// The step that it belongs to.
    pub step: i64,
    /// "fun", "jac", "fun_and_jac" or "exploration".
    pub task: String,
    /// Its batch within the step.
    pub batch: i64,
    /// The parameters, flat.
    pub params: Vec<f64>,
    /// The objective in the user's sign, if it was computed.
    pub fun: Option<f64>,
    /// When it began, in seconds since the start of the run.
    pub start: f64,
    /// When it ended.
    pub stop: f64,
    /// The error, if it failed and the run went on.
    pub exception: Option<String>,
    /// What else the objective said, as JSON.
    pub info: Option<String>,
}

/// Evaluations in columns of one length.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct LogColumns {
    /// The number of parameters.
    pub dim: usize,
    /// Ids in the file.
    pub ids: Vec<i64>,
    /// The parameters of all evaluations, one after the other.
    pub params: Vec<f64>,
    /// The objective; NaN where it was not computed.
    pub fun: Vec<f64>,
    /// When each began, in seconds since the start of the run.
    pub start: Vec<f64>,
    /// When each ended.
    pub stop: Vec<f64>,
    /// The batch of each.
    pub batch: Vec<i64>,
    /// The task of each: 0 "fun", 1 "jac", 2 "fun_and_jac", 3 "exploration", 4 "hess".
    pub task: Vec<u8>,
    /// The step of each.
    pub step: Vec<i64>,
    /// Whether each is all that the objective answered there.
    pub is_answer: Vec<bool>,
}

impl LogColumns {
    /// The number of evaluations.
    pub fn len(&self) -> usize {
        self.ids.len()
    }

    /// Whether there are none.
    pub fn is_empty(&self) -> bool {
        self.ids.is_empty()
    }

    /// The parameters of every evaluation.
    pub fn rows(&self) -> impl ExactSizeIterator<Item = &[f64]> {
        self.params.chunks_exact(self.dim.max(1))
    }

    /// The evaluations at these places, in this order.
    #[must_use]
    pub fn at(&self, places: &[usize]) -> LogColumns {
        fn pick<T: Copy>(all: &[T], places: &[usize]) -> Vec<T> {
            places.iter().map(|&i| all[i]).collect()
        }
        let dim = self.dim;
        LogColumns {
            dim,
            ids: pick(&self.ids, places),
            params: places
                .iter()
                .flat_map(|&i| &self.params[i * dim..(i + 1) * dim])
                .copied()
                .collect(),
            fun: pick(&self.fun, places),
            start: pick(&self.start, places),
            stop: pick(&self.stop, places),
            batch: pick(&self.batch, places),
            task: pick(&self.task, places),
            step: pick(&self.step, places),
            is_answer: pick(&self.is_answer, places),
        }
    }
}

/// The evaluations of a search from many starts, step by step.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct MultistartLog {
    /// The local run with the best value.
    pub best: LogColumns,
    /// The other local runs, in the order in which they began.
    pub local: Vec<LogColumns>,
    /// The exploration, best value first; empty in a log of a single run.
    pub exploration: LogColumns,
}
