//! The Rust front door: from a closure to a result.

mod debug;
mod derivatives;
mod inspect;
mod logging;
mod nonlinear;
mod objective;
mod restrict;
mod selection;
mod start;

use std::cell::OnceCell;
use std::sync::Arc;
use std::sync::atomic::AtomicBool;

use thalweg_core::{AlgorithmChoice, OptionValue, Sink, SolverKind};
use thalweg_diff::DiffOptions;
use thalweg_log::LogOptions;
use thalweg_space::Scaling;
use thalweg_space::params::Params;

use crate::closures::{Closures, Output};
use crate::constrained::{Constrained, NonlinearConstraint};
use crate::drivers::{Exchange, Recording, Replaying, Tape};
use crate::error::{InvalidKind, OptimizeError};
use crate::limits::IterationReport;
use crate::logging::Clock;
use crate::multistart::MultistartOptions;
use crate::nonlinear::ConstraintHandling;
use crate::numdiff::NumericalDerivatives;
use crate::objective::{Failure, Objective};
use crate::pipeline::{Specification, optimize};
use crate::policy::{ErrorHandling, PenaltyOptions};
use crate::progress::{Pace, Progress, ProgressReport, Show, terminal};
use crate::resolve::{Resolved, check_options, resolve};
use crate::result::{Direction, OptimizeResult};
use crate::trace::Trace;
pub use objective::with_objective;
use restrict::Restrictions;
pub use selection::{By, Selection, by};

/// Minimize a function of parameters of any shape, from `start`.
///
/// The function is `Fn`; [`stateful`](crate::stateful) makes one of a function that changes its own state.
///
/// ```
/// let result = thalweg::minimize(|x: &Vec<f64>| x.iter().map(|x| x * x).sum::<f64>(), vec![1.0, 2.0])
///     .algorithm("lbfgsb")
///     .run()?;
/// assert!(result.success && result.fun < 1e-10);
/// # Ok::<(), thalweg::OptimizeError>(())
/// ```
pub fn minimize<'a, P, F, R>(fun: F, start: P) -> Optimization<'a, P, Closures<'a, P, F>>
where
    P: Params,
    R: Output,
    F: Fn(&P) -> R,
{
    let objective = Closures::new(fun, SolverKind::Scalar, start.clone());
    Optimization::new(objective, start, Direction::Minimize)
}

/// Maximize a function of parameters of any shape, from `start`.
///
/// ```
/// let result = thalweg::maximize(|x: &f64| -(x - 2.0).powi(2), 0.0).algorithm("lbfgsb").run()?;
/// assert!((result.params - 2.0).abs() < 1e-5);
/// # Ok::<(), thalweg::OptimizeError>(())
/// ```
pub fn maximize<'a, P, F, R>(fun: F, start: P) -> Optimization<'a, P, Closures<'a, P, F>>
where
    P: Params,
    R: Output,
    F: Fn(&P) -> R,
{
    let objective = Closures::new(fun, SolverKind::Scalar, start.clone());
    Optimization::new(objective, start, Direction::Maximize)
}

/// Minimize the sum of squares of the residuals that a function returns.
///
/// ```
/// let data = [(0.0, 1.0), (1.0, 2.7), (2.0, 7.4)];
/// let residuals = |p: &[f64; 2]| data.map(|(t, y)| p[0] * (p[1] * t).exp() - y);
/// let result = thalweg::least_squares(residuals, [1.0, 0.5]).algorithm("levenberg_marquardt").run()?;
/// assert!((result.params[1] - 1.0).abs() < 0.02);
/// # Ok::<(), thalweg::OptimizeError>(())
/// ```
pub fn least_squares<'a, P, F, R>(residuals: F, start: P) -> Optimization<'a, P, Closures<'a, P, F>>
where
    P: Params,
    R: Output,
    F: Fn(&P) -> R,
{
    let objective = Closures::new(residuals, SolverKind::LeastSquares, start.clone());
    Optimization::new(objective, start, Direction::Minimize)
}

