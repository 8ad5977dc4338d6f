"""组织机构: a tree that is changed by two people, with dates and a history."""

from __future__ import annotations

from datetime import timedelta

import pytest
from django.test import Client
from django.utils import timezone

from tests.integration.web import city as cities
from tests.security.conftest import ClientOf
from tongchou.control.api import organisations, posts
from tongchou.control.checks import check
from tongchou.control.models import Case, Operator, Organisation, OrganisationVersion
from tongchou.registry.models import Area, Enrolment, Person

pytestmark = pytest.mark.django_db


@pytest.fixture
def tree(city: cities.City) -> None:
    posts.load_organisations(
        [
            ("C1", "市中心", "centre", "", cities.AREA),
            ("S1", "东街服务站", "station", "C1", cities.AREA),
            ("S2", "西街服务站", "station", "C1", cities.AREA),
            ("Q1", "东街一社区", "community", "S1", cities.AREA),
        ]
    )


def propose(client: Client, code: str, **given: str) -> tuple[int, str]:
    today = timezone.localdate().isoformat()
    answer = client.post(f"/control/organisations/{code}/", {"on": today, "reason": "机构改革"} | given, follow=True)
    return answer.status_code, answer.content.decode()


def approve(client: Client) -> None:
    case = Case.objects.get(state="pending")
    assert client.post(f"/control/cases/{case.pk}/approve/", {"seen": case.payload_hash}).status_code == 302


@pytest.mark.requirement("R1.9.02", "R4.02")
def test_each_change_waits_for_control_and_is_kept_with_its_date(
    tree: None,
    client_of: ClientOf,
) -> None:
    admin, controller = client_of("admin"), client_of("controller")
    worker = Operator.objects.get(login="clerk")
    worker.unit = Organisation.objects.get(code="S1")
    worker.save()

    propose(admin, "S1", action="rename", name="东关服务站")
    assert Organisation.objects.get(code="S1").name == "东街服务站", "not before it is reviewed"
    assert admin.post(f"/control/cases/{Case.objects.get().pk}/approve/").status_code in (403, 422)
    approve(controller)
    assert Organisation.objects.get(code="S1").name == "东关服务站"
    worker.refresh_from_db()
    assert worker.organisation == "东关服务站"

    propose(admin, "Q1", action="move", parent="S2")
    approve(controller)
    assert Organisation.objects.get(code="Q1").parent == Organisation.objects.get(code="S2")

    new = {"code": "S3", "name": "南街服务站", "kind": "station", "parent": "C1", "area": cities.COUNTY}
    today = timezone.localdate()
    answer = admin.post("/control/organisations/new/", new | {"on": today.isoformat(), "reason": "新设"})
    assert answer.status_code == 302
    approve(controller)
    assert Organisation.objects.get(code="S3").since == today

    propose(admin, "S3", action="close", on=(today + timedelta(days=10)).isoformat())
    approve(controller)
    assert Organisation.objects.get(code="S3").closed_on == today + timedelta(days=10)

    history = OrganisationVersion.objects.filter(organisation__code="S1").order_by("pk")
    assert [(one.action, one.name) for one in history] == [("add", "东街服务站"), ("rename", "东关服务站")]
    page = admin.get("/control/organisations/S1/").content.decode()
    assert "东街服务站" in page
    listed = admin.get("/control/organisations/").content.decode()
    assert listed.index("东关服务站") < listed.index("西街服务站") < listed.index("东街一社区")


@pytest.mark.parametrize(
    ("code", "given", "why"),
    [
        ("S1", {"action": "rename", "name": "东街服务站"}, "新名称与原名称相同"),
        ("S1", {"action": "rename", "name": ""}, "名称不能为空"),
        ("S1", {"action": "move", "parent": "Q1"}, "不能移到自己或自己的下级之下"),
        ("S1", {"action": "move", "parent": "C1"}, "上级没有变化"),
        ("S1", {"action": "move", "parent": "nobody"}, "没有这个上级机构"),
        ("S1", {"action": "close"}, "还有下级机构：东街一社区"),
        ("Q1", {"action": "close", "on": "yesterday"}, "不是日期"),
    ],
)
def test_what_cannot_be_is_refused_with_the_reason(
    tree: None,
    client_of: ClientOf,
    code: str,
    given: dict[str, str],
    why: str,
) -> None:
    status, page = propose(client_of("admin"), code, **given)
    assert status == 422
    assert why in page
    assert not Case.objects.exists()


def test_who_may_not_change_them_sees_them_only(tree: None, client_of: ClientOf) -> None:
    assert 'name="action"' not in client_of("controller").get("/control/organisations/S1/").content.decode()
    status, _ = propose(client_of("controller"), "S1", action="rename", name="x")
    assert status in (403, 422)
    assert not Case.objects.exists()
    assert client_of("clerk").get("/control/organisations/").status_code == 403


def test_the_same_code_is_not_given_twice_and_the_area_stays_inside(
    tree: None,
    client_of: ClientOf,
) -> None:
    client = client_of("admin")
    new = {"name": "x", "kind": "station", "parent": "C1", "on": timezone.localdate().isoformat(), "reason": ""}
    for changes, why in (
        ({"code": "S1", "area": cities.AREA}, "编码已属于"),
        ({"code": "S 9", "area": cities.AREA}, "字母、数字或短横"),
        ({"code": "S9", "area": "110100"}, "不在您的范围内"),
        ({"code": "S9", "area": cities.AREA, "kind": "x"}, "请选择类别"),
    ):
        answer = client.post("/control/organisations/new/", new | changes)
        assert answer.status_code == 422
        assert why in answer.content.decode()


