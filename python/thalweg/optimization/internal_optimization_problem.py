"""The problem that a user-defined algorithm is given."""

from thalweg._internal_problem import InternalBounds, InternalOptimizationProblem

__all__ = ["InternalBounds", "InternalOptimizationProblem"]
