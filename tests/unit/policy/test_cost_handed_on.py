"""Limits on payment that hand on the cost above the point where they are reached, against the same in fractions. Yuan."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date
from fractions import Fraction as F
from itertools import pairwise

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tests.unit.policy.fragment import FRAME, Person, book_of, plan_of
from tests.unit.policy.test_language_findings import messages
from tests.unit.policy.test_years import one_by_one, random_year, through_arrays
from tongchou.policy import PolicyBook, default_pack_directory
from tongchou.policy.checker import check_book
from tongchou.policy.document import version_document
from tongchou.policy.loader import read_packs
from tongchou.policy.nodes import Map, parse_yaml

COUNTER = """
accumulators: {year.paid: {title: 本年支付, unit: 元}, year.cost: {title: 本年费用, unit: 元}}
"""


def half_up(value: F) -> int:
    return int(value + F(1, 2))


@dataclass(frozen=True)
class Rule:
    """Bands of one layer and its limit; amounts in fen, ratios in percent."""

    edges: tuple[int, ...]
    ratios: tuple[int, ...]
    deductible: int
    limit: int
    measure: str = "above_deductible"

    @property
    def pack(self) -> str:
        tiers = [
            f"{{to: {edge / 100:.2f}, ratio: {ratio}%}}" for edge, ratio in zip(self.edges, self.ratios, strict=False)
        ]
        tiers.append(f"{{ratio: {self.ratios[-1]}%}}")
        return f"""
