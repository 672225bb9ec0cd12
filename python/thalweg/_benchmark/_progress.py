"""How many runs are done, on one line of the terminal."""

from __future__ import annotations

import sys
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager

_WIDTH = 30
_PAUSE = 0.1
"""Seconds between two looks."""


@contextmanager
def progress_bar(wanted: bool, total: int) -> Iterator[Callable[[int, int], None] | None]:
    """A function that is told how many runs are done, while the line is there; None if not wanted."""
    if not wanted:
        yield None
        return
    begin = time.perf_counter()
    last = [-1.0]

    def show(done: int, _: int) -> None:
        now = time.perf_counter() - begin
        if done < total and now - last[0] < _PAUSE:
            return
        last[0] = now
        filled = _WIDTH * done // total
        bar = "#" * filled + "." * (_WIDTH - filled)
        sys.stderr.write(f"\r[{bar}] {done}/{total} runs, {now:.0f} s")
        sys.stderr.flush()

    try:
        yield show
    finally:
        sys.stderr.write("\n")
