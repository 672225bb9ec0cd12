"""An algorithm of your own: a class of options and a plain loop.

Limits, bounds, history, derivatives, sign, fixed parameters and the result are the library's concern.
"""

from dataclasses import dataclass

import numpy as np
import thalweg as om
from thalweg.optimization.algorithm import Algorithm, InternalOptimizeResult
from thalweg.typing import AggregationLevel, PositiveFloat


@om.mark.minimizer(
    name="compass",
    solver_type=AggregationLevel.SCALAR,
    is_available=True,
    is_global=False,
    needs_jac=False,
    needs_hess=False,
    needs_bounds=False,
    supports_parallelism=True,
    supports_bounds=True,
    supports_infinite_bounds=True,
    supports_linear_constraints=False,
    supports_nonlinear_constraints=False,
)
@dataclass(frozen=True)
class Compass(Algorithm):
    """Compass search: try a step up and down along every axis; halve the step when none is better."""

    initial_step: PositiveFloat = 1.0
    convergence_xtol_abs: PositiveFloat = 1e-6
    stopping_maxfun: int = 10_000

    def _solve_internal_problem(self, problem, x0):
        x, step = x0.copy(), self.initial_step
        best = problem.fun(x)
        lower = -np.inf if problem.bounds.lower is None else problem.bounds.lower
        upper = np.inf if problem.bounds.upper is None else problem.bounds.upper
        moves = np.vstack([np.eye(len(x)), -np.eye(len(x))])
        n_fun_evals = 1
        while step > self.convergence_xtol_abs and n_fun_evals < self.stopping_maxfun:
            # Independent points are one batch: they are evaluated in parallel.
            points = list(np.clip(x + step * moves, lower, upper))
            values = problem.batch_fun(points, n_cores=1)
            n_fun_evals += len(points)
            i = int(np.argmin(values))
            if values[i] < best:
                x, best = points[i], values[i]
            else:
                step /= 2
        return InternalOptimizeResult(
            x=x,
            fun=best,
            success=step <= self.convergence_xtol_abs,
            message=f"step {step:.1e}",
            n_fun_evals=n_fun_evals,
        )


def main():
    def fun(x):
        return (x[0] - 1) ** 2 + (x[1] + 2) ** 2 + abs(x[2])

    result = om.minimize(
        fun,
        np.full(3, 5.0),
        algorithm=Compass(initial_step=0.5),
        bounds=om.Bounds(lower=np.array([-np.inf, 0, -np.inf])),
        constraints=om.FixedConstraint(selector=lambda x: x[2]),
    )
    print(result.params, result.message)

    result = om.maximize(lambda x: -(x @ x), np.array([3.0, 4.0]), algorithm=Compass)
    print(result.params, result.message, f"after {result.n_fun_evals} evaluations")


if __name__ == "__main__":
    main()
