"""Marks that say which kind of objective a function is, or that a class is an algorithm.

A mark is an attribute of the function itself, so it survives `functools.partial` and pickling.
"""

from __future__ import annotations

from collections.abc import Callable
from functools import update_wrapper
from typing import TYPE_CHECKING, Any, TypeVar

from thalweg._functions import KIND_ATTRIBUTE
from thalweg.typing import AggregationLevel

if TYPE_CHECKING:
    AlgorithmClass = TypeVar("AlgorithmClass", bound=type)

Function = TypeVar("Function", bound=Callable[..., Any])


def scalar(func: Function) -> Function:
    """Mark a function as a scalar objective: it returns a number."""
    return _mark(func, AggregationLevel.SCALAR)


def least_squares(func: Function) -> Function:
    """Mark a function as a least-squares objective.

    It returns residuals, whose squares are summed.
    """
    return _mark(func, AggregationLevel.LEAST_SQUARES)


def likelihood(func: Function) -> Function:
    """Mark a function as a likelihood: it returns contributions, which are summed."""
    return _mark(func, AggregationLevel.LIKELIHOOD)


def minimizer(
    name: str,
    solver_type: AggregationLevel | str,
    is_available: bool,
    is_global: bool,
    needs_jac: bool,
    needs_hess: bool,
    needs_bounds: bool,
    supports_parallelism: bool,
    supports_bounds: bool,
    supports_infinite_bounds: bool,
    supports_linear_constraints: bool,
    supports_nonlinear_constraints: bool,
    disable_history: bool = False,
    experimental: bool = False,
) -> Callable[[AlgorithmClass], AlgorithmClass]:
    """Declare what a user-defined algorithm needs and supports.

    For subclasses of `thalweg.optimization.algorithm.Algorithm` that implement
    `_solve_internal_problem`.

    Raises:
        InvalidAlgoInfoError: An argument has the wrong type; the message lists all of them.
    """
    from thalweg._algorithm import AlgoInfo

    arguments = {key: value for key, value in locals().items() if key != "AlgoInfo"}
    info = AlgoInfo(**arguments)

    def decorate(cls: AlgorithmClass) -> AlgorithmClass:
        cls.__algo_info__ = info  # type: ignore[attr-defined]
        return cls

    return decorate


class _Marked:
    """A function that takes no attributes, with a mark."""

    def __init__(self, func: Callable[..., Any], kind: AggregationLevel) -> None:
        self.__wrapped__ = func
        setattr(self, KIND_ATTRIBUTE, kind)
        update_wrapper(self, func)

    def __call__(self, *args: Any, **kwargs: Any) -> Any:
        """Call the function."""
        return self.__wrapped__(*args, **kwargs)

    def __repr__(self) -> str:
        return repr(self.__wrapped__)


def _mark(func: Function, kind: AggregationLevel) -> Function:
    try:
        setattr(func, KIND_ATTRIBUTE, kind)
    except (AttributeError, TypeError):
        return _Marked(func, kind)  # type: ignore[return-value]
    return func
