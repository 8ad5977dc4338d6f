"""Acceptance: three visits, the first revoked late, settled again by the centre; the institution's books stay as they are.

The policy (tests/integration/settlement/packs): 200 yuan deductible a year, then 70 % at a pharmacy, of class A.

    visit   total   as told: fund / cash         without the first visit: fund / cash
    1       300     (300 − 200) × 70 % =  70 / 230    revoked
    2       500      500 × 70 %        = 350 / 150    (500 − 200) × 70 % = 210 / 290
    3       100      100 × 70 %        =  70 /  30     70 / 30

So the second visit changes by 140 yuan, which the person owes the centre.
"""

from __future__ import annotations

from datetime import UTC, date, datetime
from decimal import Decimal
from typing import Any

import pytest

from tests.integration.exchange import nodes
from tests.integration.exchange.gateway import Caller
from tests.integration.exchange.test_statements import Books
from tests.integration.settlement.world import POOL, person_number
from tongchou.ledger import api as ledger
from tongchou.registry.models import Person
from tongchou.settlement import api
from tongchou.settlement.api import resettle

pytestmark = [pytest.mark.django_db(transaction=True), pytest.mark.requirement("R1.3.03")]
YEAR = resettle.Scope(area=POOL, begin=date(2026, 1, 1), end=date(2026, 12, 31))


@pytest.fixture
def books(pharmacy: Caller) -> Books:
    return Books(pharmacy)


def sell(pharmacy: Caller, books: Books, yuan: int) -> Any:
    lines = [nodes.line(1, yuan=yuan)]
    info = pharmacy.call("2102", nodes.purchase(3, lines, acct_used_flag="0")).output["setlinfo"]
    books.book(info)
    return info


def refund(pharmacy: Caller, books: Books, sold: Any) -> Any:
    info = pharmacy.call("2103", nodes.revocation(sold)).output["setlinfo"]
    amounts = (info["medfee_sumamt"], info["fund_pay_sumamt"], info["acct_pay"])
    books.rows.append((info["setl_id"], info["mdtrt_id"], person_number(3), *amounts, "1"))
    return info


def amounts(info: Any) -> tuple[Decimal, Decimal]:
    """Fund and cash; a query names cash in another way than a settlement."""
    return info["fund_pay_sumamt"], info["medfee_sumamt"] - info["fund_pay_sumamt"] - info["acct_pay"]


def agree(books: Books) -> None:
    assert books.totals()["stmt_rslt"] == "0"
    assert {row[4] for row in books.details()} == {"0"}


def test_three_visits_the_first_revoked_late(pharmacy: Caller, books: Books) -> None:
    first, second, third = (sell(pharmacy, books, yuan) for yuan in (300, 500, 100))
    told = [amounts(info) for info in (first, second, third)]
    assert told == [(Decimal(70), Decimal(230)), (Decimal(350), Decimal(150)), (Decimal(70), Decimal(30))]
    assert amounts(refund(pharmacy, books, first)) == (Decimal(-70), Decimal(-230))
    agree(books)
    payable = ledger.balance(area=POOL, account_code="2101")
    person = Person.objects.get(number=person_number(3))
    now = datetime.now(UTC)

    made = resettle.make_run(kind="person", scope=YEAR, reason="前序结算撤销", maker=None, now=now, persons=[person.pk])
    made = resettle.try_all(made, now=now)
    (change,) = made.persons.get().proposal["changes"]
    assert (change["settlement"], change["fund"], change["cash"]) == (
        second["setl_id"], [35_000, 21_000], [15_000, 29_000],
    )  # fmt: skip
    assert (made.totals["to_persons"], made.totals["from_persons"]) == (0, 14_000)
    made = resettle.approve_run(run_id=made.pk, case_id=1, digest=made.digest)
    assert resettle.book_row(row_id=made.persons.get().pk, now=datetime.now(UTC))
    resettle.finish_booking(made, now=now)

    # The person owes the centre 140 yuan; the pharmacy is owed what it was told, and its books still agree.
    assert ledger.balance(area=POOL, account_code="2101") == payable
    assert ledger.balance(area=POOL, account_code="2102.310100", party=person.pk) == 14_000
    agree(books)
    query = {"setl_id": second["setl_id"], "mdtrt_id": second["mdtrt_id"], "psn_no": second["psn_no"]}
    shown = pharmacy.call("5203", {"data": query}).output["setlinfo"]
    assert amounts(shown) == told[1]
    (fee,) = pharmacy.call("5204", {"data": query}).output
    assert (fee["setl_id"], fee["det_item_fee_sumamt"]) == (second["setl_id"], Decimal(500))
    assert api.examine(today=now.date()) == []
    _revoked_by_the_id_it_knows(pharmacy, books, second, person.pk)


def _revoked_by_the_id_it_knows(pharmacy: Caller, books: Books, second: Any, person: int) -> None:
    today = datetime.now(UTC).date()
    message = pharmacy.message("2103", nodes.revocation(second))
    mirror = pharmacy.post(message).output["setlinfo"]
    assert amounts(mirror) == (Decimal(-350), Decimal(-150))
    assert pharmacy.post(message).output["setlinfo"] == mirror
    books.rows.append(
        (mirror["setl_id"], mirror["mdtrt_id"], person_number(3), Decimal(-500), Decimal(-350), Decimal(0), "1")
    )
    agree(books)
    assert ledger.balance(area=POOL, account_code="2102.310100", party=person) == 0
    assert pharmacy.call("2103", nodes.revocation(second)).code == "SETL-041"
    shown = pharmacy.call(
        "5203", {"data": {"setl_id": mirror["setl_id"], "mdtrt_id": mirror["mdtrt_id"], "psn_no": second["psn_no"]}}
    ).output["setlinfo"]
    assert amounts(shown) == (Decimal(-350), Decimal(-150))
    assert api.examine(today=today) == []
    # And takes the revocation back: settled again as the centre had decided, told as it was told.
    undo = {"data": {"psn_no": second["psn_no"], "omsgid": message["msgid"], "oinfno": "2103"}}
    assert pharmacy.call("2601", undo).output == {}
    books.rows.pop()
    agree(books)
    assert ledger.balance(area=POOL, account_code="2102.310100", party=person) == 14_000
    assert api.examine(today=today) == []
