"""Use cases of the registry: persons, enrolments, identity classes, certified diseases.

Cards are in cards.py, employers in employers.py.

One function, one transaction. Who writes locks the person's row first, so two enrolments can't pass each other; the
database's exclusion constraints hold whoever writes. ``operator`` and ``reason`` go into the history of the record.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from datetime import date, timedelta

from django.db import IntegrityError, connection, transaction
from django.db.models import Q, QuerySet

from tongchou.control.api import hashes_of
from tongchou.kernel.areas import prefix_of
from tongchou.kernel.identifiers import IdNumber, mask_id_number, parse_id_number
from tongchou.kernel.rejection import Rejection
from tongchou.registry import core, rejections
from tongchou.registry.core import EnrolmentView, PersonView
from tongchou.registry.models import (
    Area,
    DiseaseCertificate,
    Employer,
    Enrolment,
    Household,
    IdentityClass,
    Person,
)
from tongchou.registry.queries import enrolment_view, person_view

CHANGEABLE = {
    "name": "姓名",
    "cert_type": "证件类型",
    "cert_no": "证件号码",
    "sex": "性别",
    "birth_date": "出生日期",
    "ethnicity": "民族",
    "phone": "联系电话",
    "address": "地址",
    "area_id": "户籍区划",
    "household_id": "家庭户",
}
"""Fields that :func:`change_person` may change. The person number never changes; a death has a use case of its own."""


@contextmanager
def recorded(operator: str, reason: str = "") -> Iterator[None]:
    """One transaction whose changes are entered in the history under this operator and reason."""
    with transaction.atomic():
        with connection.cursor() as cursor:
            cursor.execute(
                "SELECT set_config('tongchou.operator', %s, true), set_config('tongchou.reason', %s, true)",
                [operator, reason],
            )
        yield


def register_person(
    *,
    name: str,
    cert_no: str,
    area_code: str,
    cert_type: str = "01",
    sex: str | None = None,
    birth_date: date | None = None,
    ethnicity: str = "1",
    phone: str = "",
    address: str = "",
    household_id: int | None = None,
    operator: str = "",
) -> PersonView:
    """Open the record of a person and give out the person number.

    Args:
        sex, birth_date: may be left out with an ID number, which says both; where given they must agree with it.

    Raises:
        Rejection: REG-004 certificate registered, REG-005 ID number wrong, REG-006 sex or birth date disagree,
            REG-009 unknown area, REG-023 no name.
    """
    if not name.strip():
        raise rejections.EMPTY_NAME()
    known = _checked_certificate(cert_type, cert_no, sex, birth_date)
    require_area(area_code)
    person = Person(
        number=_next_person_number(area_code),
        cert_type=cert_type,
        cert_no=known.cert_no,
        name=name.strip(),
        sex=known.sex,
        ethnicity=ethnicity,
        birth_date=known.birth_date,
        phone=phone,
        address=address,
        area_id=area_code,
        household_id=household_id,
    )
    with recorded(operator):
        _save_person(person)
    return person_view(person)


def change_person(*, person_id: int, changes: Mapping[str, object], operator: str, reason: str) -> PersonView:
    """Change data of a person; the old values stay in the history.

    Args:
        changes: column → new value, columns of ``CHANGEABLE``.

    Raises:
        Rejection: REG-001 unknown, REG-022 a field that can't be changed, and those of :func:`register_person`.
    """
    for field in changes:
        if field not in CHANGEABLE:
            raise rejections.UNCHANGEABLE(field_name=field)
    with recorded(operator, reason):
        person = _locked(person_id)
        for field, value in changes.items():
            setattr(person, field, value)
        if not person.name.strip():
            raise rejections.EMPTY_NAME()
        known = _checked_certificate(person.cert_type, person.cert_no, person.sex, person.birth_date)
        person.cert_no = known.cert_no
        require_area(person.area_id)
        _save_person(person)
    return person_view(person)


def record_death(*, person_id: int, day: date, operator: str, reason: str = "死亡登记") -> PersonView:
    """Enter a death: enrolments, identity classes and certified diseases end with that day.

    Raises:
        Rejection: REG-001 unknown, REG-006 the day lies before the birth.
    """
    with recorded(operator, reason):
        person = _locked(person_id)
        if day < person.birth_date:
            raise rejections.ID_NUMBER_DISAGREES(what="死亡日期", given=day, expected=f"{person.birth_date} 之后")
        person.death_date = day
        person.save(update_fields=["death_date"])
        first_day_after = day + timedelta(days=1)
        for model in (Enrolment, IdentityClass, DiseaseCertificate):
            for row in model.objects.filter(person=person, period__contains=first_day_after):
                row.period = (row.period.lower, first_day_after)
                if row.period[0] == first_day_after:
                    row.delete()
                else:
                    row.save(update_fields=["period"])
    return person_view(person)


def register_household(*, number: str, area_code: str, address: str = "") -> Household:
    """Enter a household of a community.

    Raises:
        Rejection: REG-009 unknown area.
    """
    require_area(area_code)
    return Household.objects.create(number=number, area_id=area_code, address=address)


def enrol(
    *,
    person_id: int,
    scheme: str,
    person_type: str,
    area_code: str,
    start: date,
    end: date | None = None,
    employer_number: str | None = None,
    civil_servant: bool = False,
    flexible: bool = False,
    operator: str = "",
) -> EnrolmentView:
    """Begin the participation of a person in a scheme (参保登记).

    Args:
        end: first day no longer covered; ``None`` without end.

    Raises:
        Rejection: REG-001 unknown person, REG-007 overlaps, REG-009 unknown area, REG-010 unknown employer, REG-011 ends
            before it starts, REG-018 another basic insurance at that time, REG-019 deceased.
    """
    if end is not None and end <= start:
        raise rejections.PERIOD_REVERSED(start=start, end=end)
    require_area(area_code)
    employer = None if employer_number is None else _employer(employer_number)
    with recorded(operator):
        person = _locked(person_id)
        _refuse_after_death(person, start)
        _refuse_second_basic_scheme(person, scheme, start, end)
        row = Enrolment(
            person=person,
            scheme=scheme,
            person_type=person_type,
            area_id=area_code,
            employer=employer,
            civil_servant=civil_servant,
            flexible=flexible,
            period=(start, end),
        )
        _save_enrolment(row)
    return _reread(row)


def end_enrolment(*, person_id: int, scheme: str, end: date, operator: str = "", reason: str = "") -> EnrolmentView:
    """End the participation in force (停保): ``end`` is the first day no longer covered.

    Raises:
        Rejection: REG-008 not enrolled on the day before, REG-011 it would end on or before its first day.
    """
    with recorded(operator, reason):
        row = _enrolment_before(_locked(person_id), scheme, end)
        row.period = (row.period.lower, end)
        row.save(update_fields=["period"])
    return _reread(row)


def transfer(
    *,
    person_id: int,
    scheme: str,
    employer_number: str,
    on: date,
    person_type: str | None = None,
    operator: str = "",
    reason: str = "单位间调动",
) -> EnrolmentView:
    """Move a person to another employer without a gap (单位人员调动): the old enrolment ends where the new begins.

    Returns:
        The new enrolment, with the employer's area.

    Raises:
        Rejection: REG-008 not enrolled on the day before, REG-010 unknown employer, REG-011 the old one begins that day.
    """
    employer = _employer(employer_number)
    with recorded(operator, reason):
        person = _locked(person_id)
        _refuse_after_death(person, on)
        old = _enrolment_before(person, scheme, on)
        last_day = old.period.upper
        old.period = (old.period.lower, on)
        old.save(update_fields=["period"])
        row = Enrolment(
            person=person,
            scheme=scheme,
            person_type=person_type or old.person_type,
            area_id=employer.area_id,
            employer=employer,
            civil_servant=old.civil_servant,
            flexible=False,
            period=(on, last_day),
        )
        _save_enrolment(row)
    return _reread(row)


def set_identity(
    *,
    person_id: int,
    kind: str,
    start: date,
    end: date | None = None,
    level: str = "",
    memo: str = "",
    operator: str = "",
) -> int:
    """Enter an identity class (低保, 特困, 重度残疾 …; psn_idet_type) with its period.

    Args:
        memo: the office that certifies it and its document.

    Returns:
        The id of the entry.

    Raises:
        Rejection: REG-001 unknown person, REG-011 ends before it starts, REG-012 overlaps the same kind.
    """
    if end is not None and end <= start:
        raise rejections.PERIOD_REVERSED(start=start, end=end)
    try:
        with recorded(operator):
            row = IdentityClass(person=_locked(person_id), kind=kind, level=level, memo=memo, period=(start, end))
            row.save()
    except IntegrityError as error:
        if "identity_no_overlap" not in str(error):
            raise
        raise rejections.IDENTITY_OVERLAPS(kind=kind) from error
    return row.pk


def end_identity(*, person_id: int, kind: str, end: date, operator: str = "", reason: str = "") -> None:
    """End the identity class in force; ``end`` is the first day without it.

    Raises:
        Rejection: REG-024 the person has no such identity on the day before.
    """
    with recorded(operator, reason):
        row = IdentityClass.objects.filter(
            person=_locked(person_id), kind=kind, period__contains=end - timedelta(days=1)
        ).first()
        if row is None:
            raise rejections.NO_IDENTITY(kind=kind, day=end - timedelta(days=1))
        row.period = (row.period.lower, end)
        row.save(update_fields=["period"])


def certify_disease(
    *, person_id: int, code: str, name: str, start: date, end: date | None = None, operator: str = ""
) -> int:
    """Certify a chronic or special outpatient disease of a person (门诊慢特病备案).

    Returns:
        The id of the certificate.

    Raises:
        Rejection: REG-001 unknown person, REG-011 ends before it starts, REG-013 certified for these days already.
    """
    if end is not None and end <= start:
        raise rejections.PERIOD_REVERSED(start=start, end=end)
    with recorded(operator):
        person = _locked(person_id)
        if DiseaseCertificate.objects.filter(person=person, disease_code=code, period__overlap=(start, end)).exists():
            raise rejections.DISEASE_OVERLAPS(code=code, name=name)
        row = DiseaseCertificate.objects.create(
            person=person, disease_code=code, disease_name=name, period=(start, end)
        )
    return row.pk


def _checked_certificate(cert_type: str, cert_no: str, sex: str | None, birth_date: date | None) -> core.Identity:
    """Sex and birth date as the ID number says them, or as given with another certificate."""
    if cert_type != core.ID_CARD:
        if sex is None or birth_date is None:
            raise rejections.ID_NUMBER_DISAGREES(what="性别和出生日期", given="空", expected="非身份证登记时必填")
        return core.Identity(cert_no.strip().upper(), sex, birth_date)
    number = _parsed_id_number(cert_no)
    if sex is not None and sex != number.sex:
        raise rejections.ID_NUMBER_DISAGREES(what="性别", given=_SEX.get(sex, sex), expected=_SEX[number.sex])
    if birth_date is not None and birth_date != number.birth_date:
        raise rejections.ID_NUMBER_DISAGREES(what="出生日期", given=birth_date, expected=number.birth_date)
    return core.Identity(number.text, number.sex, number.birth_date)


_SEX = {"1": "男", "2": "女"}


def _parsed_id_number(cert_no: str) -> IdNumber:
    try:
        return parse_id_number(cert_no)
    except ValueError as error:
        raise rejections.INVALID_ID_NUMBER(cert_no=cert_no, problem=error) from error


def _save_person(person: Person) -> None:
    # While search keys change, the other's row may still have the older hash, which no constraint compares.
    if _same_certificate(person).exists():
        raise _taken(person)
    try:
        with transaction.atomic():
            person.save()
    except IntegrityError as error:
        if "person_certificate_hash_unique" not in str(error):
            raise
        raise _taken(person) from error


def _same_certificate(person: Person) -> QuerySet[Person]:
    found = Person.objects.filter(cert_no_hash__in=hashes_of(Person, "cert_no", person.cert_no))
    return found.filter(cert_type=person.cert_type).exclude(pk=person.pk)


def _taken(person: Person) -> Rejection:
    other = _same_certificate(person).get()
    return rejections.CERTIFICATE_TAKEN(cert_no=mask_id_number(person.cert_no), number=other.number)


def _save_enrolment(row: Enrolment) -> None:
    try:
        with transaction.atomic():
            row.save()
    except IntegrityError as error:
        if "enrolment_no_overlap" not in str(error):
            raise
        other = Enrolment.objects.filter(person_id=row.person_id, scheme=row.scheme, period__overlap=row.period).first()
        start = other.period.lower if other else ""
        raise rejections.ENROLMENT_OVERLAPS(scheme=row.scheme, start=start) from error


def _refuse_second_basic_scheme(person: Person, scheme: str, start: date, end: date | None) -> None:
    if scheme not in core.BASIC_SCHEMES:
        return
    others = core.BASIC_SCHEMES - {scheme}
    other = Enrolment.objects.filter(Q(person=person, scheme__in=others, period__overlap=(start, end))).first()
    if other is not None:
        raise rejections.DOUBLE_BASIC_SCHEME(scheme=other.scheme, start=other.period.lower)


def _refuse_after_death(person: Person, day: date) -> None:
    if person.death_date is not None and person.death_date <= day:
        raise rejections.DECEASED(day=person.death_date)


def _enrolment_before(person: Person, scheme: str, day: date) -> Enrolment:
    """The enrolment in force on the day before, which must have begun before ``day``."""
    row = Enrolment.objects.filter(person=person, scheme=scheme, period__contains=day - timedelta(days=1)).first()
    if row is not None:
        return row
    beginning = Enrolment.objects.filter(person=person, scheme=scheme, period__startswith=day).first()
    if beginning is not None:
        raise rejections.PERIOD_REVERSED(start=day, end=day)
    raise rejections.NOT_ENROLLED(scheme=scheme, day=day - timedelta(days=1))


def _locked(person_id: int) -> Person:
    person = Person.objects.select_for_update().filter(pk=person_id).first()
    if person is None:
        raise rejections.UNKNOWN_PERSON(means="内部编号", number=person_id)
    return person


def _employer(number: str) -> Employer:
    employer = Employer.objects.filter(number=number).first()
    if employer is None:
        raise rejections.UNKNOWN_EMPLOYER(number=number)
    return employer


def require_area(code: str) -> None:
    """Refuse an area that is not in the table.

    Raises:
        Rejection: REG-009 unknown area.
    """
    if not Area.objects.filter(pk=code).exists():
        raise rejections.UNKNOWN_AREA(code=code)


def _reread(row: Enrolment) -> EnrolmentView:
    """Ranges come back from the database as ranges, not as the tuples that were assigned."""
    return enrolment_view(Enrolment.objects.select_related("area", "employer").get(pk=row.pk))


def _next_person_number(area_code: str) -> str:
    return core.person_number(prefix_of(area_code), next_in_series("registry_person_number"))


def next_in_series(sequence: str) -> int:
    """The next number of a series (a database sequence)."""
    with connection.cursor() as cursor:
        cursor.execute("SELECT nextval(%s)", [sequence])
        (value,) = cursor.fetchone()
    return int(value)
