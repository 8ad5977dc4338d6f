"""From the right password to the work session: one-time code, choice of post; and the lock of an idle session."""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import Any

from django.conf import settings
from django.contrib import messages
from django.contrib.auth import login as start_session
from django.contrib.auth import logout
from django.http import HttpRequest, HttpResponse, HttpResponseRedirect, JsonResponse
from django.shortcuts import redirect, render
from django.utils import timezone
from django.utils.http import url_has_allowed_host_and_scheme
from django.views.decorators.cache import never_cache
from django.views.decorators.debug import sensitive_post_parameters
from django.views.decorators.http import require_http_methods, require_POST, require_safe

from tongchou.control.api import Operator, doors, identities, operators
from tongchou.kernel.rejection import Rejection
from tongchou.web.access import ACCOUNT, PUBLIC, Request, page
from tongchou.web.control.middleware import BY_IDENTITY, DRAFT, TOKEN
from tongchou.web.control.provider import identity_provider

ENTERING = "entering"
FACTOR_SHOWN = "factor_shown"
PROVIDER_SESSION = "provider_session"
LONGEST = timedelta(minutes=5)


def enter(
    request: HttpRequest,
    operator: Operator,
    target: str,
    *,
    by_identity: bool = False,
    factor_shown: bool = False,
    provider_session: str = "",
) -> HttpResponse:
    """Go on after the right password (or the identity provider's word): to the one-time code, the choice of a post, or in."""
    request.session.cycle_key()
    request.session[ENTERING] = {
        "operator": operator.pk,
        "target": target,
        "until": (timezone.now() + LONGEST).isoformat(),
        "code": operator.factor_confirmed_at is None or factor_shown,
        BY_IDENTITY: by_identity,
        FACTOR_SHOWN: factor_shown,
        PROVIDER_SESSION: provider_session,
    }
    return _next(request, operator)


@never_cache
@sensitive_post_parameters("code")
@require_http_methods(["GET", "POST"])
@page(PUBLIC)
def code(request: HttpRequest) -> HttpResponse:
    """The one-time code of the second factor, or a recovery code."""
    operator = _entering(request)
    if operator is None:
        return redirect("login")
    refusal = None
    if request.method == "POST":
        now = timezone.now()
        try:
            operators.check_factor(operator=operator, code=request.POST.get("code", "")[:40], now=now)
        except Rejection as rejected:
            refusal = rejected
            _count_failure(request, operator, now)
            if request.session.get(ENTERING) is None:
                messages.error(request, "动态口令连续错误，请重新登录")
                return redirect("login")
        else:
            request.session[ENTERING] = request.session[ENTERING] | {"code": True}
            return _next(request, operator)
    return render(request, "control/code.html", {"refusal": refusal}, status=422 if refusal else 200)


@never_cache
@require_http_methods(["GET", "POST"])
@page(PUBLIC)
def choose_post(request: HttpRequest) -> HttpResponse:
    """In which post the session works."""
    operator = _entering(request)
    if operator is None or not request.session[ENTERING]["code"]:
        return redirect("login")
    refusal = None
    choices = doors.posts_to_choose(operator=operator, now=timezone.now())
    if request.method == "POST":
        chosen = request.POST.get("grant", "")
        try:
            return _begin(request, operator, int(chosen) if chosen.isdecimal() else -1)
        except Rejection as rejected:
            refusal = rejected
    context = {"choices": choices, "refusal": refusal, "operator": operator}
    return render(request, "control/choose_post.html", context, status=422 if refusal else 200)


@require_http_methods(["GET", "POST"])
@page(ACCOUNT)
def switch_post(request: Request) -> HttpResponse:
    """Go on working in another of one's posts; the old session ends."""
    now = timezone.now()
    choices = doors.posts_to_choose(operator=request.user, now=now)
    refusal = None
    if request.method == "POST":
        chosen = request.POST.get("grant", "")
        try:
            token, _ = doors.begin_session(
                operator=request.user,
                grant_id=int(chosen) if chosen.isdecimal() else -1,
                address=_address(request),
                agent=request.headers.get("User-Agent", ""),
                now=now,
                factor_shown=request.session.get(FACTOR_SHOWN, False),
                identity_id=request.work.identity_id,
                provider_session=request.work.provider_session,
            )
        except Rejection as rejected:
            refusal = rejected
        else:
            doors.end_session(session=request.work, by="切换岗位", now=now)
            request.session.cycle_key()
            request.session[TOKEN] = token
            return redirect("desk")
    context = {"choices": choices, "refusal": refusal, "switching": True, "operator": request.user}
    return render(request, "control/choose_post.html", context, status=422 if refusal else 200)


@never_cache
@require_http_methods(["GET", "POST"])
@page(ACCOUNT)
def lock(request: Request) -> HttpResponse:
    """Lock the session (POST), or show the lock."""
    if request.method == "POST":
        doors.lock(session=request.work, now=timezone.now())
        if request.headers.get("X-Lock"):
            return HttpResponse(status=204)
    if request.work.locked_at is None:
        return redirect("desk")
    context = {"next": _safe(request, request.GET.get("next", "/")), "provider": identity_provider()}
    return render(request, "control/lock.html", context)


@never_cache
@sensitive_post_parameters("password")
@require_POST
@page(ACCOUNT)
def lock_open(request: Request) -> HttpResponse:
    """Open the lock with the password: from the layer over the page (JSON), or from the page of its own."""
    layered = request.headers.get("X-Lock") is not None
    target = _safe(request, request.POST.get("next", "/"))
    try:
        doors.unlock_session(
            session=request.work,
            operator=request.user,
            password=request.POST.get("password", "")[:128],
            now=timezone.now(),
        )
    except Rejection as refused:
        ended = request.work.ended_at is not None
        if ended:
            logout(request)
        if layered:
            told = {"message": refused.told, "ended": ended}
            return JsonResponse(told, status=422, json_dumps_params={"ensure_ascii": False})
        if ended:
            messages.error(request, refused.told)
            return redirect("login")
        context = {"next": target, "refusal": refused, "provider": identity_provider()}
        return render(request, "control/lock.html", context, status=422)
    return HttpResponse(status=204) if layered else HttpResponseRedirect(target)


