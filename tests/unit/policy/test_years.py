"""Several plans in a row over a person's year: claim for claim what ``Plan.evaluate`` gives with the counters carried along.

The default run takes some thousand claims per set of plans; ``-m slow`` takes a million, over all packs.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import date
from typing import Any

import numpy as np
import pytest

from tests.unit.policy.fragment import plan_of
from tongchou.kernel.rejection import Rejection
from tongchou.policy import Bill, Plan, PolicyBook, PolicyErrors, default_pack_directory
from tongchou.policy.arrays.years import (
    BILLS,
    WORDED,
    Claims,
    Tables,
    YearKernel,
    YearResult,
    first_of_day,
    year_kernel,
)
from tongchou.policy.loader import SHAPES

CITY = "629900"
DAY = date(2026, 6, 1)


@dataclass
class Year:
    """Random claims: columns for the arrays, and the same claims as facts and bills."""

    plans: tuple[Plan, ...]
    starts: np.ndarray[Any, Any]
    columns: dict[str, np.ndarray[Any, Any]] = field(default_factory=dict)
    words: dict[str, list[object]] = field(default_factory=dict)

    def facts(self, claim: int, plan: Plan) -> dict[str, object]:
        found: dict[str, object] = {}
        for spec in plan.facts:
            code = int(self.columns[spec.name][claim])
            if spec.kind in WORDED:
                word = self.words[spec.name][code]
                if word is not None:
                    found[spec.name] = str(word).split("、") if spec.kind == "set" else word
            elif spec.kind == "date":
                found[spec.name] = date.fromordinal(code)
            else:
                found[spec.name] = bool(code) if spec.kind == "bool" else code
        return found

    def bill(self, claim: int) -> Bill:
        return Bill(*(int(self.columns[name][claim]) for name in BILLS))


def random_year(plans: Sequence[Plan], count: int, seed: int) -> Year:
    chance = np.random.default_rng(seed)
    person = np.sort(chance.integers(0, max(1, count // 8), count))
    _, first = np.unique(person, return_index=True)
    year = Year(tuple(plans), np.append(first, count))
    for plan in plans:
        for spec in plan.facts:
            known: list[object] = [*spec.values, *(alias for alias, _ in spec.aliases)]
            if spec.kind in WORDED:
                words = year.words.setdefault(spec.name, [None])
                words += [word for word in known if word not in words]
    for name, words in year.words.items():
        if any(spec.name == name and spec.kind == "set" for plan in plans for spec in plan.facts) and len(words) > 2:
            words += [f"{words[1]}、{words[2]}"]
        stated = chance.integers(1, len(words), count) if len(words) > 1 else np.zeros(count, dtype=np.int64)
        rare = chance.random(count) < 0.03
        year.columns[name] = np.where(rare, 0, stated)
    for plan in plans:
        for spec in plan.facts:
            if spec.name not in year.columns:
                high = {"bool": 2, "int": 90, "date": 0}.get(spec.kind, 500_000)
                base = DAY.toordinal() if spec.kind == "date" else 0
                year.columns[spec.name] = base + chance.integers(0, high or 365, count)
    for name in BILLS:
        amounts = (chance.lognormal(11.5, 1.8, count)).astype(np.int64)
        year.columns[name] = np.where(chance.random(count) < 0.25, 0, np.minimum(amounts, 10**8))
    year.columns["which"] = chance.integers(0, len(plans), count)
    inner = np.concatenate([np.sort(chance.integers(2025, 2027, n)) for n in np.diff(year.starts)])
    year.columns |= {"year": inner, "month": chance.integers(1, 13, count), "group": chance.integers(0, 3, count)}
    # A day within the month, so that claims of one day are frequent and do not stand together.
    year.columns["day"] = (year.columns["year"] * 12 + year.columns["month"]) * 31 + chance.integers(0, 3, count)
    year.columns |= {"usable": chance.integers(0, 2, count), "held": chance.integers(0, 300_000, count)}
    year.columns["drawn"] = np.where(year.columns["usable"] != 0, year.columns["held"] // 3, 0)
    return year


def through_arrays(year: Year, *, compiled: bool) -> tuple[YearKernel, YearResult]:
    varying = tuple(dict.fromkeys(spec.name for plan in year.plans for spec in plan.facts))
    kernel = year_kernel(year.plans, varying, compiled=compiled, write=True)
    tables: Tables = kernel.tables({name: year.words.get(name, [None]) for name in varying}, {})
    barred = np.zeros(len(year.columns["which"]), dtype=np.int64)
    for number, unfit in enumerate(tables.unfit):
        for name, bad in unfit.items():
            barred[(year.columns["which"] == number) & bad[year.columns[name]]] = kernel.reasons + 2
    columns = year.columns
    claims = Claims(
        starts=year.starts, year=columns["year"], month=columns["month"], which=columns["which"], barred=barred,
        facts=[columns[name] for name in varying], bills=[columns[name] for name in BILLS], group=columns["group"],
        usable=columns["usable"], held=columns["held"], drawn=columns["drawn"], day=columns["day"],
    )  # fmt: skip
    return kernel, kernel.run(claims, tables, groups=3, threads=2 if compiled else 1)


def one_by_one(year: Year, result: YearResult) -> list[str]:
    """Every claim through ``Plan.evaluate``; returns what differs."""
    refused, burden, account, *paid = result.claims
    differing = []
    for low, high in zip(year.starts[:-1], year.starts[1:], strict=True):
        counters: dict[tuple[str, object], int] = {}
        saved = 0
        for claim in range(low, high):
            plan = year.plans[year.columns["which"][claim]]
            when = {"year": int(year.columns["year"][claim]), "life": 0}
            when["month"] = when["year"] * 100 + int(year.columns["month"][claim])
            when["day"] = int(year.columns["day"][claim])
            before = {s.name: counters.get((s.name, when[s.period]), 0) for s in plan.accumulators}
            held = max(0, int(year.columns["held"][claim]) + saved) if year.columns["usable"][claim] else 0
            bill, drawing = year.bill(claim), 0
            try:
                outcome = plan.evaluate(year.facts(claim, plan), bill, before, held)
            except Rejection:
                expected = (True, bill.total, 0, [0] * len(plan.layers))
            else:
                drawing = outcome.account_pay
                expected = (False, outcome.person_pay, drawing, [p.amount for p in outcome.payments])
                for spec in plan.accumulators:
                    key = (spec.name, when[spec.period])
                    counters[key] = counters.get(key, 0) + outcome.accumulator_delta.get(spec.name, 0)
            saved += int(year.columns["drawn"][claim]) - drawing
            own = [int(column[claim]) for column in paid[: len(plan.layers)]]
            found = (bool(refused[claim]), int(burden[claim]), int(account[claim]), own)
            if found != expected:
                differing.append(f"{plan.id} claim {claim}: arrays {found}, single {expected}")
    return differing


def sums_hold(year: Year, result: YearResult) -> None:
    """The sums are those of the claims, per plan and group; a person's figures those of the person's claims."""
    refused, burden, account, *paid = result.claims
    for plan in range(len(year.plans)):
        for group in range(3):
            here = (year.columns["which"] == plan) & (year.columns["group"] == group)
            columns = [
                burden,
                account,
                sum(year.columns[name] for name in BILLS),
                np.ones_like(burden),
                refused > 0,
                *paid,
            ]
            for what, column in enumerate(columns):
                assert result.sums.get((plan, group, what), 0) == int(np.asarray(column)[here].sum())
    for low, high, carried in zip(year.starts[:-1], year.starts[1:], result.burden, strict=True):
        assert int(burden[low:high].sum()) == carried


def city_plans(book: PolicyBook, scheme: str) -> list[Plan]:
    """All benefits of the demonstration city, in two versions each where there are two."""
    days = (date(2015, 6, 1), DAY) if scheme == "390" else (DAY,)
    found = [
        book.plan(area=CITY, scheme=scheme, benefit=benefit, on=day)
        for day in days
        for benefit in book.benefits(area=CITY, scheme=scheme, on=day)
    ]
    return list(dict.fromkeys(found))


def all_plans(book: PolicyBook) -> list[Plan]:
    """Every benefit of every version of every pack by itself, and the bound chains."""
    found: list[Plan] = []
    for name, versions in book.packs.items():
        for version in versions:
            for benefit in dict.fromkeys(n for entry in version.pack.benefits for n in entry.names):
                try:
                    found.append(book.plan_of([name], benefit=benefit, on=version.pack.start))
                except (Rejection, PolicyErrors):
                    continue
    for area, scheme in book.bindings.schemes:
        found += city_plans(book, scheme) if area == CITY else []
    return list(dict.fromkeys(found))


def same_facts(plans: Sequence[Plan]) -> list[list[Plan]]:
    """Plans grouped so that a fact is of one kind in a group."""
    groups: list[tuple[dict[str, str], list[Plan]]] = []
    for plan in plans:
        kinds = {spec.name: spec.kind for spec in plan.facts}
        for known, group in groups:
            if len(group) < 12 and all(known.get(name, kind) == kind for name, kind in kinds.items()):
                known.update(kinds)
                group.append(plan)
                break
        else:
            groups.append((dict(kinds), [plan]))
    return [group for _, group in groups]


@pytest.mark.requirement("R0.49", "R12.18")
@pytest.mark.parametrize("scheme", ["390", "310"])
def test_a_year_over_all_benefits_is_that_of_the_single_claims(book: PolicyBook, scheme: str) -> None:
    year = random_year(city_plans(book, scheme), 4_000, 7)
    _, result = through_arrays(year, compiled=False)
    assert one_by_one(year, result) == []
    assert any(result.fund), "something is paid"
    sums_hold(year, result)


def test_compiled_and_plain_are_the_same(book: PolicyBook) -> None:
    year = random_year(city_plans(book, "310"), 4_000, 8)
    _, plain = through_arrays(year, compiled=False)
    _, fast = through_arrays(year, compiled=True)
    assert (fast.sums, fast.reasons) == (plain.sums, plain.reasons)
    for one, other in zip((fast.fund, *fast.claims), (plain.fund, *plain.claims), strict=True):
        assert np.array_equal(one, other)


@pytest.fixture(scope="session")
def shapes() -> PolicyBook:
    """The fragments of many cities' documents."""
    return PolicyBook.load(default_pack_directory().joinpath(SHAPES))


