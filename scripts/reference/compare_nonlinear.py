"""Compare slsqp, cobyla and the augmented Lagrangian with those of scipy and nlopt on classic problems.

Run with thalweg, nlopt and scipy installed: python scripts/reference/compare_nonlinear.py

Prints for each problem and solver the evaluations of the objective (those for numerical
derivatives do not count, for anybody), the error of the objective and the largest violation.
The problems are those of W. Hock, K. Schittkowski, Test Examples for Nonlinear Programming Codes,
1981; the same as in crates/thalweg/tests/nonlinear/classics.rs. nlopt's inner algorithm stops at
the tolerance that its outer one has (1e-8 relative); more does not change its counts much.
"""

import nlopt
import numpy as np
from scipy.optimize import minimize as scipy_minimize

import thalweg as om

INF = np.inf


class Classic:
    """Minimize `fun` with `lower <= constraints <= upper` within `box`."""

    def __init__(self, name, start, value, fun, constraints, lower, upper, box=(-INF, INF)):
        self.name, self.start, self.value = name, np.array(start, dtype=float), value
        self.fun, self.constraints, self.box = fun, constraints, box
        self.lower, self.upper = np.array(lower, dtype=float), np.array(upper, dtype=float)

    def violation(self, x):
        """The largest violation of a limit."""
        c = np.array(self.constraints(x))
        return max(0.0, *(self.lower - c), *(c - self.upper))


CLASSICS = [
    Classic(
        *("HS6", [-1.2, 1], 0.0, lambda x: (1 - x[0]) ** 2),
        *(lambda x: [10 * (x[1] - x[0] ** 2)], [0], [0]),
    ),
    Classic(
        *("HS7", [2, 2], -np.sqrt(3), lambda x: np.log(1 + x[0] ** 2) - x[1]),
        *(lambda x: [(1 + x[0] ** 2) ** 2 + x[1] ** 2], [4], [4]),
    ),
    Classic(
        *("HS26", [-2.6, 2, 2], 0.0, lambda x: (x[0] - x[1]) ** 2 + (x[1] - x[2]) ** 4),
        *(lambda x: [(1 + x[1] ** 2) * x[0] + x[2] ** 4], [3], [3]),
    ),
    Classic(
        *("HS35", [0.5, 0.5, 0.5], 1 / 9),
        lambda x: (
            9
            - 8 * x[0]
            - 6 * x[1]
            - 4 * x[2]
            + 2 * x[0] ** 2
            + 2 * x[1] ** 2
            + x[2] ** 2
            + 2 * x[0] * x[1]
            + 2 * x[0] * x[2]
        ),
        *(lambda x: [x[0] + x[1] + 2 * x[2]], [-INF], [3], (0, INF)),
    ),
    Classic(
        *("HS39", [2, 2, 2, 2], -1.0, lambda x: -x[0]),
        lambda x: [x[1] - x[0] ** 3 - x[2] ** 2, x[0] ** 2 - x[1] - x[3] ** 2],
        *([0, 0], [0, 0]),
    ),
    Classic(
        *("HS43", [0, 0, 0, 0], -44.0),
        lambda x: (
            x @ x + x[2] ** 2 - 5 * x[0] - 5 * x[1] - 21 * x[2] + 7 * x[3]
        ),
        lambda x: [
            x @ x + x[0] - x[1] + x[2] - x[3],
            x @ x + x[1] ** 2 + x[3] ** 2 - x[0] - x[3],
            2 * x[0] ** 2 + x[1] ** 2 + x[2] ** 2 + 2 * x[0] - x[1] - x[3],
        ],
        *([-INF] * 3, [8, 10, 5]),
    ),
    Classic(
        *("HS71", [1, 5, 5, 1], 17.0140172892),
        lambda x: x[0] * x[3] * (x[0] + x[1] + x[2]) + x[2],
        *(lambda x: [np.prod(x), x @ x], [25, 40], [INF, 40], (1, 5)),
    ),
    Classic(
        *("HS100", [1, 2, 0, 4, 0, 1, 1], 680.6300573),
        lambda x: (
            (x[0] - 10) ** 2
            + 5 * (x[1] - 12) ** 2
            + x[2] ** 4
            + 3 * (x[3] - 11) ** 2
            + 10 * x[4] ** 6
            + 7 * x[5] ** 2
            + x[6] ** 4
            - 4 * x[5] * x[6]
            - 10 * x[5]
            - 8 * x[6]
        ),
        lambda x: [
            2 * x[0] ** 2 + 3 * x[1] ** 4 + x[2] + 4 * x[3] ** 2 + 5 * x[4],
            7 * x[0] + 3 * x[1] + 10 * x[2] ** 2 + x[3] - x[4],
            23 * x[0] + x[1] ** 2 + 6 * x[5] ** 2 - 8 * x[6],
            4 * x[0] ** 2 + x[1] ** 2 - 3 * x[0] * x[1] + 2 * x[2] ** 2 + 5 * x[5] - 11 * x[6],
        ],
        *([-INF] * 4, [127, 282, 196, 0]),
    ),
    Classic(
        *("disc", [0, 0], 0.04567480872),
        lambda x: 100 * (x[1] - x[0] ** 2) ** 2 + (1 - x[0]) ** 2,
        *(lambda x: [x @ x], [-INF], [1]),
    ),
]


