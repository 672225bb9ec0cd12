"""From the user's list of constraints to positions and numbers, as the core takes them."""

from __future__ import annotations

from collections.abc import Iterable
from typing import TYPE_CHECKING, Any

from thalweg._constraints import classes
from thalweg._constraints.dicts import NONLINEAR, FixedAt, from_dict, type_of
from thalweg._constraints.of_scipy import convert, is_of_scipy
from thalweg._constraints.select import Selection, Where, select
from thalweg._warnings import warn_user
from thalweg.exceptions import InvalidConstraintError

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

    from thalweg._thalweg import Tree

_KINDS: dict[type, str] = {
    classes.FixedConstraint: "fixed",
    FixedAt: "fixed",
    classes.IncreasingConstraint: "increasing",
    classes.DecreasingConstraint: "decreasing",
    classes.EqualityConstraint: "equality",
    classes.PairwiseEqualityConstraint: "pairwise_equality",
    classes.ProbabilityConstraint: "probability",
    classes.FlatCovConstraint: "covariance",
    classes.FlatSDCorrConstraint: "sdcorr",
    classes.LinearConstraint: "linear",
}


class FlatConstraints:
    """The constraints of a problem.

    Attributes:
        native: One dict per constraint that holds at every evaluation: "kind", "index" (the
            position in the user's list), "positions" and what the kind needs.
        nonlinear: The others, each with its position in the user's list.
        strict: The positions of those of scipy's that say `keep_feasible=True`.
    """

    __slots__ = ("native", "nonlinear", "strict")

    def __init__(self) -> None:
        self.native: list[dict[str, Any]] = []
        self.strict: list[int] = []
        self.nonlinear: list[tuple[int, Any]] = []


def flatten_constraints(
    constraints: Any, tree: Tree, params: Any, renamed: list[tuple[str, str]]
) -> FlatConstraints:
    """Bring constraints to the form that the core takes.

    Args:
        constraints: A constraint, ours or scipy's, a dict in the form of 2022 or in scipy's, or any
            sequence of these.
        tree: The params, compiled.
        params: The params.
        renamed: Takes up the outdated forms that are found.

    Raises:
        InvalidConstraintError: A constraint is ill-formed; the message gives its position in the
            user's list.
    """
    flat = FlatConstraints()
    for index, constraint in enumerate(as_list(constraints)):
        if is_of_scipy(constraint):
            constraint, is_strict = convert(constraint, index, tree)
            flat.strict += [index] * is_strict
        where = Where(constraint, index)
        if isinstance(constraint, dict):
            kind = type_of(constraint, where, renamed)
            if kind != NONLINEAR:
                constraint = from_dict(constraint, kind, params, where)
        else:
            kind = next(
                (_KINDS[base] for base in type(constraint).__mro__ if base in _KINDS), NONLINEAR
            )
        if kind == NONLINEAR:
            flat.nonlinear.append((index, constraint))
        else:
            flat.native += _flatten(constraint, kind, index, tree, where)
    return flat


def as_list(constraints: Any) -> list[Any]:
    """The user's constraints as a list.

    Raises:
        InvalidConstraintError: Something in it is not a constraint.
    """
    if constraints is None:
        return []
    if isinstance(constraints, (classes.Constraint, dict)) or is_of_scipy(constraints):
        return [constraints]
    several = isinstance(constraints, Iterable) and not isinstance(constraints, (str, bytes))
    listed = list(constraints) if several else [constraints]
    wrong = [
        f"{f'position {i}: ' if several else ''}{entry!r} of type {type(entry).__name__}"
        for i, entry in enumerate(listed)
        if not isinstance(entry, (classes.Constraint, dict)) and not is_of_scipy(entry)
    ]
    if wrong:
        raise InvalidConstraintError(
            f"constraints holds what is not a constraint ({'; '.join(wrong[:10])}). Constraints "
            "are objects such as thalweg.FixedConstraint or scipy.optimize.LinearConstraint, dicts "
            "with a key 'type', or sequences of these."
        )
    return listed


