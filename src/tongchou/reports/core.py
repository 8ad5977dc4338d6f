"""Anonymity of a table of claims, pure: bands, pseudonyms, and k-anonymity by making rare cells coarser or leaving them out.

A person is described by ``PERSON`` columns, which are the same in all the person's rows, and a claim by ``VISIT`` columns besides.
Afterwards at least k persons share every combination of the former, and every combination of both; no amount is larger than
what k persons have.
"""

from __future__ import annotations

import hmac
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date
from typing import Any

import pyarrow as pa  # type: ignore[import-untyped]  # it ships no types
import pyarrow.compute as pc  # type: ignore[import-untyped]

ANY = "*"
"""What stands where a value was too rare to be told."""
PERSON = ("county", "sex", "age_band", "insured")
VISIT = ("month", "benefit", "level")
PERSON_ORDER = ("county", "age_band", "insured", "sex")
"""In which order a rare person is told with less."""
VISIT_ORDER = ("level", "month", "benefit")
AMOUNTS = ("total", "fund_pay", "account_pay", "cash_pay")
ROUNDED_TO = 100
"""Amounts are told in whole yuan."""
BANDS = (1, 5, 15, 25, 35, 45, 55, 65, 75, 85)
SCHEMA = pa.schema([
    ("person", pa.string()), *[(name, pa.string()) for name in (*PERSON, *VISIT)], *[(name, pa.int64()) for name in AMOUNTS],
])  # fmt: skip


@dataclass(frozen=True, slots=True, kw_only=True)
class Anonymised:
    """The table, and what it cost: rows given and kept, rows with something left untold, the smallest cell."""

    table: Any
    given: int
    kept: int
    coarser: int
    smallest: int


def age_band(age: int) -> str:
    """``45-54``; the last band is open, the first is the first year of life."""
    below = 0
    for edge in BANDS:
        if age < edge:
            return f"{below}-{edge - 1}" if edge - 1 > below else str(below)
        below = edge
    return f"{below}+"


def month_of(day: date) -> str:
    """``2026-03``."""
    return f"{day:%Y-%m}"


def rounded(fen: int) -> int:
    """Half up to the whole yuan, in fen."""
    return (fen + ROUNDED_TO // 2) // ROUNDED_TO * ROUNDED_TO


def pseudonym(*, key: bytes, person: int) -> str:
    """What stands for a person inside one extract. Without the key nobody comes back from it, nor from one extract to another."""
    return hmac.digest(key, person.to_bytes(8, "big"), "sha256").hex()[:16]


def anonymise(table: Any, *, k: int) -> Anonymised:
    """Make every cell one of at least ``k`` persons.

    Args:
        table: columns of ``SCHEMA``; the PERSON columns of a person must be the same in all rows.

    Raises:
        ValueError: k is less than 2, or a person is described in two ways.
    """
    if k < 2:
        raise ValueError("k-anonymity begins at 2")
    if _persons(table, ()) != sum(_cells(table, PERSON).column("persons").to_pylist()):
        raise ValueError("a person is described in two ways")
    given = table.num_rows
    for column in PERSON_ORDER:
        table = _coarser(table, PERSON, column, k)
    table = _without_rare(table, PERSON, k)
    for column in VISIT_ORDER:
        table = _coarser(table, (*PERSON, *VISIT), column, k)
    before = -1
    while before != table.num_rows:  # a row that goes may take a person away from another cell
        before = table.num_rows
        table = _without_rare(_without_rare(table, (*PERSON, *VISIT), k), PERSON, k)
    table = _capped(table, k).sort_by([(name, "ascending") for name in ("person", *VISIT, *AMOUNTS)])
    untold = sum(
        ANY in row for row in zip(*(table.column(name).to_pylist() for name in (*PERSON, *VISIT)), strict=True)
    )
    return Anonymised(table=table, given=given, kept=table.num_rows, coarser=untold, smallest=smallest_cell(table))


def smallest_cell(table: Any) -> int:
    """The number of persons in the smallest combination that the table has; 0 of an empty table."""
    counts = [*_cells(table, PERSON).column("persons").to_pylist()]
    counts += _cells(table, (*PERSON, *VISIT)).column("persons").to_pylist()
    return min(counts, default=0)


def _persons(table: Any, _: Sequence[str]) -> int:
    return int(pc.count_distinct(table.column("person")).as_py())


def _cells(table: Any, columns: Sequence[str]) -> Any:
    """Every combination of the columns with its number of persons."""
    found = table.group_by(list(columns)).aggregate([("person", "count_distinct")])
    return found.rename_columns([*columns, "persons"])


def _rare(table: Any, columns: Sequence[str], k: int) -> Any:
    """For each row: does its combination have fewer than k persons?"""
    cells = _cells(table, columns)
    numbered = table.append_column("row", pa.array(range(table.num_rows), pa.int64()))
    joined = numbered.join(cells, keys=list(columns)).sort_by("row")
    return pc.less(joined.column("persons"), k)


def _coarser(table: Any, columns: Sequence[str], column: str, k: int) -> Any:
    if not table.num_rows:
        return table
    told = pc.if_else(_rare(table, columns, k), ANY, table.column(column))
    return table.set_column(table.schema.get_field_index(column), column, told.cast(pa.string()))


def _without_rare(table: Any, columns: Sequence[str], k: int) -> Any:
    return table.filter(pc.invert(_rare(table, columns, k))) if table.num_rows else table


def _capped(table: Any, k: int) -> Any:
    """No amount above the k-th largest of what persons have: the few largest bills of a city are known to their neighbours."""
    for name in AMOUNTS:
        most = table.group_by("person").aggregate([(name, "max")]).column(f"{name}_max").to_pylist()
        if len(most) >= k:
            cap = sorted(most, reverse=True)[k - 1]
            place = table.schema.get_field_index(name)
            table = table.set_column(place, name, pc.min_element_wise(table.column(name), pa.scalar(cap, pa.int64())))
    return table
