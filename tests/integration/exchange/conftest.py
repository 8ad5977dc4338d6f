"""A small world (that of the settlement tests) with a running gateway in front of it, shared by a module's tests."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from tests.integration.exchange.gateway import Caller, Gateway
from tests.integration.settlement import world as worlds
from tongchou.project.postgres import Cluster
from tongchou.settlement import planning

NO_AGREEMENT, SUSPENDED = "P62990000008", "P62990000007"


@pytest.fixture(scope="module")
def gateway(
    cluster: Cluster, django_db_setup: None, django_db_blocker: Any, tmp_path_factory: Any
) -> Iterator[Gateway]:
    """The server over the test database with three insured persons, a pharmacy and two hospitals."""
    log: Path = tmp_path_factory.mktemp("gateway") / "server.log"
    yield from over_the_world(cluster, django_db_blocker, log)


def over_the_world(cluster: Cluster, django_db_blocker: Any, log: Path, **environment: str) -> Iterator[Gateway]:
    """A server over the small world, which is there as long as the server; with more in its environment."""
    from django.core.management import call_command
    from django.db import connection

    with django_db_blocker.unblock():
        worlds.build()
        _institutions_that_may_not_settle()
        url = f"postgresql://tongchou@/{connection.settings_dict['NAME']}?host={cluster.socket}&port=5432"
        server = Gateway(database_url=url, policies=worlds.PACKS, log=log, **environment)
        server.start()
    yield server
    server.stop()
    with django_db_blocker.unblock():
        call_command("flush", interactive=False, verbosity=0)
        planning.use_book(None)


def _institutions_that_may_not_settle() -> None:
    from tongchou.providers.models import Agreement, Institution

    given = {"kind": "2", "level": "9", "credit_code": "9" * 18, "area": worlds.COUNTY}
    Institution.objects.create(code=NO_AGREEMENT, name="未签协议药店", **given)
    suspended = Institution.objects.create(code=SUSPENDED, name="暂停药店", **given)
    Agreement.objects.create(institution=suspended, number="XY-S", med_types=["41"], suspended=True, period=worlds.EVER)


@pytest.fixture
def pharmacy(gateway: Gateway) -> Caller:
    return Caller(gateway.port, worlds.PHARMACY)


@pytest.fixture
def hospital(gateway: Gateway) -> Caller:
    return Caller(gateway.port, worlds.HOSPITAL)
