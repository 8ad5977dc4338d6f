"""What settlement keeps and reads encrypted: certificate numbers in snapshots, the stored answers of messages."""

from __future__ import annotations

import json
from base64 import b64decode
from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

from tongchou.control.api import Column, decrypt, decrypt_bytes, encrypt_bytes

if TYPE_CHECKING:
    from tongchou.settlement.models import Encounter

CERT_NO = "registry.person.cert_no"
ANSWER, CONTACT = "settlement.receipt.answer", "settlement.encounter.contact"
PRIVATE = frozenset({"coner_name", "tel", "fpsc_no"})
"""Registered particulars of a person, by their national names: contact, telephone, family planning certificate."""
_MARK = "sealed:"

ANSWERS = Column(
    table="settlement_receipt",
    cipher="answer",
    label=ANSWER,
    key=("institution_code", "message_id"),
    plain=True,
    where="answer <> ''",
)
"""Answers from before encryption begin with a mark of their own (answers.py)."""


def open_text(kind: type, value: str) -> str:
    """The ``dec_hook`` of decoders of snapshots: opens what the SQL functions hand over as ``sealed:`` and base64.

    Raises:
        Rejection: CTRL-050 the key is missing, CTRL-051 the ciphertext does not verify.
    """
    if not value.startswith(_MARK):
        return value
    return decrypt(column=CERT_NO, data=b64decode(value[len(_MARK) :]))


def seal_answer(answer: bytes) -> bytes:
    """An answer as it is stored."""
    return encrypt_bytes(column=ANSWER, data=answer)


def open_answer(stored: bytes) -> bytes:
    """A stored answer as it was given.

    Raises:
        Rejection: CTRL-050 the key is missing, CTRL-051 the ciphertext does not verify.
    """
    return decrypt_bytes(column=ANSWER, data=stored)


def keep_details(encounter: Encounter, details: Mapping[str, Any]) -> None:
    """Add registered particulars to an encounter (columns ``details`` and ``contact``); what is personal is encrypted."""
    encounter.details = {**encounter.details, **{name: value for name, value in details.items() if name not in PRIVATE}}
    private = {name: value for name, value in details.items() if name in PRIVATE}
    if private:
        encounter.contact = json.dumps(_private(encounter) | private, ensure_ascii=False, sort_keys=True)


def details_of(encounter: Encounter) -> dict[str, Any]:
    """The registered particulars of an encounter, the personal ones too."""
    return {**encounter.details, **_private(encounter)}


def _private(encounter: Encounter) -> dict[str, Any]:
    return json.loads(encounter.contact) if encounter.contact else {}