def test_every_plan_of_every_pack_and_shape(book: PolicyBook, shapes: PolicyBook) -> None:
    plans = [*all_plans(book), *all_plans(shapes)]
    assert len(plans) > 120
    for number, group in enumerate(same_facts(plans)):
        year = random_year(group, 300 * len(group), number)
        _, result = through_arrays(year, compiled=False)
        assert one_by_one(year, result) == []


@pytest.mark.slow
def test_a_million_random_claims_over_all_packs(book: PolicyBook, shapes: PolicyBook) -> None:
    """Machine code against the function of the counter, no difference in any payment, burden or account."""
    groups = same_facts([*all_plans(book), *all_plans(shapes)])
    share = 1_000_000 // sum(len(group) for group in groups) + 1
    for number, group in enumerate(groups):
        year = random_year(group, share * len(group), 100 + number)
        _, result = through_arrays(year, compiled=True)
        assert one_by_one(year, result) == []


def test_counters_held_before_the_year(book: PolicyBook) -> None:
    """Who enters the year with 14,000 of the 15,000 paid out gets 1,000 more and nothing after."""
    plan = book.plan(area=CITY, scheme="390", benefit="住院", on=date(2015, 6, 1))
    facts = {"visit.level": "三级", "person.type": "居民", "person.continuous_years": 1}
    kernel = year_kernel((plan,), (), compiled=False, write=True)
    zero = np.zeros(2, dtype=np.int64)
    claims = Claims(
        starts=np.array([0, 2]), year=zero + 2015, month=zero + 6, which=zero, barred=zero, facts=[], group=zero,
        bills=[zero, zero, zero, zero + 1_000_000], before={"year.pool_paid:390100": np.array([1_400_000, 9])},
    )  # fmt: skip
    result = kernel.run(claims, kernel.tables({}, facts), groups=1)
    assert result.claims[3].tolist() == [100_000, 0]


