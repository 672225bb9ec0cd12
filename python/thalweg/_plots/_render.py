"""From figures as JSON to objects of a plotting package."""

from __future__ import annotations

from importlib import import_module
from importlib.util import find_spec
from typing import Any, Literal

from thalweg._plots._model import Figure
from thalweg.exceptions import InvalidPlottingBackendError, NotInstalledError

Backend = Literal["plotly", "matplotlib", "bokeh", "altair"]

BACKENDS = ("plotly", "matplotlib", "bokeh", "altair")

PALETTE = [
    "#1F77B4",
    "#FF7F0E",
    "#2CA02C",
    "#D62728",
    "#9467BD",
    "#8C564B",
    "#E377C2",
    "#7F7F7F",
    "#BCBD22",
    "#17BECF",
]
"""The colours of lines: the ten of D3."""


class Renderer:
    """A back end that is there, with a template that it has; checked before anything is evaluated.

    Attributes:
        is_plotly: Whether plotly draws.

    Args:
        backend: One of `BACKENDS`. Without plotly, its place is taken by figures of our own.
        template: The look, by a name of the back end, or None for its default.

    Raises:
        InvalidPlottingBackendError: There is no such back end.
        NotInstalledError: It is not installed.
        InvalidArgumentError: It has no such template.
    """

    def __init__(self, backend: Any, template: Any) -> None:
        drawn_by = _drawn_by(backend)
        self.is_plotly = drawn_by == "plotly"
        self._module = import_module(f"thalweg._plots._{drawn_by}")
        self._template = template
        if template is not None:
            self._module.check_template(template)

    def __call__(self, figure: str, **further: Any) -> Any:
        """The figure that the core described as JSON."""
        return self._module.draw(Figure.from_json(figure), self._template, **further)


def is_template(value: Any) -> bool:
    """Whether this is a template of plotly: in calls of 2022 it stands where now the back end does."""
    if isinstance(value, str) and value in BACKENDS:
        return False
    if value is None or find_spec("plotly") is None:
        return False
    from thalweg._plots._plotly import is_template

    return is_template(value)


def _drawn_by(backend: Any) -> str:
    if not isinstance(backend, str) or backend not in BACKENDS:
        from thalweg.utilities import propose_alternatives

        near = propose_alternatives(str(backend), BACKENDS, number=1)[0]
        raise InvalidPlottingBackendError(
            f"Invalid plotting backend {backend!r}. Available backends: {', '.join(BACKENDS)}. "
            f"Did you mean {near!r}?"
        )
    if find_spec(backend) is not None:
        return backend
    if backend == "plotly":
        return "native"
    raise NotInstalledError(
        f"The {backend} backend is not installed. Install the package using either "
        f"'pip install {backend}' or 'conda install -c conda-forge {backend}'."
    )
