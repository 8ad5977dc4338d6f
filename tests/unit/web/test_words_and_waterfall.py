"""Amounts in words, the geometry of the waterfall, filters."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tongchou.web.templatetags.tongchou import debit_credit, micro_yuan, quantity, ratio, share_of
from tongchou.web.waterfall import WIDTH, waterfall
from tongchou.web.words import yuan_in_words


@pytest.mark.parametrize(
    ("fen", "words"),
    [
        (0, "零元整"), (5, "伍分"), (50, "伍角整"), (105, "壹元零伍分"), (120_050, "壹仟贰佰元伍角整"), (10_500, "壹佰零伍元整"),
        (1_000_100, "壹万零壹元整"), (100_000_000, "壹佰万元整"), (140_950, "壹仟肆佰零玖元伍角整"), (600_714, "陆仟零柒元壹角肆分"),
        (10_700_053, "壹拾万柒仟元伍角叁分"), (-100, "负壹元整"), (1_000_000_000_000, "壹佰亿元整"),
    ],
)  # fmt: skip
def test_amounts_in_capital_figures(fen: int, words: str) -> None:
    """The middle ones are the examples of 正确填写票据和结算凭证的基本规定."""
    assert yuan_in_words(fen) == words


amounts = st.integers(0, 10**12)


@st.composite
def settlements(draw: st.DrawFn) -> tuple[dict[str, int], list[dict[str, object]]]:
    """A settlement whose parts and payers sum to its total."""
    parts = {name: draw(amounts) for name in ("in_scope", "prior_self_pay", "over_limit", "out_of_scope")}
    total = left = sum(parts.values())
    payments: list[dict[str, object]] = []
    for fund in draw(st.lists(st.sampled_from(["310100", "330100", "610100"]), max_size=4)):
        paid = draw(st.integers(0, left))
        payments.append({"fund": fund, "amount": paid})
        left -= paid
    account = draw(st.integers(0, left))
    sign = draw(st.sampled_from([1, -1]))
    settlement = {**parts, "total": total, "account_pay": account, "cash_pay": left - account}
    for payment in payments:
        payment["amount"] = sign * int(str(payment["amount"]))
    return {name: sign * amount for name, amount in settlement.items()}, payments


@given(settlements())
def test_the_bars_lead_from_the_total_to_the_cash(given_one: tuple[dict[str, int], list[dict[str, object]]]) -> None:
    settlement, payments = given_one
    bars = waterfall(settlement, payments)
    first, *middle, last = bars
    assert first.amount == settlement["total"]
    assert first.amount - sum(bar.amount for bar in middle) == last.amount == settlement["cash_pay"]
    assert sum(segment.amount for segment in first.segments) == settlement["total"]
    for bar in bars:
        for segment in bar.segments:
            assert 0 <= segment.x <= segment.end <= WIDTH + 1


def test_money_prices_quantities_and_ratios_as_people_write_them() -> None:
    assert (micro_yuan(12_500_000), micro_yuan(1_234_560), micro_yuan(None)) == ("12.50", "1.23456", "")
    assert (quantity(10_000), quantity(15_000), quantity(-20_000)) == ("1", "1.5", "-2")
    assert (ratio(6_500), ratio(1_050), ratio(0), ratio(None)) == ("65%", "10.5%", "0%", "—")
    assert (share_of(1, 3), share_of(0, 0)) == ("33.3%", "—")
    assert debit_credit([{"amount": 5}, {"amount": -5}]) == (5, 5)
