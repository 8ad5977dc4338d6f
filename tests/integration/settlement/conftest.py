"""The settlement tests' world."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from tests.integration.settlement import world as worlds
from tongchou.settlement import planning


@pytest.fixture
def world(transactional_db: None) -> Iterator[None]:
    """Three insured persons, a pharmacy, two hospitals, a catalogue, the test packs; commits are real."""
    worlds.build()
    yield
    planning.use_book(None)
