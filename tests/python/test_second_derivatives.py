"""hess and hessp: what the algorithm gets, in which structures, what is said where they do not fit or are not used."""

import re
import warnings

import numpy as np
import pandas as pd
import pytest
import thalweg as om
from thalweg import exceptions

X0 = np.array([-1.2, 1.0])
NEWTON = ["trust_exact", "trust_ncg", "trust_krylov", "dogleg", "scipy_newton_cg"]


def rosenbrock(x):
    return 100 * (x[1] - x[0] ** 2) ** 2 + (1 - x[0]) ** 2


def gradient(x):
    t = x[1] - x[0] ** 2
    return np.array([-400 * t * x[0] - 2 * (1 - x[0]), 200 * t])


def hessian(x):
    mixed = -400 * x[0]
    return np.array([[1200 * x[0] ** 2 - 400 * x[1] + 2, mixed], [mixed, 200]])


def product(x, p):
    return hessian(x) @ p


class Counted:
    """A function that counts its calls."""

    def __init__(self, function):
        self.function, self.calls = function, 0

    def __call__(self, *args):
        self.calls += 1
        return self.function(*args)


@pytest.mark.parametrize("algorithm", NEWTON)
def test_every_algorithm_takes_either(algorithm):
    hess, hessp = Counted(hessian), Counted(product)
    whole = om.minimize(rosenbrock, X0, algorithm, jac=gradient, hess=hess)
    by_products = om.minimize(rosenbrock, X0, algorithm, jac=gradient, hessp=hessp)
    assert whole.success and whole.fun < 1e-8
    assert np.allclose(whole.params, by_products.params, rtol=0, atol=1e-6)
    assert (whole.n_hess_evals, by_products.n_hess_evals) == (hess.calls, hessp.calls)
    assert whole.nhev == hess.calls
    tasks = [task.value for task in whole.history.task]
    assert tasks.count("hess") == hess.calls
    assert tasks.count("fun") + tasks.count("fun_and_jac") == whole.n_fun_evals


@pytest.mark.parametrize("algorithm", NEWTON)
def test_differences_without(algorithm):
    with_jac = om.minimize(rosenbrock, X0, algorithm, jac=gradient)
    assert with_jac.success and with_jac.fun < 1e-8
    without = om.minimize(rosenbrock, X0, algorithm)
    assert without.fun < 1e-6
    for options in ({"n_cores": 2}, {"method": "central"}):
        assert om.minimize(rosenbrock, X0, algorithm, numdiff_options=options).fun < 1e-6


@pytest.mark.parametrize("method", ["trust-exact", "trust-ncg", "trust-krylov", "dogleg"])
def test_calls_of_scipy(method):
    result = om.minimize(
        lambda x, a: a * rosenbrock(x),
        x0=X0,
        method=method,
        args=(3.0,),
        jac=lambda x, a: a * gradient(x),
        hess=lambda x, a: a * hessian(x),
    )
    assert result.success and result.fun < 1e-8
    result = om.minimize(
        lambda x, a: a * rosenbrock(x),
        x0=X0,
        method=method,
        args=(3.0,),
        jac=lambda x, a: a * gradient(x),
        hessp=lambda x, p, a: a * product(x, p),
    )
    assert result.success and result.fun < 1e-8


def test_maximize_with_fun_and_jac():
    result = om.maximize(
        lambda x: -rosenbrock(x),
        X0,
        "trust_exact",
        fun_and_jac=lambda x: (-rosenbrock(x), -gradient(x)),
        hess=lambda x: -hessian(x),
    )
    assert result.success and np.allclose(result.params, 1, atol=1e-4)


# --------------------------------------------------------------------------------------- structures


def tree_fun(p):
    return (p["a"] - 3) ** 4 + (p["b"] ** 2).sum() * (1 + p["a"] ** 2)


def tree_gradient(p):
    return {
        "a": 4 * (p["a"] - 3) ** 3 + 2 * p["a"] * (p["b"] ** 2).sum(),
        "b": 2 * p["b"] * (1 + p["a"] ** 2),
    }


def tree_hessian(p):
    mixed = 4 * p["a"] * p["b"]
    return {
        "a": {"a": 12 * (p["a"] - 3) ** 2 + 2 * (p["b"] ** 2).sum(), "b": mixed},
        "b": {"a": mixed, "b": 2 * (1 + p["a"] ** 2) * np.eye(2)},
    }