/// Maximize the sum of the log-likelihood contributions that a function returns.
///
/// ```
/// let data = [1.0_f64, 2.0, 4.0];
/// let contributions = |rate: &f64| data.map(|y| rate.ln() - rate * y);
/// let result = thalweg::likelihood(contributions, 1.0).lower(0, 1e-6).algorithm("lbfgsb").run()?;
/// assert!((result.params - 3.0 / 7.0).abs() < 1e-4);
/// # Ok::<(), thalweg::OptimizeError>(())
/// ```
pub fn likelihood<'a, P, F, R>(
    contributions: F,
    start: P,
) -> Optimization<'a, P, Closures<'a, P, F>>
where
    P: Params,
    R: Output,
    F: Fn(&P) -> R,
{
    let objective = Closures::new(contributions, SolverKind::Likelihood, start.clone());
    Optimization::new(objective, start, Direction::Maximize)
}

/// A run in the making. Nothing is checked or evaluated before [`Optimization::run`].
#[must_use = "nothing happens before `run`"]
pub struct Optimization<'a, P, O> {
    pub(crate) objective: O,
    pub(crate) start: P,
    pub(crate) direction: Direction,
    algorithm: Option<AlgorithmChoice>,
    options: Vec<(String, OptionValue)>,
    restrictions: Restrictions<'a, P>,
    nonlinear: Vec<NonlinearConstraint<'a, P>>,
    pub(crate) constraint_handling: ConstraintHandling,
    pub(crate) multistart: Option<MultistartOptions>,
    pub(crate) scaling: Option<Scaling>,
    pub(crate) numerical_derivatives: NumericalDerivatives,
    pub(crate) n_cores: usize,
    pub(crate) error_handling: ErrorHandling,
    pub(crate) penalty: PenaltyOptions,
    pub(crate) collect_history: bool,
    callback: Option<Callback<'a>>,
    on_failure: Option<OnFailure<'a>>,
    sinks: Vec<&'a mut dyn Sink>,
    interrupt: Option<Arc<AtomicBool>>,
    pub(crate) seed: Option<u64>,
    progress: Option<(Pace, Show<'a>)>,
    record: Option<&'a mut Tape>,
    replay: Option<&'a [Exchange]>,
    pub(crate) log: Option<LogOptions>,
    pub(crate) resume: bool,
}

/// More threads than this take longer to begin than they save, if the system allows them at all.
const MOST_THREADS: usize = 1024;

type Callback<'a> = Box<dyn FnMut(&IterationReport<'_>) -> bool + 'a>;
type OnFailure<'a> = Box<dyn FnMut(&Failure) + 'a>;

impl<P: Params, O> Optimization<'_, P, O> {
    pub(crate) fn new(objective: O, start: P, direction: Direction) -> Self {
        Optimization {
            objective,
            start,
            direction,
            algorithm: None,
            options: Vec::new(),
            restrictions: Restrictions::default(),
            nonlinear: Vec::new(),
            constraint_handling: ConstraintHandling::Native,
            multistart: None,
            scaling: None,
            numerical_derivatives: NumericalDerivatives::default(),
            n_cores: 1,
            error_handling: ErrorHandling::Raise,
            penalty: PenaltyOptions::default(),
            collect_history: true,
            callback: None,
            on_failure: None,
            sinks: Vec::new(),
            interrupt: None,
            seed: None,
            progress: None,
            record: None,
            replay: None,
            log: None,
            resume: false,
        }
    }
}

