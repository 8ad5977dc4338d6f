"""Registrations, stays, fee lines: from admission to settlement and back."""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime, timedelta
from typing import Any

import msgspec
import pytest
from django.db import DatabaseError, connection, transaction
from msgspec.structs import replace

from tests.integration.settlement.world import (
    CLASS_A,
    CLASS_B,
    CLASS_C,
    HOSPITAL,
    LIMITED,
    NOW,
    OTHER_HOSPITAL,
    POOL,
    RESTRICTED,
    answer,
    job,
    line,
    money,
    person_number,
    read,
    receipt,
)
from tongchou.kernel.rejection import Rejection
from tongchou.ledger import api as ledger
from tongchou.settlement import api
from tongchou.settlement.api import (
    DiagnosisInput,
    DischargeInput,
    EncounterInput,
    LineInput,
    Parts,
    SettleInput,
    VisitInput,
)
from tongchou.settlement.models import EncounterDiagnosis, FormerLine

pytestmark = pytest.mark.usefixtures("world")


def once(work: Callable[[], int], *, institution: str = HOSPITAL, message: str = "", transaction: str = "2401") -> int:
    """Do the work in a message of its own; gives the subject."""
    done: list[int] = []

    def keep() -> tuple[bytes, int]:
        done.append(work())
        return str(done[0]).encode(), done[0]

    return int(api.once(receipt=receipt(institution, transaction, message, message), work=keep, now=NOW))


def admit(person: int = 1, *, institution: str = HOSPITAL, at: datetime = NOW - timedelta(days=9), **given: Any) -> int:
    request = EncounterInput(
        person_number=person_number(person), scheme="310", med_type="2101", begin_at=at, visit_no="ZY1", **given
    )
    return once(lambda: api.admit(institution_code=institution, request=request, now=NOW), institution=institution)


def register(person: int = 1) -> int:
    request = EncounterInput(person_number=person_number(person), scheme="310", med_type="", begin_at=NOW)
    return once(lambda: api.register_encounter(institution_code=HOSPITAL, request=request, now=NOW), transaction="2201")


def upload(encounter: int, *lines: LineInput, person: int = 1) -> list[api.LineSplitView]:
    return api.upload_lines(
        institution_code=HOSPITAL, encounter_id=encounter, person_number=person_number(person), lines=lines
    )


def discharge(encounter: int, person: int = 1, **given: Any) -> int:
    request = DischargeInput(encounter_id=encounter, person_number=person_number(person), end_at=NOW, **given)
    return once(lambda: api.discharge(institution_code=HOSPITAL, request=request), transaction="2402")


def bill(encounter: int, total: int, *, person: int = 1, med_type: str = "2101", **given: Any) -> SettleInput:
    return SettleInput(
        encounter_id=encounter, person_number=person_number(person), scheme="310", med_type=med_type,
        claimed_total=total, account_used="0", **given,
    )  # fmt: skip


def settle(request: SettleInput) -> dict[str, Any]:
    return read(api.settle_many(jobs=[job(request, institution=HOSPITAL)])[0])


@pytest.mark.requirement("R0.26")
def test_a_stay_is_settled_after_discharge_and_keeps_its_lines() -> None:
    stay = admit()
    upload(stay, line(1, yuan=1_000), line(2, CLASS_B, yuan=1_000))
    with pytest.raises(Rejection, match="SETL-033"):
        settle(bill(stay, 200_000))
    discharge(stay)
    # in scope 1,000 + 900; minus 500; 80 % of 1,400 = 1,120
    found = settle(
        bill(stay, 200_000, claimed_parts=Parts(out_of_scope=0, over_limit=0, prior_self_pay=10_000, in_scope=190_000))
    )
    assert (found["fund"], found["cash"]) == (112_000, 88_000)
    view = api.settlement_view(found["id"])
    assert [entry.line_no for entry in view.lines] == [1, 2]
    assert view.facts["visit.days"] == 9
    assert view.accumulator_delta["2026"]["year.admissions:310"] == 1
    with pytest.raises(Rejection, match="SETL-031"):
        settle(bill(stay, 200_000))
    with pytest.raises(Rejection, match="SETL-031"):
        upload(stay, line(3))


