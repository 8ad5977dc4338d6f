"""重新结算 on the screens: try, compare, hand in, approve by another person, see the links."""

from __future__ import annotations

from io import BytesIO

import openpyxl
import pytest
from django.core.files.uploadedfile import SimpleUploadedFile
from django.utils import timezone

from tests.integration.web import city as cities
from tests.integration.web.conftest import ClientOf
from tongchou.control.api import Operator, operators
from tongchou.control.models import Case
from tongchou.operation.api import JobRun
from tongchou.registry.models import Enrolment
from tongchou.settlement import api
from tongchou.settlement.models import Replacement, ResettledPerson, Resettlement

PERIOD = {"begin": "2026-01-01", "end": "2026-12-31", "facts": "on", "policy": "on", "scheme": ""}


def year() -> dict[str, str]:
    today = timezone.localdate()
    return PERIOD | {"begin": today.replace(month=1, day=1).isoformat(), "end": today.isoformat()}


@pytest.fixture
def late_change(city: cities.City) -> cities.City:
    """The first person, who was settled as retired, turns out to have been at work all the time."""
    Enrolment.objects.filter(person=city.persons[0], scheme="310").update(person_type="11")
    for login in ("clerk", "reviewer"):
        Operator.objects.filter(login=login).update(person=login.ljust(64, "-"))
    return city


def test_a_clerk_tries_a_reviewer_approves_and_both_settlements_say_so(
    late_change: cities.City, client_of: ClientOf
) -> None:
    city, clerk = late_change, client_of("clerk")
    number = city.persons[0].number
    answer = clerk.post("/resettle/new/", year() | {"kind": "person", "number": number, "reason": "参保身份追溯变更"})
    assert answer.status_code == 302
    page = clerk.get(answer.headers["Location"]).content.decode()
    made = Resettlement.objects.get()
    assert (made.state, made.totals["persons"], made.totals["changed"]) == ("tried", 1, 3)
    assert "提交复核" in page
    row = made.persons.get(changed__gt=0)
    shown = clerk.get(f"/resettle/{made.pk}/persons/{row.pk}/").content.decode()
    assert "退休 → <strong>在职" in shown
    assert shown.count('<ol class="steps">') == 6
    assert clerk.post(f"/resettle/{made.pk}/submit/").status_code == 302
    case = Case.objects.get(kind="settlement.rerun")
    assert client_of("clerk").post(f"/control/cases/{case.pk}/approve/", {"seen": case.payload_hash}).status_code != 302
    assert not Replacement.objects.exists()
    approved = client_of("reviewer").post(f"/control/cases/{case.pk}/approve/", {"seen": case.payload_hash})
    assert approved.status_code == 302, approved.content.decode()
    assert Replacement.objects.filter(case_id=case.pk, run=made).count() == 3
    link = Replacement.objects.get(original_id=city.inpatient)
    made.refresh_from_db()
    assert made.state == "booked"
    old = clerk.get(f"/settlements/{link.original_id}/").content.decode()
    assert "已重新结算" in old
    assert str(link.successor_id) in old
    new = clerk.get(f"/settlements/{link.successor_id}/").content.decode()
    assert "替换" in new
    assert "应付参保人员" in new
    assert "重新结算冲正" in clerk.get(f"/settlements/{link.reversal_id}/").content.decode()
    record = clerk.get(f"/persons/{number}/").content.decode()
    assert "已重新结算" in record
    assert clerk.get(f"/resettle/{made.pk}/persons/{row.pk}/").content.decode().count('<ol class="steps">') == 6
    assert api.examine(today=timezone.localdate()) == []


def test_what_changed_after_the_trial_is_refused_and_nothing_is_booked(
    late_change: cities.City, client_of: ClientOf
) -> None:
    city, clerk = late_change, client_of("clerk")
    clerk.post(
        "/resettle/new/", year() | {"kind": "person", "number": city.persons[0].number, "reason": "参保身份追溯变更"}
    )
    made = Resettlement.objects.get()
    clerk.post(f"/resettle/{made.pk}/submit/")
    case = Case.objects.get(kind="settlement.rerun")
    Enrolment.objects.filter(person=city.persons[0], scheme="310").update(person_type="12")
    refused = client_of("reviewer").post(f"/control/cases/{case.pk}/approve/", {"seen": case.payload_hash})
    assert refused.status_code == 422
    assert "请重新试算" in refused.content.decode().split("<main")[1].split("</main>")[0]
    assert not Replacement.objects.exists()
    case.refresh_from_db()
    assert case.state == "pending"


def test_what_the_reviewer_returns_is_handed_in_again_or_dropped(late_change: cities.City, client_of: ClientOf) -> None:
    clerk = client_of("clerk")
    number = late_change.persons[0].number
    clerk.post("/resettle/new/", year() | {"kind": "person", "number": number, "reason": "参保身份追溯变更"})
    made = Resettlement.objects.get()
    clerk.post(f"/resettle/{made.pk}/submit/")
    case = Case.objects.get(kind="settlement.rerun")
    clerk.post(f"/resettle/{made.pk}/drop/")
    made.refresh_from_db()
    assert made.state == "submitted"
    client_of("reviewer").post(
        f"/control/cases/{case.pk}/return/", {"seen": case.payload_hash, "reason": "请补充退休审批材料"}
    )
    assert "复核退回" in clerk.get(f"/resettle/{made.pk}/").content.decode()
    assert clerk.post(f"/resettle/{made.pk}/submit/").status_code == 302
    made.refresh_from_db()
    assert made.case_id != case.pk
    again = Case.objects.get(pk=made.case_id)
    clerk.post(f"/control/cases/{again.pk}/withdraw/")
    clerk.post(f"/resettle/{made.pk}/drop/")
    made.refresh_from_db()
    assert made.state == "dropped"


