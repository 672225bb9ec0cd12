"""Draw docs/pictures/multistart.svg: what a search from many starts looks at.

    python scripts/pictures/multistart.py

Needs matplotlib. The same code draws the same bytes: no date, a fixed salt for identifiers.
"""

import hashlib
from pathlib import Path

import matplotlib as mpl
import numpy as np

import thalweg as om

mpl.use("svg")
import matplotlib.pyplot as plt

TARGET = Path(__file__).parents[2] / "docs" / "pictures" / "multistart.svg"
SOURCE = hashlib.sha256(Path(__file__).read_text().encode()).hexdigest()
"""Stands in the picture, so that a test sees whether it was drawn by what stands here."""
LOWER, UPPER = -4.12, 6.12
CLOSER = 2.4


def rastrigin(x):
    return float(np.sum(x * x + 10 * (1 - np.cos(2 * np.pi * x))))


def search():
    return om.minimize(
        rastrigin,
        np.array([4.5, 3.5]),
        algorithm="scipy_neldermead",
        bounds=om.Bounds(lower=np.full(2, LOWER), upper=np.full(2, UPPER)),
        multistart={"seed": 6},
    )


def landscape(axes):
    grid = np.linspace(LOWER, UPPER, 160)
    x, y = np.meshgrid(grid, grid)
    values = x**2 + y**2 + 20 - 10 * (np.cos(2 * np.pi * x) + np.cos(2 * np.pi * y))
    box = (LOWER, UPPER, LOWER, UPPER)
    axes.imshow(values, extent=box, origin="lower", cmap="Greys", alpha=0.45, vmin=-20)
    axes.set(xlim=(LOWER, UPPER), ylim=(LOWER, UPPER), aspect="equal", xlabel="x₀", ylabel="x₁")


def main():
    mpl.rcParams.update(
        {
            "svg.hashsalt": "thalweg",
            "font.family": "sans-serif",
            "font.size": 9,
            "axes.spines.top": False,
            "axes.spines.right": False,
            "svg.fonttype": "path",
        }
    )
    result = search()
    info = result.multistart_info
    figure, (left, right) = plt.subplots(1, 2, figsize=(8.4, 4.2))
    for axes in (left, right):
        landscape(axes)

    sample = np.array(info.exploration_sample)
    starts = np.array(info.start_parameters)
    optima = np.array([run.params for run in info.local_optima])
    left.scatter(*sample.T, s=8, color="#3b6fb6", linewidths=0)
    left.scatter(4.5, 3.5, s=45, marker="s", color="#d1495b", zorder=3)
    left.annotate("start", (4.5, 3.5), xytext=(6, 6), textcoords="offset points", color="#a32d3f")
    left.set_title(f"Exploration: {len(sample)} points", loc="left")

    for number, (start, end) in enumerate(zip(starts, optima), start=1):
        right.annotate(
            "",
            xy=end,
            xytext=start,
            arrowprops={"arrowstyle": "-|>", "color": "#3b6fb6", "lw": 1.4, "shrinkA": 0},
        )
        right.annotate(
            str(number),
            start,
            xytext=(0, 0),
            textcoords="offset points",
            ha="center",
            va="center",
            fontsize=7,
            color="white",
            bbox={"boxstyle": "circle,pad=0.18", "fc": "#3b6fb6", "ec": "none"},
        )
    right.scatter(*result.params, s=130, marker="*", color="#e0a100", edgecolors="black", zorder=4)
    right.set_title(f"{info.n_optimizations} local optimizations (a closer look)", loc="left")
    right.set(xlim=(-CLOSER, CLOSER), ylim=(-CLOSER, CLOSER))
    left.add_patch(
        plt.Rectangle((-CLOSER, -CLOSER), 2 * CLOSER, 2 * CLOSER, fill=False, ec="#555555", lw=0.8)
    )
    figure.tight_layout()
    TARGET.parent.mkdir(exist_ok=True)
    figure.savefig(TARGET, metadata={"Date": None, "Source": SOURCE})
    return result


if __name__ == "__main__":
    main()
