"""Searches from many starts with default options, beside optimagic in the same run.

    python benches/multistart.py [--quick] [--more-boxes]

For three functions with many local minima, in 2 and 5 dimensions: how many of 20 searches (20 seeds, 20 starts) end at the global
minimum, and how often they call the objective, numerical derivatives included. Then what the library adds to each of these calls, in
seconds of the processor: other work on the machine must not count.
`--more-boxes` searches three other boxes for each function, too, from other starts.
optimagic is left out where it is not installed.
"""

import argparse
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


def search(library, fun, n, seed, algorithm, box):
    """One search: its value, its calls and its seconds."""
    lower, upper = BOXES[fun][box]
    start = np.random.default_rng((5000 if box else 1000) + seed).uniform(lower, upper, n)
    calls = 0

    def counted(x):
        nonlocal calls
        calls += 1
        return fun(x)

    bounds = library.Bounds(lower=np.full(n, lower), upper=np.full(n, upper))
    begin = time.process_time()
    result = library.minimize(
        counted, start, algorithm, bounds=bounds, multistart=library.MultistartOptions(seed=seed)
    )
    return result.fun, calls, time.process_time() - begin


def own_time(fun, n):
    """Seconds of a bare call."""
    x = np.ones(n)
    times = []
    for _ in range(20):
        begin = time.process_time()
        for _ in range(100):
            fun(x)
        times.append((time.process_time() - begin) / 100)
    return min(times)


def measure(library, fun, n, seeds, algorithm, box):
    """The share of searches that find the minimum, the mean calls, and microseconds added per call."""
    runs = [search(library, fun, n, seed, algorithm, box) for seed in range(seeds)]
    found = sum(value < FOUND for value, _, _ in runs)
    own = own_time(fun, n)
    added = min((seconds - own * calls) / calls for _, calls, seconds in runs)
    return found, np.mean([calls for _, calls, _ in runs]), 1e6 * added


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
        f"found: of {seeds} searches; calls: mean; added: microseconds per call, the least of all searches\n"
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
