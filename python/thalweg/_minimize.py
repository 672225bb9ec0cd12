"""`minimize` and `maximize`: the way of a problem from the user's arguments to the result."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from inspect import signature
from typing import TYPE_CHECKING, Any, Literal, ParamSpec, TypeVar

from thalweg._aliases import resolve_aliases
from thalweg._bounds import convert_bounds, flatten_bounds, flatten_soft_bounds
from thalweg._call import Call
from thalweg._checks import (
    check_types,
    constraint_handling_mode,
    error_handling_mode,
    refuse_unsupported_arguments,
)
from thalweg._functions import check_kwargs, derivative_kind, kind_of, pick_derivatives
from thalweg._resolve_algorithm import Resolved, resolve_algorithm
from thalweg._result import OptimizeResult
from thalweg._thalweg import Objective, Tree, solve

if TYPE_CHECKING:
    from pathlib import Path

    import scipy.optimize

    from thalweg._algorithm import Algorithm
    from thalweg._augmented_lagrangian import AugmentedLagrangianOptions
    from thalweg._bounds import Bounds
    from thalweg._constraints import Constraint
    from thalweg._constraints.prepare import Prepared
    from thalweg._logging import SQLiteLogOptions
    from thalweg._multistart import MultistartOptions
    from thalweg._numdiff_options import NumdiffOptions
    from thalweg._scaling import ScalingOptions
    from thalweg._thalweg import ProgressReport
    from thalweg.typing import ErrorHandling, ErrorHandlingLiteral, PyTree

P = ParamSpec("P")
R = TypeVar("R")


def _arguments(
    fun: Callable[..., Any] | None = None,
    params: PyTree = None,
    algorithm: str | Algorithm | type[Algorithm] | None = None,
    *,
    bounds: Bounds | scipy.optimize.Bounds | list[tuple[float | None, float | None]] | None = None,
    constraints: Constraint
    | scipy.optimize.LinearConstraint
    | scipy.optimize.NonlinearConstraint
    | dict[str, Any]
    | Sequence[
        Constraint
        | scipy.optimize.LinearConstraint
        | scipy.optimize.NonlinearConstraint
        | dict[str, Any]
    ]
    | None = None,
    fun_kwargs: dict[str, Any] | None = None,
    algo_options: dict[str, Any] | None = None,
    jac: Callable[..., Any]
    | list[Callable[..., Any]]
    | bool
    | dict[str, Callable[..., Any]]
    | None = None,
    jac_kwargs: dict[str, Any] | None = None,
    fun_and_jac: Callable[..., Any]
    | list[Callable[..., Any]]
    | dict[str, Callable[..., Any]]
    | None = None,
    fun_and_jac_kwargs: dict[str, Any] | None = None,
    numdiff_options: NumdiffOptions | dict[str, Any] | None = None,
    logging: bool | str | Path | SQLiteLogOptions | None = None,
    resume: bool = False,
    error_handling: ErrorHandling | ErrorHandlingLiteral = "raise",
    error_penalty: dict[str, float] | None = None,
    scaling: bool | ScalingOptions | dict[str, Any] | None = False,
    multistart: bool | MultistartOptions | dict[str, Any] | None = False,
    collect_history: bool = True,
    skip_checks: bool = False,
    repair_start: bool = False,
    constraint_handling: Literal["native", "augmented_lagrangian"]
    | AugmentedLagrangianOptions = "native",
    callback: Callable[[Any], Any] | None = None,
    progress: bool | Callable[[ProgressReport], Any] = False,
    x0: PyTree = None,
    method: str | None = None,
    args: tuple[Any, ...] | None = None,
    hess: Callable[..., Any] | None = None,
    hessp: Callable[..., Any] | None = None,
    options: None = None,
    tol: None = None,
    criterion: Callable[..., Any] | None = None,
    criterion_kwargs: dict[str, Any] | None = None,
    derivative: Callable[..., Any] | dict[str, Callable[..., Any]] | None = None,
    derivative_kwargs: dict[str, Any] | None = None,
    criterion_and_derivative: Callable[..., Any] | dict[str, Callable[..., Any]] | None = None,
    criterion_and_derivative_kwargs: dict[str, Any] | None = None,
    log_options: dict[str, Any] | None = None,
    lower_bounds: PyTree = None,
    upper_bounds: PyTree = None,
    soft_lower_bounds: PyTree = None,
    soft_upper_bounds: PyTree = None,
    scaling_options: dict[str, Any] | None = None,
    multistart_options: dict[str, Any] | None = None,
) -> None:
    """The arguments of `minimize` and `maximize`, with their defaults."""


def _with_arguments(_: Callable[P, Any]) -> Callable[[Callable[..., R]], Callable[P, R]]:
    """Give a function the signature of `_arguments`, for editors, type checkers and `help`."""

    def decorate(function: Callable[..., R]) -> Callable[P, R]:
        shown: Any = function
        shown.__annotations__ = {**_arguments.__annotations__, "return": "OptimizeResult"}
        shown.__signature__ = signature(_arguments).replace(return_annotation="OptimizeResult")
        return shown

    return decorate


@_with_arguments(_arguments)
def minimize(*args: Any, **kwargs: Any) -> OptimizeResult:
    """Minimize `fun` with `algorithm`, within bounds and constraints.

    Args:
        fun: The objective: a function of the params that returns a number; marked with
            `mark.least_squares` or `mark.likelihood` it returns residuals or contributions.
        params: Start parameters: numbers, arrays, Series and DataFrames in dicts, lists, tuples,
            nested at will.
        algorithm: A name, a class such as `algos.scipy_lbfgsb`, or an instance of one with options.
        bounds: `Bounds`, scipy's Bounds, or a sequence of pairs with None where there is no bound.
        constraints: A constraint or a sequence of constraints.
        fun_kwargs: Further arguments of `fun`.
        algo_options: Options of the algorithm by name; those that it does not have are ignored with
            a warning.
        jac: The derivative of `fun`, structured like the params; or a list of functions for several
            kinds of algorithms, told apart by marks; True if `fun` returns the value and the
            gradient.
        jac_kwargs: Further arguments of `jac`.
        fun_and_jac: A function that returns the value and the derivative, or a list of such
            functions.
        fun_and_jac_kwargs: Further arguments of `fun_and_jac`.
        numdiff_options: How derivatives are computed where none are given.
        logging: Log every evaluation into an SQLite file: its path, or `SQLiteLogOptions`. It can
            be read while the run is on (`SQLiteLogReader`), and survives a crash.
        resume: Go on with the run that is in the log, which has to be the same one; limits may
            change. No evaluation of the log is made again, and the result is that of a run without
            interruption. Where there is no file yet, the run begins.
        error_handling: "raise" ends the run when a function fails; "continue" warns and goes on
            with a penalty.
        error_penalty: The penalty's "constant" and "slope" with distance from the start.
        scaling: Whether to scale parameters for the algorithm: True, `ScalingOptions`, or a dict of
            its options.
        multistart: Search from many starts: True, `MultistartOptions`, or a dict of options.
        collect_history: Whether the result has a history of all evaluations.
        skip_checks: Whether to skip the checks of keyword arguments and types.
        repair_start: Whether to move start params that violate constraints or bounds to near ones
            that do not, with a warning, instead of raising an exception.
        constraint_handling: Who keeps nonlinear constraints: "native", the algorithm itself (few
            can), or an "augmented_lagrangian" around any algorithm; `AugmentedLagrangianOptions`
            for one with other options.
        callback: Called with an intermediate result after each iteration, or with the parameters
            if its parameter is called `xk`, as in scipy; returns True or raises StopIteration to
            stop.
        progress: True shows evaluations, best value, time and share of the budget while the run
            goes on: a line in a terminal or notebook, lines at growing intervals elsewhere. Or a
            function that is called with a ProgressReport, at most ten times a second and at the
            end; an exception in it ends the display, not the run.
        x0: `params`, by scipy's name.
        method: The algorithm, by scipy's name.
        args: Further arguments of all functions, as in scipy.
        hess: The second derivative of the objective: a function of the params that returns a
            matrix with a row and a column for each parameter, or the tree of blocks that
            `second_derivative` returns. Algorithms that need it take differences without it.
        hessp: The product of the second derivative with a direction: a function of the params and
            of the direction, which is structured like them, that returns a product like that. For
            problems whose Hessian is too large to be written down.
        options: Not supported; use `algo_options`.
        tol: Not supported; use `algo_options`.
        criterion: Outdated name of `fun`.
        criterion_kwargs: Outdated name of `fun_kwargs`.
        derivative: Outdated name of `jac`.
        derivative_kwargs: Outdated name of `jac_kwargs`.
        criterion_and_derivative: Outdated name of `fun_and_jac`.
        criterion_and_derivative_kwargs: Outdated name of `fun_and_jac_kwargs`.
        log_options: Outdated; part of `logging`.
        lower_bounds: Outdated; part of `bounds`.
        upper_bounds: Outdated; part of `bounds`.
        soft_lower_bounds: Outdated; part of `bounds`.
        soft_upper_bounds: Outdated; part of `bounds`.
        scaling_options: Outdated; part of `scaling`.
        multistart_options: Outdated; part of `multistart`.

    Returns:
        The result: the best parameters, their value, why the run ended, the history.

    Raises:
        OptimagicError: Something is wrong with the problem; see `thalweg.exceptions`. An exception
            during the run carries the result so far in its attribute `partial_result`.
    """
    return _optimize(Call("minimize", _bind("minimize", args, kwargs), kwargs))


@_with_arguments(_arguments)
def maximize(*args: Any, **kwargs: Any) -> OptimizeResult:
    """Maximize `fun` with `algorithm`, within bounds and constraints.

    All arguments are those of `minimize`.
    """
    return _optimize(Call("maximize", _bind("maximize", args, kwargs), kwargs))


def _optimize(call: Call) -> OptimizeResult:
    """The pipeline: names, checks, parameters, bounds, algorithm, functions, run, result."""
    resolve_aliases(call)
    refuse_unsupported_arguments(call)
    error_handling = error_handling_mode(call.error_handling)
    constraint_handling = constraint_handling_mode(call.constraint_handling)
    if call.skip_checks is not True:
        check_types(call)
        check_kwargs(call)

    tree = Tree(call.params)
    call.bounds = convert_bounds(call.bounds)
    lower, upper = flatten_bounds(call.bounds, tree)
    scaling = None if call.scaling is None or call.scaling is False else _scaling(call, tree)
    multistart = _multistart(call, tree) if call.multistart not in (None, False) else None
    numdiff = None if call.numdiff_options is None else _numdiff(call, tree)
    space, nonlinear = None, None
    if call.constraints is not None or call.repair_start is True:
        prepared = _constrained(call, tree, lower, upper)
        call.params, tree = prepared.params, prepared.tree
        space = prepared.space
        if prepared.flat.nonlinear:
            from thalweg._nonlinear import flatten_nonlinear

            nonlinear = flatten_nonlinear(prepared)

    algorithm = resolve_algorithm(call.algorithm, call.algo_options, call.renamed, call.notes)
    algorithm.prepare(tree)
    pick_derivatives(call, algorithm.solver_type)
    log = _log(call, algorithm) if call.logging or call.resume or call.log_options else None
    call.warn()

    objective = Objective(
        tree,
        call.fun,
        fun_kwargs=call.fun_kwargs,
        jac=call.jac,
        jac_kwargs=call.jac_kwargs,
        fun_and_jac=call.fun_and_jac,
        fun_and_jac_kwargs=call.fun_and_jac_kwargs,
        kind=kind_of(call.fun if call.fun is not None else call.fun_and_jac),
        jac_kind=derivative_kind(call, algorithm.solver_type),
        jac_is_true=call.jac_is_true,
        hess=call.hess,
        hessp=call.hessp,
    )
    try:
        raw = solve(
            objective,
            algorithm.target,
            algorithm.options,
            maximize=call.direction == "maximize",
            lower=lower,
            upper=upper,
            space=space,
            **(scaling or {}),
            numdiff=numdiff,
            error_handling=error_handling,
            penalty=call.error_penalty,
            collect_history=call.collect_history and not algorithm.disable_history,
            callback=None if call.callback is None else _stopping(call.callback),
            batch_evaluator=_evaluator(call, algorithm, nonlinear),
            n_cores=algorithm.n_cores,
            skip_checks=call.skip_checks,
            multistart=multistart,
            nonlinear=nonlinear,
            constraint_handling=constraint_handling,
            log=log,
            progress=None if call.progress is False else _display(call.progress),
        )
    except BaseException as error:
        partial = getattr(error, "partial_result", None)
        if partial is not None:
            result = OptimizeResult._from_run(
                partial, call.direction, algorithm.name, call.params, tree
            )
            error.partial_result = _with_logger(result, log)  # type: ignore[attr-defined]
        raise
    if raw.multistart is not None:
        from thalweg._warnings import warn_user

        for warning in raw.multistart.warnings:
            warn_user(warning)
    result = OptimizeResult._from_run(raw, call.direction, algorithm.name, call.params, tree)
    if raw.n_jac_evals and call.jac is None and call.fun_and_jac is None:
        _judge_low_precision(call, objective, result)
    if algorithm.own_history is not None and call.collect_history and raw.multistart is None:
        result.history = algorithm.own_history
    return _with_logger(result, log)


_DEFAULTS = {"fun": None, "params": None, "algorithm": None, **(_arguments.__kwdefaults__ or {})}


def _bind(name: str, args: tuple[Any, ...], kwargs: dict[str, Any]) -> dict[str, Any]:
    """All arguments by name. Python itself would take four times as long to bind so many."""
    arguments = _DEFAULTS.copy()
    arguments.update(kwargs)
    if len(arguments) > len(_DEFAULTS):
        from thalweg.utilities import propose_alternatives

        unknown = next(key for key in kwargs if key not in _DEFAULTS)
        raise TypeError(
            f"{name}() got an unexpected keyword argument '{unknown}'. Did you mean "
            f"{propose_alternatives(unknown, _DEFAULTS)}?"
        )
    if len(args) > 3:
        raise TypeError(f"{name}() takes at most 3 positional arguments: fun, params, algorithm.")
    for key, value in zip(("fun", "params", "algorithm"), args):
        if key in kwargs:
            raise TypeError(f"{name}() got multiple values for argument '{key}'")
        arguments[key] = value
    return arguments


def _constrained(call: Call, tree: Tree, lower: Any, upper: Any) -> Prepared:
    from thalweg._constraints.prepare import prepare

    return prepare(
        call.constraints, tree, call.params, lower, upper, call.renamed, call.repair_start is True
    )


def _log(call: Call, algorithm: Resolved) -> dict[str, Any] | None:
    """The log as the core takes it; None without one."""
    from thalweg._logging import convert_logging, log_arguments

    options = convert_logging(call)
    return None if options is None else log_arguments(options, call, algorithm)


def _with_logger(result: OptimizeResult, log: dict[str, Any] | None) -> OptimizeResult:
    """The result with a reader of its log."""
    if log is not None:
        from thalweg._log_reader import SQLiteLogReader

        result.logger = SQLiteLogReader._of_run(log["path"], result.start_params)
    return result


def _scaling(call: Call, tree: Tree) -> dict[str, Any]:
    """The options of scaling, and the soft bounds that it may need, in flat form."""
    from thalweg._scaling import convert_scaling

    options = convert_scaling(call.scaling)
    assert options is not None
    soft_lower, soft_upper = flatten_soft_bounds(call.bounds, tree)
    return {"scaling": options._flat(), "soft_lower": soft_lower, "soft_upper": soft_upper}


def _display(progress: Any) -> Any:
    from thalweg._progress import display_for

    return display_for(progress)


def _numdiff(call: Call, tree: Tree) -> dict[str, Any]:
    """The options of numerical derivatives in flat form.

    Their batch evaluator stays with the call.
    """
    from thalweg._numdiff_options import FIRST_METHODS, convert_numdiff_options, require_method

    options = convert_numdiff_options(call.numdiff_options, call.renamed)
    require_method(options.method, FIRST_METHODS, "first derivatives")
    call.numdiff_options = options
    return options._flat(tree)


def _judge_low_precision(call: Call, objective: Objective, result: OptimizeResult) -> None:
    """Where the steps of numerical derivatives vanish in the digits of the objective, say so.

    A search that saw such derivatives, often zero, knows nothing of a minimum.
    """
    options = call.numdiff_options
    if not objective.low_precision or (options is not None and options._are_of_the_user()):
        return
    from thalweg._status import Status
    from thalweg._thalweg import STATUS_WORDS
    from thalweg._warnings import warn_low_precision

    by_derivatives = getattr(result.status, "word", None) != "target_reached"
    warn_low_precision("fun", 'numdiff_options={"step_size": 1e-3}')
    if result.success and by_derivatives:
        result.success = False
        result.status = Status(STATUS_WORDS.index("invalid"), "invalid")
        result.message = (
            "numerical derivatives vanish in the digits of fun, which returns numbers with less "
            f"than 64 bits; {result.message}"
        )


def _multistart(call: Call, tree: Tree) -> dict[str, Any] | None:
    """The options of a search from many starts in flat form.

    Their batch evaluator stays with the call.
    """
    from thalweg._multistart import convert_multistart_options

    call.multistart = convert_multistart_options(call.multistart, call.renamed)
    return None if call.multistart is None else call.multistart._flat(tree, call.bounds)


def _evaluator(
    call: Call, algorithm: Resolved, nonlinear: list[dict[str, Any]] | None = None
) -> Any:
    """Who evaluates batches: there is one for all levels, and so one number of workers.

    It is that of multistart if that has several cores, else that of the algorithm, else that of
    numerical derivatives. A user-defined algorithm may ask for cores in every batch. Functions of
    constraints that cannot be sent to workers stay in this process.
    """
    source: Any = call.numdiff_options
    if algorithm.n_cores > 1 or not isinstance(algorithm.target, str):
        source = algorithm
    if getattr(call.multistart, "n_cores", 1) > 1:
        source = call.multistart
    if source is None and algorithm.batch_evaluator == "joblib":
        return None
    from thalweg.batch_evaluators import (
        can_travel,
        check_installed,
        check_picklable,
        evaluate_function,
    )

    if source is None:
        evaluate_function(algorithm.batch_evaluator)  # Nobody needs it, but a wrong one is told.
        return None

    if max(source.n_cores, algorithm.n_cores) > 1:
        check_installed(source.batch_evaluator)
        functions = {name: call.__dict__[name] for name in ("fun", "jac", "fun_and_jac")}
        given = {name: function for name, function in functions.items() if callable(function)}
        check_picklable(source.batch_evaluator, given)
    for entry in nonlinear or []:
        own = [entry["func"], entry["derivative"]]
        entry["travels"] = can_travel(source.batch_evaluator, own)
    return evaluate_function(source.batch_evaluator)


def _takes_params(callback: Callable[[Any], Any]) -> bool:
    """Whether a callback wants the parameters alone: scipy's convention, where they are `xk`."""
    from inspect import signature

    try:
        return next(iter(signature(callback).parameters), None) == "xk"
    except (TypeError, ValueError):  # no signature is known
        return False


def _stopping(callback: Callable[[Any], Any]) -> Callable[[Any, float, int], bool]:
    """The user's callback as the core calls it: it says whether to stop."""
    import numpy as np

    from thalweg._result import IntermediateResult

    takes_params = _takes_params(callback)

    def call(params: Any, fun: float, n_iterations: int) -> bool:
        state = params if takes_params else IntermediateResult(params, fun, n_iterations)
        try:
            answer = callback(state)
        except StopIteration:
            return True
        return isinstance(answer, (bool, np.bool_)) and bool(answer)

    return call
