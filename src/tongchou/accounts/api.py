"""What other capabilities may use of personal accounts."""

from tongchou.accounts.core import AccountView, Finding
from tongchou.accounts.queries import LEDGER_CODE, account_of, check
from tongchou.accounts.services import (
    ACCOUNT_COLUMNS,
    credit,
    debit,
    load_accounts,
    open_account,
    reserve_account_ids,
)

__all__ = [
    "ACCOUNT_COLUMNS",
    "LEDGER_CODE",
    "AccountView",
    "Finding",
    "account_of",
    "check",
    "credit",
    "debit",
    "load_accounts",
    "open_account",
    "reserve_account_ids",
]
