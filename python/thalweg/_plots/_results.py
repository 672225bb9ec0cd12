"""From results and logs to columns of numbers."""

from __future__ import annotations

import os
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np

from thalweg._result import OptimizeResult
from thalweg._thalweg import Tree
from thalweg.exceptions import InvalidArgumentError

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from thalweg._history import History


class Run:
    """The evaluations of a run.

    Attributes:
        fun: The values, NaN where there is none.
    """

    def __init__(self, fun: Any, rows: Callable[[], Any]) -> None:
        self.fun: NDArray[np.float64] = np.array(fun, dtype=np.float64)
        self._rows = rows

    def params(self, size: int) -> NDArray[np.float64]:
        """The parameters, `size` of them in each row; read only by plots that show them."""
        return np.array(self._rows(), dtype=np.float64).reshape(-1, size)


_EXPLORATION = 3
"""The code of the task `EvalTask.EXPLORATION` in columns."""


@dataclass(frozen=True)
class Recorded:
    """What a result or a log tells.

    Attributes:
        maximize: Whether large values are good.
        tree: The structure of the parameters; None if there are no evaluations.
        best: The run; of a search from many starts, the best local one.
        local: All local runs of a search; empty for a single run.
        exploration: The points of the exploration, best first; None for a single run.
    """

    maximize: bool
    tree: Tree | None
    best: Run
    local: list[Run] = field(default_factory=list)
    exploration: Run | None = None


def named_results(results: Any, names: Any) -> list[tuple[str, Any]]:
    """The results with their names.

    By `names`, else by the keys of a dict, else by their numbers.

    Raises:
        TypeError: `results` is nothing that has results.
        InvalidArgumentError: There are more or fewer names than results, or no results.
    """
    if isinstance(results, Mapping) and not isinstance(results, OptimizeResult):
        keys, values = [_name_of(key) for key in results], list(results.values())
    elif isinstance(results, (list, tuple)):
        keys, values = [str(number) for number in range(len(results))], list(results)
    else:
        keys, values = ["0"], [results]
    if isinstance(results, (Mapping, list, tuple)) and not values:
        raise InvalidArgumentError("results is empty: there is nothing to plot.")
    if names is not None:
        keys = [names] if isinstance(names, str) else _listed(names)
        if len(keys) != len(values):
            raise InvalidArgumentError(
                "len(results) needs to be equal to len(names), but there are "
                f"{len(values)} results and {len(keys)} names: {keys}."
            )
    return list(zip(keys, values, strict=True))


def recorded(source: Any, what: str, several: str = "") -> Recorded:
    """What a result, or the log at a path, tells.

    Args:
        source: The result or the path.
        what: What it is called in messages.
        several: What else could have been there, for messages.

    Raises:
        TypeError: `source` is neither.
        InvalidArgumentError: The result has no history.
        FileNotFoundError: There is no log at the path.
    """
    if isinstance(source, OptimizeResult):
        return _of_result(source, what)
    if isinstance(source, (str, os.PathLike)):
        return _of_log(source)
    raise TypeError(
        f"{what} must be an OptimizeResult or the path of a log{several}, not of type "
        f"{type(source).__name__}."
    )


def check_count(value: Any, name: str) -> None:
    """Refuse what is no positive whole number, nor None.

    Raises:
        InvalidArgumentError: It is not.
    """
    fits = hasattr(value, "__index__") and not isinstance(value, bool) and value >= 1
    if value is not None and not fits:
        raise InvalidArgumentError(
            f"{name} must be a positive whole number or None, not {value!r}."
        )


def check_palette(palette: Any) -> None:
    """Refuse what is neither a colour nor colours.

    Raises:
        InvalidArgumentError: It is not.
    """
    colours = [palette] if isinstance(palette, str) else palette
    fits = isinstance(colours, (list, tuple)) and all(isinstance(one, str) for one in colours)
    if not fits or not colours:
        raise InvalidArgumentError(
            f"palette must be a colour or a list of colours, not {palette!r}."
        )


def _name_of(key: Any) -> str:
    """A key as a name; algorithms, classes and instances alike, have one of their own."""
    from thalweg._algorithm import Algorithm

    is_algorithm = isinstance(key, Algorithm) or (
        isinstance(key, type) and issubclass(key, Algorithm)
    )
    return str(key.name) if is_algorithm else str(key)


def _listed(names: Any) -> list[str]:
    try:
        return [str(name) for name in names]
    except TypeError:
        raise InvalidArgumentError(
            f"names must be a string, a list of strings or None, not {names!r}."
        ) from None


def _of_result(result: OptimizeResult, what: str) -> Recorded:
    maximize = result.direction == "maximize"
    history = _history(result, what)
    info = result.multistart_info
    tree = history._tree
    if info is None:
        return Recorded(maximize, tree, _run(history))
    local = [_run(_history(run, what)) for run in info.local_optima]
    exploration = Run(
        info.exploration_results,
        lambda: [] if tree is None else [tree.flatten(each) for each in info.exploration_sample],
    )
    return Recorded(maximize, tree, _run(history), local, exploration)


def _history(result: OptimizeResult, what: str) -> History:
    if result.history is None:
        raise InvalidArgumentError(
            f"{what} has no history to plot. Run the optimization with collect_history=True."
        )
    return result.history


def _run(history: History) -> Run:
    return Run(history.fun, lambda: history.flat_params)


def _of_log(path: str | os.PathLike[str]) -> Recorded:
    """What a log tells of its last problem: the same as the result of the run."""
    from thalweg._log_reader import SQLiteLogReader

    reader = SQLiteLogReader(Path(path))
    known, tree = reader._flat_history(), reader._tree()
    maximize = known["direction"] == "maximize"
    explored: list[Run] = []
    local: list[Run] = []
    for step in known["steps"]:
        if step["status"] not in ("skipped", "failed"):
            explores = step["type"] == "exploration"
            (explored if explores else local).append(_rows_of(known, step["number"], explores))
    best = _best(local, maximize)
    if not explored:
        return Recorded(maximize, tree, best)
    return Recorded(maximize, tree, best, local, _sorted(explored[0], maximize))


def _rows_of(known: dict[str, Any], step: int, explores: bool) -> Run:
    """The evaluations of a step. Looks around between local runs are no part of the run after them."""
    rows = (known["step"] == step) & ((known["task"] == _EXPLORATION) == explores)
    return Run(known["fun"][rows], lambda: known["params"][rows])


def _best(runs: list[Run], maximize: bool) -> Run:
    """The run with the best value; the first of those with the same."""
    sign = -1 if maximize else 1

    def badness(run: Run) -> float:
        values = sign * run.fun[~np.isnan(run.fun)]
        return float(values.min()) if len(values) else np.inf

    return min(runs, key=badness, default=Run([], list))


def _sorted(run: Run, maximize: bool) -> Run:
    """The points of an exploration that have a value, best first."""
    order = np.argsort(-run.fun if maximize else run.fun, kind="stable")
    order = order[: int(np.count_nonzero(~np.isnan(run.fun)))]
    return Run(run.fun[order], lambda: run._rows()[order])
