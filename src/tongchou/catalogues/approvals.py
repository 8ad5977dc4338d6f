"""Catalogue mappings pass two people (目录对照是内控的重点, R1.5.08): the kind of case, its proposal and its executor."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date, datetime
from typing import Any

from django.db import transaction

from tongchou.catalogues import services
from tongchou.catalogues.models import Item, ItemTerm, Mapping
from tongchou.control import api as control
from tongchou.control.api import Change, Execution, Kind, Operator

MAPPING = "catalogue.mapping"
_CLASSES = {"01": "甲类", "02": "乙类", "03": "丙类"}


def register() -> None:
    """Make the kind known; called when the room starts."""
    control.register_kind(
        Kind(
            code=MAPPING,
            title="目录对照",
            make=control.rights.REFERENCE_IMPORT,
            execute=_approve,
            describe=_describe,
        )
    )


@transaction.atomic
def propose_mapping(
    *,
    institution_code: str,
    local_code: str,
    local_name: str,
    item_code: str,
    start: date,
    end: date | None = None,
    area: str,
    maker: Operator,
    reason: str,
    now: datetime,
    keyed_first: Operator | None = None,
) -> int:
    """Hand a mapping in for review by a second person. Returns the number of the case.

    ``keyed_first``: who keyed it blind before the maker (双人盲录); that person does not review it either.

    Raises:
        Rejection: those of :func:`services.submit_mapping` and of ``control.api.request_approval``.
    """
    services.submit_mapping(
        institution_code=institution_code,
        local_code=local_code,
        local_name=local_name,
        item_code=item_code,
        start=start,
        end=end,
        now=now,
    )
    case = control.request_approval(
        kind=MAPPING,
        subject=f"{institution_code}:{local_code}",
        title=f"{institution_code} {local_name or local_code} 对照 {item_code}",
        payload={
            "institution_code": institution_code,
            "local_code": local_code,
            "local_name": local_name,
            "item_code": item_code,
            "start": start.isoformat(),
            "end": end.isoformat() if end else None,
        },
        area=area,
        maker=maker,
        reason=reason,
        subject_person=keyed_first.person if keyed_first else "",
        now=now,
    )
    return int(case.pk)


def _approve(run: Execution) -> str:
    """Bring exactly what was reviewed into force: the pending row is made anew from the frozen payload."""
    wanted = run.payload
    services.submit_mapping(
        institution_code=wanted["institution_code"],
        local_code=wanted["local_code"],
        local_name=wanted["local_name"],
        item_code=wanted["item_code"],
        start=date.fromisoformat(wanted["start"]),
        end=date.fromisoformat(wanted["end"]) if wanted["end"] else None,
        now=run.now,
    )
    services.approve_mapping(
        institution_code=wanted["institution_code"],
        local_code=wanted["local_code"],
        operator=run.decider,
        now=run.now,
        remark=f"事项 {run.case_id}",
    )
    return f"对照自 {wanted['start']} 起生效"


def _describe(payload: dict[str, Any]) -> Sequence[Change]:
    start = date.fromisoformat(payload["start"])
    held = (
        Mapping.objects.filter(
            institution_code=payload["institution_code"],
            local_code=payload["local_code"],
            status=Mapping.Status.APPROVED,
            period__contains=start,
        )
        .select_related("item")
        .first()
    )
    item = Item.objects.filter(code=payload["item_code"]).first()
    local = f"{payload['local_code']} {payload['local_name']}"
    return [
        Change(label="机构", before=payload["institution_code"], after=payload["institution_code"]),
        Change(label="机构目录", before=local, after=local),
        Change(label="医疗目录", before=str(held.item) if held else "无", after=str(item or payload["item_code"])),
        Change(label="规格", before=held.item.spec if held else "—", after=item.spec if item else "—"),
        Change(label="等级", before=_classes(held.item, start) if held else "—", after=_classes(item, start)),
        Change(label="生效日期", before=str(held.period.lower) if held else "—", after=payload["start"]),
    ]


def _classes(item: Item | None, on: date) -> str:
    """Class and prior self-pay per scheme: what the mapping decides about money."""
    if item is None:
        return "—"
    terms = ItemTerm.objects.filter(item=item, period__contains=on).order_by("scheme")
    return "；".join(
        f"{term.scheme} {_CLASSES.get(term.item_class, term.item_class)}"
        + (f" 先行自付 {term.prior_self_pay // 100}.{term.prior_self_pay % 100:02d}%" if term.prior_self_pay else "")
        for term in terms
    )
