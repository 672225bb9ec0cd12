"""The printed examples with constraints that hold at every evaluation, with what must come out."""

import numpy as np
import pandas as pd
import pytest
import thalweg as om
from thalweg.exceptions import InvalidParamsError


def sphere(x):
    return x @ x


def offset_sphere(x):
    offset = np.linspace(1, 0, len(x))
    return (x - offset) @ (x - offset)


def distance(a, b, c):
    return (a - np.pi) ** 2 + (b - np.arange(3)) @ (b - np.arange(3)) + ((c - np.eye(2)) ** 2).sum()


def seen_by(fun):
    """The function, and the list of the points at which it will have been evaluated."""
    points = []

    def recording(x):
        points.append(x.copy() if hasattr(x, "copy") else x)
        return fun(x)

    return recording, points


# C20 to C22: bounds, which hold at every evaluation.


@pytest.mark.parametrize("old", [True, False])
def test_c20_lower_bounds(old):
    fun, points = seen_by(sphere)
    start = np.arange(3) + 1
    if old:
        with pytest.warns(FutureWarning, match="lower_bounds -> bounds"):
            result = om.minimize(
                criterion=fun, params=start, algorithm="scipy_lbfgsb", lower_bounds=np.ones(3)
            )
    else:
        result = om.minimize(fun, start, "scipy_lbfgsb", bounds=om.Bounds(lower=np.ones(3)))
    assert np.allclose(result.params, 1, atol=1e-8)
    assert all((point >= 1).all() for point in points)


@pytest.mark.parametrize("n", [3, 4])
def test_c21_bounds_in_a_frame(n):
    params = pd.DataFrame(
        {"value": np.arange(n) + 1, "lower_bound": np.ones(n), "upper_bound": np.full(n, 10.0)},
        index=list("abcd")[:n],
    )

    def criterion(params):
        return (params["value"] ** 2).sum()

    result = om.minimize(criterion, params, algorithm="scipy_lbfgsb")
    assert np.allclose(result.params["value"], 1, atol=1e-8)
    others = ["lower_bound", "upper_bound"]
    pd.testing.assert_frame_equal(result.params[others], params[others])
    assert list(result.params.index) == list(params.index)


@pytest.mark.parametrize("old", [True, False])
def test_c22_bounds_for_a_part(old):
    fun = lambda p: p["x"] @ p["x"] + p["intercept"]  # noqa: E731
    params = {"x": np.arange(3), "intercept": 3}
    if old:
        with pytest.warns(FutureWarning):
            result = om.minimize(
                criterion=fun,
                params=params,
                algorithm="scipy_lbfgsb",
                lower_bounds={"intercept": -2},
            )
    else:
        bounds = om.Bounds(lower={"intercept": -2})
        result = om.minimize(fun, params, "scipy_lbfgsb", bounds=bounds)
    assert np.allclose(result.params["x"], 0, atol=1e-5)
    assert result.params["intercept"] == pytest.approx(-2, abs=1e-8)


# C23 to C26: constraints by reparametrization, which hold at every evaluation.

START_OF_C23 = np.array([0.1, 0.5, 0.4, 4, 5])


@pytest.mark.parametrize(
    "constraints",
    [
        {"loc": [0, 1, 2], "type": "probability"},
        [{"loc": [0, 1, 2], "type": "probability"}],
        [{"selector": lambda x: x[:3], "type": "probability"}],
        om.ProbabilityConstraint(lambda x: x[:3]),
        [om.constraints.ProbabilityConstraint(selector=lambda x: x[[0, 1, 2]])],
        om.ProbabilityConstraint([0, 1, 2]),
    ],
)
@pytest.mark.filterwarnings("ignore::FutureWarning")
def test_c23_probabilities(constraints):
    fun, points = seen_by(sphere)
    result = om.minimize(
        criterion=fun, params=START_OF_C23, algorithm="scipy_lbfgsb", constraints=constraints
    )
    assert np.allclose(result.params, [1 / 3, 1 / 3, 1 / 3, 0, 0], atol=1e-4)
    assert all(point[:3].sum() == pytest.approx(1, abs=1e-12) for point in points)
    assert all((point[:3] >= 0).all() for point in points)
    assert result.n_free == 4


@pytest.mark.parametrize("old", [True, False])
def test_c24_fixed(old):
    start = np.array([2.5, 1, 1, 1, 1, -2.5])
    fun, points = seen_by(offset_sphere)
    if old:
        with pytest.warns(FutureWarning, match=r'{"type": "fixed", ...} -> FixedConstraint'):
            result = om.minimize(
                criterion=fun,
                params=start,
                algorithm="scipy_lbfgsb",
                constraints={"loc": [0, 5], "type": "fixed"},
            )
    else:
        constraints = om.FixedConstraint(lambda x: x[[0, 5]])
        result = om.minimize(fun, start, "scipy_lbfgsb", constraints=constraints)
    assert np.allclose(result.params, [2.5, 0.8, 0.6, 0.4, 0.2, -2.5], atol=1e-5)
    assert all(point[0] == 2.5 and point[5] == -2.5 for point in points)


