"""Sets of benchmark problems, as dicts."""

from __future__ import annotations

from collections.abc import Iterable
from typing import TYPE_CHECKING, Any

import numpy as np

from thalweg import _thalweg
from thalweg.exceptions import InvalidArgumentError
from thalweg.utilities import propose_alternatives

if TYPE_CHECKING:
    from thalweg._thalweg import BenchmarkFunction

    Problem = dict[str, Any]

_NOISE = ("distribution", "std", "mean", "correlation")
_OPTIONS = {
    "additive_noise_options": _NOISE,
    "multiplicative_noise_options": (*_NOISE, "clipping_value"),
    "scaling_options": ("min_scale", "max_scale"),
}
"""The names of the options in each of these dicts."""


def get_benchmark_problems(
    name: str,
    *,
    additive_noise: bool = False,
    additive_noise_options: dict[str, Any] | None = None,
    multiplicative_noise: bool = False,
    multiplicative_noise_options: dict[str, Any] | None = None,
    scaling: bool = False,
    scaling_options: dict[str, Any] | None = None,
    seed: int | np.random.Generator | None = None,
    exclude: str | Iterable[str] | None = None,
) -> dict[str, Problem]:
    """The problems of a benchmark set, with noise and bad scaling if asked for.

    >>> import thalweg as om
    >>> problems = om.get_benchmark_problems("example")
    >>> rosenbrock = problems["rosenbrock_good_start"]
    >>> rosenbrock["inputs"]["fun"](rosenbrock["inputs"]["params"])
    array([-4.4,  2.2])

    Args:
        name: The set, for instance "more_wild", "example" or "estimagic".
        additive_noise: Whether to add noise to the residuals.
        additive_noise_options: Its "distribution" ("normal", "gumbel", "uniform", "logistic",
            "laplace"), "std" (0.01), "mean" (0) and "correlation" (0) between the residuals of one
            evaluation.
        multiplicative_noise: Whether to add noise in proportion to the residuals.
        multiplicative_noise_options: The same options, and the "clipping_value" (1): the smallest
            size of a residual that counts.
        scaling: Whether algorithms see parameters times factors that rise from the first to the
            last.
        scaling_options: The factors "min_scale" (0.1) and "max_scale" (10).
        seed: Of the noise, which is a function of the seed, the problem and the params: the same on
            any number of threads and processes.
        exclude: Names of problems to leave out.

    Returns:
        The problems by name. Each is a dict with

        * inputs: "fun" (also as "criterion", its name of 2022), "params" and, without noise, the
          exact derivative "jac"; where a problem has them, "bounds" and "constraints";
        * noise_free_fun: the same function without noise;
        * solution: "params" (NaN where unknown) and "value";
        * start_criterion: the value at the start; noisy; info.

    Raises:
        InvalidArgumentError: There is no such set, no such problem or no such option, or a value is
            out of its range.
    """
    options = _all_options(
        (additive_noise, additive_noise_options),
        (multiplicative_noise, multiplicative_noise_options),
        (scaling, scaling_options),
        seed,
    )
    options["exclude"] = _names(exclude)
    if not isinstance(name, str):
        raise InvalidArgumentError(
            f"name must be one of {_thalweg.benchmark_sets()}, not {name!r}."
        )
    parts = _thalweg.benchmark_problems(name, options)
    return {part["name"]: _problem(part) for part in parts}


def get_scalable_problems(
    name: str,
    n: int | Iterable[int],
    *,
    additive_noise: bool = False,
    additive_noise_options: dict[str, Any] | None = None,
    multiplicative_noise: bool = False,
    multiplicative_noise_options: dict[str, Any] | None = None,
    scaling: bool = False,
    scaling_options: dict[str, Any] | None = None,
    seed: int | np.random.Generator | None = None,
) -> dict[str, Problem]:
    """A problem of the sets at sizes of your own.

    >>> import thalweg as om
    >>> list(om.get_scalable_problems("chebyquad", [20, 50]))
    ['chebyquad_20', 'chebyquad_50']

    Args:
        name: The problem without a size, for instance "chebyquad" or "broydn_3d".
        n: The number of parameters, or several of them.
        additive_noise: As in `get_benchmark_problems`, like all that follow.
        additive_noise_options: As there.
        multiplicative_noise: As there.
        multiplicative_noise_options: As there.
        scaling: As there.
        scaling_options: As there.
        seed: As there.

    Returns:
        The problems by name, in the form of `get_benchmark_problems`.

    Raises:
        InvalidArgumentError: There is no such problem, or not at this size.
    """
    options = _all_options(
        (additive_noise, additive_noise_options),
        (multiplicative_noise, multiplicative_noise_options),
        (scaling, scaling_options),
        seed,
    )
    options["exclude"] = []
    if not isinstance(name, str):
        raise InvalidArgumentError(
            f"name must be one of {_thalweg.scalable_names()}, not {name!r}."
        )
    problems = {}
    for size in n if isinstance(n, Iterable) else [n]:
        if not hasattr(size, "__index__") or isinstance(size, bool) or size < 1:
            raise InvalidArgumentError(
                f"n must be a whole number of at least 1, or several of them, not {n!r}."
            )
        for part in _thalweg.benchmark_problems(f"scalable:{int(size)}:{name}", options):
            problems[part["name"]] = _problem(part)
    return problems


