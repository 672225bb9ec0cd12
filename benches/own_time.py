"""What local algorithms themselves need for an evaluation, beside their references in the same run.

    python benches/own_time.py [--quick] [--only ALGORITHM ...] [--sizes N ...]

Processor time of whole runs from Python on a chained Rosenbrock function with 2, 10 and 20 parameters, (that of a long run - that
of a run of two evaluations) / (their difference in evaluations), less the time of the objective, its derivatives and constraints,
measured in turn with the runs; each time is the minimum over many. So it contains the call into Python, on both sides: about 0.3 us
here, and twice that with derivatives. References are called directly, with no other library between. The rows "in a ball" have a
nonlinear constraint, which the start violates: the sum of squares is at most n.
"""

import argparse
import contextlib
import logging
import os
import time
import warnings
from collections.abc import Callable
from dataclasses import dataclass, field

os.environ.setdefault("OPENBLAS_NUM_THREADS", "1")  # threads cost more than they bring at these sizes

import dfols
import fides
import iminuit
import nlopt
import numpy as np
import optimagic
import pybobyqa
from fides.hessian_approximation import BFGS
from scipy.optimize import least_squares
from scipy.optimize import minimize as scipy_minimize

import thalweg as om

SIZES = (2, 10, 20)
BUDGET = 300
SECONDS = 0.6
CHUNK = 50
"""So many calls of a function are timed as one."""
FEW_RUNS = 3
"""So many runs there are at least, however long they take."""
ALLOWED = 5.0
"""The microseconds that an evaluation may take at up to 20 parameters, plus O(n^2)."""


class BudgetExhausted(BaseException):
    """Raised out of an evaluation that the budget does not cover. No Exception: some libraries would swallow it."""


class Rosenbrock:
    """The chained Rosenbrock function as a sum of squares, which counts its evaluations and stops at a budget."""

    def __init__(self, n):
        self.n, self.start = n, np.tile([-1.2, 1.0], n)[:n]
        self.budget = 10**9
        self.forget()
        self.rows = np.arange(n - 1)

    def forget(self):
        self.calls = self.jac_calls = self.hess_calls = self.square_calls = 0

    def _count(self):
        if self.calls >= self.budget:
            raise BudgetExhausted
        self.calls += 1

    def fun(self, x):
        self._count()
        a = x[1:] - x[:-1] * x[:-1]
        b = 1.0 - x[:-1]
        return 100.0 * float(a.dot(a)) + float(b.dot(b))

    def jac(self, x):
        self.jac_calls += 1
        a = x[1:] - x[:-1] * x[:-1]
        g = np.zeros(self.n)
        g[:-1] = -400.0 * a * x[:-1] - 2.0 * (1.0 - x[:-1])
        g[1:] += 200.0 * a
        return g

    def hess(self, x):
        self.hess_calls += 1
        h = np.zeros((self.n, self.n))
        h[self.rows, self.rows] = 1200.0 * x[:-1] * x[:-1] - 400.0 * x[1:] + 2.0
        h[self.rows + 1, self.rows + 1] += 200.0
        h[self.rows, self.rows + 1] = h[self.rows + 1, self.rows] = -400.0 * x[:-1]
        return h

    def square(self, x):
        self.square_calls += 1
        return float(x.dot(x))

    def residuals(self, x):
        self._count()
        return np.concatenate([10.0 * (x[1:] - x[:-1] * x[:-1]), 1.0 - x[:-1]])

    def residual_jac(self, x):
        self.jac_calls += 1
        m = self.n - 1
        jac = np.zeros((2 * m, self.n))
        jac[self.rows, self.rows] = -20.0 * x[:-1]
        jac[self.rows, self.rows + 1] = 10.0
        jac[m + self.rows, self.rows] = -1.0
        return jac


@dataclass
class Pairing:
    """An algorithm of ours and its reference."""

    algorithm: str
    reference_name: str
    reference: Callable
    derivatives: bool = True
    residuals: bool = False
    hessian: bool = False
    ball: bool = False
    """Whether the sum of squares is at most n."""
    options: dict = field(default_factory=dict)


SECOND = ("dogleg", "trust-exact", "trust-krylov", "trust-ncg")


def scipy_method(method, **options):
    def run(p):
        derivatives = {} if method in ("Nelder-Mead", "Powell", "COBYLA") else {"jac": p.jac}
        if method in SECOND:
            derivatives["hess"] = p.hess
        scipy_minimize(p.fun, p.start, method=method, **derivatives, options={"maxiter": 10**6} | options)

    return run


def scipy_in_ball(method, **options):
    def run(p):
        ball = {"type": "ineq", "fun": lambda x: p.n - p.square(x)}
        scipy_minimize(p.fun, p.start, method=method, constraints=[ball], options={"maxiter": 10**6} | options)

    return run


def scipy_least_squares(method):
    def run(p):
        least_squares(p.residuals, p.start, jac=p.residual_jac, method=method, xtol=1e-14, ftol=1e-14, gtol=1e-14)

    return run


