"""`check_constraints`, `count_free_params`, the plan on a result, and `repair_start`."""

import json
import pickle
import warnings

import numpy as np
import pandas as pd
import pytest
import thalweg as om
from thalweg.exceptions import InvalidBoundsError, InvalidConstraintError, InvalidParamsError

SIMPLEX = om.ProbabilityConstraint(lambda x: x[:3])


def sphere(x):
    return x @ x


# count_free_params


@pytest.mark.parametrize(
    ("constraints", "n_free"),
    [
        (None, 4),
        ([], 4),
        (om.FixedConstraint([3]), 3),
        ([SIMPLEX, om.FixedConstraint([3])], 2),
        (om.LinearConstraint(weights=1, value=5), 3),
        (om.LinearConstraint(weights=1, lower_bound=5), 4),
        (om.FixedConstraint(), 0),
    ],
)
def test_count_free_params(constraints, n_free):
    params = np.array([0.2, 0.3, 0.5, 4.0])
    assert om.count_free_params(params, constraints) == n_free


def test_count_free_params_counts_trees_and_sees_bounds():
    params = {"a": 1.0, "b": np.ones(2), "c": pd.Series([1.0, 2.0])}
    assert om.count_free_params(params) == 5
    bounds = om.Bounds(lower={"a": 1.0}, upper={"a": 1.0})
    assert om.count_free_params(params, om.EqualityConstraint(["b"]), bounds) == 3
    with pytest.warns(FutureWarning, match="lower_bounds -> bounds=Bounds"):
        assert om.count_free_params(params, lower_bounds={"a": 1}, upper_bounds={"a": 1}) == 4


@pytest.mark.filterwarnings("ignore::FutureWarning")
def test_count_free_params_takes_dicts():
    assert om.count_free_params(np.ones(3), {"type": "equality", "loc": [0, 1]}) == 2


# check_constraints


def test_check_constraints_says_nothing_about_what_holds(capsys):
    assert om.check_constraints(np.array([0.2, 0.3, 0.5]), SIMPLEX) is None
    assert capsys.readouterr().out == ""


def test_check_constraints_raises():
    with pytest.raises(InvalidParamsError, match=r"constraints\[0\].*probability"):
        om.check_constraints(np.ones(3), SIMPLEX)
    with pytest.raises(InvalidConstraintError, match="selector failed"):
        om.check_constraints(np.ones(3), om.FixedConstraint(lambda x: x["a"]))
    with pytest.raises(InvalidParamsError, match="bounds"):
        om.check_constraints(np.ones(3), None, om.Bounds(lower=np.full(3, 2.0)))
    with pytest.raises(InvalidBoundsError):
        om.check_constraints(np.ones(3), None, om.Bounds(lower=np.zeros(2)))


def test_check_constraints_tells_what_is_done(capsys):
    constraints = [SIMPLEX, om.FixedConstraint([3])]
    om.check_constraints(np.array([0.2, 0.3, 0.5, 1.0]), constraints, verbose=True)
    first, second, third, fourth = capsys.readouterr().out.splitlines()
    assert first.startswith("constraints[0] (probability): reparametrized: ")
    assert second == "constraints[1] (fixed): fixed: its parameters are not moved"
    assert third == "2 coordinates are free, for 4 parameters."
    assert fourth.startswith("Algorithms that can take the problem: ")
    assert "lbfgsb" in fourth
    assert "levenberg_marquardt" not in fourth  # probabilities have bounds inside


def test_check_constraints_names_algorithms_by_what_they_can(capsys):
    om.check_constraints(np.ones(2), None, verbose=True)
    out = capsys.readouterr().out
    assert out.startswith("no constraints\n")
    assert "levenberg_marquardt" in out
    assert "differential_evolution" not in out  # it needs bounds
    om.check_constraints(np.ones(2), [], om.Bounds(lower=0.0, upper=2.0), verbose=True)
    out = capsys.readouterr().out
    assert "levenberg_marquardt" not in out
    assert "differential_evolution" in out


# result.constraint_plan


