"""The golden cases beside the packs, and that they carry the figures of the seeds' worked examples."""

from __future__ import annotations

import re
from pathlib import Path

import pytest
import yaml

from tongchou.kernel.money import format_yuan, parse_yuan
from tongchou.policy import PolicyBook, PolicyErrors, default_pack_directory
from tongchou.policy.caseread import Case, read_case_file
from tongchou.policy.cases import run_case
from tongchou.policy.loader import read_cases

CASES = [case for tree in read_cases(default_pack_directory()) for case in read_case_file(tree)]


@pytest.fixture(scope="module")
def book() -> PolicyBook:
    return PolicyBook.load(default_pack_directory())


@pytest.mark.requirement(
    "R1.3.07", "R1.3.08", "R1.3.09", "R1.3.10", "R1.3.11", "R1.3.12", "R1.3.13", "R1.3.14", "R1.3.15", "R1.3.16",
    "R0.21", "R0.42", "R0.49", "R0.50",
)  # fmt: skip
@pytest.mark.parametrize("case", CASES, ids=lambda case: case.id)
def test_golden_case(book: PolicyBook, case: Case) -> None:
    assert run_case(book, case).failures == ()


def test_case_ids_are_unique() -> None:
    ids = [case.id for case in CASES]
    assert len(ids) == len(set(ids))


def test_every_reading_of_every_ambiguity_has_a_case(book: PolicyBook) -> None:
    """The adopted reading is what all other cases use; each other reading is chosen by some case."""
    readings = {
        (entry.id, reading)
        for versions in book.packs.values()
        for version in versions
        for entry in version.ambiguities
        for reading in entry.readings
        if reading != entry.adopted
    }
    assert readings
    assert readings == {pair for case in CASES for pair in case.readings.items()}


# -- fidelity to the worked examples ------------------------------------------------------------------------------------

ELSEWHERE = {"GS-34": "with medical assistance: test_gs34_with_assistance"}
NOT_MONEY = {"counts_in"}


def figures(result: dict[str, str]) -> set[str]:
    """The amounts of a worked example, as yuan with two decimals; dates as they are."""
    found = set()
    for name, value in result.items():
        if name not in NOT_MONEY:
            found.add(value if re.fullmatch(r"\d{4}-\d\d-\d\d", value) else format_yuan(parse_yuan(value)))
    return found


def expected_figures(prefix: str) -> set[str]:
    """Every amount and date that the golden cases of a worked example expect."""
    found: set[str] = set()
    for case in CASES:
        if case.id == prefix or case.id.startswith(f"{prefix}-"):
            for step in case.steps:
                for value in step.expect.values():
                    try:
                        found.add(format_yuan(parse_yuan(value)))
                    except ValueError:
                        found.add(value)
    return found


@pytest.mark.requirement("R1.3.07", "R1.3.08", "R1.3.09")
def test_seed_examples_are_all_carried(shared_dir: Path) -> None:
    """Every figure of every GS and CS example, all readings included, is expected by a golden case of the same id."""
    examples = yaml.safe_load((shared_dir / "cases/seed_examples.yaml").read_text("utf-8"))["cases"]
    missing = {}
    for example in examples:
        name = example["id"]
        if not name.startswith(("GS-", "CS-")) or name in ELSEWHERE:
            continue
        wanted = figures(example["result"])
        for other in example.get("other_readings", []):
            if other["ambiguity"] != "ROUNDING":
                wanted |= figures(other["result"])
        lacking = wanted - expected_figures(name) - summed(name)
        if lacking:
            missing[name] = lacking
    assert not missing


def summed(name: str) -> set[str]:
    """Figures that a worked example gives as a sum over visits, or prints beside a result that is checked."""
    return {
        "GS-25": {"17770.00"},  # the person over both stays: 20,350 + 15,600 − 12,000 − 3,000 − 3,180
        "GS-01": set(),
        "GS-03": {"160.00"},
    }.get(name, set())


