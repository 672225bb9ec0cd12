"""Logs: what they hold, how they are read, and what is refused."""

import dataclasses
import json
import pickle
import sqlite3
import warnings
from typing import NamedTuple

import numpy as np
import pandas as pd
import pytest
import thalweg as om
from thalweg import exceptions


def sphere(x):
    return x @ x


@pytest.fixture
def path(tmp_path):
    return tmp_path / "my_log.db"


def run(path, **kwargs):
    return om.minimize(
        **{"fun": sphere, "params": np.arange(5), "algorithm": "scipy_lbfgsb", **kwargs},
        logging=path,
    )


# --- the examples of the slides -----------------------------------------------------------------


def test_the_slide_of_2022(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    with pytest.warns(FutureWarning, match="criterion -> fun"):
        om.minimize(
            criterion=sphere,
            params=np.arange(5),
            algorithm="scipy_lbfgsb",
            logging="my_log.db",
        )
    with pytest.warns(FutureWarning, match="OptimizeLogReader is outdated"):
        reader = om.OptimizeLogReader("my_log.db")
    assert list(reader.read_history().keys()) == ["params", "criterion", "runtime"]
    expected = [0, 0.817, 1.635, 2.452, 3.27]
    assert reader.read_iteration(1)["params"] == pytest.approx(expected, abs=1e-3)


def test_log_options_of_2022(path):
    for _ in range(2):
        with pytest.warns(FutureWarning, match="log_options -> logging"):
            run(path, log_options={"if_database_exists": "replace", "if_table_exists": "extend"})
    assert len(om.SQLiteLogReader(path).problems) == 1
    with pytest.warns(FutureWarning):
        run(path, log_options={"if_database_exists": "extend", "fast_logging": False})
    assert len(om.SQLiteLogReader(path).problems) == 2
    with pytest.raises(exceptions.InvalidArgumentError, match="log_options has no key 'fast'. Did"):
        run(path, log_options={"fast": True})
    with pytest.warns(UserWarning, match="log_options was ignored because logging is not set"):
        run(None, log_options={"fast_logging": True})


# --- reading ------------------------------------------------------------------------------------


def test_a_log_says_what_the_history_says(path):
    result = run(path)
    reader = result.logger
    assert isinstance(reader, om.SQLiteLogReader)
    history = reader.read_history()
    assert list(history.keys()) == ["params", "fun", "time"]
    assert history.fun == result.history.fun == history["criterion"]
    assert np.array_equal(history.params, result.history.params)
    assert history["runtime"] is history["time"] is history.time
    start = np.array(result.history.start_time)
    assert np.array_equal(history.time, start - start[0])
    assert "fun" in history
    assert "value" not in history
    assert len(history) == result.n_fun_evals
    assert dict(history.items()).keys() == history.keys()
    with pytest.raises(KeyError, match="value"):
        history["value"]
    flat = reader._flat_history()
    assert np.array_equal(flat["params"], result.history.flat_params)
    assert flat["names"] == ["0", "1", "2", "3", "4"]
    assert flat["start_time"].tolist() == result.history.start_time
    assert flat["batches"].tolist() == result.history.batches


def test_records_have_attributes_and_items(path):
    run(path, fun=lambda x: om.FunctionValue(x @ x, info={"norm": np.sqrt(x @ x), "bad": np.inf}))
    reader = om.SQLiteLogReader(path)
    record = reader.read_iteration(-1)
    first = reader.read_iteration(0)
    assert record.rowid == len(reader.read_history())
    assert record["scalar_fun"] == record.scalar_fun == record.raw_fun.value == record.value
    assert first.raw_fun.info == {"norm": pytest.approx(np.sqrt(30)), "bad": "inf"}
    assert first.valid
    assert first.exceptions is None
    assert first.task == "fun_and_jac"
    assert first.step == 0
    assert first.timestamp == first.start_time <= first.stop_time
    assert {"params", "timestamp", "scalar_fun", "valid", "raw_fun", "step", "exceptions"} <= set(
        record.keys()
    )
    assert repr(record).startswith("LoggedIteration(params=array([")


@pytest.mark.parametrize(
    ("index", "text"),
    [
        (3, "iteration 3 does not exist: the log holds 3 evaluations, 0 to 2 (or -3 to -1)."),
        (-4, "iteration -4 does not exist: the log holds 3 evaluations, 0 to 2 (or -3 to -1)."),
    ],
)
def test_evaluations_out_of_range(path, index, text):
    run(path)
    with pytest.raises(IndexError) as caught:
        om.SQLiteLogReader(path).read_iteration(index)
    assert str(caught.value) == text


def test_an_index_is_a_whole_number(path):
    run(path)
    reader = om.SQLiteLogReader(path)
    assert reader.read_iteration(np.int64(1)).rowid == 2
    with pytest.raises(exceptions.InvalidArgumentError, match="iteration must be a whole number"):
        reader.read_iteration(1.0)
    with pytest.raises(IndexError, match="problem 1 does not exist: the log .* holds 1."):
        reader.read_history(1)


def test_an_empty_log(path):
    def fails(x):
        raise RuntimeError("no value")

    with pytest.raises(exceptions.InvalidFunctionError, match="no value"):
        run(path, fun=fails)
    reader = om.SQLiteLogReader(path)
    history = reader.read_history()
    assert (len(history), history.params, history.fun, list(history.time)) == (0, [], [], [])
    with pytest.raises(IndexError, match="iteration 0 does not exist: the log holds no evaluation"):
        reader.read_iteration(0)
    assert reader.problems[0].status == "failed"


def test_what_is_no_log(tmp_path):
    with pytest.raises(FileNotFoundError, match="There is no log file .*none.db."):
        om.SQLiteLogReader(tmp_path / "none.db")
    (tmp_path / "words").write_text("no database at all" * 100)
    with pytest.raises(exceptions.InvalidLogError, match="not a log of thalweg: it is no SQLite"):
        om.SQLiteLogReader(tmp_path / "words")
    with pytest.raises(exceptions.InvalidArgumentError, match="path must be the path of a log"):
        om.SQLiteLogReader(3)


def test_several_problems(path):
    options = om.SQLiteLogOptions(path, if_database_exists=om.ExistenceStrategy.EXTEND)
    run(options)
    om.maximize(lambda x: -((x - 1) ** 2), 3.0, "scipy_neldermead", logging=options)
    reader = om.SQLiteLogReader.from_options(options)
    first, second = reader.problems
    assert (first.direction, first.algorithm) == ("minimize", "scipy_lbfgsb")
    assert (second["direction"], second.names) == ("maximize", [""])
    assert second.status == "converged"
    assert second.fingerprint["direction"] == "maximize"
    assert reader.read_start_params().tolist() == [0, 1, 2, 3, 4]
    assert reader.read_start_params(-1) == 3.0
    assert reader.read_iteration(0, problem=0).params.tolist() == [0, 1, 2, 3, 4]
    assert max(reader.read_history().fun) == pytest.approx(0, abs=1e-8)
    frame = reader.problem_df
    assert isinstance(frame, pd.DataFrame)
    assert frame["direction"].tolist() == ["minimize", "maximize"]
    assert repr(second).startswith("LoggedProblem(2: maximize with scipy_neldermead, converged, ")


def test_a_search_from_many_starts(path):
    result = om.minimize(
        lambda x: np.sum(x**2 + 10 * (1 - np.cos(6.283 * x))),
        np.array([3.0, -2.0]),
        "scipy_lbfgsb",
        bounds=om.Bounds(lower=np.full(2, -5.0), upper=np.full(2, 5.0)),
        multistart=om.MultistartOptions(n_samples=60, seed=1),
        logging=path,
    )
    history, local, exploration = result.logger.read_multistart_history("minimize")
    assert history.fun == result.history.fun
    assert len(local) == result.multistart_info.n_optimizations - 1
    assert exploration.fun == list(result.multistart_info.exploration_results)
    assert np.all(exploration.time >= 0)
    steps = result.logger._flat_history()["steps"]
    assert [step["type"] for step in steps][:2] == ["exploration", "optimization"]
    with pytest.raises(exceptions.InvalidArgumentError, match="is of a problem to minimize"):
        result.logger.read_multistart_history(om.typing.Direction.MAXIMIZE)


def test_a_single_run_has_no_other_steps(path):
    result = run(path)
    history, local, exploration = result.logger.read_multistart_history()
    assert history.fun == result.history.fun
    assert local is exploration is None


@dataclasses.dataclass
class Point:
    x: float
    y: np.ndarray


FRAME = pd.DataFrame(
    {"value": [1.0, 2.0], "lower_bound": [0.0, -np.inf], "label": ["p", "q"], "n": [1, 2]},
    index=pd.MultiIndex.from_tuples([("a", 1), ("b", 2)], names=["l", "k"]),
)


@pytest.mark.parametrize(
    "params",
    [
        1.5,
        np.float64(1.5),
        np.arange(6.0).reshape(2, 3),
        [1.0, (2.0, np.array([3.0]))],
        {"a": 0.0, 3: {"b": [1.0, None]}, ("t", 1): 2.0},
        pd.Series([1.0, 2.0], index=["u", "v"], name="s"),
        pd.DataFrame([[1.0, 2.0]], columns=["a", "b"], index=pd.RangeIndex(2, 4, 2, name="i")),
        {"frame": FRAME},
    ],
)
def test_params_come_back_as_they_were(path, params):
    def fun(p):
        flat = om._thalweg.Tree(p).start
        return float(flat @ flat)

    options = {"stopping_maxfun": 3}
    run(path, fun=fun, params=params, algorithm="scipy_neldermead", algo_options=options)
    found = om.SQLiteLogReader(path).read_start_params()
    assert repr(found) == repr(params)
    if isinstance(params, dict) and "frame" in params:
        pd.testing.assert_frame_equal(found["frame"], FRAME)


def test_a_dataclass_comes_back_as_a_dict(path):
    params = Point(1.0, np.array([2.0]))
    run(path, fun=lambda p: p.x**2 + p.y @ p.y, params=params)
    assert om.SQLiteLogReader(path).read_start_params() == {"x": 1.0, "y": np.array([2.0])}


class Pair(NamedTuple):
    point: Point
    name: float


@pytest.mark.parametrize(
    ("params", "fun"),
    [
        (Point(1.0, np.array([2.0])), lambda p: p.x**2 + p.y @ p.y),
        (Pair(Point(1.0, np.array([2.0])), 3.0), lambda p: p.point.x**2 + p.name**2),
    ],
)
@pytest.mark.filterwarnings("ignore:OptimizeLogReader")
def test_params_come_back_like_those_that_are_given(path, params, fun):
    result = run(path, fun=fun, params=params)
    for reader in (
        om.SQLiteLogReader(path, like=params),
        om.OptimizeLogReader(path, like=params),
        result.logger,
        pickle.loads(pickle.dumps(result.logger)),
        pickle.loads(pickle.dumps(om.SQLiteLogReader(path, params))),
    ):
        start = reader.read_start_params()
        assert repr(start) == repr(params) and type(start) is type(params)
        assert repr(reader.read_iteration(-1).params) == repr(result.history.params[-1])
        assert repr(reader.read_history().params) == repr(result.history.params)


def test_what_is_not_like_the_params_is_said(path):
    result = run(path, params=np.ones(3))
    reader = om.SQLiteLogReader(path, like={"a": 1.0})
    text = "The problem in the log has 3 params, but `like` has 1."
    with pytest.raises(om.exceptions.InvalidArgumentError, match=text):
        reader.read_start_params()
    # What a run knows of its own params says nothing of the other runs in its file.
    options = om.SQLiteLogOptions(path, if_database_exists="extend")
    second = run(options, params={"a": 1.0}, fun=lambda p: p["a"] ** 2)
    assert second.logger.read_start_params(0).tolist() == [1, 1, 1]
    assert second.logger.read_start_params(1) == {"a": 1.0}
    assert len(second.logger.read_history()) == second.n_fun_evals
    assert len(result.logger.read_history(0)) == result.n_fun_evals


def test_any_client_of_sqlite_can_read_it(path):
    result = run(path, fun=lambda x: om.FunctionValue(x @ x, info={"n": 5}))
    with sqlite3.connect(path) as connection:
        rows = connection.execute(
            "SELECT task, params, fun, info, begun_at FROM history"
        ).fetchall()
        (version,) = connection.execute(
            "SELECT value FROM meta WHERE key = 'schema_version'"
        ).fetchone()
        assert connection.execute("PRAGMA integrity_check").fetchone() == ("ok",)
    assert version == 1
    assert [row[2] for row in rows] == result.history.fun
    assert np.array_equal([np.frombuffer(row[1], "<f8") for row in rows], result.history.params)
    assert json.loads(rows[0][3]) == {"n": 5}
    assert rows[0][0] == "fun_and_jac"
    assert rows[0][4].startswith("20")
    connection.close()


def test_a_reader_survives_pickling(path):
    result = run(path)
    again = pickle.loads(pickle.dumps(result))
    assert again.logger.read_history().fun == result.history.fun
    assert repr(again.logger) == f"SQLiteLogReader({str(path)!r})"


def test_failures_are_in_the_log(path):
    def fun(x):
        if x[0] > 0.01:
            raise ValueError("too large")
        return x @ x

    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        run(path, fun=fun, algorithm="scipy_neldermead", error_handling="continue")
    reader = om.SQLiteLogReader(path)
    history = reader.read_history()
    records = [reader.read_iteration(i) for i in range(len(history))]
    failed = [record for record in records if not record.valid]
    assert failed
    assert all("ValueError: too large" in record.exceptions for record in failed)
    assert all(record.params[0] > 0.01 for record in failed)


def test_the_partial_result_has_the_log(path):
    def fun(x):
        if abs(x[4]) < 3:
            raise ValueError("too small")
        return x @ x

    with pytest.raises(exceptions.UserFunctionRuntimeError) as caught:
        run(path, fun=fun)
    partial = caught.value.partial_result
    assert partial.logger.read_history().fun == partial.history.fun


# --- what is refused ----------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("kwargs", "text"),
    [
        ({"logging": True}, "logging must be the path of a file, .*, not True. It does not say"),
        ({"logging": 3}, "logging must be the path of a file, for example 'my_log.db'.*, not 3."),
        ({"resume": True}, "resume=True needs a log to resume from"),
        ({"resume": "yes"}, "resume must be a boolean, not 'yes'"),
    ],
)
def test_arguments_that_are_no_log(kwargs, text):
    with pytest.raises(exceptions.InvalidArgumentError, match=text):
        om.minimize(sphere, np.arange(5), "scipy_lbfgsb", **kwargs)


