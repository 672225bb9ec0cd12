"""The structure of trees of numbers as JSON, so that a log can give parameters back as they were.

Nothing that is read is run: a log from elsewhere is safe to open. What only code can describe comes
back as something plain: a dataclass as a dict of its fields, a subclass of dict as a dict, an array
of jax as one of numpy unless jax is there.
"""

from __future__ import annotations

import json
import math
import sys
from collections import namedtuple
from dataclasses import fields, is_dataclass
from typing import Any

import numpy as np


def encode(tree: Any) -> str:
    """The structure of a tree, without its numbers."""
    return json.dumps(_node(tree))


def decode(text: str) -> Any:
    """A tree of this structure whose numbers are zeros."""
    return _tree(json.loads(text))


def describe(
    form: tuple[str, str | None],
    kind: str | None,
    aggregated: str | None,
    outputs: Any,
    constraints: list[Any],
) -> str:
    """What is known of an objective after its start, for `learnt`."""
    structures = [None if outputs is None else _exact(outputs)]
    structures += [None if values is None else _exact(values) for values in constraints]
    return json.dumps(
        {"form": form, "kind": kind, "aggregated": aggregated, "structures": structures}
    )


def learnt(text: str) -> tuple[Any, ...]:
    """What `describe` was told; a structure that cannot be given back is None."""
    known = json.loads(text)
    outputs, *constraints = (None if node is None else _tree(node) for node in known["structures"])
    return tuple(known["form"]), known["kind"], known["aggregated"], outputs, constraints


def info_text(info: Any) -> str:
    """Whatever a function says besides its value, as JSON."""
    return json.dumps(plain(info))


def plain(value: Any) -> Any:
    """The value made of what JSON has; numbers that are not finite become strings."""
    if isinstance(value, dict):
        return {str(key): plain(entry) for key, entry in value.items()}
    if isinstance(value, (list, tuple, set, frozenset)):
        return [plain(entry) for entry in value]
    if hasattr(value, "tolist"):
        return plain(value.tolist())
    if isinstance(value, float) and not math.isfinite(value):
        return str(value)
    return value if value is None or isinstance(value, (bool, int, float, str)) else repr(value)


def _exact(tree: Any) -> Any:
    """The node of a tree, or None if it could not be given back as it is."""
    node = _node(tree)
    return None if _is_inexact(node) else node


def _is_inexact(node: dict[str, Any]) -> bool:
    return bool(node.get("inexact")) or any(map(_is_inexact, node.get("children", ())))


def _node(tree: Any) -> dict[str, Any]:
    if tree is None:
        return {"kind": "none"}
    if isinstance(tree, dict):
        children = [_node(child) for child in tree.values()]
        node = {"kind": "dict", "keys": [_key(key) for key in tree], "children": children}
        return node if type(tree) is dict else {**node, "inexact": True}
    if isinstance(tree, list):
        return {"kind": "list", "children": [_node(child) for child in tree]}
    if isinstance(tree, tuple):
        children = [_node(child) for child in tree]
        if hasattr(tree, "_fields"):
            name = {"kind": "namedtuple", "name": type(tree).__name__}
            return {**name, "fields": list(tree._fields), "children": children, "inexact": True}
        return {"kind": "tuple", "children": children}
    if isinstance(tree, np.ndarray):
        return {"kind": "array", "shape": list(tree.shape)}
    leaf = _leaf_of_another_package(tree)
    if leaf is not None:
        return leaf
    if is_dataclass(tree) and not isinstance(tree, type):
        names = [field.name for field in fields(tree) if field.init]
        children = [_node(getattr(tree, name)) for name in names]
        return {
            "kind": "dataclass",
            "name": type(tree).__name__,
            "fields": names,
            "children": children,
            "inexact": True,
        }
    return {"kind": "number", "numpy": isinstance(tree, np.generic)}


