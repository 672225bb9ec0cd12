"""Results as JSON and back, bit for bit: docs/result-json.md describes the format.

The Rust crate reads and writes the same format. Fields have the names of the attributes of a
result.
"""

from __future__ import annotations

import json
import re
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np

from thalweg._json_structure import flat_and_structure, rebuild
from thalweg._json_values import read_number, read_numbers, read_value, write_numbers, write_value
from thalweg.exceptions import InvalidResultError

if TYPE_CHECKING:
    from collections.abc import Callable

    from thalweg._constraints.plan import ConstraintPlan
    from thalweg._history import History
    from thalweg._multistart import MultistartInfo
    from thalweg._result import OptimizeResult
    from thalweg._thalweg import Tree

_UNFINISHED = re.compile(r"tr?u?|fa?l?s?|nu?l?|[-+.eE0-9]*|\\.{0,5}")
"""What may stand where a parser stops because the text ends too early."""

FORMAT = "thalweg-result"
VERSION = 1

_PLAIN = (
    "algorithm",
    "direction",
    "n_free",
    "message",
    "success",
    "n_fun_evals",
    "n_jac_evals",
    "n_hess_evals",
    "n_iterations",
    "is_feasible",
)
_NUMBERS = ("fun", "start_fun", "max_constraint_violation")
_ARRAYS = ("jac", "hess", "hess_inv")
_REQUIRED = ("params", "start_params", "fun", "algorithm", "direction", "n_free")


def write_result(result: OptimizeResult, include_history: bool) -> str:
    """The text of a result."""
    from thalweg._thalweg import Tree, __version__

    tree = Tree(result.params)
    document = {
        "format": FORMAT,
        "version": VERSION,
        "library": f"thalweg {__version__}",
        "names": list(tree.names),
        **_document(result, include_history),
    }
    for name in ("params", "start_params"):
        document[name] = flat_and_structure(getattr(result, name))
    # Whatever is not finite is a word already.
    return json.dumps(document, allow_nan=False)


def read_result(source: str | bytes | Path, like: Any) -> OptimizeResult:
    """The result in a text or a file; parameters with the structure of `like`, if it is given."""
    document = read_document(source, FORMAT, VERSION)
    try:
        return _Reader(document, like).result(document)
    except InvalidResultError:
        raise
    except KeyError as error:
        raise InvalidResultError(
            f"This result is damaged: the field {error} is missing."
        ) from error
    except (AttributeError, IndexError, TypeError, ValueError) as error:
        raise InvalidResultError(f"This result is damaged: {error}.") from error


def read_document(source: str | bytes | Path, of_format: str, newest: int) -> dict[str, Any]:
    """What a text or a file of this format holds.

    Raises:
        InvalidResultError: It is something else, or incomplete, or of a newer version.
    """
    document = _load(_text_of(source))
    _check_format(document, of_format, newest)
    return document


def _document(result: OptimizeResult, include_history: bool) -> dict[str, Any]:
    """The fields of a result; its parameters without structure."""
    from thalweg._thalweg import Tree

    fields: dict[str, Any] = {name: _plain(getattr(result, name)) for name in _PLAIN}
    fields["direction"] = str(getattr(result.direction, "value", result.direction))
    for name in _NUMBERS:
        value = getattr(result, name)
        fields[name] = None if value is None else write_numbers([float(value)])[0]
    for name in _ARRAYS:
        value = getattr(result, name)
        fields[name] = None if value is None else write_value(np.asarray(value))
    for name in ("params", "start_params"):
        fields[name] = {"values": write_numbers(Tree(getattr(result, name)).start)}
    word = getattr(result.status, "word", None)
    fields["status"] = word if word is not None else _plain(result.status)
    fields["algorithm_output"] = _outputs(result.algorithm_output)
    fields["constraint_plan"] = _plan(result.constraint_plan)
    fields["convergence_report"] = _report(result.convergence_report)
    history = result.history if include_history else None
    fields["history"] = None if history is None else _table(history)
    info = result.multistart_info
    fields["multistart_info"] = None if info is None else _search(info, include_history)
    return fields


def _plain(value: Any) -> Any:
    """A word, a whole number, yes or no, or None."""
    return value.item() if isinstance(value, np.generic) else value


def _outputs(outputs: dict[str, Any] | None) -> dict[str, Any] | None:
    """Further outputs; the best point of the run in the form that it has in Rust."""
    if outputs is None:
        return None
    outputs = {str(name): value for name, value in outputs.items()}
    best = outputs.get("best_seen")
    if isinstance(best, dict) and set(best) == {"params", "fun"}:
        from thalweg._thalweg import Tree

        outputs["best_seen"] = Tree(best["params"]).start
        outputs["best_seen_fun"] = best["fun"]
    return {name: write_value(value) for name, value in outputs.items()}


def _plan(plan: ConstraintPlan | None) -> list[dict[str, Any]] | None:
    names = ("index", "kind", "handling", "text")
    return None if not plan else [{name: getattr(entry, name) for name in names} for entry in plan]


