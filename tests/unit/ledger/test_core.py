"""Double entry on plain numbers."""

from __future__ import annotations

from datetime import date

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tongchou.kernel.funds import ACCOUNT_FUNDS, FUNDS
from tongchou.ledger.chart import chart
from tongchou.ledger.core import EntryLine, difference, differing, mirror, open_day, turnover

entries = st.lists(st.builds(EntryLine, st.sampled_from(["1002", "2101", "5001"]), st.integers(-(10**12), 10**12)))


@given(entries)
def test_a_mirror_cancels_and_mirrors_back(lines: list[EntryLine]) -> None:
    assert difference([*lines, *mirror(lines)]) == 0
    assert list(mirror(mirror(lines))) == lines


@given(entries)
def test_turnover_is_what_the_debits_move(lines: list[EntryLine]) -> None:
    amounts = [line.amount for line in lines]
    assert turnover(amounts) - turnover([-amount for amount in amounts]) == difference(lines)


def test_business_goes_to_today_or_the_day_after_the_last_closed_one() -> None:
    today = date(2026, 12, 31)
    assert open_day(today=today, closed_through=None) == today
    assert open_day(today=today, closed_through=date(2026, 12, 30)) == today
    assert open_day(today=today, closed_through=today) == date(2027, 1, 1)
    assert open_day(today=today, closed_through=date(2027, 1, 3)) == date(2027, 1, 4)


def test_views_differ_only_on_what_both_state() -> None:
    views = {"结算": {"总额": 5, "基金": 3}, "账簿": {"总额": 5, "基金": 4}, "机构": {"总额": 5}}
    assert differing(views) == ["基金：结算 0.03 元、账簿 0.04 元"]
    assert differing({"结算": {"总额": 5}}) == []


@pytest.mark.requirement("R0.48")
def test_retired_cadres_have_a_ledger_of_their_own() -> None:
    """离休人员医疗保障基金 (340100): what comes in, what is paid, what is owed and what is left apart from all others."""
    names = {row.code: row.name for row in chart() if row.fund == "340100"}
    assert set(names) == {"4001.340100", "4002.340100", "5001.340100", "2101.340100", "2102.340100", "3001.340100"}
    assert all("离休人员" in name for name in names.values())


def test_the_chart_has_parents_first_and_one_payable_for_each_fund() -> None:
    rows = chart()
    seen: set[str] = set()
    for row in rows:
        assert not row.parent or row.parent in seen, row
        assert row.code not in seen, row
        seen.add(row.code)
    assert {f"2101.{fund}" for fund in FUNDS} <= seen
    assert not {f"5001.{fund}" for fund in ACCOUNT_FUNDS} & seen
    names = {row.code: row.name for row in rows}
    for name in ("收入户存款", "财政专户存款", "支出户存款", "暂收款", "暂付款", "基金结余", "社会保险费收入", "财政补贴收入", "利息收入",
                 "上级补助收入", "下级上解收入", "社会保险待遇支出", "上解上级支出"):  # fmt: skip
        assert name in names.values()
