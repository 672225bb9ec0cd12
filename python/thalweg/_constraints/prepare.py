"""From the user's constraints to the space in which an algorithm moves."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from thalweg._constraints.flatten import FlatConstraints, flatten_constraints
from thalweg._constraints.plan import ConstraintPlan, plan_of
from thalweg._thalweg import Space
from thalweg._warnings import warn_user
from thalweg.exceptions import UnsupportedConstraintError

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

    from thalweg._thalweg import Tree

    Side = NDArray[np.float64] | None


class Prepared:
    """The constraints of a problem, checked.

    Attributes:
        space: What the core needs to know; holds all constraints but the nonlinear ones.
        flat: The constraints, with the nonlinear ones apart.
        plan: How each of them is handled; None without constraints.
    """

    __slots__ = ("flat", "plan", "space")

    def __init__(self, space: Space, flat: FlatConstraints, plan: ConstraintPlan | None) -> None:
        self.space, self.flat, self.plan = space, flat, plan


def prepare(
    constraints: Any,
    tree: Tree,
    params: Any,
    lower: Side,
    upper: Side,
    renamed: list[tuple[str, str]],
    repair_start: bool = False,
) -> Prepared:
    """Check the constraints, together with start values and bounds.

    Args:
        constraints: A constraint, a dict in the form of 2022, or any sequence of these.
        tree: The params, compiled.
        params: The params.
        lower: Lower bounds, flat.
        upper: Upper bounds, flat.
        renamed: Takes up the outdated forms that are found.
        repair_start: Whether to move start values that violate a constraint or a bound.

    Raises:
        InvalidConstraintError: A constraint is ill-formed or contradicts others.
        InvalidParamsError: The start values violate a constraint or a bound.
        InvalidBoundsError: Bounds contradict each other.
    """
    flat = flatten_constraints(constraints, tree, params, renamed)
    space = Space(tree, lower, upper, flat.native, repair_start)
    if space.repairs:
        warn_user(
            f"The start params violated constraints or bounds and were moved: "
            f"{_listing(space.repairs)}. Because of repair_start=True this is no error."
        )
    given = flat.native or flat.nonlinear
    return Prepared(space, flat, plan_of(space, flat) if given else None)


def refuse_nonlinear(prepared: Prepared) -> None:
    """Say that nonlinear constraints are not there yet.

    Raises:
        UnsupportedConstraintError: There are some.
    """
    if prepared.flat.nonlinear:
        where = ", ".join(f"constraints[{index}]" for index, _ in prepared.flat.nonlinear)
        raise UnsupportedConstraintError(f"Nonlinear constraints ({where}) are not there yet.")


def _listing(repairs: list[tuple[str, float, float]]) -> str:
    shown = [f"'{name}' from {before!r} to {after!r}" for name, before, after in repairs[:10]]
    more = f" and {len(repairs) - 10} more" if len(repairs) > 10 else ""
    return ", ".join(shown) + more
