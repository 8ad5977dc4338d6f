"""The tutorial does what it says: its pack is checked and its cases pass; the reference's fragments are YAML."""

from __future__ import annotations

import re
from collections.abc import Iterator
from pathlib import Path

import pytest
import yaml

from tongchou.policy import STANDARD_FACTS, PolicyBook, PolicyErrors
from tongchou.policy.caseread import read_case_file
from tongchou.policy.cases import run_cases
from tongchou.policy.checker import check_book
from tongchou.policy.loader import read_packs
from tongchou.policy.nodes import Map, parse_yaml
from tongchou.policy.schema import pack_schema
from tongchou.project import cli

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


def test_the_reference_says_what_a_fact_is_when_nobody_provides_it() -> None:
    rows = [
        line.split("|") for line in (DOCS / "reference.md").read_text("utf-8").splitlines() if line.startswith("| ")
    ]
    told = {name.strip(): row[4].strip() for row in rows if len(row) == 6 for name in row[1].split(",")}
    words = {"True": "是", "False": "否", "frozenset()": "空", "": "无病种"}
    for name, spec in STANDARD_FACTS.items():
        shown = "必填" if spec.required else words.get(str(spec.default), str(spec.default))
        assert told[name] == shown, name


def test_the_reference_names_every_key_that_a_pack_may_have() -> None:
    text = (DOCS / "reference.md").read_text("utf-8")
    keys = set(_keys(pack_schema()))
    assert len(keys) > 80
    assert [key for key in sorted(keys) if not re.search(rf"(?<![\w.]){re.escape(key)}(?!\w)", text)] == []


def test_the_reference_names_every_key_that_a_case_may_have() -> None:
    """What the reader of case files takes is in the table of section 14."""
    text = (DOCS / "reference.md").read_text("utf-8")
    section = text[text.index("**每个键。**") : text.index("## 15.")]
    tree = parse_yaml(
        "title: x\ncases:\n  - {id: 1, title: y, wrong: 1, lines: [{class: 甲类, amount: 1, wrong: 1}]}\n", "x"
    )
    assert isinstance(tree, Map)
    with pytest.raises(PolicyErrors) as errors:
        read_case_file(tree)
    known = {
        word for finding in errors.value.findings for word in finding.remedy.partition("此处可用：")[2].split("、")
    }
    known -= {"cite", "note", "wrong", ""}
    assert {"lines", "bill", "holder_of", "restriction_met"} <= known
    assert [key for key in sorted(known) if not re.search(rf"(?<![\w.]){key}(?!\w)", section)] == []


def _keys(schema: object) -> Iterator[str]:
    if isinstance(schema, dict):
        yield from schema.get("properties", {})
        for inner in schema.values():
            yield from _keys(inner)
    elif isinstance(schema, list):
        for inner in schema:
            yield from _keys(inner)


# -- the second half of the tutorial ----------------------------------------------------------------------------------------


@pytest.fixture
def city(tutorial: Path) -> Path:
    """The tutorial's folder after its second half: each block that names its file, and the changed version by hand."""
    folder = tutorial.parent / "packs"
    tutorial.rename(folder)
    text = (DOCS / "tutorial-city.md").read_text("utf-8")
    for block in BLOCK.findall(text):
        first = block.partition("\n")[0]
        if first.startswith("# packs/"):
            (folder / first.removeprefix("# packs/")).write_text(block, "utf-8")
    changed = next(block for block in BLOCK.findall(text) if block.startswith("# 只改这两行")).splitlines()
    old = (folder / "critical.yaml").read_text("utf-8")
    new = old.replace("version: {from: 2024-03-01}", changed[1]).replace("          amount: 15000", changed[2])
    assert new.count("2025-01-01") == 1
    assert "12000" in new
    (folder / "critical-2025.yaml").write_text(new, "utf-8")
    return folder


def test_the_city_of_the_tutorial(
    city: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    """Every command of the page prints what the page says."""
    monkeypatch.chdir(city.parent)
    commands = re.findall(
        r"^    \$ tongchou (.+)\n((?:    (?!\$).+\n)*)", (DOCS / "tutorial-city.md").read_text("utf-8"), re.MULTILINE
    )
    assert len(commands) == 5
    for command, printed in commands:
        assert cli.main(command.split()) == 0, command
        said = capsys.readouterr().out
        for line in printed.splitlines():
            assert line.removeprefix("    ") in said, (command, said)
