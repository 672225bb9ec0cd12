"""`minimize` as a whole: kinds of objectives, derivatives, stops, history, user-defined algorithms, ask/tell."""

import functools
import subprocess
import sys
import threading
import time
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass

import numpy as np
import pytest
import thalweg as om
from thalweg.optimization.algorithm import Algorithm, InternalOptimizeResult
from thalweg.typing import NonNegativeFloat, PositiveInt

SCALAR = ["lbfgsb", "scipy_lbfgsb", "neldermead", "scipy_neldermead", "neldermead_parallel"]
LEAST_SQUARES = ["levenberg_marquardt", "trf", "scipy_ls_lm", "scipy_ls_trf"]


def rosenbrock(x):
    return 100 * (x[1] - x[0] ** 2) ** 2 + (1 - x[0]) ** 2


@om.mark.least_squares
def rosenbrock_residuals(x):
    return np.array([10 * (x[1] - x[0] ** 2), 1 - x[0]])


@om.mark.likelihood
def negative_squares(x):
    return -((x - np.array([1.0, 2.0])) ** 2)


@pytest.mark.parametrize("algorithm", SCALAR)
def test_scalar_algorithms(algorithm):
    result = om.minimize(rosenbrock, np.array([-1.2, 1.0]), algorithm)
    assert result.success
    assert np.allclose(result.params, 1, atol=1e-3)
    assert result.fun == pytest.approx(rosenbrock(result.params), abs=1e-14)


@pytest.mark.parametrize("algorithm", [*LEAST_SQUARES, "lbfgsb", "neldermead"])
def test_least_squares_functions(algorithm):
    result = om.minimize(rosenbrock_residuals, np.array([-1.2, 1.0]), algorithm)
    assert np.allclose(result.params, 1, atol=1e-3)
    assert result.fun == pytest.approx(rosenbrock(result.params), abs=1e-12)
    assert result.start_fun == pytest.approx(rosenbrock(np.array([-1.2, 1.0])))


def test_likelihood_functions_are_summed():
    result = om.maximize(negative_squares, np.zeros(2), "lbfgsb")
    assert np.allclose(result.params, [1, 2], atol=1e-4)
    assert result.start_fun == -5.0
    assert result.direction == "maximize"
    assert "Maximize with 2 free parameters" in str(result)
    assert "improved from -5.0" in str(result)


def test_differential_evolution():
    result = om.minimize(
        rosenbrock,
        np.zeros(2),
        "scipy_differential_evolution",
        bounds=[(-3, 3), (-3, 3)],
        algo_options={"seed": 0, "convergence.ftol_rel": 1e-8, "stopping.maxfun": 20_000},
    )
    assert np.allclose(result.params, 1, atol=1e-2)


def test_a_seed_makes_runs_repeatable():
    runs = [
        om.minimize(
            rosenbrock,
            np.zeros(2),
            "differential_evolution",
            bounds=om.Bounds(lower=-np.full(2, 3.0), upper=np.full(2, 3.0)),
            algo_options={"seed": np.random.default_rng(5), "stopping.maxfun": 300},
        )
        for _ in range(2)
    ]
    assert np.array_equal(runs[0].params, runs[1].params)


def test_function_values_carry_information():
    def fun(x):
        return om.FunctionValue(value=x @ x, info={"norm": np.linalg.norm(x)})

    assert np.allclose(om.minimize(fun, np.ones(2), "lbfgsb").params, 0, atol=1e-5)

    def annotated(x) -> om.LeastSquaresFunctionValue:
        return om.LeastSquaresFunctionValue(x)

    assert np.allclose(om.minimize(annotated, np.ones(2), "scipy_ls_lm").params, 0, atol=1e-6)
    strict = om.mark.least_squares(lambda x: om.LeastSquaresFunctionValue(x))
    assert np.allclose(om.minimize(strict, np.ones(2), "scipy_ls_trf").params, 0, atol=1e-6)


