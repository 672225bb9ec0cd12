"""The namespace `algos`: all algorithms as classes, and filters that can be chained in any order.

>>> from thalweg import algos
>>> algos.scipy_lbfgsb
om.algos.scipy_lbfgsb
>>> "scipy_lbfgsb" in algos.Bounded.GradientBased.AllNames
True

The classes are made when they are first used, from what the core declares; see `_algos.pyi` for
what editors are told.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import field, make_dataclass
from functools import cache
from typing import Any

from thalweg._algorithm import AlgoInfo, Algorithm
from thalweg._catalog import Entry, catalog, names_not_there_yet
from thalweg.utilities import propose_alternatives

FILTERS: dict[str, Callable[[Entry], bool]] = {
    "Bounded": lambda entry: entry.features["supports_bounds"],
    "Global": lambda entry: entry.features["is_global"],
    "GradientBased": lambda entry: entry.features["needs_jac"],
    "GradientFree": lambda entry: not entry.features["needs_jac"],
    "LeastSquares": lambda entry: entry.solver_type == "least_squares",
    "Likelihood": lambda entry: entry.solver_type == "likelihood",
    "Local": lambda entry: not entry.features["is_global"],
    "NonlinearConstrained": lambda entry: entry.features["supports_nonlinear_constraints"],
    "Parallel": lambda entry: entry.features["supports_parallelism"],
    "Scalar": lambda entry: entry.solver_type == "scalar",
}


class AlgorithmSelection:
    """Algorithms that pass some filters.

    The algorithms as attributes, and the filters that leave some of them.
    """

    __slots__ = ("_filters",)

    def __init__(self, filters: tuple[str, ...] = ()) -> None:
        self._filters = filters

    @property
    def AllNames(self) -> list[str]:
        """The names of the algorithms."""
        return list(_passing(self._filters))

    @property
    def AvailableNames(self) -> list[str]:
        """The names of the algorithms that are installed: all of them."""
        return self.AllNames

    @property
    def All(self) -> list[type[Algorithm]]:
        """The classes of the algorithms."""
        return [algorithm_class(name) for name in self.AllNames]

    @property
    def Available(self) -> list[type[Algorithm]]:
        """The classes of the algorithms that are installed: all of them."""
        return self.All

    def __getattr__(self, name: str) -> Any:
        """An algorithm of this name, or the selection that also passes the filter of this name."""
        if name in _passing(self._filters):
            return algorithm_class(name)
        if name in FILTERS and name not in self._filters:
            narrower = tuple(sorted((*self._filters, name)))
            if _passing(narrower):
                return AlgorithmSelection(narrower)
        raise AttributeError(self._explain(name))

    def __dir__(self) -> list[str]:
        """What can be written after the dot."""
        filters = [
            name
            for name in FILTERS
            if name not in self._filters and _passing((*self._filters, name))
        ]
        return ["All", "AllNames", "Available", "AvailableNames", *filters, *self.AllNames]

    def __repr__(self) -> str:
        return f"{'.'.join(('algos', *self._filters))}: {', '.join(self.AllNames)}"

    def __eq__(self, other: object) -> bool:
        """Selections are equal when their filters are."""
        return isinstance(other, AlgorithmSelection) and other._filters == self._filters

    def __hash__(self) -> int:
        """Consistent with `==`."""
        return hash(self._filters)

    def __reduce__(self) -> tuple[Any, ...]:
        """Pickle the filters."""
        return (AlgorithmSelection, (self._filters,))

    def _explain(self, name: str) -> str:
        where = ".".join(("algos", *self._filters))
        if name in FILTERS:
            return f"No algorithm passes the filters {[*self._filters, name]}."
        if name in catalog():
            return f"The algorithm {name} does not pass the filters of {where}."
        if name in names_not_there_yet():
            return f"The algorithm {name} is not there yet. Algorithms so far: {list(catalog())}."
        proposals = propose_alternatives(name, dir(self))
        return f"{where} has no attribute {name!r}. Did you mean {proposals}?"


@cache
def _passing(filters: tuple[str, ...]) -> tuple[str, ...]:
    return tuple(
        name
        for name, entry in catalog().items()
        if all(FILTERS[filter_](entry) for filter_ in filters)
    )


@cache
def algorithm_class(name: str) -> type[Algorithm]:
    """The class of an algorithm of the catalog: a frozen dataclass whose fields are the options."""
    entry = catalog()[name]
    options = [
        (option.name, Any, field(default=option.default)) for option in entry.options.values()
    ]
    cls = make_dataclass(
        entry.class_name,
        options,
        bases=(Algorithm,),
        frozen=True,
        namespace={
            "__doc__": _class_doc(entry),
            "_entry": entry,
            "_option_specs": entry.options,
            "__algo_info__": _info(entry),
        },
    )
    cls.__module__ = __name__
    return cls


def _info(entry: Entry) -> AlgoInfo:
    return AlgoInfo(
        name=entry.name, solver_type=entry.solver_type, is_available=True, **entry.features
    )


def _class_doc(entry: Entry) -> str:
    lines = [
        f"    {option.name}: {option.doc} Default: {option.default!r}."
        for option in entry.options.values()
    ]
    return "\n".join([entry.doc, "", "Attributes:", *lines])


def __getattr__(name: str) -> Any:
    """The classes by their names, as pickle looks for them."""
    for entry in catalog().values():
        if entry.class_name == name:
            return algorithm_class(entry.name)
    raise AttributeError(f"module 'thalweg._algos' has no attribute '{name}'")


algos = AlgorithmSelection()
