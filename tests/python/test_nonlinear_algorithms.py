"""Nonlinear constraints in user-defined algorithms, and in runs that are asked and told."""

from __future__ import annotations

import numpy as np
import pytest

import thalweg as om

AUGMENTED = {"constraint_handling": "augmented_lagrangian"}
OFFSET = np.array([1.0, 0.8, 0.6, 0.4, 0.2, 0.0])


def shifted(x):
    return float(((x - OFFSET) ** 2).sum())


def solve(fun, params, constraints, algorithm="lbfgsb"):
    return om.minimize(fun, params, algorithm, constraints=constraints, **AUGMENTED)


def make_algorithm(look):
    from dataclasses import dataclass

    from thalweg._algorithm import Algorithm, InternalOptimizeResult

    @om.mark.minimizer(
        name="own",
        solver_type="scalar",
        is_available=True,
        is_global=False,
        needs_jac=True,
        needs_hess=False,
        needs_bounds=False,
        supports_parallelism=False,
        supports_bounds=True,
        supports_infinite_bounds=True,
        supports_linear_constraints=False,
        supports_nonlinear_constraints=True,
    )
    @dataclass(frozen=True)
    class Own(Algorithm):
        def _solve_internal_problem(self, problem, x0):
            x = look(problem, x0)
            return InternalOptimizeResult(x=x, fun=problem.fun(x), success=True, message="done")

    return Own()


def test_user_defined_algorithms_get_constraints_in_their_own_space():
    seen = []

    def look(problem, x0):
        seen.extend((c["n_constr"], c["type"], c["tol"]) for c in problem.nonlinear_constraints)
        first, second, third, fourth = problem.nonlinear_constraints
        x = np.array([2.0, 3.0])  # the first parameter is fixed at 1
        np.testing.assert_allclose(first["fun"](x), [5.0])
        np.testing.assert_allclose(first["jac"](x), [[3.0, 2.0]], atol=1e-5)
        np.testing.assert_allclose(second["fun"](x), [1.0, 2.0, 4.0, 3.0])
        np.testing.assert_allclose(second["jac"](x), [[1, 0], [0, 1], [-1, 0], [0, -1]])
        np.testing.assert_allclose(third["fun"](x), [-4.0])
        np.testing.assert_allclose(third["jac"](x), [[0, -1]], atol=1e-6)
        np.testing.assert_allclose(fourth["fun"](x), [8.0])
        return np.array([1.0, 1.0])

    result = om.minimize(
        lambda p: p @ p,
        np.array([1.0, 2.0, 1.0]),
        make_algorithm(look),
        constraints=[
            om.FixedConstraint(lambda p: p[:1]),
            om.NonlinearConstraint(func=np.prod, value=1.0, tol=1e-3),
            om.NonlinearConstraint(
                lambda p: p[1:],
                func=lambda s: s,
                derivative=lambda s: np.eye(2),
                lower_bound=1.0,
                upper_bound=6.0,
            ),
            om.NonlinearConstraint(func=lambda p: p[2], upper_bound=-1.0, tol=5.0),
            om.NonlinearConstraint(func=lambda p: p[2] ** 2, lower_bound=1.0),
        ],
    )
    assert seen == [(1, "eq", 1e-3), (4, "ineq", 1e-5), (1, "ineq", 5.0), (1, "ineq", 1e-5)]
    assert result.success and result.max_constraint_violation == 2.0


def test_a_user_defined_algorithm_is_held_to_the_constraints():
    disc = om.NonlinearConstraint(func=lambda x: x @ x, upper_bound=1.0)
    algorithm = make_algorithm(lambda problem, x0: np.array([1.0, 1.0]))
    result = om.minimize(lambda x: -x.sum(), np.zeros(2), algorithm, constraints=disc)
    assert not result.success
    np.testing.assert_allclose(result.params, [0, 0])


def test_slsqp_of_scipy_in_an_algorithm_of_the_user():
    optimize = pytest.importorskip("scipy.optimize")

    def look(problem, x0):
        return optimize.minimize(
            problem.fun, x0, jac=problem.jac, constraints=problem.nonlinear_constraints
        ).x

    constraint = om.NonlinearConstraint(selector=lambda x: x[:-1], func=np.prod, value=1.0)
    result = om.minimize(shifted, np.ones(6), make_algorithm(look), constraints=constraint)
    expected = [1.31, 1.16, 1.01, 0.87, 0.75, 0]
    np.testing.assert_allclose(result.params, expected, atol=0.01)
    assert result.success


def test_helpers_for_algorithms():
    from thalweg._nonlinear import (
        equality_as_inequality_constraints,
        vector_as_list_of_scalar_constraints,
    )

    entries = [
        {"n_constr": 2, "type": "eq", "fun": lambda x: x, "jac": lambda x: np.eye(2), "tol": 0.1},
        {"n_constr": 1, "type": "ineq", "fun": lambda x: x[:1], "jac": None, "tol": 0.1},
    ]
    first, second = equality_as_inequality_constraints(entries)
    x = np.array([1.0, 2.0])
    assert (first["type"], first["n_constr"], second) == ("ineq", 4, entries[1])
    np.testing.assert_allclose(first["fun"](x), [1, 2, -1, -2])
    np.testing.assert_allclose(first["jac"](x), [[1, 0], [0, 1], [-1, 0], [0, -1]])
    scalars = vector_as_list_of_scalar_constraints(entries[:1])
    assert [entry["fun"](x) for entry in scalars] == [1.0, 2.0]
    np.testing.assert_allclose(scalars[1]["jac"](x), [0, 1])


def test_optimizers_ask_for_the_objective_only():
    constraint = om.NonlinearConstraint(
        func=lambda x: x @ x, derivative=lambda x: 2 * x, upper_bound=1.0
    )
    for algorithm in ("lbfgsb", "neldermead"):
        direct = solve(lambda x: float(-x.sum()), np.zeros(2), constraint, algorithm)
        optimizer = om.Optimizer(np.zeros(2), algorithm, constraints=constraint, **AUGMENTED)
        while (request := optimizer.ask()) is not None:
            optimizer.tell([float(-x.sum()) for x in request.params])
        result = optimizer.result()
        np.testing.assert_array_equal(result.params, direct.params)
        assert result.success and result.n_fun_evals == direct.n_fun_evals


def test_params_may_be_changed_by_func():
    def func(x):
        value = float(x @ x)
        x[:] = 100.0
        return value

    constraint = om.NonlinearConstraint(func=func, upper_bound=1.0)
    result = solve(lambda x: float(-x.sum()), np.zeros(2), constraint)
    np.testing.assert_allclose(result.params, [0.5**0.5] * 2, atol=1e-4)
