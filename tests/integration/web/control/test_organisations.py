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
