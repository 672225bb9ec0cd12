"""Golden traces of Powell's direction set method, from scipy's minimize(method="Powell").

Writes crates/thalweg-algorithms/tests/golden/powell.json. Points that were asked for before are left out of the traces: scipy asks
again for the start of every line search. Numbers are written as text, because JSON readers may round.

Run from the root of the repository with scipy 1.17.1 installed: python scripts/reference/golden_powell.py
"""

import json
import pathlib

import numpy as np
import scipy
from objectives import absolute, bard, brown_almost_linear, dict_sphere, freudenstein_roth, powell_singular, rosenbrock, sphere
from scipy.optimize import Bounds, minimize

N_TRACED = 80  # different points kept of each run, beside its counts and its end
INF = float("inf")


def text(values):
    return [repr(float(value)) for value in values]


def case(function, x0, lower=None, upper=None, xtol=1e-5, ftol=2e-9):
    n = len(x0)
    lower = [-INF] * n if lower is None else lower
    upper = [INF] * n if upper is None else upper
    points = []

    def objective(x):
        x = [float(value) for value in np.asarray(x)]
        if x not in points:
            points.append(x)
        return function(x)

    bounds = Bounds(lower, upper) if any(np.isfinite(lower + upper)) else None
    options = {"xtol": xtol, "ftol": ftol, "maxiter": 10**6, "maxfev": 10**6}
    result = minimize(objective, np.array(x0, dtype=float), method="Powell", bounds=bounds, options=options)
    return {
        "function": function.__name__,
        "x0": text(x0),
        "lower": text(lower),
        "upper": text(upper),
        "xtol": repr(xtol),
        "ftol": repr(ftol),
        "n_points": len(points),
        "nit": int(result.nit),
        "x": text(result.x),
        "fun": repr(float(result.fun)),
        "trace": [text(x) for x in points[:N_TRACED]],
    }


CASES = [
    case(dict_sphere, [0, 1, 2, 3, 4]),
    case(sphere, [3]),
    case(rosenbrock, [-1.2, 1]),
    case(rosenbrock, [-1.2, 1, -1.2, 1], xtol=1e-3),
    case(powell_singular, [3, -1, 0, 1]),
    case(freudenstein_roth, [0.5, -2]),
    case(bard, [1, 1, 1]),
    case(brown_almost_linear, [0.5] * 5),
    case(absolute, [1.0, -2.0, 0.25]),
    case(sphere, [1, 2, 3], [0.5, -1, -INF], [1.5, 5, 3.5]),
    case(rosenbrock, [-1.2, 1], [-2, -2], [0.5, 2]),
    case(rosenbrock, [-1.2, 1, 0.3], [-INF, 0.9, -0.1], [0.9, 1.01, 0.4]),
    case(bard, [1, 1, 1], [0.1, 0, 2e-5], [50, 100, 1.02]),
]

target = pathlib.Path("crates/thalweg-algorithms/tests/golden/powell.json")
lines = ",\n".join(json.dumps(record) for record in CASES)
target.write_text(f'{{"scipy": "{scipy.__version__}", "cases": [\n{lines}\n]}}\n')
for record in CASES:
    print(record["function"], record["x0"], record["n_points"], record["nit"], record["fun"])
