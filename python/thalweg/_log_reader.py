"""Reading logs: while the run is on, after it, and after a crash."""

from __future__ import annotations

import json
import os
from collections.abc import ItemsView, Iterator, KeysView
from pathlib import Path
from typing import TYPE_CHECKING, Any, NamedTuple

import numpy as np

from thalweg._warnings import warn_user
from thalweg.exceptions import InvalidArgumentError
from thalweg.typing import DictLikeAccess, Direction

if TYPE_CHECKING:
    import pandas as pd
    from numpy.typing import NDArray

    from thalweg._logging import SQLiteLogOptions
    from thalweg._thalweg import LogReader, Tree


class SQLiteLogReader:
    """Reads the log of an optimization.

    Problems and evaluations are counted from 0 in the order in which they began; negative numbers
    count from the end. A file holds several problems if runs were added to it
    (`if_database_exists="extend"`); unless told otherwise, the last one is read.

    Args:
        path: The file.
        like: Params whose structure those in the log should get, for instance the start params.
            Without it they get the structure that they had; dataclasses come back as dicts, since
            nothing that is read is run.

    Raises:
        LogNotFoundError: There is no such file.
        InvalidLogError: The file is something else.
        InvalidArgumentError: What is read has another number of params than `like`.
    """

    _keys: tuple[str, ...] = ("params", "fun", "time")
    _reader: LogReader | None
    _trees: dict[int, Tree]

    def __init__(self, path: str | Path, like: Any = None) -> None:
        if not isinstance(path, (str, os.PathLike)):
            raise InvalidArgumentError(f"path must be the path of a log, not {path!r}.")
        self.__setstate__({"path": Path(path), "like": like})
        self._open()

    @classmethod
    def from_options(cls, log_options: SQLiteLogOptions) -> SQLiteLogReader:
        """A reader of the log that these options describe."""
        return cls(log_options.path)

    @classmethod
    def _of_run(cls, path: str | Path, params: Any) -> SQLiteLogReader:
        """A reader that opens the file when it is asked for something, and knows the run's params."""
        reader = cls.__new__(cls)
        reader.__setstate__({"path": Path(path), "like": params, "is_strict": False})
        return reader

    @property
    def problems(self) -> list[LoggedProblem]:
        """All problems."""
        return [LoggedProblem(fields) for fields in self._open().problems()]

    @property
    def problem_df(self) -> pd.DataFrame:
        """All problems as a DataFrame, one row each."""
        import pandas as pd

        problems = [problem._as_dict() for problem in self.problems]
        columns = list(_PROBLEM_FIELDS) if not problems else None
        return pd.DataFrame(problems, columns=columns)

    def read_iteration(self, iteration: int, problem: int = -1) -> LoggedIteration:
        """One evaluation.

        Raises:
            LogIndexError: There is no such evaluation or problem.
        """
        index = _as_index(iteration, "iteration")
        fields = self._open().iteration(index, _as_index(problem, "problem"))
        return LoggedIteration(fields, self._tree(problem))

    def read_history(self, problem: int = -1) -> LoggedHistory:
        """All evaluations with a value: params, their values, when they began.

        Raises:
            LogIndexError: There is no such problem.
        """
        return self._history(self._open().history(_as_index(problem, "problem")), problem)

    def read_multistart_history(
        self, direction: Direction | str | None = None, problem: int = -1
    ) -> MultistartLog:
        """The evaluations of a search from many starts, step by step.

        Args:
            direction: Not needed: the log knows it.
            problem: Which problem.

        Returns:
            The history of the best local run, those of the other runs (None without any), and the
            exploration, best first (None without one).

        Raises:
            InvalidArgumentError: The direction is not the one of the problem.
            LogIndexError: There is no such problem.
        """
        own = self._open().problem(_as_index(problem, "problem"))["direction"]
        if direction is not None and getattr(direction, "value", direction) != own:
            raise InvalidArgumentError(
                f"direction is {direction!r}, but the log is of a problem to {own}. Leave it out."
            )
        best, local, exploration = self._open().multistart_history(problem)
        runs = [self._history(run, problem) for run in local]
        explored = self._history(exploration, problem) if len(exploration["fun"]) else None
        return MultistartLog(self._history(best, problem), runs or None, explored)

    def read_start_params(self, problem: int = 0) -> Any:
        """The start params of a problem, in the user's structure.

        Raises:
            LogIndexError: There is no such problem.
        """
        start = self._open().problem(_as_index(problem, "problem"))["start"]
        return self._tree(problem).unflatten(start)

    def _flat_history(self, problem: int = -1) -> dict[str, Any]:
        """All evaluations in flat columns, with what it takes to plot them."""
        reader, index = self._open(), _as_index(problem, "problem")
        known = reader.problem(index)
        return {
            **reader.history(index),
            "steps": reader.steps(index),
            "direction": known["direction"],
            "names": known["names"],
            "algorithm": known["algorithm"],
            "start_params": known["start"],
        }

    def _tree(self, problem: int = -1) -> Tree:
        """The structure of a problem's params."""
        known = self._open().problem(_as_index(problem, "problem"))
        if known["id"] not in self._trees:
            self._trees[known["id"]] = self._like_tree(known) or _own_tree(known)
        return self._trees[known["id"]]

    def _like_tree(self, known: dict[str, Any]) -> Tree | None:
        """The structure of `like`; None without it, or if it is of another run of the file."""
        from thalweg._thalweg import Tree

        if self._like is None:
            return None
        tree, size = Tree(self._like), len(known["start"])
        if tree.size == size:
            return tree
        if self._is_strict:
            raise InvalidArgumentError(
                f"The problem in the log has {size} params, but `like` has {tree.size}."
            )
        return None

    def _history(self, columns: dict[str, Any], problem: int) -> LoggedHistory:
        return LoggedHistory(columns, self._tree(problem), self._keys)

    def _open(self) -> LogReader:
        if self._reader is None:
            from thalweg._thalweg import LogReader

            self._reader = LogReader(self.path)
        return self._reader

    def __getstate__(self) -> dict[str, Any]:
        """Pickle the path and what the params are like."""
        return {"path": self.path, "like": self._like, "is_strict": self._is_strict}

    def __setstate__(self, state: dict[str, Any]) -> None:
        """The file is opened when something is asked for."""
        self.path: Path = state["path"]
        self._like, self._is_strict = state.get("like"), state.get("is_strict", True)
        self._reader, self._trees = None, {}

    def __repr__(self) -> str:
        return f"{type(self).__name__}({str(self.path)!r})"


