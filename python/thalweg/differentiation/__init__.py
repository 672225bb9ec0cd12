"""Derivatives, by the names of optimagic's modules; everything is in `thalweg` itself, too."""

from importlib import import_module as _import_module
from typing import Any as _Any

__all__ = ["derivatives", "numdiff_options"]


def __getattr__(name: str) -> _Any:
    if name in __all__:
        return _import_module(f"thalweg.differentiation.{name}")
    raise AttributeError(f"module 'thalweg.differentiation' has no attribute '{name}'")
