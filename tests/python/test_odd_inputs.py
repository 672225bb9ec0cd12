"""What users pass, and what their functions return, by mistake: messages name the place and the value."""

import functools
import itertools

import numpy as np
import pandas as pd
import pytest
import scipy.optimize
import thalweg as om
from thalweg import exceptions


def sphere(x):
    return x @ x


def frame(**columns):
    return pd.DataFrame({"value": [1.0, 2.0], **columns}, index=["u", "v"])


def minimize(fun=sphere, params=(1.0, 2.0), algorithm="scipy_lbfgsb", **kwargs):
    params = np.array(params) if isinstance(params, tuple) else params
    return functools.partial(om.minimize, fun, params, algorithm, **kwargs)


def derivative(func=sphere, params=(1.0, 2.0), function=om.first_derivative, **kwargs):
    params = np.array(params) if isinstance(params, tuple) else params
    return functools.partial(function, func, params, **kwargs)


def sometimes_a_vector(x):
    return np.ones(2) if x[0] == 1 else np.ones(3)


def sometimes_a_string(x):
    return 1.0 if x[0] == 1 else "low"


NAMED = {"a": 1.0, "b": np.ones(2)}

CASES = {
    "string in an array of objects": (
        minimize(params=np.array([1, "a"], dtype=object)),
        exceptions.InvalidParamsError,
        "The leaf '1' of params is not numeric: 'a' (str of length 1).",
    ),
    "string in a value column": (
        minimize(params={"d": frame().assign(value=["a", "b"])}),
        exceptions.InvalidParamsError,
        "The leaf 'd.u' of params is not numeric: 'a' (str of length 1).",
    ),
    "string in a frame of cells": (
        minimize(params=pd.DataFrame({"x": [1.0], "y": ["s"]})),
        exceptions.InvalidParamsError,
        "The leaf '0_y' of params is not numeric: 's' (str of length 1).",
    ),
    "string in a Series": (
        minimize(params=pd.Series(["s"], index=["i"])),
        exceptions.InvalidParamsError,
        "The leaf 'i' of params is not numeric: 's' (str of length 1).",
    ),
    "params that are no tree": (
        minimize(params="abc"),
        exceptions.InvalidParamsError,
        "params is not numeric: 'abc' (str of length 3).",
    ),
    "string in a column of bounds": (
        minimize(lambda d: 1.0, frame(lower_bound=["low", 0.0])),
        exceptions.InvalidBoundsError,
        "The column lower_bound of params is not numeric: at 'u' it is 'low' (str of length 3).",
    ),
    "residuals that are a string": (
        minimize(om.mark.least_squares(lambda x: "a"), algorithm="scipy_ls_lm"),
        exceptions.InvalidFunctionError,
        "the output of fun is not numeric: 'a' (str of length 1).",
    ),
    "an integer beyond floats": (
        minimize(lambda x: 10**400),
        exceptions.InvalidFunctionError,
        "fun returned an integer that is too large for a float.",
    ),
    "a gradient without return": (
        minimize(jac=lambda x: None),
        exceptions.InvalidFunctionError,
        "cannot be aligned: expected an array of shape (2,), got None.",
    ),
    "a gradient that is a dict": (
        minimize(jac=lambda x: {"a": 1.0}),
        exceptions.InvalidFunctionError,
        "cannot be aligned: expected an array of shape (2,), got dict of length 1.",
    ),
    "an unknown argument of a function with others": (
        minimize(lambda x, scale: scale * (x @ x), fun_kwargs={"scal": 1.0}),
        exceptions.InvalidKwargsError,
        "do not fit fun:\n\nscal: Did you mean scale?",
    ),
    "an unknown argument of a function without others": (
        minimize(fun_kwargs={"scale": 1.0}),
        exceptions.InvalidKwargsError,
        "do not fit fun:\n\nscale: there are no further arguments.",
    ),
    "a callback of two arguments": (
        minimize(callback=lambda x, f: None),
        exceptions.InvalidArgumentError,
        "callback must be a function of one argument, the intermediate result, but its signature is "
        "(x, f).",
    ),
    "negative steps": (
        minimize(
            lambda p: 1.0, NAMED, numdiff_options={"step_size": {"a": 1.0, "b": np.array([1, -1])}}
        ),
        exceptions.InvalidNumdiffOptionsError,
        "step_size is -1 for parameter 'b_1'; it must be positive and finite",
    ),
    "func that is no function": (
        derivative(3),
        exceptions.InvalidArgumentError,
        "func must be a function, not 3.",
    ),
    "unpacker that is no function": (
        derivative(unpacker="value"),
        exceptions.InvalidArgumentError,
        "unpacker must be a function, not 'value'.",
    ),
    "func_kwargs that are no dict": (
        derivative(func_kwargs=3),
        exceptions.InvalidArgumentError,
        "func_kwargs must be a dictionary or None, not 3.",
    ),
    "no params": (
        derivative(params=None),
        exceptions.InvalidParamsError,
        "params must hold the numbers to differentiate at, not None.",
    ),
    "func without return": (
        derivative(lambda x: None),
        exceptions.InvalidFunctionError,
        "func returned None instead of numbers. Is a return statement missing?",
    ),
    "func that returns a string": (
        derivative(lambda x: "a"),
        exceptions.InvalidFunctionError,
        "the output of func is not numeric: 'a' (str of length 1).",
    ),
    "func that returns a complex number": (
        derivative(lambda x: 1j),
        exceptions.InvalidFunctionError,
        "the output of func is not numeric: 1j (complex).",
    ),
    "func with outputs of changing length": (
        derivative(sometimes_a_vector),
        exceptions.InvalidFunctionError,
        "The structure of the output of func differs from that at the start params: expected an "
        "array of shape (2,), got shape (3,).",
    ),
    "func that is a number only at the start": (
        derivative(sometimes_a_string),
        exceptions.InvalidFunctionError,
        "func returned a number at the params, but 'low' at another point.",
    ),
    "crossed bounds of a derivative": (
        derivative(lambda p: 1.0, NAMED, bounds=om.Bounds({"a": 2.0}, {"a": 0.0})),
        exceptions.InvalidBoundsError,
        "the bounds of parameter 'a' are [2, 0]; the lower bound must not exceed the upper one",
    ),
    "a point outside its bounds": (
        derivative(lambda p: 1.0, NAMED, om.second_derivative, bounds=om.Bounds({"b": [0, 2]})),
        exceptions.InvalidParamsError,
        "parameter 'b_1' is 1, outside its bounds [2, inf]",
    ),
    "steps below their minimum": (
        derivative(step_size=1e-3, min_steps=1e-2),
        exceptions.InvalidNumdiffOptionsError,
        "step_size times scaling_factor is 0.001 for parameter '0', but min_steps is 0.01",
    ),
    "a derivative to check that is none": (
        lambda: om.check_jac(sphere, np.ones(2), None),
        exceptions.InvalidArgumentError,
        "jac must be a function, not None.",
    ),
}