def jacobian(fun, x):
    """Central differences."""
    step = 1e-6 * np.maximum(1, np.abs(x))
    columns = [
        (np.atleast_1d(fun(x + e)) - np.atleast_1d(fun(x - e))) / (2 * h)
        for e, h in zip(np.diag(step), step, strict=True)
    ]
    return np.array(columns).T


def with_thalweg(problem, algorithm, tol=1e-5):
    """Our augmented Lagrangian."""
    result = om.minimize(
        lambda x: float(problem.fun(x)),
        problem.start,
        algorithm,
        bounds=om.Bounds(
            lower=np.full(len(problem.start), problem.box[0]),
            upper=np.full(len(problem.start), problem.box[1]),
        ),
        constraints=om.NonlinearConstraint(
            func=lambda x: np.array(problem.constraints(x)),
            lower_bound=problem.lower,
            upper_bound=problem.upper,
            tol=tol,
        ),
        constraint_handling="augmented_lagrangian",
        algo_options={"stopping_maxfun": 20_000},
    )
    return result.n_fun_evals, result.params, result.success


def with_thalweg_slsqp(problem, ftol):
    """Our slsqp, which keeps the constraints itself."""
    n = len(problem.start)
    result = om.minimize(
        lambda x: float(problem.fun(x)),
        problem.start,
        "scipy_slsqp",
        bounds=om.Bounds(lower=np.full(n, problem.box[0]), upper=np.full(n, problem.box[1])),
        constraints=om.NonlinearConstraint(
            func=lambda x: np.array(problem.constraints(x)),
            lower_bound=problem.lower,
            upper_bound=problem.upper,
        ),
        algo_options={"convergence_ftol_abs": ftol},
    )
    return result.n_fun_evals, result.params, result.success


def with_nlopt(problem, inner):
    """nlopt's augmented Lagrangian around one of its algorithms."""
    n, calls = len(problem.start), [0]

    def objective(x, grad):
        calls[0] += 1
        if grad.size:
            grad[:] = jacobian(problem.fun, x)
        return float(problem.fun(x))

    def side(sign, limits, rows):
        def values(result, x, grad):
            c = np.array(problem.constraints(x), dtype=float)
            result[:] = sign * (c - limits)[rows]
            if grad.size:
                grad[:] = sign * jacobian(lambda x: np.array(problem.constraints(x)), x)[rows]

        return values

    optimizer, local = nlopt.opt(nlopt.AUGLAG, n), nlopt.opt(inner, n)
    for each in (optimizer, local):
        each.set_lower_bounds(np.full(n, problem.box[0]))
        each.set_upper_bounds(np.full(n, problem.box[1]))
        each.set_ftol_rel(1e-8)
        each.set_xtol_rel(1e-8)
    optimizer.set_local_optimizer(local)
    optimizer.set_min_objective(objective)
    equal = problem.lower == problem.upper
    below, above = np.isfinite(problem.lower) & ~equal, np.isfinite(problem.upper) & ~equal
    for rows, sign, limits in ((below, -1, problem.lower), (above, 1, problem.upper)):
        if rows.any():
            tolerances = np.full(rows.sum(), 1e-5)
            optimizer.add_inequality_mconstraint(side(sign, limits, rows), tolerances)
    if equal.any():
        tolerances = np.full(equal.sum(), 1e-5)
        optimizer.add_equality_mconstraint(side(1, problem.lower, equal), tolerances)
    optimizer.set_maxeval(20_000)
    try:
        x, success = optimizer.optimize(problem.start), True
    except (nlopt.RoundoffLimited, RuntimeError):
        x, success = np.full(n, np.nan), False
    return calls[0], x, success


def with_slsqp(problem, ftol):
    """scipy's SLSQP."""
    from scipy.optimize import NonlinearConstraint

    result = scipy_minimize(
        problem.fun,
        problem.start,
        jac=lambda x: jacobian(problem.fun, x)[0],
        method="SLSQP",
        bounds=[problem.box] * len(problem.start),
        constraints=NonlinearConstraint(
            lambda x: np.array(problem.constraints(x)),
            problem.lower,
            problem.upper,
            jac=lambda x: jacobian(lambda x: np.array(problem.constraints(x)), x),
        ),
        options={"maxiter": 1000, "ftol": ftol},
    )
    return result.nfev, result.x, result.success


