"""The history of a run: one entry per evaluation.

It is kept as flat columns, as the run recorded them. Parameters get back their structure, and
DataFrames are made, only when they are asked for.
"""

from __future__ import annotations

from collections.abc import Callable, ItemsView, Iterator, KeysView, Sequence
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

_TASKS = (EvalTask.FUN, EvalTask.JAC, EvalTask.FUN_AND_JAC, EvalTask.EXPLORATION)
"""Tasks by the codes under which columns hold them."""

_COLUMNS = ("params", "fun", "start_time", "stop_time", "batches", "task")

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
        self.direction = Direction(direction)
        given = (params, fun, start_time, stop_time, batches, task)
        self._tree: Tree | None = None
        self._columns = _Columns.empty()
        self._pending: list[tuple[Any, ...]] = []
        if all(column is None for column in given):
            return
        if (
            any(column is None for column in given)
            or len({len(column) for column in given if column is not None}) > 1
        ):
            raise InvalidArgumentError(
                f"All of {', '.join(_COLUMNS)} must be lists of the same length, or all None."
            )
        for row in zip(*given, strict=True):  # type: ignore[arg-type]
            self._append(*row)

    @classmethod
    def _from_run(cls, direction: str, tree: Tree, data: HistoryData) -> History:
        """The history that a run recorded."""
        history = cls.__new__(cls)
        history.direction = Direction(direction)
        history._tree = tree
        history._columns = _Columns(
            data.params, data.fun, data.start_time, data.stop_time, data.batches, data.task
        )
        history._pending = []
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
        flat = self._table().params
        return [] if self._tree is None else [self._tree.unflatten(row) for row in flat]

    @property
    def fun(self) -> list[float | None]:
        """The values in the user's sign; None where only a derivative was computed."""
        return [None if value != value else value for value in self._table().fun.tolist()]

    @property
    def start_time(self) -> list[float]:
        """When each evaluation began, in seconds on a monotonic clock."""
        return self._table().start_time.tolist()

    @property
    def stop_time(self) -> list[float]:
        """When each evaluation ended, in seconds on a monotonic clock."""
        return self._table().stop_time.tolist()

    @property
    def batches(self) -> list[int]:
        """The numbers of the batches."""
        return self._table().batches.tolist()

    @property
    def task(self) -> list[EvalTask]:
        """What was computed in each evaluation."""
        return [_TASKS[code] for code in self._table().task.tolist()]

    @property
    def flat_params(self) -> list[list[float]]:
        """The parameters of each evaluation as a list of numbers."""
        return self._table().params.tolist()

    @property
    def flat_param_names(self) -> list[str]:
        """The names of the numbers in `flat_params`."""
        return [] if self._tree is None else list(self._tree.names)

    @property
    def monotone_fun(self) -> NDArray[np.float64]:
        """The best value so far after each evaluation; NaN where there is no value."""
        fun = self._table().fun
        best = np.fmin.accumulate(fun) if self._minimizing else np.fmax.accumulate(fun)
        return np.where(np.isnan(fun), np.nan, best)

    @property
    def is_accepted(self) -> NDArray[np.bool_]:
        """Which evaluations are at least as good as all before them."""
        return np.equal(self._table().fun, self.monotone_fun)

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

        table = self._table()
        rows, batch = self._best_of_batches()
        fun = self.monotone_fun if monotone else table.fun
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

        table = self._table()
        rows = self._best_of_batches()[0] if collapse_batches else np.arange(len(table.fun))
        if dropna:
            rows = rows[~np.isnan(table.fun[rows])]
        names = self.flat_param_names
        index = pd.MultiIndex.from_product([range(len(rows)), names], names=["counter", "name"])
        task = self._task_column(np.repeat(rows, len(names)))
        values = table.params[rows].ravel()
        return pd.DataFrame(
            {"value": values, "task": task, "fun": np.repeat(table.fun[rows], len(names))},
            index=index,
        )

    def keys(self) -> KeysView[str]:
        """The keys of 2022: params, criterion, runtime."""
        return dict.fromkeys(_KEYS_OF_2022).keys()

    def items(self) -> ItemsView[str, Any]:
        """The content by the keys of 2022."""
        return {"params": self.params, "criterion": self.fun, "runtime": self._runtime()}.items()

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
        return len(self._table().fun)

    def __repr__(self) -> str:
        n_params = len(self.flat_param_names)
        return f"History({self.direction.value}, {len(self)} evaluations of {n_params} parameters)"

    def __getstate__(self) -> dict[str, Any]:
        """Pickle the columns and the structure of the parameters."""
        return {
            "direction": self.direction,
            "tree": self._tree,
            "columns": self._table().as_tuple(),
        }

    def __setstate__(self, state: dict[str, Any]) -> None:
        """Restore what `__getstate__` kept."""
        self.direction, self._tree, self._pending = state["direction"], state["tree"], []
        self._columns = _Columns(*state["columns"])

    @property
    def _minimizing(self) -> bool:
        return self.direction is Direction.MINIMIZE

    def _append(
        self, params: Any, fun: Any, start: float, stop: float, batch: int, task: EvalTask | str
    ) -> None:
        if self._tree is None:
            from thalweg._thalweg import Tree

            self._tree = Tree(params)
        value = np.nan if fun is None else float(fun)
        code = _TASKS.index(EvalTask(getattr(task, "value", task)))
        self._pending.append((self._tree.flatten(params), value, start, stop, int(batch), code))

    def _table(self) -> _Columns:
        """All columns, with what was added since the last look."""
        if self._pending:
            self._columns = self._columns.with_rows(self._pending)
            self._pending = []
        return self._columns

    def _next_batch(self) -> int:
        if self._pending:
            return int(self._pending[-1][4]) + 1
        last = self._columns.batches[-1:].tolist()
        return last[0] + 1 if last else 0

    def _runtime(self) -> list[float]:
        start = self._table().start_time
        return (start - start[:1]).tolist()

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
        table = self._table()
        ids, batch = np.unique(table.batches, return_inverse=True)
        first = (
            np.searchsorted(table.batches, ids)
            if len(ids) == len(batch)
            else np.unique(batch, return_index=True)[1]
        )
        if np.any(table.task != table.task[first][batch]):
            raise InvalidArgumentError("The tasks of the evaluations in a batch must be the same.")
        if len(ids) == len(batch):
            return np.arange(len(batch)), batch
        badness = table.fun if self._minimizing else -table.fun
        order = np.lexsort((np.where(np.isnan(badness), np.inf, badness), batch))
        return order[np.searchsorted(batch[order], np.arange(len(ids)))], batch

    def _costs(
        self, cost_model: CostModel | Literal["wall_time"], batch: NDArray[np.intp]
    ) -> NDArray[np.float64]:
        """The cumulative cost at the end of each batch."""
        table = self._table()
        n_batches = int(batch.max()) + 1 if len(batch) else 0
        if cost_model == "wall_time":
            ends = np.full(n_batches, -np.inf)
            np.maximum.at(ends, batch, table.stop_time - table.start_time[:1])
            return np.maximum.accumulate(ends)
        duration = table.stop_time - table.start_time
        factors = (cost_model.fun, cost_model.jac, cost_model.fun_and_jac, cost_model.fun)
        counted = all(isinstance(factor, int) for factor in factors)
        cost = np.zeros(len(duration), dtype=np.int64 if counted else np.float64)
        for code, factor in enumerate(factors):
            cost = np.where(table.task == code, duration if factor is None else factor, cost)
        if n_batches == len(batch):
            return np.cumsum(cost)
        aggregate: Callable[..., float] = cost_model.aggregate_batch_time
        return np.cumsum([aggregate(cost[batch == number].tolist()) for number in range(n_batches)])

    def _task_column(self, rows: NDArray[np.intp]) -> pd.Categorical:
        import pandas as pd

        return pd.Categorical.from_codes(
            self._table().task[rows], categories=[task.value for task in _TASKS]
        )


