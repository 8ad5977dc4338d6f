"""The monthly partitions of the fee lines: created ahead, so that none is ever missing."""

from __future__ import annotations

from datetime import date

from tongchou.kernel.period import add_months
from tongchou.settlement.database import run

AHEAD = 3
BEHIND = 3

_seen: set[date] = set()


def ensure_fee_months(*, around: date, behind: int = BEHIND, ahead: int = AHEAD) -> int:
    """Create the partitions from ``behind`` months before to ``ahead`` months after a day. Idempotent.

    Returns:
        How many were created.
    """
    first, last = add_months(around.replace(day=1), -behind), add_months(around.replace(day=1), ahead)
    created: int = run("SELECT settlement_ensure_fee_months(%s, %s)", (first, last))[0][0]
    return created


def missing_fee_months(*, around: date) -> list[str]:
    """Names of the partitions of this and the next month that do not exist."""
    months = [add_months(around.replace(day=1), step) for step in (0, 1)]
    names = [f"settlement_feeline_{month:%Y_%m}" for month in months]
    rows = run("SELECT name FROM unnest(%s::text[]) AS name WHERE to_regclass(name) IS NULL", (names,))
    return [name for (name,) in rows]


def ensure_month(month: date) -> None:
    """Make sure, once per process, that a fee month and the months after it have their partitions."""
    if month not in _seen:
        ensure_fee_months(around=month, behind=0)
        _seen.add(month)
