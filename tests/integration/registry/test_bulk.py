"""Bulk loading by COPY: the same constraints hold, and numbers go on behind what was loaded."""

from __future__ import annotations

from datetime import UTC, date, datetime

import pytest
from django.db import IntegrityError, connection, transaction

from tongchou.registry import api
from tongchou.registry.models import Enrolment, Person

pytestmark = pytest.mark.django_db

NOW = datetime(2026, 1, 1, tzinfo=UTC)


def person_row(number: int, name: str = "王小明") -> tuple[object, ...]:
    day = date(1990, 1, 1)
    return (
        number, f"6299{number:012d}", "08", f"E{number:08d}", name, "1", "1", day, None, "", "", "629901", None, NOW,
    )  # fmt: skip


def enrolment_row(person: int, start: date, end: date | None) -> tuple[object, ...]:
    return (person, "310", "11", "629901", None, False, True, "1", api.day_range(start, end))


def test_rows_arrive_exactly_as_given_with_tabs_quotes_and_backslashes(town: None) -> None:
    ids = api.reserve_ids(kind="persons", count=2)
    strange = 'a\tb\\c"d\ne'
    assert api.load_persons([person_row(ids[0]), person_row(ids[1], strange)]) == 2
    assert Person.objects.get(pk=ids[1]).name == strange
    assert api.person_by_id(person_id=ids[0]).birth_date == date(1990, 1, 1)


def test_reserved_ids_are_never_given_out_again(town: None) -> None:
    first = api.reserve_ids(kind="persons", count=1_000)
    second = api.reserve_ids(kind="persons", count=10)
    assert len(first) == 1_000
    assert not set(first) & set(second)
    person = api.register_person(name="张三丰", cert_no="629901199003070013", area_code="629901")
    assert person.id > second[-1]


def test_overlapping_enrolments_can_t_be_loaded_either(town: None) -> None:
    (number,) = api.reserve_ids(kind="persons", count=1)
    api.load_persons([person_row(number)])
    rows = [
        enrolment_row(number, date(2020, 1, 1), date(2021, 1, 1)),
        enrolment_row(number, date(2021, 1, 1), None),
    ]
    assert api.load_enrolments(rows) == 2
    with pytest.raises(IntegrityError, match="enrolment_no_overlap"), transaction.atomic():
        api.load_enrolments([enrolment_row(number, date(2025, 1, 1), date(2025, 2, 1))])
    assert Enrolment.objects.count() == 2


def test_constraints_set_aside_for_a_load_check_everything_at_the_end(town: None) -> None:
    (number,) = api.reserve_ids(kind="persons", count=1)
    api.load_persons([person_row(number)])
    row = enrolment_row(number, date(2020, 1, 1), None)
    with pytest.raises(IntegrityError, match="enrolment_no_overlap"), transaction.atomic():
        load_aside([row, row])
    assert Enrolment.objects.count() == 0
    with transaction.atomic():
        load_aside([row])
    with pytest.raises(IntegrityError, match="enrolment_no_overlap"), transaction.atomic():
        api.load_enrolments([row])


def load_aside(rows: list[tuple[object, ...]]) -> None:
    with connection.cursor() as cursor:
        cursor.execute("SET CONSTRAINTS ALL IMMEDIATE")
    with api.exclusions_checked_at_end("registry_enrolment"):
        api.load_enrolments(rows)
    with connection.cursor() as cursor:
        cursor.execute("SET CONSTRAINTS ALL DEFERRED")


def test_numbers_go_on_behind_what_was_loaded(town: None) -> None:
    api.advance_numbers(persons=5_000_000, employers=70_000)
    assert api.register_person(name="张", cert_no="629901199003070013", area_code="629901").number == "6299000005000001"
    assert api.register_employer(name="甲厂", area_code="629901").number == "629900070001"
    api.advance_numbers(persons=10, employers=10)
    assert api.register_employer(name="乙厂", area_code="629901").number == "629900070002"


@pytest.mark.slow
@pytest.mark.requirement("R2.24")
def test_a_city_of_2008_is_loaded_in_minutes_and_found_by_index(town: None) -> None:
    """About 363,000 insured. The bound is generous: it fails when the load stops being a bulk load."""
    import time

    count = 363_000
    ids = api.reserve_ids(kind="persons", count=count)
    begun = time.monotonic()
    assert api.load_persons(person_row(number) for number in ids) == count
    assert time.monotonic() - begun < 180
    with connection.cursor() as cursor:
        cursor.execute("ANALYZE registry_person")
    begun = time.monotonic()
    for number in ids[::1_000]:
        assert api.search_persons(query=f"E{number:08d}", areas=["629900"])[0].id == number
    assert (time.monotonic() - begun) / len(ids[::1_000]) < 0.05
