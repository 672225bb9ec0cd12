"""Whether two sets of options are the same, whatever trees of arrays and frames they hold."""

from __future__ import annotations

from typing import Any


def same_fields(left: Any, right: Any) -> bool:
    """Whether two dataclasses are of one class with the same fields."""
    return type(left) is type(right) and all(
        _same(getattr(left, name), getattr(right, name)) for name in left.__dataclass_fields__
    )


def _same(left: Any, right: Any) -> bool:
    if left is right:
        return True
    if isinstance(left, dict) and isinstance(right, dict):
        return left.keys() == right.keys() and all(_same(left[key], right[key]) for key in left)
    if isinstance(left, (list, tuple)) and type(left) is type(right):
        return len(left) == len(right) and all(map(_same, left, right))
    equals = getattr(left, "equals", None)
    if callable(equals):
        return bool(equals(right))  # pandas
    if hasattr(left, "shape") or hasattr(right, "shape"):
        import numpy as np

        try:
            return bool(np.array_equal(left, right, equal_nan=True))
        except TypeError:
            return bool(np.array_equal(left, right))
    return bool(left == right)
