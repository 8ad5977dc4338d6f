"""The keys of variant ``sm``: a folder outside the database, one file per institution and one of the centre.

``TONGCHOU_GATEWAY_KEYS`` names the folder (default ``gateway-keys`` in the home folder). ``centre.toml`` holds the centre's
pairs, ``<institution>.toml`` an institution's public keys, its SM4 keys and what was agreed with it. All are mode 0600. A
changed file is read again with the next message, so that keys change while the centre works; several are valid at a time.
``tongchou gateway-keys`` writes them.
"""

from __future__ import annotations

import os
import re
import tomllib
from collections.abc import Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass, replace
from datetime import date
from functools import lru_cache
from pathlib import Path
from typing import Any

from tongchou.exchange.signing import sm

CENTRE = "centre"
ALL, ENVELOPE = "all", "envelope"
COVERS = (ALL, ENVELOPE)
"""What an institution's signature covers: input too, through its digest; or the fields around it, as in the field."""
KEPT, DROPPED = "kept", "dropped"
EMPTIES = (KEPT, DROPPED)
"""Whether a client's signed text keeps fields without a value, as ``k=``."""
OFF, ANSWERS, BOTH = "off", "answers", "both"
ENCRYPTION = (OFF, ANSWERS, BOTH)
_CODE = re.compile(r"[0-9A-Z]{1,12}")


class KeysWrong(Exception):
    """A file of keys can't be used; the text (Chinese, without secrets) says which and why."""


@dataclass(frozen=True, slots=True)
class Key:
    """One key of an institution (public, sm4) or of the centre (public, private), and from when until when it is valid."""

    id: str
    public: bytes
    secret: bytes
    """SM4 key of an institution; private key of the centre. Without one, nothing is encrypted under this key."""
    since: date
    until: date | None = None

    def valid(self, on: date) -> bool:
        """Whether it is valid on a day; both ends are."""
        return self.since <= on and (self.until is None or on <= self.until)


@dataclass(frozen=True, slots=True)
class Ring:
    """What was agreed with an institution, and its keys. Of the centre only the keys mean something."""

    keys: tuple[Key, ...] = ()
    covers: str = ALL
    empties: str = KEPT
    encryption: str = OFF
    cipher: str = sm.GCM
    unsigned_until: date | None = None
    """Until that day unsigned messages are let in too: while an institution's system is being changed."""

    def valid(self, on: date) -> tuple[Key, ...]:
        """The keys of a day, newest first."""
        return tuple(sorted((key for key in self.keys if key.valid(on)), key=lambda key: key.since, reverse=True))


def folder() -> Path:
    """Where the keys lie."""
    named = os.environ.get("TONGCHOU_GATEWAY_KEYS")
    return Path(named) if named else Path(os.environ.get("TONGCHOU_HOME") or "var") / "gateway-keys"


def names() -> list[str]:
    """The institutions that have a file, in order."""
    return sorted(file.stem for file in folder().glob("*.toml") if file.stem != CENTRE)


def ring(name: str) -> Ring | None:
    """The keys of an institution, or of the centre. None: it has no file.

    Raises:
        KeysWrong: its file can't be read or is wrong.
    """
    if name != CENTRE and not _CODE.fullmatch(name):
        return None
    file = folder() / f"{name}.toml"
    try:
        status = file.stat()
    except FileNotFoundError:
        return None
    except OSError as error:
        raise KeysWrong(f"{file.name} 无法读取（{type(error).__name__}）") from None
    return _read(str(file), name == CENTRE, status.st_mtime_ns, status.st_size)


@lru_cache(maxsize=4096)
def _read(file: str, centre: bool, _changed: int, _size: int) -> Ring:
    name = Path(file).name
    try:
        return parse(Path(file).read_text(encoding="utf-8"), centre=centre)
    except OSError as error:
        raise KeysWrong(f"{name} 无法读取（{type(error).__name__}）") from None
    except (ValueError, KeyError, TypeError) as error:  # TOMLDecodeError and UnicodeDecodeError are ValueErrors
        raise KeysWrong(f"{name}：{_why(error)}") from None


def _why(error: Exception) -> str:
    if isinstance(error, KeyError):
        return f"缺少 {error.args[0]}"
    return "格式有误" if isinstance(error, tomllib.TOMLDecodeError | UnicodeDecodeError | TypeError) else str(error)