def _leaf_of_another_package(tree: Any) -> dict[str, Any] | None:
    pandas, jax = sys.modules.get("pandas"), sys.modules.get("jax")
    if jax is not None and isinstance(tree, jax.Array):
        return {"kind": "jax", "shape": list(tree.shape)}
    if pandas is None:
        return None
    if isinstance(tree, pandas.Series):
        return {"kind": "series", "index": _index(tree.index), "name": _key(tree.name)}
    if isinstance(tree, pandas.DataFrame):
        return _frame(tree)
    return None


def _frame(frame: Any) -> dict[str, Any]:
    columns = [_key(column) for column in frame.columns]
    node = {"kind": "frame", "index": _index(frame.index), "columns": columns}
    if "value" not in frame.columns:
        return node
    # Only the column "value" holds parameters: the others come back as they are.
    others = {}
    for number, column in enumerate(frame.columns):
        if column != "value":
            series = frame.iloc[:, number]
            others[str(number)] = {
                "dtype": str(series.dtype),
                "values": [_key(value) for value in series.tolist()],
            }
    return {**node, "others": others}


def _index(index: Any) -> dict[str, Any]:
    import pandas as pd

    if isinstance(index, pd.RangeIndex):
        span = [index.start, index.stop, index.step]
        return {"kind": "range", "span": span, "name": _key(index.name)}
    if isinstance(index, pd.MultiIndex):
        rows = [[_key(part) for part in row] for row in index]
        return {"kind": "multi", "rows": rows, "names": [_key(name) for name in index.names]}
    values = [_key(value) for value in index]
    return {"kind": "plain", "values": values, "name": _key(index.name)}


def _key(key: Any) -> Any:
    """A key or label in terms of JSON."""
    if isinstance(key, tuple):
        return {"tuple": [_key(part) for part in key]}
    if isinstance(key, np.generic):
        key = key.item()
    if isinstance(key, float) and not math.isfinite(key):
        return {"float": str(key)}
    if key is None or isinstance(key, (bool, int, float, str)):
        return key
    return {"text": str(key)}


def _label(key: Any) -> Any:
    """The key or label that `_key` was told."""
    if not isinstance(key, dict):
        return key
    if "tuple" in key:
        return tuple(_label(part) for part in key["tuple"])
    return float(key["float"]) if "float" in key else key["text"]


def _tree(node: dict[str, Any]) -> Any:
    kind = node["kind"]
    if kind == "none":
        return None
    if kind == "number":
        return np.float64(0.0) if node["numpy"] else 0.0
    if kind == "array":
        return np.zeros(node["shape"])
    if kind == "jax":
        jax = sys.modules.get("jax")
        return np.zeros(node["shape"]) if jax is None else jax.numpy.zeros(node["shape"])
    if kind in ("series", "frame"):
        return _pandas_object(node)
    children = [_tree(child) for child in node["children"]]
    if kind == "dict":
        return dict(zip(map(_label, node["keys"]), children, strict=True))
    if kind == "dataclass":
        return dict(zip(node["fields"], children, strict=True))
    if kind == "namedtuple":
        return namedtuple(node["name"], node["fields"])(*children)
    return children if kind == "list" else tuple(children)


def _pandas_object(node: dict[str, Any]) -> Any:
    import pandas as pd

    index = _pandas_index(node["index"])
    if node["kind"] == "series":
        return pd.Series(0.0, index=index, name=_label(node["name"]))
    columns = [_label(column) for column in node["columns"]]
    frame = pd.DataFrame(0.0, index=index, columns=columns)
    for number, other in node.get("others", {}).items():
        values = pd.Series([_label(value) for value in other["values"]], index=index)
        try:
            values = values.astype(other["dtype"])
        except (TypeError, ValueError):
            pass  # a dtype that is not known here: the values say enough
        frame.isetitem(int(number), values)
    return frame


def _pandas_index(node: dict[str, Any]) -> Any:
    import pandas as pd

    if node["kind"] == "range":
        return pd.RangeIndex(*node["span"], name=_label(node["name"]))
    if node["kind"] == "multi":
        rows = [tuple(_label(part) for part in row) for row in node["rows"]]
        return pd.MultiIndex.from_tuples(rows, names=[_label(name) for name in node["names"]])
    return pd.Index([_label(value) for value in node["values"]], name=_label(node["name"]))
