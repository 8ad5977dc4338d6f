"""What must hold for every plan of every pack, whatever the person, the bill and the year before."""

from __future__ import annotations

import ast
from datetime import date
from functools import cache

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tongchou.kernel.rejection import Rejection
from tongchou.policy import Bill, FactSpec, Plan, PolicyBook, default_pack_directory
from tongchou.policy.claimcode import claim_source

DAYS = (date(2009, 6, 1), date(2016, 6, 1), date(2023, 3, 1), date(2023, 4, 10), date(2024, 7, 1), date(2026, 5, 1))


@cache
def all_plans() -> tuple[Plan, ...]:
    """Every benefit of every binding and of every pack by itself, on the days on which the packs differ."""
    book = PolicyBook.load(default_pack_directory())
    chains = [bound.packs for bound in book.bindings.values()] + [(name,) for name in book.packs]
    plans: dict[str, Plan] = {}
    for chain in chains:
        for day in DAYS:
            for version in book.in_force(chain, day):
                for entry in version.pack.benefits:
                    for benefit in entry.names:
                        plan = book.plan_of(chain, benefit=benefit, on=day)
                        plans[plan.id] = plan
    return tuple(plans.values())


def value_of(spec: FactSpec) -> st.SearchStrategy[object]:
    """Any value that a fact may have."""
    if spec.kind == "bool":
        return st.booleans()
    if spec.kind == "enum":
        return st.sampled_from((*spec.values, *(alias for alias, _ in spec.aliases)))
    if spec.kind == "code":
        return st.sampled_from((*spec.values, "M03900"))
    if spec.kind == "set":
        return st.frozensets(st.sampled_from(spec.values), max_size=2)
    return st.dates(date(2009, 1, 1), date(2030, 1, 1)) if spec.kind == "date" else st.integers(0, 40)


INTEGER_CODE = (
    ast.Module, ast.FunctionDef, ast.arguments, ast.arg, ast.Assign, ast.Return, ast.Tuple, ast.Name, ast.Load, ast.Store,
    ast.Constant, ast.BinOp, ast.Add, ast.Sub, ast.Mult, ast.FloorDiv, ast.BitAnd, ast.UnaryOp, ast.USub, ast.Not,
    ast.BoolOp, ast.And, ast.Or, ast.Compare, ast.Lt, ast.LtE, ast.Gt, ast.GtE, ast.Eq, ast.NotEq, ast.IfExp,
    ast.Subscript, ast.Call,
)  # fmt: skip


def check_code(plan: Plan) -> None:
    """A closed set of operators on ints, nothing that could not run over arrays, and one text of it for all uses."""
    for node in ast.walk(ast.parse(plan.source)):
        assert isinstance(node, INTEGER_CODE), ast.dump(node)
        if isinstance(node, ast.Call):
            assert isinstance(node.func, ast.Name)
            assert node.func.id in {"min", "max"}
        if isinstance(node, ast.Constant):
            assert type(node.value) is int
    names = [line.partition(" = ")[0] for line in plan.program.body]
    assert len(names) == len(set(names))  # every name is set once
    assert not set(names) & {"min", "max"}
    body = "".join(f"    {line}\n" for line in plan.program.body)
    _, decide, trace = claim_source(plan.program).split("\n\n")
    assert body in plan.source
    assert body in decide
    assert body in trace


def test_the_generated_code_is_plain_integer_arithmetic() -> None:
    for plan in all_plans():
        check_code(plan)


def test_the_bare_function_gives_the_same_result() -> None:
    for plan in all_plans():
        facts = {spec.name: spec.values[0] if spec.values else 1 for spec in plan.facts if spec.required}
        try:
            outcome = plan.evaluate(facts, Bill(1, 2, 3, 4_000_000), {}, 5_000)
        except Rejection:
            continue
        raw = plan.integer_function()(*plan.encode(facts, Bill(1, 2, 3, 4_000_000), {}, 5_000))
        assert raw[1 : 1 + len(plan.layers)] == tuple(payment.amount for payment in outcome.payments)


AMOUNT = st.one_of(
    st.integers(0, 500_000), st.integers(0, 40_000_000), st.sampled_from([0, 1, 9_999, 10_001, 2_800_000])
)
BILLS = st.builds(Bill, AMOUNT, AMOUNT, AMOUNT, AMOUNT)


@st.composite
def years(draw: st.DrawFn) -> tuple[Plan, list[tuple[dict[str, object], Bill, int]]]:
    """A plan and a year of visits under it."""
    plan = draw(st.sampled_from(all_plans()))
    facts = st.fixed_dictionaries({spec.name: value_of(spec) for spec in plan.facts})
    return plan, draw(st.lists(st.tuples(facts, BILLS, AMOUNT), min_size=1, max_size=5))


def test_there_are_plans_of_every_pack() -> None:
    assert len(all_plans()) >= 30
    benefits = {plan.benefit for plan in all_plans()}
    assert benefits >= {"住院", "门诊特殊病", "儿童意外门诊", "普通门诊", "药店购药", "门诊大病", "门诊慢性病"}


