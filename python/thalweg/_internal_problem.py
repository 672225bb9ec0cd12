"""The problem as a user-defined algorithm sees it, and the way of its result back."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from time import perf_counter
from typing import TYPE_CHECKING, Any

import numpy as np

from thalweg._algorithm import Algorithm, InternalOptimizeResult
from thalweg._catalog import FEATURES
from thalweg._converter import Converter
from thalweg.exceptions import InvalidFunctionError
from thalweg.typing import Direction

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from thalweg._history import History
    from thalweg._thalweg import ProblemHandle, Tree

    Vector = NDArray[np.float64]


@dataclass(frozen=True, eq=False)
class InternalBounds:
    """Bounds on the vector that the algorithm sees; a side is None when it has no finite entry.

    Soft bounds are of searches from many starts: within one run there are none.
    """

    lower: Vector | None
    upper: Vector | None
    soft_lower: Vector | None = None
    soft_upper: Vector | None = None


class InternalOptimizationProblem:
    """The problem that a user-defined algorithm minimizes.

    Smaller values are better: when the user maximizes, values and derivatives come with the
    opposite sign. For algorithms of type "least_squares" or "likelihood", `fun` returns the vector
    of residuals or contributions and `jac` its Jacobian.
    """

    linear_constraints: None = None
    """Linear constraints; there are none yet."""

    logger: None = None
    """The log of the run; there is none yet."""

    def __init__(self, handle: ProblemHandle, converter: Converter, solver_type: str) -> None:
        self._handle, self._solver_type = handle, solver_type
        self.converter = converter
        self._entries: list[tuple[Vector, Any, float, float, int, str]] = []
        self._n_batches = 0

    @property
    def history(self) -> History:
        """The evaluations so far, in the user's terms."""
        from thalweg._history import History

        sign = -1.0 if self.direction is Direction.MAXIMIZE else 1.0
        rows = [
            (
                self.converter.params_from_internal(x),
                None if value is None else sign * self._total(value),
                *rest,
            )
            for x, value, *rest in self._entries
        ]
        return History(self.direction, *(list(column) for column in zip(*rows, strict=True)))

    @property
    def bounds(self) -> InternalBounds:
        """The bounds, which no evaluation may leave."""
        return InternalBounds(lower=self._handle.lower, upper=self._handle.upper)

    @property
    def nonlinear_constraints(self) -> list[dict[str, Any]]:
        """The nonlinear constraints, one dict for each.

        The keys are "type" ("eq" if values have to be zero, "ineq" if they must not be negative),
        "n_constr" (the number of values), "fun" and "jac" (functions of `x`) and "tol".
        """
        from thalweg._nonlinear import internal_constraints

        return internal_constraints(self._handle)

    @property
    def direction(self) -> Direction:
        """What the user does; the values handed out are always to be minimized."""
        return Direction(self._handle.direction)

    def fun(self, x: Vector) -> float | Vector:
        """The objective at `x`."""
        return self._noted([x], "fun", 1, lambda: [self._handle.fun(x)])[0]

    def jac(self, x: Vector) -> Vector:
        """Its derivative at `x`: the user's, or a numerical one."""
        return self._noted([x], "jac", 1, lambda: [self._handle.jac(x)])[0]

    def fun_and_jac(self, x: Vector) -> tuple[float | Vector, Vector]:
        """The objective and its derivative at `x`."""
        return self._noted([x], "fun_and_jac", 1, lambda: [self._handle.fun_and_jac(x)])[0]

    def batch_fun(
        self, x_list: list[Vector], n_cores: int = 1, batch_size: int | None = None
    ) -> list[float | Vector]:
        """The objective at several points, up to `n_cores` of them at the same time."""
        size = batch_size or n_cores
        return self._noted(x_list, "fun", size, lambda: self._handle.batch_fun(x_list, n_cores))

    def batch_jac(
        self, x_list: list[Vector], n_cores: int = 1, batch_size: int | None = None
    ) -> list[Vector]:
        """The derivative at several points, up to `n_cores` of them at the same time."""
        size = batch_size or n_cores
        return self._noted(x_list, "jac", size, lambda: self._handle.batch_jac(x_list, n_cores))

    def batch_fun_and_jac(
        self, x_list: list[Vector], n_cores: int = 1, batch_size: int | None = None
    ) -> list[tuple[float | Vector, Vector]]:
        """The objective and its derivative at several points, up to `n_cores` at the same time."""
        size = batch_size or n_cores
        return self._noted(
            x_list, "fun_and_jac", size, lambda: self._handle.batch_fun_and_jac(x_list, n_cores)
        )

    def _noted(
        self, x_list: list[Vector], task: str, batch_size: int, evaluate: Callable[[], list[Any]]
    ) -> list[Any]:
        """Evaluate, and take note for the history."""
        start = perf_counter()
        answers = evaluate()
        stop = perf_counter()
        for number, (x, answer) in enumerate(zip(x_list, answers, strict=True)):
            value = answer[0] if task == "fun_and_jac" else None if task == "jac" else answer
            batch = self._n_batches + number // max(batch_size, 1)
            self._entries.append((np.array(x, dtype=float), value, start, stop, batch, task))
        self._n_batches += -(-len(answers) // max(batch_size, 1))
        return answers

    def _total(self, value: Any) -> float:
        return float(np.sum(np.square(value) if self._solver_type == "least_squares" else value))


class UserAlgorithm:
    """A user-defined algorithm in the form in which the core runs it.

    Attributes:
        name: The algorithm's name.
        features: What it needs and supports, with the keys of an entry of the catalog.
        tree: The structure of the user's parameters; set before each run.
    """

    tree: Tree

    def __init__(self, algorithm: Algorithm) -> None:
        self._algorithm = algorithm
        info = algorithm.algo_info
        self.name = info.name
        self.features: dict[str, Any] = {feature: getattr(info, feature) for feature in FEATURES}
        self.features["solver_type"] = info.solver_type.value  # type: ignore[union-attr]

    def __call__(self, handle: ProblemHandle, x0: Vector) -> dict[str, Any]:
        """Run the algorithm and return what it found.

        Raises:
            InvalidFunctionError: The algorithm does not return an `InternalOptimizeResult`.
        """
        solver_type = self.features["solver_type"]
        converter = Converter(self.tree, handle.space)
        problem = InternalOptimizationProblem(handle, converter, solver_type)
        result = self._algorithm._solve_internal_problem(problem, x0)
        if not isinstance(result, InternalOptimizeResult):
            raise InvalidFunctionError(
                f"_solve_internal_problem of the algorithm {self.name} has to return an "
                f"InternalOptimizeResult, not {type(result).__name__}."
            )
        return {name: getattr(result, name) for name in _PASSED_ON}


_PASSED_ON = (
    "x",
    "fun",
    "success",
    "message",
    "status",
    "n_fun_evals",
    "n_jac_evals",
    "n_hess_evals",
    "n_iterations",
    "jac",
    "hess",
    "hess_inv",
    "max_constraint_violation",
    "info",
)
