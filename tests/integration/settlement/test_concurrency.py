"""Many at once: threads with connections of their own, the same message, the same person, the same account."""

from __future__ import annotations

import threading
from collections.abc import Callable
from datetime import date
from typing import Any

import pytest
from django.db import connection

from tests.integration.settlement import world as worlds
from tests.integration.settlement.world import (
    DAY,
    NOW,
    PHARMACY,
    answer,
    job,
    line,
    money,
    person_number,
    purchase,
    receipt,
    settle,
)
from tongchou.accounts.models import Account
from tongchou.kernel.rejection import Rejection
from tongchou.settlement import api
from tongchou.settlement.models import Receipt, Settlement

pytestmark = pytest.mark.usefixtures("world")


def at_once(works: list[Callable[[], Any]]) -> list[Any]:
    """Run every work in a thread of its own, started together; results or exceptions in their order."""
    results: list[Any] = [None] * len(works)
    gate = threading.Barrier(len(works))

    def run(number: int) -> None:
        try:
            gate.wait()
            results[number] = works[number]()
        except Exception as error:
            results[number] = error
        finally:
            connection.close()

    threads = [threading.Thread(target=run, args=(number,)) for number in range(len(works))]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    return results


@pytest.mark.requirement("R3.08")
def test_the_same_message_from_eight_threads_settles_once() -> None:
    same = job(purchase(lines=(line(1, count=5),)), message="M1")
    results = at_once([lambda: api.settle_many(jobs=[same])[0] for _ in range(8)])
    assert all(isinstance(result, bytes) for result in results), results
    assert len(set(results)) == 1
    assert Settlement.objects.count() == Receipt.objects.count() == 1
    assert api.examine(today=DAY) == []


def test_an_account_is_never_overdrawn() -> None:
    # 500 yuan in the account, twelve purchases of 100 yuan each: the account pays what it has, the person the rest.
    jobs = [job(purchase(lines=(line(1, worlds.CLASS_C),))) for _ in range(12)]
    results = at_once([lambda one=one: api.settle_many(jobs=[one])[0] for one in jobs])
    while refused := [n for n, result in enumerate(results) if isinstance(result, Rejection)]:
        assert {results[n].code for n in refused} == {"SETL-003"}
        for n in refused:
            results[n] = api.settle_many(jobs=[jobs[n]])[0]
    found = [worlds.read(result) for result in results]
    assert sum(entry["account"] for entry in found) == 50_000
    assert sum(entry["cash"] for entry in found) == 12 * 10_000 - 50_000
    assert Account.objects.get(person__number=person_number(1)).balance == 0
    assert api.examine(today=DAY) == []


def test_a_settlement_is_revoked_by_one_of_many() -> None:
    before = money()
    found = settle(purchase())

    def revoke() -> bytes:
        return api.revoke(
            receipt=receipt(transaction="2103"), settlement_id=found["id"], person_number=person_number(1), answer=answer,
            now=NOW,
        )  # fmt: skip

    results = at_once([revoke] * 6)
    assert sum(isinstance(result, bytes) for result in results) == 1
    assert {result.code for result in results if isinstance(result, Rejection)} == {"SETL-041"}
    assert money() == before


def test_batches_of_the_same_persons_do_not_block_each_other() -> None:
    """Three processes settle overlapping persons in different orders: no deadlock, everything adds up."""
    orders = [(1, 2, 3), (3, 2, 1), (2, 3, 1)]
    batches = [[job(purchase(n, lines=(line(1),))) for n in order for _ in range(3)] for order in orders]
    results = at_once([lambda batch=batch: api.settle_many(jobs=batch) for batch in batches])
    settled = [result for batch in results for result in batch if isinstance(result, bytes)]
    busy = [result for batch in results for result in batch if isinstance(result, Exception)]
    assert all(isinstance(result, Rejection) and result.code == "SETL-003" for result in busy), busy
    assert Settlement.objects.count() == len(settled)
    assert len(settled) > 20
    assert api.examine(today=DAY) == []


def test_settling_while_the_day_closes() -> None:
    """Whatever is settled lies on one side of the closing; nothing gets lost between two days."""
    from tongchou.ledger import api as ledger

    ledger.close_day(area=worlds.POOL, day=date(2026, 11, 19), now=NOW)

    def buy(number: int) -> list[Any]:
        return [api.settle_many(jobs=[job(purchase(number))])[0] for _ in range(6)]

    def close() -> object:
        return api.close_day(area=worlds.POOL, day=DAY, now=NOW)

    results = at_once([lambda: buy(1), lambda: buy(2), lambda: buy(3), close])
    assert all(isinstance(result, bytes) for bought in results[:3] for result in bought), results
    assert not isinstance(results[3], Exception), results[3]
    assert Settlement.objects.count() == 18
    assert set(Settlement.objects.values_list("business_date", flat=True)) <= {DAY, date(2026, 11, 21)}
    assert api.examine(today=DAY) == []


def test_a_lost_answer_is_found_again(monkeypatch: pytest.MonkeyPatch) -> None:
    """The commit goes through but the connection breaks before the answer: trying again finds the receipt."""
    import psycopg

    from tongchou.settlement.writing import Rows

    written = Rows.write

    def break_after(self: Rows) -> dict[int, str]:
        written(self)
        monkeypatch.undo()
        connection.connection.close()
        raise psycopg.OperationalError("the connection is lost")

    monkeypatch.setattr(Rows, "write", break_after)
    results = api.settle_many(jobs=[job(purchase(1)), job(purchase(2))])
    assert all(isinstance(result, bytes) for result in results), results
    assert Settlement.objects.count() == 2


def test_a_bug_in_one_job_leaves_the_others_alone(caplog: pytest.LogCaptureFixture) -> None:
    def broken(view: api.SettlementView) -> bytes:
        raise ZeroDivisionError

    results = api.settle_many(jobs=[job(purchase(1)), job(purchase(2), answer=broken), job(purchase(3))])
    assert [type(result) for result in results] == [bytes, ZeroDivisionError, bytes]
    assert "failed" in caplog.text
    assert Settlement.objects.filter(institution_code=PHARMACY).count() == 2
