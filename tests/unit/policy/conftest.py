"""The shipped packs, loaded once."""

from __future__ import annotations

import pytest

from tongchou.policy import PolicyBook, default_pack_directory


@pytest.fixture(scope="session")
def book() -> PolicyBook:
    """The book of the shipped packs."""
    return PolicyBook.load(default_pack_directory())
