"""Compare reports and profiles of benchmark runs with those of optimagic, on the same results.

    python scripts/reference/compare_benchmarks.py

Needs optimagic 0.5.3 and the built package on the path. Both report on the results of optimagic's runs: reports have to agree in
every cell, and profiles in every share (optimagic counts evaluations from 0, thalweg from 1).
"""

import warnings

import matplotlib
import matplotlib.pyplot as plt
import numpy as np
import optimagic
from optimagic.benchmarking.benchmark_reports import convergence_report, rank_report
from optimagic.benchmarking.get_benchmark_problems import get_benchmark_problems
from optimagic.benchmarking.run_benchmark import run_benchmark

import thalweg

ALGORITHMS = ["scipy_lbfgsb", "scipy_neldermead", "scipy_powell", "scipy_ls_lm", "nlopt_bobyqa"]
CRITERIA = ["y", "x", "x_and_y", "x_or_y"]
PRECISIONS = [1e-2, 1e-4, 1e-8]


def main():
    matplotlib.use("agg")
    warnings.simplefilter("ignore")
    problems = get_benchmark_problems("example")
    results = run_benchmark(problems, ALGORITHMS, max_criterion_evaluations=300)
    cells = shares = 0
    for criterion in CRITERIA:
        for precision in PRECISIONS:
            options = {"stopping_criterion": criterion, "x_precision": precision, "y_precision": precision}
            for theirs, ours in ((convergence_report, thalweg.convergence_report), (rank_report, thalweg.rank_report)):
                expected = theirs(problems=problems, results=results, **options)
                found = ours(problems, results, **options).loc[expected.index, expected.columns]
                different = expected.astype(str) != found.astype(str)
                assert not different.to_numpy().any(), (options, expected[different], found[different])
                cells += expected.size
            shares += compare_profiles(problems, results, options)
    print(f"{cells} cells of reports and {shares} shares of profiles agree")


def compare_profiles(problems, results, options):
    report = thalweg.convergence_report(problems, results, **options)
    if not (report == "success").to_numpy().any():
        return 0  # optimagic raises an IndexError
    theirs = optimagic.profile_plot(problems, results, **options)
    axes = thalweg.profile_plot(problems, results, **options, backend="matplotlib")
    steps = {line.get_label(): line for line in axes.get_lines()}
    plt.close("all")
    compared = 0
    for line in theirs.data:
        step = steps[line.name]
        x, y = np.asarray(step.get_xdata(), dtype=float), np.asarray(step.get_ydata(), dtype=float)
        for budget, share in zip(line.x, line.y, strict=True):
            at = np.searchsorted(x, budget + 1, side="right") - 1
            assert np.isclose(y[at], share), (options, line.name, budget, y[at], share)
            compared += 1
    return compared


if __name__ == "__main__":
    main()