def test_marks_survive_partial_application():
    def residuals(x, shift):
        return x - shift

    fun = functools.partial(om.mark.least_squares(residuals), shift=3.0)
    assert np.allclose(om.minimize(fun, np.zeros(2), "scipy_ls_lm").params, 3)


def test_marks_on_objects_without_attributes():
    marked = om.mark.least_squares(np.sin)
    assert np.allclose(
        om.minimize(marked, np.full(2, 0.5), "levenberg_marquardt").params, 0, atol=1e-5
    )


def test_kwargs():
    result = om.minimize(
        lambda x, shift: (x - shift) @ (x - shift),
        np.zeros(3),
        "lbfgsb",
        fun_kwargs={"shift": 2.0},
        jac=lambda x, c: 2 * (x - c),
        jac_kwargs={"c": 2.0},
    )
    assert np.allclose(result.params, 2)


def test_numerical_derivatives_do_not_count_as_evaluations():
    calls = []

    def counted(x):
        calls.append(x.copy())
        return rosenbrock(x)

    result = om.minimize(counted, np.array([-1.2, 1.0]), "lbfgsb")
    assert len(result.history) == result.n_fun_evals == result.n_jac_evals
    assert len(calls) > 2 * result.n_fun_evals


def test_the_start_evaluation_is_reused():
    calls = []

    def counted(x):
        calls.append(x.copy())
        return x @ x

    result = om.minimize(counted, np.ones(2), "lbfgsb", jac=lambda x: 2 * x)
    assert len(calls) == result.n_fun_evals == 3


def test_bounds_hold_at_every_evaluation():
    seen = []

    def fun(x):
        seen.append(x.copy())
        return rosenbrock(x)

    lower, upper = np.array([-2.0, -1.0]), np.array([0.5, 2.0])
    for algorithm in ("lbfgsb", "neldermead"):
        result = om.minimize(fun, np.array([-1.2, 1.0]), algorithm, bounds=om.Bounds(lower, upper))
        assert np.allclose(result.params, [0.5, 0.25], atol=1e-3)
    assert all(np.all(x >= lower) and np.all(x <= upper) for x in seen)


def test_other_forms_of_bounds():
    optimize = pytest.importorskip("scipy.optimize")
    for bounds in (
        [(None, -1.0), (2.0, None)],
        optimize.Bounds([-np.inf, 2.0], [-1.0, np.inf]),
        om.Bounds(lower=[np.nan, 2.0], upper=np.array([-1.0, np.inf])),
    ):
        params = np.array([-2.0, 3.0])
        if not isinstance(bounds, om.Bounds):
            result = om.minimize(lambda x: x @ x, params, "lbfgsb", bounds=bounds)
        else:
            result = om.minimize(
                lambda x: np.asarray(x) @ np.asarray(x),
                params.tolist(),
                "lbfgsb",
                bounds=om.Bounds(bounds.lower, bounds.upper.tolist()),
            )
        assert np.allclose(result.params, [-1, 2], atol=1e-6)


def test_all_parameters_fixed():
    result = om.minimize(lambda x: x @ x, np.ones(2), "lbfgsb", constraints=om.FixedConstraint())
    assert result.success
    assert "nothing to optimize" in result.message
    assert np.array_equal(result.params, np.ones(2))
    assert result.n_free == 0


def test_fixed_parameters_by_name_and_selector():
    start = {"a": 5.0, "b": np.ones(3)}

    def fun(p):
        return p["a"] ** 2 + p["b"] @ p["b"]

    for selector in (lambda p: (p["a"], p["b"][1]), ["a", "b_1"], [0, 2], [("a",), ("b", 1)]):
        result = om.minimize(fun, start, "lbfgsb", constraints=[om.FixedConstraint(selector)])
        assert result.params["a"] == 5.0
        assert np.allclose(result.params["b"], [0, 1, 0], atol=1e-6)
        assert result.n_free == 2


