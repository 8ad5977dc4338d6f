"""Files in exchange: an institution's uploads and what the centre prepares for download."""

from __future__ import annotations

import secrets
from dataclasses import dataclass
from datetime import datetime, timedelta

from tongchou.exchange import rejections
from tongchou.exchange.models import StoredFile

LIFETIME = timedelta(days=7)
NUMBER_BYTES = 15
"""30 hexadecimal digits, as long as file_qury_no may be in 3202; a file can't be guessed."""


@dataclass(frozen=True, slots=True)
class StoredFileView:
    """A stored file: number (file_qury_no), name, content, and until when it can be fetched."""

    number: str
    filename: str
    content: bytes
    expires_at: datetime


def store_file(*, institution_code: str, filename: str, content: bytes, now: datetime) -> StoredFileView:
    """Keep a file for an institution for a week; expired ones are dropped on the way."""
    StoredFile.objects.filter(institution_code=institution_code, expires_at__lt=now).delete()
    view = StoredFileView(secrets.token_hex(NUMBER_BYTES), filename, content, now + LIFETIME)
    StoredFile.objects.create(
        number=view.number,
        filename=filename,
        institution_code=institution_code,
        content=content,
        created_at=now,
        expires_at=view.expires_at,
    )
    return view


def fetch_file(*, number: str, institution_code: str, now: datetime) -> StoredFileView:
    """A file of this institution.

    Raises:
        Rejection: EXCH-050 unknown, expired, or of another institution (which is not told apart).
    """
    row = StoredFile.objects.filter(number=number, institution_code=institution_code, expires_at__gte=now).first()
    if row is None:
        raise rejections.FILE_UNKNOWN(number=number)
    return StoredFileView(row.number, row.filename, bytes(row.content), row.expires_at)
