"""The catalog of algorithms, as the core declares it: names, features and options."""

from __future__ import annotations

from collections.abc import Iterable
from functools import cache
from typing import Any

from thalweg import _thalweg

FEATURES = (
    "is_global",
    "needs_jac",
    "needs_hess",
    "needs_bounds",
    "supports_parallelism",
    "supports_bounds",
    "supports_infinite_bounds",
    "supports_linear_constraints",
    "supports_nonlinear_constraints",
)
"""What an algorithm declares about itself, besides the kind of objective that it uses."""


class OptionSpec:
    """What is known of one option.

    Attributes:
        name: The option's name.
        kind: "bool", "int", "float", "choice", "interval" (a number or a pair of numbers), "text",
            "group" (a dictionary of options) or "any".
        optional: Whether None is a value.
        function_of: What a function takes that can stand for the value; None where none can.
        choices: The words of a choice.
        default: The default.
        min: The smallest number; `above` tells that it is itself excluded.
        max: The largest number; `below` tells that it is itself excluded.
        doc: What the option means.
        entries: The options in a dictionary of options, by name.
    """

    __slots__ = (
        "above",
        "below",
        "choices",
        "default",
        "doc",
        "entries",
        "function_of",
        "kind",
        "max",
        "min",
        "name",
        "optional",
    )

    def __init__(
        self,
        name: str,
        kind: str,
        default: Any = None,
        *,
        optional: bool = False,
        function_of: str | None = None,
        choices: tuple[str, ...] | None = None,
        min: float = float("-inf"),
        above: bool = False,
        max: float = float("inf"),
        below: bool = False,
        doc: str = "",
        entries: Iterable[dict[str, Any]] = (),
    ) -> None:
        self.name, self.kind, self.default, self.optional, self.choices = (
            name,
            kind,
            default,
            optional,
            choices,
        )
        self.min, self.above, self.max, self.below, self.doc = min, above, max, below, doc
        self.function_of = function_of
        self.entries: dict[str, OptionSpec] = {
            entry["name"]: OptionSpec(**entry) for entry in entries
        }

    def expectation(self) -> str:
        """What a value has to be, in words."""
        words = _KIND_WORDS.get(self.kind, "a value")
        if self.kind == "choice":
            words = f"one of {list(self.choices or ())}"
        limits = []
        if self.min > float("-inf"):
            limits.append(f"{'above' if self.above else 'at least'} {self.min:g}")
        if self.max < float("inf"):
            limits.append(f"{'below' if self.below else 'at most'} {self.max:g}")
        elif self.below:
            limits.append("finite")
        words = " ".join([words, " and ".join(limits)]).strip()
        if self.function_of:
            words = f"{words} or a function of {self.function_of}"
        return f"{words} or None" if self.optional else words


_KIND_WORDS = {
    "bool": "True or False",
    "int": "a whole number",
    "float": "a number",
    "interval": "a number or a pair of numbers",
    "text": "a string",
    "group": "a dictionary",
    "any": "a value",
}


class Entry:
    """One algorithm of the catalog.

    Attributes:
        name: The name by which users ask for it.
        class_name: The name of its class in Python.
        native: The name of the algorithm in the core; several names may be presets of one.
        doc: What it does.
        solver_type: "scalar", "least_squares" or "likelihood".
        features: What it needs and supports, by the names in `FEATURES`.
        options: Its options by name.
    """

    __slots__ = ("class_name", "doc", "features", "name", "native", "options", "solver_type")

    def __init__(self, declared: dict[str, Any]) -> None:
        self.name: str = declared["name"]
        self.class_name: str = declared["class_name"]
        self.native: str = declared["native"]
        self.doc: str = declared["doc"]
        self.solver_type: str = declared["solver_type"]
        self.features: dict[str, bool] = {feature: declared[feature] for feature in FEATURES}
        specs = [OptionSpec(**option) for option in declared["options"]]
        if self.features["supports_parallelism"]:
            own = {spec.name: spec for spec in specs}
            specs = [
                *(
                    _PARALLEL_OPTIONS.get(name, spec)
                    for name, spec in (own | _PARALLEL_OPTIONS).items()
                )
            ]
        self.options: dict[str, OptionSpec] = {spec.name: spec for spec in specs}


_PARALLEL_OPTIONS = {
    "n_cores": OptionSpec(
        "n_cores", "int", 1, min=1, doc="The number of evaluations at the same time."
    ),
    "batch_evaluator": OptionSpec(
        "batch_evaluator",
        "any",
        "joblib",
        doc="How batches are evaluated: a name, an executor or a function.",
    ),
}
"""Options of all algorithms that evaluate batches, which concern this package and not the core."""


@cache
def catalog() -> dict[str, Entry]:
    """All algorithms by name, in the catalog's order."""
    return {declared["name"]: Entry(declared) for declared in _thalweg.catalog()}


@cache
def renamed_algorithms() -> dict[str, str]:
    """Names from slides and tutorials that are no names of algorithms, and what they stand for."""
    return {name: target for name, target in _thalweg.known_names().items() if target is not None}


@cache
def names_not_there_yet() -> frozenset[str]:
    """Names of optimagic's algorithms that this version does not have."""
    return frozenset(name for name, target in _thalweg.known_names().items() if target is None)