impl<'a, P, R, F> Optimization<'a, P, Closures<'a, P, F>>
where
    P: Params + Send + Sync,
    R: Output,
    F: Fn(&P) -> R + Sync,
{
    /// Evaluate batches (numerical derivatives, populations, simplices) on `n` threads, at most 1024. Results do not depend on `n`.
    /// Closed-form derivatives and constraints are evaluated in the calling thread. A panic of the objective ends the run and goes
    /// on in the calling thread.
    ///
    /// ```
    /// let result = thalweg::minimize(|x: &[f64; 2]| x[0].powi(2) + x[1].powi(2), [1.0, 2.0])
    ///     .algorithm("neldermead_parallel")
    ///     .threads(4)
    ///     .run()?;
    /// assert!(result.fun < 1e-10);
    /// # Ok::<(), thalweg::OptimizeError>(())
    /// ```
    pub fn threads(mut self, n: usize) -> Self {
        let n = n.clamp(1, MOST_THREADS);
        self.n_cores = n;
        self.numerical_derivatives.n_cores = self.n_cores;
        if n > 1 {
            self.objective.use_threads(n);
        }
        self
    }
}

impl<'a, P: Params, O> Optimization<'a, P, O> {
    /// The algorithm: a public name ("lbfgsb", "scipy_neldermead", ...) or a value of one of [`crate::algorithms`].
    /// There is no default, on purpose.
    pub fn algorithm(mut self, algorithm: impl Into<AlgorithmChoice>) -> Self {
        self.algorithm = Some(algorithm.into());
        self
    }

    /// An option of the algorithm by its public name: a number, yes or no, or a word, for instance
    /// `("stopping_maxfun", 500)` or `("strategy", "best1bin")`. Some options take functions: see [`crate::Repeats`] and
    /// [`FirstSimplex`](crate::algorithms::neldermead_parallel::FirstSimplex).
    pub fn option(mut self, name: &str, value: impl Into<OptionValue>) -> Self {
        self.options.push((name.to_string(), value.into()));
        self
    }

    /// Scale the free coordinates for the algorithm: by start values, bounds or slopes. Everything that you see stays
    /// unscaled.
    ///
    /// ```
    /// use thalweg::{Scaling, minimize};
    ///
    /// // Steps of one are too large for one parameter and too small for the other.
    /// let fun = |x: &[f64; 2]| (x[0] - 3000.0).powi(2) * 1e-6 + (x[1] - 0.003).powi(2) * 1e6;
    /// let scaled = minimize(fun, [1000.0, 0.001])
    ///     .algorithm("lbfgsb")
    ///     .scaling(Scaling { clipping_value: 1e-6, ..Scaling::default() })
    ///     .run()?;
    /// assert!((scaled.params[0] - 3000.0).abs() < 1.0 && (scaled.params[1] - 0.003).abs() < 1e-6);
    /// # Ok::<(), thalweg::OptimizeError>(())
    /// ```
    pub fn scaling(mut self, scaling: Scaling) -> Self {
        self.scaling = Some(scaling);
        self
    }

    /// How derivatives are computed where none is given; forward differences by default.
    pub fn numerical_derivatives(mut self, options: DiffOptions) -> Self {
        self.numerical_derivatives.options = options;
        self
    }

    /// What to do when the objective fails.
    pub fn error_handling(mut self, handling: ErrorHandling) -> Self {
        self.error_handling = handling;
        self
    }

    /// The penalty that stands in for failed evaluations under [`ErrorHandling::Continue`].
    pub fn error_penalty(mut self, penalty: PenaltyOptions) -> Self {
        self.penalty = penalty;
        self
    }

    /// Called for every failed evaluation that a penalty stands in for.
    pub fn on_failure(mut self, notify: impl FnMut(&Failure) + 'a) -> Self {
        self.on_failure = Some(Box::new(notify));
        self
    }

    /// Keep the history of evaluations (the default), or not.
    pub fn collect_history(mut self, collect: bool) -> Self {
        self.collect_history = collect;
        self
    }

