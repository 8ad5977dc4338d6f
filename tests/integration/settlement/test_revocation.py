"""Revoking restores everything; taking a revocation back settles the same again."""

from __future__ import annotations

import pytest

from tests.integration.settlement.world import (
    CLASS_B,
    NOW,
    PHARMACY,
    answer,
    job,
    line,
    money,
    person_number,
    purchase,
    read,
    receipt,
    settle,
)
from tongchou.kernel.rejection import Rejection
from tongchou.settlement import api

pytestmark = pytest.mark.usefixtures("world")


def revoke(settlement_id: int, person: int = 1, **given: str) -> dict[str, int]:
    message = receipt(transaction="2103", body=settlement_id, **given)
    return read(
        api.revoke(
            receipt=message, settlement_id=settlement_id, person_number=person_number(person), answer=answer, now=NOW
        )
    )


@pytest.mark.requirement("R1.3.05")
def test_a_revocation_restores_balances_counters_and_books() -> None:
    settle(purchase(lines=(line(1, count=3),)))
    before = money()
    found = settle(purchase(lines=(line(1, count=5), line(2, CLASS_B))))
    assert money() != before
    mirror = revoke(found["id"])
    assert (mirror["total"], mirror["fund"], mirror["account"]) == (-found["total"], -found["fund"], -found["account"])
    assert mirror["direction"] == -1
    assert money() == before


def test_a_settlement_is_revoked_once() -> None:
    found = settle(purchase())
    first = revoke(found["id"], message="R1")
    assert revoke(found["id"], message="R1") == first
    with pytest.raises(Rejection, match="SETL-041"):
        revoke(found["id"])
    with pytest.raises(Rejection, match="SETL-042"):
        revoke(first["id"])


def test_another_institution_or_person_cannot_revoke() -> None:
    found = settle(purchase())
    with pytest.raises(Rejection, match="SETL-040"):
        revoke(found["id"], institution="H62990000001")
    with pytest.raises(Rejection, match="SETL-040"):
        revoke(found["id"], person=2)
    with pytest.raises(Rejection, match="SETL-040"):
        revoke(4711)


def undo(original: str, transaction: str, **given: str) -> bytes:
    return api.undo(
        receipt=receipt(transaction="2601", body=original, **given), original_message_id=original,
        original_transaction=transaction, answer=lambda view: b"{}", now=NOW, person_number=person_number(1),
    )  # fmt: skip


def test_undoing_a_purchase_revokes_it() -> None:
    before = money()
    api.settle_many(jobs=[job(purchase(), message="M1")])
    assert undo("M1", "2102") == b"{}"
    assert money() == before
    with pytest.raises(Rejection, match="SETL-052"):
        undo("M1", "2102")
    (late,) = api.settle_many(jobs=[job(purchase(), message="M1")])
    assert isinstance(late, Rejection)
    assert late.code == "SETL-002"


def test_undoing_a_revocation_settles_the_same_again() -> None:
    found = settle(purchase(lines=(line(1, count=5),)))
    settled = money()
    revoke(found["id"], message="R1")
    assert undo("R1", "2103", message="U1") == b"{}"
    assert undo("R1", "2103", message="U1") == b"{}"
    assert money() == settled
    with pytest.raises(Rejection, match="SETL-045"):
        revoke(found["id"])


def test_what_never_happened_cannot_be_undone() -> None:
    with pytest.raises(Rejection, match="SETL-050"):
        undo("M1", "2102")
    with pytest.raises(Rejection, match="SETL-051"):
        undo("M1", "2204")


def test_what_was_taken_back_before_it_arrived_is_refused_when_it_comes() -> None:
    """An institution gave up waiting and was told that there is nothing to undo: its message must not be settled later."""
    before = money()
    with pytest.raises(Rejection, match="SETL-050"):
        undo("M1", "2102")
    (late,) = api.settle_many(jobs=[job(purchase(), message="M1")])
    assert isinstance(late, Rejection)
    assert late.code == "SETL-002"
    assert money() == before
    with pytest.raises(Rejection, match="SETL-050"):
        undo("M1", "2102", message="U2")
    assert [finding for finding in api.examine(today=NOW.date()) if finding.number == "S8"] == []
    (fresh,) = api.settle_many(jobs=[job(purchase(), message="M2")])
    assert isinstance(fresh, bytes)


@pytest.mark.requirement("R0.31")
def test_the_view_of_a_settlement_reads_as_it_was_settled() -> None:
    seen: list[api.SettlementView] = []
    api.settle_many(
        jobs=[job(purchase(lines=(line(1, count=5), line(2, CLASS_B))), answer=lambda view: seen.append(view) or b"{}")]
    )
    stored = api.settlement_view(seen[0].id)
    assert stored.payments == seen[0].payments
    assert stored.facts == seen[0].facts
    assert stored.person == seen[0].person
    assert [entry.in_scope for entry in stored.lines] == [50_000, 9_000]
    assert (stored.settled_at, stored.business_date, stored.values) == (NOW, seen[0].business_date, seen[0].values)
    assert stored.institution_code == PHARMACY
    assert stored.reversed_by is None
