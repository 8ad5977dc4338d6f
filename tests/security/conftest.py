"""A small city with everyone whom the attacks need: each post once, a neighbour city, a county."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest
from django.test import Client
from django.utils import timezone

from tests.integration.exchange.gateway import Gateway
from tests.integration.web import city as cities
from tongchou.control.api import Operator, create_operator, request_approval
from tongchou.kernel.identifiers import id_check_character
from tongchou.project.postgres import Cluster
from tongchou.settlement import planning

ClientOf = Callable[[str], Client]
BODY_SECONDS = 3
"""So long a body may take at the servers of these tests."""
POSTS = ("clerk", "reviewer", "accountant", "administrator", "auditor", "controller", "director")


def id_number(sequence: int) -> str:
    body = f"62990119800101{sequence:03}"
    return body + id_check_character(body)


@pytest.fixture
def city(db: None) -> Iterator[cities.City]:
    """The web tests' city, with a person behind every account."""
    made = cities.build(persons=4, visits=5)
    for number, post in enumerate(POSTS, 1):
        login = "admin" if post == "administrator" else post
        made.operators[login] = create_operator(
            login=login,
            password=cities.PASSWORD,
            name=f"职工{number}",
            organisation="陇安市医疗保险中心",
            area=cities.AREA,
            post=post,
            id_number=id_number(number),
        )
    yield made
    planning.use_book(None)


@pytest.fixture
def client_of(city: cities.City) -> ClientOf:
    """A signed-in client of an operator, by login name."""

    def make(login: str, **more: object) -> Client:
        client = Client(**more)  # type: ignore[arg-type]
        answer = client.post("/login/", {"login": login, "password": cities.PASSWORD})
        assert answer.status_code == 302, answer.content.decode()
        return client

    return make


@pytest.fixture
def grant_case(city: cities.City) -> Callable[[], int]:
    """A request for a grant by the administrator, for somebody who has left no trace yet."""

    def make() -> int:
        login = f"new{Operator.objects.count()}"
        Operator.objects.create(login=login, name="刘新", organisation="x", person="p" * 64)
        today = timezone.localdate()
        case = request_approval(
            kind="rights.grant",
            subject=f"{login}:clerk",
            title="授权",
            payload={
                "login": login,
                "post": "clerk",
                "area": cities.AREA,
                "organisation": "",
                "since": today.isoformat(),
                "until": (today + timedelta(days=30)).isoformat(),
                "deputy_for": None,
            },
            area=cities.AREA,
            subject_person="p" * 64,
            maker=Operator.objects.get(login="admin"),
            now=timezone.now(),
        )
        return int(case.pk)

    return make


@pytest.fixture(scope="module")
def server(cluster: Cluster, django_db_setup: None, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Gateway]:
    """The real server, site and gateway, over the empty test database."""
    yield from _running(cluster, tmp_path_factory.mktemp("server"))


@pytest.fixture(scope="module")
def signed_server(
    cluster: Cluster, django_db_setup: None, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[Gateway]:
    """The same, where institutions must sign their messages."""
    folder = tmp_path_factory.mktemp("signed")
    (folder / "keys").write_text("user\tsecret of the tests\n")
    yield from _running(cluster, folder, TONGCHOU_GATEWAY_SIGNING="hmac", TONGCHOU_GATEWAY_KEYS=str(folder / "keys"))


def _running(cluster: Cluster, folder: Path, **environment: Any) -> Iterator[Gateway]:
    from django.db import connection

    url = f"postgresql://tongchou@/{connection.settings_dict['NAME']}?host={cluster.socket}&port=5432"
    one = Gateway(
        database_url=url,
        policies=None,
        log=folder / "server.log",
        TONGCHOU_BODY_SECONDS=str(BODY_SECONDS),
        **environment,
    )
    one.collect_static()
    one.start()
    yield one
    one.stop()
