"""The data files of the demo, read into records."""

from __future__ import annotations

import csv
from collections.abc import Iterable
from dataclasses import dataclass
from decimal import Decimal
from functools import cache
from importlib.resources import files

CITY = "629900"
CITY_NAME = "陇安市"


@dataclass(frozen=True, slots=True)
class ItemRow:
    """An item with its list price and price limit in 1/1,000,000 yuan."""

    code: str
    list_type: str
    charge_type: str
    name: str
    unit: str
    price: int
    limit: int | None
    settings: str
    fields: dict[str, str]


@dataclass(frozen=True, slots=True)
class DiagnosisRow:
    """A diagnosis and at whom it is met: ages in years, inclusive; sex 1, 2 or ``-`` for both."""

    code: str
    name: str
    settings: str
    sex: str
    min_age: int
    max_age: int


@dataclass(frozen=True, slots=True)
class DiseaseRow:
    """A 门慢门特 disease and how many per 10,000 are certified: under 45, 45 to 59, 60 and over."""

    code: str
    name: str
    special: bool
    rates: tuple[int, int, int]


@dataclass(frozen=True, slots=True)
class InstitutionRow:
    """An institution of the city. ``markup`` in percent; ``share`` relative number of visits; ``settings`` as of items."""

    code: str
    name: str
    kind: str
    grade: str
    level: str
    chinese_medicine: bool
    area: str
    markup: int
    share: int
    settings: str


@dataclass(frozen=True, slots=True)
class AreaRow:
    """An area: county (six digits) or street, township (nine digits)."""

    code: str
    name: str
    weight: int
    urban: bool


@cache
def items() -> tuple[ItemRow, ...]:
    """The items of the catalogues."""
    return tuple(
        ItemRow(
            code=row["code"],
            list_type=row["list_type"],
            charge_type=row["charge_type"],
            name=row["name"],
            unit=row["unit"],
            price=_micro(row["price"]),
            limit=_micro(row["limit"]) if row["limit"] else None,
            settings=row["settings"],
            fields=row,
        )
        for row in rows("items")
    )


@cache
def diagnoses() -> tuple[DiagnosisRow, ...]:
    """The diagnoses."""
    return tuple(
        DiagnosisRow(row["code"], row["name"], row["settings"], row["sex"], int(row["min_age"]), int(row["max_age"]))
        for row in rows("diagnoses")
    )


@cache
def outpatient_diseases() -> tuple[DiseaseRow, ...]:
    """The chronic and special outpatient diseases."""
    return tuple(
        DiseaseRow(
            row["code"],
            row["name"],
            row["special"] == "是",
            (int(row["rate_young"]), int(row["rate_middle"]), int(row["rate_old"])),
        )
        for row in rows("outpatient_diseases")
    )


@cache
def institutions() -> tuple[InstitutionRow, ...]:
    """Hospitals and pharmacies."""
    return tuple(
        InstitutionRow(
            code=row["code"],
            name=row["name"],
            kind=row["kind"],
            grade=row["grade"],
            level=row["level"],
            chinese_medicine=row["chinese_medicine"] == "是",
            area=row["area"],
            markup=int(row["markup"]),
            share=int(row["share"]),
            settings=row["settings"],
        )
        for row in rows("institutions")
    )


@cache
def areas() -> tuple[AreaRow, ...]:
    """City, counties, streets and townships; parents before children."""
    return tuple(AreaRow(row["code"], row["name"], int(row["weight"]), row["urban"] == "1") for row in rows("areas"))


def rows(name: str) -> Iterable[dict[str, str]]:
    """The rows of a data file; lines that begin with # are comments."""
    text = files("tongchou.demo").joinpath("data", f"{name}.tsv").read_text(encoding="utf-8")
    lines = (line for line in text.splitlines() if line and not line.startswith("#"))
    return csv.DictReader(lines, delimiter="\t", restval="")


def _micro(yuan: str) -> int:
    return int(Decimal(yuan) * 1_000_000)
