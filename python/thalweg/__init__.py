"""Numerical optimization: one `minimize` for every algorithm, parameters of any shape.

>>> import numpy as np
>>> import thalweg as om
>>> result = om.minimize(lambda x: x @ x, params=np.arange(3), algorithm="scipy_lbfgsb")
>>> bool(np.allclose(result.params, 0, atol=1e-5))
True

Names are imported when they are first used, so that importing the package costs little more than
importing numpy.
"""

from __future__ import annotations

from importlib import import_module as _import_module
from typing import TYPE_CHECKING
from typing import Any as _Any

_HOMES = {
    "Algorithm": "_algorithm",
    "AugmentedLagrangianOptions": "_augmented_lagrangian",
    "BenchmarkResults": "_benchmark.results",
    "Bounds": "_bounds",
    "DecreasingConstraint": "_constraints",
    "EqualityConstraint": "_constraints",
    "ExistenceStrategy": "_logging",
    "FixedConstraint": "_constraints",
    "FlatCovConstraint": "_constraints",
    "FlatSDCorrConstraint": "_constraints",
    "FunctionValue": "_function_value",
    "History": "_history",
    "IncreasingConstraint": "_constraints",
    "LeastSquaresFunctionValue": "_function_value",
    "LikelihoodFunctionValue": "_function_value",
    "LinearConstraint": "_constraints",
    "MultistartOptions": "_multistart",
    "NonlinearConstraint": "_nonlinear",
    "NumdiffOptions": "_numdiff_options",
    "NumdiffResult": "_numdiff_result",
    "OptimizeLogReader": "_log_reader",
    "OptimizeResult": "_result",
    "Optimizer": "_optimizer",
    "PairwiseEqualityConstraint": "_constraints",
    "ProbabilityConstraint": "_constraints",
    "SQLiteLogOptions": "_logging",
    "SQLiteLogReader": "_log_reader",
    "ScalarFunctionValue": "_function_value",
    "ScalingOptions": "_scaling",
    "algos": "_algos",
    "check_constraints": "_constraints.tools",
    "check_hess": "_check_hess",
    "check_jac": "_check_jac",
    "convergence_histories": "_benchmark.reports",
    "convergence_plot": "_benchmark.plots",
    "convergence_report": "_benchmark.reports",
    "count_free_params": "_constraints.tools",
    "criterion_plot": "_plots.criterion",
    "deviation_plot": "_benchmark.plots",
    "first_derivative": "_differentiation",
    "get_benchmark_problems": "_benchmark.problems",
    "get_scalable_problems": "_benchmark.problems",
    "maximize": "_minimize",
    "minimize": "_minimize",
    "params_plot": "_plots.params",
    "profile_plot": "_benchmark.plots",
    "rank_report": "_benchmark.reports",
    "run_benchmark": "_benchmark.run",
    "second_derivative": "_differentiation",
    "sensitivity": "_sensitivity",
    "slice_plot": "_plots.slice",
    "slice_plot_3d": "_plots.slice_3d",
    "traceback_report": "_benchmark.reports",
}
"""Where each public name lives."""

_SUBMODULES = (
    "algorithms",
    "batch_evaluators",
    "benchmarking",
    "config",
    "constraints",
    "decorators",
    "differentiation",
    "exceptions",
    "logging",
    "mark",
    "optimization",
    "parameters",
    "sandbox",
    "timing",
    "typing",
    "utilities",
    "visualization",
)