def test_nobody_reviews_the_own_settlements(late_change: cities.City, client_of: ClientOf) -> None:
    city, clerk = late_change, client_of("clerk")
    patient = city.persons[0]
    reviewer = Operator.objects.get(login="reviewer")
    operators.bind_person(reviewer, patient.cert_no)
    reviewer.save()
    clerk.post("/resettle/new/", year() | {"kind": "person", "number": patient.number, "reason": "参保身份追溯变更"})
    clerk.post(f"/resettle/{Resettlement.objects.get().pk}/submit/")
    case = Case.objects.get(kind="settlement.rerun")
    assert (
        client_of("reviewer").post(f"/control/cases/{case.pk}/approve/", {"seen": case.payload_hash}).status_code == 422
    )
    assert not Replacement.objects.exists()


def test_a_list_is_checked_row_by_row_and_tried_by_a_job(city: cities.City, client_of: ClientOf) -> None:
    clerk = client_of("clerk")
    given = year() | {"kind": "list", "reason": "稽核发现差错"}

    def upload(*rows: str) -> dict[str, object]:
        text = "人员编号,姓名\n" + "\n".join(rows) + "\n"
        return given | {"file": SimpleUploadedFile("名单.csv", text.encode())}

    wrong = clerk.post("/resettle/new/", upload(f"{city.persons[0].number},不是他", "1,", f"{city.persons[1].number},"))
    page = wrong.content.decode()
    assert wrong.status_code == 422
    assert "姓名与登记不符" in page
    assert "没有这个人员编号" in page
    assert not Resettlement.objects.exists()
    good = clerk.post("/resettle/new/", upload(*(f"{person.number}," for person in city.persons[:3])))
    assert good.status_code == 302
    made = Resettlement.objects.get()
    assert ResettledPerson.objects.filter(run=made, state="waiting").count() == 3
    assert JobRun.objects.get(kind="settlement.rerun_try").arguments == {"run": made.pk}


@pytest.mark.parametrize(
    ("change", "said"),
    [
        ({"number": "9"}, "没有这个人员编号"),
        ({"number": ""}, "请填写人员编号"),
        ({"reason": ""}, "请写明重新结算的原因"),
        ({"begin": "yesterday"}, "请填写日期"),
        ({"begin": "2027-01-01", "end": "2026-01-01"}, "开始日期不晚于结束日期"),
        ({"kind": "policy"}, "没有需要重新结算的人员"),
    ],
)
def test_what_is_wrong_stands_beside_the_field(
    city: cities.City, client_of: ClientOf, change: dict[str, str], said: str
) -> None:
    given = year() | {"kind": "person", "number": city.persons[0].number, "reason": "参保身份追溯变更"} | change
    answer = client_of("clerk").post("/resettle/new/", given)
    assert answer.status_code == 422
    assert said in answer.content.decode()
    assert not Resettlement.objects.exists()


def test_others_runs_do_not_exist_and_a_county_makes_no_batch(late_change: cities.City, client_of: ClientOf) -> None:
    clerk = client_of("clerk")
    number = late_change.persons[0].number
    clerk.post("/resettle/new/", year() | {"kind": "person", "number": number, "reason": "参保身份追溯变更"})
    made = Resettlement.objects.get()
    for login in ("lanzhou", "county"):
        assert client_of(login).get(f"/resettle/{made.pk}/").status_code == 404
    batch = client_of("county").post("/resettle/new/", year() | {"kind": "policy", "reason": "政策版本追溯生效"})
    assert batch.status_code == 422
    assert "由统筹区经办机构办理" in batch.content.decode()


def test_the_differences_leave_as_excel_and_a_trial_is_dropped(late_change: cities.City, client_of: ClientOf) -> None:
    clerk = client_of("clerk")
    number = late_change.persons[0].number
    clerk.post("/resettle/new/", year() | {"kind": "person", "number": number, "reason": "参保身份追溯变更"})
    made = Resettlement.objects.get()
    content = client_of("reviewer").get(f"/resettle/{made.pk}/export/").content
    sheet = openpyxl.load_workbook(BytesIO(content)).active
    assert sheet is not None
    rows = list(sheet.iter_rows(values_only=True))
    assert rows[0][0] == "人员编号"
    assert {row[0] for row in rows[1:]} == {number}
    assert sum(row[10] for row in rows[1:]) == 0  # what one payer pays less, another pays more
    assert clerk.post(f"/resettle/{made.pk}/drop/").status_code == 302
    made.refresh_from_db()
    assert made.state == "dropped"
    assert "不能提交复核" in clerk.post(f"/resettle/{made.pk}/submit/", follow=True).content.decode()
