"""Ten planted frauds. Each is refused, or found by the doctor and named."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import timedelta
from pathlib import Path

import pytest
from django.db import DatabaseError, connection, transaction
from django.utils import timezone

from tests.integration.web import city as cities
from tests.security.conftest import ClientOf
from tongchou.control import api as control
from tongchou.control.models import Case, Grant, Operator, Trail
from tongchou.kernel.rejection import Rejection
from tongchou.ledger import api as ledger
from tongchou.settlement import api as settlement


@pytest.fixture(autouse=True)
def anchors(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("TONGCHOU_TRAIL_ANCHORS", str(tmp_path / "anchors"))


@contextmanager
def owner_of_the_database() -> Iterator[None]:
    """Writes as someone who can switch every trigger and constraint off."""
    with transaction.atomic(), connection.cursor() as cursor:
        cursor.execute("SET LOCAL session_replication_role = replica")
        yield
        cursor.execute("SET LOCAL session_replication_role = origin")


def sql(text: str, *values: object) -> None:
    with connection.cursor() as cursor:
        cursor.execute(text, list(values))


def doctor() -> dict[str, str]:
    return {found.number: found.what for found in settlement.examine(today=timezone.localdate())}


def seal() -> None:
    control.sealing.seal(now=timezone.now(), certain=True)


def code_of(call: Callable[[], object]) -> str:
    with pytest.raises(Rejection) as refused:
        call()
    return refused.value.code


def test_1_an_altered_settlement_row(city: cities.City) -> None:
    victim = city.settlements[0]
    statement = "UPDATE settlement_settlement SET fund_pay = fund_pay + 100, cash_pay = cash_pay - 100 WHERE id = %s"
    with pytest.raises(DatabaseError, match="只能追加"), transaction.atomic():
        sql(statement, victim)
    assert doctor() == {}
    with owner_of_the_database():
        sql(statement, victim)
    assert str(victim) in doctor()["S14"]


def test_1_what_was_bought_is_not_exchanged_after_it_was_settled(city: cities.City) -> None:
    """Amounts unchanged, sums unchanged: another drug, more of it. No sum would show it."""
    for change in ("item_code = 'OTHER'", "quantity = quantity * 2", "occurred_at = occurred_at - interval '1 day'"):
        with pytest.raises(DatabaseError, match="已结算的明细不得修改"), transaction.atomic():
            sql(f"UPDATE settlement_feeline SET {change} WHERE settlement_id IS NOT NULL")


@pytest.mark.requirement("R1.9.03")
def test_2_a_deleted_trail_row(city: cities.City, client_of: ClientOf) -> None:
    client_of("clerk").get(f"/persons/{city.persons[0].number}/")
    looked = Trail.objects.get(action="read")
    with pytest.raises(DatabaseError, match="只能追加"), transaction.atomic():
        looked.delete()
    seal()
    with owner_of_the_database():
        sql("DELETE FROM control_trail WHERE seq = %s", looked.seq)
    assert doctor()["T2"] == f"留痕第 {looked.seq} 行被删除"


def test_3_a_back_dated_insert(city: cities.City) -> None:
    seal()
    back = timezone.now() - timedelta(days=30)
    sql(
        "INSERT INTO control_trail (written_by, seq, at, day, action, object_kind) VALUES (1, 1, %s, %s, 'update', 'x')",
        back, back.date(),
    )  # fmt: skip
    assert Trail.objects.latest("seq").at > back + timedelta(days=29), "a statement can't give a row its date"
    seal()
    with owner_of_the_database():
        sql(
            "INSERT INTO control_trail (written_by, seq, at, day, action, object_kind) "
            "VALUES (1, nextval('control_trail_seq'), %s, %s, 'update', 'x')",
            back, back.date(),
        )  # fmt: skip
    assert "倒填" in doctor()["T6"]


@pytest.mark.requirement("R1.4.09")
def test_4_a_maker_who_reviews_through_a_second_account(
    city: cities.City, client_of: ClientOf, grant_case: Callable[[], int]
) -> None:
    number = grant_case()
    case = Case.objects.get(pk=number)
    maker = Operator.objects.get(login="admin")
    Operator.objects.filter(login="controller").update(person=maker.person)
    answer = client_of("controller").post(f"/control/cases/{number}/approve/", {"seen": case.payload_hash})
    assert answer.status_code == 422
    assert "同一自然人不能复核" in answer.content.decode()
    assert not case.decisions.exists()


def test_5_a_payload_changed_after_review(city: cities.City, grant_case: Callable[[], int]) -> None:
    """Between the control review and the approval somebody makes an accountant's grant out of a clerk's."""
    number = grant_case()
    case = Case.objects.get(pk=number)
    controller, director = (Operator.objects.get(login=login) for login in ("controller", "director"))
    control.approve(case_id=number, operator=controller, seen_hash=case.payload_hash, now=timezone.now())
    statement = "UPDATE control_case SET payload = replace(payload, '\"clerk\"', '\"accountant\"') WHERE id = %s"
    with pytest.raises(DatabaseError, match="冻结"), transaction.atomic():
        sql(statement, number)
    with owner_of_the_database():
        sql(statement, number)
    refused = code_of(
        lambda: control.approve(case_id=number, operator=director, seen_hash=case.payload_hash, now=timezone.now())
    )
    assert refused == "CTRL-027"
    assert str(number) in doctor()["C3"]
    assert not Grant.objects.filter(case_id=number).exists()


def test_6_a_right_that_outlived_its_date(city: cities.City, client_of: ClientOf) -> None:
    """Ended while its holder is signed in: the next click is refused; and nobody makes it longer."""
    client = client_of("clerk")
    assert client.get("/persons/").status_code == 200
    grant = Grant.objects.get(operator__login="clerk")
    grant.since, grant.until = grant.since, timezone.localdate()
    grant.save(update_fields=["until"])
    assert client.get("/persons/").status_code == 403
    with pytest.raises(DatabaseError), transaction.atomic():
        sql("UPDATE control_grant SET until = until + 365 WHERE id = %s", grant.pk)


@pytest.mark.requirement("R1.9.07")
def test_7_a_clerk_who_reads_persons_of_another_county(city: cities.City, client_of: ClientOf) -> None:
    county = client_of("county")
    foreign = next(person for person in city.persons if person.area_id != cities.COUNTY)
    assert county.get(f"/persons/{foreign.number}/").status_code == 404
    assert not Trail.objects.filter(action="read", person_id=foreign.pk).exists()
    found = county.post("/persons/", {"q": foreign.cert_no}, follow=True)
    assert foreign.number not in found.content.decode()


@pytest.mark.requirement("R1.9.07", "R4.18")
def test_8_an_export_without_right(city: cities.City, client_of: ClientOf) -> None:
    assert client_of("clerk").get("/settlements/export/").status_code == 403
    assert client_of("controller").get("/control/trail/export/").status_code == 403
    assert not Trail.objects.filter(action="export").exists()
    taken = client_of("accountant").get("/settlements/export/?begin=")
    assert taken.status_code == 200
    assert Trail.objects.get(action="export").operator == "accountant"
    extract = client_of("auditor").get("/control/trail/export/")
    assert extract.status_code == 200, "the audit office takes its extract, and that is noted too"
    assert Trail.objects.get(action="export", object_kind="trail").operator == "auditor"


def test_9_a_replayed_approval(city: cities.City, client_of: ClientOf, grant_case: Callable[[], int]) -> None:
    number = grant_case()
    seen = {"seen": Case.objects.get(pk=number).payload_hash}
    controller, director = client_of("controller"), client_of("director")
    assert controller.post(f"/control/cases/{number}/approve/", seen).status_code == 302
    again = controller.post(f"/control/cases/{number}/approve/", seen)
    assert again.status_code == 422, "the same person does not take the next step"
    assert director.post(f"/control/cases/{number}/approve/", seen).status_code == 302
    assert director.post(f"/control/cases/{number}/approve/", seen).status_code == 422
    assert Grant.objects.filter(case_id=number).count() == 1
    second = Grant.objects.get(case_id=number)
    second.pk = None
    with pytest.raises(DatabaseError, match="须经审批"), transaction.atomic():
        second.save(force_insert=True)


@pytest.mark.requirement("R4.12")
def test_10_a_closed_day_written_to(city: cities.City) -> None:
    today = timezone.localdate()
    settlement.close_day(area=cities.AREA, day=today, now=timezone.now())
    account = ledger.account_ids(area=cities.AREA)
    lines = [ledger.EntryLine(account_code=code, amount=amount) for code, amount in (("9001", 100), ("9002", -100))]
    assert {"9001", "9002"} <= set(account)
    refused = code_of(
        lambda: ledger.post(
            journal_id=1, area=cities.AREA, business_date=today, kind="x", business_key="late", cause="x", cause_id=1,
            lines=lines, posted_at=timezone.now(),
        )
    )  # fmt: skip
    assert refused == "LEDG-002"
    with owner_of_the_database():
        sql(
            "INSERT INTO ledger_journal (id, area, business_date, kind, business_key, cause, cause_id, policy, memo, "
            "entry_count, turnover, posted_at) VALUES (1, %s, %s, 'x', 'late', 'x', 1, '', '', 0, 0, %s)",
            cities.AREA, today, timezone.now() + timedelta(minutes=1),
        )  # fmt: skip
    assert "L4" in doctor()
