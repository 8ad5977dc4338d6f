"""The rights that pages ask for, and which post holds them.

One table, so that it can be read in one look. The grant of rights to posts and operators for a limited time, with its
chain of review, replaces ``OF_POST``; the names of the rights stay.
"""

from __future__ import annotations

PERSON_READ = "person.read"
"""Search insured persons and see their record, masked."""
PERSON_UNMASK = "person.unmask"
"""See a person's full identity data, for a stated reason that is logged."""
SETTLEMENT_READ = "settlement.read"
"""Search settlements, see them, print the statement."""
SETTLEMENT_EXPORT = "settlement.export"
"""Take settlements out of the system as a file."""
RECONCILIATION_READ = "reconciliation.read"
"""See, print and export the reconciliation of a day."""
DAY_CLOSE = "day.close"
"""Close a business day; it can't be opened again."""
REFERENCE_READ = "reference.read"
"""See catalogues, institutions and agreements."""
REFERENCE_IMPORT = "reference.import"
"""Load catalogues, mappings, institutions and agreements from files."""

_READER = frozenset({PERSON_READ, SETTLEMENT_READ, RECONCILIATION_READ, REFERENCE_READ})

OF_POST: dict[str, frozenset[str]] = {
    "clerk": _READER | {PERSON_UNMASK},
    "reviewer": _READER | {PERSON_UNMASK, SETTLEMENT_EXPORT},
    "accountant": _READER | {SETTLEMENT_EXPORT, DAY_CLOSE},
    "administrator": frozenset({REFERENCE_READ, REFERENCE_IMPORT}),
}
"""Post → rights. Who keeps the reference data sees neither persons nor money, and the other way round."""

REFERENCE_ROOMS = frozenset({"catalogues", "providers"})
"""The rooms whose tables the reference data pages show."""
