//! The writing side: takes note of what happens, and has it committed in groups by a thread, or before the next evaluation.

use std::path::{Path, PathBuf};
use std::sync::atomic::Ordering;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::thread::JoinHandle;

use thalweg_core::Event;

use crate::answer::AnswerBatch;
use crate::error::LogError;
use crate::notes::{Note, Row, StepBegan, StepEnded, Words};
use crate::options::{Durability, LogOptions};
use crate::scribe::{Scribe, Shared, State, TICK};
use crate::store::{self, ProblemHeader, Store};

/// More than this many bytes of notes make the run wait for the disk.
const MOST_WAITING: usize = 32 << 20;

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
        let shared = Arc::<Shared>::default();
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
        if self.is_strict() {
            self.shared.lock().settle();
            self.commit();
        }
    }

    /// The objective answered with these values and nothing else. What the rows of evaluations will say is not written twice.
    pub fn answered_values(&self, points: &[f64], values: &[f64]) {
        let mut state = self.shared.lock();
        // No evaluation will tell what was answered before those that were told already.
        if state.told {
            state.settle();
        }
        state.pending.add(points, values);
        self.take_note(state);
    }

    /// The objective answered.
    pub fn answered(&self, batch: &AnswerBatch) {
        let mut state = self.shared.lock();
        state.settle();
        let bytes = state.queue.keep_bytes(|buffer| batch.encode_into(buffer));
        state.push(Note::Answer(bytes));
        self.take_note(state);
    }

    /// An event of the run: evaluations are noted, unless they come from the log itself. `info` is what else the objective said.
    pub fn record(&self, event: &Event<'_>, info: Option<String>) {
        let mut state = self.shared.lock();
        match *event {
            Event::Evaluation { replayed: true, .. } | Event::Iteration { .. } => {}
            Event::Evaluation { params, value, task, step, batch, start, stop, error, .. } => {
                let is_answer = value.is_some_and(|value| state.pending.take(params, value));
                let row = Row {
                    step,
                    task: task as u8,
                    batch,
                    params: state.queue.keep_numbers(params),
                    fun: value,
                    start,
                    stop,
                    is_answer,
                    words: Words::new(error, info),
                };
                state.told = true;
                state.push(Note::Evaluation(row));
                let is_complete = state.pending.is_empty();
                self.take_note(state);
                if is_complete {
                    self.commit();
                }
            }
            Event::StepBegan { step: number, exploration, start } => {
                state.push(Note::StepBegan(StepBegan { number, exploration, start }));
                self.take_note(state);
            }
            Event::StepEnded { step: number, outcome, n_iterations, stop } => {
                state.push(Note::StepEnded(StepEnded { number, outcome, n_iterations, stop }));
                self.take_note(state);
            }
        }
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

    /// Wake the thread once there is enough to write, or wait for it where it is far behind.
    fn take_note(&self, mut state: MutexGuard<'_, State>) {
        if self.is_strict() {
            return;
        }
        if !state.is_woken && state.is_group() {
            state.is_woken = true;
            self.shared.wake.notify_one();
        }
        while state.queue.bytes() > MOST_WAITING && !state.troubled && !state.closing {
            self.shared.wake.notify_one();
            state.is_waited_for = true;
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
                scribe.write_rest(&self.shared);
                Some(scribe)
            }
            Hand::Thread(thread) => thread.join().ok().flatten(),
        }
    }
}

/// Without a finish, the problem stays as "running" in the log: what is known of it is there all the same.
impl Drop for Writer {
    fn drop(&mut self) {
        self.close();
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
