"""Encryption of single columns and their search by keyed hash. Keys lie outside the database.

A ciphertext is ``version 1 byte | key id 2 bytes | nonce 12 | ciphertext and tag``; the column's label is authenticated
with it, so a value can't be moved to another column unnoticed. Which cipher a key belongs to stands with the key:
AES-256-GCM, or SM4-GCM where ``TONGCHOU_CIPHER=SM4-GCM`` when the key is made.

Keys: ``keys/data-keys.json`` in the home folder (mode 0600), or the same JSON in ``TONGCHOU_DATA_KEYS``. They are made at the
first use, but never where the database already holds ciphertexts: then they were lost, and new ones would read nothing.
"""

from __future__ import annotations

import base64
import hmac
import json
import os
import secrets
import struct
import threading
from collections.abc import Callable
from contextlib import suppress
from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path
from typing import Any

from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.ciphers import Cipher, algorithms, modes
from cryptography.hazmat.primitives.ciphers.aead import AESGCM
from django.conf import settings

from tongchou.control.rejections import DATA_TAMPERED, KEY_MISSING, KEYS_LOST, KEYS_UNREADABLE

AES, SM4 = "AES-256-GCM", "SM4-GCM"
KEY_BYTES = {AES: 32, SM4: 16}
VERSION = 1
NONCE_BYTES, TAG_BYTES = 12, 16
_HEAD = struct.Struct(">BH")
_PLACE = "keys/data-keys.json"


@dataclass(frozen=True, slots=True)
class Keys:
    """The keys of an instance: by number, the one that encrypts now, and the keys of the search hash, newest first."""

    current: int
    ciphers: dict[int, tuple[str, bytes]]
    search: tuple[bytes, ...]

    def as_json(self) -> dict[str, Any]:
        """The form in which they are kept."""
        return {
            "current": self.current,
            "keys": {
                str(number): {"cipher": cipher, "key": base64.b64encode(key).decode()}
                for number, (cipher, key) in self.ciphers.items()
            },
            "search": [base64.b64encode(key).decode() for key in self.search],
        }


_lock = threading.Lock()
_cached: tuple[object, Keys] | None = None
_holds_ciphertexts: Callable[[], bool] = bool
"""Says whether the database has ciphertexts; rotation, which knows their columns, puts its own here."""


def ask_before_making(holds_ciphertexts: Callable[[], bool]) -> None:
    """From now on this is asked before keys are made: true means that there were keys, and they are lost."""
    global _holds_ciphertexts
    _holds_ciphertexts = holds_ciphertexts


def keys_file() -> Path:
    """Where the keys lie when no environment variable holds them."""
    return _file_in(settings.HOME.root)


@lru_cache(maxsize=8)
def _file_in(home: Path | str) -> Path:
    return Path(home) / "keys" / "data-keys.json"


def keys() -> Keys:
    """The keys of this instance, made at the first call. A changed file is read again at once.

    Raises:
        Rejection: CTRL-053 they were lost, CTRL-054 they can't be read or written.
    """
    global _cached
    given = os.environ.get("TONGCHOU_DATA_KEYS")
    with _lock:
        mark = given or _mark(f"{settings.HOME.root}/{_PLACE}")
        if _cached is None or mark is None or _cached[0] != mark:
            try:
                loaded = _parse(json.loads(given)) if given else _load_or_make(keys_file())
            except (OSError, ValueError, KeyError, TypeError) as error:
                place = "TONGCHOU_DATA_KEYS" if given else keys_file()
                raise KEYS_UNREADABLE(place=place, why=type(error).__name__) from error
            _cached = (given or _mark(str(keys_file())), loaded)
        return _cached[1]


def encrypt(*, column: str, text: str) -> bytes:
    """The ciphertext of a text, under the current key, for this column (``room.table.column``)."""
    return encrypt_bytes(column=column, data=text.encode())


def encrypt_bytes(*, column: str, data: bytes) -> bytes:
    """The ciphertext of bytes, under the current key, for this column."""
    kept = keys()
    head = _HEAD.pack(VERSION, kept.current)
    nonce = secrets.token_bytes(NONCE_BYTES)
    cipher, key = kept.ciphers[kept.current]
    return head + nonce + _seal(cipher, key, nonce, data, head + column.encode())


def decrypt(*, column: str, data: bytes) -> str:
    """The text of a ciphertext.

    Raises:
        Rejection: CTRL-050 the key is missing, CTRL-051 the ciphertext does not verify.
    """
    return decrypt_bytes(column=column, data=data).decode()


def decrypt_bytes(*, column: str, data: bytes) -> bytes:
    """The bytes of a ciphertext.

    Raises:
        Rejection: CTRL-050 the key is missing, CTRL-051 the ciphertext does not verify.
    """
    raw = bytes(data)
    if len(raw) < _HEAD.size + NONCE_BYTES + TAG_BYTES:
        raise DATA_TAMPERED()
    head, nonce = raw[: _HEAD.size], raw[_HEAD.size : _HEAD.size + NONCE_BYTES]
    number = key_of(raw)
    known = keys().ciphers.get(number)
    if known is None:
        raise KEY_MISSING(key=number)
    cipher, key = known
    try:
        return _open(cipher, key, nonce, raw[_HEAD.size + NONCE_BYTES :], head + column.encode())
    except InvalidTag:
        raise DATA_TAMPERED() from None


