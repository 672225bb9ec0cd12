"""The same figures by every back end, and by none."""

import importlib.util
import json
import sys

import numpy as np
import pytest
import thalweg as om
from thalweg._plots import _native, _render
from thalweg._plots._render import PALETTE, Renderer

START = np.array([0.0, 1.0, 2.0])
BOX = om.Bounds(lower=START - 1, upper=START + 1)


def sphere(x):
    return x @ x


@pytest.fixture(scope="module")
def results():
    return {name: om.minimize(sphere, START, name) for name in ("scipy_neldermead", "scipy_lbfgsb")}


def axis(label, **further):
    return {"label": label, "range": None, "log": False, "show_ticks": True, **further}


def line(name, x, y, color, **further):
    style = {"width": 2.0, "dash": "solid", "step": False, "in_legend": True, "opacity": 1.0}
    return {"type": "line", "name": name, "x": x, "y": y, "color": color, **style, **further}


STEPS = line("steps", [1, 10, 100], [0, 0.5, 1], "#1F77B4", step=True)
DASHES = line("dashes", [1, 10, 100], [1, None, 0.5], "#FF7F0E", dash="dash", connect_gaps=True)
GAPS = line("gaps", [1, 10, 100], [1, None, 0.5], "#2CA02C", dash="dot", in_legend=False)
MARK = {"type": "markers", "name": "start", "x": [10], "y": [0.5], "color": "#000000", "size": 8.0}
LEVEL = {
    "type": "hline",
    "y": 1.0,
    "color": "#7F7F7F",
    "dash": "dot",
    "label": "all{linebreak}solved",
}


def figure(panels, rows=1, cols=1, **further):
    """A figure as the core would describe it, with whatever other plots have than these here."""
    panels = [
        {
            "row": number // cols,
            "col": number % cols,
            "title": f"panel {number}" if rows * cols > 1 else None,
            "x": axis("budget", log=True),
            "y": axis("share{linebreak}solved", range=[0, 1.1]),
            "traces": traces,
            "kind": "xy",
        }
        for number, traces in enumerate(panels)
    ]
    common = {
        "schema": 1,
        "width": 400 * cols,
        "height": 300 * rows,
        "fixed_size": True,
        "title": "title",
        "rows": rows,
        "cols": cols,
        "share_x": False,
        "share_y": False,
        "template_hint": "simple_white",
        "legend": {"position": "top_right_inside"},
        "panels": panels,
        "row_titles": [],
        "col_titles": [],
    }
    return json.dumps(common | further)


ONE = figure([[STEPS, DASHES, GAPS, MARK, LEVEL]])
THREE = figure([[STEPS], [DASHES], [GAPS, MARK]], rows=2, cols=2, share_y=True)


# ----------------------------------------------------------------------------------------------------------------- plotly


def test_plotly_single():
    pytest.importorskip("plotly")
    drawn = Renderer("plotly", None)(ONE)
    by_name = {trace.name: trace for trace in drawn.data}
    assert by_name["steps"].line.shape == "hv"
    assert by_name["dashes"].line.dash == "dash"
    assert by_name["dashes"].connectgaps and not by_name["gaps"].connectgaps
    assert by_name["start"].mode == "markers"
    assert drawn.layout.xaxis.type == "log"
    assert drawn.layout.yaxis.title.text == "share<br>solved"
    assert list(drawn.layout.yaxis.range) == [0, 1.1]
    assert drawn.layout.title.text == "title"
    assert (drawn.layout.width, drawn.layout.height) == (400, 300)
    assert list(by_name["all<br>solved"].y) == [1, 1]


def test_plotly_grid():
    pytest.importorskip("plotly")
    drawn = Renderer("plotly", None)(THREE)
    assert [trace.xaxis for trace in drawn.data] == ["x", "x2", "x3", "x3"]
    assert [note.text for note in drawn.layout.annotations] == ["panel 0", "panel 1", "panel 2"]
    assert drawn.layout.yaxis2.matches == "y"
    assert (drawn.layout.width, drawn.layout.height) == (800, 600)


