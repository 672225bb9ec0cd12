"""Algorithms that users write: what they are handed, what becomes of what they return, and how they end."""

import subprocess
import sys
import time
from dataclasses import dataclass

import numpy as np
import pytest
import thalweg as om
from thalweg.optimization.algorithm import Algorithm, InternalOptimizeResult

FEATURES = dict(
    is_available=True,
    is_global=False,
    needs_jac=True,
    needs_hess=False,
    needs_bounds=False,
    supports_parallelism=True,
    supports_bounds=True,
    supports_infinite_bounds=True,
    supports_linear_constraints=False,
    supports_nonlinear_constraints=False,
)


def algorithm(solve, solver_type="scalar"):
    @om.mark.minimizer(name="mine", solver_type=solver_type, **FEATURES)
    @dataclass(frozen=True)
    class Mine(Algorithm):
        def _solve_internal_problem(self, problem, x0):
            return solve(problem, x0)

    return Mine


def test_a_derivative_asked_for_alone_has_the_value_that_it_needs():
    matrix = np.arange(8.0).reshape(4, 2)
    seen = {}

    def gauss_newton(problem, x0):
        residuals, seen["jac"] = problem.fun(x0), problem.jac(x0)
        step = np.linalg.lstsq(seen["jac"], residuals, rcond=None)[0]
        return InternalOptimizeResult(x=x0 - step, fun=problem.fun(x0 - step))

    fun = om.mark.least_squares(lambda x: matrix @ x)
    result = om.minimize(fun, np.ones(2), algorithm(gauss_newton, "least_squares"))
    assert np.allclose(seen["jac"], matrix, atol=1e-6)
    assert np.allclose(result.params, 0, atol=1e-5)
    assert isinstance(result.fun, float)


@pytest.mark.parametrize("method", ["forward", "central", "backward"])
def test_gradients_alone_at_many_points(method):
    def compare(problem, x0):
        for x in (x0, x0 + 1, x0 + 2, x0):
            assert np.allclose(problem.jac(x), 2 * x, atol=1e-5)
        assert np.allclose(problem.batch_jac([x0, x0 + 1], n_cores=1), [2 * x0, 2 * x0 + 2])
        return InternalOptimizeResult(x=x0, fun=problem.fun(x0))

    options = om.NumdiffOptions(method=method, step_size=1e-6)
    om.minimize(lambda x: x @ x, np.ones(3), algorithm(compare), numdiff_options=options)


def test_history_and_converter_speak_the_users_terms():
    seen = {}

    def look(problem, x0):
        x = x0 / 2
        value = problem.fun(x)
        problem.fun_and_jac(x)
        problem.batch_fun([x0, 2 * x0, 3 * x0], n_cores=2)
        problem.jac(x)
        seen["history"], seen["converter"] = problem.history, problem.converter
        return InternalOptimizeResult(x=x, fun=value, message="seen enough", status=7)

    result = om.maximize(
        lambda p: -(p["a"] ** 2) - (p["b"] ** 2).sum(),
        {"a": 2.0, "b": np.array([4.0, 6.0])},
        algorithm(look),
        constraints=om.FixedConstraint(["b_0"]),
    )
    history, converter = seen["history"], seen["converter"]
    assert history.fun == [-26.0, -26.0, -56.0, -176.0, -376.0, None]
    assert history.params[0]["b"].tolist() == [4.0, 3.0]
    assert history.batches == [0, 1, 2, 2, 3, 4]
    assert [task.value for task in history.task] == [*["fun", "fun_and_jac"], *["fun"] * 3, "jac"]
    assert converter.params_to_internal(result.params).tolist() == [1.0, 3.0]
    assert converter.params_from_internal([7.0, 8.0])["b"].tolist() == [4.0, 8.0]
    assert converter.params_from_internal([7.0, 8.0], return_type="flat").tolist() == [7, 4, 8]
    gradient = {"a": 1.0, "b": np.array([2.0, 3.0])}
    assert converter.derivative_to_internal(gradient, np.ones(2)).tolist() == [1.0, 3.0]
    assert (result.message, result.status) == ("seen enough", 7)
    assert result.fun == -26.0


