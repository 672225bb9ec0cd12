"""Draw the pictures of docs/plots.md: the figures of its examples.

    python scripts/pictures/plots.py [another folder]

They are drawn by thalweg itself, so that the same code draws the same bytes, whatever is installed.
"""

import sys
from pathlib import Path

import numpy as np
import thalweg as om
from thalweg._plots import _render

_render.find_spec = lambda name: None  # no other plotting package than our own

TARGET = Path(__file__).parents[2] / "docs" / "pictures"


def rosenbrock(x):
    return np.sum(100 * (x[1:] - x[:-1] ** 2) ** 2 + (1 - x[:-1]) ** 2)


def rastrigin(x):
    return np.sum(x**2 + 10 * (1 - np.cos(2 * np.pi * x)))


def fun(p):
    return (p["a"] - 1) ** 2 + p["b"] ** 2 + ((p["c"] - np.arange(3)) ** 2).sum()


def noisy_valley(p):
    return 0.2 * (p["level"] - 1) ** 2 + 0.4 * np.abs(p["slope"]) + 0.2 * np.sin(8 * p["phase"])


def draw_criterion():
    start = np.array([-1.2, 1.0, 0.5])
    names = ("neldermead", "lbfgsb", "newuoa")
    results = {name: om.minimize(rosenbrock, start, name) for name in names}
    figure = om.criterion_plot(results, monotone=True, max_evaluations=300)
    figure.data["panels"][0]["y"]["log"] = True
    return figure


def draw_search():
    search = om.minimize(
        rastrigin,
        params=np.array([4.5, 3.5]),
        algorithm="scipy_neldermead",
        bounds=om.Bounds(lower=np.full(2, -4.12), upper=np.full(2, 6.12)),
        multistart={"seed": 5, "stopping_maxopt": 8},
    )
    return om.criterion_plot(search)


def draw_params():
    result = om.minimize(fun, {"a": 0.5, "b": 2.0, "c": np.full(3, 3.0)}, "neldermead")
    return om.params_plot(result, max_evaluations=150)


PARAMS = {"level": 0.5, "slope": 1.0, "phase": 0.2}
BOUNDS = om.Bounds(
    lower={"level": -1, "slope": -2, "phase": 0}, upper={"level": 3, "slope": 2, "phase": 3}
)


def draw_slices():
    return om.slice_plot(noisy_valley, PARAMS, BOUNDS, n_gridpoints=60, plots_per_row=3)


def draw_pairs():
    return om.slice_plot_3d(noisy_valley, PARAMS, BOUNDS, projection="contour")


def main(folder):
    drawn = {
        "criterion_plot": draw_criterion(),
        "criterion_plot_multistart": draw_search(),
        "params_plot": draw_params(),
        "slice_plot": draw_slices(),
        "slice_plot_3d": draw_pairs(),
    }
    for name, figure in drawn.items():
        figure.write_image(folder / f"{name}.svg")


if __name__ == "__main__":
    main(Path(sys.argv[1]) if len(sys.argv) > 1 else TARGET)