def test_callback_sees_iterations_and_stops():
    seen = []

    def callback(state):
        seen.append((state.n_iterations, state.fun, state.params.copy()))
        assert state.x is state.params
        assert state.nit == state.n_iterations
        return np.bool_(len(seen) == 3)

    result = om.minimize(rosenbrock, np.array([-1.2, 1.0]), "lbfgsb", callback=callback)
    assert [number for number, _, _ in seen] == [1, 2, 3]
    assert result.success is False
    assert "callback" in result.message
    assert result.fun == min(fun for _, fun, _ in seen)

    def stopping(state):
        raise StopIteration

    assert om.minimize(rosenbrock, np.zeros(2), "neldermead", callback=stopping).n_iterations == 1


def test_a_callback_with_the_parameter_xk_gets_the_parameters_as_in_scipy():
    seen = []

    class Callback:
        def __call__(self, xk, state=None):
            seen.append(xk.copy())

    for callback in (lambda xk: seen.append(xk.copy()), Callback()):
        seen.clear()
        result = om.minimize(rosenbrock, np.array([-1.2, 1.0]), "lbfgsb", callback=callback)
        assert len(seen) == result.n_iterations
        assert np.array_equal(seen[-1], result.params)


def test_an_error_in_the_callback_is_raised():
    def callback(state):
        raise LookupError("broken callback")

    with pytest.raises(LookupError, match="broken callback"):
        om.minimize(rosenbrock, np.zeros(2), "lbfgsb", callback=callback)


def test_target_and_limits():
    result = om.minimize(
        rosenbrock, np.array([-1.2, 1.0]), "lbfgsb", algo_options={"convergence.target_value": 1.0}
    )
    assert result.success
    assert result.fun <= 1.0
    result = om.minimize(
        rosenbrock, np.array([-1.2, 1.0]), "lbfgsb", algo_options={"stopping.maxiter": 2}
    )
    assert result.n_iterations == 2
    assert not result.success

    def slow(x):
        time.sleep(0.01)
        return rosenbrock(x)

    result = om.minimize(
        slow, np.array([-1.2, 1.0]), "neldermead", algo_options={"stopping.maxtime": 0.1}
    )
    assert result.n_fun_evals <= 12
    assert "stopping_maxtime" in result.message


def test_without_history():
    result = om.minimize(rosenbrock, np.zeros(2), "lbfgsb", collect_history=False)
    assert result.history is None
    assert result.convergence_report is None
    assert "one_step" not in str(result)


def test_skip_checks():
    def fun(*args, **kwargs):
        return args[0] @ args[0]

    assert om.minimize(fun, np.ones(2), "lbfgsb", skip_checks=True).success


def test_the_users_params_are_not_changed():
    start = {"a": np.ones(3), "b": [1, 2]}

    def fun(p):
        value = p["a"] @ p["a"] + sum(b**2 for b in p["b"])
        p["a"][:] = np.nan
        p["b"].clear()
        return value

    result = om.minimize(fun, start, "neldermead", algo_options={"stopping.maxfun": 200})
    assert np.array_equal(start["a"], np.ones(3))
    assert start["b"] == [1, 2]
    assert result.start_params is start
    assert np.all(np.isfinite(result.params["a"]))


@pytest.mark.parametrize("batch_evaluator", ["threading", "joblib", "executor", "function"])
def test_slow_functions_use_their_cores(batch_evaluator):
    calls = []

    def evaluate(func, arguments, *, n_cores=1, error_handling="continue", unpack_symbol=None):
        calls.append(len(arguments))
        return [func(argument) for argument in arguments]

    def slow(x):
        time.sleep(0.002)
        return x @ x

    chosen = {"executor": ThreadPoolExecutor(4), "function": evaluate}.get(
        batch_evaluator, batch_evaluator
    )
    options = om.NumdiffOptions(method="forward", n_cores=4, batch_evaluator=chosen)
    if batch_evaluator == "joblib":
        pytest.importorskip("joblib")
    parallel = om.minimize(slow, np.arange(4.0), "lbfgsb", numdiff_options=options)
    serial = om.minimize(
        lambda x: x @ x, np.arange(4.0), "lbfgsb", numdiff_options={"method": "forward"}
    )
    assert np.array_equal(parallel.params, serial.params)
    if batch_evaluator == "function":
        # The first point of the first batch tells whether the start was held up.
        assert calls[0] == 3 and set(calls[1:]) == {4}


