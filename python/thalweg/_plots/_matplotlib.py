"""Figures of matplotlib."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import matplotlib.pyplot as plt
import numpy as np

from thalweg._plots._model import Axis, Figure, HLine, Line, Markers, Panel, broken
from thalweg._plots._templates import unknown_template

_DASHES = {"solid": "-", "dash": "--", "dot": ":"}

_INCHES_PER_PIXEL = 0.01

_POINTS_PER_PIXEL = 0.72


def check_template(template: Any) -> None:
    """Refuse styles that matplotlib does not have; lists of styles, dicts and files are its matter.

    Raises:
        InvalidArgumentError: There is no such style.
    """
    if isinstance(template, str) and template != "default":
        if template not in plt.style.available and not Path(template).is_file():
            raise unknown_template("matplotlib", template, ["default", *plt.style.available])


def draw(figure: Figure, template: Any) -> Any:
    """The Axes; for a grid, an array of them with two dimensions."""
    with plt.style.context("default" if template is None else template):
        drawn, axes = plt.subplots(
            figure.rows,
            figure.cols,
            figsize=(figure.width * _INCHES_PER_PIXEL, figure.height * _INCHES_PER_PIXEL),
            sharex="col" if figure.share_x else False,
            sharey="row" if figure.share_y else False,
            squeeze=False,
            layout="constrained",
        )
        used = {(panel.row, panel.col) for panel in figure.panels}
        for place in np.ndindex(axes.shape):
            if place not in used:
                axes[place].set_axis_off()
        for panel in figure.panels:
            _draw_panel(axes[panel.row, panel.col], panel)
        _add_titles_and_legend(drawn, axes, figure)
    return axes[0, 0] if figure.is_single else axes


def _draw_panel(axes: Any, panel: Panel) -> None:
    for trace in panel.traces:
        _DRAW[type(trace)](axes, trace)
    axes.set_xlabel(broken(panel.x.label))
    axes.set_ylabel(broken(panel.y.label))
    if panel.title:
        axes.set_title(broken(panel.title))
    for name, axis in (("x", panel.x), ("y", panel.y)):
        _set_axis(axes, name, axis)


def _set_axis(axes: Any, name: str, axis: Axis) -> None:
    if axis.log:
        getattr(axes, f"set_{name}scale")("log")
    if axis.range is not None:
        getattr(axes, f"set_{name}lim")(*axis.range)
    side = "bottom" if name == "x" else "left"
    axes.tick_params(axis=name, **{f"label{side}": axis.show_ticks})


def _draw_line(axes: Any, line: Line) -> None:
    x, y = line.points()
    axes.plot(
        x,
        _with_gaps(y),
        label=line.name if line.in_legend else f"_{line.name}",
        color=line.color,
        linewidth=line.width * _POINTS_PER_PIXEL,
        linestyle=_DASHES[line.dash],
        alpha=line.opacity,
        drawstyle="steps-post" if line.step else "default",
    )


def _draw_markers(axes: Any, markers: Markers) -> None:
    axes.scatter(
        _with_gaps(markers.x),
        _with_gaps(markers.y),
        label=markers.name if markers.in_legend else f"_{markers.name}",
        color=markers.color,
        s=(markers.size * _POINTS_PER_PIXEL) ** 2,
        zorder=3,
    )


def _draw_hline(axes: Any, line: HLine) -> None:
    axes.axhline(line.y, color=line.color, linestyle=_DASHES[line.dash], linewidth=1)
    if line.label:
        axes.annotate(
            broken(line.label),
            (1, line.y),
            xycoords=("axes fraction", "data"),
            xytext=(0, 2),
            textcoords="offset points",
            horizontalalignment="right",
            verticalalignment="bottom",
        )


_DRAW: dict[type, Any] = {Line: _draw_line, Markers: _draw_markers, HLine: _draw_hline}


def _add_titles_and_legend(drawn: Any, axes: Any, figure: Figure) -> None:
    if figure.title:
        if figure.is_single:
            axes[0, 0].set_title(broken(figure.title))
        else:
            drawn.suptitle(broken(figure.title))
    for column, title in zip(axes[0], figure.col_titles, strict=False):
        column.set_title(broken(title))
    if figure.legend is None:
        return
    if figure.legend["position"] == "top_right_inside" and figure.is_single:
        axes[0, 0].legend(loc="upper right")
        return
    entries: dict[str, Any] = {}
    for each in axes.flat:
        for handle, label in zip(*each.get_legend_handles_labels(), strict=True):
            entries.setdefault(label, handle)
    below = figure.legend["position"] == "below"
    drawn.legend(
        entries.values(),
        entries.keys(),
        loc="outside lower center" if below else "outside right upper",
        ncols=min(len(entries), 4) if below else 1,
    )


def _with_gaps(values: list[float | None]) -> Any:
    return np.array([np.nan if value is None else value for value in values], dtype=float)
