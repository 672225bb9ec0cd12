"""Options that are functions: how often points are evaluated, and where the first simplex lies."""

import threading

import numpy as np
import pytest

import thalweg as om
from thalweg.exceptions import InvalidAlgoOptionError, UserFunctionRuntimeError

NAMES = {
    "upper_trustregion_radius",
    "lower_trustregion_radius",
    "n_iterations",
    "n_resets",
}


def rosenbrock(x):
    return 100 * (x[1] - x[0] ** 2) ** 2 + (1 - x[0]) ** 2


@om.mark.least_squares
def residuals(x):
    return np.array([10 * (x[1] - x[0] ** 2), 1 - x[0]])


def more_later(lower_trustregion_radius, **_):
    """Twice at first, three times with smaller steps."""
    return 3 if lower_trustregion_radius < 0.01 else 2


def repetitions(result):
    """How often each point was evaluated, one after the other."""
    points = np.array(result.history.params)
    changes = np.flatnonzero((points[1:] != points[:-1]).any(axis=1)) + 1
    return np.diff([0, *changes, len(points)])


@pytest.mark.parametrize(
    ("algorithm", "fun"), [("nag_pybobyqa", rosenbrock), ("nag_dfols", residuals)]
)
def test_a_function_of_the_radii_says_how_often_points_are_evaluated(algorithm, fun):
    asked = []

    def often(**state):
        asked.append(state)
        return more_later(**state)

    start = np.array([-1.2, 1.0])
    result = om.minimize(
        fun, start, algorithm, algo_options={"noise_n_evals_per_point": often}
    )
    assert result.success
    assert result.fun < 1e-8
    assert all(set(state) == NAMES for state in asked)
    first = asked[0]
    assert first["upper_trustregion_radius"] == first["lower_trustregion_radius"] > 0
    assert [state["n_iterations"] for state in asked[:3]] == [0, 1, 2]
    assert type(first["n_resets"]) is int
    counts = repetitions(result)
    assert counts[0] == 2
    assert counts[-1] % 3 == 0
    # A class of options takes it as well, and the run is the same.
    cls = getattr(om.algos, algorithm)
    again = om.minimize(fun, start, cls(noise_n_evals_per_point=more_later))
    assert np.array_equal(again.params, result.params)
    number = om.minimize(fun, start, cls(noise_n_evals_per_point=2))
    constant = om.minimize(fun, start, cls(noise_n_evals_per_point=lambda **_: np.int64(2)))
    assert np.array_equal(constant.params, number.params)
    assert constant.n_fun_evals == number.n_fun_evals


@pytest.mark.parametrize(
    ("answer", "found"),
    [(0, "0"), (1.5, "1.5"), ("often", "'often'"), (None, "None"), ([1, 2], r"\[1, 2\]")],
)
def test_an_answer_that_is_no_count_is_named(answer, found):
    def often(n_iterations, **_):
        return 2 if n_iterations < 5 else answer

    message = (
        "An error occurred when evaluating noise_n_evals_per_point during optimization: the "
        f"function returned {found}, but has to return a whole number that is at least 1; it was "
        r"given upper_trustregion_radius=.*, lower_trustregion_radius=.*, n_iterations=5, "
        "n_resets=0"
    )
    with pytest.raises(UserFunctionRuntimeError, match=message) as raised:
        om.minimize(
            rosenbrock,
            np.array([-1.2, 1.0]),
            "nag_pybobyqa",
            algo_options={"noise_n_evals_per_point": often},
            error_handling="continue",
        )
    assert raised.value.partial_result.fun < rosenbrock([-1.2, 1.0])


def test_an_exception_ends_the_run_with_its_traceback_and_the_best_point():
    def broken(n_iterations, **_):
        return 2 if n_iterations < 5 else 1 // 0

    with pytest.raises(UserFunctionRuntimeError) as raised:
        om.minimize(
            rosenbrock, np.array([-1.2, 1.0]), om.algos.nag_pybobyqa(noise_n_evals_per_point=broken)
        )
    expected = (
        "An error occurred when evaluating noise_n_evals_per_point during optimization: "
        "ZeroDivisionError: integer division or modulo by zero"
    )
    assert str(raised.value) == expected
    cause = raised.value.__cause__
    assert isinstance(cause, ZeroDivisionError)
    assert cause.__traceback__.tb_frame.f_code.co_name == "broken"
    assert raised.value.partial_result.n_fun_evals > 10


def test_what_is_not_for_the_user_to_catch_passes_unchanged():
    def leaves(**_):
        raise SystemExit(3)

    with pytest.raises(SystemExit):
        om.minimize(
            rosenbrock, np.zeros(2), om.algos.nag_pybobyqa(noise_n_evals_per_point=leaves)
        )


def test_searches_from_many_starts_ask_it():
    asked = []

    def often(**state):
        asked.append(threading.get_ident())
        return more_later(**state)

    result = om.minimize(
        rosenbrock,
        np.array([-1.2, 1.0]),
        om.algos.nag_pybobyqa(noise_n_evals_per_point=often),
        bounds=om.Bounds(lower=np.full(2, -2.0), upper=np.full(2, 2.0)),
        multistart=om.MultistartOptions(n_samples=20, stopping_maxopt=3, seed=1, n_cores=2),
    )
    assert result.fun < 1e-6
    assert len(asked) > 20
    assert set(asked) == {threading.get_ident()}