def test_plotly_writes_pages_and_images(results, tmp_path):
    pytest.importorskip("plotly")
    drawn = om.criterion_plot(results)
    drawn.write_html(tmp_path / "page.html", include_plotlyjs="cdn")
    assert "scipy_neldermead" in (tmp_path / "page.html").read_text()
    pytest.importorskip("kaleido")
    try:
        image = drawn.to_image(format="png", width=600)
    except Exception as error:
        if "hrom" in str(error):
            pytest.skip("kaleido has no browser here")
        raise
    assert image.startswith(b"\x89PNG")


# -------------------------------------------------------------------------------------------------------------- matplotlib


@pytest.fixture
def plt():
    matplotlib = pytest.importorskip("matplotlib")
    matplotlib.use("agg")
    import matplotlib.pyplot

    yield matplotlib.pyplot
    matplotlib.pyplot.close("all")


def test_matplotlib(results, plt):
    before = dict(plt.rcParams)
    axes = om.criterion_plot(results, backend="matplotlib", template="ggplot")
    assert isinstance(axes, plt.Axes)
    assert dict(plt.rcParams) == before
    assert [each.get_label() for each in axes.lines] == list(results)
    assert [each.get_color() for each in axes.lines] == PALETTE[:2]
    for drawn, result in zip(axes.lines, results.values(), strict=True):
        assert drawn.get_ydata().tolist() == result.history.fun
        assert drawn.get_xdata().tolist() == list(range(len(result.history)))
    assert axes.get_xlabel() == "No. of criterion evaluations"
    assert axes.get_ylabel() == "Criterion value"
    assert [text.get_text() for text in axes.get_legend().get_texts()] == list(results)


def test_matplotlib_colours(results, plt):
    axes = om.criterion_plot(results, backend="matplotlib", palette=["tab:blue", "C1"])
    assert [each.get_color() for each in axes.lines] == ["tab:blue", "C1"]


def test_matplotlib_grid(plt):
    axes = om.slice_plot(
        sphere, START, BOX, n_gridpoints=3, backend="matplotlib", title="slices", share_x=True
    )
    assert axes.shape == (2, 2)
    assert not axes[1, 1].axison
    assert [each.get_xlabel() for each in axes.flat] == ["0", "1", "2", ""]
    assert axes[0, 0].get_ylim() == axes[0, 1].get_ylim()
    assert axes[0, 0].figure.get_suptitle() == "slices"
    alone = om.slice_plot(
        sphere, START, BOX, n_gridpoints=3, backend="matplotlib", return_dict=True
    )
    assert [type(each) for each in alone.values()] == [plt.Axes] * 3


def test_matplotlib_draws_all_kinds(plt):
    axes = Renderer("matplotlib", None)(ONE)
    steps, dashes, gaps, level = axes.lines
    assert steps.get_drawstyle() == "steps-post"
    assert dashes.get_linestyle() == "--" and dashes.get_ydata().tolist() == [1, 0.5]
    assert gaps.get_linestyle() == ":" and np.isnan(gaps.get_ydata()[1])
    assert level.get_ydata() == [1, 1]
    assert axes.texts[0].get_text() == "all\nsolved"
    assert axes.get_xscale() == "log"
    assert axes.get_ylabel() == "share\nsolved"
    assert axes.get_ylim() == (0, 1.1)
    assert axes.get_title() == "title"
    assert [text.get_text() for text in axes.get_legend().get_texts()] == ["steps", "dashes"]
    grid = Renderer("matplotlib", None)(THREE)
    assert [each.get_title() for each in grid.flat] == ["panel 0", "panel 1", "panel 2", ""]


@pytest.mark.parametrize(("position", "columns"), [("right", 1), ("below", 3)])
def test_matplotlib_legends_outside(plt, position, columns):
    grid = Renderer("matplotlib", None)(
        figure(
            [[STEPS, DASHES], [STEPS, GAPS | {"in_legend": True}]],
            1,
            2,
            legend={"position": position},
        )
    )
    (legend,) = grid[0, 0].figure.legends
    assert [text.get_text() for text in legend.get_texts()] == ["steps", "dashes", "gaps"]
    assert legend._ncols == columns


