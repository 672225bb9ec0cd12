"""What optimagic's plots of given histories and functions hold, for tests/python/test_plots_golden.py.

Writes tests/python/golden/plots.json: for each plot its arguments, and names and data of its traces.
Histories are data, so that both packages plot the same ones.

Run from the root of the repository with optimagic 0.5.3 and plotly installed:
python scripts/reference/golden_plots.py
"""

import base64
import json
import pathlib
import warnings

import numpy as np
import optimagic as om
from optimagic.optimization.optimize_result import MultistartInfo, OptimizeResult

TARGET = pathlib.Path("tests/python/golden/plots.json")

SINGLE = {
    "fun": [5.0, 7.0, 3.5, 4.0, 1.25, 2.0],
    "params": [[2, 1], [2, 2], [1, 1], [1, 2], [0, 1], [1, 0]],
}
SECOND = {"fun": [4.0, 3.0], "params": [[3, 1], [1, 3]]}
LOCAL = [
    {"fun": [3.0, 2.5, 2.75], "params": [[0, 1], [0.5, 1], [1, 1]]},
    {"fun": [2.0, 0.5], "params": [[2, 2], [2.5, 2]]},
]
EXPLORATION = {"fun": [2.0, 3.0, 6.0], "params": [[2, 2], [0, 1], [4, 4]]}

CRITERION = {
    "one": (["single"], {}),
    "monotone": (["single"], {"monotone": True}),
    "clipped": (["single"], {"max_evaluations": 4}),
    "two": (["single", "second"], {}),
    "named": (["single", "second"], {"names": ["u", "v"]}),
    "maximized": (["maximized"], {"monotone": True}),
    "search": (["search"], {}),
    "stacked": (["search"], {"stack_multistart": True}),
    "stacked best": (["search"], {"stack_multistart": True, "monotone": True}),
    "explored": (["search"], {"stack_multistart": True, "show_exploration": True}),
    "search and single": (["search", "single"], {}),
}
PARAMS = {
    "params": ("single", {}),
    "clipped params": ("single", {"max_evaluations": 3}),
    "params of a search": ("search", {}),
    "explored params": ("search", {"show_exploration": True}),
}
START, LOWER, UPPER = [0.0, 1.0, 2.0], [-1.0, -2.0, -3.0], [4.0, 5.0, 6.0]
SLICES = {
    "slices": {},
    "slices of their own": {"share_y": False, "plots_per_row": 3},
    "wide slices": {"share_x": True, "expand_yrange": 0.1},
}


def lopsided(x):
    return float(x[0] + 10 * x[1] ** 2 + 100 * x[2])


def history(data, direction="minimize"):
    n = len(data["fun"])
    return om.History(
        direction=direction,
        params=[np.array(point, dtype=float) for point in data["params"]],
        fun=data["fun"],
        start_time=list(range(n)),
        stop_time=list(range(1, n + 1)),
        batches=list(range(n)),
        task=["fun"] * n,
    )


def result(data, direction="minimize", info=None):
    point = np.array(data["params"][0], dtype=float)
    return OptimizeResult(
        point,
        0.0,
        0.0,
        point,
        "a",
        direction,
        2,
        history=history(data, direction),
        multistart_info=info,
    )


def results():
    info = MultistartInfo(
        start_parameters=[np.array(run["params"][0]) for run in LOCAL],
        local_optima=[result(run) for run in LOCAL],
        exploration_sample=[np.array(point, dtype=float) for point in EXPLORATION["params"]],
        exploration_results=EXPLORATION["fun"],
    )
    return {
        "single": result(SINGLE),
        "second": result(SECOND),
        "maximized": result(SINGLE, "maximize"),
        "search": result(LOCAL[1], info=info),
    }


def plain(values):
    """A column as a list; plotly may have packed it."""
    if isinstance(values, dict):
        array = np.frombuffer(base64.b64decode(values["bdata"]), dtype=values["dtype"])
        return array.tolist()
    return [float(value) for value in values]


def traces(figure):
    return [
        {
            "name": trace.name,
            "mode": trace.mode,
            "color": trace.line.color,
            "x": plain(trace.x),
            "y": plain(trace.y),
            "shown": trace.showlegend,
        }
        for trace in figure.data
    ]


def main():
    warnings.simplefilter("ignore")
    made = results()
    bounds = om.Bounds(lower=np.array(LOWER), upper=np.array(UPPER))
    golden = {
        "single": SINGLE,
        "second": SECOND,
        "local": LOCAL,
        "exploration": EXPLORATION,
        "slice": {"start": START, "lower": LOWER, "upper": UPPER},
        "criterion_plot": {},
        "params_plot": {},
        "slice_plot": {},
    }
    for name, (which, options) in CRITERION.items():
        figure = om.criterion_plot([made[each] for each in which], **options)
        entry = {"results": which, "options": options, "traces": traces(figure)}
        golden["criterion_plot"][name] = entry
    for name, (which, options) in PARAMS.items():
        figure = om.params_plot(made[which], **options)
        golden["params_plot"][name] = {
            "result": which,
            "options": options,
            "traces": traces(figure),
        }
    for name, options in SLICES.items():
        figure = om.slice_plot(lopsided, np.array(START), bounds=bounds, n_gridpoints=5, **options)
        axes = {
            key: {"title": axis.title.text, "range": list(axis.range or [])}
            for key in ("xaxis", "xaxis2", "xaxis3", "yaxis", "yaxis2", "yaxis3")
            for axis in [figure.layout[key]]
        }
        size = [figure.layout.width, figure.layout.height]
        entry = {"options": options, "traces": traces(figure), "axes": axes, "size": size}
        golden["slice_plot"][name] = entry
    TARGET.write_text(json.dumps(golden, indent=1) + "\n")


if __name__ == "__main__":
    main()
