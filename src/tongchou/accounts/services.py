"""Use cases of personal accounts. Every movement of a balance is a journal of the ledger, in the same transaction."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import date, datetime

from django.db import IntegrityError, connection, transaction
from django.db.models import F

from tongchou.accounts import rejections
from tongchou.accounts.models import Account
from tongchou.accounts.queries import LEDGER_CODE
from tongchou.kernel.money import format_yuan
from tongchou.ledger import api as ledger
from tongchou.registry import api as registry

ACCOUNT_COLUMNS = ("id", "person_id", "scheme", "balance", "version")


def open_account(*, person_id: int, scheme: str) -> int:
    """Open a personal account with balance zero.

    Returns:
        The id of the account.

    Raises:
        Rejection: ACCT-001 exists already.
    """
    try:
        with transaction.atomic():
            return Account.objects.create(person_id=person_id, scheme=scheme).pk
    except IntegrityError as error:
        if "account_person_scheme_unique" not in str(error):
            raise
        raise rejections.ACCOUNT_EXISTS(scheme=scheme) from error


@transaction.atomic
def credit(
    *,
    person_id: int,
    scheme: str,
    amount: int,
    area: str,
    source_code: str,
    journal_id: int,
    business_date: date,
    kind: str,
    business_key: str,
    posted_at: datetime,
    memo: str = "",
) -> int:
    """Put money into a personal account (划入): debit where it comes from, credit the account; the balance follows.

    Args:
        amount: fen, positive.
        source_code: ledger account that is debited, for example the contribution income.
        journal_id: from the process's serial source.
        business_key: unique; the same key again is refused by the ledger, nothing is booked twice.

    Returns:
        The new balance in fen.

    Raises:
        Rejection: ACCT-002 no account, ACCT-003 amount not positive, or the ledger's own.
    """
    if amount <= 0:
        raise rejections.AMOUNT_NOT_POSITIVE(amount=format_yuan(amount))
    return _move(
        person_id=person_id,
        scheme=scheme,
        delta=amount,
        area=area,
        other_code=source_code,
        journal_id=journal_id,
        business_date=business_date,
        kind=kind,
        business_key=business_key,
        posted_at=posted_at,
        memo=memo,
    )


@transaction.atomic
def debit(
    *,
    person_id: int,
    scheme: str,
    amount: int,
    area: str,
    target_code: str,
    journal_id: int,
    business_date: date,
    kind: str,
    business_key: str,
    posted_at: datetime,
    memo: str = "",
) -> int:
    """Take money out of a personal account (for example paying out the balance of a deceased); never below zero.

    Args:
        amount: fen, positive.
        target_code: ledger account that is credited.

    Returns:
        The new balance in fen.

    Raises:
        Rejection: ACCT-002 no account, ACCT-003 amount not positive, ACCT-004 balance too small, or the ledger's own.
    """
    if amount <= 0:
        raise rejections.AMOUNT_NOT_POSITIVE(amount=format_yuan(amount))
    return _move(
        person_id=person_id,
        scheme=scheme,
        delta=-amount,
        area=area,
        other_code=target_code,
        journal_id=journal_id,
        business_date=business_date,
        kind=kind,
        business_key=business_key,
        posted_at=posted_at,
        memo=memo,
    )


def _move(
    *,
    person_id: int,
    scheme: str,
    delta: int,
    area: str,
    other_code: str,
    journal_id: int,
    business_date: date,
    kind: str,
    business_key: str,
    posted_at: datetime,
    memo: str,
) -> int:
    account_id, balance = _change_balance(person_id, scheme, delta)
    ledger.post(
        journal_id=journal_id,
        area=area,
        business_date=business_date,
        kind=kind,
        business_key=business_key,
        cause="account",
        cause_id=account_id,
        lines=(
            ledger.EntryLine(other_code, delta),
            ledger.EntryLine(LEDGER_CODE, -delta, party=account_id),
        ),
        memo=memo,
        posted_at=posted_at,
    )
    return balance


def _change_balance(person_id: int, scheme: str, delta: int) -> tuple[int, int]:
    """One conditional statement: the balance moves only if it stays at or above zero."""
    account = Account.objects.filter(person_id=person_id, scheme=scheme)
    moved = account.filter(balance__gte=-delta).update(balance=F("balance") + delta, version=F("version") + 1)
    row = account.values_list("pk", "balance").first()
    if row is None:
        raise rejections.NO_ACCOUNT(scheme=scheme)
    if not moved:
        raise rejections.NOT_ENOUGH(balance=format_yuan(row[1]), amount=format_yuan(-delta))
    return row


def load_accounts(rows: Iterable[tuple[object, ...]]) -> int:
    """Load accounts in bulk by COPY (``ACCOUNT_COLUMNS``). The caller posts the opening balances in the ledger.

    Returns:
        Number of rows.
    """
    with connection.cursor() as cursor:
        return registry.copy_rows(cursor, "accounts_account", ACCOUNT_COLUMNS, rows)


def reserve_account_ids(count: int) -> range:
    """Take ``count`` consecutive ids for accounts that are to be loaded."""
    with connection.cursor() as cursor:
        cursor.execute("SELECT pg_advisory_xact_lock(hashtext('accounts_account_id_seq'))")
        cursor.execute(
            "SELECT setval('accounts_account_id_seq', nextval('accounts_account_id_seq') + %s::bigint)", [count]
        )
        (last,) = cursor.fetchone()
    return range(last - count, last)
