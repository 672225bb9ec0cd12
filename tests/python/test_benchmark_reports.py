"""Reports and plots of benchmark runs, and every message about what does not fit."""

import sys

import numpy as np
import pytest
import thalweg as om
from benchmark_runs import ALGORITHMS, Broken, problems, results  # noqa: F401
from thalweg.exceptions import InvalidArgumentError


def test_reports(problems, results):
    report = om.convergence_report(problems, results)
    assert report.index.name == "problem" and list(report.columns) == [*ALGORITHMS, "dimensionality"]
    assert set(report["nag_dfols"]) == {"success"}
    assert report.loc["bard_good_start", "dimensionality"] == 3
    ranks = om.rank_report(problems, results)
    assert set(ranks.to_numpy()[:, :3].ravel()) <= {"0", "1", "2", "failed"}
    for measure in ("walltime", "n_batches"):
        assert om.rank_report(problems, results, runtime_measure=measure).shape == (10, 4)
    hard = om.convergence_report(problems, results, stopping_criterion="x", x_precision=1e-12)
    assert (hard == "failed").to_numpy().sum() > 0
    frame = om.convergence_histories(problems, results)
    assert frame["n_evaluations"].min() == 1 and frame["criterion_normalized"].max() > 0
    assert list(frame.columns[:5]) == [
        "problem",
        "algorithm",
        "n_evaluations",
        "n_batches",
        "walltime",
    ]


def test_traceback_reports(problems):
    few = {"box_3d": problems["box_3d"]}
    results = om.run_benchmark(few, [Broken, "lbfgsb"])
    texts = om.traceback_report(few, results, return_type="text")
    assert len(texts) == 1 and texts[0].startswith("broken on box_3d:\nTraceback")
    markdown = om.traceback_report(few, results, return_type="markdown")
    assert markdown.startswith("### broken: box_3d\n\n```python\nTraceback")
    assert list(om.traceback_report(few, results, return_type="dict")) == [("box_3d", "broken")]
    frame = om.traceback_report(few, results)
    assert frame.index.names == ["algorithm", "problem"]
    assert list(frame.columns) == ["traceback", "dimensionality"]
    assert frame.loc[("broken", "box_3d"), "dimensionality"] == 3
    with pytest.raises(ValueError, match="return_type must be one of .*, not 'html'"):
        om.traceback_report(few, results, return_type="html")
    good = {key: value for key, value in results.items() if key[1] == "lbfgsb"}
    assert om.traceback_report(few, good).shape == (0, 2)
    assert om.traceback_report(few, good, return_type="text") == []


def test_what_does_not_fit_is_named(problems, results):
    def message(function, *args, **kwargs):
        with pytest.raises(InvalidArgumentError) as error:
            function(*args, **kwargs)
        return str(error.value)

    few = {name: problems[name] for name in list(problems)[:9]}
    assert message(om.profile_plot, few, results).startswith("the results have runs on 'mancino")
    some = {key: value for key, value in results.items() if key != ("box_3d", "nag_dfols")}
    assert message(om.rank_report, problems, some) == (
        "problems and results do not match: there is no run of 'nag_dfols' on 'box_3d'. Pass the "
        "problems that run_benchmark was called with."
    )
    wrong = {**problems, "box_3d": problems["rosenbrock_good_start"]}
    assert "on 'box_3d' has" in message(om.convergence_report, wrong, results)
    assert message(om.convergence_report, problems, {}) == "results is empty: nothing to report."
    assert message(om.convergence_report, problems, [1]) == (
        "results must be a dictionary, as run_benchmark returns it, not of type list."
    )
    assert message(om.convergence_report, problems, {"a": 1}) == (
        "the keys of results must be pairs of a problem and an algorithm, not 'a'."
    )
    assert message(om.convergence_report, problems, {("a", "b"): {}}) == (
        "results[('a', 'b')] has no key 'params_history'."
    )
    assert message(om.convergence_plot, problems, results, problem_subset="bard") == (
        "problem_subset names 'bard', which is not in the results. Did you mean "
        '["bard_good_start", "mancino_5_good_start", "rosenbrock_good_start"]?'
    )
    assert message(om.convergence_plot, problems, results, algorithm_subset=["lbfgsb"]).startswith(
        "algorithm_subset names 'lbfgsb', which is not in the results. Did you mean [\"scipy_lbfgsb\""
    )
    assert message(om.convergence_plot, problems, results, problem_subset=[]).startswith(
        "problem_subset is empty: name one or more of ["
    )
    assert message(om.convergence_plot, problems, results, problem_subset=[3]) == (
        "problem_subset must be names, but has 3."
    )
    assert message(om.convergence_plot, problems, results, n_cols=0) == (
        "n_cols must be a whole number of at least 1, not 0."
    )
    assert message(om.profile_plot, problems, results, stopping_criterion=None).startswith(
        "stopping_criterion is None, but has to be one of"
    )
    assert message(om.profile_plot, problems, results, stopping_criterion="z") == (
        'stopping_criterion is \'z\', but has to be one of ["y", "x", "x_and_y", "x_or_y"].'
    )
    assert message(om.profile_plot, problems, results, y_precision=0) == (
        "y_precision is 0, but has to be a positive number, for example 1e-4."
    )
    assert message(om.profile_plot, problems, results, x_precision="tight") == (
        "x_precision is 'tight', but has to be a positive number, for example 1e-4."
    )
    assert message(om.rank_report, problems, results, runtime_measure="time").startswith(
        'runtime_measure is "time". It has to be'
    )
    assert message(om.deviation_plot, problems, results, distance_measure="x").startswith(
        'distance_measure is "x". It has to be'
    )


