"""The pictures of the pages are those that the scripts draw now: `make pictures` draws them again.

What thalweg draws itself is drawn here a second time. How matplotlib draws depends on its version: its
pictures say by which text of a script they were drawn. Those of examples/rust/plots.rs are compared in
crates/thalweg/tests/pictures.rs, those of the page of benchmarks come with its numbers.
"""

import hashlib
import re
import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]
PICTURES, SCRIPTS = ROOT / "docs" / "pictures", ROOT / "scripts" / "pictures"
OWN = {
    "benchmarking": ["convergence_plot", "deviation_plot", "profile_plot"],
    "plots": [
        "criterion_plot",
        "criterion_plot_multistart",
        "params_plot",
        "slice_plot",
        "slice_plot_3d",
    ],
    "report": ["report"],
}
OF_MATPLOTLIB = ["constraints", "multistart", "scaling"]
NUMBER = re.compile(r"-?\d+(?:\.\d+)?(?:e-?\d+)?")


def differs(drawn, kept):
    """Whether texts differ, or numbers by more than a pixel."""
    if NUMBER.sub("#", drawn) != NUMBER.sub("#", kept):
        return True
    numbers = (map(float, NUMBER.findall(text)) for text in (drawn, kept))
    return any(abs(a - b) > 1 for a, b in zip(*numbers, strict=True))


@pytest.mark.parametrize("script", OWN)
def test_what_is_drawn_now_is_in_the_docs(script, tmp_path):
    path = SCRIPTS / f"{script}.py"
    subprocess.run([sys.executable, path, tmp_path], check=True)
    assert sorted(drawn.stem for drawn in tmp_path.iterdir()) == OWN[script]
    stale = [
        name
        for name in OWN[script]
        if differs((tmp_path / f"{name}.svg").read_text(), (PICTURES / f"{name}.svg").read_text())
    ]
    assert not stale, "run `make pictures`, and look at them"


@pytest.mark.parametrize("name", OF_MATPLOTLIB)
def test_what_matplotlib_drew_is_what_the_script_says(name):
    source = hashlib.sha256((SCRIPTS / f"{name}.py").read_text().encode()).hexdigest()
    drawn = (PICTURES / f"{name}.svg").read_text()
    assert source in drawn, f"scripts/pictures/{name}.py has changed: run `make pictures`"


def test_every_picture_has_a_source_and_a_page():
    of_scripts = {*sum(OWN.values(), []), *OF_MATPLOTLIB}
    names = {path.stem for path in PICTURES.glob("*.svg")}
    assert {name for name in names if not name.startswith("plots-")} == of_scripts
    assert {path.stem for path in SCRIPTS.glob("*.py")} == {*OWN, *OF_MATPLOTLIB}
    pages = "".join(page.read_text(encoding="utf-8") for page in (ROOT / "docs").glob("*.md"))
    pages += (ROOT / "README.md").read_text(encoding="utf-8")
    assert not {name for name in names if f"pictures/{name}.svg" not in pages}


def test_a_picture_that_has_moved_is_seen():
    kept = (PICTURES / "report.svg").read_text()
    number = NUMBER.search(kept, kept.index("points=") if "points=" in kept else kept.index(" d="))
    moved = f"{float(number.group()) + 2}"
    assert differs(kept[: number.start()] + moved + kept[number.end() :], kept)
    assert not differs(kept, kept)
