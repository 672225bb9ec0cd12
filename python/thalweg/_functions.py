"""The user's functions: which kind of objective they belong to, and whether their arguments fit."""

from __future__ import annotations

from functools import partial
from types import MethodType
from typing import TYPE_CHECKING, Any

from thalweg.exceptions import InvalidKwargsError
from thalweg.typing import AggregationLevel

if TYPE_CHECKING:
    from thalweg._call import Call

KIND_ATTRIBUTE = "_problem_type"
"""Left on a function by `mark`, and by the marks of optimagic: an `AggregationLevel`."""

_KIND_OF_ANNOTATION = {
    "float": "scalar",
    "ScalarFunctionValue": "scalar",
    "LeastSquaresFunctionValue": "least_squares",
    "LikelihoodFunctionValue": "likelihood",
}


def kind_of(function: Any) -> str | None:
    """The kind of objective that a function belongs to.

    By its mark, else by its return annotation, else None.
    """
    while True:
        kind = getattr(function, KIND_ATTRIBUTE, None)
        if kind is not None:
            return str(getattr(kind, "value", kind))
        annotations = getattr(function, "__annotations__", None)
        if annotations and "return" in annotations:
            returned = annotations["return"]
            name = returned if isinstance(returned, str) else getattr(returned, "__name__", "")
            return _KIND_OF_ANNOTATION.get(name.rpartition(".")[2])
        if type(function) is not partial:
            return None
        function = function.func


class WithArgs:
    """A function with further positional arguments, as scipy calls it; pickles with the function."""

    def __init__(self, function: Any, args: tuple[Any, ...]) -> None:
        self.function, self.args = function, args
        kind = kind_of(function)
        if kind is not None:
            setattr(self, KIND_ATTRIBUTE, AggregationLevel(kind))

    def __call__(self, params: Any, *direction: Any) -> Any:
        """Call the function with all arguments; `hessp` has a direction beside the params."""
        return self.function(params, *direction, *self.args)


def pick_derivatives(call: Call, solver_type: str) -> None:
    """Replace lists of functions by the one whose mark is the kind that the algorithm uses.

    A scalar algorithm uses the Jacobian of residuals or contributions where there is no gradient.
    """
    if call.jac is not None:
        call.jac = _pick(call, "jac", solver_type)
    if call.fun_and_jac is not None and call.fun is not None:
        call.fun_and_jac = _pick(call, "fun_and_jac", solver_type)


def derivative_kind(call: Call, solver_type: str) -> str | None:
    """The kind of objective whose derivative the user gives.

    None without derivatives, and where only values can tell.
    """
    if call.jac is not None:
        return kind_of(call.jac) or "scalar"
    if call.fun_and_jac is not None and call.fun is not None:
        return solver_type
    return None if call.fun_and_jac is None else kind_of(call.fun_and_jac)


def _pick(call: Call, name: str, solver_type: str) -> Any:
    given = call.__dict__[name]
    candidates = given if isinstance(given, (list, tuple)) else (given,)
    kinds = [solver_type]
    if name == "jac" and solver_type == "scalar":
        # From the derivatives of what fun returns the core makes that of the sum.
        kinds.append(kind_of(call.fun) or "scalar")
    for kind in kinds:
        for candidate in reversed(candidates):
            if (kind_of(candidate) or "scalar") == kind:
                return candidate
    call.notes.append(
        f"You used the `{name}` argument but none of the functions has the mark {solver_type}, "
        "which the algorithm uses: falling back to numerical derivatives. Mark the function with "
        f"`mark.{solver_type}`."
    )
    return None


def check_kwargs(call: Call) -> None:
    """Keyword arguments fit their functions, and leave one argument for the parameters.

    Raises:
        InvalidKwargsError: An argument is unknown, or too few or too many remain.
    """
    for name in ("fun", "jac", "fun_and_jac"):
        functions = call.__dict__[name]
        if functions is None:
            continue
        kwargs = call.__dict__[f"{name}_kwargs"]
        for function in functions if isinstance(functions, (list, tuple)) else (functions,):
            if kwargs or not _takes_one_argument(function):
                check_signature(function, kwargs or {}, name)


def _takes_one_argument(function: Any) -> bool:
    """A quick test that is right when it says yes."""
    code = getattr(function, "__code__", None)
    if code is None:
        # A built-in function or a wrapper: whatever is wrong shows in the first evaluation.
        return not isinstance(function, partial)
    bound = type(function) is MethodType
    return code.co_argcount == 1 + bound and not code.co_kwonlyargcount


def check_signature(function: Any, kwargs: dict[str, Any], name: str) -> None:
    """Whether `function(params, **kwargs)` can be called.

    Raises:
        InvalidKwargsError: It cannot.
    """
    import inspect

    try:
        parameters = inspect.signature(function).parameters
    except (TypeError, ValueError):
        return
    kinds = {parameter.kind for parameter in parameters.values()}
    takes_any = inspect.Parameter.VAR_KEYWORD in kinds
    unknown = [] if takes_any else [key for key in kwargs if key not in parameters]
    if unknown:
        raise InvalidKwargsError(_describe_unknown(unknown, list(parameters)[1:], name))
    if inspect.Parameter.VAR_POSITIONAL in kinds and takes_any:
        return
    _check_first_argument(parameters, kwargs, name)
    free = [
        parameter
        for key, parameter in parameters.items()
        if key not in kwargs and parameter.kind is not inspect.Parameter.VAR_KEYWORD
    ]
    required = [
        parameter.name
        for parameter in free
        if parameter.default is inspect.Parameter.empty
        and parameter.kind is not inspect.Parameter.VAR_POSITIONAL
    ]
    if not free:
        raise InvalidKwargsError(
            f"Too many keyword arguments for {name}: after binding {name}_kwargs, no argument is "
            "left for the params."
        )
    if len(required) > 1:
        raise InvalidKwargsError(
            f"Too few keyword arguments for {name}. After applying all keyword arguments at most "
            "one required argument (the params) should remain. In your case the following "
            f"required arguments remain: {required}."
        )


def _check_first_argument(parameters: Any, kwargs: dict[str, Any], name: str) -> None:
    """The params are passed as the first argument, so it cannot be bound while others are free."""
    first = next(iter(parameters.values()), None)
    if (
        first is not None
        and first.name in kwargs
        and first.kind is first.POSITIONAL_OR_KEYWORD
        and len(parameters) > len(kwargs)
    ):
        raise InvalidKwargsError(
            f"{name}_kwargs has a value for '{first.name}', the first argument of {name}, to which "
            "the params are passed. Make the params the first argument."
        )


def _describe_unknown(unknown: list[str], names: list[str], function: str) -> str:
    from thalweg.utilities import propose_alternatives

    lines = [
        f"{key}: Did you mean {propose_alternatives(key, names, 1)[0]}?"
        if names
        else f"{key}: there are no further arguments."
        for key in unknown
    ]
    return f"The following keyword arguments do not fit {function}:\n\n" + "\n".join(lines)
