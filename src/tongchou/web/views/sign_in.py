"""Sign in, sign out, change the password."""

from __future__ import annotations

from django.conf import settings
from django.contrib import messages
from django.contrib.auth import logout as end_session
from django.contrib.auth import update_session_auth_hash
from django.http import HttpRequest, HttpResponse, HttpResponseRedirect
from django.shortcuts import redirect, render
from django.urls import reverse
from django.utils import timezone
from django.utils.http import url_has_allowed_host_and_scheme
from django.views.decorators.cache import never_cache
from django.views.decorators.debug import sensitive_post_parameters
from django.views.decorators.http import require_http_methods, require_POST

from tongchou.control.api import doors
from tongchou.control.api import operators as accounts
from tongchou.control.api import sign_in as check_operator
from tongchou.kernel.rejection import Rejection
from tongchou.web.access import ACCOUNT, PUBLIC, Request, page
from tongchou.web.control.entrance import enter
from tongchou.web.control.middleware import BY_IDENTITY
from tongchou.web.control.provider import identity_provider
from tongchou.web.forms import PasswordForm, SignInForm


@never_cache
@sensitive_post_parameters("password")
@require_http_methods(["GET", "POST"])
@page(PUBLIC)
def sign_in(request: HttpRequest) -> HttpResponse:
    """Ask who is there; a session starts only after the name and password were right."""
    if request.user.is_authenticated:
        return HttpResponseRedirect(_target(request, request.GET.get("next", "")))
    form = SignInForm(request.POST or None, initial={"next": request.GET.get("next", "")})
    refusal = None
    if form.is_valid():
        try:
            operator = check_operator(
                login=form.cleaned_data["login"],
                password=form.cleaned_data["password"],
                address=address_of(request),
                now=timezone.now(),
            )
        except Rejection as rejected:
            refusal = rejected
        else:
            return enter(request, operator, _target(request, form.cleaned_data["next"]))
    status = 200 if request.method == "GET" else 422
    context = {"form": form, "refusal": refusal, "provider": identity_provider(), "left": request.GET.get("left")}
    return render(request, "web/sign_in.html", context, status=status)


@require_POST
@page(ACCOUNT)
def sign_out(request: Request) -> HttpResponse:
    """End the session."""
    doors.end_session(session=request.work, by="退出登录", now=timezone.now())
    by_identity = request.session.get(BY_IDENTITY, False)
    end_session(request)
    messages.success(request, "已退出登录")
    return redirect(reverse("login") + ("?left=1" if by_identity else ""))


@sensitive_post_parameters("old", "new", "again")
@require_http_methods(["GET", "POST"])
@page(ACCOUNT)
def password(request: Request) -> HttpResponse:
    """Change one's own password; other sessions of the operator end."""
    form = PasswordForm(request.user, request.POST or None)
    if form.is_valid():
        try:
            accounts.change_password(operator=request.user, new=form.cleaned_data["new"], now=timezone.now())
        except Rejection as refused:
            form.add_error("new", refused.told)
        else:
            update_session_auth_hash(request, request.user)
            messages.success(request, "密码已修改，下次登录请使用新密码")
            return redirect("desk")
    return render(request, "web/password.html", {"form": form}, status=422 if form.errors else 200)


def address_of(request: HttpRequest) -> str:
    """The address that the connection comes from. A forwarded address can be forged, so it is not asked."""
    return str(request.META.get("REMOTE_ADDR") or "0.0.0.0")  # noqa: S104 (no binding: the answer for "unknown")


def _target(request: HttpRequest, wanted: str) -> str:
    if url_has_allowed_host_and_scheme(wanted, {request.get_host()}, require_https=request.is_secure()):
        return wanted
    return settings.LOGIN_REDIRECT_URL
