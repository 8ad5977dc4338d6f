"""Reads of personal accounts."""

from __future__ import annotations

from django.db import connection

from tongchou.accounts.core import AccountView, FamilyView, Finding
from tongchou.accounts.models import Account, FamilyBinding
from tongchou.kernel.period import Period

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


def members_of(*, owner_id: int) -> list[FamilyView]:
    """Who may or might pay from a person's accounts, the newest binding first; ended ones too."""
    return _families(owner_id=owner_id)


def owners_of(*, member_id: int) -> list[FamilyView]:
    """Whose accounts a person may or might pay from, the newest binding first; ended ones too."""
    return _families(member_id=member_id)


def binding(*, binding_id: int) -> FamilyView | None:
    """One binding, or ``None``."""
    return next(iter(_families(pk=binding_id)), None)


def _families(**which: int) -> list[FamilyView]:
    found = FamilyBinding.objects.filter(**which).select_related("owner", "member")
    return [family_view(row) for row in found.order_by("-period", "-pk")]


def family_view(row: FamilyBinding) -> FamilyView:
    """The view of a row."""
    return FamilyView(
        id=row.pk,
        owner_id=row.owner_id,
        owner_number=row.owner.number,
        owner_name=row.owner.name,
        member_id=row.member_id,
        member_number=row.member.number,
        member_name=row.member.name,
        scheme=row.scheme,
        relation=row.get_relation_display(),
        period=Period(row.period.lower, row.period.upper),
    )


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
