"""Bounds: what users may pass, and the two flat vectors that they become."""

from __future__ import annotations

import sys
from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from thalweg.exceptions import InvalidBoundsError

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

    from thalweg._thalweg import Tree


@dataclass(frozen=True, eq=False)
class Bounds:
    """Bounds on parameters; each side is a tree like the parameters, or a part of it.

    A number where the parameters have a subtree or an array bounds all of it; None and NaN mean "no
    bound".

    Attributes:
        lower: Lower bounds.
        upper: Upper bounds.
        soft_lower: The lower end of the range from which start points are drawn.
        soft_upper: The upper end of the range from which start points are drawn.
    """

    lower: Any = None
    upper: Any = None
    soft_lower: Any = None
    soft_upper: Any = None

    def __eq__(self, other: object) -> bool:
        """Whether all sides are the same."""
        from thalweg._same import same_fields

        return same_fields(self, other)

    def __hash__(self) -> int:
        """Consistent with `==`."""
        return hash(type(self))


def convert_bounds(bounds: Any) -> Bounds | None:
    """Turn whatever users may pass as bounds into `Bounds`.

    Raises:
        InvalidBoundsError: `bounds` is of another type, or an entry of a sequence is not a pair.
    """
    if bounds is None or isinstance(bounds, Bounds):
        return bounds
    if _is_scipy_bounds(bounds):
        return Bounds(lower=_for_all(bounds.lb), upper=_for_all(bounds.ub))
    if isinstance(bounds, Sequence) and not isinstance(bounds, (str, bytes)):
        return _bounds_from_pairs(bounds)
    if getattr(bounds, "ndim", None) == 2 and bounds.shape[1] == 2 and hasattr(bounds, "tolist"):
        return _bounds_from_pairs(bounds.tolist())
    raise InvalidBoundsError(
        f"Invalid bounds of type {type(bounds).__name__}. Bounds must be thalweg.Bounds, "
        "scipy.optimize.Bounds or a sequence of pairs of a lower and an upper bound, with None "
        "where there is none."
    )


def flatten_bounds(
    bounds: Bounds | None, tree: Tree
) -> tuple[NDArray[np.float64] | None, NDArray[np.float64] | None]:
    """The lower and the upper bounds as flat vectors, NaN where nothing is said.

    None for a side without bounds.

    A bound that is given beats the one in a column of a DataFrame among the parameters.

    Raises:
        InvalidBoundsError: A bound cannot be matched with a parameter.
    """
    if bounds is None:
        if tree.is_array:
            return None, None
        return tree.frame_column("lower_bound"), tree.frame_column("upper_bound")
    return (
        _flatten_side(bounds.lower, "lower_bound", tree),
        _flatten_side(bounds.upper, "upper_bound", tree),
    )


def flatten_soft_bounds(
    bounds: Bounds | None, tree: Tree
) -> tuple[NDArray[np.float64] | None, NDArray[np.float64] | None]:
    """The soft bounds as flat vectors, NaN where nothing is said; None for a side without any.

    Raises:
        InvalidBoundsError: A bound cannot be matched with a parameter.
    """
    lower, upper = (None, None) if bounds is None else (bounds.soft_lower, bounds.soft_upper)
    if tree.is_array and lower is None and upper is None:
        return None, None
    return (
        _flatten_side(lower, "soft_lower_bound", tree),
        _flatten_side(upper, "soft_upper_bound", tree),
    )


def _flatten_side(side: Any, name: str, tree: Tree) -> NDArray[np.float64] | None:
    column = tree.frame_column(name)
    if side is None:
        return column
    flat = tree.flatten_side(side, name)
    if column is None:
        return flat
    import numpy as np

    return np.where(np.isnan(flat), column, flat)


def _is_scipy_bounds(bounds: Any) -> bool:
    scipy_optimize = sys.modules.get("scipy.optimize")
    return scipy_optimize is not None and isinstance(bounds, scipy_optimize.Bounds)


def _for_all(side: Any) -> Any:
    """A single bound holds for all parameters, as in scipy, which makes an array of it."""
    return float(side[0]) if getattr(side, "shape", None) == (1,) else side


def _bounds_from_pairs(pairs: Sequence[Any]) -> Bounds:
    import numpy as np

    lower, upper = np.full(len(pairs), -np.inf), np.full(len(pairs), np.inf)
    for position, pair in enumerate(pairs):
        try:
            low, high = pair
            lower[position] = -np.inf if low is None else low
            upper[position] = np.inf if high is None else high
        except (TypeError, ValueError) as error:
            raise InvalidBoundsError(
                f"Invalid bounds: entry {position} of the sequence is {pair!r}, but has to be a "
                "pair of a lower and an upper bound, with None where there is none."
            ) from error
    return Bounds(lower=lower, upper=upper)
