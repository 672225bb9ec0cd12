"""What an objective may return instead of a bare value.

The value together with further information.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from thalweg.exceptions import InvalidFunctionError
from thalweg.typing import AggregationLevel

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray


@dataclass(frozen=True)
class FunctionValue:
    """The value of an objective of any kind; the function's mark decides the kind.

    Attributes:
        value: A number for scalar functions; a vector or any tree of residuals or contributions
            otherwise.
        info: Further information to be kept in the log.
    """

    value: Any
    info: dict[str, Any] | None = None


@dataclass(frozen=True)
class ScalarFunctionValue(FunctionValue):
    """The value of a scalar objective: a number."""

    value: float
    info: dict[str, Any] | None = None

    def internal_value(self, solver_type: AggregationLevel | str) -> float:
        """What an algorithm of this kind minimizes: the number, for scalar ones.

        Raises:
            InvalidFunctionError: Algorithms of this kind need more than a number.
        """
        solver_type = AggregationLevel(solver_type)
        if solver_type is AggregationLevel.SCALAR:
            return float(self.value)
        raise _unfit(solver_type, "scalar")


@dataclass(frozen=True)
class LeastSquaresFunctionValue(FunctionValue):
    """The value of a least-squares objective: residuals, whose squares are summed."""

    value: Any
    info: dict[str, Any] | None = None

    def internal_value(self, solver_type: AggregationLevel | str) -> float | NDArray[np.float64]:
        """What an algorithm of this kind minimizes.

        The residuals as a vector, for likelihoods their squares, for scalar algorithms the sum of
        these.
        """
        solver_type, residuals = AggregationLevel(solver_type), _vector(self.value)
        if solver_type is AggregationLevel.LEAST_SQUARES:
            return residuals
        if solver_type is AggregationLevel.LIKELIHOOD:
            return residuals**2
        return float(residuals @ residuals)


@dataclass(frozen=True)
class LikelihoodFunctionValue(FunctionValue):
    """The value of a likelihood: contributions, which are summed."""

    value: Any
    info: dict[str, Any] | None = None

    def internal_value(self, solver_type: AggregationLevel | str) -> float | NDArray[np.float64]:
        """What an algorithm of this kind minimizes: the contributions as a vector, or their sum.

        Raises:
            InvalidFunctionError: Algorithms of this kind need residuals.
        """
        solver_type, contributions = AggregationLevel(solver_type), _vector(self.value)
        if solver_type is AggregationLevel.LIKELIHOOD:
            return contributions
        if solver_type is AggregationLevel.SCALAR:
            return float(contributions.sum())
        raise _unfit(solver_type, "likelihood")


def _vector(value: Any) -> NDArray[np.float64]:
    """The numbers of a vector or any other tree, in order."""
    from thalweg._thalweg import Tree

    return Tree(value, "value").start


def _unfit(solver_type: AggregationLevel, kind: str) -> InvalidFunctionError:
    return InvalidFunctionError(
        f"The value of a {kind} objective is none for a {solver_type.value} algorithm."
    )