def nlopt_method(name):
    def run(p):
        def objective(x, grad):
            if grad.size:
                grad[:] = p.jac(x)
            return p.fun(x)

        optimizer = nlopt.opt(getattr(nlopt, name), p.n)
        optimizer.set_min_objective(objective)
        optimizer.set_ftol_rel(1e-14)
        optimizer.set_xtol_rel(1e-14)
        with contextlib.suppress(Exception):  # rounding, and failures without a name
            optimizer.optimize(p.start)

    return run


def fides_run(p):
    free = np.full(p.n, np.inf)

    def value_and_gradient(x):
        return p.fun(x), p.jac(x)

    fides.Optimizer(value_and_gradient, ub=free, lb=-free, verbose=logging.CRITICAL, hessian_update=BFGS()).minimize(p.start)


def iminuit_run(p):
    iminuit.Minuit(p.fun, p.start, grad=p.jac).migrad(ncall=10**6, iterate=1)


def optimagic_method(name, residuals=False):
    def run(p):
        fun = optimagic.mark.least_squares(p.residuals) if residuals else p.fun
        optimagic.minimize(fun, p.start, name, error_handling="raise")

    return run


def pybobyqa_run(p):
    pybobyqa.solve(p.fun, p.start, rhoend=1e-12, maxfun=10**6, do_logging=False)


def dfols_run(p):
    dfols.solve(p.residuals, p.start, rhoend=1e-12, maxfun=10**6, do_logging=False)


def free(algorithm, reference_name, reference, **options):
    return Pairing(algorithm, reference_name, reference, derivatives=False, options=options)


XTOL = {"convergence_xtol_rel": 1e-14}
BOTH = XTOL | {"convergence_ftol_rel": 1e-14}
LEAST = {"convergence_xtol_rel": 1e-14, "convergence_ftol_rel": 1e-14, "convergence_gtol_rel": 1e-14}
RADIUS = {"convergence_minimal_trustregion_radius_tolerance": 1e-12}
PAIRINGS = [
    Pairing("scipy_lbfgsb", "scipy L-BFGS-B", scipy_method("L-BFGS-B", maxfun=10**6, ftol=1e-14)),
    Pairing("scipy_bfgs", "scipy BFGS", scipy_method("BFGS", gtol=1e-10)),
    Pairing("scipy_conjugate_gradient", "scipy CG", scipy_method("CG", gtol=1e-10)),
    Pairing("scipy_newton_cg", "scipy Newton-CG", scipy_method("Newton-CG", xtol=1e-14)),
    *(
        Pairing(f"scipy_{method.replace('-', '_')}", f"scipy {method}", scipy_method(method, gtol=1e-10), hessian=True)
        for method in SECOND
    ),
    Pairing("scipy_truncated_newton", "scipy TNC", scipy_method("TNC", maxfun=10**6, ftol=1e-14, gtol=1e-12, xtol=1e-14)),
    Pairing("scipy_slsqp", "scipy SLSQP", scipy_method("SLSQP", ftol=1e-14), options={"convergence_ftol_abs": 1e-14}),
    Pairing("nlopt_slsqp", "NLopt SLSQP", nlopt_method("LD_SLSQP"), options=BOTH),
    Pairing("nlopt_lbfgsb", "NLopt L-BFGS", nlopt_method("LD_LBFGS"), options=BOTH),
    Pairing("nlopt_var", "NLopt VAR1", nlopt_method("LD_VAR1"), options=BOTH),
    Pairing("nlopt_tnewton", "NLopt TNEWTON", nlopt_method("LD_TNEWTON"), options=BOTH),
    Pairing("fides", "fides", fides_run),
    Pairing("iminuit_migrad", "iminuit", iminuit_run),
    free("scipy_neldermead", "scipy Nelder-Mead", scipy_method("Nelder-Mead", maxfev=10**6, fatol=1e-14, xatol=1e-14)),
    free("nlopt_neldermead", "NLopt Nelder-Mead", nlopt_method("LN_NELDERMEAD"), **XTOL),
    free("neldermead_parallel", "optimagic", optimagic_method("neldermead_parallel")),
    free("nlopt_sbplx", "NLopt Sbplx", nlopt_method("LN_SBPLX"), **BOTH),
    free("scipy_powell", "scipy Powell", scipy_method("Powell", maxfev=10**6, ftol=1e-14, xtol=1e-14), **BOTH),
    free("nlopt_praxis", "NLopt PRAXIS", nlopt_method("LN_PRAXIS"), **BOTH),
    free("nlopt_bobyqa", "NLopt BOBYQA", nlopt_method("LN_BOBYQA"), **BOTH),
    free("nlopt_newuoa", "NLopt NEWUOA", nlopt_method("LN_NEWUOA"), **BOTH),
    free("nag_pybobyqa", "Py-BOBYQA", pybobyqa_run, **RADIUS),
    free("nlopt_cobyla", "NLopt COBYLA", nlopt_method("LN_COBYLA"), **BOTH),
    free("scipy_cobyla", "scipy COBYLA", scipy_method("COBYLA", tol=1e-12), convergence_xtol_rel=1e-12),
    Pairing(
        "scipy_cobyla",
        "scipy COBYLA",
        scipy_in_ball("COBYLA", tol=1e-12),
        derivatives=False,
        ball=True,
        options={"convergence_xtol_rel": 1e-12},
    ),
    Pairing("scipy_ls_lm", "scipy lm", scipy_least_squares("lm"), residuals=True, options=LEAST),
    Pairing("scipy_ls_trf", "scipy trf", scipy_least_squares("trf"), residuals=True),
    Pairing("scipy_ls_dogbox", "scipy dogbox", scipy_least_squares("dogbox"), residuals=True),
    Pairing("nag_dfols", "DFO-LS", dfols_run, derivatives=False, residuals=True, options=RADIUS),
    Pairing("pounders", "optimagic", optimagic_method("pounders", residuals=True), derivatives=False, residuals=True),
]