class OptimizeLogReader(SQLiteLogReader):
    """Outdated name of `SQLiteLogReader`; its histories have the keys of 2022."""

    _keys = ("params", "criterion", "runtime")

    def __init__(self, path: str | Path, like: Any = None) -> None:
        warn_user(
            "OptimizeLogReader is outdated. Please use SQLiteLogReader instead.", FutureWarning
        )
        super().__init__(path, like)


def _own_tree(known: dict[str, Any]) -> Tree:
    """The structure that is written down in the log, or names, or an array."""
    from thalweg._structure import decode
    from thalweg._thalweg import Tree

    structure = known["structure"]
    plain: Any = dict.fromkeys(known["names"], 0.0)
    tree = Tree(plain if structure is None else decode(structure))
    return tree if tree.size == len(known["start"]) else Tree(np.zeros(len(known["start"])))


_PROBLEM_FIELDS = (
    "id",
    "direction",
    "algorithm",
    "status",
    "message",
    "n_evaluations",
    "begun_at",
    "seconds",
    "n_resumed",
    "library",
    "names",
)


class LoggedProblem(DictLikeAccess):
    """One run in a log.

    Attributes:
        id: Its number in the file.
        direction: "minimize" or "maximize".
        algorithm: The algorithm's name.
        status: "running" (which a run that was killed stays), or how it ended.
        message: Why it ended.
        n_evaluations: The number of evaluations.
        begun_at: When it began, in UTC.
        seconds: How long it took.
        n_resumed: How often it was resumed.
        library: The version that wrote it.
        names: The names of the params.
        fingerprint: What defines the run, field by field.
    """

    def __init__(self, fields: dict[str, Any]) -> None:
        self.id: int = fields["id"]
        self.direction: str = fields["direction"]
        self.algorithm: str = fields["algorithm"]
        self.status: str = fields["status"]
        self.message: str | None = fields["message"]
        self.n_evaluations: int = fields["n_evaluations"]
        self.begun_at: str = fields["begun_at"]
        self.seconds: float | None = fields["seconds"]
        self.n_resumed: int = fields["n_resumed"]
        self.library: str = fields["library"]
        self.names: list[str] = fields["names"]
        self._fingerprint: str = fields["fingerprint"]

    @property
    def fingerprint(self) -> dict[str, str]:
        """What defines the run, field by field."""
        return dict(json.loads(self._fingerprint))

    def _as_dict(self) -> dict[str, Any]:
        return {name: self.__dict__[name] for name in _PROBLEM_FIELDS}

    def __repr__(self) -> str:
        return (
            f"LoggedProblem({self.id}: {self.direction} with {self.algorithm}, {self.status}, "
            f"{self.n_evaluations} evaluations)"
        )


