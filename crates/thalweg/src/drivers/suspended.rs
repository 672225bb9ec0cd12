//! One run that stops at every batch and waits for the answer.

use std::panic::resume_unwind;
use std::sync::Mutex;
use std::sync::mpsc::{Receiver, SyncSender, sync_channel};
use std::thread::JoinHandle;

use corosensei::stack::DefaultStack;
use corosensei::{Coroutine, CoroutineResult};

use crate::drivers::blueprint::Blueprint;
use crate::drivers::exchange::{Ask, HandOut, Tell};
use crate::error::{InvalidKind, OptimizeError};
use crate::result::FlatResult;

/// The stack of a suspended run. User code never runs on it, and algorithms keep their arrays on the heap.
const STACK_BYTES: usize = 256 * 1024;
/// Stacks that are kept for the next run.
const POOLED_STACKS: usize = 64;

static STACKS: Mutex<Vec<DefaultStack>> = Mutex::new(Vec::new());

type Outcome = Result<FlatResult, OptimizeError>;
type Fiber = Coroutine<Option<Tell>, Ask, Outcome, DefaultStack>;

/// How a run is suspended.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Backend {
    /// On a stack of its own in the same thread.
    #[default]
    Coroutine,
    /// In a thread of its own, where coroutines are not wanted.
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
pub struct Suspended {
    engine: Engine,
    ask: Option<Ask>,
    outcome: Option<Outcome>,
    n_outputs: usize,
}

enum Engine {
    Coroutine(Box<SendFiber>),
    Thread {
        asks: Receiver<Ask>,
        tells: Option<SyncSender<Tell>>,
        run: Option<JoinHandle<Outcome>>,
    },
    Done,
}

/// A coroutine that may move between threads.
struct SendFiber(Fiber);

// SAFETY: a coroutine is not `Send` because what lives on its stack might not be. Here that is the pipeline over an owned
// `Blueprint` (which is `Send`) and a `HandOut` that refers to the coroutine's own yielder. Nothing thread-bound (guards,
// thread-local handles) is held across a suspension, and user code never runs on the stack.
unsafe impl Send for SendFiber {}

impl Suspended {
    /// Begin a run, up to its first batch.
    ///
    /// # Errors
    /// The system has no memory for another stack, or no thread.
    pub fn start(blueprint: Blueprint, backend: Backend) -> Result<Self, OptimizeError> {
        let engine = match backend {
            Backend::Coroutine => coroutine(blueprint)?,
            Backend::Thread => thread(blueprint)?,
        };
        let mut run = Suspended { engine, ask: None, outcome: None, n_outputs: 0 };
        run.advance(None);
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
            Some(ask) if tell.failures.is_empty() => tell.complaint(ask, self.n_outputs),
            Some(_) => None,
            None => Some("the run has ended: there is nothing to tell".to_string()),
        };
        if let Some(complaint) = complaint {
            return Err(OptimizeError::invalid(InvalidKind::Argument, complaint));
        }
        if let Some(ask) = self.ask.take()
            && self.n_outputs == 0
            && tell.failures.is_empty()
        {
            self.n_outputs = tell.outputs.len() / ask.len();
        }
        self.advance(Some(tell));
        Ok(())
    }

    /// The result of a run that has ended; a run that still waits is ended with its best point so far, as interrupted.
    ///
    /// # Errors
    /// As [`crate::optimize`].
    pub fn finish(mut self) -> Outcome {
        while self.ask.take().is_some() {
            self.advance(None);
        }
        self.outcome.take().unwrap_or_else(|| {
            Err(OptimizeError::invalid(InvalidKind::Argument, "the run has no result"))
        })
    }

    /// Go on with an answer, or without one: then the run ends.
    fn advance(&mut self, tell: Option<Tell>) {
        match std::mem::replace(&mut self.engine, Engine::Done) {
            Engine::Coroutine(mut fiber) => match fiber.0.resume(tell) {
                CoroutineResult::Yield(ask) => {
                    self.ask = Some(ask);
                    self.engine = Engine::Coroutine(fiber);
                }
                CoroutineResult::Return(outcome) => {
                    self.outcome = Some(outcome);
                    give_back(fiber.0.into_stack());
                }
            },
            Engine::Thread { asks, mut tells, mut run } => {
                match tell {
                    // A run whose thread is gone shows below, where it is joined.
                    Some(tell) => drop(tells.as_ref().map(|tells| tells.send(tell))),
                    None if run.is_some() && self.n_outputs > 0 => tells = None,
                    None => {}
                }
                match asks.recv() {
                    Ok(ask) => {
                        self.ask = Some(ask);
                        self.engine = Engine::Thread { asks, tells, run };
                    }
                    Err(_) => {
                        self.outcome =
                            run.take().map(|run| run.join().unwrap_or_else(|p| resume_unwind(p)));
                    }
                }
            }
            Engine::Done => {}
        }
    }
}

fn coroutine(blueprint: Blueprint) -> Result<Engine, OptimizeError> {
    let pooled = STACKS.lock().ok().and_then(|mut stacks| stacks.pop());
    let stack = match pooled {
        Some(stack) => stack,
        None => DefaultStack::new(STACK_BYTES).map_err(|error| {
            let message = format!("no memory for the stack of another suspended run: {error}");
            OptimizeError::invalid(InvalidKind::Argument, message)
        })?,
    };
    let fiber =
        Fiber::with_stack(stack, move |yielder, _| run(blueprint, &mut |ask| yielder.suspend(ask)));
    Ok(Engine::Coroutine(Box::new(SendFiber(fiber))))
}

fn give_back(stack: DefaultStack) {
    if let Ok(mut stacks) = STACKS.lock()
        && stacks.len() < POOLED_STACKS
    {
        stacks.push(stack);
    }
}

fn thread(blueprint: Blueprint) -> Result<Engine, OptimizeError> {
    let (ask_sender, asks) = sync_channel(0);
    let (tells, tell_receiver) = sync_channel::<Tell>(0);
    let body = move || {
        run(blueprint, &mut |ask| {
            ask_sender.send(ask).ok().and_then(|()| tell_receiver.recv().ok())
        })
    };
    let run = std::thread::Builder::new().name("thalweg".into()).spawn(body).map_err(|error| {
        let message = format!("no thread for a suspended run: {error}");
        OptimizeError::invalid(InvalidKind::Argument, message)
    })?;
    Ok(Engine::Thread { asks, tells: Some(tells), run: Some(run) })
}

fn run(blueprint: Blueprint, exchange: &mut dyn FnMut(Ask) -> Option<Tell>) -> Outcome {
    let (kind, has_derivative) = (blueprint.kind, blueprint.has_derivative);
    blueprint.run(&mut HandOut { kind, has_derivative, n_outputs: 0, exchange })
}
