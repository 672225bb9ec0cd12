"""Histories, as recorded by runs and as built by hand."""

import warnings

import numpy as np
import pandas as pd
import pytest
import thalweg as om
from thalweg.optimization.history import HistoryEntry
from thalweg.typing import EvalTask


@pytest.fixture
def history():
    return om.History(
        "minimize",
        params=[{"a": i, "b": np.array([1.0, 2.0]) * i} for i in range(6)],
        fun=[3.0, None, 1.0, 4.0, 0.5, 0.7],
        start_time=[0, 1, 2, 2, 5, 6.0],
        stop_time=[0.5, 1.5, 3, 4, 5.2, 6.1],
        batches=[0, 1, 2, 2, 3, 4],
        task=[
            EvalTask.FUN,
            EvalTask.JAC,
            EvalTask.FUN,
            EvalTask.FUN,
            EvalTask.FUN_AND_JAC,
            EvalTask.EXPLORATION,
        ],
    )


def test_columns(history):
    assert history.fun == [3.0, None, 1.0, 4.0, 0.5, 0.7]
    assert history.params[1]["a"] == 1.0
    assert history.task[4] is EvalTask.FUN_AND_JAC
    assert history.task[4] == "fun_and_jac"
    assert history.batches == [0, 1, 2, 2, 3, 4]
    assert history.flat_param_names == ["a", "b_0", "b_1"]
    assert history.flat_params[2] == [2.0, 2.0, 4.0]
    assert np.array_equal(history.monotone_fun, [3, np.nan, 1, 1, 0.5, 0.5], equal_nan=True)
    assert history.is_accepted.tolist() == [True, False, True, False, True, False]
    assert len(history) == 6
    assert history.direction == "minimize"


@pytest.mark.parametrize(
    ("cost_model", "time"),
    [
        (om.timing.evaluation_time, [0.5, 1.0, 4.0, 4.2, 4.3]),
        (om.timing.fun_evaluations, [1, 1, 3, 4, 5]),
        (om.timing.fun_batches, [1, 1, 2, 3, 4]),
        (om.timing.wall_time, [0.5, 1.5, 4.0, 5.2, 6.1]),
        (
            om.timing.CostModel(fun=2, jac=1, fun_and_jac=0, label="", aggregate_batch_time=max),
            [2, 3, 5, 5, 7],
        ),
    ],
)
def test_fun_data(history, cost_model, time):
    frame = history.fun_data(cost_model)
    assert np.allclose(frame["time"], time)
    assert np.array_equal(frame["fun"], [3, np.nan, 1, 0.5, 0.7], equal_nan=True)
    assert list(frame["task"]) == ["fun", "jac", "fun", "fun_and_jac", "exploration"]
    monotone = history.fun_data(cost_model, monotone=True)
    assert np.array_equal(monotone["fun"], [3, np.nan, 1, 0.5, 0.5], equal_nan=True)


def test_params_data(history):
    frame = history.params_data()
    assert list(frame.index.names) == ["counter", "name"]
    assert frame.shape == (18, 3)
    assert frame.loc[(3, "b_1"), "value"] == 6.0
    assert history.params_data(dropna=True).shape == (15, 3)
    collapsed = history.params_data(collapse_batches=True)
    assert collapsed.loc[(2, "a"), "value"] == 2.0
    assert collapsed.loc[(3, "a"), "value"] == 4.0
    assert history.params_data(dropna=True, collapse_batches=True).shape == (12, 3)
    assert isinstance(frame["task"].dtype, pd.CategoricalDtype)


def test_tasks_of_a_batch_must_agree(history):
    history.add_entry(
        HistoryEntry({"a": 1.0, "b": np.ones(2)}, None, 7.0, 8.0, EvalTask.JAC), batch_id=4
    )
    with pytest.raises(ValueError, match="tasks of the evaluations in a batch"):
        history.fun_data(om.timing.fun_evaluations)


def test_adding_entries_and_batches():
    history = om.History("maximize")
    assert history.fun == []
    assert history.is_accepted.tolist() == []
    assert history.fun_data(om.timing.fun_evaluations).empty
    entry = HistoryEntry({"a": 1.0}, 2.0, 0.0, 1.0, EvalTask.FUN)
    history.add_entry(entry)
    history.add_batch([entry] * 5, batch_size=2)
    history.add_batch([entry] * 2)
    history.add_entry(entry)
    assert history.batches == [0, 1, 1, 2, 2, 3, 4, 4, 5]


def test_keys_of_2022(history):
    assert list(history.keys()) == ["params", "criterion", "runtime"]
    assert list(history) == ["params", "criterion", "runtime"]
    assert dict(history.items())["criterion"] == history.fun
    with pytest.warns(FutureWarning, match="`fun`"):
        assert history["criterion"] == history.fun
    with pytest.warns(FutureWarning):
        assert history.runtime == history.start_time
    with pytest.warns(FutureWarning):
        assert history.time[0] == 0
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        assert history["params"] is not None
        assert history["fun"][0] == 3.0
    with pytest.raises(KeyError):
        history["nothing"]


