"""Constraints and bounds of scipy, as objects and as dicts: converted, and refused where something cannot be kept."""

import pickle
import subprocess
import sys

import numpy as np
import pandas as pd
import pytest
import thalweg as om
from thalweg import exceptions

optimize = pytest.importorskip("scipy.optimize")
sparse = pytest.importorskip("scipy.sparse")

INVALID = exceptions.InvalidConstraintError
X0 = np.array([0.5, 0.0])


def rosenbrock(x):
    return 100 * (x[1] - x[0] ** 2) ** 2 + (1 - x[0]) ** 2


def disc(x):
    return x[0] ** 2 + x[1] ** 2


def disc_jac(x):
    return np.array([2 * x[0], 2 * x[1]])


def several(x, factor=1.0):
    return np.array([x[0] ** 2 + x[1], x[0] ** 2 - x[1]]) * factor


def several_jac(x, factor=1.0):
    return np.array([[2 * x[0], 1], [2 * x[0], -1]]) * factor


SPELLINGS = [{"method": "SLSQP"}, {"algorithm": "slsqp"}, {"method": "COBYLA"}]
LINEAR = optimize.LinearConstraint([[1, 2], [2, 1]], [-np.inf, 1], [1, 1])


def agrees_with_scipy(constraints, spelling, bounds=None, x0=X0, **kwargs):
    expected = optimize.minimize(
        rosenbrock, x0, method="SLSQP", bounds=bounds, constraints=constraints, tol=1e-12
    )
    assert expected.success
    options = {"convergence_xtol_rel": 1e-8} if spelling.get("method") == "COBYLA" else {}
    result = om.minimize(
        rosenbrock,
        x0,
        bounds=bounds,
        constraints=constraints,
        algo_options=options,
        **spelling,
        **kwargs,
    )
    assert result.success, result
    assert np.allclose(result.x, expected.x, atol=2e-3 if options else 1e-4)
    assert result.is_feasible
    return result


@pytest.mark.parametrize("spelling", SPELLINGS)
@pytest.mark.parametrize(
    "constraints",
    [
        LINEAR,
        optimize.LinearConstraint(sparse.csr_matrix([[1.0, 2.0]]), ub=1.0),
        optimize.LinearConstraint([1.0, 2.0], -np.inf, 1),
        optimize.NonlinearConstraint(disc, -np.inf, 0.5),
        optimize.NonlinearConstraint(disc, 0.5, 0.5, jac=disc_jac),
        optimize.NonlinearConstraint(several, [-np.inf, 0.1], [0.3, np.inf], jac=several_jac),
        optimize.NonlinearConstraint(several, -np.inf, 0.3, jac="3-point"),
        optimize.NonlinearConstraint(
            several, -np.inf, 0.3, jac=lambda x: sparse.csr_matrix(several_jac(x))
        ),
        {"type": "ineq", "fun": lambda x: 0.5 - disc(x)},
        {"type": "INEQ", "fun": lambda x: 0.3 - several(x, 1), "jac": lambda x: -several_jac(x)},
        {
            "type": "eq",
            "fun": lambda x, r: disc(x) - r,
            "jac": lambda x, r: disc_jac(x),
            "args": (0.5,),
        },
        [{"type": "ineq", "fun": lambda x: 0.5 - disc(x)}, LINEAR],
        (
            optimize.NonlinearConstraint(disc, -np.inf, 0.5),
            {"type": "ineq", "fun": lambda x: x[1] - 0.05},
        ),
    ],
)
def test_results_are_those_of_scipy(constraints, spelling):
    agrees_with_scipy(constraints, spelling)


@pytest.mark.parametrize("keep_feasible", [False, True])
def test_bounds_and_linear_constraints_hold_at_every_evaluation(keep_feasible):
    seen = []

    def fun(x):
        seen.append(np.array(x))
        return rosenbrock(x)

    bounds = optimize.Bounds([0.0, -0.5], np.inf, keep_feasible=keep_feasible)
    linear = optimize.LinearConstraint([[1, 2]], -np.inf, 1, keep_feasible=keep_feasible)
    result = om.minimize(fun, X0, "lbfgsb", bounds=bounds, constraints=linear)
    assert result.success
    assert all(x @ [1, 2] <= 1 and np.all(x >= [0.0, -0.5]) for x in seen)
    expected = optimize.minimize(rosenbrock, X0, method="SLSQP", bounds=bounds, constraints=linear)
    assert np.allclose(result.x, expected.x, atol=1e-3)


def test_scipys_and_ours_in_one_list():
    constraints = [om.FixedConstraint([0]), optimize.NonlinearConstraint(disc, -np.inf, 0.5)]
    result = om.minimize(lambda x: -x.sum(), np.array([0.5, 0.1]), "slsqp", constraints=constraints)
    assert np.allclose(result.params, [0.5, 0.5], atol=1e-6)
    assert om.count_free_params(X0, constraints) == 1
    om.check_constraints(np.array([0.5, 0.5]), constraints)
    with pytest.raises(exceptions.InvalidParamsError, match=r"value 0 of constraints\[1\] is 1.25"):
        om.check_constraints(np.array([0.5, 1.0]), constraints)


