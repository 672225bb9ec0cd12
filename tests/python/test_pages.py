"""The Python examples in README.md and docs/*.md run, and print what the pages say: `print(...)  # output`."""

import ast
import re
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]
PAGES = [ROOT / "README.md", *sorted((ROOT / "docs").glob("*.md"))]
BLOCK = re.compile(r"^```python\n(.*?)^```", re.DOTALL | re.MULTILINE)
SAID = re.compile(r"^\s*print\(.*\)  # (.*)$")


def blocks(page):
    """The page's blocks as one module, each on its own line of the page."""
    text = page.read_text(encoding="utf-8")
    for match in BLOCK.finditer(text):
        yield "\n" * (text[: match.start(1)].count("\n")) + match.group(1)


@pytest.mark.parametrize("page", [page for page in PAGES if page.exists()], ids=lambda p: p.name)
def test_page(page, capsys, monkeypatch, tmp_path):
    monkeypatch.chdir(tmp_path)
    namespace = {"__name__": "__main__"}
    for source in blocks(page):
        said = {}
        for number, line in enumerate(source.splitlines(), start=1):
            if match := SAID.match(line):
                said[number] = match.group(1)
        for statement in ast.parse(source, filename=str(page)).body:
            code = compile(ast.Module([statement], []), str(page), "exec")
            exec(code, namespace)
            printed = capsys.readouterr().out.splitlines()
            lines = range(statement.lineno, statement.end_lineno + 1)
            expected = [said[line] for line in lines if line in said]
            if not expected:
                continue
            where = f"{page.name}, line {statement.lineno}"
            if isinstance(statement, (ast.For, ast.While)):
                assert set(printed) == set(expected), where  # every turn prints the same
            else:
                assert printed == expected, where
