//! The pipeline, over flat vectors: check the specification, build the space, evaluate, drive, assemble the result.

use std::sync::Arc;
use std::sync::atomic::AtomicBool;

use thalweg_algorithms::AugmentedLagrangian;
use thalweg_core::{Algorithm, Event, Finish, Problem, ProblemSpec, Sink, SolverKind, Stop};
use thalweg_space::{
    Bounds, BuildOptions, Constraint, ConstraintPlan, Handling, Keeper, LinearRow, Scaling, Space,
};

use crate::aggregate::{Aggregate, is_compatible};
use crate::error::{InvalidKind, OptimizeError};
use crate::evaluator::{Best, Counts, Evaluator, FirstSize, Scratch};
use crate::hessian;
use crate::history::History;
use crate::limits::{IterationReport, Limits};
use crate::logging::{self, Clock, Log};
use crate::multistart::{self, Multistart};
use crate::names::Wording;
use crate::nonlinear::{ConstraintHandling, ConstraintSet, NonlinearLimits};
use crate::numdiff::{Differentiator, NumericalDerivatives};
use crate::objective::{Failure, Objective, StartValues};
use crate::policy::{ErrorHandling, Penalty, PenaltyOptions};
use crate::resolve::check_together;
use crate::result::{Direction, FlatResult};
use crate::scaling;

/// Everything that defines a run, in terms of the flat user vector.
pub struct Specification<'a> {
    /// The user's function.
    pub objective: &'a mut dyn Objective,
    /// The start values.
    pub start: &'a [f64],
    /// The name of the parameter at a position; called for messages only.
    pub names: &'a dyn Fn(usize) -> String,
    /// Minimize or maximize.
    pub direction: Direction,
    /// The algorithm with its options.
    pub algorithm: Box<dyn Algorithm>,
    /// The name under which the user asked for the algorithm.
    pub algorithm_name: String,
    /// How the end of the run is told under the algorithm's public name.
    pub wording: Wording,
    /// Limits.
    pub limits: Limits,
    /// Bounds.
    pub bounds: Bounds,
    /// Constraints by reparametrization.
    pub constraints: Vec<Constraint>,
    /// The limits of nonlinear constraints, whose values the objective gives.
    pub nonlinear: Vec<NonlinearLimits>,
    /// Linear constraints that a reparametrization cannot take: they are kept like nonlinear ones, and the objective does not
    /// know them.
    pub extra_rows: Vec<LinearRow>,
    /// How nonlinear constraints reach the algorithm.
    pub constraint_handling: ConstraintHandling,
    /// What to do with start values that violate them.
    pub space: BuildOptions,
    /// How the free coordinates are scaled for the algorithm.
    pub scaling: Option<Scaling>,
    /// Bounds that no run keeps: where starts are drawn, and what scaling by bounds uses where there are none.
    pub soft_bounds: Bounds,
    /// How derivatives are computed where the user gives none.
    pub numerical_derivatives: NumericalDerivatives,
    /// How many points of a batch may be evaluated at the same time.
    pub n_cores: usize,
    /// What to do when the user's function fails.
    pub error_handling: ErrorHandling,
    /// What stands in for a failed evaluation.
    pub penalty: PenaltyOptions,
    /// Whether to keep the history.
    pub collect_history: bool,
    /// Called at the end of every iteration; `true` ends the run.
    pub callback: Option<&'a mut dyn FnMut(&IterationReport<'_>) -> bool>,
    /// Called for every failure that a penalty stands in for.
    pub on_failure: Option<&'a mut dyn FnMut(&Failure)>,
    /// Further receivers of events.
    pub sinks: Vec<&'a mut dyn Sink>,
    /// Set it from anywhere to end the run with its best point so far.
    pub interrupt: Option<Arc<AtomicBool>>,
    /// The seed of the algorithm's random numbers.
    pub seed: u64,
    /// Search from many starts instead of running once from the start.
    pub multistart: Option<Multistart>,
    /// Keep a log of the run, and perhaps go on with the one that it holds.
    pub log: Option<Log>,
    /// Told the space in which the algorithm moves, constraints and scaling included, before it begins.
    pub on_space: Option<&'a mut dyn FnMut(&Space)>,
    /// The time since the start of the run.
    pub clock: Clock,
    /// The number of the step that events belong to.
    pub step: u64,
}

