"""No page asks another host: no external address in our templates, styles and scripts."""

from __future__ import annotations

import re

from tests.house.source import PACKAGE, ROOT, report

SUFFIXES = {".html", ".css", ".js", ".svg", ".txt", ".typ"}
EXTERNAL = re.compile(r"""(?:https?:)?//[a-z0-9-]+\.[a-z]""", re.IGNORECASE)
NAMESPACE = re.compile(r"https?://www\.w3\.org/")


def test_no_external_address_in_templates_and_static_files() -> None:
    found = []
    for path in sorted(PACKAGE.rglob("*")):
        if path.suffix not in SUFFIXES or not {"templates", "static"} & set(path.parts) or "vendor" in path.parts:
            continue
        for number, line in enumerate(path.read_text("utf-8").splitlines(), start=1):
            if EXTERNAL.search(NAMESPACE.sub("", line)):
                found.append(f"{path.relative_to(ROOT)}:{number} {line.strip()[:120]}")
    assert not found, report(found)
