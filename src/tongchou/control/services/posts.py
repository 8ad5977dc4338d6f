"""Posts and grants: what an instance starts with, asking for a grant, bringing it into force, ending it, the yearly look.

A grant comes into force only by an approved case (kind ``rights.grant``): request → control review → approval. The
separation of duties is checked when it is asked for, when it comes into force, by a trigger, and by ``doctor``.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from datetime import date, datetime, timedelta
from typing import Any

from django.utils import timezone

from tongchou.control import rejections, rights
from tongchou.control.actor import current_actor, writing
from tongchou.control.core.separation import Conflict, Duty, Rule, conflicts
from tongchou.control.models import (
    Grant,
    GrantReview,
    Operator,
    Organisation,
    Post,
    PostFunction,
    ReviewRule,
    SeparationRule,
    WorkSession,
)
from tongchou.control.services.calendar import ensure_calendar
from tongchou.control.services.parameters import ensure_parameters, integer_of, parameters_known
from tongchou.kernel.areas import check_area, is_within


def ensure_posts() -> None:
    """Fill an instance with the standard posts, separation rules, review steps, calendar and parameters. Idempotent.

    A working instance keeps its posts as the site arranged them; only functions that no post at all holds, because a newer
    version brought them, go to the posts that have them by standard. The trail says so.
    """
    known = set(Post.objects.values_list("code", flat=True))
    missing = [standard for standard in rights.STANDARD_POSTS if standard.code not in known]
    held = set(PostFunction.objects.values_list("function", flat=True))
    unheld = {function for standard in rights.STANDARD_POSTS for function in standard.functions} - held
    kinds = {kind for kind, *_ in rights.STANDARD_STEPS}
    complete = kinds <= set(ReviewRule.objects.values_list("kind", flat=True)) and parameters_known()
    if not missing and not unheld and complete:
        return
    with writing(reason="建立标准岗位" if missing else "升级带来的新功能"):
        for standard in missing:
            Post.objects.get_or_create(
                code=standard.code,
                defaults={
                    "name": standard.name,
                    "category": standard.category,
                    "second_factor": standard.second_factor,
                },
            )
        _give_functions(new_posts={standard.code for standard in missing}, unheld=unheld)
        for one, other, why in rights.SEPARATIONS:
            SeparationRule.objects.get_or_create(one=one, other=other, defaults={"why": why})
        ensure_calendar()
        ensure_parameters()
        for kind, step, title, function, amount in rights.STANDARD_STEPS:
            ReviewRule.objects.get_or_create(
                kind=kind, step=step, defaults={"title": title, "function": function, "from_amount": amount}
            )


def _give_functions(*, new_posts: set[str], unheld: set[str]) -> None:
    """All standard functions to posts that are new, those that nobody holds to the others."""
    ids = dict(Post.objects.values_list("code", "pk"))
    rows = [
        PostFunction(post_id=ids[standard.code], function=function, limit=dict(standard.limits).get(function))
        for standard in rights.STANDARD_POSTS
        for function in sorted(standard.functions)
        if standard.code in new_posts or function in unheld
    ]
    PostFunction.objects.bulk_create(rows, ignore_conflicts=True)


def load_organisations(rows: Iterable[tuple[str, str, str, str, str]]) -> int:
    """Enter organisations, parents before children; what exists gets the new name and place. Returns how many.

    Args:
        rows: code, name, kind (``Organisation.Kind``), code of the parent or empty, area.
    """
    number = 0
    with writing(reason="装载组织机构"):
        for code, name, kind, parent, area in rows:
            above = Organisation.objects.get(code=parent) if parent else None
            Organisation.objects.update_or_create(
                code=code, defaults={"name": name, "kind": kind, "parent": above, "area": area}
            )
            number += 1
    return number


def separation_conflicts(*, operator: Operator, post: Post, since: date, until: date) -> list[Conflict]:
    """The posts of the same natural person, through any account, that exclude this one in that time."""
    same = Grant.objects.filter(ended_at=None).select_related("post")
    mine = same.filter(operator__person=operator.person) if operator.person else same.filter(operator=operator)
    held = [
        Duty(post_name=grant.post.name, category=grant.post.category, since=grant.since, until=grant.until)
        for grant in mine
    ]
    rules = [Rule(one=rule.one, other=rule.other, why=rule.why) for rule in SeparationRule.objects.all()]
    asked = Duty(post_name=post.name, category=post.category, since=since, until=until)
    return conflicts(held=held, asked=asked, rules=rules)


def check_grant(*, payload: Mapping[str, Any], today: date) -> tuple[Operator, Post]:
    """Look at a grant that is asked for, or comes into force: the person, the post, where, the time, the separation.

    ``payload``: login, post, area, since, until (ISO dates), organisation (code or empty), deputy_for (grant id or None).

    Raises:
        Rejection: CTRL-004 … CTRL-008, CTRL-055 no such organisation, CTRL-056 it can't be deputised so.
    """
    operator = Operator.objects.filter(login=payload["login"]).first()
    if operator is None or not operator.is_active or operator.has_left(today):
        raise rejections.UNKNOWN_OPERATOR(login=payload["login"])
    post = Post.objects.filter(code=payload["post"], active=True).first()
    if post is None:
        raise rejections.UNKNOWN_POST(post=payload["post"])
    try:
        check_area(payload["area"])
    except ValueError:
        raise rejections.UNKNOWN_AREA(area=payload["area"]) from None
    since, until = date.fromisoformat(payload["since"]), date.fromisoformat(payload["until"])
    longest = timedelta(days=integer_of(code="grant.longest_days", on=today))
    if until <= since or until <= today or until - since > longest:
        why = "期限过长" if until - since > longest else "失效日期不晚于生效日期或今天"
        raise rejections.GRANT_PERIOD(since=since, until=until, why=why, days=longest.days)
    found = separation_conflicts(operator=operator, post=post, since=since, until=until)
    if found:
        first = found[0]
        raise rejections.SEPARATED_DUTIES(
            name=operator.name, held=first.held.post_name, asked=first.asked.post_name, why=first.why
        )
    organisation = _limiting(payload)
    if payload.get("deputy_for") is not None:
        wanted = Grant(
            operator=operator, post=post, area=payload["area"], organisation=organisation, since=since, until=until
        )
        _check_deputy(wanted, payload["deputy_for"], today)
    return operator, post


def _limiting(payload: Mapping[str, Any]) -> Organisation | None:
    """The organisation whose data alone the grant opens. One that is unknown must not become none: that would open all."""
    code = payload.get("organisation")
    if not code:
        return None
    found = Organisation.objects.filter(code=code).first()
    if found is None or found.closed_on is not None:
        raise rejections.WRONG_ORGANISATION(why=f"没有限定单位 {code}，或已撤销", field="organisation")
    return found


def _check_deputy(wanted: Grant, principal_id: int, today: date) -> None:
    """Who stands in for somebody gets at most what that one holds, not longer, and is somebody else."""
    found = Grant.objects.select_related("operator", "post").filter(pk=principal_id, ended_at=None, until__gt=today)
    held, operator = found.first() if abs(principal_id) < 2**63 else None, wanted.operator
    why = ""
    if held is None:
        why = "被代理的授权不存在，或已收回、到期"
    elif held.deputy_for_id is not None:
        why = "被代理的授权本身是代理，不能再转代理"
    elif held.operator_id == operator.pk or (operator.person and operator.person == held.operator.person):
        why = "不能代理自己"
    elif held.post_id != wanted.post.pk:
        why = f"被代理人的岗位是“{held.post.name}”，不是“{wanted.post.name}”"
    elif not is_within(wanted.area, held.area) or (held.organisation_id and held.organisation != wanted.organisation):
        why = f"数据范围大于被代理人的 {held.area}"
    elif wanted.until > held.until:
        why = f"期限晚于被代理人的 {held.until}"
    if why:
        raise rejections.WRONG_DEPUTY(why=why)


def bring_into_force(*, payload: Mapping[str, Any], case_id: int, now: datetime) -> Grant:
    """Executor of approved cases of kind ``rights.grant``.

    Raises:
        Rejection: as :func:`check_grant`; what was right when asked for may be wrong when approved.
    """
    today = timezone.localdate(now)
    operator, post = check_grant(payload=payload, today=today)
    return Grant.objects.create(
        operator=operator,
        post=post,
        area=payload["area"],
        organisation=_limiting(payload),
        since=max(date.fromisoformat(payload["since"]), today),
        until=date.fromisoformat(payload["until"]),
        case_id=case_id,
        deputy_for_id=payload.get("deputy_for"),
        granted_at=now,
    )


def end_grant(*, grant_id: int, reason: str, now: datetime) -> Grant:
    """Take a grant back now. Taking away needs one person only; giving needs three.

    Raises:
        Rejection: CTRL-009 it is over already.
    """
    with writing(reason=reason):
        grant = Grant.objects.select_for_update().filter(pk=grant_id, ended_at=None).first()
        if grant is None:
            raise rejections.GRANT_OVER()
        grant.ended_at, grant.ended_by, grant.end_reason = now, current_actor().operator, reason[:200]
        grant.save(update_fields=["ended_at", "ended_by", "end_reason"])
        end_deputies(of=[grant.pk], now=now)
        WorkSession.objects.filter(grant=grant, ended_at=None).update(ended_at=now, ended_by="授权收回")
    return grant


def end_deputies(*, of: Iterable[int], now: datetime) -> int:
    """End the grants that stand in for these, and the sessions that work under them. Returns how many grants."""
    deputies = list(Grant.objects.filter(deputy_for__in=of, ended_at=None).values_list("pk", flat=True))
    ended = Grant.objects.filter(pk__in=deputies)
    ended.update(ended_at=now, ended_by=current_actor().operator, end_reason="被代理的授权已收回")
    WorkSession.objects.filter(grant__in=deputies, ended_at=None).update(ended_at=now, ended_by="授权收回")
    return len(deputies)


def yearly_list(*, year: int, on: date) -> list[Grant]:
    """The grants in force that nobody has looked at this year (年度权限复核清单)."""
    in_force = Grant.objects.filter(ended_at=None, since__lte=on, until__gt=on)
    seen = GrantReview.objects.filter(year=year).values("grant_id")
    return list(in_force.exclude(pk__in=seen).select_related("operator", "post").order_by("operator__login", "pk"))


def review_grant(*, grant_id: int, year: int, kept: bool, remark: str, reviewer: Operator, now: datetime) -> None:
    """Note that a grant is kept for the year, or end it. One's own grants are for someone else to review.

    Raises:
        Rejection: CTRL-009 it is over, CTRL-024 it is the reviewer's own.
    """
    with writing(reason=remark or "年度权限复核"):
        grant = Grant.objects.select_related("operator").filter(pk=grant_id, ended_at=None).first()
        if grant is None:
            raise rejections.GRANT_OVER()
        if grant.operator_id == reviewer.pk or (reviewer.person and grant.operator.person == reviewer.person):
            raise rejections.OWN_BENEFIT()
        GrantReview.objects.update_or_create(
            grant=grant,
            year=year,
            defaults={"kept": kept, "remark": remark[:200], "reviewer": reviewer, "reviewed_at": now},
        )
        if not kept:
            end_grant(grant_id=grant_id, reason=remark or "年度复核不再保留", now=now)
