//! One run that stops at every batch and waits for the answer.

use std::fmt;
use std::panic::resume_unwind;
use std::sync::Mutex;
use std::sync::mpsc::{Receiver, SyncSender, sync_channel};
use std::thread::JoinHandle;

use corosensei::stack::DefaultStack;
use corosensei::{Coroutine, CoroutineResult};

use crate::drivers::blueprint::{Blueprint, Job};
use crate::drivers::exchange::{Ask, HandOut, HandedOut, Reply, Tell};
use crate::error::{InvalidKind, OptimizeError};
use crate::result::FlatResult;

/// The stack of a suspended run. Only algorithms of the catalog run on it, and they keep their arrays on the heap.
const STACK_BYTES: usize = 256 * 1024;
/// Stacks that are kept for the next run.
const POOLED_STACKS: usize = 64;

static STACKS: Mutex<Vec<DefaultStack>> = Mutex::new(Vec::new());

pub(crate) type Outcome = Result<FlatResult, OptimizeError>;
type Fiber = Coroutine<Option<Reply>, HandedOut, Outcome, DefaultStack>;

/// How a run is suspended.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Backend {
    /// On a stack of its own in the same thread.
    #[default]
    Coroutine,
    /// In a thread of its own, where coroutines are not wanted. Algorithms of your own always run in one: their code may need
    /// more stack than a coroutine has, and may hold on to what belongs to a thread.
    Thread,
}

/// A run that waits for its objective's values: ask for points, tell what the objective is there.
///
/// ```
/// use thalweg::drivers::{Backend, Blueprint, Suspended, Tell};
/// use thalweg::core::SolverKind;
///
/// let blueprint = Blueprint::new(SolverKind::Scalar, vec![1.0, 2.0], thalweg::resolve("neldermead")?);
/// let mut run = Suspended::start(blueprint, Backend::Coroutine)?;
/// while let Some(ask) = run.ask() {
///     let values = ask.iter().map(|x| x[0] * x[0] + x[1] * x[1]).collect();
///     run.tell(Tell::outputs(values))?;
/// }
/// assert!(run.finish()?.success);
/// # Ok::<(), thalweg::OptimizeError>(())
/// ```
///
/// A run may be dropped at any time, and moved to another thread between batches.
pub struct Suspended {
    engine: Engine,
    ask: Option<Ask>,
    outcome: Option<Outcome>,
    n_outputs: usize,
    n_constraints: usize,
}

impl fmt::Debug for Suspended {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Suspended").field("ask", &self.ask).finish_non_exhaustive()
    }
}

enum Engine {
    Coroutine(Box<SendFiber>),
    Thread { asks: Receiver<HandedOut>, tells: Option<SyncSender<Reply>>, run: JoinHandle<Outcome> },
    Done,
}

/// A coroutine that may move between threads.
struct SendFiber(Fiber);

// SAFETY: a coroutine is not `Send` because what lives on its stack might not be. Here that is the pipeline over an owned
// `Job` (which is `Send`) and a `HandOut` that refers to the coroutine's own yielder. Nothing thread-bound (guards,
// thread-local handles) is held across a suspension by the pipeline or an algorithm of the catalog, and no other code runs on
// the stack: `Suspended::start` gives algorithms of the user a thread.
unsafe impl Send for SendFiber {}

impl Suspended {
    /// Begin a run, up to its first batch.
    ///
    /// # Errors
    /// The system has no memory for another stack, or no thread.
    pub fn start(blueprint: Blueprint, backend: Backend) -> Result<Self, OptimizeError> {
        Suspended::start_job(blueprint.into_job(), backend)
    }

    /// Begin any run over an objective, up to its first batch.
    pub(crate) fn start_job(job: Job, backend: Backend) -> Result<Self, OptimizeError> {
        // A scalar objective has one output; how many residuals there are only the first answer can tell.
        let n_outputs = usize::from(job.kind == thalweg_core::SolverKind::Scalar);
        let n_constraints = job.nonlinear.iter().map(|constraint| constraint.n_values).sum();
        let (engine, step) = match backend {
            Backend::Coroutine if job.of_catalog => coroutine(job)?.resume(None),
            _ => thread(job)?.wait(),
        };
        let mut run = Suspended { engine, ask: None, outcome: None, n_outputs, n_constraints };
        run.take(step);
        Ok(run)
    }

    /// The batch that the run waits for, or `None` when it has ended.
    pub fn ask(&self) -> Option<&Ask> {
        self.ask.as_ref()
    }

    /// Answer the batch; the run goes on to its next one.
    ///
    /// # Errors
    /// The answer does not fit the batch (the run keeps waiting), or the run has ended.
    pub fn tell(&mut self, tell: Tell) -> Result<(), OptimizeError> {
        let complaint = match &self.ask {
            Some(ask) => tell.complaint(ask, self.n_outputs, self.n_constraints),
            None => Some("the run has ended: there is nothing to tell".to_string()),
        };
        if let Some(complaint) = complaint {
            return Err(OptimizeError::invalid(InvalidKind::Argument, complaint));
        }
        if let Some(ask) = self.ask.take()
            && self.n_outputs == 0
            && ask.wants_outputs
            && tell.failures.is_empty()
        {
            self.n_outputs = tell.outputs.len() / ask.len();
        }
        self.advance(Some(Reply::Tell(tell)));
        Ok(())
    }

