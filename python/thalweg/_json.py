"""Results as JSON: plain numbers, lists and names, readable anywhere."""

from __future__ import annotations

import json
import math
from typing import TYPE_CHECKING, Any

from thalweg._constraints.plan import ConstraintPlan

if TYPE_CHECKING:
    from thalweg._result import OptimizeResult

_LEFT_OUT = ("history", "logger", "multistart_info")


def result_as_json(result: OptimizeResult) -> str:
    """All fields but the history; parameters as a dict from names to numbers."""
    from thalweg._thalweg import Tree

    fields = {name: value for name, value in result.items() if name not in _LEFT_OUT}
    for name in ("params", "start_params"):
        tree = Tree(fields[name])
        fields[name] = dict(zip(tree.names, tree.start.tolist(), strict=True))
    return json.dumps({name: _plain(value) for name, value in fields.items()})


def _plain(value: Any) -> Any:
    """The value made of what JSON has; numbers that are not finite become strings."""
    if isinstance(value, dict):
        return {str(key): _plain(entry) for key, entry in value.items()}
    if isinstance(value, (list, tuple)):
        return [_plain(entry) for entry in value]
    if hasattr(value, "tolist"):
        return _plain(value.tolist())
    if isinstance(value, float) and not math.isfinite(value):
        return str(value)
    if isinstance(value, ConstraintPlan):
        return list(map(str, value))
    return value if value is None or isinstance(value, (bool, int, float, str)) else repr(value)
