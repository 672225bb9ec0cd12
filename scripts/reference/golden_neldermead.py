"""Golden traces of Nelder-Mead, from scipy's minimize(method="Nelder-Mead").

Writes crates/thalweg-algorithms/tests/golden/neldermead.json. Numbers are written as text,
because JSON readers may round.

Run from the root of the repository with scipy 1.17.1 installed: python scripts/reference/golden_neldermead.py
"""

import json
import os
import pathlib

# numpy sorts with AVX instructions where the processor has them, and then ranks vertices of equal value in another order.
os.environ["NPY_DISABLE_CPU_FEATURES"] = "X86_V3 X86_V4"

import numpy as np  # noqa: E402
import scipy  # noqa: E402
from objectives import (  # noqa: E402
    absolute,
    bard,
    brown_almost_linear,
    dict_sphere,
    freudenstein_roth,
    powell_singular,
    rosenbrock,
    sphere,
)
from scipy.optimize import Bounds, minimize  # noqa: E402

N_TRACED = 60  # evaluations kept of each run, beside its counts and its end


INF = float("inf")


def case(function, x0, lower=None, upper=None, **options):
    n = len(x0)
    lower = [-INF] * n if lower is None else lower
    upper = [INF] * n if upper is None else upper
    options = {"adaptive": False, "xatol": 1e-8, "fatol": 1e-8, "maxfev": 3000} | options
    trace = []

    def objective(x):
        x = [float(value) for value in x]
        value = function(x)
        trace.append(x)
        return value

    bounds = Bounds(lower, upper) if any(np.isfinite(lower + upper)) else None
    result = minimize(
        objective,
        np.array(x0, dtype=float),
        method="Nelder-Mead",
        bounds=bounds,
        options=options | {"maxiter": 10**6},
    )
    text = lambda values: [repr(float(value)) for value in values]  # noqa: E731
    return {
        "function": function.__name__,
        "x0": text(x0),
        "lower": text(lower),
        "upper": text(upper),
        "adaptive": options["adaptive"],
        "xatol": repr(options["xatol"]),
        "fatol": repr(options["fatol"]),
        "maxfev": options["maxfev"],
        "nfev": int(result.nfev),
        "nit": int(result.nit),
        "success": bool(result.success),
        "x": text(result.x),
        "fun": repr(float(result.fun)),
        "trace": [text(x) for x in trace[:N_TRACED]],
    }


CASES = [
    case(dict_sphere, [0, 1, 2, 3, 4]),
    case(sphere, [3]),
    case(sphere, [0, 0, 0]),
    case(rosenbrock, [-1.2, 1]),
    case(rosenbrock, [0, 0, 0, 0, 0, 0], adaptive=True),
    case(rosenbrock, [-1.2, 1, -1.2, 1], maxfev=117),
    case(powell_singular, [3, -1, 0, 1]),
    case(powell_singular, [3, -1, 0, 1], adaptive=True, xatol=1e-4, fatol=1e-4),
    case(freudenstein_roth, [0.5, -2]),
    case(bard, [1, 1, 1]),
    case(brown_almost_linear, [0.5] * 8),
    case(brown_almost_linear, [0.5] * 12, adaptive=True),
    case(absolute, [1.0, -2.0, 0.25]),
    case(sphere, [1, 2, 3], [0.5, -1, -INF], [1, 5, 3.01]),
    case(sphere, [0, -1, 5], [-1, -INF, 5], [0, INF, INF]),
    case(rosenbrock, [-1.2, 1], [-2, -2], [0.5, 2]),
    case(rosenbrock, [-1.2, 1, 0.3], [-INF, 0.9, -0.1], [0.9, 1.01, 0.4]),
    case(bard, [1, 1, 1], [0.1, 0, 2e-5], [50, 100, 1.02], adaptive=True),
    case(freudenstein_roth, [0.5, -2], [0, -30], [20, -0.9]),
]

target = pathlib.Path("crates/thalweg-algorithms/tests/golden/neldermead.json")
lines = ",\n".join(json.dumps(record) for record in CASES)
target.write_text(f'{{"scipy": "{scipy.__version__}", "cases": [\n{lines}\n]}}\n')
for record in CASES:
    print(record["function"], record["x0"], record["nfev"], record["nit"], record["fun"])
