"""docs/pictures/constraints.svg: optimizers that keep a simplex and an order at every evaluation.

Run from the root of the repository with the package and matplotlib installed:
python scripts/pictures/constraints.py [another path, for example of a PNG file]
"""

import hashlib
import sys
from pathlib import Path

import matplotlib as mpl
import matplotlib.pyplot as plt
import numpy as np
import thalweg as om

mpl.rcParams.update({"svg.hashsalt": "thalweg", "svg.fonttype": "none", "font.size": 10})

INK, PATH, BEST, ALLOWED = "#333333", "#1f5fa8", "#c8402d", "#eef3f8"
SOURCE = hashlib.sha256(Path(__file__).read_text().encode()).hexdigest()
"""Stands in the picture, so that a test sees whether it was drawn by what stands here."""
CORNERS = np.array([[0.0, 0.0], [1.0, 0.0], [0.5, np.sqrt(3) / 2]])

COUNTS = np.array([6.0, 3.0, 1.0])
"""How often each of three things was seen: their shares maximize a likelihood."""


def minus_log_likelihood(shares):
    with np.errstate(divide="ignore"):
        return -float(COUNTS @ np.log(np.maximum(shares, 1e-300)))


def tilted(x):
    return (x[0] - 2) ** 2 + 2 * (x[1] - 0.25) ** 2 + 0.8 * x[0] * x[1]


def evaluations(fun, start, constraint, algorithm):
    """The points of all evaluations, those of the accepted steps, and the solution."""
    points = []

    def recording(x):
        points.append(x.copy())
        return fun(x)

    result = om.minimize(recording, start, algorithm, constraints=constraint)
    accepted = np.array(result.history.params)[result.history.is_accepted]
    return np.array(points), accepted, result.params


def draw_path(axes, points, accepted, best):
    axes.plot(*points.T, ".", color=PATH, alpha=0.35, markersize=5, markeredgewidth=0, zorder=3)
    axes.plot(*accepted.T, "-", color=PATH, linewidth=1.4, zorder=4)
    axes.plot(*accepted[0], "o", color="white", markeredgecolor=PATH, markersize=7, zorder=5)
    axes.plot(*best, "o", color=BEST, markersize=7, zorder=6)


def draw_simplex(axes):
    grid = np.linspace(0, 1, 201)
    first, second = np.meshgrid(grid, grid)
    third = 1 - first - second
    inside = third > 1e-9
    shares = np.stack([first, second, third], axis=-1)
    values = np.full(first.shape, np.nan)
    values[inside] = [minus_log_likelihood(np.maximum(p, 1e-9)) for p in shares[inside]]
    x, y = np.moveaxis(shares @ CORNERS, -1, 0)
    axes.add_patch(plt.Polygon(CORNERS, facecolor=ALLOWED, edgecolor=INK, linewidth=1))
    levels = minus_log_likelihood(COUNTS / 10) + np.array([0.15, 0.6, 1.5, 3, 6, 10, 16])
    masked = np.ma.masked_invalid(values)
    axes.contour(x, y, masked, levels, colors=INK, linewidths=0.5, alpha=0.5)
    run = evaluations(
        minus_log_likelihood, np.array([0.05, 0.15, 0.8]), om.ProbabilityConstraint(), "neldermead"
    )
    draw_path(axes, *(part @ CORNERS for part in run))
    for corner, text, align in zip(
        CORNERS, ("first = 1", "second = 1", "third = 1"), ("left", "right", "center"), strict=True
    ):
        up = corner[1] > 0
        axes.annotate(
            text,
            corner,
            (0, 6 if up else -6),
            textcoords="offset points",
            ha=align,
            va="bottom" if up else "top",
        )
    axes.set(xlim=(-0.08, 1.08), ylim=(-0.1, 0.95), aspect="equal")
    axes.axis("off")
    axes.set_title("Three shares: ProbabilityConstraint")


def draw_order(axes):
    grid = np.linspace(-2, 3, 201)
    first, second = np.meshgrid(grid, grid)
    axes.fill_between(grid, grid, 3, color=ALLOWED, linewidth=0)
    levels = [0.5, 1.5, 3, 5, 8, 12, 17, 24, 32]
    axes.contour(first, second, tilted((first, second)), levels, colors=INK, linewidths=0.5, alpha=0.5)
    axes.plot(grid, grid, color=INK, linewidth=1)
    run = evaluations(tilted, np.array([-1.5, 2.5]), om.IncreasingConstraint(), "lbfgsb")
    draw_path(axes, *run)
    axes.text(-1.7, -0.6, r"$x_1 \leq x_2$", ha="left")
    axes.set(xlim=(-2, 3), ylim=(-2, 3), aspect="equal", xlabel="$x_1$", ylabel="$x_2$")
    axes.set_title("Two numbers in order: IncreasingConstraint")


def main():
    path = sys.argv[1] if len(sys.argv) > 1 else "docs/pictures/constraints.svg"
    figure, (left, right) = plt.subplots(1, 2, figsize=(9, 4.2), layout="constrained")
    draw_simplex(left)
    draw_order(right)
    metadata = {"Date": None, "Source": SOURCE} if path.endswith(".svg") else None
    figure.savefig(path, metadata=metadata, dpi=110)


if __name__ == "__main__":
    main()
