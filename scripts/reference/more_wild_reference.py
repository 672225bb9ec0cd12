"""Measure the reference implementations on the benchmark sets of `thalweg-bench`.

Writes, into `crates/thalweg-bench/data/`:

* `more_wild_reference.tsv`: scipy L-BFGS-B, BFGS, CG, Newton-CG, TNC, Nelder-Mead, Powell, COBYLA, dogleg, trust-exact,
  trust-krylov, trust-ncg, least_squares (lm, trf, dogbox), optimagic's neldermead_parallel and pounders, NLopt's LD_LBFGS, LD_VAR1, LD_TNEWTON, LD_SLSQP, BOBYQA, COBYLA, Nelder-Mead,
  NEWUOA, PRAXIS and Sbplx, iminuit's MIGRAD, DFO-LS, Py-BOBYQA, and fides (with optimagic's options) on the 54 Moré-Wild problems;
* `global_reference.tsv`: scipy differential_evolution with deferred updating (as optimagic runs it), ten seeds, on the eight bounded problems of `compare/bounded.rs`;

Needs optimagic 0.5.3, scipy 1.17, nlopt 2.11, iminuit 2.33, DFO-LS 1.6.5, Py-BOBYQA 1.5.0 and fides 0.8.0 (other versions count
a little differently). Run from anywhere:

    python scripts/reference/more_wild_reference.py [--only NAME ...] [--compare DETAIL.tsv] [--set NAME]

`--only` measures these algorithms on the Moré-Wild problems and leaves everything else in the data as it is.

`--set` measures on another set of thalweg's, whose exact Jacobians it uses, and writes `NAME_reference.tsv`.

`--compare` checks the counts against an older measurement with the columns algorithm, derivatives, problem,
fun_evals_to_1e-4, fun_evals_to_1e-7, and lists the differences.

Rules of the measurement: "to 1e-4" is the number of objective (residual) evaluations up to and including the first one
with (f - f*) / (f0 - f*) <= 1e-4; f0 and f* are optimagic's table values. Derivatives are exact (complex step) and not
counted. Budget: 1000 evaluations with derivatives, 2000 without. Tolerances 1e-14 (gtol_abs 1e-12, xtol of least_squares left
at scipy's 1e-8; ftol_rel and xtol_rel of NLopt 1e-14, its absolute ones 0;
rhoend of DFO-LS and Py-BOBYQA 1e-12, their tests of the objective off; gtol_rel of pounders 1e-14; tol of COBYLA 1e-14, its first
radius that of optimagic), so that runs go on to the end. Runs of pounders and Py-BOBYQA, which take some 20 ms of their own for
each evaluation, are cut off after 60 seconds of CPU time, so that their counts are what they reach by then. For the bounded
problems the gap is f - f*.

Hessians are central differences of the exact gradients and, like them, not counted.

Methods that ask for gradients only (MIGRAD), for differences of them along a direction (Newton-CG, TNC, LD_TNEWTON), get the value with
each gradient, as under optimagic: every point counts as an evaluation.
"""

import argparse
import contextlib
import csv
import logging
import time
import warnings
from datetime import date
from importlib.metadata import version
from pathlib import Path

import dfols
import fides
import iminuit
import nlopt
import numpy as np
import optimagic as om
import optimagic.benchmarking.more_wild as more_wild_functions
import pybobyqa
from fides.hessian_approximation import BFGS
from optimagic.benchmarking.get_benchmark_problems import get_benchmark_problems
from scipy.optimize import differential_evolution, least_squares, minimize

DATA = Path(__file__).resolve().parents[2] / "crates" / "thalweg-bench" / "data"
PRECISIONS = (1e-4, 1e-7)
COLUMNS = ["evaluations_to_1e-4", "evaluations_to_1e-7", "best_value", "total_evaluations"]
BUDGET_WITH_DERIVATIVES = 1000
BUDGET_WITHOUT_DERIVATIVES = 2000
BUDGET_GLOBAL = 30_000
CPU_SECONDS_OF_SLOW_ONES = 60
SEEDS = range(10)


class BudgetExhausted(BaseException):
    """Raised out of an evaluation that the budget does not cover. No Exception: optimagic would swallow it."""