@pytest.fixture(autouse=True)
def _close_figures():
    yield
    if "matplotlib.pyplot" in sys.modules:
        sys.modules["matplotlib.pyplot"].close("all")


def lines(axes):
    return [line for line in axes.get_lines() if line.get_label() in ALGORITHMS]


@pytest.mark.parametrize("runtime_measure", ["n_evaluations", "n_batches", "walltime"])
@pytest.mark.parametrize("normalize_runtime", [False, True])
@pytest.mark.parametrize("stopping_criterion", ["x", "y", "x_and_y", "x_or_y"])
def test_profile_plot(problems, results, runtime_measure, normalize_runtime, stopping_criterion):
    pytest.importorskip("matplotlib")
    axes = om.profile_plot(
        problems,
        results,
        runtime_measure=runtime_measure,
        normalize_runtime=normalize_runtime,
        stopping_criterion=stopping_criterion,
        backend="matplotlib",
    )
    drawn = lines(axes)
    assert [line.get_label() for line in drawn] == sorted(ALGORITHMS)
    report = om.convergence_report(problems, results, stopping_criterion=stopping_criterion)
    for line in drawn:
        share = (report[line.get_label()] == "success").mean()
        assert np.isclose(line.get_ydata()[-1], share)
        assert np.all(np.diff(line.get_ydata()) >= 0)


def test_profile_plot_when_nothing_is_solved(problems, results):
    pytest.importorskip("matplotlib")
    bard = {"bard_good_start": problems["bard_good_start"]}
    of_bard = {key: result for key, result in results.items() if key[0] in bard}
    for normalize in (False, True):
        axes = om.profile_plot(
            bard,
            of_bard,
            stopping_criterion="x",
            x_precision=1e-300,
            normalize_runtime=normalize,
            backend="matplotlib",
        )
        assert len(lines(axes)) == 3
        assert all(np.all(np.asarray(line.get_ydata()) == 0) for line in lines(axes))


def test_lines_of_a_convergence_plot_end_with_the_run_if_nothing_counts_as_solved(problems, results):
    pytest.importorskip("matplotlib")
    options = {"problem_subset": ["box_3d"], "combine_plots_in_grid": False, "backend": "matplotlib"}
    ((_, cut),) = om.convergence_plot(problems, results, **options).items()
    ((_, whole),) = om.convergence_plot(
        problems, results, stopping_criterion=None, x_precision=-1, **options
    ).items()
    for short, line in zip(lines(cut), lines(whole), strict=True):
        run = results["box_3d", line.get_label()]
        assert len(line.get_ydata()) == len(run["criterion_history"])
        y = short.get_ydata()
        assert np.array_equal(y, line.get_ydata()[: len(y)])
    assert any(
        len(short.get_ydata()) < len(line.get_ydata())
        for short, line in zip(lines(cut), lines(whole), strict=True)
    )


def test_convergence_plot(problems, results):
    pytest.importorskip("matplotlib")
    four = ["bard_good_start", "box_3d", "chebyquad_6", "bdqrtic_8"]
    axes = om.convergence_plot(problems, results, problem_subset=four, backend="matplotlib")
    assert axes.shape == (2, 2)
    assert axes[0, 0].get_title() == "Bard Good Start"
    assert lines(axes[0, 0])[0].get_ydata()[0] == 1
    one = om.convergence_plot(
        problems,
        results,
        problem_subset="box_3d",
        algorithm_subset="nag_dfols",
        distance_measure="parameter_distance",
        monotone=False,
        normalize_distance=False,
        runtime_measure="n_batches",
        combine_plots_in_grid=False,
        backend="matplotlib",
    )
    logarithmic = om.convergence_plot(
        problems, results, problem_subset="box_3d", log_scale=True, backend="matplotlib"
    )
    assert np.ravel(logarithmic)[0].get_yscale() == "log"
    profile = om.profile_plot(problems, results, log_scale=True, backend="matplotlib")
    assert profile.get_xscale() == "log"
    assert list(one) == ["box_3d"]
    assert len(lines(one["box_3d"])) == 1


def test_deviation_plot(problems, results):
    pytest.importorskip("matplotlib")
    for measure in ("n_evaluations", "walltime", "n_batches"):
        axes = om.deviation_plot(problems, results, runtime_measure=measure, backend="matplotlib")
        for line in lines(axes):
            assert line.get_ydata()[0] <= 1 and np.all(np.diff(line.get_ydata()) <= 1e-12)


def test_names_of_optimagics_modules():
    from thalweg.benchmarking.benchmark_reports import rank_report
    from thalweg.benchmarking.get_benchmark_problems import get_benchmark_problems
    from thalweg.benchmarking.run_benchmark import run_benchmark

    assert (rank_report, get_benchmark_problems, run_benchmark) == (
        om.rank_report,
        om.get_benchmark_problems,
        om.run_benchmark,
    )