def _flatten(
    constraint: Any, kind: str, index: int, tree: Tree, where: Where
) -> list[dict[str, Any]]:
    if kind == "pairwise_equality":
        selections = [select(selector, tree, where).positions for selector in constraint.selectors]
        if not any(len(positions) for positions in selections):
            return _without_effect(where)
        return [{"kind": kind, "index": index, "selections": selections}]
    selection = select(constraint.selector, tree, where)
    if not len(selection.positions):
        return _without_effect(where)
    flat = {"kind": kind, "index": index, "positions": selection.positions}
    if kind == "linear":
        return [flat | row for row in _rows(constraint, selection, where)]
    if kind in ("covariance", "sdcorr"):
        flat["regularization"] = float(constraint.regularization)
    if isinstance(constraint, FixedAt) and constraint.value is not None:
        flat["value"] = _spread(constraint.value, selection, "value", where)
    return [flat]


def _without_effect(where: Where) -> list[dict[str, Any]]:
    warn_user(f"{where} selects no parameters and has no effect.")
    return []


def _rows(
    constraint: classes.LinearConstraint, selection: Selection, where: Where
) -> list[dict[str, Any]]:
    """One linear constraint, or one for each row of a matrix of weights."""
    import numpy as np

    k, matrix = len(selection.positions), constraint.weights
    if getattr(matrix, "ndim", 0) == 2 and matrix.shape[1] == k and matrix.size != k:
        weights = np.asarray(matrix, dtype=float)
    else:
        weights = _spread(matrix, selection, "weights", where).reshape(1, k)
    m = len(weights)
    sides = (constraint.lower_bound, constraint.upper_bound)
    if constraint.value is not None:
        sides = (constraint.value, constraint.value)
    names = ("value",) * 2 if constraint.value is not None else ("lower_bound", "upper_bound")
    lower, upper = (
        _one_per_row(default if side is None else side, m, name, where)
        for side, default, name in zip(sides, (-np.inf, np.inf), names, strict=True)
    )
    return [
        {"weights": weights[i], "lower": float(lower[i]), "upper": float(upper[i])}
        for i in range(m)
    ]


def _one_per_row(side: Any, m: int, name: str, where: Where) -> NDArray[np.float64]:
    import numpy as np

    numbers = np.asarray(side, dtype=float).ravel()
    if numbers.size not in (1, m):
        raise InvalidConstraintError(
            f"{where} has {numbers.size} numbers as {name}, but a weighted sum has one"
            f"{'' if m == 1 else f' and there are {m} of them'}. Several sums need a matrix of "
            "weights with one row for each, or several constraints."
        )
    return np.broadcast_to(numbers, (m,))


def _spread(numbers: Any, selection: Selection, name: str, where: Where) -> NDArray[np.float64]:
    """One number for each selected parameter.

    A number holds for all of them; lists and arrays go by position, everything else by structure.
    """
    import numpy as np

    from thalweg._thalweg import Tree as CompiledTree

    k = len(selection.positions)
    number = classes.as_number(numbers)
    if number is not None:
        return np.full(k, number)
    try:
        return selection.tree.flatten(numbers, name)
    except Exception as error:
        flat = CompiledTree(numbers).start
        if len(flat) == k and _goes_by_position(numbers):
            return flat
        raise InvalidConstraintError(
            f"{where} has {len(flat)} {name} for {k} selected parameters, or in another structure: "
            f"{error}"
            if len(flat) == k
            else f"{where} has {len(flat)} {name} for {k} selected parameters."
        ) from None


def _goes_by_position(numbers: Any) -> bool:
    """Lists and arrays; also Series and frames that say nothing about labels."""
    if isinstance(numbers, (list, tuple)) or not hasattr(numbers, "index"):
        return not isinstance(numbers, dict)
    return type(numbers.index).__name__ == "RangeIndex"