def parse(text: str, *, centre: bool) -> Ring:
    """A file's text as keys.

    Raises:
        ValueError, KeyError, TypeError: it is not TOML, lacks something, or has a key that is none.
    """
    values = tomllib.loads(text)
    keys = tuple(_key(row, centre=centre) for row in values.pop("keys", []))
    agreed = Ring(keys=keys, **values)
    for value, known, name in (
        (agreed.covers, COVERS, "covers"),
        (agreed.empties, EMPTIES, "empties"),
        (agreed.encryption, ENCRYPTION, "encryption"),
        (agreed.cipher, sm.CIPHERS, "cipher"),
    ):
        if value not in known:
            raise ValueError(f"{name} 应为 {'、'.join(known)}")
    if agreed.unsigned_until is not None:
        _day(agreed.unsigned_until, "unsigned_until")
    if agreed.encryption == BOTH and agreed.covers != ALL:
        raise ValueError("encryption = both 须与 covers = all 同用：未经签名的密文不解密")
    return agreed


def _key(row: Mapping[str, Any], *, centre: bool) -> Key:
    public = sm.public_key(row["public"])
    if centre:
        secret = sm.private_key(row["private"], public)
    else:
        secret = sm.symmetric_key(row["sm4"]) if row.get("sm4") else b""
    until = _day(row["until"], "until") if "until" in row else None
    return Key(str(row["id"]), public, secret, _day(row["since"], "since"), until)


def _day(value: object, name: str) -> date:
    if type(value) is not date:  # TOML's date; a date with time is another type
        raise ValueError(f"{name} 应为日期，例如 2026-11-22")
    return value


# --- writing, by the command ------------------------------------------------------------------------------------------


def add_key(kept: Ring, key: Key, *, overlap_until: date | None) -> Ring:
    """A ring with a new key; those before it end with the overlap."""
    before = tuple(
        each
        if each.until is not None and (overlap_until is None or each.until <= overlap_until)
        else _ended(each, overlap_until)
        for each in kept.keys
    )
    return replace(kept, keys=(*before, key))


def _ended(key: Key, until: date | None) -> Key:
    return key if until is None else replace(key, until=until)


def next_id(kept: Ring, on: date) -> str:
    """A name for a new key: the day and a number."""
    taken = {key.id for key in kept.keys}
    return next(name for number in range(1, len(taken) + 2) if (name := f"{on:%Y%m%d}-{number}") not in taken)


def write(name: str, kept: Ring) -> Path:
    """Write a file of keys: whole or not at all, readable by the owner only.

    Raises:
        OSError: the folder can't be written.
    """
    target = folder() / f"{name}.toml"
    target.parent.mkdir(parents=True, exist_ok=True, mode=0o700)
    write_private(target, "\n".join(_lines(name, kept)) + "\n")
    return target


def write_private(target: Path, text: str) -> None:
    """Write a secret: mode 0600 from its first byte on, whole or not at all. Raises OSError."""
    new = target.with_name(f".{target.name}.{os.getpid()}")
    try:
        with os.fdopen(os.open(new, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600), "w", encoding="utf-8") as file:
            file.write(text)
            file.flush()
            os.fsync(file.fileno())
        new.replace(target)
    finally:
        with suppress(FileNotFoundError):
            new.unlink()


def _lines(name: str, kept: Ring) -> Sequence[str]:
    centre = name == CENTRE
    lines = [f"# {'中心' if centre else f'机构 {name} '}的网关密钥，由 tongchou gateway-keys 写；含密钥，权限须为 0600"]
    if not centre:
        for field in ("covers", "empties", "encryption", "cipher"):
            lines.append(f'{field} = "{getattr(kept, field)}"')
        if kept.unsigned_until is not None:
            lines.append(f"unsigned_until = {kept.unsigned_until.isoformat()}")
    for key in kept.keys:
        lines += ["", "[[keys]]", f'id = "{key.id}"', f'public = "04{key.public.hex().upper()}"']
        if key.secret:
            lines.append(f'{"private" if centre else "sm4"} = "{key.secret.hex().upper()}"')
        lines.append(f"since = {key.since.isoformat()}")
        if key.until is not None:
            lines.append(f"until = {key.until.isoformat()}")
    return lines
