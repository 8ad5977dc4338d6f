"""Reads of the registry."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date
from typing import Any

from django.db.models import QuerySet

from tongchou.control.api import decrypt, hashes_of
from tongchou.kernel.areas import prefix_of
from tongchou.kernel.identifiers import mask_id_number, normal_id_number
from tongchou.kernel.period import Period
from tongchou.registry import core, rejections
from tongchou.registry.core import (
    AreaView,
    CardView,
    ChangeView,
    DiseaseView,
    EnrolmentView,
    IdentityView,
    PersonView,
)
from tongchou.registry.models import (
    Area,
    Card,
    Change,
    DiseaseCertificate,
    Employer,
    Enrolment,
    IdentityClass,
    Person,
    SealedChange,
)

CANDIDATES, MOST_CANDIDATES = 500, 10_000
"""How many persons a search within areas looks at, at a time and at most."""

_MEANS = {"01": "医保电子凭证", "02": "居民身份证", "03": "社会保障卡", "99": "人员编号"}


def find_person(*, kind: str, number: str, serial: str = "") -> PersonView:
    """The person who shows this means of identification.

    Args:
        kind: mdtrt_cert_type: 01 e-credential token, 02 ID number, 03 social security card, 99 person number.
        serial: the card's own serial (card_sn), compared where both sides have one.

    Raises:
        Rejection: REG-001 unknown, REG-002 card lost, replaced or stopped, REG-003 serial differs, REG-017 kind.
    """
    if kind == core.PERSON_NUMBER:
        return person_by_number(number=number)
    if kind == core.ID_NUMBER:
        return person_by_certificate(cert_no=number)
    if kind not in (core.TOKEN, core.SOCIAL_CARD):
        raise rejections.UNKNOWN_MEANS(kind=kind)
    card = cards_numbered(number).select_related("person").filter(kind=kind).first()
    if card is None:
        raise rejections.UNKNOWN_PERSON(means=_MEANS[kind], number=number)
    if not card.active:
        raise rejections.CARD_INACTIVE(number=number, state=card_view(card).state)
    if serial and card.serial and serial != card.serial:
        raise rejections.CARD_SERIAL_DIFFERS(number=number)
    return person_view(card.person)


def person_by_number(*, number: str) -> PersonView:
    """The person with this person number (psn_no).

    Raises:
        Rejection: REG-001 unknown.
    """
    row = Person.objects.filter(number=number).first()
    if row is None:
        raise rejections.UNKNOWN_PERSON(means=_MEANS["99"], number=number)
    return person_view(row)


def person_by_certificate(*, cert_no: str, cert_type: str = "01") -> PersonView:
    """The person with this certificate; the old ID number of 15 digits finds the person as well.

    Raises:
        Rejection: REG-001 unknown.
    """
    row = persons_certified(cert_no).filter(cert_type=cert_type).first()
    if row is None:
        raise rejections.UNKNOWN_PERSON(means="证件号码", number=mask_id_number(cert_no))
    return person_view(row)


def persons_certified(cert_no: str) -> QuerySet[Person]:
    """Persons with this certificate number, of whatever type; the old ID number of 15 digits finds them as well."""
    forms = {cert_no, normal_id_number(cert_no)}
    return Person.objects.filter(
        cert_no_hash__in=[each for form in forms for each in hashes_of(Person, "cert_no", form)]
    )


def cards_numbered(number: str) -> QuerySet[Card]:
    """Cards and e-credentials with this number, of whatever kind."""
    return Card.objects.filter(number_hash__in=hashes_of(Card, "number", number))


def person_by_id(*, person_id: int) -> PersonView:
    """The person with this internal id.

    Raises:
        Rejection: REG-001 unknown.
    """
    row = Person.objects.filter(pk=person_id).first()
    if row is None:
        raise rejections.UNKNOWN_PERSON(means="内部编号", number=person_id)
    return person_view(row)


def search_persons(*, query: str, areas: Sequence[str] | None, limit: int = 50) -> list[PersonView]:
    """Persons by beginning of the name, or by exact ID number, card number or person number.

    Args:
        areas: area codes the searcher may see (a city includes its counties); ``None`` = all. A person belongs to an area
            by registration or by enrolment.
        limit: at most so many, ordered by name and number.
    """
    text = query.strip()
    if not text:
        return []
    # Three small queries, each on its index, instead of one OR that the planner might answer with a scan.
    if any(character.isdigit() for character in text):
        found = _scoped(Person.objects.filter(number=text), areas, limit)
        found += _scoped(persons_certified(text), areas, limit)
        by_card = cards_numbered(text).values("person_id")
        found += _scoped(Person.objects.filter(pk__in=by_card), areas, limit)
    else:
        found = _scoped(Person.objects.filter(name__startswith=text), areas, limit)
    unique = {person.pk: person for person in found}
    return [person_view(person) for person in list(unique.values())[:limit]]


def _scoped(persons: QuerySet[Person], areas: Sequence[str] | None, limit: int) -> list[Person]:
    """The first persons by name that the searcher may see.

    Candidates come page by page and their areas with a second query. One query for both would make the planner hash the
    enrolments of a whole county for every search (measured: 170 ms instead of 5 in a city of a million).
    """
    ordered = persons.order_by("name", "number")
    if areas is None:
        return list(ordered[:limit])
    prefixes = tuple(prefix_of(area) for area in areas)
    found: list[Person] = []
    for start in range(0, MOST_CANDIDATES, CANDIDATES):
        page = list(ordered[start : start + CANDIDATES])
        found += _within(page, prefixes)
        if len(page) < CANDIDATES or len(found) >= limit:
            break
    return found[:limit]


def _within(page: Sequence[Person], prefixes: tuple[str, ...]) -> list[Person]:
    """Those who are registered or enrolled in one of the areas."""
    elsewhere = [person.pk for person in page if not person.area_id.startswith(prefixes)]
    enrolled = {
        person_id
        for person_id, area in Enrolment.objects.filter(person__in=elsewhere).values_list("person_id", "area_id")
        if area.startswith(prefixes)
    }
    return [person for person in page if person.area_id.startswith(prefixes) or person.pk in enrolled]


def enrolments_of(*, person_id: int, on: date | None = None) -> list[EnrolmentView]:
    """Enrolments of a person, newest first; only those in force on the day when one is given."""
    rows = Enrolment.objects.filter(person_id=person_id).select_related("area", "employer")
    if on is not None:
        rows = rows.filter(period__contains=on)
    return sorted((enrolment_view(row) for row in rows), key=lambda view: view.period.start, reverse=True)


def identities_of(*, person_id: int, on: date | None = None) -> list[IdentityView]:
    """Identity classes of a person by kind; only those in force on the day when one is given."""
    rows = IdentityClass.objects.filter(person_id=person_id)
    if on is not None:
        rows = rows.filter(period__contains=on)
    return [
        IdentityView(id=row.pk, kind=row.kind, level=row.level, memo=row.memo, period=_period(row.period))
        for row in rows.order_by("kind", "period")
    ]


def diseases_of(*, person_id: int, on: date | None = None) -> list[DiseaseView]:
    """Certified diseases of a person by code; only those in force on the day when one is given."""
    rows = DiseaseCertificate.objects.filter(person_id=person_id)
    if on is not None:
        rows = rows.filter(period__contains=on)
    return [
        DiseaseView(id=row.pk, code=row.disease_code, name=row.disease_name, period=_period(row.period))
        for row in rows.order_by("disease_code", "period")
    ]


def cards_of(*, person_id: int) -> list[CardView]:
    """Cards and e-credentials of a person, oldest first."""
    return [card_view(row) for row in Card.objects.filter(person_id=person_id).order_by("pk")]


def changes_of(*, person_id: int) -> list[ChangeView]:
    """The history of a person's record, newest first: what changed, by whom, why."""
    rows = Change.objects.filter(person_id=person_id).prefetch_related("sealed")
    return [_change_view(row) for row in rows.order_by("-changed_at", "-pk")]