def test_options_are_checked(path):
    with pytest.raises(exceptions.InvalidArgumentError, match="fast_logging must be True, False"):
        om.SQLiteLogOptions(path, fast_logging="quick")
    with pytest.raises(exceptions.InvalidArgumentError, match="if_database_exists must be one of"):
        om.SQLiteLogOptions(path, if_database_exists="overwrite")
    with pytest.raises(exceptions.InvalidArgumentError, match="path must be the path of a file"):
        om.SQLiteLogOptions(None)
    assert om.SQLiteLogOptions(path, if_database_exists="extend").if_database_exists is (
        om.ExistenceStrategy.EXTEND
    )


def counted(calls):
    def fun(x):
        calls.append(x.copy())
        return x @ x

    return fun


@pytest.mark.parametrize("open_kind", [False, True])
def test_nothing_is_evaluated_where_the_log_cannot_be_written(tmp_path, path, open_kind):
    calls = []
    run(path)
    # What kind of function it is, only its first value can tell if it is to be maximized.
    optimize = om.maximize if open_kind else om.minimize

    def call(path):
        return optimize(counted(calls), np.arange(5), "scipy_lbfgsb", logging=path)

    with pytest.raises(FileExistsError, match=r'if_database_exists="extend" adds .*"replace"'):
        call(path)
    with pytest.raises(FileNotFoundError, match="cannot be created: there is no folder .*nowhere"):
        call(tmp_path / "nowhere" / "log.db")
    (tmp_path / "folder.db").mkdir()
    with pytest.raises(OSError, match="cannot be created: it is a folder"):
        call(om.SQLiteLogOptions(tmp_path / "folder.db", if_database_exists="extend"))
    assert calls == []


