"""A small OpenID provider over real HTTP, which keeps to the protocol or breaks one rule of it on purpose."""

from __future__ import annotations

import base64
import hashlib
import hmac
import json
import secrets
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any
from urllib.parse import parse_qs, urlencode, urlsplit

from joserfc import jwt
from joserfc.jwk import RSAKey

CLIENT = "tongchou"
KEY = RSAKey.generate_key(2048, {"kid": "one", "use": "sig", "alg": "RS256"}, auto_kid=False)


class Provider:
    """What it would tell about whoever is at its door; ``lie`` changes the claims, ``header`` and ``key`` the signature."""

    def __init__(self) -> None:
        self.key = KEY
        self.signs_with: Any = self.key
        self.header: dict[str, Any] = {"alg": "RS256", "kid": "one"}
        self.subject = "wang.xiulan"
        self.lie: dict[str, Any] = {}
        self.metadata: dict[str, Any] = {}
        self.issuer = ""
        self.tokens_given = 0
        self._codes: dict[str, dict[str, str]] = {}

    def authorise(self, address: str) -> str:
        """The person says yes: the address to which the provider sends the browser back."""
        asked = {name: values[0] for name, values in parse_qs(urlsplit(address).query).items()}
        assert asked["response_type"] == "code"
        assert asked["code_challenge_method"] == "S256", "PKCE"
        assert asked["client_id"] == CLIENT
        assert "openid" in asked["scope"]
        code = secrets.token_urlsafe(16)
        self._codes[code] = asked
        return asked["redirect_uri"] + "?" + urlencode({"code": code, "state": asked["state"]})

    def token(self, form: dict[str, str]) -> tuple[int, dict[str, Any]]:
        """The token endpoint. A code works once, and only for who has the verifier of its challenge."""
        asked = self._codes.pop(form.get("code", ""), None)
        digest = hashlib.sha256(form.get("code_verifier", "").encode()).digest()
        if (
            asked is None
            or _text(digest) != asked["code_challenge"]
            or form.get("redirect_uri") != asked["redirect_uri"]
        ):
            return 400, {"error": "invalid_grant"}
        self.tokens_given += 1
        now = int(time.time())
        claims = {"iss": self.issuer, "aud": CLIENT, "sub": self.subject, "iat": now, "exp": now + 300,
                  "nonce": asked["nonce"], "auth_time": now, **self.lie}  # fmt: skip
        claims = {name: value for name, value in claims.items() if value is not None}
        return 200, {"access_token": secrets.token_urlsafe(), "token_type": "Bearer", "id_token": self._signed(claims)}

    def _signed(self, claims: dict[str, Any]) -> str:
        if self.header["alg"] == "none":
            return ".".join(_text(json.dumps(part).encode()) for part in (self.header, claims)) + "."
        if self.header["alg"] == "HS256":
            head, body = (_text(json.dumps(part).encode()) for part in (self.header, claims))
            secret = self.key.as_pem(private=False)
            return f"{head}.{body}.{_text(hmac.digest(secret, f'{head}.{body}'.encode(), 'sha256'))}"
        algorithms = [self.header["alg"]]
        return jwt.encode(self.header, claims, self.signs_with, algorithms=algorithms)

    def shared_secret(self) -> None:
        """The classic confusion: the public key's text as the secret of an HMAC."""
        self.header = {"alg": "HS256", "kid": "one"}

    def document(self) -> dict[str, Any]:
        return {
            "issuer": self.issuer,
            "authorization_endpoint": f"{self.issuer}/authorise",
            "token_endpoint": f"{self.issuer}/token",
            "jwks_uri": f"{self.issuer}/keys",
            "end_session_endpoint": f"{self.issuer}/out",
            "id_token_signing_alg_values_supported": ["RS256", "HS256", "none"],
            **self.metadata,
        }


def _text(raw: bytes) -> str:
    return base64.urlsafe_b64encode(raw).rstrip(b"=").decode()


@contextmanager
def running() -> Iterator[Provider]:
    """The provider on a free port."""
    ours = Provider()

    class Handler(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            keys = {"keys": [ours.key.as_dict(private=False)]}
            known = {"/.well-known/openid-configuration": ours.document(), "/keys": keys}
            self._say(200, known[self.path])

        def do_POST(self) -> None:
            form = parse_qs(self.rfile.read(int(self.headers["Content-Length"])).decode())
            self._say(*ours.token({name: values[0] for name, values in form.items()}))

        def _say(self, status: int, what: dict[str, Any]) -> None:
            body = json.dumps(what).encode()
            self.send_response(status)
            self.send_header("Content-Type", "application/json")
            self.send_header("Content-Length", str(len(body)))
            self.end_headers()
            self.wfile.write(body)

        def log_message(self, *args: object) -> None:
            """Quiet."""

    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    ours.issuer = f"http://127.0.0.1:{server.server_port}"
    threading.Thread(target=server.serve_forever, daemon=True).start()
    try:
        yield ours
    finally:
        server.shutdown()
        server.server_close()
