"""The tutorial does what it says: its pack is checked and its cases pass; the reference's fragments are YAML."""

from __future__ import annotations

import re
from pathlib import Path

import pytest
import yaml

from tongchou.policy import STANDARD_FACTS, PolicyBook
from tongchou.policy.cases import run_cases
from tongchou.policy.checker import check_book
from tongchou.policy.loader import read_packs

DOCS = Path(__file__).resolve().parents[3] / "docs/policy-language"
BLOCK = re.compile(r"```yaml\n(.*?)```", re.DOTALL)


@pytest.fixture
def tutorial(tmp_path: Path) -> Path:
    """The pack and the cases of the tutorial, put together as it says."""
    *pack, cases = BLOCK.findall((DOCS / "tutorial.md").read_text("utf-8"))
    (tmp_path / "cases").mkdir()
    (tmp_path / "inpatient.yaml").write_text("\n".join(pack), "utf-8")
    (tmp_path / "cases/inpatient.yaml").write_text(cases, "utf-8")
    return tmp_path


def test_the_tutorial_pack_is_sound(tutorial: Path) -> None:
    assert check_book(PolicyBook(read_packs(tutorial))) == []


def test_the_tutorial_cases_pass(tutorial: Path) -> None:
    results = run_cases(PolicyBook.load(tutorial), tutorial)
    assert [(result.id, result.failures) for result in results] == [(f"T-{n}", ()) for n in range(1, 6)]


@pytest.mark.parametrize(
    ("right", "wrong", "message"),
    [
        ("add: 5pp", "add: 5%", "百分点"),
        (", 三级: 800}", "}", "缺少“三级”一格"),
        ("== 退休", "== 离岗", "没有取值“离岗”"),
    ],
)
def test_the_mistakes_that_the_tutorial_invites_to_try(tutorial: Path, right: str, wrong: str, message: str) -> None:
    file = tutorial / "inpatient.yaml"
    file.write_text(file.read_text("utf-8").replace(right, wrong, 1), "utf-8")
    assert any(message in finding.message for finding in check_book(PolicyBook(read_packs(tutorial))))


def test_the_reference_shows_yaml_and_names_every_standard_fact() -> None:
    text = (DOCS / "reference.md").read_text("utf-8")
    for block in BLOCK.findall(text):
        yaml.compose(block.replace(" … ", " 略 ").replace(": …", ": 略"))
    assert [name for name in STANDARD_FACTS if name not in text] == []
    for spec in STANDARD_FACTS.values():
        assert [value for value in spec.values if value not in text] == []
