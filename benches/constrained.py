"""Our constrained methods beside scipy's and NLopt's on the problems of Hock and Schittkowski, in the same run.

    python benches/constrained.py [--detail] [--only METHOD ...]

Both sides get the same compiled functions with exact derivatives. What counts are the points at which a method asks for anything,
each of them once, up to and including the first one that solves the problem: violations of at most 1e-6, and an objective within
1e-6 of the minimum, relative to its size where that is above 1. Behind it stands for how many problems the point that the method
returns is such a point. Tolerances are so tight that runs go on to the end, and the same on both sides.
"""

import argparse
import contextlib
import os
from collections.abc import Callable
from dataclasses import dataclass

os.environ.setdefault("OPENBLAS_NUM_THREADS", "1")

import nlopt
import numpy as np
from scipy.optimize import Bounds, NonlinearConstraint
from scipy.optimize import minimize as scipy_minimize

import thalweg as om

SOLVED = 1e-6
"""The largest violation, and the largest relative distance from the minimum."""
TOLERANCE = 1e-8
"""The violation that methods may leave where they have an option for it."""
WITH_DERIVATIVES, WITHOUT_DERIVATIVES, DIRECT = 1000, 5000, 20_000
"""The largest numbers of points."""


class BudgetExhausted(BaseException):
    """Raised out of an evaluation that the budget does not cover. No Exception: NLopt and scipy would swallow it."""


class Problem:
    """A problem of the set, which notes the points at which it is evaluated."""

    def __init__(self, name, problem, budget):
        inputs = problem["inputs"]
        self.name, self.budget, self.minimum = name, budget, problem["solution"]["value"]
        self.start = np.array(inputs["params"], dtype=float)
        self.n = len(self.start)
        self._fun, self._jac = inputs["fun"], inputs["jac"]
        bounds = inputs.get("bounds")
        self.low = np.full(self.n, -np.inf) if bounds is None else np.array(bounds.lower, dtype=float)
        self.high = np.full(self.n, np.inf) if bounds is None else np.array(bounds.upper, dtype=float)
        self.constraints = inputs.get("constraints", [])
        self.points = {}

    def _note(self, x):
        x = np.asarray(x, dtype=float)
        key = x.tobytes()
        if key not in self.points:
            if len(self.points) >= self.budget:
                raise BudgetExhausted
            self.points[key] = x.copy()
        return x

    def fun(self, x):
        return float(self._fun(self._note(x)))

    def jac(self, x):
        return np.asarray(self._jac(self._note(x)))

    def rows(self):
        """Constraints as functions that note their points: (values, Jacobian, lower limits, upper limits)."""
        for constraint in self.constraints:
            if constraint.value is not None:
                low = high = np.asarray(constraint.value, dtype=float)
            else:
                low, high = constraint.lower_bound, constraint.upper_bound
            yield (
                lambda x, c=constraint: np.asarray(c.func(self._note(x))),
                lambda x, c=constraint: np.asarray(c.derivative(self._note(x))),
                np.asarray(low, dtype=float),
                np.asarray(high, dtype=float),
            )

    def is_solved_at(self, x):
        if not np.isfinite(x).all():
            return False
        # All of the methods may leave bounds by rounding; ours does not.
        violations = [0.0, *(self.low - x), *(x - self.high)]
        with np.errstate(all="ignore"):
            for constraint, (_, _, low, high) in zip(self.constraints, self.rows(), strict=True):
                c = np.asarray(constraint.func(x))
                violations += [*(low - c), *(c - high)]
            gap = abs(float(self._fun(x)) - self.minimum)
        return bool(max(violations) <= SOLVED and gap <= SOLVED * max(1.0, abs(self.minimum)))

    def evaluations(self):
        """Points up to the first one that solves the problem; None if none does."""
        solved = (i for i, x in enumerate(self.points.values(), start=1) if self.is_solved_at(x))
        return next(solved, None)


def ours(algorithm, handling="native", **options):
    """One of our algorithms, with the options of these names."""

    def run(problem):
        constraints = [
            om.NonlinearConstraint(
                func=fun, derivative=jac, tol=TOLERANCE, **({"value": low} if (low == high).all() else {"lower_bound": low, "upper_bound": high})
            )
            for fun, jac, low, high in problem.rows()
        ]
        return om.minimize(
            problem.fun,
            problem.start,
            algorithm,
            jac=problem.jac,
            bounds=om.Bounds(lower=problem.low, upper=problem.high),
            constraints=constraints or None,
            constraint_handling=handling,
            algo_options=options,
        ).params

    return run


