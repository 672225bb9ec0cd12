"""Nonlinear constraints: what users write, what the core takes, and what algorithms are given."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from operator import attrgetter, itemgetter
from typing import TYPE_CHECKING, Any

from thalweg._constraints import classes
from thalweg._constraints.dicts import NONLINEAR, _by_loc, options_of, selection_field
from thalweg._constraints.select import Selection, Where, select
from thalweg.exceptions import (
    InvalidConstraintError,
    InvalidFunctionError,
    InvalidParamsError,
)

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

    from thalweg._constraints.prepare import Prepared
    from thalweg._thalweg import ProblemHandle, Tree

DEFAULT_TOLERANCE = 1e-5


@dataclass(frozen=True)
class NonlinearConstraint(classes.Constraint):
    """Limits on a function of the params.

    The start params need not satisfy it, and it may be violated on the way to the solution. A
    result that violates it by more than `tol` is never a success.

    >>> import numpy as np
    >>> import thalweg as om
    >>> disc = om.NonlinearConstraint(func=lambda x: x @ x, upper_bound=1.0)
    >>> result = om.minimize(
    ...     lambda x: -x.sum(), np.zeros(2), "lbfgsb", constraints=disc,
    ...     constraint_handling="augmented_lagrangian",
    ... )
    >>> bool(np.allclose(result.params, np.sqrt(0.5), atol=1e-4))
    True

    Attributes:
        selector: Maps the params to the part of them that `func` takes, or a list of names, paths
            or positions, of which `func` takes an array. All params by default.
        func: A function of the selected params that returns a number, an array or a tree of these.
        derivative: Its derivative, a function of the same params: for each part of what `func`
            returns a block for each selected part of the params. Numerical by default.
        lower_bound: The smallest value, or None; one number, or structured like the values.
        upper_bound: The largest value, or None; likewise.
        value: The value itself, instead of bounds; likewise.
        tol: By how much values may violate their bounds.
    """

    selector: classes.Selector = classes._all
    func: Callable[[Any], Any] = field(kw_only=True, default=None)  # type: ignore[assignment]
    derivative: Callable[[Any], Any] | None = field(kw_only=True, default=None)
    lower_bound: Any = field(kw_only=True, default=None)
    upper_bound: Any = field(kw_only=True, default=None)
    value: Any = field(kw_only=True, default=None)
    tol: float = field(kw_only=True, default=DEFAULT_TOLERANCE)

    def __post_init__(self) -> None:
        """Check everything that can be checked without params."""
        classes._check_selector(self, self.selector, "selector")
        bounds = (self.lower_bound, self.upper_bound)
        has_bounds = any(bound is not None for bound in bounds)
        if self.value is None and not has_bounds:
            raise InvalidConstraintError(
                "A NonlinearConstraint needs a lower_bound, an upper_bound, or a value."
            )
        if self.value is not None and has_bounds:
            raise InvalidConstraintError(
                f"A NonlinearConstraint has either a value ({self.value!r}) or bounds {bounds!r}, "
                "not both."
            )
        tol = classes.as_number(self.tol)
        if tol is None or not 0 <= tol < float("inf"):
            raise InvalidConstraintError(
                "The tol of a NonlinearConstraint has to be a finite number that is not negative, "
                f"not {self.tol!r}."
            )
        if not callable(self.func):
            raise InvalidConstraintError(
                f"A NonlinearConstraint needs a func, a function of the selected params, not "
                f"{self.func!r}."
            )
        if self.derivative is not None and not callable(self.derivative):
            raise InvalidConstraintError(
                "The derivative of a NonlinearConstraint has to be a function or None, not "
                f"{self.derivative!r}."
            )


def flatten_nonlinear(prepared: Prepared) -> list[dict[str, Any]] | None:
    """The nonlinear constraints as the core takes them; None without any.

    Raises:
        InvalidConstraintError: A constraint is ill-formed.
        InvalidFunctionError: A selector fails.
    """
    return [
        _flatten(constraint, index, prepared.params, prepared.tree)
        for index, constraint in prepared.flat.nonlinear
    ] or None


def check_nonlinear(prepared: Prepared) -> None:
    """Evaluate the nonlinear constraints at the params.

    Raises:
        InvalidConstraintError: Bounds do not fit the values.
        InvalidFunctionError: A selector or a function fails.
        InvalidParamsError: A constraint is violated by more than its tolerance.
    """
    import numpy as np

    from thalweg._thalweg import Tree as CompiledTree

    for entry in flatten_nonlinear(prepared) or []:
        where = f"constraints[{entry['index']}]"
        argument = (
            prepared.tree.start[entry["positions"]] if entry["takes_array"] else prepared.params
        )
        try:
            for step in entry["steps"]:
                argument = step(argument)
            values = CompiledTree(entry["func"](argument)).start
        except Exception as error:
            raise InvalidFunctionError(
                f"{where}: func failed at the params with {type(error).__name__}: {error}"
            ) from error
        for side in ("lower", "upper"):
            if np.size(entry[side]) not in (1, len(values)):
                raise InvalidConstraintError(
                    f"{where} has {np.size(entry[side])} {side} limits, but func returned "
                    f"{len(values)} values."
                )
        lower, upper = (np.broadcast_to(entry[side], values.shape) for side in ("lower", "upper"))
        off = np.maximum(lower - values, values - upper)
        worst = int(np.argmax(np.where(np.isnan(off), np.inf, off)))
        if not off[worst] <= entry["tol"]:
            raise InvalidParamsError(
                f"Violated constraint at params: value {worst} of {where} is {values[worst]}, but "
                f"has to lie between {lower[worst]} and {upper[worst]}; the tolerance is "
                f"{entry['tol']}."
            )


def _flatten(given: Any, index: int, params: Any, tree: Tree) -> dict[str, Any]:
    where = Where(given, index)
    if isinstance(given, dict):
        constraint, selection, steps = _from_dict(given, params, tree, where)
    else:
        constraint, selection = given, _selection(given.selector, tree, where)
        is_all = given.selector is classes._all
        steps = [given.selector] if callable(given.selector) and not is_all else []
    lower, upper = constraint.lower_bound, constraint.upper_bound
    names = ["lower_bound", "upper_bound"]
    if constraint.value is not None:
        lower = upper = constraint.value
        names = ["value"]
    limits = (lower, upper)
    return {
        "index": index,
        "name": _name(constraint.func),
        "func": constraint.func,
        "derivative": constraint.derivative,
        "steps": steps,
        "takes_array": not callable(constraint.selector),
        "positions": selection.positions,
        "selected": selection.tree,
        "lower": _limit(lower, float("-inf"), names[0], where),
        "upper": _limit(upper, float("inf"), names[-1], where),
        "given": [
            (name, limit)
            for name, limit in zip(names, limits)
            if limit is not None and classes.as_number(limit) is None
        ],
        "tol": float(constraint.tol),
        "travels": True,
    }


def _selection(selector: Any, tree: Tree, where: Where) -> Selection:
    try:
        return select(selector, tree, where)
    except InvalidConstraintError as error:
        if callable(selector) and error.__cause__ is not None:
            raise InvalidFunctionError(str(error)) from error.__cause__
        raise


def _from_dict(
    given: dict[str, Any], params: Any, tree: Tree, where: Where
) -> tuple[NonlinearConstraint, Selection, list[Callable[[Any], Any]]]:
    """The constraint that a dict in the form of 2022 stands for, and how it selects."""
    import numpy as np

    options = options_of(given, NONLINEAR, where)
    for side in ("lower_bound", "upper_bound"):
        plural = options.pop(f"{side}s", None)
        if plural is not None and options.get(side) is not None:
            raise InvalidConstraintError(f"{where} has both '{side}' and '{side}s'.")
        options[side] = options.get(side) if plural is None else plural
    options.setdefault("func", None)
    how, what = selection_field(given, NONLINEAR, params, where)
    steps: list[Callable[[Any], Any]]
    if how == "selector":
        is_all = what is classes._all
        selector, steps = what, [what] if callable(what) and not is_all else []
    elif how == "query":
        # The rows that the query finds in the start params: func takes these rows ever after.
        column = "_thalweg_position"
        numbered = params.assign(**{column: np.arange(len(params))})
        try:
            rows = numbered.query(what)[column].to_numpy()
        except Exception as error:
            raise InvalidConstraintError(f"{where}: the query failed: {error}") from error
        steps = [attrgetter("iloc"), itemgetter(rows)]

        def selector(positions: Any) -> Any:
            return positions["value"].iloc[rows]
    else:
        steps = [itemgetter(what)] if not hasattr(params, "loc") else _loc_steps(what)

        def selector(positions: Any) -> Any:
            return _by_loc(positions, what)

    try:
        constraint = NonlinearConstraint(selector, **options)
    except InvalidConstraintError as error:
        raise InvalidConstraintError(f"{where}: {error}") from None
    if how == "selector":
        return constraint, _selection(selector, tree, where), steps
    return constraint, select(selector, tree, where), steps


def _loc_steps(loc: Any) -> list[Callable[[Any], Any]]:
    return [attrgetter("loc"), itemgetter(loc)]


def _name(func: Any) -> str:
    name = getattr(func, "__name__", "")
    return name if isinstance(name, str) and not name.startswith("<") else ""


def _limit(limit: Any, default: float, name: str, where: Where) -> float | NDArray[np.float64]:
    """A number, or one for each value."""
    from thalweg._thalweg import Tree as CompiledTree

    if limit is None:
        return default
    number = classes.as_number(limit)
    if number is not None:
        return number
    try:
        flat = CompiledTree(limit).start
    except Exception as error:
        raise InvalidConstraintError(
            f"{where}: the {name} has to be a number or structured like what func returns: {error}"
        ) from error
    return flat


def internal_constraints(handle: ProblemHandle) -> list[dict[str, Any]]:
    """The constraints as user-defined algorithms see them.

    One dict for each constraint: `n_constr`, the number of its values; `type`, "eq" or "ineq";
    `fun` and `jac`, functions of the algorithm's vector; `tol`. Values of type "eq" have to be
    zero, those of type "ineq" not negative. A constraint whose values are partly of this and partly
    of that type makes two.
    """
    lower, upper, tolerances, sizes = handle.constraint_limits
    made: list[dict[str, Any]] = []
    first = 0
    for size in sizes:
        here = slice(first, first + size)
        made += _of_one(handle, here, lower[here], upper[here], float(tolerances[first]))
        first += size
    return made


def _of_one(
    handle: ProblemHandle,
    here: slice,
    lower: NDArray[np.float64],
    upper: NDArray[np.float64],
    tol: float,
) -> list[dict[str, Any]]:
    import numpy as np

    equal = lower == upper
    below, above = np.isfinite(lower) & ~equal, np.isfinite(upper) & ~equal

    def equations(x: Any) -> Any:
        return (handle.constraints(x)[here] - lower)[equal]

    def equations_jac(x: Any) -> Any:
        return handle.constraint_jacobian(x)[here][equal]

    def inequalities(x: Any) -> Any:
        values = handle.constraints(x)[here]
        return np.concatenate([(values - lower)[below], (upper - values)[above]])

    def inequalities_jac(x: Any) -> Any:
        rows = handle.constraint_jacobian(x)[here]
        return np.concatenate([rows[below], -rows[above]])

    kinds = (
        ("eq", int(equal.sum()), equations, equations_jac),
        ("ineq", int(below.sum() + above.sum()), inequalities, inequalities_jac),
    )
    return [
        {"n_constr": number, "type": kind, "fun": fun, "jac": jac, "tol": tol}
        for kind, number, fun, jac in kinds
        if number
    ]


def equality_as_inequality_constraints(
    constraints: list[dict[str, Any]],
) -> list[dict[str, Any]]:
    """Every equation h = 0 as the inequalities h >= 0 and -h >= 0, for algorithms without them."""
    import numpy as np

    def doubled(function: Callable[[Any], Any]) -> Callable[[Any], Any]:
        def both(x: Any) -> Any:
            values = function(x)
            return np.concatenate([values, -values])

        return both

    return [
        entry
        if entry["type"] == "ineq"
        else entry
        | {
            "type": "ineq",
            "n_constr": 2 * entry["n_constr"],
            "fun": doubled(entry["fun"]),
            "jac": doubled(entry["jac"]),
        }
        for entry in constraints
    ]


def vector_as_list_of_scalar_constraints(
    constraints: list[dict[str, Any]],
) -> list[dict[str, Any]]:
    """One constraint for every value, with functions that return a number and a vector."""

    def entry_of(function: Callable[[Any], Any], i: int) -> Callable[[Any], Any]:
        return lambda x: function(x)[i]

    return [
        entry
        | {"n_constr": 1, "fun": entry_of(entry["fun"], i), "jac": entry_of(entry["jac"], i)}
        for entry in constraints
        for i in range(entry["n_constr"])
    ]
