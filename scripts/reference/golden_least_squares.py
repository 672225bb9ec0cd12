"""Golden traces of Levenberg-Marquardt and trust region reflective, from scipy's least_squares with exact Jacobians.

Writes crates/thalweg-algorithms/tests/golden/least_squares.json: for each case the points at which the residuals were
evaluated, the counts and the end. tests/golden_least_squares.rs holds the same residuals. Numbers are written as text,
because JSON readers may round.

Tolerances and scaling are those with which optimagic calls scipy. Two kinds of problems are left out on purpose: those whose
Jacobian is rank-deficient at an iterate (there scipy stretches the TRF step to the radius, and ours does not), and those
whose end depends on the last bit (Powell's singular function).

Run from the root of the repository with scipy 1.17.1 installed: python scripts/reference/golden_least_squares.py
"""

import json
import pathlib

import numpy as np
import scipy
from scipy.optimize import least_squares

N_TRACED = 15  # points kept of each run, beside its counts and its end
INF = float("inf")


def rosenbrock(x):
    residuals = [10.0 * (x[1] - x[0] ** 2), 1.0 - x[0]]
    return residuals, [[-20.0 * x[0], 10.0], [-1.0, 0.0]]


def freudenstein_roth(x):
    a, b = x
    residuals = [-13.0 + a + ((5.0 - b) * b - 2.0) * b, -29.0 + a + ((b + 1.0) * b - 14.0) * b]
    return residuals, [[1.0, (10.0 - 3.0 * b) * b - 2.0], [1.0, (3.0 * b + 2.0) * b - 14.0]]


BARD = [0.14, 0.18, 0.22, 0.25, 0.29, 0.32, 0.35, 0.39, 0.37, 0.58, 0.73, 0.96, 1.34, 2.1, 4.39]


def bard(x):
    residuals, jacobian = [], []
    for i, y in enumerate(BARD):
        u = float(i + 1)
        v = 16.0 - u
        w = min(u, v)
        slope = u / (v * x[1] + w * x[2]) ** 2
        residuals.append(y - (x[0] + u / (v * x[1] + w * x[2])))
        jacobian.append([-1.0, v * slope, w * slope])
    return residuals, jacobian


def box_3d(x):
    residuals, jacobian = [], []
    for i in range(10):
        t = 0.1 * (i + 1)
        first, second = np.exp(-t * x[0]), np.exp(-t * x[1])
        third = np.exp(-10.0 * t) - np.exp(-t)
        residuals.append(first - second + third * x[2])
        jacobian.append([-t * first, t * second, third])
    return residuals, jacobian


def exponential_fit(x):
    residuals, jacobian = [], []
    for i in range(12):
        t = 0.5 * i
        decay = np.exp(-x[1] * t)
        residuals.append(x[0] * decay + x[2] - (2.5 * np.exp(-1.3 * t) + 0.5 + 0.05 * np.cos(3.0 * t)))
        jacobian.append([decay, -x[0] * t * decay, 1.0])
    return residuals, jacobian


def case(function, x0, method, lower=None, upper=None, tr_solver="exact", x_scale=None):
    x0 = np.array(x0, dtype=float)
    lower = np.full(len(x0), -INF) if lower is None else np.array(lower, dtype=float)
    upper = np.full(len(x0), INF) if upper is None else np.array(upper, dtype=float)
    trace, n_jacobians = [], 0

    def residuals(x):
        trace.append([float(value) for value in x])
        return np.array(function(x)[0])

    def jacobian(x):
        nonlocal n_jacobians
        n_jacobians += 1
        return np.array(function(x)[1])

    extra = {} if method == "lm" else {"bounds": (lower, upper), "tr_solver": tr_solver}
    result = least_squares(
        residuals, x0, jacobian, method=method, x_scale=x_scale, ftol=2e-9, gtol=1e-8, xtol=1e-8, **extra
    )
    text = lambda values: [repr(float(value)) for value in values]  # noqa: E731
    return {
        "function": function.__name__,
        "n_residuals": len(result.fun),
        "method": method,
        "tr_solver": tr_solver,
        "x_scale": x_scale or ("jac" if method == "lm" else "none"),
        "x0": text(x0),
        "lower": text(lower),
        "upper": text(upper),
        # Not result.nfev: scipy answers a repeated point from memory but counts it.
        "n_evaluations": len(trace),
        "n_jacobians": int(result.njev),
        "status": int(result.status),
        "x": text(result.x),
        "sum_of_squares": repr(2.0 * float(result.cost)),
        "trace": [text(x) for x in trace[:N_TRACED]],
    }


STARTS = [
    (rosenbrock, [-1.2, 1.0]),
    (rosenbrock, [-12.0, 10.0]),
    (freudenstein_roth, [0.5, -2.0]),
    (bard, [1.0, 1.0, 1.0]),
    (box_3d, [0.0, 10.0, 20.0]),
    (exponential_fit, [1.0, 0.3, 0.0]),
]

CASES = [
    *(case(function, x0, "lm") for function, x0 in STARTS),
    *(case(function, x0, "trf") for function, x0 in STARTS),
    *(case(function, x0, "trf", tr_solver="lsmr") for function, x0 in STARTS),
    *(case(function, x0, "trf", x_scale="jac") for function, x0 in STARTS),
    case(rosenbrock, [-1.2, 1.0], "trf", [-2.0, -1.0], [0.5, 3.0]),
    case(rosenbrock, [-1.2, 1.0], "trf", [-2.0, 0.5], [INF, INF]),
    case(rosenbrock, [-1.2, 1.0], "trf", [-1.2, -INF], [INF, 1.0]),
    case(freudenstein_roth, [0.5, -2.0], "trf", [-20.0, -3.0], [10.0, 3.0]),
    case(bard, [1.0, 1.0, 1.0], "trf", [0.2, 0.0, 0.0], [2.0, 1.5, 2.0]),
    case(exponential_fit, [1.0, 0.3, 0.0], "trf", [0.0, 0.0, -INF], [2.0, INF, 0.4]),
    case(exponential_fit, [1.0, 0.3, 0.0], "trf", [0.0, 0.0, -INF], [2.0, INF, 0.4], tr_solver="lsmr"),
    case(exponential_fit, [1.0, 0.3, 0.0], "trf", [0.0, 0.0, -INF], [2.0, INF, 0.4], x_scale="jac"),
]

PATH = pathlib.Path(__file__).parents[2] / "crates/thalweg-algorithms/tests/golden/least_squares.json"
PATH.write_text(json.dumps({"scipy": scipy.__version__, "cases": CASES}, indent=1) + "\n")
