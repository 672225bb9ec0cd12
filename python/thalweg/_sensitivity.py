"""How sensitive an objective is to its parameters, to see whether they are badly scaled."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from thalweg import _thalweg
from thalweg._bounds import convert_bounds, flatten_bounds, flatten_soft_bounds
from thalweg._functions import kind_of
from thalweg._scaling import ScalingOptions, convert_scaling
from thalweg._warnings import warn_renamed

if TYPE_CHECKING:
    from thalweg._bounds import Bounds
    from thalweg._constraints import Constraint
    from thalweg._numdiff_options import NumdiffOptions
    from thalweg.typing import PyTree


@dataclass(frozen=True)
class ParameterSensitivity:
    """The sensitivity of an objective to one free parameter at the start.

    Attributes:
        value: The start value.
        derivative: The derivative of the objective; with respect to the internal coordinate where a
            constraint ties the parameter to others.
        scale: The factor with which scaling multiplies the algorithm's steps; 1 without scaling.
        effect: `abs(derivative * scale)`: the change of the objective per step of one of the
            algorithm.
        ratio: The effect relative to the largest effect of a parameter.
        verdict: "badly scaled" if the ratio is below 0.001, "no effect at the start" if it is 0,
            else empty.
    """

    value: float
    derivative: float
    scale: float
    effect: float
    ratio: float
    verdict: str


class Sensitivity(Mapping[str, ParameterSensitivity]):
    """The sensitivity of an objective to its free parameters, by their names. Prints as a table."""

    def __init__(self, parameters: dict[str, ParameterSensitivity], table: str) -> None:
        self._parameters, self._table = parameters, table

    @property
    def badly_scaled(self) -> list[str]:
        """The parameters with less than a thousandth of the largest effect, but with some."""
        return [name for name, own in self.items() if own.verdict == "badly scaled"]

    def __getitem__(self, name: str) -> ParameterSensitivity:
        return self._parameters[name]

    def __iter__(self) -> Iterator[str]:
        return iter(self._parameters)

    def __len__(self) -> int:
        return len(self._parameters)

    def __repr__(self) -> str:
        return self._table


def sensitivity(
    fun: Callable[..., Any],
    params: PyTree,
    *,
    bounds: Bounds | Any = None,
    constraints: Constraint | Sequence[Constraint] | None = None,
    fun_kwargs: dict[str, Any] | None = None,
    jac: Callable[..., Any] | None = None,
    jac_kwargs: dict[str, Any] | None = None,
    scaling: bool | ScalingOptions | dict[str, Any] | None = False,
    numdiff_options: NumdiffOptions | dict[str, Any] | None = None,
) -> Sensitivity:
    """Report how much the objective changes when an algorithm moves each parameter by one.

    Where these effects differ by orders of magnitude, steps that suit one parameter hardly touch
    another, and most algorithms work badly. Look at the table, and at the one with `scaling`.

    >>> import thalweg as om
    >>> found = om.sensitivity(lambda p: (p["a"] / 1000) ** 2 + p["b"] ** 2, {"a": 500.0, "b": 1.0})
    >>> found.badly_scaled
    ['a']
    >>> bool(found["b"].ratio == 1.0)
    True

    Args:
        fun: The objective.
        params: The parameters, where the derivatives are taken.
        bounds: As in `minimize`.
        constraints: As in `minimize`.
        fun_kwargs: Further arguments of `fun`.
        jac: The derivative of `fun`; numerical derivatives without.
        jac_kwargs: Further arguments of `jac`.
        scaling: As in `minimize`.
        numdiff_options: How derivatives are computed where none are given.

    Raises:
        OptimagicError: Something is wrong with the problem; see `thalweg.exceptions`.
    """
    tree = _thalweg.Tree(params)
    renamed: list[tuple[str, str]] = []
    lower, upper = flatten_bounds(convert_bounds(bounds), tree)
    soft_lower, soft_upper = flatten_soft_bounds(convert_bounds(bounds), tree)
    options = convert_scaling(scaling)
    numdiff = space = None
    if numdiff_options is not None:
        from thalweg._numdiff_options import convert_numdiff_options

        numdiff = convert_numdiff_options(numdiff_options, renamed)._flat(tree)
    if constraints is not None:
        from thalweg._constraints.prepare import prepare

        space = prepare(constraints, tree, params, lower, upper, renamed).space
    warn_renamed(renamed)
    objective = _thalweg.Objective(
        tree,
        fun,
        fun_kwargs=fun_kwargs,
        jac=jac,
        jac_kwargs=jac_kwargs,
        fun_and_jac=None,
        fun_and_jac_kwargs=None,
        kind=kind_of(fun),
        jac_kind=None if jac is None else (kind_of(jac) or "scalar"),
        jac_is_true=False,
    )
    rows, table = _thalweg.sensitivity(
        objective,
        lower=lower,
        upper=upper,
        space=space,
        scaling=None if options is None else options._flat(),
        soft_lower=soft_lower,
        soft_upper=soft_upper,
        numdiff=numdiff,
    )
    parameters = {row[0]: ParameterSensitivity(*row[1:]) for row in rows}
    return Sensitivity(parameters, table)
