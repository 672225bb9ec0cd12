"""Constraints on parameters."""

from thalweg._constraints import Constraint, FixedConstraint

__all__ = ["Constraint", "FixedConstraint"]
