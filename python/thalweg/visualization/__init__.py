"""Figures, by the names of optimagic's modules; everything is in `thalweg` itself, too."""

from importlib import import_module as _import_module
from typing import Any as _Any

__all__ = [
    "convergence_plot",
    "deviation_plot",
    "history_plots",
    "profile_plot",
    "slice_plot",
    "slice_plot_3d",
]


def __getattr__(name: str) -> _Any:
    if name in __all__:
        return _import_module(f"thalweg.visualization.{name}")
    raise AttributeError(f"module 'thalweg.visualization' has no attribute '{name}'")
