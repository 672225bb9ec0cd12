"""Benchmarks, by the names of optimagic's modules; everything is in `thalweg` itself, too."""

from thalweg._modules import imported_on_demand as _imported_on_demand

__all__ = ["benchmark_reports", "get_benchmark_problems", "run_benchmark"]

__getattr__ = _imported_on_demand(__name__, __all__)
