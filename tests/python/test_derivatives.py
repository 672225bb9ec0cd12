"""Numerical derivatives: values, structure, bounds, failures, parallel evaluation, outdated spellings."""

import os
import time
import warnings
from concurrent.futures import ProcessPoolExecutor, ThreadPoolExecutor

import numpy as np
import pandas as pd
import pytest
import thalweg as om
from thalweg import exceptions


def sphere(x):
    return x @ x


def cubic(x):
    return (x**3).sum()


X = np.array([0.5, -1.0, 2.0])


@pytest.mark.parametrize(
    ("method", "tolerance"), [("forward", 1e-6), ("backward", 1e-6), ("central", 1e-7)]
)
def test_gradient(method, tolerance):
    result = om.first_derivative(cubic, X, method=method)
    assert np.allclose(result.derivative, 3 * X**2, rtol=tolerance, atol=tolerance)
    assert result.func_value == cubic(X)


@pytest.mark.parametrize("method", ["forward", "backward", "central_average", "central_cross"])
def test_hessian(method):
    hessian = om.second_derivative(cubic, X, method=method).derivative
    assert np.allclose(hessian, np.diag(6 * X), atol=1e-2)
    assert np.allclose(
        om.second_derivative(sphere, np.arange(3), method=method).derivative,
        2 * np.eye(3),
        atol=1e-2,
    )


def test_evaluation_counts():
    def count(**kwargs):
        calls = []

        def fun(x):
            calls.append(1)
            return x @ x

        om.first_derivative(fun, X, **kwargs)
        return len(calls)

    assert count(method="forward") == 4
    assert count(method="central") == 7
    assert count(method="forward", f0=sphere(X)) == 3


def test_structure_follows_output_and_params():
    params = {"a": 1.0, "b": np.ones(2)}

    def fun(p):
        return {"o": p["a"] ** 2, "v": p["b"] * p["a"]}

    derivative = om.first_derivative(fun, params).derivative
    assert derivative["o"]["a"] == pytest.approx(2, abs=1e-6)
    assert np.allclose(derivative["o"]["b"], 0)
    assert np.allclose(derivative["v"]["a"], 1)
    assert np.allclose(derivative["v"]["b"], np.eye(2), atol=1e-6)
    gradient = om.first_derivative(lambda p: p["a"] + p["b"].sum(), params).derivative
    assert np.allclose(gradient["b"], 1)
    assert om.first_derivative(lambda x: x[0] * np.ones((2, 3)), np.ones(1)).derivative.shape == (
        2,
        3,
        1,
    )
    assert np.shape(om.first_derivative(lambda x: x**2, 3.0).derivative) == ()


def test_frames():
    params = pd.DataFrame({"value": [1.0, 2.0]}, index=["x", "y"])
    gradient = om.first_derivative(lambda p: (p["value"] ** 2).sum(), params).derivative
    assert isinstance(gradient, pd.Series)
    assert list(gradient.index) == ["x", "y"]
    hessian = om.second_derivative(lambda p: (p["value"] ** 2).sum(), params).derivative
    assert isinstance(hessian, pd.DataFrame)
    assert list(hessian.columns) == ["x", "y"]
    jacobian = om.first_derivative(
        lambda p: pd.Series({"u": p["value"].sum(), "w": 1.0}), params
    ).derivative
    assert jacobian.loc["u", "x"] == pytest.approx(1)


def test_hessian_blocks():
    hessian = om.second_derivative(
        lambda p: p["a"] * p["b"].sum(), {"a": 1.0, "b": np.ones(2)}
    ).derivative
    assert np.allclose(hessian["a"]["b"], 1, atol=1e-3)
    assert np.shape(hessian["b"]["b"]) == (2, 2)
    tensor = om.second_derivative(lambda x: np.array([x @ x, x[0] * x[1]]), np.ones(2)).derivative
    assert np.allclose(tensor, [2 * np.eye(2), [[0, 1], [1, 0]]], atol=1e-3)


def test_bounds_are_kept():
    seen = []

    def fun(x):
        seen.append(np.array(x))
        return (x**2).sum()

    bounds = om.Bounds(lower=np.array([1.0, -1.0, 0.0]), upper=np.array([2.0, 1.0, 0.0]))
    x = np.array([1.0, 1.0, 0.0])
    derivative = om.first_derivative(fun, x, bounds=bounds).derivative
    assert np.allclose(derivative, [2, 2, 0], atol=1e-6)
    om.second_derivative(
        fun,
        np.array([1.0, 1.0, 0.0]),
        bounds=om.Bounds(lower=bounds.lower, upper=np.array([2.0, 1.0, 1.0])),
    )
    assert all(np.all(point >= [1, -1, 0]) and np.all(point <= [2, 1, 1]) for point in seen)


