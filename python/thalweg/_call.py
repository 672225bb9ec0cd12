"""The arguments of one call of `minimize` or `maximize`, while they are brought to one form."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any


class Call:
    """Arguments by name, as attributes.

    Attributes:
        direction: "minimize" or "maximize".
        given: The names of the keyword arguments that the user wrote.
        jac_is_true: Whether the objective returns value and gradient, as scipy has it.
        renamed: Outdated names that were used, with their replacements; for one warning.
        notes: Further warnings for the user.
    """

    direction: str
    fun: Any
    params: Any
    algorithm: Any
    bounds: Any
    constraints: Any
    fun_kwargs: Any
    algo_options: Any
    jac: Any
    jac_kwargs: Any
    fun_and_jac: Any
    fun_and_jac_kwargs: Any
    numdiff_options: Any
    logging: Any
    resume: Any
    error_handling: Any
    error_penalty: Any
    scaling: Any
    multistart: Any
    collect_history: Any
    skip_checks: Any
    repair_start: Any
    constraint_handling: Any
    callback: Any
    progress: Any
    x0: Any
    method: Any
    args: Any
    hess: Any
    hessp: Any
    options: Any
    tol: Any
    criterion: Any
    criterion_kwargs: Any
    derivative: Any
    derivative_kwargs: Any
    criterion_and_derivative: Any
    criterion_and_derivative_kwargs: Any
    lower_bounds: Any
    upper_bounds: Any
    soft_lower_bounds: Any
    soft_upper_bounds: Any
    scaling_options: Any
    multistart_options: Any
    log_options: Any

    def __init__(self, direction: str, arguments: dict[str, Any], given: Iterable[str]) -> None:
        self.__dict__ = arguments
        self.direction = direction
        self.given = given
        self.jac_is_true = False
        self.renamed: list[tuple[str, str]] = []
        self.notes: list[str] = []

    def warn(self) -> None:
        """Say what was outdated, in one warning, and whatever else is to be said."""
        if self.renamed or self.notes:
            from thalweg._warnings import warn_renamed, warn_user

            warn_renamed(self.renamed)
            for note in self.notes:
                warn_user(note)
