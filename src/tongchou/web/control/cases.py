"""复核队列: what waits for me, a case side by side, approving, returning, withdrawing; samples of decided cases."""

from __future__ import annotations

import json
import secrets
from datetime import date, timedelta
from typing import Any
from urllib.parse import quote

from django.contrib import messages
from django.http import Http404, HttpResponse
from django.shortcuts import redirect, render
from django.utils import timezone
from django.views.decorators.http import require_http_methods, require_POST, require_safe

from tongchou.control.api import approvals, queries, rights, trail
from tongchou.kernel.rejection import Rejection
from tongchou.web.access import SIGNED_IN, Request, page

MOST_SAMPLED = 500


def todo(request: Request) -> dict[str, int]:
    """The figures of the desk: waiting for me, handed in by me, returned, overdue."""
    now = timezone.now()
    waiting = approvals.queue(operator=request.user, now=now)
    counts = queries.desk_counts(operator=request.user, waiting=len(waiting), today=timezone.localdate(now))
    late = sum(case.deadline is not None and case.deadline < timezone.localdate(now) for case in waiting)
    return counts | {"overdue": counts["overdue"] + late}


@require_safe
@page(SIGNED_IN)
def queue(request: Request) -> HttpResponse:
    """What waits for the operator's decision, and the operator's own cases."""
    now = timezone.now()
    overdue = request.GET.get("overdue") == "1"
    context = {
        "waiting": approvals.queue(operator=request.user, now=now, overdue=overdue),
        "mine": approvals.own_cases(operator=request.user)[:30],
        "titles": {kind.code: kind.title for kind in approvals.kinds()},
        "today": timezone.localdate(now),
        "overdue": overdue,
        "reviews": any(request.user.may(each) for each in rights.REVIEWING),
    }
    return render(request, "control/queue.html", context)


@require_safe
@page(SIGNED_IN)
def case(request: Request, case_id: int) -> HttpResponse:
    """One case: before and after side by side, who made it, who decided what."""
    return _case_page(request, case_id)


@require_POST
@page(SIGNED_IN)
def case_approve(request: Request, case_id: int) -> HttpResponse:
    """Take the step; what was on the screen is named by its seal."""
    return _decide(request, case_id, approve=True)


@require_POST
@page(SIGNED_IN)
def case_return(request: Request, case_id: int) -> HttpResponse:
    """Send it back, with the reason."""
    return _decide(request, case_id, approve=False)


@require_POST
@page(SIGNED_IN)
def case_withdraw(request: Request, case_id: int) -> HttpResponse:
    """Take one's own case back."""
    try:
        approvals.withdraw(case_id=case_id, operator=request.user, now=timezone.now())
    except Rejection as refused:
        return _case_page(request, case_id, refusal=refused)
    messages.success(request, f"事项 {case_id} 已撤回，可修改后重新提交")
    return redirect("control_queue")


@require_safe
@page(SIGNED_IN)
def case_attachment(request: Request, case_id: int, attachment_id: int) -> HttpResponse:
    """An attachment of a case that one may see; always as a download, never shown inside our origin."""
    found = queries.attachment(case=_visible(request, case_id), attachment_id=attachment_id)
    if found is None:
        raise Http404("没有这个附件")
    trail.record(action=trail.EXPORT, object_kind="attachment", object_id=str(attachment_id))
    response = HttpResponse(bytes(found.content), content_type="application/octet-stream")
    response["Content-Disposition"] = f"attachment; filename*=UTF-8''{quote(found.name)}"
    response["X-Content-Type-Options"] = "nosniff"
    return response


@require_http_methods(["GET", "POST"])
@page(rights.CASE_INSPECT)
def inspections(request: Request) -> HttpResponse:
    """随机抽查: draw a sample, see the earlier ones."""
    today = timezone.localdate()
    form = {
        "since": today.replace(day=1).isoformat(),
        "until": today.isoformat(),
        "size": "20",
        "seed": secrets.token_hex(4),
        "kind": "",
    } | {name: str(value) for name, value in request.POST.items() if name in ("since", "until", "size", "seed", "kind")}
    error = ""
    if request.method == "POST":
        asked = _sample(form)
        if asked is None:
            error = f"请填写正确的起止日期和 1 至 {MOST_SAMPLED} 的抽查数"
        else:
            drawn = approvals.draw_inspection(operator=request.user, now=timezone.now(), **asked)
            return redirect("control_inspection", inspection_id=drawn.pk)
    context = {
        "drawn": queries.inspections(area=request.user.area),
        "form": form,
        "kinds": approvals.kinds(),
        "titles": {kind.code: kind.title for kind in approvals.kinds()},
        "error": error,
    }
    return render(request, "control/inspections.html", context, status=422 if error else 200)


