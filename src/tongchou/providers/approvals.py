"""Service agreements pass two reviews (复核, 审批): the kind of case, its proposal and its executor."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date, datetime
from typing import Any

from tongchou.control import api as control
from tongchou.control.api import Change, Execution, Kind, Operator
from tongchou.providers import services
from tongchou.providers.models import Agreement, Institution

AGREEMENT = "institution.agreement"


def register() -> None:
    """Make the kind known; called when the room starts."""
    control.register_kind(
        Kind(
            code=AGREEMENT,
            title="定点服务协议",
            make=control.rights.REFERENCE_IMPORT,
            execute=_conclude,
            describe=_describe,
        )
    )


def propose_agreement(
    *,
    institution_code: str,
    number: str,
    med_types: Sequence[str],
    start: date,
    end: date | None,
    area: str,
    maker: Operator,
    reason: str,
    now: datetime,
    keyed_first: Operator | None = None,
) -> int:
    """Hand an agreement in for review and approval. Returns the number of the case.

    ``keyed_first``: who keyed it blind before the maker (双人盲录); that person does not review it either.

    Raises:
        Rejection: those of ``control.api.request_approval``; what the agreement itself lacks is refused when approved.
    """
    case = control.request_approval(
        kind=AGREEMENT,
        subject=institution_code,
        title=f"{institution_code} 服务协议 {number}",
        payload={
            "institution_code": institution_code,
            "number": number,
            "med_types": sorted(med_types),
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


def _conclude(run: Execution) -> str:
    wanted = run.payload
    services.conclude_agreement(
        institution_code=wanted["institution_code"],
        number=wanted["number"],
        med_types=wanted["med_types"],
        start=date.fromisoformat(wanted["start"]),
        end=date.fromisoformat(wanted["end"]) if wanted["end"] else None,
    )
    return f"协议 {wanted['number']} 自 {wanted['start']} 起生效"


def _describe(payload: dict[str, Any]) -> Sequence[Change]:
    start = date.fromisoformat(payload["start"])
    institution = Institution.objects.filter(code=payload["institution_code"]).first()
    held = Agreement.objects.filter(institution=institution).order_by("-period").first() if institution else None
    name = str(institution or payload["institution_code"])
    return [
        Change(label="定点机构", before=name, after=name),
        Change(label="协议编号", before=held.number if held else "无", after=payload["number"]),
        Change(
            label="医疗类别",
            before="、".join(sorted(held.med_types)) if held else "—",
            after="、".join(payload["med_types"]),
        ),
        Change(
            label="期间",
            before=f"{held.period.lower} 至 {held.period.upper or '长期'}" if held else "—",
            after=f"{start} 至 {payload['end'] or '长期'}",
        ),
    ]
