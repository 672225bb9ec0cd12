"""What a log costs, beside optimagic's, in one run of one machine.

    python benches/log.py

For each number of parameters the same objective runs with and without a log; the difference per row
is what the log costs. Beside it: the file's bytes per raw byte (parameters and value), and the time
to open a log. optimagic is measured in the same way, with fewer rows, if it is installed.
"""

import gc
import statistics
import tempfile
import time
from itertools import count
from pathlib import Path

import numpy as np
import thalweg as tw

REPEATS = 5


def sphere(x):
    return x @ x


def compare(plain, logged, repeats=REPEATS):
    """What the second call costs more than the first: seconds by the wall and of the processor.

    The calls take turns, and of each the shortest time counts, so that it matters little what else
    the machine does.
    """
    times = [[], []]
    for _ in range(repeats):
        for call, taken in zip((plain, logged), times, strict=True):
            gc.collect()
            begin = time.perf_counter(), time.process_time()
            call()
            taken.append((time.perf_counter() - begin[0], time.process_time() - begin[1]))
    shortest = [[min(column) for column in zip(*taken, strict=True)] for taken in times]
    return shortest[1][0] - shortest[0][0], shortest[1][1] - shortest[0][1]


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
    """Wall and processor seconds per row; bytes of the file per raw byte, and beyond 1.2 of them."""
    path = Path(folder) / "ours.db"
    options = tw.SQLiteLogOptions(path, fast_logging=fast, if_database_exists="replace")
    made = run(n, rows, options).n_fun_evals
    wall, processor = compare(lambda: run(n, rows), lambda: run(n, rows, options))
    raw = made * 8 * (n + 1)
    size = path.stat().st_size
    return wall / made, processor / made, size / raw, (size - 1.2 * raw) / made


def theirs(n, rows, folder):
    """Wall and processor seconds per row."""
    import optimagic as om

    numbers = count()

    def call(logging=None):
        return om.minimize(
            sphere,
            np.arange(1.0, n + 1),
            "scipy_neldermead",
            algo_options={"stopping_maxfun": rows},
            logging=logging,
        )

    def logged():
        return call(om.SQLiteLogOptions(Path(folder) / f"theirs_{n}_{next(numbers)}.db"))

    wall, processor = compare(call, logged, 3)
    return wall / rows, processor / rows


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
        titles = ("n", "log", "us per row", "processor", "ratio", "ratio", "bytes/raw", "over 1.2")
        print(*(f"{title:>10}" for title in titles))
        for n, rows in [(2, 20_000), (10, 20_000), (100, 20_000), (1000, 5_000)]:
            try:
                peer = theirs(n, 300, folder)
            except ImportError:
                peer = (float("nan"), float("nan"))
            for word, fast in [("grouped", True), ("strict", False), ("unsafe", "unsafe")]:
                wall, processor, size, over = ours(n, rows, fast, folder)
                times = f"{1e6 * wall:>10.2f} {1e6 * processor:>10.2f}"
                ratios = f"{peer[0] / wall:>10.0f} {peer[1] / processor:>10.0f}"
                print(
                    f"{n:>10} {word:>10} {times} {ratios} {size:>10.2f} {over:>10.1f}", flush=True
                )
            print(f"{n:>10} {'optimagic':>10} {1e6 * peer[0]:>10.0f} {1e6 * peer[1]:>10.0f}")
        begin, read = opening(folder)
        print(f"a run of 3 evaluations takes {begin:.2f} ms more with a log")
        print(f"opening a log to read takes {read:.2f} ms")


if __name__ == "__main__":
    main()
