"""The demo's own data: enough of them, well formed, and true where they claim to be."""

from __future__ import annotations

from collections import Counter
from pathlib import Path

import pytest

from tongchou.catalogues.columns import CHARGE_TYPES, ITEM_CLASSES, LIST_TYPES
from tongchou.demo import catalogue, places, tables
from tongchou.kernel.areas import check_area
from tongchou.kernel.identifiers import parse_credit_code, parse_institution_code


def test_at_least_300_items_of_all_kinds_with_unique_codes() -> None:
    items = tables.items()
    assert len(items) >= 300
    assert len({item.code for item in items}) == len(items)
    kinds = Counter(item.list_type for item in items)
    assert min(kinds[kind] for kind in ("101", "102", "201", "301")) >= 30
    assert Counter(item.fields["item_class"] for item in items).keys() == ITEM_CLASSES.keys()
    for item in items:
        assert item.list_type in LIST_TYPES
        assert item.charge_type in CHARGE_TYPES
        assert item.price > 0
        assert set(item.settings) <= set("oip")


@pytest.mark.parametrize(
    ("list_type", "charge_type", "shape"),
    [
        ("101", "09", r"X[A-Z]\d\d[A-Z]{2}[A-Z]\d{3}[A-Z]\d{3}\d{9}"),
        ("101", "11", r"Z[A-Z]\d\d[A-Z]{2}[A-Z]\d{13}"),
        ("102", "10", r"T\d{9}"),
        ("201", None, r"00(\d{9})0000-\1"),
        ("301", "08", r"C\d{19}"),
    ],
)
def test_codes_have_the_national_shape(list_type: str, charge_type: str | None, shape: str) -> None:
    import re

    for item in tables.items():
        if item.list_type == list_type and charge_type in (None, item.charge_type):
            assert re.fullmatch(shape, item.code), item


def test_at_least_100_diagnoses_with_unique_codes_and_sane_ages() -> None:
    diagnoses = tables.diagnoses()
    assert len(diagnoses) >= 100
    assert len({row.code for row in diagnoses}) == len(diagnoses)
    assert all(0 <= row.min_age <= row.max_age <= 100 for row in diagnoses)
    assert all(row.sex in ("1", "2", "-") for row in diagnoses)


def test_diagnoses_are_those_of_the_insurance_edition(shared_dir: Path) -> None:
    published = dict(
        line.split(" ", 1)
        for line in (shared_dir / "data" / "icd10_insurance.txt").read_text(encoding="utf-8").splitlines()
        if line
    )
    for row in tables.diagnoses():
        assert published[row.code] == row.name


def test_outpatient_diseases_are_national_codes(shared_dir: Path) -> None:
    lines = (shared_dir / "data" / "outpatient_chronic_codes.csv").read_text(encoding="utf-8").splitlines()[1:]
    published = dict(line.split(",", 1) for line in lines)
    assert {row.code: row.name for row in tables.outpatient_diseases()} == published


def test_institutions_of_all_levels() -> None:
    institutions = tables.institutions()
    levels = Counter(row.level for row in institutions)
    assert (levels["3"], levels["2"], levels["1"], levels["4"], levels["9"]) == (2, 4, 3, 3, 8)
    assert any(row.chinese_medicine and row.level == "3" for row in institutions)
    for row in institutions:
        assert parse_institution_code(row.code) == row.code


def test_no_area_of_the_city_exists() -> None:
    for area in tables.areas():
        assert check_area(area.code).startswith("6299")


def test_employers_have_valid_and_unique_credit_codes() -> None:
    from random import Random

    drafts = places.employers(Random(1), 500)
    assert len({draft.credit_code for draft in drafts}) == len({draft.name for draft in drafts}) == 500
    for draft in drafts:
        assert parse_credit_code(draft.credit_code) == draft.credit_code
        assert draft.credit_code[2:8] == draft.area


def test_local_codes_are_the_institution_s_own() -> None:
    first, second = tables.institutions()[:2]
    item = tables.items()[0]
    assert catalogue.local_code(first, item) != catalogue.local_code(second, item)
    for institution in tables.institutions():
        codes = [catalogue.local_code(institution, each) for each in catalogue.carried(institution)]
        assert len(set(codes)) == len(codes) > 200


def test_prices_are_whole_fen_and_follow_the_level() -> None:
    tertiary, secondary, primary = (
        next(row for row in tables.institutions() if row.level == level) for level in ("3", "2", "1")
    )
    for institution in tables.institutions():
        for item in catalogue.carried(institution):
            price = catalogue.price_at(institution, item)
            assert price > 0
            assert price % 10_000 == 0
    visit = next(item for item in tables.items() if item.name == "普通门诊诊察费")
    prices = [catalogue.price_at(row, visit) for row in (tertiary, secondary, primary)]
    assert prices == sorted(prices, reverse=True)
    assert len(set(prices)) == 3
