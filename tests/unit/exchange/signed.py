"""An institution and a centre with keys in a folder: what the tests of signed messages need."""

from __future__ import annotations

import json
from collections.abc import Mapping
from datetime import UTC, date, datetime
from pathlib import Path
from typing import Any

from tongchou.exchange.checker import TIME_ZONE
from tongchou.exchange.signing import keyring, sm
from tongchou.exchange.signing.keyring import CENTRE, Key, Ring
from tongchou.traffic.signer import Signer

HOSPITAL = "H62990100001"
NOW = datetime(2026, 11, 22, 4, 0, tzinfo=UTC)
EVER = date(2026, 1, 1)


def centre_key() -> str:
    """Give the centre a key; its public part."""
    private, public = sm.make_pair()
    kept = keyring.ring(CENTRE) or Ring()
    key = Key(f"c{len(kept.keys)}", sm.public_key(public), bytes.fromhex(private), EVER)
    keyring.write(CENTRE, Ring(keys=(*kept.keys, key)))
    return public


def hand_over(code: str, centre: str, **agreed: Any) -> Signer:
    """Register an institution with a new key, and what it gets."""
    private, public = sm.make_pair()
    sm4 = sm.make_key() if agreed.get("encryption", "off") != "off" else ""
    kept = keyring.ring(code) or Ring()
    key = Key(f"k{len(kept.keys)}", sm.public_key(public), bytes.fromhex(sm4), EVER)
    changed = Ring(keys=(*kept.keys, key), **agreed)
    keyring.write(code, changed)
    return Signer(
        {
            "private": private,
            "public": public,
            "centre": [centre],
            "signer": "1234567812345678",
            "covers": changed.covers,
            "encryption": changed.encryption,
            "cipher": changed.cipher,
            "sm4": sm4,
        }
    )


def sign_by_hand(signer: Signer, fields: Mapping[str, Any], *, empties: bool = True) -> dict[str, Any]:
    """A message with the signature of interface section 5, variant 3, and nothing else done to it."""
    rest = {name: value for name, value in fields.items() if name not in ("cainfo", "input")}
    parts = [f"{name}={'' if rest[name] is None else rest[name]}" for name in sorted(rest) if empties or rest[name]]
    return {**fields, "cainfo": signer._sign("&".join(parts).encode())}


def message(**changes: Any) -> dict[str, Any]:
    """The fields of a message, its input a string as in the newer baseline."""
    fields = {
        "infno": "1201",
        "msgid": f"{HOSPITAL}202611221200000001",
        "mdtrtarea_admvs": "629901",
        "dev_no": "",
        "signtype": "SM2",
        "inf_time": f"{NOW.astimezone(TIME_ZONE):%Y-%m-%d %H:%M:%S}",
        "fixmedins_code": HOSPITAL,
        "fixmedins_name": "陇安市人民医院",
        "input": '{"data":{"fixmedins_code":"H62990100001"}}',
    }
    return {**fields, **changes}


def with_digest(fields: Mapping[str, Any]) -> dict[str, Any]:
    """The same with the digest of its input, a string."""
    return {**fields, "input_sm3": sm.sm3(str(fields["input"]).encode()).hex()}


def body(fields: Mapping[str, Any]) -> bytes:
    """A message as it is sent."""
    return json.dumps(fields, ensure_ascii=False).encode()


def use_folder(monkeypatch: Any, folder: Path) -> None:
    """Switch variant ``sm`` on, with the keys of a folder."""
    monkeypatch.setenv("TONGCHOU_GATEWAY_SIGNING", "sm")
    monkeypatch.setenv("TONGCHOU_GATEWAY_KEYS", str(folder))
