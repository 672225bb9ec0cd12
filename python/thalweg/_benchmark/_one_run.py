"""One run through `minimize`: where the algorithm or the problem is the user's own."""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray

from thalweg._benchmark._data import noise_free_fun, scalar_value
from thalweg._thalweg import Tree

_FEASIBILITY = 1e-6
"""By as much may a point violate a constraint and still count."""

_JAC = 1
"""The code of a derivative alone among the tasks of a history."""


class Job:
    """What one run needs; it travels to processes."""

    def __init__(self, problem: dict[str, Any], entrant: Any) -> None:
        inputs = dict(problem["inputs"])
        if "fun" in inputs:
            inputs.pop("criterion", None)  # the same function by its name of 2022
        self.arguments = {**inputs, **entrant.arguments}
        self.arguments["algorithm"] = entrant.algorithm
        self.arguments["algo_options"] = entrant.options or None
        if inputs.get("constraints") and entrant.native and not entrant.keeps_constraints:
            self.arguments.setdefault("constraint_handling", "augmented_lagrangian")
        self.has_constraints = bool(inputs.get("constraints"))
        self.noise_free_fun = noise_free_fun(problem)
        self.noisy = bool(problem.get("noisy", False))
        self.optimum = float(problem["solution"]["value"])


def run_job(job: Job) -> dict[str, Any]:
    """Run one algorithm on one problem.

    Returns:
        The entry of the results.
    """
    from thalweg._minimize import minimize

    result = minimize(**job.arguments)
    history = result.history
    if history is None:
        raise ValueError(
            f"{result.algorithm} keeps no history of its evaluations (disable_history), so there "
            "is nothing to compare."
        )
    result._history, result._recorded = None, None
    table = history._table()
    params = table.params
    kept = _counted(table.task, params)
    params, criterion = params[kept], table.fun[kept]
    unknown = np.isnan(criterion)
    if job.noise_free_fun is not None and (job.noisy or unknown.any()):
        rows = range(len(params)) if job.noisy else np.flatnonzero(unknown)
        criterion = criterion.copy()
        tree = Tree(result.start_params)
        for row in rows:
            criterion[row] = scalar_value(job.noise_free_fun(tree.unflatten(params[row])))
    if job.has_constraints:
        criterion = np.where(_feasible(job, result, params), criterion, np.inf)
    if np.isfinite(job.optimum):
        criterion = np.where(criterion < job.optimum, job.optimum, criterion)
    return {
        "params_history": params,
        "criterion_history": criterion,
        "time_history": table.stop_time[kept] - table.start_time[:1],
        "batches_history": table.batches[kept],
        "solution": result,
    }


def _counted(task: NDArray[np.uint8], params: NDArray[np.float64]) -> NDArray[np.intp]:
    """The rows that count: not a derivative alone at a point that was evaluated before."""
    is_counted = task != _JAC
    for row in np.flatnonzero(~is_counted):
        earlier = params[:row][is_counted[:row]]
        is_counted[row] = not np.any(np.all(earlier == params[row], axis=1))
    return np.flatnonzero(is_counted)


def _feasible(job: Job, result: Any, params: NDArray[np.float64]) -> NDArray[np.bool_]:
    """Whether each point keeps all nonlinear constraints; the others are kept at every evaluation."""
    from thalweg._nonlinear import NonlinearConstraint, _flatten

    tree = Tree(result.start_params)
    given = job.arguments["constraints"]
    feasible = np.ones(len(params), dtype=bool)
    for index, constraint in enumerate(given if isinstance(given, (list, tuple)) else [given]):
        is_dict = isinstance(constraint, dict) and constraint.get("type") == "nonlinear"
        if not (is_dict or isinstance(constraint, NonlinearConstraint)):
            continue
        flat = _flatten(constraint, index, result.start_params, tree)
        for row, x in enumerate(params):
            argument = x[flat["positions"]] if flat["takes_array"] else tree.unflatten(x)
            for step in flat["steps"]:
                argument = step(argument)
            values = Tree(flat["func"](argument)).start
            is_low = np.any(values < flat["lower"] - _FEASIBILITY)
            feasible[row] &= not (is_low or np.any(values > flat["upper"] + _FEASIBILITY))
    return feasible