@pytest.mark.requirement("R1.3.04")
def test_each_line_is_split_by_class_limit_and_approval() -> None:
    stay = admit()
    split = upload(
        stay,
        line(1, CLASS_A, yuan=10),
        line(2, CLASS_B, yuan=10),
        line(3, CLASS_C, yuan=10),
        line(4, LIMITED, yuan=12, count=2),
        line(5, RESTRICTED, yuan=10, approval_flag="1"),
        line(6, RESTRICTED, yuan=10, approval_flag="0"),
        line(7, CLASS_A, yuan=10, approval_flag="2"),
    )
    shown = [(s.out_of_scope, s.over_limit, s.prior_self_pay, s.in_scope) for s in split]
    assert shown == [
        (0, 0, 0, 1_000),
        (0, 0, 100, 900),
        (1_000, 0, 0, 0),
        (0, 400, 0, 2_000),
        (0, 0, 200, 800),
        (1_000, 0, 0, 0),
        (1_000, 0, 0, 0),
    ]


@pytest.mark.requirement("R1.3.01")
@pytest.mark.parametrize(
    ("changes", "code"),
    [
        ({"amount": 10_002}, "SETL-021"),
        ({"quantity": -10_000}, "SETL-022"),
        ({"unit_price": -1}, "SETL-022"),
        ({"item_code": "XX"}, "SETL-024"),
        ({"local_code": "XX"}, "SETL-025"),
        ({"line_no": 0}, "SETL-027"),
        ({"line_no": 10**15}, "SETL-027"),
        ({"approval_flag": "7"}, "SETL-060"),
    ],
)
def test_a_line_that_cannot_be_true_is_refused(changes: dict[str, Any], code: str) -> None:
    stay = admit()
    with pytest.raises(Rejection, match=code):
        upload(stay, line(1, **changes))
    assert api.lines_of(encounter_id=stay) == ()


def test_a_line_may_be_off_by_one_fen() -> None:
    assert len(upload(admit(), line(1, amount=10_001), line(2, amount=9_999))) == 2


def test_refunds_take_back_at_most_what_was_there() -> None:
    stay = admit()
    upload(stay, line(1, count=3))
    upload(stay, line(2, count=-1, original_line_no=1))
    with pytest.raises(Rejection, match="SETL-054"):
        upload(stay, line(3, count=-3, original_line_no=1))
    with pytest.raises(Rejection, match="SETL-054"):
        upload(stay, line(3, count=-1, original_line_no=77))
    view = api.pre_settle(institution_code=HOSPITAL, request=bill(stay, 20_000), now=NOW)
    assert view.total == 20_000


def test_line_numbers_are_unique_within_a_visit() -> None:
    stay = admit()
    upload(stay, line(1))
    with pytest.raises(Rejection, match="SETL-026"):
        upload(stay, line(1))
    with pytest.raises(Rejection, match="SETL-026"):
        upload(stay, line(2), line(2))


def test_unsettled_lines_can_be_withdrawn_settled_ones_not() -> None:
    visit = register()
    upload(visit, line(1, batch="A"), line(2, batch="A"), line(3, batch="B"))
    given = {"institution_code": HOSPITAL, "encounter_id": visit, "person_number": person_number(1)}
    assert api.withdraw_lines(**given, line_nos=[2]) == 1
    settle(bill(visit, 10_000, med_type="11", batch="A"))
    with pytest.raises(Rejection, match="SETL-038"):
        api.withdraw_lines(**given, batch="A")
    with pytest.raises(Rejection, match="SETL-039"):
        api.withdraw_lines(**given, batch="C")
    assert api.withdraw_lines(**given, batch="0000") == 1
    assert [entry.line_no for entry in api.lines_of(encounter_id=visit)] == [1]


