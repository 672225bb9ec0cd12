//! One run, from Python's arguments to Python's result.

use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::atomic::Ordering;
use std::sync::{Arc, PoisonError};

use pyo3::exceptions::{PyUserWarning, PyValueError};
use pyo3::prelude::*;
use pyo3::types::{PyDict, PyString};
use thalweg::core::{Sink, SolverKind};
use thalweg::diff::DiffOptions;
use thalweg::{
    Bounds, BuildOptions, Constraint, ConstraintHandling, Direction, ErrorHandling, Failure,
    FlatResult, InvalidKind, IterationReport, Multistart, NumericalDerivatives, Objective as _,
    OptimizeError, PenaltyOptions, Resolved, Scaling, ScalingMethod, Space as Core, Specification,
    Trace, optimize, resolve,
};

use crate::algorithm::{FoundSpace, Lines, PythonAlgorithm};
use crate::handling::{Handling, handling};
use crate::interrupt::{Flag, Guard, is_ctrl_c};
use crate::logging::{LogRequest, Raised};
use crate::numeric::{number, to_vec};
use crate::objective::{BatchEvaluator, Constraints, Functions, Objective, warn};
use crate::options::{numerical_derivatives, option_values};
use crate::outcome::{finish, panic_error, specification_error};
use crate::progress::Shown;
use crate::result::RawResult;
use crate::space::Space;
use crate::tree::Tree;

/// Optimize `objective` with `algorithm`, the name of an algorithm or a user-defined one.
///
/// `lower` and `upper` are flat with NaN or infinity where there is no bound; `space` holds the constraints, None without
/// any. See the package's `minimize` for everything else.
#[pyfunction]
#[pyo3(signature = (objective, algorithm, options=None, *, maximize=false, lower=None, upper=None, space=None,
    scaling=None, soft_lower=None, soft_upper=None, numdiff=None, error_handling="raise", penalty=None,
    collect_history=true, callback=None, batch_evaluator=None, n_cores=1, skip_checks=false, multistart=None,
    nonlinear=None, constraint_handling=Handling::default(), log=None, progress=None))]
#[allow(clippy::too_many_arguments)] // keyword arguments of Python
pub(crate) fn solve(
    objective: &Bound<'_, Objective>,
    algorithm: &Bound<'_, PyAny>,
    options: Option<&Bound<'_, PyDict>>,
    maximize: bool,
    lower: Option<&Bound<'_, PyAny>>,
    upper: Option<&Bound<'_, PyAny>>,
    space: Option<&Bound<'_, Space>>,
    scaling: Option<(String, f64, f64)>,
    soft_lower: Option<&Bound<'_, PyAny>>,
    soft_upper: Option<&Bound<'_, PyAny>>,
    numdiff: Option<&Bound<'_, PyDict>>,
    error_handling: &str,
    penalty: Option<&Bound<'_, PyDict>>,
    collect_history: bool,
    callback: Option<Py<PyAny>>,
    batch_evaluator: Option<Py<PyAny>>,
    n_cores: usize,
    skip_checks: bool,
    multistart: Option<&Bound<'_, PyDict>>,
    nonlinear: Option<&Bound<'_, PyAny>>,
    constraint_handling: Handling,
    log: Option<&Bound<'_, PyDict>>,
    progress: Option<(Py<PyAny>, bool)>,
) -> PyResult<RawResult> {
    let py = objective.py();
    crate::bridge::prepare(py)?;
    let _ = skip_checks; // nothing that is checked here may be skipped
    let arguments = Arguments {
        algorithm,
        options,
        maximize,
        lower,
        upper,
        space,
        scaling,
        soft: (soft_lower, soft_upper),
        numdiff,
        error_handling,
        penalty,
    };
    let flag = Flag::default();
    let (resolved, lines) = arguments.resolve(&flag)?;
    let how = arguments.numerical_derivatives()?;
    let search = multistart.map(|options| crate::multistart::multistart(options, &resolved, &flag));
    let cores = lines.as_ref().map(|lines| Arc::clone(&lines.cores)).unwrap_or_default();
    let batches = batch_evaluator.map(|callable| BatchEvaluator::new(callable, cores));
    let (constraints, build_options) = arguments.constraints();
    let task = Task {
        direction: if maximize { Direction::Maximize } else { Direction::Minimize },
        bounds: arguments.bounds()?,
        constraints,
        space: build_options,
        scaling: arguments.scaling()?,
        soft_bounds: arguments.soft_bounds()?,
        numerical_derivatives: how,
        n_cores,
        error_handling: arguments.error_handling()?,
        penalty: arguments.penalty()?,
        collect_history,
        callback,
        constraint_handling: handling(&constraint_handling)?,
        multistart: search.transpose()?,
        progress,
        log: None,
        found_space: lines.as_ref().map(|lines| Arc::clone(&lines.space)),
    };
    let log = log.map(LogRequest::read).transpose()?;
    let nonlinear = Constraints::read(nonlinear)?;
    let is_search = task.multistart.is_some();

    let mut functions = objective.get().take()?;
    let guard = Guard::install(py, &flag);
    let kind = resolved.algorithm.spec().features.kind;
    let ends_at_failure = task.error_handling != ErrorHandling::Continue;
    functions.prepare(kind, Arc::clone(&flag), batches, ends_at_failure);
    functions.set_constraints(nonlinear);
    functions.warn_of_unused_hessian(py, &resolved)?;
    let looks_ahead = looks_ahead(&functions, kind, maximize);
    let log = log.map(|log| log.prepare(py, &mut functions, looks_ahead));
    let outcome = match log.transpose() {
        Ok(log) => run(py, &mut functions, resolved, Task { log, ..task }, flag),
        Err(error) => Outcome { ended: Err(error), raised: None },
    };
    let tree = functions.tree().clone_ref(py);
    objective.get().put_back(functions);
    guard.restore(py)?;

    let Outcome { ended, raised } = outcome;
    // What a user-defined algorithm says of one of many runs is not said of the search.
    let aside = lines.filter(|_| !is_search).map(|lines| {
        std::mem::take(&mut *lines.aside.lock().unwrap_or_else(PoisonError::into_inner))
    });
    finish(py, ended, raised, tree.get(), aside)
}

