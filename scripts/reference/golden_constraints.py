"""Solutions of constrained problems by optimagic, for tests/python/test_constraints_golden.py.

Writes tests/python/golden/constraints.json. Every problem is the quadratic (x - c)' A (x - c) with
A = diag(a) + 0.1 under constraints that are data: a type, positions, options. The classes of the
constraints are made from that data in the same way here and in the test.

Run from the root of the repository with optimagic 0.5.3 installed:
python scripts/reference/golden_constraints.py
"""

import json
import pathlib
import warnings

import numpy as np
import optimagic as om

CLASSES = {
    "fixed": om.FixedConstraint,
    "increasing": om.IncreasingConstraint,
    "decreasing": om.DecreasingConstraint,
    "equality": om.EqualityConstraint,
    "pairwise_equality": om.PairwiseEqualityConstraint,
    "probability": om.ProbabilityConstraint,
    "covariance": om.FlatCovConstraint,
    "sdcorr": om.FlatSDCorrConstraint,
    "linear": om.LinearConstraint,
}


def constraint(type, positions, **options):
    return {"type": type, "positions": positions, **options}


def build(data):
    options = dict(data)
    class_ = CLASSES[options.pop("type")]
    positions = options.pop("positions")
    if class_ is om.PairwiseEqualityConstraint:
        return class_([lambda x, p=p: x[p] for p in positions], **options)
    return class_(lambda x: x[positions], **options)


def problems():
    """Name, start values, minimum of the unconstrained quadratic, constraints, lower, upper."""
    c = constraint
    yield "fixed", [1, 2, 3], [0, 0, 0], [c("fixed", [1])]
    yield "equality", [1, 1, 3, 1], [3, -1, 2, 0.5], [c("equality", [0, 1, 3])]
    yield (
        "overlapping equalities",
        [1, 1, 1, 4],
        [3, -1, 2, 0.5],
        [c("equality", [0, 1]), c("equality", [1, 2])],
    )
    yield (
        "pairwise equality",
        [1, 2, 1, 2, 5],
        [3, -1, 2, 0.5, 1],
        [c("pairwise_equality", [[0, 1], [2, 3]])],
    )
    yield "increasing", [1, 2, 3, 4], [4, 3, 2, 5], [c("increasing", [0, 1, 2, 3])]
    yield "increasing, some", [1, 0, 3, 4], [4, 3, 2, 5], [c("increasing", [3, 0, 2][1:])]
    yield "decreasing", [4, 3, 2, 1], [1, 2, 5, 0], [c("decreasing", [0, 1, 2, 3])]
    yield (
        "increasing and equality",
        [1, 2, 2, 4],
        [4, 3, 2, -5],
        [c("increasing", [0, 1, 3]), c("equality", [1, 2])],
    )
    yield "probability", [0.1, 0.5, 0.4, 4, 5], [0, 0, 0, 0, 0], [c("probability", [0, 1, 2])]
    yield "probability at a face", [0.1, 0.5, 0.4], [2, 0.3, -1], [c("probability", [0, 1, 2])]
    yield (
        "probability, all fixed",
        [0.1, 0.9, 3],
        [0, 0, 0],
        [c("probability", [0, 1]), c("fixed", [0, 1])],
    )
    yield (
        "two probabilities",
        [0.2, 0.8, 0.5, 0.25, 0.25, 1],
        [1, 2, 0.1, 0.2, 0.9, 3],
        [c("probability", [0, 1]), c("probability", [2, 3, 4])],
    )
    yield (
        "linear, lower bound",
        [1, 1, 1, 1, 1, 1],
        [1, 0.8, 0.6, 0.4, 0.2, 0],
        [c("linear", [0, 1, 2, 3], weights=0.25, lower_bound=0.95)],
    )
    yield (
        "linear, value",
        [0.25, 0.25, 0.25, 0.25],
        [1, 0, 0, 1],
        [c("linear", [0, 1, 2, 3], weights=1.0, value=1.0)],
    )
    yield (
        "linear, several weights, both bounds",
        [1, 2, 3],
        [-1, 5, 2],
        [c("linear", [2, 0], weights=[2.0, -1.0], lower_bound=0, upper_bound=6)],
    )
    yield (
        "two linear constraints on the same parameters",
        [1, 2, 3],
        [4, 4, 4],
        [
            c("linear", [0, 1], weights=[1.0, 1.0], upper_bound=4),
            c("linear", [1, 2], weights=[1.0, -1.0], value=-1.0),
        ],
    )
    yield (
        "linear with a fixed parameter",
        [1, 2, 3, 7],
        [4, 4, 4, 0],
        [c("linear", [0, 1, 2], weights=[1.0, 2.0, 3.0], upper_bound=14), c("fixed", [1])],
    )
    yield (
        "linear with equal parameters",
        [2, 2, 3, 7],
        [4, 1, 4, 0],
        [c("linear", [0, 1, 2], weights=[1.0, 2.0, 3.0], upper_bound=15), c("equality", [0, 1])],
    )
    yield (
        "linear with one bounded parameter",
        [1, 1, 1],
        [-3, 2, 3],
        [c("linear", [0, 1, 2], weights=1.0, upper_bound=3)],
        [0, None, None],
        [None, None, None],
    )
    yield (
        "increasing with a lower bound on the first",
        [1, 2, 3],
        [-3, -4, -5],
        [c("increasing", [0, 1, 2])],
        [0.5, None, None],
        [None, None, None],
    )
    yield "covariance 2", [1, 0.1, 2], [1, 3, 1], [c("covariance", [0, 1, 2])]
    yield (
        "covariance 3",
        [1, 0.1, 2, 0.2, 0.3, 3],
        [1, 2, 2, -1, 0.5, 1],
        [c("covariance", [0, 1, 2, 3, 4, 5])],
    )
    yield (
        "covariance, first fixed",
        [1, 0.1, 2, 9],
        [3, 3, 1, 1],
        [c("covariance", [0, 1, 2]), c("fixed", [0])],
    )
    yield (
        "covariance, diagonal",
        [1, 0, 2],
        [-1, 0.4, 1],
        [c("covariance", [0, 1, 2]), c("fixed", [1])],
    )
    yield (
        "covariance, regularized",
        [1, 0.1, 2],
        [1, 3, 1],
        [c("covariance", [0, 1, 2], regularization=0.1)],
    )
    yield "sdcorr 2", [1, 2, 0.1], [1.5, 0.3, 1.4], [c("sdcorr", [0, 1, 2])]
    yield (
        "sdcorr 3",
        [1, 2, 3, 0.1, 0.2, 0.3],
        [1.5, 1, 2, 0.9, -0.9, 0.9],
        [c("sdcorr", [0, 1, 2, 3, 4, 5])],
    )
    yield (
        "many kinds",
        [0.3, 0.7, 1, 2, 3, 1, 0.2, 2, 5, 5],
        [1, 0, 3, 2, 1, 0.5, 2, 0.5, 1, 4],
        [
            c("probability", [0, 1]),
            c("increasing", [2, 3, 4]),
            c("covariance", [5, 6, 7]),
            c("equality", [8, 9]),
        ],
    )