class Recorder:
    """Counts evaluations of a residual function and remembers the objective values."""

    def __init__(self, residuals, budget):
        self._residuals = residuals
        self._budget = budget
        self.values = []
        self.end = float("inf")

    def residuals(self, x):
        if len(self.values) >= self._budget or time.process_time() > self.end:
            raise BudgetExhausted
        r = np.asarray(self._residuals(np.asarray(x, dtype=float)))
        self.values.append(float(r @ r))
        return r

    def value(self, x):
        self.residuals(x)
        return self.values[-1]


class ComplexNumpy:
    """numpy, but new arrays are complex: lets the residual functions carry a complex step."""

    def __getattr__(self, name):
        return getattr(np, name)

    def zeros(self, shape):
        return np.zeros(shape, dtype=complex)

    empty = zeros


def jacobian_of(residuals):
    """The exact Jacobian (m x n) of one of optimagic's residual functions, by complex step."""

    def jacobian(x):
        columns = []
        more_wild_functions.np = ComplexNumpy()
        try:
            for j in range(len(x)):
                z = np.array(x, dtype=complex)
                z[j] += 1e-30j
                columns.append(np.asarray(residuals(z)).imag / 1e-30)
        finally:
            more_wild_functions.np = np
        return np.array(columns).T

    return jacobian


def lbfgsb(recorder, jacobian, start):
    def gradient(x):
        r = np.asarray(recorder._residuals(x))
        return 2 * jacobian(x).T @ r

    options = {"ftol": 1e-14, "gtol": 1e-12, "maxcor": 10, "maxls": 20, "maxfun": 10**6, "maxiter": 10**6}
    minimize(recorder.value, start, jac=gradient, method="L-BFGS-B", options=options)


def gradient_method(method, **options):
    """A method of scipy that gets value and gradient in one call, as under optimagic."""

    def run(recorder, jacobian, start):
        def value_and_gradient(x):
            r = recorder.residuals(x)
            return recorder.values[-1], 2 * jacobian(x).T @ r

        minimize(value_and_gradient, start, jac=True, method=method, options={"maxiter": 10**6} | options)

    return run


def hessian_of(gradient):
    """The Hessian by central differences of an exact gradient: ten digits."""

    def hessian(x):
        columns = []
        for j in range(len(x)):
            step = np.zeros(len(x))
            step[j] = 1e-5 * max(abs(x[j]), 1.0)
            columns.append((gradient(x + step) - gradient(x - step)) / (2 * step[j]))
        matrix = np.array(columns)
        if not np.isfinite(matrix).all():
            raise FloatingPointError  # Some of the methods would run in circles.
        return (matrix + matrix.T) / 2

    return hessian


def hessian_method(method):
    """A trust-region method of scipy with second derivatives."""

    def run(recorder, jacobian, start):
        def gradient(x):
            r = np.asarray(recorder._residuals(x))
            return 2 * jacobian(x).T @ r

        options = {"gtol": 1e-12, "maxiter": 10**6}
        # Where the linear algebra gives up, the run counts up to there.
        with contextlib.suppress(FloatingPointError, np.linalg.LinAlgError, ValueError):
            minimize(recorder.value, start, jac=gradient, hess=hessian_of(gradient), method=method, options=options)

    return run


def nlopt_with_gradient(name):
    def run(recorder, jacobian, start):
        last = np.full(len(start), np.nan)

        def value_and_gradient(x, gradient):
            # LD_SLSQP asks for the value first, and for the gradient where a step is accepted: one evaluation.
            if not np.array_equal(x, last):
                recorder.value(x)
                last[:] = x
            if gradient.size:
                gradient[:] = 2 * jacobian(x).T @ np.asarray(recorder._residuals(x))
            return recorder.values[-1]

        optimizer = nlopt.opt(getattr(nlopt, name), len(start))
        optimizer.set_min_objective(value_and_gradient)
        optimizer.set_ftol_rel(1e-14)
        optimizer.set_xtol_rel(1e-14)
        optimizer.set_maxeval(BUDGET_WITH_DERIVATIVES)
        try:
            optimizer.optimize(start)
        except Exception:
            pass  # NLopt gave up ("generic failure", roundoff): the run counts up to there.

    return run


def neldermead(recorder, _, start):
    options = {"xatol": 1e-14, "fatol": 1e-14, "adaptive": False, "maxfev": 10**6, "maxiter": 10**6}
    minimize(recorder.value, start, method="Nelder-Mead", options=options)


def powell(recorder, _, start):
    options = {"xtol": 1e-14, "ftol": 1e-14, "maxfev": 10**6, "maxiter": 10**6}
    minimize(recorder.value, start, method="Powell", options=options)


