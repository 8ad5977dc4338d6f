"""Reads of the catalogues: the cached catalogue that settlement uses, search, history of an item."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Collection, Mapping
from dataclasses import dataclass
from datetime import date, datetime
from typing import Any

from django.db import connection

from tongchou.catalogues import core
from tongchou.catalogues.core import DatedCode, DatedLimit, DatedTerm, TermView
from tongchou.catalogues.models import Diagnosis, Item, OutpatientDisease, Revision
from tongchou.catalogues.models import Mapping as MappingRow
from tongchou.kernel.cache import RevisionCache
from tongchou.kernel.period import Period

CACHED_ITEMS = 60_000
CACHED_MAPPINGS = 200_000

_TERMS = """
    SELECT i.code, i.name, i.list_type, i.charge_type, t.item_class, t.prior_self_pay, t.restricted,
           i.special_service, i.negotiated, i.basic_drug, i.children, t.list_code, i.unit, i.spec, i.dosage_form,
           t.restriction, t.kinds, lower(t.period), upper(t.period)
    FROM catalogues_item i JOIN catalogues_itemterm t ON t.item_id = i.id
    WHERE i.code = ANY(%s) AND t.scheme = %s
    ORDER BY i.code, t.period
"""
_LIMITS = """
    SELECT i.code, l.level, l.limit_micro, lower(l.period), upper(l.period)
    FROM catalogues_item i JOIN catalogues_pricelimit l ON l.item_id = i.id
    WHERE i.code = ANY(%s)
"""
_MAPPINGS = """
    SELECT m.local_code, i.code, lower(m.period), upper(m.period)
    FROM catalogues_mapping m JOIN catalogues_item i ON i.id = m.item_id
    WHERE m.institution_code = %s AND m.local_code = ANY(%s) AND m.status = '1'
"""

TermKey = tuple[str, str, str]
MappingKey = tuple[str, str]


def revision() -> int:
    """The number of the catalogues' present state; another number means that something changed."""
    number = Revision.objects.values_list("number", flat=True).filter(pk=1).first()
    return 0 if number is None else number


class Catalogue:
    """The catalogues as settlement reads them, kept in the process until their revision changes.

    Pass ``revision`` where it was read already in the same round trip as other data (``SELECT number FROM
    catalogues_revision``); otherwise each call reads it.
    """

    def __init__(self, *, items: int = CACHED_ITEMS, mappings: int = CACHED_MAPPINGS) -> None:
        self._terms: RevisionCache[TermKey, tuple[DatedTerm, ...]] = RevisionCache(items)
        self._mappings: RevisionCache[MappingKey, tuple[DatedCode, ...]] = RevisionCache(mappings)

    def terms(
        self, *, codes: Collection[str], scheme: str, on: date, level: str, revision: int | None = None
    ) -> dict[str, TermView]:
        """The terms in force on a day by item code. A code that is not in force is missing in the answer.

        Args:
            codes: national item codes (med_list_codg).
            scheme: insutype, for example ``310``.
            level: settlement level of the institution (``1|2|3|9``), decides the price limit.
        """
        seen = _present_revision() if revision is None else revision
        keys = [(code, scheme, level) for code in codes]
        held = self._terms.get_many(keys, revision=seen, fetch=_fetch_terms)
        found: dict[str, TermView] = {}
        for key, pieces in held.items():
            view = core.in_force(pieces, on)
            if view is not None:
                found[key[0]] = view
        return found

    def mapping(
        self, *, institution_code: str, local_codes: Collection[str], on: date, revision: int | None = None
    ) -> dict[str, str]:
        """National item codes by the institution's local codes: approved mappings in force on the day, no others."""
        seen = _present_revision() if revision is None else revision
        keys = [(institution_code, local) for local in local_codes]
        held = self._mappings.get_many(keys, revision=seen, fetch=_fetch_mappings)
        found: dict[str, str] = {}
        for key, codes in held.items():
            code = core.code_in_force(codes, on)
            if code is not None:
                found[key[1]] = code
        return found


_present_revision = revision  # the methods have a parameter of the same name


def _fetch_terms(keys: Collection[TermKey]) -> Mapping[TermKey, tuple[DatedTerm, ...]]:
    wanted: defaultdict[str, list[TermKey]] = defaultdict(list)
    for key in keys:
        wanted[key[1]].append(key)
    fetched: dict[TermKey, tuple[DatedTerm, ...]] = {}
    for scheme, group in wanted.items():
        terms, limits = _terms_and_limits([code for code, _, _ in group], scheme)
        for key in group:
            fetched[key] = core.with_limits(terms=terms[key[0]], limits=limits[key[0]], level=key[2])
    return fetched


def _terms_and_limits(
    codes: list[str], scheme: str
) -> tuple[defaultdict[str, list[DatedTerm]], defaultdict[str, list[DatedLimit]]]:
    terms: defaultdict[str, list[DatedTerm]] = defaultdict(list)
    limits: defaultdict[str, list[DatedLimit]] = defaultdict(list)
    with connection.cursor() as cursor:
        cursor.execute(_TERMS, [codes, scheme])
        for row in cursor.fetchall():
            terms[row[0]].append(_dated_term(row))
        cursor.execute(_LIMITS, [codes])
        for code, level, limit, start, end in cursor.fetchall():
            limits[code].append(DatedLimit(Period(start or date.min, end), level, limit))
    return terms, limits


