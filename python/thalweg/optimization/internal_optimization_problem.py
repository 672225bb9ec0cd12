"""The problem that a user-defined algorithm is given, and one for trying it."""

from thalweg._internal_problem import InternalBounds, InternalOptimizationProblem
from thalweg._sphere_problem import SphereExampleInternalOptimizationProblem

__all__ = [
    "InternalBounds",
    "InternalOptimizationProblem",
    "SphereExampleInternalOptimizationProblem",
]
