"""`check_constraints` and `count_free_params`: constraints looked at without an optimization."""

from __future__ import annotations

from collections.abc import Iterable
from typing import TYPE_CHECKING, Any

from thalweg._bounds import Bounds, convert_bounds, flatten_bounds
from thalweg._constraints.prepare import Prepared, prepare
from thalweg._thalweg import Tree
from thalweg._warnings import warn_renamed

if TYPE_CHECKING:
    from thalweg._catalog import Entry
    from thalweg.typing import PyTree


def count_free_params(
    params: PyTree,
    constraints: Any = None,
    bounds: Any = None,
    lower_bounds: Any = None,
    upper_bounds: Any = None,
) -> int:
    """The number of coordinates that an algorithm could change.

    >>> import thalweg as om
    >>> om.count_free_params({"a": 1.0, "b": 2.0}, om.FixedConstraint(["a"]))
    1

    Args:
        params: The params.
        constraints: A constraint or a sequence of constraints.
        bounds: As in `minimize`; equal bounds fix a parameter.
        lower_bounds: Outdated; part of `bounds`.
        upper_bounds: Outdated; part of `bounds`.

    Raises:
        InvalidConstraintError: A constraint is ill-formed or contradicts others.
        InvalidParamsError: The params violate a constraint or a bound.
    """
    return _prepare(params, constraints, bounds, lower_bounds, upper_bounds).space.n_free


def check_constraints(
    params: PyTree,
    constraints: Any,
    bounds: Any = None,
    lower_bounds: Any = None,
    upper_bounds: Any = None,
    *,
    verbose: bool = False,
) -> None:
    """Raise an exception if constraints are ill-formed or do not hold at the params.

    Args:
        params: The params.
        constraints: A constraint or a sequence of constraints.
        bounds: As in `minimize`.
        lower_bounds: Outdated; part of `bounds`.
        upper_bounds: Outdated; part of `bounds`.
        verbose: Whether to print how each constraint is handled, and which algorithms can take the
            problem.

    Raises:
        InvalidConstraintError: A constraint is ill-formed or contradicts others.
        InvalidParamsError: The params violate a constraint or a bound.
    """
    prepared = _prepare(params, constraints, bounds, lower_bounds, upper_bounds)
    if prepared.flat.nonlinear:
        from thalweg._nonlinear import check_nonlinear

        check_nonlinear(prepared)
    if verbose:
        print(report(prepared))


def report(prepared: Prepared) -> str:
    """How each constraint is handled, and which algorithms can take the problem."""
    from thalweg._catalog import catalog
    from thalweg._constraints.plan import plan_before

    flat, space = prepared.flat, prepared.space
    given = flat.native or flat.nonlinear
    plan = repr(plan_before(space, flat)) if given else "no constraints"
    fitting = {name: entry.features for name, entry in catalog().items() if _fits(entry, prepared)}
    if not flat.nonlinear and not space.n_surplus_rows:
        return f"{plan}\nAlgorithms that can take the problem: {_listing(fitting)}."
    native = [name for name, can in fitting.items() if can["supports_nonlinear_constraints"]]
    others = [name for name in fitting if name not in native]
    asked = ', with constraint_handling="augmented_lagrangian"' if flat.nonlinear else ""
    return (
        f"{plan}\nAlgorithms that can take the problem: {_listing(native)}.\n"
        f"Within an augmented Lagrangian{asked}: {_listing(others)}."
    )


def _listing(names: Iterable[str]) -> str:
    return ", ".join(names) or "none so far"


def _fits(entry: Entry, prepared: Prepared) -> bool:
    import numpy as np

    space, can = prepared.space, entry.features
    sides = [np.full(space.n_free, np.inf) if side is None else side for side in space.sides]
    finite = np.isfinite(sides)
    return (
        (can["supports_bounds"] or not finite.any())
        and (can["supports_infinite_bounds"] or finite.all() or not finite.any())
        and (not can["needs_bounds"] or bool(finite.all()))
    )


def _prepare(
    params: Any, constraints: Any, bounds: Any, lower_bounds: Any, upper_bounds: Any
) -> Prepared:
    renamed: list[tuple[str, str]] = []
    outdated = {"lower": lower_bounds, "upper": upper_bounds}
    given = {side: bound for side, bound in outdated.items() if bound is not None}
    renamed += [(f"{side}_bounds", f"bounds=Bounds({side}=...)") for side in given]
    if bounds is None and given:
        bounds = Bounds(**given)
    tree = Tree(params)
    lower, upper = flatten_bounds(convert_bounds(bounds), tree)
    prepared = prepare(constraints, tree, params, lower, upper, renamed)
    warn_renamed(renamed)
    return prepared
