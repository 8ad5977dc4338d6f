"""The doctor: the invariants of all rooms that settlement rests on, checked in one run."""

from __future__ import annotations

from datetime import date

from tongchou.accounts import api as accounts
from tongchou.control import api as control
from tongchou.kernel.findings import Finding
from tongchou.ledger import api as ledger
from tongchou.publication import api as publication
from tongchou.settlement import checks


def examine(*, area: str | None = None, today: date) -> list[Finding]:
    """Findings of the ledger (L), the personal accounts (A), settlement (S), published policies (P), internal control (C)
    and the audit trail (T), in this order; empty when all is well.
    """
    settled = checks.check(area, today=today)
    return [*ledger.check(area), *_accounts(), *settled, *publication.check(), *control.check(area)]


def _accounts() -> list[Finding]:
    """A1: the balance of every personal account is the sum of its entries, and not negative."""
    return [
        Finding(
            number="A1",
            severity="error",
            what=str(found),
            remedy="以账簿分录为准更正账户余额，并查明谁改动了余额（tongchou doctor 复查）",
        )
        for found in accounts.check()
    ]
