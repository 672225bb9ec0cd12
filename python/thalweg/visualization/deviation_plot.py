"""How far algorithms are from solutions on average."""

from thalweg._benchmark.plots import deviation_plot

__all__ = ["deviation_plot"]
