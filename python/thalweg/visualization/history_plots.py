"""Figures of runs."""

from thalweg._plots.criterion import criterion_plot
from thalweg._plots.params import params_plot

__all__ = ["criterion_plot", "params_plot"]
