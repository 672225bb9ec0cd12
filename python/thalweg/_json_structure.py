"""The structure of parameters in JSON, and parameters from a structure and numbers.

A structure says what `Tree` takes apart: containers, and leaves with their shape and type. Labels of
pandas objects are words, numbers, None or tuples of these. Where something else is found, there is
no structure, and parameters come back as a dict from names to numbers.
"""

from __future__ import annotations

import dataclasses
import sys
from collections import namedtuple
from collections.abc import Iterator
from typing import TYPE_CHECKING, Any

import numpy as np

from thalweg._json_values import read_value, write_numbers, write_value

if TYPE_CHECKING:
    from numpy.typing import NDArray

_CONTAINERS = {"list": list, "tuple": tuple}


class _NoStructure(Exception):
    """Something cannot be described."""


def flat_and_structure(params: Any) -> dict[str, Any]:
    """The numbers of parameters, and how they are put together (None if that cannot be said)."""
    from thalweg._thalweg import Tree

    try:
        structure = _describe(params)
    except _NoStructure:
        structure = None
    return {"values": write_numbers(Tree(params).start), "structure": structure}


def _describe(node: Any) -> dict[str, Any]:
    """The structure of a container or leaf, in the order in which `Tree` reads it."""
    if node is None:
        return {"kind": "none"}
    if isinstance(node, dict):
        keys = [_label(key) for key in node]
        return {"kind": "dict", "keys": keys, "items": _all(node.values())}
    if isinstance(node, tuple) and hasattr(node, "_fields"):
        return {
            "kind": "namedtuple",
            "name": type(node).__name__,
            "fields": list(node._fields),
            "items": _all(node),
        }
    if isinstance(node, (list, tuple)):
        return {"kind": "list" if isinstance(node, list) else "tuple", "items": _all(node)}
    if isinstance(node, np.ndarray):
        return {"kind": "array", "shape": list(node.shape), "dtype": _dtype(node.dtype)}
    pandas = sys.modules.get("pandas")
    if pandas is not None and isinstance(node, pandas.Series):
        index, name = _index(node.index), _label(node.name)
        return {"kind": "series", "index": index, "name": name, "dtype": _dtype(node.dtype)}
    if pandas is not None and isinstance(node, pandas.DataFrame):
        return _frame(node)
    jax = sys.modules.get("jax")
    if jax is not None and isinstance(node, jax.Array):
        return {"kind": "array", "shape": list(node.shape), "dtype": "float64"}
    if dataclasses.is_dataclass(node):
        fields = [field.name for field in dataclasses.fields(node) if field.init]
        return {
            "kind": "dataclass",
            "name": type(node).__name__,
            "fields": fields,
            "items": _all(getattr(node, field) for field in fields),
        }
    if isinstance(node, np.generic):
        return {"kind": "number", "dtype": _dtype(node.dtype)}
    if isinstance(node, (bool, int)):
        return {"kind": "number", "dtype": type(node).__name__}
    return {"kind": "number"}


def _all(nodes: Any) -> list[dict[str, Any]]:
    return [_describe(node) for node in nodes]


def _dtype(dtype: Any) -> str:
    """The name of a type of numbers; objects that hold numbers come back as floats."""
    name = str(dtype)
    return "float64" if name == "object" else name


def _label(label: Any) -> Any:
    """A key, or a label of pandas: a word, a number, None or a tuple of these."""
    plain = label.item() if isinstance(label, np.generic) else label
    if isinstance(plain, tuple) and not hasattr(plain, "_fields"):
        return {"tuple": [_label(part) for part in plain]}
    if plain is None or type(plain) in (bool, int, float, str):
        return write_value(plain)
    raise _NoStructure


def _index(index: Any) -> dict[str, Any]:
    pandas = sys.modules["pandas"]
    names = [_label(name) for name in index.names]
    if type(index) is pandas.RangeIndex:
        return {"range": [index.start, index.stop, index.step], "names": names}
    if type(index) not in (pandas.Index, pandas.MultiIndex):
        raise _NoStructure
    labels = [_label(label) for label in index]
    if index.nlevels > 1 or type(index) is pandas.MultiIndex:
        return {"labels": labels, "names": names, "levels": index.nlevels}
    return {"labels": labels, "names": names, "dtype": str(index.dtype)}


def _frame(frame: Any) -> dict[str, Any]:
    """A frame whose column "value" holds the parameters, or all of whose cells do."""
    rows, columns = _index(frame.index), _index(frame.columns)
    dtypes = [str(dtype) for dtype in frame.dtypes]
    described = {"kind": "frame", "index": rows, "columns": columns, "dtypes": dtypes}
    if "value" not in frame.columns:
        return described
    others: list[Any] = [_column(frame.iloc[:, i]) for i in range(len(dtypes))]
    position = list(frame.columns).index("value")
    others[position] = None
    return {**described, "value": position, "others": others}


