"""The work session of every request: who, in which post, locked or not. No page, the admin's included, gets past it."""

from __future__ import annotations

from collections.abc import Callable

from django.contrib import messages
from django.contrib.auth import logout
from django.http import HttpRequest, HttpResponse, HttpResponseRedirect
from django.shortcuts import redirect
from django.urls import reverse
from django.utils import timezone
from django.utils.http import urlencode

from tongchou.control.api import Actor, Operator, acting, authority_of, doors, operators

BY_IDENTITY = "by_identity"
TOKEN = "work"  # noqa: S105 (a name in the session)
DRAFT = "draft"
NO_GRANT = 0
"""Chosen by a session without a post: none of the operator's grants counts in it."""
MOST_KEPT = 100_000
_SECRET = ("csrfmiddlewaretoken", "password", "old", "new", "again", "code")
_ALWAYS = ("lock", "lock_open", "lock_alive", "logout", "oidc_start", "oidc_back")
"""Addresses that a locked session may ask for."""
_UNCHANGED = (*_ALWAYS, "password", "lock_draft")
"""Addresses that may be asked for before an expired password is changed."""


class WorkSession:
    """Binds the request's operator to the post chosen at sign-in; refuses while the session is locked."""

    def __init__(self, get_response: Callable[[HttpRequest], HttpResponse]) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponse:
        """Answer inside the work session, or lead to the lock, the sign-in or the change of password."""
        operator = request.user
        if not isinstance(operator, Operator):
            return self.get_response(request)
        now = timezone.now()
        token = request.session.get(TOKEN, "")
        session = doors.session_of(token=token, operator=operator) if token else None
        if session is None:
            logout(request)
            return self.get_response(request)
        request.work = session  # type: ignore[attr-defined]
        by_hand = request.headers.get("X-Poll") is None
        if doors.touch(session=session, now=now, by_hand=by_hand) and not _is_one_of(request, _ALWAYS):
            return _locked(request)
        operator.bind(authority_of(operator=operator, on=timezone.localdate(now), chosen=session.grant_id or NO_GRANT))
        own = not request.session.get(
            BY_IDENTITY, False
        )  # who comes in by the identity provider needs no password here
        if own and operators.password_expired(operator=operator, now=now) and not _is_one_of(request, _UNCHANGED):
            messages.warning(request, "密码是初始密码或已到期，请先修改密码再办理业务")
            return redirect("password")
        actor = Actor(
            operator=operator.login,
            post=operator.post,
            address=session.address,
            channel="web",
            area=operator.area[:6],
        )
        with acting(actor):
            return self.get_response(request)


def _is_one_of(request: HttpRequest, names: tuple[str, ...]) -> bool:
    return request.path in {reverse(name) for name in names}


def _locked(request: HttpRequest) -> HttpResponse:
    """A part of a page tells the browser to show the lock; a page leads to it; what was typed is kept."""
    if request.headers.get("HX-Request") or request.headers.get("X-Poll"):
        return HttpResponse(status=204, headers={"HX-Trigger": "session-locked", "X-Locked": "1"})
    if request.method == "GET":
        return HttpResponseRedirect(f"{reverse('lock')}?{urlencode({'next': request.get_full_path()})}")
    _keep(request)
    return HttpResponseRedirect(f"{reverse('lock')}?{urlencode({'next': reverse('lock_draft')})}", status=303)


def _keep(request: HttpRequest) -> None:
    fields = [
        (name, value)
        for name, values in request.POST.lists()
        if name not in _SECRET
        for value in values
        if isinstance(value, str)
    ]
    if sum(len(name) + len(value) for name, value in fields) <= MOST_KEPT:
        request.session[DRAFT] = {
            "path": request.get_full_path(),
            "fields": fields,
            "files": [str(file) for file in request.FILES.values()],
        }
