"""Code that imports from optimagic's modules finds the same names in the modules of this package."""

import importlib
import subprocess
import sys
from typing import get_type_hints

import pytest
import thalweg as om

HOMES = {
    "benchmarking.benchmark_reports": ["convergence_report", "rank_report", "traceback_report"],
    "benchmarking.get_benchmark_problems": ["get_benchmark_problems"],
    "benchmarking.run_benchmark": ["run_benchmark"],
    "constraints": ["FixedConstraint", "FlatCovConstraint", "NonlinearConstraint"],
    "differentiation.derivatives": ["first_derivative", "second_derivative", "NumdiffResult"],
    "differentiation.numdiff_options": ["NumdiffOptions"],
    "logging": ["ExistenceStrategy", "SQLiteLogOptions", "SQLiteLogReader"],
    "logging.logger": ["SQLiteLogOptions", "SQLiteLogReader"],
    "logging.read_log": ["OptimizeLogReader"],
    "logging.types": ["ExistenceStrategy"],
    "optimization.algorithm": ["Algorithm"],
    "optimization.fun_value": [
        "FunctionValue",
        "LeastSquaresFunctionValue",
        "LikelihoodFunctionValue",
        "ScalarFunctionValue",
    ],
    "optimization.history": ["History"],
    "optimization.multistart_options": ["MultistartOptions"],
    "optimization.optimize": ["maximize", "minimize"],
    "optimization.optimize_result": ["OptimizeResult"],
    "parameters.bounds": ["Bounds"],
    "parameters.constraint_tools": ["check_constraints", "count_free_params"],
    "parameters.scaling": ["ScalingOptions"],
    "sandbox": ["slice_plot_3d"],
    "visualization.convergence_plot": ["convergence_plot"],
    "visualization.deviation_plot": ["deviation_plot"],
    "visualization.history_plots": ["criterion_plot", "params_plot"],
    "visualization.profile_plot": ["profile_plot"],
    "visualization.slice_plot": ["slice_plot"],
    "visualization.slice_plot_3d": ["slice_plot_3d"],
}


@pytest.mark.parametrize("path", HOMES)
def test_names_are_those_of_the_package(path):
    module = importlib.import_module(f"thalweg.{path}")
    for name in HOMES[path]:
        assert getattr(module, name) is getattr(om, name)
        assert name in module.__all__


def test_modules_are_attributes_of_their_packages():
    code = """
import thalweg as om
om.differentiation.derivatives.first_derivative
om.logging.SQLiteLogReader
om.optimization.optimize.minimize
om.parameters.scaling.ScalingOptions
om.sandbox.slice_plot_3d
om.visualization.history_plots.criterion_plot
"""
    subprocess.run([sys.executable, "-c", code], check=True)
    for package in ("differentiation", "optimization", "parameters", "visualization"):
        with pytest.raises(AttributeError, match=f"'thalweg.{package}' has no attribute 'nothing'"):
            getattr(om, package).nothing  # noqa: B018


def test_names_beside_the_top_level(tmp_path):
    from thalweg.logging.logger import LogOptions, LogReader
    from thalweg.optimization.internal_optimization_problem import InternalOptimizationProblem
    from thalweg.optimization.optimize_result import MultistartInfo

    options = LogOptions(tmp_path / "run.db")
    om.minimize(lambda x: x[0] ** 2 + x[1] ** 2, [1.0, 2.0], "lbfgsb", logging=options)
    assert LogReader.from_options(options).read_start_params() == [1.0, 2.0]
    bounds = om.Bounds(lower=-1.0, upper=2.0)
    found = om.minimize(lambda x: x**2, 1.0, "lbfgsb", bounds=bounds, multistart=True)
    assert isinstance(found.multistart_info, MultistartInfo)
    assert hasattr(InternalOptimizationProblem, "fun")


def test_dictionaries_of_algorithms():
    from thalweg.algorithms import ALL_ALGORITHMS, AVAILABLE_ALGORITHMS, GLOBAL_ALGORITHMS

    assert ALL_ALGORITHMS["scipy_lbfgsb"] is om.algos.scipy_lbfgsb
    assert list(AVAILABLE_ALGORITHMS) == om.algos.AvailableNames
    assert list(GLOBAL_ALGORITHMS.values()) == om.algos.Global.All


def test_type_hints_of_derivatives_can_be_evaluated():
    first, second = get_type_hints(om.first_derivative), get_type_hints(om.second_derivative)
    assert first["return"] is om.NumdiffResult
    assert {name for name in first if first[name] != second[name]} == {"method"}


def test_defaults_for_options_of_own_algorithms():
    from thalweg.optimization import algo_options

    own = om.algos.scipy_lbfgsb()
    assert own.convergence_ftol_rel == algo_options.CONVERGENCE_FTOL_REL
    assert own.stopping_maxiter == algo_options.STOPPING_MAXITER
    assert own.limited_memory_storage_length == algo_options.LIMITED_MEMORY_STORAGE_LENGTH == 10
    assert own.max_line_search_steps == algo_options.MAX_LINE_SEARCH_STEPS == 20
    assert algo_options.CONVERGENCE_SECOND_BEST_XTOL_ABS == 1e-8
    assert algo_options.CONSTRAINTS_ABSOLUTE_TOLERANCE == 1e-5
    assert (algo_options.STOPPING_MAXFUN_GLOBAL, algo_options.N_RESTARTS) == (1000, 1)
    assert algo_options.CONVERGENCE_TARGET_VALUE is None
    for name in algo_options.__all__:
        assert hasattr(algo_options, name)
    assert algo_options.get_population_size(None, [1.0, 2.0, 3.0]) == 40
    assert algo_options.get_population_size(None, [1.0], lower_bound=30) == 30
    assert algo_options.get_population_size(7.0, [1.0]) == 7


def test_classes_of_algorithms_are_in_the_module_of_algorithms():
    from thalweg.algorithms import ScipyLBFGSB

    assert ScipyLBFGSB is om.algos.scipy_lbfgsb is om.algorithms.scipy_lbfgsb
    assert om.algorithms.algos is om.algos
    assert "Fides" in dir(om.algorithms)
    with pytest.raises(AttributeError, match=r"no attribute 'Fidez': there is no algorithm of this"):
        om.algorithms.Fidez  # noqa: B018


def test_which_optional_packages_are_there():
    from importlib.util import find_spec

    from thalweg.config import IS_NLOPT_INSTALLED, IS_PYGMO_INSTALLED

    assert IS_NLOPT_INSTALLED is (find_spec("nlopt") is not None)
    assert IS_PYGMO_INSTALLED is (find_spec("pygmo") is not None)
    for name in dir(om.config)[1:]:
        assert isinstance(getattr(om.config, name), bool)
    with pytest.raises(AttributeError, match=r"'thalweg.config' has no attribute 'IS_NLOPT'"):
        om.config.IS_NLOPT  # noqa: B018
