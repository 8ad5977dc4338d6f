"""Signatures of requests (interface section 5), off unless the centre switches a variant on.

``TONGCHOU_GATEWAY_SIGNING`` names the variant: empty (hospital intranet, nothing is checked), ``hmac`` (variant 1, CSB-type
gateway headers) or ``tif`` (variant 2, x-tif headers). ``TONGCHOU_GATEWAY_KEYS`` names a file with one ``user<TAB>secret`` per
line. Both variants sign headers, not the body; use them together with TLS.
"""

from __future__ import annotations

import base64
import hashlib
import hmac
import os
from collections.abc import Callable, Mapping
from datetime import datetime
from functools import cache
from pathlib import Path

from tongchou.exchange import rejections

WINDOW_SECONDS = 30 * 60
Headers = Mapping[bytes, bytes]
Verifier = Callable[[Headers, Mapping[str, str], datetime], None]

_HMAC_HEADERS = ("_api_access_key", "_api_name", "_api_timestamp", "_api_version")


def verify(headers: Headers, *, now: datetime) -> None:
    """Check a request's signature with the variant that is switched on.

    Raises:
        Rejection: EXCH-040 a header is missing, EXCH-041 the time stamp is out of the window, EXCH-042 wrong signature.
    """
    variant = os.environ.get("TONGCHOU_GATEWAY_SIGNING", "")
    if variant:
        VARIANTS[variant](headers, _keys(os.environ["TONGCHOU_GATEWAY_KEYS"]), now)


def verify_hmac(headers: Headers, keys: Mapping[str, str], now: datetime) -> None:
    """Variant 1: base64(HMAC-SHA1(secret, "k=v&…")) over the four gateway headers, sorted by name. Raises like verify."""
    values = {name: _header(headers, name) for name in _HMAC_HEADERS}
    _check_window(values["_api_timestamp"], 1000, now)
    text = "&".join(f"{name}={values[name]}" for name in sorted(values))
    secret = keys.get(values["_api_access_key"], "")
    signature = base64.b64encode(hmac.new(secret.encode(), text.encode(), hashlib.sha1).digest()).decode()
    _check_equal(signature, _header(headers, "_api_signature"), known=bool(secret))


def verify_tif(headers: Headers, keys: Mapping[str, str], now: datetime) -> None:
    """Variant 2: SHA-256 hex of timestamp + secret + nonce + timestamp, upper or lower case. Raises like verify."""
    user, nonce = _header(headers, "x-tif-paasid"), _header(headers, "x-tif-nonce")
    timestamp, claimed = _header(headers, "x-tif-timestamp"), _header(headers, "x-tif-signature")
    _check_window(timestamp, 1, now)
    secret = keys.get(user, "")
    signature = hashlib.sha256(f"{timestamp}{secret}{nonce}{timestamp}".encode()).hexdigest()
    _check_equal(signature, claimed.lower(), known=bool(secret))


VARIANTS: dict[str, Verifier] = {"hmac": verify_hmac, "tif": verify_tif}


def _header(headers: Headers, name: str) -> str:
    value = headers.get(name.encode())
    if not value:
        raise rejections.UNSIGNED(header=name)
    return value.decode("latin-1")


def _check_window(timestamp: str, per_second: int, now: datetime) -> None:
    if not timestamp.isascii() or not timestamp.isdigit() or len(timestamp) > 16:
        raise rejections.SIGNATURE_EXPIRED()
    if abs(int(timestamp) // per_second - int(now.timestamp())) > WINDOW_SECONDS:
        raise rejections.SIGNATURE_EXPIRED()


def _check_equal(signature: str, claimed: str, *, known: bool) -> None:
    if not hmac.compare_digest(signature.encode(), claimed.encode("latin-1", "replace")) or not known:
        raise rejections.SIGNATURE_WRONG()


@cache
def _keys(file: str) -> dict[str, str]:
    lines = Path(file).read_text(encoding="utf-8").splitlines()
    return dict(line.split("\t", 1) for line in lines if "\t" in line)
