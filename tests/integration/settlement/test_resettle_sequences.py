"""After a re-run the state is that of a person to whom all of it had happened in order (differential), whatever came before."""

from __future__ import annotations

import itertools
from collections.abc import Iterator
from datetime import date, timedelta
from pathlib import Path
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from tests.integration.settlement import world as worlds
from tests.integration.settlement.world import (
    CLASS_A,
    CLASS_B,
    CLASS_C,
    DAY,
    NOW,
    POOL,
    answer,
    line,
    purchase,
    receipt,
)
from tongchou.ledger import api as ledger
from tongchou.policy import PolicyBook
from tongchou.registry.models import IdentityClass, Person
from tongchou.settlement import api, planning
from tongchou.settlement.models import Accumulators, Settlement
from tongchou.settlement.resettle import runs
from tongchou.settlement.resettle.choosing import Scope

PACKS = Path(__file__).parent / "packs_rerun"
YEAR = Scope(area=POOL, begin=date(2026, 1, 1), end=date(2026, 12, 31))
RICH = 100_000_000
_numbers = itertools.count(100)
_minutes = itertools.count()

items = st.lists(
    st.tuples(st.sampled_from([CLASS_A, CLASS_A, CLASS_B, CLASS_C]), st.integers(1, 900)), min_size=1, max_size=3
)
steps = st.lists(
    st.one_of(
        st.tuples(st.just("buy"), items, st.sampled_from("01")),
        st.tuples(st.just("buy"), items, st.sampled_from("01")),
        st.tuples(st.just("revoke"), st.integers(0, 99)),
        st.tuples(st.just("poor")),
        st.tuples(st.just("rerun")),
    ),
    min_size=2,
    max_size=10,
)


@pytest.fixture
def world(transactional_db: None) -> Iterator[None]:
    worlds.build(persons=1)
    planning.use_book(PolicyBook.load(PACKS))
    yield
    planning.use_book(None)


class Life:
    """A person to whom things happen; the settlements are known by what the institution was told."""

    def __init__(self, balance: int) -> None:
        self.number = next(_numbers)
        self.person: Person = worlds.add_person(self.number, balance=balance)
        self.bought: list[tuple[int, Any, str]] = []
        self.poor_since_birth = False

    def buy(self, bought: Any, account: str) -> None:
        lines = tuple(line(n, item, yuan=yuan) for n, (item, yuan) in enumerate(bought, start=1))
        now = NOW + timedelta(seconds=next(_minutes))
        found = worlds.settle(purchase(self.number, lines=lines, account_used=account), now=now)
        self.bought.append((found["id"], bought, account))

    def revoke(self, which: int) -> None:
        if self.bought:
            settlement_id, _, _ = self.bought.pop(which % len(self.bought))
            now = NOW + timedelta(seconds=next(_minutes))
            api.revoke(
                receipt=receipt(transaction="2103"), settlement_id=settlement_id, person_number=self.person.number,
                answer=answer, now=now,
            )  # fmt: skip

    def poor(self) -> None:
        """The person turns out to have been 低保 all the time."""
        if not self.poor_since_birth:
            IdentityClass.objects.create(person=self.person, kind="2303", level="", period=(date(2020, 1, 1), None))
            self.poor_since_birth = True

    def rerun(self) -> None:
        now = NOW + timedelta(seconds=next(_minutes))
        made = runs.make_run(kind="person", scope=YEAR, reason="测试", maker=None, now=now, persons=[self.person.pk])
        made = runs.try_all(made, now=now)
        assert made.totals["refused"] == 0
        if made.totals["changed"]:
            made = runs.approve_run(run_id=made.pk, case_id=1, digest=made.digest)
            row = runs.next_to_book(made)
            assert row is not None
            assert runs.book_row(row_id=row, now=now)
            assert not runs.book_row(row_id=row, now=now)
            runs.finish_booking(made, now=now)

    def standing(self) -> list[dict[str, Any]]:
        """What counts today, in the order in which it happened."""
        found = []
        for told, _, _ in self.bought:
            one = Settlement.objects.get(pk=latest(told))
            paid = [[p.layer, p.fund, p.amount] for p in api.settlement_view(one.pk).payments]
            found.append({
                "paid": paid, "fund": one.fund_pay, "account": one.account_pay, "cash": one.cash_pay,
                "deductible": one.deductible,
                "delta": {period: counted for period, counted in one.accumulator_delta.items() if counted},
            })  # fmt: skip
        return found

    def counters(self) -> dict[str, Any]:
        rows = Accumulators.objects.filter(person=self.person).values_list("period", "values")
        return {period: values for period, values in rows if values}

    def owed(self) -> int:
        """What the centre still owes the person (fen), all funds together."""
        return -sum(
            ledger.balance(area=POOL, account_code=code, party=self.person.pk)
            for code in ("2102.310100", "2102.310200", "2102.330100")
        )


def latest(told: int) -> int:
    from tongchou.settlement.stored import latest_of

    return latest_of(told)


def fresh(life: Life, balance: int) -> Life:
    """A twin to whom only what stands has happened, in order, as who he is."""
    twin = Life(balance)
    if life.poor_since_birth:
        twin.poor()
    for _, bought, account in life.bought:
        twin.buy(bought, account)
    return twin


@pytest.mark.requirement("R1.3.09")
@settings(max_examples=30, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(played=steps)
def test_after_a_rerun_the_state_is_that_of_a_fresh_run(world: None, played: list[tuple[Any, ...]]) -> None:
    before = worlds.money()["books"]
    life = Life(RICH)
    for name, *given_ in played:
        getattr(life, name)(*given_)
    told = {number: api.told_view(number) for number, _, _ in life.bought}
    life.rerun()
    twin = fresh(life, RICH)
    assert life.standing() == twin.standing()
    assert life.counters() == twin.counters()
    # What the institution was told has not moved, and the difference is the person's.
    for number, _, _ in life.bought:
        now = api.told_view(number)
        assert (now.fund_pay, now.account_pay, now.cash_pay) == (
            told[number].fund_pay, told[number].account_pay, told[number].cash_pay,
        )  # fmt: skip
    cash_told = sum(view.cash_pay for view in told.values())
    assert life.owed() == cash_told - sum(one["cash"] for one in life.standing())
    assert api.examine(today=DAY) == []
    for one in (life, twin):
        while one.bought:
            one.revoke(0)
    assert life.owed() == 0
    assert life.counters() == {}
    assert api.examine(today=DAY) == []
    assert [
        row for row in worlds.money()["books"] if row not in before and not row[0].startswith(("2201", "4001"))
    ] == []


@settings(max_examples=15, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(played=steps, balance=st.integers(0, 60_000))
def test_an_account_that_runs_dry_changes_no_fund_and_no_share(
    world: None, played: list[tuple[Any, ...]], balance: int
) -> None:
    life = Life(balance)
    for name, *given_ in played:
        getattr(life, name)(*given_)
    life.rerun()
    twin = fresh(life, balance)
    share = [{**one, "account": 0, "cash": one["account"] + one["cash"]} for one in life.standing()]
    assert share == [{**one, "account": 0, "cash": one["account"] + one["cash"]} for one in twin.standing()]
    assert life.counters() == twin.counters()
    assert api.examine(today=DAY) == []