@pytest.mark.parametrize("old", [True, False])
def test_c25_linear(old):
    fun, points = seen_by(offset_sphere)
    if old:
        with pytest.warns(FutureWarning, match=r'{"type": "linear", ...} -> LinearConstraint'):
            result = om.minimize(
                criterion=fun,
                params=np.ones(6),
                algorithm="scipy_lbfgsb",
                constraints={
                    "loc": [0, 1, 2, 3],
                    "type": "linear",
                    "lower_bound": 0.95,
                    "weights": 0.25,
                },
            )
    else:
        constraints = om.LinearConstraint(lambda x: x[:4], weights=0.25, lower_bound=0.95)
        result = om.minimize(fun, np.ones(6), "scipy_lbfgsb", constraints=constraints)
    assert np.allclose(result.params, [1.25, 1.05, 0.85, 0.65, 0.2, 0], atol=1e-4)
    assert all(point[:4].sum() / 4 >= 0.95 - 1e-12 for point in points)


@pytest.mark.filterwarnings("ignore::FutureWarning")
@pytest.mark.parametrize(
    "constraint",
    [{"loc": [0, 1, 2], "type": "probability"}, om.ProbabilityConstraint(lambda x: x[:3])],
)
def test_c26_a_violated_constraint(constraint):
    with pytest.raises(InvalidParamsError) as caught:
        om.minimize(
            criterion=sphere,
            params=np.array([1, 2, 3, 4, 5]),
            algorithm="scipy_lbfgsb",
            constraints=[constraint],
        )
    message = str(caught.value)
    assert "constraints[0]" in message
    assert "probability" in message
    assert "sum" in message
    assert "6" in message
    assert all(f"'{name}'" in message for name in "012")


# D32, T8, T9.


def test_d32_increasing():
    fun, points = seen_by(lambda x: np.sqrt(x[1] - x[0]) + x[1] ** 2)
    result = om.minimize(
        fun, np.array([1.0, 2.0]), "neldermead", constraints=om.IncreasingConstraint()
    )
    assert all(point[0] <= point[1] for point in points)
    assert result.fun == pytest.approx(0, abs=1e-3)
    assert np.allclose(result.params, 0, atol=1e-1)


@pytest.mark.parametrize("old", [True, False])
@pytest.mark.filterwarnings("ignore::FutureWarning")
def test_t8_fixed_by_selectors(old):
    start = {"a": 1, "b": np.zeros(3), "c": np.ones((2, 2))}
    selectors = [lambda x: x["a"], lambda x: x["c"][0, 1]]
    constraints = [
        {"selector": selector, "type": "fixed"} if old else om.FixedConstraint(selector)
        for selector in selectors
    ]
    result = om.minimize(lambda x: distance(**x), start, "scipy_lbfgsb", constraints=constraints)
    assert result.params["a"] == 1
    assert np.allclose(result.params["c"], [[1, 1], [0, 1]], atol=1e-5)
    assert np.allclose(result.params["b"], np.arange(3), atol=1e-5)


@pytest.mark.parametrize("old", [True, False])
@pytest.mark.filterwarnings("ignore::FutureWarning")
def test_t9_linear_on_a_matrix(old):
    start = {"a": 1, "b": np.zeros(3), "c": np.full((2, 2), 0.25)}
    selector = lambda x: x["c"]  # noqa: E731
    constraint = (
        {"selector": selector, "type": "linear", "weights": 1.0, "value": 1.0}
        if old
        else om.LinearConstraint(selector, weights=1.0, value=1.0)
    )
    points = []

    def fun(x):
        points.append(x["c"])
        return distance(**x)

    result = om.minimize(fun, start, "scipy_lbfgsb", constraints=[constraint])
    assert np.allclose(result.params["c"], [[0.75, -0.25], [-0.25, 0.75]], atol=1e-5)
    assert result.params["c"].sum() == pytest.approx(1, abs=1e-15)
    assert all(point.sum() == pytest.approx(1, abs=1e-14) for point in points)
    assert result.params["a"] == pytest.approx(np.pi, abs=1e-5)


# C27: a nonlinear constraint, which the algorithm keeps itself.


@pytest.mark.parametrize("old", [True, False])
def test_c27_a_product_that_is_one(old):
    if old:
        with pytest.warns(FutureWarning, match=r"NonlinearConstraint\(\.\.\.\)"):
            result = om.minimize(
                criterion=offset_sphere,
                params=np.ones(6),
                algorithm="scipy_slsqp",
                constraints={
                    "type": "nonlinear",
                    "loc": [0, 1, 2, 3, 4],
                    "func": np.prod,
                    "value": 1.0,
                },
            )
    else:
        result = om.minimize(
            offset_sphere,
            np.ones(6),
            "scipy_slsqp",
            constraints=om.NonlinearConstraint(lambda x: x[:-1], func=np.prod, value=1.0),
        )
    assert result.success, result.message
    assert np.allclose(result.params, [1.31, 1.16, 1.01, 0.87, 0.75, 0], atol=0.01)
    assert abs(np.prod(result.params[:5]) - 1) <= 1e-6
    assert result.max_constraint_violation <= 1e-6


@pytest.mark.parametrize(
    "bounds", [{"lower_bound": 1.0, "upper_bound": 1.0}, {"lower_bound": 1.0}]
)
def test_c27_with_bounds_and_a_tree_of_values(bounds):
    constraint = om.NonlinearConstraint(
        lambda x: x[:-1], func=lambda x: {"product": [np.prod(x)]}, **bounds
    )
    result = om.minimize(offset_sphere, np.ones(6), "scipy_slsqp", constraints=constraint)
    assert np.allclose(result.params, [1.31, 1.16, 1.01, 0.87, 0.75, 0], atol=0.01)
