"""Fills catalogues and institutions of the demo city, through the same imports that a centre uses."""

from __future__ import annotations

import csv
import io
from collections.abc import Iterable, Sequence
from datetime import date, datetime, timedelta
from functools import cache
from random import Random
from typing import Protocol
from zoneinfo import ZoneInfo

from tongchou.catalogues import api as catalogues
from tongchou.demo import tables
from tongchou.demo.places import credit_code
from tongchou.demo.tables import InstitutionRow, ItemRow
from tongchou.kernel.levels import PRICED_AS
from tongchou.kernel.money import divide_half_up
from tongchou.providers import api as providers
from tongchou.tables.api import Column, Report

LEVEL_PERCENT = {"3": 100, "2": 90, "1": 80}
"""Prices of service items by level of the hospital, in percent of the tertiary price."""
TENTH_OF_YUAN = 100_000
FEN = 10_000
TERMS_SINCE_YEARS = 3
SCHEMES = (("310", "prior_employee"), ("390", "prior_resident"))
HOSPITAL_MED_TYPES = "11,12,13,14,18,21,22,28,51,52,71,1301,2101,2102,2105,2106,2107,2109,9901,9903,9904,21303,990101"
PRIMARY_MED_TYPES = "11,12,13,14,21,22,71,1301,2101,9901,9903"
PHARMACY_MED_TYPES = "14,18,41,9904"
CLERK = "演示数据"
SERVICE, BED = "201", "01"


def fill_catalogues(*, year: int) -> None:
    """Import items, terms, limits, diagnoses, diseases, institutions with agreements, and approved mappings."""
    _import(catalogues.import_items, catalogues.TEMPLATES["items"][1], _item_lines())
    _import(catalogues.import_terms, catalogues.TEMPLATES["terms"][1], _term_lines(year))
    _import(catalogues.import_limits, catalogues.TEMPLATES["limits"][1], _limit_lines(year))
    diagnoses = ({"code": row.code, "name": row.name} for row in tables.diagnoses())
    _import(catalogues.import_diagnoses, catalogues.TEMPLATES["diagnoses"][1], diagnoses)
    diseases = (
        {"code": row.code, "name": row.name, "special": _yes(row.special)} for row in tables.outpatient_diseases()
    )
    _import(catalogues.import_outpatient_diseases, catalogues.TEMPLATES["outpatient_diseases"][1], diseases)
    _import(providers.import_institutions, providers.INSTITUTIONS, _institution_lines(year))
    mapped_at = datetime(year, 1, 1, tzinfo=ZoneInfo("Asia/Shanghai"))

    def import_mappings(*, content: bytes, filename: str) -> Report:
        return catalogues.import_mappings(content=content, filename=filename, now=mapped_at, approved_by=CLERK)

    _import(import_mappings, catalogues.TEMPLATES["mappings"][1], _mapping_lines(year))


def carried(institution: InstitutionRow) -> list[ItemRow]:
    """The items that an institution has: by setting; primary care without what only hospitals do."""
    found = [item for item in tables.items() if set(item.settings) & set(institution.settings)]
    if PRICED_AS.get(institution.level, institution.level) == "1":
        return [item for item in found if item.settings != "i" and item.price <= _DEAREST_IN_PRIMARY_CARE]
    return found


_DEAREST_IN_PRIMARY_CARE = 400 * 1_000_000


def local_code(institution: InstitutionRow, item: ItemRow) -> str:
    """The institution's own code of an item: letters by kind, an offset of its own, so no two institutions agree."""
    return f"{_LETTERS[item.list_type]}{_offset(institution.code) + 7 * _places()[item.code]:06d}"


_LETTERS = {"101": "YP", "102": "CY", "201": "FW", "301": "HC"}


@cache
def _offset(institution_code: str) -> int:
    return Random(institution_code).randrange(10_000, 90_000)  # noqa: S311 - an invented code, no secret


@cache
def _places() -> dict[str, int]:
    return {item.code: place for place, item in enumerate(tables.items())}


def price_at(institution: InstitutionRow, item: ItemRow) -> int:
    """What the institution asks for a unit, in 1/1,000,000 yuan.

    Services by the level of the hospital, and its markup; drugs without markup in hospitals (零差率), with it in
    pharmacies. The wards of tertiary hospitals cost a tenth more than the limit: beds are not always paid in full.
    """
    if item.list_type == SERVICE:
        level_price = service_price(item.price, institution.level)
        percent = 110 if item.charge_type == BED and institution.level == "3" else min(100, institution.markup)
        return divide_half_up(level_price * percent, 100 * TENTH_OF_YUAN) * TENTH_OF_YUAN
    percent = institution.markup if institution.kind == "2" else 100
    return max(FEN, divide_half_up(item.price * percent, 100 * FEN) * FEN)


