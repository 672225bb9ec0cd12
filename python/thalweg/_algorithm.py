"""Algorithms as immutable sets of options.

The base class of all of them, the user's own included.
"""

from __future__ import annotations

from dataclasses import MISSING, dataclass, fields, replace
from typing import TYPE_CHECKING, Any, get_args, get_origin

from thalweg._catalog import FEATURES, OptionSpec
from thalweg._options import convert, current_names, keep_known, on_classes, with_parts
from thalweg.exceptions import InvalidAlgoInfoError, InvalidAlgoOptionError
from thalweg.typing import AggregationLevel
from thalweg.utilities import propose_alternatives

if TYPE_CHECKING:
    from inspect import Signature

    import numpy as np
    from numpy.typing import NDArray
    from typing_extensions import Self

    from thalweg._history import History
    from thalweg._internal_problem import InternalOptimizationProblem


@dataclass(frozen=True)
class AlgoInfo:
    """What an algorithm needs and supports.

    Raises:
        InvalidAlgoInfoError: Attributes have the wrong type; the message lists all of them.
    """

    name: str
    solver_type: AggregationLevel | str
    is_available: bool
    is_global: bool
    needs_jac: bool
    needs_hess: bool
    needs_bounds: bool
    supports_parallelism: bool
    supports_bounds: bool
    supports_infinite_bounds: bool
    supports_linear_constraints: bool
    supports_nonlinear_constraints: bool
    disable_history: bool = False
    experimental: bool = False

    def __post_init__(self) -> None:
        """Check all types at once."""
        problems = [] if isinstance(self.name, str) else ["name must be a string"]
        try:
            object.__setattr__(self, "solver_type", AggregationLevel(self.solver_type))
        except ValueError:
            problems.append(
                f"solver_type must be one of {[level.value for level in AggregationLevel]}"
            )
        flags = ("is_available", *FEATURES, "disable_history", "experimental")
        problems.extend(
            f"{flag} must be a bool" for flag in flags if not isinstance(getattr(self, flag), bool)
        )
        if problems:
            raise InvalidAlgoInfoError(
                "The following arguments to AlgoInfo or `mark.minimizer` are invalid:\n"
                + "\n".join(problems)
            )


@dataclass(frozen=True)
class InternalOptimizeResult:
    """What a user-defined algorithm returns.

    Raises:
        TypeError: Attributes have the wrong type; the message lists all of them.
    """

    x: NDArray[np.float64]
    fun: float | NDArray[np.float64]
    success: bool | None = None
    message: str | None = None
    status: int | None = None
    n_fun_evals: int | None = None
    n_jac_evals: int | None = None
    n_hess_evals: int | None = None
    n_iterations: int | None = None
    jac: NDArray[np.float64] | None = None
    hess: NDArray[np.float64] | None = None
    hess_inv: NDArray[np.float64] | None = None
    max_constraint_violation: float | None = None
    info: dict[str, Any] | None = None
    history: History | None = None
    multistart_info: dict[str, Any] | None = None

    def __post_init__(self) -> None:
        """Check all types at once."""
        import numpy as np

        numbers = (int, float, np.integer, np.floating)
        allowed: dict[str, tuple[type, ...]] = {
            "x": (np.ndarray,),
            "fun": (*numbers, np.ndarray),
            "success": (bool, np.bool_),
            "message": (str,),
            "max_constraint_violation": numbers,
            "info": (dict,),
        }
        allowed |= dict.fromkeys(
            ("status", "n_fun_evals", "n_jac_evals", "n_hess_evals", "n_iterations"),
            (int, np.integer),
        )
        allowed |= dict.fromkeys(("jac", "hess", "hess_inv"), (np.ndarray,))
        if self.history is not None:
            from thalweg._history import History

            allowed["history"] = (History,)
        problems = [
            f"{name} must be {' or '.join(kind.__name__ for kind in kinds)}, not "
            f"{type(getattr(self, name)).__name__}"
            for name, kinds in allowed.items()
            if not isinstance(getattr(self, name), kinds)
            and (getattr(self, name) is not None or name in ("x", "fun"))
        ]
        if problems:
            raise TypeError(
                "The following arguments to InternalOptimizeResult are invalid:\n"
                + "\n".join(problems)
            )


