"""From the user's constraints to the space in which an algorithm moves."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from thalweg._constraints.flatten import FlatConstraints, flatten_constraints
from thalweg._thalweg import Space
from thalweg._thalweg import Tree as CompiledTree
from thalweg._warnings import warn_user
from thalweg.exceptions import InvalidConstraintError

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
        params: The params, where the run begins: moved to where the constraints hold if that was
            asked for, and away from singular matrices by a regularization.
        tree: The same, compiled.
    """

    __slots__ = ("flat", "params", "space", "tree")

    def __init__(self, space: Space, flat: FlatConstraints, params: Any, tree: Tree) -> None:
        self.space, self.flat, self.params, self.tree = space, flat, params, tree


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
        constraints: A constraint, a dict in the form of 2022, one of scipy's, or any sequence of
            these.
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
    if flat.strict:
        _check_strict(flat.strict, space)
    if space.repairs:
        warn_user(
            "The start params violate constraints or bounds, and repair_start=True moves them: "
            f"{_listing(space.repairs)}."
        )
    if space.repairs or _is_moved(space, tree):
        params = tree.unflatten(space.to_user(space.start))
        tree = CompiledTree(params)
    return Prepared(space, flat, params, tree)


def _is_moved(space: Space, tree: Tree) -> bool:
    """Whether the constraints move the start values by more than rounding."""
    import numpy as np

    return not np.allclose(space.to_user(space.start), tree.start, rtol=1e-10, atol=1e-10)


def _check_strict(strict: list[int], space: Space) -> None:
    for index, _, handling, _ in space.plan:
        if handling == "open" and index in strict:
            raise InvalidConstraintError(
                f"constraints[{index}] has keep_feasible=True, but its conditions and those of the "
                "other constraints and bounds are too many to hold at every evaluation; only the "
                "result would keep it. Leave keep_feasible out, or take constraints away."
            )


def _listing(repairs: list[tuple[str, float, float]]) -> str:
    shown = [f"'{name}' from {before!r} to {after!r}" for name, before, after in repairs[:10]]
    more = f" and {len(repairs) - 10} more" if len(repairs) > 10 else ""
    return ", ".join(shown) + more
