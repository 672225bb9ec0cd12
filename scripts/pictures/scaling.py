"""docs/pictures/scaling.svg: what an algorithm sees of badly scaled parameters, and what scaling changes.

Run from the root of the repository with the package and matplotlib installed:
python scripts/pictures/scaling.py [another path, for example of a PNG file]
"""

import hashlib
import sys
from pathlib import Path

import matplotlib as mpl
import matplotlib.pyplot as plt
import numpy as np
import thalweg as om

mpl.rcParams.update({"svg.hashsalt": "thalweg", "svg.fonttype": "none", "font.size": 10})

INK, BEST = "#333333", "#c8402d"
SOURCE = hashlib.sha256(Path(__file__).read_text().encode()).hexdigest()
"""Stands in the picture, so that a test sees whether it was drawn by what stands here."""
COLORS = {"no scaling": "#8a8a8a", "start_values": "#1f5fa8", "gradient": "#d98a1f"}


def in_units(units):
    """An objective that is as simple as can be in the right units."""

    def fun(x):
        y = x / units - 1
        return float(y @ y + np.prod(y) ** 2)

    return fun


def accepted(fun, start, scaling):
    history = om.minimize(fun, start, "lbfgsb", scaling=scaling).history
    return np.array(history.params)[history.is_accepted]


def draw_view(axes, factor, color, title, scaling):
    """Contours and accepted points in the algorithm's coordinates, in which all directions are alike."""
    units, start = np.array([20.0, 1.0]), np.array([45.0, 2.2])
    fun = in_units(units)
    points = accepted(fun, start, scaling) / factor
    best = units / factor
    half = 1.25 * np.max(np.abs(points[0] - best))
    first = np.linspace(best[0] - half, best[0] + half, 401)
    second = np.linspace(best[1] - half, best[1] + half, 401)
    values = [[fun(np.array([a, b]) * factor) for a in first] for b in second]
    levels = 10.0 ** np.arange(-2, 5, 0.5)
    axes.contour(first, second, values, levels, colors=[INK], linewidths=0.6, alpha=0.35)
    axes.plot(*points.T, "-o", color=color, linewidth=1.4, markersize=3.5, zorder=3)
    axes.plot(*points[0], "o", color="white", markeredgecolor=color, markersize=7, zorder=4)
    axes.plot(*best, "o", color=BEST, markersize=6, zorder=5)
    axes.set(title=title, aspect="equal", xlabel="first coordinate", ylabel="second coordinate")


def draw_progress(axes):
    units, start = np.array([1000.0, 1.0, 0.001]), np.array([3000.0, 2.0, 0.0005])
    scalings = {
        "no scaling": False,
        "start_values": {"clipping_value": 1e-6},
        "gradient": {"method": "gradient", "clipping_value": 1e-6},
    }
    for name, scaling in scalings.items():
        points = accepted(in_units(units), start, scaling)
        distances = np.max(np.abs(points / units - 1), axis=1)
        axes.semilogy(distances, "-o", color=COLORS[name], label=name, markersize=3.5)
    axes.set(title="Distance to the minimum", xlabel="iteration", ylabel="largest relative error")
    axes.legend(frameon=False, loc="lower right", bbox_to_anchor=(1.0, 0.12))


def main(path):
    figure, (seen, scaled, progress) = plt.subplots(1, 3, figsize=(11.5, 3.7), layout="constrained")
    draw_view(seen, np.ones(2), COLORS["no scaling"], "Seen without scaling", False)
    draw_view(
        scaled, np.array([45.0, 2.2]), COLORS["start_values"], "Seen with scaling by start values", True
    )
    draw_progress(progress)
    for axes in (seen, scaled, progress):
        axes.spines[["top", "right"]].set_visible(False)
    metadata = {"Date": None, "Source": SOURCE} if path.endswith(".svg") else None
    figure.savefig(path, metadata=metadata, dpi=110)


if __name__ == "__main__":
    main(sys.argv[1] if len(sys.argv) > 1 else "docs/pictures/scaling.svg")
