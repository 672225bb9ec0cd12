//! Time since the start of a run, which a resumed run counts on from where its log ends.

use std::sync::Arc;

use thalweg_core::Task;

use super::journal::Journal;
use super::ticks::Ticks;

/// The time since the start of a run. Clones show the same time.
#[derive(Clone)]
pub struct Clock {
    ticks: Ticks,
    journal: Option<Arc<Journal>>,
}

impl Clock {
    /// A clock that starts now.
    pub fn start() -> Self {
        Clock { ticks: Ticks::start(), journal: None }
    }

    /// The same for a run with a log.
    pub(super) fn with_journal(self, journal: &Arc<Journal>) -> Self {
        Clock { journal: Some(Arc::clone(journal)), ..self }
    }

    /// Seconds since the start of the run; while answers come from a log, those at which they were given.
    #[inline]
    pub fn seconds(&self) -> f64 {
        let elapsed = self.ticks.seconds();
        self.journal.as_ref().map_or(elapsed, |journal| journal.seconds(elapsed))
    }

    /// When an evaluation that comes from a log began and ended. It is handed out once.
    pub(crate) fn logged(&self, params: &[f64], task: Task) -> Option<(f64, f64)> {
        self.journal.as_ref()?.times(params, task)
    }

    /// The algorithm has ended: what is evaluated from now on only says more of its result.
    pub(crate) fn algorithm_ended(&self, ended: bool) {
        if let Some(journal) = &self.journal {
            journal.set_final(ended);
        }
    }
}
