"""Between the user's parameters and the vector that an algorithm sees."""

from __future__ import annotations

from functools import cached_property
from typing import TYPE_CHECKING, Any, Literal

import numpy as np

from thalweg.exceptions import NotAvailableError

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from thalweg._thalweg import Tree

    Vector = NDArray[np.float64]


class Converter:
    """Translates parameters and derivatives for authors of algorithms.

    The internal vector has the parameters that are free: neither fixed nor between equal bounds.
    """

    has_transforming_constraints = False
    """Whether the internal vector is more than a selection of the parameters."""

    def __init__(
        self,
        tree: Tree,
        lower: Vector | None,
        upper: Vector | None,
        fixed: Any = None,
        is_scaled: bool = False,
    ) -> None:
        self._tree, self._lower, self._upper, self._fixed = tree, lower, upper, fixed
        self._is_scaled = is_scaled

    def params_to_internal(self, params: Any) -> Vector:
        """The vector that the algorithm sees."""
        return self._tree.flatten(params)[self._free]

    def params_from_internal(
        self, x: Vector, return_type: Literal["tree", "flat"] = "tree"
    ) -> Any:
        """The parameters in the user's structure, or all of them as one vector."""
        flat = self._tree.start.copy()
        flat[self._free] = x
        return flat if return_type == "flat" else self._tree.unflatten(flat)

    def derivative_to_internal(self, derivative: Any, x: Vector) -> Vector:
        """A gradient in the user's structure as the algorithm sees it at `x`."""
        return self._tree.from_blocks(derivative)[0, self._free]

    @cached_property
    def _free(self) -> NDArray[np.bool_]:
        if self._is_scaled:
            raise NotAvailableError(
                "The converter cannot translate scaled parameters. Use it in runs without scaling."
            )
        free = np.full(self._tree.size, True)
        if self._lower is not None and self._upper is not None:
            free &= self._lower != self._upper
        if self._fixed is not None:
            free[self._fixed[0]] = False
        return free