def test_worked_examples_are_all_carried(shared_dir: Path) -> None:
    wanted = {"WE-001", "WE-040", "WE-041", "WE-043", "WE-045", "WE-047", "WE-048", "WE-049", "CON-10"}
    examples = yaml.safe_load((shared_dir / "cases/worked_examples.yaml").read_text("utf-8"))["cases"]
    by_id = {example["id"]: example for example in examples if example["id"] in wanted}
    assert set(by_id) == wanted
    for name, example in by_id.items():
        assert figures(example["expected"]) <= expected_figures(name), name


def test_gs34_with_assistance(tmp_path: Path) -> None:
    """GS-34: basic → large amount → assistance of 60 % (a test value) up to 30,000, as a third chained pack."""
    source = default_pack_directory() / "gansu-city/gs-city.yaml"
    (tmp_path / "gs-city.yaml").write_text(source.read_text("utf-8"), "utf-8")
    (tmp_path / "assistance.yaml").write_text(ASSISTANCE, "utf-8")
    (tmp_path / "cases").mkdir()
    (tmp_path / "cases/gs34.yaml").write_text(GS34, "utf-8")
    book = PolicyBook.load(tmp_path)
    (case,) = [case for tree in read_cases(tmp_path) for case in read_case_file(tree)]
    assert run_case(book, case).failures == ()


ASSISTANCE = """
pack: assistance
title: 医疗救助(测试值)
source: {title: 试点方案五(六)、县级救助办法, date: "2009"}
version: {from: 2007-10-01}
funds: {"610100": 医疗救助基金}
accumulators:
  year.assistance:610100: {title: 本年度救助, unit: 元}
benefits:
  - name: 住院
    cite: 五(六)
    layers:
      - id: assistance
        title: 医疗救助
        pays_from: "610100"
        base: [over_cap, uncovered, copay, deductible]
        when: 低保 in person.identities
        bands: [{ratio: 60%}]
        caps: [{on: payment, per: year, amount: 30000, counts: "year.assistance:610100"}]
"""
GS34 = """
packs: [gansu-city, assistance]
on: 2009-06-01
cases:
  - id: GS-34
    title: 低保成年人,三级医院65500元
    benefit: 住院
    facts: {person.type: 居民, person.continuous_years: 1, visit.level: 三级, person.identities: [低保]}
    bill: {in_scope: 65500}
    expect: {pool: 15000.00, large: 15000.00, assistance: 21300.00, person: 14200.00}
"""


def test_misspelt_names_in_a_case_are_failures(book: PolicyBook, tmp_path: Path) -> None:
    (tmp_path / "case.yaml").write_text(
        """
packs: [taian-employee]
on: 2024-07-01
benefit: 住院
facts: {person.type: 退休, visit.level: 三级, visit.levle: 三级}
cases:
  - {id: A, title: B, bill: {in_scope: 1800}, accumulators: {year.paid: 1}, expect: {pol: 910}}
""",
        "utf-8",
    )
    ((case,),) = [read_case_file(tree) for tree in read_cases(tmp_path / "case.yaml")]
    messages = " ".join(run_case(book, case).failures)
    for word in ("不认识的信息“visit.levle”", "没有累计项“year.paid”", "不认识的期望“pol”"):
        assert word in messages


def test_an_unknown_cost_component_in_a_case_is_a_finding(tmp_path: Path) -> None:
    (tmp_path / "case.yaml").write_text("cases: [{id: A, title: B, bill: {inscope: 1}}]\n", "utf-8")
    with pytest.raises(PolicyErrors, match="没有成分“inscope”"):
        [read_case_file(tree) for tree in read_cases(tmp_path / "case.yaml")]


def test_a_broken_case_file_names_its_line(tmp_path: Path) -> None:
    (tmp_path / "broken.yaml").write_text("cases:\n  - id: A\n    title: B\n    bil: {in_scope: 1}\n", "utf-8")
    with pytest.raises(PolicyErrors) as errors:
        [read_case_file(tree) for tree in read_cases(tmp_path / "broken.yaml")]
    assert [(f.line, "bil" in f.message) for f in errors.value.findings] == [(4, True)]
