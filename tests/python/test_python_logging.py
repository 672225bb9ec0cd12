"""What runs tell Python's logging."""

import logging
import subprocess
import sys
import warnings

import numpy as np
import pytest
import thalweg as om


def sphere(x):
    return x @ x


def test_a_run_tells_that_it_begins_and_ends(caplog):
    caplog.set_level(logging.INFO, logger="thalweg")
    result = om.minimize(sphere, np.ones(3), "lbfgsb")
    first, last = caplog.records
    assert (first.name, first.levelno) == ("thalweg", logging.INFO)
    assert first.getMessage() == 'run begins algorithm="lbfgsb" direction=Minimize n_params=3'
    assert last.levelno == logging.INFO
    text = f'run ends status="converged" fun={result.fun!r} n_fun_evals={result.n_fun_evals} n_iter'
    assert last.getMessage().startswith(text)


def test_iterations_are_told_to_those_who_debug(caplog):
    caplog.set_level(logging.DEBUG, logger="thalweg")
    result = om.minimize(sphere, np.ones(3), "neldermead", algo_options={"stopping.maxiter": 20})
    steps = [record.getMessage() for record in caplog.records if record.levelno == logging.DEBUG]
    assert len(steps) == result.n_iterations == 20
    assert steps[4].startswith("iteration iteration=5 fun=")
    caplog.clear()
    caplog.set_level(logging.INFO, logger="thalweg")
    om.minimize(sphere, np.ones(3), "neldermead")
    assert len(caplog.records) == 2


def test_failures_and_warnings_are_warnings(caplog):
    def fragile(x):
        if x[0] < 0.5:
            raise RuntimeError("out of memory")
        return x @ x

    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        om.minimize(fragile, np.ones(2), "neldermead", error_handling="continue")
    failures = [r.getMessage() for r in caplog.records if r.levelno == logging.WARNING]
    assert failures and "evaluation failed; a penalty takes its place" in failures[0]
    assert "out of memory" in failures[0]
    caplog.clear()
    with pytest.raises(om.exceptions.UserFunctionRuntimeError):
        om.minimize(fragile, np.ones(2), "neldermead")
    assert caplog.records[-1].getMessage().startswith("run fails error=")


def test_searches_tell_of_their_iterations_and_warnings(caplog):
    caplog.set_level(logging.DEBUG, logger="thalweg")

    def fragile(x):
        if x[0] > 2.5:
            raise ValueError("too far")
        return float(sum(x * x - np.cos(6 * x)))

    with pytest.warns(UserWarning, match="points of the exploration could not be evaluated"):
        om.minimize(
            fragile,
            np.array([2.0, 1.0]),
            "lbfgsb",
            bounds=om.Bounds(lower=-3, upper=3),
            multistart=om.MultistartOptions(n_samples=40),
        )
    levels = {record.levelno for record in caplog.records}
    assert levels == {logging.DEBUG, logging.INFO, logging.WARNING}


def test_a_handler_that_fails_does_not_end_the_run(caplog, monkeypatch):
    class Broken(logging.Handler):
        def emit(self, record):
            raise OSError("full")

    logger = logging.getLogger("thalweg")
    handler = Broken()
    logger.addHandler(handler)
    try:
        logger.setLevel(logging.DEBUG)
        assert om.minimize(sphere, np.ones(2), "lbfgsb").success
    finally:
        logger.removeHandler(handler)
        logger.setLevel(logging.NOTSET)


SCRIPT = """
import sys, warnings, numpy as np, thalweg as om
warnings.simplefilter("ignore")
def fragile(x):
    if x[0] < 0.5:
        raise RuntimeError("out of memory")
    return x @ x
om.minimize(fragile, np.ones(2), "neldermead", error_handling="continue")
import logging
om.minimize(fragile, np.ones(2), "neldermead", error_handling="continue")
"""


def test_without_handlers_nothing_is_written():
    done = subprocess.run(
        [sys.executable, "-c", SCRIPT], capture_output=True, text=True, check=True
    )
    assert done.stderr == "" and done.stdout == ""
