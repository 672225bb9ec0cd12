"""The other classes of the native module: status, history columns, plans of derivatives, ask and tell."""

import pickle

import numpy as np
import pytest
from test_objective import Descent, run, sphere
from thalweg._thalweg import AskTell, FirstPlan, HistoryData, SecondPlan, Tree


def test_a_status_equals_its_number_and_its_word():
    status = run(sphere, np.ones(2), "neldermead", {"stopping_maxfun": 9}).status
    assert status == 5 and status == "max_evaluations" and status != "converged" and status != 0
    assert str(status) == "max_evaluations" and "5" in repr(status) and hash(status) == hash(5)
    assert pickle.loads(pickle.dumps(status)) == "max_evaluations"


def test_history_columns():
    history = run(sphere, np.ones(2), jac=lambda x: 2 * x).history
    assert history.params.shape == (len(history), 2) and (history.task == 2).all()
    assert (history.stop_time >= history.start_time).all()
    again = pickle.loads(pickle.dumps(history))
    np.testing.assert_array_equal(again.params, history.params)
    with pytest.raises(ValueError, match="different lengths"):
        HistoryData(1).append((np.ones((2, 1)), [1.0], [0, 0], [0, 0], [0, 0], [0, 0]))
    with pytest.raises(ValueError, match="another number of parameters"):
        HistoryData(2).append((np.ones((2, 1)), [1.0], [0, 0], [0, 0], [0, 0], [0, 0]))
    with pytest.raises(ValueError, match="a history has six columns"):
        HistoryData(1).append((np.ones((1, 1)), [1.0]))
    with pytest.raises(ValueError, match="has 1 parameters, but the history 2"):
        HistoryData(2).add(np.ones(1), 1.0, 0, 1, 0, 0)
    with pytest.raises(ValueError, match="no evaluation 7"):
        HistoryData(1).pick([7])
    assert run(sphere, np.ones(2), collect_history=False).history is None


def test_plans_of_derivatives():
    def fun(x):
        return np.array([x @ x, x[0]])

    x = np.array([1.0, 2.0])
    plan = FirstPlan(x, None, None, {"method": "forward"})
    assert plan.needs_f0 and plan.fixed == [] and plan.errors is None
    derivative = plan.finish(fun(x), np.array([fun(p) for p in plan.points]))
    np.testing.assert_allclose(derivative, [[2, 4], [1, 0]], atol=1e-6)
    with pytest.raises(ValueError, match="rows"):
        plan.finish(fun(x), np.ones((1, 2)))

    plan = FirstPlan(x)
    evals = np.array([fun(p) for p in plan.points])
    evals[0] = np.nan
    first = plan.finish(fun(x), evals)
    if plan.failed:
        extra = plan.extend()
        first = plan.finish(fun(x), np.vstack([evals, [fun(p) for p in extra]]))
    np.testing.assert_allclose(first, [[2, 4], [1, 0]], atol=1e-4)

    second = SecondPlan(x, None, None, {"scaling_factor": 2.0})
    f0 = np.array([x @ x])
    hessian = second.finish(f0, np.array([[p @ p] for p in second.points]))
    np.testing.assert_allclose(hessian, [2 * np.eye(2)], atol=1e-3)
    with pytest.raises(ValueError, match="first derivatives only"):
        SecondPlan(x, None, None, {"method": "central"})


def test_ask_and_tell():
    tree = Tree({"a": 3.0, "b": np.ones(2)})
    optimizer = AskTell(tree, "lbfgsb", {}, derivatives=True)
    while (asked := optimizer.ask()) is not None:
        want, points = asked
        values = [p["a"] ** 2 + (p["b"] ** 2).sum() for p in points]
        gradients = [{"a": 2 * p["a"], "b": 2 * p["b"]} for p in points]
        optimizer.tell(
            {"fun": values, "jac": gradients, "fun_and_jac": list(zip(values, gradients))}[want]
        )
    np.testing.assert_allclose(optimizer.result().flat_params, 0, atol=1e-6)
    with pytest.raises(ValueError, match="ended"):
        optimizer.tell([1.0])
    with pytest.raises(ValueError, match="answers"):
        AskTell(tree, "neldermead", {}).tell([1.0, 2.0])
    with pytest.raises(ValueError, match="cannot be suspended"):
        AskTell(tree, Descent(), {})
