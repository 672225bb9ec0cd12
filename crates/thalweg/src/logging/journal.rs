//! What the objective with a log around it, the sink and the clock of a run share.

use std::collections::HashMap;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Mutex, MutexGuard, PoisonError};

use thalweg_core::{Event, Sink, Task};
use thalweg_log::{AnswerBatch, Wanted, Writer};

use super::tape::{Logged, Tape};

/// The log of a run that is on.
pub(crate) struct Journal {
    pub(super) writer: Writer,
    tape: Mutex<Replay>,
    /// Whether there is a tape to look at.
    has_tape: AtomicBool,
    is_final: AtomicBool,
    is_exploring: AtomicBool,
    infos: Mutex<Infos>,
}

/// The tape, and by how much the run's clock is behind the time of the log.
struct Replay {
    tape: Tape,
    offset: f64,
    /// Whether the objective was asked in this session.
    is_live: bool,
}

impl Journal {
    pub fn new(writer: Writer, tape: Option<Tape>) -> Self {
        let has_tape = AtomicBool::new(tape.is_some());
        Journal {
            writer,
            tape: Mutex::new(Replay {
                tape: tape.unwrap_or_default(),
                offset: 0.0,
                is_live: false,
            }),
            has_tape,
            is_final: AtomicBool::new(false),
            is_exploring: AtomicBool::new(false),
            infos: Mutex::default(),
        }
    }

    fn replay(&self) -> MutexGuard<'_, Replay> {
        self.tape.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Whether the log may still have something to say.
    pub fn has_tape(&self) -> bool {
        self.has_tape.load(Ordering::Relaxed)
    }

    /// The answer at a point.
    pub fn answer(&self, point: &[f64], wanted: Wanted) -> Option<Logged> {
        if !self.has_tape() {
            return None;
        }
        self.replay().tape.answer(point, wanted)
    }

    /// How many answers were handed out and how many are left, if the log should have had the point that it has not.
    pub fn is_mistake(&self) -> Option<(usize, usize)> {
        if !self.has_tape() || self.is_final() {
            return None;
        }
        let replay = self.replay();
        let tape = &replay.tape;
        (tape.is_strict && tape.is_open()).then(|| (tape.handed_out, tape.left()))
    }

    /// The objective is asked: from now on time goes on.
    pub fn go_live(&self) {
        if self.has_tape() {
            self.replay().is_live = true;
        }
    }

    /// The time of the run, `elapsed` seconds after this session began.
    pub fn seconds(&self, elapsed: f64) -> f64 {
        if !self.has_tape() {
            return elapsed;
        }
        let mut replay = self.replay();
        if replay.tape.is_open() && !replay.is_live {
            replay.offset = replay.tape.now - elapsed;
        } else if replay.tape.end > replay.offset + elapsed {
            replay.offset = replay.tape.end - elapsed;
        }
        replay.offset + elapsed
    }

    /// When an evaluation began and ended, if it is one of the log.
    pub fn times(&self, params: &[f64], task: Task) -> Option<(f64, f64)> {
        if !self.has_tape() {
            return None;
        }
        self.replay().tape.times(params, task as u8)
    }

    pub fn set_final(&self, ended: bool) {
        self.is_final.store(ended, Ordering::Relaxed);
    }

    pub fn is_final(&self) -> bool {
        self.is_final.load(Ordering::Relaxed)
    }

    pub fn is_exploring(&self) -> bool {
        self.is_exploring.load(Ordering::Relaxed)
    }

    pub fn note_answers(&self, batch: &AnswerBatch) {
        self.writer.answered(batch);
    }

    /// Keep what the objective said until its evaluations are told: with those of a numerical derivative, that may be later.
    pub fn note_infos(&self, infos: impl Iterator<Item = (u64, String)>) {
        let mut known = self.infos.lock().unwrap_or_else(PoisonError::into_inner);
        if std::mem::take(&mut known.is_told) {
            known.of_points.clear();
        }
        let room = MOST_INFOS - known.of_points.len().min(MOST_INFOS);
        known.of_points.extend(infos.take(room));
    }

    fn info(&self, params: &[f64]) -> Option<String> {
        let mut known = self.infos.lock().unwrap_or_else(PoisonError::into_inner);
        if known.of_points.is_empty() {
            return None;
        }
        known.is_told = true;
        known.of_points.remove(&thalweg_log::point_hash(params))
    }
}

/// More points of one numerical derivative than these have nothing to say.
const MOST_INFOS: usize = 100_000;

/// What the objective said besides its numbers, by the hashes of points.
#[derive(Default)]
struct Infos {
    of_points: HashMap<u64, String>,
    /// Whether an evaluation was told since the last ones were noted.
    is_told: bool,
}

/// The log as a receiver of events.
pub(super) struct LogSink(pub std::sync::Arc<Journal>);

impl Sink for LogSink {
    fn record(&mut self, event: &Event<'_>) {
        let mut info = None;
        match event {
            Event::StepBegan { exploration, .. } => {
                self.0.is_exploring.store(*exploration, Ordering::Relaxed);
            }
            Event::StepEnded { .. } => self.0.is_exploring.store(false, Ordering::Relaxed),
            Event::Evaluation { params, .. } => info = self.0.info(params),
            Event::Iteration { .. } => return,
        }
        self.0.writer.record(event, info);
    }
}
