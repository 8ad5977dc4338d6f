"""Binding and ending of family accounts pass a second person: the kinds of case, their proposals and executors."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date, datetime
from typing import Any

from django.utils import timezone

from tongchou.accounts import families, queries, rejections
from tongchou.accounts.core import RELATIONS
from tongchou.accounts.families import Wish
from tongchou.control import api as control
from tongchou.control.api import Change, Execution, Kind, Operator, Upload
from tongchou.kernel.identifiers import mask_name
from tongchou.kernel.rejection import Rejection
from tongchou.registry import api as registry

BINDING, ENDING = "family.binding", "family.ending"
BOUND, ENDED = "family_bind", "family_end"
"""Actions in the trail of the owner; the member's own entry is that of the row."""


def register() -> None:
    """Make the kinds known; called when the room starts."""
    make = control.rights.FAMILY_MAKE
    control.register_kind(
        Kind(code=BINDING, title="家庭共济绑定", make=make, execute=_bind, describe=_describe, check=_check)
    )
    control.register_kind(
        Kind(code=ENDING, title="家庭共济解除", make=make, execute=_end, describe=_describe_end, check=_check_end)
    )


def propose_binding(
    *, wish: Wish, reason: str, maker: Operator, now: datetime, attachments: Sequence[Upload] = ()
) -> int:
    """Hand a binding in for review. ``reason`` names the owner's consent and the proof of the relation. Returns the case.

    Raises:
        Rejection: ACCT-018 no grounds, ACCT-019 the maker's own business, those of ``families.check_wish`` and of ``request_approval``.
    """
    if not reason.strip():
        raise rejections.NO_GROUNDS()
    payload = {
        "owner": wish.owner_number,
        "member": wish.member_number,
        "scheme": wish.scheme,
        "relation": wish.relation,
        "area": wish.area,
        "since": wish.since.isoformat(),
        "last": wish.last.isoformat() if wish.last else "",
    }
    relation = RELATIONS.get(wish.relation, "")
    _refuse_own_business(maker, wish.owner_number, wish.member_number)
    return _propose(
        BINDING, wish.member_number, f"{wish.owner_number} 的账户绑定{relation} {wish.member_number}", payload,
        owner=wish.owner_number, reviewed_not_by=wish.member_number, reason=reason, maker=maker, now=now,
        attachments=attachments,
    )  # fmt: skip


def propose_ending(
    *,
    binding_id: int,
    first_day_without: date,
    reason: str,
    maker: Operator,
    now: datetime,
    attachments: Sequence[Upload] = (),
) -> int:
    """Hand the end of a binding in for review. Returns the case.

    Raises:
        Rejection: ACCT-017 no such binding, ACCT-018 no grounds; those of ``request_approval``.
    """
    if not reason.strip():
        raise rejections.NO_GROUNDS()
    found = queries.binding(binding_id=binding_id)
    if found is None:
        raise rejections.NO_BINDING()
    payload = {"binding": binding_id, "first_day_without": first_day_without.isoformat()}
    title = f"解除 {found.member_number} 使用 {found.owner_number} 的账户"
    return _propose(
        ENDING, str(binding_id), title, payload,
        owner=found.owner_number, reviewed_not_by=found.owner_number, reason=reason, maker=maker, now=now,
        attachments=attachments,
    )  # fmt: skip


def _refuse_own_business(maker: Operator, *numbers: str) -> None:
    """Nobody at the counter hands in a binding of the own account, or of the own family to another's (经办回避)."""
    mine = control.operators.persons_of(maker)
    if mine & {_natural_person(number) for number in numbers}:
        raise rejections.OWN_BUSINESS()


def _natural_person(number: str) -> str:
    """The keyed hash of a person's ID number, as operators have it."""
    cert_no = registry.person_by_number(number=number).cert_no.strip().upper()
    return control.search_hash(column=control.operators.ID_NUMBER_COLUMN, text=cert_no)