impl Specification<'_> {
    /// What messages call the parameter at this position.
    fn name(&self, position: usize) -> String {
        shown_name((self.names)(position))
    }

    /// Who keeps constraints that no change of variables does.
    fn keeper(&self) -> Keeper {
        let able = self.algorithm.spec().features.nonlinear_constraints;
        if able && self.constraint_handling == ConstraintHandling::Native {
            Keeper::Algorithm
        } else {
            Keeper::AugmentedLagrangian
        }
    }

    /// How each constraint is kept.
    pub(crate) fn constraint_plan(&self, space: &Space) -> ConstraintPlan {
        let nonlinear = self.nonlinear.iter().map(|constraint| constraint.position);
        space.plan().clone().with_keeper(self.keeper(), nonlinear)
    }
}

/// What messages call a parameter of this name; a single number has none.
pub(crate) fn shown_name(name: String) -> String {
    if name.is_empty() { "params".into() } else { name }
}

/// Run a specification.
///
/// # Errors
/// The specification is wrong, or the user's function failed.
pub fn optimize(mut spec: Specification<'_>) -> Result<FlatResult, OptimizeError> {
    let space = space_of(&spec)?;
    match spec.log.take() {
        Some(log) => logging::keep(spec, log, &space.clone(), |spec| optimize_over(spec, space)),
        None => optimize_over(spec, space),
    }
}

/// Run a checked specification.
fn optimize_over(mut spec: Specification<'_>, space: Space) -> Result<FlatResult, OptimizeError> {
    let (space, start) = scaling::scale(&mut spec, space)?;
    if let Some(announce) = spec.on_space.take() {
        announce(&space);
    }
    match spec.multistart.take() {
        Some(multistart) if space.n_free() > 0 => {
            multistart::search(spec, &space, multistart, start)
        }
        _ => optimize_in(spec, &space, start),
    }
}

/// Check what can be checked before the first evaluation, and build the space.
fn space_of(spec: &Specification<'_>) -> Result<Space, OptimizeError> {
    check_features(spec)?;
    check_together(&*spec.algorithm, &spec.algorithm_name, spec.wording)?;
    if spec.start.is_empty() {
        let message = "params holds no numbers: there is nothing to optimize over.";
        return Err(OptimizeError::invalid(InvalidKind::Params, message));
    }
    let space = Space::build(spec.start, spec.names, &spec.bounds, &spec.constraints, spec.space)?;
    check_bounds(spec, &space)?;
    hessian::check(spec)?;
    check_constraints(spec)?;
    Ok(space)
}

/// Run a checked specification from the start of its space, which stands for the specification's start. `start` is what is
/// known of the objective there.
pub(crate) fn optimize_in(
    mut spec: Specification<'_>,
    space: &Space,
    start: Option<StartValues>,
) -> Result<FlatResult, OptimizeError> {
    let start_params = start_params(&spec, space);
    let start = start_of(&mut spec, &start_params, start)?;
    let aggregate = Aggregate {
        objective: spec.objective.kind(),
        solver: spec.algorithm.spec().features.kind,
        maximize: spec.direction == Direction::Maximize,
        m: spec.objective.n_outputs(),
    };
    let start_fun = check_start(aggregate, &start, spec.start.len())?;
    let result = FlatResult::at_start(&spec, start_params.clone(), space, start_fun);
    let (keeper, handling) = (spec.keeper(), spec.constraint_handling);
    let (nonlinear, mut rows) =
        (std::mem::take(&mut spec.nonlinear), std::mem::take(&mut spec.extra_rows));
    rows.extend_from_slice(space.surplus_rows());
    let constraints = ConstraintSet::new(nonlinear, rows, &start)?;
    let at_start = constraints.at_start(&start, &start_params);
    if space.n_free() == 0 {
        return Ok(result.nothing_to_optimize(&constraints, &at_start, spec.collect_history));
    }

    let uses_hessian = spec.algorithm.spec().features.uses_hessian;
    let given = spec.objective.second_derivatives();
    let problem_spec = ProblemSpec {
        has_rough_gradient: !spec.objective.has_derivative(),
        has_hessian: given.hessian,
        has_hessian_product: given.product,
        ..problem_spec(space, aggregate.n_solver_outputs(), &constraints, spec.seed)
    };
    let mut algorithm = std::mem::replace(
        &mut spec.algorithm,
        Box::new(crate::algorithms::neldermead::NelderMead::default()),
    );
    if keeper == Keeper::AugmentedLagrangian && !constraints.is_empty() {
        let mut around = AugmentedLagrangian::around(algorithm);
        around.options = handling.options();
        algorithm = Box::new(around);
    }
    let wording = spec.wording;
    let (clock, step) = (spec.clock.clone(), spec.step);
    let begin = clock.seconds();
    let began = Event::StepBegan { step, exploration: false, start: begin };
    spec.sinks.iter_mut().for_each(|sink| sink.record(&began));
    let mut evaluator =
        evaluator(spec, space, (constraints, at_start), aggregate, start, uses_hessian)?;
    let end = algorithm.solve(&mut Problem::new(&mut evaluator, &problem_spec), space.start());
    // Looking around takes evaluations, which belong to the run and its log.
    let flaw = match &end {
        Ok(finish) if finish.verdict.is_success() => evaluator.why_not_flat(&finish.x),
        _ => None,
    };
    clock.algorithm_ended(true);
    let result = result.complete(end, flaw, evaluator, wording);
    clock.algorithm_ended(false);
    result
}

