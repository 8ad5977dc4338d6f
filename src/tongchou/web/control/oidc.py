"""Signing in by the city's identity provider: OpenID Connect, authorisation code with PKCE, by Authlib. Off by default.

What Authlib proves (state, PKCE, nonce, signature by the provider's keys, issuer, audience, times) is asked for here with nothing
left optional. What follows (which operator, which post, one-time code, lock-out) is that of every sign-in: ``entrance.enter``.
"""

from __future__ import annotations

import logging
import time
from functools import cache
from typing import Any
from urllib.parse import urlencode

from authlib.common.errors import AuthlibBaseError
from authlib.integrations.django_client import OAuth
from django.contrib import messages
from django.http import Http404, HttpRequest, HttpResponse, HttpResponseRedirect
from django.shortcuts import redirect
from django.urls import reverse
from django.utils import timezone
from django.utils.http import url_has_allowed_host_and_scheme
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_safe
from joserfc.errors import JoseError
from requests import RequestException

from tongchou.control.api import Operator, doors, identities
from tongchou.control.rejections import IDENTITY_FAILED
from tongchou.kernel.rejection import Rejection
from tongchou.web.access import PUBLIC, page
from tongchou.web.control.entrance import enter
from tongchou.web.control.provider import Provider, identity_provider

SIGNED_WITH = ("RS256", "RS384", "RS512", "PS256", "PS384", "PS512", "ES256", "ES384", "ES512", "EdDSA", "Ed25519")
"""Only signatures by a key that the provider keeps to itself: never none, never a shared secret."""
LEEWAY_SECONDS = 30
TIMEOUT_SECONDS = 10
REST_SECONDS = 15
"""After the provider did not answer it is left alone so long: visitors of the page must not keep our threads waiting for it."""
FRESH_SECONDS = 300
LONGEST_SESSION = 255
TARGET, UNLOCKS = "oidc_target", "oidc_unlocks"
_resting: dict[str, float] = {}
_log = logging.getLogger("tongchou.web")


@never_cache
@require_safe
@page(PUBLIC)
def start(request: HttpRequest) -> HttpResponse:
    """Send the browser to the provider. Whoever is signed in and locked is asked anew there, to unlock."""
    ours = provider_of_this_site()
    unlocking = request.user.is_authenticated
    wanted = request.GET.get("next", "/")
    asked: dict[str, Any] = {"prompt": "login", "max_age": 0} if unlocking else {}
    try:
        client = client_of(ours)
        answer: HttpResponse = client.authorize_redirect(
            request, request.build_absolute_uri(reverse("oidc_back")), **asked
        )
    except (AuthlibBaseError, RequestException, ValueError, KeyError, RuntimeError) as error:
        return _refuse(request, IDENTITY_FAILED(why="认证服务没有应答"), error)
    request.session[TARGET] = wanted if url_has_allowed_host_and_scheme(wanted, {request.get_host()}) else "/"
    request.session[UNLOCKS] = unlocking
    return answer


@never_cache
@require_safe
@page(PUBLIC)
def back(request: HttpRequest) -> HttpResponse:
    """The provider sends the browser back: prove who it is, then go on as after the right password."""
    ours = provider_of_this_site()
    target, unlocking = request.session.pop(TARGET, "/"), request.session.pop(UNLOCKS, False)
    try:
        claims = _claims(request, ours, fresh=unlocking)
        now, address = timezone.now(), str(request.META.get("REMOTE_ADDR") or "0.0.0.0")  # noqa: S104 (for "unknown")
        operator = identities.sign_in_by_identity(issuer=ours.issuer, subject=claims["sub"], address=address, now=now)
    except Rejection as refused:
        return _refuse(request, refused, None)
    except (AuthlibBaseError, JoseError, RequestException, ValueError, KeyError, RuntimeError, TypeError) as error:
        return _refuse(request, IDENTITY_FAILED(why="认证服务的答复未通过校验"), error)
    if request.user.is_authenticated:
        return _unlock(request, operator, target, asked=unlocking)
    methods = claims.get("amr") or []
    shown = isinstance(methods, list) and bool(ours.factors & {str(one) for one in methods})
    sid = claims.get("sid")
    session = sid if isinstance(sid, str) and len(sid) <= LONGEST_SESSION else ""
    return enter(request, operator, target, by_identity=True, factor_shown=shown, provider_session=session)


