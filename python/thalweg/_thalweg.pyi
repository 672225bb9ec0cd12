"""The compiled core. Private: everything public is in the other modules."""

from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any, Literal

import numpy as np
from numpy.typing import NDArray

from thalweg._internal_problem import UserAlgorithm

__version__: str
STATUS_WORDS: list[str]

Vector = NDArray[np.float64]
Kind = Literal["scalar", "least_squares", "likelihood"]

class Tree:
    """The structure of parameters or outputs, compiled once."""

    start: Vector
    size: int
    names: list[str]
    paths: list[tuple[str, ...]]
    is_array: bool
    has_value_frame: bool
    def __init__(self, params: Any, what: str = "params") -> None: ...
    def __len__(self) -> int: ...
    def flatten(self, tree: Any, what: str = "params") -> Vector: ...
    def unflatten(self, flat: Any) -> Any: ...
    def positions(self) -> Any: ...
    def flatten_side(self, side: Any, name: str) -> Vector: ...
    def frame_column(self, column: str) -> Vector | None: ...
    def to_blocks(self, matrix: Any, outer: Tree | None = None) -> Any: ...
    def from_blocks(self, blocks: Any, outer: Tree | None = None, what: str = "jac") -> Vector: ...
    def hessian_to_blocks(self, hessians: Any, outer: Tree | None = None) -> Any: ...
    def hessian_from_blocks(self, blocks: Any, outer: Tree | None = None) -> Vector: ...

class Space:
    """The space in which an algorithm moves: constraints and bounds, checked."""

    n_user: int
    n_free: int
    n_surplus_rows: int
    start: Vector
    sides: tuple[Vector | None, Vector | None]
    plan: list[tuple[int, str, str, str]]
    repairs: list[tuple[str, float, float]]
    def __init__(
        self,
        tree: Tree,
        lower: Vector | None = None,
        upper: Vector | None = None,
        constraints: Sequence[dict[str, Any]] | None = None,
        repair_start: bool = False,
    ) -> None: ...
    def to_internal(self, user: Vector) -> Vector: ...
    def to_user(self, internal: Vector) -> Vector: ...
    def pull_back(self, internal: Vector, gradient: Vector) -> Vector: ...

class Objective:
    """The user's functions."""

    low_precision: bool
    kind: Kind | None
    start_value: float | None
    def __init__(
        self,
        tree: Tree,
        fun: Callable[..., Any] | None,
        fun_kwargs: dict[str, Any] | None = None,
        jac: Callable[..., Any] | None = None,
        jac_kwargs: dict[str, Any] | None = None,
        fun_and_jac: Callable[..., Any] | None = None,
        fun_and_jac_kwargs: dict[str, Any] | None = None,
        kind: str | None = None,
        jac_is_true: bool = False,
        jac_kind: str | None = None,
        hess: Callable[..., Any] | None = None,
        hessp: Callable[..., Any] | None = None,
    ) -> None: ...
    def evaluate_start(self) -> str: ...

class HistoryData:
    """The columns of a history."""

    dim: int
    params: NDArray[np.float64]
    fun: Vector
    start_time: Vector
    stop_time: Vector
    batches: NDArray[np.int64]
    task: NDArray[np.uint8]
    def __init__(self, dim: int) -> None: ...
    def __len__(self) -> int: ...
    def add(
        self, params: Vector, fun: float | None, start: float, stop: float, batch: int, task: int
    ) -> None: ...
    def append(self, columns: tuple[NDArray[Any], ...]) -> None: ...
    def rows(self, start: int, stop: int) -> NDArray[np.float64]: ...
    def pick(self, rows: list[int]) -> NDArray[np.float64]: ...
    def monotone(self, maximize: bool) -> Vector: ...
    def is_accepted(self, maximize: bool) -> NDArray[np.bool_]: ...
    def convergence_report(self, maximize: bool) -> dict[str, dict[str, float]] | None: ...

class LogReader:
    """Reads a log; rows are dicts, columns dicts of arrays."""

    def __init__(self, path: Path) -> None: ...
    def problems(self) -> list[dict[str, Any]]: ...
    def problem(self, index: int) -> dict[str, Any]: ...
    def steps(self, problem: int) -> list[dict[str, Any]]: ...
    def iteration(self, index: int, problem: int) -> dict[str, Any]: ...
    def history(self, problem: int) -> dict[str, Any]: ...
    def multistart_history(
        self, problem: int
    ) -> tuple[dict[str, Any], list[dict[str, Any]], dict[str, Any]]: ...

