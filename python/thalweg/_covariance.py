"""Covariance matrices as parameter vectors and back, and factorizations that forgive rounding errors.

Vectors of covariance parameters hold the lower triangle row by row; "sdcorr" vectors hold the
standard deviations, then the correlations below the diagonal row by row.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Literal, overload

import numpy as np

from thalweg._warnings import warn_user

if TYPE_CHECKING:
    from numpy.typing import ArrayLike, NDArray

    Array = NDArray[np.floating[Any]]


def number_of_triangular_elements_to_dimension(num: int) -> int:
    """The dimension of a square matrix whose lower triangle has `num` entries.

    >>> number_of_triangular_elements_to_dimension(6)
    3
    """
    return int(np.sqrt(8 * num + 1) / 2 - 0.5)


def dimension_to_number_of_triangular_elements(dim: int) -> int:
    """The number of entries in the lower triangle of a square matrix of dimension `dim`.

    >>> dimension_to_number_of_triangular_elements(3)
    6
    """
    return dim * (dim + 1) // 2


def chol_params_to_lower_triangular_matrix(params: ArrayLike) -> Array:
    """The lower triangular matrix whose triangle is `params`, row by row."""
    entries = np.asarray(params, dtype=np.float64)
    dim = number_of_triangular_elements_to_dimension(len(entries))
    matrix = np.zeros((dim, dim))
    matrix[np.tril_indices(dim)] = entries
    return matrix


def cov_params_to_matrix(cov_params: ArrayLike) -> Array:
    """The covariance matrix whose lower triangle is `cov_params`, row by row."""
    lower = chol_params_to_lower_triangular_matrix(cov_params)
    return lower + np.tril(lower, k=-1).T


def cov_matrix_to_params(cov: ArrayLike) -> Array:
    """The lower triangle of a covariance matrix, row by row."""
    matrix = np.asarray(cov, dtype=np.float64)
    return matrix[np.tril_indices(len(matrix))]


def sdcorr_params_to_sds_and_corr(sdcorr_params: ArrayLike) -> tuple[Array, Array]:
    """Standard deviations and correlation matrix from a vector of both."""
    entries = np.asarray(sdcorr_params, dtype=np.float64)
    dim = number_of_triangular_elements_to_dimension(len(entries))
    lower = np.eye(dim)
    lower[np.tril_indices(dim, k=-1)] = entries[dim:]
    return entries[:dim].copy(), lower + np.tril(lower, k=-1).T


def sds_and_corr_to_cov(sds: ArrayLike, corr: ArrayLike) -> Array:
    """The covariance matrix of standard deviations and a correlation matrix."""
    scale = np.asarray(sds, dtype=np.float64)
    return np.asarray(corr, dtype=np.float64) * np.outer(scale, scale)


def cov_to_sds_and_corr(cov: ArrayLike) -> tuple[Array, Array]:
    """Standard deviations and correlation matrix of a covariance matrix."""
    matrix = np.asarray(cov, dtype=np.float64)
    sds = np.sqrt(np.diagonal(matrix))
    corr = matrix / np.outer(sds, sds)
    corr[np.diag_indices(len(corr))] = 1.0
    return sds, corr


def sdcorr_params_to_matrix(sdcorr_params: ArrayLike) -> Array:
    """The covariance matrix of a vector of standard deviations and correlations."""
    return sds_and_corr_to_cov(*sdcorr_params_to_sds_and_corr(sdcorr_params))


def cov_matrix_to_sdcorr_params(cov: ArrayLike) -> Array:
    """The vector of standard deviations and correlations of a covariance matrix."""
    sds, corr = cov_to_sds_and_corr(cov)
    return np.concatenate([sds, corr[np.tril_indices(len(sds), k=-1)]])


@overload
def robust_cholesky(
    matrix: ArrayLike, threshold: float | None = ..., return_info: Literal[False] = ...
) -> Array: ...


@overload
def robust_cholesky(
    matrix: ArrayLike, threshold: float | None = ..., *, return_info: Literal[True]
) -> tuple[Array, dict[str, Any]]: ...


def robust_cholesky(
    matrix: ArrayLike, threshold: float | None = None, return_info: bool = False
) -> Array | tuple[Array, dict[str, Any]]:
    """A lower triangular root of a matrix that is positive semi-definite up to rounding errors.

    Where the Cholesky decomposition fails, tiny negative eigenvalues count as zero.

    Args:
        matrix: A symmetric matrix.
        threshold: Eigenvalues relative to the largest that are below this are an error; minus the
            machine precision times the dimension by default.
        return_info: Whether to return a dict with the "method" that was used, too.

    Raises:
        numpy.linalg.LinAlgError: The matrix is not positive semi-definite.
        ValueError: The matrix is not square.
    """
    symmetric = np.asarray(matrix, dtype=np.float64)
    _require_square(symmetric)
    try:
        root, method = np.linalg.cholesky(symmetric), "np.linalg.cholesky"
    except np.linalg.LinAlgError:
        root, method = _root_by_eigenvalues(symmetric, threshold), "eigenvalues and QR"
    return (root, {"method": method}) if return_info else root


def robust_inverse(matrix: ArrayLike, msg: str = "") -> Array:
    """The inverse of a matrix; the pseudo-inverse with a warning when there is none.

    Args:
        matrix: A square matrix.
        msg: Added to the warning.

    Raises:
        ValueError: The matrix is not square.
    """
    square = np.asarray(matrix, dtype=np.float64)
    _require_square(square)
    try:
        return np.linalg.inv(square)
    except np.linalg.LinAlgError:
        warn_user(
            "The matrix is singular (LinAlgError), so its pseudo-inverse is returned instead of its "
            f"inverse. {msg}".rstrip()
        )
        return np.linalg.pinv(square)


def _root_by_eigenvalues(matrix: Array, threshold: float | None) -> Array:
    values, vectors = np.linalg.eigh(matrix)
    largest = max(float(np.max(np.abs(values))), np.finfo(np.float64).tiny)
    lowest = -np.finfo(np.float64).eps * len(matrix) if threshold is None else threshold
    if np.min(values) < lowest * largest:
        raise np.linalg.LinAlgError(
            f"The matrix is not positive semi-definite: its smallest eigenvalue is {np.min(values)}."
        )
    root: Array = np.transpose(
        np.linalg.qr((vectors * np.sqrt(np.maximum(values, 0.0))).T, mode="r")
    )
    signs = np.where(np.diagonal(root) < 0, -1.0, 1.0)
    return np.tril(root * signs)


def _require_square(matrix: Array) -> None:
    if matrix.ndim != 2 or matrix.shape[0] != matrix.shape[1]:
        raise ValueError(f"Matrix must be square, but has the shape {matrix.shape}.")
