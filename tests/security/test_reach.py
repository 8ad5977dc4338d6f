"""Nobody reaches further than the own area, the own organisation and the one that is stood in for."""

from __future__ import annotations

from datetime import timedelta

import pytest
from django.db import transaction
from django.utils import timezone

from tests.integration.web import city as cities
from tests.security.conftest import ClientOf
from tongchou.control import api as control
from tongchou.control.models import Case, Grant, Operator, Organisation, Post, WorkSession
from tongchou.control.services import operators
from tongchou.kernel.rejection import Rejection

COUNTY = cities.COUNTY


def holder(post: str, *, area: str, login: str, **more: object) -> Operator:
    """An operator with one grant of the installation."""
    made = Operator(login=login, name=f"职工{login}", organisation="临河县医保局", **more)
    made.set_password(cities.PASSWORD)
    made.save()
    today = timezone.localdate()
    Grant.objects.create(
        operator=made, post=Post.objects.get(code=post), area=area, since=today, until=today + timedelta(days=90),
        installation=True, granted_at=timezone.now(),
    )  # fmt: skip
    return made


def asked(**more: object) -> dict[str, object]:
    today = timezone.localdate()
    usual = {"login": "clerk", "post": "clerk", "area": COUNTY, "reason": "轮岗", "deputy_for": ""}
    return usual | {"since": today.isoformat(), "until": (today + timedelta(days=30)).isoformat()} | more


def hand_in(maker: Operator, **payload: object) -> Case:
    today = timezone.localdate()
    usual: dict[str, object] = {"login": "new", "post": "clerk", "area": COUNTY, "organisation": "", "deputy_for": None}
    usual |= {"since": today.isoformat(), "until": (today + timedelta(days=30)).isoformat()}
    return control.request_approval(
        kind="rights.grant", subject="new", title="授权", payload=usual | payload, area=maker.area, maker=maker,
        now=timezone.now(),
    )  # fmt: skip


@pytest.fixture
def new(city: cities.City) -> Operator:
    return Operator.objects.create(login="new", name="刘新", organisation="市医保中心")


def code_of(maker: Operator, **payload: object) -> str:
    with pytest.raises(Rejection) as refused, transaction.atomic():
        hand_in(maker, **payload)
    return refused.value.code


@pytest.mark.requirement("R4.01")
def test_a_county_gives_no_right_to_the_city(city: cities.City, client_of: ClientOf) -> None:
    """The county's own reviewers would decide a case of the county: so it can't be about more than the county."""
    holder("clerk", area=COUNTY, login="county-clerk", person="c" * 64)
    answer = client_of("county-clerk").post("/control/rights/request/", asked(login="county-clerk", area=cities.AREA))
    assert answer.status_code == 422
    assert "超出了您的数据范围" in answer.content.decode()
    assert not Case.objects.exists()


def test_a_county_proposes_nothing_that_holds_everywhere(city: cities.City, client_of: ClientOf) -> None:
    holder("administrator", area=COUNTY, login="county-admin")
    client, day = client_of("county-admin"), (timezone.localdate() + timedelta(days=9)).isoformat()
    value = {"code": "case.days", "value": "9", "since": day, "source": "会议纪要"}
    assert client.post("/control/parameters/", value | {"area": ""}).status_code == 422
    assert client.post("/control/parameters/", value | {"area": cities.DISTRICT}).status_code == 422
    holiday = {"day": day, "kind": "holiday", "name": "县庆", "source": "县政府通知"}
    assert client.post("/control/calendar/", holiday).status_code == 422
    assert not Case.objects.exists()
    assert client.post("/control/parameters/", value | {"area": COUNTY}).status_code == 302


def test_a_limit_to_an_organisation_that_does_not_exist_is_not_no_limit(city: cities.City, new: Operator) -> None:
    admin = Operator.objects.get(login="admin")
    assert code_of(admin, organisation="NO-SUCH") == "CTRL-055"
    closed = Organisation.objects.create(
        code="OLD", name="旧院", kind="institution", area=COUNTY, closed_on=timezone.localdate()
    )
    assert code_of(admin, organisation=closed.code) == "CTRL-055"


def test_who_is_limited_to_one_organisation_opens_no_page_that_shows_all(
    city: cities.City, client_of: ClientOf
) -> None:
    agent = holder("clerk", area=cities.AREA, login="agent")
    hospital = Organisation.objects.create(code="HOSP", name="某院", kind="institution", area=COUNTY)
    Grant.objects.filter(operator=agent).delete()
    today = timezone.localdate()
    Grant.objects.create(
        operator=agent, post=Post.objects.get(code="clerk"), area=cities.AREA, organisation=hospital, since=today,
        until=today + timedelta(days=9), installation=True, granted_at=timezone.now(),
    )  # fmt: skip
    client = client_of("agent")
    for path in ("/persons/", "/settlements/", "/days/", f"/persons/{city.persons[0].number}/"):
        answer = client.get(path)
        assert answer.status_code == 403, path
        assert "限定于单位 HOSP" in answer.content.decode()
    assert client.get("/").status_code == 200


def test_a_deputy_gets_at_most_what_is_stood_in_for(city: cities.City, new: Operator) -> None:
    admin = Operator.objects.get(login="admin")
    stood_in_for = holder("clerk", area=COUNTY, login="county-clerk", person="c" * 64).grants.get()
    late = (stood_in_for.until + timedelta(days=1)).isoformat()
    assert code_of(admin, deputy_for=stood_in_for.pk, until=late) == "CTRL-056"
    assert code_of(admin, deputy_for=stood_in_for.pk, area=cities.AREA) == "CTRL-056"
    assert code_of(admin, deputy_for=stood_in_for.pk, post="reviewer") == "CTRL-056"
    assert code_of(admin, deputy_for=2**70) == "CTRL-056"
    assert code_of(admin, deputy_for=424242) == "CTRL-056"
    assert code_of(admin, deputy_for=stood_in_for.pk, login="county-clerk") == "CTRL-056"
    Operator.objects.filter(login="new").update(person="c" * 64)
    assert code_of(admin, deputy_for=stood_in_for.pk) == "CTRL-056", "nor through another account"
    Operator.objects.filter(login="new").update(person="d" * 64)
    assert hand_in(admin, deputy_for=stood_in_for.pk).pk


