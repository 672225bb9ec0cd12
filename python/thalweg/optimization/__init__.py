"""Optimization, by the names of optimagic's modules; authors of algorithms see `algorithm`."""

from importlib import import_module as _import_module
from typing import Any as _Any

__all__ = [
    "algorithm",
    "fun_value",
    "history",
    "internal_optimization_problem",
    "multistart_options",
    "optimize",
    "optimize_result",
]


def __getattr__(name: str) -> _Any:
    if name in __all__:
        return _import_module(f"thalweg.optimization.{name}")
    raise AttributeError(f"module 'thalweg.optimization' has no attribute '{name}'")
