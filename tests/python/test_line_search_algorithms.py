"""The line-search methods under the names of scipy and NLopt, and BHHH."""

import numpy as np
import pytest

import thalweg as om

NAMES = [
    "scipy_bfgs",
    "scipy_conjugate_gradient",
    "scipy_newton_cg",
    "scipy_truncated_newton",
    "nlopt_lbfgsb",
    "nlopt_tnewton",
    "nlopt_var",
]


def rosenbrock(x):
    return 100 * (x[1] - x[0] ** 2) ** 2 + (1 - x[0]) ** 2


def gradient(x):
    valley = x[1] - x[0] ** 2
    return np.array([-400 * x[0] * valley - 2 * (1 - x[0]), 200 * valley])


@pytest.mark.parametrize("derivative", [{}, {"jac": gradient}])
@pytest.mark.parametrize("algorithm", NAMES)
def test_rosenbrock_is_solved_under_every_name(algorithm, derivative):
    result = om.minimize(rosenbrock, np.array([-1.2, 1.0]), algorithm=algorithm, **derivative)
    assert result.success, result.message
    assert np.allclose(result.params, 1, atol=1e-3), result.params


@pytest.mark.parametrize("algorithm", ["scipy_truncated_newton", "nlopt_tnewton", "nlopt_var"])
def test_bounds_are_kept(algorithm):
    seen = []

    def fun(x):
        seen.append(np.array(x))
        return rosenbrock(x)

    bounds = om.Bounds(lower=np.array([-2.0, -np.inf]), upper=np.array([0.5, 2.0]))
    result = om.minimize(fun, np.array([-1.2, 1.0]), algorithm=algorithm, bounds=bounds)
    assert np.allclose(result.params, [0.5, 0.25], atol=1e-3), result.params
    assert all(x[0] <= 0.5 and x[1] <= 2.0 and x[0] >= -2.0 for x in seen)


def test_options_of_scipy_are_taken():
    options = {"norm": 2, "armijo_condition": 1e-3, "curvature_condition": 0.5, "display": True}
    result = om.minimize(
        rosenbrock, np.array([-1.2, 1.0]), algorithm="scipy_bfgs", jac=gradient, algo_options=options
    )
    assert result.success
    assert "norm of the gradient" in result.message


N_OBSERVATIONS = 400


@pytest.fixture
def logit():
    rng = np.random.default_rng(0)
    regressors = np.column_stack([np.ones(N_OBSERVATIONS), rng.normal(size=(N_OBSERVATIONS, 2))])
    chance = 1 / (1 + np.exp(-regressors @ [0.5, -1.0, 0.8]))
    outcome = (rng.random(N_OBSERVATIONS) < chance).astype(float)

    @om.mark.likelihood
    def loglike(params):
        index = regressors @ params
        return outcome * index - np.logaddexp(0, index)

    @om.mark.likelihood
    def scores(params):
        return (outcome - 1 / (1 + np.exp(-regressors @ params)))[:, None] * regressors

    return loglike, scores


@pytest.mark.parametrize("with_scores", [False, True])
def test_bhhh_finds_the_maximum(logit, with_scores):
    loglike, scores = logit
    derivative = {"jac": scores} if with_scores else {}
    result = om.maximize(loglike, np.zeros(3), algorithm="bhhh", **derivative)
    reference = om.maximize(loglike, np.zeros(3), algorithm="scipy_lbfgsb")
    assert result.success, result.message
    assert result.fun >= reference.fun - 1e-6
    assert np.allclose(result.params, reference.params, atol=1e-3)
    assert result.n_fun_evals <= 15


def test_bhhh_takes_the_misspelled_option(logit):
    with pytest.warns(FutureWarning, match="converence_gtol_abs -> convergence_gtol_abs"):
        result = om.maximize(
            logit[0], np.zeros(3), algorithm="bhhh", algo_options={"converence_gtol_abs": 0.5}
        )
    assert "<= 5.000e-1 (convergence_gtol_abs)" in result.message


@pytest.mark.parametrize("algorithm", ["nlopt_lbfgsb", "nlopt_var", "nlopt_tnewton", "nlopt_slsqp"])
@pytest.mark.parametrize(("factor", "centre"), [(1.0, 1e6), (1e-6, 1.0)])
def test_the_arbitrary_length_of_a_first_step_is_no_convergence(algorithm, factor, centre):
    result = om.minimize(
        lambda x: factor * (x - centre) @ (x - centre),
        np.array([centre + 3, centre - 2]),
        algorithm,
        jac=lambda x: 2 * factor * (x - centre),
    )
    assert result.fun < 1e-3 * factor, result.message
