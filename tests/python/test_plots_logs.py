"""A plot from a log is the plot from the result."""

import numpy as np
import pytest
import thalweg as om

pytest.importorskip("plotly")
pytest.importorskip("thalweg._log_reader", reason="logs are not there yet")

BOX = om.Bounds(lower=np.full(2, -4.0), upper=np.full(2, 5.0))


def sphere(x):
    return x @ x


def rastrigin(x):
    return float(np.sum(x * x + 10 * (1 - np.cos(2 * np.pi * x))))


def dict_sphere(p):
    return p["a"] ** 2 + p["b"] @ p["b"]


def simplex(path):
    return om.minimize(sphere, np.arange(3.0), "scipy_neldermead", logging=path)


def derivatives_apart(path):
    start, gradient = np.arange(3.0), lambda x: 2 * x
    return om.minimize(sphere, start, "scipy_slsqp", jac=gradient, logging=path)


def tree(path):
    return om.minimize(dict_sphere, {"a": 1.0, "b": np.arange(2.0)}, "neldermead", logging=path)


def search(path, **options):
    options = {"n_samples": 60, "seed": 1, "stopping_maxopt": 4, **options}
    start = np.array([3.1, -2.9])
    return om.minimize(
        rastrigin, start, "scipy_neldermead", bounds=BOX, multistart=options, logging=path
    )


def batched_search(path):
    return search(path, batch_size=3)


def maximizing_search(path):
    options = {"n_samples": 60, "seed": 1, "stopping_maxopt": 3}
    return om.maximize(
        lambda x: -rastrigin(x),
        np.array([3.1, -2.9]),
        "scipy_neldermead",
        bounds=BOX,
        multistart=options,
        logging=path,
    )


RUNS = [simplex, derivatives_apart, tree, search, batched_search, maximizing_search]


@pytest.mark.parametrize("run", RUNS)
def test_plots_from_logs(run, tmp_path):
    path = tmp_path / "run.db"
    result = run(path)
    for options in (
        {},
        {"monotone": True, "max_evaluations": 50},
        {"stack_multistart": True},
        {"show_exploration": True, "monotone": True},
    ):
        assert om.criterion_plot(path, **options) == om.criterion_plot(result, **options)
    assert om.params_plot(str(path)) == om.params_plot(result)
    explored = om.params_plot(result, show_exploration=True)
    assert om.params_plot(path, show_exploration=True) == explored


def test_selectors_know_the_structure(tmp_path):
    result = tree(tmp_path / "run.db")
    figure = om.params_plot(tmp_path / "run.db", selector=lambda p: p["b"])
    assert [line.name for line in figure.data] == ["b_0", "b_1"]
    assert figure == om.params_plot(result, selector=lambda p: p["b"])


def test_logs_and_results_together(tmp_path):
    result = simplex(tmp_path / "run.db")
    figure = om.criterion_plot({"log": tmp_path / "run.db", "result": result})
    assert [line.name for line in figure.data] == ["log", "result"]
    assert list(figure.data[0].y) == list(figure.data[1].y)


@pytest.mark.parametrize("plot", [om.criterion_plot, om.params_plot])
def test_a_missing_log(plot, tmp_path):
    with pytest.raises(FileNotFoundError) as caught:
        plot(tmp_path / "nothing.db")
    assert str(tmp_path / "nothing.db") in str(caught.value)
