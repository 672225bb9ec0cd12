//! The writing side: takes note of what happens, and commits it in groups from a thread of its own or before the next evaluation.

use std::collections::VecDeque;
use std::path::{Path, PathBuf};
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Condvar, Mutex, MutexGuard, PoisonError};
use std::thread::JoinHandle;
use std::time::{Duration, Instant};

use thalweg_core::Event;

use crate::answer::{AnswerBatch, Wanted};
use crate::error::LogError;
use crate::hash::point_hash;
use crate::options::{Durability, LogOptions};
use crate::store::{self, ProblemHeader, Record, Row, Store, to_bytes};

/// How long a note waits for others before it is written.
const TICK: Duration = Duration::from_millis(50);
/// So many notes are written without waiting for more.
const GROUP: usize = 256;
/// The most notes of one transaction.
const MOST_IN_TRANSACTION: usize = 4 * GROUP;
/// More than this many bytes of notes make the run wait for the disk.
const MOST_WAITING: usize = 32 << 20;
/// More than this many bytes that cannot be written are given up, and the log with them.
const MOST_UNWRITTEN: usize = 128 << 20;
/// How long to wait before what could not be written is tried again.
const RETRY: Duration = Duration::from_secs(1);

/// What is noted about a step of a run.
pub(crate) enum StepNote {
    /// It began, so many seconds after the run did.
    Began {
        /// Its number in the run.
        number: u64,
        /// Whether it explores for starts.
        exploration: bool,
        /// Seconds since the start of the run.
        start: f64,
    },
    /// It ended.
    Ended {
        /// Its number in the run.
        number: u64,
        /// "complete", "skipped" or "failed".
        status: &'static str,
        /// The number of its iterations.
        n_iterations: u64,
        /// Seconds since the start of the run.
        stop: f64,
    },
}

/// Writes the log of one run. A failure to write is told once and never stops the run.
pub struct Writer {
    shared: Arc<Shared>,
    path: PathBuf,
    problem: i64,
    hand: Option<Hand>,
}

/// Who writes to the file.
enum Hand {
    /// Whoever takes note, before the next evaluation.
    Own(Box<Mutex<Scribe>>),
    /// A thread.
    Thread(JoinHandle<Option<Scribe>>),
}

/// A thread that writes; where the system has none to give, whoever takes note does it.
fn hand_of_thread(scribe: Scribe, shared: &Arc<Shared>) -> Hand {
    let own = Arc::clone(shared);
    // The scribe reaches the thread through a channel, so that it is still here if there is no thread.
    let (sender, receiver) = std::sync::mpsc::sync_channel::<Scribe>(1);
    let body = move || receiver.recv().map(|scribe| scribe.follow(&own)).ok();
    match std::thread::Builder::new().name("thalweg-log".into()).spawn(body) {
        Ok(thread) => match sender.send(scribe) {
            Ok(()) => Hand::Thread(thread),
            Err(back) => Hand::Own(Box::new(Mutex::new(back.0))),
        },
        Err(_) => Hand::Own(Box::new(Mutex::new(scribe))),
    }
}

/// What the run and the thread share.
struct Shared {
    state: Mutex<State>,
    /// There is something to write, or the end has come.
    wake: Condvar,
    /// What was waiting was taken.
    taken: Condvar,
    has_warning: AtomicBool,
}

#[derive(Default)]
struct State {
    queue: Vec<Record>,
    bytes: usize,
    /// Values of the objective whose evaluation was not told yet: its row will say the same.
    pending: VecDeque<(u64, f64)>,
    pending_is_old: bool,
    /// Whether an evaluation was told since the objective answered.
    told: bool,
    closing: bool,
    gave_up: bool,
    troubled: bool,
    warned: bool,
    warning: Option<String>,
}

impl State {
    fn push(&mut self, record: Record) {
        if !self.gave_up {
            self.bytes += record.bytes();
            self.queue.push(record);
        }
    }

