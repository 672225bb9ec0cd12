"""Parameters of any shape, seen from `minimize`; the tree itself is tested in test_tree.py."""

from collections import namedtuple
from dataclasses import dataclass

import numpy as np
import pandas as pd
import pytest
import thalweg as om

Pair = namedtuple("Pair", ["u", "v"])


@dataclass
class Model:
    slope: float
    levels: np.ndarray


def total(tree):
    """The sum of squared distances of all numbers from 0.5."""
    if isinstance(tree, dict):
        return sum(map(total, tree.values()))
    if isinstance(tree, (list, tuple)):
        return sum(map(total, tree))
    if isinstance(tree, Model):
        return total(tree.slope) + total(tree.levels)
    if isinstance(tree, pd.DataFrame) and "value" in tree:
        tree = tree["value"]
    return float(((np.asarray(tree, dtype=float) - 0.5) ** 2).sum()) if tree is not None else 0.0


SHAPES = {
    "float": 2.0,
    "int": 2,
    "numpy scalar": np.float64(2.0),
    "vector": np.arange(3),
    "float32": np.arange(3, dtype=np.float32),
    "matrix": np.arange(4.0).reshape(2, 2),
    "0-d": np.array(2.0),
    "list": [1, 2.0, np.ones(2)],
    "tuple": (1, (2, 3)),
    "namedtuple": Pair(1.0, {"z": 2}),
    "dict": {"b": 1, "a": np.ones((2, 2))},
    "None": {"a": None, "b": 1.0},
    "dataclass": Model(1.0, np.ones(2)),
    "series": pd.Series([1, 2], index=["i", "j"], name="s"),
    "frame": pd.DataFrame({"c1": [1.0, 2.0], "c2": [3.0, 4.0]}, index=["x", "y"]),
    "value frame": pd.DataFrame({"value": [1.0, 2.0], "note": ["m", "n"]}, index=["x", "y"]),
    "nested": {"p": Pair([1, 2], np.ones(1)), "q": {"r": pd.Series([1.0])}},
}


@pytest.mark.parametrize("name", SHAPES)
def test_params_keep_their_shape(name):
    start = SHAPES[name]
    result = om.minimize(total, start, "lbfgsb")
    assert type(result.params) is type(start) or isinstance(start, (int, np.number))
    assert total(result.params) < 1e-8
    assert result.success
    assert type(result.history.params[0]) is type(result.params)


def test_python_numbers_become_floats_and_stay_python():
    seen = set()

    def fun(params):
        seen.update(type(value) for value in params.values())
        return sum(value**2 for value in params.values())

    result = om.minimize(fun, {"a": 1, "b": 2.0}, "lbfgsb")
    assert seen == {float}
    assert {type(value) for value in result.params.values()} == {float}


def test_gradients_are_matched_by_key():
    result = om.minimize(
        lambda p: p["a"] ** 2 + 3 * (p["b"] - 1) ** 2,
        {"a": 1.0, "b": 5.0},
        "lbfgsb",
        jac=lambda p: {"b": 6 * (p["b"] - 1), "a": 2 * p["a"]},
    )
    assert result.params["a"] == pytest.approx(0, abs=1e-5)
    assert result.params["b"] == pytest.approx(1, abs=1e-5)


def test_block_tree_jacobians():
    @om.mark.least_squares
    def fun(p):
        return {"u": p["a"] * np.ones(2), "w": p["b"] - np.arange(2)}

    @om.mark.least_squares
    def jac(p):
        return {
            "u": {"a": np.ones(2), "b": np.zeros((2, 2))},
            "w": {"a": np.zeros(2), "b": np.eye(2)},
        }

    result = om.minimize(fun, {"a": 3.0, "b": np.ones(2)}, "scipy_ls_lm", jac=jac)
    assert result.params["a"] == pytest.approx(0, abs=1e-8)
    assert np.allclose(result.params["b"], [0, 1])


