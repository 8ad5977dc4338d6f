"""纸质单据录入 and 双人盲录: two people key the same paper unseen by each other, a third reviews."""

from __future__ import annotations

import re

import pytest
from django.test import Client
from django.utils import timezone

from tests.integration.web import city as cities
from tests.security.conftest import ClientOf, id_number
from tongchou.control.api import create_operator, posts
from tongchou.control.models import BlindEntry, Case, Parameter, Trail
from tongchou.providers.models import Agreement, Institution

pytestmark = pytest.mark.django_db


@pytest.fixture
def second_clerk(city: cities.City) -> None:
    """Another clerk and another administrator, each a person of their own."""
    for login, post, number in (("clerk2", "clerk", 41), ("admin2", "administrator", 42)):
        create_operator(
            login=login, password=cities.PASSWORD, name=f"第二{post}", organisation="x", area=cities.AREA,
            post=post, id_number=id_number(number),
        )  # fmt: skip


def correction(city: cities.City, **changes: str) -> dict[str, str]:
    return {
        "document": "GZ-0001",
        "person_number": city.persons[0].number,
        "field": "address",
        "value": "临河县东街 12 号",
        "reason": "户口簿",
    } | changes


def key(client: Client, content: dict[str, str], code: str = "correction") -> tuple[int, str]:
    answer = client.post(f"/control/paper/{code}/blind/", content, follow=True)
    return answer.status_code, re.sub(r"<[^>]*>", "", answer.content.decode())


@pytest.mark.requirement("R1.4.09", "R4.02")
def test_two_equal_entries_become_a_case_that_a_third_person_reviews(
    city: cities.City,
    client_of: ClientOf,
    second_clerk: None,
) -> None:
    first, second = client_of("clerk"), client_of("clerk2")
    assert "请另一名人员录入第二遍" in key(first, correction(city))[1]
    listed = second.get("/control/paper/").content.decode()
    assert "GZ-0001" in listed
    assert "东街" not in listed, "who keys second does not see what was keyed"
    assert "东街" not in second.get("/control/paper/correction/blind/?document=GZ-0001").content.decode()
    assert "CTRL-033" not in key(second, correction(city, value=" 临河县东街　１２　号"))[1]

    case = Case.objects.get()
    assert (case.kind, case.maker.login, case.state) == ("correction.person", "clerk2", "pending")
    assert "第一遍 职工1" in case.reason
    assert "两遍一致" in case.reason
    assert not BlindEntry.objects.exists()
    refused = first.post(f"/control/cases/{case.pk}/approve/", {"seen": case.payload_hash})
    assert refused.status_code in (403, 404, 422), "who keyed first does not review"
    assert "临河县东街 12 号" in client_of("reviewer").get(f"/control/cases/{case.pk}/").content.decode()


def test_what_differs_is_named_then_shown_field_by_field(
    city: cities.City,
    client_of: ClientOf,
    second_clerk: None,
) -> None:
    first, second = client_of("clerk"), client_of("clerk2")
    key(first, correction(city))
    other = correction(city, value="临河县西街 12 号")
    status, text = key(second, other)
    assert status == 200
    assert "两次录入不一致：更正为" in text
    assert "东街" not in text, "the name of the field, not what the other keyed"
    assert not Case.objects.exists()

    status, text = key(second, other | {"action": "compare"})
    assert status == 200
    assert "临河县东街 12 号" in text
    assert "临河县西街 12 号" in text
    status, text = key(second, other | {"action": "settle"})
    case = Case.objects.get()
    assert "不一致的栏目（更正为）以第二遍为准" in case.reason
    assert not BlindEntry.objects.exists()


def test_nobody_keys_a_document_twice(
    city: cities.City,
    client_of: ClientOf,
    second_clerk: None,
) -> None:
    client = client_of("clerk")
    key(client, correction(city))
    for action in ("key", "compare", "settle"):
        status, text = key(client, correction(city, action=action))
        assert status == 422
        assert "第二遍须由他人录入" in text
    assert client.post("/control/paper/correction/discard/", {"document": "GZ-0001"}).status_code == 302
    assert not BlindEntry.objects.exists()
    assert (
        client_of("clerk2").post("/control/paper/correction/blind/", correction(city, action="settle")).status_code
        == 422
    )
    assert not Case.objects.exists(), "without a first entry there is nothing to settle"


@pytest.mark.parametrize(
    ("field", "value", "why"),
    [
        ("document", "", "栏目“更正申请表编号”填写有误：不能为空"),
        ("field", "password", "请从列出的内容中选择"),
        ("value", "x" * 201, "最多 200 字"),
        ("person_number", "99999999", "人员编号"),
    ],
)
def test_what_cannot_be_right_is_refused_at_its_field(
    city: cities.City,
    client_of: ClientOf,
    second_clerk: None,
    field: str,
    value: str,
    why: str,
) -> None:
    key(client_of("clerk2"), correction(city, **({} if field == "document" else {field: value})))
    status, text = key(client_of("clerk"), correction(city, **{field: value}))
    assert status == 422
    assert why in text
    assert not Case.objects.exists()


