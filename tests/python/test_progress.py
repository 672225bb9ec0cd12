"""Progress: what is shown where, that it ends with a last line, and that it never ends a run."""

import io
import os
import subprocess
import sys
import time
import types

import numpy as np
import pytest
import thalweg as om
from thalweg._progress import _Shown


def sphere(x):
    return x @ x


def reports_of(fun, *args, **kwargs):
    told = []
    try:
        om.minimize(fun, *args, progress=told.append, **kwargs)
    except Exception as error:
        return told, error
    return told, None


def test_a_function_is_told_at_the_end():
    told, _ = reports_of(sphere, np.arange(5.0), "scipy_neldermead")
    last = told[-1]
    assert (last.n_fun_evals, last.n_iterations, last.share) == (805, 507, None)
    assert last.best_fun == pytest.approx(1.6760003634613056e-16, rel=1e-9)
    assert last.message == "Optimization terminated successfully."
    assert last.seconds > 0 and not last.exploring and last.n_local_runs is None
    assert str(last).startswith("805 evaluations | best 1.676e-16 | 0.")
    assert repr(last) == f"<ProgressReport: {last}>"


def test_a_function_is_told_on_the_way_ten_times_a_second():
    def slow(x):
        time.sleep(0.02)
        return x @ x

    options = {"stopping.maxfun": 40}
    told, _ = reports_of(slow, np.arange(5.0), "neldermead", algo_options=options)
    assert 4 <= len(told) <= 10 * told[-1].seconds + 2
    assert all(report.message is None for report in told[:-1])
    shares = [report.share for report in told]
    assert shares == sorted(shares) and shares[-1] == 1.0 and shares[0] < 0.5
    assert told[-1].message == "stopped: 40 evaluations are used up (stopping_maxfun)"


def test_the_last_line_comes_however_a_run_ends():
    def failing(x):
        if x[0] > 0:
            raise ValueError("broken")
        return x @ x

    told, error = reports_of(failing, np.zeros(2), "neldermead")
    assert isinstance(error, om.exceptions.UserFunctionRuntimeError)
    assert "broken" in told[-1].message

    def stopping(x):
        if x[0] > 0:
            raise om.exceptions.StopOptimizationError("enough")
        return x @ x

    told, error = reports_of(stopping, np.zeros(2), "neldermead")
    assert error is None and told[-1].message
    told, error = reports_of(sphere, np.zeros(2), "neldermead", callback=lambda _: True)
    assert told[-1].message == "stopped by the callback"

    def interrupted(x):
        if x[0] > 0:
            raise KeyboardInterrupt
        return x @ x

    told = []
    with pytest.raises(KeyboardInterrupt):
        om.minimize(interrupted, np.zeros(2), "neldermead", progress=told.append)
    assert told[-1].message is not None


def test_maximization_and_constraints():
    told = []
    om.maximize(lambda x: -(x @ x), np.ones(2), "neldermead", progress=told.append)
    assert -1e-8 < told[-1].best_fun <= 0
    told = []
    constraint = om.NonlinearConstraint(func=lambda x: x[0] * x[1], lower_bound=1.0)
    start = np.array([2.0, 1.0])
    result = om.minimize(sphere, start, "scipy_slsqp", constraints=constraint, progress=told.append)
    assert told[-1].best_fun == pytest.approx(result.fun, rel=1e-6)


def test_searches_tell_of_their_runs():
    told = []
    result = om.minimize(
        lambda x: float(sum(x * x - np.cos(6 * x))),
        np.array([2.0, 1.0]),
        "lbfgsb",
        bounds=om.Bounds(lower=-3, upper=3),
        multistart=om.MultistartOptions(n_samples=20),
        progress=told.append,
    )
    info = result.multistart_info
    assert told[-1].n_local_runs >= info.n_optimizations > 1
    assert told[-1].n_fun_evals >= result.n_fun_evals
    assert f"{told[-1].n_local_runs} local runs | " in str(told[-1])


def test_searches_tell_of_the_share_of_their_runs():
    def share(**options):
        told = []
        result = om.minimize(
            lambda x: float(sum(x * x - np.cos(6 * x))),
            np.array([2.0, 1.0]),
            "lbfgsb",
            bounds=om.Bounds(lower=-3, upper=3),
            multistart=om.MultistartOptions(n_samples=20, **options),
            progress=told.append,
        )
        return result.multistart_info.n_optimizations, told[-1]

    n_optimizations, last = share(stopping_maxopt=8)
    assert last.share == n_optimizations / 8 and "% of the budget" in str(last)
    assert share()[1].share is None