def _dated_term(row: tuple[Any, ...]) -> DatedTerm:
    view = TermView(
        item_code=row[0],
        name=row[1],
        list_type=row[2],
        charge_type=row[3],
        item_class=row[4],
        prior_self_pay=row[5],
        restricted=row[6],
        special_service=row[7],
        negotiated=row[8],
        basic_drug=row[9],
        children=row[10],
        price_limit=None,
        list_code=row[11],
        unit=row[12],
        spec=row[13],
        dosage_form=row[14],
        restriction=row[15],
        kinds=core.kinds_of_item(own=row[16], special_service=row[7], negotiated=row[8]),
    )
    return DatedTerm(Period(row[17] or date.min, row[18]), view)


def _fetch_mappings(keys: Collection[MappingKey]) -> Mapping[MappingKey, tuple[DatedCode, ...]]:
    locals_of: defaultdict[str, list[str]] = defaultdict(list)
    for institution, local in keys:
        locals_of[institution].append(local)
    fetched: dict[MappingKey, list[DatedCode]] = {key: [] for key in keys}
    with connection.cursor() as cursor:
        for institution, local_codes in locals_of.items():
            cursor.execute(_MAPPINGS, [institution, local_codes])
            for local, code, start, end in cursor.fetchall():
                fetched[institution, local].append(DatedCode(Period(start or date.min, end), code))
    return {key: tuple(codes) for key, codes in fetched.items()}


def diagnosis_exists(code: str) -> bool:
    """Whether the insurance edition of ICD-10 has this code."""
    return Diagnosis.objects.filter(pk=code).exists()


def diagnosis_names(codes: Collection[str]) -> dict[str, str]:
    """Names of diagnoses by code; unknown codes are missing."""
    return dict(Diagnosis.objects.filter(pk__in=list(codes)).values_list("code", "name"))


def outpatient_disease_name(code: str) -> str | None:
    """Name of a 门慢门特 disease, or ``None`` when the code is unknown."""
    return OutpatientDisease.objects.filter(pk=code).values_list("name", flat=True).first()


@dataclass(frozen=True, slots=True, kw_only=True)
class ItemView:
    """An item as a search shows it."""

    code: str
    name: str
    list_type: str
    charge_type: str
    spec: str
    unit: str
    dosage_form: str


@dataclass(frozen=True, slots=True, kw_only=True)
class MappingView:
    """An institution's mapping with the state of its review."""

    institution_code: str
    local_code: str
    local_name: str
    item_code: str
    item_name: str
    status: str
    status_name: str
    period: Period
    submitted_at: datetime | None
    decided_at: datetime | None
    decided_by: str
    remark: str


def search_items(*, query: str, list_type: str | None = None, limit: int = 50) -> list[ItemView]:
    """Items by beginning of the code or of the name (by index); then by a part of the name while there is room."""
    text = query.strip()
    if not text:
        return []
    rows = Item.objects.all() if list_type is None else Item.objects.filter(list_type=list_type)
    found = list(rows.filter(code__startswith=text.upper()).order_by("code")[:limit])
    found += rows.filter(name__startswith=text).order_by("name", "code")[: limit - len(found)]
    if len(found) < limit:
        seen = [row.pk for row in found]
        found += rows.filter(name__contains=text).exclude(pk__in=seen).order_by("name", "code")[: limit - len(found)]
    return [
        ItemView(
            code=row.code,
            name=row.name,
            list_type=row.list_type,
            charge_type=row.charge_type,
            spec=row.spec,
            unit=row.unit,
            dosage_form=row.dosage_form,
        )
        for row in found
    ]


def search_diagnoses(*, query: str, limit: int = 50) -> list[tuple[str, str]]:
    """Diagnoses (code, name) by beginning of the code or by a part of the name."""
    text = query.strip()
    if not text:
        return []
    rows = (
        Diagnosis.objects.filter(code__istartswith=text)
        if text[0].isascii()
        else Diagnosis.objects.filter(name__contains=text)
    )
    return list(rows.order_by("code").values_list("code", "name")[:limit])


def term_history(*, code: str, scheme: str, level: str = core.ANY_LEVEL) -> tuple[DatedTerm, ...]:
    """All terms of an item in a scheme, oldest first, cut where its price limit changes."""
    key = (code, scheme, level)
    return _fetch_terms([key])[key]


def mappings_of(*, institution_code: str, status: str | None = None, limit: int = 500) -> list[MappingView]:
    """Mappings of an institution by local code; only those of a review status when one is given."""
    rows = MappingRow.objects.filter(institution_code=institution_code).select_related("item")
    if status is not None:
        rows = rows.filter(status=status)
    return [
        MappingView(
            institution_code=row.institution_code,
            local_code=row.local_code,
            local_name=row.local_name,
            item_code=row.item.code,
            item_name=row.item.name,
            status=row.status,
            status_name=row.get_status_display(),
            period=Period(row.period.lower or date.min, row.period.upper),
            submitted_at=row.submitted_at,
            decided_at=row.decided_at,
            decided_by=row.decided_by,
            remark=row.remark,
        )
        for row in rows.order_by("local_code", "period")[:limit]
    ]
