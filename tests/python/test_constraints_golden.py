"""The solutions beside those of optimagic, recorded by scripts/reference/golden_constraints.py."""

import json
from pathlib import Path

import numpy as np
import pytest
import thalweg as om

GOLDEN = json.loads((Path(__file__).parent / "golden" / "constraints.json").read_text())
PROBLEMS = {problem["name"]: problem for problem in GOLDEN["problems"]}

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


def build(data):
    options = dict(data)
    class_, positions = CLASSES[options.pop("type")], options.pop("positions")
    return class_(positions, **options)


def quadratic(center):
    matrix = np.diag(1.0 + np.arange(len(center)) % 3) + 0.1
    return lambda x: float((x - center) @ matrix @ (x - center))


def bounds_of(problem):
    if problem["lower"] is None:
        return None
    sides = [np.array(problem[side], dtype=float) for side in ("lower", "upper")]
    return om.Bounds(*sides)  # None has become NaN, which is no bound


TIGHT = {
    "lbfgsb": {"convergence.ftol_rel": 1e-13, "convergence.gtol_abs": 1e-8},
    "neldermead": {"convergence.xtol_abs": 1e-9},
}


@pytest.mark.parametrize("name", PROBLEMS)
@pytest.mark.parametrize("algorithm", TIGHT)
def test_the_solution_is_no_worse_than_optimagics(name, algorithm):
    problem = PROBLEMS[name]
    start, constraints = np.array(problem["start"]), list(map(build, problem["constraints"]))
    result = om.minimize(
        quadratic(np.array(problem["center"])),
        start,
        algorithm,
        bounds=bounds_of(problem),
        constraints=constraints,
        algo_options=TIGHT[algorithm] | {"stopping.maxfun": 50_000},
        numdiff_options=om.NumdiffOptions(method="central"),
    )
    assert result.success, result.message
    slack = 1e-7 if algorithm == "lbfgsb" else 1e-4
    assert result.fun <= problem["fun"] + slack * max(1, abs(problem["fun"]))
    # Where both are at the same minimum, which the quadratic makes the only one for most kinds.
    if abs(result.fun - problem["fun"]) <= slack:
        assert np.allclose(result.params, problem["params"], atol=1e-3 if slack < 1e-6 else 0.05)


@pytest.mark.parametrize("name", PROBLEMS)
def test_as_many_parameters_are_free(name):
    problem = PROBLEMS[name]
    constraints = list(map(build, problem["constraints"]))
    n_free = om.count_free_params(np.array(problem["start"]), constraints, bounds_of(problem))
    assert n_free == problem["n_free"]
