"""Every requirement of what is built is proved by a test, or docs/traceability.md says why not."""

from __future__ import annotations

import re

from tests.house.source import ROOT, report
from tongchou.project.coverage import missing, proved_by, read_index

PAGE = ROOT / "docs" / "traceability.md"
BUILT = ("R0", "R1.2", "R1.3", "R1.9", "R2", "R3", "R4", "R8", "R10", "R11", "R14")


def ids_in(cell: str) -> set[str]:
    """``R1.2.01–13, 22; R4.04`` → R1.2.01 … R1.2.13, R1.2.22, R4.04."""
    found: set[str] = set()
    prefix = ""
    for group, first, last in re.findall(r"(R\d+(?:\.\d+)*\.)?(\d{2})(?:–(\d{2}))?", cell):
        prefix = group or prefix
        found |= {f"{prefix}{number:02d}" for number in range(int(first), int(last or first) + 1)}
    return found


def test_every_open_requirement_of_what_is_built_has_its_reason() -> None:
    begun, one_by_one = PAGE.read_text("utf-8").split("## One by one")
    cells = [line.split("|")[2] for line in begun.splitlines() if line.startswith("| ")]
    cells += [line.split("|")[1] for line in one_by_one.splitlines() if line.startswith("| ")]
    explained = {one for cell in cells for one in ids_in(cell)}
    index, proved = read_index(ROOT / "docs" / "requirements-index.tsv"), proved_by(ROOT / "tests")
    assert explained <= {row.id for row in index}, "ids that do not exist"
    open_ids = {one for group in BUILT for one in missing(index, proved, group)}
    assert not open_ids - explained, report(sorted(open_ids - explained))
