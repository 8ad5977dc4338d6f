"""Personal data of raw queries in clear. Models open their own columns; a query by SQL gets ciphertexts and asks here.

Who shows what comes from here masks it (``kernel.identifiers``), or records why not.
"""

from __future__ import annotations

from base64 import b64decode
from collections.abc import MutableMapping
from typing import Any

from tongchou.control.api import decrypt
from tongchou.registry.models import SEALED


def clear_person(row: MutableMapping[str, Any]) -> None:
    """Replace ``cert_no_cipher``, ``phone_cipher``, ``address_cipher`` of a person's row by their text, without ``_cipher``.

    Raises:
        Rejection: CTRL-050 the key is missing, CTRL-051 a ciphertext does not verify.
    """
    for name in SEALED["registry_person"]:
        if f"{name}_cipher" in row:
            row[name] = clear_text(column=f"registry.person.{name}", data=row.pop(f"{name}_cipher"))


def clear_text(*, column: str, data: bytes | str | None) -> str:
    """The text of an encrypted column (``registry.card.number``), as bytes or base64 (in JSON); NULL is empty.

    Raises:
        Rejection: CTRL-050 the key is missing, CTRL-051 the ciphertext does not verify.
    """
    if data is None:
        return ""
    return decrypt(column=column, data=b64decode(data) if isinstance(data, str) else data)