def with_thalweg_cobyla(problem, name, tol):
    """Our cobyla, with the violations that the others leave."""
    n = len(problem.start)
    result = om.minimize(
        lambda x: float(problem.fun(x)),
        problem.start,
        name,
        bounds=om.Bounds(lower=np.full(n, problem.box[0]), upper=np.full(n, problem.box[1])),
        constraints=om.NonlinearConstraint(
            func=lambda x: np.array(problem.constraints(x)),
            lower_bound=problem.lower,
            upper_bound=problem.upper,
            tol=1e-8,
        ),
        algo_options={"convergence_xtol_rel": tol, "convergence_ftol_rel": 0, "stopping_maxfun": 20_000},
    )
    return result.n_fun_evals, result.params, result.success


def with_scipy_cobyla(problem, tol):
    """scipy's COBYLA with optimagic's first radius. Its constraints have one limit, here two rows for each equation."""
    from scipy.optimize import Bounds, NonlinearConstraint

    n = len(problem.start)
    result = scipy_minimize(
        problem.fun,
        problem.start,
        method="COBYLA",
        tol=tol,
        bounds=Bounds(np.full(n, problem.box[0]), np.full(n, problem.box[1])),
        constraints=NonlinearConstraint(
            lambda x: np.array(problem.constraints(x)), problem.lower, problem.upper
        ),
        options={"maxiter": 20_000, "rhobeg": 0.1 * max(np.abs(problem.start).max(), 1.0)},
    )
    return result.nfev, result.x, result.success


def with_nlopt_cobyla(problem, tol):
    """nlopt's COBYLA."""
    n, calls = len(problem.start), [0]

    def objective(x, _):
        calls[0] += 1
        return float(problem.fun(x))

    def side(sign, limits, rows):
        def values(result, x, _):
            result[:] = sign * (np.array(problem.constraints(x), dtype=float) - limits)[rows]

        return values

    optimizer = nlopt.opt(nlopt.LN_COBYLA, n)
    optimizer.set_lower_bounds(np.full(n, problem.box[0]))
    optimizer.set_upper_bounds(np.full(n, problem.box[1]))
    optimizer.set_min_objective(objective)
    equal = problem.lower == problem.upper
    below, above = np.isfinite(problem.lower) & ~equal, np.isfinite(problem.upper) & ~equal
    for rows, sign, limits in ((below, -1, problem.lower), (above, 1, problem.upper)):
        if rows.any():
            optimizer.add_inequality_mconstraint(side(sign, limits, rows), np.full(rows.sum(), 1e-5))
    if equal.any():
        optimizer.add_equality_mconstraint(side(1, problem.lower, equal), np.full(equal.sum(), 1e-5))
    optimizer.set_xtol_rel(tol)
    optimizer.set_maxeval(20_000)
    try:
        x, success = optimizer.optimize(problem.start), True
    except (nlopt.RoundoffLimited, RuntimeError):
        x, success = np.full(n, np.nan), False
    return calls[0], x, success


SOLVERS = {
    "thalweg lbfgsb": lambda problem: with_thalweg(problem, "lbfgsb"),
    "thalweg lbfgsb, tol 1e-8": lambda problem: with_thalweg(problem, "lbfgsb", 1e-8),
    "nlopt auglag lbfgs": lambda problem: with_nlopt(problem, nlopt.LD_LBFGS),
    "thalweg slsqp, ftol 1e-6": lambda problem: with_thalweg_slsqp(problem, 1e-6),
    "scipy slsqp, ftol 1e-6": lambda problem: with_slsqp(problem, 1e-6),
    "thalweg slsqp, ftol 1e-8": lambda problem: with_thalweg_slsqp(problem, 1e-8),
    "scipy slsqp, ftol 1e-8": lambda problem: with_slsqp(problem, 1e-8),
    "thalweg scipy_cobyla, 1e-5": lambda problem: with_thalweg_cobyla(problem, "scipy_cobyla", 1e-5),
    "scipy cobyla, 1e-5": lambda problem: with_scipy_cobyla(problem, 1e-5),
    "thalweg scipy_cobyla, 1e-8": lambda problem: with_thalweg_cobyla(problem, "scipy_cobyla", 1e-8),
    "scipy cobyla, 1e-8": lambda problem: with_scipy_cobyla(problem, 1e-8),
    "thalweg nlopt_cobyla, 1e-5": lambda problem: with_thalweg_cobyla(problem, "nlopt_cobyla", 1e-5),
    "nlopt cobyla, 1e-5": lambda problem: with_nlopt_cobyla(problem, 1e-5),
    "thalweg nlopt_cobyla, 1e-8": lambda problem: with_thalweg_cobyla(problem, "nlopt_cobyla", 1e-8),
    "nlopt cobyla, 1e-8": lambda problem: with_nlopt_cobyla(problem, 1e-8),
    "thalweg neldermead": lambda problem: with_thalweg(problem, "neldermead"),
    "nlopt auglag neldermead": lambda problem: with_nlopt(problem, nlopt.LN_NELDERMEAD),
}

for problem in CLASSICS:
    print(problem.name)
    for name, solver in SOLVERS.items():
        n_evals, x, success = solver(problem)
        error, violation = abs(problem.fun(x) - problem.value), problem.violation(x)
        print(f"  {name:27} {n_evals:6}  error {error:.1e}  violation {violation:.1e}  {success}")
