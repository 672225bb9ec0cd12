"""What constraints do to parameters."""

from thalweg._constraints.tools import check_constraints, count_free_params

__all__ = ["check_constraints", "count_free_params"]