def test_a_function_that_fails_is_told_of_once():
    calls = []

    def broken(report):
        calls.append(report)
        raise RuntimeError("no display")

    def slow(x):
        time.sleep(0.01)
        return x @ x

    options = {"stopping.maxfun": 40}
    with pytest.warns(
        UserWarning, match="progress failed and is not called again: RuntimeErr"
    ) as w:
        result = om.minimize(slow, np.ones(3), "neldermead", algo_options=options, progress=broken)
    assert len(calls) == 1 and len(w) == 1 and result.n_fun_evals == 40


def test_what_is_no_display_is_refused_before_the_run():
    def never(_):
        raise AssertionError

    message = (
        "progress must be True, False or a function that is called with a ProgressReport, not 'y"
    )
    with pytest.raises(om.exceptions.InvalidArgumentError, match=message):
        om.minimize(never, np.ones(2), "neldermead", progress="yes")


def test_plain_lines_where_there_is_no_terminal(capsys):
    om.minimize(sphere, np.arange(5.0), "scipy_neldermead", progress=True)
    out, err = capsys.readouterr()
    assert not out
    assert err.count("\n") == 1 and err.endswith("| Optimization terminated successfully.\n")
    om.minimize(sphere, np.arange(5.0), "scipy_neldermead", progress=False)
    om.minimize(sphere, np.arange(5.0), "scipy_neldermead", progress=None)
    assert capsys.readouterr().err == ""


@pytest.mark.parametrize("stderr", ["closed", "none", "refusing"])
def test_a_stderr_that_takes_nothing(monkeypatch, stderr):
    class Refusing(io.StringIO):
        def write(self, text):
            raise OSError("no space left")

    stream = {"closed": io.StringIO(), "none": None, "refusing": Refusing()}[stderr]
    if stderr == "closed":
        stream.close()
    monkeypatch.setattr(sys, "stderr", stream)
    assert om.minimize(sphere, np.ones(2), "lbfgsb", progress=True).success


SCRIPT = """
import time, numpy as np, thalweg as om
def slow(x):
    time.sleep(0.01)
    return x @ x
om.minimize(slow, np.ones(2), "neldermead", algo_options={"stopping.maxfun": 60}, progress=True)
"""


def test_one_line_that_is_drawn_over_in_a_terminal():
    leader, follower = pytest.importorskip("pty").openpty()
    done = subprocess.Popen([sys.executable, "-c", SCRIPT], stderr=follower)
    os.close(follower)
    text = b""
    while True:
        try:
            piece = os.read(leader, 4096)
        except OSError:
            break
        if not piece:
            break
        text += piece
    assert done.wait() == 0
    lines = text.decode().split("\r")
    assert len(lines) >= 4 and all("evaluation" in line for line in lines[1:-1])
    assert text.count(b"\n") == 1
    assert "100 % of the budget | stopped: 60 evaluations" in text.decode()


def test_an_output_that_is_updated_in_a_notebook(monkeypatch):
    shown = []

    class Handle:
        def update(self, what):
            shown.append(("update", what))

    def display(what, display_id):
        assert display_id is True
        shown.append(("display", what))
        return Handle()

    ipython = types.ModuleType("IPython")
    ipython.get_ipython = lambda: types.SimpleNamespace(kernel=object())
    ipython.display = types.ModuleType("IPython.display")
    ipython.display.display = display
    monkeypatch.setitem(sys.modules, "IPython", ipython)
    monkeypatch.setitem(sys.modules, "IPython.display", ipython.display)

    def slow(x):
        time.sleep(0.01)
        return x @ x

    options = {"stopping.maxfun": 40}
    om.minimize(slow, np.ones(3), "neldermead", algo_options=options, progress=True)
    assert [how for how, _ in shown][:2] == ["display", "update"]
    html = shown[-1][1]._repr_html_()
    assert '<progress value="1.000"' in html and "40 evaluations" in html
    assert repr(shown[-1][1]).startswith("40 evaluations | best ")
    report = types.SimpleNamespace(share=None)
    assert "<progress" not in _Shown(report)._repr_html_()
