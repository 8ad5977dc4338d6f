"""What other rooms may use of the ledger."""

from tongchou.kernel.funds import ACCOUNT_FUNDS, FUNDS
from tongchou.ledger.checks import check
from tongchou.ledger.closing import (
    ACCOUNT,
    CASH,
    FUND_TOTAL,
    TOTAL,
    DayFigures,
    close_day,
    figures_of,
    open_days,
    views_of,
)
from tongchou.ledger.core import EntryLine, open_day
from tongchou.ledger.queries import account_id, account_ids, areas, balance, closed_through, forget_accounts, is_closed
from tongchou.ledger.services import business_date, ensure_chart, post, reverse

__all__ = [
    "ACCOUNT",
    "ACCOUNT_FUNDS",
    "CASH",
    "FUNDS",
    "FUND_TOTAL",
    "TOTAL",
    "DayFigures",
    "EntryLine",
    "account_id",
    "account_ids",
    "areas",
    "balance",
    "business_date",
    "check",
    "close_day",
    "closed_through",
    "ensure_chart",
    "figures_of",
    "forget_accounts",
    "is_closed",
    "open_day",
    "open_days",
    "post",
    "reverse",
    "views_of",
]
