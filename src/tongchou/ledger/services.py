"""Use cases of the ledger: post, reverse, open an area's chart. Closing a day lives in closing.py."""

from __future__ import annotations

import json
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from datetime import date, datetime
from typing import Any
from zoneinfo import ZoneInfo

import psycopg
from django.db import DatabaseError, connection, transaction

from tongchou.ledger import core, queries
from tongchou.ledger.chart import chart
from tongchou.ledger.core import EntryLine
from tongchou.ledger.rejections import ALREADY_REVERSED, DAY_CLOSED, DUPLICATE_KEY, UNBALANCED, UNKNOWN_JOURNAL

LOCAL = ZoneInfo("Asia/Shanghai")
"""Business dates are days in China."""


def ensure_chart(*, area: str) -> None:
    """Create the accounts of the chart that the area does not have yet. Idempotent."""
    with connection.cursor() as cursor:
        cursor.executemany(
            """
            INSERT INTO ledger_account (area, code, name, fund, parent_id, nature, party_kind)
            SELECT %s, %s, %s, %s, (SELECT id FROM ledger_account WHERE area = %s AND code = %s), %s, %s
            ON CONFLICT (area, code) DO NOTHING
            """,
            [(area, row.code, row.name, row.fund, area, row.parent, row.nature, row.party) for row in chart()],
        )
    queries.forget_accounts()


def business_date(*, area: str, now: datetime) -> date:
    """The business date of what happens now: today (in China), or the first day after the last closed one."""
    return core.open_day(today=now.astimezone(LOCAL).date(), closed_through=queries.closed_through(area=area))


def post(
    *,
    journal_id: int,
    area: str,
    business_date: date,
    kind: str,
    business_key: str,
    cause: str,
    cause_id: int,
    lines: Sequence[EntryLine],
    posted_at: datetime,
    policy: str = "",
    memo: str = "",
) -> None:
    """Post one balanced journal.

    Raises:
        Rejection: LEDG-001 unbalanced, LEDG-002 closed day, LEDG-005 key already posted, LEDG-009 unknown account.
    """
    off = core.difference(lines)
    if off:
        raise UNBALANCED(key=business_key, difference=off)
    entries = [(queries.account_id(area=area, code=line.account_code), line.party, line.amount) for line in lines]
    journal = _journal(
        id=journal_id, area=area, business_date=business_date, kind=kind, business_key=business_key, cause=cause,
        cause_id=cause_id, policy=policy, memo=memo, posted_at=posted_at, reversal_of=None, entries=entries,
    )  # fmt: skip
    _write(journal, entries)


def reverse(
    *,
    journal_id: int,
    reversal_id: int,
    business_date: date,
    business_key: str,
    posted_at: datetime,
    kind: str = "reversal",
    cause: str = "journal",
    cause_id: int | None = None,
    memo: str = "",
) -> None:
    """Post the mirror of a journal (红冲), once.

    Args:
        journal_id: the journal to reverse.
        reversal_id: id of the new journal.

    Raises:
        Rejection: LEDG-002 closed day, LEDG-003 already reversed, LEDG-004 unknown journal.
    """
    with transaction.atomic():
        found = queries.rows("SELECT area, policy FROM ledger_journal WHERE id = %s", journal_id)
        if not found:
            raise UNKNOWN_JOURNAL(journal=journal_id)
        area, policy = found[0]
        if queries.rows("SELECT 1 FROM ledger_journal WHERE reversal_of_id = %s", journal_id):
            raise ALREADY_REVERSED(journal=journal_id)
        entries = queries.rows(
            "SELECT account_id, party, -amount FROM ledger_entry WHERE journal_id = %s ORDER BY line", journal_id
        )
        journal = _journal(
            id=reversal_id, area=area, business_date=business_date, kind=kind, business_key=business_key, cause=cause,
            cause_id=journal_id if cause_id is None else cause_id, policy=policy, memo=memo, posted_at=posted_at,
            reversal_of=journal_id, entries=entries,
        )  # fmt: skip
        _write(journal, entries)


def _journal(*, entries: Sequence[tuple[int, int, int]], **columns: Any) -> dict[str, Any]:
    amounts = [amount for _, _, amount in entries]
    texts = {name: value.isoformat() if isinstance(value, date) else value for name, value in columns.items()}
    return {**texts, "entry_count": len(amounts), "turnover": core.turnover(amounts)}


def _write(journal: dict[str, Any], entries: Sequence[tuple[int, int, int]]) -> None:
    rows = [
        {
            "journal_id": journal["id"],
            "line": number,
            "account_id": account,
            "party": party,
            "amount": amount,
            "business_date": journal["business_date"],
        }
        for number, (account, party, amount) in enumerate(entries, start=1)
    ]
    with refusals(journal), transaction.atomic(), connection.cursor() as cursor:
        cursor.execute("SELECT ledger_post(%s::json, %s::json)", [json.dumps([journal]), json.dumps(rows)])


@contextmanager
def refusals(journal: dict[str, Any]) -> Iterator[None]:
    """Turn what the database refuses about a journal into the catalogue's rejections."""
    try:
        yield
    except DatabaseError as error:
        cause = error.__cause__
        state = getattr(cause, "sqlstate", None)
        if state == "TC004":
            raise DAY_CLOSED(area=journal["area"], day=journal["business_date"]) from error
        if isinstance(cause, psycopg.errors.UniqueViolation):
            constraint = cause.diag.constraint_name or ""
            if "business_key" in constraint:
                raise DUPLICATE_KEY(key=journal["business_key"]) from error
            if "reversal_of" in constraint:
                raise ALREADY_REVERSED(journal=journal["reversal_of"]) from error
        raise
