"""Write what the benchmark sets are compared with, and the points of the Cartis-Roberts set.

Writes, into `crates/thalweg-bench/data/`:

* `benchmark_sets_golden.tsv`: for every problem of optimagic's sets and three points each (the start and two beside it) the sum of
  squares and three weighted sums of the residuals, which fix their sizes, signs and order; and, in the lines of the start, the value
  of the solution that is stored there;
* `cartis_roberts_points.tsv` (with `--points`, takes some minutes): starts that are no formula, and minimizers: optimagic's, or found
  by scipy from the start where there are none, and improved until the gradient is zero to rounding. With `--points NAME ...` only
  these are found again.

Needs optimagic 0.5.3 and scipy 1.17. Run from anywhere:

    python scripts/reference/golden_benchmark_sets.py [--points [NAME ...]]

It calls optimagic's functions and nothing else of it.
"""

import argparse
import sys
import warnings
from pathlib import Path

import numpy as np
from optimagic.benchmarking.get_benchmark_problems import get_benchmark_problems
from scipy.optimize import brentq, least_squares

DATA = Path(__file__).resolve().parents[2] / "crates" / "thalweg-bench" / "data"
SETS = ["more_wild", "cartis_roberts", "example", "estimagic"]
STARTS = ["hydcar6", "hydcar20", "methanb8", "methanl8"]
# The minimizers of these are formulas.
FORMULAS = """arglale arglble argtrig artif brownale broydn_bd chandheq chnrsbne luksan11 msqrta msqrtb oscigrne powellse
vardimne""".split()


def function(problem):
    return lambda x: np.asarray(problem["inputs"]["fun"](np.asarray(x, float)), float)


def start(problem):
    return np.asarray(problem["inputs"]["params"], float)


def point(x0, k):
    """The k-th point of a comparison; tests/benchmark_sets.rs has the same formula."""
    wave = np.sin(k * np.arange(1, len(x0) + 1))
    return [x0, x0 + 0.1 * wave, x0 + 0.05 * (1 + np.abs(x0)) * wave][k]


def golden():
    lines = ["set\tproblem\tpoint\tn_residuals\toptimum\tsum_of_squares\tsines\tcosines\tramp"]
    for name in SETS:
        for problem_name, problem in get_benchmark_problems(name).items():
            optimum = problem["solution"]["value"]
            for k in range(3):
                r = function(problem)(point(start(problem), k))
                i = np.arange(1, len(r) + 1)
                sums = [r @ r, np.sin(i) @ r, np.cos(i) @ r, i / len(r) @ r]
                known = "" if k or optimum is None else repr(float(optimum))
                cells = [name, problem_name, str(k), str(len(r)), known, *(repr(float(s)) for s in sums)]
                lines.append("\t".join(cells))
    (DATA / "benchmark_sets_golden.tsv").write_text("\n".join(lines) + "\n")


def candidates(name, problem):
    """Points from which a minimizer is looked for."""
    if name == "chemrcta":
        # Without a reaction, which is negligible at this temperature, all values are those of the first equations.
        h = 1 / 49
        return [np.repeat([h / (1 + h), 5 * h / (1 + 5 * h)], 50)]
    if name == "penalty_1":
        # All parameters are the same by symmetry.
        slope = lambda t: 2e-3 * (t - 2) + 400 * t * (100 * t * t - 0.25)
        return [np.full(100, brentq(slope, 0.01, 0.1, xtol=1e-18))]
    stored = np.asarray(problem["solution"]["params"], float)
    return [start(problem)] if np.isnan(stored).any() else [stored]


def minimizer(name, problem):
    fun = function(problem)
    value = lambda x: float(fun(x) @ fun(x))
    best = None
    for x in candidates(name, problem):
        points = [x]
        if name not in ["chemrcta", "penalty_1"] and value(x) > 1e-24 * value(start(problem)):
            tight = {"xtol": 1e-15, "ftol": 1e-15, "gtol": 1e-15, "max_nfev": 300}
            if name.startswith("flosp2"):
                tight["x_scale"] = "jac"  # the Rayleigh number is large
            points.append(least_squares(fun, x, jac="3-point", **tight).x)
        for x in points:
            if best is None or value(x) < value(best):
                best = x
    print(f"{name}: {value(best)!r}", file=sys.stderr, flush=True)
    return best


def points(only):
    path = DATA / "cartis_roberts_points.tsv"
    old = {}
    if path.exists():
        old = {tuple(line.split("\t")[:2]): line for line in path.read_text().splitlines()}
    problems = get_benchmark_problems("cartis_roberts")
    lines = []
    for name, problem in problems.items():
        found = {}
        if name in STARTS:
            found["start"] = start(problem)
        if name not in FORMULAS:
            found["solution"] = None
        for what, x in found.items():
            if what == "solution" and only and name not in only:
                lines.append(old[name, what])
                continue
            x = minimizer(name, problem) if x is None else x
            lines.append("\t".join([name, what, *(f"{value:.15g}" for value in x)]))
    path.write_text("\n".join(lines) + "\n")


if __name__ == "__main__":
    warnings.simplefilter("ignore")
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--points", nargs="*", metavar="NAME")
    arguments = parser.parse_args()
    if arguments.points is not None:
        points(arguments.points)
    golden()