def test_a_failure_in_all_local_runs_is_said():
    def broken(**_):
        raise ValueError("how often?")

    result = om.minimize(
        rosenbrock,
        np.array([-1.2, 1.0]),
        om.algos.nag_pybobyqa(noise_n_evals_per_point=broken),
        bounds=om.Bounds(lower=np.full(2, -2.0), upper=np.full(2, 2.0)),
        multistart=om.MultistartOptions(n_samples=20, stopping_maxopt=2, seed=1),
    )
    assert not result.success
    assert result.message.startswith("none of the 2 local runs succeeded")
    assert "ValueError: how often?" in result.message


def test_constraints_that_a_penalty_keeps_go_together_with_it():
    result = om.minimize(
        rosenbrock,
        np.array([0.1, 0.1]),
        om.algos.nag_pybobyqa(noise_n_evals_per_point=more_later),
        constraints=om.NonlinearConstraint(func=lambda x: x @ x, upper_bound=1.0),
        constraint_handling="augmented_lagrangian",
    )
    assert abs(result.fun - 0.045675) < 1e-4


def test_ask_and_tell_hide_the_questions():
    run = om.Optimizer(
        np.array([-1.2, 1.0]), om.algos.nag_pybobyqa(noise_n_evals_per_point=more_later)
    )
    points = []
    while (asked := run.ask()) is not None:
        points += asked.params
        run.tell([rosenbrock(x) for x in asked.params])
    direct = om.minimize(
        rosenbrock,
        np.array([-1.2, 1.0]),
        om.algos.nag_pybobyqa(noise_n_evals_per_point=more_later),
    )
    assert np.array_equal(run.result().params, direct.params)
    assert len(points) == len(direct.history.params)


def test_a_resumed_run_asks_again_and_another_function_is_refused(tmp_path):
    def run(often, resume):
        calls = []

        def counted(x):
            calls.append(x)
            return rosenbrock(x)

        options = om.SQLiteLogOptions(tmp_path / "log.db")
        result = om.minimize(
            counted,
            np.array([-1.2, 1.0]),
            om.algos.nag_pybobyqa(noise_n_evals_per_point=often),
            logging=options,
            resume=resume,
        )
        return result, len(calls)

    first, calls = run(more_later, resume=False)
    assert calls == first.n_fun_evals
    again, calls = run(more_later, resume=True)
    assert calls == 0
    assert np.array_equal(again.params, first.params)

    def fewer(**_):
        return 1

    with pytest.raises(Exception, match="option noise_n_evals_per_point.*more_later.*fewer"):
        run(fewer, resume=True)


def test_a_function_of_the_start_gives_the_first_simplex():
    seen = []

    def simplex(x0):
        seen.append(x0)
        return np.vstack([x0, x0 + np.diag([1.0, -2.0])])

    start = np.array([-1.5, 1.0])
    result = om.minimize(
        rosenbrock, start, om.algos.neldermead_parallel(init_simplex_method=simplex)
    )
    assert result.success
    assert result.fun < 1e-8
    assert len(seen) == 1
    assert np.array_equal(seen[0], start)
    assert np.array_equal(result.history.params[1:4], simplex(start))


def test_the_start_is_that_of_the_algorithm_and_any_callable_will_do():
    class Simplex:
        def __call__(self, x0):
            self.x0 = x0
            return [list(x0), *(x0 + np.eye(len(x0))).tolist()]

    simplex = Simplex()
    result = om.minimize(
        lambda x: (x - 1) @ (x - 1),
        np.array([2.0, 5.0, 1.0]),
        om.algos.neldermead_parallel(init_simplex_method=simplex),
        constraints=om.FixedConstraint(lambda x: x[2]),
    )
    assert np.array_equal(simplex.x0, [2.0, 5.0])
    assert np.allclose(result.params, 1.0, atol=1e-4)


@pytest.mark.parametrize(
    ("answer", "found"),
    [
        (np.zeros((2, 2)), r"an array of shape \(2, 2\)"),
        (np.zeros(6), r"an array of shape \(6,\)"),
        ("abc", "'abc'"),
        ([[0, 0], [0, np.nan], [1, 1]], r"\[0.0, NaN\] as vertex 1"),
    ],
)
def test_a_wrong_simplex_is_named(answer, found):
    message = (
        f"An error occurred when evaluating init_simplex_method during optimization: the function "
        f"returned {found}, but has to return 3 vertices with 2 finite coordinates each; it was "
        r"given \[0.5, 1.0\]"
    )
    with pytest.raises(UserFunctionRuntimeError, match=message):
        om.minimize(
            rosenbrock,
            np.array([0.5, 1.0]),
            "neldermead_parallel",
            algo_options={"init_simplex_method": lambda x: answer},
        )


def test_options_that_are_no_functions_refuse_them():
    for options, message in [
        ({"noise_additive_level": lambda: 1}, r"is <function .*>, but has to be a number at least"),
        (
            {"noise_n_evals_per_point": "often"},
            "is 'often', but has to be a whole number at least 1 or a function of "
            "upper_trustregion_radius, lower_trustregion_radius, n_iterations and n_resets or None",
        ),
    ]:
        with pytest.raises(InvalidAlgoOptionError, match=message):
            om.minimize(rosenbrock, np.zeros(2), "nag_pybobyqa", algo_options=options)
    with pytest.raises(InvalidAlgoOptionError, match="'varadhan_borchers'] or a function of the s"):
        om.algos.neldermead_parallel(init_simplex_method="nelder")


def test_benchmarks_take_functions():
    problems = om.get_benchmark_problems("example")
    problems = {name: problems[name] for name in list(problems)[:2]}
    results = om.run_benchmark(
        problems,
        {
            "often": {
                "algorithm": "nag_pybobyqa",
                "algo_options": {"noise_n_evals_per_point": lambda **_: 2, "stopping_maxfun": 60},
            }
        },
    )
    for result in results.values():
        params = np.asarray(result["params_history"])
        assert len(params) > 20