def _all_options(additive: Any, multiplicative: Any, scaling: Any, seed: Any) -> dict[str, Any]:
    """What is done to problems, for the core; each argument is whether, and the options."""
    return {
        "additive_noise": _options("additive_noise_options", additive[1], additive[0]),
        "multiplicative_noise": _options(
            "multiplicative_noise_options", multiplicative[1], multiplicative[0]
        ),
        "scaling": _options("scaling_options", scaling[1], scaling[0]),
        "seed": _seed(seed) if additive[0] or multiplicative[0] else 0,
    }


def _problem(part: dict[str, Any]) -> Problem:
    params = part["params"]
    inputs = {"fun": part["fun"], "params": params, "criterion": part["fun"]}
    if not part["noisy"]:
        inputs["jac"] = part["jac"]
    if part["lower"] is not None or part["upper"] is not None:
        from thalweg._bounds import Bounds

        inputs["bounds"] = Bounds(lower=part["lower"], upper=part["upper"])
    if "constraints" in part:
        inputs["constraints"] = _constraints(part)
    solution, value = part["solution_params"], part["solution_value"]
    return {
        "inputs": inputs,
        "noise_free_fun": part["noise_free_fun"],
        "solution": {
            "params": np.full(len(params), np.nan) if solution is None else solution,
            "value": np.nan if value is None else value,
        },
        "noisy": part["noisy"],
        "info": {},
        "start_criterion": part["start_value"],
    }


def _constraints(part: dict[str, Any]) -> list[Any]:
    """One constraint for the rows with limits, and one for the equations."""
    from thalweg._nonlinear import NonlinearConstraint

    lower, upper = part["constraints_lower"], part["constraints_upper"]
    is_equation = lower == upper
    constraints = []
    for rows in (np.flatnonzero(is_equation), np.flatnonzero(~is_equation)):
        if len(rows) == 0:
            continue
        limits: dict[str, Any] = (
            {"value": lower[rows]}
            if is_equation[rows[0]]
            else {"lower_bound": lower[rows], "upper_bound": upper[rows]}
        )
        func = Rows(part["constraints"], rows.tolist())
        derivative = Rows(part["constraints_jac"], rows.tolist())
        constraints.append(NonlinearConstraint(func=func, derivative=derivative, **limits))
    return constraints


class Rows:
    """Some rows of what a function returns."""

    def __init__(self, function: BenchmarkFunction, rows: list[int]) -> None:
        self.function, self.rows = function, rows

    def __call__(self, params: Any) -> Any:
        """The rows at these params."""
        return self.function(params)[self.rows]


def _options(argument: str, given: Any, is_used: bool) -> dict[str, Any] | None:
    """The options of one kind; None where it is not used."""
    if not isinstance(given, (dict, type(None))):
        raise InvalidArgumentError(f"{argument} must be a dictionary or None, not {given!r}.")
    known = _OPTIONS[argument]
    for key, value in (given or {}).items():
        if key not in known:
            raise InvalidArgumentError(
                f"{argument} has no key {key!r}. Did you mean {propose_alternatives(str(key), known)}?"
            )
        if not (isinstance(value, str) if key == "distribution" else _is_number(value)):
            what = "a string" if key == "distribution" else "a number"
            raise InvalidArgumentError(f"{argument}[{key!r}] must be {what}, not {value!r}.")
    if is_used:
        return dict(given or {})
    if given:
        from thalweg._warnings import warn_user

        kind = argument.removesuffix("_options")
        warn_user(f"{argument} has no effect because {kind} is False.")
    return None


def _is_number(value: Any) -> bool:
    return isinstance(value, (int, float, np.integer, np.floating)) and not isinstance(value, bool)


def _seed(seed: Any) -> int:
    from thalweg.utilities import get_rng

    if isinstance(seed, (int, np.integer)) and not isinstance(seed, bool):
        if seed < 0:
            raise InvalidArgumentError(f"seed must not be negative, but is {seed}.")
        return int(seed) % 2**64
    return int(get_rng(seed).integers(2**63))


def _names(exclude: Any) -> list[str]:
    names = [exclude] if isinstance(exclude, str) else list(exclude or [])
    if not all(isinstance(name, str) for name in names):
        raise InvalidArgumentError(f"exclude must be names of problems, not {exclude!r}.")
    return names