def test_a_person_has_one_open_stay() -> None:
    stay = admit(at=NOW - timedelta(days=2))
    with pytest.raises(Rejection, match="SETL-032") as refusal:
        admit(institution=OTHER_HOSPITAL)
    assert "2026-11-18" in refusal.value.message
    discharge(stay)
    admit(institution=OTHER_HOSPITAL)
    with pytest.raises(Rejection, match="SETL-032"):
        api.cancel_discharge(institution_code=HOSPITAL, encounter_id=stay, person_number=person_number(1))


def test_a_revoked_stay_is_open_for_correction_and_settles_again() -> None:
    stay = admit()
    upload(stay, line(1, yuan=1_000))
    discharge(stay)
    before = money()
    found = settle(bill(stay, 100_000))
    settled = money()
    api.revoke(receipt=receipt(HOSPITAL, "2305"), settlement_id=found["id"], person_number="", answer=answer, now=NOW)
    assert money() == before
    api.cancel_discharge(institution_code=HOSPITAL, encounter_id=stay, person_number=person_number(1))
    discharge(stay)
    again = settle(bill(stay, 100_000))
    assert money() == settled
    assert again["id"] != found["id"]


def test_a_revoked_settlement_still_shows_the_lines_it_had() -> None:
    """Its lines go back to the visit; one is withdrawn there and one comes, and the revoked bill is as it was."""
    stay = admit()
    upload(stay, line(1, yuan=1_000), line(2, CLASS_B, yuan=500))
    discharge(stay)
    found = settle(bill(stay, 150_000))
    had = api.lines_of(settlement_id=found["id"])
    revocation = read(
        api.revoke(
            receipt=receipt(HOSPITAL, "2305"), settlement_id=found["id"], person_number="", answer=answer, now=NOW
        )
    )
    assert [entry.settlement_id for entry in api.lines_of(encounter_id=stay)] == [None, None]
    api.cancel_discharge(institution_code=HOSPITAL, encounter_id=stay, person_number=person_number(1))
    api.withdraw_lines(institution_code=HOSPITAL, encounter_id=stay, person_number=person_number(1), line_nos=[2])
    upload(stay, line(3, yuan=700))
    discharge(stay)
    again = settle(bill(stay, 170_000))
    assert api.lines_of(settlement_id=found["id"]) == had
    assert api.lines_of(settlement_id=revocation["id"]) == had
    assert [entry.line_no for entry in api.lines_of(settlement_id=again["id"])] == [1, 3]
    with pytest.raises(DatabaseError, match="只能追加"), transaction.atomic():
        FormerLine.objects.filter(settlement_id=found["id"]).delete()


def test_an_interim_settlement_leaves_the_person_in_hospital() -> None:
    stay = admit()
    upload(stay, line(1, yuan=1_000))
    first = settle(bill(stay, 100_000, interim=True))
    upload(stay, line(2, yuan=2_000))
    discharge(stay)
    second = settle(bill(stay, 200_000))
    assert [entry.line_no for entry in api.lines_of(settlement_id=first["id"])] == [1]
    assert [entry.line_no for entry in api.lines_of(settlement_id=second["id"])] == [2]


def test_cancelling_needs_an_empty_encounter() -> None:
    stay = admit()
    upload(stay, line(1))
    given = {"institution_code": HOSPITAL, "encounter_id": stay, "person_number": person_number(1)}
    with pytest.raises(Rejection, match="SETL-037"):
        api.cancel_admission(**given)
    api.withdraw_lines(**given)
    assert api.cancel_admission(**given) == stay
    with pytest.raises(Rejection, match="SETL-031"):
        api.cancel_admission(**given)
    with pytest.raises(Rejection, match="SETL-030"):
        api.cancel_admission(**{**given, "person_number": person_number(2)})


