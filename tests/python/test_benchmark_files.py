"""Results of benchmarks in files: pickled and as JSON, with the same tables afterwards."""

import json
import pickle

import numpy as np
import pytest
import thalweg as om
from benchmark_runs import ALGORITHMS, Broken, problems  # noqa: F401
from thalweg.exceptions import InvalidResultError


@pytest.fixture(scope="module")
def results(problems):  # noqa: F811
    entrants = {name: name for name in ALGORITHMS} | {"broken": Broken}
    return om.run_benchmark(problems, entrants, max_criterion_evaluations=100)


def same(found, expected):
    assert type(found) is om.BenchmarkResults and list(found) == list(expected)
    for key, run in expected.items():
        again = found[key]
        assert list(again) == list(run)
        for column in run:
            if column == "solution":
                continue
            assert again[column].shape == run[column].shape, (key, column)
            assert again[column].dtype == run[column].dtype, (key, column)
            assert np.array_equal(again[column], run[column], equal_nan=True), (key, column)
        if isinstance(run["solution"], str):
            assert again["solution"] == run["solution"]
        else:
            assert repr(again["solution"]) == repr(run["solution"])
            assert np.array_equal(again["solution"].params, run["solution"].params)


def test_results_come_back_from_files(results, tmp_path):
    same(pickle.loads(pickle.dumps(results)), results)
    results.to_pickle(tmp_path / "runs.pkl")
    same(om.utilities.read_pickle(tmp_path / "runs.pkl"), results)
    same(om.BenchmarkResults.from_json(results.to_json()), results)
    assert results.to_json(tmp_path / "runs.json") is None
    for source in (tmp_path / "runs.json", str(tmp_path / "runs.json")):
        same(om.BenchmarkResults.from_json(source), results)


def test_tables_are_those_from_before(problems, results):
    again = om.BenchmarkResults.from_json(results.to_json())
    for report in (om.convergence_report, om.rank_report):
        assert report(problems, again).equals(report(problems, results))
    failed = om.traceback_report(problems, again, return_type="dict")
    assert len(failed) == len(problems)
    assert failed == om.traceback_report(problems, results, return_type="dict")


def test_runs_of_two_benchmarks_go_together(problems):
    one, two = (
        om.run_benchmark(problems, [name], max_criterion_evaluations=20)
        for name in ("scipy_lbfgsb", "scipy_neldermead")
    )
    both = one | two
    same(om.BenchmarkResults.from_json(both.to_json()), both)
    assert len(both) == 2 * len(problems)
    assert isinstance(one, dict) and not om.BenchmarkResults()


def test_solutions_have_the_structure_of_the_problems():
    """What JSON has no form for comes from the problems."""
    jax = pytest.importorskip("jax")
    jax.config.update("jax_enable_x64", True)
    problem = {
        "inputs": {"fun": lambda p: p["a"] @ p["a"], "params": {"a": jax.numpy.ones(2)}},
        "solution": {"params": {"a": jax.numpy.zeros(2)}, "value": 0.0},
        "start_criterion": 2.0,
        "noisy": False,
        "noise_free_fun": None,
        "info": {},
    }
    results = om.run_benchmark({"jax": problem}, ["scipy_lbfgsb"])
    text = results.to_json()
    read = om.BenchmarkResults.from_json
    assert type(read(text)["jax", "scipy_lbfgsb"]["solution"].params["a"]) is np.ndarray
    solution = read(text, {"jax": problem})["jax", "scipy_lbfgsb"]["solution"]
    assert isinstance(solution.params["a"], jax.Array)


def test_what_is_no_file_of_results_is_said(results):
    read = om.BenchmarkResults.from_json
    one = next(run["solution"] for run in results.values() if not isinstance(run["solution"], str))
    with pytest.raises(
        InvalidResultError,
        match="This is no result of thalweg: 'format' is 'thalweg-result', but has to be 'thalweg-benchmark'.",
    ):
        read(one.to_json())
    document = json.loads(results.to_json())
    with pytest.raises(
        InvalidResultError, match=r"has version 2 of the format, .* reads versions up to 1"
    ):
        read(json.dumps({**document, "version": 2}))
    broken = json.loads(results.to_json())
    del broken["runs"][0]["seconds"]
    with pytest.raises(
        InvalidResultError, match="These results are damaged: the field 'seconds' is missing."
    ):
        read(json.dumps(broken))
    broken = json.loads(results.to_json())
    broken["runs"][0]["batches"].append(1)
    name = broken["runs"][0]["problem"]
    with pytest.raises(
        InvalidResultError,
        match=f"These results are damaged: the columns of {name} by .* have different lengths.",
    ):
        read(json.dumps(broken))
    with pytest.raises(InvalidResultError, match="This result is incomplete"):
        read(results.to_json()[:1000])