def test_algorithms_use_their_cores():
    calls = []

    def evaluate(func, arguments, *, n_cores=1, error_handling="continue", unpack_symbol=None):
        calls.append(len(arguments))
        return [func(argument) for argument in arguments]

    def slow(x):
        time.sleep(0.002)
        return x @ x

    om.minimize(
        slow,
        np.ones(3),
        "neldermead_parallel",
        algo_options={"n_cores": 3, "batch_evaluator": evaluate, "stopping.maxiter": 5},
    )
    assert calls
    assert max(calls) > 1


@om.mark.minimizer(
    name="coordinate_search",
    solver_type="scalar",
    is_available=True,
    is_global=False,
    needs_jac=False,
    needs_hess=False,
    needs_bounds=False,
    supports_parallelism=True,
    supports_bounds=True,
    supports_infinite_bounds=True,
    supports_linear_constraints=False,
    supports_nonlinear_constraints=False,
)
@dataclass(frozen=True)
class CoordinateSearch(Algorithm):
    step: NonNegativeFloat = 1.0
    stopping_maxiter: PositiveInt = 1000
    n_cores: PositiveInt = 1
    batch_evaluator: object = "threading"

    def _solve_internal_problem(self, problem, x0):
        x, fun, step = x0, problem.fun(x0), self.step
        lower = -np.inf if problem.bounds.lower is None else problem.bounds.lower
        iterations = 0
        while step > 1e-6 and iterations < self.stopping_maxiter:
            iterations += 1
            moves = np.concatenate([np.eye(len(x)), -np.eye(len(x))]) * step
            points = [np.maximum(x + move, lower) for move in moves]
            values = problem.batch_fun(points, n_cores=self.n_cores)
            best = int(np.argmin(values))
            if values[best] < fun:
                x, fun = points[best], values[best]
            else:
                step /= 2
        return InternalOptimizeResult(
            x=x,
            fun=fun,
            success=True,
            message="small steps",
            n_iterations=iterations,
            info={"step": step},
        )


def test_user_defined_algorithms():
    result = om.minimize(lambda x: (x - 0.3) @ (x - 0.3), np.ones(2), CoordinateSearch)
    assert np.allclose(result.params, 0.3, atol=1e-5)
    assert result.algorithm == "coordinate_search"
    assert result.success
    assert result.message == "small steps"
    assert len(result.history) > 10
    result = om.maximize(
        lambda p: -((p["a"] - 3) ** 2),
        {"a": 5.0},
        CoordinateSearch(step=0.5),
        bounds=om.Bounds(lower={"a": 4.0}),
    )
    assert result.params["a"] == pytest.approx(4)
    assert result.fun == pytest.approx(-1)
    assert result.algorithm_output["step"] < 1e-5


@om.mark.minimizer(
    name="gradient_descent",
    solver_type="scalar",
    is_available=True,
    is_global=False,
    needs_jac=True,
    needs_hess=False,
    needs_bounds=False,
    supports_parallelism=False,
    supports_bounds=False,
    supports_infinite_bounds=False,
    supports_linear_constraints=False,
    supports_nonlinear_constraints=False,
)
@dataclass(frozen=True)
class GradientDescent(Algorithm):
    step: NonNegativeFloat = 0.1

    def _solve_internal_problem(self, problem, x0):
        x = x0
        for _ in range(200):
            fun, gradient = problem.fun_and_jac(x)
            x = x - self.step * gradient
        return InternalOptimizeResult(x=x, fun=problem.fun(x))


