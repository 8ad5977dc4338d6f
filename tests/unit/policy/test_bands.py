"""Bands measured on the payment, shown band by band; and a ratio that the document lacks, which refuses who reaches it."""

from __future__ import annotations

import numpy as np
import pytest

from tests.unit.policy.fragment import plan_of
from tongchou.kernel.rejection import Rejection
from tongchou.policy import Bill, Plan
from tongchou.policy.arrays import column_kernel, sequence_kernel

COUNTERS = """
accumulators:
  year.paid: {title: 年内支付, unit: 元}
  year.cost: {title: 年内费用, unit: 元}
"""
BY_PAYMENT = """
bands:
  measure: payment
  counts: year.paid
  tiers: [{to: 1000, ratio: 50%}, {to: 1600, ratio: 60%}, {ratio: 80%}]
"""


def steps(plan: Plan, yuan: int, paid: int = 0) -> str:
    bill, before = Bill(in_scope=yuan * 100), {"year.paid": paid * 100}
    outcome = plan.trace({}, bill, before)
    return next(
        step.substituted for step in plan.explain(outcome.values, {}, bill, before) if step.title == "按比例应付"
    )


def paid(plan: Plan, yuan: int, before: int = 0) -> int:
    return plan.evaluate({}, Bill(in_scope=yuan * 100), {"year.paid": before * 100}).fund_pay


def test_each_band_by_payment_shows_what_it_pays() -> None:
    """2,000 of cost give the first 1,000 of payment, 1,000 more give 600, the rest is paid at 80 %."""
    plan = plan_of(BY_PAYMENT, COUNTERS)
    assert paid(plan, 3_500) == 1_000_00 + 600_00 + 400_00
    assert steps(plan, 3_500) == (
        "费用3,500.00，此前已支付0.00：第1段（累计支付至1,000.00，50%）1,000.00 + "
        "第2段（累计支付至1,600.00，60%）600.00 + 第3段（80%）400.00"
    )
    assert steps(plan, 1_500).endswith("50%）750.00 + 第2段（累计支付至1,600.00，60%）0.00 + 第3段（80%）0.00")


def test_bands_that_earlier_payments_filled_are_passed_over() -> None:
    """1,300 paid before: 300 are left in the second band, which 500 of cost fill; 100 more at 80 %."""
    plan = plan_of(BY_PAYMENT, COUNTERS)
    assert paid(plan, 600, 1_300) == 300_00 + 80_00
    assert "50%）0.00 + 第2段（累计支付至1,600.00，60%）300.00 + 第3段（80%）80.00" in steps(plan, 600, 1_300)
    assert paid(plan, 600, 1_600) == 480_00


def test_a_band_of_nothing_is_never_filled() -> None:
    plan = plan_of(BY_PAYMENT.replace("60%", "0%"), COUNTERS)
    assert paid(plan, 5_000) == 1_000_00
    assert paid(plan, 5_000, 1_600) == 4_000_00  # who has been paid so much already is past it


@pytest.mark.parametrize(
    ("cost", "paid_before", "each"),
    [(1, 0, (50, 0, 0)), (2_000, 0, (100_000, 0, 0)), (2_001, 0, (100_000, 60, 0)), (3_001, 0, (100_000, 60_000, 80))],
)
def test_what_the_bands_pay_is_the_share(cost: int, paid_before: int, each: tuple[int, ...]) -> None:
    assert paid(plan_of(BY_PAYMENT, COUNTERS), cost, paid_before) == sum(each)


