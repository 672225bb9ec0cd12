"""Golden traces of cobyla, from scipy's COBYLA and NLopt's LN_COBYLA: without limits, with bounds, with constraints.

Writes crates/thalweg-algorithms/tests/golden/cobyla.json. Numbers are written as text, because JSON readers may round.

Run from the root of the repository with scipy 1.17 and nlopt 2.11 installed: python scripts/reference/golden_cobyla.py
"""

import contextlib
import json
import pathlib
from importlib.metadata import version

import nlopt
import numpy as np
from objectives import absolute, bard, brown_almost_linear, freudenstein_roth, powell_singular, rosenbrock, sphere
from scipy.optimize import Bounds, NonlinearConstraint, minimize

N_TRACED = 60  # evaluations of each run
INF = np.inf


class Enough(BaseException):
    """Raised out of an evaluation after the last one. No Exception: the libraries would swallow it."""


def text(values):
    return [repr(float(value)) for value in values]


def disc(x):
    """Within a circle of radius 2 around the origin, and to the right of a parabola."""
    return [4.0 - (x[0] * x[0] + x[1] * x[1]), x[0] - x[1] * x[1]]


def parabola(x):
    """On a parabola."""
    return [10.0 * (x[1] - x[0] * x[0])]


CONSTRAINTS = {"disc": (disc, [0.0, 0.0], [INF, INF]), "parabola": (parabola, [0.0], [0.0])}


def with_scipy(function, x0, lower, upper, constraints):
    limited = [] if constraints is None else [NonlinearConstraint(*CONSTRAINTS[constraints])]
    bounded = np.isfinite([*lower, *upper]).any()
    minimize(
        function,
        x0,
        method="COBYLA",
        bounds=Bounds(lower, upper) if bounded else None,
        constraints=limited,
        tol=1e-10,
        options={"rhobeg": 0.1 * max(np.abs(x0).max(), 1.0), "maxiter": 10**6},
    )


def with_nlopt(function, x0, lower, upper, constraints):
    optimizer = nlopt.opt(nlopt.LN_COBYLA, len(x0))
    optimizer.set_min_objective(lambda x, _: function(x))
    optimizer.set_lower_bounds(lower)
    optimizer.set_upper_bounds(upper)
    if constraints is not None:
        values, low, high = CONSTRAINTS[constraints]
        tolerances = [1e-8] * len(low)

        def negative(result, x, _):
            result[:] = [limit - value for value, limit in zip(values(x), low, strict=True)]

        add = optimizer.add_equality_mconstraint if low == high else optimizer.add_inequality_mconstraint
        add(negative, tolerances)
    optimizer.optimize(x0)


def case(run, function, x0, lower=None, upper=None, constraints=None):
    lower = [-INF] * len(x0) if lower is None else lower
    upper = [INF] * len(x0) if upper is None else upper
    points = []

    def traced(x):
        if len(points) == N_TRACED:
            raise Enough
        points.append([float(value) for value in x])
        return function(points[-1])

    with contextlib.suppress(Enough):
        run(traced, np.array(x0, dtype=float), lower, upper, constraints)
    return {
        "reference": run.__name__.removeprefix("with_"),
        "function": function.__name__,
        "constraints": constraints or "none",
        "x0": text(x0),
        "lower": text(lower),
        "upper": text(upper),
        "trace": [text(x) for x in points],
    }


CASES = [
    case(run, *arguments)
    for run in (with_scipy, with_nlopt)
    for arguments in (
        (rosenbrock, [-1.2, 1]),
        (rosenbrock, [-1.2, 1, 0.3, 2, -0.5]),
        (powell_singular, [3, -1, 0, 1]),
        (bard, [1, 1, 1]),
        (brown_almost_linear, [0.5] * 10),
        (absolute, [1.0, -2.0, 0.25, 3.0]),
        (freudenstein_roth, [5, -20]),
        (sphere, [3, 2], [1, -1], [8, 5]),
        (rosenbrock, [-1.2, 1], None, None, "disc"),
        (rosenbrock, [-1.2, 1], None, None, "parabola"),
        (sphere, [3, 2], None, None, "disc"),
    )
]

target = pathlib.Path("crates/thalweg-algorithms/tests/golden/cobyla.json")
lines = ",\n".join(json.dumps(record) for record in CASES)
target.write_text(f'{{"scipy": "{version("scipy")}", "nlopt": "{version("nlopt")}", "cases": [\n{lines}\n]}}\n')
for record in CASES:
    print(record["reference"], record["function"], record["constraints"], record["x0"], len(record["trace"]))
