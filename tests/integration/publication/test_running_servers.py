"""A publication reaches every server process with the next request, without a restart: seen over HTTP."""

from __future__ import annotations

import shutil
from collections.abc import Iterator
from datetime import date
from pathlib import Path
from typing import Any

import pytest
from django.db import connection

from tests.integration.exchange import nodes
from tests.integration.exchange.gateway import Caller, Gateway
from tests.integration.publication.conftest import CASES, PACK, decide, make_people, publish
from tests.integration.publication.test_arrangements import MORE, draft_of, hand_in
from tests.integration.settlement import world as worlds
from tongchou.policy.book import content_hash
from tongchou.policy.nodes import Map, parse_yaml
from tongchou.project.postgres import Cluster
from tongchou.project.settings import HOME
from tongchou.publication import api as publication
from tongchou.settlement import api, planning
from tongchou.settlement.models import Settlement
from tongchou.settlement.resettle.choosing import Chooser, Scope
from tongchou.settlement.resettle.evaluating import try_person
from tongchou.settlement.resettle.reading import read_states


@pytest.fixture
def servers(cluster: Cluster, transactional_db: None, tmp_path: Path, settings: Any) -> Iterator[list[Gateway]]:
    """Two servers, each a process of its own, over one database and one folder of packs."""
    worlds.build()
    folder = tmp_path / "policies"
    shutil.copytree(worlds.PACKS, folder)
    (folder / "cases").mkdir()
    (folder / "cases/te.yaml").write_text(CASES, "utf-8")
    settings.POLICIES_DIR = folder
    planning.use_book(None)
    url = f"postgresql://tongchou@/{connection.settings_dict['NAME']}?host={cluster.socket}&port=5432"
    started = []
    for number in (1, 2):
        home = tmp_path / f"server{number}"
        home.mkdir()
        keys = {"TONGCHOU_HOME": str(HOME.root)}  # both open what this process has encrypted
        server = Gateway(database_url=url, policies=folder, log=home / "server.log", **keys)
        server.start()
        started.append(server)
    yield started
    for server in started:
        server.stop()
    planning.use_book(None)


def settle(server: Gateway, who: int) -> Settlement:
    """A purchase of 300 yuan at the pharmacy."""
    answer = Caller(server.port, worlds.PHARMACY).call("2102", nodes.purchase(who, [nodes.line(yuan=300)]))
    return Settlement.objects.get(pk=answer.output["setlinfo"]["setl_id"])


def settle_on(server: Gateway, who: int, day: str) -> Settlement:
    """As :func:`settle`, of a day; without the account."""
    moment = f"{day} 10:30:00"
    sold = nodes.purchase(who, [nodes.line(yuan=300, fee_ocur_time=moment)], begntime=moment, acct_used_flag="0")
    answer = Caller(server.port, worlds.PHARMACY).call("2102", sold)
    return Settlement.objects.get(pk=answer.output["setlinfo"]["setl_id"])


@pytest.mark.requirement("R0.49", "R0.50")
def test_the_day_of_service_chooses_the_chain(servers: list[Gateway], tmp_path: Path) -> None:
    """From the 20th a second pack pays half of what the first leaves: 70, and with it 70 + 30 × 50 % = 85."""
    (tmp_path / "policies/test-more.yaml").write_text(MORE, "utf-8")
    first, second = servers
    late = settle_on(first, 1, "2026-11-20")  # made before the arrangement is known
    people = make_people()
    decide(people, hand_in(draft_of(people, start=date(2026, 11, 20)), people))
    before, after = settle_on(second, 2, "2026-11-19"), settle_on(first, 3, "2026-11-20")
    assert [late.fund_pay, before.fund_pay, after.fund_pay] == [7_000, 7_000, 8_500]
    assert after.plan.startswith("629900/310/药店购药@2026-11-20#")
    assert [used.pack for used in api.versions_of(package=after.package)] == [PACK, "test-more"]
    assert [used.pack for used in api.versions_of(package=before.package)] == [PACK]
    november = Scope(area=worlds.POOL, begin=date(2026, 11, 1), end=date(2026, 11, 30))
    found = {}
    persons = [one.person_id for one in (late, before, after)]
    for state in read_states(persons=persons, begin=november.begin, end=november.end):
        found.update({change.old.id: change.fund_pay for change in try_person(state, Chooser(november)).changes})
    assert found == {late.pk: 8_500}  # a re-run sees what the arrangement changes, and nothing else


@pytest.mark.requirement("R0.50")
def test_both_servers_take_it_up_with_the_next_request(servers: list[Gateway]) -> None:
    before = [settle(server, who) for who, server in enumerate(servers, 1)]
    assert {one.fund_pay for one in before} == {7_000}  # (300 − 200) × 70 %
    version = publish(make_people(), start=date(2026, 11, 20))
    first, second = servers
    after = [settle(second, 3)]
    worlds.add_person(4)
    after.append(settle(first, 4))
    assert {one.fund_pay for one in after} == {8_000}  # (300 − 200) × 80 %
    assert {one.plan.partition("#")[0] for one in after} == {"629900/310/药店购药@2026-11-20"}
    assert not {one.package for one in after} & {one.package for one in before}
    tree = parse_yaml(version.text, "x")
    assert isinstance(tree, Map)
    assert content_hash(tree) == version.hash
    assert publication.in_effect()[0].pack == PACK
