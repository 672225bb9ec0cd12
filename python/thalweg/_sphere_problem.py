"""A problem for trying an algorithm of one's own by hand, without `minimize`."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, cast

import numpy as np

from thalweg._internal_problem import InternalOptimizationProblem
from thalweg.typing import AggregationLevel

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from thalweg._converter import Converter
    from thalweg._thalweg import ProblemHandle

    Vector = NDArray[np.float64]

_N_BOUNDS = 10


class SphereExampleInternalOptimizationProblem(InternalOptimizationProblem):
    """The sum of squares as the problem that a user-defined algorithm is given.

    For trying an algorithm: `algorithm._solve_internal_problem(problem, x0)`. It takes points of any
    length; its bounds are for ten parameters.
    """

    def __init__(
        self,
        solver_type: AggregationLevel = AggregationLevel.SCALAR,
        binding_bounds: bool = False,
    ) -> None:
        """Define the problem.

        Args:
            solver_type: What the algorithm sees: the sum, the parameters as residuals, or their
                squares as contributions.
            binding_bounds: Whether bounds hold some parameters away from zero. Otherwise they are
                -10 and 10.
        """
        level = AggregationLevel(solver_type)
        numbers = np.arange(_N_BOUNDS, dtype=float)
        full = np.full(_N_BOUNDS, 10.0)
        lower, upper = (numbers - 7, numbers - 3) if binding_bounds else (-full, full)
        super().__init__(
            cast("ProblemHandle", _Sphere(level, lower, upper)),
            cast("Converter", _Identity()),
            level.value,
        )


class _Sphere:
    """The function, in the place of the core's."""

    direction = "minimize"
    constraint_limits: tuple[list[float], list[float], list[float], list[int]] = ([], [], [], [])

    def __init__(self, level: AggregationLevel, lower: Vector, upper: Vector) -> None:
        self._level, self.lower, self.upper = level, lower, upper

    def fun(self, x: Vector, *_: Any) -> Any:
        x = np.asarray(x, dtype=float)
        if self._level is AggregationLevel.SCALAR:
            return float(x @ x)
        return x.copy() if self._level is AggregationLevel.LEAST_SQUARES else x**2

    def jac(self, x: Vector, *_: Any) -> Vector:
        x = np.asarray(x, dtype=float)
        if self._level is AggregationLevel.SCALAR:
            return 2 * x
        return np.eye(len(x)) if self._level is AggregationLevel.LEAST_SQUARES else np.diag(2 * x)

    def fun_and_jac(self, x: Vector, *_: Any) -> tuple[Any, Vector]:
        return self.fun(x), self.jac(x)

    def batch_fun(self, x_list: list[Vector], *_: Any) -> list[Any]:
        return [self.fun(x) for x in x_list]

    def batch_jac(self, x_list: list[Vector], *_: Any) -> list[Vector]:
        return [self.jac(x) for x in x_list]

    def batch_fun_and_jac(self, x_list: list[Vector], *_: Any) -> list[tuple[Any, Vector]]:
        return [self.fun_and_jac(x) for x in x_list]


class _Identity:
    """Parameters are the vector that the algorithm sees."""

    has_transforming_constraints = False

    def params_to_internal(self, params: Any) -> Vector:
        return np.asarray(params, dtype=float)

    def params_from_internal(self, x: Vector, return_type: str = "tree") -> Vector:  # noqa: ARG002
        return x

    def derivative_to_internal(self, derivative: Any, x: Vector) -> Vector:  # noqa: ARG002
        return np.asarray(derivative, dtype=float)