def _column(column: Any) -> list[Any]:
    """The cells of a column that holds no parameters."""
    if (
        str(column.dtype) not in ("object", "str", "bool", "string")
        and column.dtype.kind not in "biuf"
    ):
        raise _NoStructure
    missing = column.isna().tolist()
    return [
        {"number": "NaN"}
        if absent and isinstance(cell, float)
        else _label(None if absent else cell)
        for cell, absent in zip(column.tolist(), missing, strict=True)
    ]


def rebuild(structure: dict[str, Any], values: NDArray[np.float64]) -> Any:
    """Parameters from their structure and numbers.

    Raises:
        ValueError: There are too many numbers, too few, or an unknown kind of structure.
    """
    numbers = iter(values.tolist())
    try:
        params = _build(structure, numbers)
    except StopIteration:
        raise ValueError("params has fewer values than its structure has leaves") from None
    if next(numbers, None) is not None:
        raise ValueError("params has more values than its structure has leaves")
    return params


def _build(structure: dict[str, Any], numbers: Iterator[float]) -> Any:
    kind = structure["kind"]
    if kind == "number":
        return _number(next(numbers), structure.get("dtype"))
    if kind == "none":
        return None
    if kind == "array":
        shape = structure["shape"]
        return _take(numbers, int(np.prod(shape)), structure.get("dtype")).reshape(shape)
    if kind in ("series", "frame"):
        return _pandas(structure, numbers)
    if kind not in ("dict", "list", "tuple", "namedtuple", "dataclass"):
        raise ValueError(f"{kind!r} is no kind of structure")
    items = [_build(item, numbers) for item in structure["items"]]
    if kind == "dict":
        return dict(zip(map(read_value, structure["keys"]), items, strict=True))
    if kind in _CONTAINERS:
        return _CONTAINERS[kind](items)
    if kind == "namedtuple":
        return namedtuple(structure["name"], structure["fields"])(*items)  # noqa: PYI024
    # The class of a dataclass belongs to the program that wrote it: `like` brings it back.
    return dict(zip(structure["fields"], items, strict=True))


def _number(value: float, dtype: str | None) -> Any:
    if dtype is None:
        return value
    if dtype in ("bool", "int"):
        return bool(value) if dtype == "bool" else int(value)
    return np.dtype(dtype).type(value)


def _take(numbers: Iterator[float], count: int, dtype: str | None) -> NDArray[Any]:
    values = np.array([next(numbers) for _ in range(count)], dtype=np.float64)
    return values.astype(dtype or "float64")


def _pandas(structure: dict[str, Any], numbers: Iterator[float]) -> Any:
    try:
        import pandas as pd
    except ImportError:
        from thalweg.exceptions import NotInstalledError

        raise NotInstalledError(
            "The parameters of this result are pandas objects. Install pandas to read it, or say "
            "with `like` which structure they should have instead."
        ) from None
    index = _build_index(structure["index"])
    if structure["kind"] == "series":
        values = _take(numbers, len(index), None)
        return pd.Series(values, index=index, name=read_value(structure["name"])).astype(
            structure["dtype"]
        )
    columns = _build_index(structure["columns"])
    dtypes, others = structure["dtypes"], structure.get("others")
    data: list[Any]
    if others is None:
        cells = _take(numbers, len(index) * len(dtypes), None).reshape(len(index), len(dtypes))
        data = list(cells.T)
    else:
        data = [
            _take(numbers, len(index), None) if column is None else list(map(read_value, column))
            for column in others
        ]
    series = [
        pd.Series(column, index=index, dtype="object" if dtype == "object" else None).astype(dtype)
        for column, dtype in zip(data, dtypes, strict=True)
    ]
    frame = pd.concat(series, axis=1) if series else pd.DataFrame(index=index)
    frame.columns = columns
    return frame


def _build_index(stored: dict[str, Any]) -> Any:
    import pandas as pd

    names = [read_value(name) for name in stored["names"]]
    if "range" in stored:
        return pd.RangeIndex(*stored["range"], name=names[0])
    labels = [read_value(label) for label in stored["labels"]]
    if "levels" in stored:
        if labels:
            return pd.MultiIndex.from_tuples(labels, names=names)
        return pd.MultiIndex.from_arrays([[] for _ in names], names=names)
    return pd.Index(labels, dtype=stored["dtype"], name=names[0], tupleize_cols=False)
