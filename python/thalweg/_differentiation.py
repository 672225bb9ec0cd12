"""Numerical derivatives of functions of trees of parameters.

The core chooses the points and turns values into derivatives (`FirstPlan`, `SecondPlan`); here the
user's function is evaluated at the points and everything gets its structure back.
"""

from __future__ import annotations

import time
from collections.abc import Callable
from typing import TYPE_CHECKING, Any, Literal

import numpy as np

from thalweg import _thalweg
from thalweg._bounds import Bounds, convert_bounds, flatten_bounds
from thalweg._function_value import FunctionValue
from thalweg._functions import check_signature
from thalweg._numdiff_options import FIRST_METHODS, SECOND_METHODS, NumdiffOptions, require_method
from thalweg._numdiff_result import NumdiffResult
from thalweg._warnings import warn_low_precision, warn_renamed, warn_user
from thalweg.exceptions import (
    InvalidArgumentError,
    InvalidFunctionError,
    InvalidNumdiffOptionsError,
    InvalidParamsError,
    NumericalDerivativeError,
)
from thalweg.typing import BatchEvaluatorLiteral, PyTree
from thalweg.utilities import isscalar

if TYPE_CHECKING:
    from numpy.typing import NDArray

    Plan = _thalweg.FirstPlan | _thalweg.SecondPlan

CHEAP = 1e-3
"""Seconds; evaluations below this are not worth sending to other processes."""

SURE = 0.1
"""Seconds; a single evaluation above this is slow, a shorter one may have been held up."""

_OUTPUT = "the output of func"


def first_derivative(
    func: Callable[..., Any],
    params: PyTree,
    *,
    bounds: Bounds | None = None,
    func_kwargs: dict[str, Any] | None = None,
    method: Literal["central", "forward", "backward"] = "central",
    step_size: float | PyTree | None = None,
    scaling_factor: float | PyTree = 1,
    min_steps: float | PyTree | None = None,
    f0: Any = None,
    n_cores: int = 1,
    error_handling: Literal["continue", "raise", "raise_strict"] = "continue",
    batch_evaluator: BatchEvaluatorLiteral | Any = "joblib",
    unpacker: Callable[[Any], Any] | None = None,
    n_steps: int | None = None,
    step_ratio: float | None = None,
    step_rule: Literal["reference", "optimal"] = "reference",
    lower_bounds: PyTree | None = None,
    upper_bounds: PyTree | None = None,
    base_steps: float | PyTree | None = None,
    key: str | None = None,
    return_info: bool | None = None,
    return_func_value: bool | None = None,
) -> NumdiffResult:
    """The first derivative of `func` at `params` by finite differences.

    A gradient has the structure of the params; the derivative of a function with several outputs is
    a tree of blocks, the structure of the output outside and that of the params inside. `func` is
    never evaluated outside the bounds.

    Args:
        func: A function of the params that returns a number, an array or a tree.
        params: The point.
        bounds: `Bounds` on the params.
        func_kwargs: Further arguments of `func`.
        method: "central", "forward" or "backward".
        step_size: Absolute steps before scaling; None for a rule of thumb.
        scaling_factor: Multiplies the steps.
        min_steps: The smallest steps when bounds leave little room; None for the steps themselves.
        f0: `func(params)`, if it is known.
        n_cores: The number of evaluations at the same time.
        error_handling: "continue" leaves entries that cannot be computed NaN and warns, "raise"
            raises then, "raise_strict" raises the first exception of `func`.
        batch_evaluator: "joblib", "pathos", "threading", an executor or a function; see
            `thalweg.batch_evaluators`.
        unpacker: Maps the output of `func` to what is differentiated.
        n_steps: With more than one step, Richardson extrapolation.
        step_ratio: The ratio of consecutive steps of an extrapolation.
        step_rule: "reference" or "optimal"; see `NumdiffOptions`.
        lower_bounds: Outdated; part of `bounds`.
        upper_bounds: Outdated; part of `bounds`.
        base_steps: Outdated name of `step_size`.
        key: Outdated; `unpacker=lambda result: result[key]`.
        return_info: Outdated, without effect.
        return_func_value: Outdated, without effect.

    Returns:
        The derivative and the value of `func` at the params.

    Raises:
        InvalidNumdiffOptionsError: An option has an impossible value.
        NumericalDerivativeError: Evaluations failed, with `error_handling="raise"`.
    """
    return _differentiate(locals(), "first")