@require_safe
@page(PUBLIC)
def out(request: HttpRequest) -> HttpResponse:
    """Sign out at the provider too, after our own session has ended."""
    ours = provider_of_this_site()
    try:
        ends = client_of(ours).load_server_metadata().get("end_session_endpoint")
    except (AuthlibBaseError, RequestException, ValueError, KeyError, RuntimeError):
        ends = None
    if request.user.is_authenticated or not ends:
        return redirect("login")
    asked = {"client_id": ours.client, "post_logout_redirect_uri": request.build_absolute_uri(reverse("login"))}
    return HttpResponseRedirect(f"{ends}?{urlencode(asked)}")


def provider_of_this_site() -> Provider:
    """The provider that is switched on; else there is nothing here (404)."""
    ours = identity_provider()
    if ours is None:
        raise Http404("没有启用统一身份认证")
    return ours


@cache
def _registered(ours: Provider) -> Any:
    """The client of a provider; it keeps the provider's document and keys, and asks for the keys anew when it meets a new one."""
    return OAuth().register(
        "provider",
        client_id=ours.client,
        client_secret=ours.secret or None,
        server_metadata_url=ours.issuer.rstrip("/") + "/.well-known/openid-configuration",
        client_kwargs={
            "scope": "openid",
            "code_challenge_method": "S256",
            "default_timeout": TIMEOUT_SECONDS,
            "token_endpoint_auth_method": "client_secret_basic" if ours.secret else "none",
        },
    )


def client_of(ours: Provider) -> Any:
    """The client with the provider's document, which must name the issuer that the site trusts."""
    client = _registered(ours)
    if time.monotonic() < _resting.get(ours.issuer, 0):
        raise ValueError("the provider did not answer a moment ago")
    try:
        known = client.load_server_metadata()
    except (RequestException, ValueError):
        _resting[ours.issuer] = time.monotonic() + REST_SECONDS
        raise
    if known["issuer"] != ours.issuer:
        _registered.cache_clear()
        raise ValueError("the document names another issuer")
    offered = known.get("id_token_signing_alg_values_supported") or ["RS256"]
    known["id_token_signing_alg_values_supported"] = [one for one in offered if one in SIGNED_WITH] or ["RS256"]
    return client


def _claims(request: HttpRequest, ours: Provider, *, fresh: bool) -> dict[str, Any]:
    """The proved claims of the ID token.

    Raises:
        AuthlibBaseError, JoseError, ValueError …: something about it is not as it must be.
    """
    if request.GET.get("iss", ours.issuer) != ours.issuer:
        raise ValueError("the answer comes from another issuer")
    options = {
        "iss": {"essential": True, "value": ours.issuer},
        "aud": {"essential": True, "value": ours.client},
        "sub": {"essential": True},
        "exp": {"essential": True},
        "iat": {"essential": True},
        "nonce": {"essential": True},
    }
    token = client_of(ours).authorize_access_token(request, claims_options=options, leeway=LEEWAY_SECONDS)
    claims = token.get("userinfo")
    if not claims or not isinstance(claims["sub"], str):
        raise ValueError("no ID token")
    if fresh and time.time() - int(claims["auth_time"]) > FRESH_SECONDS:
        raise ValueError("the provider did not ask anew")
    return dict(claims)


def _unlock(request: HttpRequest, operator: Operator, target: str, *, asked: bool) -> HttpResponse:
    """The one who is signed in was asked anew; another person's proof opens nothing."""
    work = getattr(request, "work", None)
    if not asked or work is None or operator.pk != request.user.pk:
        messages.error(request, "统一身份认证的账号不是当前登录的操作员，会话仍然锁定")
        return redirect("lock")
    doors.unlock_by_identity(session=work, now=timezone.now())
    return HttpResponseRedirect(target)


def _refuse(request: HttpRequest, refused: Rejection, error: Exception | None) -> HttpResponse:
    if error is not None:  # the kind only: a token in the text is nobody's business
        _log.warning("sign-in by identity provider refused: %s", type(error).__name__)
    messages.error(request, refused.told)
    return redirect("lock" if request.user.is_authenticated else "login")