def tree_matrix(p):
    blocks = tree_hessian(p)
    return np.block(
        [
            [np.array([[blocks["a"]["a"]]]), blocks["a"]["b"][None]],
            [blocks["b"]["a"][:, None], blocks["b"]["b"]],
        ]
    )


def tree_product(p, d):
    blocks = tree_hessian(p)
    return {
        "a": blocks["a"]["a"] * d["a"] + blocks["a"]["b"] @ d["b"],
        "b": blocks["b"]["a"] * d["a"] + blocks["b"]["b"] @ d["b"],
    }


def flat_product(p, d):
    return tree_matrix(p) @ np.concatenate([[d["a"]], d["b"]])


def test_blocks_matrices_and_products_of_trees():
    start = {"a": 1.0, "b": np.array([2.0, -1.0])}
    results = [
        om.minimize(tree_fun, start, "trust_ncg", jac=tree_gradient, **second)
        for second in (
            {"hess": tree_hessian},
            {"hess": tree_matrix},
            {"hess": lambda p: tree_matrix(p).tolist()},
            {"hessp": tree_product},
            {"hessp": flat_product},
        )
    ]
    assert results[0].success and results[0].fun < 1e-3
    for other in results[1:]:
        assert other.params["a"] == pytest.approx(results[0].params["a"], abs=1e-12)
        assert np.allclose(other.params["b"], results[0].params["b"], atol=1e-12)


def test_what_second_derivative_returns_can_be_returned():
    start = {"a": 1.0, "b": np.array([2.0, -1.0])}
    result = om.minimize(
        tree_fun,
        start,
        "trust_exact",
        jac=tree_gradient,
        hess=lambda p: om.second_derivative(tree_fun, p).derivative,
    )
    assert result.success and abs(result.params["b"]).max() < 1e-4


def test_labels_come_in_any_order():
    start = pd.Series([-1.2, 1.0], index=["x", "y"])

    def shuffled(params):
        frame = pd.DataFrame(hessian(params.to_numpy()), index=["x", "y"], columns=["x", "y"])
        return frame.loc[["y", "x"], ["y", "x"]]

    result = om.minimize(
        lambda params: rosenbrock(params.to_numpy()),
        start,
        "trust_exact",
        jac=lambda params: pd.Series(gradient(params.to_numpy()), index=["x", "y"]),
        hess=shuffled,
    )
    reference = om.minimize(rosenbrock, X0, "trust_exact", jac=gradient, hess=hessian)
    assert np.array_equal(result.params.to_numpy(), reference.params)


def test_one_parameter():
    for start in (2.0, np.array([2.0])):
        for hess in (lambda x: 12 * x**2, lambda x: [[12 * float(np.sum(x)) ** 2]]):
            result = om.minimize(
                lambda x: float(np.sum(x**4)),
                start,
                "trust_exact",
                jac=lambda x: 4 * x**3,
                hess=hess,
            )
            assert result.success and abs(float(np.sum(result.params))) < 0.05


def test_sparse_matrices():
    class Sparse:
        def __init__(self, dense):
            self.dense, self.shape = dense, dense.shape

        def toarray(self):
            return self.dense

    result = om.minimize(
        rosenbrock, X0, "trust_exact", jac=gradient, hess=lambda x: Sparse(hessian(x))
    )
    assert result.success


# ------------------------------------------------------------------------------- scaling, constraints


def test_scaling_fixed_and_equal_parameters():
    def fun(x):
        return rosenbrock(x[:2]) + (x[2] - 4) ** 2 + (x[3] - x[2]) ** 4

    def jac(x):
        cubed = 4 * (x[3] - x[2]) ** 3
        return np.array([*gradient(x[:2]), 2 * (x[2] - 4) - cubed, cubed])

    def hess(x):
        full, square = np.zeros((4, 4)), 12 * (x[3] - x[2]) ** 2
        full[:2, :2] = hessian(x[:2])
        full[2:, 2:] = [[2 + square, -square], [-square, square]]
        return full

    start = np.array([-1.2, 1.0, 3.0, 3.0])
    for second in ({"hess": hess}, {"hessp": lambda x, p: hess(x) @ p}):
        result = om.minimize(fun, start, "trust_exact", jac=jac, scaling=True, **second)
        assert result.success and result.fun < 1e-5
        result = om.minimize(
            fun,
            start,
            "trust_ncg",
            jac=jac,
            constraints=[
                om.FixedConstraint(lambda x: x[0]),
                om.EqualityConstraint(lambda x: x[2:]),
            ],
            **second,
        )
        assert np.allclose(result.params, [-1.2, 1.44, 4, 4], atol=1e-3)


