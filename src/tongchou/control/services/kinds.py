"""The kinds of cases that control itself has: grants, parameters, the calendar."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date
from typing import Any

from django.utils import timezone

from tongchou.control import rights
from tongchou.control.authority import authority_of
from tongchou.control.models import CalendarDay, Operator, Post
from tongchou.control.services import calendar, organisations, parameters
from tongchou.control.services.case_kinds import Change, Execution, Kind, register_kind
from tongchou.control.services.posts import bring_into_force, check_grant

GRANT = "rights.grant"
PARAMETER = "parameter.value"
CALENDAR = "calendar.day"


def register() -> None:
    """Make control's kinds known; called when the room starts."""
    organisations.register()
    register_kind(
        Kind(
            code=GRANT,
            title="授权申请",
            make=rights.RIGHTS_REQUEST,
            execute=_grant,
            describe=_describe_grant,
            check=lambda payload: _ignore(check_grant(payload=payload, today=timezone.localdate())),
            reach=lambda payload: str(payload["area"]),
        )
    )
    register_kind(
        Kind(
            code=PARAMETER,
            title="参数变更",
            make=rights.PARAMETER_MAKE,
            execute=lambda run: parameters.set_value(payload=run.payload, case_id=run.case_id),
            describe=parameters.describe_value,
            check=parameters.check_value,
            reach=lambda payload: str(payload["area"]),
        )
    )
    register_kind(
        Kind(
            code=CALENDAR,
            title="工作日历变更",
            make=rights.PARAMETER_MAKE,
            execute=lambda run: calendar.set_day(payload=run.payload, now=run.now),
            describe=_describe_day,
            check=calendar.check_day,
        )
    )


def _grant(run: Execution) -> str:
    grant = bring_into_force(payload=run.payload, case_id=run.case_id, now=run.now)
    return f"授权自 {grant.since} 起生效，{grant.until} 失效"


def _describe_grant(payload: dict[str, Any]) -> Sequence[Change]:
    operator = Operator.objects.filter(login=payload["login"]).first()
    post = Post.objects.filter(code=payload["post"]).prefetch_related("functions").first()
    held = authority_of(operator=operator, on=timezone.localdate()).in_force if operator else ()
    had = sorted({rights.FUNCTIONS.get(each, each) for grant in held for each in grant.functions})
    gets = {rights.FUNCTIONS.get(each.function, each.function) for each in post.functions.all()} if post else set()
    return [
        Change(label="操作员", before=_name(operator, payload), after=_name(operator, payload)),
        Change(
            label="岗位",
            before="、".join(grant.post_name for grant in held) or "无",
            after="、".join([*(grant.post_name for grant in held), post.name if post else payload["post"]]),
        ),
        Change(
            label="数据范围", before="、".join(sorted({grant.area for grant in held})) or "无", after=payload["area"]
        ),
        Change(label="期限", before="—", after=f"{payload['since']} 至 {payload['until']}"),
        Change(label="功能", before="、".join(had) or "无", after="、".join(sorted({*had, *gets}))),
    ]


def _describe_day(payload: dict[str, Any]) -> Sequence[Change]:
    now = CalendarDay.objects.filter(day=date.fromisoformat(payload["day"])).first()
    before = f"{now.get_kind_display()} {now.name}" if now else "平常日"
    names = dict(CalendarDay.Kind.choices)
    after = f"{names[payload['kind']]} {payload['name']}" if payload["kind"] else "平常日"
    return [Change(label=payload["day"], before=before, after=after)]


def _name(operator: Operator | None, payload: dict[str, Any]) -> str:
    return f"{operator.name}({operator.login})" if operator else str(payload["login"])


def _ignore(_: object) -> None:
    """A check's result is not needed, only its refusal."""
