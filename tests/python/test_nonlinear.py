"""Nonlinear constraints: known solutions, selections, derivatives, dicts, messages, algorithms."""

from __future__ import annotations

import warnings

import numpy as np
import pandas as pd
import pytest

import thalweg as om
from thalweg.exceptions import (
    InvalidArgumentError,
    InvalidConstraintError,
    InvalidFunctionError,
    InvalidParamsError,
    UserFunctionRuntimeError,
)

AUGMENTED = {"constraint_handling": "augmented_lagrangian"}
OFFSET = np.array([1.0, 0.8, 0.6, 0.4, 0.2, 0.0])


def shifted(x):
    return float(((x - OFFSET) ** 2).sum())


def product(x):
    return np.prod(x)


def solve(fun, params, constraints, algorithm="lbfgsb", **kwargs):
    return om.minimize(fun, params, algorithm, constraints=constraints, **AUGMENTED, **kwargs)


# ------------------------------------------------------------------------------------- solutions


@pytest.mark.parametrize("algorithm", ["lbfgsb", "scipy_neldermead", "neldermead_parallel"])
def test_c27_the_product_of_the_first_five(algorithm):
    constraint = om.NonlinearConstraint(selector=lambda x: x[:-1], func=np.prod, value=1.0)
    result = solve(shifted, np.ones(6), constraint, algorithm)
    assert result.success, result.message
    expected = [1.31, 1.16, 1.01, 0.87, 0.75, 0]
    np.testing.assert_allclose(result.params, expected, atol=0.01)
    assert result.max_constraint_violation <= 1e-5
    assert abs(np.prod(result.params[:5]) - 1) <= 1e-5


@pytest.mark.parametrize("algorithm", ["scipy_slsqp", "cobyla", "scipy_cobyla", "nlopt_cobyla"])
def test_the_result_does_not_make_use_of_the_tolerance(algorithm):
    # Points outside the circle, within the tolerance of 1e-5, have a larger sum than the solution, and lie farther from it.
    result = om.maximize(
        lambda x: x.sum(),
        np.array([0, np.sqrt(2)]),
        algorithm,
        constraints=om.NonlinearConstraint(lambda x: x, func=lambda x: x @ x, value=2.0),
    )
    assert result.success
    assert np.allclose(result.params, 1, atol=1.5e-4)
    assert result.max_constraint_violation < 1e-7


def test_c27_as_a_dict_of_2022():
    constraint = {"type": "nonlinear", "loc": [0, 1, 2, 3, 4], "func": np.prod, "value": 1.0}
    with pytest.warns(FutureWarning, match=r"NonlinearConstraint\(\.\.\.\)"):
        result = solve(shifted, np.ones(6), constraint)
    expected = [1.31, 1.16, 1.01, 0.87, 0.75, 0]
    np.testing.assert_allclose(result.params, expected, atol=0.01)


def test_an_upper_bound_alone_has_no_lower_bound():
    constraint = om.NonlinearConstraint(func=lambda x: x[0], upper_bound=1.0)
    result = solve(lambda x: float((x[0] + 3) ** 2), np.array([0.5]), constraint)
    np.testing.assert_allclose(result.params, [-3.0], atol=1e-5)


def test_bounds_of_vector_values_scalar_or_one_for_each():
    def both(x):
        return np.array([x[0] ** 2 + x[1] ** 2, x[0] - x[1]])

    def objective(x):
        return -x.sum()

    each = om.NonlinearConstraint(func=both, upper_bound=[2.0, 0.5], lower_bound=[-np.inf, 0.5])
    result = solve(objective, np.zeros(2), each)
    t = (np.sqrt(15) - 1) / 4
    np.testing.assert_allclose(result.params, [t + 0.5, t], atol=1e-4)
    one = om.NonlinearConstraint(func=both, upper_bound=2)
    result = solve(objective, np.zeros(2), one)
    np.testing.assert_allclose(result.params, [1.0, 1.0], atol=1e-4)
    integers = om.NonlinearConstraint(func=both, upper_bound=np.array([2, 5]))
    result = solve(objective, np.zeros(2), integers)
    np.testing.assert_allclose(result.params, [1.0, 1.0], atol=1e-4)


