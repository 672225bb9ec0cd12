"""What users type: optimagic's local algorithms on the problems of Moré and Wild, from Python, beside optimagic in the same run.

    python benches/names.py [--only ALGORITHM ...] [--seconds S] [--starts K] [--detail]

Every algorithm runs under its name with the same options on both sides: convergence tests as tight as they go, all else at its
default. Methods that use derivatives run with closed-form ones and with central differences. What counts are the calls of the
objective up to the first value that closes 1 - 1e-4, or 1 - 1e-7, of the gap between start and minimum (as `run_benchmark` does);
calls for numerical derivatives are among them, closed-form derivatives are free. A run ends after 2000 evaluations, 1000 with
derivatives, or after S seconds (20) on either side: some references need tens of milliseconds for an evaluation.

Long runs go where rounding leads them, and the same reference may need twice as many evaluations on another machine. With K sets of
starts (1), all but the first moved at random by up to a tenth, the shares say more.
"""

import argparse
import collections
import statistics
import time
import warnings

import numpy as np
import optimagic

import thalweg

WITH_DERIVATIVES = [
    "fides",
    "iminuit_migrad",
    "nlopt_lbfgsb",
    "nlopt_slsqp",
    "nlopt_tnewton",
    "nlopt_var",
    "scipy_bfgs",
    "scipy_conjugate_gradient",
    "scipy_lbfgsb",
    "scipy_newton_cg",
    "scipy_slsqp",
    "scipy_truncated_newton",
]
LEAST_SQUARES = ["scipy_ls_dogbox", "scipy_ls_lm", "scipy_ls_trf"]
WITHOUT_DERIVATIVES = [
    "neldermead_parallel",
    "nlopt_bobyqa",
    "nlopt_cobyla",
    "nlopt_neldermead",
    "nlopt_newuoa",
    "nlopt_praxis",
    "nlopt_sbplx",
    "scipy_cobyla",
    "scipy_neldermead",
    "scipy_powell",
    "nag_pybobyqa",
]
LEAST_SQUARES_WITHOUT = ["nag_dfols", "pounders"]

PRECISIONS = (1e-4, 1e-7)
SLOWER = 1.1
ALLOWED = 0.1
"""The part of the problems on which more than SLOWER times the reference's evaluations are allowed."""
TIGHT = {
    "convergence_ftol_rel": 1e-14,
    "convergence_ftol_abs": 1e-14,
    "convergence_xtol_rel": 1e-14,
    "convergence_xtol_abs": 1e-14,
    "convergence_gtol_rel": 1e-14,
    "convergence_gtol_scaled": 1e-14,
    "convergence_gtol_abs": 1e-12,
    "convergence_minimal_trustregion_radius_tolerance": 1e-12,
    "stopping_maxfun": 10**6,
    "stopping_maxiter": 10**6,
}


FAILURES = collections.Counter()
"""How many runs of a library ended with an exception of this class, since the last table row."""


class Enough(BaseException):
    """Raised out of an evaluation beyond the budget. No Exception: some libraries would swallow it."""


class Run:
    """A problem for one run, as residuals or as their sum of squares, which notes every value."""

    def __init__(self, problem, as_residuals, budget, seconds):
        self.problem, self.as_residuals, self.budget = problem, as_residuals, budget
        self.end = time.perf_counter() + seconds
        self.values = []

    def fun(self, x):
        if len(self.values) >= self.budget or time.perf_counter() > self.end:
            raise Enough
        returned = np.asarray(self.problem["inputs"]["fun"](np.asarray(x)))
        self.values.append(float(returned @ returned) if returned.ndim else float(returned))
        return returned if self.as_residuals else self.values[-1]

    def jac(self, x):
        x = np.asarray(x)
        jac = np.asarray(self.problem["inputs"]["jac"](x))
        if self.as_residuals or jac.ndim == 1:
            return jac
        return 2.0 * np.asarray(self.problem["inputs"]["fun"](x)) @ jac

    def evaluations_to(self, precision):
        least, first = self.problem["solution"]["value"], self.values[0]
        gaps = (np.maximum(self.values, least) - least) / (first - least)
        reached = np.flatnonzero(gaps <= precision)
        return int(reached[0]) + 1 if len(reached) else None


