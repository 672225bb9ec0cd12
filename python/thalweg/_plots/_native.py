"""Figures of our own, for when plotly is not installed."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

from thalweg import _thalweg
from thalweg._plots._model import Figure
from thalweg.exceptions import NotInstalledError


class NativeFigure:
    """A figure that needs no plotting package: it shows itself in notebooks and browsers.

    Attributes:
        data: The figure as plain data: panels, axes, traces.
    """

    def __init__(self, data: dict[str, Any]) -> None:
        self.data = data

    def show(self) -> None:
        """Show the figure: in a notebook below the cell, elsewhere in the browser."""
        shell = _notebook()
        if shell is not None:
            shell(self)
            return
        import tempfile
        import webbrowser

        path = Path(tempfile.mkdtemp(prefix="thalweg-")) / "figure.html"
        self.write_html(path)
        webbrowser.open(path.as_uri())

    def to_html(self) -> str:
        """The figure as a page that needs nothing else."""
        return _thalweg.render_html(self.to_json())

    def write_html(self, path: str | Path) -> None:
        """Write the figure as a page that needs nothing else."""
        Path(path).write_text(self.to_html(), encoding="utf-8")

    def write_image(self, path: str | Path) -> None:
        """Write the figure as an image; `path` ends with .svg.

        Raises:
            NotInstalledError: The path has another ending: other kinds of images need plotly.
        """
        if Path(path).suffix.lower() != ".svg":
            raise NotInstalledError(
                f"Without plotly, figures are written as images of the kind .svg, not as {str(path)!r}. "
                "For other kinds, install plotly and kaleido: 'pip install plotly kaleido'."
            )
        Path(path).write_text(_thalweg.render_svg(self.to_json()), encoding="utf-8")

    def to_json(self) -> str:
        """The figure as JSON: the plain data of `data`."""
        return json.dumps(self.data)

    def _repr_html_(self) -> str:
        """What notebooks show."""
        return _thalweg.render_svg(self.to_json())

    def __repr__(self) -> str:
        panels = self.data["panels"]
        n_traces = sum(len(panel["traces"]) for panel in panels)
        return (
            f"NativeFigure({len(panels)} panels, {n_traces} traces; install plotly for figures "
            "that can be changed)"
        )


def check_template(template: Any) -> None:
    """There are no templates without plotly.

    Raises:
        NotInstalledError: Always.
    """
    raise NotInstalledError(
        f"The template {template!r} needs plotly, which is not installed. Install the package using "
        "either 'pip install plotly' or 'conda install -c conda-forge plotly'."
    )


def draw(figure: Figure, template: Any) -> NativeFigure:
    """The figure as it is."""
    return NativeFigure(figure.source)


def _notebook() -> Any:
    """The function that shows objects in a notebook; None outside of notebooks."""
    import sys

    shell = getattr(sys.modules.get("IPython"), "get_ipython", lambda: None)()
    if type(shell).__name__ != "ZMQInteractiveShell":
        return None
    from IPython.display import display

    return display
