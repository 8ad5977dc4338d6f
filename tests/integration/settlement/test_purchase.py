"""A pharmacy purchase from request to books."""

from __future__ import annotations

import pytest

from tests.integration.settlement.world import (
    CLASS_B,
    POOL,
    job,
    line,
    money,
    purchase,
    read,
    settle,
)
from tongchou.kernel.rejection import Rejection
from tongchou.ledger import api as ledger
from tongchou.settlement import api

pytestmark = pytest.mark.usefixtures("world")


@pytest.mark.requirement("R1.2.34")
def test_a_purchase_is_split_paid_and_booked() -> None:
    # 500 yuan class A + 100 yuan class B (10 prior self-pay): in scope 590, deductible 200, 70 % of 390 = 273.
    found = settle(purchase(lines=(line(1, count=5), line(2, CLASS_B))))
    assert (found["total"], found["fund"], found["account"], found["cash"]) == (60_000, 27_300, 32_700, 0)
    assert found["balance"] == 17_300
    assert ledger.balance(area=POOL, account_code="5001.310100") == 27_300
    assert ledger.balance(area=POOL, account_code="2101") == -60_000
    assert ledger.balance(area=POOL, account_code="2201") == -(3 * 50_000 - 32_700)


def test_pre_settling_says_the_same_and_writes_nothing() -> None:
    before = money()
    view = api.pre_settle(
        institution_code="P62990000001", request=purchase(lines=(line(1, count=5),)), now=job(purchase()).now
    )
    assert (view.id, view.total, view.fund_pay, view.account_pay) == (0, 50_000, 21_000, 29_000)
    assert money() == before


def test_a_repeated_message_gets_the_same_answer() -> None:
    first = job(purchase(), message="M1")
    answers = [api.settle_many(jobs=[first])[0] for _ in range(3)]
    assert len(set(map(bytes, answers))) == 1
    assert ledger.balance(area=POOL, account_code="2101") == -10_000
    other = job(purchase(lines=(line(1, count=2),)), message="M1")
    (refusal,) = api.settle_many(jobs=[other])
    assert isinstance(refusal, Rejection)
    assert refusal.code == "SETL-001"


def test_a_batch_settles_what_can_be_settled() -> None:
    jobs = [
        job(purchase(1)),
        job(purchase(2, claimed_total=1)),
        job(purchase(1)),
        job(purchase(3)),
        job(purchase(9)),
    ]
    results = api.settle_many(jobs=jobs)
    assert [read(results[n])["balance"] for n in (0, 2, 3)] == [40_000, 30_000, 40_000]
    assert [results[n].code for n in (1, 4)] == ["SETL-023", "SETL-010"]
