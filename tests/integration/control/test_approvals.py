"""Two people: frozen payloads, one decision per step, limits, withdrawal, samples, blind entry."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from datetime import datetime, timedelta

import pytest
from django.db import DatabaseError, connection, transaction
from django.utils import timezone

from tongchou.control.api import (
    Change,
    Execution,
    Kind,
    Operator,
    Upload,
    approve,
    enter_blind,
    register_kind,
    request_approval,
    return_case,
    rights,
    withdraw,
)
from tongchou.control.checks import check
from tongchou.control.models import Case, CaseDecision, ReviewRule
from tongchou.control.services import approvals, case_kinds
from tongchou.kernel.rejection import Rejection

Staff = Callable[..., Operator]
done: list[Execution] = []


@pytest.fixture(autouse=True)
def correction(db: None) -> Iterator[None]:
    """A kind of case: a correction, reviewed by a reviewer, above 50,000 yuan approved by the director."""

    def execute(run: Execution) -> str:
        if run.payload.get("fails"):
            from tongchou.control.rejections import GRANT_OVER

            raise GRANT_OVER()
        done.append(run)
        return "已更正"

    register_kind(
        Kind(
            code="test.correction",
            title="更正",
            make=rights.CORRECTION_MAKE,
            execute=execute,
            describe=lambda payload: [Change(label="姓名", before="甲", after=str(payload.get("name")))],
        )
    )
    done.clear()
    ReviewRule.objects.create(kind="test.correction", step=1, title="复核", function=rights.CORRECTION_REVIEW)
    ReviewRule.objects.create(
        kind="test.correction", step=2, title="审批", function=rights.CASE_APPROVE, from_amount=3_000_000
    )
    yield
    case_kinds._kinds.pop("test.correction")


def hand_in(maker: Operator, now: datetime, **more: object) -> Case:
    base: dict[str, object] = {"subject": "1", "payload": {"name": "乙"}, "area": "620100", "amount": 0}
    return request_approval(kind="test.correction", title="更正姓名", maker=maker, now=now, **(base | more))  # type: ignore[arg-type]


def code_of(call: Callable[[], object]) -> str:
    with pytest.raises(Rejection) as refused:
        call()
    return refused.value.code


@pytest.mark.requirement("R1.4.09", "R4.02", "R4.05")
def test_what_one_person_enters_another_approves_and_then_it_is_done_once(staff: Staff, now: datetime) -> None:
    clerk, reviewer = staff("clerk"), staff("reviewer")
    case = hand_in(clerk, now)
    assert done == [], "nothing happens before the review"
    approved = approve(case_id=case.pk, operator=reviewer, seen_hash=case.payload_hash, now=now)
    assert (approved.state, approved.outcome) == ("done", "已更正")
    assert [run.payload for run in done] == [{"name": "乙"}]
    again = code_of(lambda: approve(case_id=case.pk, operator=reviewer, seen_hash=case.payload_hash, now=now))
    assert again == "CTRL-021"
    assert len(done) == 1


@pytest.mark.requirement("R1.4.09", "R4.05")
def test_the_maker_does_not_review(staff: Staff, now: datetime) -> None:
    maker = staff("clerk")
    ReviewRule.objects.filter(kind="test.correction").update(function=rights.CORRECTION_MAKE)
    case = hand_in(maker, now)
    assert code_of(lambda: approve(case_id=case.pk, operator=maker, seen_hash=case.payload_hash, now=now)) == "CTRL-022"


@pytest.mark.requirement("R1.4.09", "R4.05")
def test_nor_does_the_maker_through_a_second_account(staff: Staff, now: datetime) -> None:
    case = hand_in(staff("clerk", person=5), now)
    second = staff("reviewer", person=5)
    assert (
        code_of(lambda: approve(case_id=case.pk, operator=second, seen_hash=case.payload_hash, now=now)) == "CTRL-023"
    )
    with pytest.raises(DatabaseError, match="经办人不得复核"), transaction.atomic():
        CaseDecision.objects.create(
            case=case,
            step=1,
            title="复核",
            operator=second,
            person=second.person,
            approved=True,
            payload_hash=case.payload_hash,
            decided_at=now,
        )


def test_an_account_of_nobody_known_reviews_nothing(staff: Staff, now: datetime) -> None:
    case = hand_in(staff("clerk"), now)
    nobody = staff("reviewer", person=0)
    assert (
        code_of(lambda: approve(case_id=case.pk, operator=nobody, seen_hash=case.payload_hash, now=now)) == "CTRL-026"
    )


def test_a_frozen_case_is_not_changed(staff: Staff, now: datetime) -> None:
    case = hand_in(staff("clerk"), now)
    for change in ("payload = '{}'", "amount = 1", "maker_person = ''", "payload_hash = ''", "subject = 'x'"):
        with pytest.raises(DatabaseError, match="冻结"), transaction.atomic(), connection.cursor() as cursor:
            cursor.execute(f"UPDATE control_case SET {change} WHERE id = %s", [case.pk])
    with pytest.raises(DatabaseError), transaction.atomic():
        case.delete()


def test_large_amounts_need_the_director_and_the_reviewers_limit_holds(staff: Staff, now: datetime) -> None:
    clerk, reviewer, director = staff("clerk"), staff("reviewer"), staff("director")
    case = hand_in(clerk, now, amount=3_000_000)
    approve(case_id=case.pk, operator=reviewer, seen_hash=case.payload_hash, now=now)
    assert done == []
    approve(case_id=case.pk, operator=director, seen_hash=case.payload_hash, now=now)
    assert len(done) == 1
    larger = hand_in(clerk, now, amount=5_000_001, subject="2")
    refused = code_of(lambda: approve(case_id=larger.pk, operator=reviewer, seen_hash=larger.payload_hash, now=now))
    assert refused == "CTRL-003", "50,000.01 yuan is above the reviewer's limit"


def test_one_person_does_not_take_two_steps(staff: Staff, now: datetime) -> None:
    case = hand_in(staff("clerk"), now, amount=3_000_000)
    approve(case_id=case.pk, operator=staff("reviewer", person=8), seen_hash=case.payload_hash, now=now)
    ReviewRule.objects.filter(kind="test.correction", step=2).update(function=rights.CORRECTION_REVIEW)
    same = staff("reviewer", login="reviewer2", person=8)
    assert code_of(lambda: approve(case_id=case.pk, operator=same, seen_hash=case.payload_hash, now=now)) == "CTRL-025"


def test_a_return_needs_a_reason_and_ends_the_case(staff: Staff, now: datetime) -> None:
    clerk, reviewer = staff("clerk"), staff("reviewer")
    case = hand_in(clerk, now)
    blank = code_of(
        lambda: return_case(case_id=case.pk, operator=reviewer, seen_hash=case.payload_hash, reason=" ", now=now)
    )
    assert blank == "CTRL-028"
    returned = return_case(
        case_id=case.pk, operator=reviewer, seen_hash=case.payload_hash, reason="与身份证不符", now=now
    )
    assert (returned.state, returned.outcome) == ("returned", "与身份证不符")
    assert done == []
    hand_in(clerk, now, replaces=case.pk)


def test_one_subject_waits_once_and_the_maker_may_withdraw(staff: Staff, now: datetime) -> None:
    clerk = staff("clerk")
    case = hand_in(clerk, now)
    assert code_of(lambda: hand_in(clerk, now)) == "CTRL-029"
    assert code_of(lambda: withdraw(case_id=case.pk, operator=staff("reviewer"), now=now)) == "CTRL-030"
    withdraw(case_id=case.pk, operator=clerk, now=now)
    assert code_of(lambda: withdraw(case_id=case.pk, operator=clerk, now=now)) == "CTRL-021"
    hand_in(clerk, now)


def test_what_the_executor_refuses_was_not_approved(staff: Staff, now: datetime) -> None:
    case = hand_in(staff("clerk"), now, payload={"fails": True})
    reviewer = staff("reviewer")
    assert (
        code_of(lambda: approve(case_id=case.pk, operator=reviewer, seen_hash=case.payload_hash, now=now)) == "CTRL-009"
    )
    assert Case.objects.get(pk=case.pk).state == "pending"
    assert not case.decisions.exists()


@pytest.mark.requirement("R4.21")
def test_the_queue_shows_what_one_may_decide_most_urgent_first(staff: Staff, now: datetime) -> None:
    clerk, reviewer = staff("clerk"), staff("reviewer")
    today = timezone.localdate(now)
    late = hand_in(clerk, now, subject="late", deadline=today + timedelta(days=9))
    soon = hand_in(clerk, now, subject="soon", deadline=today - timedelta(days=1))
    elsewhere = staff("clerk", login="far", area="630100")
    hand_in(elsewhere, now, subject="far", area="630100")
    assert [case.pk for case in approvals.queue(operator=reviewer, now=now)] == [soon.pk, late.pk]
    assert [case.pk for case in approvals.queue(operator=reviewer, now=now, overdue=True)] == [soon.pk]
    assert approvals.queue(operator=clerk, now=now) == []


def test_a_case_of_another_area_is_not_there(staff: Staff, now: datetime) -> None:
    case = hand_in(staff("clerk"), now)
    far = staff("reviewer", area="630100")
    assert code_of(lambda: approvals.visible_case(case_id=case.pk, operator=far)) == "CTRL-020"
    assert code_of(lambda: approve(case_id=case.pk, operator=far, seen_hash=case.payload_hash, now=now)) == "CTRL-020"


@pytest.mark.parametrize(
    ("name", "content_type", "content"),
    [
        ("a.pdf", "application/pdf", b"<html>"),
        ("a.html", "text/html", b"<html>"),
        ("../a.pdf", "application/pdf", b"%PDF-1.7"),
        ("a.pdf", "application/pdf", b"%PDF-" + b"0" * approvals.MOST_BYTES),
    ],
)
def test_attachments_are_checked_by_content(
    staff: Staff, now: datetime, name: str, content_type: str, content: bytes
) -> None:
    upload = Upload(name=name, content_type=content_type, content=content)
    assert code_of(lambda: hand_in(staff("clerk"), now, attachments=[upload])) == "CTRL-032"


def test_attachments_belong_to_what_is_frozen(staff: Staff, now: datetime) -> None:
    upload = Upload(name="证明.pdf", content_type="application/pdf", content=b"%PDF-1.7 proof")
    case = hand_in(staff("clerk"), now, attachments=[upload])
    assert approvals.intact(case)
    with connection.cursor() as cursor:
        cursor.execute("SET LOCAL session_replication_role = replica")
        cursor.execute("UPDATE control_attachment SET content = %s WHERE case_id = %s", [b"%PDF-1.7 other", case.pk])
        cursor.execute("SET LOCAL session_replication_role = origin")
    reviewer = staff("reviewer")
    assert (
        code_of(lambda: approve(case_id=case.pk, operator=reviewer, seen_hash=case.payload_hash, now=now)) == "CTRL-027"
    )


@pytest.mark.requirement("R4.14")
def test_a_sample_of_decided_cases_can_be_drawn_again(staff: Staff, now: datetime) -> None:
    clerk, reviewer, auditor = staff("clerk"), staff("reviewer"), staff("auditor")
    for number in range(12):
        case = hand_in(clerk, now, subject=str(number))
        approve(case_id=case.pk, operator=reviewer, seen_hash=case.payload_hash, now=now)
    hand_in(clerk, now, subject="pending")
    today = timezone.localdate(now)
    draw = {"operator": auditor, "since": today, "until": today, "size": 4, "seed": "2026-11-22", "now": now}
    first = approvals.draw_inspection(**draw)  # type: ignore[arg-type]
    second = approvals.draw_inspection(**draw)  # type: ignore[arg-type]
    drawn = list(first.items.order_by("case_id").values_list("case_id", flat=True))
    assert (first.population, len(drawn)) == (12, 4)
    assert drawn == list(second.items.order_by("case_id").values_list("case_id", flat=True))
    item = first.items.first()
    assert item is not None
    vague = code_of(
        lambda: approvals.note_inspection(item_id=item.pk, operator=auditor, in_order=False, finding="", now=now)
    )
    assert vague == "CTRL-028"
    approvals.note_inspection(item_id=item.pk, operator=auditor, in_order=False, finding="缺证明材料", now=now)


def test_paper_is_keyed_twice_blind(staff: Staff, now: datetime) -> None:
    one, two = staff("clerk"), staff("clerk", login="clerk2")
    first = enter_blind(
        kind="发票", document="F1", payload={"amount": 1050, "date": "2026-11-01"}, operator=one, now=now
    )
    assert not first.complete
    again = code_of(lambda: enter_blind(kind="发票", document="F1", payload={"amount": 1}, operator=one, now=now))
    assert again == "CTRL-033"
    with pytest.raises(Rejection) as differs:
        enter_blind(kind="发票", document="F1", payload={"amount": 1500, "date": "2026-11-01"}, operator=two, now=now)
    assert differs.value.code == "CTRL-034"
    assert "1050" not in differs.value.message, "the second person does not see what the first keyed"
    equal = enter_blind(
        kind="发票", document="F1", payload={"date": "2026-11-01", "amount": 1050}, operator=two, now=now
    )
    assert equal.complete
    assert equal.payload == {"amount": 1050, "date": "2026-11-01"}


def test_no_case_is_resolved_without_somebodys_word(staff: Staff, now: datetime) -> None:
    """Not even by a statement with the right seal; and if the triggers were off meanwhile, the doctor names it."""
    case = hand_in(staff("clerk"), now)
    for change in ("state = 'done'", "state = 'returned'", "step = 2", "title = '别的'", "maker_post = 'x'"):
        with pytest.raises(DatabaseError), transaction.atomic(), connection.cursor() as cursor:
            cursor.execute(f"UPDATE control_case SET {change} WHERE id = %s", [case.pk])
    with pytest.raises(DatabaseError, match="须经复核"), transaction.atomic(), connection.cursor() as cursor:
        cursor.execute(
            "INSERT INTO control_case (kind, title, subject, subject_person, area, amount, payload, payload_hash, reason, "
            "maker_id, maker_person, made_at, state, step, outcome) SELECT kind, title, 'other', subject_person, area, "
            "amount, payload, payload_hash, reason, maker_id, maker_person, made_at, 'done', 1, '' FROM control_case"
        )
    with connection.cursor() as cursor:
        cursor.execute("SET LOCAL session_replication_role = replica")
        cursor.execute("UPDATE control_case SET state = 'done'")
        cursor.execute("SET LOCAL session_replication_role = origin")
    assert [found.number for found in check()] == ["C7"]
