"""Figures of bokeh."""

from __future__ import annotations

from typing import Any

from bokeh.layouts import gridplot
from bokeh.models import DataRange1d, Label, Legend, Range1d, Span
from bokeh.plotting import figure as new_plot
from bokeh.themes import Theme, built_in_themes

from thalweg._plots._model import Axis, Figure, HLine, Line, Markers, Panel, broken
from thalweg._plots._templates import unknown_template

_DASHES = {"solid": "solid", "dash": "dashed", "dot": "dotted"}

_HOVER = [("", "$name"), ("", "@x{0.[00000]}: @y{0.[00000]}")]


def check_template(template: Any) -> None:
    """Refuse themes that bokeh does not have.

    Raises:
        InvalidArgumentError: There is no such theme.
    """
    if not isinstance(template, Theme) and template not in built_in_themes:
        raise unknown_template("bokeh", template, built_in_themes)


def draw(figure: Figure, template: Any) -> Any:
    """The plot; for a grid, a grid of plots."""
    size = {"width": figure.width // figure.cols, "height": figure.height // figure.rows}
    rows: list[list[Any]] = [[None] * figure.cols for _ in range(figure.rows)]
    for panel in figure.panels:
        rows[panel.row][panel.col] = _plot(panel, figure, size)
    _share_ranges(rows, figure)
    drawn = rows[0][0] if figure.is_single else gridplot(rows)
    if template is not None:
        _apply(template if isinstance(template, Theme) else built_in_themes[template], drawn)
    return drawn


def _plot(panel: Panel, figure: Figure, size: dict[str, int]) -> Any:
    title = panel.title or (figure.title if figure.is_single else None)
    plot = new_plot(
        title=broken(title) or None,
        x_axis_label=broken(panel.x.label),
        y_axis_label=broken(panel.y.label),
        x_axis_type="log" if panel.x.log else "linear",
        y_axis_type="log" if panel.y.log else "linear",
        x_range=_range(panel.x),
        y_range=_range(panel.y),
        tools="pan,wheel_zoom,box_zoom,reset,save,hover",
        tooltips=_HOVER,
        **size,
    )
    for axis, shown in ((plot.xaxis, panel.x.show_ticks), (plot.yaxis, panel.y.show_ticks)):
        if not shown:
            axis.major_label_text_font_size = "0pt"
    entries = []
    for trace in panel.traces:
        glyph = _DRAW[type(trace)](plot, trace)
        if getattr(trace, "in_legend", False):
            entries.append((trace.name, [glyph]))  # type: ignore[union-attr]
    if entries and figure.legend is not None:
        _add_legend(plot, entries, figure.legend["position"])
    return plot


def _range(axis: Axis) -> Any:
    return DataRange1d() if axis.range is None else Range1d(*axis.range)


def _draw_line(plot: Any, line: Line) -> Any:
    x, y = line.points()
    style = {
        "name": line.name,
        "color": line.color,
        "line_width": line.width,
        "line_dash": _DASHES[line.dash],
        "line_alpha": line.opacity,
    }
    values = [float("nan") if value is None else value for value in y]
    return (
        plot.step(x, values, mode="after", **style) if line.step else plot.line(x, values, **style)
    )


def _draw_markers(plot: Any, markers: Markers) -> Any:
    x, y = (
        [float("nan") if value is None else value for value in values]
        for values in (markers.x, markers.y)
    )
    return plot.scatter(x, y, name=markers.name, color=markers.color, size=markers.size)


def _draw_hline(plot: Any, line: HLine) -> Any:
    span = Span(
        location=line.y,
        dimension="width",
        line_color=line.color,
        line_dash=_DASHES[line.dash],
    )
    plot.add_layout(span)
    if line.label:
        plot.add_layout(
            Label(
                x=0,
                y=line.y,
                x_units="screen",
                text=broken(line.label),
                text_font_size="11px",
            )
        )
    return span


_DRAW: dict[type, Any] = {Line: _draw_line, Markers: _draw_markers, HLine: _draw_hline}


def _add_legend(plot: Any, entries: list[tuple[str, list[Any]]], position: str) -> None:
    legend = Legend(items=entries, click_policy="hide")
    if position == "top_right_inside":
        legend.location = "top_right"
        legend.background_fill_alpha = 0.7
        plot.add_layout(legend)
    else:
        legend.orientation = "vertical" if position == "right" else "horizontal"
        plot.add_layout(legend, "right" if position == "right" else "below")


def _share_ranges(rows: list[list[Any]], figure: Figure) -> None:
    if figure.share_y:
        for row in rows:
            _give_all([plot for plot in row if plot is not None], "y_range")
    if figure.share_x:
        for column in zip(*rows, strict=True):
            _give_all([plot for plot in column if plot is not None], "x_range")


def _give_all(plots: list[Any], name: str) -> None:
    for plot in plots[1:]:
        setattr(plot, name, getattr(plots[0], name))


def _apply(theme: Theme, drawn: Any) -> None:
    """Write what a theme says into the models of this drawing, and nowhere else.

    Themes of bokeh belong to documents, so that a theme would change all plots of a session.
    """
    for model in drawn.references():
        theme.apply_to_model(model)
        themed = dict(model.themed_values() or {})
        model.unapply_theme()
        unset = {name: value for name, value in themed.items() if name not in _changed(model)}
        model.update(**unset)


def _changed(model: Any) -> set[str]:
    return set(model.properties_with_values(include_defaults=False))
