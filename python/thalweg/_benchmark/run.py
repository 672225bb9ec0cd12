"""Runs of algorithms on benchmark problems."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import TYPE_CHECKING, Any, Literal

import numpy as np

from thalweg import _thalweg
from thalweg._benchmark._data import check_problems, noise_free_fun, start_criterion
from thalweg._benchmark._entrants import Entrant, entrants, general_options
from thalweg._benchmark._one_run import Job, run_job
from thalweg._benchmark._progress import progress_bar
from thalweg._benchmark.problems import Rows
from thalweg._benchmark.results import BenchmarkResults
from thalweg._thalweg import BenchmarkFunction
from thalweg.exceptions import InvalidArgumentError, get_traceback

if TYPE_CHECKING:
    from thalweg.typing import BatchEvaluator, ErrorHandling

    Results = dict[tuple[str, str], dict[str, Any]]


def run_benchmark(
    problems: dict[str, dict[str, Any]],
    optimize_options: Sequence[Any] | Mapping[str, Any],
    *,
    batch_evaluator: str | BatchEvaluator | Any = "joblib",
    n_cores: int = 1,
    error_handling: ErrorHandling | Literal["raise", "continue"] = "continue",
    max_criterion_evaluations: int | None = 1000,
    disable_convergence: bool = True,
    max_seconds: float | None = None,
    progress: bool = False,
) -> BenchmarkResults:
    """Run every algorithm on every problem.

    Runs of algorithms and on problems of this package are native and use threads; others go through
    `minimize`, in processes of the batch evaluator. Results depend neither on that nor on the number
    of cores.

    >>> import thalweg as om
    >>> problems = om.get_benchmark_problems("example")
    >>> results = om.run_benchmark(problems, ["scipy_lbfgsb", "scipy_neldermead"])
    >>> len(results)
    20

    Args:
        problems: Problems by name, from `get_benchmark_problems` or dicts of the same structure.
        optimize_options: A list of algorithms (names, classes, instances), or a dict of labels and
            algorithms or dicts of arguments of `minimize`.
        batch_evaluator: Who runs what is not native: a name, an executor or a function.
        n_cores: The number of runs at the same time.
        error_handling: "continue" keeps the traceback of a run that fails in the place of its
            solution; "raise" raises.
        max_criterion_evaluations: The largest number of evaluations of each run; None leaves it to
            the algorithms.
        disable_convergence: Whether to tighten relative tolerances to 1e-14, so that runs go on
            until the budget is spent. Options of the user win.
        max_seconds: The largest number of seconds of each run. Results then depend on the machine.
        progress: Whether to show how many runs are done.

    Returns:
        By problem and label (a dict that has `to_json` and `to_pickle`), dicts with

        * params_history: the params of every evaluation, an array of shape (k, n);
        * criterion_history: the objective without noise, never below that of the solution;
        * time_history: when each evaluation ended, in seconds since the first one began;
        * batches_history: the batch of each evaluation;
        * solution: the result without its history, or the traceback of a run that failed.

    Raises:
        InvalidArgumentError: An argument cannot be used.
        InvalidAlgorithmError: There is no such algorithm.
        InvalidAlgoOptionError: An algorithm has no such option, or a value is out of its range.
    """
    check_problems(problems)
    mode = _mode(error_handling)
    n_cores = _whole("n_cores", n_cores)
    if max_criterion_evaluations is not None:
        max_criterion_evaluations = _whole("max_criterion_evaluations", max_criterion_evaluations)
    if max_seconds is not None and not (_is_number(max_seconds) and max_seconds > 0):
        raise InvalidArgumentError(
            f"max_seconds must be a positive number or None, not {max_seconds!r}."
        )
    general = general_options(max_criterion_evaluations, max_seconds, bool(disable_convergence))
    all_entrants = entrants(optimize_options, general)

    fast = [e for e in all_entrants if e.native and not e.arguments]
    native = {name for name, problem in problems.items() if fast and _is_native(problem)}
    fast_labels = {entrant.label for entrant in fast}
    pairs = [(name, entrant) for name in problems for entrant in all_entrants]
    slow = [pair for pair in pairs if not (pair[0] in native and pair[1].label in fast_labels)]

    done: Results = {}
    with progress_bar(progress, len(pairs)) as show:
        if native:
            of_set = {name: problem for name, problem in problems.items() if name in native}
            done |= _run_native(of_set, fast, n_cores, mode, show)
        before = len(done)
        done |= _run_others(
            problems, slow, batch_evaluator, n_cores, mode, show and _shifted(show, before)
        )
    return BenchmarkResults(
        {(name, entrant.label): done[name, entrant.label] for name, entrant in pairs}
    )


def _is_native(problem: dict[str, Any]) -> bool:
    """Whether a problem is one of ours, with nothing changed but start and solution."""
    inputs = dict(problem["inputs"])
    fun = inputs.pop("fun", None)
    if not isinstance(fun, BenchmarkFunction) or fun.role != "fun":
        return False
    params = inputs.pop("params")
    if not (isinstance(params, np.ndarray) and params.ndim == 1):
        return False
    own: list[Any] = [fun]
    if not problem["noisy"]:
        own.append(inputs.pop("jac", None))
    if isinstance(inputs.get("constraints"), list):
        for constraint in inputs.pop("constraints"):
            own += [_whole_function(constraint.func), _whole_function(constraint.derivative)]
    if inputs.get("bounds") is not None:
        lower, upper = fun.bounds
        bounds = inputs.pop("bounds")
        if not (_same(bounds.lower, lower) and _same(bounds.upper, upper)):
            return False
    own += [inputs.pop("criterion", fun), noise_free_fun(problem)]
    is_ours = all(isinstance(part, BenchmarkFunction) and fun.belongs_to(part) for part in own)
    return is_ours and not inputs and fun.n_parts == len(_parts(problem["inputs"]))


def _parts(inputs: dict[str, Any]) -> set[str]:
    return {"bounds", "constraints"} & {name for name, value in inputs.items() if value is not None}


def _whole_function(function: Any) -> Any:
    return function.function if isinstance(function, Rows) else function


def _same(given: Any, own: Any) -> bool:
    if given is None or own is None:
        return given is own
    return bool(np.array_equal(given, own))


def _run_native(
    problems: dict[str, dict[str, Any]],
    fast: list[Entrant],
    n_cores: int,
    mode: str,
    show: Callable[[int, int], None] | None,
) -> Results:
    from thalweg._result import OptimizeResult

    columns = _thalweg.run_benchmark(
        [_native_problem(name, problem) for name, problem in problems.items()],
        [(entrant.label, *entrant.native) for entrant in fast if entrant.native],
        n_threads=n_cores,
        raise_errors=mode == "raise",
        progress=show,
    )
    pairs = [(name, entrant) for name in problems for entrant in fast]
    results: Results = {}
    for (name, entrant), run in zip(pairs, columns, strict=True):
        solution: Any = run["failure"]
        if solution is None:
            start = problems[name]["inputs"]["params"]
            algorithm = entrant.native[0] if entrant.native else entrant.label
            solution = OptimizeResult._from_run(
                run["raw"], "minimize", algorithm, start, run["tree"]
            )
        results[name, entrant.label] = {
            "params_history": run["params"],
            "criterion_history": run["criterion"],
            "time_history": run["seconds"],
            "batches_history": run["batches"],
            "solution": solution,
        }
    return results


def _native_problem(name: str, problem: dict[str, Any]) -> tuple[Any, ...]:
    solution = problem["solution"]
    value = float(solution["value"])
    params = np.asarray(solution["params"], dtype=float)
    return (
        name,
        problem["inputs"]["fun"],
        np.asarray(problem["inputs"]["params"], dtype=float),
        start_criterion(problem),
        None if np.isnan(value) else value,
        None if np.isnan(params).any() else params,
    )


def _run_others(
    problems: dict[str, dict[str, Any]],
    pairs: list[tuple[str, Entrant]],
    batch_evaluator: Any,
    n_cores: int,
    mode: str,
    show: Callable[[int, int], None] | None,
) -> Results:
    from thalweg.batch_evaluators import process_batch_evaluator

    if not pairs:
        process_batch_evaluator(batch_evaluator)  # is it one?
        return {}
    evaluate = process_batch_evaluator(batch_evaluator)
    jobs = [Job(problems[name], entrant) for name, entrant in pairs]
    function = run_job if mode == "raise" else _run_or_traceback
    # With a bar, runs are handed out in parts, so that there is something to show.
    size = len(jobs) if show is None else max(1, 4 * n_cores if n_cores > 1 else 1)
    outcomes: list[Any] = []
    for begin in range(0, len(jobs), size):
        part = jobs[begin : begin + size]
        outcomes += evaluate(function, part, n_cores=n_cores, error_handling="raise")
        if show is not None:
            show(len(outcomes), len(jobs))
    results: Results = {}
    for (name, entrant), outcome in zip(pairs, outcomes, strict=True):
        failed = isinstance(outcome, str)
        results[name, entrant.label] = _failed(problems[name], outcome) if failed else outcome
    return results


def _run_or_traceback(job: Job) -> dict[str, Any] | str:
    try:
        return run_job(job)
    except Exception:
        return get_traceback()


def _failed(problem: dict[str, Any], traceback: str) -> dict[str, Any]:
    """The entry of a run that failed: its start, reached never."""
    from thalweg._thalweg import Tree

    return {
        "params_history": Tree(problem["inputs"]["params"]).start.reshape(1, -1),
        "criterion_history": np.array([start_criterion(problem)]),
        "time_history": np.array([np.inf]),
        "batches_history": np.array([0]),
        "solution": traceback,
    }


def _shifted(show: Callable[[int, int], None], by: int) -> Callable[[int, int], None]:
    return lambda done, all_of_them: show(done + by, all_of_them + by)


def _mode(error_handling: Any) -> str:
    mode = getattr(error_handling, "value", error_handling)
    if mode not in ("raise", "raise_strict", "continue"):
        raise InvalidArgumentError(
            f"error_handling must be 'raise' or 'continue', not {error_handling!r}."
        )
    return "continue" if mode == "continue" else "raise"


def _whole(name: str, value: Any) -> int:
    is_whole = hasattr(value, "__index__") and not isinstance(value, bool)
    if not is_whole and isinstance(value, float) and value == int(value):
        is_whole = True  # 1e3
    if not is_whole or int(value) < 1:
        none = " or None" if name.startswith("max") else ""
        raise InvalidArgumentError(
            f"{name} must be a whole number of at least 1{none}, not {value!r}."
        )
    return int(value)


def _is_number(value: Any) -> bool:
    return isinstance(value, (int, float, np.integer, np.floating)) and not isinstance(value, bool)
