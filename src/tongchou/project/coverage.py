"""Which requirements the tests prove, read from the marks in their source (nothing is run or imported)."""

from __future__ import annotations

import ast
import csv
import re
from collections import defaultdict
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path


@dataclass(frozen=True, slots=True)
class Requirement:
    """One line of docs/requirements-index.tsv."""

    id: str
    group: str
    group_title: str


def read_index(path: Path) -> list[Requirement]:
    """Read the index: columns id, group, group title; tab separated, with a header."""
    with path.open(encoding="utf-8", newline="") as file:
        return [Requirement(row["id"], row["group"], row["title"]) for row in csv.DictReader(file, delimiter="\t")]


def proved_by(tests: Path) -> dict[str, list[str]]:
    """Requirement id → the tests (``file::function``) that carry it in ``@pytest.mark.requirement(...)``.

    A mark on a class, in ``pytestmark`` or in ``pytest.param(..., marks=...)`` counts as well.
    """
    found: dict[str, list[str]] = defaultdict(list)
    for path in sorted(tests.rglob("*.py")):
        for name, ids in _marks(ast.parse(path.read_text("utf-8"))):
            for requirement in ids:
                found[requirement].append(f"{path.relative_to(tests.parent)}::{name}")
    return dict(found)


def table(index: Sequence[Requirement], proved: Mapping[str, object]) -> str:
    """The count of proved ids per group as text for the terminal."""
    lines = [f"{'组':<6}{'证明':>5} / {'全部':<6}标题"]
    groups = list(dict.fromkeys((row.group, row.group_title) for row in index))
    for group, title in groups:
        ids = [row.id for row in index if row.group == group]
        lines.append(f"{group:<7}{sum(one in proved for one in ids):>5} / {len(ids):<7}{title}")
    total = sum(row.id in proved for row in index)
    lines.append(f"{'合计':<5}{total:>5} / {len(index)}")
    return "\n".join(lines)


def missing(index: Sequence[Requirement], proved: Mapping[str, object], group: str) -> list[str]:
    """Ids of a group that no test proves."""
    return [row.id for row in index if row.group == group and row.id not in proved]


def _marks(tree: ast.Module) -> list[tuple[str, list[str]]]:
    result = []
    for node in ast.walk(tree):
        if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef | ast.ClassDef):
            for decorator in node.decorator_list:
                result.append((node.name, _ids(decorator)))
        elif isinstance(node, ast.Assign) and any(_dotted(target) == "pytestmark" for target in node.targets):
            result.append(("module", [one for call in ast.walk(node.value) for one in _ids(call)]))
        elif isinstance(node, ast.keyword) and node.arg == "marks":
            result.append(("parameter", [one for call in ast.walk(node.value) for one in _ids(call)]))
    return [(name, ids) for name, ids in result if ids]


def _ids(node: ast.AST) -> list[str]:
    if not isinstance(node, ast.Call) or not _dotted(node.func).endswith("mark.requirement"):
        return []
    texts = [argument.value for argument in node.args if isinstance(argument, ast.Constant)]
    return [one for text in texts for one in re.split(r"[,\s]+", str(text)) if one]


def _dotted(node: ast.AST) -> str:
    if isinstance(node, ast.Attribute):
        return f"{_dotted(node.value)}.{node.attr}"
    return node.id if isinstance(node, ast.Name) else ""