def scipy_method(method, **options):
    def run(problem):
        bounded = np.isfinite(problem.low).any() or np.isfinite(problem.high).any()
        with_jac = method == "SLSQP"
        result = scipy_minimize(
            problem.fun,
            problem.start,
            jac=problem.jac if with_jac else None,
            method=method,
            bounds=Bounds(problem.low, problem.high) if bounded else None,
            constraints=[
                NonlinearConstraint(fun, low, high, **({"jac": jac} if with_jac else {}))
                for fun, jac, low, high in problem.rows()
            ],
            options={"maxiter": 10**6} | options | first_radius(method, problem),
        )
        return result.x

    return run


def first_radius(method, problem):
    """That of optimagic, which is also ours under this name."""
    return {"rhobeg": 0.1 * max(np.abs(problem.start).max(), 1.0)} if method == "COBYLA" else {}


def nlopt_method(name, inner=None):
    """A method of NLopt, with another one inside if it is an augmented Lagrangian."""

    def run(problem):
        nlopt.srand(0)
        optimizer = nlopt.opt(name, problem.n)
        each = [optimizer]
        if inner is not None:
            each.append(nlopt.opt(inner, problem.n))
        for one in each:
            one.set_lower_bounds(problem.low)
            one.set_upper_bounds(problem.high)
            one.set_ftol_rel(1e-14)
            one.set_xtol_rel(1e-14 if inner is None else 1e-10)
        if inner is not None:
            optimizer.set_local_optimizer(each[1])

        def objective(x, grad):
            if grad.size:
                grad[:] = problem.jac(x)
            return problem.fun(x)

        optimizer.set_min_objective(objective)
        for fun, jac, low, high in problem.rows():
            add_constraints(optimizer, fun, jac, low, high)
        optimizer.set_maxeval(10**6)
        # NLopt calls rounding an error, and gives up without a reason: the run counts up to there.
        with contextlib.suppress(Exception):
            return optimizer.optimize(problem.start)
        return np.full(problem.n, np.nan)

    return run


def add_constraints(optimizer, fun, jac, low, high):
    def side(sign, limits, of):
        def values(result, x, grad):
            result[:] = sign * (fun(x) - limits)[of]
            if grad.size:
                grad[:] = sign * jac(x)[of]

        return values

    tolerances = np.full(len(low), TOLERANCE)
    if (low == high).all():
        optimizer.add_equality_mconstraint(side(1, low, slice(None)), tolerances)
        return
    for of, sign, limits in ((np.isfinite(low), -1, low), (np.isfinite(high), 1, high)):
        if of.any():
            optimizer.add_inequality_mconstraint(side(sign, limits, of), tolerances[of])


@dataclass
class Pairing:
    """A method of ours and the one it has to keep up with."""

    ours: Callable
    reference_name: str
    reference: Callable
    budget: int


