"""Record what scipy's L-BFGS-B does, for the golden test of `lbfgsb`.

Writes `crates/thalweg-algorithms/tests/golden/lbfgsb.json`: for each case the first points and values, and the total
counts. The functions and their derivatives are written a second time in `tests/golden_lbfgsb.rs`. Made with scipy 1.17.1:

    python scripts/reference/golden_lbfgsb.py
"""

import functools
import json
from pathlib import Path

import numpy as np
from scipy.optimize import minimize

OUT = Path(__file__).resolve().parents[2] / "crates" / "thalweg-algorithms" / "tests" / "golden" / "lbfgsb.json"
N_POINTS = 15
# Of long points only every so many entries are kept.
MAX_ENTRIES = 25
INF = np.inf


def rosenbrock(x):
    valley, shift = x[1:] - x[:-1] ** 2, 1 - x[:-1]
    gradient = np.zeros_like(x)
    gradient[:-1] = -400 * x[:-1] * valley - 2 * shift
    gradient[1:] += 200 * valley
    return np.sum(100 * valley**2 + shift**2), gradient


def driver(x):
    """The function of the first driver that comes with the original code."""
    valley = x[1:] - x[:-1] ** 2
    gradient = np.zeros_like(x)
    gradient[0] = 2 * (x[0] - 1)
    gradient[1:] += 8 * valley
    gradient[:-1] -= 16 * x[:-1] * valley
    return 4 * (0.25 * (x[0] - 1) ** 2 + np.sum(valley**2)), gradient


def sum_of_squares(residuals_and_jacobian):
    @functools.wraps(residuals_and_jacobian)
    def fun(x):
        r, jac = residuals_and_jacobian(x)
        r, jac = np.array(r), np.array(jac)
        return r @ r, 2 * r @ jac

    return fun


@sum_of_squares
def powell_singular(x):
    a, b = x[1] - 2 * x[2], x[0] - x[3]
    s5, s10 = 5**0.5, 10**0.5
    return [x[0] + 10 * x[1], s5 * (x[2] - x[3]), a**2, s10 * b**2], [
        [1, 10, 0, 0],
        [0, 0, s5, -s5],
        [0, 2 * a, -4 * a, 0],
        [2 * s10 * b, 0, 0, -2 * s10 * b],
    ]


@sum_of_squares
def freudenstein_roth(x):
    return [-13 + x[0] + ((5 - x[1]) * x[1] - 2) * x[1], -29 + x[0] + ((1 + x[1]) * x[1] - 14) * x[1]], [
        [1, 10 * x[1] - 3 * x[1] ** 2 - 2],
        [1, 2 * x[1] + 3 * x[1] ** 2 - 14],
    ]


@sum_of_squares
def helical_valley(x):
    turn = np.arctan2(x[1], x[0]) / (2 * np.pi)
    if x[0] < 0 and x[1] < 0:
        turn += 1
    square = x[0] ** 2 + x[1] ** 2
    radius = square**0.5
    factor = 100 / (2 * np.pi) / square
    return [10 * (x[2] - 10 * turn), 10 * (radius - 1), x[2]], [
        [factor * x[1], -factor * x[0], 10],
        [10 * x[0] / radius, 10 * x[1] / radius, 0],
        [0, 0, 1],
    ]


BARD = [0.14, 0.18, 0.22, 0.25, 0.29, 0.32, 0.35, 0.39, 0.37, 0.58, 0.73, 0.96, 1.34, 2.10, 4.39]


@sum_of_squares
def bard(x):
    r, jac = [], []
    for i, y in enumerate(BARD):
        u, v = i + 1, 15 - i
        w = min(u, v)
        below = v * x[1] + w * x[2]
        r.append(y - (x[0] + u / below))
        jac.append([-1, u * v / below**2, u * w / below**2])
    return r, jac


@sum_of_squares
def brown_dennis(x):
    r, jac = [], []
    for i in range(1, 21):
        t = i / 5
        a, b = x[0] + t * x[1] - np.exp(t), x[2] + np.sin(t) * x[3] - np.cos(t)
        r.append(a**2 + b**2)
        jac.append([2 * a, 2 * a * t, 2 * b, 2 * b * np.sin(t)])
    return r, jac


def chain(n):
    return np.where(np.arange(n) % 2 == 0, -1.2, 1.0)


def boxes(n, rule):
    low, high = zip(*[rule(i) for i in range(n)])
    return np.array(low, dtype=float), np.array(high, dtype=float)


