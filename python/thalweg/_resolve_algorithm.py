"""From whatever users pass as algorithm and options to what the core runs."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from thalweg._catalog import Entry, catalog, names_not_there_yet, renamed_algorithms
from thalweg._options import current_names, keep_known
from thalweg.exceptions import (
    InvalidAlgorithmError,
    NotInstalledError,
    UnsupportedAlgorithmError,
)

if TYPE_CHECKING:
    from thalweg._algorithm import Algorithm
    from thalweg._history import History
    from thalweg._internal_problem import UserAlgorithm
    from thalweg._thalweg import Tree


class Resolved:
    """An algorithm that is ready to run.

    Attributes:
        name: Its name.
        solver_type: The kind of objective that it uses.
        target: What the core runs: the name, or a user-defined algorithm.
        options: The options that differ from the defaults.
        n_cores: The number of evaluations at the same time in its own batches.
        batch_evaluator: How its own batches are evaluated.
        disable_history: Whether its history is not worth keeping.
    """

    __slots__ = (
        "batch_evaluator",
        "disable_history",
        "n_cores",
        "name",
        "options",
        "solver_type",
        "target",
    )

    def __init__(
        self, name: str, solver_type: str, target: str | UserAlgorithm, options: dict[str, Any]
    ) -> None:
        self.name, self.solver_type, self.target = name, solver_type, target
        self.n_cores: int = options.pop("n_cores", 1)
        self.batch_evaluator: Any = options.pop("batch_evaluator", "joblib")
        self.options = options
        self.disable_history = False

    def prepare(self, tree: Tree) -> None:
        """Tell a user-defined algorithm the structure of the parameters."""
        if not isinstance(self.target, str):
            self.target.tree = tree

    @property
    def own_history(self) -> History | None:
        """The history that a user-defined algorithm has chosen for the result of the last run."""
        return None if isinstance(self.target, str) else self.target.history


def resolve_algorithm(
    algorithm: Any,
    algo_options: dict[str, Any] | None,
    renamed: list[tuple[str, str]],
    notes: list[str],
) -> Resolved:
    """Find the algorithm and bring its options to one form.

    Args:
        algorithm: A name, a class or an instance.
        algo_options: Options by name, in any spelling; unknown ones are left out and listed in
            `notes`.
        renamed: Takes up outdated names that were used.
        notes: Takes up further warnings.

    Raises:
        InvalidAlgorithmError: There is no such algorithm.
        InvalidAlgoOptionError: An option has an impossible value.
    """
    if isinstance(algorithm, str):
        entry = find_entry(algorithm, renamed)
        options = {}
        if algo_options:
            named = current_names(algo_options, entry.options, renamed)
            options = keep_known(named, entry.options, entry.name, notes)
        return Resolved(entry.name, entry.solver_type, entry.name, options)
    return _resolve_object(_as_instance(algorithm), algo_options, renamed, notes)


def find_entry(name: str, renamed: list[tuple[str, str]]) -> Entry:
    """The catalog's entry of this name.

    Raises:
        InvalidAlgorithmError: There is none; the message proposes others.
    """
    entry = catalog().get(name)
    if entry is not None:
        return entry
    target = renamed_algorithms().get(name)
    if target is not None:
        renamed.append((name, target))
        return find_entry(target, renamed)
    if name in names_not_there_yet():
        raise UnsupportedAlgorithmError(
            f"The algorithm {name} is not there yet in this version. Algorithms so far: "
            f"{list(catalog())}."
        )
    from thalweg.utilities import propose_alternatives

    raise InvalidAlgorithmError(
        f"Invalid algorithm: {name}. Did you mean {propose_alternatives(name, list(catalog()))}?"
    )


def _as_instance(algorithm: Any) -> Algorithm:
    from thalweg._algorithm import Algorithm

    if isinstance(algorithm, type) and issubclass(algorithm, Algorithm):
        algorithm = algorithm()
    if not isinstance(algorithm, Algorithm):
        raise InvalidAlgorithmError(
            f"Invalid algorithm of type {type(algorithm).__name__}: {algorithm!r}. An algorithm is "
            "a name, for example 'scipy_lbfgsb', a class such as thalweg.algos.scipy_lbfgsb, or "
            "an instance of one with options."
        )
    return algorithm


_PARALLEL = ("n_cores", "batch_evaluator")
"""Fields of user-defined algorithms that concern the evaluation of their batches."""

LIMITS = ("stopping_maxfun", "stopping_maxiter", "stopping_maxtime")
"""Options that end a run whatever the algorithm: it need not have fields of these names."""


def _resolve_object(
    algorithm: Algorithm,
    algo_options: dict[str, Any] | None,
    renamed: list[tuple[str, str]],
    notes: list[str],
) -> Resolved:
    from thalweg._algorithm import option_specs

    limits: dict[str, Any] = {}
    if algo_options:
        if getattr(type(algorithm), "_entry", None) is None:
            specs = option_specs(type(algorithm))
            algo_options = current_names(algo_options, [*specs, *LIMITS], renamed)
            limits = {k: v for k, v in algo_options.items() if k in LIMITS and k not in specs}
            algo_options = {k: v for k, v in algo_options.items() if k not in limits}
        algorithm = algorithm._with_applicable(algo_options, renamed, notes)
    info = algorithm.algo_info
    solver_type: str = info.solver_type.value  # type: ignore[union-attr]
    if getattr(type(algorithm), "_entry", None) is None:
        from thalweg._internal_problem import UserAlgorithm

        if not info.is_available:
            raise NotInstalledError(
                f"The algorithm {info.name} is not available: it declares is_available=False, as "
                "algorithms do whose package is not installed."
            )
        known = {name: value for name, value in vars(algorithm).items() if name in _PARALLEL}
        known |= limits
        resolved = Resolved(info.name, solver_type, UserAlgorithm(algorithm), known)
        resolved.disable_history = info.disable_history
        return resolved
    options = {
        name: getattr(algorithm, name)
        for name, spec in option_specs(type(algorithm)).items()
        if getattr(algorithm, name) != spec.default
    }
    return Resolved(info.name, solver_type, info.name, options)
