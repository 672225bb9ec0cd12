"""Turn the files of NIST's reference datasets for nonlinear regression into `crates/thalweg-bench/data/nist_strd.tsv`.

The 27 files (`Misra1a.dat` and so on, in the public domain) come from NIST's Statistical Reference Datasets,
https://www.itl.nist.gov/div898/strd/nls/nls_main.shtml; the source distribution of the Python package lmfit has them, too. Run with
their folder:

    python scripts/reference/nist_data.py FOLDER

Each line of the result is a dataset's name in lower case, what follows, and the numbers: both starts, the certified parameters and sum
of squares, the observations y, and the predictors x (and x2).
"""

import re
import sys
from pathlib import Path

DATA = Path(__file__).resolve().parents[2] / "crates" / "thalweg-bench" / "data"


def read(path):
    lines = path.read_text().splitlines()
    first, last = map(int, re.search(r"Data +\(lines +(\d+) +to +(\d+)\)", "\n".join(lines[:12])).groups())
    parameters = [line.split("=")[1].split() for line in lines if re.match(r" +b\d+ *= ", line)]
    squares = next(line for line in lines if line.startswith("Residual Sum of Squares"))
    columns = list(zip(*(line.split() for line in lines[first - 1 : last])))
    yield from zip(["start_1", "start_2", "certified"], list(zip(*parameters))[:3])
    yield "sum_of_squares", [squares.split(":")[1]]
    yield from zip(["y", "x", "x2"], columns)


def main():
    lines = []
    for path in sorted(Path(sys.argv[1]).glob("*.dat"), key=lambda path: path.name.lower()):
        for what, numbers in read(path):
            lines.append("\t".join([path.stem.lower(), what, *(repr(float(number)) for number in numbers)]))
    (DATA / "nist_strd.tsv").write_text("\n".join(lines) + "\n")


if __name__ == "__main__":
    main()
