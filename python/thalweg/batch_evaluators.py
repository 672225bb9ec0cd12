"""Evaluating a function at many points.

In processes, in threads, or with whatever executor the user has.

Wherever a batch evaluator can be chosen it is one of

* a name: "joblib" (processes, the default), "pathos" or "pathos_mp" (processes), "threading";
* an executor of `concurrent.futures`, or one with the same interface (MPI);
* a client of Dask: whatever has `submit`, `map` and `gather`;
* a pool of processes, as of Ray, multiprocessing or pathos: whatever has `map` and `starmap`, or
  `map`, `imap` and `amap`;
* a function with the signature of `thalweg.typing.BatchEvaluator`.

Batches of cheap evaluations run in a plain loop, whatever was chosen: sending them away would cost
more than it saves.
"""

from __future__ import annotations

import pickle
from collections.abc import Callable, Sequence
from importlib.util import find_spec
from typing import TYPE_CHECKING, Any, Literal

from thalweg._warnings import warn_user
from thalweg.config import DEFAULT_N_CORES
from thalweg.exceptions import (
    InvalidArgumentError,
    InvalidFunctionError,
    NotInstalledError,
    get_traceback,
)

if TYPE_CHECKING:
    from thalweg.typing import BatchEvaluator, ErrorHandling

    Evaluate = Callable[[Callable[[Any], Any], Sequence[Any], int], list[Any]]

N_CORES = DEFAULT_N_CORES


def joblib_batch_evaluator(
    func: Callable[..., Any],
    arguments: list[Any],
    *,
    n_cores: int = N_CORES,
    error_handling: ErrorHandling | Literal["raise", "continue"] = "continue",
    unpack_symbol: Literal["*", "**"] | None = None,
) -> list[Any]:
    """Evaluate `func` at all arguments, in processes of joblib when `n_cores` is above one.

    Args:
        func: The function.
        arguments: One argument per evaluation.
        n_cores: The number of evaluations at the same time.
        error_handling: "continue" puts the traceback in the place of a failed value and warns;
            "raise" raises.
        unpack_symbol: "*" or "**" when an argument is a tuple or a dict of arguments.

    Returns:
        The values, in the order of the arguments.
    """
    return _evaluate_batch(_in_joblib, func, arguments, n_cores, error_handling, unpack_symbol)


def pathos_mp_batch_evaluator(
    func: Callable[..., Any],
    arguments: list[Any],
    *,
    n_cores: int = N_CORES,
    error_handling: ErrorHandling | Literal["raise", "continue"] = "continue",
    unpack_symbol: Literal["*", "**"] | None = None,
) -> list[Any]:
    """Evaluate `func` at all arguments, in processes of pathos; like `joblib_batch_evaluator`."""
    return _evaluate_batch(_in_pathos, func, arguments, n_cores, error_handling, unpack_symbol)


def threading_batch_evaluator(
    func: Callable[..., Any],
    arguments: list[Any],
    *,
    n_cores: int = N_CORES,
    error_handling: ErrorHandling | Literal["raise", "continue"] = "continue",
    unpack_symbol: Literal["*", "**"] | None = None,
) -> list[Any]:
    """Evaluate `func` at all arguments, in at most `n_cores` threads.

    Like `joblib_batch_evaluator`.
    """
    return _evaluate_batch(_in_threads, func, arguments, n_cores, error_handling, unpack_symbol)


def process_batch_evaluator(batch_evaluator: Any = "joblib") -> BatchEvaluator:
    """The `BatchEvaluator` that a name, an executor or a function stands for.

    Raises:
        InvalidArgumentError: There is no batch evaluator of this name.
        TypeError: `batch_evaluator` is none of these.
    """
    if batch_evaluator is None:
        warn_user(
            "Please replace batch_evaluator=None by batch_evaluator='joblib', which it stands for.",
            FutureWarning,
        )
        return joblib_batch_evaluator
    if isinstance(batch_evaluator, str):
        if batch_evaluator not in _NAMED:
            raise InvalidArgumentError(
                f"Invalid batch_evaluator {batch_evaluator!r}. It must be one of {list(_NAMED)}, "
                "an executor, a pool, a client of Dask or a function."
            )
        return _NAMED[batch_evaluator]
    for protocol, evaluator in _PROTOCOLS:
        if _has(batch_evaluator, protocol):
            return evaluator(batch_evaluator)
    if callable(batch_evaluator):
        return batch_evaluator
    raise TypeError(
        "batch_evaluator must be a name, an executor, a pool, a client of Dask or a function, not of "
        f"type {type(batch_evaluator).__name__}."
    )


