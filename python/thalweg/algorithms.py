"""The algorithms by their names, in the dictionaries that optimagic has."""

from typing import Any

from thalweg._algos import algos


def _by_name(selection: Any) -> dict[str, type]:
    return dict(zip(selection.AllNames, selection.All, strict=True))


ALL_ALGORITHMS = _by_name(algos)
AVAILABLE_ALGORITHMS = dict(ALL_ALGORITHMS)
GLOBAL_ALGORITHMS = _by_name(algos.Global)

__all__ = ["ALL_ALGORITHMS", "AVAILABLE_ALGORITHMS", "GLOBAL_ALGORITHMS"]
