"""Re-run (重新结算): what a late revocation, another identity or another policy version changes, and how it is booked."""

from __future__ import annotations

from datetime import date, timedelta

import pytest

from tests.integration.settlement.test_revocation import revoke
from tests.integration.settlement.world import (
    DAY,
    NOW,
    POOL,
    line,
    person_number,
    purchase,
    settle,
)
from tongchou.ledger import api as ledger
from tongchou.registry.models import Person
from tongchou.settlement import api
from tongchou.settlement.resettle import runs
from tongchou.settlement.resettle.choosing import Chooser, Scope
from tongchou.settlement.resettle.evaluating import try_person
from tongchou.settlement.resettle.models import Resettlement
from tongchou.settlement.resettle.reading import read_states

pytestmark = pytest.mark.usefixtures("world")
YEAR = Scope(area=POOL, begin=date(2026, 1, 1), end=date(2026, 12, 31))


def trial(person: int = 1, scope: Scope = YEAR):
    number = Person.objects.get(number=person_number(person)).pk
    (state,) = read_states(persons=[number], begin=scope.begin, end=scope.end)
    return try_person(state, Chooser(scope))


def buy(yuan: int, person: int = 1, minutes: int = 0, account: str = "0"):
    return settle(
        purchase(person, lines=(line(1, yuan=yuan),), account_used=account), now=NOW + timedelta(minutes=minutes)
    )


def test_without_a_change_nothing_is_found() -> None:
    buy(150)
    buy(300)
    assert trial().changes == ()


def test_a_late_revocation_moves_the_deductible_to_the_next_visit() -> None:
    first = buy(150, minutes=0)
    second = buy(300, minutes=1)
    third = buy(100, minutes=2)
    assert (first["fund"], second["fund"], third["fund"]) == (0, 17_500, 7_000)
    revoke(first["id"])
    found = trial()
    # 200 yuan deductible, then 70 %: the second visit now carries all of it.
    assert [(each.old.id, each.old.fund_pay, each.fund_pay) for each in found.changes] == [
        (second["id"], 17_500, 7_000)
    ]
    assert found.changes[0].to_person == -10_500


def book(person: int = 1, scope: Scope = YEAR) -> Resettlement:
    number = Person.objects.get(number=person_number(person)).pk
    made = runs.make_run(kind="person", scope=scope, reason="测试", maker=None, now=NOW, persons=[number])
    made = runs.try_all(made, now=NOW)
    made = runs.approve_run(run_id=made.pk, case_id=77, digest=made.digest)
    row = runs.next_to_book(made)
    assert row is not None
    assert runs.book_row(row_id=row, now=NOW)
    runs.finish_booking(made, now=NOW)
    return made


def test_booking_reverses_and_settles_anew_and_the_institution_is_owed_what_it_was_told() -> None:
    first = buy(150, minutes=0)
    second = buy(300, minutes=1)
    revoke(first["id"])
    owed = ledger.balance(area=POOL, account_code="2101")
    book()
    assert ledger.balance(area=POOL, account_code="2101") == owed
    assert ledger.balance(area=POOL, account_code="2102") == 10_500
    assert ledger.balance(area=POOL, account_code="9003") == -10_500
    assert api.examine(today=DAY) == []
    assert trial().changes == ()
    view = api.told_view(second["id"])
    assert (view.fund_pay, view.cash_pay, len(view.lines)) == (17_500, 12_500, 1)
    revoke(second["id"])
    assert ledger.balance(area=POOL, account_code="2102") == 0
    assert api.examine(today=DAY) == []