class AlgorithmMeta(type):
    """Gives the classes themselves a name and a short representation, and checks option names."""

    __algo_info__: AlgoInfo | None

    @property
    def algo_info(cls) -> AlgoInfo:
        """What the algorithm needs and supports."""
        info = cls.__algo_info__
        if info is None:
            raise InvalidAlgoInfoError(
                f"The algorithm {cls.__name__} declares nothing about itself. Decorate the class "
                "with `mark.minimizer`."
            )
        return info

    @property
    def name(cls) -> str:
        """The name by which users ask for the algorithm; the class's before it is decorated."""
        info = cls.__algo_info__
        return cls.__name__ if info is None else info.name

    @property
    def __signature__(cls) -> Signature:
        """The options, for `help` and editors."""
        from inspect import signature

        own = signature(cls.__init__)  # type: ignore[misc]
        return own.replace(parameters=list(own.parameters.values())[1:])

    def __call__(cls, *args: Any, **options: Any) -> Any:
        """Make an algorithm; refuse unknown options."""
        fields_ = cls.__dataclass_fields__  # type: ignore[attr-defined]
        if not options.keys() <= fields_.keys():
            options = _known_options(options, cls)  # type: ignore[arg-type]
        return super().__call__(*args, **with_parts(options, fields_))

    def __repr__(cls) -> str:
        info = cls.__algo_info__
        return super().__repr__() if info is None else f"om.algos.{info.name}"


@dataclass(frozen=True)
class Algorithm(metaclass=AlgorithmMeta):
    """An algorithm with its options. Immutable: the `with_` methods return a changed copy.

    Algorithms of your own are subclasses, frozen dataclasses decorated with `mark.minimizer`, whose
    fields are their options. They implement `_solve_internal_problem`.
    """

    __algo_info__ = None

    def __post_init__(self) -> None:
        """Convert all options to their declared types."""
        for name, spec in option_specs(type(self)).items():
            object.__setattr__(self, name, convert(spec, getattr(self, name), self.name))

    def _solve_internal_problem(
        self, problem: InternalOptimizationProblem, x0: NDArray[np.float64]
    ) -> InternalOptimizeResult:
        """Minimize `problem` from the start `x0`. To be implemented by user-defined algorithms."""
        raise NotImplementedError(
            f"{type(self).__name__} does not implement _solve_internal_problem(self, problem, x0)."
        )

    @property
    def name(self) -> str:
        """The name by which users ask for the algorithm."""
        cls: AlgorithmMeta = type(self)
        return cls.name

    @property
    def algo_info(self) -> AlgoInfo:
        """What the algorithm needs and supports."""
        cls: AlgorithmMeta = type(self)
        return cls.algo_info

    def with_option(self, **options: Any) -> Self:
        """The algorithm with other values of some options.

        Raises:
            InvalidAlgoOptionError: An option does not exist or has an impossible value.
        """
        if not options.keys() <= option_specs(type(self)).keys():
            options = _known_options(options, type(self))
        return replace(self, **options)

    def with_stopping(self, **options: Any) -> Self:
        """The algorithm with other limits.

        `stopping_` may be left out: `with_stopping(maxfun=100)`.
        """
        return self.with_option(**_with_prefix("stopping_", options))

    def with_convergence(self, **options: Any) -> Self:
        """The algorithm with other tolerances.

        `convergence_` may be left out: `with_convergence(ftol_rel=1e-8)`.
        """
        return self.with_option(**_with_prefix("convergence_", options))

    def with_option_if_applicable(self, **options: Any) -> Self:
        """The algorithm with other values of those options that it has.

        A warning lists the others.
        """
        from thalweg._warnings import warn_renamed, warn_user

        notes: list[str] = []
        renamed: list[tuple[str, str]] = []
        changed = self._with_applicable(options, renamed, notes)
        warn_renamed(renamed)
        for note in notes:
            warn_user(note)
        return changed

    def _with_applicable(
        self, options: dict[str, Any], renamed: list[tuple[str, str]], notes: list[str]
    ) -> Self:
        specs = option_specs(type(self))
        known = keep_known(current_names(options, specs, renamed), specs, self.name, notes)
        return replace(self, **known) if known else self


