"""Constraints on parameters. So far: parameters that stay fixed."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from thalweg._warnings import warn_user
from thalweg.exceptions import (
    InvalidConstraintError,
    InvalidParamsError,
    UnsupportedConstraintError,
)
from thalweg.utilities import propose_alternatives

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

    from thalweg._thalweg import Tree

KNOWN_TYPES = (
    "fixed",
    "increasing",
    "decreasing",
    "equality",
    "pairwise_equality",
    "probability",
    "covariance",
    "sdcorr",
    "linear",
    "nonlinear",
)


class Constraint:
    """Base of all constraints."""


@dataclass(frozen=True)
class FixedConstraint(Constraint):
    """Parameters that keep their start values.

    Attributes:
        selector: Maps the parameters to those that are fixed (any tree of them), or a list of names
            or positions.
    """

    selector: Callable[[Any], Any] | Sequence[int | str | tuple[Any, ...]] = lambda params: params

    def __post_init__(self) -> None:
        """Check the selector's type."""
        if not callable(self.selector) and not isinstance(self.selector, (list, tuple)):
            raise InvalidConstraintError(
                "The selector of a FixedConstraint has to be a function of the params or a list "
                f"of names or positions, not {self.selector!r}."
            )


def fixed_positions(
    constraints: Any, tree: Tree, renamed: list[tuple[str, str]]
) -> NDArray[np.int64] | None:
    """The positions of the fixed parameters in the flat vector, or None without constraints.

    Args:
        constraints: A constraint, a dict in the form of 2022, or a sequence of these.
        tree: The parameters.
        renamed: Takes up the outdated forms that are found.

    Raises:
        InvalidConstraintError: A constraint is ill-formed; the message gives its position in the
            user's list.
        InvalidParamsError: A parameter is to be fixed at another value than its start value.
    """
    if constraints is None:
        return None
    import numpy as np

    several = isinstance(constraints, (list, tuple))
    fixed: set[int] = set()
    for number, constraint in enumerate(constraints if several else [constraints]):
        where = _describe(constraint, number if several else None)
        positions = _fixed_by(constraint, tree, where, renamed)
        if not positions:
            warn_user(f"{where} selects no parameters and has no effect.")
        fixed.update(positions)
    return np.array(sorted(fixed), dtype=np.int64) if fixed else None


def _fixed_by(constraint: Any, tree: Tree, where: str, renamed: list[tuple[str, str]]) -> list[int]:
    if isinstance(constraint, FixedConstraint):
        return _select(constraint.selector, tree, where)
    if isinstance(constraint, dict):
        positions = _select_by_dict(constraint, tree, where)
        renamed.append(('{"type": "fixed", ...}', "FixedConstraint(selector)"))
        return positions
    raise InvalidConstraintError(
        f"{where} is not a constraint. Constraints are objects such as thalweg.FixedConstraint, "
        "dicts with a key 'type', or lists of them."
    )


def _select_by_dict(constraint: dict[str, Any], tree: Tree, where: str) -> list[int]:
    """The form of 2022: `{"type": "fixed", "loc" | "query" | "selector": ..., "value": ...}`."""
    kind = constraint.get("type")
    if kind is None:
        raise InvalidConstraintError(
            f"{where} has no key 'type'. Known types: {list(KNOWN_TYPES)}."
        )
    if kind not in KNOWN_TYPES:
        raise InvalidConstraintError(
            f"{where} has the unknown type {kind!r}. Did you mean "
            f"{propose_alternatives(str(kind), list(KNOWN_TYPES))}?"
        )
    if kind != "fixed":
        raise UnsupportedConstraintError(
            f"{where}: constraints of type {kind!r} are not there yet; the only type so far is "
            "'fixed'."
        )
    fields = [field for field in ("selector", "loc", "query") if field in constraint]
    unknown = sorted(set(map(str, constraint)) - {"type", "selector", "loc", "query", "value"})
    if len(fields) != 1 or unknown:
        raise InvalidConstraintError(
            f"{where} needs exactly one of the keys 'selector', 'loc' and 'query' besides 'type'; "
            f"it has {list(constraint)}."
        )
    selector = constraint[fields[0]]
    if fields[0] == "loc":
        positions = _select(lambda params: _by_loc(params, selector), tree, where)
    elif fields[0] == "query":
        positions = _select(lambda params: params.query(selector)["value"], tree, where)
    else:
        positions = _select(selector, tree, where)
    _check_value(constraint.get("value"), positions, tree, where)
    return positions


def _by_loc(params: Any, loc: Any) -> Any:
    """Labels of a Series or of the rows of a DataFrame with a column "value".

    Positions of an array.
    """
    if not hasattr(params, "loc"):
        return params[loc]
    return params.loc[loc] if params.ndim == 1 else params.loc[loc, "value"]


def _check_value(value: Any, positions: list[int], tree: Tree, where: str) -> None:
    if value is None:
        return
    import numpy as np

    values, start = np.asarray(value, dtype=float).ravel(), tree.start[positions]
    if values.size not in (1, start.size):
        raise InvalidConstraintError(
            f"{where} has {values.size} values for {start.size} selected parameters."
        )
    if not np.allclose(values, start):
        raise InvalidParamsError(
            f"{where} fixes the parameters {[tree.names[position] for position in positions]} at "
            f"{values.tolist()}, but they start at {start.tolist()}. A parameter can only be fixed "
            "at its start value: change the start params."
        )


def _select(selector: Any, tree: Tree, where: str) -> list[int]:
    """The positions that a selector picks.

    A function of the params, or a list of names, paths and positions.
    """
    if not callable(selector):
        return _unique([_position(entry, tree, where) for entry in selector], tree, where)
    try:
        selected = selector(tree.positions())
    except Exception as error:
        raise InvalidConstraintError(
            f"{where}: the selector failed with {type(error).__name__}: {error}. A selector maps "
            "the params to a part of them, for "
            'example `lambda params: params["a"]`.'
        ) from error
    return _unique(_flat_positions(selected, tree, where), tree, where)


def _position(entry: Any, tree: Tree, where: str) -> int:
    if isinstance(entry, str) and entry in tree.names:
        return tree.names.index(entry)
    if isinstance(entry, tuple) and tuple(map(str, entry)) in tree.paths:
        return tree.paths.index(tuple(map(str, entry)))
    if not isinstance(entry, (str, tuple)) and -tree.size <= int(entry) < tree.size:
        return int(entry) % tree.size
    raise InvalidConstraintError(f"{where} selects {entry!r}, but the parameters are {tree.names}.")


def _flat_positions(selected: Any, tree: Tree, where: str) -> list[int]:
    from thalweg._thalweg import Tree as CompiledTree

    flat = CompiledTree(selected).start.tolist()
    wrong = [entry for entry in flat if entry != entry // 1 or not 0 <= entry < tree.size]
    if wrong:
        raise InvalidConstraintError(
            f"{where}: the selector may only select and rearrange params, not compute with them."
        )
    return [int(entry) for entry in flat]


def _unique(positions: list[int], tree: Tree, where: str) -> list[int]:
    repeated = sorted(
        {tree.names[position] for position in positions if positions.count(position) > 1}
    )
    if repeated:
        raise InvalidConstraintError(f"{where} selects parameters more than once: {repeated}.")
    return positions


def _describe(constraint: Any, number: int | None) -> str:
    text = repr(constraint)
    shown = text if len(text) <= 200 else text[:200] + "..."
    return (
        f"The constraint {shown}"
        if number is None
        else f"The constraint at position {number} ({shown})"
    )
