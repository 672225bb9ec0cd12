"""slice_plot and slice_plot_3d: where functions are evaluated, and what is drawn of them."""

import numpy as np
import pandas as pd
import pytest
import thalweg as om
from thalweg._plots._render import PALETTE
from thalweg._thalweg import Tree

go = pytest.importorskip("plotly.graph_objects")

START = np.array([0.0, 1.0, 2.0])
BOX = om.Bounds(lower=np.array([-1.0, -2, -3]), upper=np.array([4.0, 5, 6]))


def sphere(x):
    return x @ x


def lopsided(x):
    return x[0] + 10 * x[1] ** 2 + 100 * x[2]


def lines(figure):
    return [trace for trace in figure.data if trace.type == "scatter" and trace.mode == "lines"]


def marks(figure):
    return [trace for trace in figure.data if getattr(trace, "mode", None) == "markers"]


# --------------------------------------------------------------------------------------------------------------- slice_plot


def test_every_parameter_has_a_slice_through_the_start():
    figure = om.slice_plot(sphere, START, bounds=BOX, n_gridpoints=6)
    assert isinstance(figure, go.Figure)
    assert [line.name for line in lines(figure)] == ["0", "1", "2"]
    for number, (line, mark) in enumerate(zip(lines(figure), marks(figure), strict=True)):
        grid = np.linspace(BOX.lower[number], BOX.upper[number], 6)
        assert np.allclose(line.x, np.union1d(grid, START[number]), rtol=0, atol=1e-15)
        others = START @ START - START[number] ** 2
        assert np.allclose(line.y, np.square(line.x) + others, rtol=1e-15)
        assert (list(mark.x), list(mark.y)) == ([START[number]], [START @ START])
        assert line.line.color == mark.marker.color == PALETTE[0]
    assert (figure.layout.width, figure.layout.height) == (800, 600)
    assert [figure.layout[axis].title.text for axis in ("xaxis", "xaxis2", "xaxis3")] == list("012")
    assert figure.layout.yaxis.title.text == "Function Value"
    assert not figure.layout.showlegend or not any(trace.showlegend for trace in figure.data)


def test_the_vertical_axis_is_shared_and_goes_beyond_the_values():
    figure = om.slice_plot(sphere, START, bounds=BOX, n_gridpoints=6, expand_yrange=0.1)
    values = np.concatenate([line.y for line in lines(figure)])
    margin = 0.1 * np.ptp(values)
    for axis in ("yaxis", "yaxis2", "yaxis3"):
        assert np.allclose(
            figure.layout[axis].range, [values.min() - margin, values.max() + margin]
        )
    assert figure.layout.yaxis2.matches == "y"
    own = om.slice_plot(sphere, START, bounds=BOX, n_gridpoints=6, share_y=False)
    assert own.layout.yaxis.range != own.layout.yaxis3.range
    assert own.layout.yaxis2.matches is None
    assert own.layout.yaxis2.title.text == "Function Value"


def test_the_horizontal_axis_can_be_shared():
    figure = om.slice_plot(sphere, START, bounds=BOX, n_gridpoints=6, share_x=True)
    for axis in ("xaxis", "xaxis2", "xaxis3"):
        low, high = figure.layout[axis].range
        assert -3.3 < low <= -3 and 6 <= high < 6.3
    assert figure.layout.xaxis3.matches == "x"


def test_looks():
    figure = om.slice_plot(
        sphere,
        START,
        bounds=BOX,
        n_gridpoints=3,
        plots_per_row=3,
        title="slices",
        color="red",
        param_names={"0": "zero"},
        template="plotly_dark",
    )
    assert (figure.layout.width, figure.layout.height) == (1200, 300)
    assert figure.layout.title.text == "slices"
    assert {line.line.color for line in lines(figure)} == {"red"}
    assert [line.name for line in lines(figure)] == ["zero", "1", "2"]
    assert figure.layout.xaxis.title.text == "zero"
    assert figure.layout.template == go.Figure(layout={"template": "plotly_dark"}).layout.template


def test_a_single_slice_leaves_no_place_empty():
    figure = om.slice_plot(sphere, START, bounds=BOX, n_gridpoints=3, selector=lambda x: x[1:2])
    assert [line.name for line in lines(figure)] == ["1"]
    assert (figure.layout.width, figure.layout.height) == (400, 300)


