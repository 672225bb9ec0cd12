"""Options of algorithms: old and current names, and conversion of their values."""

from __future__ import annotations

from collections.abc import Callable, Container, Iterable, Mapping
from typing import Any

from thalweg._catalog import OptionSpec
from thalweg.exceptions import InvalidAlgoOptionError, UnsupportedAlgoOptionError

_RENAMED_OPTIONS = {
    "convergence_relative_criterion_tolerance": "convergence_ftol_rel",
    "convergence_absolute_criterion_tolerance": "convergence_ftol_abs",
    "convergence_scaled_criterion_tolerance": "convergence_ftol_scaled",
    "convergence_relative_params_tolerance": "convergence_xtol_rel",
    "convergence_absolute_params_tolerance": "convergence_xtol_abs",
    "convergence_absolute_gradient_tolerance": "convergence_gtol_abs",
    "convergence_relative_gradient_tolerance": "convergence_gtol_rel",
    "convergence_scaled_gradient_tolerance": "convergence_gtol_scaled",
    "converence_gtol_abs": "convergence_gtol_abs",
    "finitie_difference_precision": "finite_difference_precision",
    "stopping_max_criterion_evaluations": "stopping_maxfun",
    "stopping_max_iterations": "stopping_maxiter",
    "stopping_max_seconds": "stopping_maxtime",
    "stopping_max_wall_time_seconds": "stopping_maxtime",
    "stopping_max_processing_time": "stopping_maxtime",
}
"""Names of 2022, misspelled ones and other names of the limit on time, with their current ones.

An algorithm that has an option of the old name keeps it.
"""


def current_names(
    options: Mapping[str, Any], known: Iterable[str], renamed: list[tuple[str, str]]
) -> dict[str, Any]:
    """The options under their current names: underscores for dots, and new names for those of 2022.

    A current name wins when both are given. Replaced names are added to `renamed`.
    """
    known = set(known)
    options = with_parts(options, known)
    underscored: dict[str, Any] = {}
    for name, value in options.items():
        plain = str(name).replace(".", "_")
        if plain in underscored:
            raise InvalidAlgoOptionError(
                f"algo_options holds the option {plain} twice: with dots and with underscores."
            )
        underscored[plain] = value
    return _renamed(underscored, known, lambda _: True, renamed)


def on_classes(
    options: dict[str, Any], known: Container[str], renamed: list[tuple[str, str]]
) -> dict[str, Any]:
    """Keyword arguments of an algorithm's class under their current names, if there are such."""
    return _renamed(options, known, lambda new: new in known, renamed)


def _renamed(
    options: dict[str, Any],
    known: Container[str],
    counts: Callable[[str], bool],
    renamed: list[tuple[str, str]],
) -> dict[str, Any]:
    """New names, if they count, for those that are not known; a new name wins when both are given."""
    current = {}
    for name, value in options.items():
        new = name if name in known else _RENAMED_OPTIONS.get(name, name)
        if new != name and counts(new):
            renamed.append((name, new))
            if new in options:
                continue
            name = new
        current[name] = value
    return current


def with_parts(options: Mapping[str, Any], known: Container[str]) -> Mapping[str, Any]:
    """The options, and what objects among them say about another one that is `known`.

    This is the share of DFP in `hessian_update_strategy=fides.hessian_approximation.Broyden(phi)`.
    """
    phi = getattr(options.get("hessian_update_strategy"), "phi", None)
    return options if phi is None or "broyden_phi" not in known else {**options, "broyden_phi": phi}


def keep_known(
    options: Mapping[str, Any], specs: Mapping[str, OptionSpec], algorithm: str, notes: list[str]
) -> dict[str, Any]:
    """Options that the algorithm has, with converted values; the others are listed in a note.

    Raises:
        InvalidAlgoOptionError: A value has the wrong type or lies outside its range.
    """
    unknown = [name for name in options if name not in specs]
    if unknown:
        notes.append(
            f"The following algo_options were ignored because {algorithm} does not have them: "
            f"{unknown}.{_near_misses(unknown, specs)}"
        )
    return {
        name: convert(specs[name], value, algorithm)
        for name, value in options.items()
        if name in specs
    }


def _near_misses(unknown: Iterable[str], known: Iterable[str]) -> str:
    """What may be meant by names that no algorithm has.

    Options of other algorithms are left out on purpose where one set of options serves several.
    """
    from difflib import get_close_matches

    from thalweg._catalog import catalog

    elsewhere = {name for entry in catalog().values() for name in entry.options}
    elsewhere.update(_RENAMED_OPTIONS)
    meant = []
    for name in unknown:
        if name not in elsewhere:
            without_prefix = [option for option in known if option.endswith(f"_{name}")]
            found = without_prefix or get_close_matches(name, known, 1, 0.8)
            meant += [f"{option!r} by {name!r}" for option in found[:1]]
    return f" Did you mean {', '.join(meant)}?" if meant else ""


