//! The Rust front door to a run whose objective is evaluated by the caller.

use std::fmt;

use thalweg_core::SolverKind;
use thalweg_space::params::Params;

use crate::builder::Optimization;
use crate::closures::Output;
use crate::constrained::ConstraintFunctions;
use crate::drivers::{Backend, Blueprint, Suspended, Tell};
use crate::error::{InvalidKind, OptimizeError};
use crate::objective::{Failure, UserError};
use crate::result::{Direction, OptimizeResult};

/// Stands where the objective would be: the caller will evaluate it.
#[derive(Debug)]
pub struct Asked {
    kind: SolverKind,
    has_derivative: bool,
    direction: Option<Direction>,
}

/// A run that asks for points and is told the objective there; for objectives that live elsewhere: in a laboratory, on a
/// cluster, in an event loop. Every algorithm can be used like this.
///
/// ```
/// let mut run = thalweg::ask_tell([3.0, 4.0]).algorithm("neldermead").suspend()?;
/// while let Some(points) = run.ask() {
///     let values: Vec<f64> = points.iter().map(|x| x[0] * x[0] + x[1] * x[1]).collect();
///     run.tell(&values)?;
/// }
/// let result = run.finish()?;
/// assert!(result.success && result.fun < 1e-6);
/// # Ok::<(), thalweg::OptimizeError>(())
/// ```
pub fn ask_tell<P: Params>(start: P) -> Optimization<'static, P, Asked> {
    let asked = Asked { kind: SolverKind::Scalar, has_derivative: false, direction: None };
    Optimization::new(asked, start, Direction::Minimize)
}

impl<P: Params> Optimization<'static, P, Asked> {
    /// What will be told: values (the default), residuals or contributions. The sum of contributions is maximized, as
    /// [`likelihood`](crate::likelihood) does; everything else is minimized.
    ///
    /// ```
    /// use thalweg::SolverKind;
    ///
    /// let waits = [0.4, 1.9, 0.7, 1.1];
    /// let mut run = thalweg::ask_tell(1.0).outputs(SolverKind::Likelihood).algorithm("bhhh").suspend()?;
    /// while let Some(rates) = run.ask() {
    ///     run.tell_each(rates.iter().map(|rate: &f64| waits.map(|wait| rate.ln() - rate * wait)))?;
    /// }
    /// assert!((run.finish()?.params - 4.0 / 4.1).abs() < 1e-4);
    /// # Ok::<(), thalweg::OptimizeError>(())
    /// ```
    pub fn outputs(mut self, kind: SolverKind) -> Self {
        self.objective.kind = kind;
        self
    }

    /// Closed-form derivatives will be told, too.
    pub fn with_derivatives(mut self) -> Self {
        self.objective.has_derivative = true;
        self
    }

    /// Larger is better.
    pub fn maximize(mut self) -> Self {
        self.objective.direction = Some(Direction::Maximize);
        self
    }

    /// What was asked for, or what suits the outputs.
    fn chosen_direction(&self) -> Direction {
        let by_outputs = match self.objective.kind {
            SolverKind::Likelihood => Direction::Maximize,
            SolverKind::Scalar | SolverKind::LeastSquares => Direction::Minimize,
        };
        self.objective.direction.unwrap_or(by_outputs)
    }

    /// Check the specification and go to the first batch of points.
    ///
    /// # Errors
    /// The specification is wrong, or holds what a suspended run cannot use: callbacks, sinks, records, an interrupt flag. Between
    /// [`AskTell::ask`] and [`AskTell::tell`] the caller can do what they do, and [`AskTell::finish`] ends the run at any time.
    pub fn suspend(mut self) -> Result<AskTell<P>, OptimizeError> {
        if let Some(what) = self.listeners().first() {
            let message = format!(
                "{what} cannot be used with ask_tell: watch the run between ask and tell, and end it with finish."
            );
            return Err(OptimizeError::invalid(InvalidKind::Argument, message));
        }
        let mut resolved = self.resolve()?;
        let start = self.flat_start()?;
        let (bounds, constraints) = self.restrictions(start.len())?;
        let soft_bounds = self.soft_bounds_of(start.len())?;
        let (mut nonlinear, mut functions) = self.take_nonlinear();
        let constraints_at_start = functions.start(&start).map_err(OptimizeError::Start)?;
        for (limits, values) in nonlinear.iter_mut().zip(&constraints_at_start) {
            limits.n_values = values.len();
        }
        resolved.seed = self.seed.unwrap_or(resolved.seed);
        resolved.n_cores = resolved.n_cores.max(self.n_cores);
        let blueprint = Blueprint {
            has_derivative: self.objective.has_derivative,
            names: self.start.leaf_names().into(),
            direction: self.chosen_direction(),
            bounds,
            constraints,
            scaling: self.scaling,
            soft_bounds,
            nonlinear,
            extra_rows: Vec::new(),
            constraint_handling: self.constraint_handling,
            space: self.build_options(),
            numerical_derivatives: self.numerical_derivatives,
            error_handling: self.error_handling,
            penalty: self.penalty,
            collect_history: self.collect_history,
            ..Blueprint::new(self.objective.kind, start, resolved)
        };
        let run = Suspended::start(blueprint, Backend::Coroutine)?;
        let start = constraints_at_start.concat();
        let mut run = AskTell { run, template: self.start, functions, start: Some(start) };
        run.answer_constraints()?;
        match run.run.ask() {
            Some(_) => Ok(run),
            None => Err(run.run.finish().err().unwrap_or_else(|| {
                OptimizeError::invalid(
                    InvalidKind::Argument,
                    "the run ended before its first batch",
                )
            })),
        }
    }
}