def ours(pairing):
    def run(p):
        fun = om.mark.least_squares(p.residuals) if pairing.residuals else p.fun
        more = {}
        if pairing.derivatives:
            more["jac"] = p.residual_jac if pairing.residuals else p.jac
        if pairing.hessian:
            more["hess"] = p.hess
        if pairing.ball:
            more["constraints"] = om.NonlinearConstraint(func=p.square, upper_bound=p.n)
        limit = {"stopping_maxfun": p.budget}
        om.minimize(fun, p.start, pairing.algorithm, **more, algo_options=pairing.options | limit)

    return run


def best_times(calls, seconds):
    """The least processor time of each call, in microseconds: all in turn, so that slow moments of the machine meet all of them."""
    best, spent, runs = np.full(len(calls), np.inf), 0.0, 0
    while spent < seconds or runs < FEW_RUNS:
        times = []
        for call in calls:
            begin = time.process_time()
            call()
            times.append(time.process_time() - begin)
        best, spent, runs = np.minimum(best, times), spent + sum(times), runs + 1
    return 1e6 * best


def own_time(run, pairing, n, seconds):
    """Microseconds per evaluation that the objective does not take."""
    p = Rosenbrock(n)
    parts = (p.residuals, p.residual_jac, p.hess) if pairing.residuals else (p.fun, p.jac, p.hess, p.square)

    def alone(part):
        p.forget()
        p.budget = 10**9
        for _ in range(CHUNK):
            part(p.start)

    def stopped(budget):
        p.forget()
        p.budget = budget
        with contextlib.suppress(BudgetExhausted):
            run(p)
        return p.calls, p.jac_calls, p.hess_calls, p.square_calls

    stopped(BUDGET)
    # Both runs end by the budget: what an end costs is the same, and left out.
    long = BUDGET if p.calls == BUDGET else p.calls - 1
    more = np.subtract(stopped(long), stopped(2))[: len(parts)]
    calls = [lambda part=part: alone(part) for part in parts]
    *of_parts, of_long, of_short = best_times([*calls, lambda: stopped(long), lambda: stopped(2)], 2 * seconds)
    # Newton's methods on gradients ask for them alone: that counts, too.
    return (of_long - of_short - more @ np.array(of_parts) / CHUNK) / max(more[:2])


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--quick", action="store_true", help="shorter measurements")
    parser.add_argument("--only", nargs="+", metavar="ALGORITHM", choices=[p.algorithm for p in PAIRINGS])
    parser.add_argument("--sizes", nargs="+", metavar="N", type=int, default=SIZES)
    arguments = parser.parse_args()
    warnings.simplefilter("ignore")
    np.seterr(all="ignore")
    seconds = SECONDS / 6 if arguments.quick else SECONDS

    print("Own time per evaluation, microseconds: ours / the reference's (how many times as much)\n")
    print("| algorithm | reference | " + " | ".join(f"n = {n}" for n in arguments.sizes) + " |")
    print("|---|---|" + "---|" * len(arguments.sizes))
    slow = []
    for pairing in PAIRINGS:
        if arguments.only and pairing.algorithm not in arguments.only:
            continue
        name = f"`{pairing.algorithm}`" + (", in a ball" if pairing.ball else "")
        cells = []
        for n in arguments.sizes:
            mine = own_time(ours(pairing), pairing, n, seconds)
            theirs = own_time(pairing.reference, pairing, n, seconds)
            cells.append(f"{mine:.2g} / {theirs:.3g} ({theirs / mine:.2g})")
            if mine > ALLOWED:
                slow.append(f"{name} at n = {n}: {mine:.1f}")
        print(f"| {name} | {pairing.reference_name} | " + " | ".join(cells) + " |", flush=True)
    print(f"\nAbove {ALLOWED:g} us: " + ("; ".join(slow) or "none"))


if __name__ == "__main__":
    main()
