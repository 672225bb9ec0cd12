//! What the evaluator tells its sinks (history, log, progress): all of them see the same events.

/// What an evaluation computed.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
#[repr(u8)]
pub enum Task {
    /// The objective only.
    Fun = 0,
    /// A derivative only.
    Jac = 1,
    /// Both together.
    FunAndJac = 2,
    /// The objective, while exploring for start points.
    Exploration = 3,
}

impl Task {
    /// The name of the task as it stands in histories and logs.
    pub fn as_str(self) -> &'static str {
        match self {
            Task::Fun => "fun",
            Task::Jac => "jac",
            Task::FunAndJac => "fun_and_jac",
            Task::Exploration => "exploration",
        }
    }

    /// The task of this name.
    pub fn from_word(word: &str) -> Option<Task> {
        [Task::Fun, Task::Jac, Task::FunAndJac, Task::Exploration]
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
        /// The batch that the evaluation belongs to, counted from 0.
        batch: u64,
        /// Seconds since the start of the run when the evaluation began.
        start: f64,
        /// Seconds since the start of the run when it ended.
        stop: f64,
        /// The error of the user's function, when it failed and the run goes on.
        error: Option<&'a str>,
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
}

/// Receives the events of a run. A sink keeps its own troubles to itself: it never stops the optimization.
pub trait Sink: Send {
    /// Take note of one event.
    fn record(&mut self, event: &Event<'_>);
}
