"""The printed examples of the documentation and the slides that this version can run, with what must come out."""

import warnings

import numpy as np
import pandas as pd
import pytest
import thalweg as om


def sphere(x):
    return x @ x


def sphere_gradient(x):
    return 2 * x


def sphere_fun_and_gradient(x):
    return x @ x, 2 * x


@om.mark.least_squares
def ls_sphere(x):
    return x


@om.mark.least_squares
def ls_sphere_jac(x):
    return np.eye(len(x))


def dict_sphere(x):
    return x["a"] ** 2 + x["b"] ** 2 + (x["c"] ** 2).sum()


@pytest.fixture
def dict_result():
    return om.minimize(dict_sphere, {"a": 0, "b": 1, "c": pd.Series([2, 3, 4])}, "scipy_neldermead")


def test_a1_numerical_derivatives_in_parallel_start_no_processes():
    calls = []

    def sphere_here(x):
        calls.append(x)  # a copy of this list in another process would not reach us
        return sphere(x)

    result = om.minimize(
        fun=sphere_here,
        params=np.arange(5),
        algorithm="scipy_lbfgsb",
        numdiff_options=om.NumdiffOptions(n_cores=6),
    )
    assert len(calls) >= 5 * result.n_jac_evals > 0
    assert np.allclose(result.params, 0, atol=1e-6)


def test_a2_gradient():
    result = om.minimize(sphere, np.arange(5), "scipy_lbfgsb", jac=sphere_gradient)
    assert np.allclose(result.params, 0, atol=1e-6)
    assert result.n_fun_evals == 3


@pytest.mark.parametrize("extra", [{}, {"fun": sphere}, {"fun": sphere, "jac": sphere_gradient}])
def test_a3_value_and_gradient_together(extra):
    result = om.minimize(
        params=np.arange(5), algorithm="scipy_lbfgsb", fun_and_jac=sphere_fun_and_gradient, **extra
    )
    assert np.allclose(result.params, 0, atol=1e-6)
    assert result.n_fun_evals == 3


def test_a4_dict_params():
    result = om.minimize(
        fun=lambda x: x["a"] ** 2 + x["b"] ** 4,
        params={"a": 1, "b": 2},
        algorithm="scipy_lbfgsb",
        jac=lambda x: {"a": 2 * x["a"], "b": 4 * x["b"] ** 3},
    )
    assert list(result.params) == ["a", "b"]
    assert all(type(value) is float for value in result.params.values())
    assert result.params["a"] == pytest.approx(2.2463e-07, abs=1e-7)
    assert result.params["b"] == pytest.approx(0.0057243, abs=1e-4)


def test_a5_least_squares():
    result = om.minimize(ls_sphere, np.arange(3), "scipy_ls_lm", jac=ls_sphere_jac)
    assert np.allclose(result.params, 0, atol=1e-5)


def test_a6_list_of_derivatives():
    results = {
        algorithm: om.minimize(
            ls_sphere, np.arange(5), algorithm, jac=[sphere_gradient, ls_sphere_jac]
        )
        for algorithm in ("scipy_lbfgsb", "scipy_ls_lm")
    }
    assert all(np.allclose(result.params, 0, atol=1e-5) for result in results.values())
    assert all(result.n_jac_evals > 0 for result in results.values())


def test_c1_scipy_spelling():
    result = om.minimize(sphere, x0=np.ones(2), method="L-BFGS-B")
    assert np.allclose(result.x, 0, atol=1e-6)


def test_c4_criterion_of_two_numbers():
    def criterion(x):
        a, b = x
        return a**2 + b**2

    with pytest.warns(FutureWarning, match="criterion -> fun"):
        result = om.minimize(criterion=criterion, params=np.ones(2), algorithm="scipy_lbfgsb")
    assert np.allclose(result.params, 0, atol=1e-6)


def test_d4_arange():
    result = om.minimize(lambda x: np.sum(x**2), np.arange(5), "scipy_lbfgsb")
    assert np.allclose(result.params, 0, atol=1e-6)


def test_c5_params_of_many_types(dict_result):
    params = dict_result.params
    assert params["a"] == pytest.approx(0, abs=1e-6)
    assert params["b"] == pytest.approx(0, abs=1e-6)
    assert isinstance(params["c"], pd.Series)
    assert params["c"].dtype == np.float64
    assert list(params["c"].index) == [0, 1, 2]
    assert np.allclose(params["c"], 0, atol=1e-6)


