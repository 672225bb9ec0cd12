"""The history of a run: one entry per evaluation.

It stays where the run recorded it, in flat columns. Arrays are made, parameters get back their
structure, and DataFrames are made only when they are asked for.
"""

from __future__ import annotations

from collections.abc import Callable, ItemsView, Iterator, KeysView, Sequence, ValuesView
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Literal

import numpy as np

from thalweg._warnings import warn_user
from thalweg.exceptions import InvalidArgumentError
from thalweg.typing import Direction, EvalTask

if TYPE_CHECKING:
    import pandas as pd
    from numpy.typing import NDArray

    from thalweg._thalweg import HistoryData, Tree
    from thalweg.timing import CostModel

TASKS = (
    EvalTask.FUN,
    EvalTask.JAC,
    EvalTask.FUN_AND_JAC,
    EvalTask.EXPLORATION,
    EvalTask.HESS,
)
"""Tasks by the codes under which columns hold them."""

_COLUMNS = ("params", "fun", "start_time", "stop_time", "batches", "task")

_PIECE = 4096
"""Evaluations whose parameters are looked at together."""

_KEYS_OF_2022 = {"params": "params", "criterion": "fun", "runtime": "runtime"}


@dataclass(frozen=True)
class HistoryEntry:
    """One evaluation.

    Attributes:
        params: The parameters, in the user's structure.
        fun: The value in the user's sign; None when only a derivative was computed.
        start_time: Seconds on a monotonic clock when the evaluation began.
        stop_time: Seconds when it ended.
        task: What was computed.
    """

    params: Any
    fun: float | None
    start_time: float
    stop_time: float
    task: EvalTask