def check_batch_evaluator(batch_evaluator: Any) -> str | None:
    """What a batch evaluator has to be, if this is none; otherwise None."""
    fits = (
        callable(batch_evaluator)
        or (isinstance(batch_evaluator, str) and batch_evaluator in _NAMED)
        or batch_evaluator is None
        or any(_has(batch_evaluator, protocol) for protocol, _ in _PROTOCOLS)
    )
    return None if fits else f"one of {list(_PUBLIC_NAMES)}, an executor or a function"


def check_picklable(batch_evaluator: Any, functions: dict[str, Any]) -> None:
    """Refuse functions that cannot travel to the processes of a batch evaluator.

    Raises:
        InvalidFunctionError: One of them cannot be pickled; the message says what to do.
    """
    dumps = _pickler(batch_evaluator)
    if dumps is None:
        return
    for name, function in functions.items():
        try:
            dumps(function)
        except Exception as error:
            label = batch_evaluator if isinstance(batch_evaluator, str) else None
            shown = repr(label) if label else type(batch_evaluator).__name__
            raise InvalidFunctionError(
                f"{name} cannot be sent to the processes of the batch evaluator {shown}: {error}. "
                "Define it at the top level of a module, without what belongs to a process (open "
                "files, connections, locks), use batch_evaluator='threading', or install "
                "cloudpickle, which can send more functions than pickle."
            ) from error


def can_travel(batch_evaluator: Any, functions: list[Any]) -> bool:
    """Whether the functions can be sent to where this batch evaluator evaluates them."""
    dumps = _pickler(batch_evaluator)
    if dumps is None:
        return True
    try:
        for function in functions:
            dumps(function)
    except Exception:
        return False
    return True


def check_installed(batch_evaluator: Any) -> None:
    """Refuse a batch evaluator whose package is missing, before anything is evaluated.

    Raises:
        NotInstalledError: It is missing. (Without joblib there are threads instead.)
    """
    if batch_evaluator in ("pathos", "pathos_mp") and find_spec("pathos") is None:
        raise NotInstalledError(
            "The batch evaluator 'pathos' needs the package pathos: pip install pathos."
        )


def _pickler(batch_evaluator: Any) -> Callable[[Any], Any] | None:
    """How functions are pickled on their way to this batch evaluator; None if they are not."""
    if batch_evaluator in ("joblib", None):
        if find_spec("joblib") is None:
            return None
        try:
            from joblib.externals import cloudpickle
        except ImportError:  # some distributions take it out of joblib
            return _with_cloudpickle
        return cloudpickle.dumps
    if batch_evaluator in ("pathos", "pathos_mp"):
        if find_spec("dill") is None:
            return None
        from importlib import import_module

        return import_module("dill").dumps
    if isinstance(batch_evaluator, str):
        return None
    from concurrent.futures import ProcessPoolExecutor
    from multiprocessing.pool import ThreadPool

    processes = isinstance(batch_evaluator, ProcessPoolExecutor) or (
        not isinstance(batch_evaluator, ThreadPool)
        and (_has(batch_evaluator, _DASK) or _has(batch_evaluator, _POOL))
    )
    return _with_cloudpickle if processes else None


def _with_cloudpickle(function: Any) -> bytes:
    return pickle.dumps(_Pickled(function))