def test_several_constraints_with_fixed_params_bounds_and_probabilities():
    target = np.array([1.0, 2.0, 0.2, 0.2, 0.6])
    result = solve(
        lambda x: ((x - target) ** 2).sum(),
        np.array([0.5, 1.0, 0.25, 0.25, 0.5]),
        [
            om.FixedConstraint(lambda x: x[:1]),
            om.ProbabilityConstraint(lambda x: x[2:]),
            om.NonlinearConstraint([0, 1], func=lambda s: s[0] * s[1], value=0.75),
            om.NonlinearConstraint(lambda x: x[2:], func=lambda p: p[0] - p[2], lower_bound=-0.2),
        ],
        bounds=om.Bounds(lower=np.array([-np.inf, 0, -np.inf, -np.inf, -np.inf])),
    )
    assert result.success, result.message
    np.testing.assert_allclose(result.params, [0.5, 1.5, 0.3, 0.2, 0.5], atol=1e-4)


def test_least_squares_and_maximization_and_multipliers():
    @om.mark.least_squares
    def residuals(x):
        return x - np.array([2.0, 1.0])

    disc = om.NonlinearConstraint(func=lambda x: x @ x, upper_bound=1.0)
    expected = np.array([2.0, 1.0]) / np.sqrt(5)
    low = solve(residuals, np.array([0.3, 0.1]), disc, "scipy_ls_lm")
    np.testing.assert_allclose(low.params, expected, atol=1e-4)
    high = om.maximize(
        lambda x: -((x - np.array([2.0, 1.0])) ** 2).sum(),
        np.array([0.3, 0.1]),
        "lbfgsb",
        constraints=disc,
        **AUGMENTED,
    )
    np.testing.assert_allclose(high.params, expected, atol=1e-4)
    np.testing.assert_allclose(low.algorithm_output["multipliers"], [np.sqrt(5) - 1], atol=1e-3)
    np.testing.assert_allclose(high.algorithm_output["multipliers"], [1 - np.sqrt(5)], atol=1e-3)
    assert high.algorithm_output["n_constraint_evals"] > 0


def test_a_linear_constraint_that_no_change_of_variables_takes():
    result = solve(
        lambda x: float(((x - np.array([0.2, 0.1])) ** 2).sum()),
        np.array([0.6, 0.6]),
        om.LinearConstraint(weights=1, lower_bound=1.0),
        bounds=om.Bounds(lower=np.zeros(2), upper=np.ones(2)),
    )
    np.testing.assert_allclose(result.params, [0.55, 0.45], atol=1e-4)


# ---------------------------------------------------------------- selections, outputs, derivatives


PARAMS = {"a": 1.0, "b": np.array([1.0, 2.0]), "c": pd.Series([0.5, 0.5], index=["u", "v"])}


def tree_objective(p):
    return p["a"] ** 2 + (p["b"] ** 2).sum() + ((p["c"] - 1) ** 2).sum()


@pytest.mark.parametrize("closed_form", [True, False])
def test_trees_of_params_and_of_values(closed_form):
    def func(part):
        return {"sum": part["a"] + part["b"].sum(), "c": part["c"]}

    def derivative(part):
        zero, eye = np.zeros(2), np.eye(2)
        return {
            "sum": {"a": 1.0, "b": np.ones(2), "c": zero},
            "c": {"a": pd.Series(0.0, ["u", "v"]), "b": np.zeros((2, 2)), "c": eye},
        }

    constraint = om.NonlinearConstraint(
        func=func,
        derivative=derivative if closed_form else None,
        lower_bound={"sum": 3.0, "c": np.array([-5.0, 1.5])},
    )
    result = solve(tree_objective, PARAMS, constraint)
    assert result.success, result.message
    np.testing.assert_allclose(result.params["a"], 1.0, atol=1e-4)
    np.testing.assert_allclose(result.params["b"], [1.0, 1.0], atol=1e-4)
    np.testing.assert_allclose(result.params["c"], [1.0, 1.5], atol=1e-4)


def test_a_derivative_of_a_part_is_extended_with_zeros():
    calls = []

    def derivative(b):
        calls.append(b)
        return b[::-1].copy()

    constraint = om.NonlinearConstraint(
        lambda p: p["b"], func=np.prod, derivative=derivative, value=1.0
    )
    result = solve(tree_objective, PARAMS, constraint)
    np.testing.assert_allclose(result.params["b"], [1.0, 1.0], atol=1e-3)
    np.testing.assert_allclose(result.params["a"], 0.0, atol=1e-4)
    assert calls and all(isinstance(b, np.ndarray) and b.shape == (2,) for b in calls)


