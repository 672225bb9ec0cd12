"""Modules of a package that are imported when they are first asked for."""

from collections.abc import Callable, Sequence
from importlib import import_module
from types import ModuleType


def imported_on_demand(package: str, modules: Sequence[str]) -> Callable[[str], ModuleType]:
    """The `__getattr__` of a package that has these modules."""

    def get(name: str) -> ModuleType:
        if name in modules:
            return import_module(f"{package}.{name}")
        raise AttributeError(f"module {package!r} has no attribute {name!r}")

    return get