class _Columns:
    """The columns of a history as arrays of one length; `task` holds codes."""

    __slots__ = _COLUMNS

    def __init__(
        self,
        params: NDArray[np.float64],
        fun: NDArray[np.float64],
        start_time: NDArray[np.float64],
        stop_time: NDArray[np.float64],
        batches: NDArray[np.int64],
        task: NDArray[np.uint8],
    ) -> None:
        self.params, self.fun, self.start_time = params, fun, start_time
        self.stop_time, self.batches, self.task = stop_time, batches, task

    @classmethod
    def empty(cls) -> _Columns:
        """Columns without rows."""
        none = np.empty(0)
        return cls(np.empty((0, 0)), none, none, none, none.astype(np.int64), none.astype(np.uint8))

    def as_tuple(self) -> tuple[NDArray[Any], ...]:
        """The columns in order."""
        return tuple(getattr(self, name) for name in _COLUMNS)

    def with_rows(self, rows: list[tuple[Any, ...]]) -> _Columns:
        """The columns with further rows at their end."""
        added = [np.array(column) for column in zip(*rows, strict=True)]
        old = self.as_tuple()
        if not len(self.fun):
            return _Columns(
                *(column.astype(before.dtype) for column, before in zip(added, old, strict=True))
            )
        return _Columns(
            *(
                np.concatenate([before, column.astype(before.dtype)])
                for before, column in zip(old, added, strict=True)
            )
        )
