"""The data keys and the backups: never in one place, and never only in one.

A backup without the keys of its personal data is half a backup; a backup with them beside it is an open one. So ``backup`` refuses a
folder that holds keys, and says so until a drill has opened a backup with a copy of the keys in use now.
"""

from __future__ import annotations

import hashlib
import json
import os
from datetime import datetime
from pathlib import Path
from typing import Any

from tongchou.operation.rejections import KEYS_BESIDE_BACKUPS, NOT_KEYS

FILE = "data-keys.json"
PROOF = "copy-proved.json"
"""In the folder of the keys: which keys a drill has opened a backup with from a copy, and when."""


def refuse_keys_beside(place: Path, home: Path) -> None:
    """Refuse to back up into a folder where keys lie, or into the folder of the keys.

    Raises:
        Rejection: OPER-033.
    """
    place, keys = place.resolve(), (home / "keys").resolve()
    found = next((path for path in _keys_in(place)), None)
    if place == keys or keys in place.parents:
        found = keys
    if found is not None:
        raise KEYS_BESIDE_BACKUPS(keys=found, backups=place)


def reminder(home: Path) -> str | None:
    """What to say after a backup: no copy of the present keys has been proved to open a backup. ``None``: one has."""
    present = _digest(_present(home))
    if present is None or present == _proved(home):
        return None
    return (
        "备份中没有数据密钥：请把 keys/data-keys.json 的副本存放在备份以外的安全处，"
        "并用 tongchou drill --keys 副本 证明它能打开备份"
    )


def read_copy(path: Path) -> str:
    """The content of a copy of the keys.

    Raises:
        Rejection: OPER-034 it can't be read or holds no keys.
    """
    try:
        text = path.read_text("utf-8")
        if "keys" not in json.loads(text):
            raise ValueError("no keys in it")
    except (OSError, ValueError) as error:
        raise NOT_KEYS(file=path, reason=str(error)) from error
    return text


def prove(home: Path, copy: str, *, now: datetime) -> bool:
    """Note that a drill opened a backup with this copy. False: the copy is not of the keys in use now (rotated since)."""
    digest = _digest(copy)
    if digest is None or digest != _digest(_present(home)):
        return False
    folder = home / "keys"
    folder.mkdir(mode=0o700, exist_ok=True)
    (folder / PROOF).write_text(json.dumps({"keys": digest, "at": now.isoformat()}), "utf-8")
    return True


def _keys_in(place: Path) -> list[Path]:
    return [path for pattern in (FILE, f"*/{FILE}") for path in place.glob(pattern)] if place.is_dir() else []


def _present(home: Path) -> str | None:
    file = home / "keys" / FILE
    return os.environ.get("TONGCHOU_DATA_KEYS") or (file.read_text("utf-8") if file.is_file() else None)


def _proved(home: Path) -> str | None:
    file = home / "keys" / PROOF
    return str(json.loads(file.read_text("utf-8"))["keys"]) if file.is_file() else None


def _digest(text: str | None) -> str | None:
    """The same for the same keys, however the file is laid out."""
    if text is None:
        return None
    content: Any = json.loads(text)
    return hashlib.sha256(json.dumps(content, sort_keys=True).encode()).hexdigest()
