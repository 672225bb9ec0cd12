"""`slice_plot_3d`, where optimagic has it."""

from thalweg._plots.slice_3d import slice_plot_3d

__all__ = ["slice_plot_3d"]
