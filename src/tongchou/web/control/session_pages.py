"""在线用户 and 登录日志: who is signed in, sending somebody out, every attempt to sign in."""

from __future__ import annotations

from datetime import timedelta

from django.contrib import messages
from django.http import Http404, HttpResponse
from django.shortcuts import redirect, render
from django.utils import timezone
from django.views.decorators.http import require_POST, require_safe

from tongchou.control.api import doors, queries, rights
from tongchou.web.access import Request, page


@require_safe
@page(rights.SESSION_MANAGE)
def online(request: Request) -> HttpResponse:
    """Running sessions, the most lately active first."""
    context = {"sessions": doors.online(now=timezone.now(), area=_area(request)), "own": request.work.pk}
    return render(request, "control/online.html", context)


@require_POST
@page(rights.SESSION_MANAGE)
def session_end(request: Request, session_id: int) -> HttpResponse:
    """Send somebody out (强制下线)."""
    now = timezone.now()
    found = next((each for each in doors.online(now=now, area=_area(request)) if each.pk == session_id), None)
    if found is None:
        raise Http404("该会话已经结束")
    doors.end_session(session=found, by=f"由 {request.user.login} 强制下线", now=now)
    messages.success(request, f"{found.operator.name} 已下线，未提交的内容留在其页面上")
    return redirect("control_online")


@require_safe
@page(rights.SESSION_MANAGE)
def sign_ins(request: Request) -> HttpResponse:
    """登录日志 of the last thirty days."""
    login, failed = request.GET.get("login", "").strip()[:30], request.GET.get("failed") == "1"
    since = timezone.now() - timedelta(days=30)
    found = queries.sign_ins(since=since, area=_area(request), login=login, failed=failed)
    context = {"attempts": found, "login": login, "failed": failed}
    return render(request, "control/sign_ins.html", context)


def _area(request: Request) -> str:
    """Sessions without a post and names that do not exist belong to no area: who looks after the whole sees them too."""
    return "" if request.scope.whole else request.scope.area
