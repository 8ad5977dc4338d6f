"""The golden cases beside the packs by their names, for the tests that name the requirements they prove."""

from __future__ import annotations

from collections.abc import Callable
from functools import cache
from pathlib import Path
from typing import Any

import pytest

from tongchou.policy import PolicyBook, default_pack_directory
from tongchou.policy.caseread import Case, read_case_file
from tongchou.policy.cases import run_case
from tongchou.policy.loader import read_cases

CITIES, SHAPES = default_pack_directory(), default_pack_directory() / "shapes"
CASES = {
    case.id: case for directory in (CITIES, SHAPES) for tree in read_cases(directory) for case in read_case_file(tree)
}


@cache
def _book(folder: Path) -> PolicyBook:
    return PolicyBook.load(folder)


def cases(*names: str) -> Callable[[Any], Any]:
    """The test runs once for each of these cases; a name without a case is an error."""
    return pytest.mark.parametrize("case", [CASES[name] for name in names], ids=names)


def run(case: Case) -> None:
    """Every figure that the case expects is what the pack gives, and it expects at least one."""
    assert all(step.expect for step in case.steps[-1:])
    assert run_case(_book(SHAPES if case.id.startswith("SHP-") else CITIES), case).failures == ()