/// The start values after repairs.
pub(crate) fn start_params(spec: &Specification<'_>, space: &Space) -> Vec<f64> {
    if space.is_identity() { spec.start.to_vec() } else { space.user_start() }
}

/// The objective at the start, evaluated unless it is known.
pub(crate) fn start_of(
    spec: &mut Specification<'_>,
    params: &[f64],
    known: Option<StartValues>,
) -> Result<StartValues, OptimizeError> {
    match known {
        Some(start) => Ok(start),
        None => spec.objective.start(params).map_err(OptimizeError::Start),
    }
}

/// What the algorithm cannot do at all is said before anything else.
fn check_features(spec: &Specification<'_>) -> Result<(), OptimizeError> {
    let (name, kind) = (&spec.algorithm_name, spec.objective.kind());
    let solver = spec.algorithm.spec().features.kind;
    if kind == SolverKind::LeastSquares && spec.direction == Direction::Maximize {
        let message = "Least-squares functions cannot be maximized: the sum of squared residuals has no upper \
                       bound. Use minimize, or a scalar or likelihood function.";
        return Err(OptimizeError::invalid(InvalidKind::Function, message));
    }
    if !is_compatible(kind, solver) {
        let message = format!(
            "{name} is a {} algorithm, but fun is a {} function. Let fun return {} and say so ({}), or use a scalar \
             algorithm such as lbfgsb.",
            solver.as_str(),
            kind.as_str(),
            if solver == SolverKind::LeastSquares { "its residuals" } else { "its contributions" },
            if solver == SolverKind::LeastSquares {
                "least_squares in Rust, mark.least_squares in Python"
            } else {
                "likelihood in Rust, mark.likelihood in Python"
            },
        );
        return Err(OptimizeError::invalid(InvalidKind::Function, message));
    }
    Ok(())
}

/// Whether the constraints make sense, and somebody keeps them.
fn check_constraints(spec: &Specification<'_>) -> Result<(), OptimizeError> {
    spec.constraint_handling.check()?;
    spec.nonlinear.iter().try_for_each(NonlinearLimits::check)?;
    let native = spec.constraint_handling == ConstraintHandling::Native;
    if !native || spec.algorithm.spec().features.nonlinear_constraints {
        return Ok(());
    }
    // Linear conditions that no change of variables enforces are kept by the augmented Lagrangian unasked.
    let Some(constraint) = spec.nonlinear.first() else { return Ok(()) };
    let kind = spec.objective.kind();
    let able: Vec<&str> = crate::algorithms::CATALOG
        .iter()
        .filter(|entry| entry.spec.features.nonlinear_constraints)
        .filter(|entry| is_compatible(kind, entry.spec.features.kind))
        .map(|entry| entry.spec.name)
        .collect();
    let able = if able.is_empty() { "none yet".to_string() } else { able.join(", ") };
    let name = &spec.algorithm_name;
    let message = format!(
        "{name} does not support nonlinear constraints, but {constraint} has to be kept. Algorithms that support them: {able}. With constraint_handling=\"augmented_lagrangian\" (in Rust \
         .constraint_handling(ConstraintHandling::AugmentedLagrangian)) every algorithm can be used."
    );
    Err(OptimizeError::invalid(InvalidKind::Constraint, message))
}

