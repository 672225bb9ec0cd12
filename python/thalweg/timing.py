"""Cost models: what an evaluation costs when histories are drawn or compared."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import dataclass
from typing import Literal


@dataclass(frozen=True)
class CostModel:
    """What evaluations cost.

    Attributes:
        fun: Cost of one evaluation of the objective; None for its measured time in seconds.
        jac: Cost of one derivative, first or second; None for its measured time.
        fun_and_jac: Cost of both together; None for their measured time.
        label: The label of an axis that shows the cost.
        aggregate_batch_time: How the costs of a batch, which is evaluated in parallel, become one
            number.
    """

    fun: float | None
    jac: float | None
    fun_and_jac: float | None
    label: str
    aggregate_batch_time: Callable[[Iterable[float]], float]

    def __post_init__(self) -> None:
        """Check the types, which decide how costs are added up."""
        if not callable(self.aggregate_batch_time):
            raise ValueError(
                "aggregate_batch_time must be a callable that makes one cost of several, for example "
                "sum or max."
            )


evaluation_time = CostModel(
    fun=None, jac=None, fun_and_jac=None, label="Function time (seconds)", aggregate_batch_time=sum
)

fun_evaluations = CostModel(
    fun=1, jac=0, fun_and_jac=1, label="Number of criterion evaluations", aggregate_batch_time=sum
)

fun_batches = CostModel(
    fun=1, jac=0, fun_and_jac=1, label="Number of batches", aggregate_batch_time=max
)

wall_time: Literal["wall_time"] = "wall_time"

TIMING_REGISTRY: dict[str, CostModel | Literal["wall_time"]] = {
    "evaluation_time": evaluation_time,
    "fun_evaluations": fun_evaluations,
    "fun_batches": fun_batches,
    "wall_time": wall_time,
}