def second_derivative(
    func: Callable[..., Any],
    params: PyTree,
    *,
    bounds: Bounds | None = None,
    func_kwargs: dict[str, Any] | None = None,
    method: Literal["forward", "backward", "central_average", "central_cross"] = "central_cross",
    step_size: float | PyTree | None = None,
    scaling_factor: float | PyTree = 1,
    min_steps: float | PyTree | None = None,
    f0: Any = None,
    n_cores: int = 1,
    error_handling: Literal["continue", "raise", "raise_strict"] = "continue",
    batch_evaluator: BatchEvaluatorLiteral | Any = "joblib",
    unpacker: Callable[[Any], Any] | None = None,
    n_steps: int | None = None,
    step_ratio: float | None = None,
    step_rule: Literal["reference", "optimal"] = "reference",
    lower_bounds: PyTree | None = None,
    upper_bounds: PyTree | None = None,
    base_steps: float | PyTree | None = None,
    key: str | None = None,
    return_info: bool | None = None,
    return_func_value: bool | None = None,
) -> NumdiffResult:
    """The second derivative of `func` at `params` by finite differences.

    The Hessian of a scalar function is a tree of blocks with the structure of the params outside
    and inside; a function with several outputs has one for each of them. All arguments are those of
    `first_derivative`, but for `method`, and there is no extrapolation.

    Raises:
        InvalidNumdiffOptionsError: An option has an impossible value.
        NumericalDerivativeError: Evaluations failed, with `error_handling="raise"`.
    """
    return _differentiate(locals(), "second")


def _differentiate(given: dict[str, Any], order: str) -> NumdiffResult:
    """Parameters, bounds, options, points, evaluations, derivative, structure."""
    _resolve_outdated(given)
    _check_types(given)
    func, unpacker = given["func"], given["unpacker"] or _value_of
    options = _options(given, order)
    mode = _error_handling(given["error_handling"])
    func_kwargs = given["func_kwargs"] or {}
    if func_kwargs:
        check_signature(func, func_kwargs, "func")

    tree = _thalweg.Tree(given["params"])
    unknown = [tree.names[position] for position in np.flatnonzero(np.isnan(tree.start))]
    if unknown:
        raise InvalidParamsError(f"The params must not contain NaNs, but these do: {unknown}.")
    lower, upper = flatten_bounds(convert_bounds(given["bounds"]), tree)
    plan = _plan(order, tree, lower, upper, options._flat(tree))

    evaluations = _Evaluations(func, func_kwargs, unpacker, tree, options, mode)
    raw = evaluations.at_start(given["f0"])
    if not options._are_of_the_user() and evaluations.have_low_precision():
        warn_low_precision("func", "step_size=1e-3")
    points = plan.points
    evaluations.extend(points)
    array = plan.finish(evaluations.f0_row(), evaluations.rows())
    if plan.failed:
        further = plan.extend()
        if len(further):
            evaluations.extend(further)
            points = np.concatenate([points, further])
            array = plan.finish(evaluations.f0_row(), evaluations.rows())
    _judge_failures(plan, evaluations, tree, mode)

    outer = evaluations.outer
    blocks = (
        tree.to_blocks(array, outer) if order == "first" else tree.hessian_to_blocks(array, outer)
    )
    errors = plan.errors if isinstance(plan, _thalweg.FirstPlan) else None
    return NumdiffResult(
        derivative=blocks,
        func_value=raw,
        error_estimate=None if errors is None else tree.to_blocks(errors, outer),
        _evaluations=(tree.start, points, evaluations.rows()) if order == "first" else None,
        _candidates=_candidates(plan, evaluations),
    )


def _plan(order: str, tree: _thalweg.Tree, lower: Any, upper: Any, flat: dict[str, Any]) -> Plan:
    make_plan = _thalweg.FirstPlan if order == "first" else _thalweg.SecondPlan
    try:
        return make_plan(tree.start, lower, upper, flat)
    except ValueError:
        # Names are made only for the message: it is raised again with them.
        return make_plan(tree.start, lower, upper, flat, tree.names)


def _candidates(plan: Plan, evaluations: _Evaluations) -> list[tuple[Any, ...]] | None:
    """What extrapolation chose from; None without it."""
    if isinstance(plan, _thalweg.SecondPlan) or plan.errors is None:
        return None
    return plan.candidates(evaluations.f0_row(), evaluations.rows())


