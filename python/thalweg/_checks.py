"""Checks of arguments that can be made without looking at the problem."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from thalweg.exceptions import InvalidArgumentError, UnsupportedArgumentError

if TYPE_CHECKING:
    from thalweg._call import Call

_CONSTRAINT_HANDLING = ("native", "augmented_lagrangian")
_ERROR_HANDLING = ("raise", "continue", "raise_strict")

_DIFFERENCES = {
    "2-point": ": numdiff_options={'method': 'forward'}, which is the default, for this method",
    "3-point": ": numdiff_options={'method': 'central'} for this method",
    "cs": ", but none by complex steps",
}
"""scipy's words for numerical derivatives, and what there is instead."""

_OPTIONS_OF_SCIPY = {
    "accuracy": ("finite_difference_precision",),
    "adaptive": ("adaptive",),
    "c1": ("armijo_condition",),
    "c2": ("curvature_condition",),
    "disp": ("display",),
    "eta": ("line_search_severity", "trustregion_threshold_acceptance"),
    "fatol": ("convergence_ftol_abs",),
    "ftol": ("convergence_ftol_rel", "convergence_ftol_abs"),
    "gtol": ("convergence_gtol_abs",),
    "inexact": ("inexact",),
    "initial_trust_radius": ("trustregion_initial_radius",),
    "max_trust_radius": ("trustregion_maximal_radius",),
    "maxCGit": ("max_hess_evaluations_per_iteration",),
    "maxcor": ("limited_memory_storage_length",),
    "maxfev": ("stopping_maxfun",),
    "maxfun": ("stopping_maxfun",),
    "maxiter": ("stopping_maxiter",),
    "maxls": ("max_line_search_steps",),
    "minfev": ("func_min_estimate",),
    "norm": ("norm",),
    "rescale": ("criterion_rescale_factor",),
    "rhobeg": ("trustregion_initial_radius",),
    "stepmx": ("max_step_for_line_search",),
    "xatol": ("convergence_xtol_abs",),
    "xrtol": ("convergence_xtol_rel",),
    "xtol": ("convergence_xtol_rel", "convergence_xtol_abs"),
}
"""scipy's names of options, and the options that they may stand for."""


def refuse_unsupported_arguments(call: Call) -> None:
    """Arguments that other packages have, and those that this version does not have yet.

    Raises:
        UnsupportedArgumentError: One of them is used; the message names it and what to use instead.
    """
    if call.options is not None:
        raise UnsupportedArgumentError(
            "The options argument is not supported. Please use the algo_options argument instead"
            f"{_in_our_words(call)}."
        )
    if call.tol is not None:
        raise UnsupportedArgumentError(
            "The tol argument is not supported. Please use algo_options or a configured algorithm "
            "to set convergence criteria, for example "
            f"algo_options={{'{_first_tolerance(call)}': {call.tol!r}}}."
        )


def _options_of(call: Call) -> list[str]:
    """The options of the algorithm, most important ones first."""
    from thalweg._algorithm import Algorithm, option_specs
    from thalweg._catalog import catalog

    algorithm = call.algorithm
    if isinstance(algorithm, str):
        entry = catalog().get(algorithm)
        return [] if entry is None else list(entry.options)
    cls = algorithm if isinstance(algorithm, type) else type(algorithm)
    return list(option_specs(cls)) if issubclass(cls, Algorithm) else []


def _in_our_words(call: Call) -> str:
    """scipy's options, as far as the algorithm has them."""
    if not isinstance(call.options, dict):
        return ""
    names = _options_of(call)
    said = {}
    for name, value in call.options.items():
        option = next((o for o in names if o in _OPTIONS_OF_SCIPY.get(name, ())), None)
        if option is not None:
            said[option] = value
    return f": algo_options={said!r}" if said else ""


def _first_tolerance(call: Call) -> str:
    tolerances = (name for name in _options_of(call) if name.startswith("convergence_"))
    return next(tolerances, "convergence_ftol_rel").replace("_", ".", 1)


