"""The rules of the re-run on plain data: who is evaluated, what the account carries, who stands with a reason."""

from __future__ import annotations

from datetime import date
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tongchou.kernel.rejection import Rejection
from tongchou.policy import Bill, Plan, PolicyBook
from tongchou.settlement import rejections
from tongchou.settlement.core.decision import Told, journal_lines, payments_of
from tongchou.settlement.core.rerun import (
    Choice,
    Standing,
    account_share,
    baseline,
    delta_by_period,
    rerun,
    values_before,
)
from tongchou.settlement.core.views import PaymentView

PACKS = Path(__file__).parents[2] / "integration" / "settlement" / "packs"
DAY = date(2026, 5, 6)
FACTS: dict[str, Any] = {"visit.level": "药店", "visit.date": DAY}


@pytest.fixture(scope="module")
def plan() -> Plan:
    """200 yuan deductible a year, then 70 % at a pharmacy, at most 2,000 yuan a year."""
    return PolicyBook.load(PACKS).plan(area="629900", scheme="310", benefit="药店购药", on=DAY)


def settled(
    plan: Plan, number: int, yuan: int, before: dict[str, int], *, account: int = 0, used: str = "0"
) -> Standing:
    """A purchase as it would have been decided with these counters, in yuan; ``account`` fen from the account."""
    bill = Bill(in_scope=yuan * 100)
    outcome = plan.evaluate(FACTS, bill, before, account)
    return Standing(
        id=number, root=number, encounter_id=number, institution_code="P1", area="629900", scheme="310", med_type="41",
        person_type="11", benefit="药店购药", benefit_year="2026", day=DAY, admitted=DAY, discharged=DAY,
        business_date=DAY, fee_month=DAY.replace(day=1), account_used=used, plan=plan.id, package=plan.package_hash,
        out_of_scope=0, over_limit=0, prior_self_pay=0, in_scope=bill.in_scope, deductible=outcome.deductible,
        fund_pay=outcome.fund_pay, account_pay=outcome.account_pay, cash_pay=outcome.cash_pay,
        payments=payments_of(outcome, bill), facts=FACTS,
        accumulators_before={spec.name: before.get(spec.name, 0) for spec in plan.accumulators},
        accumulator_delta=delta_by_period(plan, DAY, outcome),
    )  # fmt: skip


def in_order(plan: Plan, amounts: list[int]) -> tuple[list[Standing], dict[str, dict[str, int]]]:
    """Purchases one after the other, and the counters afterwards."""
    held: dict[str, dict[str, int]] = {}
    found = []
    for number, yuan in enumerate(amounts, start=1):
        one = settled(plan, number, yuan, values_before(plan, DAY, held))
        for period, values in one.accumulator_delta.items():
            for name, amount in values.items():
                held.setdefault(period, {})[name] = held.get(period, {}).get(name, 0) + amount
        found.append(one)
    return found, held


def keep(plan: Plan) -> Any:
    return lambda one: Choice(plan=plan, facts=FACTS, bill=one.bill, person_type=one.person_type)


