"""A run that can die at any moment and be started again: the log keeps it."""

import tempfile
from pathlib import Path

import numpy as np
import thalweg as om


class PowerCut(BaseException):
    """What ends the first session."""


def main():
    evaluations = 0
    ends_at = 120

    def fun(x):
        nonlocal evaluations
        evaluations += 1
        if evaluations == ends_at:
            raise PowerCut
        return np.sum(100 * (x[1:] - x[:-1] ** 2) ** 2 + (1 - x[:-1]) ** 2)

    def script(path):
        return om.minimize(fun, np.array([-1.2, 1.0, 0.5]), "neldermead", logging=path, resume=True)

    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "my_log.db"
        try:
            script(path)
        except PowerCut:
            reader = om.SQLiteLogReader(path)
            last = reader.read_iteration(-1)
            print("after the power cut:", len(reader.read_history()), "evaluations in the log")
            print("the last of them:", last.params, last.scalar_fun)

        evaluations, ends_at = 0, None
        result = script(path)
        print("second session:", evaluations, "evaluations of", result.n_fun_evals)
        print("result:", result.params, result.message)

        whole = script(Path(folder) / "another_log.db")
        print("as without the power cut:", bool(np.all(result.params == whole.params)))


if __name__ == "__main__":
    main()
