"""Scripts that are killed and started again, readers while a script runs, and a full disk."""

import sqlite3
import subprocess
import sys
import time

import numpy as np
import pytest
import thalweg as om

SCRIPT = """
import sys, time
import numpy as np
import thalweg as om

def fun(x):
    value = float(np.sum(100 * (x[1:] - x[:-1] ** 2) ** 2 + (1 - x[:-1]) ** 2))
    time.sleep(float(sys.argv[3]))
    print("finished", flush=True)
    return value

res = om.minimize(
    fun,
    {"x": np.full(4, -1.2), "y": 0.5},
    "scipy_neldermead",
    algo_options={"stopping_maxfun": 400},
    logging=om.SQLiteLogOptions(sys.argv[1], fast_logging=sys.argv[2] == "fast"),
    resume=True,
)
print("result", res.fun.hex(), res.n_fun_evals, res.message, res.history.fun)
"""
SCRIPT = SCRIPT.replace("fun(x):", "fun(p):\n    x = np.append(p['x'], p['y'])")


def start(path, speed, pause):
    arguments = [sys.executable, "-c", SCRIPT, str(path), speed, str(pause)]
    return subprocess.Popen(arguments, stdout=subprocess.PIPE, text=True)


def wait_for(process, count):
    """Until that many evaluations have finished."""
    for _ in range(count):
        assert process.stdout.readline() == "finished\n"


@pytest.mark.parametrize("speed", ["strict", "fast"])
def test_a_script_that_is_killed_goes_on_where_it_was(tmp_path, speed):
    path = tmp_path / "my_log.db"
    whole = start(tmp_path / "whole.db", speed, 0).communicate()[0].splitlines()
    expected = whole.pop()
    known = 0
    for count in (40, 60):
        process = start(path, speed, 0.004)
        wait_for(process, count)
        if speed == "fast":
            time.sleep(0.25)  # what is older than a group is safe
        process.kill()
        rest, _ = process.communicate()
        told = count + rest.count("finished")
        with sqlite3.connect(path) as connection:
            assert connection.execute("PRAGMA integrity_check").fetchone() == ("ok",)
        connection.close()
        logged = len(om.SQLiteLogReader(path).read_history())
        safe = told if speed == "strict" else count
        # The start is the first entry of the history; the last evaluation may not be told yet.
        assert logged >= known + safe - 1
        assert om.SQLiteLogReader(path).problems[-1].status == "running"
        known = logged
    *asked, result = start(path, speed, 0).communicate()[0].splitlines()
    assert result == expected
    # The rows of a run of this kind are its evaluations: none of them is made again.
    assert len(asked) <= len(whole) - known + 1
    problem = om.SQLiteLogReader(path).problems[-1]
    assert problem.n_evaluations == int(result.split()[2])
    assert problem.n_resumed == 2


def test_two_readers_follow_a_script_that_runs(tmp_path):
    path = tmp_path / "my_log.db"
    process = start(path, "fast", 0.002)
    wait_for(process, 10)
    readers = [om.SQLiteLogReader(path), om.SQLiteLogReader(path)]
    seen = [[], []]
    while process.poll() is None:
        for reader, lengths in zip(readers, seen, strict=True):
            history = reader.read_history()
            lengths.append(len(history))
            assert len(history.params) == len(history.fun)
            if lengths[-1]:
                assert set(reader.read_iteration(-1).params) == {"x", "y"}
        time.sleep(0.02)
        if len(seen[0]) > 10:
            process.stdout.read()  # so that the script does not wait for us
    for lengths in seen:
        assert lengths == sorted(lengths)
        assert len(set(lengths)) > 3
    assert [len(reader.read_history()) for reader in readers] == [400, 400]


FULL = """
import resource, sys, warnings
import numpy as np
import thalweg as om

# No file may grow beyond this: what a full disk does.
resource.setrlimit(resource.RLIMIT_FSIZE, (250_000, 250_000))
with warnings.catch_warnings(record=True) as caught:
    warnings.simplefilter("always")
    res = om.minimize(
        lambda x: x @ x,
        np.arange(10.0),
        "scipy_neldermead",
        algo_options={"stopping_maxfun": 3000},
        logging=om.SQLiteLogOptions(sys.argv[1], fast_logging=sys.argv[2] == "fast"),
    )
print(res.n_fun_evals, res.fun < res.start_fun)
print(*(str(warning.message) for warning in caught), sep="\\n")
"""


@pytest.mark.skipif(sys.platform == "win32", reason="limits of processes are those of Unix")
@pytest.mark.parametrize("speed", ["strict", "fast"])
def test_a_full_disk_is_told_once_and_the_run_goes_on(tmp_path, speed):
    path = tmp_path / "my_log.db"
    done = subprocess.run(
        [sys.executable, "-c", FULL, str(path), speed], capture_output=True, text=True, check=True
    )
    run, *told = done.stdout.splitlines()
    assert run == "3000 True"
    assert len(told) == 1
    assert told[0].startswith(f"The log {path} could not be written: ")
    assert told[0].endswith("is kept in memory and written as soon as that works again.")
    values = om.SQLiteLogReader(path).read_history().fun
    assert 0 < len(values) < 3000
    assert values[0] == np.sum(np.arange(10.0) ** 2)
