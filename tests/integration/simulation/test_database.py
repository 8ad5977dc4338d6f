"""A year of the database: exported without personal data, and simulated to the very amounts that were settled."""

from __future__ import annotations

import re
from collections.abc import Iterator
from datetime import date
from pathlib import Path
from typing import Any

import pyarrow.parquet as pq
import pytest

from tests.integration.web import city as cities
from tongchou.registry import api as registry
from tongchou.settlement import api as settlement
from tongchou.settlement import planning
from tongchou.settlement.models import Accumulators, Settlement
from tongchou.simulation.service import Inputs, simulate_year
from tongchou.simulation.snapshots import Store, export_year

pytestmark = pytest.mark.django_db
AREA, EMPLOYEES, RESIDENTS = cities.AREA, "310", "390"


@pytest.fixture
def city(db: None) -> Iterator[cities.City]:
    yield cities.build(persons=6, visits=24)
    planning.use_book(None)


def year() -> int:
    return int(Settlement.objects.values_list("benefit_year", flat=True)[0])


def export(path: Path, scheme: str) -> list[dict[str, Any]]:
    file = path / f"{scheme}.parquet"
    count = export_year(file, area=AREA, scheme=scheme, year=year(), book=settlement.book())
    rows: list[dict[str, Any]] = pq.read_table(file).to_pylist()
    assert len(rows) == count == settlement.count_of_year(area=AREA, scheme=scheme, year=year())
    return rows


def standing(scheme: str) -> list[Settlement]:
    """Settlements that were not revoked."""
    revoked = Settlement.objects.filter(direction=-1).values("reversal_of_id")
    return list(Settlement.objects.filter(scheme=scheme, direction=1).exclude(pk__in=revoked))


@pytest.mark.requirement("R12.18")
@pytest.mark.parametrize("scheme", [EMPLOYEES, RESIDENTS])
def test_what_was_settled_is_simulated_to_the_fen(scheme: str, city: cities.City, tmp_path: Path) -> None:
    rows = export(tmp_path, scheme)
    assert rows
    found = simulate_year(Inputs(area=AREA, scheme=scheme), [tmp_path / f"{scheme}.parquet"], settlement.book())
    assert found["recorded"] == {"compared": len(rows), "differing": 0, "first": []}
    settled = standing(scheme)
    figures = {row["name"]: row["values"][0] for row in found["headline"]}
    assert figures["fund"] == sum(one.fund_pay for one in settled)
    assert figures["account"] == sum(one.account_pay for one in settled)
    assert figures["cash"] == sum(one.cash_pay for one in settled)
    assert figures["total"] == sum(one.total for one in settled)


def test_a_wrong_recorded_amount_is_found(city: cities.City, tmp_path: Path) -> None:
    export(tmp_path, EMPLOYEES)
    file = tmp_path / "310.parquet"
    table = pq.read_table(file)
    amounts = table.column("settled_fund").to_pylist()
    amounts[0] += 1
    at = table.schema.get_field_index("settled_fund")
    pq.write_table(table.set_column(at, "settled_fund", [amounts]), file)
    found = simulate_year(Inputs(area=AREA, scheme=EMPLOYEES), [file], settlement.book())
    assert found["recorded"]["differing"] == 1
    assert found["recorded"]["first"][0]["settled"] == amounts[0]


def test_the_file_names_nobody(city: cities.City, tmp_path: Path) -> None:
    rows = export(tmp_path, EMPLOYEES)
    content = (tmp_path / "310.parquet").read_bytes()
    for person in city.persons:
        for secret in (person.number, person.cert_no, person.name, person.phone):
            assert secret.encode() not in content, secret
    assert not re.search(rb"[1-9][0-9]{16}[0-9X]", content)
    assert {row["person"] for row in rows} == set(range(1, 1 + len({one.person_id for one in standing(EMPLOYEES)})))


def test_a_revoked_settlement_is_left_out_and_persons_are_numbered_anew_each_time(
    city: cities.City, tmp_path: Path
) -> None:
    revoked = Settlement.objects.get(direction=-1)
    scheme = revoked.scheme
    assert settlement.count_of_year(area=AREA, scheme=scheme, year=year()) == len(standing(scheme))
    shares = {tuple(row["in_scope"] for row in export(tmp_path, scheme) if row["person"] == 1) for _ in range(12)}
    assert len(shares) > 1, "the first person is not always the same"


def test_counters_that_came_from_elsewhere_open_the_year(city: cities.City, tmp_path: Path) -> None:
    """A migrated counter is in no settlement of the year: it stands at the person's first claim."""
    one = standing(EMPLOYEES)[0]
    held, _ = Accumulators.objects.get_or_create(person_id=one.person_id, scheme=EMPLOYEES, period=one.benefit_year)
    held.values["year.outpatient_paid:310102"] = held.values.get("year.outpatient_paid:310102", 0) + 12_345
    Accumulators.objects.filter(person_id=one.person_id, scheme=EMPLOYEES, period=one.benefit_year).update(
        values=held.values
    )
    rows = export(tmp_path, EMPLOYEES)
    opened = [row for row in rows if row["before:year.outpatient_paid:310102"]]
    assert [row["before:year.outpatient_paid:310102"] for row in opened] == [12_345]


def test_insured_persons_are_counted_by_class(city: cities.City) -> None:
    counted = registry.insured_by_type(pooling_area=AREA, scheme=RESIDENTS, on=date.today())  # noqa: DTZ011
    assert counted == {"15": 3}


def test_what_the_ledger_holds_is_the_funds_balance(city: cities.City) -> None:
    """Income of 9,000.00 less what the settlements paid; a fund that holds nothing is left out."""
    from datetime import UTC, datetime

    from tongchou.ledger import api as ledger
    from tongchou.settlement.serials import next_id
    from tongchou.simulation.choices import balances

    now = datetime.now(UTC)
    ledger.post(
        journal_id=next_id(now), area=AREA, business_date=date.today(), kind="income", business_key="levy", cause="levy",  # noqa: DTZ011
        cause_id=1, lines=[ledger.EntryLine("9001", 900_000), ledger.EntryLine("4001.390100", -900_000)], posted_at=now,
    )  # fmt: skip
    paid = sum(one.fund_pay for one in standing(RESIDENTS))
    found = balances(area=AREA, funds=["390100", "330100", "000000"], on=date.today())  # noqa: DTZ011
    assert found == {"390100": 900_000 - paid}


def test_data_sets_are_kept_once_by_their_content(city: cities.City, tmp_path: Path) -> None:
    from django.utils import timezone

    store = Store(tmp_path, AREA)
    assert store.all() == []
    for _ in range(2):
        file = tmp_path / "a.parquet"
        pq.write_table(pq.read_table(_any_file(tmp_path)), file)
        kept = store.keep(file, title="一份", source="upload", scheme=EMPLOYEES, claims=3, now=timezone.now())
    assert [one.hash for one in store.all()] == [kept.hash]
    assert store.find("../../etc") is None
    assert store.forget(kept.hash)
    assert not store.forget(kept.hash)


def _any_file(path: Path) -> Path:
    file = path / "310.parquet"
    if not file.is_file():
        export(path, EMPLOYEES)
    return file