__all__ = [
    "Algorithm",
    "AugmentedLagrangianOptions",
    "BenchmarkResults",
    "Bounds",
    "DecreasingConstraint",
    "EqualityConstraint",
    "ExistenceStrategy",
    "FixedConstraint",
    "FlatCovConstraint",
    "FlatSDCorrConstraint",
    "FunctionValue",
    "History",
    "IncreasingConstraint",
    "LeastSquaresFunctionValue",
    "LikelihoodFunctionValue",
    "LinearConstraint",
    "MultistartOptions",
    "NonlinearConstraint",
    "NumdiffOptions",
    "NumdiffResult",
    "OptimizeLogReader",
    "OptimizeResult",
    "Optimizer",
    "PairwiseEqualityConstraint",
    "ProbabilityConstraint",
    "SQLiteLogOptions",
    "SQLiteLogReader",
    "ScalarFunctionValue",
    "ScalingOptions",
    "__version__",
    "algos",
    "check_constraints",
    "check_hess",
    "check_jac",
    "constraints",
    "convergence_histories",
    "convergence_plot",
    "convergence_report",
    "count_free_params",
    "criterion_plot",
    "deviation_plot",
    "first_derivative",
    "get_benchmark_problems",
    "get_scalable_problems",
    "mark",
    "maximize",
    "minimize",
    "params_plot",
    "profile_plot",
    "rank_report",
    "run_benchmark",
    "second_derivative",
    "sensitivity",
    "slice_plot",
    "slice_plot_3d",
    "timing",
    "traceback_report",
    "utilities",
]
"""What `from thalweg import *` brings: not the modules whose names are also those of others, such as
`logging` and `typing`."""

if TYPE_CHECKING:
    from thalweg import (
        algorithms,
        batch_evaluators,
        benchmarking,
        config,
        constraints,
        decorators,
        differentiation,
        exceptions,
        logging,
        mark,
        optimization,
        parameters,
        sandbox,
        timing,
        typing,
        utilities,
        visualization,
    )
    from thalweg._algorithm import Algorithm
    from thalweg._algos import algos
    from thalweg._augmented_lagrangian import AugmentedLagrangianOptions
    from thalweg._benchmark.plots import convergence_plot, deviation_plot, profile_plot
    from thalweg._benchmark.problems import get_benchmark_problems, get_scalable_problems
    from thalweg._benchmark.reports import (
        convergence_histories,
        convergence_report,
        rank_report,
        traceback_report,
    )
    from thalweg._benchmark.results import BenchmarkResults
    from thalweg._benchmark.run import run_benchmark
    from thalweg._bounds import Bounds
    from thalweg._check_hess import check_hess
    from thalweg._check_jac import check_jac
    from thalweg._constraints import (
        DecreasingConstraint,
        EqualityConstraint,
        FixedConstraint,
        FlatCovConstraint,
        FlatSDCorrConstraint,
        IncreasingConstraint,
        LinearConstraint,
        PairwiseEqualityConstraint,
        ProbabilityConstraint,
    )
    from thalweg._constraints.tools import check_constraints, count_free_params
    from thalweg._differentiation import first_derivative, second_derivative
    from thalweg._function_value import (
        FunctionValue,
        LeastSquaresFunctionValue,
        LikelihoodFunctionValue,
        ScalarFunctionValue,
    )
    from thalweg._history import History
    from thalweg._log_reader import OptimizeLogReader, SQLiteLogReader
    from thalweg._logging import ExistenceStrategy, SQLiteLogOptions
    from thalweg._minimize import maximize, minimize
    from thalweg._multistart import MultistartOptions
    from thalweg._nonlinear import NonlinearConstraint
    from thalweg._numdiff_options import NumdiffOptions
    from thalweg._numdiff_result import NumdiffResult
    from thalweg._optimizer import Optimizer
    from thalweg._plots.criterion import criterion_plot
    from thalweg._plots.params import params_plot
    from thalweg._plots.slice import slice_plot
    from thalweg._plots.slice_3d import slice_plot_3d
    from thalweg._result import OptimizeResult
    from thalweg._scaling import ScalingOptions
    from thalweg._sensitivity import sensitivity

    __version__: str


def __getattr__(name: str) -> _Any:
    if name in _HOMES:
        value = getattr(_import_module(f"thalweg.{_HOMES[name]}"), name)
    elif name in _SUBMODULES:
        value = _import_module(f"thalweg.{name}")
    elif name == "__version__":
        value = _import_module("thalweg._thalweg").__version__
    else:
        raise AttributeError(f"module 'thalweg' has no attribute '{name}'")
    globals()[name] = value
    return value


def __dir__() -> list[str]:
    return sorted({*__all__, *_SUBMODULES})