REPORT = """\
Minimize with 5 free parameters terminated successfully after 805 criterion evaluations and 507 iterations.

The value of criterion improved from 30.0 to 1.6760003634613059e-16.

The scipy_neldermead algorithm reported: Optimization terminated successfully.

Independent of the convergence criteria used by scipy_neldermead, the strength of convergence can be assessed by the following \
criteria:

                             one_step     five_steps \n\
relative_criterion_change  1.968e-15***  2.746e-15***
relative_params_change     9.834e-08*    1.525e-07*  \n\
absolute_criterion_change  1.968e-16***  2.746e-16***
absolute_params_change     9.834e-09**   1.525e-08*  \n\

(***: change <= 1e-10, **: change <= 1e-8, *: change <= 1e-5. Change refers to a change between accepted steps. The first \
column only considers the last step. The second column considers the last five steps.)"""


def test_c6_the_printed_report(dict_result):
    assert str(dict_result) == REPORT


def test_c7_names_of_2022(dict_result):
    with pytest.warns(FutureWarning):
        assert dict_result.criterion == pytest.approx(0, abs=1e-12)
    with pytest.warns(FutureWarning):
        assert dict_result.n_criterion_evaluations == 805
    assert dict_result.success is True
    assert dict_result.message == "Optimization terminated successfully."
    assert list(dict_result.history.keys()) == ["params", "criterion", "runtime"]


def test_c11_maximize_with_the_slides_spelling():
    with pytest.warns(FutureWarning) as caught:
        result = om.maximize(
            criterion=lambda params: -params @ params, params=np.arange(5), algorithm="scipy_lbfgs"
        )
    assert len(caught) == 1
    assert "scipy_lbfgs -> scipy_lbfgsb" in str(caught[0].message)
    assert np.allclose(result.params, 0, atol=1e-5)
    assert result.fun == pytest.approx(0, abs=1e-8)


@pytest.mark.parametrize(
    "algorithm",
    ["scipy_ls_lm", "scipy_ls_trf", "nag_dfols", "pounders", "scipy_lbfgsb", "scipy_neldermead"],
)
def test_c13_dict_output(algorithm):
    def sphere_ls(x):
        return {"root_contributions": x, "value": x @ x}

    with pytest.warns(FutureWarning):
        result = om.minimize(criterion=sphere_ls, params=np.arange(5), algorithm=algorithm)
    assert np.allclose(result.params, 0, atol=1e-4)


def test_c12_pybobyqa_under_option_names_of_2022():
    options = {
        "trustregion.initial_radius": 10,
        "trustregion.threshold_successful": 0.1,
        "convergence.minimal_trustregion_radius_tolerance": 1e-8,
        "convergence.criterion_value": None,
        "stopping.max_criterion_evaluations": 1000,
    }
    with pytest.warns(FutureWarning):
        result = om.minimize(
            criterion=sphere, params=np.arange(5), algorithm="nag_pybobyqa", algo_options=options
        )
    assert result.success
    assert np.allclose(result.params, 0, atol=1e-6)
    with pytest.warns(FutureWarning):
        result = om.minimize(
            criterion=sphere,
            params=np.arange(5),
            algorithm="nag_pybobyqa",
            algo_options=options | {"stopping.max_criterion_evaluations": 7},
        )
    assert not result.success
    assert result.n_fun_evals == 7


@pytest.mark.parametrize("algorithm", ["pounders", "tao_pounders"])
def test_d14_three_keys_with_pounders(algorithm):
    def general_sphere(x):
        return {"contributions": x**2, "root_contributions": x, "value": x @ x}

    with pytest.warns(FutureWarning):
        result = om.minimize(criterion=general_sphere, params=np.arange(5), algorithm=algorithm)
    assert result.success
    assert np.allclose(result.params, 0, atol=1e-6)


def test_pounders_takes_optimagics_false_for_a_test_that_is_off():
    @om.mark.least_squares
    def residuals(x):
        return np.array([10 * (x[1] - x[0] ** 2), 1 - x[0]])

    result = om.minimize(
        residuals,
        np.array([-1.2, 1.0]),
        om.algos.pounders(convergence_gtol_scaled=False, c1=None, n_cores=2),
        bounds=om.Bounds(upper=np.array([0.5, np.inf])),
    )
    assert result.success
    assert result.params[0] == 0.5
    assert result.params[1] == pytest.approx(0.25, abs=1e-6)


