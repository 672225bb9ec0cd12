"""Warnings that point at the user's code, however deep in this package they arise."""

from __future__ import annotations

import os
import sys
import warnings
from collections.abc import Iterable
from types import FrameType

_PACKAGE = os.path.dirname(os.path.abspath(__file__)) + os.sep


def warn_user(message: str, category: type[Warning] = UserWarning) -> None:
    """Warn at the innermost line that is not part of this package."""
    level = 1
    frame: FrameType | None = sys._getframe()
    while frame is not None and _is_ours(frame):
        level, frame = level + 1, frame.f_back
    warnings.warn(message, category, stacklevel=level)


def _is_ours(frame: FrameType) -> bool:
    """Whether the frame belongs to this package; methods that dataclasses write have no file."""
    code = frame.f_code.co_filename
    module = frame.f_globals.get("__name__", "")
    return code.startswith(_PACKAGE) or (code == "<string>" and module.startswith("thalweg."))


def warn_renamed(renamed: Iterable[tuple[str, str]]) -> None:
    """One FutureWarning that lists every outdated name of a call with its replacement."""
    lines = "\n".join(f"  {old} -> {new}" for old, new in renamed)
    if lines:
        warn_user(
            f"Please replace the following names, which are outdated:\n{lines}", FutureWarning
        )


def warn_low_precision(function: str, steps: str) -> None:
    """Say that steps for numbers of 64 bits are too small for a function with fewer."""
    warn_user(
        f"{function} returns numbers with less than 64 bits, in which the steps of numerical "
        "derivatives (about 1e-8) vanish: the derivatives are wrong, often zero. Give a closed form "
        "(with jax: jac=jax.grad(fun)), compute in 64 bits (with jax: "
        f'jax.config.update("jax_enable_x64", True)), or use larger steps: {steps}.'
    )