def cobyla(recorder, _, start):
    radius = 0.1 * max(np.abs(start).max(), 1.0)
    minimize(recorder.value, start, method="COBYLA", tol=1e-14, options={"rhobeg": radius, "maxiter": 10**6})


def fides_bfgs(recorder, jacobian, start):
    def value_and_gradient(x):
        r = recorder.residuals(x)
        return recorder.values[-1], 2 * jacobian(x).T @ r

    options = {"fatol": 0.0, "frtol": 1e-14, "xtol": 1e-14, "gatol": 1e-12, "grtol": 1e-14, "maxiter": 10**6}
    as_optimagic = {"delta_init": 1.0, "stepback_strategy": "truncate", "subspace_solver": "full", "theta_max": 0.95}
    unbounded = np.full(len(start), np.inf)
    optimizer = fides.Optimizer(
        value_and_gradient,
        ub=unbounded,
        lb=-unbounded,
        verbose=logging.CRITICAL,
        options=options | as_optimagic,
        hessian_update=BFGS(),
    )
    optimizer.minimize(start)


def nlopt_with(name, ftol_rel=1e-14):
    def run(recorder, _, start):
        nlopt.srand(0)
        optimizer = nlopt.opt(getattr(nlopt, name), len(start))
        optimizer.set_min_objective(lambda x, _: recorder.value(x))
        optimizer.set_ftol_rel(ftol_rel)
        optimizer.set_xtol_rel(1e-14)
        optimizer.set_maxeval(recorder._budget)
        # NLopt calls rounding an error. The evaluations are what counts here.
        with contextlib.suppress(nlopt.RoundoffLimited, RuntimeError):
            optimizer.optimize(start)

    return run


def least_squares_with(method):
    def run(recorder, jacobian, start):
        tolerances = {"ftol": 1e-14, "gtol": 1e-14, "xtol": 1e-8}
        least_squares(recorder.residuals, start, jac=jacobian, method=method, max_nfev=10**6, **tolerances)

    return run


def neldermead_parallel(recorder, _, start):
    # minimize evaluates the start once, the algorithm only its simplex around it: all of these are calls of the user's function.
    options = {"convergence_ftol_abs": 1e-14, "convergence_xtol_abs": 1e-14, "stopping_maxiter": 10**6}
    om.minimize(recorder.value, start, algorithm="neldermead_parallel", algo_options=options)


def migrad(recorder, jacobian, start):
    def gradient(x):
        r = recorder.residuals(x)
        return 2 * jacobian(x).T @ r

    iminuit.Minuit(recorder.value, start, grad=gradient).migrad(ncall=10**6, iterate=1)


def pounders(recorder, _, start):
    @om.mark.least_squares
    def residuals(x):
        return recorder.residuals(x)

    recorder.end = time.process_time() + CPU_SECONDS_OF_SLOW_ONES
    options = {"convergence_gtol_abs": 1e-12, "convergence_gtol_rel": 1e-14, "stopping_maxiter": 10**6}
    try:
        om.minimize(residuals, start, algorithm="pounders", algo_options=options)
    except Exception:
        pass  # Its linear algebra gave up: the run counts up to there.
    finally:
        # minimize evaluates the start once by itself, before the algorithm does.
        del recorder.values[0]


def nag_pybobyqa(recorder, _, start):
    recorder.end = time.process_time() + CPU_SECONDS_OF_SLOW_ONES
    parameters = {"slow.thresh_for_slow": 0.0}
    pybobyqa.solve(recorder.value, start, rhoend=1e-12, maxfun=10**6, do_logging=False, user_params=parameters)


def nag_dfols(recorder, _, start):
    options = {"rhoend": 1e-12, "maxfun": 10**6, "do_logging": False}
    parameters = {"model.abs_tol": 0.0, "model.rel_tol": 0.0, "slow.thresh_for_slow": 0.0}
    dfols.solve(recorder.residuals, start, user_params=parameters, **options)


