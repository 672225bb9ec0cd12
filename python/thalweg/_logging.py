"""Where and how a run is logged."""

from __future__ import annotations

import os
from dataclasses import dataclass
from enum import Enum
from pathlib import Path
from typing import TYPE_CHECKING, Any, Literal

from thalweg.exceptions import InvalidArgumentError

if TYPE_CHECKING:
    from thalweg._call import Call
    from thalweg._resolve_algorithm import Resolved


class ExistenceStrategy(str, Enum):
    """What happens to a log file that is there already."""

    RAISE = "raise"
    EXTEND = "extend"
    REPLACE = "replace"


_STRATEGIES = tuple(strategy.value for strategy in ExistenceStrategy)
_DURABILITIES = {True: "grouped", False: "strict", "unsafe": "unsafe"}
_MAY_CHANGE = (
    "stopping_maxfun",
    "stopping_maxiter",
    "stopping_maxtime",
    "n_cores",
    "batch_evaluator",
)
"""Options of user-defined algorithms that may change between sessions."""

_KEYS_OF_2022 = ("fast_logging", "if_table_exists", "if_database_exists")


@dataclass(frozen=True)
class SQLiteLogOptions:
    """A log in an SQLite file.

    Args:
        path: The file.
        fast_logging: When an evaluation is safe. True: within 50 milliseconds, in groups that a
            thread of its own commits; nothing that a crash of the machine leaves is unreadable.
            False: before the next evaluation begins. "unsafe": as True, without ever waiting for
            the disk; a crash of the machine may destroy the file.
        if_database_exists: What happens to a file that is there already: "raise", an exception;
            "extend", the run is added as a further problem; "replace", the file is deleted.

    Raises:
        InvalidArgumentError: An option has an impossible value.
    """

    path: str | Path
    fast_logging: bool | Literal["unsafe"] = True
    if_database_exists: ExistenceStrategy | Literal["raise", "extend", "replace"] = (
        ExistenceStrategy.RAISE
    )

    def __post_init__(self) -> None:
        """Check the options."""
        if not isinstance(self.path, (str, os.PathLike)):
            raise InvalidArgumentError(f"path must be the path of a file, not {self.path!r}.")
        if not (self.fast_logging is True or self.fast_logging is False) and (
            self.fast_logging != "unsafe"
        ):
            raise InvalidArgumentError(
                f"fast_logging must be True, False or 'unsafe', not {self.fast_logging!r}."
            )
        object.__setattr__(self, "if_database_exists", _strategy(self.if_database_exists))

    def _flat(self) -> dict[str, Any]:
        """The options as the core takes them."""
        return {
            "path": Path(self.path),
            "durability": _DURABILITIES[self.fast_logging],
            "if_database_exists": ExistenceStrategy(self.if_database_exists).value,
        }


def _strategy(value: Any) -> ExistenceStrategy:
    word = getattr(value, "value", value)
    if word not in _STRATEGIES:
        raise InvalidArgumentError(
            f"if_database_exists must be one of {list(_STRATEGIES)}, not {value!r}."
        )
    return ExistenceStrategy(word)


def convert_logging(call: Call) -> SQLiteLogOptions | None:
    """The options of the log; None without one.

    Raises:
        InvalidArgumentError: `logging`, `log_options` or `resume` have impossible values.
    """
    if call.resume is not True and call.resume is not False:
        raise InvalidArgumentError(f"resume must be a boolean, not {call.resume!r}.")
    if call.logging is None or call.logging is False:
        if call.resume:
            raise InvalidArgumentError(
                "resume=True needs a log to resume from: say where it is with logging=, for "
                "example logging='my_log.db'."
            )
        if call.log_options is not None:
            call.notes.append("log_options was ignored because logging is not set.")
        return None
    if isinstance(call.logging, SQLiteLogOptions):
        if call.log_options is not None:
            call.notes.append(
                "log_options was ignored because logging is a SQLiteLogOptions, which has all "
                "options."
            )
        return call.logging
    if isinstance(call.logging, (str, os.PathLike)):
        return SQLiteLogOptions(call.logging, **_options_of_2022(call))  # type: ignore[arg-type]
    where = " It does not say where to log." if call.logging is True else ""
    raise InvalidArgumentError(
        "logging must be the path of a file, for example 'my_log.db', a SQLiteLogOptions, None or "
        f"False, not {call.logging!r}.{where}"
    )


def _options_of_2022(call: Call) -> dict[str, Any]:
    options = dict(call.log_options or {})
    unknown = [key for key in options if key not in _KEYS_OF_2022]
    if unknown:
        from thalweg.utilities import propose_alternatives

        raise InvalidArgumentError(
            f"log_options has no key {unknown[0]!r}. Did you mean "
            f"{propose_alternatives(str(unknown[0]), list(_KEYS_OF_2022))}?"
        )
    options.pop("if_table_exists", None)  # no table exists without its file
    return options


def log_arguments(options: SQLiteLogOptions, call: Call, algorithm: Resolved) -> dict[str, Any]:
    """The log as the core takes it."""
    from thalweg._structure import encode

    return {
        **options._flat(),
        "resume": call.resume,
        "structure": encode(call.params),
        "identity": [] if isinstance(algorithm.target, str) else _options_of(algorithm.target),
    }


def _options_of(target: Any) -> list[tuple[str, str]]:
    """The options of a user-defined algorithm, which the core does not know."""
    options = sorted(vars(target._algorithm).items())
    return [(f"option {name}", repr(value)) for name, value in options if name not in _MAY_CHANGE]
