"""A benefit year's claims as they were settled, for simulation and analysis, without personal data.

Persons come as numbers that mean nothing outside one export: their order is that of a keyed hash whose key is made for the
export and thrown away. What was revoked is left out.
"""

from __future__ import annotations

import json
import secrets
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from itertools import groupby
from typing import Any

from django.db import connection

ROWS_AT_ONCE = 2_000
LIFE = "life"
_AMOUNTS = (
    "out_of_scope", "over_limit", "prior_self_pay", "in_scope", "fund_pay", "account_pay", "cash_pay",
)  # fmt: skip

_STANDING = """
FROM settlement_settlement s
{joins}
WHERE s.area = %(area)s AND s.scheme = %(scheme)s AND s.direction = 1
  AND (s.benefit_year = %(year)s OR s.earlier_years @> jsonb_build_array(jsonb_build_object('benefit_year', %(year)s::text)))
  AND NOT EXISTS (SELECT 1 FROM settlement_settlement r WHERE r.reversal_of_id = s.id)
"""
_HELD = """
LEFT JOIN settlement_accumulators y ON y.person_id = s.person_id AND y.scheme = s.scheme AND y.period = %(year)s
LEFT JOIN settlement_accumulators l ON l.person_id = s.person_id AND l.scheme = s.scheme AND l.period = 'life'
"""
_COUNT = f"SELECT count(*) {_STANDING.format(joins='')}"
_PLACE = """
CASE WHEN EXISTS (SELECT 1 FROM settlement_replacement x WHERE x.successor_id = s.id)
    THEN (SELECT o.settled_at FROM settlement_settlement o WHERE o.id = settlement_root(s.id)) ELSE s.settled_at END
"""
"""What a re-run settled again keeps its place among the person's claims."""
_CLAIMS = f"""
SELECT s.person_id, json_build_object(
    'county', (SELECT left(p.area_id, 6) FROM registry_person p WHERE p.id = s.person_id),
    'benefit', s.benefit, 'benefit_year', s.benefit_year, 'facts', s.facts, 'out_of_scope', s.out_of_scope,
    'over_limit', s.over_limit, 'prior_self_pay', s.prior_self_pay, 'in_scope', s.in_scope, 'usable', s.account_used <> '0',
    'balance', s.account_balance, 'fund_pay', s.fund_pay, 'account_pay', s.account_pay, 'cash_pay', s.cash_pay,
    'earlier', s.earlier_years, 'delta', s.accumulator_delta, 'held', coalesce(y.values, '{{}}') || coalesce(l.values, '{{}}')
)::text
{_STANDING.format(joins=_HELD)}
ORDER BY sha256(%(key)s || int8send(s.person_id)), {_PLACE}, s.id
"""
_LATER_LIFE = """
SELECT s.person_id, (s.accumulator_delta -> 'life')::text
FROM settlement_settlement s
WHERE s.area = %(area)s AND s.scheme = %(scheme)s AND s.benefit_year > %(year)s AND s.accumulator_delta ? 'life'
"""
_YEARS = "SELECT DISTINCT benefit_year FROM settlement_settlement WHERE area = %s AND scheme = %s ORDER BY 1 DESC"


@dataclass(frozen=True, slots=True, kw_only=True)
class YearClaim:
    """One standing settlement. ``person`` is the pseudonym; amounts in fen.

    ``facts`` are those that the policy was told, as they are stored. ``held`` is the personal account before the claim,
    ``usable`` whether it was asked for. ``before`` says what counters the person began the year with, for whatever came
    into them otherwise than by these claims (an earlier year, a migration); it stands at the person's first claim only.
    """

    person: int
    benefit: str
    facts: dict[str, Any]
    out_of_scope: int
    over_limit: int
    prior_self_pay: int
    in_scope: int
    usable: bool
    held: int
    fund_pay: int
    account_pay: int
    cash_pay: int
    before: dict[str, int]
    county: str = ""
    """Where the person belongs, six digits; not finer."""


def years_with_claims(*, area: str, scheme: str) -> list[int]:
    """The benefit years in which the area's scheme has settlements, newest first."""
    with connection.cursor() as cursor:
        cursor.execute(_YEARS, [area, scheme])
        return [int(row[0]) for row in cursor.fetchall()]


def count_of_year(*, area: str, scheme: str, year: int) -> int:
    """How many standing settlements a benefit year has."""
    with connection.cursor() as cursor:
        cursor.execute(_COUNT, {"area": area, "scheme": scheme, "year": str(year)})
        return int(cursor.fetchone()[0])


def claims_of_year(*, area: str, scheme: str, year: int) -> Iterator[YearClaim]:
    """The standing settlements of a benefit year, each person's together and in the order in which they were settled.

    They are read in portions with a cursor that the server holds, so memory does not grow with the year, no transaction stays
    open meanwhile, and all rows are of one moment.
    """
    given: dict[str, Any] = {"area": area, "scheme": scheme, "year": str(year), "key": secrets.token_bytes(32)}
    later = _later_life(given)
    connection.ensure_connection()
    raw: Any = connection.connection
    with raw.cursor(name="claims_of_year", withhold=True) as cursor:
        cursor.itersize = ROWS_AT_ONCE
        cursor.execute(_CLAIMS, given)
        for number, (person, rows) in enumerate(groupby(cursor, key=lambda row: row[0]), 1):
            yield from _of_person(number, list(rows), str(year), later.get(person, {}))


def _later_life(given: Mapping[str, Any]) -> dict[int, dict[str, int]]:
    """What later years added to counters over the whole life, by person."""
    found: dict[int, dict[str, int]] = {}
    with connection.cursor() as cursor:
        cursor.execute(_LATER_LIFE, given)
        for person, delta in cursor.fetchall():
            _add(found.setdefault(person, {}), json.loads(delta))
    return found


def _of_person(number: int, rows: list[tuple[Any, ...]], year: str, later: Mapping[str, int]) -> Iterator[YearClaim]:
    settlements = [json.loads(text) for _, text in rows]
    grown: dict[str, int] = dict(later)
    for settled in settlements:
        for period in (year, LIFE):
            _add(grown, settled["delta"].get(period, {}))
    held = settlements[0]["held"]
    before = {name: value - grown.get(name, 0) for name, value in held.items() if value != grown.get(name, 0)}
    for place, settled in enumerate(settlements):
        part = _part(settled, year)
        yield YearClaim(
            person=number, benefit=settled["benefit"], facts=part["facts"], usable=settled["usable"], held=part["held"],
            before={} if place else before, county=settled["county"] or "", **{name: part[name] for name in _AMOUNTS},
        )  # fmt: skip


def _part(settled: Mapping[str, Any], year: str) -> dict[str, Any]:
    """The part of a settlement that counts in the year. A stay that the policy divides holds the parts of earlier years; the
    amounts of the settlement are those of all parts."""
    left = {name: settled[name] for name in _AMOUNTS}
    balance = settled["balance"] + settled["account_pay"]
    for earlier in settled["earlier"] or ():
        if earlier["benefit_year"] == year:
            return {name: earlier[name] for name in _AMOUNTS} | {"facts": earlier["facts"], "held": balance}
        balance -= earlier["account_pay"]
        left = {name: left[name] - earlier[name] for name in _AMOUNTS}
    return left | {"facts": settled["facts"], "held": balance}


def _add(counters: dict[str, int], delta: Mapping[str, int]) -> None:
    for name, amount in delta.items():
        counters[name] = counters.get(name, 0) + amount
