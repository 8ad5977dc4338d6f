"""Keys are changed while the gateway settles and the counter looks persons up: nothing is lost, nothing waits, nothing stays."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable
from datetime import date
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest
from django.db import connection

from tests.integration.settlement import world
from tongchou.control import vault
from tongchou.control.columns import columns
from tongchou.control.models import Trail
from tongchou.control.services import rotation
from tongchou.kernel.identifiers import id_check_character
from tongchou.registry import api as registry
from tongchou.registry.models import Change, Person
from tongchou.settlement import api as settlement
from tongchou.settlement import planning

LOADED = 2_600
"""Three batches of a rotation, the last large enough for one line of the trail (more than 500)."""


@pytest.fixture(autouse=True)
def own_keys(tmp_path: Path, settings: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    """Keys of this test's own, so that forgetting one hurts no other."""
    settings.HOME = SimpleNamespace(root=tmp_path)
    monkeypatch.delenv("TONGCHOU_DATA_KEYS", raising=False)


def cert_no(sequence: int) -> str:
    body = f"6299021970{1 + sequence // 28000:02}{1 + sequence // 1000 % 28:02}{sequence % 1000:03}"
    return body + id_check_character(body)


def load(count: int) -> None:
    """Persons with cards, by COPY."""
    ids = registry.reserve_ids(kind="persons", count=count)
    registry.load_persons(
        (
            number, f"L{n:08d}", "01", cert_no(n), f"陈{n}", "1", "1", date(1970, 1, 1), None, "13712345678", "永定路77号",
            world.COUNTY, None, world.NOW,
        )
        for n, number in enumerate(ids)
    )  # fmt: skip
    registry.load_cards((number, "03", f"D{n:08d}", "", True, None, None) for n, number in enumerate(ids))


def repeated(work: Callable[[int], None], stop: threading.Event, failures: list[Exception], done: list[int]) -> None:
    """Do the work again and again until told to stop."""
    turn = 0
    try:
        while not stop.is_set():
            work(turn)
            turn += 1
    except Exception as failure:
        failures.append(failure)
    finally:
        done.append(turn)
        connection.close()


def look_up(turn: int) -> None:
    """By number, by card, by what the counter types."""
    wanted = turn * 37 % LOADED
    assert registry.person_by_certificate(cert_no=cert_no(wanted)).name == f"陈{wanted}"
    assert registry.find_person(kind="03", number=f"D{wanted:08d}").cert_no == cert_no(wanted)
    assert [found.name for found in registry.search_persons(query=cert_no(wanted), areas=None)] == [f"陈{wanted}"]


def settle(turn: int) -> None:
    """A purchase, and the same message again."""
    request = world.purchase(1 + turn % 3, lines=(world.line(1, yuan=1),))
    job = world.job(request, answer=lambda view: f"{view.id} {view.person.cert_no}".encode())
    first, again = settlement.settle_many(jobs=[job])[0], settlement.settle_many(jobs=[job])[0]
    assert isinstance(first, bytes), first
    assert again == first
    assert first.endswith(f"62990219800101{1 + turn % 3:04d}".encode())


@pytest.mark.requirement("R1.9.07", "R1.9.03")
@pytest.mark.django_db(transaction=True)
def test_keys_change_while_the_centre_works() -> None:
    world.build(persons=3)
    load(LOADED)
    changed = registry.person_by_certificate(cert_no=cert_no(5))
    registry.change_person(person_id=changed.id, changes={"phone": "18900001111"}, operator="clerk", reason="换号")
    history = Change.objects.count()
    trail = Trail.objects.filter(action="update", object_kind__startswith="registry_").count()

    stop, failures, done = threading.Event(), [], []
    work = [look_up, look_up, settle]
    threads = [threading.Thread(target=repeated, args=(each, stop, failures, done)) for each in work]
    for thread in threads:
        thread.start()
    time.sleep(0.5)
    new, rows = rotation.rotate(cipher=vault.SM4, new_search_key=True)
    stop.set()
    for thread in threads:
        thread.join()
    rotation.finish(rehash=True)
    assert failures == []
    assert min(done) > 3, "the others worked meanwhile"
    assert rows >= 4 * LOADED
    assert rotation.forget_old_keys() == [1]
    assert len(vault.keys().search) == 1
    assert {number for column in columns() for number in rotation.usage(column)} == {new}

    for turn in range(0, LOADED, 25):
        look_up(turn)
    assert {person.cert_no for person in Person.objects.filter(number__startswith="L")} == set(
        map(cert_no, range(LOADED))
    )
    assert Person.objects.filter(phone__isnull=True).count() == 3
    assert Change.objects.count() == history, "the same text under another key is no change"
    rotated = Trail.objects.filter(action="update", object_kind__startswith="registry_").order_by("-seq")
    assert {row.reason for row in rotated[:12]} == {"更换数据密钥"}
    assert rotated.count() - trail < 30, "batches, not rows"
    (change,) = registry.changes_of(person_id=changed.id)
    assert (change.old["phone"], (change.new or {})["phone"]) == ("13712345678", "18900001111")
    assert [found for found in settlement.examine(today=world.DAY) if found.number.startswith("K")] == []
    planning.use_book(None)
