"""Comparison of a second derivative with finite differences."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np

from thalweg import _thalweg
from thalweg._differentiation import first_derivative, second_derivative
from thalweg.exceptions import InvalidArgumentError, InvalidFunctionError

if TYPE_CHECKING:
    from thalweg._bounds import Bounds
    from thalweg.typing import PyTree


@dataclass(frozen=True, eq=False)
class HessCheck:
    """A second derivative and its numerical counterpart. True as a condition when they agree.

    Attributes:
        passed: Whether all entries agree.
        max_error: The largest difference, relative to the numerical entry or to 1 where that is
            larger.
        worst: The names of the two parameters with the largest difference.
        hess: The second derivative as a matrix.
        numerical: The numerical one as a matrix.
    """

    passed: bool
    max_error: float
    worst: tuple[str, str]
    hess: np.ndarray
    numerical: np.ndarray

    def __bool__(self) -> bool:
        """Whether all entries agree."""
        return self.passed

    def __repr__(self) -> str:
        verdict = "agrees with" if self.passed else "differs from"
        one, other = self.worst
        return (
            f"The second derivative {verdict} finite differences: largest relative difference "
            f"{self.max_error:.2e} at '{one}', '{other}'."
        )


def check_hess(
    fun: Callable[..., Any],
    params: PyTree,
    hess: Callable[..., Any] | None = None,
    *,
    hessp: Callable[..., Any] | None = None,
    jac: Callable[..., Any] | None = None,
    bounds: Bounds | None = None,
    tolerance: float = 1e-3,
) -> HessCheck:
    """Compare a second derivative with central finite differences at `params`.

    Args:
        fun: The function, which returns a number.
        params: The point.
        hess: Its second derivative: a function of the params that returns a matrix or the tree of
            blocks that `second_derivative` returns.
        hessp: The product of the second derivative with a direction, instead of `hess`.
        jac: The first derivative of `fun`, if there is one: differences of it are much more precise
            than those of `fun`.
        bounds: `Bounds` that evaluations keep.
        tolerance: The largest difference to accept, relative to the numerical entry or to 1 where
            that is larger.

    Raises:
        InvalidArgumentError: An argument is no function, or there is not one of `hess` and `hessp`.
        InvalidFunctionError: The second derivative does not fit the params.
    """
    for name, function in (("fun", fun), ("hess", hess), ("hessp", hessp), ("jac", jac)):
        if not (callable(function) or (function is None and name != "fun")):
            raise InvalidArgumentError(f"{name} must be a function, not {function!r}.")
    if (hess is None) == (hessp is None):
        raise InvalidArgumentError("check_hess needs hess or hessp, one of them.")
    tree = _thalweg.Tree(params)
    expected = _numerical(fun, params, jac, bounds, tree)
    if hess is not None:
        given = _matrix(hess(tree.unflatten(tree.start)), tree)
    else:
        given = _of_products(hessp, tree)
    errors = np.abs(given - expected) / np.maximum(np.abs(expected), 1.0)
    errors = np.where(np.isnan(errors), np.inf, errors)
    row, column = np.unravel_index(np.argmax(errors), errors.shape)
    largest = float(errors[row, column])
    worst = (tree.names[row], tree.names[column])
    return HessCheck(largest <= tolerance, largest, worst, given, expected)


def _numerical(
    fun: Callable[..., Any],
    params: PyTree,
    jac: Callable[..., Any] | None,
    bounds: Bounds | None,
    tree: _thalweg.Tree,
) -> np.ndarray:
    options: Any = {"bounds": bounds, "step_rule": "optimal", "error_handling": "raise"}
    if jac is None:
        return tree.hessian_from_blocks(second_derivative(fun, params, **options).derivative)
    gradient = first_derivative(lambda p: tree.flatten(jac(p), "jac"), params, **options)
    return tree.from_blocks(gradient.derivative, _thalweg.Tree(tree.start), "jac")


def _matrix(returned: Any, tree: _thalweg.Tree) -> np.ndarray:
    """A matrix or a tree of blocks as a matrix."""
    n = len(tree)
    try:
        return tree.hessian_from_blocks(returned)
    except (TypeError, ValueError) as error:
        dense = returned.toarray() if hasattr(returned, "toarray") else returned
        if np.shape(dense) == (n, n):
            return np.asarray(dense, dtype=np.float64)
        raise InvalidFunctionError(
            f"hess has to return a matrix of shape {(n, n)} or the tree of blocks that "
            f"second_derivative returns: {error}"
        ) from error


def _of_products(hessp: Any, tree: _thalweg.Tree) -> np.ndarray:
    """The matrix of the products with all unit vectors."""
    rows = []
    for unit in np.eye(len(tree)):
        product = hessp(tree.unflatten(tree.start), tree.unflatten(unit))
        if np.shape(product) != (len(tree),):
            try:
                product = tree.flatten(product, "hessp")
            except (TypeError, ValueError) as error:
                raise InvalidFunctionError(
                    f"The output of hessp does not fit the params: {error}"
                ) from error
        rows.append(np.asarray(product, dtype=np.float64))
    return np.array(rows)
