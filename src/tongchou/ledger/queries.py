"""Reads of the ledger: chart, balances as of any day, closed days."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import date
from typing import Any

from django.db import connection

from tongchou.ledger.rejections import UNKNOWN_ACCOUNT

_account_ids: dict[str, dict[str, int]] = {}


def account_ids(*, area: str) -> Mapping[str, int]:
    """Account code → id of an area. Kept in the process: accounts are added, never renumbered."""
    known = _account_ids.get(area)
    if not known:
        known = dict(rows("SELECT code, id FROM ledger_account WHERE area = %s", area))
        _account_ids[area] = known
    return known


def forget_accounts() -> None:
    """Drop the cached charts (after accounts were added, and between tests)."""
    _account_ids.clear()


def account_id(*, area: str, code: str) -> int:
    """Id of one account.

    Raises:
        Rejection: LEDG-009 the area has no such account.
    """
    known = account_ids(area=area).get(code)
    if known is None:
        forget_accounts()
        known = account_ids(area=area).get(code)
    if known is None:
        raise UNKNOWN_ACCOUNT(area=area, code=code)
    return known


def closed_through(*, area: str) -> date | None:
    """The last closed business day of an area; every day up to it is closed."""
    value: date | None = rows("SELECT ledger_closed_through(%s)", area)[0][0]
    return value


def is_closed(*, area: str, day: date) -> bool:
    """Whether the day takes no more journals."""
    last = closed_through(area=area)
    return last is not None and day <= last


_BALANCE = """
WITH base AS (
    SELECT max(day) AS day FROM ledger_businessday
    WHERE area = %(area)s AND closed_at IS NOT NULL AND (%(on)s::date IS NULL OR day <= %(on)s::date)
), account AS (
    SELECT id FROM ledger_account
    WHERE area = %(area)s AND (code = %(code)s OR starts_with(code, %(code)s || '.'))
)
SELECT coalesce((
    SELECT sum(b.balance) FROM ledger_dailybalance b, base
    WHERE b.area = %(area)s AND b.day = base.day AND b.account_id IN (SELECT id FROM account)
      AND (%(party)s::bigint IS NULL OR b.party = %(party)s::bigint)
), 0) + coalesce((
    SELECT sum(e.amount) FROM ledger_entry e, base
    WHERE e.account_id IN (SELECT id FROM account)
      AND (%(party)s::bigint IS NULL OR e.party = %(party)s::bigint)
      AND (base.day IS NULL OR e.business_date > base.day)
      AND (%(on)s::date IS NULL OR e.business_date <= %(on)s::date)
), 0)
"""
_PERSON_BALANCE = """
SELECT coalesce(sum(e.amount), 0) FROM ledger_entry e
WHERE e.account_id = %(account)s AND e.party = %(party)s AND (%(on)s::date IS NULL OR e.business_date <= %(on)s::date)
"""


def balance(*, area: str, account_code: str, party: int | None = None, on: date | None = None) -> int:
    """Balance of an account and its sub-accounts in fen, debit positive.

    The last daily balance at or before the day plus the entries since. Balances of single persons are not kept per day
    (there are millions); theirs is the sum of their few entries.

    Args:
        party: one institution or personal account, or ``None`` for all.
        on: as of the end of this business day, or ``None`` for now.

    Raises:
        Rejection: LEDG-009 the area has no such account.
    """
    account = account_id(area=area, code=account_code)
    kind = rows("SELECT party_kind FROM ledger_account WHERE id = %s", account)[0][0]
    given: dict[str, Any] = {"area": area, "code": account_code, "account": account, "party": party, "on": on}
    sql = _PERSON_BALANCE if kind == "person" and party is not None else _BALANCE
    return int(rows(sql, given)[0][0])


def rows(sql: str, *given: Any) -> list[Any]:
    """All rows of a statement; one mapping argument binds by name, otherwise by position."""
    parameters = given[0] if len(given) == 1 and isinstance(given[0], dict) else list(given)
    with connection.cursor() as cursor:
        cursor.execute(sql, parameters)
        return list(cursor.fetchall()) if cursor.description else []


def areas() -> list[str]:
    """The pooling areas that have a chart, by code."""
    return [area for (area,) in rows("SELECT DISTINCT area FROM ledger_account ORDER BY 1")]