class LoggedIteration(DictLikeAccess):
    """One evaluation in a log.

    Attributes:
        params: The params, in the user's structure.
        scalar_fun: The value in the user's sign; None if only a derivative was computed.
        timestamp: When it began, in seconds since the start of the run; also `start_time`.
        stop_time: When it ended.
        valid: Whether the function did not fail.
        exceptions: The traceback if it failed, else None.
        raw_fun: The value with further information, as a FunctionValue; None without a value.
        step: The number of the step that it belongs to.
        task: "fun", "jac", "fun_and_jac", "exploration" or "hess".
        batch: The number of its batch.
        rowid: Its number in the file.
    """

    def __init__(self, fields: dict[str, Any], tree: Tree) -> None:
        from thalweg._function_value import FunctionValue

        value, info = fields["fun"], fields["info"]
        self.params = tree.unflatten(fields["params"])
        self.timestamp = fields["start_time"]
        self.scalar_fun: float | None = value
        self.valid = fields["exception"] is None
        self.raw_fun = (
            None
            if value is None
            else FunctionValue(value, None if info is None else json.loads(info))
        )
        self.step = fields["step"]
        self.exceptions = fields["exception"]
        self.rowid = fields["rowid"]
        self.start_time, self.stop_time = fields["start_time"], fields["stop_time"]
        self.task, self.batch = fields["task"], fields["batch"]

    @property
    def value(self) -> float | None:
        """The value, by its name of 2022."""
        return self.scalar_fun

    def _as_dict(self) -> dict[str, Any]:
        return dict(self.__dict__)

    def __repr__(self) -> str:
        fields = ", ".join(f"{name}={value!r}" for name, value in self._as_dict().items())
        return f"LoggedIteration({fields})"


_SPELLINGS = {"fun": "fun", "criterion": "fun", "time": "time", "runtime": "time"}


class LoggedHistory:
    """The evaluations with a value, in order: a mapping of columns that are attributes, too.

    Items are found under the names of now ("fun", "time") and those of 2022 ("criterion",
    "runtime").

    Attributes:
        params: The params of each evaluation, in the user's structure.
        fun: The values in the user's sign.
        time: When each began, in seconds since the first.
    """

    def __init__(self, columns: dict[str, Any], tree: Tree, keys: tuple[str, ...]) -> None:
        has_value = ~np.isnan(columns["fun"])
        start = columns["start_time"][has_value]
        self.params: list[Any] = [tree.unflatten(row) for row in columns["params"][has_value]]
        self.fun: list[float] = columns["fun"][has_value].tolist()
        # Explored points come sorted by value.
        first: NDArray[np.float64] | float = start.min() if len(start) else 0.0
        self.time: NDArray[np.float64] = start - first
        self._keys = keys

    def keys(self) -> KeysView[str]:
        """The names of the columns."""
        return dict.fromkeys(self._keys).keys()

    def items(self) -> ItemsView[str, Any]:
        """The columns with their names."""
        return {key: self[key] for key in self._keys}.items()

    def __getitem__(self, key: str) -> Any:
        """A column, by its name of now or of 2022."""
        if key == "params":
            return self.params
        if key not in _SPELLINGS:
            raise KeyError(key)
        return getattr(self, _SPELLINGS[key])

    def __contains__(self, key: object) -> bool:
        """Whether `history[key]` works."""
        return key == "params" or key in _SPELLINGS

    def __iter__(self) -> Iterator[str]:
        """The names of the columns."""
        return iter(self._keys)

    def __len__(self) -> int:
        """The number of evaluations."""
        return len(self.fun)

    def __repr__(self) -> str:
        return f"LoggedHistory({len(self)} evaluations)"


class MultistartLog(NamedTuple):
    """The evaluations of a search from many starts.

    Attributes:
        history: The best local run.
        local_histories: The other local runs; None without any.
        exploration: The exploration, best first; None without one.
    """

    history: LoggedHistory
    local_histories: list[LoggedHistory] | None
    exploration: LoggedHistory | None


def _as_index(value: Any, name: str) -> int:
    if isinstance(value, (bool, np.bool_)) or not hasattr(value, "__index__"):
        raise InvalidArgumentError(f"{name} must be a whole number, not {value!r}.")
    return int(value.__index__())