    /// Called at the end of every iteration; returning `true` ends the run.
    pub fn callback(mut self, callback: impl FnMut(&IterationReport<'_>) -> bool + 'a) -> Self {
        self.callback = Some(Box::new(callback));
        self
    }

    /// A further receiver of the run's events.
    pub fn sink(mut self, sink: &'a mut dyn Sink) -> Self {
        self.sinks.push(sink);
        self
    }

    /// A flag that ends the run with its best point so far when it is set, for instance by a handler of Ctrl-C.
    pub fn interrupt(mut self, flag: Arc<AtomicBool>) -> Self {
        self.interrupt = Some(flag);
        self
    }

    /// Show on stderr how far the run is: a line that is drawn over in a terminal, lines at growing intervals elsewhere.
    pub fn progress(mut self, show: bool) -> Self {
        self.progress = show.then(terminal);
        self
    }

    /// Call a function with what has been done so far, at most ten times a second, and at the end of the run.
    ///
    /// ```
    /// let mut last = None;
    /// let result = thalweg::minimize(|x: &[f64; 2]| x[0].powi(2) + x[1].powi(4), [1.0, 2.0])
    ///     .algorithm("neldermead")
    ///     .progress_with(|report| last = Some(report.clone()))
    ///     .run()?;
    /// let last = last.unwrap();
    /// assert_eq!((last.n_evaluations, last.best), (result.n_fun_evals, result.fun));
    /// assert_eq!(last.end, Some(result.message));
    /// # Ok::<(), thalweg::OptimizeError>(())
    /// ```
    pub fn progress_with(mut self, show: impl FnMut(&ProgressReport) + Send + 'a) -> Self {
        self.progress = Some((Pace::Steady, Box::new(show)));
        self
    }

    /// Write down every answer of the objective, so that [`replay`](Optimization::replay) can repeat the run.
    ///
    /// ```
    /// use thalweg::drivers::Tape;
    ///
    /// let fun = |x: &[f64; 2]| (x[0] - 1.0).powi(2) + x[1].powi(4);
    /// let mut tape = Tape::new();
    /// let first = thalweg::minimize(fun, [3.0, 2.0]).algorithm("neldermead");
    /// let first = first.option("stopping_maxfun", 30).record(&mut tape).run()?;
    ///
    /// // The first 30 answers come from the tape, the others from the function.
    /// let second = thalweg::minimize(fun, [3.0, 2.0]).algorithm("neldermead").replay(&tape).run()?;
    /// assert!(second.success && second.fun < first.fun);
    /// # Ok::<(), thalweg::OptimizeError>(())
    /// ```
    pub fn record(mut self, tape: &'a mut Tape) -> Self {
        self.record = Some(tape);
        self
    }

    /// Answer from a record first and ask the objective when it ends. Every point has to be the recorded one to the last bit;
    /// one that is not ends the run with an error that says at which evaluation.
    pub fn replay(mut self, tape: &'a [Exchange]) -> Self {
        self.replay = Some(tape);
        self
    }

    /// The seed of the algorithm's random numbers.
    pub fn seed(mut self, seed: u64) -> Self {
        self.seed = Some(seed);
        self
    }

    /// Whatever was asked to listen to the run, by the name of its method.
    pub(crate) fn listeners(&self) -> Vec<&'static str> {
        let listeners = [
            (self.callback.is_some(), "callback"),
            (self.on_failure.is_some(), "on_failure"),
            (!self.sinks.is_empty(), "sink"),
            (self.interrupt.is_some(), "interrupt"),
            (self.progress.is_some(), "progress"),
            (self.record.is_some(), "record"),
            (self.replay.is_some(), "replay"),
            (self.multistart.is_some(), "multistart"),
            (self.log.is_some(), "log"),
        ];
        listeners.into_iter().filter(|(set, _)| *set).map(|(_, name)| name).collect()
    }

    pub(crate) fn resolve(&mut self) -> Result<Resolved, OptimizeError> {
        let mut resolved = match self.algorithm.take() {
            Some(AlgorithmChoice::Name(name)) => resolve(&name)?,
            Some(AlgorithmChoice::Value(algorithm)) => {
                check_options(&*algorithm)?;
                Resolved::custom(algorithm)
            }
            None => {
                let message = "No algorithm was chosen, and there is no default on purpose. Call .algorithm(..), for \
                               instance with \"lbfgsb\" (smooth), \"neldermead\" (not smooth) or \
                               \"levenberg_marquardt\" (least squares).";
                return Err(OptimizeError::invalid(InvalidKind::Algorithm, message));
            }
        };
        for (name, value) in &self.options {
            resolved.set(name, value)?;
        }
        Ok(resolved)
    }
}

