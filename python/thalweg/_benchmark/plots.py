"""Figures of benchmark runs."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, Any, Literal

from thalweg._benchmark._data import benchmark_results, precision
from thalweg._plots._render import PALETTE, Renderer
from thalweg.exceptions import InvalidArgumentError

if TYPE_CHECKING:
    from thalweg._plots._render import Backend

    Problems = dict[str, dict[str, Any]]
    Results = dict[tuple[str, str], dict[str, Any]]
    Runtime = Literal["n_evaluations", "walltime", "n_batches"]
    Stopping = Literal["x", "y", "x_and_y", "x_or_y"]
    Distance = Literal["criterion", "parameter_distance"]


def profile_plot(
    problems: Problems,
    results: Results,
    *,
    runtime_measure: Runtime = "n_evaluations",
    normalize_runtime: bool = False,
    stopping_criterion: Stopping = "y",
    x_precision: float = 1e-4,
    y_precision: float = 1e-4,
    backend: Backend = "plotly",
    template: str | None = None,
    palette: list[str] | str = PALETTE,
    log_scale: bool = False,
) -> Any:
    """The share of the problems that each algorithm solves within a budget.

    Args:
        problems: The problems.
        results: What `run_benchmark` returned for them.
        runtime_measure: What the budget is: evaluations, batches or seconds. Counts begin at 1.
        normalize_runtime: Whether budgets are multiples of what the fastest algorithm needs for each
            problem.
        stopping_criterion: What has to be near the solution: the objective ("y"), the params ("x"),
            both, or one of them.
        x_precision: The share of the distance of the start that may be left.
        y_precision: The share of the possible decrease that may be left.
        backend: "plotly", "matplotlib", "bokeh" or "altair".
        template: The look, by a name of the back end.
        palette: The colours of the lines, in turn.
        log_scale: Whether the axis of budgets is logarithmic.

    Returns:
        The figure of the back end.
    """
    render = Renderer(backend, template)
    data = benchmark_results(problems, results)
    solved = precision(stopping_criterion, x_precision, y_precision)
    colors = _colors(palette)
    figure = data.profile_figure(
        solved, str(runtime_measure), bool(normalize_runtime), colors, bool(log_scale)
    )
    return render(figure)


def convergence_plot(
    problems: Problems,
    results: Results,
    *,
    problem_subset: str | Sequence[str] | None = None,
    algorithm_subset: str | Sequence[str] | None = None,
    n_cols: int = 2,
    distance_measure: Distance = "criterion",
    monotone: bool = True,
    normalize_distance: bool = True,
    runtime_measure: Runtime = "n_evaluations",
    stopping_criterion: Stopping | None = "y",
    x_precision: float = 1e-4,
    y_precision: float = 1e-4,
    combine_plots_in_grid: bool = True,
    backend: Backend = "plotly",
    template: str | None = None,
    palette: list[str] | str = PALETTE,
    log_scale: bool = False,
) -> Any:
    """How each algorithm approaches the solution of each problem.

    Args:
        problems: The problems.
        results: What `run_benchmark` returned for them.
        problem_subset: The problems to show; all by default.
        algorithm_subset: The algorithms to show; all by default.
        n_cols: Panels beside each other.
        distance_measure: By the objective or by the params.
        monotone: Whether to show the best so far instead of every evaluation.
        normalize_distance: Whether to show shares of the distance at the start: 1 there, 0 at the
            solution.
        runtime_measure: Against what: evaluations, batches (the best of each) or seconds.
        stopping_criterion: Lines end where the problem is solved in the sense of `profile_plot`;
            None: with the run.
        x_precision: As in `profile_plot`.
        y_precision: As in `profile_plot`.
        combine_plots_in_grid: Whether to make one figure; otherwise a dict of figures by
            problem.
        backend: "plotly", "matplotlib", "bokeh" or "altair".
        template: The look, by a name of the back end.
        palette: The colours of the algorithms, in turn.
        log_scale: Whether the axis of distances is logarithmic.

    Returns:
        The figure of the back end, or a dict of figures.
    """
    render = Renderer(backend, template)
    if not hasattr(n_cols, "__index__") or n_cols < 1:
        raise InvalidArgumentError(f"n_cols must be a whole number of at least 1, not {n_cols!r}.")
    data = benchmark_results(problems, results)
    data = data.select(
        _subset("problem_subset", problem_subset), _subset("algorithm_subset", algorithm_subset)
    )
    never = stopping_criterion is None
    figures = data.convergence_figures(
        None if never else precision(stopping_criterion, x_precision, y_precision),
        str(runtime_measure),
        str(distance_measure),
        bool(monotone),
        bool(normalize_distance),
        n_cols,
        not combine_plots_in_grid,
        _colors(palette),
        bool(log_scale),
    )
    if combine_plots_in_grid:
        return render(figures[0][1])
    return {title: render(figure) for title, figure in figures}


def deviation_plot(
    problems: Problems,
    results: Results,
    *,
    runtime_measure: Runtime = "n_evaluations",
    distance_measure: Distance = "criterion",
    monotone: bool = True,
    backend: Backend = "plotly",
    template: str | None = None,
    palette: list[str] | str = PALETTE,
) -> Any:
    """How far each algorithm still is from the solutions, on average over the problems.

    Args:
        problems: The problems. Those with an unknown solution are left out.
        results: What `run_benchmark` returned for them.
        runtime_measure: Against what: evaluations, batches or seconds.
        distance_measure: By the objective or by the params; as a share of the distance at the start.
        monotone: Whether to show the best so far instead of every evaluation.
        backend: "plotly", "matplotlib", "bokeh" or "altair".
        template: The look, by a name of the back end.
        palette: The colours of the lines, in turn.

    Returns:
        The figure of the back end.
    """
    render = Renderer(backend, template)
    data = benchmark_results(problems, results)
    colors = _colors(palette)
    figure = data.deviation_figure(
        str(runtime_measure), str(distance_measure), bool(monotone), colors
    )
    return render(figure)


def _colors(palette: Any) -> list[str]:
    return [palette] if isinstance(palette, str) else list(palette)


def _subset(argument: str, names: Any) -> list[str] | None:
    if names is None:
        return None
    listed = [names] if isinstance(names, str) else list(names)
    for name in listed:
        if not isinstance(name, str):
            raise InvalidArgumentError(f"{argument} must be names, but has {name!r}.")
    return listed