def _has_low_precision(output: Any) -> bool:
    if isinstance(output, dict):
        return any(map(_has_low_precision, output.values()))
    if isinstance(output, (list, tuple)):
        return any(map(_has_low_precision, output))
    dtype = getattr(output, "dtype", None)
    return getattr(dtype, "kind", "") in "fV" and getattr(dtype, "itemsize", 8) < 8


class _Evaluations:
    """Outputs of the user's function, as rows of numbers; a row of a failed evaluation is NaN.

    Attributes:
        outer: The structure of the outputs; None for numbers, and as long as nothing is known.
        errors: The exceptions of failed evaluations.
    """

    def __init__(
        self,
        func: Callable[..., Any],
        kwargs: dict[str, Any],
        unpacker: Callable[[Any], Any],
        tree: _thalweg.Tree,
        options: NumdiffOptions,
        mode: str,
    ) -> None:
        self.outer: _thalweg.Tree | None = None
        self.errors: list[Exception] = []
        self._func = _Bound(func, kwargs) if kwargs else func
        self._unpacker, self._tree, self._options, self._mode = unpacker, tree, options, mode
        self._known = False
        self._size = 1
        self._seconds: float | None = None
        self._f0: Any = None
        self._outputs: list[Any] = []

    def at_start(self, f0: Any) -> Any:
        """The raw output at the start, known or evaluated; None when the evaluation fails."""
        if f0 is None:
            begin = time.perf_counter()
            f0 = self._evaluate_inline(self._tree.unflatten(self._tree.start))
            self._seconds = time.perf_counter() - begin
            if isinstance(f0, Exception):
                self._note_failure(f0)
                return None
        self._f0 = self._unpack(f0)
        self._learn_structure(self._f0)
        return f0

    def have_low_precision(self) -> bool:
        """Whether the output at the start has fewer digits than float64."""
        return _has_low_precision(self._f0)

    def extend(self, points: NDArray[np.float64]) -> None:
        """Evaluate further points, in parallel when that pays."""
        trees = [self._tree.unflatten(point) for point in points]
        n_cores = int(self._options.n_cores)
        parallel = n_cores > 1 and len(trees) > 1
        first = []
        if parallel and (self._seconds is None or CHEAP < self._seconds < SURE):
            # Not known yet; or held up, by an import or another process: look again.
            first = [self._timed(trees.pop(0))]
        if parallel and (self._seconds or 0.0) > CHEAP:
            from thalweg.batch_evaluators import evaluate_function

            evaluate = evaluate_function(self._options.batch_evaluator)
            raw = first + evaluate(self._func, trees, n_cores)
        else:
            raw = first + [self._evaluate_inline(tree) for tree in trees]
        for output in raw:
            if isinstance(output, Exception):
                self._note_failure(output)
                self._outputs.append(None)
            else:
                self._outputs.append(self._unpack(output))
                self._learn_structure(self._outputs[-1])

    def f0_row(self) -> NDArray[np.float64]:
        """The output at the start as a row."""
        return self._row(self._f0)

    def rows(self) -> NDArray[np.float64]:
        """All other outputs, one row each."""
        return np.array([self._row(output) for output in self._outputs]).reshape(
            len(self._outputs), self._size
        )

    def _timed(self, params: Any) -> Any:
        """Evaluate, and keep the shortest time of an evaluation."""
        begin = time.perf_counter()
        output = self._evaluate_inline(params)
        seconds = time.perf_counter() - begin
        self._seconds = seconds if self._seconds is None else min(self._seconds, seconds)
        return output

    def _evaluate_inline(self, params: Any) -> Any:
        try:
            return self._func(params)
        except Exception as error:
            return error

    def _note_failure(self, error: Exception) -> None:
        if self._mode == "raise_strict":
            raise error
        self.errors.append(error)

    def _unpack(self, output: Any) -> Any:
        try:
            return self._unpacker(output)
        except Exception as error:
            text = f"{type(error).__name__}: {error}".rstrip(".")
            raise InvalidFunctionError(f"The unpacker failed with {text}.") from error

    def _learn_structure(self, output: Any) -> None:
        if not self._known:
            if output is None:
                raise InvalidFunctionError(
                    "func returned None instead of numbers. Is a return statement missing?"
                )
            self.outer = None if _is_real(output) else _thalweg.Tree(output, _OUTPUT)
            self._size = 1 if self.outer is None else self.outer.size
            self._known = True

    def _row(self, output: Any) -> NDArray[np.float64]:
        if output is None:
            return np.full(self._size, np.nan)
        if self.outer is not None:
            return self.outer.flatten(output, _OUTPUT)
        if not _is_real(output):
            raise InvalidFunctionError(
                f"func returned a number at the params, but {output!r} at another point."
            )
        return np.array([output], dtype=np.float64).reshape(1)


