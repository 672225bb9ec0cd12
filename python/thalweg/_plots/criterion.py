"""The plot of values against evaluations."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np

from thalweg import _thalweg
from thalweg._plots._render import PALETTE, Backend, Renderer, is_template
from thalweg._plots._results import Recorded, check_count, check_palette, named_results, recorded

if TYPE_CHECKING:
    from pathlib import Path

    from thalweg._result import OptimizeResult

_SEVERAL = ", or a list or dict of these"


def criterion_plot(
    results: OptimizeResult
    | str
    | Path
    | list[OptimizeResult | str | Path]
    | dict[str, OptimizeResult | str | Path]
    | Any,
    names: list[str] | str | None = None,
    max_evaluations: int | None = None,
    backend: Backend = "plotly",
    template: str | None = None,
    palette: list[str] | str = PALETTE,
    stack_multistart: bool = False,
    monotone: bool = False,
    show_exploration: bool = False,
) -> Any:
    """Plot the values of one or several optimizations against the number of evaluations.

    Of a single search from many starts, all local optimizations are shown in grey behind the best
    one; among several results, a search is represented by its best local optimization.

    Args:
        results: A result, the path of a log, or a list or dict of these. The keys of a dict are
            names in the legend; classes of algorithms as keys stand for their names.
        names: Names in the legend, instead of those by keys or numbers.
        max_evaluations: Show at most this many evaluations of each result.
        backend: "plotly", "matplotlib", "bokeh" or "altair". Without plotly, its place is taken by
            figures of thalweg's own.
        template: The look, by its name in the back end; None for its default.
        palette: Colours of the lines, taken in turn.
        stack_multistart: Show the local optimizations of a search one after the other, as one line.
        monotone: Show the best value so far instead of each value.
        show_exploration: Show the exploration of a search, worst point first, before its stacked
            local optimizations; implies `stack_multistart`.

    Returns:
        The figure: of plotly a `plotly.graph_objects.Figure`, of matplotlib the Axes.

    Raises:
        TypeError: `results` is nothing that can be plotted.
        InvalidArgumentError: A result has no history, or an argument has an impossible value.
        FileNotFoundError: There is no log at a path.
        InvalidPlottingBackendError: There is no such back end.
        NotInstalledError: The back end is not installed.
    """
    if is_template(backend):  # the position of 2022, when there was one back end
        if isinstance(palette, bool):
            stack_multistart, monotone, show_exploration = palette, stack_multistart, monotone
            palette = PALETTE
        if template is not None:
            palette = template
        backend, template = "plotly", backend
    draw = Renderer(backend, template)
    check_count(max_evaluations, "max_evaluations")
    check_palette(palette)
    runs = [(name, _read(results, source, name)) for name, source in named_results(results, names)]
    return draw(
        _thalweg.criterion_figure(
            [name for name, _ in runs],
            [run.best.fun for _, run in runs],
            [run.maximize for _, run in runs],
            [[local.fun for local in run.local] for _, run in runs],
            [np.empty(0) if run.exploration is None else run.exploration.fun for _, run in runs],
            monotone=bool(monotone),
            max_evaluations=max_evaluations,
            stack_multistart=bool(stack_multistart),
            show_exploration=bool(show_exploration),
            palette=palette,
        )
    )


def _read(results: Any, source: Any, name: str) -> Recorded:
    if source is results:
        return recorded(source, "results", _SEVERAL)
    return recorded(source, f"The result {name!r}")
