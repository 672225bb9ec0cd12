"""The objective along pairs of parameters."""

from thalweg._plots.slice_3d import slice_plot_3d

__all__ = ["slice_plot_3d"]
