"""From selectors to positions in the flat vector."""

from __future__ import annotations

from operator import index
from typing import TYPE_CHECKING, Any

from thalweg.exceptions import InvalidConstraintError

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

    from thalweg._thalweg import Tree


class Where:
    """A constraint and its position in the user's list, as messages begin."""

    __slots__ = ("_constraint", "_index")

    def __init__(self, constraint: Any, index: int) -> None:
        self._constraint, self._index = constraint, index

    def __str__(self) -> str:
        text = repr(self._constraint)
        shown = text if len(text) <= 200 else text[:200] + "..."
        return f"constraints[{self._index}] ({shown})"


class Selection:
    """Selected parameters.

    Attributes:
        positions: Their positions in the flat vector.
        tree: The structure in which they were selected.
    """

    __slots__ = ("positions", "tree")

    def __init__(self, positions: NDArray[np.int64], tree: Tree) -> None:
        self.positions, self.tree = positions, tree


def select(selector: Any, tree: Tree, where: object) -> Selection:
    """What a selector picks from the params.

    Args:
        selector: A function of the params, or a list of names, paths and positions.
        tree: The params.
        where: What the selector belongs to, as messages begin: a constraint, or words.

    Raises:
        InvalidConstraintError: The selector fails, does more than select, or names what is not
            there.
    """
    import numpy as np

    from thalweg._thalweg import Tree as CompiledTree

    if callable(selector):
        try:
            selected = selector(tree.positions())
            relabelled = selector(tree.unflatten(2 * np.arange(tree.size) + 1.0))
        except Exception as error:
            raise InvalidConstraintError(
                f"{where}: the selector failed with {type(error).__name__}: {error}. A selector "
                'maps the params to a part of them, for example `lambda params: params["a"]`.'
            ) from error
        selection = _read(selected, tree, where)
        # What is computed from positions may be a position by chance, but not with other labels, too.
        if not np.array_equal(CompiledTree(relabelled).start, 2 * selection.positions + 1):
            raise _computed(where)
        return selection
    listed = [position for entry in selector for position in _named(entry, tree, where)]
    return _read(np.array(listed, dtype=float), tree, where)


def _read(selected: Any, tree: Tree, where: object) -> Selection:
    import numpy as np

    from thalweg._thalweg import Tree as CompiledTree

    try:
        selection = CompiledTree(selected)
    except Exception as error:
        raise InvalidConstraintError(
            f"{where}: the selector returned something that is not a part of the params: {error}"
        ) from error
    flat, n = selection.start, tree.size
    if not all(0 <= entry < n and entry.is_integer() for entry in flat.tolist()):
        raise _computed(where)
    return Selection(flat.astype(np.int64), selection)


def _computed(where: object) -> InvalidConstraintError:
    return InvalidConstraintError(
        f"{where}: the selector may only select and rearrange params, not compute with them."
    )


def _named(entry: Any, tree: Tree, where: object) -> list[int]:
    """The positions of a parameter, or of all that are below a name or path."""
    if isinstance(entry, (str, tuple)):
        found = _below(entry, tree, where)
    else:
        try:
            position = index(entry)
        except TypeError:
            position = tree.size
        found = [position % tree.size] if -tree.size <= position < tree.size else []
    if not found:
        raise InvalidConstraintError(
            f"{where} selects {entry!r}, but the parameters are {_some(tree.names)}."
        )
    return found


def _below(entry: str | tuple[Any, ...], tree: Tree, where: object) -> list[int]:
    """A name of a parameter beats the name of what holds several."""
    if isinstance(entry, tuple):
        path = tuple(map(str, entry))
        return [i for i, own in enumerate(tree.paths) if own[: len(path)] == path]
    exact = [i for i, name in enumerate(tree.names) if name == entry]
    if len(exact) > 1:
        raise InvalidConstraintError(
            f"{where} selects {entry!r}, but several parameters have this name: "
            f"{[tree.paths[i] for i in exact]}. Select by path instead."
        )
    return exact or [
        i
        for i, path in enumerate(tree.paths)
        if any("_".join(path[:length]) == entry for length in range(1, len(path)))
    ]


def _some(names: list[str]) -> str:
    return f"{names}" if len(names) <= 20 else f"{names[:20]} and {len(names) - 20} more"
