"""Scaling: what algorithms see, what users see, options in every spelling, and the report on sensitivity."""

import warnings

import numpy as np
import pandas as pd
import pytest
import thalweg as om
from thalweg.exceptions import InvalidScalingError


def badly_scaled(x):
    """The objective of the slides; its minimum is at (0, 0, 0.9)."""
    return 0.01 * np.abs(x[0]) + np.abs(x[1]) + (x[2] - 0.9) ** 6


def badly_scaled_slope(x):
    """The older objective of the slides, which has no minimum without bounds."""
    return 0.01 * x[0] + x[1] + x[2] ** 6


def sphere(x):
    return float(x @ x)


FEATURES = dict(
    solver_type="scalar",
    is_available=True,
    is_global=False,
    needs_hess=False,
    needs_bounds=False,
    supports_parallelism=False,
    supports_bounds=True,
    supports_infinite_bounds=True,
    supports_linear_constraints=False,
    supports_nonlinear_constraints=False,
    disable_history=False,
)
"""What the algorithms of these tests need and support, besides gradients."""


def spy(**report):
    """An algorithm that looks at its problem and returns the start."""
    seen = {}

    @om.mark.minimizer(name="spy", needs_jac=False, **FEATURES)
    class Spy(om.Algorithm):
        def _solve_internal_problem(self, problem, x0):
            from thalweg.optimization.algorithm import InternalOptimizeResult

            seen["x0"] = np.array(x0)
            seen["bounds"], seen["converter"] = problem.bounds, problem.converter
            seen["value"] = problem.fun(x0)
            return InternalOptimizeResult(x=x0, fun=seen["value"], **report)

    return Spy, seen


@pytest.mark.parametrize("scaling", [True, om.ScalingOptions(), {"clipping_value": 0.1}])
def test_c30_badly_scaled_by_start_values(scaling):
    result = om.minimize(badly_scaled, np.array([200.0, 1, 1]), "neldermead", scaling=scaling)
    assert result.success and result.fun < 0.01
    assert np.allclose(result.params[:2], 0, atol=[0.5, 0.01])
    assert result.start_fun == badly_scaled(np.array([200.0, 1, 1]))


def test_c30_without_an_algorithm_says_so():
    with pytest.raises(om.exceptions.MissingInputError, match="Missing algorithm"):
        om.minimize(badly_scaled, np.array([200.0, 1, 1]), scaling=True)


def test_c31_badly_scaled_by_bounds():
    bounds = om.Bounds(lower=np.array([-200.0, -2, 0.8]), upper=np.array([600.0, 2, 1]))
    result = om.minimize(
        badly_scaled,
        np.array([200.0, 1, 1]),
        "neldermead",
        bounds=bounds,
        scaling=om.ScalingOptions(method="bounds", clipping_value=0.0),
    )
    assert result.success and result.fun < 1e-5
    assert np.all(result.params >= bounds.lower) and np.all(result.params <= bounds.upper)


def test_d30_unbounded_problems_never_claim_success():
    with pytest.warns(FutureWarning):
        result = om.minimize(
            criterion=badly_scaled_slope,
            params=np.array([200.0, 1, 1]),
            algorithm="scipy_lbfgsb",
            scaling=True,
            scaling_options={"method": "start_values", "clipping_value": 0.1},
        )
    assert result.success is not True


def test_d31_bounds_of_2022():
    with pytest.warns(FutureWarning, match="scaling_options -> scaling"):
        result = om.minimize(
            criterion=badly_scaled_slope,
            params=np.array([200.0, 1, 1]),
            lower_bounds=np.array([-200, 0, 0.9]),
            upper_bounds=np.array([500, 2, 1.1]),
            algorithm="scipy_lbfgsb",
            scaling=True,
            scaling_options={"method": "bounds", "clipping_value": 0.0},
        )
    assert np.allclose(result.params, [-200, 0, 0.9])
    assert result.fun == pytest.approx(-1.468559, abs=1e-6)


