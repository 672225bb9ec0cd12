"""What a constraint adds to an evaluation of ten parameters, in thalweg and in optimagic, in the same run.

    python benches/constraints.py [--quick]

Time per evaluation = (time of a long run - time of a run of two evaluations) / (their difference in evaluations); each
time is the minimum over many runs. What a constraint adds is the difference to the same run without it. The objective
does nothing, so that all of the time is the library's. Without optimagic installed, only thalweg is measured.
"""

import argparse
import importlib.util
import os
import time

os.environ.setdefault("OPENBLAS_NUM_THREADS", "1")

import numpy as np

import thalweg as om

TARGET = 1.0  # microseconds that a constraint may add
BUDGET = 1000
SECONDS = 2.0

TRIANGLE = np.array([1, 0.1, 2, 0.2, 0.3, 3, 0.1, 0.2, 0.3, 4])  # a covariance matrix with four rows
PROBLEMS = {
    "fixed": (np.arange(10.0), lambda m: m.FixedConstraint(lambda x: x[:5])),
    "equality": (np.ones(10), lambda m: m.EqualityConstraint(lambda x: x[:5])),
    "increasing": (np.arange(10.0), lambda m: m.IncreasingConstraint(lambda x: x)),
    "linear": (np.ones(10), lambda m: m.LinearConstraint(lambda x: x, weights=1.0, value=10.0)),
    "probability": (np.full(10, 0.1), lambda m: m.ProbabilityConstraint(lambda x: x)),
    "covariance": (TRIANGLE, lambda m: m.FlatCovConstraint(lambda x: x)),
    "sdcorr": (np.r_[1, 2, 3, 4, np.full(6, 0.1)], lambda m: m.FlatSDCorrConstraint(lambda x: x)),
}


def best_time(call, seconds):
    call()
    best, end = np.inf, time.perf_counter() + seconds
    while time.perf_counter() < end:
        begin = time.perf_counter()
        call()
        best = min(best, time.perf_counter() - begin)
    return best


class Objective:
    """Values that keep Nelder-Mead busy, and nothing else."""

    def __init__(self):
        self.calls = 0

    def fun(self, _):
        self.calls += 1
        return float(self.calls * 7 % 11)


def per_evaluation(module, start, constraints, budget):
    """Microseconds per evaluation of a Nelder-Mead run, without the fixed cost of the call."""
    objective, calls, times = Objective(), [], []
    for maxfun in (budget, 2):
        options = {"stopping.maxfun": maxfun, "stopping.maxiter": maxfun}

        def run(options=options):
            module.minimize(objective.fun, start, "scipy_neldermead", constraints=constraints, algo_options=options)

        objective.calls = 0
        run()
        calls.append(objective.calls)
        times.append(best_time(run, SECONDS))
    return 1e6 * (times[0] - times[1]) / (calls[0] - calls[1])


def added(module, start, make, budget):
    return per_evaluation(module, start, make(module), budget) - per_evaluation(module, start, None, budget)


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--quick", action="store_true", help="shorter measurements")
    if parser.parse_args().quick:
        global SECONDS
        SECONDS = 0.4
    peer = importlib.util.find_spec("optimagic") is not None
    if peer:
        import optimagic
    print("Microseconds that a constraint on ten parameters adds per evaluation")
    print(f"{'':14}{'thalweg':>10}{'optimagic':>12}{'ratio':>9}")
    slow = []
    for name, (start, make) in PROBLEMS.items():
        own = added(om, start, make, BUDGET)
        line = f"{name:14}{own:>10.2f}"
        if peer:
            other = added(optimagic, start, make, BUDGET // 4)
            line += f"{other:>12.1f}{other / max(own, 0.01):>9.0f}"
        print(line)
        if own > TARGET:
            slow.append(name)
    print(f"More than {TARGET} us: {', '.join(slow) or 'none'}")


if __name__ == "__main__":
    main()
