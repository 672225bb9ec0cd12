//! What the evaluator tells its sinks (history, log, progress): all of them see the same events.

/// What an evaluation computed.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
#[repr(u8)]
#[non_exhaustive]
pub enum Task {
    /// The objective only.
    Fun = 0,
    /// A derivative only.
    Jac = 1,
    /// Both together.
    FunAndJac = 2,
    /// The objective, while exploring for start points.
    Exploration = 3,
    /// A second derivative, or its product with a direction.
    Hess = 4,
}

impl Task {
    /// The name of the task as it stands in histories and logs.
    pub fn as_str(self) -> &'static str {
        match self {
            Task::Fun => "fun",
            Task::Jac => "jac",
            Task::FunAndJac => "fun_and_jac",
            Task::Exploration => "exploration",
            Task::Hess => "hess",
        }
    }

    /// Whether the objective itself was evaluated, and not only derivatives.
    pub fn is_evaluation(self) -> bool {
        !matches!(self, Task::Jac | Task::Hess)
    }

    /// The task of this name.
    pub fn from_word(word: &str) -> Option<Task> {
        [Task::Fun, Task::Jac, Task::FunAndJac, Task::Exploration, Task::Hess]
            .into_iter()
            .find(|task| task.as_str() == word)
    }
}

/// One thing that happened during a run.
#[derive(Clone, Copy, Debug, PartialEq)]
pub enum Event<'a> {
    /// An evaluation ended.
    Evaluation {
        /// The user's parameters, flat.
        params: &'a [f64],
        /// The objective in the user's sign; `None` when only a derivative was computed.
        value: Option<f64>,
        /// What was computed.
        task: Task,
        /// The step of the run that it belongs to: 0 in a run from one start; in a search from many starts 0 is the exploration,
        /// and local runs follow in the order in which they began; points that are
        /// explored to start a run from belong to its step.
        step: u64,
        /// The batch that the evaluation belongs to, counted from 0.
        batch: u64,
        /// Seconds since the start of the run when the evaluation began.
        start: f64,
        /// Seconds since the start of the run when it ended.
        stop: f64,
        /// The error of the user's function, when it failed and the run goes on.
        error: Option<&'a str>,
        /// Whether it was made in an earlier session of the run and comes from its log.
        replayed: bool,
    },
    /// An iteration ended.
    Iteration {
        /// Its number, counted from 1.
        number: u64,
        /// The user's parameters of the accepted point, flat.
        params: &'a [f64],
        /// The objective there, in the user's sign.
        value: f64,
    },
    /// A step of the run began.
    StepBegan {
        /// Its number.
        step: u64,
        /// Whether it explores for start points.
        exploration: bool,
        /// Seconds since the start of the run.
        start: f64,
    },
    /// A step of the run ended.
    StepEnded {
        /// Its number.
        step: u64,
        /// How it ended.
        outcome: StepOutcome,
        /// The number of its iterations.
        n_iterations: u64,
        /// Seconds since the start of the run.
        stop: f64,
    },
}

/// How a step of a run ended.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum StepOutcome {
    /// It has a result.
    Complete,
    /// It has none, because of an error.
    Failed,
    /// Its result is not needed: the step began before it was certain that it would be.
    Skipped,
}

impl StepOutcome {
    /// The word for it in logs.
    pub fn as_str(self) -> &'static str {
        match self {
            StepOutcome::Complete => "complete",
            StepOutcome::Failed => "failed",
            StepOutcome::Skipped => "skipped",
        }
    }
}

/// Receives the events of a run. A sink keeps its own troubles to itself: it never stops the optimization.
pub trait Sink: Send {
    /// Take note of one event.
    fn record(&mut self, event: &Event<'_>);
}
