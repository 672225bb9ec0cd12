"""The plot of an objective along parameters and over pairs of them."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import TYPE_CHECKING, Any

from thalweg import _thalweg
from thalweg._plots._evaluate import Projection, Request, bounds_of_2022, evaluate
from thalweg._plots._render import PALETTE, Renderer
from thalweg._plots.slice import check_share
from thalweg._warnings import warn_renamed
from thalweg.config import DEFAULT_N_CORES
from thalweg.exceptions import InvalidArgumentError, NotInstalledError

if TYPE_CHECKING:
    from thalweg._bounds import Bounds
    from thalweg.typing import BatchEvaluator, BatchEvaluatorLiteral, PyTree

_KINDS = ("contour", "surface")

_PLOT_KWARGS = ("line_plot", "scatter_plot", "surface_plot", "contour_plot")


def slice_plot_3d(
    func: Callable[..., Any],
    params: PyTree,
    bounds: Bounds | Any = None,
    func_kwargs: dict[str, Any] | None = None,
    selector: Callable[[PyTree], PyTree] | None = None,
    n_gridpoints: int = 20,
    projection: str | dict[str, str | None] = "univariate",
    make_subplot_kwargs: dict[str, Any] | None = None,
    layout_kwargs: dict[str, Any] | None = None,
    plot_kwargs: dict[str, Any] | None = None,
    param_names: dict[str, str] | None = None,
    expand_yrange: float = 0.02,
    batch_evaluator: BatchEvaluatorLiteral | BatchEvaluator | Any = "joblib",
    n_cores: int = DEFAULT_N_CORES,
    return_dict: bool = False,
    lower_bounds: PyTree = None,
    upper_bounds: PyTree = None,
) -> Any:
    """Plot a function along each of its parameters, or over pairs of them.

    Pairs of two parameters are one plot. Pairs of more are a grid: in row r and column c, parameter
    c goes to the right and parameter r upwards; on the diagonal are slices. Each pair is evaluated
    once, whatever is drawn of it.

    Args:
        func: As in `slice_plot`.
        params: The point through which the slices go.
        bounds: `Bounds`: the ends of the slices.
        func_kwargs: Further arguments of `func`.
        selector: Maps the params to those to show.
        n_gridpoints: The number of points of each slice; a pair has its square.
        projection: "univariate", "contour", "surface", or what to draw in each triangle of the
            grid, `{"lower": "contour", "upper": "surface"}`, None for nothing. A kind alone stands
            for the lower triangle; "slice" means "univariate".
        make_subplot_kwargs: Further arguments of `plotly.subplots.make_subplots`.
        layout_kwargs: Arguments of the figure's `update_layout`.
        plot_kwargs: Properties of the traces: a dict with the keys "line_plot", "scatter_plot" (the
            mark of the params; None to leave it out), "surface_plot", "contour_plot".
        param_names: Names of parameters to be replaced, with their replacements.
        expand_yrange: How far the vertical axis of slices goes beyond the values, as a share of
            their range.
        batch_evaluator: "joblib", "pathos", "threading", an executor or a function; see
            `thalweg.batch_evaluators`.
        n_cores: The number of evaluations at the same time.
        return_dict: Whether to return a dict of figures by row and column, instead of one.
        lower_bounds: Outdated; part of `bounds`.
        upper_bounds: Outdated; part of `bounds`.

    Returns:
        A `plotly.graph_objects.Figure`, or a figure of thalweg's own without plotly; a dict of
        figures with `return_dict`.

    Raises:
        IncompleteBoundsError: A selected parameter has no finite bounds.
        InvalidArgumentError: An argument has an impossible value.
        TypeError: `projection` is neither a string nor a dict.
        InvalidFunctionError: `func` fails at the params, or returns no number.
        NotInstalledError: Arguments of plotly are given, which is not installed.
    """
    bounds, outdated = bounds_of_2022(bounds, lower_bounds, upper_bounds)
    if outdated:
        warn_renamed([("lower_bounds, upper_bounds", "bounds=Bounds(lower=..., upper=...)")])
    chosen = _projection(projection)
    look = _Look(make_subplot_kwargs, layout_kwargs, plot_kwargs)
    draw = Renderer("plotly", None)
    look.check(draw, is_grid_of_pairs=chosen != "univariate")
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
        ),
        chosen,
    )
    options: dict[str, Any] = {
        "names": slices.names,
        "projection": chosen,
        "expand_yrange": float(expand_yrange),
        "color": PALETTE[0],
    }
    if return_dict:
        figures = _thalweg.slice_3d_figures(*slices.arguments(), **options)
        return {place: look.give(draw(figure)) for place, figure in figures}
    figure = _thalweg.slice_3d_figure(*slices.arguments(), **options)
    return look.give(draw(figure, **look.of_grid()))


class _Look:
    """What users say about the look, in words of plotly."""

    def __init__(
        self,
        make_subplot_kwargs: dict[str, Any] | None,
        layout_kwargs: dict[str, Any] | None,
        plot_kwargs: dict[str, Any] | None,
    ) -> None:
        self.given = {
            "make_subplot_kwargs": make_subplot_kwargs,
            "layout_kwargs": layout_kwargs,
            "plot_kwargs": plot_kwargs,
        }

    def check(self, draw: Renderer, is_grid_of_pairs: bool) -> None:
        """Refuse what cannot be used.

        Raises:
            InvalidArgumentError: An argument is no dict, or has a key that it cannot have.
            NotInstalledError: Plotly is not installed.
        """
        for name, value in self.given.items():
            if value is None:
                continue
            if not isinstance(value, dict):
                raise InvalidArgumentError(f"{name} must be a dictionary or None, not {value!r}.")
            if not draw.is_plotly:
                raise NotInstalledError(
                    f"{name} needs plotly, which is not installed. Install the package using either "
                    "'pip install plotly' or 'conda install -c conda-forge plotly'."
                )
        fixed = [
            key for key in ("rows", "cols") if key in (self.given["make_subplot_kwargs"] or {})
        ]
        if fixed and is_grid_of_pairs:
            raise InvalidArgumentError(
                f"make_subplot_kwargs has {fixed}, but the grid of a projection of pairs has a row "
                "and a column for each parameter. Leave them out."
            )
        for key in self.given["plot_kwargs"] or {}:
            if key not in _PLOT_KWARGS:
                from thalweg.utilities import propose_alternatives

                raise InvalidArgumentError(
                    f"plot_kwargs has the unknown key {key!r}. Did you mean "
                    f"{propose_alternatives(str(key), _PLOT_KWARGS, 1)[0]!r}? Its keys are "
                    f"{list(_PLOT_KWARGS)}."
                )

    def of_grid(self) -> dict[str, Any]:
        """What is needed while the figure is made."""
        grid = self.given["make_subplot_kwargs"]
        return {} if grid is None else {"make_subplot_kwargs": grid}

    def give(self, figure: Any) -> Any:
        """The figure with what is changed afterwards."""
        if self.given["plot_kwargs"]:
            from thalweg._plots._plotly import change_traces

            change_traces(figure, self.given["plot_kwargs"])
        if self.given["layout_kwargs"]:
            figure.update_layout(**self.given["layout_kwargs"])
        return figure


def _projection(given: Any) -> Projection:
    """The projection as the core takes it.

    Raises:
        InvalidArgumentError: It is a word, or has a key or a word, that does not exist.
        TypeError: It is neither a string nor a dict.
    """
    if given == "slice":
        return "univariate"  # the word of optimagic's guide
    if isinstance(given, str):
        if given != "univariate" and given not in _KINDS:
            raise InvalidArgumentError(
                f"Invalid projection: {given!r}. It must be 'univariate', 'contour', 'surface' or a "
                "dictionary with the keys 'lower' and 'upper'."
            )
        return given
    if not isinstance(given, Mapping):
        raise TypeError(
            f"Invalid type for projection: {type(given)}. Must be a string or a dictionary with the "
            "keys 'lower' and 'upper'."
        )
    for key, kind in given.items():
        if key not in ("lower", "upper"):
            raise InvalidArgumentError(
                f"Invalid projection: the key {key!r} is neither 'lower' nor 'upper'."
            )
        if kind is not None and kind not in _KINDS:
            raise InvalidArgumentError(
                f"Invalid projection: {kind!r} for {key!r}. It must be 'contour', 'surface' or None."
            )
    return given.get("lower"), given.get("upper")
