"""The ledger: chart of accounts, immutable balanced journals, reversals, business days and their closing."""
