"""Decorators for functions that are evaluated many times."""

from __future__ import annotations

import functools
from collections.abc import Callable
from typing import Any, Literal

from thalweg.exceptions import get_traceback


def catch(
    func: Callable[..., Any] | None = None,
    *,
    exception: type[BaseException] | tuple[type[BaseException], ...] = Exception,
    exclude: type[BaseException] | tuple[type[BaseException], ...] = (
        KeyboardInterrupt,
        SystemExit,
    ),
    onerror: Callable[[BaseException], Any] | None = None,
    default: Any = None,
    warn: bool = True,
    reraise: bool = False,
) -> Any:
    """Catch exceptions of a function; usable with and without arguments.

    Args:
        func: The function.
        exception: What is caught.
        exclude: What is never caught.
        onerror: Called with the exception.
        default: Returned instead of a value: a constant, "__traceback__" for the traceback as text,
            or a function of the same arguments.
        warn: Whether the traceback becomes a warning.
        reraise: Whether the exception is raised again in the end.
    """

    def decorate(function: Callable[..., Any]) -> Callable[..., Any]:
        @functools.wraps(function)
        def caught(*args: Any, **kwargs: Any) -> Any:
            try:
                return function(*args, **kwargs)
            except exclude:
                raise
            except exception as error:
                return _handle(error, args, kwargs)

        return caught

    def _handle(error: BaseException, args: tuple[Any, ...], kwargs: dict[str, Any]) -> Any:
        text = get_traceback()
        if onerror is not None:
            onerror(error)
        if warn:
            from thalweg._warnings import warn_user

            warn_user(f"The following exception was caught:\n\n{text}")
        if reraise:
            raise error
        if isinstance(default, str) and default == "__traceback__":
            return text
        return default(*args, **kwargs) if callable(default) else default

    return decorate if func is None else decorate(func)


def unpack(func: Callable[..., Any] | None = None, symbol: Literal["*", "**"] | None = None) -> Any:
    """Give a function one argument that is unpacked.

    Not at all, as positional ("*") or as keyword ("**") arguments.
    """

    def decorate(function: Callable[..., Any]) -> Callable[[Any], Any]:
        @functools.wraps(function)
        def unpacked(argument: Any) -> Any:
            if symbol == "*":
                return function(*argument)
            if symbol == "**":
                return function(**argument)
            return function(argument)

        return unpacked

    return decorate if func is None else decorate(func)


def deprecated(func: Callable[..., Any], msg: str) -> Callable[..., Any]:
    """Let a function warn with a FutureWarning whenever it is called."""

    @functools.wraps(func)
    def warning(*args: Any, **kwargs: Any) -> Any:
        from thalweg._warnings import warn_user

        warn_user(msg, FutureWarning)
        return func(*args, **kwargs)

    return warning