def test_replacing_removes_what_sqlite_left(tmp_path, path):
    run(path)
    for suffix in ("-wal", "-shm"):
        (tmp_path / f"my_log.db{suffix}").write_bytes(b"left by a crash")
    run(om.SQLiteLogOptions(path, if_database_exists="replace"))
    assert [file.name for file in tmp_path.iterdir()] == ["my_log.db"]
    assert len(om.SQLiteLogReader(path).problems) == 1


# --- resuming -----------------------------------------------------------------------------------


def test_resuming_a_finished_log(path):
    calls = []
    first = run(path, fun=counted(calls))
    calls.clear()
    again = run(path, fun=counted(calls), resume=True)
    assert calls == []
    assert again.fun == first.fun
    assert np.array_equal(again.params, first.params)
    assert again.message == first.message
    assert again.history.fun == first.history.fun
    assert again.history.start_time == first.history.start_time


def test_where_there_is_no_log_the_run_begins(path):
    result = run(path, resume=True)
    assert result.success
    assert len(om.SQLiteLogReader(path).problems) == 1


def test_another_problem_is_refused(path):
    calls = []
    run(path)
    with pytest.raises(exceptions.InvalidLogError, match="upper bound is none in the log and"):
        run(path, fun=counted(calls), resume=True, bounds=om.Bounds(upper=np.full(5, 9.0)))
    with pytest.raises(
        exceptions.InvalidLogError,
        match="algorithm is scipy_lbfgsb in the log and scipy_powell now",
    ):
        run(path, fun=counted(calls), resume=True, algorithm="scipy_powell")
    with pytest.raises(exceptions.InvalidArgumentError, match="log that is to be replaced"):
        run(om.SQLiteLogOptions(path, if_database_exists="replace"), resume=True)
    assert calls == []