def test_panels_of_the_grid_can_be_named_afterwards():
    figure = om.slice_plot(sphere, START, bounds=BOX, n_gridpoints=3)
    figure.add_hline(y=0, row=2, col=1)
    assert figure.layout.shapes[0].yref == "y3"


def test_a_dict_of_figures():
    figures = om.slice_plot(
        sphere, START, bounds=BOX, n_gridpoints=3, return_dict=True, param_names={"2": "two"}
    )
    assert list(figures) == ["0", "1", "two"]
    assert [lines(figure)[0].name for figure in figures.values()] == ["0", "1", "two"]
    ranges = [figure.layout.yaxis.range for figure in figures.values()]
    assert ranges[0] == ranges[1] == ranges[2]


@pytest.mark.parametrize(
    ("params", "bounds", "names"),
    [
        ({"a": 1.0, "b": np.ones(2)}, {"a": 0.0, "b": np.zeros(2)}, ["a", "b_0", "b_1"]),
        (pd.Series([1.0, 2.0], index=["x", "y"]), pd.Series([0.0, 0], ["x", "y"]), ["x", "y"]),
        ((1.0, [2.0, 3.0]), (0.0, [0.0, 0.0]), ["0", "1_0", "1_1"]),
        (2.0, 0.0, [""]),
    ],
)
def test_params_of_any_shape(params, bounds, names):
    tree = Tree(params)

    def fun(params):
        return float(tree.flatten(params) @ tree.flatten(params))

    upper = tree.unflatten(np.full(tree.size, 5.0))
    figure = om.slice_plot(fun, params, om.Bounds(lower=bounds, upper=upper), n_gridpoints=3)
    assert [line.name for line in lines(figure)] == names


def test_bounds_in_a_frame_of_parameters():
    frame = pd.DataFrame({"value": [1.0, 2], "lower_bound": [0.0, 0], "upper_bound": [3.0, 4]})
    figure = om.slice_plot(lambda p: (p["value"] ** 2).sum(), frame, n_gridpoints=3)
    assert [line.x[-1] for line in lines(figure)] == [3, 4]


def test_soft_bounds_stand_in_for_hard_ones():
    bounds = om.Bounds(
        lower=np.array([-np.inf, -2, -3]),
        soft_lower=np.array([-7.0, -1, -1]),
        soft_upper=np.array([4.0, 5, 6]),
    )
    figure = om.slice_plot(sphere, START, bounds=bounds, n_gridpoints=3)
    ends = [(line.x[0], line.x[-1]) for line in lines(figure)]
    assert ends == [(-7, 4), (-2, 5), (-3, 6)]


def test_least_squares_and_likelihoods_are_summed_up():
    @om.mark.least_squares
    def residuals(x):
        return x

    @om.mark.likelihood
    def contributions(x):
        return {"all": x**2}

    @om.mark.least_squares
    def with_info(x):
        return om.LeastSquaresFunctionValue(x, info={"about": "this"})

    plain = om.slice_plot(sphere, START, bounds=BOX, n_gridpoints=4)
    for fun in (residuals, contributions, with_info, lambda x: om.FunctionValue(x @ x)):
        figure = om.slice_plot(fun, START, bounds=BOX, n_gridpoints=4)
        for line, same in zip(lines(figure), lines(plain), strict=True):
            assert np.allclose(line.y, same.y, rtol=1e-14)


def test_dicts_of_2022_as_output():
    def fun(x):
        return {"value": x @ x, "root_contributions": x}

    with pytest.warns(FutureWarning, match="dict"):
        figure = om.slice_plot(fun, START, bounds=BOX, n_gridpoints=4)
    assert list(marks(figure)[0].y) == [5.0]


def test_failures_are_gaps():
    def fun(x):
        if x[0] > 3:
            raise ZeroDivisionError("too large")
        return x @ x

    expected = (
        "1 of 16 evaluations of func failed and are gaps in the plot, the first with "
        "ZeroDivisionError: too large."
    )
    with pytest.warns(UserWarning) as caught:
        figure = om.slice_plot(fun, START, bounds=BOX, n_gridpoints=4)
    assert [str(warning.message) for warning in caught] == [expected]
    assert np.isnan(lines(figure)[0].y[-1])
    assert np.isfinite(lines(figure)[1].y).all()