def evaluate_function(batch_evaluator: Any) -> Evaluate:
    """The internal form of a batch evaluator.

    `evaluate(func, arguments, n_cores)`, in which failed items are exceptions.

    Raises:
        InvalidArgumentError: There is no batch evaluator of this name.
        TypeError: `batch_evaluator` is none of what it can be.
    """
    public = process_batch_evaluator(batch_evaluator)

    def evaluate(func: Callable[[Any], Any], arguments: Sequence[Any], n_cores: int) -> list[Any]:
        outcomes = public(_Catching(func), list(arguments), n_cores=n_cores, error_handling="raise")
        return [
            outcome.as_exception() if isinstance(outcome, _Failure) else outcome
            for outcome in outcomes
        ]

    return evaluate


class _Catching:
    """A function whose failures are values."""

    def __init__(self, func: Callable[[Any], Any]) -> None:
        self.func = func

    def __call__(self, argument: Any) -> Any:
        """Call the function; return a `_Failure` when it fails."""
        try:
            return self.func(argument)
        except Exception as error:
            return _Failure(error, get_traceback())


class _Failure:
    """An exception and its traceback as text, which survive the way back from another process."""

    def __init__(self, error: Exception, text: str) -> None:
        try:
            pickle.loads(pickle.dumps(error))
        except Exception:
            error = RuntimeError(f"{type(error).__name__}: {error}")
        self.error, self.text = error, text

    def as_exception(self) -> Exception:
        """The exception, with its traceback as cause when it comes from another process."""
        if self.error.__traceback__ is None and self.error.__cause__ is None:
            self.error.__cause__ = _WorkerTraceback(self.text)
        return self.error


class _WorkerTraceback(Exception):
    """The traceback of a worker, as text."""

    def __str__(self) -> str:
        return "\n" + str(self.args[0])


class _Pickled:
    """A function that travels to processes by cloudpickle, which knows more than pickle."""

    def __init__(self, func: Callable[[Any], Any]) -> None:
        self.func = func

    def __call__(self, argument: Any) -> Any:
        """Call the function."""
        return self.func(argument)

    def __reduce__(self) -> tuple[Any, ...]:
        """Use cloudpickle if it is installed."""
        if find_spec("cloudpickle") is None:
            return (_Pickled, (self.func,))
        import cloudpickle

        return (_unpickled, (cloudpickle.dumps(self.func),))


def _unpickled(content: bytes) -> _Pickled:
    return _Pickled(pickle.loads(content))


class _OutsideEvaluator:
    """Somebody else's workers as a batch evaluator; they have their own number of them."""

    def __init__(self, workers: Any) -> None:
        self.workers = workers

    def __call__(
        self,
        func: Callable[..., Any],
        arguments: list[Any],
        *,
        n_cores: int = N_CORES,
        error_handling: ErrorHandling | Literal["raise", "continue"] = "continue",
        unpack_symbol: Literal["*", "**"] | None = None,
    ) -> list[Any]:
        """Evaluate `func` at all arguments; like `joblib_batch_evaluator`."""

        def run(function: Callable[[Any], Any], points: Sequence[Any], n_cores: int) -> list[Any]:
            return self.map(_Pickled(function), list(points))

        return _evaluate_batch(run, func, arguments, n_cores, error_handling, unpack_symbol)

    def map(self, func: Callable[[Any], Any], points: list[Any]) -> list[Any]:
        """The values of `func`, in the order of the points: executors and pools return them."""
        return list(self.workers.map(func, points))


class _DaskEvaluator(_OutsideEvaluator):
    """A client of Dask, whose `map` returns futures."""

    def map(self, func: Callable[[Any], Any], points: list[Any]) -> list[Any]:
        """The values of `func`, gathered. Nothing is taken from the cache of pure functions."""
        from inspect import signature

        parameters = signature(self.workers.map).parameters
        pure = {"pure": False} if {"pure", "kwargs"} & set(parameters) else {}
        return list(self.workers.gather(self.workers.map(func, points, **pure)))