@pytest.mark.requirement("R1.3.09")
@settings(max_examples=200, deadline=None)
@given(years())
def test_every_fen_is_paid_once_and_nothing_is_negative(
    year: tuple[Plan, list[tuple[dict[str, object], Bill, int]]],
) -> None:
    """Payments + burden = total, account + cash = burden, counters only grow, a reversal restores them exactly."""
    plan, visits = year
    counters: dict[str, int] = {}
    for facts, bill, balance in visits:
        try:
            outcome = plan.trace(facts, bill, counters, balance)
        except Rejection as refusal:
            if refusal.code not in {"POL-020", "POL-021", "POL-022"}:
                raise
            continue
        amounts = [payment.amount for payment in outcome.payments]
        assert sum(amounts) + sum(outcome.burden.values()) == bill.total
        assert outcome.account_pay + outcome.cash_pay == sum(outcome.burden.values())
        assert all(
            amount >= 0 for amount in (*amounts, *outcome.burden.values(), outcome.account_pay, outcome.cash_pay)
        )
        assert outcome.account_pay <= balance
        assert outcome.burden["out_of_scope"] == bill.out_of_scope  # self-paid cost never moves a fund
        assert outcome == plan.evaluate(facts, bill, counters, balance)
        assert sum(amount for _, amount, kind in plan.waterfall(outcome) if kind != "cash") == outcome.cash_pay
        after = dict(counters)
        for name, delta in outcome.accumulator_delta.items():
            assert delta > 0
            after[name] = after.get(name, 0) + delta
        restored = {name: after[name] - outcome.accumulator_delta.get(name, 0) for name in after}
        assert {name: n for name, n in restored.items() if n} == {name: n for name, n in counters.items() if n}
        steps = plan.explain(outcome.values, facts, bill, counters)
        assert [s.no for s in steps] == list(range(1, len(steps) + 1))
        funded = sum(s.amount or 0 for s in steps if s.fund)
        assert funded == sum(amounts) + outcome.account_pay
        counters = after


LIMITS = {
    "year.pool_paid:390100": 1_500_000,
    "year.inpatient_cost:390": 2_800_000,
    "year.large_paid:330100": 1_500_000,
    "year.special_paid:390100": 1_000_000,
    "year.cii_paid:390200": 20_000_000,
    "year.outpatient_paid:310102": 800_000,
}


@pytest.mark.requirement("R1.3.09", "R1.3.12", "R1.3.13")
@settings(max_examples=120, deadline=None)
@given(years(), st.randoms(use_true_random=False))
def test_caps_hold_in_any_order(year: tuple[Plan, list[tuple[dict[str, object], Bill, int]]], random: object) -> None:
    """Visits in any order, some of them taken back: no yearly counter ever passes its limit or falls below zero."""
    plan, visits = year
    random.shuffle(visits)  # type: ignore[attr-defined]
    counters: dict[str, int] = {}
    done: list[dict[str, int]] = []
    for number, (facts, bill, balance) in enumerate(visits):
        try:
            delta = plan.evaluate(facts, bill, counters, balance).accumulator_delta
        except Rejection:
            continue
        done.append(delta)
        for name, amount in delta.items():
            counters[name] = counters.get(name, 0) + amount
        if number % 2:
            for name, amount in done.pop(0).items():
                counters[name] -= amount
        for name, limit in LIMITS.items():
            assert 0 <= counters.get(name, 0) <= limit


@settings(max_examples=150, deadline=None)
@given(years(), st.integers(1, 3_000_000))
def test_more_eligible_cost_never_pays_less(
    year: tuple[Plan, list[tuple[dict[str, object], Bill, int]]], more: int
) -> None:
    """Fund payments and the person's part are both monotone in the eligible cost of one visit."""
    plan, visits = year
    facts, bill, balance = visits[0]
    larger = Bill(bill.out_of_scope, bill.over_limit, bill.prior_self_pay, bill.in_scope + more)
    try:
        one, other = plan.evaluate(facts, bill, {}, balance), plan.evaluate(facts, larger, {}, balance)
    except Rejection:
        return
    assert other.fund_pay >= one.fund_pay
    assert other.person_pay >= one.person_pay - 2  # two roundings of half a fen may meet in the chain of layers


@settings(max_examples=100, deadline=None)
@given(years())
def test_amounts_carried_as_doubles_give_the_same_fen(
    year: tuple[Plan, list[tuple[dict[str, object], Bill, int]]],
) -> None:
    """The generated arithmetic is exact in float64 lanes as well, which is how arrays of claims will carry it."""
    plan, visits = year
    facts, bill, balance = visits[0]
    arguments = plan.encode(facts, bill, {spec.name: 12_345 for spec in plan.accumulators}, balance)
    whole = len(plan.facts)
    lanes = (*arguments[:whole], *(float(amount) for amount in arguments[whole:]))
    assert plan.integer_function()(*lanes) == plan.integer_function()(*arguments)
    assert 2 * 10**10 * plan.program.max_scale < 2**53


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
