"""双人盲录: two people key the same paper document without seeing each other's entry; then its case is handed in.

The first entry waits, encrypted. The second is compared with it: equal, and the document goes on; different, and the second
sees which fields, looks at the paper again and corrects, or, having confirmed, sees both entries field by field and goes on
with what stands on the paper. Entries are removed when the document goes on; the trail keeps who keyed when.
"""

from __future__ import annotations

import json
from collections.abc import Collection, Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from django.db import IntegrityError, transaction
from django.db.models import Q

from tongchou.control import rejections
from tongchou.control.actor import writing
from tongchou.control.core import approval
from tongchou.control.models import BlindEntry, Operator
from tongchou.control.services.operators import persons_of
from tongchou.kernel.areas import prefix_of


@dataclass(frozen=True, slots=True, kw_only=True)
class BlindResult:
    """Where a document stands: keyed once, or twice and equal (``payload`` is what both keyed)."""

    complete: bool
    payload: dict[str, Any] | None = None
    first: int = 0
    second: int = 0


@dataclass(frozen=True, slots=True, kw_only=True)
class Difference:
    """One field as the first and the second keyed it."""

    field: str
    first: str
    second: str


def waiting(*, kinds: Collection[str], operator: Operator) -> list[BlindEntry]:
    """Documents of these kinds that were keyed once in the operator's area, the oldest first; ``own``: by this operator."""
    near = Q(area="") | Q(area__startswith=prefix_of(operator.area))
    waits = BlindEntry.objects.filter(near, kind__in=kinds).select_related("operator")
    found = list(waits.order_by("entered_at")[:200])
    mine = set(persons_of(operator))
    for each in found:
        each.own = each.person in mine  # type: ignore[attr-defined]
    return found


def enter_blind(
    *, kind: str, document: str, payload: Mapping[str, Any], operator: Operator, now: datetime
) -> BlindResult:
    """Key a paper document. The second person does not see what the first keyed; only the names of fields that differ.

    Raises:
        Rejection: CTRL-026 person unknown, CTRL-033 keyed by the same person before, CTRL-034 the two differ.
    """
    if not operator.person:
        raise rejections.NOT_IDENTIFIED()
    with writing(reason=f"盲录 {document}"):
        earlier = _first(kind, document)
        if earlier is None:
            return BlindResult(complete=False, first=_keep(kind, document, payload, operator, now).pk)
        _refuse_same(earlier, operator)
        differing = approval.differences(first=json.loads(earlier.payload), second=dict(payload))
        if differing:
            raise rejections.ENTRIES_DIFFER(fields="、".join(differing))
        second = _keep(kind, document, payload, operator, now)
        return BlindResult(complete=True, payload=dict(payload), first=earlier.pk, second=second.pk)


def compare_blind(
    *, kind: str, document: str, payload: Mapping[str, Any], operator: Operator
) -> tuple[Operator, list[Difference]]:
    """What the first keyed otherwise, for the second who has looked at the paper again. Returns the first and the fields.

    Raises:
        Rejection: CTRL-020 nobody keyed it before, CTRL-026, CTRL-033.
    """
    if not operator.person:
        raise rejections.NOT_IDENTIFIED()
    with transaction.atomic():
        earlier = _first(kind, document)
        if earlier is None:
            raise rejections.UNKNOWN_CASE()
        _refuse_same(earlier, operator)
        first = json.loads(earlier.payload)
    names = approval.differences(first=first, second=dict(payload))
    found = [
        Difference(field=name, first=str(first.get(name, "")), second=str(payload.get(name, ""))) for name in names
    ]
    return earlier.operator, found


def finish_blind(*, kind: str, document: str) -> None:
    """The document goes on as a case: its entries are removed. In the transaction that hands the case in."""
    BlindEntry.objects.filter(kind=kind, document=document).delete()


def discard_blind(*, kind: str, document: str, operator: Operator) -> None:
    """Drop one's own entry of a document that was keyed wrong; the trail keeps that there was one."""
    with writing(reason=f"作废盲录 {document}"), transaction.atomic():
        BlindEntry.objects.filter(kind=kind, document=document, person=operator.person).delete()


def _first(kind: str, document: str) -> BlindEntry | None:
    return BlindEntry.objects.select_for_update(of=("self",)).select_related("operator").filter(
        kind=kind, document=document
    ).order_by("pk").first()  # fmt: skip


def _refuse_same(earlier: BlindEntry, operator: Operator) -> None:
    if earlier.person in persons_of(operator) or earlier.operator_id == operator.pk:
        raise rejections.ENTERED_BEFORE(document=earlier.document)


def _keep(kind: str, document: str, payload: Mapping[str, Any], operator: Operator, now: datetime) -> BlindEntry:
    text = approval.canonical(dict(payload))
    try:
        with transaction.atomic():
            return BlindEntry.objects.create(
                kind=kind,
                document=document,
                operator=operator,
                person=operator.person,
                area=operator.area,
                payload=text,
                entered_at=now,
            )
    except IntegrityError:
        raise rejections.ENTERED_BEFORE(document=document) from None
