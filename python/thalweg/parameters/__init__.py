"""Parameters, by the names of optimagic's modules; everything is in `thalweg` itself, too."""

from importlib import import_module as _import_module
from typing import Any as _Any

__all__ = ["bounds", "constraint_tools", "scaling"]


def __getattr__(name: str) -> _Any:
    if name in __all__:
        return _import_module(f"thalweg.parameters.{name}")
    raise AttributeError(f"module 'thalweg.parameters' has no attribute '{name}'")
