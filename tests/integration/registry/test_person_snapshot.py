"""The snapshot functions that settlement composes into its single read."""

from __future__ import annotations

from base64 import b64decode
from datetime import date
from typing import Any

import pytest
from django.db import connection

from tongchou.accounts.models import Account
from tongchou.contributions.models import Entitlement
from tongchou.control.api import decrypt
from tongchou.registry.models import (
    Area,
    DiseaseCertificate,
    Employer,
    Enrolment,
    IdentityClass,
    Person,
)

pytestmark = pytest.mark.django_db


@pytest.fixture
def person() -> Person:
    area = Area.objects.create(code="629901", name="市本级", pooling_area="629900")
    employer = Employer.objects.create(number="E1", name="陇安纺织厂", area=area)
    person = Person.objects.create(
        number="P1", cert_no="629901199003078018", name="张三丰", sex="1", birth_date=date(1990, 3, 7), area=area
    )
    Enrolment.objects.create(
        person=person,
        scheme="310",
        person_type="11",
        area=area,
        employer=employer,
        civil_servant=True,
        period=(date(2020, 1, 1), None),
    )
    IdentityClass.objects.create(person=person, kind="2303", level="1", period=(date(2026, 1, 1), date(2027, 1, 1)))
    DiseaseCertificate.objects.create(
        person=person, disease_code="M03900", disease_name="高血压病", period=(date(2025, 5, 1), None)
    )
    return person


def snapshot(number: str, scheme: str, day: date) -> Any:
    return scalar("SELECT registry_person_snapshot(%s, %s, %s)", [number, scheme, day])


def scalar(sql: str, parameters: list[object]) -> Any:
    """The value as Django's connection gives jsonb: text, because Django switches psycopg's own parsing off."""
    import json

    with connection.cursor() as cursor:
        cursor.execute(sql, parameters)
        value = cursor.fetchone()[0]
    return json.loads(value) if isinstance(value, str) else value


def test_holds_what_is_in_force_on_the_day(person: Person) -> None:
    found = snapshot("P1", "310", date(2026, 6, 1))
    enrolment_id = found["enrolment"].pop("id")
    assert enrolment_id == Enrolment.objects.get().pk
    sealed = found.pop("cert_no").removeprefix("sealed:")
    assert decrypt(column="registry.person.cert_no", data=b64decode(sealed)) == "629901199003078018"
    assert found == {
        "id": person.pk,
        "number": "P1",
        "cert_type": "01",
        "name": "张三丰",
        "sex": "1",
        "ethnicity": "1",
        "birth_date": "1990-03-07",
        "death_date": None,
        "enrolment": {
            "person_type": "11",
            "area": "629901",
            "pooling_area": "629900",
            "civil_servant": True,
            "flexible": False,
            "status": "1",
            "employer_name": "陇安纺织厂",
            "since": "2020-01-01",
        },
        "identities": [{"kind": "2303", "level": "1"}],
        "diseases": ["M03900"],
    }


@pytest.mark.parametrize(
    ("day", "identities"),
    [
        (date(2025, 12, 31), 0),
        (date(2026, 1, 1), 1),
        (date(2026, 12, 31), 1),
        (date(2027, 1, 1), 0),
    ],
)
def test_periods_are_half_open(person: Person, day: date, identities: int) -> None:
    assert len(snapshot("P1", "310", day)["identities"]) == identities


def test_no_enrolment_in_another_scheme_and_no_unknown_person(person: Person) -> None:
    assert snapshot("P1", "390", date(2026, 6, 1))["enrolment"] is None
    assert snapshot("P2", "310", date(2026, 6, 1)) is None


def test_entitlement_snapshot(person: Person) -> None:
    Entitlement.objects.create(
        person=person, scheme="310", period=(date(2026, 1, 1), date(2027, 1, 1)), continuous_since=date(2015, 4, 1)
    )
    sql = "SELECT contributions_entitlement_snapshot(%s, %s, %s)"
    covered = {"from": "2026-01-01", "until": "2027-01-01", "continuous_since": "2015-04-01"}
    assert scalar(sql, [person.pk, "310", date(2026, 1, 1)]) == covered
    assert scalar(sql, [person.pk, "310", date(2026, 12, 31)]) == covered
    assert scalar(sql, [person.pk, "310", date(2027, 1, 1)]) is None
    assert scalar(sql, [person.pk, "390", date(2026, 6, 1)]) is None


def test_account_snapshot(person: Person) -> None:
    account = Account.objects.create(person=person, scheme="310", balance=12_345, version=3)
    sql = "SELECT accounts_snapshot(%s, %s)"
    assert scalar(sql, [person.pk, "310"]) == {"id": account.pk, "balance": 12_345, "version": 3}
    assert scalar(sql, [person.pk, "390"]) is None
