"""Reads of personal accounts."""

from __future__ import annotations

from django.db import connection

from tongchou.accounts.core import AccountView, Finding
from tongchou.accounts.models import Account

LEDGER_CODE = "2201"
"""Ledger account of the personal accounts; the party of an entry is the account's id. A balance we owe is a credit."""

_DIFFERENCES = """
    SELECT a.id, a.person_id, a.balance, coalesce(e.total, 0)
    FROM accounts_account a
    FULL JOIN (
        SELECT entry.party, -sum(entry.amount)::bigint AS total
        FROM ledger_entry entry JOIN ledger_account account ON account.id = entry.account_id
        WHERE account.code = %s GROUP BY entry.party
    ) e ON e.party = a.id
    WHERE coalesce(a.balance, 0) <> coalesce(e.total, 0)
    ORDER BY 1 LIMIT %s
"""


def account_of(*, person_id: int, scheme: str) -> AccountView | None:
    """The personal account of a person in a scheme, or ``None``."""
    row = Account.objects.filter(person_id=person_id, scheme=scheme).first()
    if row is None:
        return None
    return AccountView(id=row.pk, person_id=row.person_id, scheme=row.scheme, balance=row.balance, version=row.version)


def check(*, limit: int = 100) -> list[Finding]:
    """Accounts whose balance differs from the sum of their ledger entries (invariant of the ledger, point 7).

    Returns:
        At most ``limit`` findings; empty when all is well.
    """
    with connection.cursor() as cursor:
        cursor.execute(_DIFFERENCES, [LEDGER_CODE, limit])
        return [
            Finding(account_id=account or 0, person_id=person or 0, balance=balance or 0, entries=entries)
            for account, person, balance, entries in cursor.fetchall()
        ]
