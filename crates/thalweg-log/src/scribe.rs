//! The hand that writes: takes what waits, commits it in groups, and keeps what could not be written.

use std::path::PathBuf;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Condvar, Mutex, MutexGuard, PoisonError};
use std::time::{Duration, Instant};

use crate::notes::{Note, Notes};
use crate::pending::Pending;
use crate::store::Store;

/// How long a note waits for others before it is written.
pub(crate) const TICK: Duration = Duration::from_millis(50);
/// So many notes are written without waiting for more, and in one transaction.
const GROUP: usize = 1024;
/// So many bytes of notes are written without waiting for more: what is still in the processor's cache.
const GROUP_BYTES: usize = 512 << 10;
/// The most bytes of one transaction, about.
const TRANSACTION_BYTES: usize = 1 << 20;
/// More than this many bytes that cannot be written are given up, and the log with them.
const MOST_UNWRITTEN: usize = 128 << 20;
/// How long to wait before what could not be written is tried again.
const RETRY: Duration = Duration::from_secs(1);

/// What whoever takes note and whoever writes share.
#[derive(Default)]
pub(crate) struct Shared {
    state: Mutex<State>,
    /// There is something to write, or the end has come.
    pub wake: Condvar,
    /// What was waiting was taken.
    pub taken: Condvar,
    pub has_warning: AtomicBool,
}

#[derive(Default)]
pub(crate) struct State {
    pub queue: Notes,
    pub pending: Pending,
    /// Whether an evaluation was told since the objective answered.
    pub told: bool,
    pub closing: bool,
    /// Whether the thread was told that there is enough to write.
    pub is_woken: bool,
    /// Whether the run waits until what waits is taken.
    pub is_waited_for: bool,
    gave_up: bool,
    pub troubled: bool,
    warned: bool,
    pub warning: Option<String>,
}

impl State {
    pub fn push(&mut self, note: Note) {
        if self.gave_up {
            self.queue.clear();
        } else {
            self.queue.push(note);
        }
    }

    /// Write down what no evaluation will say, or not soon enough.
    pub fn settle(&mut self) {
        self.told = false;
        if !self.pending.is_empty() {
            let answer = self.pending.settle();
            let bytes = self.queue.keep_bytes(|buffer| answer.encode_into(buffer));
            self.push(Note::Answer(bytes));
        }
    }

    /// Whether there is enough to write.
    pub fn is_group(&self) -> bool {
        self.queue.len() >= GROUP || self.queue.bytes() >= GROUP_BYTES
    }
}

impl Shared {
    pub fn lock(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// The store, and what it could not write yet.
pub(crate) struct Scribe {
    store: Store,
    path: PathBuf,
    backlog: Notes,
    next_try: Option<Instant>,
}

impl Scribe {
    pub fn new(store: Store, path: PathBuf) -> Self {
        Scribe { store, path, backlog: Notes::default(), next_try: None }
    }

    /// Write in groups until the end.
    pub fn follow(mut self, shared: &Shared) -> Self {
        let mut n_answers = 0;
        loop {
            let mut state = shared.lock();
            if !state.closing && !state.is_group() {
                let waited = shared.wake.wait_timeout(state, TICK);
                state = waited.unwrap_or_else(PoisonError::into_inner).0;
            }
            // An answer that has waited for its evaluation since the last time waits no longer.
            if state.closing || state.pending.are_as_old_as(n_answers) {
                state.settle();
            }
            n_answers = state.pending.n_answers;
            let closing = state.closing;
            drop(state);
            if closing {
                self.next_try = None;
            }
            self.write(shared);
            if closing {
                return self;
            }
            self.store.look_at_clock();
        }
    }

    /// Take what waits, and write it if it is time to.
    pub fn write(&mut self, shared: &Shared) {
        let mut state = shared.lock();
        state.is_woken = false;
        if state.gave_up {
            return;
        }
        self.backlog.take_from(&mut state.queue);
        let is_waited_for = std::mem::take(&mut state.is_waited_for);
        drop(state);
        if is_waited_for {
            shared.taken.notify_all();
        }
        if self.backlog.is_empty() || self.next_try.is_some_and(|next| Instant::now() < next) {
            return;
        }
        let written = self.write_backlog();
        if written.is_ok() && self.next_try.is_none() {
            return;
        }
        let mut state = shared.lock();
        match written {
            Ok(()) => (self.next_try, state.troubled) = (None, false),
            Err(error) => {
                self.next_try = Some(Instant::now() + RETRY);
                state.troubled = true;
                if self.backlog.bytes() > MOST_UNWRITTEN {
                    state.gave_up = true;
                    self.backlog = Notes::default();
                }
                self.warn(&error, &mut state, shared);
            }
        }
    }

    /// A group at a time: where the disk is nearly full, some of it may still fit.
    fn write_backlog(&mut self) -> rusqlite::Result<()> {
        while !self.backlog.is_empty() {
            let (notes, buffer) = self.backlog.first(GROUP, TRANSACTION_BYTES);
            let count = notes.len();
            self.store.write(notes, buffer)?;
            self.backlog.drop_first(count);
        }
        Ok(())
    }

    /// Warn, unless that was done before.
    fn warn(&self, error: &rusqlite::Error, state: &mut State, shared: &Shared) {
        if !state.warned {
            state.warned = true;
            state.warning = Some(format!(
                "The log {} could not be written: {error}. The optimization goes on; what is missing in the log is kept in memory \
                 and written as soon as that works again.",
                self.path.display()
            ));
            shared.has_warning.store(true, Ordering::Relaxed);
        }
    }

    /// Try what is left once more, however long ago the last time was.
    pub fn write_rest(&mut self, shared: &Shared) {
        self.next_try = None;
        self.write(shared);
    }

    pub fn finish(&mut self, status: &str, message: &str, seconds: f64, shared: &Shared) {
        if let Err(error) = self.store.finish(status, message, seconds) {
            self.warn(&error, &mut shared.lock(), shared);
        }
    }
}
