"""Encounters, fee lines, pre-settlement, settlement, revocation, accumulators, reconciliation (审核结算)."""
