"""Files of the registry: changes of an employer's staff (增减员) out and in, batch changes of personal data.

All rows or none. Each row runs through the same use case as at the counter, so it meets the same checks; what one refuses
is reported with its row.
"""

from __future__ import annotations

from collections.abc import Callable
from datetime import date
from typing import Final

from django.db import transaction

from tongchou.control import api as control
from tongchou.kernel.rejection import Rejection
from tongchou.registry import rejections, services
from tongchou.registry.models import Employer, Enrolment, Person
from tongchou.registry.queries import persons_certified
from tongchou.tables.api import (
    Column,
    Record,
    Report,
    RowError,
    choice,
    day,
    import_table,
    template,
    text,
    workbook,
)

ADDED, REMOVED, MOVED, UNCHANGED = "1", "2", "3", ""
ACTIONS: Final = {ADDED: "增员", REMOVED: "减员", MOVED: "调入", UNCHANGED: "不变"}
PERSON_TYPES: Final = {"11": "在职", "12": "退休"}
EMPLOYEE_SCHEME: Final = "310"

STAFF: Final = (
    Column(name="employer", title="单位编号", parse=text(20), required=True, example="629900000001"),
    Column(
        name="action",
        title="变更类型",
        parse=choice(ACTIONS, default=UNCHANGED),
        note="增员、减员、调入；不变的留空",
        example="增员",
    ),
    Column(name="name", title="姓名", parse=text(50), required=True, example="张三"),
    Column(name="cert_no", title="证件号码", parse=text(50), required=True, example="629901199003070013"),
    Column(name="person_type", title="人员类别", parse=choice(PERSON_TYPES, default="11"), example="在职"),
    Column(
        name="on",
        title="生效日期",
        parse=day,
        note="增员、调入为参保首日，减员为停保首日（不再参保的第一天）",
        example="2026-01-01",
    ),
    Column(name="reason", title="备注", parse=text(200)),
)
PERSON_CHANGES: Final = (
    Column(name="cert_no", title="证件号码", parse=text(50), required=True, example="629901199003070013"),
    Column(name="name", title="姓名", parse=text(50), note="只填要变更的项目，其余留空"),
    Column(name="ethnicity", title="民族代码", parse=text(3)),
    Column(name="phone", title="联系电话", parse=text(50), example="13800000000"),
    Column(name="address", title="地址", parse=text(200)),
    Column(name="reason", title="变更原因", parse=text(200), required=True, example="本人申报"),
)


def staff_template() -> bytes:
    """The Excel template for :func:`import_staff_changes`."""
    return template(columns=STAFF, title="单位人员增减")


def person_changes_template() -> bytes:
    """The Excel template for :func:`import_person_changes`."""
    return template(columns=PERSON_CHANGES, title="人员信息批量变更")


def export_staff(*, employer_number: str, on: date) -> bytes:
    """The staff of an employer on a day as a workbook; with 变更类型 filled in, it can be imported again.

    ID numbers are whole, for the import finds persons by them; the trail notes each person whom the file names.

    Raises:
        Rejection: REG-010 unknown employer.
    """
    employer = Employer.objects.filter(number=employer_number).first()
    if employer is None:
        raise rejections.UNKNOWN_EMPLOYER(number=employer_number)
    enrolled = Enrolment.objects.filter(employer=employer, period__contains=on).select_related("person")
    control.record_reading(
        persons=list(enrolled.values_list("person_id", flat=True)),
        object_kind="employer_staff",
        object_id=employer_number,
        reason="单位人员导出",
        action="export",
    )
    rows = (
        (
            employer.number,
            "",
            row.person.name,
            row.person.cert_no,
            PERSON_TYPES.get(row.person_type, row.person_type),
            row.period.lower.isoformat(),
            "",
        )
        for row in enrolled.order_by("person__number")
    )
    return workbook(columns=STAFF, title="单位人员", rows=rows)


