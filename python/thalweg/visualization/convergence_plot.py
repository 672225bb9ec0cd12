"""How algorithms approach solutions."""

from thalweg._benchmark.plots import convergence_plot

__all__ = ["convergence_plot"]
