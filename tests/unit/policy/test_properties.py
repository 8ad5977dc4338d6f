"""Fee lines, and the plans that are in force on the days on which the packs differ. See test_every_plan.py for the rest."""

from __future__ import annotations

from datetime import date
from functools import cache

from hypothesis import given, settings
from hypothesis import strategies as st

from tongchou.kernel.rejection import Rejection
from tongchou.policy import Bill, Plan, PolicyBook, default_pack_directory

DAYS = (date(2009, 6, 1), date(2016, 6, 1), date(2023, 3, 1), date(2023, 4, 10), date(2024, 7, 1), date(2026, 5, 1))


@cache
def all_plans() -> tuple[Plan, ...]:
    """Every benefit of every binding and of every pack by itself, on the days on which the packs differ."""
    book = PolicyBook.load(default_pack_directory())
    chains = [bound.packs for bound in book.bindings] + [(name,) for name in book.packs]
    plans: dict[str, Plan] = {}
    for chain in chains:
        for day in DAYS:
            for version in book.in_force(chain, day):
                for entry in version.pack.benefits:
                    for benefit in entry.names:
                        plan = book.plan_of(chain, benefit=benefit, on=day)
                        plans[plan.id] = plan
    return tuple(plans.values())


def test_the_bare_function_gives_the_same_result() -> None:
    for plan in all_plans():
        facts = {spec.name: spec.values[0] if spec.values else 1 for spec in plan.facts if spec.required}
        try:
            outcome = plan.evaluate(facts, Bill(1, 2, 3, 4_000_000), {}, 5_000)
        except Rejection:
            continue
        raw = plan.integer_function()(*plan.encode(facts, Bill(1, 2, 3, 4_000_000), {}, 5_000))
        assert raw[1 : 1 + len(plan.layers)] == tuple(payment.amount for payment in outcome.payments)


def test_lines_in_any_order_give_the_same_bill(book: PolicyBook) -> None:
    from tongchou.policy import LineFacts

    plan = book.plan(area="629900", scheme="390", benefit="住院", on=date(2026, 5, 1))
    lines = [
        LineFacts(12_345, 10_000, 123_450_000, "乙类"),
        LineFacts(777, 30_000, 2_590_000, "甲类", price_limit=2_000_000),
        LineFacts(99, 10_000, 990_000, "丙类"),
        LineFacts(-777, -30_000, 2_590_000, "甲类", price_limit=2_000_000),
    ]
    assert Bill.of(plan.split_line(line) for line in lines) == Bill.of(plan.split_line(line) for line in lines[::-1])


@settings(max_examples=120, deadline=None)
@given(
    amount=st.integers(0, 10_000_000),
    quantity=st.integers(1, 10_000_000),
    price=st.integers(0, 10**10),
    limit=st.one_of(st.none(), st.integers(0, 10**10)),
    item_class=st.sampled_from(["甲类", "乙类", "丙类"]),
)
def test_a_line_adds_up_and_a_refund_mirrors_it(
    book: PolicyBook, amount: int, quantity: int, price: int, limit: int | None, item_class: str
) -> None:
    from tongchou.policy import LineFacts

    plan = book.plan(area="629900", scheme="390", benefit="住院", on=date(2026, 5, 1))
    split = plan.split_line(LineFacts(amount, quantity, price, item_class, price_limit=limit))
    refund = plan.split_line(LineFacts(-amount, -quantity, price, item_class, price_limit=limit))
    parts = (split.out_of_scope, split.over_limit, split.prior_self_pay, split.in_scope)
    assert sum(parts) == amount
    assert all(part >= 0 for part in parts)
    assert (refund.out_of_scope, refund.over_limit, refund.prior_self_pay, refund.in_scope) == tuple(-p for p in parts)
