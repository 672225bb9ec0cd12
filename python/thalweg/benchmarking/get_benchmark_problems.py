"""Sets of benchmark problems."""

from thalweg._benchmark.problems import get_benchmark_problems

__all__ = ["get_benchmark_problems"]
