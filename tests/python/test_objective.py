"""The user's functions at the boundary: what they get, may return, and what exceptions become."""

import os
import signal
import threading
import time

import numpy as np
import pytest
from thalweg import FunctionValue, LeastSquaresFunctionValue
from thalweg._thalweg import Objective, Space, Tree, solve
from thalweg.exceptions import (
    InvalidBoundsError,
    InvalidFunctionError,
    InvalidParamsError,
    StopOptimizationError,
    UserFunctionRuntimeError,
)


def run(
    fun,
    params,
    algorithm="lbfgsb",
    options=None,
    *,
    tree=None,
    jac=None,
    fun_and_jac=None,
    kind=None,
    **kwargs,
):
    names = ("fun_kwargs", "jac_kwargs", "fun_and_jac_kwargs", "jac_is_true", "jac_kind")
    own = {name: kwargs.pop(name) for name in names if name in kwargs}
    tree = Tree(params) if tree is None else tree
    objective = Objective(tree, fun, jac=jac, fun_and_jac=fun_and_jac, kind=kind, **own)
    return solve(objective, algorithm, options or {}, **kwargs)


def sphere(x):
    return x @ x


def test_the_same_array_is_handed_out_only_while_nobody_holds_it():
    seen = []
    run(lambda x: (seen.append(x), x @ x)[1], np.array([3.0, 4.0]))
    assert len({id(x) for x in seen}) == len(seen)
    np.testing.assert_array_equal(seen[0], [3, 4])
    np.testing.assert_allclose(sum(x @ x for x in seen[-1:]), 0, atol=1e-8)

    views = []
    run(lambda x: (views.append(x[:1]), x @ x)[1], np.array([3.0, 4.0]))
    assert views[0][0] == 3.0 and views[-1][0] != 3.0


@pytest.mark.parametrize(
    "spoil",
    [
        lambda x: x.__setitem__(0, 99.0),
        lambda x: x.setflags(write=False),
        lambda x: setattr(x, "shape", (2, 1)),
        lambda x: x.sort(),
    ],
)
def test_functions_that_change_their_argument_do_no_harm(spoil):
    start = np.array([4.0, 3.0])

    def fun(x):
        value = float(x @ x)
        spoil(x)
        return value

    result = run(fun, start, jac=lambda x: 2 * x)
    np.testing.assert_allclose(result.params, [0, 0], atol=1e-6)
    np.testing.assert_array_equal(start, [4, 3])


@pytest.mark.parametrize(
    "convert",
    [float, np.float64, np.array, np.float32, lambda v: FunctionValue(float(v), {"info": 1})],
)
def test_scalars_of_all_kinds(convert):
    result = run(lambda x: convert((x**2).sum()), np.ones(2), "neldermead")
    assert type(result.fun) is float and result.fun < 1e-5


@pytest.mark.parametrize(
    ("returned", "words"),
    [
        (None, "return statement"),
        (np.ones(2), "mark.least_squares"),
        ((1.0, np.ones(2)), "jac=True"),
        ("text", "instead of a number"),
        (1j, "instead of a number"),
        (float("nan"), "finite"),
    ],
)
def test_wrong_values_at_the_start(returned, words):
    with pytest.raises(InvalidFunctionError, match=words):
        run(lambda x: returned, np.ones(2))


def test_exceptions_at_the_start_and_during_the_run_are_chained():
    with pytest.raises(InvalidFunctionError, match="evaluating fun at start params") as caught:
        run(lambda x: 1 / 0, np.ones(2))
    assert isinstance(caught.value.__cause__, ZeroDivisionError)

    calls = []

    def fails_later(x):
        calls.append(x)
        if len(calls) == 4:
            raise KeyError("later")
        return x @ x

    with pytest.raises(UserFunctionRuntimeError, match="evaluating fun during") as caught:
        run(fails_later, np.ones(2), "neldermead")
    assert isinstance(caught.value.__cause__, KeyError)
    partial = caught.value.partial_result
    assert not partial.success and partial.fun <= 2 and len(partial.history) >= 2


def test_a_value_that_changes_its_type_is_an_error_of_the_run():
    calls = []

    def fun(x):
        calls.append(1)
        return x @ x if len(calls) < 4 else None

    with pytest.raises(UserFunctionRuntimeError, match="returned None"):
        run(fun, np.ones(2), "neldermead")


