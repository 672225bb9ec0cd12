"""Newton's method in a trust region, under its own names, and beside scipy's methods."""

import numpy as np
import pytest

import thalweg as om

METHODS = ["dogleg", "trust-exact", "trust-krylov", "trust-ncg"]
NAMES = [method.replace("-", "_") for method in METHODS]


def rosenbrock(x):
    return np.sum(100 * (x[1:] - x[:-1] ** 2) ** 2 + (1 - x[:-1]) ** 2)


def gradient(x):
    valley, slope = x[1:] - x[:-1] ** 2, np.zeros_like(x)
    slope[:-1] = -400 * x[:-1] * valley - 2 * (1 - x[:-1])
    slope[1:] += 200 * valley
    return slope


def hessian(x):
    matrix = np.zeros((len(x), len(x)))
    for i in range(len(x) - 1):
        matrix[i, i] += 1200 * x[i] ** 2 - 400 * x[i + 1] + 2
        matrix[i + 1, i + 1] += 200
        matrix[i, i + 1] = matrix[i + 1, i] = -400 * x[i]
    return matrix


def product(x, direction):
    return hessian(x) @ direction


START = np.array([-1.2, 1.0])
DERIVATIVES = {
    "nothing": {},
    "gradient": {"jac": gradient},
    "hessian": {"jac": gradient, "hess": hessian},
    "products": {"jac": gradient, "hessp": product},
}


@pytest.mark.parametrize("given", DERIVATIVES)
@pytest.mark.parametrize("algorithm", [*NAMES, *(f"scipy_{name}" for name in NAMES)])
def test_rosenbrock_is_solved_with_whatever_derivatives_there_are(algorithm, given):
    result = om.minimize(rosenbrock, START, algorithm=algorithm, **DERIVATIVES[given])
    assert result.success, result.message
    assert np.allclose(result.params, 1, atol=1e-3), result.params


@pytest.mark.parametrize("method", METHODS)
def test_methods_of_scipy_come_to_its_results(method):
    optimize = pytest.importorskip("scipy.optimize")
    call = {"x0": START, "method": method, "jac": gradient, "hess": hessian}
    theirs = optimize.minimize(rosenbrock, **call)
    ours = om.minimize(rosenbrock, **call)
    assert ours.success and theirs.success
    assert np.allclose(ours.params, theirs.x, atol=1e-5)
    assert ours.n_fun_evals == theirs.nfev


def test_trust_exact_leaves_a_saddle_on_which_the_gradient_is_blind():
    def fun(x):
        return (x[0] ** 2 - 1) ** 2 + x[1] ** 2

    def jac(x):
        return np.array([4 * x[0] * (x[0] ** 2 - 1), 2 * x[1]])

    def hess(x):
        return np.diag([12 * x[0] ** 2 - 4, 2.0])

    result = om.minimize(fun, np.array([0.0, 1.0]), algorithm="trust_exact", jac=jac, hess=hess)
    assert result.success
    assert np.allclose(np.abs(result.params), [1, 0], atol=1e-4)


def test_options_of_the_region_are_taken():
    seen = []

    def fun(x):
        seen.append(np.array(x))
        return x @ x

    options = {"trustregion_initial_radius": 0.25, "trustregion_maximal_radius": 0.5}
    result = om.minimize(
        fun,
        np.array([3.0, 4.0]),
        algorithm=om.algos.trust_ncg(**options),
        jac=lambda x: 2 * x,
        hess=lambda x: 2 * np.eye(2),
    )
    assert result.success
    steps = [np.linalg.norm(b - a) for a, b in zip(seen, seen[1:], strict=False)]
    assert max(steps) <= 0.5 * (1 + 1e-12)
    # 0.25 once, then 0.5 nine times, then the rest.
    assert result.n_fun_evals >= 10


def test_bounds_are_refused():
    bounds = om.Bounds(lower=np.array([-2.0, -2.0]))
    with pytest.raises(om.exceptions.InvalidBoundsError, match="does not support bounds"):
        om.minimize(rosenbrock, START, algorithm="trust_exact", jac=gradient, bounds=bounds)
