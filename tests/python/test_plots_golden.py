"""The same histories and functions plotted by optimagic: scripts/reference/golden_plots.py.

Differences on purpose: the grey lines of local optimizations and the markers have names of their own, and a
single line has no legend.
"""

import json
from pathlib import Path

import numpy as np
import pytest
import thalweg as om
from thalweg._multistart import MultistartInfo

pytest.importorskip("plotly")

GOLDEN = json.loads((Path(__file__).parent / "golden" / "plots.json").read_text())


def result(data, direction="minimize", info=None):
    points, n = [np.array(point, dtype=float) for point in data["params"]], len(data["fun"])
    times = (list(range(n)), list(range(1, n + 1)), list(range(n)))
    history = om.History(direction, points, data["fun"], *times, ["fun"] * n)
    start = points[0]
    return om.OptimizeResult(
        start, 0.0, 0.0, start, "a", direction, 2, history=history, multistart_info=info
    )


def results():
    local, exploration = GOLDEN["local"], GOLDEN["exploration"]
    info = MultistartInfo(
        start_parameters=[np.array(run["params"][0]) for run in local],
        local_optima=[result(run) for run in local],
        exploration_sample=[np.array(point, dtype=float) for point in exploration["params"]],
        exploration_results=exploration["fun"],
    )
    return {
        "single": result(GOLDEN["single"]),
        "second": result(GOLDEN["second"]),
        "maximized": result(GOLDEN["single"], "maximize"),
        "search": result(local[1], info=info),
    }


def lopsided(x):
    return float(x[0] + 10 * x[1] ** 2 + 100 * x[2])


def compare(figure, expected):
    assert len(figure.data) == len(expected)
    for ours, theirs in zip(figure.data, expected, strict=True):
        assert list(ours.x) == pytest.approx(theirs["x"], rel=1e-14)
        assert list(ours.y) == pytest.approx(theirs["y"], rel=1e-14)
        if theirs["mode"] is None:
            assert (ours.name, ours.mode) == ("start", "markers")
            continue
        is_local = theirs["color"] == "#bab0ac"
        name = f"local optimization {theirs['name']}" if is_local else theirs["name"]
        assert (ours.name, ours.mode, ours.line.color) == (name, theirs["mode"], theirs["color"])
        if len(expected) > 1:
            assert bool(ours.showlegend) == theirs["shown"]


@pytest.mark.parametrize("name", GOLDEN["criterion_plot"])
def test_criterion_plots(name):
    golden, made = GOLDEN["criterion_plot"][name], results()
    figure = om.criterion_plot([made[each] for each in golden["results"]], **golden["options"])
    compare(figure, golden["traces"])


@pytest.mark.parametrize("name", GOLDEN["params_plot"])
def test_params_plots(name):
    golden = GOLDEN["params_plot"][name]
    compare(om.params_plot(results()[golden["result"]], **golden["options"]), golden["traces"])


@pytest.mark.parametrize("name", GOLDEN["slice_plot"])
def test_slice_plots(name):
    golden = GOLDEN["slice_plot"][name]
    start, lower, upper = (np.array(GOLDEN["slice"][key]) for key in ("start", "lower", "upper"))
    bounds = om.Bounds(lower=lower, upper=upper)
    figure = om.slice_plot(lopsided, start, bounds=bounds, n_gridpoints=5, **golden["options"])
    compare(figure, golden["traces"])
    assert [figure.layout.width, figure.layout.height] == golden["size"]
    for key, axis in golden["axes"].items():
        assert (figure.layout[key].title.text or None) == axis["title"]
        if axis["range"] and key.startswith("y"):
            assert list(figure.layout[key].range) == pytest.approx(axis["range"], rel=1e-12)
        elif axis["range"]:  # with a margin, so that lines do not end in the frame
            assert list(figure.layout[key].range) == pytest.approx(axis["range"], abs=0.2)
