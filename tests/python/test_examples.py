"""Every script in examples/python runs without a word on stderr, and has a twin in examples/rust."""

import subprocess
import sys
from pathlib import Path

import pytest

EXAMPLES = Path(__file__).parents[2] / "examples"
HELPERS = {"data", "nile"}
NAMES = sorted({path.stem for path in (EXAMPLES / "python").glob("*.py")} - HELPERS)


@pytest.mark.parametrize("name", NAMES)
def test_example(name):
    done = subprocess.run(
        [sys.executable, EXAMPLES / "python" / f"{name}.py"],
        capture_output=True,
        text=True,
        timeout=60,
        check=False,
    )
    assert done.returncode == 0, done.stderr
    assert done.stdout
    assert not done.stderr


def test_the_same_names_in_rust():
    assert NAMES == sorted({path.stem for path in (EXAMPLES / "rust").glob("*.rs")} - HELPERS)


def test_the_fits_agree_with_what_is_certified():
    sys.path.insert(0, str(EXAMPLES / "python"))
    try:
        import data
        import demo
    finally:
        sys.path.pop(0)
    import thalweg as om

    for algorithm in ["levenberg_marquardt", "trf"]:
        for start in ["start_1", "start_2"]:
            result = om.minimize(
                demo.residuals,
                demo.CERTIFIED[start],
                algorithm=algorithm,
                algo_options={"convergence.ftol_rel": 1e-13},
                jac=demo.residuals_jac,
            )
            assert result.success
            assert result.fun == pytest.approx(5.6427082397e3, rel=1e-10)
            assert data.digits(result.params, demo.CERTIFIED["certified"]) > 6
