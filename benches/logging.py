"""What a log costs, beside optimagic's, in one run of one machine.

    python benches/logging.py

For each number of parameters the same objective runs with and without a log; the difference per row
is what the log costs. Beside it: the file's bytes per raw byte (parameters and value), and the time
to open a log. optimagic is measured in the same way, with fewer rows, if it is installed.
"""

import gc
import statistics
import tempfile
import time
from pathlib import Path

import numpy as np
import thalweg as tw

REPEATS = 5


def sphere(x):
    return x @ x


def seconds(call, repeats=REPEATS):
    """The shortest of several runs."""
    times = []
    for _ in range(repeats):
        gc.collect()
        begin = time.perf_counter()
        call()
        times.append(time.perf_counter() - begin)
    return min(times)


def run(n, rows, logging=None):
    return tw.minimize(
        sphere,
        np.arange(1.0, n + 1),
        "scipy_neldermead",
        algo_options={
            "stopping_maxfun": rows,
            "convergence_ftol_abs": 0,
            "convergence_xtol_abs": 0,
        },
        logging=logging,
        collect_history=False,
    )


def ours(n, rows, fast, folder):
    path = Path(folder) / "ours.db"
    options = tw.SQLiteLogOptions(path, fast_logging=fast, if_database_exists="replace")
    plain = seconds(lambda: run(n, rows))
    made = run(n, rows, options).n_fun_evals
    logged = seconds(lambda: run(n, rows, options))
    raw = made * 8 * (n + 1)
    size = path.stat().st_size
    return (logged - plain) / made, size / raw, (size - 1.2 * raw) / made


def theirs(n, rows, folder):
    import optimagic as om

    def call(logging=None):
        return om.minimize(
            sphere,
            np.arange(1.0, n + 1),
            "scipy_neldermead",
            algo_options={"stopping_maxfun": rows},
            logging=logging,
        )

    plain = seconds(call, 2)
    times = []
    for number in range(2):
        path = Path(folder) / f"theirs_{n}_{number}.db"
        times.append(seconds(lambda path=path: call(om.SQLiteLogOptions(path)), 1))
    return (min(times) - plain) / rows


def opening(folder):
    """Median milliseconds to begin a log, and to open one for reading."""
    begin, read = [], []
    x = np.arange(5.0)
    for number in range(40):
        path = Path(folder) / f"open_{number}.db"
        clock = time.perf_counter()
        tw.minimize(sphere, x, "scipy_lbfgsb", logging=path)
        logged = time.perf_counter() - clock
        clock = time.perf_counter()
        tw.minimize(sphere, x, "scipy_lbfgsb")
        begin.append(logged - (time.perf_counter() - clock))
        clock = time.perf_counter()
        tw.SQLiteLogReader(path)
        read.append(time.perf_counter() - clock)
    return 1e3 * statistics.median(begin), 1e3 * statistics.median(read)


def main():
    with tempfile.TemporaryDirectory() as folder:
        titles = ("n", "log", "us per row", "bytes/raw", "over 1.2 raw", "ratio")
        widths = (5, 9, 11, 10, 13, 7)
        print(*(f"{title:>{width}}" for title, width in zip(titles, widths, strict=True)))
        for n, rows in [(2, 20_000), (10, 20_000), (100, 10_000), (1000, 2_000)]:
            try:
                peer = theirs(n, 300, folder)
            except ImportError:
                peer = float("nan")
            for word, fast in [("grouped", True), ("strict", False), ("unsafe", "unsafe")]:
                cost, size, over = ours(n, rows, fast, folder)
                row = f"{n:>5} {word:>9} {1e6 * cost:>11.2f} {size:>10.2f} {over:>13.1f}"
                print(f"{row} {peer / cost:>7.0f}", flush=True)
            print(f"{n:>5} {'optimagic':>9} {1e6 * peer:>11.0f}")
        begin, read = opening(folder)
        print(f"a run of 3 evaluations takes {begin:.2f} ms more with a log")
        print(f"opening a log to read takes {read:.2f} ms")


if __name__ == "__main__":
    main()
