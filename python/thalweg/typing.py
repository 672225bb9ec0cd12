"""Types that appear in public signatures."""

from __future__ import annotations

from collections.abc import Callable, ItemsView, Iterator, KeysView, ValuesView
from enum import Enum
from typing import (
    Annotated,
    Any,
    Literal,
    NamedTuple,
    Protocol,
    TypeAlias,
    TypeVar,
    runtime_checkable,
)

PyTree: TypeAlias = Any
"""Parameters: numbers, arrays, Series and DataFrames in dicts, lists, tuples and the like."""

Scalar: TypeAlias = Any
"""A number, or an array without axes."""

T = TypeVar("T")

ErrorHandlingLiteral: TypeAlias = Literal["raise", "continue", "raise_strict"]
DirectionLiteral: TypeAlias = Literal["minimize", "maximize"]
BatchEvaluatorLiteral: TypeAlias = Literal["joblib", "pathos", "pathos_mp", "threading"]


class Gt(NamedTuple):
    """Above a limit."""

    gt: float


class Ge(NamedTuple):
    """At least a limit."""

    ge: float


class Lt(NamedTuple):
    """Below a limit."""

    lt: float


class Le(NamedTuple):
    """At most a limit."""

    le: float


PositiveInt: TypeAlias = Annotated[int, Gt(0)]
NonNegativeInt: TypeAlias = Annotated[int, Ge(0)]
PositiveFloat: TypeAlias = Annotated[float, Gt(0)]
NonNegativeFloat: TypeAlias = Annotated[float, Ge(0)]
NegativeFloat: TypeAlias = Annotated[float, Lt(0)]
GtOneFloat: TypeAlias = Annotated[float, Gt(1)]
UnitIntervalFloat: TypeAlias = Annotated[float, Gt(0), Le(1)]
ProbabilityFloat: TypeAlias = Annotated[float, Ge(0), Le(1)]
YesNoBool: TypeAlias = bool


class AggregationLevel(Enum):
    """The kind of an objective, and of the algorithms made for it."""

    SCALAR = "scalar"
    LEAST_SQUARES = "least_squares"
    LIKELIHOOD = "likelihood"


class ErrorHandling(Enum):
    """What to do when a function of the user fails."""

    RAISE = "raise"
    RAISE_STRICT = "raise_strict"
    CONTINUE = "continue"


class Direction(str, Enum):
    """Whether the objective is minimized or maximized."""

    MINIMIZE = "minimize"
    MAXIMIZE = "maximize"


class EvalTask(str, Enum):
    """What an evaluation computed."""

    FUN = "fun"
    JAC = "jac"
    FUN_AND_JAC = "fun_and_jac"
    EXPLORATION = "exploration"
    HESS = "hess"


@runtime_checkable
class BatchEvaluator(Protocol):
    """Evaluates a function at several arguments, in parallel if it can, and keeps their order."""

    def __call__(
        self,
        func: Callable[..., T],
        arguments: list[Any],
        *,
        n_cores: int = 1,
        error_handling: ErrorHandling | Literal["raise", "continue"] = ErrorHandling.CONTINUE,
        unpack_symbol: Literal["*", "**"] | None = None,
    ) -> list[T]:
        """Evaluate `func` at each of the arguments."""
        ...


class DictLikeAccess:
    """Attributes that can also be read as the items of a dict."""

    def __getitem__(self, key: str) -> Any:
        """The attribute of this name."""
        if not isinstance(key, str) or key.startswith("_") or not hasattr(self, key):
            raise KeyError(key)
        return getattr(self, key)

    def __contains__(self, key: object) -> bool:
        """Whether `self[key]` works."""
        return isinstance(key, str) and not key.startswith("_") and hasattr(self, key)

    def __iter__(self) -> Iterator[str]:
        """The names of the items."""
        return iter(self._as_dict())

    def __len__(self) -> int:
        """The number of items."""
        return len(self._as_dict())

    def get(self, key: str, default: Any = None) -> Any:
        """The attribute of this name, or `default` if there is none."""
        return getattr(self, key) if key in self else default

    def keys(self) -> KeysView[str]:
        """The names of the items."""
        return self._as_dict().keys()

    def values(self) -> ValuesView[Any]:
        """The values of the items."""
        return self._as_dict().values()

    def items(self) -> ItemsView[str, Any]:
        """Names and values."""
        return self._as_dict().items()

    def _as_dict(self) -> dict[str, Any]:
        return {name: value for name, value in vars(self).items() if not name.startswith("_")}
