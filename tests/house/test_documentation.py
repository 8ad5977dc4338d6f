"""What is public says what it does; what a test claims to prove exists."""

from __future__ import annotations

import ast
import re

from tests.house.source import ROOT, Source, dotted, product, report
from tongchou.project.coverage import proved_by, read_index

METHODS_TOO = {"core.py", "api.py", "services.py", "queries.py"}


def test_every_module_says_what_lives_in_it() -> None:
    found = [
        source.name
        for source in product()
        if not source.is_generated and source.text.strip() and not ast.get_docstring(source.tree)
    ]
    assert not found, report(found)


def test_public_functions_and_classes_have_docstrings() -> None:
    found = [
        f"{source.name}:{node.lineno} {node.name}"
        for source in product()
        if "migrations" not in source.path.parts
        for node in _public(source)
        if not ast.get_docstring(node)
    ]
    assert not found, report(found)


def test_requirement_marks_name_existing_requirements() -> None:
    known = {row.id for row in read_index(ROOT / "docs" / "requirements-index.tsv")}
    marked = proved_by(ROOT / "tests")
    found = [f"{one}: {', '.join(marked[one])}" for one in sorted(set(marked) - known)]
    assert not found, report(found)


def test_every_environment_variable_is_documented() -> None:
    document = (ROOT / "docs" / "operations.md").read_text("utf-8")
    named = {name for source in product() for name in re.findall(r"\bTONGCHOU_[A-Z_]+[A-Z]\b", source.text)}
    found = [name for name in sorted(named) if f"`{name}`" not in document and name != "TONGCHOU_HOME"]
    assert not found, report(found)


def _public(source: Source) -> list[ast.FunctionDef | ast.AsyncFunctionDef | ast.ClassDef]:
    """Public functions and classes of a module, and the public methods where the rules live."""
    kinds = ast.FunctionDef | ast.AsyncFunctionDef | ast.ClassDef
    found = [node for node in source.tree.body if isinstance(node, kinds) and not node.name.startswith("_")]
    if source.is_core or source.path.name in METHODS_TOO:
        classes = [node for node in found if isinstance(node, ast.ClassDef) and not _is_protocol(node)]
        for owner in classes:
            found += [node for node in owner.body if isinstance(node, kinds) and not node.name.startswith("_")]
    return found


def _is_protocol(owner: ast.ClassDef) -> bool:
    """A Protocol only lists what others have; its class docstring says what for."""
    return any(dotted(base).rpartition(".")[2] == "Protocol" for base in owner.bases)
