"""Compare differential evolution with scipy's: success rates and evaluations over seeds.

Run from the root of the repository with scipy installed: python scripts/reference/compare_differential_evolution.py [seeds]
Prints one line per setting and function: the share of runs that end within 1e-4 of the minimum and the median number of evaluations,
here and in scipy, the ratio of the medians, and Fisher's p for equal shares.
"""

import collections
import subprocess
import sys

import numpy as np
from scipy.optimize import differential_evolution
from scipy.stats import fisher_exact

N_SEEDS = int(sys.argv[1]) if len(sys.argv) > 1 else 15
TAU = 2 * np.pi
FUNCTIONS = {
    "sphere": lambda x: (x * x).sum(axis=0),
    "rosenbrock": lambda x: (100 * (x[1:] - x[:-1] ** 2) ** 2 + (1 - x[:-1]) ** 2).sum(axis=0),
    "rastrigin": lambda x: (10 + x * x - 10 * np.cos(TAU * x)).sum(axis=0),
    "ackley": lambda x: (
        20
        + np.e
        - 20 * np.exp(-0.2 * np.sqrt((x * x).mean(axis=0)))
        - np.exp(np.cos(TAU * x).mean(axis=0))
    ),
}

command = "cargo run --release -p thalweg-algorithms --example differential_evolution_statistics --"
output = subprocess.run(
    [*command.split(), str(N_SEEDS)], check=True, capture_output=True, text=True
).stdout
ours = collections.defaultdict(list)
for line in output.splitlines():
    strategy, sampling, name, n, _, evaluations, value = line.split()
    ours[strategy, sampling, name, int(n)].append((int(evaluations), float(value)))


def scipy_run(strategy, sampling, name, n, seed):
    # Vectorized, so that the comparison takes seconds; the population evolves as with updating="deferred".
    count = 0

    def objective(x):
        nonlocal count
        count += x.shape[1] if x.ndim == 2 else 1
        return FUNCTIONS[name](x)

    result = differential_evolution(
        objective,
        [(-4.0, 6.0)] * n,
        x0=np.full(n, 5.0),
        strategy=strategy,
        init=sampling,
        polish=False,
        updating="deferred",
        vectorized=True,
        atol=1e-8,
        tol=0.01,
        maxiter=10**6,
        rng=seed,
    )
    return count, float(result.fun)


def summary(runs):
    solved = sum(value <= 1e-4 for _, value in runs)
    return solved, len(runs), float(np.median([evaluations for evaluations, _ in runs]))


print(f"{N_SEEDS} seeds; solved and median evaluations, thalweg | scipy")
for (strategy, sampling, name, n), runs in ours.items():
    solved, total, median = summary(runs)
    reference = [scipy_run(strategy, sampling, name, n, seed) for seed in range(N_SEEDS)]
    solved_ref, total_ref, median_ref = summary(reference)
    p = fisher_exact([[solved, total - solved], [solved_ref, total_ref - solved_ref]]).pvalue
    print(
        f"{strategy:18} {sampling:15} {name:11} n={n}  {solved:3} {median:8.0f} | "
        f"{solved_ref:3} {median_ref:8.0f}  ratio {median / median_ref:.2f}  p {p:.2f}",
        flush=True,
    )
