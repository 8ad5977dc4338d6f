"""Use cases of the catalogues: institutions submit mappings, the centre approves or returns them (目录对照审核)."""

from __future__ import annotations

from datetime import date, datetime

from django.db import transaction

from tongchou.catalogues import rejections
from tongchou.catalogues.models import Item, Mapping
from tongchou.catalogues.timeline import Dated, InTheWay, Timeline
from tongchou.kernel.period import Period


@transaction.atomic
def submit_mapping(
    *,
    institution_code: str,
    local_code: str,
    local_name: str,
    item_code: str,
    start: date,
    end: date | None = None,
    now: datetime,
) -> int:
    """Submit a mapping for review (3301); it counts only when approved. A pending one for the code is replaced.

    Args:
        end: first day no longer in force; ``None`` without end.

    Returns:
        The id of the mapping.

    Raises:
        Rejection: CAT-001 unknown item, CAT-004 ends before it starts.
    """
    if end is not None and end <= start:
        raise rejections.PERIOD_REVERSED(start=start, end=end)
    item = Item.objects.filter(code=item_code).first()
    if item is None:
        raise rejections.UNKNOWN_ITEM(code=item_code)
    Mapping.objects.filter(
        institution_code=institution_code, local_code=local_code, status=Mapping.Status.PENDING
    ).delete()
    row = Mapping.objects.create(
        institution_code=institution_code,
        local_code=local_code,
        local_name=local_name,
        item=item,
        period=(start, end),
        submitted_at=now,
    )
    return row.pk


@transaction.atomic
def approve_mapping(*, institution_code: str, local_code: str, operator: str, now: datetime, remark: str = "") -> None:
    """Approve the pending mapping of a local code; the approved one in force ends on its first day.

    Raises:
        Rejection: CAT-002 nothing pending, CAT-003 an approved mapping begins on or after that day.
    """
    row = _pending(institution_code, local_code)
    held = Mapping.objects.select_for_update().filter(
        institution_code=institution_code, local_code=local_code, status=Mapping.Status.APPROVED
    )
    line = Timeline(Dated(other.pk, _period(other), other.item_id) for other in held)
    wanted = Dated(None, _period(row), row.item_id)
    try:
        changed = line.follow(wanted)
    except InTheWay as problem:
        raise rejections.MAPPING_OVERLAPS(
            institution=institution_code, local_code=local_code, start=problem.start, wanted=wanted.period.start
        ) from problem
    if not changed:  # the same mapping is approved already: the repetition is not needed
        row.delete()
        return
    for mapping_id, period in line.closed():
        Mapping.objects.filter(pk=mapping_id).update(period=(period.start, period.end))
    row.status, row.decided_at, row.decided_by, row.remark = Mapping.Status.APPROVED, now, operator, remark
    row.save(update_fields=["status", "decided_at", "decided_by", "remark"])


@transaction.atomic
def return_mapping(*, institution_code: str, local_code: str, operator: str, now: datetime, remark: str) -> None:
    """Return the pending mapping of a local code to the institution, with the reason.

    Raises:
        Rejection: CAT-002 nothing pending, CAT-005 no reason.
    """
    if not remark.strip():
        raise rejections.NO_REASON()
    row = _pending(institution_code, local_code)
    row.status, row.decided_at, row.decided_by, row.remark = Mapping.Status.REFUSED, now, operator, remark.strip()
    row.save(update_fields=["status", "decided_at", "decided_by", "remark"])


@transaction.atomic
def withdraw_mapping(*, institution_code: str, local_code: str, on: date) -> int:
    """End the mappings of a local code (3302): pending ones go, the approved one ends on the day.

    Returns:
        Number of mappings that ended or went.

    Raises:
        Rejection: CAT-002 there is none.
    """
    rows = Mapping.objects.select_for_update().filter(institution_code=institution_code, local_code=local_code)
    gone, _ = rows.filter(status=Mapping.Status.PENDING).delete()
    ended = 0
    for row in rows.filter(status=Mapping.Status.APPROVED):
        period = _period(row)
        if period.end is not None and period.end <= on:
            continue
        ended += 1
        if period.start >= on:
            row.delete()
        else:
            row.period = (period.start, on)
            row.save(update_fields=["period"])
    if not gone + ended:
        raise rejections.UNKNOWN_MAPPING(institution=institution_code, local_code=local_code)
    return gone + ended


def _pending(institution_code: str, local_code: str) -> Mapping:
    row = (
        Mapping.objects.select_for_update()
        .filter(institution_code=institution_code, local_code=local_code, status=Mapping.Status.PENDING)
        .first()
    )
    if row is None:
        raise rejections.UNKNOWN_MAPPING(institution=institution_code, local_code=local_code)
    return row


def _period(row: Mapping) -> Period:
    return Period(row.period.lower or date.min, row.period.upper)
