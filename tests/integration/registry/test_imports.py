"""Files of employers and batch changes: checked like at the counter, all rows or none."""

from __future__ import annotations

import io
from datetime import date

import pytest
from openpyxl import load_workbook

from tongchou.control.models import Trail
from tongchou.kernel.identifiers import id_check_character
from tongchou.kernel.rejection import Rejection
from tongchou.registry import api
from tongchou.registry.models import Enrolment, Person
from tongchou.tables.api import Report

pytestmark = pytest.mark.django_db

HEADER = "单位编号,变更类型,姓名,证件号码,人员类别,生效日期,备注"
ZHANG = "629901199003070013"
LI = "62990219900307002" + id_check_character("62990219900307002")


@pytest.fixture
def employers(town: None) -> tuple[str, str]:
    first = api.register_employer(name="陇安纺织厂", area_code="629901")
    second = api.register_employer(name="安定机械厂", area_code="629902")
    return first.number, second.number


def load(*lines: str) -> Report:
    content = "\n".join((HEADER, *lines)).encode()
    return api.import_staff_changes(content=content, filename="x.csv", operator="专管员")


def staff(number: str, on: date) -> list[tuple[str, str]]:
    sheet = load_workbook(io.BytesIO(api.export_staff(employer_number=number, on=on))).active
    assert sheet is not None
    return [(str(row[2]), str(row[3])) for row in sheet.iter_rows(min_row=2, values_only=True)]


@pytest.mark.requirement("R1.1.02", "R1.1.20", "R1.1.22")
def test_additions_removals_and_transfers(employers: tuple[str, str]) -> None:
    first, second = employers
    report = load(f"{first},增员,张三,{ZHANG},在职,2026-01-01,", f"{first},增员,李四,{LI},,2026-01-01,")
    assert (report.created, report.errors) == (2, ())
    assert staff(first, date(2026, 1, 1)) == [("张三", ZHANG), ("李四", LI)]
    exported = Trail.objects.filter(action="export", object_kind="employer_staff", object_id=first)
    assert set(exported.values_list("person_id", flat=True)) == set(Person.objects.values_list("pk", flat=True))
    report = load(f"{first},减员,张三,{ZHANG},,2026-07-01,辞职", f"{second},调入,李四,{LI},,2026-07-01,")
    assert (report.updated, report.errors) == (2, ())
    assert staff(first, date(2026, 6, 30)) == [("张三", ZHANG), ("李四", LI)]
    assert staff(first, date(2026, 7, 1)) == []
    assert staff(second, date(2026, 7, 1)) == [("李四", LI)]


def test_one_refused_row_and_nothing_is_entered(employers: tuple[str, str]) -> None:
    first, second = employers
    load(f"{first},增员,张三,{ZHANG},,2026-01-01,")
    report = load(
        f"{first},增员,李四,{LI},,2026-02-01,",
        f"{first},增员,张三,{ZHANG},,2026-02-01,",
        f"{second},减员,张三,{ZHANG},,2026-02-01,",
        f"{first},减员,张叁,{ZHANG},,2026-02-01,",
        f"{first},减员,张三,{ZHANG},,,",
        f"{first},增员,王五,{ZHANG[:-1]}9,,2026-02-01,",
        f"无此单位,增员,李四,{LI},,2026-02-01,",
    )
    assert [error.row for error in report.errors] == [3, 4, 5, 6, 7, 8]
    assert all(error.message and error.remedy for error in report.errors)
    assert Person.objects.count() == 1
    assert Enrolment.objects.count() == 1


def test_the_exported_file_comes_back_unchanged_and_changes_nothing(employers: tuple[str, str]) -> None:
    first, _ = employers
    load(f"{first},增员,张三,{ZHANG},,2026-01-01,")
    content = api.export_staff(employer_number=first, on=date(2026, 1, 1))
    report = api.import_staff_changes(content=content, filename="x.xlsx", operator="专管员")
    assert report.ok
    assert Enrolment.objects.count() == 1
    with pytest.raises(Rejection):
        api.export_staff(employer_number="?", on=date(2026, 1, 1))


@pytest.mark.requirement("R1.1.12")
def test_batch_change_of_personal_data_with_history(employers: tuple[str, str]) -> None:
    load(f"{employers[0]},增员,张三,{ZHANG},,2026-01-01,")

    def change(*lines: str) -> Report:
        content = "\n".join(("证件号码,姓名,联系电话,地址,变更原因", *lines)).encode()
        return api.import_person_changes(content=content, filename="x.csv", operator="经办人")

    report = change(f"{ZHANG},,13800000000,,本人申报", f"{LI},,1,,本人申报")
    assert [(error.row, error.column) for error in report.errors] == [(3, "证件号码")]
    person = api.person_by_certificate(cert_no=ZHANG)
    assert person.phone == ""
    assert change(f"{ZHANG},,13800000000,,本人申报").updated == 1
    person = api.person_by_certificate(cert_no=ZHANG)
    assert (person.name, person.phone) == ("张三", "13800000000")
    (history,) = api.changes_of(person_id=person.id)
    assert (history.old, history.operator, history.reason) == ({"phone": ""}, "经办人", "本人申报")


def test_templates_can_be_opened() -> None:
    for content, columns in ((api.staff_template(), api.STAFF), (api.person_changes_template(), api.PERSON_CHANGES)):
        sheet = load_workbook(io.BytesIO(content)).active
        assert sheet is not None
        assert [cell.value for cell in sheet[1]] == [column.title for column in columns]
