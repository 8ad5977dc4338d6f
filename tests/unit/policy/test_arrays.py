"""The array paths give, claim by claim, what the plan gives for one claim: same text, same fen, for every pack there is."""

from __future__ import annotations

import random
from datetime import date
from typing import Any

import numpy as np
import pytest

from tests.unit.policy.test_properties import all_plans
from tongchou.kernel.rejection import Rejection
from tongchou.policy import Bill, Plan
from tongchou.policy.arrays import TooLargeError, column_kernel, sequence_kernel
from tongchou.policy.model import FactSpec

PLANS = all_plans()
NAMES = [plan.id for plan in PLANS]
BILLS = ("b_out_of_scope", "b_over_limit", "b_prior_self_pay", "b_in_scope")


def _value(spec: FactSpec, chance: random.Random) -> object:
    if spec.kind == "enum":
        return chance.choice(spec.values)
    if spec.kind == "code":
        return chance.choice((*spec.values, "其他"))
    if spec.kind == "set":
        return {value for value in spec.values if chance.random() < 0.2}
    if spec.kind == "bool":
        return chance.random() < 0.3
    if spec.kind == "date":
        return date(2026, 1, 1)
    return chance.choice((0, 1, 2, 3, 7, 40, 70, 95))


def _facts(plan: Plan, chance: random.Random) -> dict[str, object]:
    usual = {spec.name: spec.default for spec in plan.facts if not spec.required and spec.default is not None}
    drawn = {spec.name: _value(spec, chance) for spec in plan.facts}
    return {**drawn, **usual} if chance.random() < 0.6 else drawn


def _amount(chance: random.Random) -> int:
    return chance.choice((0, 1, chance.randrange(60_000), chance.randrange(4_000_000), chance.randrange(60_000_000)))


def _bill(chance: random.Random) -> Bill:
    return Bill(*(_amount(chance) for _ in BILLS))


def _paid(plan: Plan, facts: dict[str, object], bill: Bill, used: dict[str, int]) -> tuple[list[int], dict[str, int]]:
    """Refused or not, payments and deductible of one claim through the ordinary path; and what it adds."""
    try:
        outcome = plan.evaluate(facts, bill, used)
    except Rejection:
        return [1, *[0] * len(plan.layers), 0], {}
    return [0, *(payment.amount for payment in outcome.payments), outcome.deductible], outcome.accumulator_delta


def _columns(bills: list[Bill], dtype: Any) -> list[Any]:
    return [np.array([getattr(bill, name.removeprefix("b_")) for bill in bills], dtype=dtype) for name in BILLS]


