"""JAX arrays as parameters, and derivatives made by JAX."""

import numpy as np
import pytest
import thalweg as om

jax = pytest.importorskip("jax")
jnp = pytest.importorskip("jax.numpy")
jax.config.update("jax_enable_x64", True)


def criterion(params):
    return (params["a"] - 1) ** 2 + ((params["b"] - jnp.arange(3)) ** 2).sum()


def test_gradient_with_dict_params():
    start = {"a": jnp.array(0.0), "b": jnp.ones(3)}
    result = om.minimize(criterion, start, "scipy_lbfgsb", jac=jax.grad(criterion))
    assert isinstance(result.params["b"], jax.Array)
    assert np.allclose(result.params["b"], np.arange(3), atol=1e-9)
    assert float(result.params["a"]) == pytest.approx(1, abs=1e-9)


def test_jitted_functions():
    result = om.minimize(
        jax.jit(criterion),
        {"a": 0.0, "b": jnp.ones(3)},
        "lbfgsb",
        fun_and_jac=jax.jit(jax.value_and_grad(criterion)),
    )
    assert np.allclose(result.params["b"], np.arange(3), atol=1e-8)


def test_vectors():
    fun = jax.jit(lambda x: x @ x)
    result = om.minimize(fun, jnp.arange(3.0), "lbfgsb", jac=jax.grad(fun))
    assert isinstance(result.params, jax.Array)
    assert np.allclose(result.params, 0, atol=1e-8)
    assert np.allclose(
        om.minimize(fun, np.arange(3.0), "lbfgsb", jac=jax.grad(fun)).params, 0, atol=1e-8
    )


def test_least_squares():
    residuals = om.mark.least_squares(jax.jit(lambda x: x - 1.0))
    jacobian = om.mark.least_squares(jax.jacobian(lambda x: x - 1.0))
    result = om.minimize(residuals, jnp.zeros(3), "scipy_ls_lm", jac=jacobian)
    assert np.allclose(result.params, 1)
    assert result.n_jac_evals > 0


def test_numerical_derivatives():
    derivative = om.first_derivative(criterion, {"a": 0.0, "b": jnp.ones(3)}).derivative
    assert np.allclose(derivative["b"], 2 * (1 - np.arange(3)), atol=1e-6)


@pytest.mark.parametrize("algorithm", ["trust_exact", "trust_ncg"])
def test_second_derivatives(algorithm):
    start = {"a": jnp.array(0.0), "b": jnp.ones(3)}

    def fun(params):
        return criterion(params) + (params["a"] * params["b"]).sum() ** 4 / 100

    def product(params, direction):
        return jax.jvp(jax.grad(fun), (params,), (direction,))[1]

    results = [
        om.minimize(fun, start, algorithm, jac=jax.grad(fun), **second)
        for second in ({"hess": jax.hessian(fun)}, {"hessp": product}, {})
    ]
    for result in results:
        assert result.success
        assert np.allclose(jax.grad(fun)(result.params)["b"], 0, atol=1e-4)
    assert np.allclose(results[0].params["b"], results[1].params["b"], atol=1e-6)
    vector = jax.jit(lambda x: ((x - 1) ** 4).sum() + x @ x)
    result = om.minimize(
        vector, jnp.zeros(3), algorithm, jac=jax.grad(vector), hess=jax.jit(jax.hessian(vector))
    )
    assert result.success and isinstance(result.params, jax.Array)