def _report(report: Any) -> dict[str, Any] | None:
    if report is None:
        return None
    return {
        column: dict(zip(rows, write_numbers(list(rows.values())), strict=True))
        for column, rows in report.items()
    }


def _table(history: History) -> dict[str, Any]:
    return {
        "params": [write_numbers(row) for row in history.flat_params],
        "fun": [None if value is None else write_numbers([value])[0] for value in history.fun],
        "start_time": write_numbers(history.start_time),
        "stop_time": write_numbers(history.stop_time),
        "batches": history.batches,
        "task": [task.value for task in history.task],
    }


def _search(info: MultistartInfo, include_history: bool) -> dict[str, Any]:
    from thalweg._thalweg import Tree

    def rows(points: Any) -> list[Any]:
        return [write_numbers(Tree(point).start) for point in points]

    return {
        "start_params": rows(info.start_parameters),
        "local_optima": [_document(run, include_history) for run in info.local_optima],
        "exploration_sample": rows(info.exploration_sample),
        "exploration_results": write_numbers(info.exploration_results),
        "n_exploration_evals": info.n_exploration_evals,
        "n_discoveries": info.n_discoveries,
        "failures": [list(failure) for failure in info.failures],
        "warnings": [],
    }


def _text_of(source: str | bytes | Path) -> str | bytes:
    """The text itself, or that of the file."""
    if isinstance(source, bytes) or (isinstance(source, str) and source.lstrip()[:1] == "{"):
        return source
    if not isinstance(source, (str, Path)):
        raise InvalidResultError(
            "from_json needs the path of a file or the text of a result, not "
            f"{type(source).__name__}."
        )
    if isinstance(source, str) and ("\n" in source or len(source) > 1000):
        raise InvalidResultError(
            "This is no result of thalweg, which would be a JSON object, nor the path of one: "
            f"{source[:40]!r}..."
        )
    return Path(source).read_bytes()


def _load(text: str | bytes) -> dict[str, Any]:
    try:
        document = json.loads(text)
    except UnicodeDecodeError as error:
        raise InvalidResultError(
            f"This is no result of thalweg, which would be JSON in UTF-8: {error}."
        ) from error
    except json.JSONDecodeError as error:
        rest = error.doc[error.pos :].rstrip()
        unfinished = error.msg.startswith("Unterminated string") or _UNFINISHED.fullmatch(rest)
        if error.doc.lstrip()[:1] == "{" and unfinished:
            raise InvalidResultError(
                "This result is incomplete: the text ends in the middle of it "
                f"(line {error.lineno}, column {error.colno})."
            ) from error
        raise InvalidResultError(
            f"This is no result of thalweg, which would be a JSON object: {error}."
        ) from error
    if not isinstance(document, dict):
        raise InvalidResultError(
            "This is no result of thalweg, which would be a JSON object, not "
            f"{type(document).__name__}."
        )
    return document


def _check_format(document: dict[str, Any], of_format: str, newest: int) -> None:
    if document.get("format") != of_format:
        found = f"is {document['format']!r}" if "format" in document else "is missing"
        raise InvalidResultError(
            f"This is no result of thalweg: 'format' {found}, but has to be '{of_format}'."
        )
    version = document.get("version")
    if not isinstance(version, int) or isinstance(version, bool) or version < 1:
        found = f"is {version!r}" if "version" in document else "is missing"
        raise InvalidResultError(
            f"This result is damaged: 'version' {found}, but has to be a whole number from 1 to "
            f"{newest}."
        )
    if version > newest:
        from thalweg._thalweg import __version__

        raise InvalidResultError(
            f"This result has version {version} of the format, and this thalweg ({__version__}) "
            f"reads versions up to {newest}: use a newer one."
        )


