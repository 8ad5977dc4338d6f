"""The threat model names the tests that hold each threat off; a name that leads nowhere is a hole nobody sees."""

from __future__ import annotations

import ast
import re

from tests.house.source import ROOT, report

DOCUMENT = ROOT / "docs" / "security.md"
CODE = re.compile(r"`([^`]+)`")


def rows() -> list[list[str]]:
    """The rows of the threat table: threat, what stands against it, test."""
    table = DOCUMENT.read_text("utf-8").partition("| threat |")[2].partition("\n\n")[0]
    return [[cell.strip() for cell in line.strip("|").split("|")] for line in table.splitlines()[2:]]


def test_every_threat_names_a_test_that_exists() -> None:
    found = []
    for threat, _, tests in rows():
        named = CODE.findall(tests)
        found += [] if named else [f"{threat}: no test"]
        file = ""
        for name in named:
            path, _, function = name.partition("::")
            file = path or file
            found += [f"{threat}: {name}"] if not _exists(file, function) else []
    assert rows()
    assert not found, report(found)


def test_every_attack_test_belongs_to_a_threat() -> None:
    """The other way round: no file of attack tests is missing from the model."""
    named = DOCUMENT.read_text("utf-8")
    files = [path.name for path in (ROOT / "tests" / "security").glob("test_*.py")]
    found = [name for name in files if name not in named]
    assert not found, report(found)


def _exists(file: str, function: str) -> bool:
    path = ROOT / file if "/" in file else ROOT / "tests" / "security" / file
    if not path.is_file():
        return False
    names = [node.name for node in ast.walk(ast.parse(path.read_text("utf-8"))) if isinstance(node, ast.FunctionDef)]
    wanted = function.partition("[")[0]
    if wanted.endswith("…"):
        return any(name.startswith(wanted[:-1]) for name in names)
    return not wanted or wanted in names