AUGMENTED = {"handling": "augmented_lagrangian"}
RELATIVE = {"convergence_ftol_rel": 1e-14, "convergence_xtol_rel": 1e-14}
PAIRINGS = {
    "scipy_slsqp": Pairing(
        ours("scipy_slsqp", convergence_ftol_abs=1e-14),
        "scipy SLSQP",
        scipy_method("SLSQP", ftol=1e-14),
        WITH_DERIVATIVES,
    ),
    "nlopt_slsqp": Pairing(ours("nlopt_slsqp", **RELATIVE), "NLopt SLSQP", nlopt_method(nlopt.LD_SLSQP), WITH_DERIVATIVES),
    "scipy_cobyla": Pairing(
        ours("scipy_cobyla", convergence_xtol_rel=1e-10),
        "scipy COBYLA",
        scipy_method("COBYLA", tol=1e-10, catol=TOLERANCE),
        WITHOUT_DERIVATIVES,
    ),
    "nlopt_cobyla": Pairing(
        ours("nlopt_cobyla", **RELATIVE), "NLopt COBYLA", nlopt_method(nlopt.LN_COBYLA), WITHOUT_DERIVATIVES
    ),
    "lbfgsb, augmented": Pairing(
        ours("lbfgsb", **AUGMENTED, convergence_ftol_rel=1e-14, convergence_gtol_abs=1e-8),
        "NLopt AUGLAG, L-BFGS",
        nlopt_method(nlopt.AUGLAG, nlopt.LD_LBFGS),
        WITH_DERIVATIVES,
    ),
    "bobyqa, augmented": Pairing(
        ours("bobyqa", **AUGMENTED, **(RELATIVE | {"convergence_xtol_rel": 1e-10})),
        "NLopt AUGLAG, BOBYQA",
        nlopt_method(nlopt.AUGLAG, nlopt.LN_BOBYQA),
        DIRECT,
    ),
    "neldermead, augmented": Pairing(
        ours("nlopt_neldermead", **AUGMENTED, convergence_xtol_rel=1e-10),
        "NLopt AUGLAG, Nelder-Mead",
        nlopt_method(nlopt.AUGLAG, nlopt.LN_NELDERMEAD),
        DIRECT,
    ),
}


@dataclass
class Run:
    """What a method needed on a problem."""

    evaluations: int | None
    total: int
    is_end_solved: bool


def measure(method, name, problem, budget):
    one = Problem(name, problem, budget)
    end = np.full(one.n, np.nan)
    with contextlib.suppress(BudgetExhausted), np.errstate(all="ignore"):
        end = np.asarray(method(one), dtype=float)
    return Run(one.evaluations(), len(one.points), one.is_solved_at(end))


def report(name, pairing, rows):
    both = {k: (a.evaluations, b.evaluations) for k, (a, b) in rows.items() if a.evaluations and b.evaluations}
    won = [k for k, (a, b) in rows.items() if a.evaluations and not b.evaluations]
    lost = [k for k, (a, b) in rows.items() if b.evaluations and not a.evaluations]
    worse = [k for k, (a, b) in both.items() if a > 1.1 * b]
    ratio = np.median([a for a, _ in both.values()]) / np.median([b for _, b in both.values()])
    each = np.median([a / b for a, b in both.values()])
    ends = [sum(row[side].is_end_solved for row in rows.values()) for side in (0, 1)]
    line = (
        f"| `{name}` | {pairing.reference_name} | {len(both) + len(won)} ({len(both) + len(lost)}) | {ends[0]} ({ends[1]}) "
        f"| {ratio:.2f} | {each:.2f} | {len(worse)} of {len(both)} |"
    )
    details = []
    if won:
        details.append(f"  only {name}: {', '.join(won)}")
    if lost:
        details.append(f"  only {pairing.reference_name}: {', '.join(lost)}")
    if worse:
        details.append(f"  more than 1.1 times: {', '.join(f'{k} {both[k][0]}/{both[k][1]}' for k in worse)}")
    return line, details


def main():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--detail", action="store_true", help="one line per problem")
    parser.add_argument("--only", nargs="+", metavar="METHOD", choices=PAIRINGS)
    arguments = parser.parse_args()

    problems = om.get_benchmark_problems("hock_schittkowski")
    lines, notes = [], []
    for name in arguments.only or PAIRINGS:
        pairing = PAIRINGS[name]
        rows = {}
        for key, problem in problems.items():
            sides = (pairing.ours, pairing.reference)
            rows[key] = [measure(side, key, problem, pairing.budget) for side in sides]
            if arguments.detail:
                shown = [f"{r.evaluations or '-':>6} of {r.total:6} {'' if r.is_end_solved else 'x':1}" for r in rows[key]]
                print(f"{name:24}{key:8}{shown[0]}   {shown[1]}", flush=True)
        line, details = report(name, pairing, rows)
        lines.append(line)
        notes += [line.split(" | ")[0] + ":", *details]
        print(f"{name}\n" + "\n".join(details), flush=True)
    print(f"\n{len(problems)} problems; the reference in brackets")
    print("| algorithm | reference | solved | end is solved | median evaluations, ratio | median of ratios | more than 1.1 times |")
    print("|---|---|---|---|---|---|---|")
    print("\n".join(lines))


if __name__ == "__main__":
    main()
