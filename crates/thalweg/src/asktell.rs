//! The Rust front door to a run whose objective is evaluated by the caller.

use thalweg_core::SolverKind;
use thalweg_space::params::Params;

use crate::builder::Optimization;
use crate::drivers::{Backend, Blueprint, Suspended, Tell};
use crate::error::{InvalidKind, OptimizeError};
use crate::objective::{Failure, UserError};
use crate::result::{Direction, OptimizeResult};

/// Stands where the objective would be: the caller will evaluate it.
pub struct Asked {
    kind: SolverKind,
    has_derivative: bool,
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
    let asked = Asked { kind: SolverKind::Scalar, has_derivative: false };
    Optimization::new(asked, start, Direction::Minimize)
}

impl<P: Params> Optimization<'static, P, Asked> {
    /// What will be told: values (the default), residuals or contributions.
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
        self.direction = Direction::Maximize;
        self
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
        let start = self.start.to_flat();
        let (bounds, constraints) = self.restrictions(start.len())?;
        let soft_bounds = self.soft_bounds_of(start.len())?;
        resolved.seed = self.seed.unwrap_or(resolved.seed);
        resolved.n_cores = resolved.n_cores.max(self.n_cores);
        let blueprint = Blueprint {
            has_derivative: self.objective.has_derivative,
            names: self.start.leaf_names().into(),
            direction: self.direction,
            bounds,
            constraints,
            scaling: self.scaling,
            soft_bounds,
            space: self.build_options(),
            numerical_derivatives: self.numerical_derivatives,
            error_handling: self.error_handling,
            penalty: self.penalty,
            collect_history: self.collect_history,
            ..Blueprint::new(self.objective.kind, start, resolved)
        };
        let run = Suspended::start(blueprint, Backend::Coroutine)?;
        match run.ask() {
            Some(_) => Ok(AskTell { run, template: self.start }),
            None => Err(run.finish().err().unwrap_or_else(|| {
                OptimizeError::invalid(
                    InvalidKind::Argument,
                    "the run ended before its first batch",
                )
            })),
        }
    }
}

/// A run that waits for its objective's values. See [`ask_tell`].
pub struct AskTell<P> {
    run: Suspended,
    template: P,
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
        self.run.tell(Tell::outputs(outputs.to_vec()))
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
        self.run.tell(Tell { outputs, derivatives, failures: Vec::new() })
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
        self.run.tell(Tell { failures: (0..k).map(failure).collect(), ..Default::default() })
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