/// A run that waits for its objective's values. See [`ask_tell`].
///
/// It stays in its thread, since the functions of nonlinear constraints may have to; a
/// [`Suspended`](crate::drivers::Suspended) run may move to others.
#[must_use = "the run waits for answers: ask, tell, and finish"]
pub struct AskTell<P> {
    run: Suspended,
    template: P,
    /// The nonlinear constraints, which are called here: only the objective is somebody else's.
    functions: ConstraintFunctions<'static, P>,
    /// Their values at the start, until they are told.
    start: Option<Vec<f64>>,
}

impl<P> fmt::Debug for AskTell<P> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_tuple("AskTell").field(&self.run).finish()
    }
}

impl<P: Params> AskTell<P> {
    /// The points that the run waits for, or `None` when it has ended.
    pub fn ask(&self) -> Option<Vec<P>> {
        let shape = |x: &[f64]| self.template.with_flat(x).ok();
        Some(self.run.ask()?.iter().filter_map(shape).collect())
    }

    /// Whether values are wanted at the points.
    pub fn wants_outputs(&self) -> bool {
        self.run.ask().is_some_and(|ask| ask.wants_outputs)
    }

    /// Whether closed-form derivatives are wanted at the points.
    pub fn wants_derivatives(&self) -> bool {
        self.run.ask().is_some_and(|ask| ask.wants_derivative)
    }

    /// Tell the outputs: one value a point, or the residuals or contributions of one point after the other.
    ///
    /// # Errors
    /// There are too many or too few; the run keeps waiting.
    pub fn tell(&mut self, outputs: &[f64]) -> Result<(), OptimizeError> {
        self.tell_with_derivatives(outputs, &[])
    }

