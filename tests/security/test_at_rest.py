"""A copy of the database is stolen: no ID number, telephone, address or card number can be read in it, in whatever table.

Every way by which such a number comes into the system is walked first; then every row of every table is looked through, what
is hexadecimal, base64 or deflated unpacked.
"""

from __future__ import annotations

from datetime import timedelta

import msgspec
import pytest
from django.core.files.uploadedfile import SimpleUploadedFile
from django.db import connection, transaction
from django.utils import timezone

from tests.at_rest import id_numbers, layers, rows_of_everything
from tests.integration.web import city as cities
from tests.security.conftest import ClientOf
from tongchou.control import api as control
from tongchou.control.models import Case, Trail
from tongchou.exchange.services import store_file
from tongchou.kernel.identifiers import id_check_character
from tongchou.kernel.rejection import Rejection
from tongchou.operation.api import send_out
from tongchou.registry import api as registry
from tongchou.settlement import api as settlement

PHONE, ADDRESS, CARD, CONTACT = "13712345678", "安定区永定路77号", "D99887766", "18900001111"
NEW = "62990219910101001" + id_check_character("62990219910101001")
CORRECTED = "62990219910101003" + id_check_character("62990219910101003")
NEWBORN = "62990220250101005" + id_check_character("62990220250101005")


def test_the_search_sees_numbers_in_whatever_wrapping() -> None:
    """The scanner itself: a test that can't find anything proves nothing."""
    import base64
    import zlib

    text = f'{{"certno":"{NEW}"}}'.encode()
    for wrapped in (
        text,
        b"\\x" + text.hex().encode(),
        b"\\x7a" + zlib.compress(text).hex().encode(),
        base64.b64encode(b"some words in front of it, " + text),
        f"证件号码{NEW}已建档".encode(),
    ):
        assert id_numbers(wrapped) == {NEW}
    assert id_numbers(NEW[:17].encode() + b"Y") == id_numbers(b"0" + NEW.encode()) == set()


@pytest.mark.requirement("R1.9.07")
@pytest.mark.usefixtures("walked")
def test_nobody_reads_a_number_in_a_copy_of_the_database() -> None:
    with connection.cursor() as cursor:
        rows = list(rows_of_everything(cursor))
    tables = {table for table, _ in rows}
    assert {
        "registry_person",
        "registry_sealedchange",
        "control_caseprivate",
        "control_trail",
        "settlement_receipt",
    } <= tables
    assert {"django_session", "control_attachment", "exchange_storedfile", "operation_outboundmessage"} <= tables
    assert {(table, *id_numbers(text)) for table, text in rows if id_numbers(text)} == set()
    for secret in (PHONE, ADDRESS, CARD, CONTACT, "13909310001", "中华路12号3单元402室"):
        found = {table for table, text in rows for layer in layers(text) if secret.encode() in layer}
        assert not found, (secret, found)


def test_the_trail_tells_that_a_number_changed_and_not_which(walked: registry.PersonView) -> None:
    rows = Trail.objects.filter(object_kind="registry_person", person_id=walked.id, action="update").order_by("seq")
    said = [f"{row.before} {row.after}" for row in rows]
    assert any("phone_cipher" in text and "密文" in text for text in said)
    assert any("cert_no_hash" in text for text in said)


def test_the_history_still_tells_the_old_and_the_new_number(walked: registry.PersonView) -> None:
    changes = registry.changes_of(person_id=walked.id)
    seen = [(change.old.get("cert_no"), (change.new or {}).get("cert_no")) for change in changes]
    assert (NEW, CORRECTED) in seen
    assert any(change.old.get("phone") == PHONE and (change.new or {}).get("phone") == "" for change in changes)


@pytest.mark.requirement("R4.30")
def test_who_reviews_a_new_number_sees_it_beside_the_masked_old_one_and_the_trail_says_so(
    city: cities.City, client_of: ClientOf
) -> None:
    person, number = city.persons[0], NEWBORN
    case = propose(person.number, number, city)
    shown = client_of("reviewer").get(f"/control/cases/{case.pk}/").content.decode()
    assert number in shown
    assert person.cert_no not in shown
    assert person.cert_no[:3] + "*" * 11 + person.cert_no[-4:] in shown
    unmasked = Trail.objects.get(action="unmask", person_id=person.pk)
    assert unmasked.operator == "reviewer"
    assert number not in case.payload