deductible: {{amount: {self.deductible / 100:.2f}}}
bands: {{measure: {self.measure}, tiers: [{", ".join(tiers)}]}}
caps: [{{on: payment, amount: {self.limit / 100:.2f}, moves: cost}}]
"""

    def share(self, above: F) -> F:
        """What the bands pay of so much cost above the deductible."""
        if self.measure == "payment":
            return self._share_by_payment(above)
        start = F(self.deductible if self.measure == "gross" else 0)
        total, low = F(0), F(0)
        for high, ratio in zip([*self.edges, None], self.ratios, strict=True):
            upper = start + above if high is None else min(F(high), start + above)
            total += max(F(0), upper - max(low, start)) * F(ratio, 100)
            low = F(high or 0)
        return total

    def _share_by_payment(self, above: F) -> F:
        paid, left = F(0), above
        for high, ratio in zip([*self.edges, None], self.ratios, strict=True):
            rate = F(ratio, 100)
            room = None if high is None else F(high) - paid
            if room is None or left * rate <= room:
                return paid + left * rate
            paid, left = F(high), left - room / rate
        return paid

    def reached(self, paid: int, above: int) -> int:
        """The least cost of which so much is paid, found by halving: whole fen first, then the piece in between."""
        if paid == 0:
            return 0
        low, high = 0, above
        while high - low > 1:
            middle = (low + high) // 2
            low, high = (middle, high) if self.share(F(middle)) < paid else (low, middle)
        points = sorted({F(low), F(high), *self._kinks(F(low), F(high))})
        for left, right in pairwise(points):
            before, after = self.share(left), self.share(right)
            if after >= paid > before:
                return half_up(left + (paid - before) * (right - left) / (after - before))
        raise AssertionError("the payment is never reached")

    def _kinks(self, low: F, high: F) -> list[F]:
        """Where within one fen the ratio changes: only bands by payment have edges between two fen."""
        cost, paid, found = F(0), F(0), []
        if self.measure == "payment":
            for edge, ratio in zip(self.edges, self.ratios, strict=False):
                if ratio == 0:
                    break
                cost, paid = cost + (F(edge) - paid) / F(ratio, 100), F(edge)
                found.append(cost)
        return [point for point in found if low < point < high]


@st.composite
def rules(draw: st.DrawFn) -> Rule:
    measure = draw(st.sampled_from(["above_deductible", "gross", "payment"]))
    bands = draw(st.integers(1, 2 if measure == "payment" else 4))
    edges = sorted(draw(st.lists(st.integers(1, 300_000), min_size=bands - 1, max_size=bands - 1, unique=True)))
    low = 1 if measure == "payment" else 0
    ratios = draw(st.lists(st.integers(low, 100), min_size=bands, max_size=bands))
    return Rule(tuple(edges), tuple(ratios), draw(st.integers(0, 50_000)), draw(st.integers(0, 250_000)), measure)


@settings(max_examples=120, deadline=None)
@given(rule=rules(), amounts=st.lists(st.integers(0, 600_000), min_size=1, max_size=8))
def test_as_in_fractions(rule: Rule, amounts: list[int]) -> None:
    """Payment, own share and what is handed on, to the fen; together they are the cost."""
    plan = plan_of(
        rule.pack,
        "",
        '- {id: next, title: 二, pays_from: "330100", base: [over_cap], cite: 二, bands: [{ratio: 0%}]}\n',
    )
    for amount in [*amounts, rule.deductible + rule.limit, rule.deductible + 2 * rule.limit + 1]:
        outcome = Person(plan)
        outcome.visit(f"{amount // 100}.{amount % 100:02d}")
        burden, paid = outcome.last.burden, outcome.last.paid("pool")
        above = max(0, amount - rule.deductible)
        due = half_up(rule.share(F(above)))
        cost = above if due <= rule.limit else rule.reached(rule.limit, above)
        assert paid == min(due, rule.limit)
        assert (burden["over_cap"], burden["copay"]) == (above - cost, cost - paid), (rule, amount)
        assert paid + sum(burden.values()) == amount
        assert min(burden.values()) >= 0


def test_a_band_that_pays_nothing_is_not_walked_through() -> None:
    """800 to 1,000, nothing to 3,000, then half. A limit of 800 is reached at 1,000; one of 900 at 3,200."""
    bands = "bands: [{to: 1000, ratio: 80%}, {to: 3000, ratio: 0%}, {ratio: 50%}]\n"
    for limit, reached in ((800, 1000), (900, 3200)):
        person = Person(plan_of(f"{bands}caps: [{{on: payment, amount: {limit}, moves: cost}}]"))
        assert person.visit(5000) == limit * 100
        assert person.last.burden["over_cap"] == (5000 - reached) * 100


def test_by_the_year_and_with_what_the_year_has_used() -> None:
    """SHP-19's bands over the year, a limit of 1,000 a year: 80 % to 1,000 of the year's cost, then 90 %."""
    plan = plan_of(
        """
bands: {counts: year.cost, tiers: [{to: 1000, ratio: 80%}, {ratio: 90%}]}
caps: [{on: payment, per: year, amount: 1000, counts: year.paid, moves: cost}]
""",
        COUNTER,
    )
    person = Person(plan)
    assert person.visit(600) == 48_000
    assert person.visit(1000) == 52_000  # 400 × 80 % = 320, then 200 ÷ 90 % = 222.22: 622.22 reach the limit
    assert person.last.burden == {**person.last.burden, "copay": 10_222, "over_cap": 37_778}
    assert person.visit(100) == 0
    assert person.last.burden == {**person.last.burden, "copay": 0, "over_cap": 10_000}
    assert person.counters["year.paid"] == 100_000


def test_one_band_for_the_whole_amount() -> None:
    """Up to 1,000: 50 %; above: 70 % of all. 2,000 would pay 1,400; a limit of 700 is reached at 1,000 at that ratio."""
    rest = (
        "bands: {whole_amount: true, tiers: [{to: 1000, ratio: 50%}, {ratio: 70%}]}\ncaps: [{amount: 700, moves: cost}]"
    )
    person = Person(plan_of(rest))
    assert person.visit(2000) == 70_000
    assert person.last.burden == {**person.last.burden, "copay": 30_000, "over_cap": 100_000}


def test_several_limits_and_one_that_cuts_the_payment() -> None:
    """80 %: 4,000 of 5,000. The year's limit 2,000 at 2,500, the visit's 1,200 at 1,500; then 1,000 by payment: 200 cut."""
    rest = """
