"""Case files as people write them: what is wrong is said in Chinese with file, line and remedy, for programs as JSON."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from tests.unit.policy.test_cli import run
from tongchou.policy import default_pack_directory

PACK = str(default_pack_directory() / "gansu-city")
TOP = """title: 试
packs: [gansu-city]
benefit: 住院
on: 2009-06-01
facts: {person.type: 居民, person.continuous_years: 1, visit.level: 二级}
cases:
"""
SOUND = "  - {id: A, title: 甲, bill: {in_scope: 1350}, expect: {pool: 600}}\n"
UNUSABLE = {
    # what is wrong: (the case, words of the message or remedy)
    "full-width digits": ("bill: {in_scope: １３５０}", "数字和标点应为半角"),
    "the unit written out": ("bill: {in_scope: 1350元}", "只写数字，单位是元"),
    "ten thousands": ("bill: {in_scope: 1.35万}", "只写数字，单位是元"),
    "finer than a fen": ("bill: {in_scope: 1350.005}", "金额到分为止"),
    "a comma for a point": ('bill: {in_scope: "1,35"}', "千分位的逗号每三位一个"),
    "more than there is": ("bill: {in_scope: 99999999999999999999}", "金额过大"),
    "a date with strokes": ("on: 2009/6/1, bill: {in_scope: 1}", "“on: 2009/6/1”不是日期"),
    "a day that is none": ("on: 2009-06-31, bill: {in_scope: 1}", "“on: 2009-06-31”不是日期"),
    "nothing to work out": ("expect: {pool: 0}", "没有写要算什么"),
    "a visit with nothing": ("visits: [{bill: {in_scope: 1}}, {on: 2009-07-01}]", "没有写要算什么"),
    "bill and lines": ("bill: {in_scope: 1}, lines: [{class: 甲类, amount: 1}]", "同时写了bill和lines"),
    "a bill beside visits": ("bill: {in_scope: 1}, visits: [{bill: {in_scope: 1}}]", "旁边的bill不起作用"),
    "counters beside visits": ('accumulators: {"year.pool_paid:390100": 5}, visits: [{bill: {in_scope: 1}}]', "旁边的accumulators不起作用"),
    "admitted after discharge": ("admitted: 2009-07-01, bill: {in_scope: 1}", "入院日期2009-07-01晚于出院日期2009-06-01"),
    "a debt on the account": ("account: -1, bill: {in_scope: 1}", "账户余额-1是负数"),
}  # fmt: skip


def evaluated(tmp_path: Path, text: str, *more: str) -> tuple[int, Path]:
    """The exit code of ``policy evaluate`` on a case file."""
    file = tmp_path / "mine.yaml"
    file.write_text(text, "utf-8")
    return run("evaluate", "--pack", PACK, "--case", str(file), *more), file


@pytest.mark.requirement("R0.48")
@pytest.mark.parametrize("name", UNUSABLE)
def test_a_case_that_cannot_be_read(tmp_path: Path, name: str, capsys: pytest.CaptureFixture[str]) -> None:
    case, words = UNUSABLE[name]
    code, _ = evaluated(tmp_path, f"{TOP}  - {{id: A, title: 甲, {case}}}\n")
    (line,) = capsys.readouterr().err.splitlines()
    assert code == 2
    assert line.startswith("mine.yaml:7: ")
    assert words in line


def test_two_cases_of_one_number(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    code, _ = evaluated(tmp_path, TOP + SOUND + SOUND)
    assert code == 2
    assert "mine.yaml:8: 案例“A”与第7行的编号相同" in capsys.readouterr().err


def test_a_case_outside_the_list(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    code, _ = evaluated(tmp_path, TOP.removesuffix("cases:\n") + "bill: {in_scope: 1350}\n")
    (line,) = capsys.readouterr().err.splitlines()
    assert code == 2
    assert "没有写案例。案例写在cases:之下" in line


def test_a_day_before_the_first_version_says_from_when(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    code, _ = evaluated(tmp_path, f"{TOP}  - {{id: A, title: 甲, on: 2007-09-30, bill: {{in_scope: 1}}}}\n")
    said = capsys.readouterr().out
    assert code == 1
    assert "A 甲〔mine.yaml:7〕" in said
    assert "（“住院”的政策自2007-10-01起；on写的是2007-09-30）" in said


def test_an_input_that_the_formula_does_not_have(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    inputs = "{paid_on: 2009-01-01, for_year: 2009, repaid_gap: 否, paid: 1}"
    code, _ = evaluated(tmp_path, f"{TOP}  - {{id: A, title: 甲, formula: 待遇起始日, inputs: {inputs}}}\n")
    assert code == 1
    assert "公式“待遇起始日”没有输入“paid”，有：paid_on、for_year、repaid_gap" in capsys.readouterr().out


@pytest.mark.requirement("R0.48")
def test_errors_for_programs(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    code, _ = evaluated(tmp_path, f"{TOP}  - {{id: A, title: 甲, bill: {{in_scope: 1350元}}}}\n", "--json")
    (error,) = json.loads(capsys.readouterr().out)["errors"]
    assert code == 2
    assert (error["file"], error["line"]) == ("mine.yaml", 7)
    assert error["message"] == "“in_scope: 1350元”不是金额"
    assert error["remedy"]
    code, _ = evaluated(tmp_path, TOP + SOUND, "--json", "--set", "没有这个数=5")
    assert code == 2
    assert json.loads(capsys.readouterr().out)["errors"][0]["code"] == "POL-050"
    code, _ = evaluated(tmp_path, TOP + SOUND, "--json")
    (result,) = json.loads(capsys.readouterr().out)
    assert code == 0
    assert (result["file"], result["line"]) == ("mine.yaml", 7)


def test_a_directory_and_json(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    evaluated(tmp_path, TOP + SOUND)
    case = {"id": "B", "title": "乙", "bill": {"in_scope": "1,350.00"}, "expect": {"pool": 600}}
    facts = {"person.type": "居民", "person.continuous_years": 1, "visit.level": "二级"}
    whole = {"packs": ["gansu-city"], "benefit": "住院", "on": "2009-06-01", "facts": facts, "cases": [case]}
    (tmp_path / "other.json").write_text(json.dumps(whole, ensure_ascii=False), "utf-8")
    capsys.readouterr()
    assert run("evaluate", "--pack", PACK, "--case", str(tmp_path)) == 0
    said = capsys.readouterr().out
    assert "A 甲" in said
    assert "B 乙" in said


@pytest.mark.parametrize(
    ("content", "words"),
    [("案例".encode("gbk"), "文件不是UTF-8编码"), (b"", "文件是空的"), (b"- 1\n", "文件应为“键: 值”的形式")],
)
def test_files_that_are_none(tmp_path: Path, content: bytes, words: str, capsys: pytest.CaptureFixture[str]) -> None:
    (tmp_path / "mine.yaml").write_bytes(content)
    assert run("evaluate", "--pack", PACK, "--case", str(tmp_path / "mine.yaml")) == 2
    assert words in capsys.readouterr().err


def test_a_file_that_is_not_there(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert run("evaluate", "--pack", PACK, "--case", str(tmp_path / "none.yaml")) == 2
    assert "没有这个文件或目录" in capsys.readouterr().err