impl<P: Params, O: Objective> Optimization<'_, P, O> {
    /// Check the specification and run it.
    ///
    /// # Errors
    /// The specification is wrong, or the objective failed.
    pub fn run(mut self) -> Result<OptimizeResult<P>, OptimizeError> {
        let resolved = self.resolve()?;
        let flat = self.flat_start()?;
        let (bounds, constraints) = self.restrictions(flat.len())?;
        let (nonlinear, functions) = self.take_nonlinear();
        let build_options = self.build_options();
        let log = self.take_log()?;
        let soft_bounds = self.soft_bounds_of(flat.len())?;
        let multistart = self.multistart_of(&resolved, flat.len())?;
        let template = &self.start;
        let names = OnceCell::new();
        let name_of = |i: usize| names.get_or_init(|| template.leaf_names())[i].clone();
        let wording = resolved.wording();
        let mut objective: &mut dyn Objective = &mut self.objective;
        let mut constrained;
        if !functions.is_empty() {
            constrained = Constrained { objective, functions };
            objective = &mut constrained;
        }
        let mut progress = self.progress.take().map(|(pace, show)| {
            Progress::new(self.direction, resolved.limits, pace, show)
                .constrained(!nonlinear.is_empty())
                .searching(multistart.is_some())
                .at_most(multistart.as_ref().and_then(|search| search.options().stopping_maxopt))
        });
        let trace = Trace::begin(&resolved.name, self.direction, flat.len());
        let mut sinks: Vec<&mut dyn Sink> =
            self.sinks.iter_mut().map(|sink| &mut **sink as &mut dyn Sink).collect();
        sinks.extend(progress.as_mut().map(|progress| progress as &mut dyn Sink));
        let mut iterations = Trace::iterations();
        sinks.extend(iterations.as_mut().map(|iterations| iterations as &mut dyn Sink));
        let mut on_failure = |failure: &Failure| {
            Trace::failure(failure);
            if let Some(notify) = &mut self.on_failure {
                notify(failure);
            }
        };
        let (mut replaying, mut recording);
        if let Some(tape) = self.replay {
            replaying = Replaying::new(objective, tape);
            objective = &mut replaying;
        }
        if let Some(tape) = self.record {
            recording = Recording::new(objective, tape);
            objective = &mut recording;
        }
        let ended = optimize(Specification {
            objective,
            start: &flat,
            names: &name_of,
            direction: self.direction,
            n_cores: self.n_cores.max(resolved.n_cores),
            seed: self.seed.unwrap_or(resolved.seed),
            limits: resolved.limits,
            algorithm_name: resolved.name,
            algorithm: resolved.algorithm,
            wording,
            bounds,
            constraints,
            nonlinear,
            extra_rows: Vec::new(),
            constraint_handling: self.constraint_handling,
            space: build_options,
            scaling: self.scaling,
            soft_bounds,
            numerical_derivatives: self.numerical_derivatives,
            error_handling: self.error_handling,
            penalty: self.penalty,
            collect_history: self.collect_history,
            callback: match &mut self.callback {
                Some(callback) => Some(&mut **callback),
                None => None,
            },
            on_failure: Some(&mut on_failure),
            sinks,
            interrupt: self.interrupt,
            multistart,
            log,
            on_space: None,
            clock: Clock::start(),
            step: 0,
        });
        trace.end(&ended);
        if let Some(progress) = &mut progress {
            progress.end(&ended);
        }
        let mut shape =
            |flat: Vec<f64>| template.with_flat(&flat).unwrap_or_else(|_| template.clone());
        Ok(ended?.map(&mut shape))
    }
}