def test_gradients_of_trees():
    params = {"a": 1.0, "b": np.array([2.0, 3.0])}
    fun = lambda p: p["a"] ** 2 + (p["b"] ** 2).sum()
    jac = lambda p: {"b": 2 * p["b"], "a": 2 * p["a"]}
    result = run(fun, params, jac=jac)
    assert type(result.params["a"]) is float
    np.testing.assert_allclose(result.flat_params, 0, atol=1e-6)
    both = run(None, params, fun_and_jac=lambda p: (fun(p), jac(p)))
    assert both.n_fun_evals == result.n_fun_evals


@pytest.mark.parametrize("gradient", [np.ones(2), {"a": 1.0}, {"a": 1.0, "b": 2.0}, None])
def test_gradients_that_do_not_fit(gradient):
    with pytest.raises(InvalidFunctionError, match="cannot be aligned"):
        run(lambda p: p["a"] + p["b"].sum(), {"a": 1.0, "b": np.ones(2)}, jac=lambda p: gradient)
    with pytest.raises(InvalidFunctionError, match="cannot be aligned"):
        run(sphere, np.ones(3), jac=lambda x: np.ones(2))


def test_keyword_arguments_are_bound():
    result = run(
        lambda x, *, center: ((x - center) ** 2).sum(),
        np.zeros(2),
        fun_kwargs={"center": 3.0},
        jac=lambda x, center: 2 * (x - center),
        jac_kwargs={"center": 3.0},
    )
    np.testing.assert_allclose(result.params, 3)


def test_jac_is_true():
    result = run(None, np.ones(2), fun_and_jac=lambda x: (x @ x, 2 * x), jac_is_true=True)
    assert result.n_jac_evals == result.n_fun_evals
    with pytest.raises(InvalidFunctionError, match="jac=True"):
        run(None, np.ones(2), fun_and_jac=sphere, jac_is_true=True)


residuals = {
    "array": lambda x: x - 1,
    "list": lambda x: list(x - 1),
    "dict": lambda x: {"first": x[0] - 1, "rest": x[1:] - 1},
    "value": lambda x: LeastSquaresFunctionValue(x - 1),
}


@pytest.mark.parametrize("fun", residuals.values(), ids=residuals)
def test_residuals_of_all_kinds(fun):
    for algorithm in ("levenberg_marquardt", "lbfgsb"):
        result = run(fun, np.zeros(3), algorithm, kind="least_squares")
        np.testing.assert_allclose(result.params, 1, atol=1e-5)


def test_jacobians_as_matrix_and_as_blocks():
    fun = residuals["dict"]
    blocks = lambda x: {"first": np.eye(3)[0], "rest": np.eye(3)[1:]}
    for function, jac in [(residuals["array"], lambda x: np.eye(3)), (fun, blocks)]:
        result = run(function, np.zeros(3), "levenberg_marquardt", jac=jac, kind="least_squares")
        np.testing.assert_allclose(result.params, 1, atol=1e-6)
        assert result.n_jac_evals >= 1
    with pytest.raises(InvalidFunctionError, match="same number of elements"):
        run(
            residuals["array"],
            np.zeros(3),
            "levenberg_marquardt",
            jac=lambda x: np.ones((3, 2)),
            kind="least_squares",
        )


def test_the_gradient_of_the_sum_serves_scalar_algorithms():
    gradient = lambda x: 2 * (x - 1)
    for jac_kind in ("scalar", None):
        result = run(
            residuals["array"], np.zeros(3), jac=gradient, kind="least_squares", jac_kind=jac_kind
        )
        np.testing.assert_allclose(result.params, 1, atol=1e-6)
        assert result.start_fun == 3.0


def test_functions_of_2022_return_dicts():
    def fun(x):
        return {"value": x @ x, "root_contributions": x, "note": "any"}

    for algorithm in ("levenberg_marquardt", "lbfgsb"):
        with pytest.warns(FutureWarning, match="outdated") as caught:
            result = run(fun, np.ones(2), algorithm)
        assert len(caught) == 1 and caught[0].filename == __file__
        np.testing.assert_allclose(result.params, 0, atol=1e-5)
    with pytest.warns(UserWarning, match="The sum is used"), pytest.warns(FutureWarning):
        run(lambda x: {"value": 1.0, "contributions": x**2}, np.ones(2))


def test_a_scalar_where_residuals_are_promised():
    with pytest.raises(InvalidFunctionError, match="mark.scalar"):
        run(sphere, np.ones(2), "levenberg_marquardt", kind="least_squares")
    with pytest.raises(InvalidFunctionError, match="least_squares"):
        run(sphere, np.ones(2), "levenberg_marquardt")


