"""Charts of altair."""

from __future__ import annotations

from typing import Any

import altair as alt

from thalweg._plots._model import Axis, Figure, HLine, Line, Markers, Panel, broken
from thalweg._plots._templates import unknown_template

_DASHES: dict[str, list[int]] = {"solid": [], "dash": [7, 4], "dot": [2, 2]}

_HOVER = [
    alt.Tooltip("name:N", title=" "),
    alt.Tooltip("x:Q", title="x", format=".6g"),
    alt.Tooltip("y:Q", title="y", format=".6g"),
]


def check_template(template: Any) -> None:
    """Refuse themes that altair does not have.

    Raises:
        InvalidArgumentError: There is no such theme.
    """
    if template not in alt.theme.names():
        raise unknown_template("altair", template, alt.theme.names())


def draw(figure: Figure, template: Any) -> Any:
    """The chart; for a grid, a chart of charts."""
    size = {"width": figure.width // figure.cols - 60, "height": figure.height // figure.rows - 60}
    rows: dict[int, list[Any]] = {}
    for panel in figure.panels:
        rows.setdefault(panel.row, []).append(_chart(panel, figure, size))
    if figure.is_single:
        chart = rows[0][0]
    else:
        lines = [_joined(alt.hconcat, row, y=figure.share_y) for row in rows.values()]
        chart = _joined(alt.vconcat, lines, x=figure.share_x)
    if figure.title:
        chart = chart.properties(title=broken(figure.title))
    return chart if template is None else _themed(chart, template)


def _joined(concat: Any, charts: list[Any], **shared: bool) -> Any:
    chosen = {axis: "shared" if together else "independent" for axis, together in shared.items()}
    return concat(*charts).resolve_scale(**chosen)


def _chart(panel: Panel, figure: Figure, size: dict[str, int]) -> Any:
    listed = [trace for trace in panel.traces if not isinstance(trace, HLine) and trace.in_legend]
    legend: Any = None
    if listed and figure.legend is not None:
        orient = {"right": "right", "below": "bottom"}.get(figure.legend["position"], "top-right")
        legend = alt.Legend(title=None, orient=orient)
    colors = {trace.name: trace.color for trace in listed}
    scale = alt.Scale(domain=list(colors), range=list(colors.values()))
    layers = [_DRAW[type(trace)](trace, panel, scale, legend) for trace in panel.traces]
    chart = alt.layer(*layers).properties(**size)
    return chart.properties(title=broken(panel.title)) if panel.title else chart


def _encoding(panel: Panel) -> dict[str, Any]:
    return {
        "x": alt.X("x:Q", title=_title(panel.x), scale=_scale(panel.x), axis=_axis(panel.x)),
        "y": alt.Y("y:Q", title=_title(panel.y), scale=_scale(panel.y), axis=_axis(panel.y)),
    }


def _title(axis: Axis) -> Any:
    lines = broken(axis.label).split("\n")
    return None if lines == [""] else lines


def _scale(axis: Axis) -> Any:
    return alt.Scale(
        zero=False,
        nice=False,
        padding=0 if axis.range is not None else 6,
        type="log" if axis.log else "linear",
        domain=axis.range if axis.range is not None else alt.Undefined,
    )


def _axis(axis: Axis) -> Any:
    return alt.Axis(labels=axis.show_ticks, grid=False, tickCount=6)


def _color(name: str, color: str, listed: bool, scale: Any, legend: Any) -> Any:
    if listed and legend is not None:
        return alt.Color("name:N", scale=scale, legend=legend, sort=None)
    return alt.value(color)


def _draw_line(line: Line, panel: Panel, scale: Any, legend: Any) -> Any:
    x, y = line.points()
    mark = {
        "strokeWidth": line.width,
        "strokeDash": _DASHES[line.dash],
        "opacity": line.opacity,
        "interpolate": "step-after" if line.step else "linear",
    }
    chart = alt.Chart(_data(line.name, x, y)).mark_line(invalid="break-paths-show-domains", **mark)
    color = _color(line.name, line.color, line.in_legend, scale, legend)
    return chart.encode(color=color, order="x:Q", tooltip=_HOVER, **_encoding(panel))


def _draw_markers(markers: Markers, panel: Panel, scale: Any, legend: Any) -> Any:
    chart = alt.Chart(_data(markers.name, markers.x, markers.y))
    color = _color(markers.name, markers.color, markers.in_legend, scale, legend)
    points = chart.mark_point(filled=True, opacity=1, size=markers.size**2)
    return points.encode(color=color, tooltip=_HOVER, **_encoding(panel))


def _draw_hline(line: HLine, panel: Panel, scale: Any, legend: Any) -> Any:
    chart = alt.Chart(_data(broken(line.label), [None], [line.y]))
    rule = chart.mark_rule(color=line.color, strokeDash=_DASHES[line.dash])
    return rule.encode(y=_encoding(panel)["y"])


_DRAW: dict[type, Any] = {Line: _draw_line, Markers: _draw_markers, HLine: _draw_hline}


def _data(name: str, x: Any, y: Any) -> Any:
    """Rows inside the chart: altair refuses data frames of more than 5000 rows, but not these."""
    rows = [{"name": name, "x": each, "y": value} for each, value in zip(x, y, strict=True)]
    return alt.InlineData(values=rows)


def _themed(chart: Any, template: str) -> Any:
    """What a theme says, in this chart only: themes of altair belong to the session."""
    with alt.theme.enable(template):
        themed = alt.theme.get()()
    if "config" in themed:
        chart.config = alt.Config(**themed["config"])
    if "usermeta" in themed:
        chart.usermeta = themed["usermeta"]
    return chart