def import_staff_changes(*, content: bytes, filename: str, operator: str) -> Report:
    """Enter an employer's additions, removals and transfers of staff.

    An addition registers the person if the ID number is new. Rows without 变更类型 are left alone.

    Raises:
        Rejection: TABL-001 … TABL-004, the file as a whole can't be used.
    """

    def enter(record: Record) -> bool:
        return _enter_staff_change(record, operator)

    return import_table(
        content=content, filename=filename, columns=STAFF, write=lambda records: _all_or_nothing(records, enter)
    )


def import_person_changes(*, content: bytes, filename: str, operator: str) -> Report:
    """Change data of many persons; the old values stay in the history (批量变更).

    Raises:
        Rejection: TABL-001 … TABL-004, the file as a whole can't be used.
    """

    def enter(record: Record) -> bool:
        changes = {name: record[name] for name in ("name", "ethnicity", "phone", "address") if record[name]}
        person = _person(str(record["cert_no"]))
        services.change_person(person_id=person.pk, changes=changes, operator=operator, reason=str(record["reason"]))
        return False

    return import_table(
        content=content,
        filename=filename,
        columns=PERSON_CHANGES,
        write=lambda records: _all_or_nothing(records, enter),
    )


def _all_or_nothing(records: list[Record], enter: Callable[[Record], bool]) -> Report:
    """Run every row, so that every refusal is reported; keep the work only if there was none.

    Args:
        enter: enters one row and says whether it made a new record.
    """
    errors: list[RowError] = []
    created = 0
    with transaction.atomic():
        for record in records:
            try:
                created += enter(record)
            except Rejection as refused:
                errors.append(RowError(record.row, "证件号码", refused.message, refused.remedy))
        if errors:
            transaction.set_rollback(True)
            return Report(rows=len(records), errors=tuple(errors))
    return Report(rows=len(records), created=created, updated=len(records) - created)


def _enter_staff_change(record: Record, operator: str) -> bool:
    action = record["action"]
    if action == UNCHANGED:
        return False
    on = record["on"]
    if not isinstance(on, date):
        raise rejections.NO_START_DATE()
    if action == ADDED:
        return _add(record, on, operator)
    person = _named(_person(str(record["cert_no"])), str(record["name"]))
    reason = str(record["reason"]) or ACTIONS[str(action)]
    employer = str(record["employer"])
    if action == REMOVED:
        _require_employer(person, employer)
        services.end_enrolment(person_id=person.pk, scheme=EMPLOYEE_SCHEME, end=on, operator=operator, reason=reason)
    else:
        services.transfer(
            person_id=person.pk,
            scheme=EMPLOYEE_SCHEME,
            employer_number=employer,
            on=on,
            person_type=str(record["person_type"]),
            operator=operator,
            reason=reason,
        )
    return False


def _add(record: Record, on: date, operator: str) -> bool:
    employer = Employer.objects.filter(number=record["employer"]).first()
    if employer is None:
        raise rejections.UNKNOWN_EMPLOYER(number=record["employer"])
    cert_no, name = str(record["cert_no"]), str(record["name"])
    person = persons_certified(cert_no).filter(cert_type="01").first()
    if person is None:
        view = services.register_person(name=name, cert_no=cert_no, area_code=employer.area_id, operator=operator)
        person_id = view.id
    else:
        person_id = _named(person, name).pk
    services.enrol(
        person_id=person_id,
        scheme=EMPLOYEE_SCHEME,
        person_type=str(record["person_type"]),
        area_code=employer.area_id,
        start=on,
        employer_number=employer.number,
        operator=operator,
    )
    return person is None


def _person(cert_no: str) -> Person:
    person = persons_certified(cert_no).filter(cert_type="01").first()
    if person is None:
        raise rejections.UNKNOWN_PERSON(means="证件号码", number=cert_no)
    return person


def _named(person: Person, name: str) -> Person:
    if person.name != name:
        raise rejections.NAME_DIFFERS(name=name)
    return person


def _require_employer(person: Person, employer_number: str) -> None:
    scheme = Enrolment.objects.filter(person=person, scheme=EMPLOYEE_SCHEME)
    if not scheme.filter(employer__number=employer_number).exists():
        raise rejections.NOT_EMPLOYED(number=employer_number)
