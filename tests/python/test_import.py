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


def test_a_star_hides_no_module_of_the_standard_library():
    """Whoever writes `from thalweg import *` goes on using Python's `logging` and `typing`."""
    import thalweg

    assert not set(thalweg.__all__) & set(sys.stdlib_module_names)
    namespace = {}
    exec("import logging, typing\nfrom thalweg import *", namespace)
    assert namespace["logging"] is sys.modules["logging"]
    assert namespace["typing"] is sys.modules["typing"]
    wanted = {
        "minimize",
        "maximize",
        "Bounds",
        "algos",
        "mark",
        "constraints",
        "utilities",
        "timing",
    }
    assert wanted <= set(namespace)
