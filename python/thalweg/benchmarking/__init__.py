"""Benchmarks, by the names of optimagic's modules; everything is in `thalweg` itself, too."""

from importlib import import_module as _import_module
from typing import Any as _Any

__all__ = ["benchmark_reports", "get_benchmark_problems", "run_benchmark"]


def __getattr__(name: str) -> _Any:
    if name in __all__:
        return _import_module(f"thalweg.benchmarking.{name}")
    raise AttributeError(f"module 'thalweg.benchmarking' has no attribute '{name}'")
