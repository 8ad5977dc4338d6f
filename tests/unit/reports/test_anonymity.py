"""k-anonymity of an extract, held against a count that shares no code with it."""

from __future__ import annotations

from collections import defaultdict
from datetime import date
from typing import Any

import pyarrow as pa
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tongchou.reports import core

COUNTIES, SEXES, LEVELS, MONTHS = ("629901", "629921"), ("1", "2"), ("一级", "三级"), ("2026-01", "2026-02")


@st.composite
def claims(draw: st.DrawFn) -> list[dict[str, Any]]:
    """A small city: persons with one to three claims each."""
    rows = []
    for number in range(draw(st.integers(0, 25))):
        person = {
            "person": f"p{number}",
            "county": draw(st.sampled_from(COUNTIES)),
            "sex": draw(st.sampled_from(SEXES)),
            "age_band": draw(st.sampled_from(("45-54", "85+"))),
            "insured": draw(st.sampled_from(("职工", "居民"))),
        }
        for _ in range(draw(st.integers(1, 3))):
            visit = {"month": draw(st.sampled_from(MONTHS)), "benefit": "住院", "level": draw(st.sampled_from(LEVELS))}
            amounts = {name: draw(st.integers(0, 10)) * 100 for name in core.AMOUNTS}
            rows.append(person | visit | amounts)
    return rows


def table(rows: list[dict[str, Any]]) -> Any:
    return pa.Table.from_pylist(rows, schema=core.SCHEMA)


def fewest(rows: list[dict[str, Any]], columns: tuple[str, ...]) -> int:
    """Persons in the smallest cell, counted by hand."""
    cells = defaultdict(set)
    for row in rows:
        cells[tuple(row[name] for name in columns)].add(row["person"])
    return min((len(persons) for persons in cells.values()), default=0)


@settings(max_examples=150, deadline=None)
@given(rows=claims(), k=st.integers(2, 6))
def test_every_cell_has_k_persons_and_nothing_is_made_up(rows: list[dict[str, Any]], k: int) -> None:
    found = core.anonymise(table(rows), k=k)
    kept = found.table.to_pylist()
    if kept:
        assert fewest(kept, core.PERSON) >= k
        assert fewest(kept, core.PERSON + core.VISIT) >= k
        assert found.smallest == min(fewest(kept, core.PERSON), fewest(kept, core.PERSON + core.VISIT))
    assert found.given == len(rows) >= found.kept == len(kept)
    true = {row["person"]: row for row in rows}
    for row in kept:
        for name in core.PERSON:
            assert row[name] in (core.ANY, true[row["person"]][name]), "coarser or as it was, never something else"
    for name in core.AMOUNTS:
        largest = defaultdict(int)
        for row in kept:
            largest[row["person"]] = max(largest[row["person"]], row[name])
        top = max(largest.values(), default=0)
        assert sum(value == top for value in largest.values()) >= k or not kept, "the largest amount is k persons'"


def test_a_rare_person_is_told_with_less_before_being_left_out() -> None:
    """Nine in town and one in the country: the county goes, the rest stays. One person of another age: left out."""
    common = {
        "sex": "1",
        "age_band": "45-54",
        "insured": "职工",
        "month": "2026-01",
        "benefit": "住院",
        "level": "三级",
    }
    amounts = dict.fromkeys(core.AMOUNTS, 100)
    town = [{"person": f"t{n}", "county": "629901", **common, **amounts} for n in range(9)]
    land = [{"person": f"l{n}", "county": f"62992{n}", **common, **amounts} for n in range(3)]
    found = core.anonymise(table([*town, *land]), k=3).table.to_pylist()
    assert {row["county"] for row in found if row["person"].startswith("l")} == {core.ANY}
    assert {row["county"] for row in found if row["person"].startswith("t")} == {"629901"}
    alone = {"person": "x", "county": "629901", **common, "age_band": "85+", **amounts}
    left = core.anonymise(table([*town, alone]), k=3)
    assert "x" not in left.table.column("person").to_pylist()
    assert (left.given, left.kept) == (10, 9)


def test_a_person_told_in_two_ways_is_a_mistake() -> None:
    row = {"person": "p", "county": "1", "sex": "1", "age_band": "0", "insured": "x", "month": "m", "benefit": "b",
           "level": "l", **dict.fromkeys(core.AMOUNTS, 0)}  # fmt: skip
    with pytest.raises(ValueError, match="two ways"):
        core.anonymise(table([row, row | {"county": "2"}]), k=2)
    with pytest.raises(ValueError, match="begins at 2"):
        core.anonymise(table([row]), k=1)


def test_bands_months_and_amounts() -> None:
    assert [core.age_band(age) for age in (0, 1, 4, 5, 14, 44, 45, 84, 85, 120)] == [
        "0", "1-4", "1-4", "5-14", "5-14", "35-44", "45-54", "75-84", "85+", "85+",
    ]  # fmt: skip
    assert core.month_of(date(2026, 3, 31)) == "2026-03"
    assert [core.rounded(fen) for fen in (0, 49, 50, 149, 150, 12_345)] == [0, 0, 100, 100, 200, 12_300]


def test_pseudonyms_are_of_one_extract_only() -> None:
    one, other = b"1" * 32, b"2" * 32
    assert core.pseudonym(key=one, person=7) == core.pseudonym(key=one, person=7)
    assert core.pseudonym(key=one, person=7) != core.pseudonym(key=other, person=7)
    assert len({core.pseudonym(key=one, person=number) for number in range(1_000)}) == 1_000