def test_a_result_has_a_plan():
    start = np.array([0.2, 0.3, 0.5, 4.0])
    result = om.minimize(sphere, start, "lbfgsb", constraints=[SIMPLEX, om.FixedConstraint([3])])
    plan = result.constraint_plan
    assert [(entry.index, entry.kind, entry.handling) for entry in plan] == [
        (0, "probability", "reparametrized"),
        (1, "fixed", "fixed"),
    ]
    assert len(plan) == 2
    assert plan[1].kind == "fixed"
    assert (plan.n_free, plan.n_params) == (result.n_free, 4)
    assert repr(plan).splitlines()[1:] == [
        "constraints[1] (fixed): fixed: its parameters are not moved",
        "2 coordinates are free, for 4 parameters.",
    ]
    html = plan._repr_html_()
    assert html.count("<tr>") == 3
    assert "<td>probability</td>" in html
    assert repr(pickle.loads(pickle.dumps(result)).constraint_plan) == repr(plan)
    written = json.loads(result.to_json())["constraint_plan"]
    assert written == [vars(entry) for entry in plan]


def test_no_plan_without_constraints():
    assert om.minimize(sphere, np.ones(2), "lbfgsb").constraint_plan is None
    assert om.minimize(sphere, np.ones(2), "lbfgsb", constraints=[]).constraint_plan is None


def test_a_failed_run_has_its_plan_too():
    calls = iter(range(100))

    def fails(x):
        if next(calls) > 3:
            raise RuntimeError("broken model")
        return x @ x

    with pytest.raises(om.exceptions.UserFunctionRuntimeError) as caught:
        om.minimize(fails, np.ones(2), "neldermead", constraints=om.FixedConstraint([0]))
    assert caught.value.partial_result.constraint_plan[0].kind == "fixed"


# repair_start


@pytest.mark.parametrize(
    ("constraint", "start", "repaired"),
    [
        (om.ProbabilityConstraint(), [1.0, 1.0, 2.0], None),
        (om.EqualityConstraint(), [1.0, 1.0, 4.0], None),
        (om.IncreasingConstraint(), [3.0, 1.0, 4.0], None),
        (om.LinearConstraint(weights=1.0, value=3.0), [1.0, 1.0, 4.0], [0.0, 0.0, 3.0]),
        (om.FlatCovConstraint(), [1.0, 2.0, 1.0], None),
    ],
)
def test_repair_start(constraint, start, repaired):
    with pytest.raises(InvalidParamsError):
        om.minimize(sphere, np.array(start), "lbfgsb", constraints=constraint)
    points = []

    def fun(x):
        points.append(x.copy())
        return x @ x

    with pytest.warns(UserWarning, match="The start params violate constraints") as warned:
        result = om.minimize(
            fun, np.array(start), "lbfgsb", constraints=constraint, repair_start=True
        )
    assert len(warned) == 1
    message = str(warned[0].message)
    assert message.startswith(
        "The start params violate constraints or bounds, and repair_start=True moves them: '"
    )
    moved = [i for i in range(3) if result.start_params[i] != start[i]]
    for i in moved:
        assert f"'{i}' from {start[i]!r} to {float(result.start_params[i])!r}" in message
    assert moved
    for point in [*points, result.start_params, result.params]:
        om.check_constraints(point, constraint)
    if repaired is not None:
        assert np.allclose(result.start_params, repaired)
    assert result.start_fun == pytest.approx(sphere(result.start_params))


def test_repair_start_keeps_the_shape_and_moves_into_bounds():
    params = {"a": 5.0, "b": np.array([-1.0, 1.0])}
    with pytest.warns(UserWarning, match="'a' from 5.0 to 2.0, 'b_0' from -1.0 to 0.0"):
        result = om.minimize(
            lambda p: p["a"] ** 2 + p["b"] @ p["b"],
            params,
            "lbfgsb",
            bounds=om.Bounds(lower={"b": 0.0}, upper={"a": 2.0}),
            repair_start=True,
        )
    assert result.start_params["a"] == 2
    assert result.start_params["b"].tolist() == [0, 1]
    assert params["a"] == 5


def test_nothing_is_said_when_nothing_is_to_be_repaired():
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        om.minimize(sphere, np.ones(2), "lbfgsb", repair_start=True)
        start = np.array([0.2, 0.3, 0.5])
        om.minimize(sphere, start, "lbfgsb", constraints=SIMPLEX, repair_start=True)
        optimizer = om.Optimizer(start, "lbfgsb", constraints=SIMPLEX, repair_start=True)
    assert np.allclose(optimizer.ask().params[0], start, rtol=0, atol=1e-15)


def test_an_optimizer_repairs_too():
    with pytest.warns(UserWarning, match="repair_start=True moves them"):
        optimizer = om.Optimizer(
            np.array([1.0, 3.0]),
            "neldermead",
            constraints=om.EqualityConstraint(),
            repair_start=True,
        )
    first = optimizer.ask().params[0]
    assert first[0] == first[1]