class Sealer:
    """Encrypts many texts of one column under the key that was current when it was made."""

    def __init__(self, column: str) -> None:
        kept = keys()
        self._cipher, self._key = kept.ciphers[kept.current]
        self._head = _HEAD.pack(VERSION, kept.current)
        self._label = self._head + column.encode()
        self._column, self._search = column, kept.search[0]

    def seal(self, text: str) -> bytes:
        """The ciphertext of a text."""
        nonce = os.urandom(NONCE_BYTES)
        return self._head + nonce + _seal(self._cipher, self._key, nonce, text.encode(), self._label)

    def hash(self, text: str) -> str:
        """The keyed hash under which the text is found."""
        return _hash(self._search, self._column, text)


def is_sealed(data: bytes) -> bool:
    """Does this begin as a ciphertext does? Texts, answers, PDF, pictures and workbooks begin otherwise."""
    return bytes(data[:1]) == bytes([VERSION])


def key_of(data: bytes) -> int:
    """Number of the key that a ciphertext was made with."""
    return int(_HEAD.unpack(bytes(data)[: _HEAD.size])[1])


def search_hash(*, column: str, text: str) -> str:
    """The keyed hash under which a text is found: HMAC-SHA-256 with the newest search key, as hex."""
    return _hash(keys().search[0], column, text)


def search_hashes(*, column: str, text: str) -> list[str]:
    """The hashes of a text under every search key, newest first: during a rotation rows have the one or the other."""
    return [_hash(key, column, text) for key in keys().search]


def add_key(*, cipher: str | None = None, new_search_key: bool = False) -> int:
    """Make a new key the current one; the older ones stay for reading. Returns its number.

    Raises:
        RuntimeError: the keys come from the environment, where they can't be changed from here.
        ValueError: no such cipher.
    """
    if os.environ.get("TONGCHOU_DATA_KEYS"):
        raise RuntimeError("keys come from TONGCHOU_DATA_KEYS: add the new key there")
    kept = keys()
    number = max(kept.ciphers) + 1
    ciphers = kept.ciphers | {number: _new_key(cipher)}
    search = (secrets.token_bytes(32), *kept.search) if new_search_key else kept.search
    _write(keys_file(), Keys(current=number, ciphers=ciphers, search=search))
    return number


def retire_keys(*, keep: set[int]) -> list[int]:
    """Forget the keys that no row needs any more, except the current one; and old search keys. Returns their numbers."""
    kept = keys()
    gone = [number for number in kept.ciphers if number not in keep | {kept.current}]
    ciphers = {number: key for number, key in kept.ciphers.items() if number not in gone}
    _write(keys_file(), Keys(current=kept.current, ciphers=ciphers, search=kept.search[:1]))
    return gone


def _hash(key: bytes, column: str, text: str) -> str:
    return hmac.digest(key, f"{column}\0{text}".encode(), "sha256").hex()


@lru_cache(maxsize=64)
def _aes(key: bytes) -> AESGCM:
    return AESGCM(key)


def _seal(cipher: str, key: bytes, nonce: bytes, plain: bytes, label: bytes) -> bytes:
    if cipher == AES:
        return _aes(key).encrypt(nonce, plain, label)
    encryptor = Cipher(algorithms.SM4(key), modes.GCM(nonce)).encryptor()
    encryptor.authenticate_additional_data(label)
    return encryptor.update(plain) + encryptor.finalize() + encryptor.tag


def _open(cipher: str, key: bytes, nonce: bytes, sealed: bytes, label: bytes) -> bytes:
    if cipher == AES:
        return _aes(key).decrypt(nonce, sealed, label)
    body, tag = sealed[:-TAG_BYTES], sealed[-TAG_BYTES:]
    decryptor = Cipher(algorithms.SM4(key), modes.GCM(nonce, tag)).decryptor()
    decryptor.authenticate_additional_data(label)
    return decryptor.update(body) + decryptor.finalize()


def _new_key(cipher: str | None = None) -> tuple[str, bytes]:
    chosen = cipher or os.environ.get("TONGCHOU_CIPHER") or AES
    if chosen not in KEY_BYTES:
        raise ValueError(f"no such cipher: {chosen} (one of {', '.join(KEY_BYTES)})")
    return chosen, secrets.token_bytes(KEY_BYTES[chosen])


def _parse(raw: dict[str, Any]) -> Keys:
    ciphers = {int(n): (each["cipher"], base64.b64decode(each["key"])) for n, each in raw["keys"].items()}
    return Keys(
        current=int(raw["current"]), ciphers=ciphers, search=tuple(base64.b64decode(key) for key in raw["search"])
    )


def _mark(path: str) -> object:
    """What tells a file from its successor. As text: asked at each use of a key, a Path would cost more than the cipher."""
    try:
        found = os.stat(path)  # noqa: PTH116
    except FileNotFoundError:
        return None
    return (found.st_mtime_ns, found.st_ino, found.st_size)


def _load_or_make(path: Path) -> Keys:
    if not path.is_file():
        if _holds_ciphertexts():
            raise KEYS_LOST(file=path)
        _write(path, Keys(current=1, ciphers={1: _new_key()}, search=(secrets.token_bytes(32),)), replace=False)
    return _parse(json.loads(path.read_text("utf-8")))


def _write(path: Path, kept: Keys, *, replace: bool = True) -> None:
    path.parent.mkdir(parents=True, exist_ok=True, mode=0o700)
    draft = path.with_name(f".{path.name}.{os.getpid()}.{secrets.token_hex(4)}")
    descriptor = os.open(draft, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
    with os.fdopen(descriptor, "w", encoding="utf-8") as file:
        json.dump(kept.as_json(), file, indent=1)
        file.flush()
        os.fsync(file.fileno())
    if replace:
        draft.replace(path)
        return
    with suppress(FileExistsError):  # whoever comes first makes the keys; nobody overwrites them
        path.hardlink_to(draft)
    draft.unlink()
