"""Imports of the catalogues from Excel or CSV: every wrong cell is reported, and all rows are written or none.

Terms and limits are dated: what begins anew ends what was in force on the day it begins (see timeline.py).
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from datetime import date, datetime
from typing import Any

from django.db import connection, models, transaction

from tongchou.catalogues import columns
from tongchou.catalogues.models import Diagnosis, Item, ItemTerm, OutpatientDisease, PriceLimit
from tongchou.catalogues.models import Mapping as MappingRow
from tongchou.catalogues.timeline import Dated, InTheWay, Timeline
from tongchou.kernel.period import Period
from tongchou.registry import api as registry
from tongchou.tables.api import Column, Record, Report, RowError, import_table, repeated, template

BATCH = 5_000
TEMPLATES: dict[str, tuple[str, Sequence[Column]]] = {
    "items": ("医疗目录", columns.ITEMS),
    "terms": ("支付条件", columns.TERMS),
    "limits": ("限价", columns.LIMITS),
    "mappings": ("目录对照", columns.MAPPINGS),
    "diagnoses": ("疾病诊断", columns.DIAGNOSES),
    "outpatient_diseases": ("门慢门特病种", columns.OUTPATIENT_DISEASES),
}
"""What can be imported: name → Chinese title, columns."""


def import_template(kind: str) -> bytes:
    """The Excel template of a kind of ``TEMPLATES``."""
    title, cells = TEMPLATES[kind]
    return template(columns=cells, title=title)


def import_items(*, content: bytes, filename: str) -> Report:
    """Enter or update items by code.

    Raises:
        Rejection: TABL-001 … TABL-004, the file as a whole can't be used.
    """
    return import_table(content=content, filename=filename, columns=columns.ITEMS, write=write_items)


def import_terms(*, content: bytes, filename: str) -> Report:
    """Enter dated terms of items (甲乙丙类, 先行自付比例, 限制使用) per scheme.

    Raises:
        Rejection: TABL-001 … TABL-004.
    """
    return import_table(content=content, filename=filename, columns=columns.TERMS, write=write_terms)


def import_limits(*, content: bytes, filename: str) -> Report:
    """Enter dated price limits of items per level.

    Raises:
        Rejection: TABL-001 … TABL-004.
    """
    return import_table(content=content, filename=filename, columns=columns.LIMITS, write=write_limits)


def import_diagnoses(*, content: bytes, filename: str) -> Report:
    """Enter or rename diagnoses.

    Raises:
        Rejection: TABL-001 … TABL-004.
    """

    def write(records: list[Record]) -> Report:
        return _upsert(Diagnosis, records, ("name",), "诊断代码")

    return import_table(content=content, filename=filename, columns=columns.DIAGNOSES, write=write)


def import_outpatient_diseases(*, content: bytes, filename: str) -> Report:
    """Enter or change 门慢门特 diseases.

    Raises:
        Rejection: TABL-001 … TABL-004.
    """

    def write(records: list[Record]) -> Report:
        return _upsert(OutpatientDisease, records, ("name", "special"), "病种编码")

    return import_table(content=content, filename=filename, columns=columns.OUTPATIENT_DISEASES, write=write)


def import_mappings(*, content: bytes, filename: str, now: datetime, approved_by: str = "") -> Report:
    """Enter institutions' mappings, pending review, or approved at once where the centre itself imports them.

    Args:
        approved_by: the centre's clerk; empty leaves the mappings pending.

    Raises:
        Rejection: TABL-001 … TABL-004.
    """

    def write(records: list[Record]) -> Report:
        return write_mappings(records, now=now, approved_by=approved_by)

    return import_table(content=content, filename=filename, columns=columns.MAPPINGS, write=write)


@transaction.atomic
def write_items(records: list[Record]) -> Report:
    """Enter or update checked item records."""
    fields = tuple(column.name for column in columns.ITEMS if column.name != "code")
    return _upsert(Item, records, fields, "医疗目录编码")


@transaction.atomic
def write_terms(records: list[Record]) -> Report:
    """Enter checked term records after those in force."""
    items = _items(records)
    errors = [*_unknown_items(records, items), *_reversed(records)]
    if errors:
        return Report(rows=len(records), errors=tuple(errors))
    existing = ItemTerm.objects.filter(item__in=items.values()).select_for_update()
    lines = _timelines(existing, key=("item_id", "scheme"), content=_TERM_CONTENT)

    def entry(record: Record) -> tuple[tuple[object, ...], dict[str, object]]:
        content = {name: record[name] for name in _TERM_CONTENT}
        content["list_code"] = record["list_code"] or record["code"]
        return (items[str(record["code"])], record["scheme"]), content

    return _follow(ItemTerm, lines, records, ("item_id", "scheme"), entry)


@transaction.atomic
def write_limits(records: list[Record]) -> Report:
    """Enter checked limit records after those in force."""
    items = _items(records)
    errors = [*_unknown_items(records, items), *_reversed(records)]
    if errors:
        return Report(rows=len(records), errors=tuple(errors))
    existing = PriceLimit.objects.filter(item__in=items.values()).select_for_update()
    lines = _timelines(existing, key=("item_id", "level"), content=("limit_micro",))

    def entry(record: Record) -> tuple[tuple[object, ...], dict[str, object]]:
        return (items[str(record["code"])], record["level"]), {"limit_micro": record["limit_micro"]}

    return _follow(PriceLimit, lines, records, ("item_id", "level"), entry)


@transaction.atomic
def write_mappings(records: list[Record], *, now: datetime, approved_by: str) -> Report:
    """Enter checked mapping records, pending or approved; a pending one replaces the pending one before it."""
    items = _items(records)
    keys = ("institution_code", "local_code")
    errors = [*_unknown_items(records, items), *_reversed(records)]
    if not approved_by:
        errors += repeated(records, keys, "机构目录编码")
    if errors:
        return Report(rows=len(records), errors=tuple(errors))
    institutions = {str(record["institution_code"]) for record in records}
    held = MappingRow.objects.filter(institution_code__in=institutions).select_for_update()
    review: dict[str, object] = {"submitted_at": now}
    if approved_by:
        review.update(status=MappingRow.Status.APPROVED, decided_at=now, decided_by=approved_by)
        held = held.filter(status=MappingRow.Status.APPROVED)
    else:
        local_codes = {str(record["local_code"]) for record in records}
        held.filter(status=MappingRow.Status.PENDING, local_code__in=local_codes).delete()
        held = held.none()
    lines = _timelines(held, key=keys, content=("item_id",))

    def entry(record: Record) -> tuple[tuple[object, ...], dict[str, object]]:
        key = tuple(record[name] for name in keys)
        return key, {"item_id": items[str(record["code"])]}

    extra = {record.row: {"local_name": record["local_name"], **review} for record in records}
    return _follow(MappingRow, lines, records, keys, entry, extra)


_TERM_CONTENT = ("item_class", "prior_self_pay", "restricted", "restriction", "list_code", "kinds")


def _upsert(model: type[models.Model], records: list[Record], fields: Sequence[str], title: str) -> Report:
    errors = repeated(records, ("code",), title)
    if errors:
        return Report(rows=len(records), errors=tuple(errors))
    codes = [record["code"] for record in records]
    held = set(model._default_manager.filter(code__in=codes).values_list("code", flat=True))
    rows = [model(code=record["code"], **{name: record[name] for name in fields}) for record in records]
    with transaction.atomic():
        model._default_manager.bulk_create(
            rows, batch_size=BATCH, update_conflicts=True, unique_fields=["code"], update_fields=list(fields)
        )
    return Report(rows=len(records), created=len(rows) - len(held), updated=len(held))


def _items(records: Iterable[Record]) -> dict[str, int]:
    codes = {str(record["code"]) for record in records}
    return dict(Item.objects.filter(code__in=codes).values_list("code", "pk"))


def _unknown_items(records: Iterable[Record], items: Mapping[str, int]) -> list[RowError]:
    return [
        RowError(record.row, "医疗目录编码", f"{record['code']} 不在医疗目录中", "请核对编码，或先导入医疗目录")
        for record in records
        if record["code"] not in items
    ]


def _reversed(records: Iterable[Record]) -> list[RowError]:
    return [
        RowError(record.row, "终止日期", "终止日期早于开始日期", "请更正日期")
        for record in records
        if record["end"] is not None and record["end"] <= record["start"]  # type: ignore[operator]
    ]


def _timelines(
    rows: Iterable[Any], *, key: Sequence[str], content: Sequence[str]
) -> defaultdict[tuple[object, ...], Timeline]:
    grouped: defaultdict[tuple[object, ...], list[Dated]] = defaultdict(list)
    for row in rows:
        period = Period(row.period.lower or date.min, row.period.upper)
        values = {name: getattr(row, name) for name in content}
        grouped[tuple(getattr(row, name) for name in key)].append(Dated(row.pk, period, values))
    lines: defaultdict[tuple[object, ...], Timeline] = defaultdict(lambda: Timeline(()))
    lines.update({group: Timeline(entries) for group, entries in grouped.items()})
    return lines


def _follow(
    model: type[models.Model],
    lines: defaultdict[tuple[object, ...], Timeline],
    records: list[Record],
    key_names: Sequence[str],
    entry: Any,
    extra: Mapping[int, Mapping[str, object]] | None = None,
) -> Report:
    """Put the records on their timelines by start date; write only if every one of them finds its place."""
    errors: list[RowError] = []
    notes: dict[int, Mapping[str, object]] = {}
    changed = 0
    for record in sorted(records, key=lambda each: each["start"]):  # type: ignore[arg-type, return-value]
        key, content = entry(record)
        dated = Dated(None, Period(record["start"], record["end"]), content)  # type: ignore[arg-type]
        notes[id(dated)] = (extra or {}).get(record.row, {})
        try:
            changed += lines[key].follow(dated)
        except InTheWay as problem:
            errors.append(
                RowError(
                    record.row,
                    "开始日期",
                    f"已有自 {problem.start} 起生效的记录，新记录不能从 {record['start']} 起生效",
                    "请把开始日期改到已有记录之后，或先更正已有记录",
                )
            )
    if errors:
        return Report(rows=len(records), errors=tuple(sorted(errors, key=lambda error: error.row)))
    closed = [ended for line in lines.values() for ended in line.closed()]
    for row_id, period in closed:
        model._default_manager.filter(pk=row_id).update(period=(period.start, period.end))
    added = [
        {**dict(zip(key_names, key, strict=True)), **dated.content, **notes[id(dated)], "period": _range(dated.period)}  # type: ignore[dict-item]
        for key, line in lines.items()
        for dated in line.added()
    ]
    return Report(rows=len(records), created=_copy(model, added), updated=len(closed))


def _copy(model: type[models.Model], rows: Sequence[Mapping[str, object]]) -> int:
    """Write new rows by COPY: a national catalogue has a quarter of a million items, an institution thousands."""
    fields = [field for field in model._meta.concrete_fields if not field.primary_key]
    lines = ([row.get(field.attname, field.get_default()) for field in fields] for row in rows)
    with connection.cursor() as cursor:
        return registry.copy_rows(cursor, model._meta.db_table, [str(field.column) for field in fields], lines)


def _range(period: Period) -> str:
    return registry.day_range(period.start, period.end)
