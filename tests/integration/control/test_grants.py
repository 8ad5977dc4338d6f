"""The chain of a grant: request → control review → approval → in force, for a limited time; separation; leaving."""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime, timedelta

import pytest
from django.db import DatabaseError, connection, transaction
from django.utils import timezone

from tongchou.control.api import Operator, approve, authority_of, request_approval, rights
from tongchou.control.models import Case, Grant, Organisation, Trail
from tongchou.control.models import Operator as OperatorRow
from tongchou.control.services import operators, posts
from tongchou.kernel.rejection import Rejection

Staff = Callable[..., Operator]
Payload = Callable[..., dict[str, object]]


@pytest.fixture
def newcomer(staff: Staff, now: datetime) -> Operator:
    """An account without any right."""
    administrator = staff("administrator")
    from tests.integration.control.conftest import id_number

    made, _ = operators.open_account(
        login="newcomer", name="刘新", organisation="市医保中心", id_number=id_number(900), by=administrator, now=now
    )
    return made


def ask(maker: Operator, payload: dict[str, object], now: datetime) -> Case:
    person = OperatorRow.objects.get(login=payload["login"]).person
    return request_approval(
        kind="rights.grant",
        subject=f"{payload['login']}:{payload['post']}:{payload['area']}",
        title="授权",
        payload=payload,
        area="620100",
        maker=maker,
        subject_person=person,
        now=now,
    )


@pytest.mark.requirement("R1.9.02", "R4.01")
def test_a_grant_needs_request_control_review_and_approval(
    staff: Staff, newcomer: Operator, grant_payload: Payload, now: datetime
) -> None:
    assert not newcomer.may(rights.PERSON_READ)
    case = ask(staff("administrator"), grant_payload("newcomer", "clerk"), now)
    controller, director = staff("controller"), staff("director")

    approve(case_id=case.pk, operator=controller, seen_hash=case.payload_hash, now=now)
    assert not Grant.objects.filter(operator=newcomer).exists(), "a control review alone gives nothing"
    approve(case_id=case.pk, operator=director, seen_hash=case.payload_hash, now=now)

    today = timezone.localdate(now)
    assert authority_of(operator=newcomer, on=today).holds(rights.PERSON_READ)
    grant = Grant.objects.get(operator=newcomer)
    assert (grant.case_id, grant.until) == (case.pk, today + timedelta(days=90))


def test_the_director_alone_grants_nothing(
    staff: Staff, newcomer: Operator, grant_payload: Payload, now: datetime
) -> None:
    case = ask(staff("administrator"), grant_payload("newcomer", "clerk"), now)
    with pytest.raises(Rejection) as refused:
        approve(case_id=case.pk, operator=staff("director"), seen_hash=case.payload_hash, now=now)
    assert refused.value.code == "CTRL-003"


def test_who_gets_the_right_does_not_review_it(staff: Staff, grant_payload: Payload, now: datetime) -> None:
    controller = staff("controller", person=7)
    staff("auditor", login="second", person=7)
    case = ask(staff("administrator"), grant_payload("second", "auditor", area="620102"), now)
    with pytest.raises(Rejection) as refused:
        approve(case_id=case.pk, operator=controller, seen_hash=case.payload_hash, now=now)
    assert refused.value.code == "CTRL-024"


@pytest.mark.requirement("R4.07", "R4.08", "R4.09")
@pytest.mark.parametrize(
    ("held", "asked"), [("clerk", "accountant"), ("accountant", "administrator"), ("auditor", "clerk")]
)
def test_separated_duties_are_refused_when_asked_for(
    staff: Staff, grant_payload: Payload, now: datetime, held: str, asked: str
) -> None:
    staff(held, login="worker")
    maker = staff("administrator", login="maker")
    with pytest.raises(Rejection) as refused:
        ask(maker, grant_payload("worker", asked), now)
    assert refused.value.code == "CTRL-004"


@pytest.mark.requirement("R4.07")
def test_separation_holds_for_the_person_not_the_account(
    staff: Staff, newcomer: Operator, grant_payload: Payload, now: datetime
) -> None:
    staff("accountant", login="money", person=900)  # the newcomer's ID number
    with pytest.raises(Rejection) as refused:
        ask(staff("administrator"), grant_payload("newcomer", "clerk"), now)
    assert refused.value.code == "CTRL-004"


@pytest.mark.requirement("R4.07")
def test_the_database_refuses_separated_duties_whoever_writes(staff: Staff, now: datetime) -> None:
    clerk, accountant = staff("clerk"), staff("accountant")
    money = accountant.grants.get()
    with pytest.raises(DatabaseError, match="不相容岗位"), transaction.atomic():
        Grant.objects.create(
            operator=clerk,
            post=money.post,
            area="620100",
            since=money.since,
            until=money.until,
            installation=True,
            granted_at=now,
        )


def test_the_database_refuses_a_grant_that_nobody_approved(
    staff: Staff, newcomer: Operator, grant_payload: Payload, now: datetime
) -> None:
    case = ask(staff("administrator"), grant_payload("newcomer", "clerk"), now)
    grant = staff("clerk").grants.get()
    with pytest.raises(DatabaseError, match="须经审批"), transaction.atomic():
        Grant.objects.create(
            operator=newcomer,
            post=grant.post,
            area="620100",
            since=grant.since,
            until=grant.until,
            case=case,
            granted_at=now,
        )


