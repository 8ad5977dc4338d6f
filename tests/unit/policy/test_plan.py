"""The compiled plan of the Gansu city: a visit in, payments and burden out."""

from __future__ import annotations

from datetime import date

import pytest

from tongchou.kernel.rejection import Rejection
from tongchou.policy import Bill, Plan, PolicyBook

DAY = date(2009, 6, 1)
ADULT = {"person.type": "居民", "person.continuous_years": 1, "visit.level": "二级", "visit.where": "本市"}


@pytest.fixture(scope="module")
def inpatient(book: PolicyBook) -> Plan:
    return book.plan(area="629900", scheme="390", benefit="住院", on=DAY)


def test_payments_and_burden_are_the_bill(inpatient: Plan) -> None:
    bill = Bill(out_of_scope=50_000, over_limit=1, prior_self_pay=20_000, in_scope=4_000_033)
    outcome = inpatient.evaluate(ADULT, bill, {})
    assert outcome.fund_pay + sum(outcome.burden.values()) == bill.total
    assert outcome.account_pay + outcome.cash_pay == sum(outcome.burden.values())
    assert outcome.paid("pool") == 1_500_000  # (28,000 − 350) × 60 % is over the yearly limit of 15,000
    assert outcome.paid("large") == 480_013  # (40,000.33 − 28,000) × 40 %


def test_trace_gives_the_same_result_and_step_values(inpatient: Plan) -> None:
    bill = Bill(in_scope=123_456)
    assert inpatient.trace(ADULT, bill, {}) == inpatient.evaluate(ADULT, bill, {})
    assert inpatient.trace(ADULT, bill, {}).values
    assert inpatient.evaluate(ADULT, bill, {}).values == ()


def test_a_missing_fact_is_named(inpatient: Plan) -> None:
    with pytest.raises(Rejection) as refused:
        inpatient.evaluate({"person.type": "居民", "person.continuous_years": 1}, Bill(in_scope=1), {})
    assert refused.value.code == "POL-010"
    assert "医院级别" in refused.value.message


def test_a_value_outside_the_document_is_named(inpatient: Plan) -> None:
    with pytest.raises(Rejection) as refused:
        inpatient.evaluate(ADULT | {"visit.level": "药店"}, Bill(in_scope=1), {})
    assert refused.value.code == "POL-011"
    assert "一级、二级、三级" in refused.value.message
