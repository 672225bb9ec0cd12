//! The history of a run: one row per evaluation, in flat columns.

use thalweg_core::{Event, Sink, Task};

/// The rows of the first block; later blocks double up to about [`BLOCK_NUMBERS`] numbers.
const FIRST_ROWS: usize = 32;
const BLOCK_NUMBERS: usize = 1 << 16;

/// One row per evaluation. Adding a row costs the copy of its numbers and nothing else.
///
/// Numerical derivatives' own evaluations are not rows: a numerical derivative is one row of the task "jac" or
/// "fun_and_jac".
#[derive(Clone, Debug, Default, PartialEq)]
pub struct History {
    dim: usize,
    /// Blocks of whole rows, so that growing never moves what is there.
    blocks: Vec<Vec<f64>>,
    values: Vec<f64>,
    start: Vec<f64>,
    stop: Vec<f64>,
    batches: Vec<u64>,
    tasks: Vec<Task>,
}

impl History {
    /// An empty history of points with `dim` parameters.
    pub fn new(dim: usize) -> Self {
        History { dim, ..Default::default() }
    }

    /// The number of rows.
    pub fn len(&self) -> usize {
        self.values.len()
    }

    /// Whether there is no row.
    pub fn is_empty(&self) -> bool {
        self.values.is_empty()
    }

    /// The number of parameters.
    pub fn dim(&self) -> usize {
        self.dim
    }

    /// The parameters of every row, flat.
    pub fn params(&self) -> impl Iterator<Item = &[f64]> {
        let dim = self.dim.max(1);
        self.blocks.iter().flat_map(move |block| block.chunks_exact(dim))
    }

    /// The objective of every row in the user's sign; NaN where only a derivative was computed.
    pub fn values(&self) -> &[f64] {
        &self.values
    }

    /// When every evaluation began, in seconds since the start of the run.
    pub fn start_times(&self) -> &[f64] {
        &self.start
    }

    /// When every evaluation ended, in seconds since the start of the run.
    pub fn stop_times(&self) -> &[f64] {
        &self.stop
    }

    /// The batch that every evaluation belongs to.
    pub fn batches(&self) -> &[u64] {
        &self.batches
    }

    /// What every evaluation computed.
    pub fn tasks(&self) -> &[Task] {
        &self.tasks
    }

    /// The best value so far at every row: the running minimum or maximum; NaN where the row has no value.
    pub fn monotone_values(&self, maximize: bool) -> Vec<f64> {
        let mut best = f64::NAN;
        let better =
            |value: f64, best: f64| if maximize { best.max(value) } else { best.min(value) };
        let step = |&value: &f64| {
            if !value.is_nan() {
                best = better(value, best);
                best
            } else {
                f64::NAN
            }
        };
        self.values.iter().map(step).collect()
    }

    /// Whether every row is at least as good as all rows before it.
    pub fn is_accepted(&self, maximize: bool) -> Vec<bool> {
        let monotone = self.monotone_values(maximize);
        monotone.iter().zip(&self.values).map(|(best, value)| best == value).collect()
    }

    fn push_params(&mut self, params: &[f64]) {
        let full = self.blocks.last().is_none_or(|block| block.capacity() - block.len() < self.dim);
        if full {
            let most = (BLOCK_NUMBERS / self.dim.max(1)).max(FIRST_ROWS);
            let rows = (FIRST_ROWS << self.blocks.len().min(20)).min(most);
            self.blocks.push(Vec::with_capacity(rows * self.dim));
        }
        if let Some(block) = self.blocks.last_mut() {
            block.extend_from_slice(params);
        }
    }
}

impl Sink for History {
    fn record(&mut self, event: &Event<'_>) {
        if let Event::Evaluation { params, value, task, batch, start, stop, .. } = *event {
            self.push_params(params);
            self.values.push(value.unwrap_or(f64::NAN));
            self.start.push(start);
            self.stop.push(stop);
            self.batches.push(batch);
            self.tasks.push(task);
        }
    }
}