def test_starts_that_are_not_finite_name_the_parameter():
    with pytest.raises(InvalidParamsError, match="b_1"):
        run(lambda p: 1.0, {"a": 1.0, "b": np.array([1.0, np.nan])})


def test_bounds_and_fixed_parameters():
    start, lower = np.array([2.0, 3.0, 4.0]), np.array([1.0, np.nan, -np.inf])
    fixed = {"kind": "fixed", "index": 0, "positions": np.array([2])}
    space = Space(Tree(start), lower, constraints=[fixed])
    result = run(
        sphere,
        start,
        lower=lower,
        space=space,
    )
    np.testing.assert_allclose(result.params, [1, 0, 4], atol=1e-6)
    assert result.n_free == 2
    with pytest.raises(InvalidBoundsError):
        run(sphere, np.ones(2), "neldermead", lower=np.zeros(2) + 2, upper=np.ones(2))


def test_callbacks_stop_the_run_and_their_exceptions_pass():
    iterations = []

    def callback(params, fun, iteration):
        iterations.append((params.copy(), fun, iteration))
        return iteration >= 2

    result = run(lambda x: (x**4).sum(), np.array([3.0, 4.0]), callback=callback)
    assert result.status == "callback" and not result.success and len(iterations) == 2

    def breaks(params, fun, iteration):
        raise LookupError("from the callback")

    with pytest.raises(LookupError) as caught:
        run(lambda x: (x**4).sum(), np.array([3.0, 4.0]), callback=breaks)
    assert caught.value.partial_result.n_iterations == 1


def test_continue_warns_with_the_traceback():
    calls = []

    def fun(x):
        calls.append(1)
        if len(calls) == 5:
            raise ValueError("once")
        return x @ x

    with pytest.warns(UserWarning, match="ValueError: once"):
        result = run(fun, np.ones(2), "neldermead", error_handling="continue")
    assert result.success


class Wanted(BaseException):
    pass


@pytest.mark.parametrize("error", [SystemExit(3), KeyboardInterrupt(), Wanted()])
def test_what_is_no_exception_passes_unchanged(error):
    calls = []

    def fun(x):
        calls.append(1)
        if len(calls) == 4:
            raise error
        return x @ x

    with pytest.raises(type(error)) as caught:
        run(fun, np.ones(2), "neldermead", error_handling="continue")
    assert caught.value is error and caught.value.partial_result.n_fun_evals >= 3


def test_a_function_may_ask_for_the_end():
    calls = []

    def fun(x):
        calls.append(1)
        if len(calls) == 9:
            raise StopOptimizationError("enough")
        return x @ x

    assert run(fun, np.ones(2), "neldermead").status == "interrupted"


def test_ctrl_c_ends_the_run_with_its_best_point():
    # A shell that starts the tests in the background lets them ignore the signal.
    signal.signal(signal.SIGINT, signal.default_int_handler)
    before = signal.getsignal(signal.SIGINT)

    def fun(x):
        assert signal.getsignal(signal.SIGINT) is not before
        if x[0] < 1.0:
            os.kill(os.getpid(), signal.SIGINT)
        return x @ x

    result = run(fun, np.array([3.0, 1.0]), "neldermead")
    assert result.status == "interrupted" and result.fun <= 10 and not result.success
    assert signal.getsignal(signal.SIGINT) is before


def test_runs_in_other_threads_leave_signals_alone():
    results = []
    thread = threading.Thread(target=lambda: results.append(run(sphere, np.ones(2))))
    thread.start()
    thread.join()
    assert results[0].success


def test_the_interpreter_is_free_while_others_run():
    ticks = []
    stop = threading.Event()

    def tick():
        while not stop.is_set():
            ticks.append(1)
            time.sleep(0.001)

    thread = threading.Thread(target=tick)
    thread.start()
    run(lambda x: (time.sleep(0.002), x @ x)[1], np.ones(2), "neldermead", {"stopping_maxfun": 20})
    stop.set()
    thread.join()
    assert len(ticks) > 5


def test_runs_within_runs():
    def outer(x):
        return run(lambda y: ((y - x) ** 2).sum() + x @ x, np.zeros(2)).fun

    result = run(outer, np.ones(2), "neldermead")
    np.testing.assert_allclose(result.params, 0, atol=1e-3)


def test_batches_go_to_the_batch_evaluator_when_they_are_slow():
    batches = []

    def evaluator(fun, points, n_cores):
        batches.append((len(points), n_cores))
        return [fun(point) for point in points]

    def slow(x):
        time.sleep(0.002)
        return x @ x

    options = {"numdiff": {"n_cores": 2}, "batch_evaluator": evaluator}
    result = run(slow, np.ones(3), **options)
    # The first point of the first batch tells whether the start was held up.
    assert result.success and batches[:2] == [(2, 2), (3, 2)]
    batches.clear()
    run(sphere, np.ones(3), **options)
    assert not batches


