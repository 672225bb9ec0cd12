"""What became of each constraint, for the user to read."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from thalweg._constraints.flatten import FlatConstraints
    from thalweg._thalweg import RawResult, Space


@dataclass(frozen=True)
class PlannedConstraint:
    """One constraint and how it is handled.

    Attributes:
        index: Its position in the user's list.
        kind: Its kind in one word, such as "linear".
        handling: How it is handled in one word: "fixed", "copies" (some parameters are copies of
            others), "bounds" (it was turned into bounds), "reparametrized", "implied" (others and
            bounds imply it), "native" (the algorithm keeps it, or some of its rows), "augmented"
            (an augmented Lagrangian around the algorithm does), "open" (one of the two, as the
            algorithm will be) or "idle" (it asks for nothing).
        text: The same in a few words.
    """

    index: int
    kind: str
    handling: str
    text: str

    def __str__(self) -> str:
        return f"constraints[{self.index}] ({self.kind}): {self.text}"


class ConstraintPlan:
    """How the constraints of a problem are handled, in the order of the user's list.

    Attributes:
        entries: One for each constraint; several for a linear constraint with a matrix of weights.
        n_free: The number of coordinates that the algorithm moves.
        n_params: The number of parameters.
    """

    __slots__ = ("entries", "n_free", "n_params")

    def __init__(self, entries: list[PlannedConstraint], n_free: int, n_params: int) -> None:
        self.entries, self.n_free, self.n_params = entries, n_free, n_params

    def __len__(self) -> int:
        """The number of entries."""
        return len(self.entries)

    def __iter__(self) -> Iterator[PlannedConstraint]:
        """The entries."""
        return iter(self.entries)

    def __getitem__(self, position: int) -> PlannedConstraint:
        """One entry."""
        return self.entries[position]

    def __repr__(self) -> str:
        return "\n".join([*map(str, self.entries), self._summary()])

    def _repr_html_(self) -> str:
        from html import escape

        rows = "".join(
            f"<tr><td>{entry.index}</td><td>{escape(entry.kind)}</td>"
            f"<td>{escape(entry.text)}</td></tr>"
            for entry in self.entries
        )
        return (
            "<table><thead><tr><th>constraint</th><th>kind</th><th>how it is handled</th></tr>"
            f"</thead><tbody>{rows}</tbody></table><p>{escape(self._summary())}</p>"
        )

    def _summary(self) -> str:
        noun = "parameter" if self.n_params == 1 else "parameters"
        verb = "coordinate is" if self.n_free == 1 else "coordinates are"
        return f"{self.n_free} {verb} free, for {self.n_params} {noun}."


def plan_before(space: Space, flat: FlatConstraints) -> ConstraintPlan:
    """The plan as far as it does not depend on an algorithm."""
    entries = [PlannedConstraint(*entry) for entry in space.plan]
    entries += [
        PlannedConstraint(index, "nonlinear", "open", "left to the algorithm")
        for index, _ in flat.nonlinear
    ]
    entries.sort(key=lambda entry: entry.index)
    return ConstraintPlan(entries, space.n_free, space.n_user)


def plan_of(raw: RawResult, n_params: int) -> ConstraintPlan:
    """The plan of a run."""
    entries = [PlannedConstraint(*entry) for entry in raw.constraint_plan]
    return ConstraintPlan(entries, raw.n_free, n_params)
