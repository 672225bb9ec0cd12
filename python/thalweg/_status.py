"""How a run ended: a number that also equals its word."""

from __future__ import annotations

from typing import Any


class Status(int):
    """How a run ended.

    It compares equal to its number and to its word: `result.status == "max_evaluations"`.

    Attributes:
        word: The end in one word: converged, target_reached, nothing_to_optimize, stalled,
            exhausted, max_evaluations, max_iterations, max_seconds, callback, interrupted, failed,
            unbounded, invalid or infeasible. Only the first three are a success.
    """

    word: str

    def __new__(cls, number: int, word: str) -> Status:
        """The status with this number and word."""
        status = super().__new__(cls, number)
        status.word = word
        return status

    def __eq__(self, other: object) -> bool:
        """Compare with a number or a word."""
        return self.word == other if isinstance(other, str) else int.__eq__(self, other)

    def __ne__(self, other: object) -> bool:
        """The opposite of `==`."""
        return not self == other

    __hash__ = int.__hash__

    def __str__(self) -> str:
        """The word."""
        return self.word

    def __repr__(self) -> str:
        """Number and word."""
        return f"<Status {int(self)}: {self.word}>"

    def __reduce__(self) -> tuple[Any, ...]:
        """Pickle with the word."""
        return (type(self), (int(self), self.word))