def test_a_change_for_a_coming_day_is_taken_up_on_that_day(tree: None, client_of: ClientOf) -> None:
    admin, controller = client_of("admin"), client_of("controller")
    worker = Operator.objects.get(login="clerk")
    worker.unit = Organisation.objects.get(code="S1")
    worker.save()
    today = timezone.localdate()
    day = today + timedelta(days=20)
    for change in ({"action": "rename", "name": "东关服务站"}, {"action": "move", "parent": ""}):
        status, page = propose(admin, "S1", on=day.isoformat(), **change)
        assert status == 200, page
        approve(controller)
    assert Organisation.objects.get(code="S1").name == "东街服务站"
    assert "待生效" in admin.get("/control/organisations/S1/").content.decode()

    assert organisations.take_up(today=day - timedelta(days=1)) == 0
    assert organisations.take_up(today=day) == 2
    found = Organisation.objects.get(code="S1")
    assert (found.name, found.parent) == ("东关服务站", None)
    worker.refresh_from_db()
    assert worker.organisation == "东关服务站"
    assert organisations.take_up(today=day) == 0, "once"
    assert "待生效" not in admin.get("/control/organisations/S1/").content.decode()


def test_what_no_longer_fits_on_its_day_is_left_and_found(tree: None, client_of: ClientOf) -> None:
    admin, controller = client_of("admin"), client_of("controller")
    day = timezone.localdate() + timedelta(days=1)
    propose(admin, "Q1", action="move", parent="S2", on=day.isoformat())
    approve(controller)
    Organisation.objects.filter(code="S2").update(closed_on=day)
    assert organisations.take_up(today=day) == 0
    assert Organisation.objects.get(code="Q1").parent == Organisation.objects.get(code="S1")
    OrganisationVersion.objects.filter(taken_up=False).update(since=timezone.localdate() - timedelta(days=1))
    assert "Q1" in {found.number: found.what for found in check()}["C8"]


@pytest.mark.requirement("R14.15", "R14.10")
@pytest.mark.parametrize(("kind", "area"), [("station", "629921100"), ("community", "629921100001")])
def test_a_station_below_the_county_works_for_its_own_insured_only(
    tree: None, city: cities.City, client_of: ClientOf, kind: str, area: str
) -> None:
    """城乡居民医保管理服务站: set up by the county for a township (or a village), by two people, staffed by three."""
    for code, name, parent in (("629921100", "城关镇", cities.COUNTY), ("629921100001", "东街村", "629921100"),
                               ("629921101", "河湾镇", cities.COUNTY)):  # fmt: skip
        Area.objects.create(code=code, name=name, parent_id=parent, pooling_area=cities.AREA)
    posts.load_organisations([("C2", "临河县中心", "centre", "C1", cities.COUNTY)])
    own, other = city.persons[:2]
    for person, code in ((own, area), (other, "629921101")):
        Person.objects.filter(pk=person.pk).update(area_id=code)
        Enrolment.objects.filter(person_id=person.pk).update(area_id=code)
    admin, controller, director = client_of("admin"), client_of("controller"), client_of("director")
    day = timezone.localdate()
    station = {"code": "S9", "name": "城关服务站", "kind": kind, "parent": "C2", "area": area, "on": day.isoformat()}
    admin.post("/control/organisations/new/", station | {"reason": "县镇共建"})
    approve(controller)
    assert Organisation.objects.get(code="S9").parent == Organisation.objects.get(code="C2")

    helper = Operator(
        login="helper", name="协理员", organisation="城关服务站", unit=Organisation.objects.get(code="S9")
    )
    helper.set_password(cities.PASSWORD)
    helper.save()
    wanted = {"login": "helper", "post": "clerk", "area": area, "since": day.isoformat(), "reason": "专职协理员"}
    admin.post("/control/rights/request/", wanted | {"until": (day + timedelta(days=90)).isoformat(), "deputy_for": ""})
    approve(controller)
    approve(director)

    client = client_of("helper")
    assert client.get(f"/persons/{own.number}/").status_code == 200
    assert client.get(f"/persons/{other.number}/").status_code == 404
    assert client.get("/control/rights/").status_code == 403


@pytest.mark.requirement("R14.06")
def test_audit_and_supervision_look_at_everything_and_change_nothing(
    tree: None, city: cities.City, client_of: ClientOf
) -> None:
    """审计、监察部门: an organisation that supervises; its people read business, books and trail, and hold no other duty."""
    Organisation.objects.create(code="AUDIT", name="市审计局", kind="supervisor", area=cities.AREA)
    Operator.objects.filter(login="auditor").update(unit=Organisation.objects.get(code="AUDIT"))
    client = client_of("auditor")
    number, today = city.persons[0].number, timezone.localdate()
    for path in ("/control/trail/", "/control/trail/export/", f"/control/trail/persons/{number}/", "/settlements/",
                 f"/settlements/{city.settlements[0]}/", f"/days/{today}/", "/control/rights/", "/control/parameters/",
                 "/control/inspections/"):  # fmt: skip
        assert client.get(path).status_code == 200, path
    for path in (f"/days/{today}/close/", "/control/parameters/", "/control/calendar/", "/control/operators/new/",
                 f"/control/corrections/{number}/", "/control/organisations/new/", "/operation/jobs/start/"):  # fmt: skip
        answer = client.post(path, {"code": "case.days", "value": "6"})
        assert answer.status_code in (403, 404, 422), path
    assert not Case.objects.exists()
    day = {"since": today.isoformat(), "until": (today + timedelta(days=30)).isoformat()}
    asked = {"login": "auditor", "post": "clerk", "area": cities.AREA, "reason": "兼任", "deputy_for": ""} | day
    assert "不能同时任" in client_of("admin").post("/control/rights/request/", asked).content.decode()