def test_algorithms_see_start_values_of_the_magnitude():
    algorithm, seen = spy()
    bounds = om.Bounds(lower=np.array([-200.0, -2, -np.inf]), upper=np.array([600.0, 2, np.inf]))
    start = np.array([200, 1, 0.01])
    result = om.minimize(
        lambda x: x.sum(), start, algorithm, bounds=bounds, scaling={"magnitude": 2}
    )
    assert np.allclose(seen["x0"], [2, 2, 0.2])
    assert np.allclose(seen["bounds"].lower, [-2, -4, -np.inf])
    assert np.allclose(seen["bounds"].upper, [6, 4, np.inf])
    assert np.array_equal(result.params, start)
    assert np.array_equal(result.history.params[0], start)


def test_algorithms_see_bounds_from_zero_to_the_magnitude():
    algorithm, seen = spy()
    bounds = om.Bounds(
        lower=np.array([0.0, np.nan, 3]),
        upper=np.array([4.0, 5, 3]),
        soft_lower=np.array([1, -5, np.nan]),
    )
    scaling = om.ScalingOptions("bounds", magnitude=10)
    om.minimize(lambda x: x.sum(), np.array([1.0, 0, 3]), algorithm, bounds=bounds, scaling=scaling)
    # The soft bound stands in where there is no bound; equal bounds fix a parameter.
    assert np.allclose(seen["x0"], [2.5, 5])
    assert np.allclose(seen["bounds"].upper, [10, 10])


@pytest.mark.parametrize("jac", [None, lambda x: np.array([50.0, -0.25])])
def test_algorithms_see_equal_slopes(jac):
    algorithm, seen = spy()
    start = np.array([2.0, 4.0])
    scaling = om.ScalingOptions("gradient")
    om.minimize(lambda x: 50 * x[0] - 0.25 * x[1], start, algorithm, jac=jac, scaling=scaling)
    assert np.allclose(seen["x0"], [2 * 50, 4 * 0.25], rtol=1e-6)


@pytest.mark.parametrize("algorithm", ["lbfgsb", "neldermead"])
def test_slopes_know_units_where_start_values_do_not(algorithm):
    units = np.array([1000, 1, 0.001])

    def in_units(x):
        return float(np.sum((x / units - 1) ** 2) + np.prod(x / units - 1) ** 2)

    scalings = [True, {"method": "gradient", "clipping_value": 1e-6}]
    by_values, by_slopes = (
        om.minimize(in_units, np.zeros(3), algorithm, scaling=scaling) for scaling in scalings
    )
    assert by_slopes.success and np.allclose(by_slopes.params / units, 1, atol=1e-2)
    assert by_slopes.n_fun_evals < by_values.n_fun_evals / 2 or by_slopes.fun < by_values.fun / 100


@pytest.mark.parametrize("method", ["start_values", "bounds", "gradient"])
@pytest.mark.parametrize("direction", [om.minimize, om.maximize])
def test_derivatives_are_the_users(method, direction):
    sign = 1 if direction is om.minimize else -1
    start = {"a": 200.0, "b": np.array([1.0, 3.0])}
    result = direction(
        lambda p: sign * ((p["a"] / 100 - 1) ** 2 + (p["b"][0] - 2) ** 4 + p["b"][1] ** 2),
        start,
        "lbfgsb",
        bounds=om.Bounds(lower={"a": 0.0, "b": np.full(2, -5.0)}, upper={"a": 500.0, "b": np.full(2, 5.0)}),
        constraints=om.FixedConstraint(lambda p: p["b"][1]),
        scaling={"method": method},
        numdiff_options={"method": "central"},
    )
    a, b = result.params["a"], result.params["b"][0]
    expected = sign * np.array([2 * (a / 100 - 1) / 100, 4 * (b - 2) ** 3])
    assert np.allclose(result.jac[:2], expected, atol=1e-7)
    assert np.isnan(result.jac[2])  # it is fixed


def test_derivatives_of_user_defined_algorithms_are_the_users():
    algorithm, _ = spy(
        jac=np.array([1.0, 2.0]), hess=np.diag([4.0, 16.0]), hess_inv=np.array([[1.0, 0.5], [0.5, 1.0]])
    )
    result = om.maximize(sphere, np.array([2.0, 4.0]), algorithm, scaling=True)
    assert np.allclose(result.jac, [-0.5, -0.5])
    assert np.allclose(result.hess, -np.eye(2))
    assert np.allclose(result.hess_inv, -np.array([[4.0, 4.0], [4.0, 16.0]]))