def test_user_defined_algorithms_use_their_cores():
    threads = set()

    def slow(x):
        time.sleep(0.002)
        threads.add(threading.get_ident())
        return x @ x

    om.minimize(slow, np.ones(2), CoordinateSearch(n_cores=2, stopping_maxiter=3))
    assert len(threads) > 1


def test_user_defined_algorithms_with_derivatives():
    result = om.minimize(lambda x: x @ x, np.ones(2), GradientDescent(step="0.2"))
    assert np.allclose(result.params, 0, atol=1e-5)
    result = om.minimize(
        lambda x: x @ x,
        np.ones(2),
        GradientDescent,
        jac=lambda x: 2 * x,
        algo_options={"step": 0.3},
    )
    assert np.allclose(result.params, 0, atol=1e-8)
    with pytest.raises(om.exceptions.InvalidBoundsError):
        om.minimize(
            lambda x: x @ x, np.ones(2), GradientDescent, bounds=om.Bounds(lower=np.zeros(2))
        )


def test_an_error_in_a_user_defined_algorithm_is_raised():
    @dataclass(frozen=True)
    class Broken(GradientDescent):
        def _solve_internal_problem(self, problem, x0):
            raise ArithmeticError("broken algorithm")

    with pytest.raises(ArithmeticError, match="broken algorithm"):
        om.minimize(lambda x: x @ x, np.ones(2), Broken)


def test_ask_and_tell_gives_the_same_run():
    for algorithm, derivatives in [("neldermead", False), ("lbfgsb", False), ("lbfgsb", True)]:
        start = {"a": -1.2, "b": 1.0}

        def fun(p):
            return rosenbrock([p["a"], p["b"]])

        def jac(p):
            a, b = p["a"], p["b"]
            return {"a": -400 * a * (b - a**2) - 2 * (1 - a), "b": 200 * (b - a**2)}

        answers = {"fun": fun, "jac": jac, "fun_and_jac": lambda p: (fun(p), jac(p))}
        optimizer = om.Optimizer(start, algorithm, derivatives=derivatives)
        with pytest.raises(om.exceptions.NotAvailableError):
            optimizer.result()
        while (request := optimizer.ask()) is not None:
            assert request is optimizer.ask()
            values = [answers[request.want](params) for params in request.params]
            optimizer.tell(np.array(values) if request.want == "fun" else values)
        assert optimizer.done
        told, direct = (
            optimizer.result(),
            om.minimize(fun, start, algorithm, jac=jac if derivatives else None),
        )
        assert told.params == direct.params
        assert told.n_fun_evals == direct.n_fun_evals
        assert told.message == direct.message


def test_ask_and_tell_of_residuals_and_failures():
    optimizer = om.Optimizer(np.array([-1.2, 1.0]), "scipy_ls_lm", kind="least_squares")
    while (request := optimizer.ask()) is not None:
        optimizer.tell([rosenbrock_residuals(x) for x in request.params])
    assert np.allclose(optimizer.result().params, 1)

    optimizer = om.Optimizer(np.ones(2), "neldermead", direction="maximize")
    optimizer.tell(-2.0)
    optimizer.ask()
    with pytest.raises(om.exceptions.UserFunctionRuntimeError):
        optimizer.tell([RuntimeError("no value")] * len(optimizer.ask()))


def test_importing_costs_little_more_than_numpy():
    code = "import sys, thalweg; print(sorted(m for m in ('pandas', 'scipy', 'jax', 'joblib', 'difflib') if m in sys.modules))"
    output = subprocess.run(
        [sys.executable, "-c", code], capture_output=True, text=True, check=True
    )
    assert output.stdout.strip() == "[]"
    code = (
        "import sys, numpy as np, thalweg; thalweg.minimize(lambda x: x @ x, np.ones(2), 'lbfgsb'); "
        "print(sorted(m for m in ('pandas', 'scipy', 'jax', 'joblib') if m in sys.modules))"
    )
    output = subprocess.run(
        [sys.executable, "-c", code], capture_output=True, text=True, check=True
    )
    assert output.stdout.strip() == "[]"
