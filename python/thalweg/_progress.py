"""Displays of progress: in a terminal, in a notebook, as plain lines, or a function of the user.

A display is called with a report, whose text is one line, at most ten times a second and at the end.
Nothing that goes wrong in it ends the run.
"""

from __future__ import annotations

import sys
from collections.abc import Callable
from contextlib import suppress
from typing import TYPE_CHECKING, Any

from thalweg.exceptions import InvalidArgumentError

if TYPE_CHECKING:
    from thalweg._thalweg import ProgressReport

Display = Callable[["ProgressReport"], Any]


def display_for(progress: Any) -> tuple[Display, bool] | None:
    """The display that was asked for, and whether it draws over what it showed before.

    Raises:
        InvalidArgumentError: `progress` is neither yes, no, nor a function.
    """
    if progress is None or progress is False:
        return None
    if progress is not True:
        if callable(progress):
            return _of_user(progress), True
        raise InvalidArgumentError(
            "progress must be True, False or a function that is called with a ProgressReport, not "
            f"{progress!r}."
        )
    if _in_notebook():
        return _notebook(), True
    with suppress(Exception):
        if sys.stderr.isatty():
            return _terminal(), True
    return _plain, False


def _in_notebook() -> bool:
    """Whether output goes to a notebook: IPython runs, and with a kernel."""
    with suppress(Exception):
        return sys.modules["IPython"].get_ipython().kernel is not None
    return False


def _plain(report: ProgressReport) -> None:
    with suppress(Exception):
        print(report, file=sys.stderr, flush=True)


def _terminal() -> Display:
    """One line that is written over."""
    shown = 0

    def show(report: ProgressReport) -> None:
        nonlocal shown
        with suppress(Exception):
            from shutil import get_terminal_size

            line = str(report)
            if report.message is None:
                line = line[: get_terminal_size().columns - 1]
            end = "" if report.message is None else "\n"
            print("\r" + line.ljust(shown), end=end, file=sys.stderr, flush=True)
            shown = len(line)

    return show


class _Shown:
    """A line with a bar, as notebooks show it."""

    def __init__(self, report: ProgressReport) -> None:
        self.line, self.share = str(report), report.share

    def __repr__(self) -> str:
        return self.line

    def _repr_html_(self) -> str:
        from html import escape

        bar = ""
        if self.share is not None:
            bar = f'<progress value="{self.share:.3f}" style="margin-right: 0.8em"></progress>'
        return f'<div style="font-family: monospace">{bar}{escape(self.line)}</div>'


def _notebook() -> Display:
    """An output of the cell that is updated."""
    handle: Any = None

    def show(report: ProgressReport) -> None:
        nonlocal handle
        with suppress(Exception):
            import IPython.display

            display: Any = IPython.display.display
            if handle is None:
                handle = display(_Shown(report), display_id=True)
            else:
                handle.update(_Shown(report))

    return show


def _of_user(function: Display) -> Display:
    """The user's function, until it fails: that is told once, and the run goes on."""
    failed = False

    def show(report: ProgressReport) -> None:
        nonlocal failed
        if failed:
            return
        try:
            function(report)
        except Exception as error:
            failed = True
            from thalweg._warnings import warn_user

            warn_user(
                f"The function given as progress failed and is not called again: {error!r}. The "
                "run goes on."
            )

    return show