@pytest.mark.parametrize(
    ("lower", "expected"),
    [
        (1.0, {"x": [1, 1], "c": 1}),
        ({"c": 2}, {"x": [0, 0], "c": 2}),
        ({"x": 0.5}, {"x": [0.5, 0.5], "c": 0}),
        ({"x": np.array([np.nan, 1.0]), "c": None}, {"x": [0, 1], "c": 0}),
        ({"x": None, "c": 1}, {"x": [0, 0], "c": 1}),
    ],
)
def test_partial_bounds(lower, expected):
    result = om.minimize(
        lambda p: p["x"] @ p["x"] + p["c"] ** 2,
        {"x": np.array([3.0, 4.0]), "c": 5},
        "lbfgsb",
        bounds=om.Bounds(lower=lower),
    )
    assert np.allclose(result.params["x"], expected["x"], atol=1e-5)
    assert result.params["c"] == pytest.approx(expected["c"], abs=1e-5)


def test_explicit_bounds_beat_columns():
    params = pd.DataFrame({"value": [3.0, 3.0], "lower_bound": [1.0, 2.0]}, index=["a", "b"])
    fun = lambda p: (p["value"] ** 2).sum()  # noqa: E731
    result = om.minimize(fun, params, "lbfgsb", bounds=om.Bounds(lower=pd.Series({"a": 2.5})))
    assert np.allclose(result.params["value"], [2.5, 2.0], atol=1e-6)


def test_equal_bounds_fix_a_parameter():
    start = np.array([1.0, 3.0])
    result = om.minimize(
        lambda x: x @ x,
        start,
        "lbfgsb",
        bounds=om.Bounds(lower=np.array([-1.0, 3.0]), upper=np.array([2.0, 3.0])),
    )
    assert np.allclose(result.params, [0, 3], atol=1e-6)
    assert result.n_free == 1


def test_scalar_bounds_on_a_vector():
    result = om.minimize(lambda x: x @ x, np.array([3.0, 4.0]), "lbfgsb", bounds=om.Bounds(lower=1))
    assert np.allclose(result.params, 1)


def test_queries_and_labels_select_rows_to_fix():
    params = pd.DataFrame(
        {"value": [1.0, 2.0, 3.0], "group": ["a", "b", "a"]}, index=["x", "y", "z"]
    )
    fun = lambda p: (p["value"] ** 2).sum()  # noqa: E731
    for constraint in (
        {"type": "fixed", "query": "group == 'a'"},
        {"type": "fixed", "loc": ["x", "z"]},
    ):
        with pytest.warns(FutureWarning):
            result = om.minimize(fun, params, "lbfgsb", constraints=constraint)
        assert np.allclose(result.params["value"], [1, 0, 3], atol=1e-6)


def test_blocks_of_a_jacobian_are_matched_by_label():
    params = pd.Series([1.0, 2.0], index=["u", "v"])
    fun = om.mark.least_squares(lambda p: p * pd.Series([1.0, 5.0], index=["u", "v"]) - 3)
    jac = pd.DataFrame(np.diag([1.0, 5.0]), index=params.index, columns=params.index)
    for block in (jac, jac.iloc[::-1], jac.iloc[:, ::-1], jac.to_numpy()):
        result = om.minimize(
            fun, params, "scipy_ls_lm", jac=om.mark.least_squares(lambda p: block)
        )
        assert np.allclose(result.params, [3, 0.6])
    wrong = om.mark.least_squares(lambda p: jac.rename(columns={"u": "w"}))
    with pytest.raises(om.exceptions.InvalidFunctionError, match="labels of its columns"):
        om.minimize(fun, params, "scipy_ls_lm", jac=wrong)


def test_fun_and_jac_of_the_sum_for_a_least_squares_objective():
    fun = om.mark.least_squares(lambda x: x)
    pair = [lambda x: (x @ x, 2 * x), om.mark.least_squares(lambda x: (x, np.eye(3)))]
    for algorithm in ("lbfgsb", "levenberg_marquardt"):
        result = om.minimize(fun, np.arange(3.0), algorithm, fun_and_jac=pair)
        assert np.allclose(result.params, 0, atol=1e-6)
