"""Which parameters a plot shows."""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING, Any

from thalweg.exceptions import InvalidArgumentError, InvalidConstraintError

if TYPE_CHECKING:
    from thalweg._thalweg import Tree


def selected_positions(selector: Callable[[Any], Any] | None, tree: Tree | None) -> list[int]:
    """The positions of the parameters that a selector picks; all of them without one.

    Raises:
        InvalidArgumentError: The selector fails, does more than select, or picks nothing.
    """
    if tree is None:
        return []
    if selector is None:
        return list(range(tree.size))
    from thalweg._constraints.select import select

    try:
        positions = select(selector, tree, "The selector of a plot").positions.tolist()
    except InvalidConstraintError as error:
        raise InvalidArgumentError(str(error)) from error.__cause__
    if not positions:
        raise InvalidArgumentError("The selector of a plot picks no parameters.")
    return list(positions)


def displayed_names(
    names: list[str], positions: list[int], param_names: dict[str, str] | None
) -> list[str]:
    """The names of the selected parameters, with some of them replaced.

    Raises:
        InvalidArgumentError: What replaces names is no dict, or a name is none of a parameter.
    """
    if param_names is None:
        return [names[position] for position in positions]
    if not isinstance(param_names, dict):
        raise InvalidArgumentError(
            f"param_names must be a dict from names to names or None, not {param_names!r}."
        )
    for name in param_names:
        if str(name) not in names:
            from thalweg.utilities import propose_alternatives

            raise InvalidArgumentError(
                f"param_names has the key {name!r}, but no parameter has this name. Did you mean "
                f"{propose_alternatives(str(name), names)}?"
            )
    given = {str(old): str(new) for old, new in param_names.items()}
    return [given.get(names[position], names[position]) for position in positions]