def changes_of_employer(*, number: str) -> list[ChangeView]:
    """The history of an employer's record, newest first.

    Raises:
        Rejection: REG-010 unknown employer.
    """
    employer = Employer.objects.filter(number=number).first()
    if employer is None:
        raise rejections.UNKNOWN_EMPLOYER(number=number)
    rows = Change.objects.filter(subject="registry_employer", row_id=str(employer.pk))
    return [_change_view(row) for row in rows.order_by("-changed_at", "-pk")]


def pooling_area_of(*, area_code: str) -> str:
    """The pooling area (统筹区) that an area belongs to.

    Raises:
        Rejection: REG-009 unknown area.
    """
    pooling = Area.objects.filter(pk=area_code).values_list("pooling_area", flat=True).first()
    if pooling is None:
        raise rejections.UNKNOWN_AREA(code=area_code)
    return pooling


def areas(*, pooling_area: str) -> list[AreaView]:
    """The areas of a pooling area by code."""
    return [
        AreaView(code=row.code, name=row.name, parent=row.parent_id, pooling_area=row.pooling_area)
        for row in Area.objects.filter(pooling_area=pooling_area).order_by("code")
    ]


def person_view(row: Person) -> PersonView:
    """The view of a row."""
    return PersonView(
        id=row.pk,
        number=row.number,
        cert_type=row.cert_type,
        cert_no=row.cert_no,
        name=row.name,
        sex=row.sex,
        ethnicity=row.ethnicity,
        birth_date=row.birth_date,
        death_date=row.death_date,
        area_code=row.area_id,
        household_id=row.household_id,
        phone=row.phone,
        address=row.address,
    )


def enrolment_view(row: Enrolment) -> EnrolmentView:
    """The view of a row (loads area and employer if they are not loaded)."""
    employer = row.employer
    return EnrolmentView(
        id=row.pk,
        person_id=row.person_id,
        scheme=row.scheme,
        person_type=row.person_type,
        area_code=row.area_id,
        area_name=row.area.name,
        pooling_area=row.area.pooling_area,
        employer_id=row.employer_id,
        employer_number=employer.number if employer else "",
        employer_name=employer.name if employer else "",
        civil_servant=row.civil_servant,
        flexible=row.flexible,
        status=row.status,
        period=_period(row.period),
    )


def card_view(row: Card) -> CardView:
    """The view of a row."""
    state = core.card_state(active=row.active, lost=row.lost_at is not None, replaced=row.replaced_by_id is not None)
    return CardView(
        id=row.pk, person_id=row.person_id, kind=row.kind, number=row.number, serial=row.serial, state=state
    )


def _change_view(row: Change) -> ChangeView:
    sealed = list(row.sealed.all())
    return ChangeView(
        subject=row.subject,
        old=row.old | _opened(sealed, "old"),
        new=None if row.new is None else row.new | _opened(sealed, "new"),
        operator=row.operator,
        reason=row.reason,
        changed_at=row.changed_at,
    )


def _opened(sealed: Sequence[SealedChange], side: str) -> dict[str, str]:
    """The encrypted columns of one side of a change, by column; what was empty before is empty here."""
    columns = {each.label.rpartition(".")[2]: "" for each in sealed}
    return columns | {
        each.label.rpartition(".")[2]: decrypt(column=each.label, data=each.value_cipher)
        for each in sealed
        if each.side == side
    }


def _period(value: Any) -> Period:
    return Period(value.lower or date.min, value.upper)
