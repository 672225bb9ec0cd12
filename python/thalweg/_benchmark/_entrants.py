"""The algorithms that take part in a benchmark."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from thalweg._catalog import catalog
from thalweg._options import current_names
from thalweg._resolve_algorithm import LIMITS, resolve_algorithm
from thalweg.exceptions import (
    InvalidAlgorithmError,
    InvalidAlgoOptionError,
    InvalidArgumentError,
)
from thalweg.utilities import propose_alternatives

_TIGHTENED = ("convergence_ftol_rel", "convergence_xtol_rel", "convergence_gtol_rel")
_TIGHT = 1e-14

_OF_THE_PROBLEM = ("fun", "params", "criterion", "x0", "args", "fun_kwargs", "criterion_kwargs")
"""Arguments of `minimize` that belong to the problems."""


class Entrant:
    """An algorithm with everything that belongs to it.

    Attributes:
        label: The name of its results.
        algorithm: The algorithm as the user gave it.
        options: All its options by their current names, those of the benchmark included.
        arguments: Further arguments of `minimize`.
        native: The name by which the core runs it, with its options; None for the user's own.
        keeps_constraints: Whether it can keep nonlinear constraints itself.
    """

    def __init__(self, label: str, given: Any, general: dict[str, Any], renamed: Any) -> None:
        self.label = label
        self.arguments = _arguments(label, given)
        self.algorithm = self.arguments.pop("algorithm")
        user_options = self.arguments.pop("algo_options", None) or {}
        resolved = resolve_algorithm(self.algorithm, None, renamed, [])
        known = _known_options(self.algorithm, resolved)
        chosen = _chosen(label, user_options, known, renamed)
        free = {
            name: value
            for name, value in general.items()
            if name in known and name not in resolved.options
        }
        self.options = {**free, **chosen}
        ready = resolve_algorithm(self.algorithm, self.options, renamed, [])
        self.native: tuple[str, dict[str, Any]] | None = None
        self.keeps_constraints = False
        if isinstance(ready.target, str):
            options = dict(ready.options)
            if ready.n_cores != 1:
                options["n_cores"] = ready.n_cores
            self.native = (ready.target, options)
            features = catalog()[ready.target].features
            self.keeps_constraints = features["supports_nonlinear_constraints"]


def entrants(optimize_options: Any, general: dict[str, Any]) -> list[Entrant]:
    """The algorithms of a list, or of a dict with labels.

    Raises:
        InvalidAlgorithmError: One of them does not exist.
        InvalidAlgoOptionError: One of them does not have an option.
        InvalidArgumentError: There is none, two have one label, or an argument is not one of
            `minimize`.
    """
    if isinstance(optimize_options, str) or not isinstance(
        optimize_options, (Mapping, list, tuple)
    ):
        raise InvalidArgumentError(
            "optimize_options must be a list of algorithms, or a dictionary of labels and "
            f"algorithms or dictionaries of arguments of minimize, not {optimize_options!r}."
        )
    if isinstance(optimize_options, Mapping):
        labelled = [(label, given) for label, given in optimize_options.items()]
    else:
        labelled = [(_label(given), given) for given in optimize_options]
    if not labelled:
        raise InvalidArgumentError("optimize_options is empty: name at least one algorithm.")
    labels = [label for label, _ in labelled]
    for label in labels:
        if not isinstance(label, str):
            raise InvalidArgumentError(
                f"the labels in optimize_options must be strings, not {label!r}."
            )
        if labels.count(label) > 1:
            raise InvalidArgumentError(
                f"two algorithms have the label '{label}': use a dictionary with labels of your own."
            )
    renamed: list[tuple[str, str]] = []
    ready = [Entrant(label, given, general, renamed) for label, given in labelled]
    if renamed:
        from thalweg._warnings import warn_renamed

        warn_renamed(dict.fromkeys(renamed))
    return ready


def general_options(
    max_criterion_evaluations: int | None, max_seconds: float | None, disable_convergence: bool
) -> dict[str, Any]:
    """The options that all algorithms get unless the user chose others."""
    options: dict[str, Any] = {}
    if max_criterion_evaluations is not None:
        options["stopping_maxfun"] = max_criterion_evaluations
        options["stopping_maxiter"] = max_criterion_evaluations
    if max_seconds is not None:
        options["stopping_maxtime"] = max_seconds
    if disable_convergence:
        options |= dict.fromkeys(_TIGHTENED, _TIGHT)
    return options


def _label(given: Any) -> str:
    """The name of an algorithm that has no label."""
    if isinstance(given, str):
        return given
    if isinstance(given, Mapping):
        raise InvalidArgumentError(
            "optimize_options is a list with a dictionary in it: put dictionaries of arguments "
            "into a dictionary, with labels as keys."
        )
    name = getattr(given, "name", None)
    if not isinstance(name, str):
        raise InvalidAlgorithmError(
            f"Invalid algorithm of type {type(given).__name__}: {given!r}. An algorithm is a name, "
            "for example 'scipy_lbfgsb', a class such as thalweg.algos.scipy_lbfgsb, or an "
            "instance of one with options."
        )
    return name


def _arguments(label: str, given: Any) -> dict[str, Any]:
    """The arguments of `minimize` that define this entrant."""
    from thalweg._minimize import _DEFAULTS

    if not isinstance(given, Mapping):
        return {"algorithm": given}
    for key in given:
        where = f"optimize_options[{label!r}]"
        if key in _OF_THE_PROBLEM:
            raise InvalidArgumentError(f"{where} sets {key!r}, which the problems define.")
        if key not in _DEFAULTS:
            raise InvalidArgumentError(
                f"{where} sets {key!r}, which is no argument of minimize. Did you mean "
                f"{propose_alternatives(str(key), [k for k in _DEFAULTS if k not in _OF_THE_PROBLEM])}?"
            )
    arguments = dict(given)
    if arguments.get("algorithm") is None:
        raise InvalidArgumentError(
            f"optimize_options[{label!r}] has no 'algorithm', for example 'scipy_lbfgsb'."
        )
    options = arguments.get("algo_options")
    if not isinstance(options, (Mapping, type(None))):
        raise InvalidArgumentError(
            f"optimize_options[{label!r}]['algo_options'] must be a dictionary, not {options!r}."
        )
    return arguments


def _known_options(algorithm: Any, resolved: Any) -> list[str]:
    if isinstance(resolved.target, str):
        return list(catalog()[resolved.name].options)
    from thalweg._algorithm import option_specs

    cls = algorithm if isinstance(algorithm, type) else type(algorithm)
    return [*option_specs(cls), *LIMITS]


def _chosen(
    label: str, options: Mapping[str, Any], known: list[str], renamed: list[tuple[str, str]]
) -> dict[str, Any]:
    """The user's options by their current names."""
    chosen = current_names(options, known, renamed)
    for name in chosen:
        if name not in known:
            raise InvalidAlgoOptionError(
                f"'{label}' has no option '{name}'. Did you mean {propose_alternatives(name, known)}?"
            )
    return chosen