def test_a_grant_is_never_widened(staff: Staff) -> None:
    grant = staff("clerk").grants.get()
    for change in ("until = until + 1", "area = '620000'", "since = since - 1"):
        with pytest.raises(DatabaseError), transaction.atomic(), connection.cursor() as cursor:
            cursor.execute(f"UPDATE control_grant SET {change} WHERE id = %s", [grant.pk])


def test_a_right_ends_with_its_day(staff: Staff) -> None:
    clerk = staff("clerk")
    until = clerk.grants.get().until
    assert authority_of(operator=clerk, on=until - timedelta(days=1)).holds(rights.PERSON_READ)
    late = authority_of(operator=clerk, on=until)
    assert not late.holds(rights.PERSON_READ)
    assert "到期" in late.decide(rights.PERSON_READ).reason


def test_who_leaves_may_nothing_and_returns_without_rights(staff: Staff, now: datetime) -> None:
    clerk = staff("clerk")
    assert operators.leave(operator=clerk, on=timezone.localdate(now), reason="退休", now=now) == 1
    gone = Operator.objects.get(pk=clerk.pk)
    assert not gone.may(rights.PERSON_READ)
    operators.come_back(operator=gone, by=staff("administrator"), reason="返聘", now=now)
    back = Operator.objects.get(pk=clerk.pk)
    assert back.is_active
    assert not back.may(rights.PERSON_READ), "rights are asked for anew"


def test_ending_a_grant_ends_its_deputies(
    staff: Staff, newcomer: Operator, grant_payload: Payload, now: datetime
) -> None:
    clerk = staff("clerk")
    payload = grant_payload("newcomer", "clerk", days=14) | {"deputy_for": clerk.grants.get().pk}
    case = ask(staff("administrator"), payload, now)
    for who in ("controller", "director"):
        approve(case_id=case.pk, operator=staff(who), seen_hash=case.payload_hash, now=now)
    deputy = authority_of(operator=newcomer, on=timezone.localdate(now))
    assert deputy.in_force[0].deputy_for == clerk.name
    posts.end_grant(grant_id=clerk.grants.get().pk, reason="调离", now=now)
    assert not authority_of(operator=newcomer, on=timezone.localdate(now)).holds(rights.PERSON_READ)


def test_the_yearly_review_lists_every_grant_until_it_was_looked_at(staff: Staff, now: datetime) -> None:
    clerk, controller = staff("clerk"), staff("controller")
    today = timezone.localdate(now)
    listed = {grant.operator.login for grant in posts.yearly_list(year=today.year, on=today)}
    assert listed == {"clerk", "controller"}
    posts.review_grant(
        grant_id=clerk.grants.get().pk, year=today.year, kept=False, remark="不再需要", reviewer=controller, now=now
    )
    assert not Operator.objects.get(pk=clerk.pk).may(rights.PERSON_READ)
    with pytest.raises(Rejection) as own:
        posts.review_grant(
            grant_id=controller.grants.get().pk, year=today.year, kept=True, remark="", reviewer=controller, now=now
        )
    assert own.value.code == "CTRL-024"


@pytest.mark.parametrize(("days", "code"), [(0, "CTRL-005"), (400, "CTRL-005")])
def test_the_time_of_a_grant_is_limited(
    staff: Staff, newcomer: Operator, grant_payload: Payload, now: datetime, days: int, code: str
) -> None:
    with pytest.raises(Rejection) as refused:
        ask(staff("administrator"), grant_payload("newcomer", "clerk", days=days), now)
    assert refused.value.code == code


@pytest.mark.requirement("R1.9.08")
def test_every_step_of_a_grant_is_in_the_trail(
    staff: Staff, newcomer: Operator, grant_payload: Payload, now: datetime
) -> None:
    case = ask(staff("administrator"), grant_payload("newcomer", "clerk"), now)
    for who in ("controller", "director"):
        approve(case_id=case.pk, operator=staff(who), seen_hash=case.payload_hash, now=now)
    kinds = list(Trail.objects.filter(case_id=case.pk).order_by("seq").values_list("action", "object_kind"))
    assert ("insert", "control_casedecision") in kinds
    assert ("insert", "control_grant") in kinds


@pytest.mark.requirement("R14.01")
def test_city_county_township_and_community_see_their_own_and_institutions_only_themselves(
    staff: Staff, now: datetime
) -> None:
    """The tree of organisations: each level decides about its own area and what lies in it."""
    codes = ("620100", "620102", "620102004", "620102004005")
    for level, area in enumerate(codes):
        authority = staff("clerk", login=f"level{level}", area=area).authority
        seen = [authority.decide(rights.PERSON_READ, area=code).allowed for code in codes]
        assert seen == [position >= level for position in range(len(codes))], area
    hospital = Organisation.objects.create(code="H62010200001", name="市医院", kind="institution", area="620102")
    clerk = staff("clerk", login="inside")
    post = clerk.grants.get().post
    clerk.grants.update(ended_at=now)
    Grant.objects.create(
        operator=clerk, post=post, area="620100", organisation=hospital, since=timezone.localdate(now),
        until=timezone.localdate(now) + timedelta(days=9), installation=True, granted_at=now,
    )  # fmt: skip
    inside = authority_of(operator=clerk, on=timezone.localdate(now))
    assert inside.decide(rights.SETTLEMENT_READ, organisation="H62010200001").allowed
    assert not inside.decide(rights.SETTLEMENT_READ, organisation="H62010200002").allowed