ALGORITHMS = {
    "scipy_lbfgsb": (lbfgsb, BUDGET_WITH_DERIVATIVES),
    "scipy_bfgs": (gradient_method("BFGS", gtol=1e-12, xrtol=1e-14), BUDGET_WITH_DERIVATIVES),
    "scipy_conjugate_gradient": (gradient_method("CG", gtol=1e-12), BUDGET_WITH_DERIVATIVES),
    "scipy_newton_cg": (gradient_method("Newton-CG", xtol=1e-14), BUDGET_WITH_DERIVATIVES),
    "scipy_slsqp": (gradient_method("SLSQP", ftol=1e-14), BUDGET_WITH_DERIVATIVES),
    "scipy_truncated_newton": (
        gradient_method("TNC", ftol=1e-14, xtol=1e-14, gtol=1e-12, maxfun=10**6),
        BUDGET_WITH_DERIVATIVES,
    ),
    "scipy_dogleg": (hessian_method("dogleg"), BUDGET_WITH_DERIVATIVES),
    "scipy_trust_exact": (hessian_method("trust-exact"), BUDGET_WITH_DERIVATIVES),
    "scipy_trust_krylov": (hessian_method("trust-krylov"), BUDGET_WITH_DERIVATIVES),
    "scipy_trust_ncg": (hessian_method("trust-ncg"), BUDGET_WITH_DERIVATIVES),
    "iminuit_migrad": (migrad, BUDGET_WITH_DERIVATIVES),
    "nlopt_lbfgsb": (nlopt_with_gradient("LD_LBFGS"), BUDGET_WITH_DERIVATIVES),
    "nlopt_var": (nlopt_with_gradient("LD_VAR1"), BUDGET_WITH_DERIVATIVES),
    "nlopt_slsqp": (nlopt_with_gradient("LD_SLSQP"), BUDGET_WITH_DERIVATIVES),
    "nlopt_tnewton": (nlopt_with_gradient("LD_TNEWTON"), BUDGET_WITH_DERIVATIVES),
    "scipy_ls_lm": (least_squares_with("lm"), BUDGET_WITH_DERIVATIVES),
    "scipy_ls_trf": (least_squares_with("trf"), BUDGET_WITH_DERIVATIVES),
    "scipy_ls_dogbox": (least_squares_with("dogbox"), BUDGET_WITH_DERIVATIVES),
    "fides": (fides_bfgs, BUDGET_WITH_DERIVATIVES),
    "scipy_cobyla": (cobyla, BUDGET_WITHOUT_DERIVATIVES),
    "nlopt_cobyla": (nlopt_with("LN_COBYLA"), BUDGET_WITHOUT_DERIVATIVES),
    "scipy_neldermead": (neldermead, BUDGET_WITHOUT_DERIVATIVES),
    "neldermead_parallel": (neldermead_parallel, BUDGET_WITHOUT_DERIVATIVES),
    "scipy_powell": (powell, BUDGET_WITHOUT_DERIVATIVES),
    "nag_dfols": (nag_dfols, BUDGET_WITHOUT_DERIVATIVES),
    "nag_pybobyqa": (nag_pybobyqa, BUDGET_WITHOUT_DERIVATIVES),
    "pounders": (pounders, BUDGET_WITHOUT_DERIVATIVES + 1),
    "nlopt_bobyqa": (nlopt_with("LN_BOBYQA"), BUDGET_WITHOUT_DERIVATIVES),
    "nlopt_neldermead": (nlopt_with("LN_NELDERMEAD", ftol_rel=0), BUDGET_WITHOUT_DERIVATIVES),
    "nlopt_newuoa": (nlopt_with("LN_NEWUOA"), BUDGET_WITHOUT_DERIVATIVES),
    "nlopt_praxis": (nlopt_with("LN_PRAXIS"), BUDGET_WITHOUT_DERIVATIVES),
    "nlopt_sbplx": (nlopt_with("LN_SBPLX"), BUDGET_WITHOUT_DERIVATIVES),
}


def summary(values, start_value, optimum):
    """The four result columns; the gap is relative to `start_value - optimum`."""
    # Many runs leave the domain for a moment: a value that is no number counts as an evaluation, but solves nothing.
    values = np.nan_to_num(np.asarray(values), nan=np.inf)
    gap = (values - optimum) / (start_value - optimum)
    first = [str(int(np.argmax(gap <= p)) + 1) if (gap <= p).any() else "" for p in PRECISIONS]
    return [*first, f"{values.min():.10g}", str(len(values))]


