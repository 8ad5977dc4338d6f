"""The catalogue of rejections is complete, clear and printed in docs/errors.md."""

from __future__ import annotations

import ast
import re
import string

import pytest

from tests.house.source import ROOT, dotted, product, report
from tongchou.kernel.rejection import RejectionKind
from tongchou.project.error_catalogue import load_all, render

CODE = re.compile(r"[A-Z]{3,6}-\d{3}")
CHINESE = re.compile(r"[\u4e00-\u9fff]")
REMEDY = re.compile(r"[\u4e00-\u9fff]|^\{\w+\}$")
"""A remedy that is one word in braces depends on the case and is given when it is raised."""


@pytest.fixture(scope="module")
def catalogue() -> dict[str, RejectionKind]:
    return load_all()


def test_every_code_has_a_message_and_a_remedy_in_chinese(catalogue: dict[str, RejectionKind]) -> None:
    found = [
        f"{code}: {kind.zh!r} / {kind.remedy!r} / {kind.en!r}"
        for code, kind in catalogue.items()
        if not (CODE.fullmatch(code) and CHINESE.search(kind.zh) and REMEDY.search(kind.remedy) and kind.en)
    ]
    assert not found, report(found)


def test_kinds_are_declared_in_rejections_modules_only() -> None:
    found = [
        f"{source.name}:{node.lineno}"
        for source in product()
        if source.path.name != "rejections.py" and source.room != "kernel"
        for node in ast.walk(source.tree)
        if isinstance(node, ast.ImportFrom) and node.module == "tongchou.kernel.rejection"
        if any(alias.name == "kind" for alias in node.names)
    ]
    assert not found, report(found)


def test_a_rejection_is_raised_with_the_details_its_text_needs() -> None:
    """``raise NOT_ENTITLED(day=…)`` must give every word in braces; a forgotten one would fail in front of the user."""
    needed = _details_by_constant()
    found = []
    for source in product():
        for node in ast.walk(source.tree):
            if not isinstance(node, ast.Call) or any(keyword.arg is None for keyword in node.keywords):
                continue
            name = dotted(node.func).rpartition(".")[2]
            if name not in needed:
                continue
            missing = needed[name] - {keyword.arg or "" for keyword in node.keywords}
            if missing:
                found.append(f"{source.name}:{node.lineno} {name} lacks {', '.join(sorted(missing))}")
    assert not found, report(found)


def test_errors_document_is_current() -> None:
    assert (ROOT / "docs" / "errors.md").read_text("utf-8") == render(), "run: tongchou errors"


def _details_by_constant() -> dict[str, set[str]]:
    """Constant name → the words in braces of its texts (of the smallest kind, should two rooms share a name)."""
    needed: dict[str, set[str]] = {}
    for source in product():
        if source.path.name != "rejections.py":
            continue
        for node in source.tree.body:
            if isinstance(node, ast.Assign | ast.AnnAssign) and isinstance(node.value, ast.Call):
                target = node.targets[0] if isinstance(node, ast.Assign) else node.target
                words = _words(node.value)
                name = dotted(target)
                needed[name] = needed[name] & words if name in needed else words
    return needed


def _words(call: ast.Call) -> set[str]:
    texts = [keyword.value for keyword in call.keywords if keyword.arg in ("zh", "en", "remedy")]
    literals = [text.value for text in texts if isinstance(text, ast.Constant) and isinstance(text.value, str)]
    return {
        re.split(r"[.\[]", name)[0] for text in literals for _, name, _, _ in string.Formatter().parse(text) if name
    }
