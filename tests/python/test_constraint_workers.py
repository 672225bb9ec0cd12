"""Constraint functions on several cores: spread as the objective is, with the same results and messages."""

import os
import threading
import time

import numpy as np
import pytest
import thalweg as om

START = np.array([0.5, 0.5, 0.5])


def fun(x):
    return (x[0] - 2) ** 2 + (x[1] - 1) ** 2 + x[2] ** 2


def slow_disc(x):
    time.sleep(0.12)
    return np.array([x @ x, x[0] - x[1]])


def disc_jac(x):
    time.sleep(0.12)
    return np.array([2 * x, [1.0, -1.0, 0.0]])


class Recorded:
    """A function that notes where it is called."""

    def __init__(self, function):
        self.function, self.threads, self.calls = function, set(), 0
        self.lock = threading.Lock()

    def __call__(self, x):
        with self.lock:
            self.threads.add(threading.get_ident())
            self.calls += 1
        return self.function(x)


def solve(constraint, n_cores, batch_evaluator="threading", **kwargs):
    return om.minimize(
        fun,
        START,
        "slsqp",
        constraints=constraint,
        numdiff_options={"n_cores": n_cores, "batch_evaluator": batch_evaluator},
        **{"algo_options": {"stopping_maxiter": 3}, **kwargs},
    )


def upper(func, **kwargs):
    return om.NonlinearConstraint(func=func, upper_bound=1.0, **kwargs)


def test_numerical_derivatives_of_constraints_are_spread():
    one, two = Recorded(slow_disc), Recorded(slow_disc)
    alone, spread = solve(upper(one), 1), solve(upper(two), 3)
    assert len(one.threads) == 1 and len(two.threads) > 1
    assert one.calls == two.calls
    assert spread.params.tolist() == alone.params.tolist()
    assert spread.history.fun == alone.history.fun


def test_selected_params_and_trees_of_values_too():
    def slow(part):
        time.sleep(0.12)
        return {"size": part @ part, "first": part[0]}

    results = []
    for n_cores in (1, 2):
        for selector in ([0, 1], lambda x: x[:2]):
            recorded = Recorded(slow)
            results.append(solve(upper(recorded, selector=selector), n_cores))
            assert (len(recorded.threads) > 1) == (n_cores > 1)
    assert all(result.params.tolist() == results[0].params.tolist() for result in results)


def test_closed_forms_of_whole_batches():
    """Algorithms that ask for many points at once."""
    bounds = om.Bounds(lower=-np.ones(3), upper=np.ones(3))
    recorded, rows = Recorded(slow_disc), Recorded(disc_jac)
    found = []
    for n_cores in (1, 2):
        result = om.minimize(
            fun,
            START,
            om.algos.neldermead_parallel(n_cores=n_cores, stopping_maxiter=2),
            bounds=bounds,
            constraints=upper(recorded, derivative=rows),
            constraint_handling="augmented_lagrangian",
            numdiff_options={"batch_evaluator": "threading"},
        )
        found.append(result.params.tolist())
    assert found[0] == found[1]


def test_processes_get_what_can_be_sent(tmp_path):
    pytest.importorskip("joblib")
    here = os.getpid()

    def noting(x):
        (tmp_path / str(os.getpid())).touch()
        return slow_disc(x)

    result = solve(upper(noting), 2, "joblib", algo_options={"stopping_maxiter": 1})
    assert {path.name for path in tmp_path.iterdir()} - {str(here)}
    alone = solve(upper(noting), 1, algo_options={"stopping_maxiter": 1})
    assert result.params.tolist() == alone.params.tolist()

    lock = threading.Lock()  # cannot be sent: such a function stays where it is

    def held(x):
        with lock:
            (tmp_path / f"held-{os.getpid()}").touch()
            return slow_disc(x)

    solve(upper(held), 2, "joblib", algo_options={"stopping_maxiter": 1})
    assert [path.name for path in tmp_path.glob("held-*")] == [f"held-{here}"]


@pytest.mark.parametrize("n_cores", [1, 2])
def test_failures_say_the_same(n_cores):
    def failing(x):
        time.sleep(0.12)
        if x[1] != START[1]:
            raise ZeroDivisionError("not there")
        return x @ x

    text = r"An error occurred when evaluating constraints\[0\] .*: ZeroDivisionError: not there"
    with pytest.raises(om.exceptions.UserFunctionRuntimeError, match=text) as caught:
        solve(upper(failing), n_cores)
    assert isinstance(caught.value.__cause__, ZeroDivisionError)

    def other(x):
        time.sleep(0.12)
        return x @ x if (x == START).all() else None

    with pytest.raises(
        om.exceptions.UserFunctionRuntimeError, match="but a number at the start params"
    ):
        solve(upper(other), n_cores)


def test_a_broken_batch_evaluator_is_named():
    def short(func, arguments, *, n_cores, error_handling="raise", unpack_symbol=None):
        return [func(argument) for argument in arguments[1:]]

    text = r"The batch evaluator returned \d items for \d points."
    with pytest.raises(om.exceptions.InvalidFunctionError, match=text):
        solve(upper(slow_disc), 2, short)


def test_quick_constraints_stay_here():
    recorded = Recorded(lambda x: x @ x)
    result = solve(upper(recorded), 4, algo_options={})
    assert result.success and recorded.threads == {threading.get_ident()}
