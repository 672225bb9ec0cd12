"""Constraints as dicts, in the form of 2022.

`{"type": "linear", "loc": [0, 1], "weights": 1, "value": 3}`: a type, one field that selects, and
options.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from thalweg._constraints import classes
from thalweg._constraints.of_scipy import DICT_TYPES
from thalweg.exceptions import InvalidConstraintError
from thalweg.utilities import propose_alternatives

if TYPE_CHECKING:
    from collections.abc import Callable

    from thalweg._constraints.classes import Constraint
    from thalweg._constraints.select import Where

NONLINEAR = "nonlinear"

_TYPES: dict[str, tuple[str, tuple[str, ...]]] = {
    "fixed": ("FixedConstraint", ("value",)),
    "increasing": ("IncreasingConstraint", ()),
    "decreasing": ("DecreasingConstraint", ()),
    "equality": ("EqualityConstraint", ()),
    "pairwise_equality": ("PairwiseEqualityConstraint", ()),
    "probability": ("ProbabilityConstraint", ()),
    "covariance": ("FlatCovConstraint", ("regularization",)),
    "sdcorr": ("FlatSDCorrConstraint", ("regularization",)),
    "linear": ("LinearConstraint", ("weights", "lower_bound", "upper_bound", "value")),
    NONLINEAR: (
        "NonlinearConstraint",
        (
            *("func", "derivative", "value", "tol"),
            *("lower_bounds", "upper_bounds", "lower_bound", "upper_bound"),
        ),
    ),
}
"""The class of each type, and the options that it takes."""

_OPTIONS_OF_2022 = {"bounds_distance": "regularization"}

_FIELDS = ("selector", "loc", "query")
_PAIRWISE_FIELDS = {"selector": "selectors", "loc": "locs", "query": "queries"}


@dataclass(frozen=True)
class FixedAt(classes.FixedConstraint):
    """Parameters that keep their start values, which are said a second time."""

    value: Any = None


def type_of(constraint: dict[str, Any], where: Where, renamed: list[tuple[str, str]]) -> str:
    """The type of a dict; that dicts are outdated is noted in `renamed`.

    Raises:
        InvalidConstraintError: There is none, or it is unknown.
    """
    kind = constraint.get("type")
    if kind is None:
        raise InvalidConstraintError(
            f"{where} has no key 'type'. Known types: {list(_TYPES)}, and as in scipy "
            f"{list(DICT_TYPES)}."
        )
    if kind not in _TYPES:
        raise InvalidConstraintError(
            f"{where} has the unknown type {kind!r}. Did you mean "
            f"{propose_alternatives(str(kind), [*_TYPES, *DICT_TYPES])}? Known types: "
            f"{list(_TYPES)}, and as in scipy {list(DICT_TYPES)}."
        )
    entry = (f'{{"type": "{kind}", ...}}', f"{_TYPES[kind][0]}(...)")
    if entry not in renamed:
        renamed.append(entry)
    return str(kind)


def from_dict(constraint: dict[str, Any], kind: str, params: Any, where: Where) -> Constraint:
    """The constraint that a dict of a type other than "nonlinear" stands for.

    Raises:
        InvalidConstraintError: The dict is ill-formed.
    """
    class_name, _ = _TYPES[kind]
    options = options_of(constraint, kind, where)
    field, selector = selection_field(constraint, kind, params, where)
    if kind == "pairwise_equality":
        if not isinstance(selector, (list, tuple)):
            raise InvalidConstraintError(f"{where}: {field} has to be a list, not {selector!r}.")
        single = next(single for single, plural in _PAIRWISE_FIELDS.items() if plural == field)
        options["selectors"] = [_as_function(single, entry, params) for entry in selector]
    else:
        options["selector"] = _as_function(field, selector, params)
    class_ = FixedAt if kind == "fixed" else getattr(classes, class_name)
    try:
        return class_(**options)
    except InvalidConstraintError as error:
        raise InvalidConstraintError(f"{where}: {error}") from None


def options_of(constraint: dict[str, Any], kind: str, where: Where) -> dict[str, Any]:
    """What a dict says besides its type and its selection.

    Raises:
        InvalidConstraintError: It has keys that its type does not have.
    """
    known = _TYPES[kind][1]
    for old, new in _OPTIONS_OF_2022.items():
        if new in known and old in constraint:
            if new in constraint:
                raise InvalidConstraintError(f"{where} has both {old!r} and {new!r}.")
            constraint = {new if key == old else key: constraint[key] for key in constraint}
    selecting = {"type", *_FIELDS, *_PAIRWISE_FIELDS.values()}
    unknown = [key for key in constraint if key not in known and key not in selecting]
    if unknown:
        raise InvalidConstraintError(
            f"{where} has the unknown keys {unknown}. A constraint of type {kind!r} may have the "
            f"keys {list(known)} besides 'type' and its selection."
        )
    return {key: constraint[key] for key in known if key in constraint}


def selection_field(
    constraint: dict[str, Any], kind: str, params: Any, where: Where
) -> tuple[str, Any]:
    """The field of a dict that selects, and what it says.

    A nonlinear constraint without any is one on all parameters.

    Raises:
        InvalidConstraintError: There is none or several, or params of this type do not have it.
    """
    pairwise = kind == "pairwise_equality"
    if kind == NONLINEAR and not set(constraint) & {*_FIELDS, *_PAIRWISE_FIELDS.values()}:
        return "selector", classes._all
    fields = tuple(_PAIRWISE_FIELDS.values()) if pairwise else _FIELDS
    found = [field for field in (*_FIELDS, *_PAIRWISE_FIELDS.values()) if field in constraint]
    if len(found) != 1 or found[0] not in fields:
        raise InvalidConstraintError(
            f"{where} needs exactly one of the keys {list(fields)} besides 'type'; it has "
            f"{list(constraint)}."
        )
    field, allowed = found[0], _allowed_fields(params)
    if pairwise:
        allowed = [_PAIRWISE_FIELDS[single] for single in allowed]
    if field not in allowed:
        raise InvalidConstraintError(
            f"{where} selects by '{field}', but params of type {type(params).__name__} can only be "
            f"selected by {allowed}."
        )
    return field, constraint[field]


def _allowed_fields(params: Any) -> list[str]:
    if _is_value_frame(params):
        return ["selector", "loc", "query"]
    if getattr(params, "ndim", None) == 1 or _is_array(params):
        return ["selector", "loc"]
    return ["selector"]


def _is_array(params: Any) -> bool:
    return hasattr(params, "__array__") and hasattr(params, "shape") and not hasattr(params, "loc")


def _is_value_frame(params: Any) -> bool:
    return hasattr(params, "query") and "value" in params


def _as_function(field: str, selector: Any, params: Any) -> Any:
    """The selector as a function of the tree of positions."""
    if field == "selector":
        return selector
    if field == "query":
        return _by_query(selector, params)
    return lambda positions: _by_loc(positions, selector)


def _by_loc(positions: Any, loc: Any) -> Any:
    """Labels of a Series or of the rows of a value frame; positions of an array."""
    if not hasattr(positions, "loc"):
        return positions[loc]
    return positions.loc[loc] if positions.ndim == 1 else positions.loc[loc, "value"]


def _by_query(query: str, params: Any) -> Callable[[Any], Any]:
    """The rows of a value frame that a query finds by the values of the user's columns."""
    column = "_thalweg_position"

    def by_query(positions: Any) -> Any:
        numbered = params.assign(**{column: positions["value"].to_numpy()})
        return numbered.query(query)[column]

    return by_query
