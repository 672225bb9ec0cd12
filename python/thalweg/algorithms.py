"""The algorithms by their names: their classes, and the dictionaries that optimagic has."""

from typing import Any

from thalweg._algos import algos


def _by_name(selection: Any) -> dict[str, type]:
    return dict(zip(selection.AllNames, selection.All, strict=True))


ALL_ALGORITHMS = _by_name(algos)
AVAILABLE_ALGORITHMS = dict(ALL_ALGORITHMS)
GLOBAL_ALGORITHMS = _by_name(algos.Global)

_CLASSES = {algorithm.__name__: algorithm for algorithm in ALL_ALGORITHMS.values()}

__all__ = ["ALL_ALGORITHMS", "AVAILABLE_ALGORITHMS", "GLOBAL_ALGORITHMS", "algos"]


def __getattr__(name: str) -> type:
    """The class of an algorithm, by its own name or by that of the algorithm."""
    found = _CLASSES.get(name) or ALL_ALGORITHMS.get(name)
    if found is None:
        raise AttributeError(
            f"module 'thalweg.algorithms' has no attribute {name!r}: there is no algorithm of this "
            "name."
        )
    return found


def __dir__() -> list[str]:
    return [*__all__, *_CLASSES]
