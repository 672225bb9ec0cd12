"""The examples in the documentation of the package's modules."""

import doctest
import importlib
import pkgutil
from importlib.util import find_spec

import pytest
import thalweg

NEED = {"thalweg._plots._altair": "altair", "thalweg._plots._bokeh": "bokeh"}
"""Modules that need a package which is not installed for tests."""

MODULES = [
    "thalweg",
    *sorted(
        module.name
        for module in pkgutil.walk_packages(thalweg.__path__, "thalweg.")
        if module.name != "thalweg._thalweg" and find_spec(NEED.get(module.name, "thalweg"))
    ),
]


@pytest.mark.parametrize("name", MODULES)
def test_examples(name):
    assert doctest.testmod(importlib.import_module(name)).failed == 0


@pytest.mark.parametrize("name", MODULES)
def test_everything_public_is_documented(name):
    module = importlib.import_module(name)
    assert module.__doc__
    if any(part.startswith("_") for part in name.split(".")):
        return
    for public in dir(module):
        value = getattr(module, public)
        if (
            not public.startswith("_")
            and callable(value)
            and getattr(value, "__module__", "") == name
        ):
            assert value.__doc__, f"{name}.{public}"


def test_every_name_of_the_package_exists():
    for name in thalweg.__all__:
        assert getattr(thalweg, name) is not None
    assert set(dir(thalweg)) >= set(thalweg.__all__)
    for name in dir(thalweg):
        assert getattr(thalweg, name) is not None
    assert {"logging", "typing", "exceptions", "parameters"} <= set(dir(thalweg))