def test_what_a_plan_draws_less_stays_in_the_account(book: PolicyBook) -> None:
    """In reality the account paid 500.00 at the first visit and was empty at the second; a plan that draws nothing at the
    first leaves the 500.00 for the second."""
    plan = book.plan(area=CITY, scheme="310", benefit="药店购药", on=DAY)
    kernel = year_kernel((plan,), (), compiled=False, write=True)
    zero = np.zeros(2, dtype=np.int64)
    facts: Mapping[str, object] = {"visit.level": "药店", "person.type": "在职"}
    claims = Claims(
        starts=np.array([0, 2]), year=zero + 2026, month=zero + 6, which=zero, barred=zero, facts=[], group=zero,
        bills=[zero, zero, zero, np.array([0, 80_000])], usable=zero + 1, held=np.array([50_000, 0]),
        drawn=np.array([50_000, 0]),
    )  # fmt: skip
    result = kernel.run(claims, kernel.tables({}, facts), groups=1)
    assert result.claims[2].tolist() == [0, 50_000]


def test_a_claim_without_a_plan_is_borne_by_the_person(book: PolicyBook) -> None:
    plan = book.plan(area=CITY, scheme="390", benefit="住院", on=DAY)
    kernel = year_kernel((plan,), (), compiled=False, write=True)
    one = np.ones(1, dtype=np.int64)
    claims = Claims(
        starts=np.array([0, 1]), year=one, month=one, which=one, barred=one * (kernel.reasons + 1), facts=[], group=one * 0,
        bills=[one * 0, one * 0, one * 0, one * 70_000],
    )  # fmt: skip
    result = kernel.run(claims, kernel.tables({}, {}), groups=1)
    assert (result.burden.tolist(), result.fund.tolist()) == ([70_000], [0])
    assert result.reasons == {(1, kernel.reasons + 1): 1}


