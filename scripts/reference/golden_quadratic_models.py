"""The first points of NLopt's BOBYQA and NEWUOA on chained Rosenbrock functions, as oracle values for crates/thalweg-algorithms.

The Rust twin is crates/thalweg-algorithms/tests/bobyqa.rs. Infinite bounds are written as 1e300.

Usage (with NLopt 2.11 installed):
    python scripts/reference/golden_quadratic_models.py > crates/thalweg-algorithms/tests/golden/quadratic_models.json
"""

import json

import nlopt

NONE = 1e300
CASES = [
    ("LN_BOBYQA", [-1.2, 2.0, 0.5], None, 16),
    ("LN_BOBYQA", [3.0, -1.0, 0.0, 2.0], None, 27),
    ("LN_BOBYQA", [0.3, 1.0, 0.1], ([-2.0, -NONE, 0.1], [0.5, NONE, 4.0]), 14),
    ("LN_NEWUOA", [-1.2, 2.0, 0.5], None, 17),
    ("LN_NEWUOA", [3.0, -1.0, 0.0, 2.0], None, 30),
]


def rosenbrock(x):
    return float(sum(100 * (x[i + 1] - x[i] ** 2) ** 2 + (1 - x[i]) ** 2 for i in range(len(x) - 1)))


def case(algorithm, start, bounds, count):
    points = []

    def fun(x, _):
        points.extend(float(v) for v in x)
        return rosenbrock(x)

    optimizer = nlopt.opt(getattr(nlopt, algorithm), len(start))
    optimizer.set_min_objective(fun)
    lower, upper = bounds or ([-NONE] * len(start), [NONE] * len(start))
    if bounds:
        optimizer.set_lower_bounds([b if abs(b) < NONE else -float("inf") for b in lower])
        optimizer.set_upper_bounds([b if abs(b) < NONE else float("inf") for b in upper])
    optimizer.set_maxeval(count)
    optimizer.optimize(start)
    return {
        "algorithm": algorithm,
        "start": start,
        "lower": lower,
        "upper": upper,
        "points": points,
    }


version = ".".join(str(f()) for f in (nlopt.version_major, nlopt.version_minor, nlopt.version_bugfix))
print(json.dumps({"nlopt": version, "cases": [case(*c) for c in CASES]}))
