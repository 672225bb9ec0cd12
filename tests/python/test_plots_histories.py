"""criterion_plot and params_plot: what is drawn of which results."""

import numpy as np
import pandas as pd
import pytest
import thalweg as om
from thalweg._plots._render import PALETTE

go = pytest.importorskip("plotly.graph_objects")

BOX = om.Bounds(lower=np.full(2, -4.0), upper=np.full(2, 5.0))
GREY = "#bab0ac"


def sphere(x):
    return x @ x


def rastrigin(x):
    return float(np.sum(x * x + 10 * (1 - np.cos(2 * np.pi * x))))


def dict_sphere(x):
    return x["a"] ** 2 + x["b"] ** 2 + (x["c"] ** 2).sum()


@pytest.fixture(scope="module")
def simplex():
    return om.minimize(sphere, np.arange(3.0), "scipy_neldermead")


@pytest.fixture(scope="module")
def gradient():
    return om.minimize(sphere, np.arange(3.0), "scipy_lbfgsb")


@pytest.fixture(scope="module")
def search():
    options = {"n_samples": 60, "seed": 1, "stopping_maxopt": 3}
    start = np.array([3.1, -2.9])
    return om.minimize(rastrigin, start, "scipy_neldermead", bounds=BOX, multistart=options)


@pytest.fixture(scope="module")
def on_a_dict():
    start = {"a": 0.0, "b": 1.0, "c": pd.Series([2.0, 3, 4])}
    return om.minimize(dict_sphere, start, "scipy_neldermead")


def names(figure):
    return [trace.name for trace in figure.data]


# ------------------------------------------------------------------------------------------------------------- the criterion


def test_one_result(simplex):
    figure = om.criterion_plot(simplex)
    assert isinstance(figure, go.Figure)
    (line,) = figure.data
    assert list(line.x) == list(range(len(simplex.history)))
    assert list(line.y) == simplex.history.fun
    assert (line.name, line.mode, line.line.color) == ("0", "lines", PALETTE[0])
    assert figure.layout.xaxis.title.text == "No. of criterion evaluations"
    assert figure.layout.yaxis.title.text == "Criterion value"
    assert figure.layout.width is None, "figures of one panel fit their place"


def test_figures_can_be_changed_like_any_of_plotly(simplex):
    figure = om.criterion_plot(simplex)
    figure.update_layout(title="descent", template="plotly_dark")
    figure.add_hline(y=1)
    assert figure.layout.title.text == "descent"


@pytest.mark.parametrize("as_what", [list, tuple])
def test_several_results_are_told_apart_by_number(simplex, gradient, as_what):
    figure = om.criterion_plot(as_what([simplex, gradient]))
    assert names(figure) == ["0", "1"]
    assert [line.line.color for line in figure.data] == PALETTE[:2]
    assert list(figure.data[1].y) == gradient.history.fun
    legend = figure.layout.legend
    assert (legend.xanchor, legend.yanchor) == ("right", "top")
    assert 0.9 < legend.x <= 1 and 0.9 < legend.y <= 1
    assert all(line.showlegend for line in figure.data)


def test_keys_of_a_dict_are_names(simplex, gradient):
    results = {om.algos.scipy_neldermead: simplex, om.algos.scipy_lbfgsb(): gradient, 3: gradient}
    assert names(om.criterion_plot(results)) == ["scipy_neldermead", "scipy_lbfgsb", "3"]


def test_names_beat_keys_and_numbers(simplex, gradient):
    assert names(om.criterion_plot([simplex, gradient], names=["u", "v"])) == ["u", "v"]
    assert names(om.criterion_plot({"a": simplex}, names="u")) == ["u"]
    assert names(om.criterion_plot(simplex, names="u")) == ["u"]


def test_the_best_so_far(simplex):
    line = om.criterion_plot(simplex, monotone=True).data[0]
    assert np.array_equal(line.y, simplex.history.monotone_fun)


def test_the_best_so_far_of_a_maximization():
    result = om.maximize(lambda x: -(x @ x), np.arange(3.0), "scipy_neldermead")
    assert list(om.criterion_plot(result).data[0].y) == result.history.fun
    line = om.criterion_plot(result, monotone=True).data[0]
    assert np.array_equal(line.y, np.maximum.accumulate(result.history.fun))


def test_lines_are_clipped(simplex, gradient):
    figure = om.criterion_plot([simplex, gradient], max_evaluations=20)
    assert [len(line.x) for line in figure.data] == [20, len(gradient.history)]
    assert list(figure.data[0].y) == simplex.history.fun[:20]


def test_a_palette_is_used_in_turn(simplex, gradient):
    figure = om.criterion_plot([simplex, gradient, simplex], palette=["red", "#00ff00"])
    assert [line.line.color for line in figure.data] == ["red", "#00ff00", "red"]
    assert om.criterion_plot(simplex, palette="green").data[0].line.color == "green"


def test_derivatives_alone_are_gaps_in_the_data():
    def fun(x):
        return (x - 1) @ (x - 1)

    result = om.minimize(fun, np.arange(3.0), "scipy_lbfgsb", jac=lambda x: 2 * (x - 1))
    line = om.criterion_plot(result).data[0]
    values = [value for value in line.y if not np.isnan(value)]
    assert len(line.x) == len(result.history)
    assert values == [value for value in result.history.fun if value is not None]


