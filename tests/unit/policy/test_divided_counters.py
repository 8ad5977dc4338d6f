"""Counters that are kept by a fact's value: the n-th stay at the same level, a limit for each disease. Amounts in yuan."""

from __future__ import annotations

import random
from datetime import date
from textwrap import indent

import numpy as np
import pytest

from tests.unit.policy.fragment import FRAME, LAYER, Person, plan_of
from tests.unit.policy.test_years import one_by_one, random_year, through_arrays
from tongchou.policy import Bill, PolicyBook, default_pack_directory
from tongchou.policy.checker import check_book
from tongchou.policy.loader import read_packs
from tongchou.policy.nodes import Map, parse_yaml

LEVELS = "facts: {visit.level: {values: [一级, 二级, 三级]}}\n"
STAYS = LEVELS + "accumulators: {year.stays: {title: 本年住院次数, unit: 次, by: visit.level}}\n"
NTH = """
deductible: {amount: {by: visit.level, 一级: 100, 二级: 400, 三级: 800}, nth: {counts: year.stays, factors: [100%, 50%, 0%]}}
bands: [{ratio: 100%}]
feeds: [{to: year.stays, what: one}]
"""


def test_each_level_counts_for_itself() -> None:
    person = Person(plan_of(NTH, STAYS))
    lines = [
        1000 - person.visit(1000, visit__level=level) // 100 for level in "二级 三级 二级 三级 二级 一级 二级".split()
    ]
    assert lines == [400, 800, 200, 400, 0, 100, 0]
    assert person.counters == {"year.stays/一级": 1, "year.stays/二级": 4, "year.stays/三级": 2}


def test_one_counter_for_all_gives_another_result() -> None:
    person = Person(plan_of(NTH, STAYS.replace(", by: visit.level", "")))
    assert [1000 - person.visit(1000, visit__level=level) // 100 for level in ("二级", "三级")] == [400, 400]


def test_a_value_that_counts_as_another_shares_its_counter() -> None:
    extra = STAYS.replace("三级]}", "三级], same_as: {社区: 一级}}")
    person = Person(plan_of(NTH, extra))
    assert person.visit(1000, visit__level="社区") == 90_000
    assert person.visit(1000, visit__level="一级") == 95_000
    assert person.counters == {"year.stays/一级": 2}


@pytest.mark.parametrize(
    ("by", "values", "names"),
    [
        ("visit.where", ("本市", "异地"), ("本市", "异地")),
        ("visit.chinese_medicine", (False, True), ("否", "是")),
        ("visit.disease", ("透析", "M03900"), ("透析", "其他")),
    ],
)
def test_limits_and_deductibles_by_other_facts(by: str, values: tuple[object, object], names: tuple[str, str]) -> None:
    """60 of the deductible are borne once for each value; of what is left, 500 are paid at most for each."""
    extra = f"""
facts: {{visit.disease: {{values: [透析]}}}}
accumulators:
  year.borne: {{title: 起付标准, unit: 元, by: {by}}}
  year.paid: {{title: 支付, unit: 元, by: {by}}}
"""
    rest = """
deductible: {amount: 60, per: year, counts: year.borne}
bands: [{ratio: 50%}]
caps: [{on: payment, per: year, amount: 500, counts: year.paid}]
"""
    person, (one, other), (first, second) = Person(plan_of(rest, extra)), values, names
    fact = by.replace(".", "__")
    assert person.visit(1000, **{fact: one}) == 47_000  # (1000 − 60) × 50 %
    assert person.visit(1000, **{fact: other}) == 47_000
    assert person.visit(1000, **{fact: one}) == 3_000  # 500 less 470
    assert person.counters[f"year.paid/{first}"] == 50_000
    assert person.counters[f"year.paid/{second}"] == 47_000
    assert person.counters[f"year.borne/{first}"] == person.counters[f"year.borne/{second}"] == 6_000


def test_later_layers_and_conditions_read_what_this_visit_added() -> None:
    """The second layer pays 10 % only where the first has already counted two stays at this level, this one included."""
    more = """
- {id: second, title: 二, pays_from: "330100", base: [copay], when: year.stays >= 2, cite: 二, bands: [{ratio: 10%}]}
"""
    rest = "bands: [{ratio: 50%}]\nfeeds: [{to: year.stays, what: one}]"
    person = Person(plan_of(rest, STAYS, more))
    second = []
    for level in ("二级", "三级", "二级"):
        person.visit(1000, visit__level=level)
        second.append(person.last.paid("second"))
    assert second == [0, 0, 5_000]


def test_taken_back_in_any_order() -> None:
    plan = plan_of(NTH, STAYS)
    chance = random.Random(5)
    held: dict[str, int] = {}
    deltas = []
    for _ in range(40):
        outcome = plan.evaluate({"visit.level": chance.choice(("一级", "二级", "三级"))}, Bill(in_scope=100_000), held)
        deltas.append(outcome.accumulator_delta)
        for name, delta in outcome.accumulator_delta.items():
            held[name] = held.get(name, 0) + delta
    assert sum(held.values()) == 40
    chance.shuffle(deltas)
    for delta in deltas:
        for name, amount in delta.items():
            held[name] -= amount
    assert set(held.values()) == {0}


def test_over_arrays_as_one_by_one() -> None:
    book = PolicyBook(read_packs(default_pack_directory() / "shapes"))
    plans = [book.plan_of(["shp-83"], benefit=name, on=date(2024, 6, 1)) for name in ("住院", "门诊特殊病")]
    year = random_year(plans, 3_000, seed=83)
    _, result = through_arrays(year, compiled=False)
    assert int(np.count_nonzero(result.claims[0])) < 500  # few are refused
    assert one_by_one(year, result) == []


@pytest.mark.parametrize("by", ["visit.days", "person.identities", "visit.nothing"])
def test_a_fact_that_counters_cannot_be_kept_by_is_found(by: str) -> None:
    extra = LEVELS + f"accumulators: {{year.stays: {{title: 次数, unit: 次, by: {by}}}}}\n"
    tree = parse_yaml(FRAME.format(extra=extra, layers=indent(LAYER + indent(NTH, "  "), "      ")), "slip.yaml")
    assert isinstance(tree, Map)
    (found,) = [finding for finding in check_book(PolicyBook([tree])) if finding.severity == "error"]
    assert f"按“{by}”分别累计，它不是枚举、是否或病种代码" in found.text()
