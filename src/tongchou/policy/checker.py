"""Checks a whole book: versions, bindings, every reading, every plan."""

from __future__ import annotations

from tongchou.policy.book import PolicyBook
from tongchou.policy.findings import Finding


def check_book(book: PolicyBook) -> list[Finding]:
    """Every finding, errors and acknowledged ones."""
    return sorted(set(book.findings))
