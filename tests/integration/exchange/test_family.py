"""家庭共济 over HTTP: acct_used_flag 2 in, acct_mulaid_pay out, in every answer that has the field.

Person 1 has 500 yuan in the account and lets person 2 use it; the items are outside the catalogue, so nobody else pays.
"""

from __future__ import annotations

from decimal import Decimal
from typing import Any

import pytest

from tests.integration.exchange import nodes
from tests.integration.exchange.gateway import Caller
from tests.integration.exchange.nodes import line, purchase
from tests.integration.exchange.test_pharmacy import assert_identities, rows
from tests.integration.settlement.world import CLASS_C, bind, person_number
from tongchou.accounts.models import Account
from tongchou.exchange import tables

WITH_FIELD = {"2101", "2102", "2103", "2206", "2207", "2208", "2303", "2304", "2305", "5203"}
USES_FAMILY = {"acct_used_flag": "2"}


def test_the_answers_with_the_field_are_those_that_are_called_below() -> None:
    assert {
        transaction
        for transaction in tables.transactions()
        for node in tables.output_nodes(transaction)
        if "acct_mulaid_pay" in {field.name for field in node.fields}
    } == WITH_FIELD


def balances() -> tuple[int, int]:
    found = dict(Account.objects.values_list("person__number", "balance"))
    return found[person_number(1)], found[person_number(2)]


class Desk:
    """Calls as person 2 and notes which transactions said what the family paid."""

    def __init__(self) -> None:
        self.told: set[str] = set()

    def says(self, caller: Caller, transaction: str, given: Any, *, paid: str) -> Any:
        output = caller.call(transaction, given).output
        info = output["setlinfo"]
        assert (info["acct_mulaid_pay"], info["acct_pay"]) == (Decimal(paid), Decimal(paid)), transaction
        if "psn_part_amt" in info:
            assert_identities(output)
        self.told.add(transaction)
        return output


def at_the_pharmacy(desk: Desk, pharmacy: Caller) -> None:
    sale = purchase(who=2, lines=[line(1, CLASS_C)], **USES_FAMILY)
    desk.says(pharmacy, "2101", sale, paid="100.00")
    assert balances() == (50_000, 50_000)
    sold = desk.says(pharmacy, "2102", sale, paid="100.00")["setlinfo"]
    assert sold["balc"] == Decimal("400.00")
    assert balances() == (40_000, 50_000)
    desk.says(pharmacy, "5203", nodes.revocation(sold), paid="100.00")
    desk.says(pharmacy, "2103", nodes.revocation(sold), paid="-100.00")
    assert balances() == (50_000, 50_000)
    own = pharmacy.call("2102", purchase(who=2, lines=[line(1, CLASS_C)])).output["setlinfo"]
    assert (own["acct_pay"], own["acct_mulaid_pay"]) == (Decimal("100.00"), Decimal("0.00"))
    pharmacy.call("2103", nodes.revocation(own))


def at_the_clinic(desk: Desk, hospital: Caller) -> None:
    encounter = hospital.call("2201", nodes.registration(2)).output["data"]["mdtrt_id"]
    assert hospital.call("2203", nodes.visit(encounter, 2)).output == {}
    assert hospital.call("2204", nodes.fees(encounter, [line(1, CLASS_C)], who=2)).output
    asked = nodes.settling(encounter, "100.00", who=2, **USES_FAMILY)
    promised = desk.says(hospital, "2206", asked, paid="100.00")
    asked["data"] |= nodes.parts_of(promised)
    info = desk.says(hospital, "2207", asked, paid="100.00")["setlinfo"]
    assert balances() == (40_000, 50_000)
    desk.says(hospital, "2208", nodes.revocation(info), paid="-100.00")


def on_the_ward(desk: Desk, hospital: Caller) -> None:
    encounter = hospital.call("2401", nodes.admission(2)).output["result"]["mdtrt_id"]
    assert hospital.call("2301", nodes.fees(encounter, [line(1, CLASS_C)], who=2, med_type="2101")).output
    assert hospital.call("2402", nodes.discharge(encounter, 2)).output == {}
    asked = nodes.settling(encounter, "100.00", who=2, **USES_FAMILY)
    promised = desk.says(hospital, "2303", asked, paid="100.00")
    asked["data"] |= nodes.parts_of(promised)
    info = desk.says(hospital, "2304", asked, paid="100.00")["setlinfo"]
    assert balances() == (40_000, 50_000)
    desk.says(hospital, "2305", nodes.revocation(info), paid="-100.00")


@pytest.mark.django_db(transaction=True)
def test_what_a_family_member_pays_is_told_and_goes_back(pharmacy: Caller, hospital: Caller) -> None:
    before = rows()
    answer = pharmacy.call("2102", purchase(who=2, **USES_FAMILY))
    assert answer.code == "SETL-016"
    assert "没有在期的家庭共济绑定" in answer.envelope["err_msg"]
    assert rows() == before
    bind(owner=1, member=2)
    desk = Desk()
    at_the_pharmacy(desk, pharmacy)
    at_the_clinic(desk, hospital)
    on_the_ward(desk, hospital)
    assert desk.told == WITH_FIELD
    assert balances() == (50_000, 50_000)
