"""Options of numerical derivatives."""

from thalweg._numdiff_options import NumdiffOptions

__all__ = ["NumdiffOptions"]