@require_POST
@page(ACCOUNT)
def lock_alive(request: Request) -> HttpResponse:
    """Somebody is typing: the session is not idle. A locked one stays locked."""
    locked = doors.touch(session=request.work, now=timezone.now(), by_hand=True)
    return HttpResponse(status=204, headers={"X-Locked": "1"} if locked else {})


@require_http_methods(["GET", "POST"])
@page(ACCOUNT)
def lock_draft(request: Request) -> HttpResponse:
    """What was sent while the session was locked: send it now, or drop it."""
    draft: dict[str, Any] | None = request.session.get(DRAFT)
    if draft is None:
        return redirect("desk")
    if request.method == "POST":
        del request.session[DRAFT]
        messages.info(request, "已放弃锁定前提交的内容")
        return redirect("desk")
    return render(request, "control/draft.html", {"draft": draft})


@require_safe
@page(ACCOUNT)
def security(request: Request) -> HttpResponse:
    """安全设置: password, second factor."""
    return render(request, "control/security.html", _factor_context(request))


@sensitive_post_parameters("code")
@require_POST
@page(ACCOUNT)
def factor(request: Request) -> HttpResponse:
    """Begin, confirm or drop the second factor. Dropping needs a code of it."""
    now, step = timezone.now(), request.POST.get("step", "")
    context: dict[str, Any] = {}
    try:
        if step == "begin":
            operators.begin_factor(operator=request.user)
        elif step == "confirm":
            context["recovery"] = operators.confirm_factor(
                operator=request.user, code=request.POST.get("code", "")[:40], now=now
            )
        elif step == "drop":
            operators.check_factor(operator=request.user, code=request.POST.get("code", "")[:40], now=now)
            operators.drop_factor(operator=request.user, reason="本人停用动态口令")
            messages.success(request, "动态口令已停用")
    except Rejection as refused:
        context["refusal"] = refused
    status = 422 if "refusal" in context else 200
    return render(request, "control/security.html", _factor_context(request) | context, status=status)


def _factor_context(request: Request) -> dict[str, Any]:

    import segno

    address = operators.factor_address(operator=request.user)
    picture = ""
    if address:
        picture = segno.make(address, error="m").svg_data_uri(scale=4, border=2)
    return {"on": request.user.factor_confirmed_at, "picture": picture, "key": address.partition("secret=")[2][:32]}


def _next(request: HttpRequest, operator: Operator) -> HttpResponse:
    if not request.session[ENTERING]["code"]:
        return redirect("login_code")
    choices = doors.posts_to_choose(operator=operator, now=timezone.now())
    if len(choices) > 1:
        return redirect("login_post")
    try:
        return _begin(request, operator, choices[0].id if choices else None)
    except Rejection as refused:  # the only post needs a second factor first: in without a post, to set it up
        answer = _begin(request, operator, None)
        messages.warning(request, refused.told)
        del answer
        return redirect("security")


def _begin(request: HttpRequest, operator: Operator, grant_id: int | None) -> HttpResponse:
    state = request.session[ENTERING]
    token, _ = doors.begin_session(
        operator=operator,
        grant_id=grant_id,
        address=_address(request),
        agent=request.headers.get("User-Agent", ""),
        now=timezone.now(),
        factor_shown=state.get(FACTOR_SHOWN, False),
        identity_id=_identity_of(operator) if state.get(BY_IDENTITY, False) else None,
        provider_session=state.get(PROVIDER_SESSION, ""),
    )
    del request.session[ENTERING]
    start_session(request, operator)
    request.session[TOKEN] = token
    request.session[BY_IDENTITY] = state.get(BY_IDENTITY, False)
    request.session[FACTOR_SHOWN] = state.get(FACTOR_SHOWN, False)
    return HttpResponseRedirect(_safe(request, state["target"]))


def _identity_of(operator: Operator) -> int | None:
    provider = identity_provider()
    held = identities.identity_of(operator=operator, issuer=provider.issuer) if provider else None
    return held.pk if held else None


def _entering(request: HttpRequest) -> Operator | None:
    state = request.session.get(ENTERING)
    if state is None or timezone.now() > datetime.fromisoformat(state["until"]):
        request.session.pop(ENTERING, None)
        return None
    return Operator.objects.filter(pk=state["operator"], is_active=True).first()


def _count_failure(request: HttpRequest, operator: Operator, now: Any) -> None:
    """Wrong codes count like wrong passwords; after five the sign-in begins anew, and soon the lock-out holds."""
    doors.note_attempt(
        login=operator.login, address=_address(request), succeeded=False, outcome="动态口令错误", now=now
    )
    state = request.session[ENTERING]
    failures = state.get("failures", 0) + 1
    request.session[ENTERING] = state | {"failures": failures}
    if failures >= doors.failures_allowed(now):
        del request.session[ENTERING]


def _address(request: HttpRequest) -> str:
    return str(request.META.get("REMOTE_ADDR") or "0.0.0.0")  # noqa: S104 (the answer for "unknown")


def _safe(request: HttpRequest, wanted: str) -> str:
    if wanted and url_has_allowed_host_and_scheme(wanted, {request.get_host()}, require_https=request.is_secure()):
        return wanted
    return settings.LOGIN_REDIRECT_URL
