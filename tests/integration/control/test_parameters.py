"""Parameters with effective dates and two people; the calendar; dictionaries; numbers without gaps."""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime, timedelta
from pathlib import Path

import pytest
from django.db import transaction
from django.utils import timezone

import tongchou
from tongchou.control.api import Operator, approve, integer_of, next_number, request_approval, value_of, working_day
from tongchou.control.models import CodeSet, Parameter, ParameterValue
from tongchou.control.services import calendar, parameters, posts, sign_in
from tongchou.control.services.calendar import deadline_after
from tongchou.control.services.parameters import STANDARD, ensure_parameters
from tongchou.kernel.rejection import Rejection

Staff = Callable[..., Operator]


@pytest.fixture
def late_fee(db: None) -> None:
    parameters.define(code="late_fee.rate", name="滞纳金日加收比例", kind="rate", unit="万分之", least=0, most=10_000)


def change(staff: Staff, now: datetime, value: str, since: str, *, area: str = "") -> None:
    case = request_approval(
        kind="parameter.value",
        subject=f"late_fee.rate:{area}:{since}",
        title="滞纳金",
        payload={"code": "late_fee.rate", "area": area, "value": value, "since": since, "source": "社会保险法第86条"},
        area="620100",
        maker=staff("administrator"),
        now=now,
    )
    approve(case_id=case.pk, operator=staff("controller"), seen_hash=case.payload_hash, now=now)


@pytest.mark.requirement("R1.9.01", "R1.9.06")
def test_a_parameter_changes_by_two_people_from_a_day_on_and_keeps_its_history(
    late_fee: None, staff: Staff, now: datetime
) -> None:
    today = timezone.localdate(now)
    later = today + timedelta(days=10)
    with pytest.raises(Rejection) as unknown:
        value_of(code="late_fee.rate", on=today)
    assert unknown.value.code == "CTRL-040"
    change(staff, now, "5", today.isoformat())
    change(staff, now, "3", later.isoformat())
    assert integer_of(code="late_fee.rate", on=today) == 5
    assert integer_of(code="late_fee.rate", on=later - timedelta(days=1)) == 5
    assert integer_of(code="late_fee.rate", on=later) == 3
    change(staff, now, "4", later.isoformat(), area="620102")
    assert integer_of(code="late_fee.rate", on=later, area="620102") == 4
    assert integer_of(code="late_fee.rate", on=later, area="620103") == 3
    assert all(ParameterValue.objects.values_list("case_id", flat=True))


def test_the_software_obeys_its_own_parameters(staff: Staff, now: datetime) -> None:
    """What nobody has set holds its standard value; what two people have set, holds from its day on."""
    today = timezone.localdate(now)
    ensure_parameters()
    assert sign_in.idle_time(now) == timedelta(minutes=15)
    case = request_approval(
        kind="parameter.value",
        subject="session.idle_minutes",
        title="空闲锁屏时间",
        payload={
            "code": "session.idle_minutes",
            "area": "",
            "value": "5",
            "since": today.isoformat(),
            "source": "安全检查",
        },
        area="620100",
        maker=staff("administrator"),
        now=now,
    )
    assert case.deadline == deadline_after(start=today, days=5)
    approve(case_id=case.pk, operator=staff("controller"), seen_hash=case.payload_hash, now=now)
    assert sign_in.idle_time(now) == timedelta(minutes=5)


def test_every_standard_parameter_is_read_by_the_software() -> None:
    """A parameter that changes nothing would be a promise that is not kept."""
    files = Path(tongchou.__file__).parent.rglob("*.py")
    sources = "".join(path.read_text("utf-8") for path in files if path.name != "parameters.py")
    for one in STANDARD:
        assert f'"{one["code"]}"' in sources, one["code"]


@pytest.mark.parametrize(
    ("value", "days", "code"),
    [("x", 0, "CTRL-041"), ("10001", 0, "CTRL-041"), ("-1", 0, "CTRL-041"), ("5", -1, "CTRL-042")],
)
def test_wrong_values_and_past_days_are_refused_when_handed_in(
    late_fee: None, staff: Staff, now: datetime, value: str, days: int, code: str
) -> None:
    since = (timezone.localdate(now) + timedelta(days=days)).isoformat()
    with pytest.raises(Rejection) as refused:
        change(staff, now, value, since)
    assert refused.value.code == code


def test_the_calendar_has_the_published_holidays_and_is_changed_by_two_people(staff: Staff, now: datetime) -> None:
    calendar.ensure_calendar()
    days = [datetime(2026, *day).date() for day in ((10, 1), (10, 8), (10, 10), (10, 11), (2, 14), (6, 19))]  # noqa: DTZ001
    assert [working_day(day=day) for day in days] == [False, True, True, False, True, False]
    case = request_approval(
        kind="calendar.day",
        subject="2026-12-31",
        title="放假",
        payload={"day": "2026-12-31", "kind": "holiday", "name": "调休", "source": ""},
        area="",
        maker=staff("administrator"),
        now=now,
    )
    day = datetime(2026, 12, 31).date()  # noqa: DTZ001
    assert working_day(day=day)
    approve(case_id=case.pk, operator=staff("controller"), seen_hash=case.payload_hash, now=now)
    assert not working_day(day=day)


def test_a_new_version_of_a_dictionary_becomes_current_and_the_old_stays(db: None, now: datetime) -> None:
    load = {"code": "insutype", "name": "险种类型", "source": "国家接口", "now": now}
    parameters.load_code_set(version="1", values=[("310", "职工基本医疗保险")], **load)  # type: ignore[arg-type]
    parameters.load_code_set(version="2", values=[("310", "职工基本医疗保险"), ("390", "居民")], **load)  # type: ignore[arg-type]
    parameters.load_code_set(version="2", values=[], **load)  # type: ignore[arg-type]
    assert CodeSet.objects.get(code="insutype", current=True).values.count() == 2
    assert CodeSet.objects.filter(code="insutype").count() == 2


def test_numbers_have_no_gaps_even_when_a_document_fails(db: None, now: datetime) -> None:
    def write(document: str) -> int:
        with transaction.atomic():
            number = next_number(series="稽核通知书", area="620100", document=document, now=now)
            if document == "fails":
                raise ZeroDivisionError
            return number

    assert write("a") == 1
    with pytest.raises(ZeroDivisionError):
        write("fails")
    assert write("b") == 2
    assert parameters.number_gaps() == []


def test_a_newer_versions_parameters_reach_an_instance_that_works_already(db: None) -> None:
    posts.ensure_posts()
    Parameter.objects.filter(code="paper.blind.mapping").delete()
    posts.ensure_posts()
    assert Parameter.objects.filter(code="paper.blind.mapping").exists()