/// Whether the algorithm keeps the bounds that are there, and has those that it needs.
fn check_bounds(spec: &Specification<'_>, space: &Space) -> Result<(), OptimizeError> {
    let features = spec.algorithm.spec().features;
    let side = |side: Option<&[f64]>, i: usize| side.is_some_and(|side| side[i].is_finite());
    let name = |i: usize| spec.name(space.user_position(i));
    if !features.bounds {
        let bounded =
            (0..space.n_free()).find(|&i| side(space.lower(), i) || side(space.upper(), i));
        if let Some(i) = bounded {
            let lower = space.lower().map_or(f64::NEG_INFINITY, |lower| lower[i]);
            let upper = space.upper().map_or(f64::INFINITY, |upper| upper[i]);
            let position = space.user_position(i);
            let own =
                |side: &Option<Vec<f64>>| side.as_ref().is_some_and(|s| s[position].is_finite());
            let (kind, why) = match reparametrized(space) {
                Some(kept) if !own(&spec.bounds.lower) && !own(&spec.bounds.upper) => {
                    (InvalidKind::Constraint, format!("by which {kept} would be kept"))
                }
                _ => {
                    let why = format!("but parameter '{}' has bounds [{lower}, {upper}]", name(i));
                    (InvalidKind::Bounds, why)
                }
            };
            let message = format!(
                "{} does not support bounds, {why}. Algorithms that do: {}.",
                spec.algorithm_name,
                bounded_algorithms(features.kind),
            );
            return Err(OptimizeError::invalid(kind, message));
        }
    }
    if features.needs_bounds {
        let open = |i: &usize| !(side(space.lower(), *i) && side(space.upper(), *i));
        let missing: Vec<String> = (0..space.n_free()).filter(open).take(10).map(name).collect();
        if !missing.is_empty() {
            let mut message = format!(
                "{} needs finite lower and upper bounds for every free parameter. They are missing for: {}.",
                spec.algorithm_name,
                missing.join(", "),
            );
            if let Some(kept) = reparametrized(space) {
                message += &format!(
                    " The coordinates by which {kept} would be kept have no such bounds: use an algorithm that needs none."
                );
            }
            return Err(OptimizeError::invalid(InvalidKind::IncompleteBounds, message));
        }
    }
    Ok(())
}

/// The constraints that a change of variables keeps, for messages.
fn reparametrized(space: &Space) -> Option<String> {
    let changed = |handling: &Handling| matches!(handling, Handling::Reparametrized { .. });
    let planned = space.plan().constraints.iter().filter(|planned| changed(&planned.handling));
    let kept: Vec<String> = planned
        .map(|planned| format!("constraints[{}] ({})", planned.index, planned.kind))
        .collect();
    (!kept.is_empty()).then(|| kept.join(" and "))
}

fn bounded_algorithms(kind: SolverKind) -> String {
    let names: Vec<&str> = crate::algorithms::CATALOG
        .iter()
        .filter(|entry| entry.spec.features.bounds && entry.spec.features.infinite_bounds)
        .filter(|entry| is_compatible(kind, entry.spec.features.kind))
        .map(|entry| entry.spec.name)
        .collect();
    names.join(", ")
}

