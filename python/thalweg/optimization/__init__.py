"""Optimization, by the names of optimagic's modules; authors of algorithms see `algorithm`."""

from thalweg._modules import imported_on_demand as _imported_on_demand

__all__ = [
    "algo_options",
    "algorithm",
    "fun_value",
    "history",
    "internal_optimization_problem",
    "multistart_options",
    "optimize",
    "optimize_result",
]

__getattr__ = _imported_on_demand(__name__, __all__)
