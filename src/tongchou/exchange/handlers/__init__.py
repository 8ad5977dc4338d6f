"""What each transaction does: checked nodes → a service of another room → output nodes. No rule is decided here."""

from __future__ import annotations

from tongchou.exchange.handlers import (
    basics,
    enquiries,
    files,
    inpatient,
    outpatient,
    pharmacy,
    statements,
)
from tongchou.exchange.kinds import Transaction


def transactions() -> dict[str, Transaction]:
    """Every supported transaction by number."""
    return {
        **basics.TRANSACTIONS,
        **pharmacy.TRANSACTIONS,
        **outpatient.TRANSACTIONS,
        **inpatient.TRANSACTIONS,
        **statements.TRANSACTIONS,
        **enquiries.TRANSACTIONS,
        **files.TRANSACTIONS,
    }
