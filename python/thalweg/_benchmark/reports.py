"""Who solved what, and how fast, as tables."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Literal

from thalweg._benchmark._data import benchmark_results, pandas, precision
from thalweg.exceptions import InvalidArgumentError

if TYPE_CHECKING:
    import pandas as pd

    Problems = dict[str, dict[str, Any]]
    Results = dict[tuple[str, str], dict[str, Any]]

_RETURN_TYPES = ("text", "markdown", "dict", "dataframe")


def convergence_report(
    problems: Problems,
    results: Results,
    *,
    stopping_criterion: Literal["x", "y", "x_and_y", "x_or_y"] = "y",
    x_precision: float = 1e-4,
    y_precision: float = 1e-4,
) -> pd.DataFrame:
    """Which algorithm solved which problem.

    Args:
        problems: The problems.
        results: What `run_benchmark` returned for them.
        stopping_criterion: What has to be near the solution: the objective ("y"), the params ("x"),
            both, or one of them.
        x_precision: The share of the distance of the start that may be left.
        y_precision: The share of the possible decrease that may be left.

    Returns:
        A row per problem and a column per algorithm: "success", "failed", or "error" where the run
        broke off; and the column "dimensionality".
    """
    data = benchmark_results(problems, results)
    table = data.convergence_report(precision(stopping_criterion, x_precision, y_precision))
    return _by_problem(table)


def rank_report(
    problems: Problems,
    results: Results,
    *,
    runtime_measure: Literal["n_evaluations", "n_batches", "walltime"] = "n_evaluations",
    stopping_criterion: Literal["x", "y", "x_and_y", "x_or_y"] = "y",
    x_precision: float = 1e-4,
    y_precision: float = 1e-4,
) -> pd.DataFrame:
    """How the algorithms rank on each problem.

    Args:
        problems: The problems.
        results: What `run_benchmark` returned for them.
        runtime_measure: By what they are ranked.
        stopping_criterion: As in `convergence_report`.
        x_precision: As in `convergence_report`.
        y_precision: As in `convergence_report`.

    Returns:
        A row per problem and a column per algorithm: "0" for the fastest, equal ranks for equally
        fast ones; "failed" or "error"; and the column "dimensionality".
    """
    data = benchmark_results(problems, results)
    solved = precision(stopping_criterion, x_precision, y_precision)
    return _by_problem(data.rank_report(str(runtime_measure), solved))


def traceback_report(
    problems: Problems,
    results: Results,
    return_type: Literal["text", "markdown", "dict", "dataframe"] = "dataframe",
) -> list[str] | str | dict[tuple[str, str], str] | pd.DataFrame:
    """The errors of all runs that broke off.

    Args:
        problems: The problems.
        results: What `run_benchmark` returned for them.
        return_type: "text" for a list of texts, "markdown", "dict" for tracebacks by problem and
            algorithm, or "dataframe" with the index algorithm, problem.
    """
    if return_type not in _RETURN_TYPES:
        raise InvalidArgumentError(
            f"return_type must be one of {list(_RETURN_TYPES)}, not {return_type!r}."
        )
    data = benchmark_results(problems, results)
    table = data.traceback_report()
    rows = list(zip(table["algorithm"], table["problem"], table["traceback"], strict=True))
    if return_type == "text":
        return [f"{algorithm} on {problem}:\n{text}" for algorithm, problem, text in rows]
    if return_type == "markdown":
        return "\n".join(
            f"### {algorithm}: {problem}\n\n```python\n{text.rstrip()}\n```\n"
            for algorithm, problem, text in rows
        )
    if return_type == "dict":
        return {(problem, algorithm): text for algorithm, problem, text in rows}
    frame = pandas().DataFrame(table)
    frame["dimensionality"] = frame["dimensionality"].astype(int)
    return frame.set_index(["algorithm", "problem"])


def convergence_histories(
    problems: Problems,
    results: Results,
    *,
    stopping_criterion: Literal["x", "y", "x_and_y", "x_or_y"] = "y",
    x_precision: float = 1e-4,
    y_precision: float = 1e-4,
) -> pd.DataFrame:
    """All runs in one table, with a row per evaluation up to the one that solves the problem.

    Args:
        problems: The problems.
        results: What `run_benchmark` returned for them.
        stopping_criterion: As in `convergence_report`.
        x_precision: As in `convergence_report`.
        y_precision: As in `convergence_report`.

    Returns:
        The columns problem, algorithm, n_evaluations and n_batches (from 1), walltime, criterion and
        parameter_distance, the last two also "monotone" (the best so far) and "normalized" (as
        shares of the distance at the start).
    """
    data = benchmark_results(problems, results)
    columns = data.tidy(precision(stopping_criterion, x_precision, y_precision))
    frame = pandas().DataFrame(columns)
    counts = ["n_evaluations", "n_batches"]
    frame[counts] = frame[counts].astype(int)
    return frame


def _by_problem(table: dict[str, Any]) -> pd.DataFrame:
    frame = pandas().DataFrame(table).set_index("problem")
    frame["dimensionality"] = frame["dimensionality"].astype(int)
    return frame
