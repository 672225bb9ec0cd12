"""Constraints as scipy's `minimize` takes them: its two classes, recognized by name, and its dicts.

scipy itself is not needed: whoever has such an object has imported it.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from thalweg._constraints import classes
from thalweg._constraints.select import Where
from thalweg._functions import WithArgs
from thalweg._warnings import warn_user
from thalweg.exceptions import InvalidConstraintError

if TYPE_CHECKING:
    from collections.abc import Callable

    from thalweg._thalweg import Tree

_CLASSES = ("LinearConstraint", "NonlinearConstraint")
DICT_TYPES = ("eq", "ineq")
"""What scipy's dicts have as type: values that are zero, and values that are not negative."""
_DICT_KEYS = ("type", "fun", "jac", "args")
_DIFFERENCES = ("2-point", "3-point", "cs")


def is_of_scipy(constraint: Any) -> bool:
    """Whether this is a constraint of scipy's that stands for one of ours."""
    if isinstance(constraint, dict):
        kind = constraint.get("type")
        return isinstance(kind, str) and kind.lower() in DICT_TYPES
    return _class_name(constraint) is not None


def convert(constraint: Any, index: int, tree: Tree) -> tuple[classes.Constraint, bool]:
    """Our constraint for one of scipy's, and whether it has to hold at every evaluation.

    Raises:
        InvalidConstraintError: It is ill-formed, or says what cannot be kept.
    """
    if isinstance(constraint, dict):
        return _of_dict(constraint, Where(constraint, index), tree), False
    if _class_name(constraint) == "LinearConstraint":
        return _linear(constraint, f"constraints[{index}] (scipy's LinearConstraint)", tree)
    where = f"constraints[{index}] (scipy's NonlinearConstraint)"
    return _nonlinear(constraint, where, tree), False


def _class_name(constraint: Any) -> str | None:
    for base in type(constraint).__mro__:
        if base.__name__ in _CLASSES and base.__module__.partition(".")[0] == "scipy":
            return base.__name__
    return None


def _linear(given: Any, where: str, tree: Tree) -> tuple[classes.Constraint, bool]:
    import numpy as np

    matrix = np.atleast_2d(_dense(given.A))
    if matrix.ndim != 2 or matrix.shape[1] != tree.size:
        raise InvalidConstraintError(
            f"{where}: A has the shape {matrix.shape}, but needs one column for each of the "
            f"{tree.size} parameters."
        )
    lower, upper = (_limits(side, len(matrix), where) for side in (given.lb, given.ub))
    limited = np.isfinite(lower) | np.isfinite(upper)
    if not limited.any():
        raise InvalidConstraintError(f"{where} has neither finite lb nor finite ub.")
    constraint = classes.LinearConstraint(
        weights=matrix[limited], lower_bound=lower[limited], upper_bound=upper[limited]
    )
    return constraint, bool(np.any(given.keep_feasible))


def _limits(side: Any, m: int, where: str) -> Any:
    import numpy as np

    try:
        return np.broadcast_to(np.asarray(side, dtype=float), (m,))
    except ValueError:
        raise InvalidConstraintError(
            f"{where} has {np.size(side)} limits on one side, but A has {m} rows."
        ) from None


def _nonlinear(given: Any, where: str, tree: Tree) -> classes.Constraint:
    import numpy as np

    if np.any(given.keep_feasible):
        raise InvalidConstraintError(
            f"{where} has keep_feasible=True, but nonlinear constraints may be violated on the way "
            "to the solution; only the result keeps them. Leave keep_feasible out, and let fun "
            "return infinity or raise where it is not defined (see error_handling). Linear "
            "constraints and bounds hold at every evaluation."
        )
    if given.finite_diff_rel_step is not None:
        warn_user(
            f"{where}: finite_diff_rel_step has no effect; numdiff_options holds for the "
            "derivatives of constraints, too."
        )
    lower, upper = (np.asarray(side, dtype=float) for side in (given.lb, given.ub))
    sides = {"lower_bound": lower, "upper_bound": upper}
    if np.array_equal(lower, upper):
        sides = {"value": lower}
    limits = {name: float(side) if side.ndim == 0 else side for name, side in sides.items()}
    return _constraint(given.fun, given.jac, (), limits, where, tree)


def _of_dict(given: dict[str, Any], where: Where, tree: Tree) -> classes.Constraint:
    unknown = [key for key in given if key not in _DICT_KEYS]
    if unknown or "fun" not in given:
        what = f"has the unknown keys {unknown}" if unknown else "has no key 'fun'"
        raise InvalidConstraintError(
            f"{where} {what}. A constraint of type {given['type']!r} is a dict of scipy's, with the "
            f"keys {list(_DICT_KEYS)}."
        )
    args = given.get("args", ())
    args = tuple(args) if isinstance(args, (tuple, list)) else (args,)
    limits = {"value" if given["type"].lower() == "eq" else "lower_bound": 0.0}
    return _constraint(given["fun"], given.get("jac"), args, limits, where, tree)


def _constraint(
    fun: Any, jac: Any, args: tuple[Any, ...], limits: dict[str, Any], where: object, tree: Tree
) -> classes.Constraint:
    from thalweg._nonlinear import NonlinearConstraint

    if isinstance(jac, str) and jac in _DIFFERENCES:
        jac = None
    for name, function in (("fun", fun), ("jac", jac)):
        if not callable(function) and not (name == "jac" and function is None):
            differences = f", or one of {list(_DIFFERENCES)}" if name == "jac" else ""
            raise InvalidConstraintError(
                f"{where}: {name} has to be a function of the params{differences}, not "
                f"{function!r}."
            )
    if args:
        fun, jac = WithArgs(fun, args), None if jac is None else WithArgs(jac, args)
    if jac is not None and tree.is_array:
        # scipy lets both have one dimension less where there is one value only.
        fun, jac = _InShape(fun, 1), _InShape(jac, 2)
    try:
        return NonlinearConstraint(func=fun, derivative=jac, **limits)
    except InvalidConstraintError as error:
        raise InvalidConstraintError(f"{where}: {error}") from None


class _InShape:
    """A function whose arrays have at least so many dimensions; pickles with the function."""

    def __init__(self, function: Callable[[Any], Any], ndim: int) -> None:
        self.function, self.ndim = function, ndim
        self.__name__ = getattr(function, "__name__", "")

    def __call__(self, params: Any) -> Any:
        import numpy as np

        array = _dense(self.function(params))
        return np.atleast_1d(array) if self.ndim == 1 else np.atleast_2d(array)


def _dense(array: Any) -> Any:
    import numpy as np

    return np.asarray(array.toarray() if hasattr(array, "toarray") else array, dtype=float)
