"""Links in the documents lead somewhere, and none leads to another host's copy of what lies here."""

from __future__ import annotations

import re
from pathlib import Path

from tests.house.source import ROOT, report

LINK = re.compile(r"\]\(([^)#\s]+)(?:#[^)]*)?\)")


def test_relative_links_exist() -> None:
    documents = [*ROOT.glob("*.md"), *(ROOT / "docs").rglob("*.md")]
    found = [
        f"{document.relative_to(ROOT)}: {link}"
        for document in documents
        for link in LINK.findall(document.read_text("utf-8"))
        if "://" not in link and not _exists(document, link)
    ]
    assert not found, report(found)


def _exists(document: Path, link: str) -> bool:
    return (document.parent / link).exists()