/// The arguments of a run, free of Python's lifetimes.
struct Task {
    direction: Direction,
    bounds: Bounds,
    constraints: Vec<Constraint>,
    space: BuildOptions,
    scaling: Option<Scaling>,
    soft_bounds: Bounds,
    numerical_derivatives: NumericalDerivatives,
    n_cores: usize,
    error_handling: ErrorHandling,
    penalty: PenaltyOptions,
    collect_history: bool,
    callback: Option<Py<PyAny>>,
    constraint_handling: ConstraintHandling,
    multistart: Option<Multistart>,
    log: Option<LogRequest>,
    /// Where a user-defined algorithm looks for the space in which it moves.
    found_space: Option<FoundSpace>,
    /// A display, and whether it draws over what it showed before.
    progress: Option<(Py<PyAny>, bool)>,
}

/// How a run ended.
struct Outcome {
    ended: PyResult<Result<FlatResult, OptimizeError>>,
    /// An exception of the callback, or of a warning that is an error.
    raised: Option<PyErr>,
}

/// What defines a run, as Python gives it.
pub(crate) struct Arguments<'a, 'py> {
    pub(crate) algorithm: &'a Bound<'py, PyAny>,
    pub(crate) options: Option<&'a Bound<'py, PyDict>>,
    pub(crate) maximize: bool,
    pub(crate) lower: Option<&'a Bound<'py, PyAny>>,
    pub(crate) upper: Option<&'a Bound<'py, PyAny>>,
    pub(crate) space: Option<&'a Bound<'py, Space>>,
    /// Method, clipping value, magnitude.
    pub(crate) scaling: Option<(String, f64, f64)>,
    pub(crate) soft: (Option<&'a Bound<'py, PyAny>>, Option<&'a Bound<'py, PyAny>>),
    pub(crate) numdiff: Option<&'a Bound<'py, PyDict>>,
    pub(crate) error_handling: &'a str,
    pub(crate) penalty: Option<&'a Bound<'py, PyDict>>,
}

/// How to scale, from the word of the method, the clipping value and the magnitude.
pub(crate) fn scaling(given: &(String, f64, f64)) -> PyResult<Scaling> {
    let &(ref word, clipping_value, magnitude) = given;
    let known = ScalingMethod::WORDS.iter().find(|(known, _)| known == word);
    let Some(&(_, method)) = known else {
        return Err(PyValueError::new_err(format!("unknown method of scaling '{word}'")));
    };
    Ok(Scaling { method, clipping_value, magnitude })
}

impl Arguments<'_, '_> {
    /// The algorithm with its options; for a user-defined one also the lines to it.
    pub(crate) fn resolve(&self, interrupted: &Flag) -> PyResult<(Resolved, Option<Lines>)> {
        let py = self.algorithm.py();
        let wrong = |wrong| specification_error(py, wrong);
        let (mut resolved, lines) = match self.algorithm.cast::<PyString>() {
            Ok(name) => (resolve(&name.to_cow()?).map_err(wrong)?, None),
            Err(_) => {
                let algorithm = PythonAlgorithm::new(self.algorithm, self.maximize, interrupted)?;
                let lines = algorithm.lines();
                (Resolved::custom(Box::new(algorithm)), Some(lines))
            }
        };
        let read = |given| option_values(given, interrupted);
        for (name, value) in self.options.map_or(Ok(Vec::new()), read)? {
            resolved.set(&name, &value).map_err(wrong)?;
        }
        resolved.check().map_err(wrong)?;
        Ok((resolved, lines))
    }