CTRL_C = """
import signal
import time
from dataclasses import dataclass
import numpy as np
import thalweg as om
from thalweg.optimization.algorithm import Algorithm

@om.mark.minimizer("mine", "scalar", *[True, False, False, False, False, False, True, True, False, False])
@dataclass(frozen=True)
class Mine(Algorithm):
    def _solve_internal_problem(self, problem, x0):
        problem.fun(x0 / 2)
        while True:
            time.sleep(0.001)

signal.signal(signal.SIGINT, signal.default_int_handler)  # it may be ignored where tests run
print("ready", flush=True)
result = om.minimize(lambda x: x @ x, np.arange(3.0), {algorithm}, {more})
print(result.status == "interrupted", result.success, result.fun < result.start_fun)
"""


@pytest.mark.skipif(sys.platform == "win32", reason="signals")
@pytest.mark.parametrize(
    ("name", "more"),
    [("Mine", ""), ("'neldermead'", "callback=lambda result: time.sleep(0.02)")],
    ids=["algorithm", "callback"],
)
def test_ctrl_c_in_the_users_code_around_evaluations(name, more):
    import signal

    code = CTRL_C.replace("{algorithm}", name).replace("{more}", more)
    child = subprocess.Popen(
        [sys.executable, "-c", code],
        stdout=subprocess.PIPE,
        text=True,
    )
    assert child.stdout.readline() == "ready\n"
    time.sleep(0.4)
    child.send_signal(signal.SIGINT)
    assert child.communicate(timeout=30)[0] == "True False True\n"


def test_help_shows_the_options():
    import inspect

    signature = inspect.signature(om.algos.scipy_lbfgsb)
    assert signature.parameters["stopping_maxfun"].default == 1_000_000
    assert "self" not in signature.parameters


def test_success_without_a_message_is_said_in_words():
    solve = algorithm(lambda problem, x0: InternalOptimizeResult(x0, problem.fun(x0), success=True))
    result = om.minimize(lambda x: x @ x, np.ones(2), solve)
    assert result.success
    assert result.message == "converged: the algorithm's own test was met"


@pytest.mark.parametrize("success", [True, None])
def test_why_a_claimed_success_is_none_is_said_beside_the_message(success):
    def leaves_the_bounds(problem, x0):
        return InternalOptimizeResult(
            x0 + 4, problem.fun(x0), success=success, message="all is well"
        )

    result = om.minimize(
        lambda x: x @ x,
        np.ones(2),
        algorithm(leaves_the_bounds),
        bounds=om.Bounds(upper=np.full(2, 2.0)),
    )
    assert result.success is False
    assert (
        result.message == "a bound is violated by 3e0; the algorithm reported: all is well"
    )


def test_an_x_that_is_no_vector_is_refused():
    solve = algorithm(lambda problem, x0: InternalOptimizeResult(x0[:, None], problem.fun(x0)))
    with pytest.raises(om.exceptions.InvalidFunctionError) as raised:
        om.minimize(lambda x: x @ x, np.ones(2), solve)
    assert str(raised.value) == (
        "The algorithm returned ndarray of shape (2, 1) as x, which has to be a vector of 2 numbers, "
        "one for each free parameter."
    )


def test_an_x_of_another_length_is_refused():
    solve = algorithm(lambda problem, x0: InternalOptimizeResult(x0[:1], problem.fun(x0)))
    with pytest.raises(om.exceptions.InvalidFunctionError) as raised:
        om.minimize(lambda x: x @ x, np.ones(2), solve)
    expected = "The algorithm returned an x with 1 entries, but the problem has 2 free parameters."
    assert str(raised.value) == expected


def test_an_algorithm_that_is_not_available_says_so():
    @om.mark.minimizer(name="absent", solver_type="scalar", **(FEATURES | {"is_available": False}))
    @dataclass(frozen=True)
    class Absent(Algorithm):
        pass

    with pytest.raises(om.exceptions.NotInstalledError, match="absent is not available"):
        om.minimize(lambda x: x @ x, np.ones(2), Absent)