def check_types(call: Call) -> None:
    """The types of arguments whose values are looked at later.

    Raises:
        InvalidArgumentError: An argument has another type than it can have.
    """
    if call.algo_options is not None:
        _require(isinstance(call.algo_options, dict), call, "algo_options", "a dictionary or None")
    if call.log_options is not None:
        _require(isinstance(call.log_options, dict), call, "log_options", "a dictionary or None")
    if call.error_penalty is not None:
        _check_error_penalty(call)
    if call.callback is not None:
        _require(callable(call.callback), call, "callback", "a function or None")
        _check_callback(call)
    if call.hess is not None or call.hessp is not None:
        _check_second_derivatives(call)
    for name in ("fun", "jac", "fun_and_jac"):
        value = call.__dict__[name]
        if value is not None and not callable(value):
            several = (
                name != "fun" and isinstance(value, (list, tuple)) and all(map(callable, value))
            )
            if isinstance(value, str) and name == "jac" and value in _DIFFERENCES:
                raise InvalidArgumentError(
                    f"jac must be a function or a list of functions, not {value!r}. Without it "
                    f"there are numerical derivatives{_DIFFERENCES[value]}."
                )
            _require(
                several,
                call,
                name,
                "a function" if name == "fun" else "a function or a list of functions",
            )
        kwargs = call.__dict__[f"{name}_kwargs"]
        if kwargs is not None:
            _require(isinstance(kwargs, dict), call, f"{name}_kwargs", "a dictionary or None")
    _require(
        call.collect_history in (True, False) and _is_bool(call.collect_history),
        call,
        "collect_history",
        "a boolean",
    )
    _require(_is_bool(call.skip_checks), call, "skip_checks", "a boolean")
    _require(_is_bool(call.repair_start), call, "repair_start", "a boolean")


def constraint_handling_mode(value: Any) -> str | tuple[float | None, float, float, int]:
    """Who keeps nonlinear constraints: a word, or the options of an augmented Lagrangian.

    Raises:
        InvalidArgumentError: It is neither.
    """
    if isinstance(value, str) and value in _CONSTRAINT_HANDLING:
        return value
    from thalweg._augmented_lagrangian import AugmentedLagrangianOptions

    if isinstance(value, AugmentedLagrangianOptions):
        return value._flat()
    raise InvalidArgumentError(
        f"constraint_handling must be one of {list(_CONSTRAINT_HANDLING)}, or "
        f"thalweg.AugmentedLagrangianOptions, not {value!r}."
    )


def error_handling_mode(value: Any) -> str:
    """The mode as a word, from a word or a member of `ErrorHandling`.

    Raises:
        InvalidArgumentError: There is no such mode.
    """
    mode = getattr(value, "value", value)
    if mode not in _ERROR_HANDLING:
        raise InvalidArgumentError(
            f"{value!r} is not a valid error_handling. It must be one of {list(_ERROR_HANDLING)}."
        )
    return str(mode)


def _check_error_penalty(call: Call) -> None:
    penalty = call.error_penalty
    _require(isinstance(penalty, dict), call, "error_penalty", "a dictionary or None")
    for key, value in penalty.items():
        if key not in ("constant", "slope"):
            raise InvalidArgumentError(
                f"error_penalty has the invalid key {key!r}; its keys are 'constant' and 'slope'."
            )
        try:
            number = float(value)
        except (TypeError, ValueError):
            number = float("nan")
        if not abs(number) < float("inf"):
            raise InvalidArgumentError(
                f"error_penalty[{key!r}] must be a finite number, not {value!r}."
            )
        if call.direction == "maximize" and number > 0:
            raise InvalidArgumentError(
                f"error_penalty[{key!r}] must be negative in a maximization, not {value!r}."
            )


def _check_callback(call: Call) -> None:
    import inspect

    try:
        signature = inspect.signature(call.callback)
    except (TypeError, ValueError):
        return  # a built-in function that does not say what it takes
    try:
        signature.bind(None)
    except TypeError:
        raise InvalidArgumentError(
            "callback must be a function of one argument, the intermediate result, but its "
            f"signature is {signature}."
        ) from None


def _check_second_derivatives(call: Call) -> None:
    import inspect

    for name, n_arguments, arguments in (
        ("hess", 1, "one argument, the params"),
        ("hessp", 2, "two arguments, the params and the direction"),
    ):
        function = call.__dict__[name]
        if function is None:
            continue
        if not callable(function):
            raise InvalidArgumentError(
                f"{name} must be a function or None, not {function!r}. Without it, algorithms that "
                "need second derivatives take differences."
            )
        try:
            signature = inspect.signature(function)
        except (TypeError, ValueError):
            continue  # a built-in function that does not say what it takes
        try:
            signature.bind(*[None] * n_arguments)
        except TypeError:
            raise InvalidArgumentError(
                f"{name} must be a function of {arguments}, but its signature is {signature}. Bind "
                "what else it needs with functools.partial."
            ) from None


def _is_bool(value: Any) -> bool:
    return value is True or value is False or type(value).__name__ in ("bool", "bool_")


def _require(condition: bool, call: Call, name: str, expected: str) -> None:
    if not condition:
        raise InvalidArgumentError(f"{name} must be {expected}, not {call.__dict__[name]!r}.")
