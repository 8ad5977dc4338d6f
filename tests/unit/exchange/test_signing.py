"""Signatures of requests, both variants, and that they are off unless switched on."""

from __future__ import annotations

import base64
import hashlib
import hmac
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from tongchou.exchange import signing
from tongchou.kernel.rejection import Rejection

NOW = datetime(2026, 11, 22, 4, 0, tzinfo=UTC)
KEYS = {"hospital": "secret"}


def hmac_headers(secret: str = KEYS["hospital"], at: datetime = NOW, **changes: str) -> dict[bytes, bytes]:
    """The gateway headers as section 5, variant 1, describes them."""
    values = {
        "_api_access_key": "hospital",
        "_api_name": "api_1101",
        "_api_timestamp": str(int(at.timestamp() * 1000)),
        "_api_version": "1.0.0",
    }
    text = "&".join(f"{name}={values[name]}" for name in sorted(values))
    digest = hmac.new(secret.encode(), text.encode(), hashlib.sha1).digest()
    values["_api_signature"] = base64.b64encode(digest).decode()
    return {name.encode(): value.encode() for name, value in {**values, **changes}.items() if value}


def tif_headers(secret: str = KEYS["hospital"], at: datetime = NOW, *, upper: bool = False) -> dict[bytes, bytes]:
    """The x-tif headers of section 5, variant 2."""
    timestamp = str(int(at.timestamp()))
    digest = hashlib.sha256(f"{timestamp}{secret}nonce{timestamp}".encode()).hexdigest()
    values = {
        "x-tif-paasid": "hospital",
        "x-tif-nonce": "nonce",
        "x-tif-timestamp": timestamp,
        "x-tif-signature": digest.upper() if upper else digest,
    }
    return {name.encode(): value.encode() for name, value in values.items()}


def refusal(variant: str, headers: dict[bytes, bytes], keys: dict[str, str] | None = None) -> str:
    with pytest.raises(Rejection) as caught:
        signing.VARIANTS[variant](headers, KEYS if keys is None else keys, NOW)
    return caught.value.code


def test_right_signatures_pass() -> None:
    signing.verify_hmac(hmac_headers(), KEYS, NOW)
    signing.verify_tif(tif_headers(), KEYS, NOW)
    signing.verify_tif(tif_headers(upper=True), KEYS, NOW)


def test_wrong_ones_are_refused() -> None:
    assert refusal("hmac", hmac_headers(secret="other")) == "EXCH-042"
    assert refusal("hmac", hmac_headers(_api_version="2.0.0")) == "EXCH-042"
    assert refusal("hmac", hmac_headers(secret=""), keys={}) == "EXCH-042"
    assert refusal("hmac", hmac_headers(_api_signature="")) == "EXCH-040"
    assert refusal("tif", tif_headers(secret="other")) == "EXCH-042"
    assert refusal("tif", {}) == "EXCH-040"


@pytest.mark.parametrize("minutes", [-31, 31])
def test_the_window_is_thirty_minutes(minutes: int) -> None:
    assert refusal("hmac", hmac_headers(at=NOW + timedelta(minutes=minutes))) == "EXCH-041"
    assert refusal("tif", tif_headers(at=NOW + timedelta(minutes=minutes))) == "EXCH-041"
    assert refusal("hmac", hmac_headers(_api_timestamp="soon")) == "EXCH-041"


def test_off_unless_switched_on(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.delenv("TONGCHOU_GATEWAY_SIGNING", raising=False)
    signing.verify({}, now=NOW)
    keys = tmp_path / "keys"
    keys.write_text("hospital\tsecret\n", encoding="utf-8")
    monkeypatch.setenv("TONGCHOU_GATEWAY_SIGNING", "tif")
    monkeypatch.setenv("TONGCHOU_GATEWAY_KEYS", str(keys))
    signing.verify(tif_headers(), now=NOW)
    with pytest.raises(Rejection, match="EXCH-040"):
        signing.verify({}, now=NOW)