class RawResult:
    """The result of a run, before it gets its place in `OptimizeResult`."""

    params: Any
    flat_params: Vector
    fun: float
    start_fun: float
    success: bool | None
    message: str
    status: int | None
    n_fun_evals: int
    n_jac_evals: int
    n_hess_evals: int
    n_iterations: int | None
    n_free: int
    jac: Vector | None
    hess: Vector | None
    hess_inv: Vector | None
    max_constraint_violation: float | None
    is_feasible: bool
    algorithm_output: dict[str, Any]
    history: HistoryData | None
    multistart: RawMultistart | None
    constraint_plan: list[tuple[int, str, str, str]]

class ProgressReport:
    """How far a run is. Its text is one line."""

    n_fun_evals: int
    n_iterations: int
    best_fun: float | None
    seconds: float
    share: float | None
    exploring: bool
    n_local_runs: int | None
    message: str | None
    line: str

class RawMultistart:
    """The exploration and the local runs of a search, before they get their place in `MultistartInfo`."""

    start_params: NDArray[np.float64]
    exploration_sample: NDArray[np.float64]
    exploration_results: Vector
    n_optimizations: int
    n_exploration_evals: int
    n_discoveries: int
    convergence_report: dict[str, dict[str, float]] | None
    failures: list[tuple[int, str]]
    warnings: list[str]
    def local_optima(self, tree: Tree) -> list[RawResult]: ...

class ProblemHandle:
    """The problem as a user-defined algorithm sees it, solver-signed."""

    lower: Vector | None
    upper: Vector | None
    direction: str
    space: Space
    constraint_limits: tuple[Vector, Vector, Vector, list[int]]
    def constraints(self, x: Vector) -> Vector: ...
    def constraint_jacobian(self, x: Vector) -> Vector: ...
    def fun(self, x: Vector, goes_on: bool | None = None, unlisted: bool = False) -> float | Vector: ...
    def jac(self, x: Vector, goes_on: bool | None = None, unlisted: bool = False) -> Vector: ...
    def fun_and_jac(
        self, x: Vector, goes_on: bool | None = None, unlisted: bool = False
    ) -> tuple[float | Vector, Vector]: ...
    def batch_fun(
        self,
        x_list: Sequence[Vector],
        n_cores: int = 1,
        batch_size: int = 1,
        goes_on: bool | None = None,
        unlisted: bool = False,
    ) -> list[float | Vector]: ...
    def batch_jac(
        self,
        x_list: Sequence[Vector],
        n_cores: int = 1,
        batch_size: int = 1,
        goes_on: bool | None = None,
        unlisted: bool = False,
    ) -> list[Vector]: ...
    def batch_fun_and_jac(
        self,
        x_list: Sequence[Vector],
        n_cores: int = 1,
        batch_size: int = 1,
        goes_on: bool | None = None,
        unlisted: bool = False,
    ) -> list[tuple[float | Vector, Vector]]: ...

class FirstPlan:
    """The evaluations for a first derivative, and their use."""

    points: Vector
    needs_f0: bool
    failed: list[int]
    fixed: list[int]
    errors: Vector | None
    def __init__(
        self,
        x: Vector,
        lower: Vector | None = None,
        upper: Vector | None = None,
        options: dict[str, Any] | None = None,
        names: list[str] | None = None,
    ) -> None: ...
    def finish(self, f0: Vector | None, evals: Vector) -> Vector: ...
    def candidates(
        self, f0: Vector | None, evals: Vector
    ) -> list[tuple[str, int, int, int, float, float]]: ...
    def extend(self) -> Vector: ...

class SecondPlan:
    """The evaluations for a second derivative, and their use."""

    points: Vector
    needs_f0: bool
    failed: list[int]
    fixed: list[int]
    def __init__(
        self,
        x: Vector,
        lower: Vector | None = None,
        upper: Vector | None = None,
        options: dict[str, Any] | None = None,
        names: list[str] | None = None,
    ) -> None: ...
    def finish(self, f0: Vector | None, evals: Vector) -> Vector: ...
    def extend(self) -> Vector: ...

class AskTell:
    """A suspended run."""

    def __init__(
        self,
        tree: Tree,
        algorithm: str | UserAlgorithm,
        options: dict[str, Any],
        *,
        kind: str,
        derivatives: bool,
        maximize: bool,
        lower: Vector | None,
        upper: Vector | None,
        space: Space | None,
        scaling: tuple[str, float, float] | None = None,
        soft_lower: Vector | None = None,
        soft_upper: Vector | None = None,
        numdiff: dict[str, Any] | None,
        collect_history: bool,
        nonlinear: list[dict[str, Any]] | None,
        constraint_handling: str | tuple[float | None, float, float, int],
    ) -> None: ...
    def ask(self) -> tuple[Literal["fun", "jac", "fun_and_jac"], list[Any]] | None: ...
    def tell(self, values: list[Any]) -> None: ...
    def result(self) -> RawResult: ...

