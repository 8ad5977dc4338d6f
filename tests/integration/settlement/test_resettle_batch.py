"""A batch of re-runs: found by its policy version, tried and booked by jobs; killed in the middle, each person exactly once."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import threading
import time
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from datetime import date, timedelta
from pathlib import Path
from typing import Any

import pytest
from django.conf import settings
from django.db import connection, connections

from tests.integration.settlement import world as worlds
from tests.integration.settlement.test_revocation import revoke
from tests.integration.settlement.world import CLASS_A, CLASS_B, DAY, NOW, POOL, line, person_number, purchase, settle
from tongchou.kernel.rejection import Rejection
from tongchou.ledger import api as ledger
from tongchou.operation import api as operation
from tongchou.operation.models import JobRun
from tongchou.operation.running import execute
from tongchou.policy import PolicyBook
from tongchou.project.postgres import Cluster
from tongchou.registry.models import IdentityClass, Person
from tongchou.settlement import api, planning
from tongchou.settlement.api import resettle
from tongchou.settlement.models import Replacement, ResettledPerson, Resettlement, Settlement

PACKS = Path(__file__).parent / "packs_rerun"
YEAR = resettle.Scope(area=POOL, begin=date(2026, 1, 1), end=date(2026, 12, 31))
PERSONS = 24


@pytest.fixture
def world(transactional_db: None) -> Iterator[None]:
    worlds.build(persons=PERSONS)
    planning.use_book(PolicyBook.load(PACKS))
    yield
    planning.use_book(None)


@pytest.fixture
def another_version(world: None, tmp_path: Path) -> Callable[..., Path]:
    """Publish the packs again with other text, as a retroactive document would."""

    def publish(*changes: tuple[str, str]) -> Path:
        for file in PACKS.iterdir():
            text = file.read_text("utf-8")
            if file.name != "binding.yaml":
                for old, new in changes:
                    assert old in text
                    text = text.replace(old, new)
            (tmp_path / file.name).write_text(text, "utf-8")
        planning.use_book(PolicyBook.load(tmp_path))
        return tmp_path

    return publish


def visits(persons: int = PERSONS) -> None:
    """Three purchases of each person: 150, 300 and 100 yuan of class A and as much of class B."""
    moment = NOW
    for number in range(1, persons + 1):
        for yuan in (150, 300, 100):
            moment += timedelta(seconds=1)
            lines = (line(1, CLASS_A, yuan=yuan), line(2, CLASS_B, yuan=yuan))
            settle(purchase(number, lines=lines, account_used="0"), now=moment)


def make(kind: str = "list", **given: Any) -> Resettlement:
    return resettle.make_run(kind=kind, scope=YEAR, reason="测试", maker=None, now=NOW, **given)


def job(kind: str, made: Resettlement) -> JobRun:
    return operation.request_job(kind=kind, key=f"rerun:{made.pk}", now=NOW, area=POOL, arguments={"run": made.pk})


def approved(made: Resettlement) -> Resettlement:
    made.refresh_from_db()
    return resettle.approve_run(run_id=made.pk, case_id=9, digest=made.digest)


@pytest.mark.usefixtures("world")
def test_killed_in_the_middle_and_started_again_each_person_is_booked_once(cluster: Cluster) -> None:
    visits()
    for person in Person.objects.all():
        IdentityClass.objects.create(person=person, kind="2303", level="", period=(date(2020, 1, 1), None))
    made = make(persons=list(Person.objects.values_list("pk", flat=True)))
    execute(job(resettle.TRY, made).pk)
    made = approved(made)
    assert (made.totals["persons"], made.totals["refused"]) == (PERSONS, 0)
    booking = job(resettle.BOOK, made)
    url = f"postgresql://tongchou@/{connection.settings_dict['NAME']}?host={cluster.socket}&port=5432"
    code = f"import django; django.setup()\nfrom tongchou.operation.running import execute\nexecute({booking.pk})"
    environment = os.environ | {
        "DJANGO_SETTINGS_MODULE": "tongchou.project.settings", "DATABASE_URL": url, "TONGCHOU_SECRET_KEY": "x",
        "TONGCHOU_POLICIES": str(PACKS), "TONGCHOU_HOME": str(settings.HOME.root),
    }  # fmt: skip
    worker = subprocess.Popen([sys.executable, "-c", code], env=environment, start_new_session=True)
    deadline = time.monotonic() + 180
    while (booked := ResettledPerson.objects.filter(state="booked").count()) < 3:
        assert time.monotonic() < deadline
        assert worker.poll() is None
        time.sleep(0.005)
    os.killpg(worker.pid, signal.SIGKILL)
    worker.wait()
    booked = ResettledPerson.objects.filter(state="booked").count()
    assert booked < PERSONS, "the worker must have been killed in the middle"
    while connection.cursor().execute("SELECT 1 FROM pg_locks WHERE locktype = 'advisory'").fetchone():
        time.sleep(0.05)
    execute(booking.pk)
    booking.refresh_from_db()
    assert (booking.status, booking.result["已入账人数"]) == ("done", PERSONS)
    assert ResettledPerson.objects.filter(state="booked").count() == PERSONS
    assert Replacement.objects.count() == made.totals["changed"]
    assert Settlement.objects.count() == 3 * PERSONS + 2 * made.totals["changed"]
    assert api.examine(today=DAY) == []
    execute(job(resettle.BOOK, made).pk)
    assert Replacement.objects.count() == made.totals["changed"]


def test_a_retroactive_version_finds_everybody_it_touches_and_splits_the_lines_again(
    another_version: Callable[..., Path],
) -> None:
    visits(persons=2)
    first = list(Settlement.objects.order_by("pk").values_list("pk", flat=True))
    told = {number: api.told_view(number) for number in first}
    with pytest.raises(Rejection, match="SETL-076"):
        make("policy")
    another_version(("乙类: 10%", "乙类: 20%"), ("药店: 70%", "药店: 50%"))
    made = make("policy")
    execute(job(resettle.TRY, made).pk)
    made = approved(made)
    assert (made.totals["persons"], made.totals["changed"]) == (2, 6)
    rows = made.persons.order_by("person_id")
    # Visit 1: 150 + 150 less 20 % = 270 in scope, 200 deductible, 50 % of 70 = 35 (before: 285, 70 % of 85 = 59.50).
    assert rows[0].proposal["changes"][0]["fund"] == [5_950, 3_500]
    assert rows[0].proposal["changes"][0]["bill"] == [[0, 0, 1_500, 28_500], [0, 0, 3_000, 27_000]]
    execute(job(resettle.BOOK, made).pk)
    assert api.examine(today=DAY) == []
    for number in first:
        shown = api.told_view(number)
        assert (shown.fund_pay, shown.in_scope) == (told[number].fund_pay, told[number].in_scope)
        assert [entry.in_scope for entry in shown.lines] == [entry.in_scope for entry in told[number].lines]
    latest = Replacement.objects.get(original_id=first[0]).successor_id
    assert [entry.prior_self_pay for entry in api.settlement_view(latest).lines] == [0, 3_000]
    # A second retroactive version on top: the institution still knows the first figures only.
    another_version(("乙类: 10%", "乙类: 0%"))
    again = make("policy")
    execute(job(resettle.TRY, again).pk)
    execute(job(resettle.BOOK, approved(again)).pk)
    assert api.examine(today=DAY) == []
    shown = api.told_view(first[0])
    assert [entry.prior_self_pay for entry in shown.lines] == [0, 1_500]
    revoke(first[0])
    assert api.examine(today=DAY) == []


def test_a_stale_person_is_left_alone_and_the_others_are_booked(world: None) -> None:
    visits(persons=3)
    for person in Person.objects.filter(number__in=[person_number(n) for n in (1, 2, 3)]):
        IdentityClass.objects.create(person=person, kind="2303", level="", period=(date(2020, 1, 1), None))
    persons = [Person.objects.get(number=person_number(n)).pk for n in (1, 2, 3)]
    made = make(persons=persons)
    execute(job(resettle.TRY, made).pk)
    made = approved(made)
    victim = Settlement.objects.filter(person_id=persons[1]).order_by("pk")[1]
    revoke(victim.pk, person=2)
    execute(job(resettle.BOOK, made).pk)
    made.refresh_from_db()
    assert (made.state, made.totals["booked"], made.totals["stale"]) == ("booked", 2, 1)
    assert not Replacement.objects.filter(original__person_id=persons[1]).exists()
    assert api.examine(today=DAY) == []


def test_who_lost_the_entitlement_stands_with_the_reason(world: None) -> None:
    from tongchou.contributions.models import Entitlement

    visits(persons=1)
    person = Person.objects.get(number=person_number(1))
    Entitlement.objects.filter(person=person).update(period=(date(2020, 1, 1), date(2026, 1, 1)))
    made = resettle.try_all(make(persons=[person.pk]), now=NOW)
    assert (made.totals["changed"], made.totals["refused"]) == (0, 3)
    assert {each["code"] for each in made.persons.get().proposal["refused"]} == {"SETL-013"}
    with pytest.raises(Rejection, match="SETL-074"):
        resettle.check_submittable(made.pk)


def test_money_that_left_the_account_is_not_taken_twice(world: None) -> None:
    """The person paid from the account; what is owed in addition comes from it only as far as it still holds it."""
    person = Person.objects.get(number=person_number(1))
    settle(purchase(1, lines=(line(1, yuan=150),), account_used="0"))
    second = settle(purchase(1, lines=(line(1, yuan=300),), account_used="1"), now=NOW + timedelta(seconds=1))
    # 300 yuan, 50 deductible left: 175 from the fund, 125 from the account (500 before, 375 left).
    assert (second["fund"], second["account"], second["balance"]) == (17_500, 12_500, 37_500)
    first = Settlement.objects.order_by("pk")[0]
    revoke(first.pk)
    # Now the deductible falls on the second visit: the fund pays 70, the person owes 105 more; spend 300 of the account.
    settle(purchase(2, account_used="0"))
    from tongchou.accounts import api as accounts
    from tongchou.settlement.serials import next_id

    accounts.debit(
        person_id=person.pk, scheme="310", amount=30_000, area=POOL, target_code="1004", journal_id=next_id(NOW),
        business_date=DAY, kind="debit", business_key="spent", posted_at=NOW,
    )  # fmt: skip
    made = resettle.try_all(make(persons=[person.pk]), now=NOW)
    change = made.persons.get().proposal["changes"][0]
    assert change["fund"] == [17_500, 7_000]
    assert change["account"] == [12_500, 20_000]  # 75 yuan were left
    assert change["cash"] == [0, 3_000]
    made = approved(made)
    assert resettle.book_row(row_id=made.persons.get().pk, now=NOW)
    assert accounts.account_of(person_id=person.pk, scheme="310").balance == 0
    assert ledger.balance(area=POOL, account_code="2102.310200") == -7_500
    assert api.examine(today=DAY) == []


def test_differences_of_a_closed_day_are_booked_on_the_open_one_and_the_day_can_be_closed(world: None) -> None:
    from tongchou.ledger.api import business_date

    visits(persons=1)
    for day in (DAY - timedelta(days=1), DAY):
        api.close_day(area=POOL, day=day, now=NOW + timedelta(hours=1))
    person = Person.objects.get(number=person_number(1))
    IdentityClass.objects.create(person=person, kind="2303", level="", period=(date(2020, 1, 1), None))
    made = approved(resettle.try_all(make(persons=[person.pk]), now=NOW))
    later = NOW + timedelta(hours=2)
    assert resettle.book_row(row_id=made.persons.get().pk, now=later)
    assert business_date(area=POOL, now=later) == DAY + timedelta(days=1)
    days = set(Settlement.objects.filter(replaces__isnull=False).values_list("business_date", flat=True))
    assert days == {DAY + timedelta(days=1)}
    view = api.day_view(area=POOL, day=DAY + timedelta(days=1))
    assert view.equal
    assert view.silent == ()
    api.close_day(area=POOL, day=DAY + timedelta(days=1), now=NOW + timedelta(days=1))
    assert api.examine(today=DAY) == []


def test_purchases_that_arrive_while_a_person_is_booked_wait_or_make_it_stale(world: None) -> None:
    visits(persons=1)
    person = Person.objects.get(number=person_number(1))
    IdentityClass.objects.create(person=person, kind="2303", level="", period=(date(2020, 1, 1), None))
    made = approved(resettle.try_all(make(persons=[person.pk]), now=NOW))
    row = made.persons.get().pk
    start = threading.Barrier(4)

    def buy(number: int) -> int:
        try:
            start.wait(30)
            return int(settle(purchase(1, account_used="1"), now=NOW + timedelta(minutes=number))["id"])
        finally:
            connections.close_all()

    def book() -> bool:
        try:
            start.wait(30)
            return bool(resettle.book_row(row_id=row, now=NOW))
        except Rejection as refusal:
            if refusal.code != "SETL-072":
                raise
            return False
        finally:
            connections.close_all()

    with ThreadPoolExecutor(4) as threads:
        bought = [threads.submit(buy, number) for number in (1, 2, 3)]
        booked = threads.submit(book).result()
        assert len({each.result() for each in bought}) == 3
    assert Replacement.objects.count() == (3 if booked else 0)
    assert api.examine(today=DAY) == []
    again = resettle.try_all(make(persons=[person.pk]), now=NOW)
    if again.totals["changed"]:
        again = approved(again)
        assert resettle.book_row(row_id=again.persons.get().pk, now=NOW)
    assert api.examine(today=DAY) == []