def test_histories_of_runs():
    result = om.minimize(lambda x: x @ x, np.ones(2), "scipy_lbfgsb", jac=lambda x: 2 * x)
    history = result.history
    assert len(history) == result.n_fun_evals
    assert history.task[0] is EvalTask.FUN_AND_JAC
    assert np.array_equal(history.params[0], np.ones(2))
    assert history.fun[0] == 2.0
    assert all(start <= stop for start, stop in zip(history.start_time, history.stop_time))
    assert history.batches == list(range(len(history)))
    assert history.flat_param_names == ["0", "1"]
    assert min(history.fun) == result.fun


def test_maximization_keeps_the_users_sign():
    result = om.maximize(lambda x: -(x @ x), np.ones(2), "neldermead")
    assert result.history.fun[0] == -2.0
    assert np.all(np.diff(result.history.monotone_fun) >= 0)


def test_batches_of_parallel_algorithms():
    result = om.minimize(
        lambda x: x @ x,
        np.ones(4),
        "neldermead_parallel",
        algo_options={"n_cores": 2, "batch_evaluator": "threading", "stopping.maxiter": 5},
    )
    history = result.history
    batches = np.array(history.batches)
    assert np.all(np.diff(batches) >= 0)
    assert batches[-1] < len(history) - 1
    assert len(history.fun_data(om.timing.fun_batches)) == len(set(history.batches))


def test_the_rest_of_the_mapping(history):
    assert list(history.values())[1] == history.fun
    assert history.get("fun") == history.fun
    assert history.get("nothing") is None and history.get("nothing", 1) == 1
    assert "params" in history and "criterion" in history and "nothing" not in history


def test_cost_models_by_name(history):
    by_name = history.fun_data("fun_evaluations")
    assert by_name.equals(history.fun_data(om.timing.fun_evaluations))
    message = (
        "cost_model must be a CostModel of thalweg.timing or one of 'evaluation_time', "
        "'fun_evaluations', 'fun_batches', 'wall_time', not 'time'."
    )
    with pytest.raises(om.exceptions.InvalidArgumentError, match=message):
        history.fun_data("time")
    with pytest.raises(TypeError):  # as in optimagic
        history.fun_data("time")


COLUMNS = {
    "params": [1.0, 2.0],
    "fun": [1.0, 2.0],
    "start_time": [0.0, 1.0],
    "stop_time": [1.0, 2.0],
    "batches": [0, 1],
    "task": ["fun", "fun"],
}
BEGINNING = (
    "All of params, fun, start_time, stop_time, batches, task must be lists of the same length, "
)


@pytest.mark.parametrize(
    ("direction", "changes", "message"),
    [
        ("down", {}, "direction must be 'minimize' or 'maximize', not 'down'."),
        ("minimize", {"fun": None}, BEGINNING + "or all None: fun is None."),
        (
            "minimize",
            {"batches": iter([0, 1])},
            BEGINNING + "or all None: batches is a list_iterator.",
        ),
        (
            "minimize",
            {"fun": [1.0]},
            BEGINNING + "or all None: params has 2, fun has 1, start_time has 2, stop_time has 2, "
            "batches has 2, task has 2 entries.",
        ),
        (
            "minimize",
            {"task": ["fun", "hesse"]},
            "task must be one of 'fun', 'jac', 'fun_and_jac', 'exploration', 'hess', not 'hesse'.",
        ),
    ],
)
def test_columns_that_do_not_fit(direction, changes, message):
    assert len(om.History(**{"direction": "minimize", **COLUMNS})) == 2
    with pytest.raises(ValueError) as caught:
        om.History(**{"direction": direction, **COLUMNS, **changes})
    assert str(caught.value) == message


def test_a_derivative_at_a_known_point_is_no_step():
    result = om.minimize(lambda x: x @ x, np.ones(2), "scipy_newton_cg", jac=lambda x: 2 * x)
    report = result.history._convergence_report()
    accepted = [
        (fun, x)
        for fun, x, task, keep in zip(
            result.history.fun,
            result.history.params,
            result.history.task,
            result.history.is_accepted,
        )
        if keep and task != "jac"
    ]
    (before, _), (last, _) = accepted[-2:]
    assert report["one_step"]["absolute_criterion_change"] == abs(last - before)


def test_histories_of_many_pieces_come_back():
    import pickle

    history = om.minimize(
        lambda x: x @ x, np.ones(3), "neldermead", algo_options={"stopping.maxfun": 6_000}
    ).history
    for _ in range(6):
        entry = HistoryEntry(np.ones(3), 1.0, 0.0, 1.0, EvalTask.FUN)
        history.add_batch([entry] * 1_000)
    again = pickle.loads(pickle.dumps(history))
    assert len(again) == len(history) > 6_000
    assert np.array_equal(again.flat_params, history.flat_params)
    assert np.array_equal(again.params, history.params)
    assert (again.batches, again.task) == (history.batches, history.task)
