"""The plot in the report of docs/results.md, as a notebook shows it, on white."""

import re
from pathlib import Path

import numpy as np

import thalweg as om

OUT = Path(__file__).parents[2] / "docs" / "pictures" / "report.svg"


def main():
    res = om.minimize(lambda x: x @ x, np.arange(5.0), "scipy_neldermead")
    plot = re.search(r"<svg.*?</svg>", res._repr_html_(), re.DOTALL).group()
    OUT.write_text(plot.replace('style="', 'style="background: white; color: black; ', 1) + "\n")


if __name__ == "__main__":
    main()