    /// Tell one outcome for each point, in the order of [`ask`](AskTell::ask): what an objective would return, a number, residuals or
    /// contributions, or an error for a point that could not be evaluated. A failure is dealt with as
    /// [`error_handling`](Optimization::error_handling) says.
    ///
    /// ```
    /// use thalweg::ErrorHandling;
    ///
    /// let laboratory = |x: &[f64; 2]| if x[0] < 0.5 { Err("no sample left") } else { Ok(x[0] * x[0] + x[1] * x[1]) };
    /// let run = thalweg::ask_tell([1.0, 1.0]).algorithm("neldermead");
    /// let mut run = run.error_handling(ErrorHandling::Continue).suspend()?;
    /// while let Some(points) = run.ask() {
    ///     run.tell_each(points.iter().map(laboratory))?;
    /// }
    /// assert!((run.finish()?.params[0] - 0.5).abs() < 1e-3);
    /// # Ok::<(), thalweg::OptimizeError>(())
    /// ```
    ///
    /// # Errors
    /// There are too many or too few; the run keeps waiting.
    pub fn tell_each<R: Output>(
        &mut self,
        outcomes: impl IntoIterator<Item = R>,
    ) -> Result<(), OptimizeError> {
        let k = self.run.ask().map_or(0, |ask| ask.len());
        let (mut rows, mut failures) = (Vec::with_capacity(k), Vec::new());
        for (index, outcome) in outcomes.into_iter().enumerate() {
            let mut row = vec![0.0; outcome.count()];
            if let Err(error) = outcome.write(&mut row) {
                failures.push(Failure { index, what: "fun", error });
            }
            rows.push(row);
        }
        if k > 0 && rows.len() != k {
            let message = format!("{} outcomes were told for {k} points", rows.len());
            return Err(OptimizeError::invalid(InvalidKind::Argument, message));
        }
        // The numbers of points that failed are not read, but have their places.
        let width = rows.iter().map(Vec::len).max().unwrap_or(0);
        failures.iter().for_each(|failure| rows[failure.index].resize(width, 0.0));
        let tell = Tell { outputs: rows.concat(), failures, ..Tell::default() };
        let tell = self.with_constraints(tell);
        self.run.tell(tell)?;
        self.answer_constraints()
    }

    /// Tell outputs (if they are wanted) and derivatives: m rows and n columns a point, row-major.
    ///
    /// # Errors
    /// There are too many or too few; the run keeps waiting.
    pub fn tell_with_derivatives(
        &mut self,
        outputs: &[f64],
        derivatives: &[f64],
    ) -> Result<(), OptimizeError> {
        let (outputs, derivatives) = (outputs.to_vec(), derivatives.to_vec());
        let tell = self.with_constraints(Tell { outputs, derivatives, ..Tell::default() });
        self.run.tell(tell)?;
        self.answer_constraints()
    }

    /// Answer batches that want nothing but constraints.
    fn answer_constraints(&mut self) -> Result<(), OptimizeError> {
        while self.run.ask().is_some_and(|ask| !ask.wants_outputs && !ask.wants_derivative) {
            let tell = self.with_constraints(Tell::default());
            self.run.tell(tell)?;
        }
        Ok(())
    }

    /// The answer, with what the batch wants of the constraints.
    fn with_constraints(&mut self, mut tell: Tell) -> Tell {
        let Some(ask) = self.run.ask() else { return tell };
        let batch = ask.batch();
        if !batch.wants_constraints && !batch.wants_constraint_derivative {
            return tell;
        }
        if let Some(start) = self.start.take() {
            tell.constraints = start;
            return tell;
        }
        let width = batch.len() * self.functions.n_values();
        tell.constraints.resize(if batch.wants_constraints { width } else { 0 }, 0.0);
        let width = if batch.wants_constraint_derivative { width * batch.dim } else { 0 };
        tell.constraint_derivatives.resize(width, 0.0);
        let Tell { constraints, constraint_derivatives, failures, .. } = &mut tell;
        self.functions.evaluate(&batch, constraints, constraint_derivatives, failures);
        tell
    }

    /// Tell that the evaluation of the batch failed.
    ///
    /// # Errors
    /// The run has ended.
    pub fn tell_failure(&mut self, message: &str) -> Result<(), OptimizeError> {
        let Some(k) = self.run.ask().map(|ask| ask.len()) else {
            let message = "the run has ended: there is nothing to tell";
            return Err(OptimizeError::invalid(InvalidKind::Argument, message));
        };
        let failure = |index| Failure { index, what: "fun", error: UserError::new(message) };
        self.run.tell(Tell { failures: (0..k).map(failure).collect(), ..Default::default() })?;
        self.answer_constraints()
    }

    /// The result; a run that still waits is ended with its best point so far.
    ///
    /// # Errors
    /// The specification was wrong, or the objective failed.
    pub fn finish(self) -> Result<OptimizeResult<P>, OptimizeError> {
        let template = self.template;
        let mut shape =
            |flat: Vec<f64>| template.with_flat(&flat).unwrap_or_else(|_| template.clone());
        Ok(self.run.finish()?.map(&mut shape))
    }
}
