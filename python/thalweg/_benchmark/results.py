"""What `run_benchmark` returns, and how it is kept in files."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any, overload

import numpy as np

from thalweg._json import read_document, read_result, write_result
from thalweg._json_values import read_numbers, write_numbers
from thalweg._result import OptimizeResult
from thalweg.exceptions import InvalidResultError

if TYPE_CHECKING:
    from pathlib import Path

FORMAT = "thalweg-benchmark"
VERSION = 1

_COLUMNS = {
    "criterion_history": "criterion",
    "time_history": "seconds",
}
"""Columns of numbers, and their names in a file."""


class BenchmarkResults(dict[tuple[str, str], dict[str, Any]]):
    """Runs by the names of problem and algorithm: a dict that can be kept in a file.

    >>> import thalweg as om
    >>> problems = om.get_benchmark_problems("example")
    >>> results = om.run_benchmark(problems, ["scipy_lbfgsb"])
    >>> again = om.BenchmarkResults.from_json(results.to_json())
    >>> om.convergence_report(problems, again).equals(om.convergence_report(problems, results))
    True
    """

    def __or__(self, other: Any) -> BenchmarkResults:  # type: ignore[override]
        """The runs of both, those of `other` where both have them."""
        return BenchmarkResults(super().__or__(other))

    def to_pickle(self, path: str | Path) -> None:
        """Write the runs to a file, to be read with `thalweg.utilities.read_pickle`."""
        from thalweg.utilities import to_pickle

        to_pickle(self, path)

    @overload
    def to_json(self, path: None = None) -> str: ...

    @overload
    def to_json(self, path: str | Path) -> None: ...

    def to_json(self, path: str | Path | None = None) -> str | None:
        """The runs as JSON, which `BenchmarkResults.from_json` reads.

        Numbers come back bit for bit. The format is described in docs/result-json.md.

        Args:
            path: Where to write it; None returns the text.
        """
        from thalweg._thalweg import __version__

        document = {
            "format": FORMAT,
            "version": VERSION,
            "library": f"thalweg {__version__}",
            "runs": [_write_run(key, run) for key, run in self.items()],
        }
        text = json.dumps(document, allow_nan=False)
        if path is None:
            return text
        with open(path, "w", encoding="utf-8") as file:
            file.write(text)
        return None

    @classmethod
    def from_json(
        cls, source: str | bytes | Path, problems: dict[str, dict[str, Any]] | None = None
    ) -> BenchmarkResults:
        """The runs that were written with `to_json`.

        Args:
            source: The path of a file, or the text itself.
            problems: The problems, whose start params have the structure that the params of
                solutions should get. Without it they get the structure that they had; dataclasses
                come back as dicts.

        Raises:
            InvalidResultError: This is no such file, or a damaged one, or one of a newer version.
        """
        document = read_document(source, FORMAT, VERSION)
        try:
            return cls(_read_run(run, problems or {}) for run in document["runs"])
        except InvalidResultError:
            raise
        except (AttributeError, IndexError, KeyError, TypeError, ValueError) as error:
            what = f"the field {error} is missing" if isinstance(error, KeyError) else error
            raise InvalidResultError(f"These results are damaged: {what}.") from error


def _write_run(key: tuple[str, str], run: dict[str, Any]) -> dict[str, Any]:
    problem, algorithm = key
    solution = run["solution"]
    has_failed = isinstance(solution, str)
    columns = {name: write_numbers(run[column]) for column, name in _COLUMNS.items()}
    return {
        "problem": problem,
        "algorithm": algorithm,
        "params": [write_numbers(row) for row in run["params_history"]],
        **columns,
        "batches": np.asarray(run["batches_history"]).tolist(),
        "failure": solution if has_failed else None,
        "solution": None if has_failed else json.loads(write_result(solution, True)),
    }


def _read_run(
    stored: dict[str, Any], problems: dict[str, dict[str, Any]]
) -> tuple[tuple[str, str], dict[str, Any]]:
    problem, algorithm = str(stored["problem"]), str(stored["algorithm"])
    solution: str | OptimizeResult | None = stored["failure"]
    if solution is None:
        like = problems[problem]["inputs"]["params"] if problem in problems else None
        solution = read_result(json.dumps(stored["solution"]), like)
    run: dict[str, Any] = {
        "params_history": np.array([read_numbers(row) for row in stored["params"]]),
        **{column: read_numbers(stored[name]) for column, name in _COLUMNS.items()},
        "batches_history": np.array(stored["batches"]),
        "solution": solution,
    }
    lengths = {len(run[column]) for column in run if column != "solution"}
    if len(lengths) > 1:
        raise ValueError(f"the columns of {problem} by {algorithm} have different lengths")
    return (problem, algorithm), run