def test_options_are_there_before_a_class_is_decorated():
    @dataclass(frozen=True)
    class Bare(Algorithm):
        radius: om.typing.PositiveFloat = 1.0
        stopping_maxiter: om.typing.PositiveInt = 10

    assert Bare.name == "Bare"
    changed = Bare(radius="2").with_stopping(maxiter=20.0)
    assert (changed.radius, changed.stopping_maxiter) == (2.0, 20)
    with pytest.raises(om.exceptions.InvalidAlgoOptionError, match="the algorithm Bare"):
        changed.with_option(radii=3)
    with pytest.raises(om.exceptions.InvalidAlgoInfoError, match="Bare declares nothing about its"):
        om.minimize(lambda x: x @ x, np.ones(2), Bare)


def test_without_constraints_and_soft_bounds_there_is_nothing_to_loop_over():
    seen = {}

    def solve(problem, x0):
        seen["constraints"] = problem.nonlinear_constraints
        seen["soft"] = (problem.bounds.soft_lower, problem.bounds.soft_upper)
        return InternalOptimizeResult(x=x0, fun=problem.fun(x0), success=True)

    om.minimize(lambda x: x @ x, np.ones(2), algorithm(solve))
    assert seen == {"constraints": [], "soft": (None, None)}


def test_batches_of_histories_are_as_large_as_the_algorithm_says():
    seen = {}

    def solve(problem, x0):
        def points(count):
            return [x0 + i for i in range(count)]

        problem.batch_fun(points(7), n_cores=2, batch_size=4)
        problem.batch_fun(points(5), n_cores=3)
        problem.fun(x0)
        problem.batch_fun_and_jac(points(3), n_cores=1, batch_size=10)
        problem.batch_fun(points(4), n_cores=4, batch_size=4)
        seen["batches"] = problem.history.batches
        return InternalOptimizeResult(x=x0, fun=problem.fun(x0))

    result = om.minimize(lambda x: x @ x, np.ones(2), algorithm(solve), jac=lambda x: 2 * x)
    expected = [0, 0, 0, 0, 1, 1, 1, 2, 2, 2, 3, 3, 4, 5, 5, 5, 6, 6, 6, 6]
    assert list(seen["batches"]) == expected
    assert list(result.history.batches) == [*expected, 7]


def test_a_search_within_the_search_has_a_history_of_its_own():
    def solve(problem, x0):
        problem.fun(x0)
        other = problem.with_new_history()
        assert other is not problem
        assert len(other.history.fun) == 0
        other.fun(x0 + 1)
        other.batch_fun([x0, x0 + 2], n_cores=2)
        step = problem.with_step_id(3)
        step.fun(x0 + 3)
        assert list(other.history.batches) == [0, 1, 1]
        assert list(problem.history.batches) == [0, 1]
        assert problem.history.fun == step.history.fun == [2.0, 32.0]
        return InternalOptimizeResult(x=x0, fun=problem.fun(x0))

    result = om.minimize(lambda x: x @ x, np.ones(2), algorithm(solve))
    assert result.history.fun == [2.0, 32.0, 2.0]
    assert list(result.history.batches) == [0, 1, 2]
    assert result.n_fun_evals == 6


def test_points_of_a_search_within_the_search_are_in_the_log_and_use_up_the_evaluations(tmp_path):
    def solve(problem, x0):
        inner = problem.with_new_history().with_error_handling("continue")
        inner.fun_and_jac(x0)
        inner.jac(x0 + 1)
        inner.exploration_fun([x0 + 2])
        return InternalOptimizeResult(x=x0, fun=problem.fun(x0))

    path = tmp_path / "run.db"
    result = om.minimize(lambda x: x @ x, np.ones(2), algorithm(solve), logging=path)
    assert result.history.fun == [2.0]
    assert result.logger.read_history().fun == [2.0, 8.0, 18.0, 2.0]
    options = {"stopping_maxfun": 1}
    result = om.minimize(lambda x: x @ x, np.ones(2), algorithm(solve), algo_options=options)
    assert (result.status, result.history.fun) == ("max_evaluations", [])