def options_of(algorithm):
    """The tightest convergence tests that this algorithm knows. That of scipy's least squares on parameters stays as it is: they
    end their runs by it where nothing but rounding is left."""
    names = optimagic.algorithms.ALL_ALGORITHMS[algorithm].__dataclass_fields__
    options = {name: value for name, value in TIGHT.items() if name in names}
    if algorithm.startswith("nlopt"):
        options |= {name: 0.0 for name in options if name in ("convergence_ftol_abs", "convergence_xtol_abs")}
    if algorithm.startswith("scipy_ls"):
        options.pop("convergence_xtol_rel", None)
    return options


def evaluations(library, algorithm, derivatives, problem, seconds):
    """The evaluations of one run to each precision."""
    n = len(problem["inputs"]["params"])
    as_residuals = algorithm in LEAST_SQUARES + LEAST_SQUARES_WITHOUT
    budget = {"none": 2000, "closed-form": 1000, "central": 1000 * (2 * n + 1)}[derivatives]
    run = Run(problem, as_residuals, budget, seconds)
    mark = library.mark.least_squares if as_residuals else lambda function: function
    arguments = {}
    if derivatives == "closed-form":
        arguments["jac"] = mark(run.jac)
    elif derivatives == "central":
        arguments["numdiff_options"] = library.NumdiffOptions(method="central")
    try:
        library.minimize(
            mark(run.fun), problem["inputs"]["params"], algorithm, algo_options=options_of(algorithm), **arguments
        )
    except Enough:
        pass
    except Exception as error:
        FAILURES[library.__name__, type(error).__name__] += 1
    return {precision: run.evaluations_to(precision) for precision in PRECISIONS}


def moved(problems, sets):
    """The problems and, in further sets, the same from moved starts."""
    everything = dict(problems)
    for k in range(1, sets):
        random = np.random.default_rng(k)
        for name, problem in problems.items():
            start = np.asarray(problem["inputs"]["params"], dtype=float)
            start = start * (1 + 0.1 * random.uniform(-1, 1, len(start)))
            everything[f"{name}, start {k}"] = problem | {"inputs": problem["inputs"] | {"params": start}}
    return everything


def compare(algorithm, derivatives, problems, seconds, detail):
    ours, theirs = (
        {name: evaluations(library, algorithm, derivatives, problem, seconds) for name, problem in problems.items()}
        for library in (thalweg, optimagic)
    )
    for precision in PRECISIONS:
        solved, reference = (
            {name: counts[precision] for name, counts in side.items() if counts[precision]} for side in (ours, theirs)
        )
        ratios = {name: solved[name] / reference[name] for name in solved.keys() & reference.keys()}
        slower = sorted(name for name, ratio in ratios.items() if ratio > SLOWER)
        share = len(slower) / max(len(ratios), 1)
        print(
            f"{algorithm:26}{derivatives:13}{precision:7.0e}{len(solved):8}{len(reference):6}"
            f"{statistics.median(ratios.values()):8.2f}{100 * share:8.0f} %{' *' if share > ALLOWED else ''}",
            flush=True,
        )
        if detail:
            for name in slower:
                print(f"    {name} {solved[name]} / {reference[name]}")
    for (library, error), count in FAILURES.items():
        print(f"    {library} ended {count} runs with {error}")
    FAILURES.clear()


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    everything = [*WITH_DERIVATIVES, *LEAST_SQUARES, *WITHOUT_DERIVATIVES, *LEAST_SQUARES_WITHOUT]
    parser.add_argument("--only", nargs="+", default=everything, choices=everything, metavar="ALGORITHM")
    parser.add_argument("--seconds", type=float, default=20.0)
    parser.add_argument("--starts", type=int, default=1, metavar="K", help="sets of starts, all but the first moved at random")
    parser.add_argument("--detail", action="store_true", help="name the problems that take longer than the reference")
    arguments = parser.parse_args()
    warnings.simplefilter("ignore")
    problems = moved(thalweg.get_benchmark_problems("more_wild"), arguments.starts)
    print(f"{'algorithm':26}{'derivatives':13}{'to':>7}{'solved':>8}{'(ref)':>6}{'median':>8}{'> 1.1 x':>9}")
    for algorithm in arguments.only:
        uses_derivatives = algorithm in WITH_DERIVATIVES + LEAST_SQUARES
        for derivatives in ("closed-form", "central") if uses_derivatives else ("none",):
            compare(algorithm, derivatives, problems, arguments.seconds, arguments.detail)


if __name__ == "__main__":
    main()
