"""Figures of plotly.

What traces and axes look like is said once, by the core's `render_plotly`; here panels are put into the
grid of `plotly.subplots.make_subplots`, so that rows and columns can be named when a figure is changed.
"""

from __future__ import annotations

import json
from collections.abc import Iterator
from itertools import compress, count, islice
from typing import Any

import numpy as np
import plotly.graph_objects as go
import plotly.io as pio
from plotly.subplots import make_subplots

from thalweg import _thalweg
from thalweg._plots._model import Figure, Panel, broken
from thalweg._plots._templates import unknown_template

DEFAULT_TEMPLATE = "simple_white"

_OF_PANELS = ("xaxis", "yaxis", "scene", "annotations")
"""The parts of a layout that belong to single panels."""

_LOOK = ("paper_bgcolor", "plot_bgcolor", "font")
_LOOK_OF_AXES = ("showline", "linecolor", "ticks", "showgrid", "zeroline")
"""What a template says; written out it would beat the user's template."""

_PLACES = ("anchor", "domain", "matches")
"""What the grid says of axes."""

_GAPS = (90, 90)
"""Pixels between panels, across and down."""

_TITLE = 30
"""Pixels for the title of a panel."""


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
    made = json.loads(_thalweg.render_plotly(json.dumps(figure.source)))
    for trace in made["data"]:
        trace.update({name: _column(trace[name]) for name in ("x", "y", "z") if name in trace})
    layout = _without(made["layout"], _LOOK)
    if figure.is_single and not make_subplot_kwargs:
        for name in ("xaxis", "yaxis"):
            if name in layout:
                layout[name] = _without(layout[name], _LOOK_OF_AXES + _PLACES)
        drawn = go.Figure(data=made["data"], layout=layout)
    else:
        drawn = _grid(figure, made, make_subplot_kwargs or {})
        drawn.update_layout(
            {key: value for key, value in layout.items() if not key.startswith(_OF_PANELS)}
        )
    _share_colors(drawn)
    _mark(drawn)
    if template is None and made["layout"]["showlegend"]:
        drawn.update_layout(legend_bgcolor="rgba(255,255,255,0.6)")  # lines are seen behind it
    drawn.update_layout(template=DEFAULT_TEMPLATE if template is None else template)
    return drawn


def _column(values: list[Any]) -> Any:
    """Numbers as an array, which plotly takes as it is: it looks at every item of a list.

    None, where a line has a gap, becomes NaN. Names stay a list.
    """
    array = np.asarray(values)
    if array.dtype.kind in "if":
        return array
    try:
        return values if array.dtype.kind == "U" else array.astype(float)
    except (TypeError, ValueError):
        return values


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
        for sequence, name in (
            ("color_discrete_sequence", "color"),
            ("line_dash_sequence", "dash"),
        ):
            if own.get(sequence):
                trace.line.update({name: own[sequence][0]})
            own.pop(sequence, None)
    if trace.type == "contour" and {"colorscale", "coloraxis"} & own.keys():
        trace.coloraxis = None
    trace.update(own)


def _grid(figure: Figure, made: dict[str, Any], make_subplot_kwargs: dict[str, Any]) -> go.Figure:
    places: list[list[dict[str, Any] | None]] = [[None] * figure.cols for _ in range(figure.rows)]
    for panel in figure.panels:
        places[panel.row][panel.col] = {"type": panel.kind}
    titles = [broken(panel.title, "<br>") for panel in figure.panels]
    two_lines = any("{linebreak}" in panel.y.label for panel in figure.panels)
    drawn = make_subplots(
        **{
            "rows": figure.rows,
            "cols": figure.cols,
            "specs": places,
            "horizontal_spacing": (_GAPS[0] + (_TITLE if two_lines else 0)) / figure.width,
            "vertical_spacing": (_GAPS[1] + (_TITLE if any(titles) else 0)) / figure.height,
            "subplot_titles": titles if any(titles) else None,
            **make_subplot_kwargs,
        }
    )
    traces = iter(made["data"])
    axes = {
        "xy": [_numbered(made["layout"], name) for name in ("xaxis", "yaxis")],
        "scene": [_numbered(made["layout"], "scene")],
    }
    for panel, source in zip(figure.panels, figure.source["panels"], strict=True):
        place = {"row": panel.row + 1, "col": panel.col + 1}
        for trace in islice(traces, len(source["traces"])):
            drawn.add_trace(_without(trace, ("xaxis", "yaxis", "scene")), **place)
        subplot = drawn.get_subplot(**place)
        targets = [subplot] if panel.kind == "scene" else [subplot.xaxis, subplot.yaxis]
        for target, own in zip(targets, axes[panel.kind], strict=True):
            target.update(_without(next(own), _LOOK_OF_AXES + _PLACES))
        if panel.kind == "scene":
            _widen(subplot, figure)
        elif two_lines:
            subplot.yaxis.title.font.size = 11  # to stay within the height of the panel
    _share_axes(drawn, figure)
    _add_titles(drawn, figure)
    return drawn