@pytest.mark.parametrize("disable", [True, False])
def test_an_algorithm_may_choose_the_history_of_the_result(disable):
    def solve(problem, x0):
        inner = problem.with_new_history()
        inner.batch_fun([x0, x0 + 1])
        return InternalOptimizeResult(x=x0, fun=problem.fun(x0), history=inner.history)

    @om.mark.minimizer(name="mine", solver_type="scalar", disable_history=disable, **FEATURES)
    @dataclass(frozen=True)
    class Mine(Algorithm):
        def _solve_internal_problem(self, problem, x0):
            return solve(problem, x0)

    result = om.minimize(lambda x: x @ x, np.ones(2), Mine)
    assert result.history.fun == [2.0, 8.0]
    assert om.minimize(lambda x: x @ x, np.ones(2), Mine, collect_history=False).history is None
    with pytest.raises(TypeError, match="history must be History, not list"):
        InternalOptimizeResult(x=np.ones(2), fun=0.0, history=[])


def test_success_and_iterations_are_unknown_unless_the_algorithm_tells_them():
    def solve(**told):
        def run(problem, x0):
            return InternalOptimizeResult(x=x0, fun=problem.fun(x0), **told)

        return om.minimize(lambda x: x @ x, np.ones(2), algorithm(run))

    silent = solve()
    assert (silent.success, silent.status, silent.n_iterations) == (None, None, None)
    assert silent.message == ""
    assert "algorithm reported" not in str(silent)
    assert "terminated after 1 criterion evaluations.\n" in str(silent)
    again = om.OptimizeResult.from_json(silent.to_json())
    assert (again.success, again.status, again.n_iterations) == (None, None, None)
    assert (solve(success=True).success, solve(success=True).status) == (True, "converged")
    assert (solve(success=False).success, solve(success=False).status) == (False, "stalled")
    told = solve(message="done", status=7, n_iterations=3)
    assert (told.success, told.message, told.status) == (None, "done", 7)
    assert "terminated after 1 criterion evaluations and 3 iterations.\n" in str(told)


@pytest.mark.parametrize(
    ("solver_type", "value", "jac"),
    [
        ("scalar", 5.0, [0, 2, 4]),
        ("least_squares", [0, 1, 2], np.eye(3)),
        ("likelihood", [0, 1, 4], np.diag([0, 2, 4])),
    ],
)
def test_the_example_problem_is_for_trying_an_algorithm_by_hand(solver_type, value, jac):
    from thalweg.optimization.internal_optimization_problem import (
        SphereExampleInternalOptimizationProblem as Sphere,
    )

    problem = Sphere(om.typing.AggregationLevel(solver_type))
    x = np.arange(3)
    assert np.all(problem.fun(x) == value)
    assert np.array_equal(problem.jac(x), jac)
    both = problem.fun_and_jac(x)
    assert np.all(both[0] == value)
    assert np.array_equal(problem.batch_fun_and_jac([x, x])[1][1], jac)
    assert np.array_equal(problem.batch_fun([x + 1, x], n_cores=2)[1], value)
    assert problem.exploration_fun([x]) == [5.0]
    assert problem.history.fun == [5.0, None, 5.0, 5.0, 5.0, 14.0, 5.0, 5.0]
    assert problem.direction is om.typing.Direction.MINIMIZE
    assert problem.nonlinear_constraints == []
    assert (problem.bounds.lower == -10).all()
    assert np.array_equal(Sphere(binding_bounds=True).bounds.upper, np.arange(10) - 3)
    assert problem.converter.params_from_internal(x) is x

    def solve(problem, x0):
        return InternalOptimizeResult(x=x0, fun=problem.fun(x0))

    assert np.all(algorithm(solve, solver_type)()._solve_internal_problem(problem, x).fun == value)