    /// Write down what no evaluation will say, or not soon enough.
    fn settle(&mut self) {
        self.pending_is_old = false;
        if self.pending.is_empty() {
            return;
        }
        let (keys, numbers) = self.pending.drain(..).unzip();
        let batch = AnswerBatch {
            wanted: Wanted::OUTPUTS,
            keys,
            widths: PLAIN,
            numbers,
            ..AnswerBatch::default()
        };
        self.push(Record::Answer(batch.encode()));
    }
}

/// The widths of an answer that is one number.
const PLAIN: [usize; 4] = [1, 0, 0, 0];

impl Shared {
    fn lock(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Writer {
    /// Whether the options allow a log at their path. Nothing that is there is changed.
    ///
    /// # Errors
    /// There is a file that is in the way, no folder, or no permission.
    pub fn check(options: &LogOptions, resume: bool) -> Result<(), LogError> {
        store::check(options, resume)
    }

    /// Open or create the file and begin a problem, which is committed when this returns.
    ///
    /// # Errors
    /// The file cannot be opened, created, replaced or written, or is something else.
    pub fn begin(options: &LogOptions, header: &ProblemHeader) -> Result<Self, LogError> {
        let mut store = Store::open(options, header.start.len(), false)?;
        let begun = store.begin(header);
        begun.map_err(|error| store::sqlite(&options.path, "written", &error))?;
        Ok(Writer::new(options, store))
    }

    /// Open the file and go on with one of its problems, or begin another one in it if there is none to go on with.
    ///
    /// # Errors
    /// As [`Writer::begin`].
    pub fn resume(
        options: &LogOptions,
        header: &ProblemHeader,
        problem: Option<i64>,
    ) -> Result<Self, LogError> {
        let mut store = Store::open(options, header.start.len(), true)?;
        let begun = match problem {
            Some(problem) => store.resume(problem),
            None => store.begin(header),
        };
        begun.map_err(|error| store::sqlite(&options.path, "written", &error))?;
        Ok(Writer::new(options, store))
    }

    fn new(options: &LogOptions, store: Store) -> Self {
        let shared = Arc::new(Shared {
            state: Mutex::default(),
            wake: Condvar::new(),
            taken: Condvar::new(),
            has_warning: AtomicBool::new(false),
        });
        let (path, problem) = (options.path.clone(), store.problem);
        let scribe = Scribe::new(store, path.clone());
        let hand = match options.durability {
            Durability::Strict => Hand::Own(Box::new(Mutex::new(scribe))),
            Durability::Grouped | Durability::Unsafe => hand_of_thread(scribe, &shared),
        };
        Writer { shared, path, problem, hand: Some(hand) }
    }

    /// The file.
    pub fn path(&self) -> &Path {
        &self.path
    }

    /// The id of the problem.
    pub fn problem(&self) -> i64 {
        self.problem
    }

    /// To be called before the objective is: what it answered before is safe then, if the log is strict.
    pub fn before_evaluation(&self) {
        let is_strict = self.is_strict();
        let mut state = self.shared.lock();
        if state.told || is_strict {
            state.settle();
            state.told = false;
        }
        drop(state);
        self.commit();
    }

    /// The objective answered. What the rows of evaluations will say is not written twice.
    pub fn answered(&self, batch: AnswerBatch) {
        let mut state = self.shared.lock();
        if batch.wanted == Wanted::OUTPUTS && batch.widths == PLAIN && batch.failures.is_empty() {
            state.pending.extend(batch.keys.into_iter().zip(batch.numbers));
        } else {
            state.settle();
            state.push(Record::Answer(batch.encode()));
        }
        self.take_note(state);
    }

    /// An event of the run: evaluations are noted, unless they come from the log itself. `info` is what else the objective said.
    pub fn record(&self, event: &Event<'_>, info: Option<String>) {
        let (params, value, task, step, batch, start, stop, error) = match *event {
            Event::Evaluation { replayed: true, .. } | Event::Iteration { .. } => return,
            Event::Evaluation { params, value, task, step, batch, start, stop, error, .. } => {
                (params, value, task, step, batch, start, stop, error)
            }
            Event::StepBegan { step: number, exploration, start } => {
                return self.step(StepNote::Began { number, exploration, start });
            }
            Event::StepEnded { step: number, outcome, n_iterations, stop } => {
                let status = outcome.as_str();
                return self.step(StepNote::Ended { number, status, n_iterations, stop });
            }
        };
        let mut row = Row {
            step,
            task: task as u8,
            batch,
            params: to_bytes(params),
            fun: value,
            start,
            stop,
            is_answer: false,
            exception: error.map(str::to_string),
            info,
        };
        let mut state = self.shared.lock();
        if let (Some(value), false) = (value, state.pending.is_empty()) {
            let key = point_hash(params);
            // SQLite does not tell the two zeros from each other.
            let is_said = |&(known, answer): &(u64, f64)| {
                known == key
                    && answer.to_bits() == value.to_bits()
                    && value.to_bits() != NEGATIVE_ZERO
            };
            if let Some(i) = state.pending.iter().position(is_said) {
                state.pending.remove(i);
                row.is_answer = true;
            }
        }
        state.told = true;
        state.push(Record::Evaluation(Box::new(row)));
        let is_complete = state.pending.is_empty();
        self.take_note(state);
        if is_complete {
            self.commit();
        }
    }

    fn step(&self, note: StepNote) {
        let mut state = self.shared.lock();
        state.push(Record::Step(Box::new(note)));
        self.take_note(state);
    }

    /// What went wrong with writing, the first time that it is asked for.
    pub fn take_warning(&self) -> Option<String> {
        if !self.shared.has_warning.load(Ordering::Relaxed) {
            return None;
        }
        self.shared.has_warning.store(false, Ordering::Relaxed);
        self.shared.lock().warning.take()
    }

    /// Write what is left, and how the run ended; returns what went wrong, if nobody was told yet.
    pub fn finish(mut self, status: &str, message: &str, seconds: f64) -> Option<String> {
        if let Some(mut scribe) = self.close() {
            scribe.finish(status, message, seconds, &self.shared);
        }
        self.take_warning()
    }

    /// Whether everything is committed before the next evaluation.
    pub fn is_strict(&self) -> bool {
        matches!(self.hand, Some(Hand::Own(_)))
    }

    /// Wake the thread, or wait for it where it is far behind.
    fn take_note(&self, mut state: MutexGuard<'_, State>) {
        if self.is_strict() {
            return;
        }
        if state.queue.len() == GROUP {
            self.shared.wake.notify_one();
        }
        while state.bytes > MOST_WAITING && !state.troubled && !state.closing {
            self.shared.wake.notify_one();
            let waited = self.shared.taken.wait_timeout(state, TICK);
            state = waited.unwrap_or_else(PoisonError::into_inner).0;
        }
    }

    /// Commit everything that waits, if the log is strict.
    fn commit(&self) {
        if let Some(Hand::Own(scribe)) = &self.hand {
            scribe.lock().unwrap_or_else(PoisonError::into_inner).write(&self.shared);
        }
    }

    /// Have everything written.
    fn close(&mut self) -> Option<Scribe> {
        let mut state = self.shared.lock();
        state.closing = true;
        state.settle();
        drop(state);
        self.shared.wake.notify_one();
        match self.hand.take()? {
            Hand::Own(scribe) => {
                let mut scribe = scribe.into_inner().unwrap_or_else(PoisonError::into_inner);
                scribe.next_try = None;
                scribe.write(&self.shared);
                Some(scribe)
            }
            Hand::Thread(thread) => thread.join().ok().flatten(),
        }
    }
}

const NEGATIVE_ZERO: u64 = 1 << 63;

/// Without a finish, the problem stays as "running" in the log: what is known of it is there all the same.
impl Drop for Writer {
    fn drop(&mut self) {
        self.close();
    }
}

/// The store, and what it could not write yet.
struct Scribe {
    store: Store,
    path: PathBuf,
    backlog: Vec<Record>,
    bytes: usize,
    next_try: Option<Instant>,
}

impl Scribe {
    fn new(store: Store, path: PathBuf) -> Self {
        Scribe { store, path, backlog: Vec::new(), bytes: 0, next_try: None }
    }

    /// Write in groups until the end.
    fn follow(mut self, shared: &Shared) -> Self {
        loop {
            let mut state = shared.lock();
            if !state.closing && state.queue.len() < GROUP {
                let waited = shared.wake.wait_timeout(state, TICK);
                state = waited.unwrap_or_else(PoisonError::into_inner).0;
            }
            if state.pending_is_old || state.closing {
                state.settle();
            } else {
                state.pending_is_old = !state.pending.is_empty();
            }
            let closing = state.closing;
            drop(state);
            if closing {
                self.next_try = None;
            }
            self.write(shared);
            if closing {
                return self;
            }
        }
    }

    /// Take what waits, and write it if it is time to.
    fn write(&mut self, shared: &Shared) {
        let mut state = shared.lock();
        if state.gave_up {
            return;
        }
        self.backlog.append(&mut state.queue);
        self.bytes += std::mem::take(&mut state.bytes);
        drop(state);
        shared.taken.notify_all();
        if self.backlog.is_empty() || self.next_try.is_some_and(|next| Instant::now() < next) {
            return;
        }
        // A group at a time: where the disk is nearly full, some of it may still fit.
        let mut written = Ok(());
        while written.is_ok() && !self.backlog.is_empty() {
            let count = self.backlog.len().min(MOST_IN_TRANSACTION);
            written = self.store.write(&self.backlog[..count]);
            if written.is_ok() {
                let done = self.backlog.drain(..count).map(|record| record.bytes()).sum();
                self.bytes = self.bytes.saturating_sub(done);
            }
        }
        let mut state = shared.lock();
        match written {
            Ok(()) => (self.next_try, state.troubled) = (None, false),
            Err(error) => {
                self.next_try = Some(Instant::now() + RETRY);
                state.troubled = true;
                if self.bytes > MOST_UNWRITTEN {
                    state.gave_up = true;
                    self.backlog = Vec::new();
                }
                self.warn(&error, &mut state, shared);
            }
        }
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

    fn finish(&mut self, status: &str, message: &str, seconds: f64, shared: &Shared) {
        if let Err(error) = self.store.finish(status, message, seconds) {
            self.warn(&error, &mut shared.lock(), shared);
        }
    }
}

#[cfg(test)]
mod tests {
    use thalweg_core::Task;

    use super::*;
    use crate::reader::LogReader;

    fn row(i: u32, params: &[f64]) -> Event<'_> {
        let start = f64::from(i);
        let (value, error) = (Some(f64::from(i)), None);
        let (task, step, batch, stop, replayed) = (Task::Fun, 0, u64::from(i), start, false);
        Event::Evaluation { params, value, task, step, batch, start, stop, error, replayed }
    }

    #[test]
    fn a_full_disk_is_told_once_and_what_fits_later_is_written() {
        for durability in [Durability::Grouped, Durability::Strict] {
            let folder = tempfile::tempdir().unwrap();
            let options =
                LogOptions { durability, ..LogOptions::new(folder.path().join("full.db")) };
            let params = vec![0.5; 100];
            let header = ProblemHeader { start: params.clone(), ..ProblemHeader::default() };
            let mut store = Store::open(&options, 100, false).unwrap();
            store.begin(&header).unwrap();
            store.limit_pages(12).unwrap();
            let writer = Writer::new(&options, store);
            let mut warnings = Vec::new();
            for i in 0..2_000 {
                writer.record(&row(i, &params), None);
                warnings.extend(writer.take_warning());
            }
            warnings.extend(writer.finish("converged", "done", 1.0));
            let [warning] = warnings.as_slice() else { panic!("{durability:?}: {warnings:?}") };
            let path = options.path.display();
            assert_eq!(
                *warning,
                format!(
                    "The log {path} could not be written: database or disk is full. The optimization goes on; what is missing in \
                     the log is kept in memory and written as soon as that works again."
                )
            );
            let reader = LogReader::open(&options.path).unwrap();
            let written = reader.read_history(-1).unwrap();
            assert!(written.len() < 2_000, "{durability:?}: {}", written.len());
            let values: Vec<f64> = (0..written.len()).map(|i| i as f64).collect();
            assert_eq!(written.fun, values, "the beginning is there, without a hole");
        }
    }
}
