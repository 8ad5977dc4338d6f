"""``tongchou policy …`` at the terminal: what it prints and how it ends."""

from __future__ import annotations

import argparse
import json
from pathlib import Path

import pytest

from tongchou.policy import cli, default_pack_directory


def run(*argv: str) -> int:
    parser = argparse.ArgumentParser()
    cli.add_parser(parser.add_subparsers())
    return cli.run(parser.parse_args(["policy", *argv]))


PACK = (default_pack_directory() / "taian/employee-inpatient.yaml").read_text("utf-8")
CASE = """
cases:
  - id: OUTSIDE
    title: 两次住院
    on: 2024-07-01
    benefit: 住院
    facts: {person.type: 退休, visit.level: 三级}
    visits:
      - {bill: {in_scope: 1800}, expect: {pool: 910.00}}
      - {bill: {in_scope: 900.01}}
"""


@pytest.fixture
def outside(tmp_path: Path) -> tuple[str, str]:
    """A pack and a case file that are not in the repository."""
    (tmp_path / "pack.yaml").write_text(PACK, "utf-8")
    (tmp_path / "case.yaml").write_text(CASE, "utf-8")
    return str(tmp_path / "pack.yaml"), str(tmp_path / "case.yaml")


def test_check_of_the_shipped_packs(capsys: pytest.CaptureFixture[str]) -> None:
    assert run("check") == 0
    shown = capsys.readouterr().out
    assert "错误0处，已确认的原文问题" in shown
    assert "INC-CL-01：低保成年人补助不低于缴费标准的80%" in shown


def test_check_of_a_broken_pack(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    (tmp_path / "pack.yaml").write_text(PACK.replace("91%", "191%"), "utf-8")
    assert run("check", str(tmp_path / "pack.yaml")) == 1
    captured = capsys.readouterr()
    line = PACK[: PACK.index("91%")].count("\n") + 1
    assert captured.err.startswith(f"pack.yaml:{line}: 〔统筹支付比例〕")
    assert "超过100%" in captured.err
    assert "错误1处" in captured.out


def test_check_of_nothing(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert run("check", str(tmp_path)) == 2
    assert "没有找到YAML文件" in capsys.readouterr().err


def test_the_shipped_cases(capsys: pytest.CaptureFixture[str]) -> None:
    assert run("test") == 0
    assert "不符0个" in capsys.readouterr().out


def test_a_case_that_differs(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    (tmp_path / "pack.yaml").write_text(PACK, "utf-8")
    (tmp_path / "cases").mkdir()
    (tmp_path / "cases/case.yaml").write_text(CASE.replace("910.00", "910.01"), "utf-8")
    assert run("test", str(tmp_path)) == 1
    out = capsys.readouterr().out
    assert "cases/case.yaml:3: OUTSIDE 两次住院" in out
    assert "pool应为910.01，算得910.00" in out


def test_evaluate_as_json(outside: tuple[str, str], capsys: pytest.CaptureFixture[str]) -> None:
    assert run("evaluate", "--pack", outside[0], "--case", outside[1], "--json", "--explain") == 0
    (result,) = json.loads(capsys.readouterr().out)
    assert [visit["payments"][0]["amount"] for visit in result["visits"]] == ["910.00", "91.01"]
    assert result["visits"][1]["burden"]["deductible"] == "800.00"
    assert "100.01 × 91%" in "".join(step["with_numbers"] for step in result["visits"][1]["steps"])
    assert all(step["citation"] for visit in result["visits"] for step in visit["steps"])
    first = result["visits"][0]
    assert [part["kind"] for part in first["waterfall"]] == ["total", "fund", "cash"]
    assert first["waterfall"][-1]["amount"] == first["cash"]


def test_evaluate_in_words(outside: tuple[str, str], capsys: pytest.CaptureFixture[str]) -> None:
    assert run("evaluate", "--pack", outside[0], "--case", outside[1]) == 0
    out = capsys.readouterr().out
    assert "统筹基金  -910.00" in out
    assert "起付标准以下 800.00，按比例自付 90.00" in out


def test_show(capsys: pytest.CaptureFixture[str]) -> None:
    assert run("show", "629900", "390", "住院", "--on", "2026-01-01") == 0
    out = capsys.readouterr().out
    assert "def evaluate(" in out
    assert "visit.level 医院级别（一级、二级、三级）：必填" in out


def test_show_of_packs_that_are_not_in_the_repository(
    outside: tuple[str, str], capsys: pytest.CaptureFixture[str]
) -> None:
    assert run("show", "--pack", outside[0], "--on", "2024-07-01", "住院") == 0
    assert "支付顺序" in capsys.readouterr().out
    assert run("show", "--pack", outside[0], "--on", "2024-07-01", "门诊") == 2
    assert "现有待遇：\n  taian-employee" in capsys.readouterr().err
    assert run("show", "住院") == 2
    assert "policy show 统筹区 险种 待遇" in capsys.readouterr().err


def test_a_file_of_the_other_sort_is_told_where_it_belongs(
    outside: tuple[str, str], capsys: pytest.CaptureFixture[str]
) -> None:
    assert run("test", outside[0]) == 2
    assert "pack.yaml:1: 这是政策包，不是案例文件" in capsys.readouterr().err
    assert run("check", outside[1]) == 2
    assert "case.yaml:1: 这是案例文件，不是政策包" in capsys.readouterr().err


def test_a_binding_alone_does_not_list_packs_that_are_not_there(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    area = 'binding: {area: {code: "999902", name: 西河}, schemes: [{scheme: "310", name: 职工, packs: [xihe]}]}'
    (tmp_path / "area.yaml").write_text(area, "utf-8")
    assert run("check", str(tmp_path / "area.yaml")) == 1
    assert "没有政策包“xihe”。这里没有读到任何政策包" in capsys.readouterr().err
