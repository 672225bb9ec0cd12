"""What the tests of benchmarks share: the runs that they look at, and algorithms that misbehave."""

from dataclasses import dataclass

import pytest
import thalweg as om
from thalweg.optimization.algorithm import Algorithm

ALGORITHMS = ["scipy_lbfgsb", "scipy_neldermead", "nag_dfols"]


@pytest.fixture(scope="module")
def problems():
    return om.get_benchmark_problems("example")


@pytest.fixture(scope="module")
def results(problems):
    return om.run_benchmark(problems, ALGORITHMS, n_cores=2, max_criterion_evaluations=300)


def scalar_algorithm(name, **flags):
    """Make a class a scalar algorithm without derivatives, bounds or constraints."""
    able = ("is_global", "needs_jac", "needs_hess", "needs_bounds", "supports_parallelism", "supports_bounds")
    able += ("supports_infinite_bounds", "supports_linear_constraints", "supports_nonlinear_constraints")
    return om.mark.minimizer(
        name=name, solver_type="scalar", is_available=True, **dict.fromkeys(able, False), **flags
    )


@scalar_algorithm("broken")
@dataclass(frozen=True)
class Broken(Algorithm):
    """Fails."""

    def _solve_internal_problem(self, problem, x0):
        raise RuntimeError("out of luck")