def test_failures_in_batches_are_exceptions_in_the_list():
    def evaluator(fun, points, n_cores):
        return [ValueError("in a worker")] * len(points)

    def slow(x):
        time.sleep(0.002)
        return x @ x

    with pytest.raises(UserFunctionRuntimeError) as caught:
        run(slow, np.ones(3), numdiff={"n_cores": 2}, batch_evaluator=evaluator)
    assert isinstance(caught.value.__cause__, ValueError)


class Descent:
    """A user-defined algorithm: fixed steps."""

    name = "descent"

    def __init__(self, steps=100, body=None):
        self.steps, self.body = steps, body
        flags = ("needs_jac", "supports_bounds", "supports_infinite_bounds")
        self.features = {"solver_type": "scalar"} | dict.fromkeys(flags, True)

    def __call__(self, handle, x0):
        if self.body:
            return self.body(handle, x0)
        x = x0
        for _ in range(self.steps):
            _, gradient = handle.fun_and_jac(x)
            x = x - 0.25 * gradient
        return {
            "x": x,
            "fun": handle.fun(x),
            "success": True,
            "message": "all steps done",
            "n_iterations": self.steps,
            "info": {"a": 1},
        }


def test_user_defined_algorithms():
    result = run(sphere, np.array([1.0, 2.0]), Descent())
    assert (
        result.success and result.message == "all steps done" and result.algorithm_output["a"] == 1
    )
    assert result.n_iterations == 100
    np.testing.assert_allclose(result.params, 0, atol=1e-6)
    best = run(lambda x: -(x @ x), np.array([1.0, 2.0]), Descent(), maximize=True)
    np.testing.assert_allclose(best.params, 0, atol=1e-6)


def test_limits_and_failures_end_user_defined_algorithms():
    def stubborn(handle, x0):
        for _ in range(1000):
            try:
                handle.fun(x0)
            except Exception:  # noqa: BLE001, S110
                pass
        return {"x": x0, "fun": 0.0}

    calls = []
    result = run(
        lambda x: (calls.append(1), x @ x)[1],
        np.ones(2),
        Descent(body=stubborn),
        {"stopping_maxfun": 7},
    )
    assert result.status == "max_evaluations" and len(calls) == 7

    def broken(handle, x0):
        handle.fun(x0)
        raise ArithmeticError("in the algorithm")

    with pytest.raises(ArithmeticError) as caught:
        run(sphere, np.ones(2), Descent(body=broken))
    assert caught.value.partial_result.fun == 2.0

    kept = []
    run(
        sphere,
        np.ones(2),
        Descent(body=lambda handle, x0: (kept.append(handle), {"x": x0, "fun": handle.fun(x0)})[1]),
    )
    with pytest.raises(RuntimeError, match="over"):
        kept[0].fun(np.ones(2))


def test_batches_and_bounds_of_user_defined_algorithms():
    def body(handle, x0):
        assert handle.upper is None and handle.direction == "minimize"
        np.testing.assert_array_equal(handle.lower, [0, -np.inf])
        values = handle.batch_fun([x0, x0 + 1], 2)
        pairs = handle.batch_fun_and_jac([x0, x0 + 1])
        gradients = handle.batch_jac([x0])
        assert values == [2.0, 8.0] and pairs[1][0] == 8.0
        np.testing.assert_allclose(pairs[0][1], gradients[0])
        assert handle.batch_fun([]) == []
        with pytest.raises(ValueError, match="expected 2 numbers"):
            handle.fun(np.ones(3))
        return {"x": x0, "fun": values[0], "success": False, "message": "no"}

    result = run(
        sphere, np.ones(2), Descent(body=body), jac=lambda x: 2 * x, lower=np.array([0, np.nan])
    )
    assert not result.success and result.message == "no"


def test_user_defined_algorithms_get_the_cores_they_ask_for():
    cores = []

    def evaluator(fun, points, n_cores):
        cores.append(n_cores)
        return [fun(point) for point in points]

    def body(handle, x0):
        handle.batch_fun([x0 + 1, x0 + 2], n_cores=3)
        return {"x": x0, "fun": handle.fun(x0)}

    def slow(x):
        time.sleep(0.002)
        return x @ x

    run(slow, np.ones(2), Descent(body=body), batch_evaluator=evaluator)
    assert cores == [3]