def free(n):
    return np.full(n, -INF), np.full(n, INF)


# Name, function, start, bounds, memory.
CASES = [
    ("rosenbrock_2", rosenbrock, chain(2), free(2), 10),
    ("rosenbrock_10", rosenbrock, chain(10), free(10), 10),
    ("rosenbrock_100", rosenbrock, chain(100), free(100), 10),
    ("rosenbrock_10_short_memory", rosenbrock, chain(10), free(10), 3),
    ("rosenbrock_wide_box", rosenbrock, chain(10), boxes(10, lambda i: (-5, 5)), 10),
    ("rosenbrock_active_box", rosenbrock, chain(10), boxes(10, lambda i: (-1.5, 0.8 if i % 3 == 1 else 2)), 10),
    ("rosenbrock_half_open", rosenbrock, chain(10), boxes(10, lambda i: (-INF, 0.5) if i % 4 == 0 else (-2, INF)), 10),
    ("rosenbrock_100_half_open", rosenbrock, chain(100), boxes(100, lambda i: (0.9, INF) if i % 2 else (-INF, 3)), 10),
    ("driver_25", driver, np.full(25, 3.0), boxes(25, lambda i: (1 if i % 2 == 0 else -100, 100)), 5),
    ("driver_25_active", driver, np.full(25, 3.0), boxes(25, lambda i: (1.2 if i % 2 == 0 else -100, 100)), 5),
    ("driver_25_from_bounds", driver, np.where(np.arange(25) % 2 == 0, 1.5, 3.0), boxes(25, lambda i: (1.5, 3)), 5),
    ("powell_singular", powell_singular, np.array([3.0, -1, 0, 1]), free(4), 10),
    ("powell_singular_bad_start", powell_singular, np.array([30.0, -10, 0, 10]), free(4), 10),
    ("powell_singular_box", powell_singular, np.array([3.0, -1, 0, 1]), boxes(4, lambda i: (-2, 3) if i else (0.1, INF)), 10),
    ("freudenstein_roth", freudenstein_roth, np.array([0.5, -2]), free(2), 10),
    ("freudenstein_roth_bad_start", freudenstein_roth, np.array([5.0, -20]), free(2), 10),
    ("helical_valley", helical_valley, np.array([-1.0, 0, 0]), free(3), 10),
    ("helical_valley_bad_start", helical_valley, np.array([-10.0, 0, 0]), free(3), 10),
    ("bard", bard, np.array([1.0, 1, 1]), free(3), 10),
    ("bard_box", bard, np.array([1.0, 1, 1]), boxes(3, lambda i: (0.1, 2) if i < 2 else (0.5, INF)), 10),
    ("brown_dennis", brown_dennis, np.array([25.0, 5, -5, -1]), free(4), 10),
    ("brown_dennis_bad_start", brown_dennis, np.array([250.0, 50, -50, -10]), free(4), 10),
]


def record(name, function, start, bounds, memory):
    start = np.clip(start, *bounds)
    points, values = [], []

    def fun(x):
        value, gradient = function(x)
        points.append(x.copy())
        values.append(float(value))
        return value, gradient

    options = {"ftol": 2e-9, "gtol": 1e-5, "maxcor": memory, "maxls": 20, "maxfun": 10**6, "maxiter": 10**6}
    result = minimize(fun, start, jac=True, method="L-BFGS-B", bounds=list(zip(*bounds)), options=options)
    assert result.nfev == len(points)
    stride = -(-len(start) // MAX_ENTRIES)
    finite = lambda bound: [b if np.isfinite(b) else None for b in bound.tolist()]
    return {
        "name": name,
        "function": function.__name__,
        "memory": memory,
        "start": start.tolist(),
        "lower": finite(bounds[0]),
        "upper": finite(bounds[1]),
        "stride": stride,
        "points": [p[::stride].tolist() for p in points[:N_POINTS]],
        "values": values[:N_POINTS],
        "n_evaluations": result.nfev,
        "n_iterations": result.nit,
        "value": float(result.fun),
        "message": result.message,
    }


def main():
    cases = [record(*case) for case in CASES]
    lines = ",\n".join(json.dumps(case, separators=(",", ":")) for case in cases)
    OUT.write_text(f"[\n{lines}\n]\n")
    for case in cases:
        print(f"{case['name']:32} {case['n_evaluations']:5} {case['n_iterations']:5}  {case['message']}")


if __name__ == "__main__":
    main()
