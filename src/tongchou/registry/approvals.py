"""Manual corrections of a person's record pass a second person: the kind of case, its proposal and its executor."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from datetime import date, datetime
from typing import Any

from tongchou.control import api as control
from tongchou.control.api import Change, Execution, Kind, Operator
from tongchou.kernel.identifiers import mask_id_number, mask_phone
from tongchou.registry import services
from tongchou.registry.models import SEALED, Person

CORRECTION = "correction.person"
CORRECTABLE = {
    field: services.CHANGEABLE[field]
    for field in ("name", "cert_no", "sex", "birth_date", "ethnicity", "phone", "address")
}
"""Columns that a clerk may propose to correct, with their Chinese names."""
LONGEST_REASON = 200
"""Of an entry in the history of the registry."""
_DATES = {"birth_date"}
_PRIVATE = frozenset(SEALED["registry_person"])
_MASKS: Mapping[str, Callable[[str], str]] = {
    "cert_no": mask_id_number,
    "phone": mask_phone,
    "address": lambda address: address[:6] + "*" * max(0, len(address) - 6),
}


def register() -> None:
    """Make the kind known; called when the room starts."""
    control.register_kind(
        Kind(
            code=CORRECTION,
            title="参保人员信息更正",
            make=control.rights.CORRECTION_MAKE,
            execute=_correct,
            describe=_describe,
        )
    )


def propose_correction(
    *,
    person_number: str,
    changes: Mapping[str, str],
    maker: Operator,
    reason: str,
    now: datetime,
    keyed_first: Operator | None = None,
) -> int:
    """Hand a correction in for review. ``changes``: column of ``CHANGEABLE`` → new value as text. Returns the case.

    ``keyed_first``: who keyed it blind before the maker (双人盲录); that person does not review it either.

    Raises:
        Rejection: REG-001 unknown person, REG-022 a field that can't be changed; those of ``request_approval``.
    """
    person = Person.objects.filter(number=person_number).first()
    if person is None:
        raise services.rejections.UNKNOWN_PERSON(means="人员编号", number=person_number)
    for field in changes:
        if field not in services.CHANGEABLE:
            raise services.rejections.UNCHANGEABLE(field_name=field)
    # Registered elsewhere, insured here: the case belongs to the maker's own area.
    at_home = maker.authority.decide(control.rights.CORRECTION_MAKE, area=person.area_id).allowed
    case = control.request_approval(
        kind=CORRECTION,
        subject=person_number,
        title=f"更正 {person_number}：{'、'.join(services.CHANGEABLE[field] for field in changes)}",
        payload={
            "person_number": person_number,
            "changes": {name: control.Private(value) if name in _PRIVATE else value for name, value in changes.items()},
            "reason": reason,
        },
        area=person.area_id if at_home else maker.area,
        maker=maker,
        reason=reason,
        subject_person=keyed_first.person if keyed_first else "",
        now=now,
    )
    return int(case.pk)


def _correct(run: Execution) -> str:
    person = Person.objects.get(number=run.payload["person_number"])
    changes: dict[str, object] = {
        field: date.fromisoformat(value) if field in _DATES else value
        for field, value in run.payload["changes"].items()
    }
    services.change_person(
        person_id=person.pk,
        changes=changes,
        operator=run.decider,
        reason=_grounds(run),
    )
    return "已更正：" + "、".join(services.CHANGEABLE[field] for field in changes)


def _grounds(run: Execution) -> str:
    """Why the record was changed: the case, who had a hand in it, the grounds that were stated."""
    return f"事项 {run.case_id}：{run.hands}；{run.payload['reason']}"[:LONGEST_REASON]


def _describe(payload: dict[str, Any]) -> Sequence[Change]:
    """What is handed in is shown whole, for it is compared with the document; that it was shown stands in the trail.

    What stands in the record today stays masked: a clerk who proposes something is not thereby entitled to see it.
    """
    person = Person.objects.filter(number=payload["person_number"]).first()
    if person is not None and _PRIVATE & payload["changes"].keys():
        control.record_reading(
            persons=[person.pk], object_kind="person", object_id=person.number, reason="办理信息更正", action="unmask"
        )
    return [
        Change(label="人员编号", before=payload["person_number"], after=payload["person_number"]),
        *(
            Change(
                label=services.CHANGEABLE.get(field, field),
                before=_MASKS.get(field, str)(str(getattr(person, field) or "")) or "无" if person else "—",
                after=value,
            )
            for field, value in payload["changes"].items()
        ),
    ]