# ----------------------------------------------------------------------------------------------------------------- bokeh


def bokeh_lines(plot):
    return [each for each in plot.renderers if type(each.glyph).__name__ in ("Line", "Step")]


def test_bokeh(results):
    pytest.importorskip("bokeh")
    from bokeh.io import curdoc
    from bokeh.plotting import figure as plot_class

    before = curdoc().theme
    plot = om.criterion_plot(results, backend="bokeh", template="dark_minimal")
    assert isinstance(plot, plot_class)
    assert curdoc().theme is before
    assert plot.background_fill_color == "#20262B"
    assert om.criterion_plot(results, backend="bokeh").background_fill_color == "#ffffff"
    lines = bokeh_lines(plot)
    assert [each.name for each in lines] == list(results)
    for each, result in zip(lines, results.values(), strict=True):
        assert list(each.data_source.data["y"]) == result.history.fun
    assert plot.legend.location == ["top_right"] or plot.legend[0].location == "top_right"
    assert [item.label.value for item in plot.legend[0].items] == list(results)
    assert plot.xaxis[0].axis_label == "No. of criterion evaluations"


def test_bokeh_grid():
    pytest.importorskip("bokeh")
    from bokeh.models import GridPlot

    grid = om.slice_plot(sphere, START, BOX, n_gridpoints=3, backend="bokeh")
    assert isinstance(grid, GridPlot)
    plots = {(row, col): plot for plot, row, col in grid.children}
    assert sorted(plots) == [(0, 0), (0, 1), (1, 0)]
    assert plots[0, 0].y_range is plots[0, 1].y_range
    assert plots[1, 0].xaxis[0].axis_label == "2"


def test_bokeh_draws_all_kinds():
    pytest.importorskip("bokeh")
    from bokeh.models import LogScale, Span

    plot = Renderer("bokeh", None)(ONE)
    steps, dashes, gaps = bokeh_lines(plot)
    assert type(steps.glyph).__name__ == "Step" and steps.glyph.mode == "after"
    assert list(dashes.data_source.data["y"]) == [1, 0.5]
    assert np.isnan(gaps.data_source.data["y"][1])
    assert isinstance(plot.x_scale, LogScale)
    assert (plot.y_range.start, plot.y_range.end) == (0, 1.1)
    assert plot.title.text == "title"
    assert [each.location for each in plot.select({"type": Span})] == [1.0]


# ----------------------------------------------------------------------------------------------------------------- altair


def altair_marks(chart):
    return [layer["mark"] for layer in chart.to_dict()["layer"]]


def test_altair(results):
    alt = pytest.importorskip("altair")
    before = alt.theme.active
    chart = om.criterion_plot(results, backend="altair", template="dark")
    assert alt.theme.active == before
    spec = chart.to_dict()
    assert (
        spec["config"]["background"] == "#333"
        if "background" in spec["config"]
        else spec["usermeta"]
    )
    assert [layer["mark"]["type"] for layer in spec["layer"]] == ["line", "line"]
    data = [
        spec["datasets"][layer["data"]["name"]]
        if "name" in layer["data"]
        else layer["data"]["values"]
        for layer in spec["layer"]
    ]
    for rows, (name, result) in zip(data, results.items(), strict=True):
        assert {row["name"] for row in rows} == {name}
        assert [row["y"] for row in rows] == result.history.fun
    assert spec["layer"][0]["encoding"]["x"]["title"] == ["No. of criterion evaluations"]
    assert spec["layer"][0]["encoding"]["color"]["scale"]["range"] == PALETTE[:2]


def test_altair_takes_long_histories():
    pytest.importorskip("altair")
    rows = list(range(6000))
    chart = Renderer("altair", None)(figure([[line("long", rows, rows, "red")]]))
    chart.to_dict()


