"""The plot of an objective along each of its parameters."""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING, Any

from thalweg import _thalweg
from thalweg._plots._evaluate import (
    Request,
    Slices,
    are_bounds,
    bounds_of_2022,
    check_whole,
    evaluate,
)
from thalweg._plots._render import PALETTE, Backend, Renderer
from thalweg._warnings import warn_renamed
from thalweg.config import DEFAULT_N_CORES
from thalweg.exceptions import InvalidArgumentError

if TYPE_CHECKING:
    from thalweg._bounds import Bounds
    from thalweg.typing import BatchEvaluator, BatchEvaluatorLiteral, PyTree


def slice_plot(
    func: Callable[..., Any],
    params: PyTree,
    bounds: Bounds | Any = None,
    func_kwargs: dict[str, Any] | None = None,
    selector: Callable[[PyTree], PyTree] | None = None,
    n_cores: int = DEFAULT_N_CORES,
    n_gridpoints: int = 20,
    plots_per_row: int = 2,
    param_names: dict[str, str] | None = None,
    share_y: bool = True,
    expand_yrange: float = 0.02,
    share_x: bool = False,
    backend: Backend = "plotly",
    template: str | None = None,
    color: str | None = PALETTE[0],
    title: str | None = None,
    return_dict: bool = False,
    batch_evaluator: BatchEvaluatorLiteral | BatchEvaluator | Any = "joblib",
    make_subplot_kwargs: dict[str, Any] | None = None,
    lower_bounds: PyTree = None,
    upper_bounds: PyTree = None,
) -> Any:
    """Plot a function along each of its parameters, the others staying where they are.

    The function is evaluated on a grid between the bounds, and at the params, which are marked.
    Where it fails there is a gap.

    Args:
        func: A function of the params that returns a number; residuals of a least-squares function
            are squared and summed up, contributions of a likelihood are summed up.
        params: The point through which the slices go.
        bounds: `Bounds`: the ends of the slices. Soft bounds stand in for hard ones that are
            missing.
        func_kwargs: Further arguments of `func`.
        selector: Maps the params to those to show, for example `lambda params: params["a"]`.
        n_cores: The number of evaluations at the same time.
        n_gridpoints: The number of points of each slice, besides the params.
        plots_per_row: The number of plots in a row.
        param_names: Names of parameters to be replaced, with their replacements.
        share_y: Whether all plots have the same vertical axis.
        expand_yrange: How far the vertical axis goes beyond the values, as a share of their range.
        share_x: Whether the plots of a column have the same horizontal axis.
        backend: "plotly", "matplotlib", "bokeh" or "altair". Without plotly, its place is taken by
            figures of thalweg's own.
        template: The look, by its name in the back end; None for its default.
        color: The colour of the lines; None for the first of the default palette.
        title: The title; grids of bokeh have none.
        return_dict: Whether to return a dict of figures by names of parameters, instead of one.
        batch_evaluator: "joblib", "pathos", "threading", an executor or a function; see
            `thalweg.batch_evaluators`.
        make_subplot_kwargs: Outdated: arguments of `plotly.subplots.make_subplots`.
        lower_bounds: Outdated; part of `bounds`.
        upper_bounds: Outdated; part of `bounds`.

    Returns:
        The figure: of plotly a `plotly.graph_objects.Figure`, of matplotlib an array of Axes, or
        the Axes of a single plot; a dict of figures with `return_dict`.

    Raises:
        IncompleteBoundsError: A selected parameter has no finite bounds.
        InvalidArgumentError: An argument has an impossible value.
        InvalidFunctionError: `func` fails at the params, or returns no number.
        InvalidPlottingBackendError: There is no such back end.
        NotInstalledError: The back end is not installed.
    """
    if lower_bounds is None and not are_bounds(bounds):  # the positions of 2022
        lower_bounds, upper_bounds, bounds, func_kwargs = bounds, func_kwargs, None, None
    renamed = []
    bounds, outdated = bounds_of_2022(bounds, lower_bounds, upper_bounds)
    if outdated:
        renamed.append(("lower_bounds, upper_bounds", "bounds=Bounds(lower=..., upper=...)"))
    if make_subplot_kwargs is not None:
        renamed.append(("make_subplot_kwargs", "changes of the returned figure"))
    warn_renamed(renamed)
    draw = Renderer(backend, template)
    check_whole("plots_per_row", plots_per_row, 1)
    check_share("expand_yrange", expand_yrange)
    slices = evaluate(
        Request(
            func,
            params,
            bounds,
            func_kwargs,
            selector,
            param_names,
            n_gridpoints,
            n_cores,
            batch_evaluator,
        )
    )
    options: dict[str, Any] = {
        "names": slices.names,
        "plots_per_row": int(plots_per_row),
        "share_x": bool(share_x),
        "share_y": bool(share_y),
        "expand_yrange": float(expand_yrange),
        "color": PALETTE[0] if color is None else color,
        "title": title,
    }
    if return_dict:
        return _one_by_one(draw, slices, options)
    grid = make_subplot_kwargs if draw.is_plotly else None
    further = {} if grid is None else {"make_subplot_kwargs": grid}
    return draw(_thalweg.slice_figure(*slices.arguments(), **options), **further)


def check_share(name: str, value: Any) -> None:
    """Refuse what is no number that is at least 0.

    Raises:
        InvalidArgumentError: It is not.
    """
    try:
        fits = 0 <= float(value) < float("inf")
    except (TypeError, ValueError):
        fits = False
    if not fits:
        raise InvalidArgumentError(f"{name} must be a number of at least 0, not {value!r}.")


def _one_by_one(draw: Renderer, slices: Slices, options: dict[str, Any]) -> dict[str, Any]:
    figures = _thalweg.slice_figures(*slices.arguments(), **options)
    return {name: draw(figure) for name, figure in zip(slices.names, figures, strict=True)}
