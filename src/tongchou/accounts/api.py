"""What other capabilities may use of personal accounts."""

from tongchou.accounts.approvals import BINDING, ENDING, propose_binding, propose_ending
from tongchou.accounts.core import AccountView, FamilyView, Finding
from tongchou.accounts.families import FAMILY_COLUMNS, Wish, admitted_relations, bind, end_binding, load_families
from tongchou.accounts.queries import LEDGER_CODE, account_of, binding, check, members_of, owners_of
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
    "BINDING",
    "ENDING",
    "FAMILY_COLUMNS",
    "LEDGER_CODE",
    "AccountView",
    "FamilyView",
    "Finding",
    "Wish",
    "account_of",
    "admitted_relations",
    "bind",
    "binding",
    "check",
    "credit",
    "debit",
    "end_binding",
    "load_accounts",
    "load_families",
    "members_of",
    "open_account",
    "owners_of",
    "propose_binding",
    "propose_ending",
    "reserve_account_ids",
]
