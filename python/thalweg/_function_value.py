"""What an objective may return instead of a bare value.

The value together with further information.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any


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


@dataclass(frozen=True)
class LeastSquaresFunctionValue(FunctionValue):
    """The value of a least-squares objective: residuals, whose squares are summed."""

    value: Any
    info: dict[str, Any] | None = None


@dataclass(frozen=True)
class LikelihoodFunctionValue(FunctionValue):
    """The value of a likelihood: contributions, which are summed."""

    value: Any
    info: dict[str, Any] | None = None