def test_listed_params_are_an_array():
    seen = []

    def func(s):
        seen.append(s)
        return s[0] * s[1]

    constraint = om.NonlinearConstraint(["b_1", "a"], func=func, value=1.0)
    result = solve(tree_objective, PARAMS, constraint)
    assert result.success
    np.testing.assert_allclose(seen[0], [2.0, 1.0])
    np.testing.assert_allclose([result.params["a"], result.params["b"][1]], [1, 1], atol=1e-3)


FRAME = pd.DataFrame({"value": [1.0, 2.0, 3.0], "group": ["x", "y", "x"]}, index=["p", "q", "r"])


@pytest.mark.parametrize("selection", [{"loc": ["p", "r"]}, {"query": "group == 'x'"}])
def test_dicts_hand_rows_of_frames_to_func(selection):
    seen = []

    def func(rows):
        seen.append(rows)
        return rows["value"].prod()

    def derivative(rows):
        return rows["value"].to_numpy()[::-1].copy()

    constraint = {
        "type": "nonlinear",
        "func": func,
        "derivative": derivative,
        "lower_bounds": 2.0,
        **selection,
    }
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", FutureWarning)
        result = solve(lambda p: (p["value"] ** 2).sum(), FRAME, constraint)
    assert result.success, result.message
    assert list(seen[0].index) == ["p", "r"] and list(seen[0].columns) == ["value", "group"]
    np.testing.assert_allclose(result.params["value"], [2**0.5, 0, 2**0.5], atol=1e-3)


def test_loc_on_a_series_is_by_label_and_a_scalar_selects_one():
    series = pd.Series([1.0, 2.0], index=["p", "q"])
    constraint = {"type": "nonlinear", "loc": "q", "func": lambda q: q**2, "lower_bound": 2.0}
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", FutureWarning)
        result = solve(lambda s: (s**2).sum(), series, constraint)
    np.testing.assert_allclose(result.params, [0, 2**0.5], atol=1e-3)


# --------------------------------------------------------------------------------------- messages


def test_construction_errors():
    wrong = {
        "A NonlinearConstraint needs a lower_bound, an upper_bound, or a value.": {},
        r"has either a value \(1\) or bounds \(0, None\), not both.": {
            "value": 1,
            "lower_bound": 0,
        },
        "tol of a NonlinearConstraint has to be a finite number .*, not -1.": {
            "value": 1,
            "tol": -1,
        },
        "derivative of a NonlinearConstraint has to be a function or None, not 3.": {
            "value": 1,
            "derivative": 3,
        },
    }
    for message, kwargs in wrong.items():
        with pytest.raises(InvalidConstraintError, match=message):
            om.NonlinearConstraint(func=product, **kwargs)
    for func in (None, "product"):
        with pytest.raises(InvalidConstraintError, match="needs a func, a function of the sel"):
            om.NonlinearConstraint(func=func, value=1)
    with pytest.raises(InvalidConstraintError, match="selector of a NonlinearConstraint has to be"):
        om.NonlinearConstraint(selector=3, func=product, value=1)


@pytest.mark.parametrize(
    ("kwargs", "message"),
    [
        (
            {"lower_bound": 2, "upper_bound": 1},
            "constraints[0] (nonlinear 'product'): the lower limit 2 has to be at most "
            "the upper limit 1, and there has to be a number between them.",
        ),
        (
            {"lower_bound": [0.0, 1.0]},
            "constraints[0] (nonlinear 'product') has 2 lower limits, but its function "
            "returned 1 values at start params. Give one limit for all values, or one for each.",
        ),
        ({"value": np.nan}, "constraints[0] (nonlinear 'product'): a limit is NaN, "),
    ],
)
def test_limits_are_checked_before_the_run(kwargs, message):
    with pytest.raises(InvalidConstraintError) as error:
        solve(shifted, np.ones(6), om.NonlinearConstraint(func=product, **kwargs))
    assert message in str(error.value)


def test_limits_structured_in_another_way():
    constraint = om.NonlinearConstraint(
        func=lambda x: {"a": x[0], "b": x[1:]}, lower_bound={"a": 0.0, "c": 1.0}
    )
    with pytest.raises(InvalidConstraintError, match="lower_bound .* not structured like what fun"):
        solve(shifted, np.ones(6), constraint)


def test_an_algorithm_without_support():
    constraint = om.NonlinearConstraint(func=product, value=1.0)
    with pytest.raises(InvalidConstraintError) as error:
        om.minimize(shifted, np.ones(6), "scipy_lbfgsb", constraints=constraint)
    assert isinstance(error.value, ValueError)
    text = str(error.value)
    assert text.startswith("scipy_lbfgsb does not support nonlinear constraints, but constraints[0]")
    assert "Algorithms that support them: " in text
    assert 'constraint_handling="augmented_lagrangian"' in text


