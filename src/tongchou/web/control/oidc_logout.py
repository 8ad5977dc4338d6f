"""The identity provider ends sessions here: OpenID Connect Back-Channel Logout 1.0. It calls us itself, without a browser.

The token is proved like an ID token: by the provider's own keys, for us, just now, and it says what it is; then the sessions that
began by this provider end. Sessions begun with the password here, and those begun after the token, go on.
"""

from __future__ import annotations

import logging
import time
from datetime import UTC, datetime
from typing import Any

from authlib.common.errors import AuthlibBaseError
from django.http import HttpRequest, HttpResponse, JsonResponse
from django.utils import timezone
from django.views.decorators.cache import never_cache
from django.views.decorators.csrf import csrf_exempt
from django.views.decorators.http import require_POST
from joserfc import jwt
from joserfc.errors import InvalidKeyIdError, JoseError
from joserfc.jwk import KeySet
from joserfc.jws import JWSRegistry
from requests import RequestException

from tongchou.control.api import identities
from tongchou.web.access import PUBLIC, page
from tongchou.web.control.oidc import LEEWAY_SECONDS, REST_SECONDS, SIGNED_WITH, client_of, provider_of_this_site
from tongchou.web.control.provider import Provider

EVENT = "http://schemas.openid.net/event/backchannel-logout"
OLDEST_SECONDS = 600
LONGEST_TOKEN = 8_000
_asked_anew: dict[str, float] = {}
_log = logging.getLogger("tongchou.web")


@csrf_exempt  # the provider has no cookie of ours: the token's signature is the proof
@never_cache
@require_POST
@page(PUBLIC)
def notice(request: HttpRequest) -> HttpResponse:
    """A logout token in the field ``logout_token``: 200 when its sessions are ended, 400 when it proves nothing."""
    ours = provider_of_this_site()
    token = request.POST.get("logout_token", "")
    try:
        claims = _proved(token[:LONGEST_TOKEN], ours)
    except (AuthlibBaseError, JoseError, RequestException, ValueError, KeyError, RuntimeError, TypeError) as error:
        _log.warning("logout token refused: %s", type(error).__name__)
        return JsonResponse({"error": "invalid_request"}, status=400)
    identities.end_sessions(
        issuer=ours.issuer,
        subject=claims.get("sub", ""),
        provider_session=claims.get("sid", ""),
        begun_until=datetime.fromtimestamp(claims["iat"] + LEEWAY_SECONDS, UTC),
        address=str(request.META.get("REMOTE_ADDR") or ""),
        now=timezone.now(),
    )
    return HttpResponse(status=200)


def _proved(token: str, ours: Provider) -> dict[str, Any]:
    """The claims of a logout token. Source: OpenID Connect Back-Channel Logout 1.0, 2.4 and 2.6.

    Raises:
        JoseError, ValueError …: something about it is not as it must be.
    """
    client = client_of(ours)
    decoded = _decoded(token, client, ours)
    if decoded.header.get("typ", "logout+jwt").lower() not in ("logout+jwt", "jwt"):
        raise ValueError("another kind of token")
    known = jwt.JWTClaimsRegistry(
        leeway=LEEWAY_SECONDS,
        iss={"essential": True, "value": ours.issuer},
        aud={"essential": True, "value": ours.client},
        iat={"essential": True},
        exp={"essential": True},
        jti={"essential": True},
        events={"essential": True},
    )
    claims = decoded.claims
    known.validate(claims)
    if not isinstance(claims["events"], dict) or not isinstance(claims["events"].get(EVENT), dict):
        raise ValueError("no logout event")
    if "nonce" in claims:
        raise ValueError("an ID token is no logout token")
    named = [claims[name] for name in ("sub", "sid") if name in claims]
    if not named or not all(isinstance(each, str) and 0 < len(each) <= 255 for each in named):
        raise ValueError("neither subject nor session")
    if time.time() - int(claims["iat"]) > OLDEST_SECONDS:
        raise ValueError("too old")
    return dict(claims)


def _decoded(token: str, client: Any, ours: Provider) -> Any:
    registry = JWSRegistry(algorithms=list(SIGNED_WITH), strict_check_header=False)
    try:
        return jwt.decode(token, KeySet.import_key_set(client.fetch_jwk_set()), registry=registry)
    except InvalidKeyIdError:  # the provider may have changed its keys; strangers must not make us ask all the time
        if time.monotonic() < _asked_anew.get(ours.issuer, 0):
            raise
        _asked_anew[ours.issuer] = time.monotonic() + REST_SECONDS
        return jwt.decode(token, KeySet.import_key_set(client.fetch_jwk_set(force=True)), registry=registry)
