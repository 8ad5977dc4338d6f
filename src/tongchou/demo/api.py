"""What a traffic generator needs of the city, read from the database."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import date

from django.db import connection

from tongchou.catalogues import api as catalogues
from tongchou.demo import catalogue, rejections, tables
from tongchou.demo.tables import DiagnosisRow
from tongchou.providers import api as providers
from tongchou.registry import api as registry

CITY = tables.CITY
PAGE = 5_000


@dataclass(frozen=True, slots=True, kw_only=True)
class Patient:
    """An insured person as an institution meets one. ``card`` and ``token`` are empty where there is none in use.

    ``entitled`` says whether the benefits of the scheme may be enjoyed on the day asked for, ``family`` whether a relative
    lets the person use the own account on that day.
    """

    id: int
    number: str
    cert_no: str
    name: str
    sex: str
    birth_date: date
    scheme: str
    person_type: str
    area: str
    card: str
    card_serial: str
    token: str
    entitled: bool
    diseases: tuple[str, ...]
    family: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class Site:
    """An institution with its relative number of visits."""

    code: str
    name: str
    kind: str
    level: str
    area: str
    share: int
    med_types: frozenset[str]


@dataclass(frozen=True, slots=True, kw_only=True)
class Priced:
    """An item on an institution's price list. ``price`` in 1/1,000,000 yuan per unit; ``settings`` o, i, p."""

    item_code: str
    local_code: str
    name: str
    list_type: str
    charge_type: str
    unit: str
    price: int
    settings: str


_PATIENTS = """
    SELECT p.id, p.number, p.cert_no_cipher, p.name, p.sex, p.birth_date, e.scheme, e.person_type, e.area_id,
           c.number_cipher, coalesce(c.serial, ''), t.number_cipher,
           EXISTS (SELECT 1 FROM contributions_entitlement n
                   WHERE n.person_id = p.id AND n.scheme = e.scheme AND n.period @> %(day)s),
           ARRAY(SELECT d.disease_code FROM registry_diseasecertificate d
                 WHERE d.person_id = p.id AND d.period @> %(day)s ORDER BY 1),
           EXISTS (SELECT 1 FROM accounts_familybinding f WHERE f.member_id = p.id AND f.period @> %(day)s)
    FROM registry_person p
    JOIN registry_enrolment e ON e.person_id = p.id AND e.period @> %(day)s
    LEFT JOIN registry_card c ON c.person_id = p.id AND c.kind = '03' AND c.active
    LEFT JOIN registry_card t ON t.person_id = p.id AND t.kind = '01' AND t.active
    WHERE p.id > %(after)s AND p.death_date IS NULL
    ORDER BY p.id LIMIT %(page)s
"""


def patients(*, on: date, after: int = 0) -> Iterator[Patient]:
    """All insured persons in the order of their ids, read page by page.

    Args:
        on: day for enrolment, entitlement and certified diseases.
        after: begin behind this person id.
    """
    while True:
        with connection.cursor() as cursor:
            cursor.execute(_PATIENTS, {"day": on, "after": after, "page": PAGE})
            rows = cursor.fetchall()
        for row in rows:
            yield Patient(
                id=row[0],
                number=row[1],
                cert_no=registry.clear_text(column="registry.person.cert_no", data=row[2]),
                name=row[3],
                sex=row[4],
                birth_date=row[5],
                scheme=row[6],
                person_type=row[7],
                area=row[8],
                card=registry.clear_text(column="registry.card.number", data=row[9]),
                card_serial=row[10],
                token=registry.clear_text(column="registry.card.number", data=row[11]),
                entitled=row[12],
                diseases=tuple(row[13]),
                family=row[14],
            )
        if len(rows) < PAGE:
            return
        after = rows[-1][0]


def person_id_range() -> tuple[int, int]:
    """Smallest and largest person id, for drawing persons at random with :func:`patients`.

    Raises:
        Rejection: DEMO-004 there is no city.
    """
    with connection.cursor() as cursor:
        cursor.execute("SELECT min(id), max(id) FROM registry_person")
        low, high = cursor.fetchone()
    if low is None:
        raise rejections.NO_CITY()
    return int(low), int(high)


def sites(*, on: date) -> list[Site]:
    """The city's institutions with an agreement in force, by code.

    Raises:
        Rejection: DEMO-004 there is no city.
    """
    shares = {row.code: row.share for row in tables.institutions()}
    found = [
        Site(
            code=view.code,
            name=view.name,
            kind=view.kind,
            level=view.level,
            area=view.area,
            share=shares[view.code],
            med_types=view.agreement.med_types,
        )
        for view in providers.institutions(on=on)
        if view.code in shares and view.agreement is not None and not view.agreement.suspended
    ]
    if not found:
        raise rejections.NO_CITY()
    return found


def price_list(*, institution_code: str, on: date) -> list[Priced]:
    """What the institution sells: its approved mappings in force on the day, each with its price there."""
    institution = next(row for row in tables.institutions() if row.code == institution_code)
    items = {row.code: row for row in tables.items()}
    found = []
    for view in catalogues.mappings_of(institution_code=institution_code, status="1", limit=100_000):
        item = items.get(view.item_code)
        if item is None or on not in view.period:
            continue
        found.append(
            Priced(
                item_code=item.code,
                local_code=view.local_code,
                name=item.name,
                list_type=item.list_type,
                charge_type=item.charge_type,
                unit=item.unit,
                price=catalogue.price_at(institution, item),
                settings=item.settings,
            )
        )
    return found


def diagnoses() -> tuple[DiagnosisRow, ...]:
    """The city's diagnoses with the ages and sex they are met at and where (o, i)."""
    return tables.diagnoses()
