"""What run_benchmark adds to the objectives, beside optimagic in the same run.

    python benches/benchmarks.py [--quick] [--slow]

The problems of Moré and Wild with L-BFGS-B, NLopt's BOBYQA, Nelder-Mead, and with --slow Py-BOBYQA, which takes optimagic many minutes;
1000 evaluations each, one core. Time beyond the objectives = time of run_benchmark - time inside the objectives; processor time, which
other work on the machine hardly changes, the shortest of several runs.

* "same objectives": both libraries call the same Python functions, and both difference them numerically;
* "as users run it": each library with the problems of its own. For thalweg all of the time counts, the objectives' included.

Without optimagic (with nlopt and Py-BOBYQA) only thalweg's times are shown.
"""

import argparse
import importlib.util
import os
import time
import warnings

os.environ.setdefault("OPENBLAS_NUM_THREADS", "1")

import numpy as np

import thalweg as om

# The algorithm and the repetitions of optimagic's runs.
ALGORITHMS = [("scipy_lbfgsb", 2), ("nlopt_bobyqa", 2), ("scipy_neldermead", 2)]
SLOW = [("nag_pybobyqa", 1)]
BUDGET = 1000
GOAL = 20


class Timed:
    """A function that notes how long it takes."""

    def __init__(self, function):
        self.function = function
        self.seconds = 0.0

    def __call__(self, x):
        begin = time.process_time()
        value = self.function(x)
        self.seconds += time.process_time() - begin
        return value


def with_timed_objectives(problems, mark):
    """The problems with objectives that note their time, and those objectives."""
    timed, changed = [], {}
    for name, problem in problems.items():
        function = Timed(problem["inputs"]["fun"])
        timed.append(function)
        inputs = {"fun": mark(function), "params": problem["inputs"]["params"]}
        changed[name] = {**problem, "inputs": inputs}
    return changed, timed


def seconds_beyond(run, problems, mark, algorithm, repetitions):
    """The time of `run` without that of the objectives."""
    best = np.inf
    for _ in range(repetitions):
        changed, timed = with_timed_objectives(problems, mark)
        begin = time.process_time()
        run(changed, [algorithm], max_criterion_evaluations=BUDGET)
        seconds = time.process_time() - begin
        best = min(best, seconds - sum(function.seconds for function in timed))
    return best


def seconds_native(problems, algorithms, repetitions=5):
    """The shortest whole time of native runs."""
    best = np.inf
    for _ in range(repetitions):
        begin = time.process_time()
        om.run_benchmark(problems, algorithms, max_criterion_evaluations=BUDGET)
        best = min(best, time.process_time() - begin)
    return best


def optimagic_functions():
    """optimagic's problems, its run_benchmark and its mark; None if it is not there."""
    if any(importlib.util.find_spec(name) is None for name in ("optimagic", "nlopt", "pybobyqa")):
        return None
    import optimagic
    from optimagic.benchmarking.get_benchmark_problems import get_benchmark_problems
    from optimagic.benchmarking.run_benchmark import run_benchmark

    return get_benchmark_problems, run_benchmark, optimagic.mark.least_squares


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--quick", action="store_true", help="the ten problems of 'example' only")
    parser.add_argument("--slow", action="store_true", help="with Py-BOBYQA, which takes minutes")
    arguments = parser.parse_args()
    name = "example" if arguments.quick else "more_wild"
    warnings.simplefilter("ignore")
    np.seterr(all="ignore")
    peer = optimagic_functions()
    native = om.get_benchmark_problems(name)
    print(f"run_benchmark on {name}: seconds beyond the objectives, one core, {BUDGET} evaluations")
    print(f"{'':18}{'thalweg native':>16}{'thalweg':>10}{'optimagic':>11}{'ratio native':>14}{'ratio same':>12}")
    totals = np.zeros(4)
    for algorithm, repetitions in ALGORITHMS + (SLOW if arguments.slow else []):
        whole = seconds_native(native, [algorithm])
        line = f"{algorithm:18}{whole:>16.3f}"
        if peer is not None:
            problems, run, mark = peer
            theirs_timed = seconds_beyond(run, problems(name), mark, algorithm, repetitions)
            mark = om.mark.least_squares
            ours_timed = seconds_beyond(om.run_benchmark, problems(name), mark, algorithm, 4)
            line += f"{ours_timed:>10.3f}{theirs_timed:>11.2f}{theirs_timed / whole:>14.0f}{theirs_timed / ours_timed:>12.0f}"
            totals += [whole, ours_timed, theirs_timed, 1]
        print(line, flush=True)
    if peer is not None:
        whole, ours, theirs, _ = totals
        print(f"{'all':18}{whole:>16.3f}{ours:>10.3f}{theirs:>11.2f}{theirs / whole:>14.0f}{theirs / ours:>12.0f}")
        print(f"goal: at least {GOAL} times less: {'met' if theirs / whole >= GOAL else 'missed'}")


if __name__ == "__main__":
    main()