def test_columns_are_arrays_as_plotly_takes_them_without_looking_at_each_number(simplex):
    figure = om.criterion_plot(simplex)
    assert isinstance(figure.data[0].x, np.ndarray) and isinstance(figure.data[0].y, np.ndarray)


# ----------------------------------------------------------------------------------------------------- searches from many starts


def test_one_search_is_shown_with_all_its_runs(search):
    figure = om.criterion_plot(search)
    optima = search.multistart_info.local_optima
    assert len(figure.data) == len(optima) + 1
    for line, run in zip(figure.data, optima, strict=False):
        assert (line.line.color, line.showlegend) == (GREY, False)
        assert list(line.y) == run.history.fun
    best = figure.data[-1]
    assert (best.name, best.line.color) == ("best result", PALETTE[0])
    assert list(best.y) == search.history.fun
    assert not best.showlegend


def test_a_search_in_a_list_of_one(search):
    assert names(om.criterion_plot([search]))[-1] == "best result"


def test_among_several_results_a_search_is_its_best_run(search, simplex):
    figure = om.criterion_plot({"search": search, "single": simplex})
    assert names(figure) == ["search", "single"]
    assert list(figure.data[0].y) == search.history.fun


def test_runs_of_a_search_can_be_stacked(search):
    (line,) = om.criterion_plot(search, stack_multistart=True).data
    runs = [run.history.fun for run in search.multistart_info.local_optima]
    assert list(line.y) == [value for run in runs for value in run]
    assert list(line.x) == list(range(len(line.y)))


@pytest.mark.parametrize("stack", [True, False])
def test_the_exploration_comes_first_and_its_worst_point_before_all(search, stack):
    (line,) = om.criterion_plot(search, stack_multistart=stack, show_exploration=True).data
    info = search.multistart_info
    n = len(info.exploration_results)
    assert list(line.y[:n]) == info.exploration_results[::-1]
    assert list(line.y[n:]) == [value for run in info.local_optima for value in run.history.fun]


def test_stacking_changes_nothing_for_single_runs(simplex):
    plain = om.criterion_plot(simplex).data[0]
    stacked = om.criterion_plot(simplex, stack_multistart=True, show_exploration=True).data[0]
    assert plain == stacked


# ------------------------------------------------------------------------------------------------------------- parameters


def test_every_parameter_is_a_line(on_a_dict):
    figure = om.params_plot(on_a_dict)
    assert names(figure) == ["a", "b", "c_0", "c_1", "c_2"]
    flat = np.array(on_a_dict.history.flat_params)
    for number, line in enumerate(figure.data):
        assert list(line.y) == flat[:, number].tolist()
        assert list(line.x) == list(range(len(flat)))
    assert figure.layout.xaxis.title.text == "No. of criterion evaluations"
    assert figure.layout.yaxis.title.text == "Parameter value"


@pytest.mark.parametrize(
    ("selector", "selected"),
    [
        (lambda x: x["c"], ["c_0", "c_1", "c_2"]),
        (lambda x: (x["a"], x["c"]), ["a", "c_0", "c_1", "c_2"]),
        (lambda x: {"one": x["c"][1:], "two": x["b"]}, ["c_1", "c_2", "b"]),
        (lambda x: x["b"], ["b"]),
    ],
)
def test_selectors(on_a_dict, selector, selected):
    figure = om.params_plot(on_a_dict, selector=selector, max_evaluations=30)
    assert names(figure) == selected
    assert all(len(line.y) == 30 for line in figure.data)


def test_parameters_of_a_search_are_stacked(search):
    figure = om.params_plot(search)
    runs = [run.history.flat_params for run in search.multistart_info.local_optima]
    stacked = np.concatenate([np.array(run) for run in runs])
    assert [list(line.y) for line in figure.data] == stacked.T.tolist()


def test_parameters_of_the_exploration_come_first(search):
    figure = om.params_plot(search, show_exploration=True)
    sample = np.array(search.multistart_info.exploration_sample)[::-1]
    assert [list(line.y[: len(sample)]) for line in figure.data] == sample.T.tolist()
    assert len(figure.data[0].y) == len(sample) + len(om.params_plot(search).data[0].y)


def test_many_parameters_have_their_legend_beside_the_plot():
    result = om.minimize(sphere, np.arange(20.0), "scipy_lbfgsb")
    figure = om.params_plot(result)
    assert len(figure.data) == 20
    assert figure.layout.legend.x is None or figure.layout.legend.x > 1


# ------------------------------------------------------------------------------------------------------------- calls of 2022


def test_the_template_at_its_place_of_2022(simplex, gradient):
    dark = go.Figure(layout={"template": "plotly_dark"}).layout.template
    assert om.criterion_plot(simplex, None, 10, "plotly_dark").layout.template == dark
    figure = om.criterion_plot([simplex, gradient], None, 10, "plotly_dark", ["red"], False, True)
    assert figure.layout.template == dark
    assert [line.line.color for line in figure.data] == ["red", "red"]
    assert list(figure.data[0].y) == simplex.history.monotone_fun[:10].tolist()
    assert om.params_plot(simplex, None, 10, "plotly_dark").layout.template == dark


def test_the_exploration_at_its_place_of_2022(search):
    figure = om.params_plot(search, None, None, "simple_white", True)
    assert figure.data == om.params_plot(search, show_exploration=True).data
