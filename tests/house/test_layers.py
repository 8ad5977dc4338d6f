"""Another capability is imported only through its ``api.py`` (the layers themselves are import-linter's contracts)."""

from __future__ import annotations

import ast

from tests.house.source import PACKAGE, Source, product, report

OPEN_TO_ALL = {"kernel", "policy"}
"""Rooms that are libraries: their whole package is the interface."""
PUBLIC_MODULES = {"api", "rejections"}
"""``rejections`` may be named where a test of a kind is meant (``if refusal.kind is …``)."""


def test_other_rooms_are_imported_through_their_api() -> None:
    found = [
        f"{source.name}:{line} imports {module}"
        for source in product()
        if source.room not in ("", "project")
        for line, module in _imports(source)
        if _is_side_door(source, module)
    ]
    assert not found, report(found)


def _is_side_door(source: Source, module: str) -> bool:
    parts = module.split(".")
    if parts[0] != "tongchou" or len(parts) < 2:
        return False
    room = parts[1]
    if room == source.room or room in OPEN_TO_ALL or not (PACKAGE / room).is_dir():
        return False
    return len(parts) < 3 or parts[2] not in PUBLIC_MODULES


def _imports(source: Source) -> list[tuple[int, str]]:
    """Line and dotted name of everything a file imports; ``from a import b`` counts as ``a.b`` where b is a module."""
    found: list[tuple[int, str]] = []
    for node in ast.walk(source.tree):
        if isinstance(node, ast.Import):
            found += [(node.lineno, alias.name) for alias in node.names]
        elif isinstance(node, ast.ImportFrom) and node.module:
            found += [(node.lineno, f"{node.module}.{alias.name}") for alias in node.names]
    return found