def test_least_squares_jacobians_are_the_users():
    @om.mark.least_squares
    def residuals(x):
        return np.array([x[0] / 100 - 1, x[1] * 10 - 1, x[0] / 100 * x[1]])

    result = om.minimize(residuals, np.array([300.0, 0.3]), "trf", scaling=True)
    a, b = result.params
    expected = [[0.01, 0], [0, 10], [b / 100, a / 100]]
    assert np.allclose(result.algorithm_output["jacobian"], expected, rtol=1e-5, atol=1e-7)


def test_optimizers_that_ask_and_tell_are_scaled():
    optimizer = om.Optimizer(np.array([200.0, 1, 1]), "neldermead", scaling=True)
    while (request := optimizer.ask()) is not None:
        optimizer.tell([badly_scaled(x) for x in request.params])
    plain = om.minimize(badly_scaled, np.array([200.0, 1, 1]), "neldermead", scaling=True)
    assert np.array_equal(optimizer.result().params, plain.params)


def test_frames_and_their_soft_bounds():
    params = pd.DataFrame(
        {"value": [3.0, 30.0], "soft_lower_bound": [0.0, 0.0], "soft_upper_bound": [6.0, 60.0]},
        index=["a", "b"],
    )
    algorithm, seen = spy()
    om.minimize(lambda p: p["value"].sum(), params, algorithm, scaling={"method": "bounds"})
    assert np.allclose(seen["x0"], [0.5, 0.5])


def test_converters_translate_scaled_parameters():
    algorithm, seen = spy()
    om.minimize(sphere, np.array([4.0, 8.0]), algorithm, scaling={"magnitude": 2})
    converter = seen["converter"]
    assert converter.params_to_internal(np.array([4.0, 8.0])).tolist() == [2, 2]
    assert converter.params_from_internal(np.array([1.0, 3.0])).tolist() == [2, 12]
    # df/dx = df/dp dp/dx, with p = (2 x_0, 4 x_1)
    assert converter.derivative_to_internal(np.array([1.0, 1.0]), np.ones(2)).tolist() == [2, 4]
    bounds = om.Bounds(lower=[0.0, -10.0], upper=[5.0, 10.0])
    scaling = {"method": "bounds"}
    om.minimize(sphere, np.array([4.0, 8.0]), algorithm, bounds=bounds, scaling=scaling)
    assert np.allclose(seen["converter"].params_to_internal(np.array([1.0, 0.0])), [0.2, 0.5])


@pytest.mark.parametrize("multistart", [False, True])
@pytest.mark.parametrize("jac", [None, lambda p: {"a": 2 * p["a"], "b": 6 * p["b"]}])
def test_converters_translate_what_gradients_scale(jac, multistart):
    """As without scaling: a point and a gradient there belong together, whatever the units are."""
    seen = {}

    @om.mark.minimizer(name="look", needs_jac=True, **FEATURES)
    class Look(om.Algorithm):
        def _solve_internal_problem(self, problem, x0):
            from thalweg.optimization.algorithm import InternalOptimizeResult

            x = np.asarray(x0) + 0.25
            seen["x"], seen["fun"], seen["jac"] = x, problem.fun(x), problem.jac(x)
            seen["converter"], seen["history"] = problem.converter, problem.history
            return InternalOptimizeResult(x=x, fun=seen["fun"])

    params = {"a": np.array([4.0, 1.0]), "b": 2.0}
    call = dict(
        jac=jac,
        bounds=om.Bounds(
            lower={"a": np.full(2, -9.0), "b": -9.0}, upper={"a": np.full(2, 9.0), "b": 9.0}
        ),
        constraints=om.FixedConstraint(lambda p: p["a"][1]),
        multistart=om.MultistartOptions(n_samples=8, stopping_maxopt=2, seed=1)
        if multistart
        else False,
    )
    for scaling in (False, {"method": "gradient"}, {"method": "bounds"}):
        om.minimize(
            lambda p: p["a"] @ p["a"] + 3 * p["b"] ** 2, params, Look, scaling=scaling, **call
        )
        converter, x = seen["converter"], seen["x"]
        p = converter.params_from_internal(x)
        assert p["a"] @ p["a"] + 3 * p["b"] ** 2 == pytest.approx(seen["fun"], rel=1e-14)
        assert p["a"][1] == 1.0
        assert np.allclose(converter.params_to_internal(p), x, rtol=1e-14)
        gradient = {"a": 2 * p["a"], "b": 6 * p["b"]}
        assert np.allclose(converter.derivative_to_internal(gradient, x), seen["jac"], rtol=1e-6)
        assert seen["history"].params[0]["b"] == p["b"]
        if not multistart:
            # A quarter of a unit, which is one slope, from the start.
            slopes = {"gradient": [8.0, 12.0]}.get((scaling or {}).get("method"))
            if slopes:
                moved = [p["a"][0] - 4.0, p["b"] - 2.0]
                assert np.allclose(np.multiply(moved, slopes), 0.25, rtol=1e-6)


