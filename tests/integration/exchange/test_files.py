"""Stored files: whose they are, how long, how many."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pytest

from tongchou.exchange import services
from tongchou.exchange.models import StoredFile
from tongchou.exchange.services import fetch_file, store_file
from tongchou.kernel.rejection import Rejection

pytestmark = pytest.mark.django_db
NOW = datetime(2026, 11, 22, 4, 0, tzinfo=UTC)


def test_only_the_owner_fetches_a_file_and_only_for_a_week() -> None:
    stored = store_file(institution_code="H1", filename="a.zip", content=b"\x00\xff", now=NOW)
    assert fetch_file(number=stored.number, institution_code="H1", now=NOW + timedelta(days=7)).content == b"\x00\xff"
    for institution, now in (("H2", NOW), ("H1", NOW + timedelta(days=8))):
        with pytest.raises(Rejection, match="EXCH-050"):
            fetch_file(number=stored.number, institution_code=institution, now=now)


def test_an_institution_has_an_allowance(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(services, "ALLOWANCE", 10)
    store_file(institution_code="H1", filename="a", content=b"x" * 10, now=NOW)
    with pytest.raises(Rejection, match="EXCH-053"):
        store_file(institution_code="H1", filename="b", content=b"x", now=NOW)
    store_file(institution_code="H2", filename="b", content=b"x", now=NOW)
    store_file(institution_code="H1", filename="b", content=b"x", now=NOW + timedelta(days=8))  # the first has expired
    assert StoredFile.objects.filter(institution_code="H1").count() == 1
