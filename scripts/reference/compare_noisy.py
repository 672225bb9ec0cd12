"""Compare `nag_dfols` with DFO-LS, or `nag_pybobyqa` with Py-BOBYQA, on the Moré-Wild problems with noise, both in one run.

    python scripts/reference/compare_noisy.py [nag_dfols | nag_pybobyqa] [--noise 0.01] [--seeds 1] [--largest 12]

Every residual, or the sum of squares for `nag_pybobyqa`, is multiplied by 1 + noise times a standard normal number that seed, point
and position determine, so that both sides meet the same disturbances. Both know the noise level and restart as they do by default; the budget is 100 (n + 1) evaluations. What
counts is the undisturbed sum of squares: the first evaluation with (f - f*) / (f0 - f*) at most 1e-1, 1e-2 and 1e-4.

Needs thalweg, optimagic 0.5.3, DFO-LS 1.6.5 and Py-BOBYQA 1.5.0, which takes some 20 ms of its own for an evaluation.
"""

import argparse
import hashlib
import statistics

import dfols
import numpy as np
import pybobyqa
from optimagic.benchmarking.more_wild import MORE_WILD_PROBLEMS

import thalweg as om

PRECISIONS = (1e-1, 1e-2, 1e-4)
BUDGET = 100


class BudgetExhausted(Exception):
    """Raised out of an evaluation that the budget does not cover."""


class Noisy:
    """The disturbed residuals of a problem, or their sum of squares, and when the undisturbed ones solved it."""

    def __init__(self, problem, noise, seed, scalar):
        self._residuals = problem["fun"] if "fun" in problem else problem["criterion"]
        self._noise, self._seed, self._scalar = noise, seed, scalar
        self.start = np.array(problem["start_x"], dtype=float)
        self._least, self._first = problem["solution_criterion"], problem["start_criterion"]
        self.evaluations = 0
        self.solved = [None] * len(PRECISIONS)

    def __call__(self, x):
        if self.evaluations == BUDGET * (len(x) + 1):
            raise BudgetExhausted
        self.evaluations += 1
        x = np.asarray(x, dtype=float)
        residuals = np.asarray(self._residuals(x), dtype=float)
        value = residuals @ residuals
        gap = (value - self._least) / (self._first - self._least)
        for i, precision in enumerate(PRECISIONS):
            if self.solved[i] is None and gap <= precision:
                self.solved[i] = self.evaluations
        digest = hashlib.sha256(x.tobytes() + self._seed.to_bytes(8, "little")).digest()
        rng = np.random.default_rng(int.from_bytes(digest[:8], "little"))
        if self._scalar:
            return float(value * (1 + self._noise * rng.standard_normal()))
        return residuals * (1 + self._noise * rng.standard_normal(len(residuals)))


def dfols_ours(problem, noise):
    options = {"noise_multiplicative_level": noise, "convergence_value_abs": 0.0}
    fun = om.mark.least_squares(problem)
    om.minimize(fun, problem.start, algorithm="nag_dfols", algo_options=options)


def dfols_theirs(problem, noise):
    parameters = {"model.abs_tol": 0.0, "noise.multiplicative_noise_level": noise}
    dfols.solve(
        problem, problem.start, objfun_has_noise=True, maxfun=10**6, do_logging=False, user_params=parameters
    )


def pybobyqa_ours(problem, noise):
    options = {"noise_multiplicative_level": noise}
    om.minimize(problem, problem.start, algorithm="nag_pybobyqa", algo_options=options)


def pybobyqa_theirs(problem, noise):
    parameters = {"noise.multiplicative_noise_level": noise}
    pybobyqa.solve(
        problem, problem.start, objfun_has_noise=True, maxfun=10**6, do_logging=False, user_params=parameters
    )


SIDES = {"nag_dfols": (dfols_ours, dfols_theirs), "nag_pybobyqa": (pybobyqa_ours, pybobyqa_theirs)}


def measure(side, problem, noise, seed, scalar):
    noisy = Noisy(problem, noise, seed, scalar)
    try:
        side(noisy, noise)
    except Exception:
        # Out of thalweg, the exception arrives inside of another one.
        if noisy.evaluations < BUDGET * (len(noisy.start) + 1):
            raise
    return noisy.solved


def main():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("algorithm", nargs="?", default="nag_dfols", choices=SIDES)
    parser.add_argument("--noise", type=float, default=0.01)
    parser.add_argument("--seeds", type=int, default=1)
    parser.add_argument("--largest", type=int, default=12, help="the largest number of parameters")
    arguments = parser.parse_args()
    rows = []
    for name, problem in MORE_WILD_PROBLEMS.items():
        if len(problem["start_x"]) <= arguments.largest:
            for seed in range(arguments.seeds):
                scalar = arguments.algorithm == "nag_pybobyqa"
                sides = SIDES[arguments.algorithm]
                pair = [measure(side, problem, arguments.noise, seed, scalar) for side in sides]
                print(f"{name:<46} {seed:>3} {pair[0]} {pair[1]}", flush=True)
                rows.append(pair)
    print(f"{len(rows)} runs; solved, and medians where both solve:")
    for i, precision in enumerate(PRECISIONS):
        counts = [(a[i], b[i]) for a, b in rows]
        both = [(a, b) for a, b in counts if a and b]
        solved = [sum(pair[side] is not None for pair in counts) for side in (0, 1)]
        medians = [statistics.median(pair[side] for pair in both) for side in (0, 1)]
        print(f"{precision:.0e}: {solved[0]} ({solved[1]}), {medians[0]:g} ({medians[1]:g})")


if __name__ == "__main__":
    main()