def fails_far_out(x):
    if x[0] > 1.5:
        raise ValueError("too far")
    return x @ x


def test_a_problem_may_tolerate_failures_that_the_run_does_not():
    far = np.array([2.0, 2.0])

    def solve(problem, x0):
        tolerant = problem.with_error_handling(om.typing.ErrorHandling.CONTINUE)
        assert tolerant.fun(far) > 100
        value, jac = tolerant.fun_and_jac(far)
        assert value > 100
        assert np.isfinite(jac).all()
        values = tolerant.batch_fun([far, x0, far + 1, x0 + 0.1], n_cores=1)
        assert values[1] == 2.0
        assert np.isclose(values[3], 2.42)
        assert values[2] > values[0] > 100
        assert tolerant.exploration_fun([x0, far], n_cores=1)[0] == 2.0
        assert len(tolerant.history.fun) == len(problem.history.fun) == 8
        assert [task.value for task in problem.history.task[-2:]] == ["exploration"] * 2
        return InternalOptimizeResult(x=x0, fun=problem.fun(x0), success=True)

    with pytest.warns(UserWarning, match="fun failed; a penalty takes the place of its value"):
        result = om.minimize(fails_far_out, np.ones(2), algorithm(solve))
    assert result.success
    assert result.fun == 2.0


def test_a_problem_may_end_the_run_at_failures_that_it_would_tolerate():
    def solve(problem, x0):
        problem.fun(np.array([2.0, 2.0]))
        problem.with_error_handling("raise").fun(np.array([2.0, 2.0]))

    with (
        pytest.warns(UserWarning, match="fun failed"),
        pytest.raises(om.exceptions.UserFunctionRuntimeError, match="too far") as raised,
    ):
        om.minimize(fails_far_out, np.ones(2), algorithm(solve), error_handling="continue")
    assert raised.value.partial_result.fun == 2.0


def test_a_way_to_handle_errors_that_there_is_not_is_named():
    def solve(problem, x0):
        problem.with_error_handling("ignore")

    message = "error_handling has to be 'raise', 'raise_strict' or 'continue', not 'ignore'."
    with pytest.raises(om.exceptions.InvalidArgumentError, match=message):
        om.minimize(lambda x: x @ x, np.ones(2), algorithm(solve))


def test_explorations_of_residuals_are_told_their_sums_of_squares():
    def solve(problem, x0):
        assert problem.exploration_fun([x0, 2 * x0], n_cores=1) == [2.0, 8.0]
        return InternalOptimizeResult(x=x0, fun=problem.fun(x0))

    fun = om.mark.least_squares(lambda x: x)
    assert om.minimize(fun, np.ones(2), algorithm(solve, "least_squares")).fun == 2.0


@pytest.mark.parametrize(
    ("reported", "wanted"),
    [
        ({"jac": np.ones(4)}, "as jac, which has to be a vector for 3 free parameters"),
        ({"jac": np.ones((3, 3))}, "as jac, which has to be a vector for 3 free parameters"),
        ({"hess": np.eye(2)}, "as hess, which has to be a square matrix for 3 free parameters"),
        ({"hess_inv": np.ones(3)}, "as hess_inv, which has to be a matrix for 3 free parameters"),
    ],
)
def test_derivatives_of_another_size_are_refused(reported, wanted):
    def solve(problem, x0):
        return InternalOptimizeResult(x=x0, fun=problem.fun(x0), success=True, **reported)

    with pytest.raises(om.exceptions.InvalidFunctionError, match=wanted):
        om.minimize(lambda x: float(x @ x), np.ones(3), algorithm(solve))


def test_a_point_that_is_not_finite_is_no_result():
    def solve(problem, x0):
        return InternalOptimizeResult(x=x0 * np.nan, fun=problem.fun(x0), success=True)

    result = om.minimize(lambda x: float(x @ x), np.ones(3), algorithm(solve))
    assert not result.success
    assert np.array_equal(result.params, np.ones(3))
