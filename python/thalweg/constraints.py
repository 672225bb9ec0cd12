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

from thalweg._nonlinear import NonlinearConstraint

__all__ = [
    "Constraint",
    "DecreasingConstraint",
    "EqualityConstraint",
    "FixedConstraint",
    "FlatCovConstraint",
    "FlatSDCorrConstraint",
    "IncreasingConstraint",
    "LinearConstraint",
    "NonlinearConstraint",
    "PairwiseEqualityConstraint",
    "ProbabilityConstraint",
]
