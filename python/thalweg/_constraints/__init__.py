"""Constraints on parameters: what users write, and the positions and numbers that the core takes.

* `classes`: the constraints themselves.
* `dicts`: the same as dicts, in the form of 2022.
* `select`: from selectors to positions.
* `flatten`: from the user's list to what the core takes.
* `plan`: what became of each constraint, for the user to read.
* `tools`: `check_constraints` and `count_free_params`.
"""

from thalweg._constraints.classes import (
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