@require_http_methods(["GET", "POST"])
@page(rights.CASE_INSPECT)
def inspection(request: Request, inspection_id: int) -> HttpResponse:
    """One sample: its cases and what was found."""
    refusal = None
    if queries.inspection(inspection_id, area=request.user.area) is None:
        raise Http404("没有这次抽查，或不在您的数据范围内")
    if request.method == "POST":
        try:
            approvals.note_inspection(
                item_id=int(request.POST.get("item", "0")) if request.POST.get("item", "").isdecimal() else 0,
                operator=request.user,
                in_order=request.POST.get("in_order") == "1",
                finding=request.POST.get("finding", ""),
                now=timezone.now(),
            )
        except Rejection as refused:
            refusal = refused
    found = queries.inspection(inspection_id, area=request.user.area)
    context = {"inspection": found, "refusal": refusal, "titles": {each.code: each.title for each in approvals.kinds()}}
    return render(request, "control/inspection.html", context, status=422 if refusal else 200)


def _visible(request: Request, case_id: int) -> Any:
    try:
        return approvals.visible_case(case_id=case_id, operator=request.user)
    except Rejection as refused:
        raise Http404(refused.message) from None


def _decide(request: Request, case_id: int, *, approve: bool) -> HttpResponse:
    common = {
        "case_id": _visible(request, case_id).pk,
        "operator": request.user,
        "seen_hash": request.POST.get("seen", ""),
        "now": timezone.now(),
    }
    reason = request.POST.get("reason", "")[:300]
    try:
        if approve:
            done = approvals.approve(remark=reason, **common)
        else:
            done = approvals.return_case(reason=reason, **common)
    except Rejection as refused:
        return _case_page(request, case_id, refusal=refused, reason=reason)
    if done.state == "pending":
        messages.success(request, f"事项 {case_id} 已通过本步骤，转下一步骤办理")
    else:
        messages.success(request, f"事项 {case_id} {done.get_state_display()}：{done.outcome}")
    following = approvals.queue(operator=request.user, now=timezone.now())
    return redirect("control_case", case_id=following[0].pk) if following else redirect("control_queue")


def _case_page(request: Request, case_id: int, *, refusal: Rejection | None = None, reason: str = "") -> HttpResponse:
    found = _visible(request, case_id)
    kind = approvals.kind_of(found.kind)
    steps = approvals.steps_of(found.kind, found.amount)
    now_step = next((step for step in steps if step.step == found.step), None)
    pending = found.state == "pending"
    try:
        changes = kind.describe(approvals.opened(found)) if pending else ()
    except Rejection as unreadable:  # a private text that was altered, or its key is missing
        changes, refusal = (), refusal or unreadable
    context = {
        "case": found,
        "kind": kind,
        "changes": changes,
        "payload": json.dumps(approvals.veiled(found), ensure_ascii=False, indent=2),
        "steps": steps,
        "decisions": queries.decisions(found),
        "attachments": found.attachments.order_by("pk"),
        "may_decide": pending
        and found.maker_id != request.user.pk
        and now_step is not None
        and request.user.authority.decide(now_step.function, area=found.area or None).allowed,
        "may_withdraw": pending and found.maker_id == request.user.pk,
        "refusal": refusal,
        "reason": reason,
        "today": timezone.localdate(),
        "intact": approvals.intact(found),
    }
    return render(request, "control/case.html", context, status=422 if refusal else 200)


def _sample(form: dict[str, str]) -> dict[str, Any] | None:
    try:
        since, until, size = date.fromisoformat(form["since"]), date.fromisoformat(form["until"]), int(form["size"])
    except ValueError:
        return None
    if until < since or not 1 <= size <= MOST_SAMPLED or until - since > timedelta(days=3660):
        return None
    return {"since": since, "until": until, "size": size, "seed": form["seed"][:64], "kind": form["kind"][:40]}
