"""The extract: a year's standing settlements as an anonymised file. The key of the pseudonyms is never written anywhere."""

from __future__ import annotations

import secrets
from collections.abc import Callable, Iterator
from datetime import date
from itertools import groupby
from pathlib import Path
from typing import Any

import pyarrow as pa  # type: ignore[import-untyped]  # it ships no types
import pyarrow.csv as csv  # type: ignore[import-untyped]
import pyarrow.parquet as parquet  # type: ignore[import-untyped]
from django.utils import timezone

from tongchou.control import api as control
from tongchou.reports import core, rejections
from tongchou.settlement import api as settlement

FORMATS = {"parquet": ".parquet", "csv": ".csv"}
PORTION = 20_000
Progress = Callable[[int, int], None]


def least_persons(*, area: str) -> int:
    """The smallest cell that an extract may have today (parameter ``extract.least_persons``)."""
    return control.integer_of(code="extract.least_persons", on=timezone.localdate(), area=area)


def write_extract(
    path: Path, *, area: str, scheme: str, year: int, progress: Progress = lambda done, total: None
) -> core.Anonymised:
    """Write the extract; its ending says in which form. What it took is in the trail.

    Raises:
        Rejection: REPO-001 nothing is left, REPO-002 there are no claims.
    """
    total = settlement.count_of_year(area=area, scheme=scheme, year=year)
    if not total:
        raise rejections.NO_CLAIMS(area=area, scheme=scheme, year=year)
    k = least_persons(area=area)
    found = core.anonymise(_claims(area, scheme, year, total, progress), k=k)
    if not found.kept:
        raise rejections.TOO_FEW(given=found.given, k=k)
    if found.smallest < k:
        raise AssertionError(f"a cell of {found.smallest} persons, {k} were promised")
    if path.suffix == FORMATS["csv"]:
        csv.write_csv(found.table, path)
    else:
        parquet.write_table(found.table, path, compression="zstd")
    what = {
        "area": area,
        "scheme": scheme,
        "year": year,
        "k": k,
        "claims": found.kept,
        "left_out": found.given - found.kept,
    }
    control.record(action="export", object_kind="extract", object_id=f"{area}:{scheme}:{year}", after=what)
    return found


def told(found: core.Anonymised) -> dict[str, Any]:
    """The figures of an extract, for its report."""
    return {
        "给出": found.kept,
        "略去": found.given - found.kept,
        "部分特征不列": found.coarser,
        "最小一组人数": found.smallest,
    }


def _claims(area: str, scheme: str, year: int, total: int, progress: Progress) -> Any:
    key = secrets.token_bytes(32)  # lives in this call only
    parts, rows, done = [], [], 0
    claims = settlement.claims_of_year(area=area, scheme=scheme, year=year)
    for number, of_one in groupby(claims, key=lambda claim: claim.person):
        rows += list(_rows(core.pseudonym(key=key, person=number), list(of_one)))
        if len(rows) >= PORTION:
            parts.append(pa.Table.from_pylist(rows, schema=core.SCHEMA))
            done, rows = done + len(rows), []
            progress(done, total)
    return pa.concat_tables([*parts, pa.Table.from_pylist(rows, schema=core.SCHEMA)])


def _rows(name: str, claims: list[settlement.YearClaim]) -> Iterator[dict[str, Any]]:
    """A person's rows. Who the person is, is told as it was at the first claim of the year, the same in every row."""
    first = claims[0].facts
    person = {
        "person": name,
        "county": claims[0].county or core.ANY,
        "sex": str(first.get("person.sex") or core.ANY),
        "age_band": core.age_band(int(first.get("person.age") or 0)),
        "insured": str(first.get("person.type") or core.ANY),
    }
    for claim in claims:
        amounts = {
            "total": claim.out_of_scope + claim.over_limit + claim.prior_self_pay + claim.in_scope,
            "fund_pay": claim.fund_pay,
            "account_pay": claim.account_pay,
            "cash_pay": claim.cash_pay,
        }
        yield person | {
            "month": core.month_of(date.fromisoformat(claim.facts["visit.date"])),
            "benefit": claim.benefit,
            "level": str(claim.facts.get("visit.level") or core.ANY),
            **{column: core.rounded(fen) for column, fen in amounts.items()},
        }
