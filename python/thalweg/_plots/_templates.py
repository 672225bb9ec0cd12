"""Messages about templates, alike for all back ends."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

from thalweg.exceptions import InvalidArgumentError


def unknown_template(backend: str, template: Any, known: Iterable[str]) -> InvalidArgumentError:
    """The exception for a template that the back end does not have."""
    from thalweg.utilities import propose_alternatives

    names = sorted(known)
    near = propose_alternatives(str(template), names)
    return InvalidArgumentError(
        f"{backend} has no template {template!r}. Did you mean {near}? All templates: {names}."
    )