@given(amounts=st.lists(st.integers(1, 3_000), min_size=1, max_size=8), without=st.integers(0, 7))
def test_without_one_settlement_the_rest_is_as_if_it_had_never_been(
    plan: Plan, amounts: list[int], without: int
) -> None:
    standing, counters = in_order(plan, amounts)
    gone = standing.pop(without % len(standing))
    held = baseline(counters, [gone])
    found = rerun(standing=standing, counters=held, balance=0, choose=keep(plan))
    fresh, _ = in_order(plan, [one.in_scope // 100 for one in standing])
    changed = {change.old.id: change for change in found.changes}
    for old, new in zip(standing, fresh, strict=True):
        change = changed.get(old.id)
        result = (
            (change.fund_pay, change.cash_pay, change.delta)
            if change
            else (old.fund_pay, old.cash_pay, old.accumulator_delta)
        )
        assert result == (new.fund_pay, new.cash_pay, new.accumulator_delta)
        assert change is None or change.fund_pay + change.account_pay + change.cash_pay == old.bill.total
    before_the_gap = [change for change in found.changes if change.old.id < gone.id]
    assert before_the_gap == []


def test_settlements_with_the_same_inputs_are_not_computed(plan: Plan) -> None:
    standing, counters = in_order(plan, [150, 300, 100])
    found = rerun(standing=standing, counters=counters, balance=0, choose=keep(plan))
    assert (found.seen, found.evaluated, found.changes) == (3, 0, [])


def test_what_cannot_be_evaluated_stands_and_the_next_count_what_it_counted(plan: Plan) -> None:
    standing, counters = in_order(plan, [150, 300, 100])

    def choose(one: Standing) -> Choice:
        if one.id == 1:
            raise rejections.RERUN_OTHER_AREA(settlement=one.id, area="620100")
        return Choice(plan=plan, facts=FACTS, bill=one.bill, person_type="11")

    found = rerun(standing=standing, counters=counters, balance=0, choose=choose)
    assert [(each.old.id, each.code) for each in found.refused] == [(1, "SETL-071")]
    assert found.changes == []


@pytest.mark.parametrize(
    ("account", "cash", "used", "share", "balance", "carries"),
    [
        (0, 100, "0", 60, 500, 0),  # given back in cash
        (100, 0, "1", 60, 500, 60),  # no cash was paid: back to the account
        (70, 30, "1", 60, 500, 60),  # cash first, then the account
        (70, 30, "1", 80, 500, 70),  # only cash
        (0, 100, "0", 130, 500, 0),  # the account was not used then: it is not used now
        (100, 0, "1", 130, 500, 130),  # owed in addition: from the account
        (100, 0, "1", 130, 20, 120),  # as far as it holds it
        (0, 100, "1", 130, 20, 20),
    ],
)
def test_what_the_account_carries(
    plan: Plan, account: int, cash: int, used: str, share: int, balance: int, carries: int
) -> None:
    from msgspec.structs import replace

    one = replace(settled(plan, 1, 1, {}), account_pay=account, cash_pay=cash, account_used=used)
    assert account_share(one=one, share=share, balance=balance) == carries


def test_the_institution_stays_owed_what_it_was_told() -> None:
    told = Told((PaymentView("pool", "310100", 0, 700),), 200, 100)
    lines = journal_lines(
        payments=(PaymentView("pool", "310100", 0, 400), PaymentView("large", "330100", 0, 50)),
        account_pay=250, cash_pay=300, account_id=5, institution_id=9, scheme="310", told=told, person_id=7,
    )  # fmt: skip
    assert sum(line.amount for line in lines) == 0
    of_institution = {line.code: line.amount for line in lines if line.party == 9}
    assert of_institution == {"2101.310100": -700, "2101.310200": -200, "9002": -100}
    of_person = {line.code: line.amount for line in lines if line.party == 7}
    # The pool paid 300 too much, the large fund 50 and the account 50 too little: the person owes 200 in all.
    assert of_person == {"2102.310100": 300, "2102.330100": -50, "2102.310200": -50, "9003": -200}
    assert [line.code for line in lines if line.party in (0, 5)] == ["5001.310100", "5001.330100", "2201", "9001"]


def test_a_refusal_of_the_policy_is_a_reason_not_an_error(plan: Plan) -> None:
    standing, counters = in_order(plan, [150])

    def choose(one: Standing) -> Choice:
        return Choice(
            plan=plan, facts={}, bill=one.bill, person_type="11", causes=(_cause(),),
        )  # fmt: skip

    found = rerun(standing=standing, counters=counters, balance=0, choose=choose)
    assert [each.code for each in found.refused] == ["POL-010"]


def _cause() -> Any:
    from tongchou.settlement.core.rerun import Cause

    return Cause("身份待遇", "人员类别", "在职", "退休")


def test_rejections_of_the_rerun_name_a_remedy() -> None:
    for made in (rejections.RERUN_OTHER_AREA(settlement=1, area="620100"), rejections.RERUN_STALE(subject="x")):
        assert isinstance(made, Rejection)
        assert made.remedy
