"""Receipts of messages: the same message gets the same answer, whatever it asked for."""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime

import psycopg
from django.db import OperationalError, connection, transaction

from tongchou.kernel.rejection import Rejection
from tongchou.settlement import answers, rejections
from tongchou.settlement.core.inputs import Receipt
from tongchou.settlement.core.snapshots import ReceiptSnapshot
from tongchou.settlement.database import run
from tongchou.settlement.settling import ATTEMPTS, stored_answer

_READ = """
SELECT transaction, encode(body_hash, 'hex'), encode(answer, 'base64'), subject, undone_by
FROM settlement_receipt WHERE institution_code = %s AND message_id = %s
"""
_KEEP = """
INSERT INTO settlement_receipt (
    institution_code, message_id, transaction, body_hash, answer, subject, received_at, undone_by)
VALUES (%s, %s, %s, %s, %s, %s, %s, '') ON CONFLICT DO NOTHING RETURNING 1
"""


_BAR = """
INSERT INTO settlement_receipt (
    institution_code, message_id, transaction, body_hash, answer, subject, received_at, undone_by)
VALUES (%s, %s, %s, '', '', 0, %s, %s) ON CONFLICT DO NOTHING RETURNING 1
"""


class _TakenMeanwhile(Exception):
    """The same message was answered by somebody else while we worked: roll back, give that answer."""


def read_receipt(receipt: Receipt) -> ReceiptSnapshot | None:
    """What is stored for the message, or ``None``."""
    rows = run(_READ, (receipt.institution_code, receipt.message_id))
    return ReceiptSnapshot(*rows[0]) if rows else None


def bar(message: Receipt, *, by: str, now: datetime) -> bool:
    """Bar a message that 2601 wants undone and that never came: should it still be on its way, it is refused (SETL-002).

    Otherwise a settlement that waited in a queue while the database failed over would be booked after its institution
    had been told that there is nothing to undo.

    Returns:
        False when the message has been answered meanwhile.
    """
    row = (message.institution_code, message.message_id, message.transaction, now, by)
    return bool(run(_BAR, row))


def once(*, receipt: Receipt, work: Callable[[], tuple[bytes, int]], now: datetime) -> bytes:
    """Do the work of a writing transaction and store its answer, in one transaction, at most once for a message.

    Args:
        work: does it and returns the answer and the id of what it wrote (encounter, settlement …, 0 where there is none).

    Returns:
        The answer; of a repeated message the stored one.

    Raises:
        Rejection: SETL-001 the message id belongs to another request, SETL-002 it was undone, and what the work refuses.
    """
    for attempt in range(1, ATTEMPTS + 1):
        known = read_receipt(receipt)
        if known is not None:
            return stored_answer(known, receipt)
        try:
            return _work_and_keep(receipt, work, now)
        except (_TakenMeanwhile, Rejection):
            # A refusal may only be the shadow of the same message, committed by another thread a moment ago.
            if read_receipt(receipt) is None:
                raise
        except (psycopg.errors.DeadlockDetected, OperationalError) as error:
            deadlock = isinstance(error, psycopg.Error) or isinstance(error.__cause__, psycopg.errors.DeadlockDetected)
            if attempt == ATTEMPTS or not deadlock or connection.in_atomic_block:
                raise
    raise rejections.BUSY(person_number="")


def _work_and_keep(receipt: Receipt, work: Callable[[], tuple[bytes, int]], now: datetime) -> bytes:
    with transaction.atomic():
        answer, subject = work()
        row = (
            receipt.institution_code,
            receipt.message_id,
            receipt.transaction,
            receipt.body_hash,
            answers.pack(answer),
            subject,
            now,
        )
        if not run(_KEEP, row):
            raise _TakenMeanwhile
        return answer