def test_scaling_options_alone_are_applied():
    algorithm, seen = spy()
    with pytest.warns(FutureWarning, match="scaling_options -> scaling"):
        om.minimize(sphere, np.array([4.0]), algorithm, scaling_options={"magnitude": 3})
    assert seen["x0"] == [3]


@pytest.mark.parametrize("off", [False, None])
def test_no_scaling_is_no_scaling(off):
    algorithm, seen = spy()
    om.minimize(sphere, np.array([4.0]), algorithm, scaling=off)
    assert seen["x0"] == [4]


WRONG_OPTIONS = [
    (
        {"method": "start_value"},
        r"Invalid scaling method: 'start_value' is not one of \['start_values', 'bounds', 'gradient'\]. Did you mean .*'start_values'",
    ),
    ({"clipping_value": 0}, "Invalid clipping value: clipping_value must be a positive number, not 0"),
    ({"clipping_value": "x"}, "Invalid clipping value: clipping_value must be a positive number, not 'x'"),
    ({"method": "bounds", "clipping_value": -1}, "Invalid clipping value: clipping_value must be a positive number, not -1"),
    ({"magnitude": -2.0}, "Invalid scaling magnitude: magnitude must be a positive number, not -2.0"),
    ({"magnitude": True}, "Invalid scaling magnitude: magnitude must be a positive number, not True"),
    ({"magnitude": float("inf")}, "Invalid scaling magnitude: magnitude must be a positive number, not inf"),
    ({"magnitude": float("nan")}, "Invalid scaling magnitude: magnitude must be a positive number, not nan"),
    ({"clip": 1}, r"Invalid key in scaling options: 'clip'. Did you mean .*clipping_value.*\? A dictionary may"),
    ("start_values", "Invalid scaling options of type str. Scaling must be True, False, thalweg.ScalingOptions, a dict"),
]


@pytest.mark.parametrize(("scaling", "text"), WRONG_OPTIONS)
def test_wrong_options_are_said(scaling, text):
    with pytest.raises(InvalidScalingError, match=text):
        om.minimize(sphere, np.ones(2), "neldermead", scaling=scaling)


def test_missing_bounds_are_named():
    bounds = om.Bounds(lower={"a": 0.0}, upper={"b": 1.0})
    with pytest.raises(InvalidScalingError) as caught:
        om.minimize(
            lambda p: p["a"] + p["b"], {"a": 1.0, "b": 0.0}, "lbfgsb", bounds=bounds, scaling={"method": "bounds"}
        )
    assert str(caught.value) == (
        "scaling by bounds needs finite bounds (or soft bounds) of every free parameter; these are missing: 'a' (upper), "
        "'b' (lower). Give them, or scale by start_values or gradient."
    )


