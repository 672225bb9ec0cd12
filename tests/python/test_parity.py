"""Side by side with optimagic, where it is installed: the same derivatives, reports and frames."""

import numpy as np
import pandas as pd
import pytest
import thalweg as tw

om = pytest.importorskip("optimagic")
pytestmark = pytest.mark.filterwarnings("ignore")

X = np.array([0.3, -1.2, 2.0, 0.05])


def scalar(x):
    return np.exp(x / 3).sum() + x[0] * x[-1]


def vector(x):
    return np.array([np.sin(x).sum(), x @ x, x[0] * x[1]])


def quadratic(p):
    return p["a"] ** 2 + p["b"] ** 2 + (p["c"] ** 2).sum()


@pytest.mark.parametrize("fun", [scalar, vector])
@pytest.mark.parametrize("method", ["forward", "backward", "central"])
def test_first_derivatives_are_the_same_to_the_bit(fun, method):
    ours, theirs = (lib.first_derivative(fun, X, method=method).derivative for lib in (tw, om))
    assert np.array_equal(ours, theirs)
    ours, theirs = (
        lib.first_derivative(
            fun, X, method=method, min_steps=1e-12, bounds=lib.Bounds(lower=X - 1e-9, upper=X + 1)
        ).derivative
        for lib in (tw, om)
    )
    assert np.array_equal(ours, theirs)


@pytest.mark.parametrize("fun", [scalar, vector])
@pytest.mark.parametrize("method", ["forward", "backward", "central_average", "central_cross"])
def test_second_derivatives_are_the_same_to_the_bit(fun, method):
    ours, theirs = (lib.second_derivative(fun, X, method=method).derivative for lib in (tw, om))
    assert np.array_equal(ours, theirs)


def test_trees_of_derivatives_have_the_same_types():
    params = {
        "a": 1.0,
        "b": np.ones((2, 2)),
        "s": pd.Series([1.0, 2.0], index=["i", "j"]),
        "df": pd.DataFrame({"value": [1.0, 2.0], "note": ["x", "y"]}, index=["k", "l"]),
    }

    def fun(p):
        return {
            "o": p["a"] * 2,
            "v": p["b"].sum(axis=0),
            "s": p["s"] * p["a"],
            "d": p["df"]["value"],
        }

    ours, theirs = (lib.first_derivative(fun, params).derivative for lib in (tw, om))
    assert list(ours) == list(theirs)
    for outer, block in theirs.items():
        for inner, expected in block.items():
            actual = ours[outer][inner]
            assert type(actual) is type(expected), (outer, inner)
            assert np.allclose(actual, expected)
            if isinstance(expected, pd.DataFrame):
                pd.testing.assert_index_equal(actual.columns, expected.columns)
            if isinstance(expected, (pd.Series, pd.DataFrame)):
                pd.testing.assert_index_equal(actual.index, expected.index)


@pytest.mark.parametrize("start", [(0, 1, 2), (5, -3, 0.5)])
def test_neldermead_reports_are_the_same(start):
    a, b, c = start
    params = {"a": a, "b": b, "c": pd.Series([c, 3, 4])}
    ours, theirs = (lib.minimize(quadratic, params, "scipy_neldermead") for lib in (tw, om))
    assert str(ours) == str(theirs)
    assert ours.history.flat_param_names == theirs.history.flat_param_names
    assert np.array_equal(ours.history.flat_params, theirs.history.flat_params)
    assert ours.history.fun == theirs.history.fun
    columns = ["value", "fun"]
    ours, theirs = (result.history.params_data(collapse_batches=True) for result in (ours, theirs))
    pd.testing.assert_frame_equal(ours[columns], theirs[columns], check_index_type=False)


def test_lbfgsb_takes_the_same_path():
    def fun(x):
        return sum(100 * (x[1:] - x[:-1] ** 2) ** 2 + (1 - x[:-1]) ** 2)

    start = np.array([-1.2, 1.0, 0.5])
    ours, theirs = (lib.minimize(fun, start, "scipy_lbfgsb") for lib in (tw, om))
    assert ours.n_fun_evals == pytest.approx(theirs.n_fun_evals, abs=1)
    assert np.allclose(ours.history.flat_params[:10], theirs.history.flat_params[:10], rtol=1e-4)