def service_price(tertiary: int, level: str) -> int:
    """The price of a service item at a level, to a tenth of a yuan."""
    percent = LEVEL_PERCENT[PRICED_AS.get(level, level)]
    return divide_half_up(tertiary * percent, 100 * TENTH_OF_YUAN) * TENTH_OF_YUAN


def _item_lines() -> Iterable[dict[str, str]]:
    for item in tables.items():
        yield {**item.fields, "product_name": "", "manufacturer": ""}


def _term_lines(year: int) -> Iterable[dict[str, str]]:
    """Terms per scheme; negotiated drugs came into the catalogue at the beginning of the city's year."""
    since, new = date(year - TERMS_SINCE_YEARS, 1, 1), date(year, 1, 1)
    for item in tables.items():
        for scheme, prior in SCHEMES:
            term = {
                "code": item.code,
                "scheme": scheme,
                "item_class": item.fields["item_class"],
                "prior_self_pay": item.fields[prior],
                "restricted": _yes(bool(item.fields["restriction"])),
                "restriction": item.fields["restriction"],
                "kinds": item.fields["kinds"],
                "start": since.isoformat(),
            }
            if item.fields["negotiated"] == "是":
                yield {**term, "item_class": "03", "prior_self_pay": "", "restricted": "否", "restriction": ""}
                yield {**term, "start": new.isoformat()}
            else:
                yield term


def _limit_lines(year: int) -> Iterable[dict[str, str]]:
    since = date(year - TERMS_SINCE_YEARS, 1, 1).isoformat()
    for item in tables.items():
        if item.limit is None:
            continue
        if item.list_type == SERVICE:
            for level in LEVEL_PERCENT:
                limit = service_price(item.limit, level)
                yield {"code": item.code, "level": level, "limit_micro": _yuan(limit), "start": since}
        else:
            yield {"code": item.code, "level": "0", "limit_micro": _yuan(item.limit), "start": since}


def _institution_lines(year: int) -> Iterable[dict[str, str]]:
    for number, row in enumerate(tables.institutions()):
        med_types = PHARMACY_MED_TYPES if row.kind == "2" else HOSPITAL_MED_TYPES
        yield {
            "code": row.code,
            "name": row.name,
            "kind": row.kind,
            "credit_code": credit_code("company" if row.kind == "2" else "institution", row.area, 900_000 + number),
            "grade": row.grade,
            "level": row.level,
            "chinese_medicine": _yes(row.chinese_medicine),
            "area": row.area,
            "number": f"XY{year}{row.code}",
            "med_types": PRIMARY_MED_TYPES if PRICED_AS.get(row.level, row.level) == "1" else med_types,
            "start": date(year, 1, 1).isoformat(),
            "end": (date(year + 2, 1, 1) - timedelta(days=1)).isoformat(),
        }


def _mapping_lines(year: int) -> Iterable[dict[str, str]]:
    since = date(year - TERMS_SINCE_YEARS, 1, 1).isoformat()
    for institution in tables.institutions():
        for item in carried(institution):
            yield {
                "institution_code": institution.code,
                "local_code": local_code(institution, item),
                "local_name": item.name,
                "code": item.code,
                "start": since,
            }


class _Importer(Protocol):
    """An import that takes a file."""

    def __call__(self, *, content: bytes, filename: str) -> Report: ...


def _import(importer: _Importer, columns: Sequence[Column], lines: Iterable[dict[str, str]]) -> None:
    """Write the lines as a CSV file under the columns' Chinese titles and import it."""
    target = io.StringIO()
    writer = csv.writer(target)
    writer.writerow([column.title for column in columns])
    for line in lines:
        writer.writerow([line.get(column.name, "") for column in columns])
    report = importer(content=target.getvalue().encode(), filename="demo.csv")
    if not report.ok:
        raise ValueError(f"the demo's own data are wrong: {report.errors[0]}")


def _yes(value: bool) -> str:
    return "是" if value else "否"


def _yuan(micro: int) -> str:
    return f"{micro // 1_000_000}.{micro % 1_000_000:06d}"