LACKS = [
    (
        "marginal",
        "bands: [{to: 1000, ratio: 50%}, {to: 2000, ratio: null, note: 未规定}, {ratio: 80%}]",
        (1_001, 9_000),
    ),
    ("last", "bands: [{to: 1000, ratio: 50%}, {ratio: null, note: 未规定}]", (1_001, 9_000)),
    (
        "whole",
        "bands: {whole_amount: true, tiers: [{to: 1000, ratio: 50%}, {to: 2000, ratio: null, note: 未规定}, {ratio: 80%}]}",
        (1_001, 2_000),
    ),
    ("payment", BY_PAYMENT.replace("60%", "null, note: 未规定"), (2_001, 9_000)),
    (
        "counted",
        "bands: {counts: year.cost, tiers: [{to: 1000, ratio: 50%}, {ratio: null, note: 未规定}]}",
        (1_001, 9_000),
    ),
    (
        "table",
        "bands: [{to: 1000, ratio: 50%}, {ratio: {by: visit.where, 本市: 80%, 异地: null, note: 未规定}}]",
        (1_001, 9_000),
    ),
]
FACTS: dict[str, object] = {"visit.where": "异地"}


def decided(plan: Plan, facts: dict[str, object], fen: int) -> int | None:
    """What is paid; nothing where the document lacks the ratio."""
    try:
        return plan.evaluate(facts, Bill(in_scope=fen), {}).fund_pay
    except Rejection as refusal:
        return None if refusal.code == "POL-022" and "未规定" in refusal.message else -1


@pytest.mark.requirement("R0.49")
@pytest.mark.parametrize(("name", "rest", "refused"), LACKS, ids=[name for name, *_ in LACKS])
def test_a_ratio_that_the_document_lacks_refuses_only_who_reaches_it(
    name: str, rest: str, refused: tuple[int, int]
) -> None:
    """One claim at a time, as columns, and in the order of a year: the same claims are refused, the others are paid."""
    plan = plan_of(rest, COUNTERS)
    amounts = [fen for yuan in (1, 1_000, 1_001, 2_000, 2_001, 9_000) for fen in (yuan * 100 - 1, yuan * 100)]
    facts = {spec.name: FACTS[spec.name] for spec in plan.facts}
    single = [decided(plan, facts, fen) for fen in amounts]
    assert [payment is None for payment in single] == [
        refused[0] * 100 - 99 <= fen <= refused[1] * 100 for fen in amounts
    ]
    if name in ("marginal", "payment"):  # each compiles two loops: the text is the same for all
        assert as_columns(plan, amounts) == single
        assert as_years(plan, amounts) == single


def as_columns(plan: Plan, amounts: list[int]) -> list[int | None]:
    """Payments of claims as columns; nothing where refused."""
    out = [np.empty(len(amounts)) for _ in range(2)]
    kernel = column_kernel(plan, ("b_in_scope",), ("refused", "paid:pool"))
    kernel.run([np.array(amounts, dtype=np.float64)], [((), 0, len(amounts))], out)
    return [None if no else int(fen) for no, fen in zip(*out, strict=True)]


def as_years(plan: Plan, amounts: list[int]) -> list[int | None]:
    """Payments of persons with one claim each; nothing where refused."""
    out = [np.empty(len(amounts), dtype=np.int64) for _ in range(2)]
    starts, year = np.arange(len(amounts) + 1), np.zeros(len(amounts), dtype=np.int64)
    kernel = sequence_kernel(plan, (), ("b_in_scope",), ("paid:pool",), write=True)
    kernel.run(starts=starts, year=year, facts=[], fixed={}, amounts=[np.array(amounts)], out=out)
    return [None if no else int(fen) for fen, no in zip(*out, strict=True)]


def test_a_band_that_the_year_has_left_is_not_asked_for() -> None:
    """The cost of the year is past the band whose ratio is lacking: it does not matter any more."""
    rest = "bands: {counts: year.cost, tiers: [{to: 1000, ratio: null, note: 未规定}, {ratio: 80%}]}"
    plan = plan_of(rest, COUNTERS)
    assert plan.evaluate({}, Bill(in_scope=500_00), {"year.cost": 1_000_00}).fund_pay == 400_00
    with pytest.raises(Rejection, match="未规定"):
        plan.evaluate({}, Bill(in_scope=500_00), {"year.cost": 999_99})
