"""The problem as a user-defined algorithm sees it, and the way of its result back."""

from __future__ import annotations

from collections.abc import Callable
from copy import copy
from dataclasses import dataclass, field
from time import perf_counter
from typing import TYPE_CHECKING, Any, Literal

import numpy as np

from thalweg._algorithm import Algorithm, InternalOptimizeResult
from thalweg._catalog import FEATURES
from thalweg._converter import Converter
from thalweg.exceptions import InvalidArgumentError, InvalidFunctionError
from thalweg.typing import Direction, ErrorHandling

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from thalweg._history import History
    from typing_extensions import Self

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


@dataclass
class _Record:
    """What was evaluated, as the history of an algorithm's problem tells it."""

    entries: list[tuple[Vector, Any, float, float, int, str]] = field(default_factory=list)
    n_batches: int = 0


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
        self._record = _Record()
        self._goes_on: bool | None = None
        self._unlisted = False

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
            for x, value, *rest in self._record.entries
        ]
        return History(self.direction, *(list(column) for column in zip(*rows, strict=True)))

    def with_new_history(self) -> Self:
        """The same problem with an empty history of its own, for a search within the search.

        What is evaluated through it is neither in the history of this problem nor in that of the
        result. It counts as evaluated, is in the log, and the run may end because of it.
        """
        other = copy(self)
        other._record, other._unlisted = _Record(), True
        return other

    def with_error_handling(
        self, error_handling: ErrorHandling | Literal["raise", "raise_strict", "continue"]
    ) -> Self:
        """The same problem, with the same history, for evaluations that may fail in another way.

        With "continue", a penalty stands in for what the user's function cannot evaluate; with
        "raise" and "raise_strict", its exception ends the run.

        Raises:
            InvalidArgumentError: There is no such way.
        """
        try:
            handling = ErrorHandling(getattr(error_handling, "value", error_handling))
        except ValueError:
            raise InvalidArgumentError(
                f"error_handling has to be 'raise', 'raise_strict' or 'continue', not "
                f"{error_handling!r}."
            ) from None
        other = copy(self)
        other._goes_on = handling is ErrorHandling.CONTINUE
        return other

    def with_step_id(self, step_id: int) -> Self:  # noqa: ARG002
        """The same problem, with the same history.

        A log counts the steps of a run by itself, so that there is nothing for the number to do.
        """
        return copy(self)

    @property
    def _manner(self) -> tuple[bool | None, bool]:
        return self._goes_on, self._unlisted

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
        return self._noted([x], "fun", 1, lambda: [self._handle.fun(x, *self._manner)])[0]

    def jac(self, x: Vector) -> Vector:
        """Its derivative at `x`: the user's, or a numerical one."""
        return self._noted([x], "jac", 1, lambda: [self._handle.jac(x, *self._manner)])[0]

    def fun_and_jac(self, x: Vector) -> tuple[float | Vector, Vector]:
        """The objective and its derivative at `x`."""

        def evaluate() -> list[Any]:
            return [self._handle.fun_and_jac(x, *self._manner)]

        return self._noted([x], "fun_and_jac", 1, evaluate)[0]

    def batch_fun(
        self, x_list: list[Vector], n_cores: int = 1, batch_size: int | None = None
    ) -> list[float | Vector]:
        """The objective at several points, up to `n_cores` of them at the same time.

        In histories, `batch_size` of them are one batch; by default as many as are evaluated at
        the same time.
        """
        return self._batch(self._handle.batch_fun, x_list, n_cores, batch_size, "fun")

    def batch_jac(
        self, x_list: list[Vector], n_cores: int = 1, batch_size: int | None = None
    ) -> list[Vector]:
        """The derivative at several points; see `batch_fun`."""
        return self._batch(self._handle.batch_jac, x_list, n_cores, batch_size, "jac")

    def batch_fun_and_jac(
        self, x_list: list[Vector], n_cores: int = 1, batch_size: int | None = None
    ) -> list[tuple[float | Vector, Vector]]:
        """The objective and its derivative at several points; see `batch_fun`."""
        evaluate = self._handle.batch_fun_and_jac
        return self._batch(evaluate, x_list, n_cores, batch_size, "fun_and_jac")

    def exploration_fun(
        self, x_list: list[Vector], n_cores: int = 1, batch_size: int | None = None
    ) -> list[float]:
        """The value of the objective, a number whatever its kind, at points that only explore.

        A point at which the user's function fails has a penalty for its value.
        """
        tolerant = self.with_error_handling(ErrorHandling.CONTINUE)
        evaluate = self._handle.batch_fun
        values = tolerant._batch(evaluate, x_list, n_cores, batch_size, "exploration")
        return [self._total(value) for value in values]

    def _batch(
        self,
        evaluate: Callable[..., list[Any]],
        x_list: list[Vector],
        n_cores: int,
        batch_size: int | None,
        task: str,
    ) -> list[Any]:
        size = max(batch_size or n_cores, 1)
        return self._noted(
            x_list, task, size, lambda: evaluate(x_list, n_cores, size, *self._manner)
        )

    def _noted(
        self, x_list: list[Vector], task: str, batch_size: int, evaluate: Callable[[], list[Any]]
    ) -> list[Any]:
        """Evaluate, and take note for the history."""
        start = perf_counter()
        answers = evaluate()
        stop = perf_counter()
        record = self._record
        for number, (x, answer) in enumerate(zip(x_list, answers, strict=True)):
            value = answer[0] if task == "fun_and_jac" else None if task == "jac" else answer
            batch = record.n_batches + number // batch_size
            record.entries.append((np.array(x, dtype=float), value, start, stop, batch, task))
        record.n_batches += -(-len(answers) // batch_size)
        return answers

    def _total(self, value: Any) -> float:
        return float(np.sum(np.square(value) if self._solver_type == "least_squares" else value))


class UserAlgorithm:
    """A user-defined algorithm in the form in which the core runs it.

    Attributes:
        name: The algorithm's name.
        features: What it needs and supports, with the keys of an entry of the catalog.
        tree: The structure of the user's parameters; set before each run.
        history: The history that the algorithm wants the result of the last run to have, if any.
    """

    tree: Tree
    history: History | None = None

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
        self.history = None
        result = self._algorithm._solve_internal_problem(problem, x0)
        if not isinstance(result, InternalOptimizeResult):
            raise InvalidFunctionError(
                f"_solve_internal_problem of the algorithm {self.name} has to return an "
                f"InternalOptimizeResult, not {type(result).__name__}."
            )
        self.history = result.history
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