@pytest.mark.parametrize("algorithm", ["trust_exact", "trust_ncg", "trust_krylov", "dogleg"])
def test_the_hessian_at_the_end_is_part_of_the_result(algorithm):
    result = om.minimize(rosenbrock, X0, algorithm, jac=gradient, hess=hessian)
    assert result.hess.tolist() == hessian(result.params).tolist()
    method = algorithm.replace("_", "-")
    optimize = pytest.importorskip("scipy.optimize")
    reference = optimize.minimize(rosenbrock, X0, method=method, jac=gradient, hess=hessian)
    assert np.allclose(result.hess, reference.hess, rtol=1e-3)
    # Products and differences are not put together for the result alone, as in scipy.
    for second in ({"hessp": product}, {}):
        assert om.minimize(rosenbrock, X0, algorithm, jac=gradient, **second).hess is None


def test_hessians_of_results_are_in_the_users_terms():
    def fun(params):
        return -rosenbrock(params["x"]) - (params["y"] - 3) ** 2

    def jac(params):
        return {"x": -gradient(params["x"]), "y": -2 * (params["y"] - 3)}

    def hess(params):
        mixed = np.zeros(2)
        return {
            "x": {"x": -hessian(params["x"]), "y": mixed},
            "y": {"x": mixed, "y": -2.0},
        }

    result = om.maximize(
        fun, {"x": X0, "y": 1.0}, "trust_exact", jac=jac, hess=hess, scaling={"magnitude": 3.0}
    )
    expected = np.zeros((3, 3))
    expected[:2, :2], expected[2, 2] = -hessian(result.params["x"]), -2
    assert np.allclose(result.hess, expected, rtol=1e-12)
    fixed = om.maximize(
        fun,
        {"x": X0, "y": 1.0},
        "trust_exact",
        jac=jac,
        hess=hess,
        constraints=om.FixedConstraint(["y"]),
    )
    assert np.isnan(fixed.hess[2]).all() and np.isnan(fixed.hess[:, 2]).all()
    assert np.allclose(fixed.hess[:2, :2], -hessian(fixed.params["x"]), rtol=1e-12)
    again = om.OptimizeResult.from_json(result.to_json())
    assert again.hess.tolist() == result.hess.tolist()


def test_a_sum_of_squares_has_a_hessian_for_scalar_algorithms():
    @om.mark.least_squares
    def residuals(x):
        return np.array([1 - x[0], 10 * (x[1] - x[0] ** 2)])

    @om.mark.least_squares
    def jacobian(x):
        return np.array([[-1, 0], [-20 * x[0], 10]])

    result = om.minimize(residuals, X0, "trust_exact", jac=jacobian, hess=hessian)
    assert result.success and result.fun < 1e-8 and result.n_hess_evals > 0


# --------------------------------------------------------------------------------------- log, errors


@pytest.mark.parametrize("second", [{"hess": hessian}, {"hessp": product}], ids=["hess", "hessp"])
def test_a_run_is_resumed(tmp_path, second):
    path = tmp_path / "log.db"
    whole = om.minimize(rosenbrock, X0, "trust_krylov", jac=gradient, **second)
    counted = {name: Counted(function) for name, function in second.items()}

    def session(**options):
        return om.minimize(
            rosenbrock,
            X0,
            "trust_krylov",
            jac=gradient,
            logging=path,
            resume=True,
            **counted,
            **options,
        )

    session(algo_options={"stopping.maxfun": 9})
    again = session()
    assert np.array_equal(again.params, whole.params)
    assert again.n_hess_evals == whole.n_hess_evals
    assert next(iter(counted.values())).calls == whole.n_hess_evals
    tasks = [task.value for task in again.history.task]
    assert tasks.count("hess") == whole.n_hess_evals
    reader = om.SQLiteLogReader(path)
    logged = {reader.read_iteration(number).task for number in range(len(tasks))}
    assert logged >= {"fun", "jac", "hess"}
    with pytest.raises(exceptions.OptimagicError, match="second derivative"):
        om.minimize(rosenbrock, X0, "trust_krylov", jac=gradient, logging=path, resume=True)


