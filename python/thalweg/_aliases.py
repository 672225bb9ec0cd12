"""Other spellings of the arguments of `minimize`: scipy's and those of 2022.

One function per source of names; each changes the call in place, and what it replaced is listed in
`call.renamed`, so that one warning can name all of it.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING, Any

from thalweg._functions import WithArgs
from thalweg.exceptions import (
    AliasError,
    InvalidAlgorithmError,
    InvalidArgumentError,
    InvalidFunctionError,
    MissingInputError,
    UnsupportedAlgorithmError,
    UnsupportedArgumentError,
)

if TYPE_CHECKING:
    from thalweg._call import Call

_RENAMED_ARGUMENTS = {
    "criterion": "fun",
    "criterion_kwargs": "fun_kwargs",
    "derivative": "jac",
    "derivative_kwargs": "jac_kwargs",
    "criterion_and_derivative": "fun_and_jac",
    "criterion_and_derivative_kwargs": "fun_and_jac_kwargs",
}

_BOUND_ARGUMENTS = {
    "lower_bounds": "lower",
    "upper_bounds": "upper",
    "soft_lower_bounds": "soft_lower",
    "soft_upper_bounds": "soft_upper",
}

_OPTION_ARGUMENTS = {"scaling_options": "scaling", "multistart_options": "multistart"}

_OUTDATED_ARGUMENTS = frozenset(
    [*_RENAMED_ARGUMENTS, *_BOUND_ARGUMENTS, *_OPTION_ARGUMENTS, "log_options"]
)

_SCIPY_METHODS = {
    "Nelder-Mead": "scipy_neldermead",
    "Powell": "scipy_powell",
    "CG": "scipy_conjugate_gradient",
    "BFGS": "scipy_bfgs",
    "Newton-CG": "scipy_newton_cg",
    "L-BFGS-B": "scipy_lbfgsb",
    "TNC": "scipy_truncated_newton",
    "COBYLA": "scipy_cobyla",
    "SLSQP": "scipy_slsqp",
    "trust-constr": "scipy_trust_constr",
    "dogleg": "scipy_dogleg",
    "trust-ncg": "scipy_trust_ncg",
    "trust-exact": "scipy_trust_exact",
    "trust-krylov": "scipy_trust_krylov",
}

_METHODS_WITHOUT_COUNTERPART = ("COBYQA",)


def resolve_aliases(call: Call) -> None:
    """Bring all arguments of the call to their current names.

    Raises:
        MissingInputError: The objective, the parameters or the algorithm are missing.
        AliasError: An argument is given together with its alias from scipy.
        InvalidAlgorithmError: `method` is not a method of scipy's minimize.
    """
    check_missing_inputs(call)
    if not _OUTDATED_ARGUMENTS.isdisjoint(call.given):
        resolve_names_of_2022(call)
    resolve_dicts_of_functions(call)
    resolve_scipy_names(call)


def check_missing_inputs(call: Call) -> None:
    """The objective, the parameters and the algorithm have no defaults."""
    other = (call.criterion, call.fun_and_jac, call.criterion_and_derivative)
    if call.fun is None and all(function is None for function in other):
        raise MissingInputError(
            "Missing objective function. Please provide an objective function as the first "
            "positional argument, as the keyword argument `fun`, or together with its derivative "
            "as `fun_and_jac`."
        )
    if call.params is None and call.x0 is None:
        raise MissingInputError(
            "Missing start parameters. Please provide start parameters as the second positional "
            "argument or as the keyword argument `params` (or `x0`, as in scipy)."
        )
    if call.algorithm is None and call.method is None:
        raise MissingInputError(
            "Missing algorithm. Please provide an algorithm as the third positional argument or "
            "as the keyword argument `algorithm` (or `method`, as in scipy)."
        )


def resolve_names_of_2022(call: Call) -> None:
    """`criterion`, `derivative`, `lower_bounds` and the like.

    A current name wins when both are given.
    """
    given = call.__dict__
    for old, new in _RENAMED_ARGUMENTS.items():
        if given[old] is not None:
            call.renamed.append((old, new))
            if given[new] is None:
                given[new] = given[old]
    _collect_bounds(call)
    for old, new in _OPTION_ARGUMENTS.items():
        if given[old] is not None:
            _use_options(call, old, new)
    if call.log_options is not None:
        call.renamed.append(("log_options", "logging"))


def resolve_dicts_of_functions(call: Call) -> None:
    """The form of 2022 for derivatives of several kinds; now lists of marked functions."""
    if isinstance(call.jac, dict):
        call.renamed.append(("a dict of functions as jac", "a list of functions with marks"))
        call.jac = _marked_functions(call.jac, "jac")
    if isinstance(call.fun_and_jac, dict):
        call.renamed.append(
            ("a dict of functions as fun_and_jac", "a list of functions with marks")
        )
        call.fun_and_jac = _marked_functions(call.fun_and_jac, "fun_and_jac")
    if call.fun is None and isinstance(call.fun_and_jac, (list, tuple)):
        raise UnsupportedArgumentError(
            "`fun` is needed when `fun_and_jac` is a list: it is not clear which function is the "
            "objective."
        )


def resolve_scipy_names(call: Call) -> None:
    """`x0`, `method`, `args` and `jac=True`."""
    if call.x0 is not None:
        if call.params is not None:
            raise AliasError(
                "x0 is an alias for params (for better compatibility with scipy). Do not use both "
                "x0 and params."
            )
        call.params = call.x0
    if call.method is not None:
        if call.algorithm is not None:
            raise AliasError(
                "method is an alias for algorithm to select the scipy optimizers under their "
                "original name. Do not use both method and algorithm."
            )
        call.algorithm = _algorithm_of_method(call.method)
    if call.args is not None:
        _bind_args(call)
    if call.jac is True:
        _split_pair(call)
    elif call.jac is False:
        call.jac = None


def _collect_bounds(call: Call) -> None:
    given = call.__dict__
    sides = {side: given[old] for old, side in _BOUND_ARGUMENTS.items() if given[old] is not None}
    if not sides:
        return
    for old, side in _BOUND_ARGUMENTS.items():
        if side in sides:
            call.renamed.append((old, f"bounds=Bounds({side}=...)"))
    if call.bounds is None:
        from thalweg._bounds import Bounds

        call.bounds = Bounds(**sides)


def _use_options(call: Call, old: str, new: str) -> None:
    call.renamed.append((old, new))
    # Options without the switch beside them say clearly enough that they are to be used.
    if call.__dict__[new] is True or (new == "scaling" and new not in call.given):
        call.__dict__[new] = call.__dict__[old]
    else:
        call.notes.append(f"{old} was ignored because {new} is not True.")


_KIND_OF_KEY = {
    "value": "scalar",
    "contributions": "likelihood",
    "root_contributions": "least_squares",
}


def _marked_functions(
    functions: dict[str, Callable[..., Any]], name: str
) -> list[Callable[..., Any]]:
    from thalweg import mark

    unknown = sorted(set(map(str, functions)) - set(_KIND_OF_KEY))
    if unknown:
        raise InvalidArgumentError(
            f"Invalid keys in {name}: {unknown}. A dict of functions may have the keys "
            f"{list(_KIND_OF_KEY)}."
        )
    return [getattr(mark, _KIND_OF_KEY[key])(function) for key, function in functions.items()]


def _algorithm_of_method(method: Any) -> str:
    lowered = {name.lower(): name for name in (*_SCIPY_METHODS, *_METHODS_WITHOUT_COUNTERPART)}
    name = lowered.get(method.lower()) if isinstance(method, str) else None
    if name is None:
        from thalweg.utilities import propose_alternatives

        raise InvalidAlgorithmError(
            "method is an alias for algorithm to select the scipy optimizers under their original "
            f"name. {method} is not a valid scipy algorithm name. Did you mean "
            f"{propose_alternatives(str(method), list(_SCIPY_METHODS))}?"
        )
    from thalweg._catalog import catalog

    there = [method for method, algorithm in _SCIPY_METHODS.items() if algorithm in catalog()]
    if name not in there:
        raise UnsupportedAlgorithmError(
            f"The method {name} is not there yet in thalweg. These methods of scipy have a "
            f"counterpart: {there}."
        )
    return _SCIPY_METHODS[name]


def _bind_args(call: Call) -> None:
    """Turn scipy's positional `args` into keyword arguments, by the objective's signature."""
    if any(
        kwargs is not None for kwargs in (call.fun_kwargs, call.jac_kwargs, call.fun_and_jac_kwargs)
    ):
        raise AliasError(
            "args is an alternative to fun_kwargs, jac_kwargs and fun_and_jac_kwargs (for better "
            "compatibility with scipy). Do not use args together with any of them."
        )
    args = call.args if isinstance(call.args, tuple) else (call.args,)
    names: tuple[str, ...] | None = None
    for argument in ("fun", "jac", "fun_and_jac"):
        functions = call.__dict__[argument]
        if functions is None or isinstance(functions, bool):
            continue
        for function in functions if isinstance(functions, (list, tuple)) else (functions,):
            if names is None:
                names = _names_of_args(function, args)
            if names is not None and _accepts(function, names):
                call.__dict__[f"{argument}_kwargs"] = dict(zip(names, args, strict=True))
            else:
                _bind_by_position(call, argument, args)
                break
    for argument in ("hess", "hessp"):
        if callable(call.__dict__[argument]):
            call.__dict__[argument] = WithArgs(call.__dict__[argument], args)


def _names_of_args(function: Any, args: tuple[Any, ...]) -> tuple[str, ...] | None:
    """The names of the arguments after the parameters; None where they only have positions."""
    import inspect

    try:
        parameters = inspect.signature(function).parameters.values()
    except (TypeError, ValueError):
        return None
    kinds = {parameter.kind for parameter in parameters}
    names = [
        parameter.name
        for parameter in parameters
        if parameter.kind is inspect.Parameter.POSITIONAL_OR_KEYWORD
    ]
    if len(args) < len(names):
        return tuple(names[1 : 1 + len(args)])
    if kinds & {inspect.Parameter.VAR_POSITIONAL, inspect.Parameter.POSITIONAL_ONLY}:
        return None
    raise AliasError(
        f"args has {len(args)} entries, but after the parameters the objective takes only "
        f"{len(names) - 1} arguments: {names[1:]}."
    )


def _accepts(function: Any, names: tuple[str, ...]) -> bool:
    import inspect

    try:
        inspect.signature(function).bind(None, **dict.fromkeys(names))
    except (TypeError, ValueError):
        return False
    return True


def _bind_by_position(call: Call, argument: str, args: tuple[Any, ...]) -> None:
    functions = call.__dict__[argument]
    if isinstance(functions, (list, tuple)):
        call.__dict__[argument] = [WithArgs(function, args) for function in functions]
    else:
        call.__dict__[argument] = WithArgs(functions, args)
    call.__dict__[f"{argument}_kwargs"] = None


def _split_pair(call: Call) -> None:
    """`jac=True`: the objective returns its value and its gradient."""
    if call.fun_and_jac is not None:
        raise AliasError(
            "jac=True says that fun returns its value together with its gradient. Do not use "
            "fun_and_jac in addition."
        )
    if call.fun is None:
        raise InvalidFunctionError(
            "jac=True says that fun returns (value, gradient), but there is no fun."
        )
    call.fun_and_jac, call.fun_and_jac_kwargs = call.fun, call.fun_kwargs
    call.fun, call.fun_kwargs, call.jac, call.jac_is_true = None, None, None, True