def solve(
    objective: Objective,
    algorithm: str | UserAlgorithm,
    options: dict[str, Any],
    *,
    maximize: bool,
    lower: Vector | None,
    upper: Vector | None,
    space: Space | None,
    scaling: tuple[str, float, float] | None = None,
    soft_lower: Vector | None = None,
    soft_upper: Vector | None = None,
    numdiff: dict[str, Any] | None,
    error_handling: str,
    penalty: dict[str, float] | None,
    collect_history: bool,
    callback: Callable[[Any, float, int], bool] | None,
    batch_evaluator: Callable[[Callable[[Any], Any], Sequence[Any], int], list[Any]] | None,
    n_cores: int,
    skip_checks: bool,
    multistart: dict[str, Any] | None = None,
    nonlinear: list[dict[str, Any]] | None = None,
    constraint_handling: str | tuple[float | None, float, float, int] = "native",
    progress: tuple[Callable[[ProgressReport], Any], bool] | None = None,
    log: dict[str, Any] | None = None,
) -> RawResult: ...
def sensitivity(
    objective: Objective,
    *,
    lower: Vector | None,
    upper: Vector | None,
    space: Space | None,
    scaling: tuple[str, float, float] | None,
    soft_lower: Vector | None,
    soft_upper: Vector | None,
    numdiff: dict[str, Any] | None,
) -> tuple[list[tuple[str, float, float, float, float, float, str]], str]: ...
def html_report(
    sentences: list[str],
    introduction: str,
    columns: list[str],
    rows: list[tuple[str, list[str]]],
    footnote: str,
    history: HistoryData | None,
    maximize: bool,
) -> str: ...
def criterion_figure(
    names: Sequence[str],
    values: Sequence[Any],
    maximize: Sequence[bool],
    local_values: Sequence[Sequence[Any]] | None = None,
    exploration: Sequence[Any] | None = None,
    *,
    monotone: bool = False,
    max_evaluations: int | None = None,
    stack_multistart: bool = False,
    show_exploration: bool = False,
    palette: str | Sequence[str] | None = None,
    dashes: bool = True,
    log_scale: bool = False,
    title: str | None = None,
) -> str: ...
def params_figure(
    names: Sequence[str],
    columns: Sequence[Any],
    *,
    max_evaluations: int | None = None,
    palette: str | Sequence[str] | None = None,
    dashes: bool = True,
    title: str | None = None,
) -> str: ...

Projection = str | tuple[str | None, str | None]

