"""An objective along its parameters: the points come from the core, the values from the user's function."""

from __future__ import annotations

import re
from collections.abc import Callable
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np

from thalweg import _thalweg
from thalweg._bounds import Bounds, convert_bounds, flatten_bounds, flatten_soft_bounds
from thalweg._functions import check_signature, kind_of
from thalweg._plots._select import displayed_names, selected_positions
from thalweg._warnings import warn_user
from thalweg.exceptions import (
    IncompleteBoundsError,
    InvalidArgumentError,
    InvalidBoundsError,
    InvalidFunctionError,
    InvalidParamsError,
)

if TYPE_CHECKING:
    from numpy.typing import NDArray

    Flat = NDArray[np.float64]

Projection = str | tuple[str | None, str | None]
"""As the core takes it: a word, or one for each triangle of the grid."""


@dataclass(frozen=True)
class Request:
    """What a slice plot is asked to evaluate, as the user gives it."""

    func: Callable[..., Any]
    params: Any
    bounds: Any
    func_kwargs: dict[str, Any] | None
    selector: Callable[[Any], Any] | None
    param_names: dict[str, str] | None
    n_gridpoints: int
    n_cores: int
    batch_evaluator: Any

    def check(self) -> None:
        """Refuse arguments that cannot be.

        Raises:
            InvalidArgumentError: An argument has an impossible value.
            InvalidParamsError: There are no params.
            InvalidKwargsError: The keyword arguments do not fit the function.
        """
        if not callable(self.func):
            raise InvalidArgumentError(f"func must be a function, not {self.func!r}.")
        if self.params is None:
            raise InvalidParamsError("params must hold the numbers to slice at, not None.")
        if not isinstance(self.func_kwargs, (dict, type(None))):
            raise InvalidArgumentError(
                f"func_kwargs must be a dictionary or None, not {self.func_kwargs!r}."
            )
        check_whole("n_gridpoints", self.n_gridpoints, 2)
        check_whole("n_cores", self.n_cores, 1)
        from thalweg.batch_evaluators import check_batch_evaluator

        wrong = check_batch_evaluator(self.batch_evaluator)
        if wrong is not None:
            raise InvalidArgumentError(
                f"batch_evaluator must be {wrong}, not {self.batch_evaluator!r}."
            )
        if self.func_kwargs:
            check_signature(self.func, self.func_kwargs, "func")


@dataclass(frozen=True)
class Slices:
    """What figures of slices are made from: flat vectors, and a value for each point of the core."""

    start: Flat
    lower: Flat | None
    upper: Flat | None
    positions: list[int]
    names: list[str]
    n_gridpoints: int
    values: Flat

    def arguments(self) -> tuple[Any, ...]:
        """The positional arguments of the core's functions."""
        ends = (self.start, self.lower, self.upper)
        return (*ends, self.positions, self.n_gridpoints, self.values)


def evaluate(request: Request, projection: Projection = "univariate") -> Slices:
    """Evaluate the user's function wherever the figure needs it.

    Raises:
        OptimagicError: Something is wrong with the arguments, or the function fails at the params.
    """
    request.check()
    tree = _thalweg.Tree(request.params)
    unknown = [tree.names[position] for position in np.flatnonzero(np.isnan(tree.start))]
    if unknown:
        raise InvalidParamsError(f"The params must not contain NaNs, but these do: {unknown}.")
    positions = selected_positions(request.selector, tree)
    names = displayed_names(tree.names, positions, request.param_names)
    if projection != "univariate" and len(positions) < 2:
        raise InvalidArgumentError(
            f"Invalid projection: {projection!r} needs at least two parameters, but "
            f"{len(positions)} is selected: {names}."
        )
    lower, upper = _sides(request.bounds, tree)
    n_gridpoints = int(request.n_gridpoints)
    _require_finite(lower, upper, positions, names)
    points = _thalweg.slice_points(
        tree.start, lower, upper, positions, n_gridpoints, projection=projection, names=names
    )

    objective = _thalweg.Objective(
        tree, request.func, fun_kwargs=request.func_kwargs, kind=kind_of(request.func)
    )
    evaluator = None
    if request.n_cores > 1:
        from thalweg.batch_evaluators import check_picklable, evaluate_function

        check_picklable(request.batch_evaluator, {"func": request.func})
        evaluator = evaluate_function(request.batch_evaluator)
    try:
        values, failed = _thalweg.objective_values(
            objective, points, batch_evaluator=evaluator, n_cores=int(request.n_cores)
        )
    except InvalidFunctionError as error:
        raise InvalidFunctionError(_about_func(str(error))) from error.__cause__
    if failed:
        warn_user(
            f"{len(failed)} of {len(points)} evaluations of func failed and are gaps in the plot, "
            f"the first with {_about_func(failed[0])}."
        )
    return Slices(tree.start, lower, upper, positions, names, n_gridpoints, values)


def _about_func(text: str) -> str:
    """What the core says of the objective of a run, in the words of a plot."""
    if text.startswith(("fun ", "InvalidFunctionError: fun ")):  # then all of it is ours
        hint = " If it returns the value and the gradient, pass jac=True."
        return re.sub(r"\bfun\b", "func", text.replace(hint, ""))
    failed = "Error while evaluating {}: "
    return text.replace(failed.format("fun at start params"), failed.format("func at the params"))


def check_whole(name: str, value: Any, least: int) -> None:
    """Refuse what is no whole number of at least `least`.

    Raises:
        InvalidArgumentError: It is not.
    """
    if not hasattr(value, "__index__") or isinstance(value, bool) or value < least:
        raise InvalidArgumentError(
            f"{name} must be a whole number of at least {least}, not {value!r}."
        )


def bounds_of_2022(bounds: Any, lower_bounds: Any, upper_bounds: Any) -> tuple[Any, bool]:
    """`Bounds` from the arguments of 2022, and whether there were any."""
    if lower_bounds is None and upper_bounds is None:
        return bounds, False
    if bounds is not None:
        return bounds, True
    return Bounds(lower=lower_bounds, upper=upper_bounds), True


def are_bounds(value: Any) -> bool:
    """Whether this is what `bounds` can be."""
    try:
        convert_bounds(value)
    except InvalidBoundsError:
        return False
    return True


def _sides(bounds: Any, tree: _thalweg.Tree) -> tuple[Flat | None, Flat | None]:
    """The bounds, with soft ones where there are no finite hard ones."""
    converted = convert_bounds(bounds)
    hard, soft = flatten_bounds(converted, tree), flatten_soft_bounds(converted, tree)
    lower, upper = (_or_soft(own, other) for own, other in zip(hard, soft, strict=True))
    return lower, upper


def _or_soft(hard: Flat | None, soft: Flat | None) -> Flat | None:
    if hard is None or soft is None:
        return soft if hard is None else hard
    return np.where(np.isfinite(hard), hard, soft)


def _require_finite(
    lower: Flat | None, upper: Flat | None, positions: list[int], names: list[str]
) -> None:
    """Refuse parameters that have no ends between which they could be varied.

    Raises:
        IncompleteBoundsError: There are some.
    """
    missing = []
    for position, name in zip(positions, names, strict=True):
        sides = [
            side
            for side, bounds in (("lower", lower), ("upper", upper))
            if bounds is None or not np.isfinite(bounds[position])
        ]
        if sides:
            missing.append(f"{name} ({', '.join(sides)})")
    if missing:
        shown = ", ".join(missing[:10]) + (", ..." if len(missing) > 10 else "")
        raise IncompleteBoundsError(
            "All selected parameters must have finite lower/upper bounds. These have none: "
            f"{shown}."
        )