@pytest.mark.parametrize("wrong", ["penalty", None, {"initial_penalty": 1}, om.AugmentedLagrangianOptions])
def test_constraint_handling_is_a_word_or_options(wrong):
    with pytest.raises(InvalidArgumentError) as error:
        om.minimize(shifted, np.ones(6), "lbfgsb", constraint_handling=wrong)
    assert str(error.value) == (
        "constraint_handling must be one of ['native', 'augmented_lagrangian'], or "
        f"thalweg.AugmentedLagrangianOptions, not {wrong!r}."
    )


def test_options_of_the_augmented_lagrangian():
    constraint = om.NonlinearConstraint(lambda x: x[:5], func=product, value=1.0)

    def output(**options):
        handling = om.AugmentedLagrangianOptions(**options)
        result = om.minimize(
            shifted, np.ones(6), "lbfgsb", constraints=constraint, constraint_handling=handling
        )
        return result, result.algorithm_output

    usual, by_default = output()
    word = om.minimize(shifted, np.ones(6), "lbfgsb", constraints=constraint, **AUGMENTED)
    assert usual.success and np.array_equal(usual.params, word.params)
    result, large = output(initial_penalty=np.int64(1000))
    assert result.success and large["penalty"] >= 1000 > by_default["penalty"]
    result, short = output(max_subproblems=1)
    assert not result.success and short["n_subproblems"] == 1
    assert "1 subproblems of the augmented Lagrangian" in result.message
    _, fast = output(initial_penalty=1e-6, penalty_growth=1e4)
    _, slow = output(initial_penalty=1e-6, penalty_growth=1.5)
    assert fast["n_subproblems"] < slow["n_subproblems"]


@pytest.mark.parametrize(
    ("options", "complaint"),
    [
        ({"initial_penalty": "big"}, "initial_penalty has to be a number or None, not 'big'."),
        ({"initial_penalty": -1}, "initial_penalty has to be a finite number above 0, or none, not -1.0."),
        ({"penalty_growth": None}, "penalty_growth has to be a number, not None."),
        ({"penalty_growth": 1}, "penalty_growth has to be a finite number above 1, not 1.0."),
        ({"sufficient_fall": 1}, "sufficient_fall has to be a number between 0 and 1, not 1.0."),
        ({"max_subproblems": 2.5}, "max_subproblems has to be a whole number that is not negative, not 2.5."),
        ({"max_subproblems": 0}, "max_subproblems has to be at least 1, not 0."),
    ],
)
def test_wrong_options_of_the_augmented_lagrangian(options, complaint):
    constraint = om.NonlinearConstraint(func=product, value=1.0)
    with pytest.raises(InvalidArgumentError) as error:
        handling = om.AugmentedLagrangianOptions(**options)
        om.minimize(
            shifted, np.ones(6), "lbfgsb", constraints=constraint, constraint_handling=handling
        )
    assert str(error.value) == f"Invalid options of the augmented Lagrangian: {complaint}"


def test_failures_at_the_start():
    def failing(x):
        raise ArithmeticError("no root")

    constraint = om.NonlinearConstraint(func=failing, value=1.0)
    with pytest.raises(InvalidFunctionError) as error:
        solve(shifted, np.ones(6), constraint)
    assert str(error.value) == (
        "Error while evaluating constraints[0] (nonlinear 'failing') at start params: "
        "ArithmeticError: no root"
    )
    assert isinstance(error.value.__cause__, ArithmeticError)
    with pytest.raises(InvalidFunctionError, match="the selector failed with KeyError"):
        solve(tree_objective, PARAMS, om.NonlinearConstraint(lambda p: p["z"], func=abs, value=1))
    nothing = om.NonlinearConstraint(func=lambda x: None, value=1)
    with pytest.raises(InvalidFunctionError, match=r"constraints\[0\] .*: func returned None instead"):
        solve(shifted, np.ones(6), nothing)
    nan = om.NonlinearConstraint(func=lambda x: np.nan, value=1)
    with pytest.raises(InvalidFunctionError, match="returned NaN at start params; it has to be fi"):
        solve(shifted, np.ones(6), nan)