    /// The result of a run that has ended; a run that still waits is ended with its best point so far, as interrupted.
    ///
    /// # Errors
    /// As [`crate::optimize`].
    pub fn finish(mut self) -> Outcome {
        self.abandon();
        self.outcome.take().unwrap_or_else(|| {
            Err(OptimizeError::invalid(InvalidKind::Argument, "the run has no result"))
        })
    }

    /// End a run that still waits.
    fn abandon(&mut self) {
        while self.ask.take().is_some() {
            self.advance(None);
        }
    }

    /// Go on with an answer, or without one: then the run ends.
    fn advance(&mut self, reply: Option<Reply>) {
        let step = self.resume(reply);
        self.take(step);
    }

    fn resume(&mut self, reply: Option<Reply>) -> Option<Step> {
        // A panic of the algorithm leaves a run that has ended.
        let (engine, step) = std::mem::replace(&mut self.engine, Engine::Done).resume(reply);
        self.engine = engine;
        step
    }

    /// Keep the batch or the result that the run has come to. Functions of options are called here, in the driver's place.
    fn take(&mut self, mut step: Option<Step>) {
        loop {
            match step {
                Some(Step::Out(HandedOut::Call(call))) => {
                    step = self.resume(Some(Reply::Called(call.answer())));
                    continue;
                }
                Some(Step::Out(HandedOut::Batch(ask))) => self.ask = Some(ask),
                Some(Step::End(outcome)) => self.outcome = Some(*outcome),
                None => {}
            }
            return;
        }
    }
}

/// A run that is dropped while it waits ends in order: nothing is unwound, and its stack is used again.
impl Drop for Suspended {
    fn drop(&mut self) {
        if !std::thread::panicking() {
            self.abandon();
        }
    }
}

/// How far a run has come.
enum Step {
    Out(HandedOut),
    End(Box<Outcome>),
}

impl Engine {
    /// Answer, and go on to the next step.
    fn resume(self, reply: Option<Reply>) -> (Engine, Option<Step>) {
        match self {
            Engine::Coroutine(mut fiber) => match fiber.0.resume(reply) {
                CoroutineResult::Yield(out) => (Engine::Coroutine(fiber), Some(Step::Out(out))),
                CoroutineResult::Return(outcome) => {
                    give_back(fiber.0.into_stack());
                    (Engine::Done, Some(Step::End(Box::new(outcome))))
                }
            },
            Engine::Thread { asks, mut tells, run } => {
                match reply {
                    // A run whose thread is gone shows where it is joined.
                    Some(reply) => drop(tells.as_ref().map(|tells| tells.send(reply))),
                    None => tells = None,
                }
                Engine::Thread { asks, tells, run }.wait()
            }
            Engine::Done => (Engine::Done, None),
        }
    }

    /// The next step of a run in a thread.
    fn wait(self) -> (Engine, Option<Step>) {
        match self {
            Engine::Thread { asks, tells, run } => match asks.recv() {
                Ok(out) => (Engine::Thread { asks, tells, run }, Some(Step::Out(out))),
                Err(_) => {
                    let outcome = run.join().unwrap_or_else(|panic| resume_unwind(panic));
                    (Engine::Done, Some(Step::End(Box::new(outcome))))
                }
            },
            other => (other, None),
        }
    }
}

fn coroutine(job: Job) -> Result<Engine, OptimizeError> {
    let pooled = STACKS.lock().ok().and_then(|mut stacks| stacks.pop());
    let stack = match pooled {
        Some(stack) => stack,
        None => DefaultStack::new(STACK_BYTES).map_err(|error| {
            let message = format!("no memory for the stack of another suspended run: {error}");
            OptimizeError::invalid(InvalidKind::Argument, message)
        })?,
    };
    let fiber =
        Fiber::with_stack(stack, move |yielder, _| run(job, &mut |out| yielder.suspend(out)));
    Ok(Engine::Coroutine(Box::new(SendFiber(fiber))))
}

fn give_back(stack: DefaultStack) {
    if let Ok(mut stacks) = STACKS.lock()
        && stacks.len() < POOLED_STACKS
    {
        stacks.push(stack);
    }
}

fn thread(job: Job) -> Result<Engine, OptimizeError> {
    let (ask_sender, asks) = sync_channel(0);
    let (tells, tell_receiver) = sync_channel::<Reply>(0);
    let body = move || {
        run(job, &mut |out| ask_sender.send(out).ok().and_then(|()| tell_receiver.recv().ok()))
    };
    let run = std::thread::Builder::new().name("thalweg".into()).spawn(body).map_err(|error| {
        let message = format!("no thread for a suspended run: {error}");
        OptimizeError::invalid(InvalidKind::Argument, message)
    })?;
    Ok(Engine::Thread { asks, tells: Some(tells), run })
}

fn run(job: Job, exchange: &mut dyn FnMut(HandedOut) -> Option<Reply>) -> Outcome {
    let Job {
        kind, has_derivative, second_derivatives, start_with_derivative, nonlinear, run, ..
    } = job;
    let n_outputs = 0;
    run(&mut HandOut {
        kind,
        has_derivative,
        second_derivatives,
        start_with_derivative,
        n_outputs,
        nonlinear,
        exchange,
    })
}
