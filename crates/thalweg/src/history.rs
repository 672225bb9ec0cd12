//! The history of a run: one row per evaluation, in flat columns.

use std::sync::Arc;

use thalweg_core::{Event, Sink, Task};

mod block;

use block::Block;

/// The rows of the first block; later blocks double up to about [`BLOCK_NUMBERS`] numbers.
const FIRST_ROWS: usize = 32;
const BLOCK_NUMBERS: usize = 1 << 16;

/// Columns that are longer grow by an eighth instead of doubling.
const LONG_COLUMN: usize = 1 << 16;

/// One row per evaluation. Adding a row costs the copy of its numbers and nothing else, and memory stays near that of the
/// numbers: 33 bytes and 8 for each parameter. Copies share the parameters.
///
/// Numerical derivatives' own evaluations are not rows: a numerical derivative is one row of the task "jac" or
/// "fun_and_jac".
#[derive(Clone, Debug, Default, PartialEq)]
pub struct History {
    dim: usize,
    /// Full blocks of whole rows, so that growing never moves what is there, each with the number of rows up to its end.
    full: Vec<(usize, Arc<Block>)>,
    /// The block that is filled.
    open: Block,
    values: Vec<f64>,
    start: Vec<f64>,
    stop: Vec<f64>,
    batches: Vec<u64>,
    tasks: Vec<Task>,
}

/// One evaluation, as a history has it.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Row<'a> {
    /// The parameters, flat.
    pub params: &'a [f64],
    /// The objective in the user's sign; NaN where only a derivative was computed.
    pub value: f64,
    /// What was computed.
    pub task: Task,
    /// The batch that it belongs to.
    pub batch: u64,
    /// When it began, in seconds since the start of the run.
    pub start: f64,
    /// When it ended.
    pub stop: f64,
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
        let full = self.full.iter().map(|(_, block)| &***block);
        full.chain([&*self.open]).flat_map(move |block| block.chunks_exact(dim))
    }

    /// The parameters of one row, flat.
    pub fn row(&self, row: usize) -> Option<&[f64]> {
        let before = self.full.partition_point(|&(end, _)| end <= row);
        let begin = before.checked_sub(1).map_or(0, |last| self.full[last].0);
        let block = self.full.get(before).map_or(&self.open, |(_, block)| &**block);
        let from = (row - begin) * self.dim;
        block.get(from..from + self.dim).filter(|_| row < self.len())
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

    /// Append one evaluation, which has as many parameters as the history.
    pub fn add(&mut self, row: Row<'_>) {
        debug_assert_eq!(row.params.len(), self.dim);
        if self.open.room() < self.dim {
            self.begin_block();
        }
        self.open.extend(row.params);
        if self.values.len() == self.values.capacity() {
            self.lengthen();
        }
        self.values.push(row.value);
        self.start.push(row.start);
        self.stop.push(row.stop);
        self.batches.push(row.batch);
        self.tasks.push(row.task);
    }

    /// Make room for more rows: twice as many, or an eighth more where memory counts.
    #[cold]
    fn lengthen(&mut self) {
        let rows = self.values.len();
        let more = if rows < LONG_COLUMN { rows.max(FIRST_ROWS) } else { rows / 8 };
        self.values.reserve_exact(more);
        self.start.reserve_exact(more);
        self.stop.reserve_exact(more);
        self.batches.reserve_exact(more);
        self.tasks.reserve_exact(more);
    }

    #[cold]
    fn begin_block(&mut self) {
        let most = (BLOCK_NUMBERS / self.dim.max(1)).max(1);
        let blocks = self.full.len() + usize::from(!self.open.is_empty());
        let rows = (FIRST_ROWS << blocks.min(20)).min(most);
        let filled = std::mem::replace(&mut self.open, Block::with_room(rows * self.dim));
        if !filled.is_empty() {
            self.full.push((self.values.len(), Arc::new(filled)));
        }
    }
}

impl Sink for History {
    fn record(&mut self, event: &Event<'_>) {
        if let Event::Evaluation { params, value, task, batch, start, stop, .. } = *event {
            self.add(Row { params, value: value.unwrap_or(f64::NAN), task, batch, start, stop });
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn filled(dim: usize, rows: usize) -> History {
        let mut history = History::new(dim);
        for i in 0..rows {
            let params: Vec<f64> = (0..dim).map(|k| (i * dim + k) as f64).collect();
            let (value, batch) = (i as f64, i as u64);
            let (params, task, start, stop) = (&params, Task::Fun, 0.0, 1.0);
            history.add(Row { params, value, task, batch, start, stop });
        }
        history
    }

    #[test]
    fn rows_are_found_in_every_block() {
        for (dim, rows) in [(1, 200_000), (7, 20_000), (100, 3_000), (70_000, 5)] {
            let history = filled(dim, rows);
            assert_eq!(history.params().count(), rows);
            for (i, row) in history.params().enumerate() {
                assert_eq!(row[0], (i * dim) as f64);
                assert_eq!(history.row(i), Some(row));
            }
            assert_eq!(history.row(rows), None);
        }
        assert_eq!(History::new(3).row(0), None);
    }

    #[test]
    fn memory_stays_near_that_of_the_numbers() {
        for (dim, rows) in [(1, 200_000), (100, 10_000), (70_000, 5)] {
            let history = filled(dim, rows);
            let full: usize = history.full.iter().map(|(_, block)| block.capacity()).sum();
            let numbers = full + history.open.capacity() + 4 * history.values.capacity();
            let raw = rows * (dim + 4);
            assert!(numbers * 10 < raw * 13, "{dim} parameters: {numbers} for {raw}");
        }
    }

    #[test]
    fn copies_share_their_blocks_and_grow_apart() {
        let history = filled(3, 1_000);
        let mut copy = history.clone();
        assert!(Arc::ptr_eq(&history.full[0].1, &copy.full[0].1));
        assert_eq!(copy, history);
        let (params, value) = (&[1.0; 3][..], f64::NAN);
        copy.add(Row { params, value, task: Task::Jac, batch: 0, start: 0.0, stop: 0.0 });
        assert_eq!((history.len(), copy.len()), (1_000, 1_001));
        assert_eq!(copy.row(1_000), Some(&[1.0; 3][..]));
    }
}