def test_a_failure_during_the_run_names_the_constraint():
    calls = []

    def budget(x):
        calls.append(x)
        if len(calls) > 10:
            raise ArithmeticError("no root")
        return np.prod(x)

    constraints = [
        om.FixedConstraint(lambda x: x[5:]),
        om.NonlinearConstraint(func=budget, value=0.0),
    ]
    with pytest.raises(UserFunctionRuntimeError) as error:
        solve(shifted, np.ones(6), constraints)
    assert str(error.value) == (
        "An error occurred when evaluating constraints[1] (nonlinear 'budget') during "
        "optimization: ArithmeticError: no root"
    )
    assert isinstance(error.value.__cause__, ArithmeticError)
    assert error.value.partial_result.fun <= shifted(np.ones(6))


def test_a_failure_may_be_gone_over():
    def disc(x):
        if x[0] > 0.9:
            raise ArithmeticError("too far")
        return x @ x

    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        result = solve(
            lambda x: float(-x[0] + x[1] ** 2),
            np.array([0.1, 0.1]),
            om.NonlinearConstraint(func=disc, upper_bound=1.0),
            "neldermead",
            error_handling="continue",
            algo_options={"stopping_maxfun": 500},
        )
    assert 0.85 < result.params[0] <= 0.9


def test_other_structures_than_at_the_start():
    calls = []

    def changing(x):
        calls.append(x)
        return x[:3] if len(calls) > 5 else x[:2]

    with pytest.raises(UserFunctionRuntimeError, match="another structure than at the start"):
        solve(shifted, np.ones(6), om.NonlinearConstraint(func=changing, upper_bound=5.0))
    wrong = om.NonlinearConstraint(func=product, derivative=lambda x: x[:3], value=1.0)
    with pytest.raises(UserFunctionRuntimeError, match="derivative and the selected params cannot"):
        solve(shifted, np.ones(6), wrong)


def test_an_infeasible_problem_is_no_success():
    constraints = [
        om.NonlinearConstraint(func=lambda x: x @ x, upper_bound=1.0),
        om.NonlinearConstraint(func=lambda x: x[0], lower_bound=2.0),
    ]
    result = solve(lambda x: x.sum(), np.array([0.3, 0.2]), constraints)
    assert not result.success and result.status == "infeasible"
    assert "violated by" in result.message and result.max_constraint_violation > 0.1


def test_dicts_are_checked():
    base = {"type": "nonlinear", "loc": [0], "func": product}
    cases = {
        "needs a lower_bound, an upper_bound, or a value": base,
        "needs a func": {"type": "nonlinear", "loc": [0], "value": 1},
        "has the unknown keys": base | {"weights": 1},
        "has both 'lower_bound' and 'lower_bounds'": base | {"lower_bound": 1, "lower_bounds": 1},
        "needs exactly one of the keys": base | {"selector": lambda x: x, "value": 1},
    }
    for message, constraint in cases.items():
        with warnings.catch_warnings():
            warnings.simplefilter("ignore", FutureWarning)
            with pytest.raises(InvalidConstraintError, match=message):
                solve(shifted, np.ones(6), constraint)


@pytest.mark.filterwarnings("ignore::FutureWarning")
def test_a_dict_without_a_selection_is_on_all_parameters():
    constraint = {
        "type": "nonlinear",
        "func": lambda p: p["a"] ** 2 + p["b"] @ p["b"],
        "derivative": lambda p: {"a": 2 * p["a"], "b": 2 * p["b"]},
        "value": 3.0,
    }
    start = {"a": 1.5, "b": np.array([0.5, 0.7])}
    found = om.minimize(
        lambda p: p["a"] + p["b"].sum(), start, "scipy_slsqp", constraints=[constraint]
    )
    assert found.success
    assert np.allclose([found.params["a"], *found.params["b"]], -1, atol=1e-5)


def test_check_constraints_evaluates_them():
    constraint = om.NonlinearConstraint(func=lambda x: x[:2], upper_bound=[2.0, 0.5])
    om.check_constraints(np.array([1.0, 0.5, 7.0]), constraint)
    with pytest.raises(InvalidParamsError) as error:
        om.check_constraints(np.array([1.0, 0.75, 7.0]), constraint)
    assert str(error.value) == (
        "Violated constraint at params: value 1 of constraints[0] is 0.75, but has to lie between "
        "-inf and 0.5; the tolerance is 1e-05."
    )
    with pytest.raises(InvalidConstraintError, match="has 2 upper limits, but func returned 3"):
        om.check_constraints(
            np.ones(3), om.NonlinearConstraint(func=lambda x: x, upper_bound=[2.0, 0.5])
        )
    with pytest.raises(InvalidFunctionError, match=r"constraints\[0\]: func failed at the params"):
        om.check_constraints(np.ones(3), om.NonlinearConstraint(func=lambda x: x[9], value=1))