def test_a_private_text_that_was_exchanged_is_not_carried_out(city: cities.City) -> None:
    case = propose(city.persons[0].number, NEWBORN, city)
    kept = case.private.get()
    kept.text = "0" * 32 + NEW
    kept.save()
    with pytest.raises(Rejection) as refused:
        control.approve(
            case_id=case.pk, operator=city.operators["reviewer"], seen_hash=case.payload_hash, now=timezone.now()
        )
    assert refused.value.code == "CTRL-027"
    assert "C3" in {finding.number for finding in settlement.examine(today=timezone.localdate())}


@pytest.fixture
def walked(city: cities.City, client_of: ClientOf) -> registry.PersonView:
    """Every way by which numbers come in has been walked for this person; the case that corrects the number is approved."""
    now = timezone.now()
    registry.advance_numbers(persons=1_000_000, employers=1_000)  # behind those of the tests' city
    household = registry.register_household(number="H1", area_code=cities.DISTRICT, address=ADDRESS)
    person = registry.register_person(
        name="陈秀英", cert_no=NEW, area_code=cities.DISTRICT, phone=PHONE, address=ADDRESS, household_id=household.pk
    )
    registry.issue_card(person_id=person.id, kind="03", number=CARD)
    registry.change_person(person_id=person.id, changes={"phone": ""}, operator="clerk", reason="停机")
    case = propose(person.number, CORRECTED, city)
    control.approve(case_id=case.pk, operator=city.operators["reviewer"], seen_hash=case.payload_hash, now=now)
    paper = control.Upload(name="a.csv", content_type="text/csv", content=f"证件号码\n{NEWBORN}\n".encode())
    control.request_approval(
        kind="correction.person",
        subject=city.persons[2].number,
        title="更正",
        payload={"person_number": city.persons[2].number, "changes": {"name": "张三"}, "reason": "更名"},
        area=cities.DISTRICT,
        maker=city.operators["clerk"],
        attachments=[paper],
        now=now,
    )
    client = client_of("clerk")
    client.post("/persons/", {"q": CORRECTED}, follow=True)
    client.post("/lock/")
    client.post("/persons/", {"q": NEWBORN})
    control.enter_blind(
        kind="test", document="D1", payload={"cert_no": NEWBORN}, operator=city.operators["clerk"], now=now
    )
    visit(city)
    store_file(institution_code=cities.HOSPITAL, filename="f.txt", content=f"PK{NEWBORN}".encode(), now=now)
    send_out(key="k", channel="sms", address=CONTACT, title="", text=f"{NEWBORN} 已办结", now=now)
    sheet = SimpleUploadedFile("a.csv", f"医疗目录编码\n{NEWBORN}\n".encode())
    client_of("admin").post("/import/items/", {"file": sheet})
    return person


def propose(person_number: str, cert_no: str, city: cities.City) -> Case:
    """A correction of the ID number, handed in."""
    maker, now = city.operators["clerk"], timezone.now()
    number = registry.propose_correction(
        person_number=person_number,
        changes={"cert_no": cert_no, "sex": "12"[int(cert_no[16]) % 2 == 0], "birth_date": f"{cert_no[6:10]}-01-01"},
        maker=maker,
        reason="身份证号更正",
        now=now,
    )
    return Case.objects.get(pk=number)


def visit(city: cities.City) -> None:
    """A stay whose admission names a contact, and a purchase whose answer repeats the number."""
    from tests.integration.web.city import _lines, _receipt

    at = timezone.now() - timedelta(days=1)
    with transaction.atomic():
        settlement.admit(
            institution_code=cities.HOSPITAL,
            request=settlement.EncounterInput(
                person_number=city.persons[1].number, scheme="390", med_type="21", begin_at=at, visit_no="Z1",
                details={"coner_name": "陈大", "tel": CONTACT, "fpsc_no": NEWBORN},
            ),
            now=at,
        )  # fmt: skip
    lines = _lines((0, 1), (1, 1), at)
    request = settlement.PurchaseInput(
        person_number=city.persons[0].number, scheme="310", med_type="41", begin_at=at,
        claimed_total=sum(line.amount for line in lines), lines=lines, account_used="0",
    )  # fmt: skip
    job = settlement.Job(
        receipt=_receipt(cities.PHARMACY, "2102", request),
        request=request,
        answer=lambda view: msgspec.json.encode({"certno": view.person.cert_no, "phsc": "x" * 2_000}),
        now=at,
    )
    (answer,) = settlement.settle_many(jobs=[job])
    assert city.persons[0].cert_no.encode() in answer
    assert settlement.settle_many(jobs=[job]) == [answer]