def test_steps_may_be_trees():
    params = {"a": 1.0, "b": np.ones(2)}
    seen = []

    def fun(p):
        seen.append((p["a"], p["b"][0]))
        return p["a"] ** 2 + p["b"] @ p["b"]

    om.first_derivative(
        fun, params, method="forward", step_size={"a": 0.1, "b": np.array([0.2, 0.3])}
    )
    assert (pytest.approx(1.1), 1.0) in seen
    assert (1.0, pytest.approx(1.2)) in seen


def test_trees_of_steps_in_an_optimization():
    options = om.NumdiffOptions(method="forward", step_size={"a": 1e-7, "b": np.full(2, 1e-6)})
    start = {"a": 1.0, "b": np.ones(2)}
    result = om.minimize(
        lambda p: p["a"] ** 2 + p["b"] @ p["b"], start, "lbfgsb", numdiff_options=options
    )
    assert np.allclose(result.params["b"], 0, atol=1e-5)
    with pytest.raises(exceptions.InvalidNumdiffOptionsError, match="same structure as params"):
        om.minimize(lambda x: x @ x, np.ones(2), "lbfgsb", numdiff_options=options)


def test_extrapolation_is_more_accurate():
    x = np.array([1.0, 2.0])
    fun = lambda x: np.exp(x).sum()  # noqa: E731
    plain = np.abs(
        om.first_derivative(fun, x, method="forward", step_size=0.01).derivative - np.exp(x)
    ).max()
    result = om.first_derivative(
        fun, x, method="forward", step_size=0.01, n_steps=4, step_ratio=2.0
    )
    assert np.abs(result.derivative - np.exp(x)).max() < plain / 1e3
    assert np.all(result.error_estimate < 1e-3)


def test_failures_on_one_side_are_repaired():
    def fun(x):
        if x[0] > 1.0:
            raise ValueError("outside")
        return x @ x

    with warnings.catch_warnings():
        warnings.simplefilter("error")
        derivative = om.first_derivative(fun, np.array([1.0, 2.0])).derivative
    assert np.allclose(derivative, [2, 4], atol=1e-6)


def test_failures_everywhere_warn_with_names():
    def fun(p):
        if p["a"] != 1.0:
            raise ValueError("outside")
        return p["a"] + p["b"]

    with pytest.warns(
        UserWarning,
        match=r"NaN: \['a'\].*2 evaluations of func failed, the first with ValueError: outside",
    ):
        derivative = om.first_derivative(fun, {"a": 1.0, "b": 2.0}).derivative
    assert np.isnan(derivative["a"])
    assert derivative["b"] == pytest.approx(1)
    with pytest.raises(exceptions.NumericalDerivativeError, match="ValueError: outside"):
        om.first_derivative(fun, {"a": 1.0, "b": 2.0}, error_handling="raise")


def test_a_failure_at_the_point_itself_leaves_central_differences():
    def fun(x):
        if x[0] == 1.0 and x[1] == 2.0:
            raise ValueError("hole")
        return x @ x

    result = om.first_derivative(fun, np.array([1.0, 2.0]))
    assert np.allclose(result.derivative, [2, 4], atol=1e-6)
    assert result.func_value is None


def test_unpacker_and_function_values():
    def fun(x):
        return {"value": x @ x, "other": "text"}

    derivative = om.first_derivative(fun, X, unpacker=lambda result: result["value"]).derivative
    assert np.allclose(derivative, 2 * X, atol=1e-6)
    derivative = om.first_derivative(lambda x: om.FunctionValue(x @ x), X).derivative
    assert np.allclose(derivative, 2 * X, atol=1e-6)


def test_outdated_spellings():
    with pytest.warns(FutureWarning) as caught:
        result = om.first_derivative(
            lambda x: {"value": x @ x},
            X,
            key="value",
            lower_bounds=np.full(3, -5.0),
            base_steps=1e-6,
            return_info=False,
            func_kwargs={},
        )
    assert len(caught) == 1
    with pytest.warns(FutureWarning):
        assert np.allclose(result["derivative"], 2 * X, atol=1e-5)


def test_func_evals():
    frame = om.first_derivative(sphere, X, method="central").func_evals
    assert list(frame.index.names) == ["sign", "step_number", "dim_x", "dim_f"]
    assert len(frame) == 6
    assert frame.loc[(1, 0, 2, 0), "eval"] > sphere(X)
    assert list(frame.index.get_level_values("sign")) == [1, 1, 1, -1, -1, -1]


def slow_sphere(x):
    time.sleep(0.002)
    return x @ x


