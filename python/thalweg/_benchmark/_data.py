"""From dicts of problems and results to what the core reports on."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import numpy as np

from thalweg._function_value import LikelihoodFunctionValue
from thalweg._thalweg import BenchmarkResults, Tree
from thalweg.exceptions import InvalidArgumentError, NotInstalledError
from thalweg.utilities import propose_alternatives

_PROBLEM = ("inputs", "solution")
_RESULT = ("params_history", "criterion_history", "time_history", "batches_history", "solution")
"""The keys that are needed."""


def check_problems(problems: Any) -> None:
    """Whether `problems` is what `get_benchmark_problems` returns, or something of the same structure.

    Raises:
        InvalidArgumentError: It is not; the message says what is missing.
    """
    if not isinstance(problems, Mapping):
        raise InvalidArgumentError(
            "problems must be a dictionary of problems, as get_benchmark_problems returns it, not "
            f"{_shown(problems)}."
        )
    if not problems:
        raise InvalidArgumentError("problems is empty: there is nothing to run or to report.")
    for name, problem in problems.items():
        where = f"problems[{name!r}]"
        _check_keys(where, problem, _PROBLEM)
        if "start_criterion" not in problem:
            _refuse_near_miss(where, problem, "start_criterion", ("inputs", "solution", "info"))
        _check_keys(f"{where}['solution']", problem["solution"], ("params", "value"))
        _check_keys(f"{where}['inputs']", problem["inputs"], ("params",))
        if problem["inputs"].get("fun") is None and problem["inputs"].get("criterion") is None:
            raise InvalidArgumentError(f"{where}['inputs'] has no 'fun'.")


def benchmark_results(problems: Any, results: Any) -> BenchmarkResults:
    """Problems and results for the core.

    Raises:
        InvalidArgumentError: They are not what they should be, or do not belong together.
    """
    check_problems(problems)
    if not isinstance(results, Mapping):
        raise InvalidArgumentError(
            "results must be a dictionary, as run_benchmark returns it, not "
            f"{_shown(results)}."
        )
    runs = []
    for key, result in results.items():
        if not (isinstance(key, tuple) and len(key) == 2):
            raise InvalidArgumentError(
                f"the keys of results must be pairs of a problem and an algorithm, not {key!r}."
            )
        _check_keys(f"results[{key!r}]", result, _RESULT)
        failure = result["solution"]
        runs.append(
            (
                str(key[0]),
                str(key[1]),
                np.array(result["params_history"], dtype=float, ndmin=2),
                np.asarray(result["criterion_history"], dtype=float),
                np.asarray(result["time_history"], dtype=float),
                np.asarray(result["batches_history"], dtype=float),
                failure if isinstance(failure, str) else None,
            )
        )
    targets = [_target(name, problem) for name, problem in problems.items()]
    return BenchmarkResults(targets, runs)


def _target(name: str, problem: Mapping[str, Any]) -> tuple[Any, ...]:
    tree = Tree(problem["inputs"]["params"])
    solution = problem["solution"]
    value = np.nan if solution["value"] is None else float(solution["value"])
    params = None
    if solution["params"] is not None:
        flat = tree.flatten(solution["params"])
        params = None if np.isnan(flat).any() else flat
    return str(name), tree.start, start_criterion(problem), value, params


def noise_free_fun(problem: Mapping[str, Any]) -> Any:
    """The objective of a problem without noise, if it has one of its own; also by its name of 2022."""
    return problem.get("noise_free_fun") or problem.get("noise_free_criterion")


def start_criterion(problem: Mapping[str, Any]) -> float:
    """The objective of a problem at its start; evaluated where the problem does not say it.

    NaN where it cannot be evaluated.
    """
    if "start_criterion" in problem:
        return float(problem["start_criterion"])
    inputs = problem["inputs"]
    fun = noise_free_fun(problem) or inputs.get("fun") or inputs["criterion"]
    tree = Tree(inputs["params"])
    try:
        return scalar_value(fun(tree.unflatten(tree.start)))
    except Exception:
        return float("nan")  # its runs fail, too, and say why


def scalar_value(returned: Any) -> float:
    """The value of an objective: residuals are summed up in squares, contributions as they are.

    Dicts may be those of 2022.
    """
    if isinstance(returned, dict) and "value" in returned:
        return float(returned["value"])
    is_likelihood = isinstance(returned, LikelihoodFunctionValue)
    returned = getattr(returned, "value", returned)
    if isinstance(returned, dict) and "contributions" in returned:
        returned, is_likelihood = returned["contributions"], True
    elif isinstance(returned, dict) and "root_contributions" in returned:
        returned = returned["root_contributions"]
    if np.ndim(returned) == 0 and not isinstance(returned, dict):
        return float(returned)
    numbers = np.asarray(returned if np.ndim(returned) == 1 else Tree(returned).start, dtype=float)
    return float(numbers.sum() if is_likelihood else numbers @ numbers)


def precision(stopping_criterion: Any, x_precision: Any, y_precision: Any) -> tuple[str, Any, Any]:
    """When a problem counts as solved, for the core.

    Raises:
        InvalidArgumentError: `stopping_criterion` is None.
    """
    if stopping_criterion is None:
        raise InvalidArgumentError(
            "stopping_criterion is None, but has to be one of ['x', 'y', 'x_and_y', 'x_or_y']: it "
            "says when a problem counts as solved."
        )
    return str(stopping_criterion), x_precision, y_precision


def pandas() -> Any:
    """The package pandas.

    Raises:
        NotInstalledError: It is not installed.
    """
    try:
        import pandas as pd
    except ImportError:
        raise NotInstalledError(
            "Reports of benchmarks are DataFrames and need the package pandas: pip install pandas."
        ) from None
    return pd


def _check_keys(where: str, given: Any, needed: tuple[str, ...]) -> None:
    if not isinstance(given, Mapping):
        raise InvalidArgumentError(f"{where} must be a dictionary, not {_shown(given)}.")
    for key in needed:
        if key in given:
            continue
        _refuse_near_miss(where, given, key, needed)
        raise InvalidArgumentError(f"{where} has no key {key!r}.")


def _refuse_near_miss(where: str, given: Any, key: str, known: tuple[str, ...]) -> None:
    unknown = [other for other in given if other not in known]
    near = propose_alternatives(key, map(str, unknown), 1)
    if near and _is_near(key, near[0]):
        raise InvalidArgumentError(
            f"{where} has no key {key!r}. Is {near[0]!r} meant to be it?"
        )


def _is_near(word: str, other: str) -> bool:
    from difflib import SequenceMatcher

    return SequenceMatcher(None, word, other).ratio() > 0.7


def _shown(value: Any) -> str:
    return f"of type {type(value).__name__}"
