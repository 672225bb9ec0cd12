"""Options of numerical derivatives."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from thalweg._same import same_fields
from thalweg.exceptions import InvalidNumdiffOptionsError

if TYPE_CHECKING:
    from thalweg._thalweg import Tree

FIRST_METHODS = ("forward", "backward", "central")
SECOND_METHODS = ("forward", "backward", "central_average", "central_cross")
_METHODS = (*FIRST_METHODS, "central_average", "central_cross")
_STEP_RULES = ("reference", "optimal")


@dataclass(frozen=True, eq=False)
class NumdiffOptions:
    """Options of numerical derivatives.

    Attributes:
        method: "forward", "backward", "central"; for second derivatives "forward", "backward",
            "central_average" or "central_cross".
        step_size: Absolute steps, a number or a tree like the parameters; None for a rule of thumb.
        scaling_factor: Multiplies the steps; a number or a tree like the parameters.
        min_steps: The smallest steps when bounds leave little room, a number or a tree like the
            parameters.
        n_cores: The number of evaluations at the same time.
        batch_evaluator: "joblib", "pathos", "threading", an executor or a function; see
            `thalweg.batch_evaluators`.
        n_steps: The number of steps from which Richardson extrapolation computes a derivative; 1
            for none.
        step_ratio: The ratio of consecutive steps in an extrapolation.
        step_rule: "reference" for the usual rule of thumb, "optimal" for the step that balances
            both kinds of error.

    Raises:
        InvalidNumdiffOptionsError: An option has an impossible value.
    """

    method: str = "central"
    step_size: Any = None
    scaling_factor: Any = 1
    min_steps: Any = None
    n_cores: int = 1
    batch_evaluator: Any = "joblib"
    n_steps: int = 1
    step_ratio: float = 2.0
    step_rule: str = "reference"

    def __post_init__(self) -> None:
        """Check all options; trees of steps are checked against the parameters later."""
        from thalweg.batch_evaluators import check_batch_evaluator

        _require(self.method in _METHODS, "method", self.method, f"one of {list(_METHODS)}")
        _require(
            self.step_rule in _STEP_RULES,
            "step_rule",
            self.step_rule,
            f"one of {list(_STEP_RULES)}",
        )
        for name in ("step_size", "scaling_factor", "min_steps"):
            value = getattr(self, name)
            if value is not None and _is_number(value):
                _require(float(value) > 0, name, value, "positive")
            else:
                _require(
                    not isinstance(value, str),
                    name,
                    value,
                    "a positive number or a tree like the params",
                )
        _require(
            self.scaling_factor is not None,
            "scaling_factor",
            None,
            "a positive number or a tree like the params",
        )
        _require(
            _is_whole(self.n_cores) and self.n_cores >= 1,
            "n_cores",
            self.n_cores,
            "a positive whole number",
        )
        complaint = check_batch_evaluator(self.batch_evaluator)
        _require(complaint is None, "batch_evaluator", self.batch_evaluator, str(complaint))
        _require(
            _is_whole(self.n_steps) and self.n_steps >= 1,
            "n_steps",
            self.n_steps,
            "a positive whole number",
        )
        _require(
            _is_number(self.step_ratio) and self.step_ratio > 1,
            "step_ratio",
            self.step_ratio,
            "a number above 1",
        )

    def __eq__(self, other: object) -> bool:
        """Whether all options are the same."""
        return same_fields(self, other)

    def __hash__(self) -> int:
        """Consistent with `==`."""
        return hash((self.method, self.n_cores, self.step_rule))

    def _are_of_the_user(self) -> bool:
        """Whether lengths of steps are chosen, instead of what is right for numbers of 64 bits."""
        factor = self.scaling_factor
        as_usual = _is_number(factor) and float(factor) == 1
        return self.step_size is not None or self.min_steps is not None or not as_usual

    def _flat(self, tree: Tree) -> dict[str, Any]:
        """The options as the core takes them: trees of steps as flat vectors."""
        flat = {
            name: getattr(self, name)
            for name in ("method", "n_steps", "step_ratio", "step_rule", "n_cores")
        }
        for name in ("step_size", "scaling_factor", "min_steps"):
            value = getattr(self, name)
            if value is None or _is_number(value):
                flat[name] = None if value is None else float(value)
            else:
                flat[name] = _flat_steps(value, name, tree)
        return flat


_KEYS = tuple(NumdiffOptions.__dataclass_fields__)
_KEYS_OF_2022 = {"base_steps": "step_size"}


def convert_numdiff_options(options: Any, renamed: list[tuple[str, str]]) -> NumdiffOptions:
    """Turn whatever users may pass as options of numerical derivatives into `NumdiffOptions`.

    In dicts, names of 2022 are replaced and added to `renamed`. The method, if nothing is said, is
    forward.

    Raises:
        InvalidNumdiffOptionsError: The options are of another type, unknown or impossible.
    """
    if isinstance(options, NumdiffOptions):
        return options
    if not isinstance(options, Mapping):
        raise InvalidNumdiffOptionsError(
            f"Invalid numdiff options of type {type(options).__name__}. Numdiff options must be of "
            f"type thalweg.NumdiffOptions, a dictionary with a subset of the keys {list(_KEYS)}, "
            "or None."
        )
    given = {}
    for key, value in options.items():
        name = str(_KEYS_OF_2022.get(key, key))
        if key in _KEYS_OF_2022:
            renamed.append((key, name))
        if name not in _KEYS:
            from thalweg.utilities import propose_alternatives

            raise InvalidNumdiffOptionsError(
                f"Invalid numdiff options: there is no {key!r}. Did you mean "
                f"{propose_alternatives(str(key), _KEYS)}? A dictionary may have a subset of the "
                f"keys {list(_KEYS)}."
            )
        given[name] = value
    return NumdiffOptions(**{"method": "forward", **given})


def require_method(method: Any, allowed: tuple[str, ...], use: str) -> None:
    """Check the method for one use: methods of first and of second derivatives differ.

    Raises:
        InvalidNumdiffOptionsError: It is not a method for this use.
    """
    if method not in allowed:
        raise InvalidNumdiffOptionsError(
            f"Invalid method for {use}: {method!r}. It must be one of {list(allowed)}."
        )


def _flat_steps(value: Any, name: str, tree: Tree) -> Any:
    try:
        return tree.flatten(value, name)
    except ValueError as error:
        raise InvalidNumdiffOptionsError(
            f"{name} must be a number or have the same structure as params: {error}"
        ) from error


def _is_number(value: Any) -> bool:
    return (
        hasattr(value, "__float__")
        and not hasattr(value, "__len__")
        and not isinstance(value, bool)
    )


def _is_whole(value: Any) -> bool:
    return hasattr(value, "__index__") and not isinstance(value, bool)


def _require(condition: bool, name: str, value: Any, expected: str) -> None:
    if not condition:
        raise InvalidNumdiffOptionsError(
            f"Invalid numdiff `{name}`: it must be {expected}, not {value!r}."
        )