def option_specs(cls: type[Algorithm]) -> dict[str, OptionSpec]:
    """The options of an algorithm's class.

    Declared by the core, or read from the annotations of its fields.
    """
    specs = cls.__dict__.get("_option_specs")
    if specs is None:
        specs = _specs_from_annotations(cls)
        cls._option_specs = specs  # type: ignore[attr-defined]
    return specs


def _specs_from_annotations(cls: type[Algorithm]) -> dict[str, OptionSpec]:
    from typing import get_type_hints

    hints = get_type_hints(cls, include_extras=True)
    return {
        field.name: _spec_from_annotation(
            field.name, hints[field.name], None if field.default is MISSING else field.default
        )
        for field in fields(cls)
    }


_KIND_OF_TYPE = {bool: "bool", int: "int", float: "float", str: "text"}


def _spec_from_annotation(name: str, annotation: Any, default: Any) -> OptionSpec:
    """The option that an annotation declares: `PositiveInt`, `float | None`, `Literal["a"]`, ..."""
    import types
    from typing import Annotated, Literal, Union

    optional = False
    if get_origin(annotation) in (Union, types.UnionType):
        members = [member for member in get_args(annotation) if member is not type(None)]
        optional = len(members) < len(get_args(annotation))
        annotation = members[0] if len(members) == 1 else Any
    limits: dict[str, Any] = {}
    if get_origin(annotation) is Annotated:
        annotation, *marks = get_args(annotation)
        for mark in marks:
            limits |= _limits(mark)
    if get_origin(annotation) is Literal and all(
        isinstance(word, str) for word in get_args(annotation)
    ):
        return OptionSpec(name, "choice", default, optional=optional, choices=get_args(annotation))
    kind = _KIND_OF_TYPE.get(annotation, "any") if isinstance(annotation, type) else "any"
    return OptionSpec(
        name, kind, default, optional=optional, **(limits if kind in ("int", "float") else {})
    )


def _limits(mark: Any) -> dict[str, Any]:
    """The limits in a mark of `Annotated`.

    An object with attributes gt, ge, lt or le, as in the package annotated-types.
    """
    limits: dict[str, Any] = {}
    for attribute, limit, excluded in (
        ("gt", "min", "above"),
        ("ge", "min", None),
        ("lt", "max", "below"),
        ("le", "max", None),
    ):
        value = getattr(mark, attribute, None)
        if value is not None:
            limits[limit] = value
            if excluded is not None:
                limits[excluded] = True
    return limits


def _with_prefix(prefix: str, options: dict[str, Any]) -> dict[str, Any]:
    return {
        name if name.startswith(prefix) else prefix + name: value for name, value in options.items()
    }


def _known_options(options: dict[str, Any], cls: type[Algorithm]) -> dict[str, Any]:
    """The options under their current names; a warning lists outdated ones.

    Raises:
        InvalidAlgoOptionError: There are unknown ones.
    """
    from thalweg._warnings import warn_renamed

    renamed: list[tuple[str, str]] = []
    specs = option_specs(cls)
    options = on_classes(options, specs, renamed)
    unknown = [name for name in options if name not in specs]
    if unknown:
        raise _unknown_options(unknown, cls)
    warn_renamed(renamed)
    return options


def _unknown_options(unknown: list[str], cls: type[Algorithm]) -> InvalidAlgoOptionError:
    specs = option_specs(cls)
    proposals = "; ".join(
        f"{name}: did you mean {propose_alternatives(name, list(specs))}?" for name in unknown
    )
    return InvalidAlgoOptionError(
        f"The keyword arguments {unknown} are not valid options of the algorithm {cls.name}. "
        f"{proposals}"
    )