def test_an_outpatient_visit_says_later_what_it_is() -> None:
    visit = register()
    diagnosis = DiagnosisInput(phase="0", order=1, kind="1", code="J06.900", name="急性上呼吸道感染", main=True)
    request = VisitInput(
        encounter_id=visit, person_number=person_number(1), med_type="11", begin_at=NOW, diagnoses=(diagnosis,)
    )
    api.record_visit(institution_code=HOSPITAL, request=request)
    upload(visit, line(1, count=5))
    with pytest.raises(Rejection, match="SETL-034"):
        settle(bill(visit, 50_000, med_type="13"))
    assert settle(bill(visit, 50_000, med_type="11"))["fund"] == 15_000
    (seen,) = api.query_encounters(person_number=person_number(1), begin=NOW, end=NOW)
    assert (seen.med_type, seen.diagnosis_code, seen.status) == ("11", "J06.900", "settled")
    gone = VisitInput(
        encounter_id=visit, person_number=person_number(1), med_type="11", begin_at=NOW,
        diagnoses=(DiagnosisInput(phase="0", order=1, kind="1", code="", name="", valid=False),),
    )  # fmt: skip
    api.record_visit(institution_code=HOSPITAL, request=gone)
    assert not EncounterDiagnosis.objects.exists()


@pytest.mark.requirement("R3.08")
def test_a_repeated_upload_writes_once() -> None:
    stay = admit()

    def work() -> tuple[bytes, int]:
        upload(stay, line(1))
        return b"{}", stay

    for _ in range(2):
        assert api.once(receipt=receipt(HOSPITAL, "2301", "M1", "body"), work=work, now=NOW) == b"{}"
    assert len(api.lines_of(encounter_id=stay)) == 1
    with pytest.raises(Rejection, match="SETL-001"):
        api.once(receipt=receipt(HOSPITAL, "2301", "M1", "another body"), work=work, now=NOW)


def test_undoing_an_admission_cancels_it() -> None:
    request = EncounterInput(person_number=person_number(1), scheme="310", med_type="2101", begin_at=NOW)
    stay = once(lambda: api.admit(institution_code=HOSPITAL, request=request, now=NOW), message="A1")
    api.undo(
        receipt=receipt(HOSPITAL, "2601"), original_message_id="A1", original_transaction="2401",
        answer=lambda view: b"{}", now=NOW, person_number=person_number(1),
    )  # fmt: skip
    (seen,) = api.query_encounters(person_number=person_number(1), begin=NOW, end=NOW)
    assert (seen.id, seen.status) == (stay, "cancelled")


def test_claimed_parts_that_differ_are_refused() -> None:
    stay = admit()
    upload(stay, line(1, CLASS_B, yuan=1_000))
    discharge(stay)
    wrong = Parts(out_of_scope=0, over_limit=0, prior_self_pay=0, in_scope=100_000)
    with pytest.raises(Rejection, match="SETL-028"):
        settle(bill(stay, 100_000, claimed_parts=wrong))


def test_entitlement_says_which_fund_pays_and_why_not() -> None:
    rows = api.check_entitlement(
        person_number=person_number(1), scheme="310", institution_code=HOSPITAL, med_type="2101", begin_at=NOW
    )
    assert [(row.fund, row.enjoyed) for row in rows] == [("310100", True), ("330100", True), ("310200", True)]
    (refused,) = api.check_entitlement(
        person_number=person_number(1), scheme="390", institution_code=HOSPITAL, med_type="2101", begin_at=NOW
    )
    assert (refused.fund, refused.enjoyed) == ("390100", False)
    assert "没有险种 390 的参保关系" in refused.note


@pytest.mark.requirement("R1.3.28", "R1.2.41")
def test_the_patient_pays_the_own_part_and_the_centre_owes_the_rest_to_the_hospital() -> None:
    # 2,000 yuan: deductible 500, 80 % of 1,500 = 1,200 from the pool. Of the other 800 the account pays its 500, before
    # and after the pool alike, and 300 are paid at the desk.
    stay = admit()
    upload(stay, line(1, yuan=1_000, count=2))
    discharge(stay)
    found = settle(replace(bill(stay, 200_000), account_used="1"))
    assert (found["fund"], found["account"], found["cash"]) == (120_000, 50_000, 30_000)
    assert ledger.balance(area=POOL, account_code="2101") == -(120_000 + 50_000), "what the centre owes the hospital"
    assert ledger.balance(area=POOL, account_code="9001") == 30_000, "what the patient paid there"


