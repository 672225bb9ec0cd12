"""The data sets of the examples; see `data/README.md`. Not an example itself."""

import csv
from pathlib import Path

import numpy as np

FOLDER = Path(__file__).resolve().parents[2] / "data"


def columns(name):
    """The columns of a CSV file by their names, as arrays of numbers where they are numbers."""
    with open(FOLDER / name, encoding="utf-8") as file:
        rows = list(csv.DictReader(line for line in file if not line.startswith("#")))
    return {key: _array([row[key] for row in rows]) for key in rows[0]}


def digits(estimates, certified):
    """The smallest number of digits in which estimates agree with certified ones."""
    error = np.abs((np.asarray(estimates) - certified) / certified)
    return float(-np.log10(error.max().clip(1e-11, 1)))


def _array(cells):
    try:
        return np.array(cells, dtype=float)
    except ValueError:
        return np.array(cells)
