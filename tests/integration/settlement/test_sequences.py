"""Any sequence of purchases, repeats, revocations and undone messages leaves accounts, counters and books agreeing.

Persons pay from no account, their own, or a family member's: person 2 from that of person 1, person 1 from that of person 3.
"""

from __future__ import annotations

import random
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from tests.integration.settlement.world import (
    CLASS_A,
    CLASS_B,
    CLASS_C,
    DAY,
    LIMITED,
    NOW,
    POOL,
    answer,
    bind,
    job,
    line,
    money,
    person_number,
    purchase,
    read,
    receipt,
)
from tongchou.kernel.rejection import Rejection
from tongchou.ledger import api as ledger
from tongchou.settlement import api
from tongchou.settlement.models import Settlement

pytestmark = pytest.mark.usefixtures("world")

PERSONS = (1, 2, 3)
items = st.tuples(st.sampled_from([CLASS_A, CLASS_B, CLASS_C, LIMITED]), st.integers(1, 60), st.integers(1, 9))
purchases = st.tuples(
    st.just("buy"), st.sampled_from(PERSONS), st.lists(items, min_size=1, max_size=5), st.sampled_from("012")
)
others = st.tuples(st.sampled_from(["repeat", "revoke", "undo", "restore"]), st.integers(0, 99))
steps = st.lists(st.one_of(purchases, purchases, others), min_size=1, max_size=14)


@pytest.fixture(autouse=True)
def families(world: None) -> None:
    bind(owner=1, member=2)
    bind(owner=3, member=1)


class Counter:
    """Plays steps and remembers what was answered."""

    def __init__(self) -> None:
        self.jobs: list[Any] = []
        self.settled: list[dict[str, Any]] = []
        self.messages: list[tuple[str, int]] = []
        self.revocations: list[tuple[str, int]] = []

    def play(self, step: tuple[Any, ...]) -> None:
        getattr(self, step[0])(*step[1:])

    def buy(self, person: int, bought: list[tuple[str, int, int]], account: str) -> None:
        lines = tuple(line(n, item, yuan=yuan, count=count) for n, (item, yuan, count) in enumerate(bought, start=1))
        made = job(purchase(person, lines=lines, account_used="0" if person == 3 and account == "2" else account))
        self.jobs.append(made)
        self.settled.append(read(api.settle_many(jobs=[made])[0]))
        self.messages.append((made.receipt.message_id, person))

    def repeat(self, which: int) -> None:
        if self.jobs:
            (result,) = api.settle_many(jobs=[self.jobs[which % len(self.jobs)]])
            assert isinstance(result, bytes) or result.code == "SETL-002"

    def revoke(self, which: int) -> None:
        if self.settled:
            number = which % len(self.settled)
            message = receipt(transaction="2103", body=number)
            person = self.messages[number][1]
            try:
                api.revoke(
                    receipt=message, settlement_id=self.settled[number]["id"], person_number=person_number(person),
                    answer=answer, now=NOW,
                )  # fmt: skip
                self.revocations.append((message.message_id, person))
            except Rejection as refusal:
                if refusal.code not in {"SETL-041", "SETL-045"}:
                    raise

    def undo(self, which: int) -> None:
        self._undo(self.messages, "2102", which)

    def restore(self, which: int) -> None:
        self._undo(self.revocations, "2103", which)

    def _undo(self, messages: list[tuple[str, int]], transaction: str, which: int) -> None:
        if messages:
            message, person = messages[which % len(messages)]
            try:
                api.undo(
                    receipt=receipt(transaction="2601", body=message), original_message_id=message,
                    original_transaction=transaction, answer=lambda view: b"{}", now=NOW,
                    person_number=person_number(person),
                )  # fmt: skip
            except Rejection as refusal:
                if refusal.code not in {"SETL-041", "SETL-044", "SETL-045", "SETL-052"}:
                    raise


@pytest.mark.requirement("R1.3.09")
@settings(max_examples=25, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(steps=steps, seed=st.integers(0, 2**16))
def test_any_sequence_agrees_and_revoking_all_restores_everything(steps: list[tuple[Any, ...]], seed: int) -> None:
    before = money()
    counter = Counter()
    for step in steps:
        counter.play(step)
    assert api.examine(today=DAY) == []
    standing = Settlement.objects.filter(direction=1).exclude(
        pk__in=Settlement.objects.filter(direction=-1).values("reversal_of")
    )
    owed = sum(standing.values_list("total", flat=True))
    assert -ledger.balance(area=POOL, account_code="2101") - ledger.balance(area=POOL, account_code="9002") == owed
    remaining = [(row.pk, row.person.number) for row in standing.select_related("person")]
    random.Random(seed).shuffle(remaining)
    for settlement_id, number in remaining:
        api.revoke(
            receipt=receipt(transaction="2103"),
            settlement_id=settlement_id,
            person_number=number,
            answer=answer,
            now=NOW,
        )
    assert money() == before
    assert api.examine(today=DAY) == []


@settings(max_examples=15, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(bought=st.lists(items, min_size=2, max_size=8), seed=st.integers(0, 2**16))
def test_the_order_of_the_lines_does_not_matter(bought: list[tuple[str, int, int]], seed: int) -> None:
    lines = [line(n, item, yuan=yuan, count=count) for n, (item, yuan, count) in enumerate(bought, start=1)]
    shuffled = random.Random(seed).sample(lines, len(lines))
    views = [
        api.pre_settle(institution_code="P62990000001", request=purchase(lines=tuple(order)), now=NOW)
        for order in (lines, shuffled)
    ]
    shown = [(view.payments, view.account_pay, view.cash_pay, view.in_scope, view.accumulator_delta) for view in views]
    assert shown[0] == shown[1]
