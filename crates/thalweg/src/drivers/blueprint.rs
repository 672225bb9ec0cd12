//! Everything that defines a run, but for the objective: owned, so that it can be kept and sent.

use std::sync::Arc;

use thalweg_core::SolverKind;
use thalweg_space::{Bounds, BuildOptions, Constraint, LinearRow, Scaling};

use crate::error::OptimizeError;
use crate::logging::{Clock, Log};
use crate::nonlinear::{ConstraintHandling, NonlinearLimits};
use crate::numdiff::NumericalDerivatives;
use crate::objective::{Objective, SecondDerivatives};
use crate::pipeline::{Specification, optimize};
use crate::policy::{ErrorHandling, PenaltyOptions};
use crate::resolve::Resolved;
use crate::result::{Direction, FlatResult};

/// The definition of a run without its objective. See [`Specification`] for the fields.
#[derive(Clone, Debug)]
pub struct Blueprint {
    /// What the objective's outputs are.
    pub kind: SolverKind,
    /// Whether closed-form derivatives will be told.
    pub has_derivative: bool,
    /// Which closed-form second derivatives will be told.
    pub second_derivatives: SecondDerivatives,
    /// The start values.
    pub start: Vec<f64>,
    /// The names of the parameters; empty for their positions.
    pub names: Arc<[String]>,
    /// Minimize or maximize.
    pub direction: Direction,
    /// The algorithm with its options and limits.
    pub resolved: Resolved,
    /// Bounds.
    pub bounds: Bounds,
    /// Constraints by reparametrization.
    pub constraints: Vec<Constraint>,
    /// The limits of nonlinear constraints, whose values will be told. Their numbers of values have to be given.
    pub nonlinear: Vec<NonlinearLimits>,
    /// Further linear constraints that are kept like nonlinear ones; nothing is told for them.
    pub extra_rows: Vec<LinearRow>,
    /// How nonlinear constraints reach the algorithm.
    pub constraint_handling: ConstraintHandling,
    /// What to do with start values that violate them.
    pub space: BuildOptions,
    /// How the free coordinates are scaled for the algorithm.
    pub scaling: Option<Scaling>,
    /// Bounds that no run keeps; see [`Specification::soft_bounds`].
    pub soft_bounds: Bounds,
    /// How derivatives are computed where none are told.
    pub numerical_derivatives: NumericalDerivatives,
    /// What to do when the objective fails.
    pub error_handling: ErrorHandling,
    /// What stands in for a failed evaluation.
    pub penalty: PenaltyOptions,
    /// Whether to keep the history.
    pub collect_history: bool,
}

/// What runs over an objective.
type Run = Box<dyn FnOnce(&mut dyn Objective) -> Result<FlatResult, OptimizeError> + Send>;

/// A run that can be suspended: anything over an objective, with what has to be known of the objective before.
pub(crate) struct Job {
    pub kind: SolverKind,
    pub has_derivative: bool,
    pub second_derivatives: SecondDerivatives,
    /// Whether the closed-form derivative at the start is asked for together with the outputs.
    pub start_with_derivative: bool,
    /// The nonlinear constraints, whose numbers of values are known.
    pub nonlinear: Vec<NonlinearLimits>,
    /// Whether the algorithm is one of the catalog, so that the small stack of a coroutine is enough.
    pub of_catalog: bool,
    pub run: Run,
}

impl Blueprint {
    /// A run of an objective of this kind from these start values, with defaults for the rest.
    pub fn new(kind: SolverKind, start: Vec<f64>, resolved: Resolved) -> Self {
        Blueprint {
            kind,
            has_derivative: false,
            second_derivatives: SecondDerivatives::default(),
            start,
            names: Arc::from([]),
            direction: Direction::Minimize,
            resolved,
            bounds: Bounds::none(),
            constraints: Vec::new(),
            nonlinear: Vec::new(),
            extra_rows: Vec::new(),
            constraint_handling: ConstraintHandling::Native,
            space: BuildOptions::default(),
            scaling: None,
            soft_bounds: Bounds::none(),
            numerical_derivatives: NumericalDerivatives::default(),
            error_handling: ErrorHandling::Raise,
            penalty: PenaltyOptions::default(),
            collect_history: true,
        }
    }

    /// Run it with an objective: the direct driver.
    ///
    /// # Errors
    /// As [`optimize`].
    pub fn run(self, objective: &mut dyn Objective) -> Result<FlatResult, OptimizeError> {
        self.run_with_log(objective, None)
    }

    /// Run it with an objective and a log.
    ///
    /// # Errors
    /// As [`optimize`].
    pub fn run_with_log(
        self,
        objective: &mut dyn Objective,
        log: Option<Log>,
    ) -> Result<FlatResult, OptimizeError> {
        let names = self.names;
        let name = |i: usize| names.get(i).cloned().unwrap_or_else(|| i.to_string());
        optimize(Specification {
            objective,
            start: &self.start,
            names: &name,
            direction: self.direction,
            success_message: self.resolved.success_message(),
            algorithm: self.resolved.algorithm,
            algorithm_name: self.resolved.name,
            limits: self.resolved.limits,
            n_cores: self.resolved.n_cores,
            seed: self.resolved.seed,
            bounds: self.bounds,
            constraints: self.constraints,
            nonlinear: self.nonlinear,
            extra_rows: self.extra_rows,
            constraint_handling: self.constraint_handling,
            space: self.space,
            scaling: self.scaling,
            soft_bounds: self.soft_bounds,
            numerical_derivatives: self.numerical_derivatives,
            error_handling: self.error_handling,
            penalty: self.penalty,
            collect_history: self.collect_history,
            callback: None,
            on_failure: None,
            sinks: Vec::new(),
            interrupt: None,
            multistart: None,
            log,
            on_space: None,
            clock: Clock::start(),
            step: 0,
        })
    }

    pub(crate) fn into_job(self) -> Job {
        Job {
            kind: self.kind,
            has_derivative: self.has_derivative,
            second_derivatives: self.second_derivatives,
            start_with_derivative: false,
            nonlinear: self.nonlinear.clone(),
            of_catalog: self.resolved.is_of_catalog(),
            run: Box::new(|objective| self.run(objective)),
        }
    }
}