class History:
    """All evaluations of a run, in order.

    Besides the attributes below, a history can be read like a dict with the keys of 2022: params,
    criterion, runtime.

    Args:
        direction: "minimize" or "maximize".
        params: Parameters of each evaluation.
        fun: Values in the user's sign, None where only a derivative was computed.
        start_time: When each evaluation began, in seconds.
        stop_time: When it ended.
        batches: Numbers of the batches; evaluations of a batch may have run in parallel.
        task: What was computed.

    Raises:
        InvalidArgumentError: The columns are not lists of the same length, or only some of them are
            given.
    """

    def __init__(
        self,
        direction: Direction | Literal["minimize", "maximize"],
        params: Sequence[Any] | None = None,
        fun: Sequence[float | None] | None = None,
        start_time: Sequence[float] | None = None,
        stop_time: Sequence[float] | None = None,
        batches: Sequence[int] | None = None,
        task: Sequence[EvalTask | str] | None = None,
    ) -> None:
        self.direction = _direction(direction)
        self._tree: Tree | None = None
        self._data: HistoryData | None = None
        given = (params, fun, start_time, stop_time, batches, task)
        if all(column is None for column in given):
            return
        _check_columns(given)
        for row in zip(*given, strict=True):  # type: ignore[arg-type]
            self._append(*row)

    @classmethod
    def _from_run(cls, direction: str, tree: Tree, data: HistoryData) -> History:
        """The history that a run recorded."""
        history = cls.__new__(cls)
        history.direction = Direction(direction)
        history._tree, history._data = tree, data
        return history

    def add_entry(self, entry: HistoryEntry, batch_id: int | None = None) -> None:
        """Add an evaluation; without `batch_id` it is a batch of its own."""
        batch = self._next_batch() if batch_id is None else batch_id
        self._append(entry.params, entry.fun, entry.start_time, entry.stop_time, batch, entry.task)

    def add_batch(self, batch: list[HistoryEntry], batch_size: int | None = None) -> None:
        """Add evaluations of which `batch_size` (all of them if None) ran in parallel."""
        first, size = self._next_batch(), batch_size or len(batch) or 1
        for number, entry in enumerate(batch):
            self.add_entry(entry, batch_id=first + number // size)

    @property
    def params(self) -> list[Any]:
        """The parameters of each evaluation, in the user's structure."""
        if self._tree is None or self._data is None:
            return []
        unflatten, data = self._tree.unflatten, self._data
        pieces = (data.rows(i, i + _PIECE) for i in range(0, len(data), _PIECE))
        return [unflatten(row) for piece in pieces for row in piece]

    @property
    def fun(self) -> list[float | None]:
        """The values in the user's sign; None where only a derivative was computed."""
        return [None if value != value else value for value in self._column("fun").tolist()]

    @property
    def start_time(self) -> list[float]:
        """When each evaluation began, in seconds on a monotonic clock."""
        return self._column("start_time").tolist()

    @property
    def stop_time(self) -> list[float]:
        """When each evaluation ended, in seconds on a monotonic clock."""
        return self._column("stop_time").tolist()

    @property
    def batches(self) -> list[int]:
        """The numbers of the batches."""
        return self._column("batches").tolist()

    @property
    def task(self) -> list[EvalTask]:
        """What was computed in each evaluation."""
        return [TASKS[code] for code in self._column("task").tolist()]

    @property
    def flat_params(self) -> list[list[float]]:
        """The parameters of each evaluation as a list of numbers."""
        return [] if self._data is None else self._data.params.tolist()

    @property
    def flat_param_names(self) -> list[str]:
        """The names of the numbers in `flat_params`."""
        return [] if self._tree is None else list(self._tree.names)

    @property
    def monotone_fun(self) -> NDArray[np.float64]:
        """The best value so far after each evaluation; NaN where there is no value."""
        return np.empty(0) if self._data is None else self._data.monotone(not self._minimizing)

    @property
    def is_accepted(self) -> NDArray[np.bool_]:
        """Which evaluations are at least as good as all before them."""
        if self._data is None:
            return np.empty(0, dtype=np.bool_)
        return self._data.is_accepted(not self._minimizing)

    @property
    def time(self) -> list[float]:
        """Outdated name of the start times, counted from the first."""
        return self._outdated("time", "start_time", self._runtime())

    @property
    def runtime(self) -> list[float]:
        """Outdated name of the start times, counted from the first."""
        return self._outdated("runtime", "start_time", self._runtime())

    @property
    def criterion(self) -> list[float | None]:
        """Outdated name of `fun`."""
        return self._outdated("criterion", "fun", self.fun)

    def fun_data(
        self, cost_model: CostModel | Literal["wall_time"], monotone: bool = False
    ) -> pd.DataFrame:
        """Values and what it cost to get there.

        Columns fun, time (cumulative cost) and task, one row per batch.

        Args:
            cost_model: One of `thalweg.timing`, or your own.
            monotone: Whether to show the best value so far instead of the batch's best.
        """
        import pandas as pd

        cost_model = _cost_model(cost_model)
        rows, batch = self._best_of_batches()
        fun = self.monotone_fun if monotone else self._column("fun")
        return pd.DataFrame(
            {
                "fun": fun[rows],
                "time": self._costs(cost_model, batch),
                "task": self._task_column(rows),
            }
        )

    def params_data(self, dropna: bool = False, collapse_batches: bool = False) -> pd.DataFrame:
        """Parameters in long form.

        Columns value, task and fun, one row per evaluation ("counter") and parameter ("name").

        Args:
            dropna: Whether to leave out evaluations without a value.
            collapse_batches: Whether to keep only the best evaluation of each batch.
        """
        import pandas as pd

        fun = self._column("fun")
        rows = self._best_of_batches()[0] if collapse_batches else np.arange(len(fun))
        if dropna:
            rows = rows[~np.isnan(fun[rows])]
        names = self.flat_param_names
        index = pd.MultiIndex.from_product([range(len(rows)), names], names=["counter", "name"])
        task = self._task_column(np.repeat(rows, len(names)))
        values = np.empty(0) if self._data is None else self._data.pick(rows.tolist()).ravel()
        return pd.DataFrame(
            {"value": values, "task": task, "fun": np.repeat(fun[rows], len(names))},
            index=index,
        )

    def keys(self) -> KeysView[str]:
        """The keys of 2022: params, criterion, runtime."""
        return dict.fromkeys(_KEYS_OF_2022).keys()

    def values(self) -> ValuesView[Any]:
        """The content, in the order of the keys of 2022."""
        return self._by_keys_of_2022().values()

    def items(self) -> ItemsView[str, Any]:
        """The content by the keys of 2022."""
        return self._by_keys_of_2022().items()

    def get(self, key: str, default: Any = None) -> Any:
        """A column by its name, or `default` if there is none."""
        return self[key] if key in self else default

    def __iter__(self) -> Iterator[str]:
        """The keys of 2022."""
        return iter(_KEYS_OF_2022)

    def __contains__(self, key: object) -> bool:
        """Whether `history[key]` works."""
        return isinstance(key, str) and not key.startswith("_") and hasattr(type(self), key)

    def __getitem__(self, key: str) -> Any:
        """A column by its name, of now or of 2022."""
        if key not in self:
            raise KeyError(key)
        return getattr(self, key)

    def __len__(self) -> int:
        """The number of evaluations."""
        return 0 if self._data is None else len(self._data)

    def __repr__(self) -> str:
        n_params = len(self.flat_param_names)
        return f"History({self.direction.value}, {len(self)} evaluations of {n_params} parameters)"

    @property
    def _minimizing(self) -> bool:
        return self.direction is Direction.MINIMIZE

    def _append(
        self, params: Any, fun: Any, start: float, stop: float, batch: int, task: EvalTask | str
    ) -> None:
        from thalweg._thalweg import HistoryData, Tree

        code = _task_code(task)
        if self._tree is None or self._data is None:
            self._tree = Tree(params)
            self._data = HistoryData(self._tree.size)
        value = None if fun is None else float(fun)
        self._data.add(self._tree.flatten(params), value, start, stop, int(batch), code)

    def _table(self) -> HistoryData:
        """All columns, each of which becomes an array when it is asked for."""
        from thalweg._thalweg import HistoryData

        return HistoryData(0) if self._data is None else self._data

    def _column(self, name: str) -> NDArray[Any]:
        """A column as an array."""
        if self._data is not None:
            return getattr(self._data, name)
        return np.empty(0, dtype={"batches": np.int64, "task": np.uint8}.get(name, np.float64))

    def _convergence_report(self) -> dict[str, dict[str, float]] | None:
        """How much the value and the parameters changed in the last accepted steps.

        None with fewer than two of them. A derivative at a point that was evaluated before is no
        step.
        """
        return None if self._data is None else self._data.convergence_report(not self._minimizing)

    def _next_batch(self) -> int:
        last = self._column("batches")[-1:].tolist()
        return last[0] + 1 if last else 0

    def _runtime(self) -> list[float]:
        start = self._column("start_time")
        return (start - start[:1]).tolist()

    def _by_keys_of_2022(self) -> dict[str, Any]:
        return {"params": self.params, "criterion": self.fun, "runtime": self._runtime()}

    def _outdated(self, old: str, new: str, value: Any) -> Any:
        warn_user(
            f"The attribute `{old}` of a history is outdated. Please use `{new}` instead.",
            FutureWarning,
        )
        return value

    def _best_of_batches(self) -> tuple[NDArray[np.intp], NDArray[np.intp]]:
        """The row of the best evaluation of each batch, and for each row the position of its batch.

        Raises:
            InvalidArgumentError: The tasks of a batch differ.
        """
        fun, batches, task = (self._column(name) for name in ("fun", "batches", "task"))
        ids, batch = np.unique(batches, return_inverse=True)
        first = (
            np.searchsorted(batches, ids)
            if len(ids) == len(batch)
            else np.unique(batch, return_index=True)[1]
        )
        if np.any(task != task[first][batch]):
            raise InvalidArgumentError("The tasks of the evaluations in a batch must be the same.")
        if len(ids) == len(batch):
            return np.arange(len(batch)), batch
        badness = fun if self._minimizing else -fun
        order = np.lexsort((np.where(np.isnan(badness), np.inf, badness), batch))
        return order[np.searchsorted(batch[order], np.arange(len(ids)))], batch

    def _costs(
        self, cost_model: CostModel | Literal["wall_time"], batch: NDArray[np.intp]
    ) -> NDArray[np.float64]:
        """The cumulative cost at the end of each batch."""
        start, stop, task = (self._column(name) for name in ("start_time", "stop_time", "task"))
        n_batches = int(batch.max()) + 1 if len(batch) else 0
        if cost_model == "wall_time":
            ends = np.full(n_batches, -np.inf)
            np.maximum.at(ends, batch, stop - start[:1])
            return np.maximum.accumulate(ends)
        duration = stop - start
        factors = (
            cost_model.fun,
            cost_model.jac,
            cost_model.fun_and_jac,
            cost_model.fun,
            cost_model.jac,
        )
        counted = all(isinstance(factor, int) for factor in factors)
        cost = np.zeros(len(duration), dtype=np.int64 if counted else np.float64)
        for code, factor in enumerate(factors):
            cost = np.where(task == code, duration if factor is None else factor, cost)
        if n_batches == len(batch):
            return np.cumsum(cost)
        aggregate: Callable[..., float] = cost_model.aggregate_batch_time
        return np.cumsum([aggregate(cost[batch == number].tolist()) for number in range(n_batches)])

    def _task_column(self, rows: NDArray[np.intp]) -> pd.Categorical:
        import pandas as pd

        return pd.Categorical.from_codes(
            self._column("task")[rows], categories=[task.value for task in TASKS]
        )


def _direction(direction: Any) -> Direction:
    try:
        return Direction(direction)
    except ValueError:
        raise InvalidArgumentError(
            f"direction must be 'minimize' or 'maximize', not {direction!r}."
        ) from None


def _check_columns(given: tuple[Any, ...]) -> None:
    """All columns have to be there, as sequences of one length."""
    lengths: dict[str, int] = {}
    for name, column in zip(_COLUMNS, given, strict=True):
        if not hasattr(column, "__len__"):
            found = "None" if column is None else f"a {type(column).__name__}"
            raise InvalidArgumentError(
                f"All of {', '.join(_COLUMNS)} must be lists of the same length, or all None: "
                f"{name} is {found}."
            )
        lengths[name] = len(column)
    if len(set(lengths.values())) > 1:
        listed = ", ".join(f"{name} has {length}" for name, length in lengths.items())
        raise InvalidArgumentError(
            f"All of {', '.join(_COLUMNS)} must be lists of the same length, or all None: "
            f"{listed} entries."
        )


def _task_code(task: Any) -> int:
    try:
        return TASKS.index(EvalTask(getattr(task, "value", task)))
    except ValueError:
        words = ", ".join(f"'{known.value}'" for known in TASKS)
        raise InvalidArgumentError(f"task must be one of {words}, not {task!r}.") from None


def _cost_model(cost_model: Any) -> CostModel | Literal["wall_time"]:
    """A cost model, also by its name."""
    from thalweg.timing import TIMING_REGISTRY, CostModel

    if isinstance(cost_model, CostModel):
        return cost_model
    if isinstance(cost_model, str) and cost_model in TIMING_REGISTRY:
        return TIMING_REGISTRY[cost_model]
    names = ", ".join(f"'{name}'" for name in TIMING_REGISTRY)
    raise InvalidArgumentError(
        f"cost_model must be a CostModel of thalweg.timing or one of {names}, not {cost_model!r}."
    )
