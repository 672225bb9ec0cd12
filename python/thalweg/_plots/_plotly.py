"""Figures of plotly.

What a panel looks like is said once, by the core's `render_plotly`; here panels are put into the grid of
`plotly.subplots.make_subplots`, so that rows and columns can be named when a figure is changed.
"""

from __future__ import annotations

import json
from typing import Any

import plotly.graph_objects as go
import plotly.io as pio
from plotly.subplots import make_subplots

from thalweg import _thalweg
from thalweg._plots._model import Figure, HLine, Panel, broken
from thalweg._plots._templates import unknown_template

DEFAULT_TEMPLATE = "simple_white"

_OF_PANELS = ("xaxis", "yaxis", "scene", "shapes", "annotations", "template")
"""The parts of a layout that each panel brings along, and the template, which is set at the end."""

_PLACES = ("anchor", "domain", "matches", "overlaying", "position", "side")
"""What the grid says of an axis, and the panel does not."""


def is_template(value: Any) -> bool:
    """Whether plotly has this template; several may be joined with "+"."""
    if isinstance(value, str):
        return all(name in pio.templates for name in value.split("+"))
    return isinstance(value, go.layout.Template)


def check_template(template: Any) -> None:
    """Refuse templates that plotly does not have.

    Raises:
        InvalidArgumentError: There is no such template.
    """
    if not is_template(template) and not isinstance(template, dict):
        raise unknown_template("plotly", template, pio.templates)


def draw(
    figure: Figure, template: Any, make_subplot_kwargs: dict[str, Any] | None = None
) -> go.Figure:
    """The figure as `plotly.graph_objects.Figure`."""
    places = {name: (make_subplot_kwargs or {}).get(name) for name in ("rows", "cols")}
    if any(places.values()):
        figure = figure.regrid(**places)
    whole = json.loads(_thalweg.render_plotly(json.dumps(figure.source)))
    if figure.is_single and not make_subplot_kwargs:
        layout = {key: value for key, value in whole["layout"].items() if key != "template"}
        drawn = go.Figure(data=whole["data"], layout=layout)
    else:
        drawn = _grid(figure, make_subplot_kwargs or {})
        common = {
            key: value
            for key, value in whole["layout"].items()
            if not key.startswith(_OF_PANELS)
        }
        drawn.update_layout(common)
    drawn.update_layout(template=DEFAULT_TEMPLATE if template is None else template)
    return drawn


def change_traces(drawn: go.Figure, changes: dict[str, dict[str, Any] | None]) -> None:
    """Give traces other properties: a dict for each kind of them, None to leave the kind out."""
    kinds = [_kind(trace) for trace in drawn.data]
    for kind, properties in changes.items():
        for own, trace in zip(kinds, drawn.data, strict=True):
            if own == kind and properties:
                _change(trace, properties)
    left_out = {kind for kind, properties in changes.items() if properties is None}
    drawn.data = [
        trace for own, trace in zip(kinds, drawn.data, strict=True) if own not in left_out
    ]


def _kind(trace: Any) -> str:
    if trace.type == "scatter" and trace.mode and "lines" in trace.mode:
        return "line_plot"
    return {"contour": "contour_plot", "surface": "surface_plot"}.get(trace.type, "scatter_plot")


def _change(trace: Any, properties: dict[str, Any]) -> None:
    """Set properties of a trace; those of `plotly.express.line` among them stand for its own."""
    own = dict(properties)
    if trace.type == "scatter":
        if own.pop("markers", False):
            trace.mode = "lines+markers"
        for sequence, name in (("color_discrete_sequence", "color"), ("line_dash_sequence", "dash")):
            if own.get(sequence):
                trace.line.update({name: own[sequence][0]})
            own.pop(sequence, None)
    if trace.type == "contour" and {"colorscale", "coloraxis"} & own.keys():
        trace.coloraxis = None
    trace.update(own)


def _grid(figure: Figure, make_subplot_kwargs: dict[str, Any]) -> go.Figure:
    places: list[list[dict[str, Any] | None]] = [[None] * figure.cols for _ in range(figure.rows)]
    for panel in figure.panels:
        places[panel.row][panel.col] = {"type": panel.kind}
    titles = [broken(panel.title, "<br>") for panel in figure.panels]
    drawn = make_subplots(
        **{
            "rows": figure.rows,
            "cols": figure.cols,
            "specs": places,
            "subplot_titles": titles if any(titles) else None,
            "row_titles": [broken(title, "<br>") for title in figure.row_titles] or None,
            "column_titles": [broken(title, "<br>") for title in figure.col_titles] or None,
            **make_subplot_kwargs,
        }
    )
    for number, panel in enumerate(figure.panels):
        _add_panel(drawn, panel, json.loads(_thalweg.render_plotly(figure.alone(number))))
    _share_axes(drawn, figure)
    return drawn


def _add_panel(drawn: go.Figure, panel: Panel, alone: dict[str, Any]) -> None:
    place = {"row": panel.row + 1, "col": panel.col + 1}
    for trace in alone["data"]:
        drawn.add_trace(_without(trace, ("xaxis", "yaxis", "scene")), **place)
    subplot = drawn.get_subplot(**place)
    if panel.kind == "scene":
        subplot.update(_without(alone["layout"]["scene"], ("domain",)))
        return
    subplot.xaxis.update(_without(alone["layout"]["xaxis"], _PLACES))
    subplot.yaxis.update(_without(alone["layout"]["yaxis"], _PLACES))
    for line in panel.traces:
        if isinstance(line, HLine):
            drawn.add_hline(
                line.y,
                line_color=line.color,
                line_dash=line.dash,
                annotation_text=broken(line.label, "<br>"),
                **place,
            )


def _share_axes(drawn: go.Figure, figure: Figure) -> None:
    """Let axes of a row, or of a column, move together when one of them is moved."""
    for shared, axis, line in (
        (figure.share_x, "xaxis", "col"),
        (figure.share_y, "yaxis", "row"),
    ):
        leaders: dict[int, str] = {}
        for panel in figure.panels if shared else []:
            if panel.kind == "scene":
                continue
            own = getattr(drawn.get_subplot(panel.row + 1, panel.col + 1), axis)
            name = own.plotly_name.replace("axis", "")
            leader = leaders.setdefault(getattr(panel, line), name)
            if leader != name:
                own.update(matches=leader)


def _without(content: dict[str, Any], keys: tuple[str, ...]) -> dict[str, Any]:
    return {key: value for key, value in content.items() if key not in keys}
