"""Variants 1 and 2: signatures in HTTP headers with a shared secret. They do not cover the body; use them with TLS.

The file of keys has one ``user<TAB>secret`` per line, and may name in a third column, separated by commas, the institutions
that the user sends for; without it the user may send for all. A changed file is read again at once.
"""

from __future__ import annotations

import base64
import hashlib
import hmac
import os
from collections.abc import Callable, Mapping
from datetime import datetime
from functools import lru_cache
from pathlib import Path
from typing import NamedTuple

from tongchou.exchange import rejections
from tongchou.exchange.signing.admitted import Admitted, Headers

WINDOW_SECONDS = 30 * 60
_HMAC_HEADERS = ("_api_access_key", "_api_name", "_api_timestamp", "_api_version")


class User(NamedTuple):
    """A secret and the institutions it speaks for; None means all."""

    secret: str
    institutions: frozenset[str] | None = None


Users = Mapping[str, User]
Verifier = Callable[[Headers, Users, datetime], User]
_NOBODY = User("")


def admit(variant: str, headers: Headers, body: bytes, *, now: datetime) -> Admitted:
    """Check a request's headers with ``hmac`` or ``tif``.

    Raises:
        Rejection: EXCH-040 a header is missing, EXCH-041 the time stamp is out of the window, EXCH-042 wrong signature,
            EXCH-048 the file of keys can't be read.
    """
    file = os.environ.get("TONGCHOU_GATEWAY_KEYS", "")
    try:
        status = os.stat(file)  # noqa: PTH116 - per message; a Path costs more than the look
        users = _users(file, status.st_mtime_ns, status.st_size)
    except (OSError, UnicodeDecodeError) as error:
        raise rejections.GATEWAY_KEYS_WRONG(reason=f"密钥文件无法读取({type(error).__name__})") from None
    return Admitted(body, institutions=VARIANTS[variant](headers, users, now).institutions)


def verify_hmac(headers: Headers, users: Users, now: datetime) -> User:
    """Variant 1: base64(HMAC-SHA1(secret, "k=v&…")) over the four gateway headers, sorted by name. Raises like admit."""
    values = {name: _header(headers, name) for name in _HMAC_HEADERS}
    check_window(values["_api_timestamp"], 1000, now)
    text = "&".join(f"{name}={values[name]}" for name in sorted(values))
    user = users.get(values["_api_access_key"], _NOBODY)
    signature = base64.b64encode(hmac.new(user.secret.encode(), text.encode(), hashlib.sha1).digest()).decode()
    return _checked(user, signature, _header(headers, "_api_signature"))


def verify_tif(headers: Headers, users: Users, now: datetime) -> User:
    """Variant 2: SHA-256 hex of timestamp + secret + nonce + timestamp, upper or lower case. Raises like admit."""
    name, nonce = _header(headers, "x-tif-paasid"), _header(headers, "x-tif-nonce")
    timestamp, claimed = _header(headers, "x-tif-timestamp"), _header(headers, "x-tif-signature")
    check_window(timestamp, 1, now)
    user = users.get(name, _NOBODY)
    signature = hashlib.sha256(f"{timestamp}{user.secret}{nonce}{timestamp}".encode()).hexdigest()
    return _checked(user, signature, claimed.lower())


VARIANTS: dict[str, Verifier] = {"hmac": verify_hmac, "tif": verify_tif}


def _header(headers: Headers, name: str) -> str:
    value = headers.get(name.encode())
    if not value:
        raise rejections.UNSIGNED(header=name)
    return value.decode("latin-1")


def check_window(timestamp: str, per_second: int, now: datetime) -> None:
    """Check that a time stamp in digits is at most half an hour away.

    Args:
        per_second: units of the time stamp in a second.

    Raises:
        Rejection: EXCH-041.
    """
    if not timestamp.isascii() or not timestamp.isdigit() or len(timestamp) > 16:
        raise rejections.SIGNATURE_EXPIRED()
    if abs(int(timestamp) // per_second - int(now.timestamp())) > WINDOW_SECONDS:
        raise rejections.SIGNATURE_EXPIRED()


def _checked(user: User, signature: str, claimed: str) -> User:
    same = hmac.compare_digest(signature.encode(), claimed.encode("latin-1", "replace"))
    if not same or not user.secret:
        raise rejections.SIGNATURE_WRONG()
    return user


@lru_cache(maxsize=4)
def _users(file: str, _changed: int, _size: int) -> dict[str, User]:
    lines = Path(file).read_text(encoding="utf-8").splitlines()
    return dict(_user(line.split("\t")) for line in lines if "\t" in line)


def _user(columns: list[str]) -> tuple[str, User]:
    codes = frozenset(code.strip() for code in ",".join(columns[2:]).split(",") if code.strip())
    return columns[0], User(columns[1], codes or None)