bands: [{ratio: 80%}]
caps:
  - {on: payment, amount: 1000, rest_to: uncovered, title: 削减}
  - {on: payment, per: year, amount: 2000, counts: year.paid, moves: cost, title: 年}
  - {on: payment, amount: 1200, moves: cost, title: 次}
"""
    person = Person(plan_of(rest, COUNTER))
    assert person.visit(5000) == 100_000
    assert person.last.burden == {**person.last.burden, "over_cap": 350_000, "copay": 30_000, "uncovered": 20_000}


def test_a_limit_that_does_not_hold_hands_on_nothing() -> None:
    rest = "bands: [{ratio: 80%}]\ncaps: [{amount: 100, moves: cost, when: person.type == 退休}]"
    person = Person(plan_of(rest))
    assert person.visit(1000, person__type="在职") == 80_000
    assert person.last.burden["over_cap"] == 0
    assert person.visit(1000, person__type="退休") == 10_000
    assert person.last.burden == {**person.last.burden, "over_cap": 87_500, "copay": 2_500}


@pytest.mark.parametrize("reading", ["A", "B"])
def test_over_arrays_as_one_by_one(reading: str) -> None:
    """SHP-81 in both readings, a person's year in order with its counters."""
    book = PolicyBook(read_packs(default_pack_directory() / "shapes"))
    plan = book.plan_of(["shp-81"], benefit="住院", on=date(2024, 6, 1), readings={"AMB-SHP-81": reading})
    year = random_year([plan], 2_000, seed=81)
    _, result = through_arrays(year, compiled=False)
    assert one_by_one(year, result) == []


def test_the_document_says_what_is_handed_on() -> None:
    book = book_of("bands: [{ratio: 80%}]\ncaps: [{amount: 100, moves: cost, title: 每次限额}]")
    (version,) = book.packs["fragment"]
    words = {entry.label: entry.detail for entry in version_document(book, version).entries().values()}
    assert words["每次限额"] == "每次，限支付；到达限额以后的费用归入超封顶线"


@pytest.mark.parametrize(
    ("layer", "found"),
    [
        ("bands: [{ratio: 50%}]\ncaps: [{on: cost, amount: 100, moves: cost}]", "on: cost的限额不写moves"),
        ("bands: [{ratio: 50%}]\ncaps: [{amount: 100, moves: rest}]", "“moves: rest”不认识"),
        ("amount: 100\ncaps: [{amount: 100, moves: cost}]", "moves: cost的限额不能与amount同用"),
        (
            "cumulate: {counts: year.visits, paid: year.paid}\nbands: [{ratio: 50%}]\ncaps: [{amount: 100, moves: cost}]",
            "moves: cost的限额不能与cumulate同用",
        ),
    ],
)
def test_limits_that_have_no_cost_to_hand_on_are_found(layer: str, found: str) -> None:
    assert found in messages(layer)


@pytest.mark.parametrize(
    ("base", "cap"),
    [
        ("[over_cap]", "{amount: 100, moves: cost}"),
        ("[over_cap, copay]", "{amount: 100, moves: cost, rest_to: uncovered}"),
    ],
)
def test_a_layer_in_place_says_from_where_to_where(base: str, cap: str) -> None:
    """What is not paid stays where it is: the cost would go from over_cap to over_cap, or from nobody knows which."""
    own = f'{{id: two, title: 二, pays_from: "330100", base: {base}, cite: 二, bands: [{{ratio: 50%}}], caps: [{cap}]}}'
    tree = parse_yaml(FRAME.format(extra="", layers=f"      - {own}"), "slip.yaml")
    assert isinstance(tree, Map)
    found = "\n".join(finding.text() for finding in check_book(PolicyBook([tree])))
    assert "不知道从哪个成分挪到哪个成分" in found
