"""Searches from many starts with default options, beside optimagic in the same run.

    python benches/multistart.py [--quick] [--more-boxes]

For three functions with many local minima, in 2 and 5 dimensions: how many of 20 searches (20 seeds, 20 starts) end at the global
minimum, and how often they call the objective, numerical derivatives included. Then what the library adds to each of these calls, in
time of the processor, since other work on the machine must not count: the time of a search, divided by its calls, less what the objective
itself takes at the points of the search.
`--more-boxes` searches three other boxes for each function, too, from other starts.
optimagic is left out where it is not installed.
"""

import argparse
import collections
import importlib.util
import itertools
import os
import time
import warnings

os.environ.setdefault("OPENBLAS_NUM_THREADS", "1")  # scipy's L-BFGS-B suffers from threads at these sizes

import numpy as np

import thalweg as om

FOUND = 1e-3
"""The minima are 0; the second best local minima of all six problems are above this."""

TIMED, REPEATS, CALLS = 3, 5, 30_000
"""How many searches are timed, and how often each at least, and for how many calls: the fastest counts."""

POINTS, PASSES = 1000, 30
"""How many of a search's points tell what the objective itself takes, and how often they are evaluated: the fastest pass counts."""


def ackley(x):
    radius, waves = np.sqrt(x.dot(x) / len(x)), np.cos(2 * np.pi * x).sum() / len(x)
    return float(20 - 20 * np.exp(-0.2 * radius) + np.e - np.exp(waves))


def griewank(x):
    return float(1 + x.dot(x) / 4000 - np.cos(x / np.sqrt(np.arange(1, len(x) + 1))).prod())


def rastrigin(x):
    return float(x.dot(x) + 10 * (len(x) - np.cos(2 * np.pi * x).sum()))


# First the usual boxes in size, but not centred at the minimum.
BOXES = {
    ackley: [(-25.0, 40.0), (-12.0, 30.0), (-32.0, 21.0), (-15.0, 20.0)],
    griewank: [(-500.0, 700.0), (-300.0, 450.0), (-600.0, 350.0), (-80.0, 130.0)],
    rastrigin: [(-4.12, 6.12), (-5.12, 3.3), (-3.4, 5.12), (-5.12, 5.12)],
}


def search(library, fun, call, n, seed, algorithm, box):
    """One search for `fun`, which is called as `call`: its value and its seconds."""
    lower, upper = BOXES[fun][box]
    start = np.random.default_rng((5000 if box else 1000) + seed).uniform(lower, upper, n)
    bounds = library.Bounds(lower=np.full(n, lower), upper=np.full(n, upper))
    begin = time.process_time()
    result = library.minimize(
        call, start, algorithm, bounds=bounds, multistart=library.MultistartOptions(seed=seed)
    )
    return result.fun, time.process_time() - begin


def observed(library, fun, n, seed, algorithm, box):
    """The value and all points of a search."""
    points = []

    def kept(x):
        points.append(x.copy())
        return fun(x)

    value, _ = search(library, fun, kept, n, seed, algorithm, box)
    return value, points


def own_time(fun, points):
    """Seconds of a bare call, at points spread over all of `points`: not everywhere does it take the same."""
    spread = points[:: max(1, len(points) // POINTS)]
    times = []
    for _ in range(PASSES):
        begin = time.process_time()
        collections.deque(map(fun, spread), maxlen=0)
        times.append(time.process_time() - begin)
    return min(times) / len(spread)


def measure(library, fun, n, seeds, algorithm, box):
    """The share of searches that find the minimum, the mean calls, and microseconds added per call."""
    runs = [observed(library, fun, n, seed, algorithm, box) for seed in range(seeds)]
    added = []
    for seed, (_, points) in enumerate(runs[:TIMED]):
        repeats = max(REPEATS, CALLS // len(points))
        again = [search(library, fun, fun, n, seed, algorithm, box) for _ in range(repeats)]
        seconds = min(seconds for _, seconds in again)
        added.append(seconds / len(points) - own_time(fun, points))
    found = sum(value < FOUND for value, _ in runs)
    return found, np.mean([len(points) for _, points in runs]), 1e6 * np.median(added)


def main():
    parser = argparse.ArgumentParser()
    parser.add_argument("--quick", action="store_true", help="3 seeds instead of 20")
    parser.add_argument("--more-boxes", action="store_true", help="three further boxes, too")
    given = parser.parse_args()
    seeds = 3 if given.quick else 20
    libraries = {"thalweg": om}
    if importlib.util.find_spec("optimagic") is not None:
        import optimagic

        libraries["optimagic"] = optimagic
    warnings.simplefilter("ignore")
    print(
        f"found: of {seeds} searches; calls: mean; added: microseconds per call\n"
        "ratios: calls, ours to theirs; added, theirs to ours\n"
    )
    head = f"{'algorithm':17}{'problem':13}"
    print(head + "".join(f"{name:>12} found   calls   added" for name in libraries) + "     ratios")
    cases = itertools.product(
        range(4 if given.more_boxes else 1), ("scipy_lbfgsb", "scipy_neldermead"), BOXES, (2, 5)
    )
    for box, algorithm, fun, n in cases:
        line, added, all_calls = f"{algorithm:17}{fun.__name__ + f'_{n}':13}", [], []
        for library in libraries.values():
            found, calls, each = measure(library, fun, n, seeds, algorithm, box)
            added.append(each)
            all_calls.append(calls)
            line += f"{found:>18}{calls:>8.0f}{each:>8.2f}"
        if len(added) == 2:
            line += f"{all_calls[0] / all_calls[1]:>10.2f}{added[1] / added[0]:>8.0f}"
        print(line, flush=True)


if __name__ == "__main__":
    main()
