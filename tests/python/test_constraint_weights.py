"""Weights and limits of linear constraints, of every shape and type."""

import numpy as np
import pandas as pd
import pytest
import thalweg as om


def linear(selector, start, **options):
    """Where |x|^2 is smallest under a linear constraint."""
    constraint = om.LinearConstraint(selector, **options)
    result = om.minimize(
        lambda p: sum(float((np.asarray(part) ** 2).sum()) for part in p.values()),
        start,
        "lbfgsb",
        constraints=constraint,
        algo_options={"convergence.ftol_rel": 1e-14},
    )
    return np.concatenate([np.ravel(part) for part in result.params.values()])


@pytest.mark.parametrize(
    ("selector", "weights"),
    [
        (lambda p: p, {"a": 1.0, "b": np.array([2.0, 3.0])}),
        (lambda p: p, {"b": [2.0, 3.0], "a": 1.0}),
        (lambda p: (p["b"], p["a"]), (np.array([2.0, 3.0]), 1.0)),
        (lambda p: p, [1, 2, 3]),
        (lambda p: p, np.array([1, 2, 3], dtype=np.int32)),
        (lambda p: p, pd.Series([1.0, 2.0, 3.0])),
        (["a", "b_0", "b_1"], (1.0, 2.0, 3.0)),
        (["b_1", "a", "b_0"], [3.0, 1.0, 2.0]),
    ],
)
def test_weights_of_every_shape(selector, weights):
    start = {"a": 14.0, "b": np.zeros(2)}
    if isinstance(weights, dict):
        weights = {
            key: np.asarray(value, dtype=float) if key == "b" else value
            for key, value in weights.items()
        }
    solution = linear(selector, start, weights=weights, value=14)
    assert np.allclose(solution, [1, 2, 3], atol=1e-4)


def test_weights_of_a_series_go_by_label():
    params = pd.Series([5.0, 0.0, 1.0], index=["x", "y", "z"])
    weights = pd.Series([2.0, 1.0], index=["y", "x"])
    result = om.minimize(
        lambda p: (p**2).sum(),
        params,
        "lbfgsb",
        constraints=om.LinearConstraint(lambda p: p[["x", "y"]], weights=weights, value=5.0),
    )
    assert np.allclose(result.params, [1, 2, 0], atol=1e-4)


@pytest.mark.parametrize(
    "number", [3, 3.0, np.float64(3), np.float32(3), np.int64(3), np.int8(3), np.array(3.0)]
)
@pytest.mark.parametrize("side", ["value", "lower_bound"])
def test_numbers_of_every_type(number, side):
    start = {"a": 3.0, "b": np.zeros(2)}
    solution = linear(lambda p: p, start, weights=np.int64(1), **{side: number})
    assert np.allclose(solution, [1, 1, 1], atol=1e-4)


def test_a_matrix_of_weights_is_several_constraints():
    start = {"a": 4.0, "b": np.array([1.0, 0.0])}
    weights = np.array([[1.0, 1.0, 1.0], [0.0, 1.0, -1.0]])
    solution = linear(lambda p: p, start, weights=weights, value=[5.0, 1.0])
    assert solution.sum() == pytest.approx(5)
    assert solution[1] - solution[2] == pytest.approx(1)
    assert np.allclose(solution, [5 / 3, 5 / 3 + 0.5, 5 / 3 - 0.5], atol=1e-4)
