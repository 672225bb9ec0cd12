"""The plot in the report of docs/results.md, as a notebook shows it, on white."""

import re
import sys
from pathlib import Path

import numpy as np

import thalweg as om

TARGET = Path(__file__).parents[2] / "docs" / "pictures"


def main(folder):
    res = om.minimize(lambda x: x @ x, np.arange(5.0), "scipy_neldermead")
    plot = re.search(r"<svg.*?</svg>", res._repr_html_(), re.DOTALL).group()
    on_white = plot.replace('style="', 'style="background: white; color: black; ', 1)
    (folder / "report.svg").write_text(on_white + "\n")


if __name__ == "__main__":
    main(Path(sys.argv[1]) if len(sys.argv) > 1 else TARGET)