def convert(spec: OptionSpec, value: Any, algorithm: str) -> Any:
    """The value of an option in its declared type.

    Raises:
        InvalidAlgoOptionError: It has the wrong type or lies outside its range.
    """
    if spec.kind == "any" or (value is None and spec.optional):
        return value
    if spec.function_of and callable(value):
        return value
    if spec.kind != "bool" and isinstance(value, bool):
        # optimagic writes False for what is switched off. As numbers, answers are mistakes.
        if spec.optional and not value:
            return None
        raise _invalid(spec, value, algorithm)
    if spec.kind == "group":
        return _convert_group(spec, value, algorithm)
    try:
        converted = _CONVERTERS[spec.kind](value)
        if spec.kind == "int":
            converted = _within_64_bits(spec, converted)
    except (TypeError, ValueError, OverflowError):
        raise _invalid(spec, value, algorithm) from None
    if spec.kind == "choice" and converted not in (spec.choices or ()):
        converted = _same_word(converted, spec.choices or ())
        if converted is None:
            raise _invalid(spec, value, algorithm)
    numbers = converted if isinstance(converted, tuple) else (converted,)
    if spec.kind in ("int", "float", "interval") and not all(
        _in_range(spec, number) for number in numbers
    ):
        raise _invalid(spec, value, algorithm)
    return converted


def _same_word(given: str, words: Iterable[str]) -> str | None:
    """The word that is spelled like this but for capitals."""
    return next((word for word in words if word.lower() == given.strip().lower()), None)


def _convert_group(spec: OptionSpec, value: Any, algorithm: str) -> dict[str, Any]:
    if not isinstance(value, Mapping):
        raise _invalid(spec, value, algorithm)
    unknown = [key for key in value if key not in spec.entries]
    if unknown:
        from thalweg.utilities import propose_alternatives

        raise InvalidAlgoOptionError(
            f"The option '{spec.name}' of {algorithm} has no key {unknown[0]!r}. Did you mean "
            f"{propose_alternatives(str(unknown[0]), list(spec.entries))}?"
        )
    return {key: convert(spec.entries[key], entry, algorithm) for key, entry in value.items()}


def _invalid(spec: OptionSpec, value: Any, algorithm: str) -> InvalidAlgoOptionError:
    given = repr(value)
    if len(given) > _LONG:
        given = f"{given[:_LONG].rstrip()}..."
    if spec.name == "hessian_update_strategy" and _fides_word(value) in _NEED_RESIDUALS:
        return UnsupportedAlgoOptionError(
            f"option '{spec.name}' of {algorithm} is {given}, which needs residuals, but has to be "
            f"{spec.expectation()}."
        )
    return InvalidAlgoOptionError(
        f"Could not convert the value of the field {spec.name} to the expected type: option "
        f"'{spec.name}' of {algorithm} is {given}, but has to be {spec.expectation()}."
    )


def _fides_word(value: Any) -> str:
    try:
        return _to_text(value).strip().lower()
    except TypeError:
        return ""


_NEED_RESIDUALS = ("fx", "ssm", "tssm", "gnsbfgs")
"""Updates of Hessians in fides that are for sums of squares only."""

_LONG = 100
"""The number of characters after which a wrong value is cut off in messages."""


def _in_range(spec: OptionSpec, number: float) -> bool:
    low = number > spec.min if spec.above else number >= spec.min
    high = number < spec.max if spec.below else number <= spec.max
    return low and high


_BOOLEAN_WORDS = {"yes": True, "true": True, "1": True, "no": False, "false": False, "0": False}


def _to_bool(value: Any) -> bool:
    if isinstance(value, str):
        if value.strip().lower() not in _BOOLEAN_WORDS:
            raise ValueError
        return _BOOLEAN_WORDS[value.strip().lower()]
    if value not in (0, 1):
        raise ValueError
    return bool(value)


def _within_64_bits(spec: OptionSpec, number: float) -> int:
    """The whole number, or what does the same as one that is too large.

    Limits are as good as none, and seeds of any length give a generator.
    """
    if -_LARGEST <= number <= _LARGEST:
        return int(number)
    if spec.name.startswith("stopping_") and number > 0:
        return _LARGEST
    if spec.name == "seed" and number > 0:
        return _drawn_seed(int(number))
    raise OverflowError


_LARGEST = 2**63 - 1
"""The largest whole number that an option has."""


def _to_int(value: Any) -> float:
    if type(value) is int:
        return value
    if hasattr(value, "__index__"):
        return int(value)
    if _is_random_generator(value):
        return _drawn_seed(value)
    number = _to_float(value)
    if number in (float("inf"), float("-inf")):
        return number
    if number != int(number):
        raise ValueError
    return int(number)


def _drawn_seed(source: Any) -> int:
    from thalweg.utilities import get_rng

    return int(get_rng(source).integers(2**53))


def _to_float(value: Any) -> float:
    number = float(value)
    if number != number:
        raise ValueError
    return number


def _to_interval(value: Any) -> float | tuple[float, float]:
    if isinstance(value, (str, int, float)) or not hasattr(value, "__len__"):
        return _to_float(value)
    low, high = sorted(_to_float(end) for end in value)
    return low, high


def _to_text(value: Any) -> str:
    text = getattr(value, "value", value)
    cls = value if isinstance(value, type) else type(value)
    if cls.__module__ == "fides.hessian_approximation":
        text = cls.__name__
    if not isinstance(text, str):
        raise TypeError
    return text


def _is_random_generator(value: Any) -> bool:
    return type(value).__module__.startswith("numpy.random")


_CONVERTERS: dict[str, Callable[[Any], Any]] = {
    "bool": _to_bool,
    "int": _to_int,
    "float": _to_float,
    "interval": _to_interval,
    "choice": _to_text,
    "text": _to_text,
}