def _widen(scene: Any, figure: Figure) -> None:
    """Let a scene fill the gaps around it: its axes and their names stand inside of its place."""
    for name, gap, size in (("x", _GAPS[0], figure.width), ("y", _GAPS[1], figure.height)):
        start, end = scene.domain[name]
        scene.domain[name] = [max(start - 0.4 * gap / size, 0), min(end + 0.4 * gap / size, 1)]
    scene.update(aspectmode="manual", aspectratio={"x": 0.85, "y": 0.85, "z": 0.85})
    scene.zaxis.title.text = ""
    for axis in (scene.xaxis, scene.yaxis, scene.zaxis):
        axis.update(title_font_size=11, tickfont_size=9)


def _add_titles(drawn: go.Figure, figure: Figure) -> None:
    """The names of columns below the grid and those of rows on its left, where names of axes are."""
    below = {"y": 0, "yanchor": "top", "yshift": -26, "xanchor": "center"}
    beside = {"x": 0, "xanchor": "right", "xshift": -36, "yanchor": "middle", "textangle": -90}
    for titles, line, axis, place in (
        (figure.col_titles, "col", "x", below),
        (figure.row_titles, "row", "y", beside),
    ):
        for number, title in enumerate(titles):
            panel = next(each for each in figure.panels if getattr(each, line) == number)
            start, end = _domain(drawn, panel, axis)
            drawn.add_annotation(
                text=broken(title, "<br>"),
                xref="paper",
                yref="paper",
                showarrow=False,
                font={"size": 14},
                **{axis: 0.5 * (start + end)},
                **place,
            )


def _domain(drawn: go.Figure, panel: Panel, axis: str) -> tuple[float, float]:
    subplot = drawn.get_subplot(panel.row + 1, panel.col + 1)
    if panel.kind == "scene":
        return subplot.domain[axis]
    return getattr(subplot, f"{axis}axis").domain


def _numbered(layout: dict[str, Any], name: str) -> Iterator[dict[str, Any]]:
    """xaxis, xaxis2, xaxis3, ... of a layout."""
    for number in count(1):
        key = name if number == 1 else f"{name}{number}"
        if key not in layout:
            return
        yield layout[key]


def _share_colors(drawn: go.Figure) -> None:
    """One scale of colours, explained beside the figure, for all contours."""
    contours = [trace for trace in drawn.data if trace.type == "contour"]
    if not contours:
        return
    colors = {"colorscale": contours[0].colorscale, "colorbar": {"thickness": 15, "x": 1.02}}
    drawn.update_layout(coloraxis=colors, margin_r=80)
    for contour in contours:
        contour.update(colorscale=None, showscale=None, coloraxis="coloraxis")


def _mark(drawn: go.Figure) -> None:
    """Turn lines without a name, which show no data, into shapes: all traces are what was compared."""
    are_marks = [trace.name == "" and trace.hoverinfo == "skip" for trace in drawn.data]
    lines = list(compress(drawn.data, are_marks))
    drawn.data = [
        trace for trace, is_mark in zip(drawn.data, are_marks, strict=True) if not is_mark
    ]
    for line in lines:
        drawn.add_shape(
            type="line",
            xref=f"{line.xaxis or 'x'} domain",
            yref=line.yaxis or "y",
            x0=0,
            x1=1,
            y0=line.y[0],
            y1=line.y[-1],
            line={"color": line.line.color, "width": line.line.width, "dash": line.line.dash},
            layer="below",
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