@om.mark.least_squares
def tree_of_residuals(x):
    return {"own": x - 1, "sum": {"of_all": np.sum(x)}}


def dict_of_2022(x):
    return {"root_contributions": x - 1, "value": np.sum((x - 1) ** 2)}


def wrapped(x):
    return om.LeastSquaresFunctionValue((x - 1).tolist(), info={"n": len(x)})


def residuals_jac(x):
    return {"own": np.eye(len(x)), "sum": {"of_all": np.ones(len(x))}}


@pytest.mark.filterwarnings("ignore::FutureWarning")
@pytest.mark.parametrize("limit", [1, 2, 3])
@pytest.mark.parametrize("algorithm", ["scipy_ls_lm", "nag_dfols", "scipy_lbfgsb"])
@pytest.mark.parametrize(
    ("fun", "jac"),
    [
        (tree_of_residuals, None),
        (tree_of_residuals, om.mark.least_squares(residuals_jac)),
        (dict_of_2022, None),
        (wrapped, None),
    ],
)
def test_what_was_learnt_at_the_start_is_known_again(path, fun, jac, algorithm, limit):
    calls = []

    def noted(x):
        calls.append(x)
        return fun(x)

    noted = om.mark.least_squares(noted) if fun is tree_of_residuals else noted

    def optimize(**kwargs):
        return om.minimize(noted, np.arange(3.0), algorithm, jac=jac, **kwargs)

    first = optimize(logging=path, algo_options={"stopping_maxfun": limit})
    asked = len(calls)
    resumed = optimize(logging=path, resume=True)
    total = len(calls)
    calls.clear()
    expected = optimize()
    assert first.n_fun_evals <= limit
    assert total == len(calls)
    assert asked <= total
    assert resumed.fun == expected.fun
    assert np.array_equal(resumed.params, expected.params)
    assert resumed.history.fun == expected.history.fun


