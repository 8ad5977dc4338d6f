"""Organisations: added, renamed, moved, closed; each change is reviewed by a second person and kept with its date."""

from __future__ import annotations

import re
from collections.abc import Sequence
from datetime import date
from typing import Any

from django.utils import timezone

from tongchou.control import rights
from tongchou.control.actor import writing
from tongchou.control.models import Grant, Operator, Organisation, OrganisationVersion
from tongchou.control.rejections import WRONG_ORGANISATION
from tongchou.control.services.case_kinds import Change, Execution, Kind, register_kind
from tongchou.kernel.areas import is_within
from tongchou.kernel.rejection import Rejection

KIND = "organisation.change"
ADD, RENAME, MOVE, CLOSE = "add", "rename", "move", "close"
ACTIONS = {ADD: "新增", RENAME: "更名", MOVE: "调整上级", CLOSE: "撤销"}
AGENCIES = frozenset({Organisation.Kind.CENTRE, Organisation.Kind.STATION, Organisation.Kind.COMMUNITY})
"""Kinds whose area lies inside that of the organisation above."""
_CODE = re.compile(r"[0-9A-Za-z-]{2,20}")


def register() -> None:
    """Make the kind known; called when the room starts."""
    register_kind(
        Kind(
            code=KIND,
            title="组织机构变更",
            make=rights.OPERATOR_MANAGE,
            execute=_execute,
            describe=_describe,
            check=check,
            reach=lambda payload: str(payload["area"]),
        )
    )


def check(payload: dict[str, Any]) -> None:
    """Refuse what can't be, when it is handed in and again when it is carried out.

    ``payload``: action, code, name, kind, parent (code or empty), area, on (ISO date of the change).

    Raises:
        Rejection: CTRL-055 with the field.
    """
    action, on = payload["action"], _date(payload["on"])
    found = Organisation.objects.filter(code=payload["code"]).first()
    if action == ADD:
        _check_new(payload, found)
    elif found is None:
        _refuse("没有这个机构", "code")
    elif found.closed_on is not None:
        _refuse(f"{found.name} 已于 {found.closed_on} 撤销", "code")
    elif action == RENAME and payload["name"] == found.name:
        _refuse("新名称与原名称相同", "name")
    elif action == MOVE:
        _check_move(found, _parent(payload))
    elif action == CLOSE:
        _check_close(found, on)
    if not payload["name"].strip():
        _refuse("名称不能为空", "name")


def tree(*, area: str) -> list[Organisation]:
    """The organisations of an area, children below their parent, each with its ``depth``."""
    below: dict[int | None, list[Organisation]] = {}
    known = {each.pk: each for each in Organisation.objects.order_by("closed_on", "code")}
    for each in known.values():
        below.setdefault(each.parent_id, []).append(each)
    ordered: list[Organisation] = []

    def walk(parent: int | None, depth: int) -> None:
        for each in sorted(below.get(parent, []), key=lambda one: (one.closed_on is not None, one.code)):
            if is_within(each.area, area):
                each.depth = depth  # type: ignore[attr-defined]
                ordered.append(each)
                walk(each.pk, depth + 1)
            else:
                walk(each.pk, depth)

    walk(None, 0)
    return ordered


def _check_new(payload: dict[str, Any], found: Organisation | None) -> None:
    if found is not None:
        _refuse(f"编码已属于 {found.name}", "code")
    if not _CODE.fullmatch(payload["code"]):
        _refuse("编码为 2 至 20 位字母、数字或短横", "code")
    if payload["kind"] not in Organisation.Kind.values:
        _refuse("请选择类别", "kind")
    if not re.fullmatch(r"[0-9]{6,12}", payload["area"]):
        _refuse("数据范围应为 6 至 12 位区划代码", "area")
    parent = _parent(payload)
    if parent is not None and payload["kind"] in AGENCIES and not is_within(payload["area"], parent.area):
        _refuse(f"数据范围 {payload['area']} 不在上级 {parent.name} 的范围 {parent.area} 内", "area")


def _check_move(found: Organisation, parent: Organisation | None) -> None:
    if (parent.pk if parent else None) == found.parent_id:
        _refuse("上级没有变化", "parent")
    above: Organisation | None = parent
    while above is not None:
        if above.pk == found.pk:
            _refuse("不能移到自己或自己的下级之下", "parent")
        above = above.parent
    if parent is not None and found.kind in AGENCIES and not is_within(found.area, parent.area):
        _refuse(f"数据范围 {found.area} 不在新上级 {parent.name} 的范围 {parent.area} 内", "parent")


def _check_close(found: Organisation, on: date) -> None:
    children = Organisation.objects.filter(parent=found, closed_on=None)
    if children.exists():
        _refuse(f"还有下级机构：{'、'.join(each.name for each in children[:5])}，请先撤销或调整上级", "on")
    staff = Operator.objects.filter(unit=found, is_active=True)
    if staff.exists():
        _refuse(f"还有在岗操作员：{'、'.join(each.name for each in staff[:5])}，请先办理离岗", "on")
    if Grant.objects.filter(organisation=found, ended_at=None, until__gt=on).exists():
        _refuse("还有限定于该机构的有效授权，请先收回", "on")


