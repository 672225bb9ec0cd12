"""Other spellings of arguments: scipy's and those of 2022, each call with one warning that points at the user's line."""

import inspect
import warnings
from pathlib import Path

import numpy as np
import pytest
import thalweg as om


def shifted(x, shift):
    return (x - shift) @ (x - shift)


def test_one_warning_lists_all_replacements_at_the_users_line():
    with pytest.warns(FutureWarning) as caught:
        line = inspect.currentframe().f_lineno + 1
        om.minimize(
            criterion=shifted,
            criterion_kwargs={"shift": 1.0},
            params=np.zeros(2),
            algorithm="scipy_lbfgsb",
            derivative=lambda x: 2 * (x - 1.0),
            lower_bounds=np.full(2, -1.0),
            upper_bounds=np.full(2, 2.0),
            algo_options={"stopping.max_iterations": 100},
        )
    assert len(caught) == 1
    text = str(caught[0].message)
    for old, new in [
        ("criterion", "fun"),
        ("criterion_kwargs", "fun_kwargs"),
        ("derivative", "jac"),
        ("lower_bounds", "bounds=Bounds(lower=...)"),
        ("upper_bounds", "bounds=Bounds(upper=...)"),
        ("stopping_max_iterations", "stopping_maxiter"),
    ]:
        assert f"  {old} -> {new}" in text
    assert Path(caught[0].filename) == Path(__file__)
    assert line <= caught[0].lineno <= line + 10


def test_current_names_warn_of_nothing():
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        om.minimize(
            shifted,
            np.zeros(2),
            "scipy_lbfgsb",
            fun_kwargs={"shift": 1.0},
            bounds=om.Bounds(lower=np.full(2, -1.0)),
            algo_options={"convergence.ftol_rel": 1e-9},
            numdiff_options={"method": "central"},
        )


def test_the_current_name_wins():
    with pytest.warns(FutureWarning):
        result = om.minimize(
            fun=lambda x: (x[0] - 1) ** 2,
            criterion=lambda x: (x[0] - 2) ** 2,
            params=np.zeros(1),
            algorithm="scipy_lbfgsb",
        )
    assert result.params[0] == pytest.approx(1, abs=1e-5)


def test_criterion_and_derivative():
    with pytest.warns(FutureWarning, match="criterion_and_derivative -> fun_and_jac"):
        result = om.minimize(
            criterion_and_derivative=lambda x, shift: (shifted(x, shift), 2 * (x - shift)),
            criterion_and_derivative_kwargs={"shift": 3.0},
            params=np.zeros(2),
            algorithm="scipy_lbfgsb",
        )
    assert np.allclose(result.params, 3)


def test_dict_of_derivatives():
    def criterion(x):
        return {"root_contributions": x, "value": x @ x}

    derivative = {"value": lambda x: 2 * x, "root_contributions": lambda x: np.eye(len(x))}
    for algorithm in ("scipy_lbfgsb", "scipy_ls_lm"):
        with pytest.warns(FutureWarning):
            result = om.minimize(
                criterion=criterion, params=np.arange(3), algorithm=algorithm, derivative=derivative
            )
        assert np.allclose(result.params, 0, atol=1e-6)
        assert result.n_jac_evals > 0


@pytest.mark.parametrize(
    ("method", "algorithm"),
    [
        ("Nelder-Mead", "scipy_neldermead"),
        ("nelder-mead", "scipy_neldermead"),
        ("l-bfgs-b", "scipy_lbfgsb"),
    ],
)
def test_method_in_any_case(method, algorithm):
    result = om.minimize(lambda x: x @ x, x0=np.ones(2), method=method)
    assert result.algorithm == algorithm
    assert np.allclose(result.params, 0, atol=1e-4)


def test_args_are_bound_by_the_names_of_the_objective():
    def fun(x, shift, scale):
        return scale * (x - shift) @ (x - shift)

    def jac(x, shift, scale):
        return 2 * scale * (x - shift)

    result = om.minimize(fun, x0=np.zeros(2), method="L-BFGS-B", args=(2.0, 3.0), jac=jac)
    assert np.allclose(result.params, 2)


def test_jac_true():
    result = om.minimize(
        lambda x, c: ((x - c) @ (x - c), 2 * (x - c)),
        x0=np.ones(3),
        method="l-bfgs-b",
        jac=True,
        args=(4,),
    )
    assert np.allclose(result.params, 4)
    assert om.minimize(lambda x: x @ x, np.ones(2), "lbfgsb", jac=False).success


def test_scipy_aliases_of_the_result():
    result = om.minimize(lambda x: x @ x, np.ones(2), "scipy_lbfgsb", jac=lambda x: 2 * x)
    assert result.x is result.params
    assert result.nfev == result.n_fun_evals
    assert result.njev == result.n_jac_evals
    assert result.nit == result.n_iterations
    assert np.array_equal(result.x0, np.ones(2))


def test_options_of_multistart_without_multistart_are_ignored_with_a_warning():
    with warnings.catch_warnings(record=True) as caught:
        warnings.simplefilter("always")
        om.minimize(lambda x: x @ x, np.ones(2), "scipy_lbfgsb", multistart_options={"n_samples": 9})
        om.minimize(
            lambda x: x @ x,
            np.ones(2),
            "scipy_lbfgsb",
            scaling=False,
            scaling_options={"method": "bounds"},
        )
    texts = [str(warning.message) for warning in caught]
    for name in ("multistart", "scaling"):
        assert f"{name}_options was ignored because {name} is not True." in texts


def test_minimize_and_maximize_show_their_arguments():
    signature = inspect.signature(om.minimize)
    assert list(signature.parameters)[:4] == ["fun", "params", "algorithm", "bounds"]
    assert signature.parameters["bounds"].kind is inspect.Parameter.KEYWORD_ONLY
    assert signature == inspect.signature(om.maximize)
    assert om.minimize.__name__ == "minimize"
    assert om.maximize.__doc__.startswith("Maximize")


def test_args_of_functions_of_any_signature():
    def by_position(x, *args):
        return (x - args[0]) @ (x - args[0]) * args[1]

    def only_by_position(x, shift, scale, /):
        return by_position(x, shift, scale)

    def other_names(x, center, weight):
        return 2 * weight * (x - center)

    def usual(x, shift, scale):
        return by_position(x, shift, scale)

    for fun in (by_position, only_by_position, usual):
        for jac in (None, other_names):
            result = om.minimize(fun, x0=np.ones(2), method="L-BFGS-B", args=(3.0, 2.0), jac=jac)
            assert np.allclose(result.x, 3, atol=1e-5)
    residuals = om.mark.least_squares(lambda x, *args: x - args[0])
    assert np.allclose(om.minimize(residuals, np.ones(2), "scipy_ls_lm", args=(3.0,)).x, 3)


def test_bounds_as_an_array_of_pairs():
    bounds = np.array([[1.0, 5.0], [-np.inf, np.nan]])
    result = om.minimize(lambda x: x @ x, np.full(2, 3.0), "lbfgsb", bounds=bounds)
    assert np.allclose(result.params, [1, 0], atol=1e-5)
