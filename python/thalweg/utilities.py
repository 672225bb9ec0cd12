"""Small helpers that users import."""

from __future__ import annotations

import pickle
from collections.abc import Iterable, Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import ArrayLike, NDArray

    from thalweg._covariance import (
        chol_params_to_lower_triangular_matrix as chol_params_to_lower_triangular_matrix,
    )
    from thalweg._covariance import cov_matrix_to_params as cov_matrix_to_params
    from thalweg._covariance import cov_matrix_to_sdcorr_params as cov_matrix_to_sdcorr_params
    from thalweg._covariance import cov_params_to_matrix as cov_params_to_matrix
    from thalweg._covariance import cov_to_sds_and_corr as cov_to_sds_and_corr
    from thalweg._covariance import (
        dimension_to_number_of_triangular_elements as dimension_to_number_of_triangular_elements,
    )
    from thalweg._covariance import (
        number_of_triangular_elements_to_dimension as number_of_triangular_elements_to_dimension,
    )
    from thalweg._covariance import robust_cholesky as robust_cholesky
    from thalweg._covariance import robust_inverse as robust_inverse
    from thalweg._covariance import sdcorr_params_to_matrix as sdcorr_params_to_matrix
    from thalweg._covariance import sdcorr_params_to_sds_and_corr as sdcorr_params_to_sds_and_corr
    from thalweg._covariance import sds_and_corr_to_cov as sds_and_corr_to_cov

_ON_COVARIANCES = (
    "chol_params_to_lower_triangular_matrix",
    "cov_matrix_to_params",
    "cov_matrix_to_sdcorr_params",
    "cov_params_to_matrix",
    "cov_to_sds_and_corr",
    "dimension_to_number_of_triangular_elements",
    "number_of_triangular_elements_to_dimension",
    "robust_cholesky",
    "robust_inverse",
    "sdcorr_params_to_matrix",
    "sdcorr_params_to_sds_and_corr",
    "sds_and_corr_to_cov",
)


def __getattr__(name: str) -> Any:
    if name not in _ON_COVARIANCES:
        raise AttributeError(f"module 'thalweg.utilities' has no attribute '{name}'")
    from thalweg import _covariance

    return getattr(_covariance, name)


def __dir__() -> list[str]:
    return sorted([*globals(), *_ON_COVARIANCES])


def propose_alternatives(
    requested: str, possibilities: str | Iterable[str], number: int = 3
) -> list[str]:
    """The `number` names that look most like the requested one, the best first.

    >>> propose_alternatives("scipy_lbfgs", ["scipy_lbfgsb", "scipy_powell"], number=1)
    ['scipy_lbfgsb']
    """
    from difflib import SequenceMatcher

    names = [possibilities] if isinstance(possibilities, str) else list(possibilities)

    def distance(name: str) -> float:
        return -SequenceMatcher(None, requested.lower(), name.lower()).ratio()

    return sorted(names, key=distance)[:number]


def get_rng(
    seed: int | np.random.BitGenerator | np.random.Generator | np.random.RandomState | None,
) -> np.random.Generator:
    """A random number generator from a seed, or from another generator.

    Raises:
        TypeError: `seed` is none of these.
    """
    import numpy as np

    if isinstance(seed, np.random.RandomState):
        return np.random.default_rng(seed._bit_generator)
    if seed is None or isinstance(
        seed, (int, np.integer, np.random.BitGenerator, np.random.Generator)
    ):
        return np.random.default_rng(seed)
    raise TypeError(
        "seed has to be a whole number, None or a random number generator of numpy, not "
        f"{type(seed).__name__}."
    )


def hash_array(arr: NDArray[Any]) -> str:
    """A hash of an array's numbers; equal for equal numbers, whatever their type."""
    from hashlib import sha1

    import numpy as np

    return sha1(np.asarray(arr, dtype=np.float64).tobytes()).hexdigest()


def isscalar(element: Any) -> bool:
    """Whether an object is a single number, a string or an array without axes; jax's included."""
    import numpy as np

    if np.isscalar(element):
        return True
    return hasattr(element, "dtype") and getattr(element, "shape", None) == ()


def to_pickle(obj: Any, path: str | Path) -> None:
    """Write an object to a file.

    With cloudpickle, which knows more objects than pickle, when it is installed.
    """
    try:
        import cloudpickle as pickler
    except ImportError:
        pickler = pickle
    with open(path, "wb") as file:
        pickler.dump(obj, file)


def read_pickle(path: str | Path) -> Any:
    """Read an object from a file written by `to_pickle`.

    Only read files that you trust: reading runs code from the file.
    """
    with open(path, "rb") as file:
        return pickle.load(file)


def calculate_trustregion_initial_radius(x: ArrayLike) -> float:
    """An initial trust-region radius for start parameters `x`.

    A tenth of their largest entry, but at least 0.1.
    """
    import numpy as np

    return 0.1 * max(float(np.max(np.abs(x))), 1.0)


def list_of_dicts_to_dict_of_lists(
    list_of_dicts: Sequence[Mapping[Any, Any]],
) -> dict[Any, list[Any]]:
    """Turn rows into columns.

    >>> list_of_dicts_to_dict_of_lists([{"a": 1, "b": 2}, {"a": 3, "b": 4}])
    {'a': [1, 3], 'b': [2, 4]}
    """
    keys = list_of_dicts[0] if list_of_dicts else ()
    return {key: [row[key] for row in list_of_dicts] for key in keys}


def dict_of_lists_to_list_of_dicts(
    dict_of_lists: Mapping[Any, Sequence[Any]],
) -> list[dict[Any, Any]]:
    """Turn columns into rows.

    >>> dict_of_lists_to_list_of_dicts({"a": [1, 3], "b": [2, 4]})
    [{'a': 1, 'b': 2}, {'a': 3, 'b': 4}]
    """
    rows = zip(*dict_of_lists.values(), strict=True)
    return [dict(zip(dict_of_lists, row, strict=True)) for row in rows]