@pytest.mark.parametrize("name", CASES)
def test_message(name):
    run, error, text = CASES[name]
    with pytest.raises(error) as raised:
        run()
    assert text in str(raised.value)


def test_check_jac_raises_what_jac_raises():
    with pytest.raises(TypeError, match="mine"):
        om.check_jac(sphere, np.ones(2), lambda x: (_ for _ in ()).throw(TypeError("mine")))


@pytest.mark.parametrize("bounds", [scipy.optimize.Bounds(0.5, 2), scipy.optimize.Bounds([0.5], 2)])
def test_a_single_bound_of_scipy_holds_for_all(bounds):
    result = om.minimize(sphere, np.ones(2), "scipy_lbfgsb", bounds=bounds)
    np.testing.assert_array_equal(result.params, 0.5)


def test_steps_of_fixed_parameters_are_left_out():
    steps = np.array([1e-7, 1e-7, 1e-7])
    result = om.minimize(
        lambda x: (x - 1) @ (x - 1),
        np.arange(3.0),
        "scipy_lbfgsb",
        constraints=om.FixedConstraint(lambda x: x[0]),
        numdiff_options={"step_size": steps},
    )
    assert result.success
    np.testing.assert_allclose(result.params, [0, 1, 1], atol=1e-5)


def test_a_failing_derivative_is_no_convergence():
    def jac(x, count=[0]):  # noqa: B006
        count[0] += 1
        if count[0] > 2:
            raise ValueError
        return 4 * x**3

    with pytest.warns(UserWarning, match="jac failed"):
        result = om.minimize(
            lambda x: (x**4).sum(),
            np.arange(1.0, 4),
            "scipy_lbfgsb",
            jac=jac,
            error_handling="continue",
        )
    assert not result.success
    assert result.status == "stalled"
    assert "no better point along steepest descent" in result.message


LOW = r"returns numbers with less than 64 bits.*step_size"


@pytest.mark.parametrize(
    ("algorithm", "bounds"),
    [
        *itertools.product(["lbfgsb", "scipy_slsqp", "fides"], [None, om.Bounds(lower=np.ones(2))]),
        *itertools.product(["bfgs", "trust_ncg"], [None]),
    ],
)
def test_32_bits_in_a_python_float_are_no_minimum_at_the_start(algorithm, bounds):
    def single(x):
        return float(np.sum((np.float32(x) - np.float32(3.3)) ** 2) + np.float32(1.7))

    start = np.array([1.0, 2.0])
    result = om.minimize(single, start, algorithm, bounds=bounds)
    assert not result.success
    assert "exactly zero, but it is smaller a thousandth away" in result.message
    assert result.fun < result.start_fun
    larger = om.NumdiffOptions(step_size=1e-2)
    mended = om.minimize(single, start, algorithm, bounds=bounds, numdiff_options=larger)
    assert np.allclose(mended.params, 3.3, atol=1e-2)


