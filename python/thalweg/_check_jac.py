"""Comparison of a derivative with finite differences."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np

from thalweg import _thalweg
from thalweg._differentiation import first_derivative
from thalweg.exceptions import InvalidArgumentError, InvalidFunctionError
from thalweg.utilities import isscalar

if TYPE_CHECKING:
    from thalweg._bounds import Bounds
    from thalweg.typing import PyTree


@dataclass(frozen=True, eq=False)
class JacCheck:
    """A derivative and its numerical counterpart. True as a condition when they agree.

    Attributes:
        passed: Whether all entries agree.
        max_error: The largest difference, relative to the numerical entry or to 1 where that is
            larger.
        worst: The name of the parameter (and the number of the output) with the largest difference.
        jac: The derivative as a matrix, one row per output.
        numerical: The numerical derivative as a matrix.
    """

    passed: bool
    max_error: float
    worst: str
    jac: np.ndarray
    numerical: np.ndarray

    def __bool__(self) -> bool:
        """Whether all entries agree."""
        return self.passed

    def __repr__(self) -> str:
        verdict = "agrees with" if self.passed else "differs from"
        return (
            f"The derivative {verdict} finite differences: largest relative difference "
            f"{self.max_error:.2e} at {self.worst}."
        )


def check_jac(
    fun: Callable[..., Any],
    params: PyTree,
    jac: Callable[..., Any],
    *,
    bounds: Bounds | None = None,
    fun_kwargs: dict[str, Any] | None = None,
    jac_kwargs: dict[str, Any] | None = None,
    tolerance: float = 1e-4,
) -> JacCheck:
    """Compare a derivative with central finite differences at `params`.

    Args:
        fun: The function.
        params: The point.
        jac: Its derivative: structured like the params, or a tree of blocks for a function with
            several outputs.
        bounds: `Bounds` that evaluations keep.
        fun_kwargs: Further arguments of `fun`.
        jac_kwargs: Further arguments of `jac`.
        tolerance: The largest difference to accept, relative to the numerical entry or to 1 where
            that is larger.

    Raises:
        InvalidArgumentError: `fun` or `jac` is no function.
        InvalidFunctionError: The derivative cannot be aligned with the params and the output of
            `fun`.
    """
    for name, function in (("fun", fun), ("jac", jac)):
        if not callable(function):
            raise InvalidArgumentError(f"{name} must be a function, not {function!r}.")
    numerical = first_derivative(
        fun,
        params,
        bounds=bounds,
        func_kwargs=fun_kwargs,
        step_rule="optimal",
        error_handling="raise",
    )
    tree = _thalweg.Tree(params)
    value = getattr(numerical.func_value, "value", numerical.func_value)
    outer = None if isscalar(value) else _thalweg.Tree(value)
    expected = tree.from_blocks(numerical.derivative, outer, "the numerical derivative")
    closed_form = jac(tree.unflatten(tree.start), **(jac_kwargs or {}))
    try:
        given = tree.from_blocks(closed_form, outer, "jac")
    except (TypeError, ValueError) as error:
        raise InvalidFunctionError(
            f"The output of jac and the output of fun cannot be aligned: {error}"
        ) from error
    errors = np.abs(given - expected) / np.maximum(np.abs(expected), 1.0)
    errors = np.where(np.isnan(errors), np.inf, errors)
    row, column = np.unravel_index(np.argmax(errors), errors.shape) if errors.size else (0, 0)
    largest = float(errors[row, column]) if errors.size else 0.0
    where = f"'{tree.names[column]}'" if errors.size else "no parameter"
    worst = where if outer is None else f"{where} of output {row}"
    return JacCheck(largest <= tolerance, largest, worst, given, expected)