def quadratic(center):
    n = len(center)
    matrix = np.diag(1.0 + np.arange(n) % 3) + 0.1
    return lambda x: float((x - center) @ matrix @ (x - center))


def solve(name, start, center, constraints, lower=None, upper=None):
    start, center = np.array(start, dtype=float), np.array(center, dtype=float)
    fun = quadratic(center)
    side = lambda values, none: np.array([none if v is None else v for v in values], dtype=float)  # noqa: E731
    bounds = None
    if lower is not None:
        bounds = om.Bounds(lower=side(lower, -np.inf), upper=side(upper, np.inf))
    built = [build(data) for data in constraints]
    best, point = None, start
    for algorithm in ["scipy_lbfgsb", "scipy_neldermead", "scipy_lbfgsb", "scipy_slsqp"]:
        result = om.minimize(
            fun,
            point,
            algorithm,
            bounds=bounds,
            constraints=built,
            algo_options={"convergence.ftol_rel": 1e-15, "stopping.maxfun": 20_000},
            numdiff_options=om.NumdiffOptions(method="central"),
        )
        if best is None or result.fun < best.fun:
            best = result
            try:  # a point at the edge may miss the reference's checks by rounding
                om.check_constraints(best.params, built, bounds)
                point = best.params
            except Exception:
                point = start
    return {
        "name": name,
        "start": start.tolist(),
        "center": center.tolist(),
        "constraints": constraints,
        "lower": lower,
        "upper": upper,
        "n_free": int(om.count_free_params(start, built, bounds)),
        "fun": best.fun,
        "params": best.params.tolist(),
    }


def main():
    warnings.simplefilter("ignore")
    records = []
    for problem in problems():
        records.append(solve(*problem))
        print(records[-1]["name"], records[-1]["n_free"], records[-1]["fun"], records[-1]["params"])
    lines = ",\n".join(json.dumps(record) for record in records)
    target = pathlib.Path("tests/python/golden/constraints.json")
    target.write_text(f'{{"optimagic": "{om.__version__}", "problems": [\n{lines}\n]}}\n')


if __name__ == "__main__":
    main()
