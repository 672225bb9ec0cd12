"""The constraints that hold at every evaluation, as users write them."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, Union

from thalweg.exceptions import InvalidConstraintError

if TYPE_CHECKING:
    import numpy as np

Selector = Union[
    Callable[[Any], Any], Sequence[Union[int, str, "tuple[Any, ...]"]], "np.ndarray[Any, Any]"
]
"""A function of the params that returns a part of them, or a list of names, paths or positions."""


def _all(params: Any) -> Any:
    return params


class Constraint:
    """Base of all constraints."""


@dataclass(frozen=True, eq=False)
class _SelectingConstraint(Constraint):
    """Base of the constraints on one selection of parameters."""

    selector: Selector = _all

    def __post_init__(self) -> None:
        _check_selector(self, self.selector, "selector")


@dataclass(frozen=True)
class FixedConstraint(_SelectingConstraint):
    """Parameters that keep their start values.

    Attributes:
        selector: Maps the params to those that are fixed (any tree of them), or a list of names,
            paths or positions. All of them by default.
    """


@dataclass(frozen=True)
class IncreasingConstraint(_SelectingConstraint):
    """Parameters none of which is smaller than the one before it.

    Attributes:
        selector: Maps the params to those in question, in their order, or a list of names, paths or
            positions. All of them by default.
    """


@dataclass(frozen=True)
class DecreasingConstraint(_SelectingConstraint):
    """Parameters none of which is larger than the one before it.

    Attributes:
        selector: Maps the params to those in question, in their order, or a list of names, paths or
            positions. All of them by default.
    """


@dataclass(frozen=True)
class EqualityConstraint(_SelectingConstraint):
    """Parameters that are equal to each other.

    Attributes:
        selector: Maps the params to those in question, or a list of names, paths or positions. All
            of them by default.
    """


@dataclass(frozen=True)
class PairwiseEqualityConstraint(Constraint):
    """Groups of parameters that are equal to each other, element by element.

    Attributes:
        selectors: At least two selectors, each of a group of the same size.
    """

    selectors: Sequence[Selector]

    def __post_init__(self) -> None:
        name = type(self).__name__
        if callable(self.selectors) or not _is_list(self.selectors):
            raise InvalidConstraintError(
                f"The selectors of a {name} have to be a list of at least two selectors, not "
                f"{self.selectors!r}."
            )
        if len(self.selectors) < 2:
            raise InvalidConstraintError(
                f"A {name} needs at least two selectors, but there "
                f"{'is one' if len(self.selectors) == 1 else 'are none'}: {self.selectors!r}."
            )
        for position, selector in enumerate(self.selectors):
            _check_selector(self, selector, f"selector at position {position}")


@dataclass(frozen=True)
class ProbabilityConstraint(_SelectingConstraint):
    """Parameters that are not negative and sum to 1.

    Attributes:
        selector: Maps the params to those in question, or a list of names, paths or positions. All
            of them by default.
    """


@dataclass(frozen=True)
class FlatCovConstraint(_SelectingConstraint):
    """Parameters that are the lower triangle of a covariance matrix, row by row.

    Attributes:
        selector: Maps the params to those in question, or a list of names, paths or positions. All
            of them by default.
        regularization: The smallest diagonal entry squared of the matrix's Cholesky factor, to keep
            away from singular matrices.
    """

    regularization: float = field(default=0.0, kw_only=True)

    def __post_init__(self) -> None:
        super().__post_init__()
        _check_regularization(self, self.regularization)


@dataclass(frozen=True)
class FlatSDCorrConstraint(_SelectingConstraint):
    """Parameters that are standard deviations, followed by correlations.

    The correlations are the lower triangle of the correlation matrix, row by row, without the
    diagonal.

    Attributes:
        selector: Maps the params to those in question, or a list of names, paths or positions. All
            of them by default.
        regularization: The smallest diagonal entry of the Cholesky factor of the covariance matrix,
            to keep away from singular matrices.
    """

    regularization: float = field(default=0.0, kw_only=True)

    def __post_init__(self) -> None:
        super().__post_init__()
        _check_regularization(self, self.regularization)


@dataclass(frozen=True, eq=False)
class LinearConstraint(_SelectingConstraint):
    """Parameters whose weighted sum has a value or bounds.

    Attributes:
        selector: Maps the params to those in question, or a list of names, paths or positions. All
            of them by default.
        weights: The weights: a number for all of them, a list or array with one number for each, or
            a tree like the selection. A matrix with one column for each stands for one constraint
            per row; then bounds and value may have one number per row.
        lower_bound: The smallest value of the sum, or None.
        upper_bound: The largest value of the sum, or None.
        value: The value of the sum, instead of bounds.
    """

    weights: Any = field(kw_only=True, default=None)
    lower_bound: Any = field(kw_only=True, default=None)
    upper_bound: Any = field(kw_only=True, default=None)
    value: Any = field(kw_only=True, default=None)

    def __post_init__(self) -> None:
        super().__post_init__()
        name = type(self).__name__
        if self.value is None and self.lower_bound is None and self.upper_bound is None:
            raise InvalidConstraintError(
                f"A {name} needs a lower_bound, an upper_bound, or a value."
            )
        if self.value is not None and (
            self.lower_bound is not None or self.upper_bound is not None
        ):
            raise InvalidConstraintError(
                f"A {name} has either a value ({self.value!r}) or bounds "
                f"({self.lower_bound!r}, {self.upper_bound!r}), not both."
            )
        for side in ("lower_bound", "upper_bound", "value"):
            _check_numbers(self, side, getattr(self, side))
        if self.weights is None:
            raise InvalidConstraintError(
                f"A {name} needs weights: a number, a list, an array or a Series, or a tree like "
                "the selected params."
            )
        _check_weights(self, self.weights)


def _check_selector(constraint: Constraint, selector: Any, what: str) -> None:
    if not callable(selector) and not _is_list(selector):
        raise InvalidConstraintError(
            f"The {what} of a {type(constraint).__name__} has to be a function of the params or a "
            f"list of names or positions, not {selector!r}."
        )


def _is_list(value: Any) -> bool:
    return (
        isinstance(value, Iterable)
        and hasattr(value, "__len__")
        and not isinstance(value, (str, bytes, dict))
    )


def _check_regularization(constraint: Constraint, value: Any) -> None:
    number = as_number(value)
    if number is None or not 0 <= number < float("inf"):
        raise InvalidConstraintError(
            f"The regularization of a {type(constraint).__name__} has to be a number that is not "
            f"negative, not {value!r}."
        )


def as_number(value: Any) -> float | None:
    """A number of Python or numpy, also in an array without dimensions; None if it is none."""
    import numpy as np

    if isinstance(value, (bool, np.bool_)) or not isinstance(value, (int, float, np.generic)):
        if getattr(value, "ndim", None) != 0:
            return None
    array = np.asarray(value)
    return float(array) if array.dtype.kind in "iuf" else None


def _check_numbers(constraint: Constraint, side: str, value: Any) -> None:
    """A number, or numbers for the rows of a matrix of weights."""
    import numpy as np

    if value is None:
        return
    try:
        numbers = np.asarray(value)
    except ValueError:
        numbers = np.array([None])
    wrong = numbers.dtype.kind not in "iuf" or numbers.ndim > 1 or np.isnan(numbers).any()
    if wrong or (side == "value" and np.isinf(numbers).any()):
        raise InvalidConstraintError(
            f"The {side} of a {type(constraint).__name__} has to be a "
            f"{'finite ' if side == 'value' else ''}number, not {value!r}."
        )


def _check_weights(constraint: Constraint, weights: Any) -> None:
    from thalweg._thalweg import Tree

    try:
        if isinstance(weights, (bool, str, bytes)) or callable(weights):
            raise TypeError
        numbers = Tree(weights).start
    except Exception:
        raise InvalidConstraintError(
            f"The weights of a {type(constraint).__name__} have to be a number, a list, an array "
            f"or a Series of numbers, or a tree like the selected params, not {weights!r}."
        ) from None
    import numpy as np

    if not np.isfinite(numbers).all():
        raise InvalidConstraintError(
            f"The weights of a {type(constraint).__name__} have to be finite, not {weights!r}."
        )
