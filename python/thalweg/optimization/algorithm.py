"""What authors of algorithms import."""

from thalweg._algorithm import AlgoInfo, Algorithm, InternalOptimizeResult
from thalweg._internal_problem import InternalBounds, InternalOptimizationProblem

__all__ = [
    "AlgoInfo",
    "Algorithm",
    "InternalBounds",
    "InternalOptimizationProblem",
    "InternalOptimizeResult",
]
