"""A figure as the core describes it.

The fields are those of the structs in the crate thalweg-view; what a back end has no use for is left out.
"""

from __future__ import annotations

import json
from dataclasses import dataclass, field, fields, replace
from typing import Any, Literal, TypeVar

T = TypeVar("T")

Dash = Literal["solid", "dash", "dot"]


@dataclass(frozen=True)
class Axis:
    """An axis. Without a range, the data decide."""

    label: str
    range: list[float] | None = None
    log: bool = False
    show_ticks: bool = True


@dataclass(frozen=True)
class Line:
    """Points joined by a line; None is a gap."""

    name: str
    x: list[float]
    y: list[float | None]
    color: str
    width: float = 2.0
    dash: Dash = "solid"
    step: bool = False
    connect_gaps: bool = False
    in_legend: bool = False
    opacity: float = 1.0

    def points(self) -> tuple[list[float], list[float | None]]:
        """What is to be joined: without the gaps, where these are bridged."""
        if not self.connect_gaps or None not in self.y:
            return self.x, self.y
        kept = [(x, y) for x, y in zip(self.x, self.y, strict=True) if y is not None]
        return [x for x, _ in kept], [y for _, y in kept]


@dataclass(frozen=True)
class Markers:
    """Points."""

    name: str
    x: list[float | None]
    y: list[float | None]
    color: str
    size: float = 6.0
    in_legend: bool = False


@dataclass(frozen=True)
class HLine:
    """A horizontal line through the whole panel."""

    y: float
    color: str
    dash: Dash = "solid"
    label: str | None = None


Trace = Line | Markers | HLine

_FLAT_TRACES: dict[str, type[Trace]] = {"line": Line, "markers": Markers, "hline": HLine}


@dataclass(frozen=True)
class Panel:
    """One coordinate system; `kind` is "xy", or "scene" for one in space.

    Contours, surfaces and whatever else only plotly draws are not among the traces.
    """

    row: int
    col: int
    x: Axis
    y: Axis
    kind: Literal["xy", "scene"]
    title: str | None = None
    traces: list[Trace] = field(default_factory=list)


@dataclass(frozen=True)
class Figure:
    """Panels in a grid.

    Attributes:
        source: The whole description, as plain data.
    """

    width: int
    height: int
    rows: int
    cols: int
    panels: list[Panel]
    source: dict[str, Any]
    fixed_size: bool = False
    title: str | None = None
    share_x: bool = False
    share_y: bool = False
    legend: dict[str, str] | None = None
    row_titles: list[str] = field(default_factory=list)
    col_titles: list[str] = field(default_factory=list)

    @classmethod
    def from_json(cls, text: str) -> Figure:
        """Read what the core wrote."""
        source = json.loads(text)
        return _read(cls, source, panels=[_panel(each) for each in source["panels"]], source=source)

    @property
    def is_single(self) -> bool:
        """Whether there is no grid."""
        return self.rows == self.cols == 1

    def regrid(self, rows: int | None, cols: int | None) -> Figure:
        """The same panels in a grid of other rows or columns, filled row by row.

        Raises:
            InvalidArgumentError: There are fewer places than panels.
        """
        n = len(self.panels)
        cols = cols or (self.cols if rows is None else -(-n // rows))
        rows = rows or -(-n // cols)
        if rows * cols < n:
            from thalweg.exceptions import InvalidArgumentError

            raise InvalidArgumentError(
                f"A grid of {rows} rows and {cols} columns has fewer places than there are plots, {n}."
            )
        panels = [
            replace(panel, row=number // cols, col=number % cols)
            for number, panel in enumerate(self.panels)
        ]
        width, height = self.width // self.cols * cols, self.height // self.rows * rows
        source = self.source | {"width": width, "height": height}
        return replace(
            self, rows=rows, cols=cols, panels=panels, width=width, height=height, source=source
        )


def broken(label: str | None, linebreak: str = "\n") -> str:
    """A label whose marks of a new line are replaced."""
    return (label or "").replace("{linebreak}", linebreak)


def _panel(source: dict[str, Any]) -> Panel:
    return _read(
        Panel,
        source,
        x=_read(Axis, source["x"]),
        y=_read(Axis, source["y"]),
        traces=[
            _read(_FLAT_TRACES[trace["type"]], trace)
            for trace in source["traces"]
            if trace["type"] in _FLAT_TRACES
        ],
    )


def _read(cls: type[T], content: dict[str, Any], **made: Any) -> T:
    """The dataclass from the fields that it knows."""
    names = {each.name for each in fields(cls)}  # type: ignore[arg-type]
    return cls(**{key: value for key, value in content.items() if key in names} | made)