def test_altair_grid():
    alt = pytest.importorskip("altair")
    grid = om.slice_plot(sphere, START, BOX, n_gridpoints=3, backend="altair", title="slices")
    assert isinstance(grid, alt.VConcatChart)
    spec = grid.to_dict()
    assert [len(row["hconcat"]) for row in spec["vconcat"]] == [2, 1]
    assert spec["title"] == "slices"
    assert spec["vconcat"][0]["resolve"]["scale"]["y"] == "shared"


def test_altair_draws_all_kinds():
    pytest.importorskip("altair")
    chart = Renderer("altair", None)(ONE)
    marks = altair_marks(chart)
    assert [mark["type"] for mark in marks] == ["line", "line", "line", "point", "rule"]
    assert marks[0]["interpolate"] == "step-after"
    spec = chart.to_dict()
    assert spec["layer"][0]["encoding"]["x"]["scale"]["type"] == "log"
    assert spec["layer"][0]["encoding"]["y"]["title"] == ["share", "solved"]
    assert spec["layer"][0]["encoding"]["y"]["scale"]["domain"] == [0, 1.1]


# ----------------------------------------------------------------------------------------------------------- without plotly


@pytest.fixture
def without_plotly(monkeypatch):
    def find_spec(name, *args):
        return None if name == "plotly" else importlib.util.find_spec(name, *args)

    monkeypatch.setattr(_render, "find_spec", find_spec)


def test_figures_of_our_own(results, without_plotly, tmp_path):
    drawn = om.criterion_plot(results)
    assert repr(drawn) == (
        "NativeFigure(1 panels, 2 traces; install plotly for figures that can be changed)"
    )
    assert json.loads(drawn.to_json())["panels"][0]["traces"][1]["name"] == "scipy_lbfgsb"
    drawn.write_html(tmp_path / "page.html")
    page = (tmp_path / "page.html").read_text()
    assert "<svg" in page and "scipy_lbfgsb" in page and "<html" in page
    assert "<svg" in drawn._repr_html_()
    drawn.write_image(tmp_path / "image.svg")
    assert "<svg" in (tmp_path / "image.svg").read_text()
    with pytest.raises(om.exceptions.NotInstalledError) as caught:
        drawn.write_image("image.png")
    assert str(caught.value) == (
        "Without plotly, figures are written as images of the kind .svg, not as 'image.png'. For other "
        "kinds, install plotly and kaleido: 'pip install plotly kaleido'."
    )


@pytest.mark.parametrize("projection", ["univariate", "contour", "surface"])
def test_slices_of_our_own(without_plotly, projection, tmp_path):
    drawn = om.slice_plot_3d(sphere, START, BOX, n_gridpoints=4, projection=projection)
    assert isinstance(drawn, _native.NativeFigure)
    drawn.write_image(tmp_path / "image.svg")
    assert (tmp_path / "image.svg").stat().st_size > 1000


def test_showing_in_a_browser(results, without_plotly, monkeypatch):
    opened = []
    monkeypatch.setattr("webbrowser.open", opened.append)
    om.criterion_plot(results).show()
    assert len(opened) == 1 and opened[0].startswith("file://") and opened[0].endswith(".html")


def test_showing_in_a_notebook(results, without_plotly, monkeypatch):
    class ZMQInteractiveShell:
        pass

    shown = []
    display = type(sys)("IPython.display")
    display.display = shown.append
    notebook = type(sys)("IPython")
    notebook.get_ipython = ZMQInteractiveShell
    monkeypatch.setitem(sys.modules, "IPython", notebook)
    monkeypatch.setitem(sys.modules, "IPython.display", display)
    drawn = om.criterion_plot(results)
    drawn.show()
    assert shown == [drawn]


def test_no_plotting_package_is_imported_before_it_is_needed():
    import subprocess

    code = (
        "import sys, thalweg; thalweg.criterion_plot, thalweg.slice_plot_3d; "
        "print([name for name in ('plotly', 'matplotlib', 'bokeh', 'altair') if name in sys.modules])"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout.strip() == "[]"