@pytest.fixture
def deputy(city: cities.City, new: Operator) -> Operator:
    """``new`` stands in for the county's clerk, by request, control review and approval."""
    holder("clerk", area=COUNTY, login="county-clerk", person="c" * 64)
    principal = Grant.objects.get(operator__login="county-clerk")
    case = hand_in(Operator.objects.get(login="admin"), deputy_for=principal.pk)
    for login in ("controller", "director"):
        decider = Operator.objects.get(login=login)
        control.approve(case_id=case.pk, operator=decider, seen_hash=case.payload_hash, now=timezone.now())
    assert Operator.objects.get(pk=new.pk).may("person.read")
    return new


def test_a_deputy_ends_with_who_leaves(deputy: Operator) -> None:
    held = deputy.grants.get()
    now = timezone.now()
    WorkSession.objects.create(
        key_hash="k", operator=deputy, grant=held, address="127.0.0.1", started_at=now, seen_at=now
    )
    operators.leave(
        operator=Operator.objects.get(login="county-clerk"), on=timezone.localdate(), reason="退休", now=now
    )
    assert not Operator.objects.get(pk=deputy.pk).may("person.read")
    assert not WorkSession.objects.filter(operator=deputy, ended_at=None).exists()


def test_a_deputy_ends_with_the_day_of_who_is_stood_in_for(deputy: Operator) -> None:
    """Shortened afterwards: the row of the deputy still names the later day."""
    soon = timezone.localdate() + timedelta(days=3)
    Grant.objects.filter(operator__login="county-clerk").update(until=soon)
    assert control.authority_of(operator=deputy, on=soon - timedelta(days=1)).holds("person.read")
    assert not control.authority_of(operator=deputy, on=soon).holds("person.read")


def test_another_areas_sessions_and_inspections_are_not_there(city: cities.City, client_of: ClientOf) -> None:
    holder("controller", area=COUNTY, login="county-controller")
    far = client_of("county-controller")
    client_of("clerk")
    theirs = WorkSession.objects.get(operator__login="clerk", ended_at=None)
    assert "王秀兰" not in far.get("/control/online/").content.decode()
    assert far.post(f"/control/online/{theirs.pk}/end/").status_code == 404
    theirs.refresh_from_db()
    assert theirs.ended_at is None
    today = timezone.localdate()
    case = Case.objects.create(
        kind="calendar.day", title="放假", subject="x", area=cities.AREA, payload="{}", payload_hash="0" * 64,
        maker=Operator.objects.get(login="admin"), made_at=timezone.now(), step=1, state="pending",
    )  # fmt: skip
    assert far.get(f"/control/cases/{case.pk}/").status_code == 404
    drawn = control.approvals.draw_inspection(
        operator=Operator.objects.get(login="county-controller"), since=today, until=today, size=9, seed="s",
        now=timezone.now(),
    )  # fmt: skip
    assert drawn.population == 0


@pytest.mark.parametrize(
    ("login", "path"),
    [
        ("auditor", "/control/trail/?operator=%00"), ("admin", "/control/rights/?q=%00"),
        ("admin", "/control/dictionary/?code=%00"), ("admin", "/control/sign-ins/?login=%00"),
        ("admin", "/control/calendar/?year=²"), ("auditor", "/control/trail/persons/%00/"),
    ],
)  # fmt: skip
def test_what_no_keyboard_types_breaks_no_page(login: str, path: str, city: cities.City, client_of: ClientOf) -> None:
    assert client_of(login).get(path).status_code in (200, 404)


@pytest.mark.parametrize(
    ("login", "path", "sent", "says"),
    [
        ("admin", "/control/parameters/", {"code": "case.days", "area": "9" * 150, "value": "6", "since": "2099-12-01"}, "区划代码"),
        ("admin", "/control/parameters/", {"code": "case.days", "area": "abc", "value": "6", "since": "2099-12-01"}, "区划代码"),
        ("admin", "/control/calendar/", {"day": "2020-01-02", "kind": "holiday", "name": "x"}, "已经过去"),
        ("admin", "/control/calendar/", {"day": "2099-01-02", "kind": "holiday", "name": ""}, "不能为空"),
        ("admin", "/control/operators/new/", {"login": "x", "name": "王" * 80, "organisation": "中心", "id_number": "1"}, "最多 50 字"),
        ("admin", "/control/operators/new/", {"login": "x" * 40, "name": "王", "organisation": "中心", "id_number": "1"}, "最多 30 字"),
        ("admin", "/control/rights/request/", asked(deputy_for="9" * 30), "代理关系不成立"),
        ("admin", "/control/rights/request/", asked(reason=""), "不能为空"),
        ("admin", "/control/rights/request/", asked(reason="\0"), "不能为空"),
        ("admin", "/control/paper/agreement/new/", {"institution_code": "H\0", "number": "1"}, "不能为空"),
    ],
)  # fmt: skip
def test_what_does_not_fit_is_refused_in_words(
    login: str, path: str, sent: dict[str, object], says: str, city: cities.City, client_of: ClientOf
) -> None:
    answer = client_of(login).post(path, sent)
    assert answer.status_code == 422
    assert says in answer.content.decode()