@pytest.mark.requirement("R0.37")
def test_each_segment_of_a_large_bill_is_stored_with_its_fund() -> None:
    # 100,000 yuan: minus 500, 80 % = 79,600, of which the pool pays its limit of 60,000; the rest is over the cap and the
    # large-amount fund pays 90 % of it.
    stay = admit()
    upload(stay, line(1, yuan=1_000, count=100))
    discharge(stay)
    found = settle(bill(stay, 10_000_000))
    stored = api.settlement_view(found["id"])
    assert [(part.layer, part.fund, part.amount) for part in stored.payments] == [
        ("pool", "310100", 6_000_000),
        ("large", "330100", 1_764_000),
    ]
    assert stored.fund_pay + stored.cash_pay == 10_000_000


def test_what_was_settled_cannot_be_changed() -> None:
    stay = admit()
    upload(stay, line(1, yuan=1_000))
    discharge(stay)
    settle(bill(stay, 100_000))
    for attack in ("UPDATE settlement_settlement SET invoice_no = 'x'", "DELETE FROM settlement_payment"):
        with pytest.raises(DatabaseError, match="refused"), connection.cursor() as cursor:
            cursor.execute(attack)


@pytest.mark.requirement("R1.3.10")
def test_a_stay_over_the_year_end_counts_for_the_year_of_discharge() -> None:
    zone = NOW.tzinfo
    stay = admit(at=datetime(2025, 12, 28, 2, tzinfo=zone))
    upload(stay, line(1, yuan=1_000, occurred_at=datetime(2025, 12, 29, 2, tzinfo=zone)))
    request = DischargeInput(
        encounter_id=stay, person_number=person_number(1), end_at=datetime(2026, 1, 3, 2, tzinfo=zone)
    )
    once(lambda: api.discharge(institution_code=HOSPITAL, request=request), transaction="2402")
    view = api.settlement_view(settle(bill(stay, 100_000))["id"])
    assert view.benefit_year == "2026"
    assert set(view.accumulator_delta) == {"2026"}
    assert view.facts["visit.days"] == 6


def test_lines_that_changed_after_the_revocation_stop_its_undoing() -> None:
    visit = register()
    upload(visit, line(1, count=5))
    found = settle(bill(visit, 50_000, med_type="11"))
    revocation = receipt(HOSPITAL, "2208", "R9")
    api.revoke(receipt=revocation, settlement_id=found["id"], person_number="", answer=answer, now=NOW)
    upload(visit, line(2))
    given: dict[str, Any] = {
        "original_message_id": "R9", "original_transaction": "2208", "answer": lambda view: b"{}", "now": NOW,
    }  # fmt: skip
    with pytest.raises(Rejection, match="SETL-043"):
        api.undo(receipt=receipt(HOSPITAL, "2601"), **given)
    api.withdraw_lines(institution_code=HOSPITAL, encounter_id=visit, person_number="", line_nos=[2])
    api.undo(receipt=receipt(HOSPITAL, "2601"), **given)
    assert len({entry.settlement_id for entry in api.lines_of(encounter_id=visit)} - {None, found["id"]}) == 1
    (seen,) = api.query_encounters(person_number=person_number(1), begin=NOW, end=NOW)
    assert (seen.status, seen.med_type, seen.end_at) == ("settled", "11", NOW)


def test_lines_that_were_swapped_for_others_of_the_same_amount_are_noticed() -> None:
    """What was decided rests on the very lines: their kinds and days count too, not only their sums."""

    def sums() -> dict[str, int]:
        with connection.cursor() as cursor:
            cursor.execute(
                "SELECT settlement_line_sums(fee_month, id, '') FROM settlement_encounter WHERE id = %s", [visit]
            )
            found: dict[str, int] = msgspec.json.decode(cursor.fetchone()[0])
        return found

    visit = register()
    upload(visit, line(1, CLASS_A))
    before = sums()
    assert sums() == before
    api.withdraw_lines(institution_code=HOSPITAL, encounter_id=visit, person_number="", line_nos=[1])
    upload(visit, line(1, LIMITED, yuan=10, count=10))
    after = sums()
    assert {**after, "stamp": 0} == {**before, "stamp": 0}
    assert after["stamp"] != before["stamp"]
