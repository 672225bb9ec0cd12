//! Who holds the interpreter during a run.
//!
//! Small runs keep it: taking it for every evaluation would cost more than the rest of the pipeline. Other threads of Python get
//! it whenever the user's function runs Python code, as in every Python program, and at the turns below, in case the function is
//! written in C; so do handlers of signals. Large runs give it back between evaluations, because the algorithm's own work takes its time there.

use std::time::Instant;

use pyo3::prelude::*;

/// What other threads may have to wait at most, as long as evaluations take about as long as before.
const PATIENCE: u64 = 5_000_000; // ns, as sys.getswitchinterval()
/// The most evaluations between two turns.
const MOST: u32 = 256;

/// Lets other threads have the interpreter now and then.
#[derive(Debug)]
pub(crate) struct Turns {
    last: Instant,
    evaluations: u32,
    until_next: u32,
}

impl Turns {
    pub(crate) fn new() -> Self {
        Turns { last: Instant::now(), evaluations: 0, until_next: 1 }
    }

    /// Count an evaluation; the turn of the others comes after as many as take about [`PATIENCE`].
    ///
    /// # Errors
    /// What a handler of a signal raised.
    #[inline]
    pub(crate) fn count(&mut self, py: Python<'_>) -> PyResult<()> {
        self.evaluations += 1;
        if self.evaluations >= self.until_next { self.give(py) } else { Ok(()) }
    }

    #[cold]
    fn give(&mut self, py: Python<'_>) -> PyResult<()> {
        py.detach(|| ());
        let now = Instant::now();
        let each = (now - self.last).as_nanos() as u64 / u64::from(self.evaluations);
        let fitting =
            PATIENCE.checked_div(each).map_or(MOST, |fitting| fitting.min(MOST.into()) as u32);
        self.until_next = (2 * self.until_next).min(fitting).max(1);
        (self.last, self.evaluations) = (now, 0);
        py.check_signals()
    }
}