def measure_more_wild(problems, algorithms):
    for algorithm in algorithms:
        run, budget = ALGORITHMS[algorithm]
        for name, problem in problems.items():
            residuals = problem["inputs"]["fun"]
            start = np.array(problem["inputs"]["params"], dtype=float)
            recorder = Recorder(residuals, budget)
            jacobian = problem["inputs"].get("jac") or jacobian_of(residuals)
            try:
                run(recorder, jacobian, start)
            except BudgetExhausted:
                pass
            row = summary(recorder.values, problem["start_criterion"], problem["solution"]["value"])
            yield [algorithm, name, *row]


def sphere(x):
    return np.sum(x**2)


def rosenbrock(x):
    return np.sum(100 * (x[1:] - x[:-1] ** 2) ** 2 + (1 - x[:-1]) ** 2)


def rastrigin(x):
    return np.sum(x**2 + 10 * (1 - np.cos(2 * np.pi * x)))


def ackley(x):
    radius = np.sqrt(np.mean(x**2))
    return 20 - 20 * np.exp(-0.2 * radius) + np.e - np.exp(np.mean(np.cos(2 * np.pi * x)))


# As in global.rs: the boxes are not centred at the minimizer. Minimum 0 everywhere.
GLOBAL = {sphere: (-4, 6), rosenbrock: (-5, 10), rastrigin: (-4.12, 6.12), ackley: (-25, 40)}


def measure_global():
    for function, box in GLOBAL.items():
        for n in (2, 5):
            for seed in SEEDS:
                recorder = Recorder(lambda x: np.array([np.sqrt(max(function(x), 0.0))]), BUDGET_GLOBAL)
                try:
                    differential_evolution(
                        recorder.value, [box] * n, rng=seed, polish=False, tol=0, atol=0, maxiter=10**6, updating="deferred"
                    )
                except BudgetExhausted:
                    pass
                row = summary(recorder.values, 1.0, 0.0)
                yield ["scipy_differential_evolution", f"{function.__name__}_{n}", str(seed), *row]


def kept(name, without):
    """The rows of the data file whose first cell is none of `without`."""
    with open(DATA / name) as file:
        rows = [line.rstrip("\n").split("\t") for line in file][1:]
    return [row for row in rows if row[0] not in without]


def write(name, header, rows):
    (DATA / name).write_text("".join("\t".join(row) + "\n" for row in [header, *rows]))


def compare(rows, path):
    """List where the counts differ from an older measurement with exact (or without) derivatives."""
    with open(path, newline="") as file:
        old = {
            (row["algorithm"], row["problem"]): (row["fun_evals_to_1e-4"], row["fun_evals_to_1e-7"])
            for row in csv.DictReader(file, delimiter="\t")
            if row["derivatives"] in ("exact", "none")
        }
    differing = [row for row in rows if old[row[0], row[1]] != (row[2], row[3])]
    print(f"{len(rows) - len(differing)} of {len(rows)} runs have the same counts")
    for row in differing:
        print(f"{row[0]}\t{row[1]}\tnow {row[2]}, {row[3]}\tbefore {', '.join(old[row[0], row[1]])}")


def problems_of(name):
    """The problems of a set: optimagic's of Moré and Wild, thalweg's otherwise."""
    if name == "more_wild":
        return get_benchmark_problems(name)
    import thalweg

    return thalweg.get_benchmark_problems(name)


def versions():
    """The libraries behind the counts."""
    day = date.today().isoformat()
    names = {"scipy": "scipy", "nlopt": "NLopt", "DFO-LS": "DFO-LS (NAG)", "iminuit": "iminuit", "optimagic": "optimagic"}
    return [[shown, version(name), day] for name, shown in names.items()]


def main():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--only", nargs="+", metavar="NAME", choices=ALGORITHMS)
    parser.add_argument("--compare", metavar="DETAIL.tsv")
    parser.add_argument("--set", metavar="NAME", default="more_wild")
    arguments = parser.parse_args()
    warnings.simplefilter("ignore")
    np.seterr(all="ignore")

    problems = problems_of(arguments.set)
    names = arguments.only or list(ALGORITHMS)
    rows = list(measure_more_wild(problems, names))
    file = f"{arguments.set}_reference.tsv"
    others = kept(file, without=names) if arguments.only else []
    write(file, ["algorithm", "problem", *COLUMNS], others + rows)
    write("reference_versions.tsv", ["library", "version", "measured"], versions())
    if not arguments.only and arguments.set == "more_wild":
        write("global_reference.tsv", ["algorithm", "problem", "seed", *COLUMNS], measure_global())
    if arguments.compare:
        compare(rows, arguments.compare)


if __name__ == "__main__":
    main()
