"""Numerical derivatives."""

from thalweg._differentiation import first_derivative, second_derivative
from thalweg._numdiff_result import NumdiffResult

__all__ = ["NumdiffResult", "first_derivative", "second_derivative"]