/// The objective at the start has to be a number, and what comes with it has to fit.
pub(crate) fn check_start(
    aggregate: Aggregate,
    start: &StartValues,
    n: usize,
) -> Result<f64, OptimizeError> {
    let m = start.outputs.len();
    if m == 0 || m != aggregate.m || (aggregate.objective == SolverKind::Scalar && m != 1) {
        let message = match (aggregate.objective, m) {
            (_, 0) => "fun returned no numbers at start params.".to_string(),
            (SolverKind::Scalar, _) => format!(
                "fun returned {m} numbers at start params, but a scalar objective is one number. Residuals go to \
                 least_squares, contributions to likelihood."
            ),
            _ => {
                format!("fun returned {m} numbers at start params, but announces {}.", aggregate.m)
            }
        };
        return Err(OptimizeError::invalid(InvalidKind::Function, message));
    }
    if let Some(found) = start.derivative.as_ref().map(Vec::len).filter(|&found| found != m * n) {
        let message = format!(
            "the derivative at start params has {found} entries, but {m} x {n} are expected."
        );
        return Err(OptimizeError::invalid(InvalidKind::Function, message));
    }
    let value = aggregate.user_value(&start.outputs);
    if value.is_finite() {
        return Ok(value);
    }
    let what = if aggregate.objective == SolverKind::Scalar {
        format!("fun returned {value}")
    } else {
        format!("the sum over what fun returned is {value}")
    };
    let message = format!("{what} at start params; the objective has to be finite there.");
    Err(OptimizeError::invalid(InvalidKind::Function, message))
}

fn problem_spec(
    space: &Space,
    n_outputs: usize,
    constraints: &ConstraintSet,
    seed: u64,
) -> ProblemSpec {
    let n = space.n_free();
    ProblemSpec {
        lower: space.lower().map_or_else(|| vec![f64::NEG_INFINITY; n], <[f64]>::to_vec),
        upper: space.upper().map_or_else(|| vec![f64::INFINITY; n], <[f64]>::to_vec),
        n_outputs,
        constraint_limits: constraints.limits().to_vec(),
        constraint_sizes: constraints.sizes(),
        constraint_tolerances: constraints.tolerances().to_vec(),
        seed,
        ..ProblemSpec::default()
    }
}

fn evaluator<'s, 'a: 's>(
    spec: Specification<'a>,
    space: &'s Space,
    (constraints, at_start): (ConstraintSet, Vec<f64>),
    aggregate: Aggregate,
    start: StartValues,
    uses_hessian: bool,
) -> Result<Evaluator<'s>, OptimizeError> {
    let start_fun = aggregate.user_value(&start.outputs);
    let value = if aggregate.maximize { -start_fun } else { start_fun };
    let differentiator = if spec.objective.has_derivative() {
        None
    } else {
        let name = |i: usize| spec.name(space.user_position(i));
        Some(Differentiator::new(space, &spec.numerical_derivatives, &name)?)
    };
    let hessian_differentiator = if uses_hessian && !spec.objective.second_derivatives().any() {
        let name = |i: usize| spec.name(space.user_position(i));
        let make = match spec.objective.has_derivative() {
            true => Differentiator::new,
            false => Differentiator::of_second_order,
        };
        Some(make(space, &spec.numerical_derivatives, &name)?)
    } else {
        None
    };
    let constraint_differentiator = match constraints.ranges(false).next() {
        Some(_) => {
            let name = |i: usize| spec.name(space.user_position(i));
            Some(Differentiator::new(space, &spec.numerical_derivatives, &name)?)
        }
        None => None,
    };
    let best = Best {
        x: space.start().to_vec(),
        value,
        violation: constraints.violation(&at_start),
        constraints: at_start,
    };
    let mut evaluator = Evaluator {
        objective: spec.objective,
        space,
        constraints,
        maximize: aggregate.maximize,
        limits: spec.limits,
        error_handling: spec.error_handling,
        penalty: Penalty::new(spec.penalty, aggregate.maximize, space.start(), value)?,
        n_cores: spec.n_cores.max(1),
        differentiator,
        hessian_differentiator,
        uses_hessian,
        constraint_differentiator,
        history: spec.collect_history.then(|| History::new(space.n_user())),
        sinks: spec.sinks.into_iter().map(|sink| sink as &mut dyn Sink).collect(),
        callback: match spec.callback {
            Some(callback) => Some(callback),
            None => None,
        },
        on_failure: match spec.on_failure {
            Some(notify) => Some(notify),
            None => None,
        },
        interrupt: spec.interrupt,
        clock: spec.clock,
        step: spec.step,
        start_constraints: start.constraints.concat(),
        start,
        best,
        first_size: FirstSize::default(),
        counts: Counts::default(),
        failure: None,
        scratch: Scratch::new(space),
        is_plain: false,
    };
    evaluator.is_plain = evaluator.may_be_plain();
    Ok(evaluator)
}

/// What an algorithm's run ended with.
pub(crate) type End = Result<Finish, Stop>;
