"""Signatures in headers (interface section 5, variants 1 and 2), and that all signing is off unless switched on."""

from __future__ import annotations

import base64
import hashlib
import hmac
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from tongchou.exchange import signing
from tongchou.exchange.signing.headers import VARIANTS, User
from tongchou.kernel.rejection import Rejection

NOW = datetime(2026, 11, 22, 4, 0, tzinfo=UTC)
SECRET = "secret"
USERS = {"hospital": User(SECRET)}
BODY = b'{"infno":"1101"}'


def hmac_headers(secret: str = SECRET, at: datetime = NOW, **changes: str) -> dict[bytes, bytes]:
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


def tif_headers(secret: str = SECRET, at: datetime = NOW, *, upper: bool = False) -> dict[bytes, bytes]:
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


def refusal(variant: str, headers: dict[bytes, bytes], users: dict[str, User] | None = None) -> str:
    with pytest.raises(Rejection) as caught:
        VARIANTS[variant](headers, USERS if users is None else users, NOW)
    return caught.value.code


@pytest.fixture
def keys(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> Path:
    """A file of keys that the settings name, with ``tif`` switched on."""
    file = tmp_path / "keys"
    file.write_text("hospital\tsecret\n", encoding="utf-8")
    monkeypatch.setenv("TONGCHOU_GATEWAY_SIGNING", "tif")
    monkeypatch.setenv("TONGCHOU_GATEWAY_KEYS", str(file))
    return file


def test_right_signatures_pass() -> None:
    assert VARIANTS["hmac"](hmac_headers(), USERS, NOW).secret == SECRET
    assert VARIANTS["tif"](tif_headers(), USERS, NOW).secret == SECRET
    assert VARIANTS["tif"](tif_headers(upper=True), USERS, NOW).secret == SECRET


def test_wrong_ones_are_refused() -> None:
    assert refusal("hmac", hmac_headers(secret="other")) == "EXCH-042"
    assert refusal("hmac", hmac_headers(_api_version="2.0.0")) == "EXCH-042"
    assert refusal("hmac", hmac_headers(secret=""), users={}) == "EXCH-042"
    assert refusal("hmac", hmac_headers(_api_signature="")) == "EXCH-040"
    assert refusal("tif", tif_headers(secret="other")) == "EXCH-042"
    assert refusal("tif", {}) == "EXCH-040"


@pytest.mark.parametrize("minutes", [-31, 31])
def test_the_window_is_thirty_minutes(minutes: int) -> None:
    assert refusal("hmac", hmac_headers(at=NOW + timedelta(minutes=minutes))) == "EXCH-041"
    assert refusal("tif", tif_headers(at=NOW + timedelta(minutes=minutes))) == "EXCH-041"
    assert refusal("hmac", hmac_headers(_api_timestamp="soon")) == "EXCH-041"


@pytest.mark.parametrize("value", [None, "", "off"])
def test_off_unless_switched_on(monkeypatch: pytest.MonkeyPatch, value: str | None) -> None:
    monkeypatch.delenv("TONGCHOU_GATEWAY_SIGNING", raising=False)
    if value is not None:
        monkeypatch.setenv("TONGCHOU_GATEWAY_SIGNING", value)
    admitted = signing.admit({}, BODY, None, now=NOW)
    assert admitted.body == BODY
    assert admitted.seal(b"answer") == b"answer"
    admitted.speaks_for("H62990100001")


def test_switched_on_an_unsigned_message_is_refused(keys: Path) -> None:
    assert signing.admit(tif_headers(), BODY, None, now=NOW).body == BODY
    with pytest.raises(Rejection, match="EXCH-040"):
        signing.admit({}, BODY, None, now=NOW)


def test_a_key_that_was_changed_counts_with_the_next_message(keys: Path) -> None:
    signing.admit(tif_headers(), BODY, None, now=NOW)
    keys.write_text("hospital\tanother secret\n", encoding="utf-8")
    with pytest.raises(Rejection, match="EXCH-042"):
        signing.admit(tif_headers(), BODY, None, now=NOW)
    signing.admit(tif_headers("another secret"), BODY, None, now=NOW)


def test_without_its_file_of_keys_the_centre_says_so(keys: Path) -> None:
    keys.unlink()
    with pytest.raises(Rejection, match="EXCH-048"):
        signing.admit(tif_headers(), BODY, None, now=NOW)


def test_a_server_does_not_start_with_wrong_settings(monkeypatch: pytest.MonkeyPatch) -> None:
    from tongchou.project.commands_run import _check_signing
    from tongchou.project.problems import OperationProblem

    monkeypatch.setenv("TONGCHOU_GATEWAY_SIGNING", "SM2")
    with pytest.raises(OperationProblem, match="SM2"):
        _check_signing()
    monkeypatch.delenv("TONGCHOU_GATEWAY_SIGNING")
    _check_signing()


def test_a_user_may_be_held_to_his_institutions(keys: Path) -> None:
    keys.write_text("hospital\tsecret\tH62990100001, H62990100002\n", encoding="utf-8")
    admitted = signing.admit(tif_headers(), BODY, None, now=NOW)
    admitted.speaks_for("H62990100002")
    with pytest.raises(Rejection, match="EXCH-042"):
        admitted.speaks_for("H62990100003")


def test_wrong_settings_are_told_before_the_server_starts(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setenv("TONGCHOU_GATEWAY_SIGNING", "sm9")
    assert "sm9" in signing.misconfiguration()
    monkeypatch.setenv("TONGCHOU_GATEWAY_SIGNING", "hmac")
    monkeypatch.setenv("TONGCHOU_GATEWAY_KEYS", str(tmp_path / "nowhere"))
    assert "nowhere" in signing.misconfiguration()
    monkeypatch.setenv("TONGCHOU_GATEWAY_SIGNING", "off")
    assert signing.misconfiguration() == ""
