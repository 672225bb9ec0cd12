"""Options of scaling."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Literal

from thalweg.exceptions import InvalidScalingError

_METHODS = ("start_values", "bounds", "gradient")


@dataclass(frozen=True)
class ScalingOptions:
    """How free parameters are scaled before an algorithm sees them.

    Everything that you see (history, result, callbacks) stays unscaled.

    Attributes:
        method: "start_values" divides by the absolute start values; "bounds" maps the bounds (or
            soft bounds) to 0 and the magnitude; "gradient" makes the objective equally steep in all
            directions at the start.
        clipping_value: Takes the place of smaller absolute start values, or slopes, in the
            division.
        magnitude: The size of scaled start values, the distance of scaled bounds. A larger one
            makes the steps of most algorithms smaller.

    Raises:
        InvalidScalingError: An option has an impossible value.
    """

    method: Literal["start_values", "bounds", "gradient"] = "start_values"
    clipping_value: float = 0.1
    magnitude: float = 1.0

    def __post_init__(self) -> None:
        """Check all options."""
        if self.method not in _METHODS:
            from thalweg.utilities import propose_alternatives

            raise InvalidScalingError(
                f"Invalid scaling method: {self.method!r} is not one of {list(_METHODS)}. Did you "
                f"mean {propose_alternatives(str(self.method), _METHODS)}?"
            )
        unused = self.method == "bounds" and _is_number(self.clipping_value)
        if not (unused and self.clipping_value == 0):
            _require_positive("clipping value", "clipping_value", self.clipping_value)
        _require_positive("scaling magnitude", "magnitude", self.magnitude)

    def _flat(self) -> tuple[str, float, float]:
        """The options as the core takes them."""
        return self.method, float(self.clipping_value), float(self.magnitude)


_KEYS = tuple(ScalingOptions.__dataclass_fields__)


def convert_scaling(scaling: Any) -> ScalingOptions | None:
    """Turn whatever users may pass as scaling into `ScalingOptions`; None for no scaling.

    Raises:
        InvalidScalingError: The options are of another type, unknown or impossible.
    """
    if scaling is None or scaling is False:
        return None
    if scaling is True:
        return ScalingOptions()
    if isinstance(scaling, ScalingOptions):
        return scaling
    if not isinstance(scaling, Mapping):
        raise InvalidScalingError(
            f"Invalid scaling options of type {type(scaling).__name__}. Scaling must be True, "
            "False, thalweg.ScalingOptions, a dictionary with a subset of the keys "
            f"{list(_KEYS)}, or None."
        )
    unknown = [key for key in scaling if key not in _KEYS]
    if unknown:
        from thalweg.utilities import propose_alternatives

        raise InvalidScalingError(
            f"Invalid key in scaling options: {unknown[0]!r}. Did you mean "
            f"{propose_alternatives(str(unknown[0]), _KEYS)}? A dictionary may have a subset of "
            f"the keys {list(_KEYS)}."
        )
    return ScalingOptions(**scaling)


def _require_positive(what: str, name: str, value: Any) -> None:
    if not (_is_number(value) and 0 < float(value) < float("inf")):
        raise InvalidScalingError(
            f"Invalid {what}: {name} must be a positive number, not {value!r}."
        )


def _is_number(value: Any) -> bool:
    return (
        hasattr(value, "__float__")
        and not hasattr(value, "__len__")
        and not isinstance(value, bool)
    )