def test_bounds_that_constraints_bend_are_not_asked_for():
    with pytest.raises(InvalidScalingError) as caught:
        om.minimize(
            sphere,
            np.array([0.25, 0.75, 1.0]),
            "lbfgsb",
            bounds=om.Bounds(lower=np.zeros(3), upper=np.full(3, 2.0)),
            constraints=om.ProbabilityConstraint(lambda x: x[:2]),
            scaling={"method": "bounds"},
        )
    assert str(caught.value) == (
        "scaling by bounds needs finite bounds (or soft bounds) of every free parameter; these are missing: '0' (upper). "
        "Parameters under constraints such as probabilities have coordinates of their own, which no bounds of parameters "
        "limit: there, scale by start_values or gradient."
    )


def test_slopes_that_are_not_finite_are_named():
    with pytest.raises(InvalidScalingError, match="scaling by gradient needs a finite derivative at the start, but it is not finite for: 'a'"):
        om.minimize(
            lambda p: p["a"] + p["b"],
            {"a": 1.0, "b": 1.0},
            "lbfgsb",
            jac=lambda p: {"a": np.inf, "b": 1.0},
            scaling={"method": "gradient"},
        )


def test_options_are_values():
    assert om.ScalingOptions() == om.ScalingOptions("start_values", 0.1, 1.0)
    with pytest.raises(AttributeError):
        om.ScalingOptions().magnitude = 3


def two_scales(p):
    return (p["large"] / 1000 - 1) ** 2 + (p["small"] - 1) ** 2 + 0 * p["idle"]


SCALES = {"large": 2000.0, "small": 2.0, "idle": 5.0}


def test_sensitivity_says_who_is_badly_scaled():
    found = om.sensitivity(two_scales, SCALES)
    assert list(found) == ["large", "small", "idle"]
    assert found.badly_scaled == []  # 1e-3 of the largest effect is the limit
    assert found["small"].derivative == pytest.approx(2, rel=1e-5)
    assert found["large"].ratio == pytest.approx(1e-3, rel=1e-4)
    assert found["idle"].verdict == "no effect at the start"
    assert om.sensitivity(two_scales, {**SCALES, "small": 3.0}).badly_scaled == ["large"]


def test_sensitivity_with_scaling():
    found = om.sensitivity(two_scales, {**SCALES, "small": 3.0}, scaling=True)
    assert found.badly_scaled == []
    assert found["large"].scale == 2000
    assert found["large"].derivative == pytest.approx(0.002, rel=1e-5)
    assert found["large"].effect == pytest.approx(4, rel=1e-5)
    assert "No parameter is badly scaled." in repr(found)


def test_sensitivity_prints_a_table():
    found = om.sensitivity(
        lambda x: 1000 * x[0] + 0.5 * x[1] + 0 * x[2], np.ones(3), jac=lambda x: np.array([1000, 0.5, 0])
    )
    assert repr(found).splitlines() == [
        "parameter        value   derivative        scale       effect      ratio",
        "0             1.0000e0     1.0000e3     1.0000e0     1.0000e3      1.0e0",
        "1             1.0000e0    5.0000e-1     1.0000e0    5.0000e-1     5.0e-4  badly scaled",
        "2             1.0000e0     0.0000e0     1.0000e0     0.0000e0      0.0e0  no effect at the start",
        "Badly scaled: '1'. A step of one changes the objective less than 0.001 times as much as in the most sensitive "
        "parameter.",
    ]


def test_sensitivity_takes_what_minimize_takes():
    @om.mark.least_squares
    def residuals(x, shift):
        return np.array([x[0] - shift, 10 * x[1]])

    found = om.sensitivity(
        residuals,
        np.array([3.0, 1.0, 4.0]),
        fun_kwargs={"shift": 1.0},
        bounds=om.Bounds(lower=np.zeros(3), upper=np.full(3, 5.0)),
        constraints=om.FixedConstraint(lambda x: x[2]),
        numdiff_options={"method": "central"},
        scaling={"method": "bounds"},
    )
    assert list(found) == ["0", "1"]
    assert found["0"].derivative == pytest.approx(4)
    assert found["1"].effect == pytest.approx(200 * 5)
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        om.sensitivity(sphere, np.ones(2), jac=lambda x: 2 * x)


def test_sensitivity_of_functions_that_fail():
    def fails(x):
        raise ValueError("no")

    with pytest.raises(om.exceptions.InvalidFunctionError, match="Error while evaluating fun at start params"):
        om.sensitivity(fails, np.ones(2))