def test_further_arguments_and_several_cores():
    def fun(x, factor):
        return factor * (x @ x)

    figure = om.slice_plot(
        fun,
        START,
        bounds=BOX,
        func_kwargs={"factor": 3},
        n_gridpoints=4,
        n_cores=2,
        batch_evaluator="threading",
    )
    assert list(marks(figure)[0].y) == [15.0]


def test_slow_functions_are_evaluated_by_the_batch_evaluator():
    import time

    batches = []

    def evaluator(func, arguments, *, n_cores, error_handling, unpack_symbol=None):
        batches.append((len(arguments), n_cores))
        return [func(argument) for argument in arguments]

    def fun(x):
        time.sleep(0.002)
        return x @ x

    om.slice_plot(fun, START, bounds=BOX, n_gridpoints=4, n_cores=2, batch_evaluator=evaluator)
    assert sum(size for size, _ in batches) in (11, 12) and batches[0][1] == 2


def test_the_start_is_evaluated_once():
    calls = []

    def fun(x):
        calls.append(tuple(x))
        return x @ x

    om.slice_plot(fun, START, bounds=BOX, n_gridpoints=4)
    assert len(calls) == len(set(calls))
    assert calls.count(tuple(START)) == 1


# ------------------------------------------------------------------------------------------------------------- slice_plot_3d


def test_slices_in_the_function_for_pairs():
    figure = om.slice_plot_3d(sphere, START, bounds=BOX, n_gridpoints=4)
    assert [line.name for line in lines(figure)] == ["0", "1", "2"]
    assert np.allclose(lines(figure)[0].x, [-1, 0, 2 / 3, 7 / 3, 4])
    assert len(marks(figure)) == 3


@pytest.mark.parametrize("kind", ["contour", "surface"])
def test_a_pair_is_one_plot(kind):
    figure = om.slice_plot_3d(
        lopsided, START, bounds=BOX, n_gridpoints=4, projection=kind, selector=lambda x: x[:2]
    )
    assert (figure.layout.width, figure.layout.height) == (450, 450)
    plot, start = figure.data
    assert plot.type == kind
    for x, column in zip(plot.x, np.transpose(plot.z), strict=True):
        for y, z in zip(plot.y, column, strict=True):
            assert z == pytest.approx(lopsided([x, y, START[2]]))
    assert (start.x[0], start.y[0]) == (0, 1)
    assert start.marker.color == "#D62728"
    if kind == "surface":
        assert start.z[0] == lopsided(START)
        assert plot.opacity == 0.8
        eye = figure.layout.scene.camera.eye
        assert (eye.x, eye.y, eye.z) == (2, 2, 0.5)
        titles = [figure.layout.scene[axis].title.text for axis in ("xaxis", "yaxis", "zaxis")]
        assert titles == ["0", "1", "Function Value"]
    else:
        assert figure.layout.xaxis.title.text == "0"
        assert figure.layout.yaxis.title.text == "1"


def test_a_grid_shows_every_pair_in_the_right_direction():
    figures = om.slice_plot_3d(
        lopsided,
        START,
        bounds=BOX,
        n_gridpoints=4,
        projection={"lower": "contour", "upper": "surface"},
        return_dict=True,
    )
    assert sorted(figures) == [(row, col) for row in range(3) for col in range(3)]
    for (row, col), figure in figures.items():
        plot = figure.data[0]
        if row == col:
            assert plot.mode == "lines"
            continue
        assert plot.type == ("contour" if row > col else "surface")
        for i, x in enumerate(plot.x):
            for j, y in enumerate(plot.y):
                point = START.copy()
                point[col], point[row] = x, y
                assert plot.z[j][i] == pytest.approx(lopsided(point))


def test_every_pair_is_evaluated_once():
    calls = []

    def fun(x):
        calls.append(tuple(x))
        return x @ x

    kinds = {"lower": "contour", "upper": "surface"}
    om.slice_plot_3d(fun, START, bounds=BOX, n_gridpoints=4, projection=kinds)
    assert len(calls) <= 1 + 3 * 4 + 3 * 16


