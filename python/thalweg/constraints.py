"""Constraints on parameters."""

from thalweg._constraints import (
    Constraint,
    DecreasingConstraint,
    EqualityConstraint,
    FixedConstraint,
    FlatCovConstraint,
    FlatSDCorrConstraint,
    IncreasingConstraint,
    LinearConstraint,
    PairwiseEqualityConstraint,
    ProbabilityConstraint,
)

__all__ = [
    "Constraint",
    "DecreasingConstraint",
    "EqualityConstraint",
    "FixedConstraint",
    "FlatCovConstraint",
    "FlatSDCorrConstraint",
    "IncreasingConstraint",
    "LinearConstraint",
    "PairwiseEqualityConstraint",
    "ProbabilityConstraint",
]