@pytest.mark.requirement("R0.49")
@pytest.mark.parametrize("plan", PLANS, ids=NAMES)
def test_columns_equal_the_single_claim(plan: Plan) -> None:
    chance = random.Random(plan.id)
    people = [_facts(plan, chance) for _ in range(6)]
    bills = [_bill(chance) for _ in range(6 * 20)]
    used = [{spec.name: chance.choice((0, 1, 2, _amount(chance))) for spec in plan.accumulators} for _ in bills]
    states = tuple(f"a{number}" for number in range(len(plan.accumulators)))
    outputs = ("refused", *(f"paid:{layer.id}" for layer in plan.layers), "deductible")
    kernel = column_kernel(plan, (*BILLS, *states), outputs)
    columns = _columns(bills, np.float64)
    columns += [np.array([row[spec.name] for row in used], dtype=np.float64) for spec in plan.accumulators]
    segments = [
        (plan.encode(facts, Bill(), {})[: len(plan.facts)], number * 20, number * 20 + 20)
        for number, facts in enumerate(people)
    ]
    out = [np.empty(len(bills)) for _ in outputs]
    kernel.run(columns, segments, out)
    for claim, (bill, counters) in enumerate(zip(bills, used, strict=True)):
        expected, _ = _paid(plan, people[claim // 20], bill, counters)
        assert [int(out[0][claim] != 0), *(int(column[claim]) for column in out[1:])] == expected, (plan.id, bill)


@pytest.mark.requirement("R0.49", "R1.3.09")
@pytest.mark.parametrize("plan", PLANS, ids=NAMES)
def test_a_persons_year_equals_claim_after_claim(plan: Plan) -> None:
    chance = random.Random(plan.id)
    persons = [[(_facts(plan, chance), _bill(chance)) for _ in range(chance.randrange(5))] for _ in range(40)]
    claims = [claim for person in persons for claim in person]
    when = [(2025 + number // 3, 1 + number // 2) for person in persons for number in range(len(person))]
    starts = np.cumsum([0, *(len(person) for person in persons)], dtype=np.int64)
    names = tuple(spec.name for spec in plan.facts)
    outputs = (*(f"paid:{layer.id}" for layer in plan.layers), "deductible")
    kernel = sequence_kernel(plan, names, BILLS, outputs, write=True)
    encoded = [plan.encode(facts, Bill(), {})[: len(names)] for facts, _ in claims]
    out = [np.empty(len(claims), dtype=np.int64) for _ in range(len(outputs) + 1)]
    result = kernel.run(
        starts=starts,
        year=np.array([year for year, _ in when], dtype=np.int32),
        month=np.array([month for _, month in when], dtype=np.int32),
        facts=[np.array([row[number] for row in encoded], dtype=np.int64) for number in range(len(names))],
        fixed={},
        amounts=_columns([bill for _, bill in claims], np.int64),
        out=out,
        threads=2,
    )
    expected = [
        row for person, first in zip(persons, starts[:-1], strict=True) for row in _year(plan, person, when, first)
    ]
    got = [[int(out[-1][n] != 0), *(int(column[n]) for column in out[:-1])] for n in range(len(claims))]
    assert got == expected
    assert result.sums == [[sum(row[1 + n] for row in expected) for n in range(len(outputs))]]
    assert result.refused == [sum(row[0] for row in expected)]


def _year(plan: Plan, person: Any, when: Any, first: int) -> list[list[int]]:
    """A person's claims one after the other through the ordinary path."""
    used: dict[tuple[str, object], int] = {}
    rows = []
    for number, (facts, bill) in enumerate(person):
        year, month = when[first + number]
        keys = {
            spec.name: {"year": year, "month": (year, month)}.get(spec.period, "life") for spec in plan.accumulators
        }
        before = {name: used.get((name, key), 0) for name, key in keys.items()}
        row, delta = _paid(plan, facts, bill, before)
        for name, amount in delta.items():
            used[name, keys[name]] = before[name] + amount
        rows.append(row)
    return rows


def test_sums_of_many_reforms_are_the_sums_of_their_claims() -> None:
    plan = next(plan for plan in PLANS if plan.benefit == "住院" and len(plan.layers) == 3)
    chance = random.Random(7)
    outputs = tuple(f"paid:{layer.id}" for layer in plan.layers)
    kernel = column_kernel(plan, ("b_in_scope",), outputs)
    amounts = np.array([float(_amount(chance)) for _ in range(5_000)])
    rows = [kernel.row(plan.encode(_facts(plan, chance), Bill(), {})[: len(plan.facts)]) for _ in range(9)]
    sums = kernel.sums([amounts], np.array(rows), 0, len(amounts), threads=2)
    for row, total in zip(rows, sums, strict=True):
        out = [np.empty(len(amounts)) for _ in outputs]
        kernel._loop(0, 1, np.array([row]), np.array([0]), np.array([len(amounts)]), (amounts,), tuple(out))
        assert total == [int(column.sum()) for column in out]


def test_an_amount_beyond_the_exact_range_is_refused_not_rounded() -> None:
    plan = next(plan for plan in PLANS if plan.benefit == "住院")
    kernel = column_kernel(plan, ("b_in_scope",), (f"paid:{plan.layers[0].id}",))
    with pytest.raises(TooLargeError):
        kernel.run([np.array([1e13])], [((0,) * len(plan.facts), 0, 1)], [np.empty(1)])
