"""Files in exchange: an institution's uploads and what the centre prepares for download."""

from __future__ import annotations

import secrets
from dataclasses import dataclass
from datetime import datetime, timedelta

from django.db.models import BigIntegerField, F, Func, Sum

from tongchou.exchange import rejections
from tongchou.exchange.models import StoredFile

LIFETIME = timedelta(days=7)
ALLOWANCE = 256 * 2**20
"""Bytes that an institution may have lying here."""
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
    """Keep a file for an institution for a week; expired ones are dropped on the way.

    Raises:
        Rejection: EXCH-053 the institution's files would be more than ALLOWANCE bytes.
    """
    own = StoredFile.objects.filter(institution_code=institution_code)
    own.filter(expires_at__lt=now).delete()
    kept = own.aggregate(size=Sum(Func(F("content"), function="octet_length", output_field=BigIntegerField())))["size"]
    if (kept or 0) + len(content) > ALLOWANCE:
        raise rejections.FILES_FULL(limit=ALLOWANCE // 2**20)
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