def test_d14_three_keys_with_dfols():
    def general_sphere(x):
        return {"contributions": x**2, "root_contributions": x, "value": x @ x}

    with pytest.warns(FutureWarning):
        result = om.minimize(criterion=general_sphere, params=np.arange(5), algorithm="nag_dfols")
    assert result.success
    assert np.allclose(result.params, 0, atol=1e-6)


def test_dfols_within_bounds_under_optimagics_option_names():
    @om.mark.least_squares
    def residuals(x):
        return np.array([10 * (x[1] - x[0] ** 2), 1 - x[0]])

    result = om.minimize(
        residuals,
        np.array([-1.2, 1.0]),
        "nag_dfols",
        bounds=om.Bounds(upper=np.array([0.5, np.inf])),
        algo_options={
            "convergence.minimal_trustregion_radius_tolerance": 1e-7,
            "convergence.slow_progress": None,
            "trustregion.initial_radius": 0.2,
            "trustregion.n_interpolation_points": 4,
            "stopping.maxfun": 500,
        },
    )
    assert result.success
    assert result.params[0] == 0.5
    assert result.params[1] == pytest.approx(0.25, abs=1e-6)


def test_c15_derivative_and_numdiff_dict():
    with pytest.warns(FutureWarning, match="derivative -> jac"):
        result = om.minimize(
            criterion=sphere,
            params=np.arange(5),
            algorithm="scipy_lbfgsb",
            derivative=sphere_gradient,
        )
    assert np.allclose(result.params, 0, atol=1e-6)
    with pytest.warns(FutureWarning, match="criterion -> fun"):
        result = om.minimize(
            criterion=sphere,
            params=np.arange(5),
            algorithm="scipy_lbfgsb",
            numdiff_options={"n_cores": 6},
        )
    assert np.allclose(result.params, 0, atol=1e-6)


def test_c20_lower_bounds():
    with pytest.warns(FutureWarning, match="lower_bounds"):
        result = om.minimize(
            criterion=sphere,
            params=np.arange(3) + 1,
            lower_bounds=np.ones(3),
            algorithm="scipy_lbfgsb",
        )
    assert np.allclose(result.params, 1, atol=1e-8)


@pytest.mark.parametrize("labels", [["a", "b", "c"], ["a", "b", "c", "d"]])
def test_c21_data_frame_with_bounds(labels):
    n = len(labels)
    params = pd.DataFrame(
        {"value": np.arange(1, n + 1), "lower_bound": 1.0, "upper_bound": np.inf, "group": "g"},
        index=labels,
    )
    before = params.copy()
    result = om.minimize(
        lambda params: (params["value"] ** 2).sum(), params, algorithm="scipy_lbfgsb"
    )
    assert np.allclose(result.params["value"], 1, atol=1e-8)
    pd.testing.assert_frame_equal(params, before)
    pd.testing.assert_frame_equal(result.params.drop(columns="value"), before.drop(columns="value"))
    assert list(result.params.columns) == list(before.columns)


def test_c22_partial_bounds():
    with pytest.warns(FutureWarning):
        result = om.minimize(
            criterion=lambda params: params["x"] @ params["x"] + params["intercept"],
            params={"x": np.arange(3), "intercept": 3},
            algorithm="scipy_lbfgsb",
            lower_bounds={"intercept": -2},
        )
    assert np.allclose(result.params["x"], 0, atol=1e-5)
    assert result.params["intercept"] == pytest.approx(-2, abs=1e-8)


def test_c24_fixed_parameters():
    def criterion(x):
        offset = np.linspace(1, 0, len(x))
        return (x - offset) @ (x - offset)

    start = np.array([2.5, 1, 1, 1, 1, -2.5])
    with pytest.warns(FutureWarning):
        result = om.minimize(
            criterion=criterion,
            params=start,
            algorithm="scipy_lbfgsb",
            constraints={"loc": [0, 5], "type": "fixed"},
        )
    expected = [2.5, 0.8, 0.6, 0.4, 0.2, -2.5]
    assert np.allclose(result.params, expected, atol=1e-5)

    with warnings.catch_warnings():
        warnings.simplefilter("error")
        result = om.minimize(
            criterion, start, "scipy_lbfgsb", constraints=om.FixedConstraint(lambda x: x[[0, 5]])
        )
    assert np.allclose(result.params, expected, atol=1e-5)
    assert result.n_free == 4