def test_functions_take_params_as_they_are():
    """Not only arrays have constraints: the functions see what the objective sees."""
    start = {"a": 0.5, "b": np.array([0.1, 0.2])}
    constraints = [
        optimize.NonlinearConstraint(lambda p: p["a"] + p["b"].sum(), 0.9, 0.9),
        {"type": "ineq", "fun": lambda p, least: p["a"] - least, "args": (0.4,)},
        optimize.LinearConstraint([[0, 1, -1]], 0, 0),
    ]
    start["b"][:] = 0.2
    result = om.minimize(
        lambda p: p["a"] ** 2 + p["b"] @ p["b"], start, "slsqp", constraints=constraints
    )
    assert result.success
    assert np.allclose([result.params["a"], *result.params["b"]], [0.4, 0.25, 0.25], atol=1e-6)
    series = pd.Series([0.5, 0.5], index=["x", "y"])
    result = om.minimize(
        lambda p: (p**2).sum(), series, "slsqp", constraints=optimize.LinearConstraint([1, 3], 2, 2)
    )
    assert np.allclose(result.params, [0.2, 0.6], atol=1e-5)


def test_derivatives_that_are_given_are_used():
    calls = []

    def jac(x):
        calls.append(1)
        return disc_jac(x).reshape(1, 2)  # scipy takes it with and without the first dimension

    constraint = optimize.NonlinearConstraint(disc, -np.inf, 0.5, jac=jac)
    agrees_with_scipy(constraint, SPELLINGS[0])
    calls.clear()
    om.minimize(rosenbrock, X0, method="slsqp", constraints=constraint)
    assert calls


def test_start_values_that_violate_linear_constraints_are_repaired_on_demand():
    linear = optimize.LinearConstraint([[1, 1]], 4, np.inf)
    with pytest.raises(exceptions.InvalidParamsError, match="repair_start"):
        om.minimize(rosenbrock, X0, "slsqp", constraints=linear)
    with pytest.warns(UserWarning, match="repair_start=True moves them"):
        result = om.minimize(rosenbrock, X0, "slsqp", constraints=linear, repair_start=True)
    assert result.success and result.x.sum() >= 4 - 1e-9


def test_workers_get_them():
    from thalweg._constraints.of_scipy import convert
    from thalweg._thalweg import Tree

    given = {"type": "ineq", "fun": several, "jac": several_jac, "args": (2.0,)}
    constraint, _ = convert(given, 0, Tree(X0))
    again = pickle.loads(pickle.dumps(constraint))
    assert again.func(X0).tolist() == several(X0, 2.0).tolist()
    assert again.derivative(X0).tolist() == several_jac(X0, 2.0).tolist()


def test_scipy_is_not_imported():
    code = (
        "import sys, numpy as np, thalweg as om\n"
        "con = {'type': 'ineq', 'fun': lambda x: 1 - x @ x}\n"
        "result = om.minimize(lambda x: -x.sum(), np.zeros(2), method='SLSQP', constraints=con)\n"
        "assert result.success and abs(result.fun + 2**0.5) < 1e-6, result\n"
        "assert not any(name.startswith('scipy') for name in sys.modules)\n"
    )
    subprocess.run([sys.executable, "-c", code], check=True)


@pytest.mark.parametrize(
    ("constraints", "text"),
    [
        (
            optimize.NonlinearConstraint(disc, 0, 1, keep_feasible=True),
            r"constraints\[0\] \(scipy's NonlinearConstraint\) has keep_feasible=True, but nonlinear constraints may be "
            r"violated on the way to the solution; only the result keeps them. Leave keep_feasible out, and let fun return "
            r"infinity or raise where it is not defined \(see error_handling\). Linear constraints and bounds hold at every "
            r"evaluation.",
        ),
        (
            optimize.LinearConstraint(
                [[1, 1], [1, -1], [1, 0]], -1, [1, 1, 0.6], keep_feasible=True
            ),
            r"constraints\[0\] has keep_feasible=True, but its conditions and those of the other constraints and bounds are "
            r"too many to hold at every evaluation; only the result would keep it. Leave keep_feasible out, or take "
            r"constraints away.",
        ),
        (
            optimize.LinearConstraint([[1, 1, 1]], -1, 1),
            r"constraints\[0\] \(scipy's LinearConstraint\): A has the shape \(1, 3\), but needs one column for each of the 2 "
            r"parameters.",
        ),
        (
            optimize.LinearConstraint([[1, 1]]),
            r"constraints\[0\] \(scipy's LinearConstraint\) has neither finite lb nor finite ub.",
        ),
        (
            {"type": "ineq", "jac": disc_jac},
            r"constraints\[0\] \(.*\) has no key 'fun'. A constraint of type 'ineq' is a dict of scipy's, with the keys "
            r"\['type', 'fun', 'jac', 'args'\].",
        ),
        (
            [{"type": "eq", "fun": disc, "argz": 1}],
            r"constraints\[0\] \(.*\) has the unknown keys \['argz'\]. A constraint of type 'eq' is a dict of scipy's",
        ),
        (
            {"type": "eq", "fun": disc, "jac": "exact"},
            r"constraints\[0\] \(.*\): jac has to be a function of the params, or one of \['2-point', '3-point', 'cs'\], not "
            r"'exact'.",
        ),
        (
            {"type": "eq", "fun": 1.0},
            r"constraints\[0\] \(.*\): fun has to be a function of the params, not 1.0.",
        ),
        (
            {"type": "inequ", "fun": disc},
            r"has the unknown type 'inequ'. Did you mean \['ineq'.*Known types: \[.*\], and as in scipy \['eq', 'ineq'\].",
        ),
    ],
)
def test_what_cannot_be_kept_is_refused(constraints, text):
    with pytest.raises(INVALID, match=text):
        om.minimize(rosenbrock, X0, "slsqp", constraints=constraints)


def test_steps_of_differences_have_no_effect_and_say_so():
    constraint = optimize.NonlinearConstraint(disc, -np.inf, 0.5, finite_diff_rel_step=1e-3)
    text = "finite_diff_rel_step has no effect; numdiff_options holds for the derivatives of constraints, too."
    with pytest.warns(UserWarning, match=text):
        om.minimize(rosenbrock, X0, "slsqp", constraints=constraint)