def test_32_bits_in_residuals_of_64_are_no_minimum_at_the_start():
    residuals = om.mark.least_squares(lambda x: (np.float32(x) - np.float32(0.3)).astype(float))
    for algorithm in ("scipy_ls_lm", "scipy_ls_trf", "scipy_ls_dogbox"):
        result = om.minimize(residuals, np.ones(2), algorithm)
        assert not result.success
        assert "exactly zero" in result.message


def test_a_start_where_all_differences_are_zero_may_be_the_minimum():
    result = om.minimize(lambda x: 1 + x @ x, np.zeros(3), "lbfgsb")
    assert result.success
    assert result.fun == 1



@pytest.mark.parametrize("start", [np.ones(2), [1.0, 2.0]])
def test_low_precision_is_said(start):
    def single(x):
        return np.float32(np.sum(np.float32(x) ** 2))

    with pytest.warns(UserWarning, match="fun " + LOW):
        om.minimize(single, start, "scipy_lbfgsb")
    with pytest.warns(UserWarning, match="func " + LOW):
        om.first_derivative(single, start)


@pytest.mark.parametrize("algorithm", ["scipy_lbfgsb", "bfgs", "fides", "scipy_ls_lm"])
def test_derivatives_that_vanish_in_low_precision_make_no_success(algorithm):
    def single(x):
        return np.float32(np.sum(np.float32(x) ** 2))

    residuals = om.mark.least_squares(lambda x: np.float32(x))
    fun = residuals if algorithm == "scipy_ls_lm" else single
    with pytest.warns(UserWarning, match=LOW):
        result = om.minimize(fun, np.full(2, 3.0), algorithm)
    assert result.success is False
    assert result.status == "invalid"
    assert result.message.startswith(
        "numerical derivatives vanish in the digits of fun, which returns numbers with less than "
        "64 bits; converged: "
    )


def test_low_precision_is_found_in_trees():
    def residuals(x):
        return {"a": x[:1], "b": [1.0, (np.float32(x[1:]),)]}

    with pytest.warns(UserWarning, match="func " + LOW):
        om.first_derivative(residuals, np.ones(2))
    with pytest.warns(UserWarning, match="fun " + LOW):
        result = om.minimize(om.mark.least_squares(residuals), np.ones(2), "scipy_ls_lm")
    assert not result.success


def test_a_target_is_reached_in_low_precision_too():
    def single(x):
        return np.float32(np.sum(np.float32(x) ** 2))

    with pytest.warns(UserWarning, match=LOW):
        result = om.minimize(
            single, np.ones(2), "scipy_lbfgsb", algo_options={"convergence_target_value": 3}
        )
    assert result.success
    assert result.status == "target_reached"


@pytest.mark.filterwarnings("error")
def test_low_precision_is_fine_where_it_does_no_harm():
    def single(x):
        return np.float32(np.sum(np.float32(x) ** 2))

    om.minimize(single, np.ones(2), "scipy_neldermead", algo_options={"stopping_maxfun": 5})
    om.minimize(single, np.ones(2), "scipy_lbfgsb", jac=lambda x: np.float32(2 * x))
    assert om.minimize(
        single, np.ones(2), "scipy_lbfgsb", numdiff_options={"step_size": 1e-3}
    ).success
    assert om.minimize(
        single, np.ones(2), "scipy_lbfgsb", numdiff_options={"scaling_factor": 3e4}
    ).success
    om.first_derivative(single, np.ones(2), step_size=1e-3)


def test_options_are_equal_when_all_fields_are():
    many = np.arange(5000.0)
    other = many.copy()
    other[2500] = -1
    assert om.Bounds(1, {"a": many}) == om.Bounds(1, {"a": many.copy()})
    assert om.Bounds(1, {"a": many}) != om.Bounds(1, {"a": other})
    assert om.Bounds(many) != om.Bounds(None)
    assert om.Bounds(frame()) == om.Bounds(frame())
    assert om.NumdiffOptions(step_size=many) == om.NumdiffOptions(step_size=many.copy())
    assert om.NumdiffOptions(step_size=many) != om.NumdiffOptions(step_size=other)
    assert hash(om.Bounds(many)) == hash(om.Bounds(many.copy()))
    assert om.Bounds() != 3
