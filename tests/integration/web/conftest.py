"""The web tests' city and browsers without a browser: one client per operator."""

from __future__ import annotations

from collections.abc import Callable, Iterator

import pytest
from django.test import Client

from tests.integration.web import city as cities
from tongchou.settlement import planning

ClientOf = Callable[[str], Client]


@pytest.fixture
def city(db: None) -> Iterator[cities.City]:
    """A small city with a few visits of today."""
    yield cities.build(persons=6, visits=8)
    planning.use_book(None)


@pytest.fixture
def client_of(city: cities.City) -> ClientOf:
    """A signed-in client of an operator, by login name."""

    def make(login: str) -> Client:
        client = Client()
        answer = client.post("/login/", {"login": login, "password": cities.PASSWORD})
        assert answer.status_code == 302, answer.content.decode()
        return client

    return make
