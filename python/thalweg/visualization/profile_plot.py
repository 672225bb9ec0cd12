"""The share of problems that algorithms solve."""

from thalweg._benchmark.plots import profile_plot

__all__ = ["profile_plot"]