def minimize(**arguments):
    return om.minimize(
        **{"fun": rosenbrock, "params": X0, "algorithm": "trust_exact", "jac": gradient, **arguments}
    )


START = {"a": 1.0, "b": np.array([2.0, -1.0])}
TREE = {"fun": tree_fun, "params": START, "jac": tree_gradient}


@pytest.mark.parametrize(
    ("arguments", "error", "message"),
    [
        (
            {"hess": "2-point"},
            "InvalidArgumentError",
            "hess must be a function or None, not '2-point'. Without it, algorithms that need second "
            "derivatives take differences.",
        ),
        (
            {"hessp": 3},
            "InvalidArgumentError",
            "hessp must be a function or None, not 3. Without it, algorithms that need second "
            "derivatives take differences.",
        ),
        (
            {"hess": lambda x, data: hessian(x)},
            "InvalidArgumentError",
            "hess must be a function of one argument, the params, but its signature is (x, data). "
            "Bind what else it needs with functools.partial.",
        ),
        (
            {"hessp": lambda x: hessian(x)},
            "InvalidArgumentError",
            "hessp must be a function of two arguments, the params and the direction, but its "
            "signature is (x). Bind what else it needs with functools.partial.",
        ),
        (
            {"hess": lambda x: np.eye(3)},
            "InvalidFunctionError",
            "hess has to return the Hessian as an array of shape (2, 2), but it returned ndarray of "
            "shape (3, 3).",
        ),
        (
            {**TREE, "hess": lambda p: np.eye(2)},
            "InvalidFunctionError",
            "hess has to return the Hessian as an array of shape (3, 3), or the tree of blocks of "
            "params by params that second_derivative returns, but it returned ndarray of shape "
            "(2, 2). As a tree of blocks: ",
        ),
        (
            {"hessp": lambda x, p: 1.0},
            "InvalidFunctionError",
            "hessp has to return the product of the Hessian with its second argument: an array of "
            "shape (2,), but it returned float.",
        ),
        (
            {**TREE, "hessp": lambda p, d: {"a": 1.0}},
            "InvalidFunctionError",
            "hessp has to return the product of the Hessian with its second argument: something "
            "structured like params, or an array of shape (3,), but it returned dict of length 1.",
        ),
        (
            {"hess": lambda x: [[1, 2], [3, 4]]},
            "UserFunctionRuntimeError",
            "the Hessian returned by hess is not symmetric: entry [0, 1] is 2, but entry [1, 0] is "
            "3.",
        ),
        (
            {"hess": lambda x: np.full((2, 2), np.nan)},
            "UserFunctionRuntimeError",
            "the Hessian returned by hess is not finite: [NaN, NaN, NaN, NaN] at params [-1.2, 1]",
        ),
        (
            {"hessp": lambda x, p: p * np.inf},
            "UserFunctionRuntimeError",
            "what hessp returned is not finite: [",
        ),
        (
            {"hess": lambda x: 1 / 0},
            "UserFunctionRuntimeError",
            "An error occurred when evaluating hess during optimization: ZeroDivisionError",
        ),
        (
            {"hess": hessian, "jac": None, "fun": om.mark.least_squares(lambda x: x)}
            | {"algorithm": "scipy_ls_lm"},
            "InvalidFunctionError",
            "scipy_ls_lm is a least_squares algorithm and has no use for hess, the second derivative "
            "of a single value. Leave hess out, or use a scalar algorithm that uses second "
            "derivatives: dogleg, newton_cg, trust_exact, trust_krylov, trust_ncg.",
        ),
    ],
)
def test_messages(arguments, error, message):
    with pytest.raises(getattr(exceptions, error)) as caught:
        minimize(**arguments)
    assert str(caught.value).startswith(message)


