"""The objective along single parameters."""

from thalweg._plots.slice import slice_plot

__all__ = ["slice_plot"]
