"""A stay over the end of a benefit year as one visit of a case: its lines have days, and the years are decided one by one."""

from __future__ import annotations

from datetime import date, timedelta

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tongchou.kernel.money import format_yuan
from tongchou.policy import PolicyBook, default_pack_directory
from tongchou.policy.casedata import case_data, case_text, moved
from tongchou.policy.caseread import read_case_file
from tongchou.policy.cases import CaseResult, run_case
from tongchou.policy.loader import read_packs
from tongchou.policy.nodes import Map, parse_yaml

BOOK = PolicyBook(read_packs(default_pack_directory() / "shapes"))
HEAD = "title: 试\npacks: [shp-84]\nbenefit: 住院\ncases:\n"


def results(cases: str, book: PolicyBook = BOOK) -> list[CaseResult]:
    tree = parse_yaml(HEAD + cases, "case.yaml")
    assert isinstance(tree, Map)
    return [run_case(book, case) for case in read_case_file(tree)]


def line(day: date, fen: int) -> str:
    return f"{{on: {day}, class: 甲类, amount: {'-' if fen < 0 else ''}{format_yuan(abs(fen))}}}"


@settings(max_examples=60, deadline=None)
@given(
    costs=st.lists(st.tuples(st.integers(0, 430), st.integers(1, 500_000)), min_size=1, max_size=12),
    days=st.integers(0, 430),
)
def test_as_one_visit_and_as_a_visit_for_each_year(costs: list[tuple[int, int]], days: int) -> None:
    """Up to three years: the amounts, years and counters are those of visits written one after the other."""
    admitted = date(2024, 11, 20)
    discharged = admitted + timedelta(days=days)
    lines = [(min(admitted + timedelta(days=after), discharged), fen) for after, fen in costs]
    one = f"  - {{id: a, title: 一次, admitted: {admitted}, on: {discharged}, lines: [{', '.join(line(*each) for each in lines)}]}}\n"
    visits = []
    for year in sorted({day.year for day, _ in lines}):
        mine = ", ".join(line(day, fen) for day, fen in lines if day.year == year)
        on = min(discharged, date(year, 12, 31))
        visits.append(f"{{on: {on}, facts: {{visit.continued: {str(bool(visits)).lower()}}}, lines: [{mine}]}}")
    several = f"  - {{id: b, title: 几次, visits: [{', '.join(visits)}]}}\n"
    found, written = results(one + several)
    assert found.failures == written.failures == ()
    assert [v.counted_in for v in found.visits] == [v.counted_in for v in written.visits]
    assert [v.outcome.payments for v in found.visits] == [v.outcome.payments for v in written.visits]
    assert [v.outcome.burden for v in found.visits] == [v.outcome.burden for v in written.visits]
    assert [v.accumulators for v in found.visits] == [v.accumulators for v in written.visits]
    assert sum(v.bill.total for v in found.visits) == sum(fen for _, fen in lines)
    assert all(v.outcome.fund_pay + v.outcome.person_pay == v.bill.total for v in found.visits)


def test_every_year_is_explained() -> None:
    (found,) = results(
        "  - {id: a, title: 一次, admitted: 2024-12-31, on: 2025-01-03, lines: [{on: 2024-12-31, class: 甲类, amount: 600}, {on: 2025-01-01, class: 甲类, amount: 600}]}\n"
    )
    assert [visit.no for visit in found.visits] == [1, 1]
    ratios = [step.substituted for visit in found.visits for step in visit.explain() if step.title == "报销比例"]
    assert ratios == ["80%", "85%"]


def test_lines_without_a_day_cannot_be_divided() -> None:
    one, two = results(
        "  - {id: a, title: 都没有, admitted: 2024-12-31, on: 2025-01-03, lines: [{class: 甲类, amount: 600}]}\n"
        "  - {id: b, title: 少一条, admitted: 2024-12-31, on: 2025-01-03, lines: [{class: 甲类, amount: 600}, {on: 2024-12-31, class: 甲类, amount: 1}]}\n"
    )
    for found in (one, two):
        assert found.failures == ("第1步：跨年度的住院按费用发生日划分，每条明细都要写on",)


def test_a_stay_is_settled_whole_or_not_at_all() -> None:
    """The second year is refused: what the first has moved is taken back, and the next visit finds nothing."""
    tree = [tree for tree in read_packs(default_pack_directory() / "shapes") if "SHP-84" in tree.file]
    refusing = []
    for each in tree:
        text = (default_pack_directory() / "shapes" / each.file).read_text("utf-8")
        if "2025" in each.file:
            text = text.replace(
                "    cite: 跨年度\n", "    cite: 跨年度\n    requires: [{when: person.civil_servant, because: 试}]\n", 1
            )
        parsed = parse_yaml(text, each.file)
        assert isinstance(parsed, Map)
        refusing.append(parsed)
    (found,) = results(
        """
  - id: a
    title: 后一年度被拒绝
    visits:
      - {admitted: 2024-12-31, on: 2025-01-03, lines: [{on: 2024-12-31, class: 甲类, amount: 1500}, {on: 2025-01-01, class: 甲类, amount: 600}], expect: {refused: POL-021}}
      - {on: 2024-12-31, bill: {in_scope: 1500}, expect: {pool: 800, "year.paid:310100": 800, "year.stays:310": 1}}
""",
        PolicyBook(refusing),
    )
    assert found.failures == ()


def test_what_one_year_gave_may_be_expected_and_is_compared() -> None:
    (found,) = results(
        "  - {id: a, title: 一次, admitted: 2024-12-31, on: 2025-01-03, lines: [{on: 2024-12-31, class: 甲类, amount: 600}, {on: 2025-01-01, class: 甲类, amount: 600}], expect: {2024/pool: 81, 2026/pool: 1}}\n"
    )
    wrong, unknown = found.failures
    assert "2024/pool应为81，算得80.00" in wrong
    assert "不认识的期望“2026/pool”" in unknown


@pytest.mark.parametrize(("reading", "pool"), [("出院年度", "4000"), ("入院年度", "0")])
def test_days_of_lines_change_nothing_where_a_stay_is_not_divided(reading: str, pool: str) -> None:
    """SHP-52: 10,000 of 2022 are used up; the stay counts in 2023 (5000 × 80 %) or in 2022."""
    text = f"""
  - id: a
    title: 不划分
    packs: [shp-52]
    readings: {{AMB-52: {reading}}}
    visits:
      - {{on: 2022-06-01, bill: {{in_scope: 20000}}, expect: {{pool: 10000}}}}
      - {{admitted: 2022-12-25, on: 2023-01-02, bill: {{in_scope: 5000}}, expect: {{pool: {pool}}}}}
"""
    (found,) = results(text)
    assert found.failures == ()


def test_days_of_lines_move_with_the_case() -> None:
    text = (
        HEAD
        + "  - {id: a, title: 一次, admitted: 2024-12-31, on: 2025-01-03, lines: [{on: 2024-12-30, class: 甲类, amount: 600}]}\n"
    )
    tree = parse_yaml(text, "case.yaml")
    assert isinstance(tree, Map)
    (later,) = [moved(case, date(2026, 1, 1)) for case in case_data(tree)]
    assert (later["admitted"], later["on"], later["lines"][0]["on"]) == ("2026-12-31", "2027-01-03", "2026-12-30")
    assert "on: 2026-12-30" in case_text([later], "移后")
