"""The common defaults, for the options of one's own algorithms, by optimagic's names."""

from __future__ import annotations

from collections.abc import Sized
from typing import Any

from thalweg._catalog import catalog as _catalog
from thalweg._thalweg import shared_defaults as _shared_defaults
from thalweg.constraints import NonlinearConstraint as _NonlinearConstraint

_shared: dict[str, Any] = _shared_defaults()
_neldermead = _catalog()["neldermead"].options

CONVERGENCE_FTOL_REL: float = _shared["convergence_ftol_rel"]
CONVERGENCE_FTOL_ABS: float = _shared["convergence_ftol_abs"]
CONVERGENCE_GTOL_ABS: float = _shared["convergence_gtol_abs"]
CONVERGENCE_GTOL_REL: float = _shared["convergence_gtol_rel"]
CONVERGENCE_GTOL_SCALED: float = _shared["convergence_gtol_scaled"]
CONVERGENCE_XTOL_REL: float = _shared["convergence_xtol_rel"]
CONVERGENCE_XTOL_ABS: float = _shared["convergence_xtol_abs"]
CONVERGENCE_TARGET_VALUE: float | None = _shared["convergence_target_value"]
CONVERGENCE_SECOND_BEST_FTOL_ABS: float = _neldermead["convergence_ftol_abs"].default
CONVERGENCE_SECOND_BEST_XTOL_ABS: float = _neldermead["convergence_xtol_abs"].default
CONVERGENCE_GENERATIONS_NOIMPROVE: int | None = None
STOPPING_MAXFUN = int(_shared["stopping_maxfun"])
STOPPING_MAXFUN_GLOBAL = int(_shared["stopping_maxfun_global"])
STOPPING_MAXITER = int(_shared["stopping_maxiter"])
MAX_LINE_SEARCH_STEPS = int(_shared["max_line_search_steps"])
LIMITED_MEMORY_STORAGE_LENGTH = int(_shared["limited_memory_storage_length"])
CONSTRAINTS_ABSOLUTE_TOLERANCE: float = _NonlinearConstraint(func=len, value=0).tol
N_RESTARTS = int(_shared["n_restarts"])

__all__ = [
    "CONSTRAINTS_ABSOLUTE_TOLERANCE",
    "CONVERGENCE_FTOL_ABS",
    "CONVERGENCE_FTOL_REL",
    "CONVERGENCE_GENERATIONS_NOIMPROVE",
    "CONVERGENCE_GTOL_ABS",
    "CONVERGENCE_GTOL_REL",
    "CONVERGENCE_GTOL_SCALED",
    "CONVERGENCE_SECOND_BEST_FTOL_ABS",
    "CONVERGENCE_SECOND_BEST_XTOL_ABS",
    "CONVERGENCE_TARGET_VALUE",
    "CONVERGENCE_XTOL_ABS",
    "CONVERGENCE_XTOL_REL",
    "LIMITED_MEMORY_STORAGE_LENGTH",
    "MAX_LINE_SEARCH_STEPS",
    "N_RESTARTS",
    "STOPPING_MAXFUN",
    "STOPPING_MAXFUN_GLOBAL",
    "STOPPING_MAXITER",
    "get_population_size",
]


def get_population_size(population_size: float | None, x: Sized, lower_bound: int = 10) -> int:
    """The size of a population: what was asked for, or else ten times one more than parameters."""
    if population_size is not None:
        return int(population_size)
    return max(10 * (len(x) + 1), int(lower_bound))