def test_constraints_are_known_again(path):
    constraint = om.NonlinearConstraint(
        selector=lambda p: p["x"],
        func=lambda x: {"disc": x @ x, "both": x},
        upper_bound={"disc": 4.0, "both": np.array([9.0, 9.0])},
    )

    def optimize(**kwargs):
        return om.minimize(
            lambda p: (p["x"][0] - 3) ** 2 + (p["x"][1] - 1) ** 2,
            {"x": np.array([0.5, 0.5])},
            "scipy_slsqp",
            constraints=constraint,
            **kwargs,
        )

    optimize(logging=path, algo_options={"stopping_maxfun": 3})
    resumed, expected = optimize(logging=path, resume=True), optimize()
    assert resumed.fun == expected.fun
    assert resumed.history.fun == expected.history.fun
    assert resumed.max_constraint_violation == expected.max_constraint_violation


def test_workers_may_be_others(path):
    def optimize(n_cores, **kwargs):
        return om.minimize(
            lambda x: np.sum(x**2 + 10 * (1 - np.cos(6.283 * x))),
            np.array([3.0, -2.0]),
            "scipy_neldermead",
            bounds=om.Bounds(lower=np.full(2, -5.0), upper=np.full(2, 5.0)),
            multistart=om.MultistartOptions(
                n_samples=40, seed=1, n_cores=n_cores, batch_evaluator="threading"
            ),
            **kwargs,
        )

    optimize(3, logging=path, algo_options={"stopping_maxfun": 20})
    resumed, expected = optimize(1, logging=path, resume=True), optimize(1)
    assert resumed.fun == expected.fun
    assert np.array_equal(resumed.params, expected.params)
    assert resumed.multistart_info.n_optimizations == expected.multistart_info.n_optimizations