    pub(crate) fn bounds(&self) -> PyResult<Bounds> {
        let lower = self.lower.map(to_vec).transpose()?;
        Ok(Bounds { lower, upper: self.upper.map(to_vec).transpose()? })
    }

    /// The constraints, and what to do with start values that violate them.
    pub(crate) fn constraints(&self) -> (Vec<Constraint>, BuildOptions) {
        self.space.map(|space| space.get().specification()).unwrap_or_default()
    }

    pub(crate) fn scaling(&self) -> PyResult<Option<Scaling>> {
        self.scaling.as_ref().map(scaling).transpose()
    }

    pub(crate) fn soft_bounds(&self) -> PyResult<Bounds> {
        let (lower, upper) = self.soft;
        Ok(Bounds { lower: lower.map(to_vec).transpose()?, upper: upper.map(to_vec).transpose()? })
    }

    pub(crate) fn numerical_derivatives(&self) -> PyResult<NumericalDerivatives> {
        numerical_derivatives(self.numdiff, DiffOptions::for_optimization())
    }

    pub(crate) fn error_handling(&self) -> PyResult<ErrorHandling> {
        Ok(match self.error_handling {
            "raise" => ErrorHandling::Raise,
            "raise_strict" => ErrorHandling::RaiseStrict,
            "continue" => ErrorHandling::Continue,
            other => {
                return Err(PyValueError::new_err(format!("unknown error_handling '{other}'")));
            }
        })
    }

    pub(crate) fn penalty(&self) -> PyResult<PenaltyOptions> {
        let mut options = PenaltyOptions::default();
        for (key, value) in self.penalty.into_iter().flat_map(|penalty| penalty.iter()) {
            let value = if value.is_none() { None } else { Some(number(&value)?) };
            match key.extract::<String>()?.as_str() {
                "constant" => options.constant = value,
                "slope" => options.slope = value,
                other => {
                    let text = format!(
                        "error_penalty has no key '{other}'; it may have constant and slope"
                    );
                    return Err(PyValueError::new_err(text));
                }
            }
        }
        Ok(options)
    }
}

/// Whether only what fun returns can tell whether it fits the algorithm.
fn looks_ahead(functions: &Functions, solver: SolverKind, maximize: bool) -> bool {
    functions.kind_is_open() && (solver != functions.kind() || maximize)
}

/// The most parameters and the most points of an exploration with which a run keeps the interpreter.
const SMALL: (usize, usize) = (256, 5000);

/// Whether the run keeps the interpreter between evaluations. It does if the algorithm's own work is short, and nobody else
/// who may have to wait for the interpreter is waited for.
fn keeps_interpreter(functions: &Functions, solver: SolverKind, task: &Task) -> bool {
    let n = functions.tree().get().start().len();
    let explores_little = task.multistart.as_ref().map(Multistart::options).is_none_or(|search| {
        let given = search.sample.as_ref().map(Vec::len);
        search.n_cores == 1 && given.or(search.n_samples).unwrap_or(100 * n) <= SMALL.1
    });
    solver == SolverKind::Scalar
        && n <= SMALL.0
        && task.n_cores == 1
        && functions.evaluates_here()
        && task.log.is_none()
        && task.progress.is_none()
        && explores_little
}

/// Run with the interpreter released, unless the run is small; then it is held only while Python code runs.
fn run(
    py: Python<'_>,
    functions: &mut Functions,
    resolved: Resolved,
    task: Task,
    interrupted: Flag,
) -> Outcome {
    let maximize = task.direction == Direction::Maximize;
    if looks_ahead(functions, resolved.algorithm.spec().features.kind, maximize)
        && let Err(failed) = functions.evaluate_start(py)
    {
        return Outcome { ended: Ok(Err(OptimizeError::Start(failed))), raised: None };
    }
    let mut raised = None;
    let slot = &mut raised;
    let keeps = keeps_interpreter(functions, resolved.algorithm.spec().features.kind, &task);
    if keeps {
        functions.take_turns();
    }
    let native = || pipeline(functions, resolved, task, interrupted, slot);
    let ended = match keeps {
        true => catch_unwind(AssertUnwindSafe(native)).map_err(|panic| panic_error(py, panic)),
        false => guarded(py, native),
    };
    Outcome { ended, raised }
}