def slice_points(
    start: Vector,
    lower: Vector | None,
    upper: Vector | None,
    positions: Sequence[int],
    n_gridpoints: int = 20,
    *,
    projection: Projection | None = None,
    names: Sequence[str] | None = None,
) -> NDArray[np.float64]: ...
def slice_figure(
    start: Vector,
    lower: Vector | None,
    upper: Vector | None,
    positions: Sequence[int],
    n_gridpoints: int,
    values: Any,
    *,
    names: Sequence[str] | None = None,
    plots_per_row: int = 2,
    share_x: bool = False,
    share_y: bool = True,
    expand_yrange: float = 0.02,
    color: str | None = None,
    title: str | None = None,
) -> str: ...
def slice_figures(
    start: Vector,
    lower: Vector | None,
    upper: Vector | None,
    positions: Sequence[int],
    n_gridpoints: int,
    values: Any,
    *,
    names: Sequence[str] | None = None,
    plots_per_row: int = 2,
    share_x: bool = False,
    share_y: bool = True,
    expand_yrange: float = 0.02,
    color: str | None = None,
    title: str | None = None,
) -> list[str]: ...
def slice_3d_figure(
    start: Vector,
    lower: Vector | None,
    upper: Vector | None,
    positions: Sequence[int],
    n_gridpoints: int,
    values: Any,
    *,
    names: Sequence[str] | None = None,
    projection: Projection | None = None,
    expand_yrange: float = 0.02,
    color: str | None = None,
    title: str | None = None,
) -> str: ...
def slice_3d_figures(
    start: Vector,
    lower: Vector | None,
    upper: Vector | None,
    positions: Sequence[int],
    n_gridpoints: int,
    values: Any,
    *,
    names: Sequence[str] | None = None,
    projection: Projection | None = None,
    expand_yrange: float = 0.02,
    color: str | None = None,
    title: str | None = None,
) -> list[tuple[tuple[int, int], str]]: ...
def profile_figure(
    names: Sequence[str],
    solution_times: Sequence[Any],
    *,
    runtime_measure: str = "n_evaluations",
    normalize_runtime: bool = False,
    palette: str | Sequence[str] | None = None,
    dashes: bool = True,
    log_x: bool = False,
    title: str | None = None,
) -> str: ...
def convergence_figure(
    panels: Sequence[tuple[str, Sequence[str], Sequence[Any], Sequence[Any], float | None]],
    *,
    distance_measure: str = "criterion",
    monotone: bool = True,
    normalize_distance: bool = True,
    runtime_measure: str = "n_evaluations",
    n_cols: int = 2,
    log_y: bool = False,
    palette: str | Sequence[str] | None = None,
    dashes: bool = True,
    title: str | None = None,
) -> str: ...
def convergence_figures(
    panels: Sequence[tuple[str, Sequence[str], Sequence[Any], Sequence[Any], float | None]],
    *,
    distance_measure: str = "criterion",
    monotone: bool = True,
    normalize_distance: bool = True,
    runtime_measure: str = "n_evaluations",
    n_cols: int = 2,
    log_y: bool = False,
    palette: str | Sequence[str] | None = None,
    dashes: bool = True,
    title: str | None = None,
) -> list[tuple[str, str]]: ...
def deviation_figure(
    names: Sequence[str],
    deviations: Sequence[Sequence[Any]],
    *,
    runtime_measure: str = "n_evaluations",
    distance_measure: str = "criterion",
    monotone: bool = True,
    palette: str | Sequence[str] | None = None,
    dashes: bool = True,
    title: str | None = None,
) -> str: ...
def render_svg(figure: str) -> str: ...
def render_html(figure: str) -> str: ...
def render_plotly(figure: str) -> str: ...
def catalog() -> list[dict[str, Any]]: ...
def known_names() -> dict[str, str | None]: ...
def shared_defaults() -> dict[str, float | None]: ...

class BenchmarkFunction:
    """A function of a benchmark problem."""

    role: str
    problem_name: str
    set_name: str
    bounds: tuple[Vector | None, Vector | None]
    n_parts: int
    __name__: str
    def __init__(self, set: str, options: dict[str, Any], problem: str, role: str) -> None: ...
    def __call__(self, params: Any) -> Any: ...
    def belongs_to(self, other: BenchmarkFunction) -> bool: ...

class BenchmarkResults:
    """Runs of several algorithms on several problems."""

    def __init__(
        self, problems: Sequence[tuple[Any, ...]], runs: Sequence[tuple[Any, ...]]
    ) -> None: ...
    def select(
        self, problems: list[str] | None = None, algorithms: list[str] | None = None
    ) -> BenchmarkResults: ...
    def convergence_report(self, precision: tuple[str, Any, Any]) -> dict[str, list[str]]: ...
    def rank_report(
        self, runtime_measure: str, precision: tuple[str, Any, Any]
    ) -> dict[str, list[str]]: ...
    def traceback_report(self) -> dict[str, list[str]]: ...
    def tidy(self, precision: tuple[str, Any, Any]) -> dict[str, Any]: ...
    def profile_figure(
        self,
        precision: tuple[str, Any, Any],
        runtime_measure: str,
        normalize_runtime: bool,
        palette: list[str] | None = None,
        log_x: bool = False,
    ) -> str: ...
    def convergence_figures(
        self,
        precision: tuple[str, Any, Any] | None,
        runtime_measure: str,
        distance_measure: str,
        monotone: bool,
        normalize_distance: bool,
        n_cols: int,
        alone: bool,
        palette: list[str] | None = None,
        log_y: bool = False,
    ) -> list[tuple[str, str]]: ...
    def deviation_figure(
        self,
        runtime_measure: str,
        distance_measure: str,
        monotone: bool,
        palette: list[str] | None = None,
    ) -> str: ...

def benchmark_sets() -> list[str]: ...
def scalable_names() -> list[str]: ...
def benchmark_problems(set: str, options: dict[str, Any]) -> list[dict[str, Any]]: ...
def run_benchmark(
    problems: list[tuple[Any, ...]],
    algorithms: list[tuple[str, str, dict[str, Any]]],
    *,
    n_threads: int,
    raise_errors: bool,
    progress: Callable[[int, int], None] | None = None,
) -> list[dict[str, Any]]: ...
def objective_values(
    objective: Objective,
    points: Vector,
    batch_evaluator: Callable[[Callable[[Any], Any], Sequence[Any], int], list[Any]] | None = None,
    n_cores: int = 1,
) -> tuple[Vector, list[str]]: ...