@pytest.mark.parametrize("chosen", ["joblib", "threading", "threads", "processes"])
def test_parallel_evaluation(chosen):
    executors = {"threads": ThreadPoolExecutor, "processes": ProcessPoolExecutor}
    if chosen == "joblib":
        pytest.importorskip("joblib")
    evaluator = executors[chosen](2) if chosen in executors else chosen
    serial = om.first_derivative(sphere, X).derivative
    parallel = om.first_derivative(slow_sphere, X, n_cores=2, batch_evaluator=evaluator).derivative
    assert np.array_equal(serial, parallel)


def test_cheap_functions_stay_in_the_process():
    processes = set()

    def fun(x):
        processes.add(os.getpid())
        return x @ x

    def refuse(*_, **__):
        raise AssertionError("a cheap function was sent away")

    om.first_derivative(fun, X, n_cores=8, batch_evaluator=refuse)
    assert processes == {os.getpid()}


def test_one_slow_evaluation_does_not_make_a_function_slow():
    calls = []

    def fun(x):
        calls.append(time.sleep(0.005) if not calls else None)
        return x @ x

    def refuse(*_, **__):
        raise AssertionError("a cheap function was sent away")

    om.first_derivative(fun, X, n_cores=8, batch_evaluator=refuse)
    calls.clear()
    options = om.NumdiffOptions(n_cores=8, batch_evaluator=refuse)
    om.minimize(fun, X, "lbfgsb", numdiff_options=options)


def test_batch_evaluators():
    for name in ("joblib", "threading"):
        evaluate = om.batch_evaluators.process_batch_evaluator(name)
        assert evaluate(abs, [-1, 2, -3], n_cores=2) == [1, 2, 3]
        assert evaluate(pow, [(2, 3), (3, 2)], unpack_symbol="*") == [8, 9]
        assert evaluate(dict, [{"a": 1}], unpack_symbol="**") == [{"a": 1}]
        with pytest.warns(UserWarning, match="ZeroDivisionError"):
            values = evaluate(lambda x: 1 / x, [1, 0], n_cores=2, error_handling="continue")
        assert values[0] == 1
        assert "ZeroDivisionError" in values[1]
        with pytest.raises(ZeroDivisionError):
            evaluate(lambda x: 1 / x, [1, 0], error_handling="raise")


def test_check_jac():
    good = om.check_jac(cubic, X, lambda x: 3 * x**2)
    assert good
    assert good.max_error < 1e-6
    bad = om.check_jac(cubic, X, lambda x: 3 * x**2 + np.array([0, 0.1, 0]))
    assert not bad
    assert bad.worst == "'1'"
    assert "differs from finite differences" in repr(bad)
    assert om.check_jac(
        lambda p: {"r": p["a"] * np.ones(2)}, {"a": 1.0}, lambda p: {"r": {"a": np.ones(2)}}
    )
    with pytest.raises(exceptions.InvalidFunctionError, match="cannot be aligned"):
        om.check_jac(cubic, X, lambda x: x[:2])


def test_options_are_compared_and_hashed():
    assert om.NumdiffOptions() == om.NumdiffOptions()
    assert om.NumdiffOptions(step_size=1) != om.NumdiffOptions(step_size=2)
    assert len({om.NumdiffOptions(), om.NumdiffOptions()}) == 1


@pytest.mark.parametrize("method", ["central", "forward"])
def test_extrapolation_chooses_the_best_of_its_candidates(method):
    result = om.first_derivative(lambda x: np.exp(x) * x.sum(), X, method=method, n_steps=3)
    frame = result.derivative_candidates
    assert list(frame.index.names) == ["method", "num_term", "dim_x", "dim_f"]
    assert list(frame.columns) == ["der", "err"]
    methods = ["forward", "backward", "central"] if method == "central" else [method]
    assert list(dict.fromkeys(frame.index.get_level_values("method"))) == methods
    assert len(frame) == len(methods) * 2 * 3 * 3
    for j in range(3):
        for i in range(3):
            own = frame.xs((j, i), level=("dim_x", "dim_f")).loc[method]
            best = own.loc[own["err"].idxmin()]
            assert result.derivative[i, j] == best["der"]
            assert result.error_estimate[i, j] == best["err"]
    with pytest.warns(FutureWarning):
        assert result["derivative_candidates"].equals(frame)


def test_without_extrapolation_there_are_no_candidates():
    assert om.first_derivative(sphere, X).derivative_candidates is None
    assert om.second_derivative(sphere, X).derivative_candidates is None


def test_candidates_of_failed_differences_are_nan():
    def fails_above(x):
        if x[0] > X[0]:
            raise ValueError("too large")
        return x @ x

    result = om.first_derivative(fails_above, X, n_steps=2)
    frame = result.derivative_candidates
    assert frame.loc[("forward", 1, 0, 0)].isna().all()
    assert result.derivative[0] == frame.loc[("backward", 1, 0, 0), "der"]
    assert frame.loc["backward"].notna().all(axis=None)
