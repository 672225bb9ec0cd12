"""Settings and facts about the environment."""

from __future__ import annotations

from importlib.util import find_spec
from typing import Any

DEFAULT_N_CORES = 1
"""The number of cores that is used where nothing else is said."""

_OPTIONAL_PACKAGES = {
    "IS_CLOUDPICKLE_INSTALLED": "cloudpickle",
    "IS_JAX_INSTALLED": "jax",
    "IS_JOBLIB_INSTALLED": "joblib",
    "IS_MATPLOTLIB_INSTALLED": "matplotlib",
    "IS_NUMBA_INSTALLED": "numba",
    "IS_PANDAS_INSTALLED": "pandas",
    "IS_PATHOS_INSTALLED": "pathos",
    "IS_PLOTLY_INSTALLED": "plotly",
    "IS_SCIPY_INSTALLED": "scipy",
}


def __getattr__(name: str) -> Any:
    if name not in _OPTIONAL_PACKAGES:
        raise AttributeError(f"module 'thalweg.config' has no attribute '{name}'")
    return find_spec(_OPTIONAL_PACKAGES[name]) is not None


def __dir__() -> list[str]:
    return ["DEFAULT_N_CORES", *_OPTIONAL_PACKAGES]
