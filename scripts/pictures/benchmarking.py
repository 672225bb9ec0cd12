"""Draw the pictures of docs/benchmarking.md: the figures of its first examples.

    python scripts/pictures/benchmarking.py [another folder]

They are drawn by thalweg itself, so that the same code draws the same bytes, whatever is installed.
"""

import sys
from pathlib import Path

import thalweg as om
from thalweg._plots import _render

_render.find_spec = lambda name: None  # no other plotting package than our own

TARGET = Path(__file__).parents[2] / "docs" / "pictures"
ALGORITHMS = ["scipy_lbfgsb", "nag_dfols", "nlopt_bobyqa", "scipy_neldermead"]
FOUR = ["bard_good_start", "box_3d", "chebyquad_6", "bdqrtic_8"]


def main(folder):
    problems = om.get_benchmark_problems("example")
    results = om.run_benchmark(problems, ALGORITHMS)
    figures = {
        "profile_plot": om.profile_plot(problems, results),
        "convergence_plot": om.convergence_plot(problems, results, problem_subset=FOUR),
        "deviation_plot": om.deviation_plot(problems, results),
    }
    for name, figure in figures.items():
        figure.write_image(folder / f"{name}.svg")


if __name__ == "__main__":
    main(Path(sys.argv[1]) if len(sys.argv) > 1 else TARGET)