def test_the_grid_has_titles_and_a_cell_for_each_pair():
    figure = om.slice_plot_3d(
        lopsided, START, bounds=BOX, n_gridpoints=4, projection="contour", param_names={"0": "zero"}
    )
    assert (figure.layout.width, figure.layout.height) == (900, 900)
    assert [trace.type for trace in figure.data].count("contour") == 3
    assert len(lines(figure)) == 3
    texts = [annotation.text for annotation in figure.layout.annotations]
    assert texts.count("zero") == texts.count("1") == texts.count("2") == 2


def test_one_triangle_alone():
    figure = om.slice_plot_3d(
        lopsided, START, bounds=BOX, n_gridpoints=4, projection={"lower": None, "upper": "surface"}
    )
    assert [trace.type for trace in figure.data].count("surface") == 3
    assert figure.layout.scene3.camera.eye.x == 2


def test_changes_in_words_of_plotly():
    figure = om.slice_plot_3d(
        sphere,
        START,
        bounds=BOX,
        n_gridpoints=4,
        projection="contour",
        make_subplot_kwargs={"horizontal_spacing": 0.01},
        layout_kwargs={"title": "pairs", "width": 700},
        plot_kwargs={
            "line_plot": {"color_discrete_sequence": ["red"], "markers": True},
            "scatter_plot": None,
            "contour_plot": {"colorscale": "Viridis", "ncontours": 5},
        },
    )
    assert (figure.layout.title.text, figure.layout.width) == ("pairs", 700)
    assert not marks(figure)
    contours = [trace for trace in figure.data if trace.type == "contour"]
    assert {trace.ncontours for trace in contours} == {5}
    slices = [trace for trace in figure.data if trace.type == "scatter"]
    assert {trace.mode for trace in slices} == {"lines+markers"}
    assert {trace.line.color for trace in slices} == {"red"}
    assert figure.layout.xaxis5.domain[0] - figure.layout.xaxis4.domain[1] == pytest.approx(0.01)


def test_a_grid_of_slices_can_have_other_rows_and_columns():
    figure = om.slice_plot_3d(
        sphere, START, bounds=BOX, n_gridpoints=4, make_subplot_kwargs={"rows": 3, "cols": 1}
    )
    assert (figure.layout.width, figure.layout.height) == (300, 900)
    assert figure.layout.xaxis.domain == figure.layout.xaxis3.domain


# ------------------------------------------------------------------------------------------------------------- calls of 2022


def test_bounds_of_2022():
    expected = om.slice_plot(sphere, START, bounds=BOX, n_gridpoints=3)
    with pytest.warns(FutureWarning, match="lower_bounds, upper_bounds -> bounds=Bounds"):
        named = om.slice_plot(
            sphere, START, lower_bounds=BOX.lower, upper_bounds=BOX.upper, n_gridpoints=3
        )
    with pytest.warns(FutureWarning, match="lower_bounds, upper_bounds -> bounds=Bounds"):
        placed = om.slice_plot(sphere, START, BOX.lower, BOX.upper, n_gridpoints=3)
    assert named == placed == expected
    with pytest.warns(FutureWarning, match="lower_bounds, upper_bounds -> bounds=Bounds"):
        om.slice_plot_3d(sphere, START, lower_bounds=BOX.lower, upper_bounds=BOX.upper)


def test_arguments_of_subplots():
    with pytest.warns(FutureWarning, match="make_subplot_kwargs -> changes of the returned figure"):
        figure = om.slice_plot(
            sphere, START, bounds=BOX, make_subplot_kwargs={"horizontal_spacing": 0.01}
        )
    assert figure.layout.xaxis2.domain[0] - figure.layout.xaxis.domain[1] == pytest.approx(0.01)


def test_slice_is_another_word_for_univariate():
    drawn = om.slice_plot_3d(sphere, START, BOX, n_gridpoints=4, projection="slice")
    assert drawn == om.slice_plot_3d(sphere, START, BOX, n_gridpoints=4)


def test_a_number_as_params_has_no_name_but_a_line():
    figure = om.slice_plot(lambda x: x**2, 1.0, bounds=om.Bounds(lower=-1.0, upper=2.0))
    assert len(lines(figure)) == 1 and not figure.layout.shapes