class _Reader:
    """Reads the parts of a document, whose parameters all have one structure."""

    def __init__(self, document: dict[str, Any], like: Any) -> None:
        from thalweg._thalweg import Tree

        for field in _REQUIRED:
            if field not in document:
                raise InvalidResultError(f"This result is damaged: the field '{field}' is missing.")
        self.values = read_numbers(document["params"]["values"])
        size, names = len(self.values), document.get("names")
        if names is not None and len(names) != size:
            raise InvalidResultError(
                f"This result is damaged: names has {len(names)} entries, but there are {size} "
                "parameters."
            )
        self.like = None if like is None else Tree(like)
        if self.like is not None and self.like.size != size:
            raise InvalidResultError(
                f"The result has {size} parameters, but `like` has {self.like.size}."
            )
        self.names = names if names is not None else [str(i) for i in range(size)]
        self.params = self._parameters(document["params"])
        self.tree = self.like if self.like is not None else Tree(self.params)

    def _parameters(self, stored: dict[str, Any]) -> Any:
        """Parameters with their own structure, or that of `like`."""
        values = read_numbers(stored["values"])
        if len(values) != len(self.values):
            raise InvalidResultError(
                f"This result is damaged: start_params has {len(values)} entries, but there are "
                f"{len(self.values)} parameters."
            )
        if self.like is not None:
            return self.like.unflatten(values)
        structure = stored.get("structure")
        if structure is None:
            return dict(zip(self.names, values.tolist(), strict=True))
        return rebuild(structure, values)

    def result(self, document: dict[str, Any]) -> OptimizeResult:
        """The result of a run."""
        from thalweg._result import OptimizeResult

        outer = document.get("format") == FORMAT
        fields: dict[str, Any] = {name: document.get(name) for name in _PLAIN}
        if fields["direction"] not in ("minimize", "maximize"):
            raise InvalidResultError(
                f"This result is damaged: direction is {fields['direction']!r}, but has to be "
                "'minimize' or 'maximize'."
            )
        for name in _NUMBERS:
            fields[name] = read_number(document.get(name))
        for name in _ARRAYS:
            value = document.get(name)
            fields[name] = None if value is None else read_value(value)
        for name in ("params", "start_params"):
            stored = document[name]
            fields[name] = self._parameters(stored) if outer else self._point(stored["values"])
        fields["status"] = _status(document.get("status"))
        fields["algorithm_output"] = self._outputs(document.get("algorithm_output"))
        fields["constraint_plan"] = self._plan(document)
        table = document.get("history")
        fields["history"] = None if table is None else self._history(fields["direction"], table)
        info = document.get("multistart_info")
        fields["multistart_info"] = None if info is None else self._search(info)
        result = OptimizeResult(**fields)
        # None says that there is none: with many starts, the history is no place to look for it.
        result.convergence_report = _read_report(document.get("convergence_report"))
        return result

    def _point(self, values: list[Any]) -> Any:
        return self.tree.unflatten(read_numbers(values))

    def _outputs(self, stored: dict[str, Any] | None) -> dict[str, Any] | None:
        if stored is None:
            return None
        outputs = {name: read_value(value) for name, value in stored.items()}
        if "best_seen" in outputs and "best_seen_fun" in outputs:
            params = self.tree.unflatten(outputs["best_seen"])
            outputs["best_seen"] = {"params": params, "fun": outputs.pop("best_seen_fun")}
        return outputs

    def _plan(self, document: dict[str, Any]) -> ConstraintPlan | None:
        from thalweg._constraints.plan import ConstraintPlan, PlannedConstraint

        planned = document.get("constraint_plan")
        if not planned:
            return None
        entries = [PlannedConstraint(**entry) for entry in planned]
        return ConstraintPlan(entries, document["n_free"], len(self.values))

    def _history(self, direction: str, table: dict[str, Any]) -> History:
        from thalweg._history import TASKS, History
        from thalweg._thalweg import HistoryData

        codes = {task.value: code for code, task in enumerate(TASKS)}
        unknown = next((word for word in table["task"] if word not in codes), None)
        if unknown is not None:
            raise InvalidResultError(
                f"This result is damaged: {unknown!r} in the history is no task."
            )
        rows = [read_numbers(row) for row in table["params"]]
        for column in ("fun", "start_time", "stop_time", "batches", "task"):
            if len(table[column]) != len(rows):
                raise InvalidResultError(
                    f"This result is damaged: the history's column {column} has "
                    f"{len(table[column])} entries, but its column params has {len(rows)}."
                )
        short = next((i for i, row in enumerate(rows) if len(row) != len(self.values)), None)
        if short is not None:
            raise InvalidResultError(
                f"This result is damaged: row {short} of the history's column params has "
                f"{len(rows[short])} entries, but there are {len(self.values)} parameters."
            )
        fun = [np.nan if value is None else value for value in map(read_number, table["fun"])]
        data = HistoryData(len(self.values))
        if rows:
            columns = [read_numbers(table[name]) for name in ("start_time", "stop_time", "batches")]
            task = np.array([codes[word] for word in table["task"]])
            data.append((np.array(rows), np.array(fun), *columns, task))
        return History._from_run(direction, self.tree, data)

    def _search(self, info: dict[str, Any]) -> MultistartInfo:
        from thalweg._multistart import MultistartInfo

        rows: Callable[[list[Any]], list[Any]] = lambda points: [self._point(p) for p in points]
        return MultistartInfo(
            rows(info["start_params"]),
            [self.result(run) for run in info["local_optima"]],
            rows(info["exploration_sample"]),
            read_numbers(info["exploration_results"]).tolist(),
            info.get("n_exploration_evals"),
            info.get("n_discoveries"),
            [(number, message) for number, message in info["failures"]],
        )


def _status(stored: Any) -> Any:
    """The status of a word; codes of algorithms in Python are what they are."""
    if not isinstance(stored, str):
        return stored
    from thalweg._status import Status
    from thalweg._thalweg import STATUS_WORDS

    if stored not in STATUS_WORDS:
        raise InvalidResultError(f"This result is damaged: {stored!r} is no status.")
    return Status(STATUS_WORDS.index(stored), stored)


def _read_report(stored: dict[str, Any] | None) -> dict[str, dict[str, float]] | None:
    if stored is None:
        return None
    return {
        column: dict(zip(rows, read_numbers(list(rows.values())).tolist(), strict=True))
        for column, rows in stored.items()
    }