@pytest.mark.requirement("R1.5.08")
def test_a_new_agreement_and_a_mapping_are_keyed_alone_or_blind(
    city: cities.City,
    client_of: ClientOf,
    second_clerk: None,
) -> None:
    site = Institution.objects.create(
        code="H62990190009", name="新医院", kind="1", level="2", credit_code="", area=cities.AREA
    )
    today = timezone.localdate()
    agreement = {
        "document": "XY-1", "institution_code": site.code, "number": "XY2026-009", "med_types": ["11", "21"],
        "start": today.isoformat(), "end": "", "reason": "新增定点",
    }  # fmt: skip
    assert "请另一名人员" in key(client_of("admin"), agreement, "agreement")[1]
    key(client_of("admin2"), agreement, "agreement")
    case = Case.objects.get(kind="institution.agreement")
    for login in ("reviewer", "director"):
        assert (
            client_of(login).post(f"/control/cases/{case.pk}/approve/", {"seen": case.payload_hash}).status_code == 302
        )
    made = Agreement.objects.get(number="XY2026-009")
    assert sorted(made.med_types) == ["11", "21"]

    wrong = client_of("admin").post("/control/paper/agreement/new/", agreement | {"institution_code": "H00000000000"})
    assert wrong.status_code == 422
    page = client_of("admin").get("/control/paper/mapping/new/?institution_code=" + site.code).content.decode()
    assert f'value="{site.code}"' in page
    assert client_of("clerk").get("/control/paper/mapping/new/").status_code == 403
    assert client_of("clerk").get("/control/paper/nothing/new/").status_code == 404


def found(client: Client, code: str, field: str, text: str) -> list[dict[str, str]]:
    answer = client.post(f"/control/paper/{code}/find/{field}/", {"q": text})
    assert answer.status_code == 200
    listed: list[dict[str, str]] = answer.json()["found"]
    return listed


def test_codes_are_found_by_name_beside_the_field(city: cities.City, client_of: ClientOf) -> None:
    admin, clerk = client_of("admin"), client_of("clerk")
    assert [one["value"] for one in found(admin, "agreement", "institution_code", "人民医院")] == [
        cities.HOSPITAL, cities.SECOND,
    ]  # fmt: skip
    assert found(admin, "agreement", "institution_code", "h6299010000")[0]["name"] == "陇安市人民医院"
    assert found(admin, "mapping", "item_code", "阿莫西林")[0]["value"] == "XJ01CAA040E001010100001"
    assert found(admin, "agreement", "institution_code", "%") == []
    person = city.persons[0]
    (one,) = [
        each for each in found(clerk, "correction", "person_number", person.name) if each["value"] == person.number
    ]
    assert person.name not in one["name"], "masked: who looks for a name knows it"
    assert person.cert_no not in one["more"]


def test_a_search_for_persons_is_a_look_at_personal_data(city: cities.City, client_of: ClientOf) -> None:
    client = client_of("clerk")
    assert found(client, "correction", "person_number", city.persons[0].name[0]) == [], "one letter lists nobody"
    found(client, "correction", "person_number", city.persons[0].number)
    row = Trail.objects.get(object_kind="person_search")
    assert (row.operator, row.person_id, row.reason) == ("clerk", city.persons[0].pk, "纸质单据录入")
    assert client_of("admin").post("/control/paper/correction/find/person_number/", {"q": "王"}).status_code == 403
    assert client.post("/control/paper/correction/find/reason/", {"q": "x"}).status_code == 404


def test_the_centre_can_demand_that_a_form_is_keyed_blind(
    city: cities.City, client_of: ClientOf, second_clerk: None
) -> None:
    client, content = client_of("clerk"), correction(city)
    posts.ensure_posts()
    Parameter.objects.get(code="paper.blind.correction").values.create(value="1", period=(timezone.localdate(), None))
    assert "须双人" in client.get("/control/paper/").content.decode()
    answer = client.post("/control/paper/correction/new/", content)
    page = answer.content.decode()
    assert answer.status_code == 422
    assert "须双人盲录" in page
    assert "临河县东街 12 号" in page, "nothing typed is lost"
    assert 'action="/control/paper/correction/blind/"' in page
    assert not Case.objects.exists()
    other_way = client.get(f"/control/corrections/{city.persons[0].number}/")
    assert other_way.status_code == 302
    assert other_way["Location"].startswith("/control/paper/correction/blind/")
    key(client, content)
    key(client_of("clerk2"), content)
    assert Case.objects.get().kind == "correction.person"
