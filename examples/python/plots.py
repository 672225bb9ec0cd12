"""Pictures of runs, and of what is optimized: pages that need no network, written into the folder that is given, or a new one
among the temporary files.

The figures are plotly's where plotly is installed, and thalweg's own elsewhere; `backend` may be "matplotlib", too.
"""

import sys
import tempfile
from pathlib import Path

import numpy as np
import thalweg as om


def rosenbrock(x):
    """A curved valley."""
    return 100.0 * (x[1] - x[0] ** 2) ** 2 + (1.0 - x[0]) ** 2


def rastrigin(x):
    """Many valleys."""
    return float(np.sum(x**2 + 10.0 * (1.0 - np.cos(2.0 * np.pi * x))))


def criterion():
    """Three algorithms on one problem: the best value so far."""
    names = ["neldermead", "bobyqa", "lbfgsb"]
    results = {name: om.minimize(rosenbrock, np.array([-1.2, 1.0]), name) for name in names}
    return om.criterion_plot(results, monotone=True)


def multistart():
    """A search from many starts: the best local run over all others."""
    bounds = om.Bounds(lower=np.full(2, -4.12), upper=np.full(2, 6.12))
    start, options = np.array([4.5, 3.5]), {"n_samples": 100, "seed": 6}
    result = om.minimize(rastrigin, start, "neldermead", bounds=bounds, multistart=options)
    return om.criterion_plot(result)


def params():
    """The way of the parameters."""
    return om.params_plot(om.minimize(rosenbrock, np.array([-1.2, 1.0]), "neldermead"))


def slices():
    """The objective along each parameter."""
    bounds = om.Bounds(lower=np.full(2, -2.0), upper=np.full(2, 2.0))
    return om.slice_plot(rosenbrock, np.array([-1.2, 1.0]), bounds=bounds, n_gridpoints=60)


def pairs(projection):
    """The objective over both parameters."""
    bounds = om.Bounds(lower=np.full(2, -1.5), upper=np.full(2, 1.5))
    start = np.array([0.6, 0.7])
    return om.slice_plot_3d(rastrigin, start, bounds, n_gridpoints=30, projection=projection)


def main():
    folder = Path(sys.argv[1] if len(sys.argv) > 1 else tempfile.mkdtemp())
    figures = {
        "criterion": criterion(),
        "multistart": multistart(),
        "params": params(),
        "slices": slices(),
        "contour": pairs("contour"),
        "surface": pairs("surface"),
    }
    for name, figure in figures.items():
        path = folder / f"plots-{name}.html"
        figure.write_html(path)
        print(path)


if __name__ == "__main__":
    main()
