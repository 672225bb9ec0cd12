"""Record what scipy's trust-region methods with second derivatives do, for the golden test of dogleg, trust_exact, trust_krylov and
trust_ncg.

Writes `crates/thalweg-algorithms/tests/golden/trust_region.json`: for each method and case the first points at which the objective is
evaluated, its value at the end, and the total count, without points that follow themselves. The functions are written a second time in
`tests/golden_trust_region.rs`. trust-krylov runs without `inexact`, since its exact steps are what two implementations have in common.
Made with scipy 1.17.1:

    python scripts/reference/golden_trust_region.py
"""

import json
from pathlib import Path

import numpy as np
from scipy.optimize import minimize

OUT = Path(__file__).resolve().parents[2] / "crates" / "thalweg-algorithms" / "tests" / "golden" / "trust_region.json"
N_POINTS = 12
METHODS = {"dogleg": {}, "trust-exact": {}, "trust-krylov": {"inexact": False}, "trust-ncg": {}}


def rosenbrock(x):
    valley, shift = x[1:] - x[:-1] ** 2, 1 - x[:-1]
    gradient, hessian = np.zeros_like(x), np.zeros((len(x), len(x)))
    gradient[:-1] = -400 * x[:-1] * valley - 2 * shift
    gradient[1:] += 200 * valley
    for i in range(len(x) - 1):
        hessian[i, i] += 1200 * x[i] ** 2 - 400 * x[i + 1] + 2
        hessian[i + 1, i + 1] += 200
        hessian[i, i + 1] = hessian[i + 1, i] = -400 * x[i]
    return np.sum(100 * valley**2 + shift**2), gradient, hessian


def freudenstein_roth(x):
    y = x[1]
    r = np.array([-13 + x[0] + ((5 - y) * y - 2) * y, -29 + x[0] + ((1 + y) * y - 14) * y])
    jacobian = np.array([[1, 10 * y - 3 * y**2 - 2], [1, 2 * y + 3 * y**2 - 14]])
    hessian = 2 * jacobian.T @ jacobian
    hessian[1, 1] += 2 * (r[0] * (10 - 6 * y) + r[1] * (2 + 6 * y))
    return r @ r, 2 * r @ jacobian, hessian


def powell_singular(x):
    a, b = x[1] - 2 * x[2], x[0] - x[3]
    rows = np.array([[1, 10, 0, 0], [0, 0, 1, -1], [0, 1, -2, 0], [1, 0, 0, -1]], dtype=float)
    u = rows @ x
    value = u[0] ** 2 + 5 * u[1] ** 2 + a**4 + 10 * b**4
    gradient = rows.T @ np.array([2 * u[0], 10 * u[1], 4 * a**3, 40 * b**3])
    hessian = rows.T @ np.diag([2, 10, 12 * a**2, 120 * b**2]) @ rows
    return value, gradient, hessian


def wells(x):
    """Two minima along every axis, with a pull between neighbours: indefinite near the origin."""
    pull = x[1:] - x[:-1]
    gradient = 4 * x * (x**2 - 1) + 0.3
    gradient[1:] += pull
    gradient[:-1] -= pull
    hessian = np.diag(12 * x**2 - 4)
    for i in range(len(x) - 1):
        hessian[i, i] += 1
        hessian[i + 1, i + 1] += 1
        hessian[i, i + 1] = hessian[i + 1, i] = -1
    return np.sum((x**2 - 1) ** 2) + 0.3 * np.sum(x) + 0.5 * np.sum(pull**2), gradient, hessian


def quartic(x):
    """Convex, with curvatures that change."""
    weights = 1.0 + np.arange(len(x))
    mean = np.sum(x)
    value = np.sum(weights * x**4) + np.sum(weights * x**2) + 0.5 * mean**2 - mean
    gradient = 4 * weights * x**3 + 2 * weights * x + mean - 1
    return value, gradient, np.diag(12 * weights * x**2 + 2 * weights) + 1.0


# Name, function, start; whether its Hessian stays positive definite on the way, which scipy's dogleg needs.
CASES = [
    ("rosenbrock_2", rosenbrock, np.array([-1.2, 1.0]), True),
    ("rosenbrock_6", rosenbrock, np.array([-1.2, 1.0, -1.2, 1.0, -1.2, 1.0]), False),
    ("rosenbrock_35", rosenbrock, np.where(np.arange(35) % 2 == 0, -1.2, 1.0), False),
    ("freudenstein_roth", freudenstein_roth, np.array([0.5, -2.0]), False),
    ("freudenstein_roth_bad_start", freudenstein_roth, np.array([5.0, -20.0]), False),
    ("powell_singular", powell_singular, np.array([3.0, -1.0, 0.0, 1.0]), True),
    ("wells_4", wells, np.array([0.1, -0.2, 0.3, 0.05]), False),
    ("wells_10", wells, np.linspace(-0.3, 0.4, 10), False),
    ("quartic_5", quartic, np.array([10.0, -7.0, 4.0, 3.0, -2.0]), True),
    ("quartic_40", quartic, 5.0 + np.arange(40) % 7, True),
]


def record(method, options, name, function, start):
    points = []

    def fun(x):
        # After a rejected step within the region, scipy's steps lead to the same point until the region excludes it. Unless rounding
        # makes them differ, it does not evaluate again.
        if not points or not np.allclose(x, points[-1], rtol=1e-12, atol=0):
            points.append(x.copy())
        return float(function(x)[0])

    result = minimize(
        fun,
        start,
        jac=lambda x: function(x)[1],
        hess=lambda x: function(x)[2],
        method=method,
        options={"gtol": 1e-6} | options,
    )
    return {
        "method": method,
        "name": name,
        "function": function.__name__,
        "start": start.tolist(),
        "points": [p.tolist() for p in points[:N_POINTS]],
        "n_evaluations": len(points),
        "value": float(result.fun),
        "success": bool(result.success),
    }


def main():
    cases = [
        record(method, options, name, function, start)
        for method, options in METHODS.items()
        for name, function, start, is_convex in CASES
        if is_convex or method != "dogleg"
    ]
    lines = ",\n".join(json.dumps(case, separators=(",", ":")) for case in cases)
    OUT.write_text(f"[\n{lines}\n]\n")
    for case in cases:
        print(f"{case['method']:14} {case['name']:30} {case['n_evaluations']:5} {case['value']:.6g}")


if __name__ == "__main__":
    main()
