"""What importing the package costs."""

import subprocess
import sys

SCRIPT = """
import sys
import numpy
before = set(sys.modules)
from thalweg import minimize
print(*(set(sys.modules) - before))
"""


def test_minimize_needs_little_more_than_numpy():
    done = subprocess.run(
        [sys.executable, "-c", SCRIPT], check=True, capture_output=True, text=True
    )
    new = {name for name in done.stdout.split() if not name.startswith("thalweg")}
    heavy = {"pandas", "scipy", "joblib", "json", "pathlib", "traceback", "urllib.parse"}
    assert not new & heavy