BY_THE_DAY = """
deductible: {amount: 50, per: day, counts: "day.deductible:310", cite: 二}
bands: [{ratio: 50%, cite: 三}]
caps:
  - {on: payment, per: day, amount: 80, counts: "day.paid:310100", rest_to: uncovered, title: 每日限额, cite: 四}
  - {on: payment, per: year, amount: 2000, counts: "year.paid:310100", rest_to: uncovered, title: 每年限额, cite: 四}
"""
DAY_COUNTERS = """
accumulators:
  "day.deductible:310": {title: 当日已负担起付标准, unit: 元}
  "day.paid:310100": {title: 当日支付, unit: 元}
  "year.paid:310100": {title: 本年度支付, unit: 元}
"""


@pytest.mark.parametrize("compiled", [False, True])
def test_counters_of_a_day_are_shared_by_the_claims_of_the_day(compiled: bool) -> None:
    """Claims of a day need not stand together; those of another day begin anew."""
    year = random_year([plan_of(BY_THE_DAY, DAY_COUNTERS)], 3_000, 11)
    kernel, result = through_arrays(year, compiled=compiled)
    assert kernel.daily == ("day.deductible:310", "day.paid:310100")
    assert one_by_one(year, result) == []
    sums_hold(year, result)
    shared = first_of_day(year.starts, year.columns["day"]) != np.arange(len(year.columns["day"]))
    assert shared.sum() > 100


def test_counters_of_a_day_by_hand() -> None:
    """50 first, half of the rest, at most 80 a day: 100 → 25; another 100 that day → 50; 100 → the 5 that are left; next day 25."""
    plan = plan_of(BY_THE_DAY, DAY_COUNTERS)
    kernel = year_kernel((plan,), (), compiled=False, write=True)
    tables = kernel.tables({}, {})
    ones, zero = np.ones(4, dtype=np.int64), np.zeros(4, dtype=np.int64)
    claims = Claims(
        starts=np.array([0, 4]), year=ones * 2025, month=ones, which=zero, barred=zero, facts=[],
        bills=[zero, zero, zero, ones * 10_000], group=zero, day=np.array([5, 5, 6, 5]),
    )  # fmt: skip
    paid = kernel.run(claims, tables, groups=1).claims[3]
    assert paid.tolist() == [2_500, 5_000, 2_500, 500]
    with pytest.raises(ValueError, match="by the day"):
        kernel.run(replace(claims, day=None), tables, groups=1)
