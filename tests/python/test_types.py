"""The package passes mypy, and what users write is checked: arguments, options, names of algorithms."""

import subprocess
import sys
from pathlib import Path

import pytest

pytest.importorskip("mypy")

ROOT = Path(__file__).parents[2]

USER_CODE = """\
import numpy as np
import thalweg as om

result = om.minimize(lambda x: x @ x, params=np.ones(2), algorithm="lbfgsb", bounds=om.Bounds(lower=0))
reveal_type(result)
reveal_type(om.maximize(lambda x: x @ x, np.ones(2), om.algos.scipy_lbfgsb(stopping_maxfun=10)))
reveal_type(om.algos.Scalar.GradientFree.scipy_neldermead().with_stopping(maxfun=3))
reveal_type(om.first_derivative(np.sin, 1.0))
om.minimize(lambda x: x @ x, params=np.ones(2), algorithm="lbfgsb", boundz=1)
om.algos.scipy_lbfgsb(stopping_maxfn=10)
om.algos.scipy_lbfgsbb
simplex = [om.ProbabilityConstraint(["a", "b"]), om.LinearConstraint(lambda p: p, weights=1, value=2)]
reveal_type(om.minimize(lambda x: x @ x, np.ones(2), "lbfgsb", constraints=simplex).constraint_plan)
om.FlatCovConstraint(lambda p: p["a"], 0.5)
reveal_type(result.to_json())
reveal_type(om.OptimizeResult.from_json("result.json", like=np.ones(2)))
om.minimize(lambda x: x @ x, np.ones(2), "lbfgsb", progress=lambda report: print(report.n_fun_eval))
om.criterion_plot([result, "run.db"], backend="matplotlib", monotone=True)
om.criterion_plot(result, backend="plotli")
om.slice_plot(lambda x: x @ x, np.ones(2), om.Bounds(lower=0, upper=2), n_gridpoint=3)
reveal_type(om.slice_plot_3d)
"""

EXPECTED = {
    5: "thalweg._result.OptimizeResult",
    6: "thalweg._result.OptimizeResult",
    7: "thalweg._algos.ScipyNelderMead",
    8: "thalweg._numdiff_result.NumdiffResult",
    9: 'Unexpected keyword argument "boundz"',
    10: 'Unexpected keyword argument "stopping_maxfn"',
    11: 'has no attribute "scipy_lbfgsbb"',
    13: "thalweg._constraints.plan.ConstraintPlan | None",
    14: "Too many positional arguments",
    15: "str",
    16: "thalweg._result.OptimizeResult",
    17: '"ProgressReport" has no attribute "n_fun_eval"',
    19: 'Argument "backend" to "criterion_plot" has incompatible type "Literal[\'plotli\']"',
    20: 'Unexpected keyword argument "n_gridpoint"',
    21: 'projection: str | dict[str, str | None] =',
}


def mypy(*arguments):
    config = ["--config-file", str(ROOT / "pyproject.toml")]
    command = [sys.executable, "-m", "mypy", *config, *arguments]
    return subprocess.run(command, capture_output=True, text=True, check=False, cwd=ROOT / "python")


def test_the_package():
    done = mypy("-p", "thalweg")
    assert done.returncode == 0, done.stdout


def test_user_code(tmp_path):
    (tmp_path / "user.py").write_text(USER_CODE)
    messages = mypy(str(tmp_path / "user.py")).stdout.splitlines()
    for line, text in EXPECTED.items():
        assert any(f"user.py:{line}: " in message and text in message for message in messages), (
            line,
            messages,
        )