class _Unpacking:
    """A function of several arguments as a function of one."""

    def __init__(self, func: Callable[..., Any], symbol: str) -> None:
        self.func, self.symbol = func, symbol

    def __call__(self, argument: Any) -> Any:
        """Unpack the argument and call the function."""
        return self.func(*argument) if self.symbol == "*" else self.func(**argument)


def _evaluate_batch(
    run: Evaluate,
    func: Callable[..., Any],
    arguments: list[Any],
    n_cores: int,
    error_handling: Any,
    unpack_symbol: Any,
) -> list[Any]:
    mode = getattr(error_handling, "value", error_handling)
    if not callable(func):
        raise TypeError("func must be callable.")
    if not isinstance(arguments, (list, tuple)):
        raise InvalidArgumentError(f"arguments must be a list, not {type(arguments).__name__}.")
    if not hasattr(n_cores, "__index__"):
        raise InvalidArgumentError(f"n_cores must be a whole number, not {n_cores!r}.")
    if unpack_symbol not in (None, "*", "**"):
        raise InvalidArgumentError(
            f"unpack_symbol must be None, '*' or '**', not {unpack_symbol!r}."
        )
    if mode not in ("raise", "raise_strict", "continue"):
        raise InvalidArgumentError(
            f"error_handling must be 'raise' or 'continue', not {error_handling!r}."
        )
    function = func if unpack_symbol is None else _Unpacking(func, unpack_symbol)
    workers = min(int(n_cores), len(arguments))
    if workers <= 1:
        run = _in_loop
    if mode != "continue":
        return run(function, list(arguments), workers)
    outcomes = run(_Catching(function), list(arguments), workers)
    return [
        _traceback_with_warning(outcome) if isinstance(outcome, _Failure) else outcome
        for outcome in outcomes
    ]


def _traceback_with_warning(failure: _Failure) -> str:
    warn_user(f"The following exception was caught:\n\n{failure.text}")
    return failure.text


def _in_loop(func: Callable[[Any], Any], arguments: Sequence[Any], n_cores: int) -> list[Any]:
    return [func(argument) for argument in arguments]


def _in_joblib(func: Callable[[Any], Any], arguments: Sequence[Any], n_cores: int) -> list[Any]:
    if find_spec("joblib") is None:
        warn_user("joblib is not installed, so evaluations run in threads instead of processes.")
        return _in_threads(func, arguments, n_cores)
    from joblib import Parallel, delayed

    return list(Parallel(n_jobs=n_cores)(delayed(func)(argument) for argument in arguments))


def _in_pathos(func: Callable[[Any], Any], arguments: Sequence[Any], n_cores: int) -> list[Any]:
    check_installed("pathos")
    from pathos.pools import ProcessPool

    return list(ProcessPool(nodes=n_cores).map(func, arguments))


def _in_threads(func: Callable[[Any], Any], arguments: Sequence[Any], n_cores: int) -> list[Any]:
    from concurrent.futures import ThreadPoolExecutor

    with ThreadPoolExecutor(max_workers=n_cores) as executor:
        return list(executor.map(func, arguments))


def _has(candidate: Any, protocol: tuple[str, ...]) -> bool:
    return all(callable(getattr(candidate, name, None)) for name in protocol)


_DASK = ("submit", "map", "gather")
_EXECUTOR = ("submit", "map")
_POOL = ("map", "starmap")
_PATHOS_POOL = ("map", "imap", "amap")
_PROTOCOLS: tuple[tuple[tuple[str, ...], Any], ...] = (
    (_DASK, _DaskEvaluator),
    (_EXECUTOR, _OutsideEvaluator),
    (_POOL, _OutsideEvaluator),
    (_PATHOS_POOL, _OutsideEvaluator),
)
"""The methods by which workers are recognized, and how their batches are evaluated."""

_PUBLIC_NAMES = ("joblib", "pathos", "pathos_mp", "threading")

_NAMED: dict[str, BatchEvaluator] = {
    "joblib": joblib_batch_evaluator,
    "pathos": pathos_mp_batch_evaluator,
    "pathos_mp": pathos_mp_batch_evaluator,
    "threading": threading_batch_evaluator,
}