def _propose(
    kind: str, subject: str, title: str, payload: dict[str, Any], *, owner: str, reviewed_not_by: str, reason: str,
    maker: Operator, now: datetime, attachments: Sequence[Upload],
) -> int:  # fmt: skip
    """Hand a case in; the person ``reviewed_not_by`` does not review it, should that be a colleague."""
    home = registry.person_by_number(number=owner).area_code
    at_home = maker.authority.decide(control.rights.FAMILY_MAKE, area=home).allowed
    case = control.request_approval(
        kind=kind,
        subject=subject,
        title=title,
        payload=payload,
        area=home if at_home else maker.area,
        maker=maker,
        reason=reason.strip(),
        subject_person=_natural_person(reviewed_not_by),
        now=now,
        attachments=attachments,
    )
    return int(case.pk)


def _wish(payload: dict[str, Any]) -> Wish:
    return Wish(
        owner_number=payload["owner"],
        member_number=payload["member"],
        scheme=payload["scheme"],
        relation=payload["relation"],
        area=payload["area"],
        since=date.fromisoformat(payload["since"]),
        last=date.fromisoformat(payload["last"]) if payload["last"] else None,
    )


def _check(payload: dict[str, Any]) -> None:
    families.check_wish(wish=_wish(payload), today=timezone.localdate())


def _check_end(payload: dict[str, Any]) -> None:
    found = queries.binding(binding_id=payload["binding"])
    if found is None or found.state(timezone.localdate()) == "已解除":
        raise rejections.NO_BINDING()


def _bind(run: Execution) -> str:
    wish = _wish(run.payload)
    made = families.bind(wish=wish, today=timezone.localdate(run.now), case_id=run.case_id)
    owner = registry.person_by_number(number=wish.owner_number)
    after = {"member": wish.member_number, "relation": RELATIONS[wish.relation]}
    control.record(
        action=BOUND, object_kind="accounts_familybinding", object_id=str(made), person_id=owner.id, after=after
    )
    return f"已绑定，自 {max(wish.since, timezone.localdate(run.now))} 起可以使用"


def _end(run: Execution) -> str:
    number = run.payload["binding"]
    found = queries.binding(binding_id=number)
    end = families.end_binding(
        binding_id=number,
        first_day_without=date.fromisoformat(run.payload["first_day_without"]),
        today=timezone.localdate(run.now),
        case_id=run.case_id,
    )
    if found is not None:
        after = {"member": found.member_number, "first_day_without": end.isoformat() if end else ""}
        control.record(
            action=ENDED,
            object_kind="accounts_familybinding",
            object_id=str(number),
            person_id=found.owner_id,
            after=after,
        )
    return f"已解除，自 {end} 起不能再使用" if end else "尚未生效的绑定已撤回"


def _describe(payload: dict[str, Any]) -> Sequence[Change]:
    """Both persons with masked names: the reviewer compares them with the consent, whose numbers are in the case."""
    rows = {
        "账户所有人": _person(payload["owner"]),
        "共济成员": _person(payload["member"]),
        "成员是所有人的": RELATIONS.get(payload["relation"], payload["relation"]),
        "账户险种": payload["scheme"],
        "自": payload["since"],
        "至": payload["last"] or "长期",
    }
    return [Change(label=label, before="—", after=value) for label, value in rows.items()]


def _describe_end(payload: dict[str, Any]) -> Sequence[Change]:
    found = queries.binding(binding_id=payload["binding"])
    if found is None:  # taken back before it began
        return [Change(label="绑定", before=f"{payload['binding']}", after="无")]
    rows = [
        ("账户所有人", _person(found.owner_number)),
        ("共济成员", _person(found.member_number)),
        ("成员是所有人的", found.relation),
    ]
    until = str(found.period.end) if found.period.end else "长期有效"
    return [
        *(Change(label=label, before=value, after=value) for label, value in rows),
        Change(label="停止使用日", before=until, after=payload["first_day_without"]),
    ]


def _person(number: str) -> str:
    try:
        return f"{mask_name(registry.person_by_number(number=number).name)}（{number}）"
    except Rejection:
        return number