class _Bound:
    """A function with further arguments, which pickles when the function does."""

    def __init__(self, func: Callable[..., Any], kwargs: dict[str, Any]) -> None:
        self.func, self.kwargs = func, kwargs

    def __call__(self, params: Any) -> Any:
        """Call the function with all arguments."""
        return self.func(params, **self.kwargs)


def _is_real(output: Any) -> bool:
    """Whether this is one real number; everything else is a tree, or nothing that has a derivative."""
    return isscalar(output) and not isinstance(output, (str, bytes, complex, np.complexfloating))


def _value_of(output: Any) -> Any:
    return output.value if isinstance(output, FunctionValue) else output


class _Item:
    """Takes one item out of each output."""

    def __init__(self, key: str) -> None:
        self.key = key

    def __call__(self, output: Any) -> Any:
        """The item."""
        return output[self.key]


def _resolve_outdated(given: dict[str, Any]) -> None:
    renamed = []
    if given["lower_bounds"] is not None or given["upper_bounds"] is not None:
        renamed.append(("lower_bounds, upper_bounds", "bounds=Bounds(lower=..., upper=...)"))
        if given["bounds"] is None:
            given["bounds"] = Bounds(lower=given["lower_bounds"], upper=given["upper_bounds"])
    if given["base_steps"] is not None:
        renamed.append(("base_steps", "step_size"))
        if given["step_size"] is None:
            given["step_size"] = given["base_steps"]
    if given["key"] is not None:
        renamed.append(("key", "unpacker=lambda result: result[key]"))
        given["unpacker"] = given["unpacker"] or _Item(given["key"])
    for name in ("return_info", "return_func_value"):
        if given[name] is not None:
            renamed.append((name, "nothing; it has no effect"))
    warn_renamed(renamed)


def _check_types(given: dict[str, Any]) -> None:
    for name in ("func", "unpacker"):
        value = given[name]
        if not callable(value) and not (name == "unpacker" and value is None):
            raise InvalidArgumentError(f"{name} must be a function, not {value!r}.")
    if not isinstance(given["func_kwargs"], (dict, type(None))):
        raise InvalidArgumentError(
            f"func_kwargs must be a dictionary or None, not {given['func_kwargs']!r}."
        )
    if given["params"] is None:
        raise InvalidParamsError("params must hold the numbers to differentiate at, not None.")


def _options(given: dict[str, Any], order: str) -> NumdiffOptions:
    allowed = FIRST_METHODS if order == "first" else SECOND_METHODS
    require_method(given["method"], allowed, f"{order} derivatives")
    if order == "second" and (given["n_steps"] or 1) > 1:
        raise InvalidNumdiffOptionsError(
            "Richardson extrapolation (n_steps > 1) is only available for first derivatives."
        )
    names = (
        "method",
        "step_size",
        "scaling_factor",
        "min_steps",
        "n_cores",
        "batch_evaluator",
        "step_rule",
    )
    optional = {name: given[name] for name in ("n_steps", "step_ratio") if given[name] is not None}
    return NumdiffOptions(**{name: given[name] for name in names}, **optional)


def _error_handling(value: Any) -> str:
    mode = getattr(value, "value", value)
    if mode not in ("continue", "raise", "raise_strict"):
        raise InvalidNumdiffOptionsError(
            f"{value!r} is not a valid error_handling. It must be one of ['continue', 'raise', "
            "'raise_strict']."
        )
    return str(mode)


def _judge_failures(plan: Plan, evaluations: _Evaluations, tree: _thalweg.Tree, mode: str) -> None:
    failed = [tree.names[position] for position in plan.failed]
    if not failed:
        return
    message = f"The derivative could not be computed for these parameters and is NaN: {failed}."
    if mode != "continue":
        from traceback import format_exception

        tracebacks = "\n".join("".join(format_exception(error)) for error in evaluations.errors)
        cause = evaluations.errors[0] if evaluations.errors else None
        raise NumericalDerivativeError(f"{message}\n\n{tracebacks}".rstrip()) from cause
    if evaluations.errors:
        first = evaluations.errors[0]
        message += (
            f" {len(evaluations.errors)} evaluations of func failed, the first with "
            f"{type(first).__name__}: {first}."
        )
    warn_user(message)
