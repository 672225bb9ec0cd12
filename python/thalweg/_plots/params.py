"""The plot of parameters against evaluations."""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING, Any

import numpy as np

from thalweg import _thalweg
from thalweg._plots._render import PALETTE, Backend, Renderer, is_template
from thalweg._plots._results import Recorded, check_count, check_palette, recorded
from thalweg._plots._select import selected_positions

if TYPE_CHECKING:
    from pathlib import Path

    from numpy.typing import NDArray

    from thalweg._result import OptimizeResult
    from thalweg.typing import PyTree


def params_plot(
    result: OptimizeResult | str | Path,
    selector: Callable[[PyTree], PyTree] | None = None,
    max_evaluations: int | None = None,
    backend: Backend = "plotly",
    template: str | None = None,
    palette: list[str] | str = PALETTE,
    show_exploration: bool = False,
) -> Any:
    """Plot the parameters of an optimization against the number of evaluations.

    Of a search from many starts, the local optimizations are shown one after the other.

    Args:
        result: A result, or the path of a log.
        selector: Maps the params to those to show, for example `lambda params: params["a"]`; any
            tree of them.
        max_evaluations: Show at most this many evaluations.
        backend: "plotly", "matplotlib", "bokeh" or "altair". Without plotly, its place is taken by
            figures of thalweg's own.
        template: The look, by its name in the back end; None for its default.
        palette: Colours of the lines, taken in turn.
        show_exploration: Show the exploration of a search first, the worst point first.

    Returns:
        The figure: of plotly a `plotly.graph_objects.Figure`, of matplotlib the Axes.

    Raises:
        TypeError: `result` is nothing that can be plotted.
        InvalidArgumentError: The result has no history, or an argument has an impossible value.
        FileNotFoundError: There is no log at the path.
        InvalidPlottingBackendError: There is no such back end.
        NotInstalledError: The back end is not installed.
    """
    if is_template(backend):  # the position of 2022, when there was one back end
        if isinstance(template, bool):
            show_exploration, template = template, None
        backend, template = "plotly", backend
    draw = Renderer(backend, template)
    check_count(max_evaluations, "max_evaluations")
    check_palette(palette)
    run = recorded(result, "result")
    names = [] if run.tree is None else run.tree.names
    positions = selected_positions(selector, run.tree)
    table = _stacked(run, bool(show_exploration))
    return draw(
        _thalweg.params_figure(
            [names[position] for position in positions],
            [np.ascontiguousarray(table[:, position]) for position in positions],
            max_evaluations=max_evaluations,
            palette=palette,
        )
    )


def _stacked(run: Recorded, show_exploration: bool) -> NDArray[np.float64]:
    """The parameters of all evaluations, one row each."""
    size = 0 if run.tree is None else run.tree.size
    tables = [each.params(size) for each in run.local or [run.best]]
    if show_exploration and run.exploration is not None:
        tables = [run.exploration.params(size)[::-1], *tables]
    return np.concatenate(tables)
