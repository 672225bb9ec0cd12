//! What suspended runs have to tell the user, kept until they are suspended: the user's code never runs on their stacks.

use std::sync::{Arc, Mutex, PoisonError};

use thalweg_core::{Event, Sink, Task};

use crate::limits::IterationReport;
use crate::objective::{Failure, UserError};
use crate::pipeline::Specification;

/// What suspended runs have to tell the user.
pub(super) type Notes = Arc<Mutex<Vec<Note>>>;

pub(super) enum Note {
    Iteration {
        number: u64,
        params: Vec<f64>,
        value: f64,
        n_evaluations: u64,
        seconds: f64,
    },
    Failure(Failure),
    Evaluation(Evaluation),
    Step {
        number: u64,
        params: Vec<f64>,
        value: f64,
    },
    /// A step of the search began or ended.
    Turn(Event<'static>),
}

/// An event of an evaluation that owns what it tells.
pub(super) struct Evaluation {
    params: Vec<f64>,
    value: Option<f64>,
    task: Task,
    step: u64,
    batch: u64,
    start: f64,
    stop: f64,
    error: Option<String>,
    replayed: bool,
}

impl Evaluation {
    fn event(&self) -> Event<'_> {
        let &Evaluation { ref params, value, task, step, batch, start, stop, ref error, replayed } =
            self;
        let (params, error) = (params.as_slice(), error.as_deref());
        Event::Evaluation { params, value, task, step, batch, start, stop, error, replayed }
    }
}

impl Note {
    pub fn iteration(report: &IterationReport<'_>) -> Self {
        Note::Iteration {
            number: report.iteration,
            params: report.params.to_vec(),
            value: report.value,
            n_evaluations: report.n_evaluations,
            seconds: report.seconds,
        }
    }

    pub fn failure(failure: &Failure) -> Self {
        let Failure { index, what, ref error } = *failure;
        let (kind, function) = (error.kind, error.function.clone());
        let error = UserError { kind, function, ..UserError::new(&*error.message) };
        Note::Failure(Failure { index, what, error })
    }
}

/// A sink that keeps events as notes.
pub(super) struct Keeper(pub Notes);

impl Sink for Keeper {
    fn record(&mut self, event: &Event<'_>) {
        let note = match *event {
            Event::Evaluation {
                params,
                value,
                task,
                step,
                batch,
                start,
                stop,
                error,
                replayed,
            } => {
                let (params, error) = (params.to_vec(), error.map(str::to_string));
                Note::Evaluation(Evaluation {
                    params,
                    value,
                    task,
                    step,
                    batch,
                    start,
                    stop,
                    error,
                    replayed,
                })
            }
            Event::Iteration { number, params, value } => {
                Note::Step { number, params: params.to_vec(), value }
            }
            Event::StepBegan { step, exploration, start } => {
                Note::Turn(Event::StepBegan { step, exploration, start })
            }
            Event::StepEnded { step, outcome, n_iterations, stop } => {
                Note::Turn(Event::StepEnded { step, outcome, n_iterations, stop })
            }
        };
        push(&self.0, note);
    }
}

pub(super) fn push(notes: &Notes, note: Note) {
    notes.lock().unwrap_or_else(PoisonError::into_inner).push(note);
}

/// Tell the user what the runs had to tell since the last time; says whether the callback asks for the end.
pub(super) fn pass_on(notes: &Notes, spec: &mut Specification<'_>) -> bool {
    let told = std::mem::take(&mut *notes.lock().unwrap_or_else(PoisonError::into_inner));
    let mut stop = false;
    for note in told {
        match note {
            Note::Iteration { number, params, value, n_evaluations, seconds } => {
                let (iteration, params) = (number, params.as_slice());
                let report = IterationReport { iteration, params, value, n_evaluations, seconds };
                stop |= spec.callback.as_mut().is_some_and(|callback| callback(&report));
            }
            Note::Failure(failure) => {
                if let Some(notify) = &mut spec.on_failure {
                    notify(&failure);
                }
            }
            Note::Evaluation(own) => {
                let event = own.event();
                spec.sinks.iter_mut().for_each(|sink| sink.record(&event));
            }
            Note::Turn(event) => spec.sinks.iter_mut().for_each(|sink| sink.record(&event)),
            Note::Step { number, params, value } => {
                let event = Event::Iteration { number, params: &params, value };
                spec.sinks.iter_mut().for_each(|sink| sink.record(&event));
            }
        }
    }
    stop
}
