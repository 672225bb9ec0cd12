"""Golden traces of subplex, from NLopt's LN_SBPLX, with and without bounds.

Writes crates/thalweg-algorithms/tests/golden/subplex.json. Numbers are written as text, because JSON readers may round.

Run from the root of the repository with nlopt 2.11 installed: python scripts/reference/golden_subplex.py
"""

import json
import pathlib
from importlib.metadata import version

import nlopt
import numpy as np
from objectives import absolute, bard, brown_almost_linear, freudenstein_roth, powell_singular, rosenbrock, sphere

N_TRACED = 120  # evaluations of each run
INF = np.inf


def text(values):
    return [repr(float(value)) for value in values]


def case(function, x0, lower=None, upper=None):
    lower = [-INF] * len(x0) if lower is None else lower
    upper = [INF] * len(x0) if upper is None else upper
    points = []

    def traced(x, _):
        points.append([float(value) for value in x])
        return function(points[-1])

    optimizer = nlopt.opt(nlopt.LN_SBPLX, len(x0))
    optimizer.set_min_objective(traced)
    optimizer.set_lower_bounds(lower)
    optimizer.set_upper_bounds(upper)
    optimizer.set_maxeval(N_TRACED)
    optimizer.optimize(x0)
    return {
        "function": function.__name__,
        "x0": text(x0),
        "lower": text(lower),
        "upper": text(upper),
        "trace": [text(x) for x in points],
    }


CASES = [
    case(rosenbrock, [-1.2, 1]),
    case(rosenbrock, [-1.2, 1, 0.3, 2, -0.5]),
    case(powell_singular, [3, -1, 0, 1]),
    case(freudenstein_roth, [0.5, -2]),
    case(brown_almost_linear, [0.5] * 10),
    case(absolute, [1.0, -2.0, 0.25, 3.0, 1.0, 1.0, -7.0]),
    case(sphere, [3], [1], [8]),
    case(bard, [1, 1, 1], [0.5, -INF, 0.9], [2, 1.5, INF]),
    case(rosenbrock, [-1.2, 1, 0.3], [-1.2, -1, -0.1], [0.9, 1.01, 0.4]),
    case(powell_singular, [3, -1, 0, 1], [1, -INF, 0, -5], [INF, 0.5, 5, 1]),
]

target = pathlib.Path("crates/thalweg-algorithms/tests/golden/subplex.json")
lines = ",\n".join(json.dumps(record) for record in CASES)
target.write_text(f'{{"nlopt": "{version("nlopt")}", "cases": [\n{lines}\n]}}\n')
for record in CASES:
    print(record["function"], record["x0"], len(record["trace"]))
