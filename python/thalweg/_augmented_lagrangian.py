"""Options of the augmented Lagrangian that keeps nonlinear constraints around any algorithm."""

from __future__ import annotations

from dataclasses import dataclass

from thalweg._multistart import _is_number, _is_whole
from thalweg.exceptions import InvalidArgumentError


@dataclass(frozen=True)
class AugmentedLagrangianOptions:
    """How an augmented Lagrangian goes on from one subproblem to the next.

    Given as `constraint_handling`, it says that an augmented Lagrangian keeps the constraints, too.

    Attributes:
        initial_penalty: The penalty at the beginning; None for one that is chosen from the values
            at the start. A larger one stays nearer to the constraints, and is harder to minimize.
        penalty_growth: By how much the penalty grows where violations do not fall enough.
        sufficient_fall: The share of their former size to which violations have to fall from one
            subproblem to the next, so that the penalty stays as it is.
        max_subproblems: The largest number of subproblems.

    Raises:
        InvalidArgumentError: An option is not a number. Whether it is one that makes sense is said
            when the optimization begins.
    """

    initial_penalty: float | None = None
    penalty_growth: float = 10.0
    sufficient_fall: float = 0.1
    max_subproblems: int = 60

    def __post_init__(self) -> None:
        """Check that options are numbers."""
        rho = self.initial_penalty
        _require(rho is None or _is_number(rho), "initial_penalty", rho, "a number or None")
        for name in ("penalty_growth", "sufficient_fall"):
            value = getattr(self, name)
            _require(_is_number(value), name, value, "a number")
        count = self.max_subproblems
        expected = "a whole number that is not negative"
        _require(_is_whole(count) and count >= 0, "max_subproblems", count, expected)

    def _flat(self) -> tuple[float | None, float, float, int]:
        """The options as the core takes them."""
        rho = self.initial_penalty
        return (
            None if rho is None else float(rho),
            float(self.penalty_growth),
            float(self.sufficient_fall),
            int(self.max_subproblems),
        )


def _require(condition: bool, name: str, value: object, expected: str) -> None:
    if not condition:
        raise InvalidArgumentError(
            f"Invalid options of the augmented Lagrangian: {name} has to be {expected}, not "
            f"{value!r}."
        )
