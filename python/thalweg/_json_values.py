"""Values in JSON: numbers that are not finite, arrays, and whatever else an algorithm returns."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Any

import numpy as np

if TYPE_CHECKING:
    from numpy.typing import NDArray

_WORDS = ("NaN", "Infinity", "-Infinity")


def write_numbers(values: Sequence[float] | NDArray[np.float64]) -> list[Any]:
    """Numbers, with words for those that are not finite."""
    array = np.asarray(values, dtype=np.float64)
    numbers = array.tolist()
    return numbers if np.isfinite(array).all() else [_write_number(value) for value in numbers]


def _write_number(value: float) -> float | str:
    if math.isfinite(value):
        return value
    return "NaN" if value != value else "Infinity" if value > 0 else "-Infinity"


def read_numbers(values: list[Any]) -> NDArray[np.float64]:
    """The numbers that `write_numbers` wrote."""
    return np.array([read_number(value) for value in values], dtype=np.float64)


def read_number(value: Any) -> float | None:
    """A number, or None.

    Raises:
        ValueError: It is something else.
    """
    if value is None:
        return None
    is_number = isinstance(value, (int, float)) and not isinstance(value, bool)
    if is_number or (isinstance(value, str) and value in _WORDS):
        return float(value)
    raise ValueError(f"{value!r} is no number")


def write_value(value: Any) -> Any:
    """A value of an algorithm's output.

    What has no form in JSON has a tagged one: {"number": "NaN"}, {"values": [..], "shape": [..],
    "dtype": ..} for arrays, {"tuple": [..]}, {"dict": [[key, value], ..]}; everything else is left
    as {"text": repr}.
    """
    if value is None or isinstance(value, (bool, str)):
        return value
    if isinstance(value, (np.generic, np.ndarray)):
        return _write_array(value)
    if isinstance(value, int):
        return int(value)
    if isinstance(value, float):
        number = _write_number(float(value))
        return {"number": number} if isinstance(number, str) else number
    if isinstance(value, Mapping):
        return {"dict": [[write_value(key), write_value(item)] for key, item in value.items()]}
    if isinstance(value, tuple):
        return {"tuple": [write_value(item) for item in value]}
    if isinstance(value, list):
        return [write_value(item) for item in value]
    return {"text": repr(value)}


def _write_array(value: Any) -> Any:
    """A number or array of numpy."""
    if value.dtype.kind not in "biuf" or value.dtype.itemsize > 8:
        return {"text": repr(value)}
    if value.ndim == 0:
        return write_value(value.item())
    flat = value.ravel()
    values = write_numbers(flat) if value.dtype.kind == "f" else flat.tolist()
    array = {"values": values, "shape": list(value.shape)}
    return array if value.dtype == np.float64 else {**array, "dtype": str(value.dtype)}


def read_value(value: Any) -> Any:
    """The value that `write_value` wrote."""
    if isinstance(value, list):
        return [read_value(item) for item in value]
    if not isinstance(value, dict):
        return value
    if "number" in value:
        return read_number(value["number"])
    if "values" in value:
        dtype = np.dtype(value.get("dtype", "float64"))
        flat = read_numbers(value["values"]) if dtype.kind == "f" else value["values"]
        return np.array(flat, dtype=dtype).reshape(value["shape"])
    if "tuple" in value:
        return tuple(read_value(item) for item in value["tuple"])
    if "dict" in value:
        return {read_value(key): read_value(item) for key, item in value["dict"]}
    return value["text"]