def distance(a, b, c):
    return (a - np.pi) ** 2 + (b - np.arange(3)) @ (b - np.arange(3)) + ((c - np.eye(2)) ** 2).sum()


def test_t2_neldermead_with_nested_params():
    start = {"a": 0, "b": np.zeros(3), "c": np.zeros((2, 2))}
    result = om.minimize(lambda x: distance(**x), start, "scipy_neldermead")
    assert result.params["a"] == pytest.approx(np.pi, abs=1e-6)
    assert np.allclose(result.params["b"], np.arange(3), atol=1e-6)
    assert np.allclose(result.params["c"], np.eye(2), atol=1e-6)


def test_t8_fixed_by_selectors():
    start = {"a": 1, "b": np.zeros(3), "c": np.ones((2, 2))}
    constraints = [om.FixedConstraint(lambda x: x["a"]), om.FixedConstraint(lambda x: x["c"][0, 1])]
    result = om.minimize(lambda x: distance(**x), start, "scipy_lbfgsb", constraints=constraints)
    assert result.params["a"] == 1
    assert np.allclose(result.params["c"], [[1, 1], [0, 1]], atol=1e-5)
    assert np.allclose(result.params["b"], np.arange(3), atol=1e-5)


def test_t4_flat_everywhere_stops_at_the_start():
    def powell(x):
        x = x.round(4)
        terms = (x[0] + 10 * x[1]) ** 2, 5 * (x[2] - x[3]) ** 2, (x[1] - 2 * x[2]) ** 4
        return sum(terms) + 10 * (x[0] - x[3]) ** 4

    result = om.minimize(powell, np.array([3.0, -1.0, 0.0, 1.0]), "scipy_lbfgsb")
    assert result.n_fun_evals == 1
    assert result.n_iterations == 0
    assert result.convergence_report is None


def test_t5_an_exhausted_budget_is_no_success():
    with pytest.warns(FutureWarning, match="stopping_max_criterion_evaluations -> stopping_maxfun"):
        result = om.minimize(
            lambda x: sphere(x - np.arange(8)),
            np.full(8, 100.0),
            "scipy_neldermead",
            algo_options={"stopping.max_criterion_evaluations": 50},
        )
    assert result.success is False
    assert "unsuccessfully" in str(result)


def test_d5_powell():
    result = om.minimize(sphere, np.arange(5), "scipy_powell")
    assert result.success
    assert np.allclose(result.params, 0, atol=1e-6)


def test_t7_bounds_on_a_dict_with_bobyqa():
    def fun(x):
        distances = [x["a"] - np.pi, x["b"] - np.arange(3), x["c"] - np.eye(2)]
        return sum(np.sum(d**2) for d in distances)

    result = om.minimize(
        fun,
        {"a": 1.0, "b": np.ones(3), "c": np.zeros((2, 2))},
        "nlopt_bobyqa",
        bounds=om.Bounds(lower={"b": np.full(3, 0.5)}, upper={"a": 2.0}),
        algo_options={"convergence.ftol_rel": 1e-14, "convergence.xtol_rel": 1e-9},
    )
    assert result.params["a"] == 2
    assert np.allclose(result.params["b"], [0.5, 1, 2], atol=1e-6)
    assert np.allclose(result.params["c"], np.eye(2), atol=1e-6)


@pytest.mark.parametrize(
    ("name", "tolerance"),
    [
        ("nlopt_bobyqa", 1e-3),
        ("nlopt_neldermead", 1e-3),
        ("nlopt_newuoa", 1e-3),
        ("nlopt_praxis", 1e-3),
        ("nlopt_sbplx", 1e-3),
        ("scipy_powell", 1e-3),
        ("pygmo_compass_search", 0.2),
    ],
)
def test_direct_search_under_optimagics_names_and_defaults(name, tolerance):
    bounds = om.Bounds(lower=np.full(3, -5.0), upper=np.full(3, 5.0))
    bounded = {} if name == "nlopt_praxis" else {"bounds": bounds}
    result = om.minimize(lambda x: sphere(x - 1), np.array([3.0, -1, 0.5]), name, **bounded)
    assert result.success
    assert result.algorithm == name
    assert np.allclose(result.params, 1, atol=tolerance)