/// Run native code with the interpreter released; a panic becomes an `InternalError`.
pub(crate) fn guarded<T: Send>(py: Python<'_>, native: impl FnOnce() -> T + Send) -> PyResult<T> {
    let ended = py.detach(|| catch_unwind(AssertUnwindSafe(native)));
    ended.map_err(|panic| panic_error(py, panic))
}

fn pipeline(
    functions: &mut Functions,
    resolved: Resolved,
    task: Task,
    interrupted: Flag,
    raised: &mut Option<PyErr>,
) -> Result<FlatResult, OptimizeError> {
    let tree = Python::attach(|py| functions.tree().clone_ref(py));
    let tree = tree.get();
    let start = tree.start().to_vec();
    check_start(tree)?;
    let names = |position: usize| Python::attach(|py| tree.name(py, position));
    let raised = std::cell::RefCell::new(raised);
    let callback = task.callback.as_ref();
    let mut on_iteration = |report: &IterationReport<'_>| {
        let Some(callback) = callback else { return false };
        Python::attach(|py| {
            let stop = || -> PyResult<bool> {
                let params = tree.build(py, report.params)?;
                callback.bind(py).call1((params, report.value, report.iteration))?.is_truthy()
            };
            stop().unwrap_or_else(|error| {
                let stops = !is_ctrl_c(py, &error, &interrupted);
                if stops {
                    **raised.borrow_mut() = Some(error);
                }
                stops // the evaluator sees by itself that Ctrl-C was pressed
            })
        })
    };
    let mut on_failure = |failure: &Failure| {
        Trace::failure(failure);
        Python::attach(|py| {
            let text = format!(
                "{} failed; a penalty takes the place of its value. Full traceback:\n{}",
                failure.function(),
                failure.error.message
            );
            if let Err(error) = warn(py, &text, py.get_type::<PyUserWarning>().as_any()) {
                **raised.borrow_mut() = Some(error);
                interrupted.store(true, Ordering::Relaxed);
            }
        });
    };
    let (log, of_log) = task.log.map(|log| log.into_log(&interrupted)).unzip();
    let wording = resolved.wording();
    let nonlinear = functions.constraints().limits();
    let flag = Arc::clone(&interrupted);
    let mut progress = Shown::new(task.progress, task.direction, resolved.limits, flag)
        .of_run(!nonlinear.is_empty(), task.multistart.as_ref());
    let trace = Trace::begin(&resolved.name, task.direction, start.len());
    let mut iterations = Trace::iterations();
    let mut sinks: Vec<&mut dyn Sink> = progress.sink().into_iter().collect();
    sinks.extend(iterations.as_mut().map(|iterations| iterations as &mut dyn Sink));
    let mut on_space = |space: &Core| {
        if let Some(found) = &task.found_space {
            let _ = found.set(space.clone()); // empty, since there is one space in a run
        }
    };
    let ended = optimize(Specification {
        objective: functions,
        start: &start,
        names: &names,
        direction: task.direction,
        algorithm: resolved.algorithm,
        algorithm_name: resolved.name,
        wording,
        limits: resolved.limits,
        bounds: task.bounds,
        constraints: task.constraints,
        nonlinear,
        extra_rows: Vec::new(),
        constraint_handling: task.constraint_handling,
        space: task.space,
        scaling: task.scaling,
        soft_bounds: task.soft_bounds,
        numerical_derivatives: task.numerical_derivatives,
        n_cores: task.n_cores,
        error_handling: task.error_handling,
        penalty: task.penalty,
        collect_history: task.collect_history,
        callback: callback.is_some().then_some(&mut on_iteration),
        on_failure: Some(&mut on_failure),
        sinks,
        interrupt: Some(Arc::clone(&interrupted)),
        seed: resolved.seed,
        multistart: task.multistart,
        log,
        on_space: Some(&mut on_space),
        clock: thalweg::Clock::start(),
        step: 0,
    });
    trace.end(&ended);
    progress.end(&ended);
    if let Some(error) = of_log.and_then(|of_log: Raised| of_log.lock().ok()?.take()) {
        **raised.borrow_mut() = Some(error);
    }
    ended
}

/// Start values have to be finite.
pub(crate) fn check_start(tree: &Tree) -> Result<(), OptimizeError> {
    if tree.start().iter().all(|value| value.is_finite()) {
        return Ok(());
    }
    let wrong = tree.start().iter().enumerate().filter(|(_, value)| !value.is_finite());
    let list: Vec<String> = Python::attach(|py| {
        wrong.take(10).map(|(i, value)| format!("{} ({value})", tree.name(py, i))).collect()
    });
    let message = format!("Start params have to be finite. These are not: {}.", list.join(", "));
    Err(OptimizeError::invalid(InvalidKind::Params, message))
}