def test_a_shape_that_is_wrong_ends_the_run_whatever_the_policy():
    with pytest.raises(exceptions.InvalidFunctionError, match="an array of shape"):
        minimize(hess=lambda x: np.eye(3), error_handling="continue")


def test_a_penalty_stands_in_for_a_hessian_that_failed():
    def hess(x):
        if x[0] < -1.1:
            raise ValueError("too far left")
        return hessian(x)

    with pytest.warns(UserWarning, match="hess failed; a penalty takes the place of its value"):
        result = minimize(hess=hess, error_handling="continue")
    assert np.isfinite(result.fun)
    with pytest.raises(exceptions.UserFunctionRuntimeError) as caught:
        minimize(hess=hess)
    assert np.isfinite(caught.value.partial_result.fun)


@pytest.mark.parametrize(
    ("second", "subject"),
    [
        ({"hess": hessian}, "hess is"),
        ({"hessp": product}, "hessp is"),
        ({"hess": hessian, "hessp": product}, "hess and hessp are"),
    ],
)
def test_an_algorithm_without_use_for_them_says_so(second, subject):
    message = (
        f"The algorithm scipy_lbfgsb does not use second derivatives: {subject} ignored. Algorithms "
        "that use them: dogleg, newton_cg, trust_exact, trust_krylov, trust_ncg."
    )
    with pytest.warns(UserWarning, match=re.escape(message)):
        result = minimize(algorithm="scipy_lbfgsb", **second)
    assert result.success and not result.n_hess_evals
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        minimize(algorithm="scipy_newton_cg", **second)


def test_check_hess():
    assert om.check_hess(rosenbrock, X0, hessian)
    assert om.check_hess(rosenbrock, X0, hessian, jac=gradient, tolerance=1e-6)
    assert om.check_hess(rosenbrock, X0, hessp=product, jac=gradient, tolerance=1e-6)
    start = {"a": 1.0, "b": np.array([2.0, -1.0])}
    for second in (
        {"hess": tree_hessian},
        {"hess": tree_matrix},
        {"hessp": tree_product},
        {"hessp": flat_product},
    ):
        assert om.check_hess(tree_fun, start, **second)
        assert om.check_hess(tree_fun, start, jac=tree_gradient, tolerance=1e-6, **second)
    wrong = om.check_hess(rosenbrock, X0, lambda x: hessian(x) - [[0, 0], [0, 100]], jac=gradient)
    assert not wrong and wrong.worst == ("1", "1")
    assert repr(wrong) == (
        "The second derivative differs from finite differences: largest relative difference "
        "5.00e-01 at '1', '1'."
    )
    assert repr(om.check_hess(rosenbrock, X0, hessian)).startswith(
        "The second derivative agrees with finite differences: largest relative difference "
    )


@pytest.mark.parametrize(
    ("arguments", "error", "message"),
    [
        ({}, "InvalidArgumentError", "check_hess needs hess or hessp, one of them."),
        (
            {"hess": hessian, "hessp": product},
            "InvalidArgumentError",
            "check_hess needs hess or hessp, one of them.",
        ),
        ({"hess": 1}, "InvalidArgumentError", "hess must be a function, not 1."),
        (
            {"hess": lambda x: np.eye(3)},
            "InvalidFunctionError",
            "hess has to return a matrix of shape (2, 2) or the tree of blocks that "
            "second_derivative returns: the blocks do not fit the params: ",
        ),
        (
            {"hessp": lambda x, p: np.ones(3)},
            "InvalidFunctionError",
            "The output of hessp does not fit the params: ",
        ),
    ],
)
def test_messages_of_check_hess(arguments, error, message):
    with pytest.raises(getattr(exceptions, error)) as caught:
        om.check_hess(rosenbrock, X0, **arguments)
    assert str(caught.value).startswith(message)


def test_callbacks_and_searches_from_many_starts():
    seen = []
    result = minimize(hess=hessian, callback=lambda state: seen.append(state.fun))
    assert len(seen) == result.n_iterations
    search = minimize(
        hess=hessian,
        bounds=om.Bounds(soft_lower=np.full(2, -2.0), soft_upper=np.full(2, 2.0)),
        multistart=om.MultistartOptions(n_samples=40, seed=1),
    )
    assert search.success and search.fun < 1e-8 and search.n_hess_evals > 0
