"""Sealing of backups with age (X25519, ChaCha20-Poly1305): the machine knows the public key only.

Whoever steals the backup disk, or the machine itself, can't read the backups; the private key lies in the safe.
"""

from __future__ import annotations

import gzip
import io
import os
import shutil
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any, BinaryIO, cast

import pyrage

from tongchou.operation.rejections import KEY_NEEDED, NOT_A_KEY, WRONG_KEY

SUFFIX = ".age"


def new_key() -> tuple[str, str]:
    """A new pair: public key (``age1…``) and private key (``AGE-SECRET-KEY-1…``)."""
    identity = pyrage.x25519.Identity.generate()
    return str(identity.to_public()), str(identity)


def recipient(text: str | None = None) -> Any | None:
    """The public key that backups are sealed for, or ``None``: they are not sealed.

    Args:
        text: the key; default is the environment variable TONGCHOU_BACKUP_KEY.

    Raises:
        Rejection: OPER-013 it is not a public key.
    """
    text = os.environ.get("TONGCHOU_BACKUP_KEY", "") if text is None else text
    if not text.strip():
        return None
    try:
        return pyrage.x25519.Recipient.from_str(text.strip())
    except pyrage.RecipientError as error:
        raise NOT_A_KEY(reason=str(error)) from error


def identity(path: Path) -> Any:
    """The private key in a file; lines that begin with ``#`` are comments.

    Raises:
        Rejection: OPER-013 the file holds no private key.
    """
    try:
        lines = [line.strip() for line in path.read_text("ascii").splitlines() if line.strip()]
        return pyrage.x25519.Identity.from_str(next(line for line in lines if not line.startswith("#")))
    except (OSError, ValueError, StopIteration, pyrage.IdentityError) as error:
        raise NOT_A_KEY(reason=f"{path}: {error}") from error


def seal(path: Path, key: Any) -> Path:
    """Seal a file in place; returns its new path. The open file is removed."""
    sealed = path.with_name(path.name + SUFFIX)
    pyrage.encrypt_file(str(path), str(sealed), [key])
    path.unlink()
    return sealed


def pack(source: Path, target: Path, key: Any | None) -> Path:
    """Compress one log segment and seal it if there is a key; complete or not at all. Returns where it lies.

    Histories of timelines (numbers only, and needed to choose a backup) are kept as they are.
    """
    if source.name.endswith(".history"):
        shutil.copyfile(source, target)
        return target
    target = target.with_name(target.name + ".gz" + (SUFFIX if key else ""))
    building = target.with_name(f".{target.name}.{os.getpid()}")
    packed = io.BytesIO()
    with gzip.GzipFile(fileobj=packed, mode="wb", compresslevel=1, mtime=0) as file:
        file.write(source.read_bytes())
    raw = packed.getvalue()
    building.write_bytes(pyrage.encrypt(raw, [key]) if key else raw)
    with building.open("rb") as file:
        os.fsync(file.fileno())
    building.rename(target)
    return target


@contextmanager
def opened(path: Path, *, key: Any | None, backup: str) -> Iterator[BinaryIO]:
    """The content of a file, unsealed and decompressed if need be.

    Raises:
        Rejection: OPER-011 it is sealed and there is no key; OPER-012 the key does not fit, or the file is broken.
    """
    with _unsealed(path, key=key, backup=backup) as plain:
        if path.name.removesuffix(SUFFIX).endswith(".gz"):
            with gzip.GzipFile(fileobj=plain, mode="rb") as file:
                yield cast(BinaryIO, file)
        else:
            yield plain


@contextmanager
def _unsealed(path: Path, *, key: Any | None, backup: str) -> Iterator[BinaryIO]:
    if path.suffix != SUFFIX:
        with path.open("rb") as file:
            yield file
        return
    if key is None:
        raise KEY_NEEDED(backup=backup)
    # Unsealed into a nameless file beside the target of the restore: age verifies while it reads.
    with tempfile.TemporaryFile(dir=_scratch()) as plain:
        try:
            with path.open("rb") as file:
                pyrage.decrypt_io(file, plain, [key])
        except pyrage.DecryptError as error:
            raise WRONG_KEY(backup=backup) from error
        plain.seek(0)
        yield cast(BinaryIO, plain)


def _scratch() -> str | None:
    return os.environ.get("TONGCHOU_SCRATCH") or None


def copy(source: BinaryIO, target: Path) -> None:
    """Write a stream to a file."""
    with target.open("wb") as file:
        shutil.copyfileobj(source, file, 1024 * 1024)
