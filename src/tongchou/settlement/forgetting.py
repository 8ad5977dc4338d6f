"""Answers of messages after their time: the receipt stays, so that a message is never settled twice; its text goes."""

from __future__ import annotations

from datetime import datetime

from django.db import connection

_OVER = "received_at < %(before)s AND answer <> ''"


def count_answers(*, before: datetime) -> int:
    """How many answers stored before that moment are still there."""
    with connection.cursor() as cursor:
        cursor.execute(f"SELECT count(*) FROM settlement_receipt WHERE {_OVER}", {"before": before})
        return int(cursor.fetchone()[0])


def forget_answers(*, before: datetime, limit: int) -> int:
    """Empty at most ``limit`` stored answers; returns how many. A repeated message is then refused with SETL-080."""
    with connection.cursor() as cursor:
        cursor.execute(
            f"""UPDATE settlement_receipt r SET answer = '' FROM (
                SELECT institution_code, message_id FROM settlement_receipt WHERE {_OVER} LIMIT %(limit)s FOR UPDATE SKIP LOCKED
            ) o WHERE (r.institution_code, r.message_id) = (o.institution_code, o.message_id)""",
            {"before": before, "limit": limit},
        )
        return int(cursor.rowcount)
