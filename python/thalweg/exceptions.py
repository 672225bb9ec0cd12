"""Every exception that thalweg raises.

An exception that stands where a built-in one is customary is a subclass of it, so that `except
ValueError` keeps working. An exception that ends a running optimization carries what was found
until then in its attribute `partial_result`.
"""

from __future__ import annotations

import sys
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from thalweg._result import OptimizeResult


class OptimagicError(Exception):
    """Base of all exceptions of this package."""

    partial_result: OptimizeResult | None = None
    """The result until the failure, when an optimization was running.

    Best parameters, their value, the history.
    """


ThalwegError = OptimagicError


class MissingInputError(OptimagicError):
    """The objective, the parameters or the algorithm are missing."""


class AliasError(OptimagicError):
    """An argument and its alias from scipy are both given."""


class InvalidFunctionError(OptimagicError):
    """A function fails at the start, returns the wrong type or does not fit the algorithm."""


class UserFunctionRuntimeError(OptimagicError):
    """A function of the user failed during a run or returned a derivative that is not finite."""


class NumericalDerivativeError(UserFunctionRuntimeError):
    """A numerical derivative could not be computed because evaluations failed."""


class ExplorationError(UserFunctionRuntimeError, RuntimeError):
    """No point of a search from many starts could be evaluated."""


class InvalidKwargsError(OptimagicError):
    """Keyword arguments do not fit the function that they are meant for."""


class InvalidParamsError(OptimagicError, ValueError):
    """The parameters are not numbers, are NaN, or break a bound or constraint."""


class InvalidConstraintError(OptimagicError, ValueError):
    """A constraint is ill-formed or cannot be combined with the others or with the algorithm."""


class InvalidBoundsError(OptimagicError, ValueError):
    """Bounds do not fit the parameters, cross each other or cannot be kept by the algorithm."""


class IncompleteBoundsError(OptimagicError, ValueError):
    """The algorithm needs (finite) bounds that are missing."""


class InvalidScalingError(OptimagicError, ValueError):
    """Invalid options for scaling."""


class InvalidMultistartError(OptimagicError, ValueError):
    """Invalid options for multistart."""


class InvalidNumdiffOptionsError(OptimagicError, ValueError):
    """Invalid options for numerical derivatives."""


class InvalidAlgorithmError(OptimagicError, ValueError):
    """There is no algorithm of this name."""


class UnsupportedAlgorithmError(InvalidAlgorithmError, NotImplementedError):
    """A known algorithm that this version does not have."""


class InvalidAlgoOptionError(OptimagicError, ValueError, TypeError):
    """An option of an algorithm does not exist or has an impossible value."""


class UnsupportedAlgoOptionError(InvalidAlgoOptionError, NotImplementedError):
    """A value of an option that the library which the name is from has, but not for this problem."""


class InvalidAlgoInfoError(OptimagicError, TypeError):
    """The declaration of a user-defined algorithm is incomplete."""


class InvalidArgumentError(OptimagicError, ValueError, TypeError):
    """An argument has a type or value that it cannot have."""


class InvalidResultError(OptimagicError, ValueError):
    """A file or text holds no result, a damaged one, or one of a newer version."""


class UnsupportedArgumentError(OptimagicError, NotImplementedError):
    """An argument that this version does not support."""


class InternalError(OptimagicError, RuntimeError):
    """Something happened that cannot happen: an error in this package. Please report it."""


class InvalidPlottingBackendError(OptimagicError, ValueError):
    """There is no plotting backend of this name."""


class NotInstalledError(OptimagicError, ImportError):
    """An optional package is needed and not installed."""


class NotAvailableError(OptimagicError):
    """A result was asked for that was not computed."""


class TableExistsError(OptimagicError):
    """A table of this name exists in the database."""


class LogExistsError(OptimagicError, FileExistsError):
    """There is a log file already, and nothing says what to do with it."""


class LogNotFoundError(OptimagicError, FileNotFoundError):
    """There is no such log file, or no folder for it."""


class LogAccessError(OptimagicError, OSError):
    """The system does not let a log file be opened, created, replaced, read or written."""


class InvalidLogError(OptimagicError, ValueError):
    """A file is not a log that is understood here, or not the log of the run to be resumed."""


class LogIndexError(OptimagicError, IndexError):
    """There is no such problem or evaluation in a log."""


class StopOptimizationError(OptimagicError):
    """Stops an optimization from within; made of a message and the state reached.

    Raised in the objective or in a callback, it ends the run, and the best point so far is
    returned.
    """

    def __init__(self, message: str, current_status: Any = None) -> None:
        super().__init__(message)
        self.message = message
        self.current_status = current_status

    def __reduce__(self) -> tuple[Any, ...]:
        """Pickle with both arguments; exceptions keep only the first by themselves."""
        return (type(self), (self.message, self.current_status))


def get_traceback() -> str:
    """The traceback of the exception that is being handled, as text."""
    from traceback import format_exception

    return "".join(format_exception(*sys.exc_info()))