def _parent(payload: dict[str, Any]) -> Organisation | None:
    if not payload["parent"]:
        return None
    found = Organisation.objects.filter(code=payload["parent"]).first()
    if found is None or found.closed_on is not None:
        raise WRONG_ORGANISATION(why="没有这个上级机构，或已撤销", field="parent")
    return found


def _execute(run: Execution) -> str:
    wanted = run.payload
    check(wanted)
    on = _date(wanted["on"])
    if wanted["action"] == ADD:
        found = Organisation(code=wanted["code"], kind=wanted["kind"], area=wanted["area"], since=on)
    else:
        found = Organisation.objects.select_for_update().get(code=wanted["code"])
        _keep_beginning(found)
    later = wanted["action"] in (RENAME, MOVE) and on > timezone.localdate(run.now)
    if wanted["action"] == ADD:
        found.name, found.parent = wanted["name"], _parent(wanted)
    if wanted["action"] == CLOSE:
        found.closed_on = on
    if not later:
        found.save()
    version = OrganisationVersion.objects.create(
        organisation=found,
        action=wanted["action"],
        name=wanted["name"] if wanted["action"] == RENAME else found.name,
        parent=_parent(wanted) if wanted["action"] == MOVE else found.parent,
        since=on,
        taken_up=not later,
        case_id=run.case_id,
    )
    if not later:
        _take_up(version)
    return f"{found.name} {'将' if later else '已'}{ACTIONS[wanted['action']]}，自 {on} 起"


def take_up(*, today: date) -> int:
    """Bring the reviewed changes whose day has come into force, each once. Returns how many.

    One that no longer fits (its new superior was closed meanwhile) stays as it is: finding C8.
    """
    taken = 0
    for waiting in OrganisationVersion.objects.filter(taken_up=False, since__lte=today).order_by("since", "pk"):
        with writing(reason=f"机构变更到期生效，事项 {waiting.case_id}", case_id=waiting.case_id):
            locked = OrganisationVersion.objects.select_for_update(of=("self",)).select_related(
                "organisation", "parent"
            )
            version = locked.get(pk=waiting.pk)
            if version.taken_up or not _still_fits(version):
                continue
            _take_up(version)
            version.taken_up = True
            version.save(update_fields=["taken_up"])
            taken += 1
    return taken


def _take_up(version: OrganisationVersion) -> None:
    found = version.organisation
    if version.action == RENAME:
        found.name = version.name
        Operator.objects.filter(unit=found).update(organisation=found.name)
    if version.action == MOVE:
        found.parent = version.parent
    found.save(update_fields=["name", "parent"])


def _still_fits(version: OrganisationVersion) -> bool:
    found, above = version.organisation, version.parent
    if found.closed_on is not None and found.closed_on <= version.since:
        return False
    if version.action != MOVE:
        return True
    try:
        _check_move(found, above)
    except Rejection:
        return False
    return above is None or above.closed_on is None


def _keep_beginning(found: Organisation) -> None:
    """What an organisation was before its first change, for those that were loaded."""
    if not found.versions.exists():
        OrganisationVersion.objects.create(
            organisation=found, action=ADD, name=found.name, parent=found.parent, since=found.since
        )


def _describe(payload: dict[str, Any]) -> Sequence[Change]:
    found = Organisation.objects.select_related("parent").filter(code=payload["code"]).first()
    action = payload["action"]
    names = dict(Organisation.objects.values_list("code", "name"))
    lines = [
        Change(label="机构", before=payload["code"], after=payload["code"]),
        Change(label="名称", before=found.name if found else "无", after=payload["name"]),
    ]
    if action in (ADD, MOVE):
        before = found.parent.name if found and found.parent else "无"
        lines.append(Change(label="上级", before=before, after=names.get(payload["parent"], "无")))
    if action == ADD:
        kind = dict(Organisation.Kind.choices)[payload["kind"]]
        lines += [
            Change(label="类别", before="无", after=str(kind)),
            Change(label="数据范围", before="无", after=payload["area"]),
        ]
    lines.append(Change(label=f"{ACTIONS[action]}日期", before="—", after=payload["on"]))
    return lines


def _date(text: str) -> date:
    try:
        found = date.fromisoformat(text)
    except ValueError:
        raise WRONG_ORGANISATION(why=f"“{text}”不是日期，应如 2026-01-31", field="on") from None
    if found < timezone.localdate().replace(year=timezone.localdate().year - 1, day=1):
        raise WRONG_ORGANISATION(why="日期早于一年前", field="on")
    return found


def _refuse(why: str, field: str) -> None:
    raise WRONG_ORGANISATION(why=why, field=field)
