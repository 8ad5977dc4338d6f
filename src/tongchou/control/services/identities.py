"""Signing in by the city's identity provider (统一身份认证): whose account it is, bound by two people, and who may come in.

The protocol itself (OIDC) is in ``web.control.oidc``; here arrives what it proved: issuer, subject, and whether the provider
says that a second factor was shown. Grants, posts, sessions and the lock-out are those of every sign-in.
"""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from typing import Any

from django.utils import timezone

from tongchou.control import rejections, rights
from tongchou.control.actor import Actor, current_actor, writing
from tongchou.control.models import Case, Identity, Operator, WorkSession
from tongchou.control.services import sign_in as doors
from tongchou.control.services.approvals import request_approval
from tongchou.control.services.case_kinds import Change, Execution, Kind, register_kind
from tongchou.control.services.trail import record

IDENTITY = "operator.identity"
LONGEST_SUBJECT = 200


def register() -> None:
    """Make the kind of case known; called when the room starts."""
    register_kind(
        Kind(
            code=IDENTITY,
            title="统一身份认证绑定",
            make=rights.OPERATOR_MANAGE,
            execute=_bind,
            describe=_describe,
            check=_check,
        )
    )


def identity_of(*, operator: Operator, issuer: str) -> Identity | None:
    """The binding of an operator that is in force."""
    return Identity.objects.filter(operator=operator, issuer=issuer, ended_at=None).first()


def request_binding(
    *, operator: Operator, issuer: str, subject: str, area: str, maker: Operator, reason: str, now: datetime
) -> Case:
    """Hand in the binding of a subject to an operator; it is in force when another person has approved it.

    Raises:
        Rejection: CTRL-063 the subject is empty, too long or bound already; those of ``request_approval``.
    """
    return request_approval(
        kind=IDENTITY,
        subject=f"{operator.login}",
        subject_person=operator.person,
        title=f"绑定 {operator.name}({operator.login}) 的统一身份认证账号",
        payload={"login": operator.login, "issuer": issuer, "subject": subject},
        area=area,
        maker=maker,
        reason=reason,
        now=now,
    )


def release(*, identity: Identity, reason: str, now: datetime) -> None:
    """End a binding at once; taking a way in away needs no second person."""
    identity.ended_at, identity.ended_by, identity.end_reason = now, current_actor().operator[:30], reason[:200]
    with writing(reason=reason):
        identity.save(update_fields=["ended_at", "ended_by", "end_reason"])


def sign_in_by_identity(*, issuer: str, subject: str, address: str, now: datetime) -> Operator:
    """Who comes in with a subject that the provider has just proved.

    Raises:
        Rejection: CTRL-061 the subject is bound to nobody, or the account is not in use; CTRL-002 the account is locked out.
    """
    bound = Identity.objects.filter(issuer=issuer, subject=subject, ended_at=None).select_related("operator").first()
    if bound is None or not bound.operator.is_active or bound.operator.has_left(timezone.localdate(now)):
        login = bound.operator.login if bound else ""
        doors.note_attempt(
            login=login, address=address, succeeded=False, outcome="统一身份认证：未绑定或账号停用", now=now
        )
        raise rejections.IDENTITY_UNKNOWN(subject=subject[:60])
    doors.refuse_locked_out(login=bound.operator.login, address=address, now=now)
    doors.note_attempt(login=bound.operator.login, address=address, succeeded=True, outcome="统一身份认证登录", now=now)
    return bound.operator


def end_sessions(
    *, issuer: str, subject: str, provider_session: str, begun_until: datetime, address: str, now: datetime
) -> int:
    """The provider says that somebody signed out there: the sessions that began by it end. Returns how many.

    Args:
        subject, provider_session: what the provider names, one of them or both; a session must fit all that is named.
        begun_until: sessions that began later are not meant.
    """
    meant = WorkSession.objects.filter(identity__issuer=issuer, ended_at=None, started_at__lte=begun_until)
    if subject:
        meant = meant.filter(identity__subject=subject)
    if provider_session:
        meant = meant.filter(provider_session=provider_session)
    sessions = list(meant.select_related("operator", "grant__post"))
    with writing(reason="身份认证服务通知退出"):
        for session in sessions:
            doors.end_session(session=session, by="统一身份认证退出", now=now)
            area, post = (session.grant.area[:6], session.grant.post.code) if session.grant else ("", "")
            actor = Actor(operator=session.operator.login, post=post, address=address, channel="web", area=area)
            record(
                action="sign_out",
                object_kind="control_operator",
                object_id=str(session.operator_id),
                reason="身份认证服务通知退出",
                actor=actor,
            )
    return len(sessions)


def _check(payload: dict[str, Any]) -> None:
    subject, issuer = payload["subject"], payload["issuer"]
    if not subject or len(subject) > LONGEST_SUBJECT or "\0" in subject:
        raise rejections.IDENTITY_REFUSED(why="认证标识为空或过长")
    taken = Identity.objects.filter(issuer=issuer, ended_at=None)
    if taken.filter(subject=subject).exists():
        raise rejections.IDENTITY_REFUSED(why="该认证标识已绑定操作员")
    if taken.filter(operator__login=payload["login"]).exists():
        raise rejections.IDENTITY_REFUSED(why="该操作员已绑定认证标识，请先解除")


def _bind(run: Execution) -> str:
    _check(run.payload)
    operator = Operator.objects.get(login=run.payload["login"])
    Identity.objects.create(
        operator=operator,
        issuer=run.payload["issuer"],
        subject=run.payload["subject"],
        case_id=run.case_id,
        bound_at=run.now,
    )
    return f"{operator.name} 可用统一身份认证登录"


def _describe(payload: dict[str, Any]) -> Sequence[Change]:
    operator = Operator.objects.filter(login=payload["login"]).first()
    name = f"{operator.name}({operator.login})" if operator else payload["login"]
    held = identity_of(operator=operator, issuer=payload["issuer"]) if operator else None
    return [
        Change(label="操作员", before=name, after=name),
        Change(label="认证服务", before="—", after=payload["issuer"]),
        Change(label="认证标识", before=held.subject if held else "无", after=payload["subject"]),
    ]
