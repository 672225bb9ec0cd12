"""Between the user's parameters and the vector that an algorithm sees."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Literal

import numpy as np

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from thalweg._thalweg import Space, Tree

    Vector = NDArray[np.float64]


class Converter:
    """Translates parameters and derivatives for authors of algorithms.

    The internal vector has one entry per coordinate that is free: parameters that are neither fixed
    nor between equal bounds nor copies of others, after the changes of variables by which
    constraints are kept, scaled as the run is.
    """

    def __init__(self, tree: Tree, space: Space) -> None:
        self._tree, self._space = tree, space

    @property
    def has_transforming_constraints(self) -> bool:
        """Whether the internal vector is more than a selection of the parameters."""
        return any(handling == "reparametrized" for _, _, handling, _ in self._space.plan)

    def params_to_internal(self, params: Any) -> Vector:
        """The vector that the algorithm sees."""
        return self._space.to_internal(self._tree.flatten(params))

    def params_from_internal(self, x: Vector, return_type: Literal["tree", "flat"] = "tree") -> Any:
        """The parameters in the user's structure, or all of them as one vector."""
        flat = self._space.to_user(x)
        return flat if return_type == "flat" else self._tree.unflatten(flat)

    def derivative_to_internal(self, derivative: Any, x: Vector) -> Vector:
        """A gradient in the user's structure as the algorithm sees it at `x`."""
        return self._space.pull_back(x, self._tree.from_blocks(derivative)[0])
