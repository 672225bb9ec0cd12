"""Settings and facts about the environment."""

from __future__ import annotations

from importlib.util import find_spec
from typing import Any

DEFAULT_N_CORES = 1
"""The number of cores that is used where nothing else is said."""

_OPTIONAL_PACKAGES = {
    "IS_ALTAIR_INSTALLED": "altair",
    "IS_BOKEH_INSTALLED": "bokeh",
    "IS_CLOUDPICKLE_INSTALLED": "cloudpickle",
    "IS_JAX_INSTALLED": "jax",
    "IS_JOBLIB_INSTALLED": "joblib",
    "IS_MATPLOTLIB_INSTALLED": "matplotlib",
    "IS_NUMBA_INSTALLED": "numba",
    "IS_PANDAS_INSTALLED": "pandas",
    "IS_PATHOS_INSTALLED": "pathos",
    "IS_PLOTLY_INSTALLED": "plotly",
    "IS_SCIPY_INSTALLED": "scipy",
    # Not used here: for authors who wrap algorithms of these libraries.
    "IS_CYIPOPT_INSTALLED": "cyipopt",
    "IS_DFOLS_INSTALLED": "dfols",
    "IS_FIDES_INSTALLED": "fides",
    "IS_IMINUIT_INSTALLED": "iminuit",
    "IS_NEVERGRAD_INSTALLED": "nevergrad",
    "IS_NLOPT_INSTALLED": "nlopt",
    "IS_PETSC4PY_INSTALLED": "petsc4py",
    "IS_PYBOBYQA_INSTALLED": "pybobyqa",
    "IS_PYGMO_INSTALLED": "pygmo",
}


def __getattr__(name: str) -> Any:
    if name not in _OPTIONAL_PACKAGES:
        raise AttributeError(f"module 'thalweg.config' has no attribute '{name}'")
    return find_spec(_OPTIONAL_PACKAGES[name]) is not None


def __dir__() -> list[str]:
    return ["DEFAULT_N_CORES", *_OPTIONAL_PACKAGES]
